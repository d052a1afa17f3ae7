//! An expectation as a scenario describes it.

use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::emulator::Outcome;
use crate::fault::Pattern;
use crate::scalar::{Length, Text};

/// What a good client has done at the end: a number of calls of an operation, or a thing that is in a given state.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectSpec {
    /// The name, shown in reports. Unique within the scenario.
    pub name: Text,
    /// An operation, such as `chert.chats.rename`, or an event that the service sends out, such as
    /// `bitrix24.OnImConnectorMessageAdd`. With `the` or `chat`, the name of a service is enough.
    pub on: Text,
    /// Only calls with these parameters count, such as `{NAME: New name}`.
    #[serde(default, rename = "match")]
    pub matches: IndexMap<String, Pattern>,
    /// How many of these calls are expected: `never`, `{exactly: 2}` or `{at_least: 1, at_most: 3}`. The default is
    /// at least one.
    #[serde(default)]
    pub calls: Option<Calls>,
    /// The name of another expectation. No call of this one may come before the first call of that one.
    #[serde(default)]
    pub after: Option<Text>,
    /// How the handler answers each of these events.
    #[serde(default)]
    pub answered: Option<Answered>,
    /// The thing that this expectation is about, by its kind and its identifier, such as `{chat: chat-1}`.
    #[serde(default)]
    pub the: IndexMap<String, Text>,
    /// The values that the thing must have at the end, such as `{name: New name}`.
    #[serde(default)]
    pub has: IndexMap<String, Pattern>,
    /// Whether the calls of each namespace count for themselves, or those of the whole run together.
    #[serde(default)]
    pub scope: Scope,
    /// The identifier of a chat: short for `the: {chat: …}`.
    #[serde(default)]
    pub chat: Option<Text>,
    /// The name that the chat must have at the end: short for `has: {name: …}`.
    #[serde(default)]
    pub named: Option<Text>,
}

/// The thing that an expectation is about, from `the` and `has` or from `chat` and `named`.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked<'a> {
    /// The kind, such as `chat`.
    pub kind: &'a str,
    /// The identifier.
    pub id: &'a str,
    /// The values that it must have at the end.
    pub has: Vec<(&'a str, Pattern)>,
}

/// How a handler answers events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// How long it may take. Under a virtual clock every answer takes no time.
    #[serde(default)]
    pub within: Option<Length>,
    /// The status, such as `200`, or `2xx` for all from 200 to 299, which is the default.
    #[serde(default)]
    #[schemars(regex(pattern = "^[1-5]([0-9]{2}|xx)$"))]
    pub status: Option<Text>,
}

impl Answered {
    /// What is wrong with an answer that came after `duration`; `None` when it is as expected.
    pub fn fault(&self, outcome: &Outcome, duration: Duration) -> Option<String> {
        let status = match outcome {
            Outcome::Answered(status) => *status,
            Outcome::Failed(why) => return Some(format!("not answered: {why}")),
            Outcome::Blocked(why) => return Some(format!("not sent: {why}")),
        };
        let wanted = self.status.as_ref().map_or("2xx", |wanted| wanted.as_str());
        let fits = match wanted.strip_suffix("xx") {
            Some(hundreds) => hundreds == (status / 100).to_string(),
            None => wanted == status.to_string(),
        };
        if !fits {
            return Some(format!("answered {status}"));
        }
        let within = self.within.filter(|within| duration > within.0)?;
        Some(format!("answered after {} ms, not within {within}", duration.as_millis()))
    }

    /// What is expected, in words.
    pub fn in_words(&self) -> String {
        let status = self.status.as_ref().map_or("2xx", |wanted| wanted.as_str());
        let within = self.within.map_or(String::new(), |within| format!(" within {within}"));
        format!("answered {status}{within}")
    }
}

/// The calls that an expectation counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Those of the main scenario and of each namespace, each for itself and since its latest reset.
    #[default]
    Namespace,
    /// Those of a whole run: of the main scenario and of all namespaces, before and after resets.
    Run,
}

/// How many calls are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Calls {
    /// No call.
    Never(Never),
    /// A number of calls within bounds.
    Count(Count),
}

/// No call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Never {
    /// No call.
    Never,
}

/// Bounds for a number of calls. All given bounds must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Exactly this number.
    #[serde(default)]
    pub exactly: Option<u64>,
    /// This number or more.
    #[serde(default)]
    pub at_least: Option<u64>,
    /// This number or fewer.
    #[serde(default)]
    pub at_most: Option<u64>,
}

impl ExpectSpec {
    /// The thing that the expectation is about; `None` when it is about calls.
    pub fn looked(&self) -> Option<Looked<'_>> {
        let named = self.named.iter().map(|name| ("name", Pattern::One(name.clone())));
        let has = self.has.iter().map(|(name, pattern)| (name.as_str(), pattern.clone()));
        let has = named.chain(has).collect();
        if let Some(chat) = &self.chat {
            return Some(Looked { kind: "chat", id: chat, has });
        }
        let (kind, id) = self.the.first()?;
        Some(Looked { kind, id, has })
    }

    /// The lowest and the highest expected number of calls.
    pub fn bounds(&self) -> (u64, u64) {
        match self.calls {
            None => (1, u64::MAX),
            Some(Calls::Never(Never::Never)) => (0, 0),
            Some(Calls::Count(Count { exactly: Some(exactly), .. })) => (exactly, exactly),
            Some(Calls::Count(Count { exactly: None, at_least, at_most })) => {
                (at_least.unwrap_or(0), at_most.unwrap_or(u64::MAX))
            }
        }
    }

    /// How many calls are expected, in words.
    pub fn calls_in_words(&self) -> String {
        self.in_words("call")
    }

    /// How many things of the kind `what` are expected, in words.
    pub fn in_words(&self, what: &str) -> String {
        let times = |count: u64| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
        match self.bounds() {
            (_, 0) => format!("no {what}"),
            (least, most) if least == most => format!("exactly {}", times(least)),
            (least, u64::MAX) => format!("at least {}", times(least)),
            (0, most) => format!("at most {}", times(most)),
            (least, most) => format!("{least} to {}", times(most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_calls_are_told_in_words() {
        for (calls, words) in [
            ("null", "at least 1 call"),
            (r#""never""#, "no call"),
            (r#"{"exactly": 2}"#, "exactly 2 calls"),
            (r#"{"at_least": 2}"#, "at least 2 calls"),
            (r#"{"at_most": 1}"#, "at most 1 call"),
            (r#"{"at_least": 1, "at_most": 3}"#, "1 to 3 calls"),
            (r#"{"at_least": 0, "at_most": 0}"#, "no call"),
        ] {
            let text = format!(r#"{{"name": "e", "on": "chert", "calls": {calls}}}"#);
            let spec: ExpectSpec = serde_json::from_str(&text).unwrap();
            assert_eq!(spec.calls_in_words(), words, "{calls}");
        }
    }
}
