//! The directory: names and credentials → namespaces, and the results of dropped namespaces.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::outbox::CountsByEvent;
use super::past::Past;
use super::{Counters, Namespace, World};
use crate::http::{Reply, Request};
use crate::judge::{Broken, ExpectationOutcome, RunTally};
use crate::services::by_path;

/// All namespaces by name and by credential, with the results of the dropped ones.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) namespaces: BTreeMap<String, Arc<Namespace>>,
    /// The namespace that each credential belongs to.
    pub(super) owners: HashMap<Credential, Arc<Namespace>>,
    /// The credentials that each namespace has issued, by its name, the oldest first. Those of its scenario are not among
    /// them.
    issued: HashMap<String, VecDeque<Credential>>,
    /// Whether any namespace, dropped or not, was made as a copy of the main world.
    pub(super) has_copies: bool,
    /// Whether any namespace, dropped or not, was made.
    pub(super) has_namespaces: bool,
    /// The outcomes of the expectations of dropped namespaces.
    pub(super) dropped: Vec<ExpectationOutcome>,
    /// The calls in dropped namespaces for expectations of the whole run.
    pub(super) run: RunTally,
    /// Dropped namespaces, for the report of a run.
    pub(super) past: Past<Arc<Namespace>>,
    /// How many outcomes of dropped namespaces are not kept.
    pub(super) outcomes_left_out: u64,
    /// The rules that were broken in dropped namespaces.
    pub(super) broken_before: Vec<Broken>,
    /// The totals of dropped namespaces. Their journals are gone, so all their exchanges count as evicted.
    pub(super) counted: Totals,
}

/// The name of a service and a credential for it.
pub type Credential = (&'static str, String);

/// The totals of one or more worlds since the start of the server. A reset does not clear them.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Exchanges, errors and fired faults.
    pub counters: Counters,
    /// Exchanges that are in no journal any more.
    pub evicted: u64,
    /// How often the faults of each name fired.
    pub faults_fired: BTreeMap<String, u64>,
    /// Deliveries by service and event.
    pub deliveries: CountsByEvent<&'static str>,
    /// How many deliveries wait, and how many are under way.
    pub unfinished: (usize, usize),
}

/// How many issued credentials of a namespace are known. Bitrix24 issues two at a time, and its portal knows no more of
/// them.
const MOST_ISSUED: usize = 2_000;

/// How many outcomes of dropped namespaces are kept.
const MOST_DROPPED: usize = 10_000;

impl Directory {
    /// Adds a namespace.
    pub(super) fn add(&mut self, namespace: &Arc<Namespace>) {
        self.namespaces.insert(namespace.name().to_owned(), Arc::clone(namespace));
    }

    /// Notes that these credentials belong to `namespace`.
    pub(super) fn enter(&mut self, namespace: &Arc<Namespace>, credentials: Vec<Credential>) {
        let owned = credentials.into_iter().map(|credential| (credential, Arc::clone(namespace)));
        self.owners.extend(owned);
    }

    /// Notes that `namespace` has issued these credentials. Of the credentials that it issued, the oldest ones are
    /// forgotten when there are too many.
    pub(super) fn enter_issued(&mut self, namespace: &Arc<Namespace>, credentials: Vec<Credential>) {
        let issued = self.issued.entry(namespace.name().to_owned()).or_default();
        for credential in credentials {
            if self.owners.insert(credential.clone(), Arc::clone(namespace)).is_some() {
                // It is known: after a reset, a namespace issues the same credentials again.
                let Some(place) = issued.iter().position(|known| *known == credential) else { continue };
                issued.remove(place);
            }
            issued.push_back(credential);
            if issued.len() > MOST_ISSUED
                && let Some(oldest) = issued.pop_front()
            {
                self.owners.remove(&oldest);
            }
        }
    }

    /// Removes the credentials of a namespace.
    pub(super) fn forget(&mut self, namespace: &Arc<Namespace>) {
        self.issued.remove(namespace.name());
        self.owners.retain(|_, owner| !Arc::ptr_eq(owner, namespace));
    }

    /// Keeps the outcome of an expectation of a dropped namespace. When the list is full, an unmet outcome replaces a
    /// met one, and a met outcome is not kept.
    pub(super) fn remember(&mut self, outcome: ExpectationOutcome) {
        if self.dropped.len() < MOST_DROPPED {
            self.dropped.push(outcome);
            return;
        }
        self.outcomes_left_out += 1;
        if !outcome.met
            && let Some(met) = self.dropped.iter_mut().find(|known| known.met)
        {
            *met = outcome;
        }
    }
}

impl Totals {
    pub(super) fn of(world: &World) -> Self {
        Self {
            counters: world.totals(),
            evicted: world.evicted(),
            faults_fired: world.fired(),
            deliveries: world.delivery_counts(),
            unfinished: world.outbox().unfinished(),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        let Self { counters, evicted, faults_fired, deliveries, unfinished } = other;
        self.counters.add(&counters);
        self.evicted += evicted;
        for (name, count) in faults_fired {
            *self.faults_fired.entry(name).or_default() += count;
        }
        for (event, counts) in deliveries {
            self.deliveries.entry(event).or_default().add(counts);
        }
        self.unfinished.0 += unfinished.0;
        self.unfinished.1 += unfinished.1;
    }
}

/// The credentials in a world's scenario.
pub(super) fn credentials(world: &World) -> Vec<Credential> {
    let sections = world.scenario().sections.iter();
    let named = sections.flat_map(|(service, section)| {
        section.credentials().into_iter().map(|credential| (service.name(), credential))
    });
    named.collect()
}

/// The credentials that `reply` issues.
pub fn credentials_issued(request: &Request, reply: &Reply) -> Vec<Credential> {
    let Some(service) = by_path(request.path()) else { return Vec::new() };
    let issued = service.credentials_issued(request, reply);
    issued.into_iter().map(|credential| (service.name(), credential)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::scenario::Scenario;

    fn namespace(name: &str) -> Arc<Namespace> {
        let world = World::new(Arc::new(Scenario::built_in()), 1, Timestamp::UNIX_EPOCH);
        Arc::new(Namespace::new(name.to_owned(), world, Timestamp::UNIX_EPOCH))
    }

    fn token(number: u32) -> Credential {
        ("bitrix24", format!("token-{number}"))
    }

    #[test]
    fn the_oldest_issued_credentials_are_forgotten_and_those_of_the_scenario_stay() {
        let (one, other) = (namespace("n1"), namespace("n2"));
        let mut directory = Directory::default();
        let of_scenario = ("bitrix24", "of the scenario".to_owned());
        directory.enter(&one, vec![of_scenario.clone()]);
        directory.enter_issued(&other, vec![token(0)]);
        (1..=100_000).for_each(|number| directory.enter_issued(&one, vec![token(number)]));
        let knows = |directory: &Directory, number| directory.owners.contains_key(&token(number));
        assert_eq!(directory.owners.len(), 2 + MOST_ISSUED);
        assert!(knows(&directory, 0), "others keep theirs");
        assert!(!knows(&directory, 98_000) && knows(&directory, 98_001));
        assert!(directory.owners.contains_key(&of_scenario));
        // After a reset the draws begin again, so a namespace issues what it has issued before.
        directory.enter_issued(&one, vec![token(98_001), token(100_001)]);
        assert!(knows(&directory, 98_001) && !knows(&directory, 98_002));
        directory.enter_issued(&one, vec![of_scenario.clone()]);
        (200_000..205_000).for_each(|number| directory.enter_issued(&one, vec![token(number)]));
        assert!(directory.owners.contains_key(&of_scenario));
        directory.forget(&one);
        assert_eq!(directory.owners.len(), 1);
        directory.forget(&other);
        assert!(directory.owners.is_empty() && directory.issued.is_empty());
    }
}
