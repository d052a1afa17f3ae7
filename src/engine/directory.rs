//! What leads to which namespace, and what is left of those that were dropped.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Counters, Namespace, World};
use crate::judge::{Broken, ExpectationOutcome};

/// What leads to which namespace, and what those have left that were dropped.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) namespaces: BTreeMap<String, Arc<Namespace>>,
    /// The namespace of each credential, by vendor.
    pub(super) owners: HashMap<Credential, Arc<Namespace>>,
    /// Whether one of them was a copy of the main world.
    pub(super) has_copies: bool,
    /// What became of the expectations of those that were dropped.
    pub(super) dropped: Vec<ExpectationOutcome>,
    /// The rules that were broken in them.
    pub(super) broken_before: Vec<Broken>,
    /// What they had counted. No journal has their exchanges any more.
    pub(super) counted: Totals,
}

/// A vendor's name and a credential of its.
pub type Credential = (&'static str, String);

/// What worlds have counted since the start of the server, whatever was reset.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Exchanges, errors, faults.
    pub counters: Counters,
    /// Exchanges that no journal has any more: each of the others is in one.
    pub evicted: u64,
    /// How often faults of each name have fired.
    pub faults_fired: BTreeMap<String, u64>,
}

/// The most expectations of dropped namespaces that are remembered.
const MOST_DROPPED: usize = 10_000;

impl Directory {
    /// Adds a namespace.
    pub(super) fn add(&mut self, namespace: &Arc<Namespace>) {
        self.namespaces.insert(namespace.name().to_owned(), Arc::clone(namespace));
    }

    /// Notes whose these credentials are.
    pub(super) fn enter(&mut self, namespace: &Arc<Namespace>, credentials: Vec<Credential>) {
        let owned = credentials.into_iter().map(|credential| (credential, Arc::clone(namespace)));
        self.owners.extend(owned);
    }

    /// Forgets the credentials of a namespace.
    pub(super) fn forget(&mut self, namespace: &Arc<Namespace>) {
        self.owners.retain(|_, owner| !Arc::ptr_eq(owner, namespace));
    }

    /// Keeps what became of an expectation of a dropped namespace; of too many those that were met go first.
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
