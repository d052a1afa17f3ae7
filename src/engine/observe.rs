//! What a world makes of its clients: what they have done of what is expected, and against the rules.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::other_edition::OtherEdition;
use super::{Entry, Other, World};
use crate::basics::later;
use crate::basics::{Arrival, Clock};
use crate::fault::Wire;
use crate::judge::{Broken, Conduct, Memo, Moment, OTHER_EDITION, OtherAnswer, Seen};
use crate::services::by_name;

/// What is not kept of an exchange.
pub(super) struct Passing {
    pub(super) arrival: Arrival,
    /// How long it takes by the scenario's clock.
    pub(super) took: Duration,
    pub(super) wire: Option<Wire>,
    pub(super) other: Option<Other>,
}

impl World {
    /// Watches whether the client keeps the rules of conduct.
    #[must_use]
    pub fn judging(mut self, now: Timestamp) -> Self {
        self.judge(now);
        self
    }

    pub(super) fn judge(&mut self, now: Timestamp) {
        let conduct = Conduct::new(&self.scenario().rules);
        let observes = conduct.observes(OTHER_EDITION);
        self.conduct = Some(conduct);
        self.other_edition = observes.then(|| OtherEdition::of(self.scenario(), self.seed(), now)).flatten();
    }

    /// The rules that the client broke, before resets too; `None` when nobody watches.
    pub fn broken(&self) -> Option<Vec<Broken>> {
        self.conduct.is_some().then(|| self.all_broken())
    }

    pub(super) fn all_broken(&self) -> Vec<Broken> {
        let mut all = self.before.broken.clone();
        Broken::add(&mut all, self.conduct.iter().flat_map(Conduct::broken));
        all
    }

    /// The control interface has changed what calls come to: what failed before may work now.
    pub(super) fn alter(&mut self) {
        self.is_altered = true;
        self.conduct.iter_mut().for_each(Conduct::forget);
    }

    /// Looks at an exchange.
    pub(super) fn observe(&mut self, entry: &Entry, passing: &Passing) {
        let Passing { arrival, took, wire, other } = passing;
        if self.tally.is_empty() && self.conduct.is_none() {
            return;
        }
        let Some(service) = entry.note.service.and_then(by_name) else { return };
        let calls = service.calls(&entry.request);
        self.tally.saw(entry.number, service, &calls);
        let Some(conduct) = &mut self.conduct else { return };
        // A virtual clock has been moved on already, and nobody has waited for it.
        let (came, answered) = match self.clock {
            Clock::Real => {
                let end = later(arrival.now, *took);
                (arrival.head, Moment { wall: end, clock: end })
            }
            Clock::Virtual(end) => {
                (end.checked_sub(*took).unwrap_or(end), Moment { wall: arrival.now, clock: end })
            }
        };
        let names = self.other_edition.as_ref().map(|other_edition| other_edition.names);
        conduct.saw(Seen {
            number: entry.number,
            came: Moment { wall: arrival.head, clock: came },
            answered,
            service,
            operation: calls.first().and_then(|call| call.operation),
            request: &entry.request,
            reply: &entry.reply,
            error: entry.note.error,
            calls: &calls,
            is_spoilt: wire.is_some_and(|wire| !wire.is_harmless()),
            remarks: &entry.note.remarks,
            other: other.as_ref().zip(names).map(|(other, editions)| OtherAnswer {
                status: other.status,
                error: other.error,
                body: &other.body,
                editions,
            }),
            memo: Memo::default(),
            is_only_counted: false,
            unread: &BTreeSet::new(),
            is_of_burst: false,
        });
    }
}
