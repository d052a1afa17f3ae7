//! A rule of conduct: what a service asks of every client, and what breaks it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seen::{Earlier, Guess, Seen};
use crate::scalar::in_a_line;

/// One rule.
pub struct Rule {
    /// Its name, such as `chert.early-retry`.
    pub name: &'static str,
    /// How much a breach weighs, unless the scenario says otherwise.
    pub severity: Severity,
    /// What it asks for, in a line.
    pub summary: &'static str,
    /// The page that asks for it.
    pub source: &'static str,
    /// Begins to observe a run.
    pub observe: fn() -> Box<dyn Observer>,
}

/// How much a breach weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing: the rule is not observed.
    Off,
    /// It is reported.
    Warn,
    /// It is reported and fails the run.
    Error,
}

/// Observes exchanges for breaches of one rule. A service's rule is shown that service's exchanges only.
pub trait Observer: Send {
    /// Looks at an exchange; what is wrong with it, and the earlier exchange that makes it wrong, if one does.
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach>;

    /// Whether it needs to know what the service's other edition answers.
    fn asks_other_edition(&self) -> bool {
        false
    }
}

/// What breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What was done, in words.
    pub what: String,
    /// The exchanges that show it, the offending one last.
    pub exchanges: Vec<u64>,
    /// The namespace that they are in.
    pub namespace: Option<String>,
    /// The reset that came after them, counted from 1: their numbers are those of before.
    pub before_reset: Option<u64>,
    /// What it rests on, where nothing but a new connection tells that a request is a retry.
    pub guess: Option<Guess>,
}

impl Breach {
    fn shown_by(exchanges: Vec<u64>, what: impl Into<String>) -> Self {
        Self { what: in_a_line(&what.into()), exchanges, namespace: None, before_reset: None, guess: None }
    }

    /// A breach that the exchange shows by itself.
    pub fn of(seen: &Seen<'_>, what: impl Into<String>) -> Self {
        Self::shown_by(vec![seen.number], what)
    }

    /// A breach that the exchange shows together with an earlier one.
    pub fn after(earlier: Earlier, seen: &Seen<'_>, what: impl Into<String>) -> Self {
        let breach = Self::shown_by(vec![earlier.number, seen.number], what);
        Self { guess: seen.guess(&earlier), ..breach }
    }
}
