//! A call's span → the `time` object of its answer.

use jiff::Timestamp;
use jiff::tz::Offset as Zone;
use serde::Serialize;

use super::editions::Rules;
use crate::engine::Span;
use crate::seed::Offset;

/// The `time` object, members in the order of the wire.
#[derive(Debug, Serialize)]
pub struct Time {
    start: Number,
    finish: f64,
    duration: f64,
    processing: Number,
    date_start: String,
    date_finish: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    operating_reset_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operating: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Number {
    Whole(i64),
    Float(f64),
}

/// The minute baskets of the operating limit are forgotten after this many seconds.
const OPERATING_WINDOW: i64 = 600;

impl Time {
    /// Reports `span` by the edition's rules, with dates at `zone`.
    ///
    /// Durations are differences of two doubles and keep their long digits, as PHP's `microtime` gives them.
    pub fn new(span: &Span, rules: &Rules, zone: Offset) -> Self {
        let (start, finish) = (microtime(span.start), microtime(span.finish));
        let second = span.start.as_second();
        let date_start = date(span.start, zone);
        let date_finish =
            if span.finish.as_second() == second { date_start.clone() } else { date(span.finish, zone) };
        let (start, duration, processing) = if rules.whole_seconds {
            let whole = span.finish.as_second() - second;
            (Number::Whole(second), finish - second as f64, Number::Whole(whole))
        } else {
            (Number::Float(start), finish - start, Number::Float(finish - microtime(span.processing)))
        };
        Self {
            start,
            finish,
            duration,
            processing,
            date_start,
            date_finish,
            operating_reset_at: rules.operating.then_some(second + OPERATING_WINDOW),
            operating: rules.operating.then_some(0),
        }
    }
}

/// PHP's `microtime(true)`: seconds since the epoch with microseconds, as a double.
fn microtime(instant: Timestamp) -> f64 {
    instant.as_second() as f64 + f64::from(instant.subsec_nanosecond() / 1_000) / 1e6
}

/// ISO 8601 in whole seconds with a numeric offset, never `Z`: `2024-11-20T15:55:08+02:00`.
fn date(instant: Timestamp, zone: Offset) -> String {
    let local = Zone::from_seconds(zone.0).unwrap_or(Zone::UTC).to_datetime(instant);
    let minutes = zone.0.abs() / 60;
    let (century, year) = (local.year() / 100, local.year() % 100);
    let mut text = String::with_capacity(25);
    let mut field = |before: &str, value: i32| {
        text.push_str(before);
        text.extend([value / 10, value % 10].map(|digit| char::from(b'0' + digit as u8)));
    };
    field("", century.into());
    field("", year.into());
    field("-", local.month().into());
    field("-", local.day().into());
    field("T", local.hour().into());
    field(":", local.minute().into());
    field(":", local.second().into());
    field(if zone.0 < 0 { "-" } else { "+" }, minutes / 60);
    field(":", minutes % 60);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::bitrix24::editions::Edition;
    use crate::vendor::bitrix24::php;

    fn seed_page_span() -> Span {
        Span {
            start: "2024-11-20T15:55:08.525962+02:00".parse().unwrap(),
            processing: "2024-11-20T15:55:08.802164+02:00".parse().unwrap(),
            finish: "2024-11-20T15:55:08.879113+02:00".parse().unwrap(),
        }
    }

    #[track_caller]
    fn check(edition: Edition, expected: &str) {
        let time = Time::new(&seed_page_span(), edition.rules(), Offset(7200));
        assert_eq!(String::from_utf8(php::json(&time)).unwrap(), expected);
    }

    #[test]
    fn the_documented_time_is_the_seed_pages_to_the_digit() {
        check(
            Edition::Documented,
            r#"{"start":1732110908.525962,"finish":1732110908.879113,"duration":0.3531508445739746,"processing":0.07694888114929199,"date_start":"2024-11-20T15:55:08+02:00","date_finish":"2024-11-20T15:55:08+02:00"}"#,
        );
    }

    #[test]
    fn the_live_time_counts_from_whole_seconds() {
        check(
            Edition::Live,
            r#"{"start":1732110908,"finish":1732110908.879113,"duration":0.879112958908081,"processing":0,"date_start":"2024-11-20T15:55:08+02:00","date_finish":"2024-11-20T15:55:08+02:00","operating_reset_at":1732111508,"operating":0}"#,
        );
    }

    #[test]
    fn dates_carry_their_offset() {
        let instant = "2024-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(date(instant, Offset(0)), "2024-12-31T23:30:00+00:00");
        assert_eq!(date(instant, Offset(-34_200)), "2024-12-31T14:00:00-09:30");
        assert_eq!(date(instant, Offset(7_200)), "2025-01-01T01:30:00+02:00");
    }
}
