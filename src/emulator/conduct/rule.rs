//! A rule of conduct: what a service asks of every client, and what breaks it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seen::{Earlier, Moment, Read, Seen};
use super::sent::{Ended, Sent};
use crate::scalar::in_a_line;

/// A rule of conduct.
pub struct Rule {
    /// The name, such as `chert.early-retry`.
    pub name: &'static str,
    /// How severe a breach is, unless the scenario says otherwise.
    pub severity: Severity,
    /// What a client did that broke the rule, in a line.
    pub breach: &'static str,
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

/// Looks for breaches of one rule. The observer of a service's rule sees only the exchanges and deliveries of that service.
pub trait Observer: Send {
    /// Observes an exchange. Returns the breach, if the exchange breaks the rule by itself or after an earlier one.
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach>;

    /// Observes that an attempt of a delivery was sent.
    fn sent(&mut self, _sent: &Sent<'_>) {}

    /// Observes how an attempt of a delivery ended. Returns the breach, if that breaks the rule.
    fn ended(&mut self, _ended: &Ended<'_>) -> Option<Breach> {
        None
    }

    /// Observes that an action was performed. `at` is when, by the scenario's clock.
    fn acted(&mut self, _action: &str, _at: Timestamp) {}

    /// The breaches that stand if the client does nothing more. `now` is when somebody asks.
    fn open(&self, _now: Moment) -> Vec<Breach> {
        Vec::new()
    }

    /// Whether the rule is about what a client does with deliveries. Then it is asked only once one was raised, and what it
    /// remembers outlasts changes of faults and state.
    fn is_about_deliveries(&self) -> bool {
        false
    }

    /// Whether the observer needs the answer of the service's other edition.
    fn asks_other_edition(&self) -> bool {
        false
    }

    /// Whether what the observer remembers stays true when the control interface changes faults or state.
    fn outlasts_changes(&self) -> bool {
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
    /// The numbers of the deliveries that show it.
    pub deliveries: Vec<u64>,
    /// How severe the breach is at most: [`Severity::Warn`] when it is not certain.
    pub at_most: Severity,
}

/// The doubt about a client with several connections.
const SEVERAL: &str =
    "the client has opened several connections, so it is not certain that the same part of it came again";
/// The doubt about a client that sends requests over one connection without waiting for answers, or may do so.
const NOT_IN_TURN: &str = "it is not certain that the client had read that answer, because it did not wait for it on this \
                           connection, or the connection is HTTP/2";

impl Breach {
    fn shown_by(exchanges: Vec<u64>, what: impl Into<String>) -> Self {
        Self { what: in_a_line(&what.into()), exchanges, deliveries: Vec::new(), at_most: Severity::Error }
    }

    /// A breach that one exchange shows by itself.
    pub fn of(seen: &Seen<'_>, what: impl Into<String>) -> Self {
        Self::shown_by(vec![seen.number], what)
    }

    /// The same for words that are known to be one line.
    pub fn in_words(seen: &Seen<'_>, what: &str) -> Self {
        let (exchanges, deliveries) = (vec![seen.number], Vec::new());
        Self { what: what.to_owned(), exchanges, deliveries, at_most: Severity::Error }
    }

    /// A breach that an exchange shows together with an earlier one, whose answer the client knew or may have known.
    pub fn after(earlier: Earlier, seen: &Seen<'_>, what: impl Into<String>) -> Self {
        let breach = Self::shown_by(vec![earlier.number, seen.number], what);
        match seen.has_read(&earlier) {
            Read::Yes => breach,
            _ if seen.has_several => breach.but(SEVERAL),
            _ => breach.but(NOT_IN_TURN),
        }
    }

    /// A breach that deliveries show without an exchange.
    pub fn at(deliveries: impl IntoIterator<Item = u64>, what: impl Into<String>) -> Self {
        Self::shown_by(Vec::new(), what).about(deliveries)
    }

    /// The same, shown by these deliveries too.
    #[must_use]
    pub fn about(self, deliveries: impl IntoIterator<Item = u64>) -> Self {
        Self { deliveries: deliveries.into_iter().collect(), ..self }
    }

    /// The same as a warning at most. `doubt` is a sentence that says what else may be the reason.
    #[must_use]
    pub fn but(self, doubt: &str) -> Self {
        Self { what: format!("{}; {doubt}", self.what), at_most: Severity::Warn, ..self }
    }
}
