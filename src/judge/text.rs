//! Outcomes and broken rules → text and JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Broken, ExpectationOutcome, Member, Near};
use crate::emulator::conduct::{Breach, Severity};

impl ExpectationOutcome {
    /// The outcome as text. When calls are missing, it compares the closest call member by member.
    pub fn text(&self) -> String {
        let sign = if self.met { "met" } else { "not met" };
        let mut text = format!("`{}` is {sign}: expected {}; {}", self.name, self.expected, self.found);
        if !self.exchanges.is_empty() {
            let numbers: Vec<_> = self.exchanges.iter().map(u64::to_string).collect();
            let _ = write!(text, " (exchange {})", numbers.join(", "));
        }
        text.push('\n');
        if let Some(near) = &self.near {
            near.write(&mut text);
        }
        text
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        let member = |Member { name, wanted, found, fits }: &Member| json!({"name": name, "wanted": wanted, "found": found, "fits": fits});
        let near = |Near { exchange, members }: &Near| json!({"exchange": exchange, "members": members.iter().map(member).collect::<Vec<_>>()});
        json!({
            "name": self.name,
            "met": self.met,
            "expected": self.expected,
            "found": self.found,
            "exchanges": self.exchanges,
            "closest": self.near.as_ref().map(near),
        })
    }
}

impl Near {
    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "    exchange {} came closest:", self.exchange);
        let width = self.members.iter().map(|member| member.name.chars().count()).max().unwrap_or_default();
        for member in &self.members {
            let found = member.found.as_ref().map_or("is not there".to_owned(), |found| format!("`{found}`"));
            let name = &member.name;
            let _ = match member.fits {
                true => writeln!(text, "        {name:width$}  {found}"),
                false => {
                    writeln!(text, "      - {name:width$}  {}\n      + {name:width$}  {found}", member.wanted)
                }
            };
        }
    }
}

impl Broken {
    /// The rule as text, with its source and the first breaches.
    pub fn text(&self) -> String {
        let weight = match self.severity {
            Severity::Error => "error",
            Severity::Warn => "warning",
            Severity::Off => "off",
        };
        let mut text = format!(
            "{weight}: the rule `{}` was broken, which says: {} ({})\n",
            self.rule, self.summary, self.source
        );
        for Breach { what, exchanges, namespace, before_reset, .. } in self.breaches.iter().take(MOST_TOLD) {
            let numbers: Vec<_> = exchanges.iter().map(u64::to_string).collect();
            let namespace =
                namespace.as_ref().map_or(String::new(), |namespace| format!(" of namespace {namespace}"));
            let reset = before_reset.map_or(String::new(), |number| format!(" before reset {number}"));
            let _ = writeln!(text, "    exchange {}{namespace}{reset}: {what}", numbers.join(", "));
        }
        let more = self.count.saturating_sub(MOST_TOLD as u64);
        if more > 0 {
            let _ = match more {
                1 => writeln!(text, "    and once more"),
                more => writeln!(text, "    and {more} times more"),
            };
        }
        text
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        let breach = |Breach { what, exchanges, namespace, before_reset, .. }: &Breach| json!({"what": what, "exchanges": exchanges, "namespace": namespace, "before_reset": before_reset});
        json!({
            "rule": self.rule,
            "severity": self.severity,
            "summary": self.summary,
            "source": self.source,
            "count": self.count,
            "breaches": self.breaches.iter().map(breach).collect::<Vec<_>>(),
        })
    }
}

/// How many breaches of a rule the text shows.
const MOST_TOLD: usize = 3;
