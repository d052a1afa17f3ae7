//! What is new in a world for somebody who watches it. The world keeps nothing for a watcher: its mark says how far it has
//! read, and everything else is still in the journal and the outbox.

use std::ops::Range;
use std::sync::atomic::Ordering;

use super::act::ActionDone;
use super::{Entry, Namespaces, OutboxEntry, World};

/// How far somebody has read a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The epoch of the world. In another one everything is new.
    pub epoch: u64,
    /// The place of the next exchange in the journal.
    pub exchanges: u64,
    /// The latest change of a delivery.
    pub deliveries: u64,
    /// The number of the latest action.
    pub actions: u64,
    /// The latest revision.
    pub revision: u64,
}

/// What has happened between two marks.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// The place of the first exchange.
    pub first: u64,
    /// The newest exchanges, in the order in which they came.
    pub exchanges: Vec<Entry>,
    /// How many exchanges before those are left out.
    pub missed: u64,
    /// How many of those the journal no longer has.
    pub lost: u64,
    /// The deliveries whose state has changed, in the order of the changes.
    pub deliveries: Vec<OutboxEntry>,
    /// How many deliveries that changed earlier are left out.
    pub deliveries_missed: usize,
    /// The actions.
    pub actions: Vec<ActionDone>,
    /// What else has changed.
    pub changed: Vec<&'static str>,
}

/// Counts what the control interface and time change in a world: for each kind the number of its latest change.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Revisions {
    newest: u64,
    faults: u64,
    clock: u64,
    state: u64,
}

impl Revisions {
    /// Notes that a fault was added, replaced, switched or removed.
    pub(super) fn faults(&mut self) {
        self.newest += 1;
        self.faults = self.newest;
    }

    /// Notes that the clock was moved.
    pub(super) fn clock(&mut self) {
        self.newest += 1;
        self.clock = self.newest;
    }

    /// Notes that time has changed the state.
    pub(super) fn state(&mut self) {
        self.newest += 1;
        self.state = self.newest;
    }
}

impl World {
    /// The mark of one who has read everything.
    pub fn mark(&self) -> Mark {
        Mark {
            epoch: self.epoch,
            exchanges: self.journal.places().end,
            deliveries: self.outbox.changes(),
            actions: self.acted,
            revision: self.revisions.newest,
        }
    }

    /// The mark of one who reads from the oldest that is kept.
    pub fn first_mark(&self) -> Mark {
        let places = self.journal.places();
        Mark { epoch: self.epoch, exchanges: places.start, ..Mark::default() }
    }

    /// Whether a mark may be one of this world and its epoch.
    pub fn knows(&self, mark: Mark) -> bool {
        let newest = self.mark();
        mark.epoch == newest.epoch
            && mark.exchanges <= newest.exchanges
            && mark.deliveries <= newest.deliveries
            && mark.actions <= newest.actions
            && mark.revision <= newest.revision
    }

    /// What has happened between two marks of this epoch: at most `most` exchanges and as many deliveries, the newest.
    pub fn news(&self, after: Mark, before: Mark, most: usize) -> News {
        let kept = self.journal.places();
        let Range { start, end } = after.exchanges..before.exchanges.min(kept.end);
        let first = start.max(kept.start).max(end.saturating_sub(most as u64)).min(end.max(start));
        let exchanges = self.journal.at_places(first..end);
        let (deliveries, deliveries_missed) =
            self.changed_deliveries(after.deliveries, before.deliveries, most);
        let is_new = |action: &&ActionDone| after.actions < action.number && action.number <= before.actions;
        let Revisions { faults, clock, state, .. } = self.revisions;
        let kinds = [("faults", faults), ("clock", clock), ("state", state)];
        let changed = kinds.into_iter().filter(|(_, at)| after.revision < *at).map(|(kind, _)| kind);
        News {
            first,
            exchanges,
            missed: first - start.min(first),
            lost: kept.start.saturating_sub(start).min(first - start.min(first)),
            deliveries,
            deliveries_missed,
            actions: self.actions.iter().filter(is_new).cloned().collect(),
            changed: changed.collect(),
        }
    }

    fn changed_deliveries(&self, after: u64, before: u64, most: usize) -> (Vec<OutboxEntry>, usize) {
        if after >= self.outbox.changes() {
            return Default::default();
        }
        let is_new = |entry: &&OutboxEntry| after < entry.changed && entry.changed <= before;
        let mut changed: Vec<_> = self.outbox.iter().filter(is_new).collect();
        changed.sort_unstable_by_key(|entry| entry.changed);
        let missed = changed.len().saturating_sub(most);
        (changed[missed..].iter().map(|entry| (*entry).clone()).collect(), missed)
    }

    /// How many breaches of rules were noticed, without those that something may still mend.
    pub fn breaches(&self) -> u64 {
        self.observers.breaches()
    }
}

impl Namespaces {
    /// The same worlds in a server whose marks are told from those of others by `run`.
    #[must_use]
    pub fn with_run(mut self, run: u64) -> Self {
        self.run = run;
        self
    }

    /// What tells the marks of this server from those of an earlier one.
    pub fn run(&self) -> u64 {
        self.run
    }

    /// How often a namespace was made or dropped.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }
}
