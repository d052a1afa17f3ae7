//! What a fault does to the delivery of an event.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// What happens to the delivery of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deliver {
    /// It is not sent. The service believes that the handler has accepted it.
    Lost,
    /// It is sent twice, in the same words.
    Twice,
    /// It is sent this many times, 2 to 100.
    Times(#[schemars(range(min = 2, max = 100))] u32),
    /// It is sent after the next one to the same handler. If none comes within 5 s, it is sent alone.
    AfterNext,
    /// Before it comes an event that never happened, with a wrong token or signature.
    Forged,
    /// Before it comes an event whose body was changed after it was signed.
    Tampered,
    /// Before it comes an event with a signature that is right and too old.
    Stale,
    /// It comes with a token that has expired.
    ExpiredToken,
}

/// How often a delivery is sent at most.
pub const MOST_TIMES: u32 = 100;

impl Deliver {
    /// How many further deliveries in the same words follow.
    pub fn repeats(self) -> u32 {
        match self {
            Self::Twice => 1,
            Self::Times(count) => count.clamp(1, MOST_TIMES) - 1,
            _ => 0,
        }
    }
}

impl fmt::Display for Deliver {
    /// The effect as a scenario spells it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => formatter.write_str("lost"),
            Self::Twice => formatter.write_str("twice"),
            Self::Times(count) => write!(formatter, "{{times: {count}}}"),
            Self::AfterNext => formatter.write_str("after_next"),
            Self::Forged => formatter.write_str("forged"),
            Self::Tampered => formatter.write_str("tampered"),
            Self::Stale => formatter.write_str("stale"),
            Self::ExpiredToken => formatter.write_str("expired_token"),
        }
    }
}
