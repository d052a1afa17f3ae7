//! A rule of conduct: what a service asks of every client, and what breaks it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seen::{Earlier, Guess, Seen};
use crate::scalar::in_a_line;

/// A rule of conduct.
pub struct Rule {
    /// The name, such as `chert.early-retry`.
    pub name: &'static str,
    /// How severe a breach is, unless the scenario says otherwise.
    pub severity: Severity,
    /// What the rule asks for, in a line.
    pub summary: &'static str,
    /// The source of the rule, such as a page of the documentation.
    pub source: &'static str,
    /// Makes an observer for one run.
    pub observe: fn() -> Box<dyn Observer>,
}

/// How severe a breach is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rule is not observed.
    Off,
    /// A breach is reported.
    Warn,
    /// A breach is reported and fails the run.
    Error,
}

/// Looks for breaches of one rule. The observer of a service's rule sees only the exchanges of that service.
pub trait Observer: Send {
    /// Observes an exchange. Returns the breach, if the exchange breaks the rule by itself or after an earlier one.
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach>;

    /// Whether the observer needs the answer of the service's other edition.
    fn asks_other_edition(&self) -> bool {
        false
    }
}

/// A breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What the client did, in words.
    pub what: String,
    /// The numbers of the exchanges that show the breach. The one that breaks the rule is last.
    pub exchanges: Vec<u64>,
    /// The namespace of the exchanges; `None` for the main world.
    pub namespace: Option<String>,
    /// The number of the first reset after the exchanges, counted from 1; `None` when there was none. The numbers of
    /// exchanges start anew at a reset.
    pub before_reset: Option<u64>,
    /// The guess that the breach rests on, when only a new connection suggests that a request is a retry. Otherwise
    /// `None`.
    pub guess: Option<Guess>,
}

impl Breach {
    fn shown_by(exchanges: Vec<u64>, what: impl Into<String>) -> Self {
        Self { what: in_a_line(&what.into()), exchanges, namespace: None, before_reset: None, guess: None }
    }

    /// A breach that one exchange shows by itself.
    pub fn of(seen: &Seen<'_>, what: impl Into<String>) -> Self {
        Self::shown_by(vec![seen.number], what)
    }

    /// A breach that an exchange shows together with an earlier one.
    pub fn after(earlier: Earlier, seen: &Seen<'_>, what: impl Into<String>) -> Self {
        let breach = Self::shown_by(vec![earlier.number, seen.number], what);
        Self { guess: seen.guess(&earlier), ..breach }
    }
}
