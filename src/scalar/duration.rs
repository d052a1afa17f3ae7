//! `250ms` → a length of time.

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A length of time as a scenario spells it: a number and a unit, such as `1.5s` or `353151us`. The units are `us`,
/// `ms`, `s`, `m` and `h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub Duration);

const UNITS: [(&str, f64); 5] = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

/// The spellings of a [`Length`], as a regular expression for the schema.
const PATTERN: &str = r"^[0-9]+(\.[0-9]+)?(us|ms|s|m|h)$";

/// Ten years of 365 days. A longer time is a typing mistake, and could exceed the range of a clock.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Length {
    /// Reads a length such as `250ms`.
    ///
    /// # Errors
    /// When the text is not a length of time. The error says what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || {
            format!("`{text}` is not a length of time: write a number and a unit, such as `250ms` or `2s`")
        };
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(expected)?;
        let (number, unit) = text.split_at(digits);
        let scale = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(expected)?.1;
        let whole = number.split('.').next().unwrap_or_default();
        if whole.is_empty() || number.ends_with('.') {
            return Err(expected());
        }
        let number: f64 = number.parse().map_err(|_| expected())?;
        let length =
            Duration::try_from_secs_f64((number * scale * 1e9).round() / 1e9).map_err(|_| expected())?;
        if length > LONGEST {
            return Err(format!("`{text}` is longer than ten years: write a shorter time, such as `1h`"));
        }
        Ok(Self(length))
    }
}

impl fmt::Display for Length {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match micros {
            0 => formatter.write_str("0s"),
            _ if micros.is_multiple_of(3_600_000_000) => write!(formatter, "{}h", micros / 3_600_000_000),
            _ if micros.is_multiple_of(1_000_000) => write!(formatter, "{}s", micros / 1_000_000),
            _ if micros.is_multiple_of(1_000) => write!(formatter, "{}ms", micros / 1_000),
            _ => write!(formatter, "{micros}us"),
        }
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Length {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Length".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A length of time: a number and `us`, `ms`, `s`, `m` or `h`.",
            "type": "string",
            "pattern": PATTERN,
            "examples": ["250ms", "2s", "1.5s"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, micros: u64) {
        assert_eq!(Length::parse(text), Ok(Length(Duration::from_micros(micros))), "{text}");
    }

    #[test]
    fn lengths_are_read_as_people_write_them() {
        check("250ms", 250_000);
        check("2s", 2_000_000);
        check("1.5s", 1_500_000);
        check("353151us", 353_151);
        check("10m", 600_000_000);
        check("1h", 3_600_000_000);
        check("0s", 0);
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write() {
        for text in ["", "5", "s", "-1s", "1 s", "1d", ".5s", "1.s", "1.2.3s", "NaNs", "1e3s"] {
            let error = Length::parse(text).unwrap_err();
            assert!(error.contains("`250ms`"), "{text}: {error}");
        }
        assert!(Length::parse(&format!("{}h", "9".repeat(40))).is_err());
    }
}
