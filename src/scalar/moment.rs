//! `2024-11-20T15:55:08+02:00` → an instant; `+02:00` → an offset from UTC.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// An instant, which a scenario spells with its offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| {
            de::Error::custom(format!(
                "`{text}` is not an instant: write date, time and offset, such as `2024-11-20T15:55:08+02:00`"
            ))
        })
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An instant: date, time and offset from UTC.",
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$",
            "examples": ["2024-11-20T15:55:08.525962+02:00"],
        })
    }
}

/// The instant at which a virtual clock starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The machine's time when the scenario starts, written `now`.
    Now,
    /// This instant.
    At(Timestamp),
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "now" {
            return Ok(Self::Now);
        }
        let instant = Moment::deserialize(de::value::StrDeserializer::<D::Error>::new(&text));
        instant.map(|Moment(instant)| Self::At(instant)).map_err(|_| {
            de::Error::custom(format!(
                "`{text}` is not an instant: write date, time and offset, such as `2024-11-20T15:55:08+02:00`, or `now`"
            ))
        })
    }
}

impl JsonSchema for Start {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Start".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "`now`, or an instant: date, time and offset from UTC.",
            "type": "string",
            "pattern": r"^(now|\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))$",
            "examples": ["2024-11-20T15:55:08.525962+02:00", "now"],
        })
    }
}

/// An offset from UTC in seconds, written `+02:00`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset(pub i32);

impl Offset {
    /// Reads an offset such as `+02:00`.
    ///
    /// # Errors
    /// When the text is not an offset. The error says what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected =
            || format!("`{text}` is not an offset from UTC: write sign, hours and minutes, such as `+02:00`");
        let two = |range| {
            text.get::<std::ops::Range<usize>>(range).filter(|t| t.bytes().all(|b| b.is_ascii_digit()))
        };
        let sign = match text.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(expected()),
        };
        let (hours, minutes) = (two(1..3).ok_or_else(expected)?, two(4..6).ok_or_else(expected)?);
        let (hours, minutes): (i32, i32) =
            (hours.parse().map_err(|_| expected())?, minutes.parse().map_err(|_| expected())?);
        if text.len() != 6 || text.as_bytes()[3] != b':' || hours > 14 || minutes > 59 {
            return Err(expected());
        }
        Ok(Self(sign * (hours * 3600 + minutes * 60)))
    }
}

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Offset {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Offset".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An offset from UTC: sign, hours and minutes.",
            "type": "string",
            "pattern": r"^[+-](0\d|1[0-4]):[0-5]\d$",
            "examples": ["+02:00"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_sign_hours_and_minutes() {
        assert_eq!(Offset::parse("+02:00"), Ok(Offset(7200)));
        assert_eq!(Offset::parse("-09:30"), Ok(Offset(-34_200)));
        for text in ["", "02:00", "+2:00", "+02", "+0200", "+15:00", "+02:60", "+02:000", "+é2:0"] {
            assert!(Offset::parse(text).unwrap_err().contains("`+02:00`"), "{text}");
        }
    }
}
