//! Start and end of a call → the `time` object of its answer.

use std::cell::Cell;

use jiff::Timestamp;
use jiff::tz::Offset as Zone;

use super::editions::Rules;
use super::limits::Operating;
use super::php;
use crate::basics::CallTimes;
use crate::scalar::Offset;

/// The `time` object; its members are in the order in which they are sent.
#[derive(Debug)]
pub struct Time {
    start: Timestamp,
    finish: Timestamp,
    duration: f64,
    processing: f64,
    date_start: Date,
    date_finish: Date,
    /// The operating time; `None` when it is not reported.
    operating: Option<Operating>,
    /// Start and end of the call, as reported.
    span: CallTimes,
}

/// A date as text, such as `2024-11-20T15:55:08+02:00`.
type Date = [u8; 25];

impl Time {
    /// The `time` object for `span`, by the rules of an edition, with dates in the offset `zone`.
    ///
    /// A duration is the difference of two doubles and keeps all its digits, as in PHP with `microtime`.
    pub fn new(span: &CallTimes, rules: &Rules, zone: Offset) -> Self {
        let (start, finish) = (microtime(span.start), microtime(span.finish));
        let second = span.start.as_second();
        let date_start = date(span.start, zone);
        let date_finish =
            if span.finish.as_second() == second { date_start } else { date(span.finish, zone) };
        // A whole float is written without a fraction, so whole seconds need no type of their own.
        let (start, reported, processing) = if rules.whole_seconds {
            let reported = Timestamp::from_second(second).unwrap_or(span.start);
            (second as f64, reported, (span.finish.as_second() - second) as f64)
        } else {
            (start, span.start, finish - microtime(span.processing))
        };
        Self {
            start: reported,
            finish: span.finish,
            duration: finish - start,
            processing,
            date_start,
            date_finish,
            operating: rules.operating.then(|| Operating::none(span.start)),
            span: *span,
        }
    }

    /// Start and end of the call, as reported.
    pub fn span(&self) -> CallTimes {
        self.span
    }

    /// The time that the method took in seconds, as reported.
    pub fn processing(&self) -> f64 {
        self.processing
    }

    /// Sets the operating time to report, in either edition.
    pub fn set_operating(&mut self, operating: Operating) {
        self.operating = Some(operating);
    }

    /// Appends the object as JSON.
    pub fn write(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(b"{\"start\":");
        write_microtime(text, self.start);
        text.extend_from_slice(b",\"finish\":");
        write_microtime(text, self.finish);
        text.extend_from_slice(b",\"duration\":");
        php::write_float(text, self.duration);
        text.extend_from_slice(b",\"processing\":");
        php::write_float(text, self.processing);
        text.extend_from_slice(b",\"date_start\":\"");
        text.extend_from_slice(&self.date_start);
        text.extend_from_slice(b"\",\"date_finish\":\"");
        text.extend_from_slice(&self.date_finish);
        text.push(b'"');
        if let Some(Operating { reset_at, used }) = self.operating {
            text.extend_from_slice(format!(",\"operating_reset_at\":{reset_at},\"operating\":").as_bytes());
            php::write_float(text, used.as_micros() as f64 / 1e6);
        }
        text.push(b'}');
    }
}

/// PHP's `microtime(true)`: seconds since the epoch as a double, with microseconds.
fn microtime(instant: Timestamp) -> f64 {
    instant.as_second() as f64 + f64::from(instant.subsec_nanosecond() / 1_000) / 1e6
}

/// An instant as PHP's `date('c')` writes it: `2024-11-20T15:55:08+02:00`.
pub fn date_text(instant: Timestamp, zone: Offset) -> String {
    date(instant, zone).iter().copied().map(char::from).collect()
}

/// Appends [`microtime`] as [`php::write_float`] would, but faster. For seconds from 2^20 to `u32::MAX`, the shortest
/// digits of the double are those of the seconds and the microseconds, so they are written directly, without zeros at
/// the end.
fn write_microtime(text: &mut Vec<u8>, instant: Timestamp) {
    let seconds = match u32::try_from(instant.as_second()) {
        Ok(seconds) if seconds >= 1 << 20 => seconds,
        _ => return php::write_float(text, microtime(instant)),
    };
    let mut digits = itoa::Buffer::new();
    text.extend_from_slice(digits.format(seconds).as_bytes());
    let micros = instant.subsec_nanosecond() / 1_000;
    if micros > 0 {
        // The first digit only keeps the zeros behind it.
        let padded = digits.format(1_000_000 + micros);
        text.push(b'.');
        text.extend_from_slice(padded[1..].trim_end_matches('0').as_bytes());
    }
}

/// [`date_of`] with a cache of the latest date: calls within one second have the same date.
fn date(instant: Timestamp, zone: Offset) -> Date {
    thread_local! {
        static LATEST: Cell<(i64, Offset, Date)> = const { Cell::new((0, Offset(0), [0; 25])) };
    }
    let second = instant.as_second();
    // Before 1970 an instant rounds to a second in the other direction, so the cache would not fit.
    if second <= 0 {
        return date_of(instant, zone);
    }
    let (known, of_zone, date) = LATEST.get();
    if known == second && of_zone == zone {
        return date;
    }
    let date = date_of(instant, zone);
    LATEST.set((second, zone, date));
    date
}

/// ISO 8601 in whole seconds with a numeric offset, never `Z`: `2024-11-20T15:55:08+02:00`.
fn date_of(instant: Timestamp, zone: Offset) -> Date {
    let local = Zone::from_seconds(zone.0).unwrap_or(Zone::UTC).to_datetime(instant);
    let minutes = zone.0.abs() / 60;
    let mut text = *b"0000-00-00T00:00:00+00:00";
    let mut field = |at: usize, value: i32| {
        text[at] = b'0' + (value / 10) as u8;
        text[at + 1] = b'0' + (value % 10) as u8;
    };
    field(0, (local.year() / 100).into());
    field(2, (local.year() % 100).into());
    field(5, local.month().into());
    field(8, local.day().into());
    field(11, local.hour().into());
    field(14, local.minute().into());
    field(17, local.second().into());
    field(20, minutes / 60);
    field(23, minutes % 60);
    if zone.0 < 0 {
        text[19] = b'-';
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::services::bitrix24::editions::Edition;

    fn seed_page_span() -> CallTimes {
        CallTimes {
            start: "2024-11-20T15:55:08.525962+02:00".parse().unwrap(),
            processing: "2024-11-20T15:55:08.802164+02:00".parse().unwrap(),
            finish: "2024-11-20T15:55:08.879113+02:00".parse().unwrap(),
        }
    }

    #[track_caller]
    fn check(edition: Edition, expected: &str) {
        let time = Time::new(&seed_page_span(), edition.rules(), Offset(7200));
        let mut text = Vec::new();
        time.write(&mut text);
        assert_eq!(String::from_utf8(text).unwrap(), expected);
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
    fn instants_are_written_as_the_floats_that_they_are() {
        let seconds =
            [-1, 0, 1, (1 << 20) - 1, 1 << 20, 999_999_999, 1_732_110_908, u32::MAX.into(), 1 << 32];
        let micros = (0..1_000_000).step_by(1_237).chain([1, 10, 100_000, 500_000, 515_625, 999_999]);
        for micros in micros {
            for second in seconds {
                let instant = Timestamp::from_microsecond(second * 1_000_000 + micros).unwrap();
                let (mut written, mut expected) = (Vec::new(), Vec::new());
                write_microtime(&mut written, instant);
                php::write_float(&mut expected, microtime(instant));
                assert_eq!(written, expected, "{instant}");
            }
        }
    }

    #[test]
    fn dates_carry_their_offset() {
        let instant = "2024-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(date(instant, Offset(0)), *b"2024-12-31T23:30:00+00:00");
        assert_eq!(date(instant, Offset(-34_200)), *b"2024-12-31T14:00:00-09:30");
        assert_eq!(date(instant, Offset(7_200)), *b"2025-01-01T01:30:00+02:00");
        assert_eq!(date(instant + Duration::from_secs(1), Offset(7_200)), *b"2025-01-01T01:30:01+02:00");
    }
}
