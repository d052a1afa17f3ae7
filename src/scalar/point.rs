//! `10s`, `2024-11-20T15:55:08+02:00` → a point in time of a scenario.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use super::{Length, Moment};

/// A point in time: an instant, or a length of time since the start of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// This long after the start of the scenario.
    After(Duration),
    /// This instant.
    At(Timestamp),
}

impl Point {
    /// The instant, for a scenario that started at `start`.
    pub fn on(self, start: Timestamp) -> Timestamp {
        match self {
            Self::After(length) => start.checked_add(length).unwrap_or(Timestamp::MAX),
            Self::At(instant) => instant,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(length) => Length(*length).fmt(formatter),
            Self::At(instant) => instant.fmt(formatter),
        }
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Ok(Length(length)) = Length::parse(&text) {
            return Ok(Self::After(length));
        }
        let instant = Moment::deserialize(de::value::StrDeserializer::<D::Error>::new(&text));
        instant.map(|Moment(instant)| Self::At(instant)).map_err(|_| {
            de::Error::custom(format!(
                "`{text}` is not a point in time: write a time since the start, such as `30s`, or an instant such as `2024-11-20T15:55:08+02:00`"
            ))
        })
    }
}

impl JsonSchema for Point {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Point".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A point in time: a length of time since the start of the scenario, or an instant.",
            "type": "string",
            "pattern": r"^([0-9]+(\.[0-9]+)?(us|ms|s|m|h)|\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))$",
            "examples": ["30s", "2024-11-20T15:55:08+02:00"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_a_length_since_the_start_or_an_instant() {
        let read = |text: &str| serde_json::from_value::<Point>(text.into());
        let start: Timestamp = "2024-11-20T13:55:00Z".parse().unwrap();
        assert_eq!(read("30s").unwrap().on(start).to_string(), "2024-11-20T13:55:30Z");
        assert_eq!(read("2024-11-20T15:55:08+02:00").unwrap().on(start).to_string(), "2024-11-20T13:55:08Z");
        for text in ["", "tomorrow", "30", "2024-11-20"] {
            assert!(read(text).unwrap_err().to_string().contains("`30s`"), "{text}");
        }
    }
}
