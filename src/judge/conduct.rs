//! Exchanges → the rules of conduct that the clients broke.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::burst::{Burst, Bursts};
use super::rules;
use crate::emulator::conduct::{Breach, Observer, Rule, Seen, Severity};
use crate::scalar::Text;
use crate::services::SERVICES;

/// All rules: first those of each service, with the name of the service, then those for all services, with `None`.
pub fn all_rules() -> impl Iterator<Item = (Option<&'static str>, &'static Rule)> + Clone {
    // Reports list the rules in this order.
    let own = SERVICES.iter().rev().flat_map(|service| {
        let name = Some(service.name());
        service.rules().iter().map(move |rule| (name, *rule))
    });
    own.chain(rules::COMMON.iter().map(|rule| (None, *rule)))
}

/// The observed rules and their breaches.
pub struct Conduct {
    observed: Vec<Observed>,
    /// The numbers of exchanges whose client left before it got the answer.
    unread: BTreeSet<u64>,
    bursts: Bursts,
}

struct Observed {
    /// The service that the rule is for; `None` for all services.
    service: Option<&'static str>,
    rule: &'static Rule,
    severity: Severity,
    observer: Box<dyn Observer>,
    breaches: Vec<Breach>,
    count: u64,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The name of the rule.
    pub rule: &'static str,
    /// How severe a breach is in this run.
    pub severity: Severity,
    /// What the rule asks for, in a line.
    pub summary: &'static str,
    /// The source of the rule, such as a page of the documentation.
    pub source: &'static str,
    /// How often the rule was broken.
    pub count: u64,
    /// The first breaches, at most 20.
    pub breaches: Vec<Breach>,
}

impl Broken {
    /// Adds `more` to `all`, so that each rule is in `all` once for each severity.
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

    /// The same, marked as broken before the reset with this number.
    #[must_use]
    pub fn before_reset(self, number: u64) -> Self {
        let of_then =
            |breach: Breach| Breach { before_reset: breach.before_reset.or(Some(number)), ..breach };
        Self { breaches: self.breaches.into_iter().map(of_then).collect(), ..self }
    }

    /// The same, marked as broken in a namespace.
    #[must_use]
    pub fn in_namespace(self, namespace: &str) -> Self {
        let of_namespace = |breach| Breach { namespace: Some(namespace.to_owned()), ..breach };
        Self { breaches: self.breaches.into_iter().map(of_namespace).collect(), ..self }
    }
}

/// How many exchanges whose client left early are remembered.
const MOST_UNREAD: usize = 1_000;

/// How many breaches of a rule are kept. Later ones are only counted.
const MOST_BREACHES: usize = 20;

impl Conduct {
    /// Observes all rules except those that are off. `severities` overrides the rules' own severities, by name.
    pub fn new(severities: &IndexMap<Text, Severity>) -> Self {
        let of: BTreeMap<_, _> =
            severities.iter().map(|(name, severity)| (name.as_str(), *severity)).collect();
        let observed = all_rules().filter_map(|(service, rule)| {
            let severity = of.get(rule.name).copied().unwrap_or(rule.severity);
            let observer = (severity != Severity::Off).then(rule.observe)?;
            Some(Observed { service, rule, severity, observer, breaches: Vec::new(), count: 0 })
        });
        Self { observed: observed.collect(), unread: BTreeSet::new(), bursts: Bursts::default() }
    }

    /// Makes the rules forget earlier exchanges, and keeps their breaches. A call that failed before may succeed now.
    pub fn forget(&mut self) {
        self.observed.iter_mut().for_each(|observed| observed.observer = (observed.rule.observe)());
    }

    /// Whether a rule compares answers with those of the service's other edition.
    pub fn asks_other_edition(&self) -> bool {
        self.observed.iter().any(|observed| observed.observer.asks_other_edition())
    }

    /// Notes that the client of the exchange `number` left before it got the answer, so that no rule expects it to
    /// know the answer.
    pub fn unread(&mut self, number: u64) {
        self.unread.insert(number);
        if self.unread.len() > MOST_UNREAD {
            self.unread.pop_first();
        }
    }

    /// Observes an exchange.
    pub fn saw(&mut self, seen: Seen<'_>) {
        // Browsers send preflights by themselves.
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
            if observed.service.is_some_and(|service| service != seen.service) {
                continue;
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

    /// The rules that were broken, in the order of reports.
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
    /// Removes the breaches that rest on a wrong guess about requests of `burst`.
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
