//! Exchanges that were held against the contract → what came of them, as text, JSON and JUnit.

use std::collections::BTreeMap;
use std::fmt::Write;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::emulator::Drift;
use crate::scalar::in_a_line;
use crate::scalar::xml::escaped;

/// What came of the exchanges.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    exchanges: u64,
    held: u64,
    differing: u64,
    in_part: BTreeMap<&'static str, u64>,
    not_held: BTreeMap<&'static str, u64>,
    operations: BTreeMap<String, Held>,
    kinds: IndexMap<Kind, Found>,
    left_out: u64,
}

/// An exchange that was passed on.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// Its number.
    pub number: u64,
    /// When it ended.
    pub at: Timestamp,
    /// The operation with its service, such as `chert.whoami`; `None` when it is not known.
    pub operation: Option<&'a str>,
    /// The HTTP status that the client was answered with.
    pub status: u16,
    /// How far it was held.
    pub outcome: Outcome<'a>,
}

/// How far an exchange was held against the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Its status, header fields and body, and this differs.
    Held(&'a [Drift]),
    /// Only its status and header fields, and this differs. The body was not, for this reason.
    InPart(&'a [Drift], &'static str),
    /// Not at all, for this reason.
    NotHeld(&'static str),
}

/// How often the answers of an operation were held, and how often they differed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Held {
    held: u64,
    differing: u64,
}

/// Differences of one kind are alike but for what the server sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    operation: String,
    status: u16,
    at: String,
    expected: String,
    source: &'static str,
}

/// The differences of one kind.
#[derive(Clone, Debug)]
struct Found {
    count: u64,
    /// What the server sent the first time.
    actual: String,
    exchange: u64,
    at: Timestamp,
}

/// How many kinds of differences are kept. Others are counted.
const MOST_KINDS: usize = 1_000;

impl Tally {
    /// Adds an exchange.
    pub fn add(&mut self, exchange: &Exchange<'_>) {
        self.exchanges += 1;
        let drifts = match exchange.outcome {
            Outcome::Held(drifts) => {
                self.held += 1;
                drifts
            }
            Outcome::InPart(drifts, why) => {
                *self.in_part.entry(why).or_default() += 1;
                drifts
            }
            Outcome::NotHeld(why) => {
                *self.not_held.entry(why).or_default() += 1;
                return;
            }
        };
        let differs = !drifts.is_empty();
        self.differing += u64::from(differs);
        let operation = exchange.operation.unwrap_or_default();
        match self.operations.get_mut(operation) {
            Some(known) => known.add(differs),
            None => self.operations.entry(operation.to_owned()).or_default().add(differs),
        }
        for drift in drifts {
            self.add_kind(operation, exchange, drift);
        }
    }

    fn add_kind(&mut self, operation: &str, exchange: &Exchange<'_>, drift: &Drift) {
        let kind = Kind {
            operation: operation.to_owned(),
            status: exchange.status,
            at: without_indices(&drift.at),
            expected: drift.expected.clone(),
            source: drift.source,
        };
        if let Some(found) = self.kinds.get_mut(&kind) {
            found.count += 1;
        } else if self.kinds.len() < MOST_KINDS {
            let found =
                Found { count: 1, actual: drift.actual.clone(), exchange: exchange.number, at: exchange.at };
            self.kinds.insert(kind, found);
        } else {
            self.left_out += 1;
        }
    }

    /// Whether an answer differed from what its operation may answer.
    pub fn differs(&self) -> bool {
        self.differing > 0
    }

    /// The result as JSON. `url` is that of the service.
    pub fn json(&self, url: &str) -> Value {
        let kind = |(kind, found): (&Kind, &Found)| {
            json!({
                "operation": kind.operation,
                "status": kind.status,
                "at": kind.at,
                "expected": kind.expected,
                "actual": found.actual,
                "source": kind.source,
                "count": found.count,
                "first": {"exchange": found.exchange, "at": found.at.to_string()},
            })
        };
        json!({
            "url": url,
            "exchanges": self.exchanges,
            "held": self.held,
            "held_in_part": self.in_part,
            "not_held": self.not_held,
            "differing": self.differing,
            "operations": self.operations,
            "differences": self.kinds.iter().map(kind).collect::<Vec<_>>(),
            "differences_left_out": self.left_out,
        })
    }

    /// The result as JUnit XML. Each operation that was called is a test case.
    pub fn junit(&self, url: &str) -> String {
        let failed = self.operations.values().filter(|held| held.differing > 0).count();
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"standin proxy: {}\" tests=\"{}\" failures=\"{failed}\">\n",
            escaped(url),
            self.operations.len(),
        );
        for (operation, held) in &self.operations {
            let head = format!("    <testcase classname=\"standin.proxy\" name=\"{}\"", escaped(operation));
            if held.differing == 0 {
                let _ = writeln!(text, "{head}/>");
                continue;
            }
            let lines: String = self
                .kinds
                .iter()
                .filter(|(kind, _)| kind.operation == *operation)
                .map(|(kind, found)| format!("{}\n", told(kind, found)))
                .collect();
            let message = format!("{} of {} answers differ", held.differing, held.held);
            let _ = writeln!(
                text,
                "{head}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                escaped(&message),
                escaped(&lines)
            );
        }
        text.push_str("  </testsuite>\n</testsuites>\n");
        text
    }

    /// The result for people.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} passed, {} held against the contract, {} differed",
            plural(self.exchanges, "exchange"),
            self.held + self.in_part.values().sum::<u64>(),
            self.differing
        );
        for (why, count) in &self.in_part {
            let _ = write!(text, "\n{} held without the body: {why}", plural(*count, "answer"));
        }
        for (why, count) in &self.not_held {
            let _ = write!(text, "\n{} not held: {why}", plural(*count, "exchange"));
        }
        for (kind, found) in &self.kinds {
            let _ = write!(text, "\n{} {}", kind.operation, told(kind, found));
        }
        if self.left_out > 0 {
            let _ = write!(text, "\nand {} more of other kinds", plural(self.left_out, "difference"));
        }
        text
    }
}

impl Held {
    fn add(&mut self, differs: bool) {
        self.held += 1;
        self.differing += u64::from(differs);
    }
}

/// The differences of a kind in a line.
fn told(kind: &Kind, found: &Found) -> String {
    let times = match found.count {
        1 => format!("exchange {}", found.exchange),
        count => format!("{count} times, first in exchange {}", found.exchange),
    };
    format!(
        "{}, {}: expected {}, got {} ({times}; {})",
        kind.status,
        // What a server sends must not steer a terminal.
        in_a_line(&kind.at),
        kind.expected,
        in_a_line(&found.actual),
        kind.source
    )
}

fn plural(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `body.chats[12].id` → `body.chats[].id`.
fn without_indices(at: &str) -> String {
    let mut rest = at;
    let mut all = String::with_capacity(at.len());
    while let Some((before, after)) = rest.split_once('[') {
        all.push_str(before);
        all.push('[');
        rest = match after.split_once(']') {
            Some((index, _)) if index.bytes().all(|byte| byte.is_ascii_digit()) => &after[index.len()..],
            _ => after,
        };
    }
    all.push_str(rest);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drift(at: &str, actual: &str) -> Drift {
        Drift {
            at: at.to_owned(),
            expected: "a text".to_owned(),
            actual: actual.to_owned(),
            source: "a page",
        }
    }

    fn add(tally: &mut Tally, operation: &str, outcome: Outcome<'_>) {
        let number = tally.exchanges + 1;
        let at = Timestamp::UNIX_EPOCH;
        tally.add(&Exchange { number, at, operation: Some(operation), status: 200, outcome });
    }

    #[test]
    fn a_kind_of_difference_is_told_once_with_its_first_exchange() {
        let mut tally = Tally::default();
        add(&mut tally, "chert.whoami", Outcome::Held(&[]));
        assert!(!tally.differs());
        add(&mut tally, "chert.list", Outcome::Held(&[drift("body[0].id", "1"), drift("body[12].id", "2")]));
        add(&mut tally, "chert.list", Outcome::InPart(&[drift("body[0].id", "3")], "so"));
        add(&mut tally, "chert.list", Outcome::NotHeld("why"));
        assert!(tally.differs());
        let json = tally.json("https://example.org");
        assert_eq!(
            json,
            json!({
                "url": "https://example.org", "exchanges": 4, "held": 2,
                "held_in_part": {"so": 1}, "not_held": {"why": 1}, "differing": 2,
                "operations": {
                    "chert.list": {"held": 2, "differing": 2}, "chert.whoami": {"held": 1, "differing": 0},
                },
                "differences": [{
                    "operation": "chert.list", "status": 200, "at": "body[].id", "expected": "a text",
                    "actual": "1", "source": "a page", "count": 3,
                    "first": {"exchange": 2, "at": "1970-01-01T00:00:00Z"},
                }],
                "differences_left_out": 0,
            })
        );
        let junit = tally.junit("https://example.org");
        assert!(junit.contains(r#"tests="2" failures="1""#), "{junit}");
        assert!(junit.contains(r#"message="2 of 2 answers differ""#), "{junit}");
        assert!(tally.text().contains("3 times, first in exchange 2"), "{}", tally.text());
    }

    #[test]
    fn a_server_that_differs_ever_anew_takes_no_more_memory() {
        let mut tally = Tally::default();
        for number in 0..MOST_KINDS + 5 {
            add(&mut tally, "chert.list", Outcome::Held(&[drift(&format!("body.n{number}"), "1")]));
        }
        assert_eq!((tally.kinds.len(), tally.left_out), (MOST_KINDS, 5));
    }
}
