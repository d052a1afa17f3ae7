//! Outcomes and broken rules → text, and what JSON shows of them.

use std::fmt::Write;

use super::shown::{BreachShown, BrokenShown, KindShown, OutcomeShown};
use super::{Broken, ExpectationOutcome, Kind, Near, Shown, Whose};
use crate::emulator::conduct::Severity;

impl ExpectationOutcome {
    /// The outcome as text. When calls are missing, it compares the closest call member by member.
    pub fn text(&self) -> String {
        let sign = if self.met { "met" } else { "not met" };
        let mut text = format!("`{}` is {sign}: expected {}; {}", self.name, self.expected, self.found);
        if !self.exchanges.is_empty() {
            let numbers: Vec<_> = self.exchanges.iter().map(u64::to_string).collect();
            let more =
                if self.left_out == 0 { String::new() } else { format!(" and {} more", self.left_out) };
            let _ = write!(text, " (exchange {}{more})", numbers.join(", "));
        }
        text.push('\n');
        if let Some(near) = &self.near {
            near.write(&mut text);
        }
        text
    }

    /// The same for JSON.
    pub fn shown(&self) -> OutcomeShown {
        OutcomeShown {
            name: self.name.clone(),
            met: self.met,
            expected: self.expected.clone(),
            found: self.found.clone(),
            exchanges: self.exchanges.clone(),
            exchanges_left_out: self.left_out,
            closest: self.near.clone(),
        }
    }
}

impl Near {
    fn write(&self, text: &mut String) {
        let namespace = self.namespace.as_ref().map_or(String::new(), |name| format!(" of namespace {name}"));
        let _ = writeln!(text, "    exchange {}{namespace} came closest:", self.exchange);
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
    /// The breaches of the rule as text, with the rule's source.
    pub fn text(&self) -> String {
        let weight = match self.severity {
            Severity::Error => "error",
            Severity::Warn => "warning",
            Severity::Off => "off",
        };
        let mut text = format!("{weight}: `{}`: {} ({})\n", self.rule, self.summary, self.source);
        let told = &self.kinds[..self.kinds.len().min(MOST_TOLD)];
        for Kind { what, count, shown } in told {
            let first = shown.first().map(Shown::text).unwrap_or_default();
            let more = more(count - 1).map_or(String::new(), |more| format!(", and {more}"));
            let _ = writeln!(text, "    {first}{more}: {what}");
        }
        if let Some(more) = more(self.count - told.iter().map(|kind| kind.count).sum::<u64>()) {
            let _ = writeln!(text, "    and {more}");
        }
        text
    }

    /// The same for JSON.
    pub fn shown(&self) -> BrokenShown {
        BrokenShown {
            rule: self.rule,
            severity: self.severity,
            summary: self.summary,
            source: self.source,
            count: self.count,
            breaches: self.kinds.iter().map(Kind::shown).collect(),
            left_out: self.left_out(),
        }
    }
}

/// `1` → `once more`, `2` → `2 times more`; `None` for 0.
fn more(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("once more".to_owned()),
        more => Some(format!("{more} times more")),
    }
}

impl Kind {
    fn shown(&self) -> KindShown {
        KindShown {
            what: self.what.clone(),
            count: self.count,
            shown: self.shown.iter().map(Shown::shown).collect(),
            left_out: self.count - self.shown.len() as u64,
        }
    }
}

impl Whose {
    /// Whose exchanges and deliveries they are, in words; `None` when there is only one world.
    pub(super) fn words(&self) -> Option<String> {
        match self {
            Self::Only => None,
            Self::Main => Some("the main scenario".to_owned()),
            Self::Namespace(name) => Some(format!("namespace {name}")),
        }
    }
}

impl Shown {
    fn shown(&self) -> BreachShown {
        let Self { exchanges, whose, before_reset, .. } = self;
        let namespace = if let Whose::Namespace(name) = whose { Some(name.clone()) } else { None };
        BreachShown {
            exchanges: exchanges.clone(),
            deliveries: self.delivery_names(),
            namespace,
            of: whose.words(),
            before_reset: *before_reset,
        }
    }

    fn text(&self) -> String {
        let numbers: Vec<_> = self.exchanges.iter().map(u64::to_string).collect();
        let whose = self.whose.words().map_or(String::new(), |whose| format!(" of {whose}"));
        let reset = self.before_reset.map_or(String::new(), |number| format!(" before reset {number}"));
        let mut parts = self.delivery_names();
        if !numbers.is_empty() {
            parts.push(format!("exchange {}", numbers.join(", ")));
        }
        format!("{}{whose}{reset}", parts.join(", "))
    }

    /// The deliveries as the outbox names them, such as `e1`.
    fn delivery_names(&self) -> Vec<String> {
        self.deliveries.iter().map(|number| format!("e{number}")).collect()
    }
}

/// How many kinds of breaches of a rule the text tells.
const MOST_TOLD: usize = 3;
