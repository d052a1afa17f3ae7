//! Exchanges as they come → the rules of conduct that the client broke.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::burst::{Burst, Bursts};
use super::rules;
use crate::emulator::conduct::{Breach, Observer, Rule, Seen, Severity};
use crate::scalar::Text;
use crate::services::SERVICES;

/// Every rule, with the service whose exchanges it looks at: those of each service, then those for all.
pub fn all_rules() -> impl Iterator<Item = (Option<&'static str>, &'static Rule)> + Clone {
    // Reports list them in this order.
    let own = SERVICES.iter().rev().flat_map(|service| {
        let name = Some(service.name());
        service.rules().iter().map(move |rule| (name, *rule))
    });
    own.chain(rules::COMMON.iter().map(|rule| (None, *rule)))
}

/// What a client did against the rules.
pub struct Conduct {
    observed: Vec<Observed>,
    /// Exchanges whose client left before the answer.
    unread: BTreeSet<u64>,
    bursts: Bursts,
}

struct Observed {
    /// The service whose exchanges it looks at; `None` for all.
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
    /// Observes every rule but those that `severities` switches off.
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

    /// Forgets the exchanges that were seen, not what was broken: what failed before may work now.
    pub fn forget(&mut self) {
        self.observed.iter_mut().for_each(|observed| observed.observer = (observed.rule.observe)());
    }

    /// Whether a rule needs to know what a service's other edition answers.
    pub fn asks_other_edition(&self) -> bool {
        self.observed.iter().any(|observed| observed.observer.asks_other_edition())
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
