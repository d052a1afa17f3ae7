//! Outcomes and broken rules as JSON shows them.

use schemars::JsonSchema;
use serde::Serialize;

use super::Near;
use crate::emulator::conduct::Severity;

/// The outcome of an expectation, as JSON shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Outcome")]
pub struct OutcomeShown {
    /// The name.
    pub name: String,
    /// Whether the expectation is met.
    pub met: bool,
    /// What was expected, in words.
    pub expected: String,
    /// What was found, in words.
    pub found: String,
    /// The numbers of the exchanges of the calls that count, at most 20.
    pub exchanges: Vec<u64>,
    /// How many more exchanges have calls that count.
    pub exchanges_left_out: u64,
    /// The closest call, when calls are missing.
    pub closest: Option<Near>,
}

/// A rule of conduct that was broken, as JSON shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Broken")]
pub struct BrokenShown {
    /// The name of the rule.
    pub rule: &'static str,
    /// How severe these breaches are.
    pub severity: Severity,
    /// What the client did that broke the rule, in a line.
    pub summary: &'static str,
    /// The page that forbids it.
    pub source: &'static str,
    /// How often the rule was broken.
    pub count: u64,
    /// The first kinds of breaches, at most 20.
    pub breaches: Vec<KindShown>,
    /// The number of breaches of further kinds.
    pub left_out: u64,
}

/// Breaches of a rule that differ in their exchanges and deliveries only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BreachKind")]
pub struct KindShown {
    /// What the client did, in words.
    pub what: String,
    /// The number of these breaches.
    pub count: u64,
    /// What shows the first of them, at most 10.
    pub shown: Vec<BreachShown>,
    /// How many of them `shown` leaves out.
    pub left_out: u64,
}

/// The exchanges and events that show a breach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Breach")]
pub struct BreachShown {
    /// The numbers of the exchanges, of which the last broke the rule.
    pub exchanges: Vec<u64>,
    /// The events, such as `e1`.
    pub deliveries: Vec<String>,
    /// The namespace; null for the main scenario.
    pub namespace: Option<String>,
    /// The same in words; null if there are no namespaces.
    pub of: Option<String>,
    /// The number of the first reset after it.
    pub before_reset: Option<u64>,
}
