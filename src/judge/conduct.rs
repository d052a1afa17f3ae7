//! Exchanges → the rules of conduct that the clients broke.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::{Broken, rules};
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
    /// By caller: the number of its connection, or `None` when it has used several.
    connections: IndexMap<u64, Option<u64>>,
}

struct Observed {
    /// The service that the rule is for; `None` for all services.
    service: Option<&'static str>,
    rule: &'static Rule,
    severity: Severity,
    observer: Box<dyn Observer>,
    /// Its breaches, apart by severity; the most severe ones first.
    broken: Vec<Broken>,
}

/// How many exchanges whose client left early are remembered.
const MOST_UNREAD: usize = 10_000;

/// How many callers are remembered with their connections. A caller that is forgotten counts as one with several.
const MOST_CALLERS: usize = 10_000;

impl Conduct {
    /// Observes all rules except those that are off. `severities` overrides the rules' own severities, by name.
    pub fn new(severities: &IndexMap<Text, Severity>) -> Self {
        let of: BTreeMap<_, _> =
            severities.iter().map(|(name, severity)| (name.as_str(), *severity)).collect();
        let observed = all_rules().filter_map(|(service, rule)| {
            let severity = of.get(rule.name).copied().unwrap_or(rule.severity);
            let observer = (severity != Severity::Off).then(rule.observe)?;
            Some(Observed { service, rule, severity, observer, broken: Vec::new() })
        });
        Self { observed: observed.collect(), unread: BTreeSet::new(), connections: IndexMap::new() }
    }

    /// Makes the rules forget earlier exchanges, and keeps their breaches. A call that failed before may succeed now.
    pub fn forget(&mut self) {
        let forgetful = self.observed.iter_mut().filter(|observed| !observed.observer.outlasts_changes());
        forgetful.for_each(|observed| observed.observer = (observed.rule.observe)());
        self.connections.clear();
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
        let has_several = self.has_several(&seen);
        let seen = Seen { unread: &self.unread, has_several, ..seen };
        for observed in &mut self.observed {
            if observed.service.is_some_and(|service| service != seen.service) {
                continue;
            }
            if let Some(breach) = observed.observer.saw(&seen) {
                observed.note(breach);
            }
        }
    }

    /// Whether the caller has used several connections. Then its threads may share them, and a request may come from
    /// another thread than the one before it on the same connection.
    fn has_several(&mut self, seen: &Seen<'_>) -> bool {
        let number = seen.request.connection.number;
        let is_full = self.connections.len() >= MOST_CALLERS;
        match self.connections.entry(seen.caller()) {
            Entry::Vacant(_) if is_full => true,
            Entry::Vacant(new) => new.insert(Some(number)).is_none(),
            Entry::Occupied(mut known) => {
                if *known.get() != Some(number) {
                    known.insert(None);
                }
                known.get().is_none()
            }
        }
    }

    /// The rules that were broken, in the order of reports.
    pub fn broken(&self) -> Vec<Broken> {
        self.observed.iter().flat_map(|observed| &observed.broken).cloned().collect()
    }
}

impl Observed {
    fn note(&mut self, breach: Breach) {
        let severity = self.severity.min(breach.at_most);
        let place = self.broken.partition_point(|known| known.severity > severity);
        if self.broken.get(place).is_none_or(|known| known.severity != severity) {
            self.broken.insert(place, Broken::new(self.rule, severity));
        }
        self.broken[place].note(breach);
    }
}

impl std::fmt::Debug for Conduct {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Conduct").field("broken", &self.broken()).finish()
    }
}
