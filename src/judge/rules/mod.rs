//! Rules of conduct: what the vendors ask of every client, watched as exchanges come. One rule, one file.

mod backoff;
mod batch_length;
mod body_after_signing;
mod burst;
mod content_type;
mod early_retry;
mod limit_ignored;
mod other_edition;
mod parameters;
mod repeated_argument_error;
mod repeated_refusal;
mod seen;
mod signature_alone;
mod signature_twice;
mod token_in_url;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::in_a_line;
use crate::scalar::Text;
use burst::{Burst, Bursts, Guess};
use seen::{Earlier, Recent};
pub use seen::{Memo, Moment, OtherAnswer, Seen};

/// One rule.
pub struct Rule {
    /// Its name, such as `chert.early-retry`.
    pub name: &'static str,
    /// How much a breach weighs, unless the scenario says otherwise.
    pub severity: Severity,
    /// What it asks for, in a line.
    pub summary: &'static str,
    /// The vendor's page that asks for it.
    pub source: &'static str,
    /// Watches one run.
    observe: fn() -> Box<dyn Observer>,
}

/// How much a breach weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing: the rule is not watched.
    Off,
    /// It is reported.
    Warn,
    /// It is reported and fails the run.
    Error,
}

/// Watches exchanges for breaches of one rule.
pub trait Observer: Send {
    /// Looks at an exchange; what is wrong with it, and the earlier exchange that makes it wrong, if one does.
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach>;
}

/// The rule that needs the other edition asked.
pub const OTHER_EDITION: &str = "bitrix24.other-edition";

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
    guess: Option<Guess>,
}

impl Breach {
    fn shown_by(exchanges: Vec<u64>, what: impl Into<String>) -> Self {
        Self { what: in_a_line(&what.into()), exchanges, namespace: None, before_reset: None, guess: None }
    }

    fn of(seen: &Seen<'_>, what: impl Into<String>) -> Self {
        Self::shown_by(vec![seen.number], what)
    }

    fn after(earlier: Earlier, seen: &Seen<'_>, what: impl Into<String>) -> Self {
        let breach = Self::shown_by(vec![earlier.number, seen.number], what);
        Self { guess: seen.guess(&earlier), ..breach }
    }
}

/// Every rule.
pub static RULES: &[&Rule] = &[
    &repeated_refusal::RULE,
    &early_retry::RULE,
    &backoff::RULE,
    &signature_twice::RULE,
    &signature_alone::RULE,
    &body_after_signing::RULE,
    &repeated_argument_error::RULE,
    &limit_ignored::RULE,
    &token_in_url::RULE,
    &batch_length::RULE,
    &other_edition::RULE,
    &parameters::UNKNOWN,
    &parameters::WRONG_TYPE,
    &content_type::RULE,
];

/// What a client did against the rules.
pub struct Conduct {
    observed: Vec<Observed>,
    /// Exchanges whose client left before the answer.
    unread: BTreeSet<u64>,
    bursts: Bursts,
}

struct Observed {
    rule: &'static Rule,
    severity: Severity,
    observer: Box<dyn Observer>,
    breaches: Vec<Breach>,
    count: u64,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule's name.
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What it asks for.
    pub summary: &'static str,
    /// The page that asks for it.
    pub source: &'static str,
    /// How often it was broken.
    pub count: u64,
    /// The first breaches.
    pub breaches: Vec<Breach>,
}

impl Broken {
    /// Adds what was broken later or elsewhere to `all`, where each rule stands once.
    pub fn add(all: &mut Vec<Self>, more: impl IntoIterator<Item = Self>) {
        for broken in more {
            let same = |known: &&mut Self| (known.rule, known.severity) == (broken.rule, broken.severity);
            match all.iter_mut().find(same) {
                Some(known) => {
                    known.count += broken.count;
                    let room = MOST_BREACHES.saturating_sub(known.breaches.len());
                    known.breaches.extend(broken.breaches.into_iter().take(room));
                }
                None => all.push(broken),
            }
        }
    }

    /// The same, broken before the reset with this number.
    #[must_use]
    pub fn before_reset(self, number: u64) -> Self {
        let of_then =
            |breach: Breach| Breach { before_reset: breach.before_reset.or(Some(number)), ..breach };
        Self { breaches: self.breaches.into_iter().map(of_then).collect(), ..self }
    }

    /// The same, broken in a namespace.
    #[must_use]
    pub fn in_namespace(self, namespace: &str) -> Self {
        let of_namespace = |breach| Breach { namespace: Some(namespace.to_owned()), ..breach };
        Self { breaches: self.breaches.into_iter().map(of_namespace).collect(), ..self }
    }
}

/// How many exchanges without a reader are remembered.
const MOST_UNREAD: usize = 1_000;

/// How many breaches of a rule are remembered.
const MOST_BREACHES: usize = 20;

impl Conduct {
    /// Watches every rule but those that `severities` switches off.
    pub fn new(severities: &IndexMap<Text, Severity>) -> Self {
        let of: BTreeMap<_, _> =
            severities.iter().map(|(name, severity)| (name.as_str(), *severity)).collect();
        let observed = RULES.iter().filter_map(|rule| {
            let severity = of.get(rule.name).copied().unwrap_or(rule.severity);
            let observer = (severity != Severity::Off).then(rule.observe)?;
            Some(Observed { rule, severity, observer, breaches: Vec::new(), count: 0 })
        });
        Self { observed: observed.collect(), unread: BTreeSet::new(), bursts: Bursts::default() }
    }

    /// Forgets the exchanges that were seen, not what was broken: what failed before may work now.
    pub fn forget(&mut self) {
        self.observed.iter_mut().for_each(|observed| observed.observer = (observed.rule.observe)());
    }

    /// Whether a rule is watched.
    pub fn observes(&self, rule: &str) -> bool {
        self.observed.iter().any(|observed| observed.rule.name == rule)
    }

    /// The client of this exchange left before it was answered, so the answer binds nobody.
    pub fn unread(&mut self, number: u64) {
        self.unread.insert(number);
        if self.unread.len() > MOST_UNREAD {
            self.unread.pop_first();
        }
    }

    /// Looks at an exchange.
    pub fn saw(&mut self, seen: Seen<'_>) {
        // A browser's preflight is none of the client's doing.
        if &*seen.request.method == "OPTIONS" {
            return;
        }
        let mut seen = Seen { unread: &self.unread, ..seen };
        let burst = self.bursts.saw(&seen);
        seen.is_of_burst = burst.is_some();
        for observed in &mut self.observed {
            if let Some(burst) = burst {
                observed.take_back(&burst);
            }
            seen.is_only_counted = observed.breaches.len() >= MOST_BREACHES;
            if let Some(breach) = observed.observer.saw(&seen) {
                observed.count += 1;
                if !seen.is_only_counted {
                    observed.breaches.push(breach);
                }
            }
        }
    }

    /// The rules that were broken.
    pub fn broken(&self) -> Vec<Broken> {
        let broken = self.observed.iter().filter(|observed| observed.count > 0);
        broken
            .map(|observed| Broken {
                rule: observed.rule.name,
                severity: observed.severity,
                summary: observed.rule.summary,
                source: observed.rule.source,
                count: observed.count,
                breaches: observed.breaches.clone(),
            })
            .collect()
    }
}

impl Observed {
    /// Forgets what was guessed before a burst was known to be one.
    fn take_back(&mut self, burst: &Burst) {
        let before = self.breaches.len();
        self.breaches.retain(|breach| !breach.guess.is_some_and(|guess| burst.belies(&guess)));
        self.count -= (before - self.breaches.len()) as u64;
    }
}

impl std::fmt::Debug for Conduct {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Conduct").field("broken", &self.broken()).finish()
    }
}
