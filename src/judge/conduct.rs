//! Exchanges and deliveries → the rules of conduct that the clients broke.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use indexmap::map::Entry;
use jiff::Timestamp;

use super::{Broken, rules};
use crate::emulator::conduct::{Breach, Ended, Moment, Observer, Rule, Seen, Sent, Severity};
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
    /// The rules about calls.
    observed: Vec<Observed>,
    /// The rules about deliveries.
    receiving: Vec<Observed>,
    /// Whether an event was raised. Before that, nobody can break the rules about deliveries.
    has_raised: bool,
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
        let (receiving, observed) = observed.partition(|known| known.observer.is_about_deliveries());
        let (unread, connections) = (BTreeSet::new(), IndexMap::new());
        Self { observed, receiving, has_raised: false, unread, connections }
    }

    /// Makes the rules about calls forget earlier exchanges, and keeps their breaches. A call that failed before may succeed
    /// now.
    pub fn forget(&mut self) {
        let forgetful = self.observed.iter_mut().filter(|observed| !observed.observer.outlasts_changes());
        forgetful.for_each(|observed| observed.observer = (observed.rule.observe)());
        self.connections.clear();
    }

    /// Makes the rules about deliveries forget what was sent, because a snapshot was restored: IDs are given again.
    pub fn restored(&mut self) {
        self.receiving.iter_mut().for_each(|known| known.observer = (known.rule.observe)());
    }

    /// Observes that an event was raised: from now on the rules about deliveries look at calls.
    pub fn raised(&mut self) {
        self.has_raised = true;
    }

    /// Observes that an attempt of a delivery was sent.
    pub fn sent(&mut self, sent: &Sent<'_>) {
        let about = self.receiving.iter_mut().filter(|known| known.is_about(sent.service));
        about.for_each(|known| known.observer.sent(sent));
    }

    /// Observes that an action of a service was performed. `at` is when, by the scenario's clock.
    pub fn acted(&mut self, service: &str, action: &str, at: Timestamp) {
        let about = self.receiving.iter_mut().filter(|known| known.is_about(service));
        about.for_each(|known| known.observer.acted(action, at));
    }

    /// Observes how an attempt of a delivery ended.
    pub fn ended(&mut self, ended: &Ended<'_>) {
        for known in self.receiving.iter_mut().filter(|known| known.is_about(ended.service)) {
            if let Some(breach) = known.observer.ended(ended) {
                known.note(breach);
            }
        }
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
        let receiving = if self.has_raised { self.receiving.as_mut_slice() } else { &mut [] };
        for observed in self.observed.iter_mut().chain(receiving) {
            if !observed.is_about(seen.service) {
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

    /// How many breaches were noticed, without those that something may still mend.
    pub fn breaches(&self) -> u64 {
        let broken = self.observed.iter().chain(&self.receiving).flat_map(|observed| &observed.broken);
        broken.map(|broken| broken.count).sum()
    }

    /// The rules that were broken, in the order of reports, if the clients do nothing more after `now`.
    pub fn broken(&self, now: Moment) -> Vec<Broken> {
        self.observed.iter().chain(&self.receiving).flat_map(|observed| observed.broken_at(now)).collect()
    }
}

impl Observed {
    fn is_about(&self, service: &str) -> bool {
        self.service.is_none_or(|known| known == service)
    }

    fn note(&mut self, breach: Breach) {
        note(self.rule, self.severity, &mut self.broken, breach);
    }

    /// The breaches, also those that something may still mend.
    fn broken_at(&self, now: Moment) -> Vec<Broken> {
        let mut broken = self.broken.clone();
        let open = self.observer.open(now).into_iter();
        open.for_each(|breach| note(self.rule, self.severity, &mut broken, breach));
        broken
    }
}

/// Adds a breach to those of its rule.
fn note(rule: &Rule, severity: Severity, all: &mut Vec<Broken>, breach: Breach) {
    let severity = severity.min(breach.at_most);
    let place = all.partition_point(|known| known.severity > severity);
    if all.get(place).is_none_or(|known| known.severity != severity) {
        all.insert(place, Broken::new(rule, severity));
    }
    all[place].note(breach);
}

impl std::fmt::Debug for Conduct {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let broken = self.observed.iter().chain(&self.receiving).flat_map(|known| &known.broken);
        formatter.debug_struct("Conduct").field("broken", &broken.collect::<Vec<_>>()).finish()
    }
}
