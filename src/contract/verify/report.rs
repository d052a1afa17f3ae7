//! What the checks have come to → text, JSON, JUnit.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::editions::{EditionRow, Resembles};
use super::outcome::{Checked, Outcome};
use crate::scalar::{in_a_line, xml};

/// What the checks of a server have come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The name of the service as people write it.
    pub service: &'static str,
    /// The checks.
    pub checks: Vec<Checked>,
    /// Which edition the server resembles; empty for a service that has only one.
    pub editions: Vec<EditionRow>,
    /// What was changed and could not be put back.
    pub left_behind: Vec<String>,
    /// What the user names and the server does not know, each in a sentence.
    pub unknown: Vec<String>,
    /// Why the checks were stopped; `None` when they were not.
    pub stopped: Option<String>,
}

/// How many names of checks that were not tried for one reason the text has.
const NAMED: usize = 6;

impl Report {
    /// How many checks have come to this.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.of(outcome).count()
    }

    fn of(&self, outcome: Outcome) -> impl Iterator<Item = &Checked> {
        self.checks.iter().filter(move |checked| checked.result == outcome)
    }

    /// The result as text: first what differs.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for checked in self.of(Outcome::Differs) {
            let _ = writeln!(text, "differs: {}", checked.name);
            if !checked.sent.is_empty() {
                let _ = writeln!(text, "  sent: {}", checked.sent);
            }
            for difference in &checked.differences {
                // What a server sends must not steer a terminal.
                let _ = writeln!(text, "  at {}", in_a_line(&difference.at));
                let _ = writeln!(text, "    expected: {}", difference.expected);
                let _ = writeln!(text, "    actual:   {}", in_a_line(&difference.actual));
                let _ = writeln!(text, "    source:   {}", difference.source);
            }
        }
        let _ = writeln!(
            text,
            "{}: {} hold, {} differ, {} not tried",
            self.service,
            self.count(Outcome::Holds),
            self.count(Outcome::Differs),
            self.count(Outcome::NotTried)
        );
        if let Some(why) = &self.stopped {
            let _ = writeln!(text, "stopped: {why}");
        }
        for left in &self.left_behind {
            let _ = writeln!(text, "not put back: {}", in_a_line(left));
        }
        self.write_editions(&mut text);
        self.write_not_tried(&mut text);
        text
    }

    fn write_editions(&self, text: &mut String) {
        if self.editions.is_empty() {
            return;
        }
        text.push_str("editions, row by row of `standin catalog --editions`:\n");
        for row in &self.editions {
            let word = row.resembles.word();
            let _ = match (&*row.check, &*row.why) {
                ("", why) => writeln!(text, "  {:>2} {word}: {} ({why})", row.number, row.item),
                (check, "") => writeln!(text, "  {:>2} {word}: {} (`{check}`)", row.number, row.item),
                (check, why) => writeln!(text, "  {:>2} {word}: {} (`{check}`: {why})", row.number, row.item),
            };
        }
    }

    fn write_not_tried(&self, text: &mut String) {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for checked in self.of(Outcome::NotTried) {
            by_reason.entry(&checked.why).or_default().push(&checked.name);
        }
        for (why, names) in by_reason {
            let _ = writeln!(text, "not tried, {}: {why}", names.len());
            let more = names.len().saturating_sub(NAMED);
            let more = if more == 0 { String::new() } else { format!(", and {more} more") };
            let _ = writeln!(text, "  {}{more}", names[..names.len().min(NAMED)].join(", "));
        }
    }

    /// The result as JSON.
    pub fn json(&self) -> Value {
        let mut report = json!({"checks": self.checks});
        if !self.editions.is_empty() {
            report["editions"] = json!(self.editions);
        }
        report["left_behind"] = json!(self.left_behind);
        report["stopped"] = json!(self.stopped);
        report
    }

    /// The result as JUnit XML: a test case for each check.
    pub fn junit(&self) -> String {
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"standin verify: {}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
            xml::escaped(self.service),
            self.checks.len(),
            self.count(Outcome::Differs),
            self.count(Outcome::NotTried)
        );
        for checked in &self.checks {
            let head = format!(
                "    <testcase classname=\"standin.verify\" name=\"{}\"",
                xml::escaped(&checked.name)
            );
            let _ = match checked.result {
                Outcome::Holds => writeln!(text, "{head}/>"),
                Outcome::NotTried => {
                    let why = xml::escaped(&checked.why);
                    writeln!(text, "{head}>\n      <skipped message=\"{why}\"/>\n    </testcase>")
                }
                Outcome::Differs => {
                    let told: Vec<_> = checked
                        .differences
                        .iter()
                        .map(|difference| {
                            let super::outcome::Difference { at, expected, actual, source } = difference;
                            format!("at {at}: expected {expected}, actual {actual} ({source})")
                        })
                        .collect();
                    let (first, all) = (told.first().map_or("", String::as_str), told.join("\n"));
                    let (first, all) = (xml::escaped(first), xml::escaped(&all));
                    writeln!(
                        text,
                        "{head}>\n      <failure message=\"{first}\">{all}</failure>\n    </testcase>"
                    )
                }
            };
        }
        text.push_str("  </testsuite>\n</testsuites>\n");
        text
    }
}

impl Resembles {
    fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Live => "live",
            Self::Neither => "neither",
            Self::NotTried => "not tried",
        }
    }
}
