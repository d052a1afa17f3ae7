//! What a check has come to.

use serde::Serialize;

use super::twin::Expected;
use crate::emulator::Drift;

/// A check with what it has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The name of the check.
    pub name: String,
    /// What it has come to.
    pub result: Outcome,
    /// What differs.
    pub differences: Vec<Difference>,
    /// Why it was not tried; empty when it was.
    pub why: String,
    /// The request in a line, without credentials; empty when nothing was sent.
    #[serde(skip)]
    pub sent: String,
}

/// What a check has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The server answers as the contract says.
    Holds,
    /// It answers in another way.
    Differs,
    /// The check was not made.
    NotTried,
}

/// A fact that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where: `status`, `header.NAME`, `body` or the way to a value in it; `answer` when there was none.
    pub at: String,
    /// What the contract has there.
    pub expected: String,
    /// What the server has there.
    pub actual: String,
    /// The page, or whatever else, that says what is expected.
    pub source: String,
}

impl From<Drift> for Difference {
    fn from(drift: Drift) -> Self {
        let Drift { at, expected, actual, source } = drift;
        Self { at, expected, actual, source: source.to_owned() }
    }
}

impl Difference {
    /// There was no answer, for the reason in words.
    pub(super) fn without_answer(expected: Option<&Expected>, why: &str) -> Self {
        let status = expected.map_or(0, |expected| expected.answer.status);
        let source = expected.map_or("", |expected| expected.answer.source).to_owned();
        Self { at: "answer".to_owned(), expected: format!("status {status}"), actual: why.to_owned(), source }
    }
}

impl Checked {
    /// A check that was not made.
    pub fn not_tried(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            result: Outcome::NotTried,
            differences: Vec::new(),
            why: why.into(),
            sent: String::new(),
        }
    }

    /// A check that was made, with what differs.
    pub fn tried(name: &str, sent: String, differences: Vec<Difference>) -> Self {
        let result = if differences.is_empty() { Outcome::Holds } else { Outcome::Differs };
        Self { name: name.to_owned(), result, differences, why: String::new(), sent }
    }
}
