//! The directory: names and credentials → namespaces, and the results of dropped namespaces.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::{Counters, Namespace, World};
use crate::judge::{Broken, ExpectationOutcome};

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
    /// The outcomes of the expectations of dropped namespaces.
    pub(super) dropped: Vec<ExpectationOutcome>,
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
        } else if !outcome.met
            && let Some(met) = self.dropped.iter_mut().find(|known| known.met)
        {
            *met = outcome;
        }
    }
}

impl Totals {
    pub(super) fn of(world: &World) -> Self {
        Self { counters: world.totals(), evicted: world.evicted(), faults_fired: world.fired() }
    }

    pub(super) fn add(&mut self, other: Self) {
        let Self { counters, evicted, faults_fired } = other;
        self.counters.add(&counters);
        self.evicted += evicted;
        for (name, count) in faults_fired {
            *self.faults_fired.entry(name).or_default() += count;
        }
    }
}
