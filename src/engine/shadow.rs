//! The vendor's other edition, asked aside: what works here may fail there.

use super::step::plan;
use super::{Arrival, Clock, Other, World};
use crate::http::Request;
use crate::scenario::Scenario;
use crate::vendor::{Emulator, VENDORS, Vendor};

use std::sync::Arc;

use jiff::Timestamp;

/// A world of the other edition.
#[derive(Debug)]
pub(super) struct Shadow {
    world: Box<World>,
    /// The names of the edition that answers and of the other one.
    pub(super) names: [&'static str; 2],
}

impl Shadow {
    /// The other edition of a scenario; `None` when no vendor in it has one.
    pub(super) fn of(scenario: &Scenario, seed: u64, now: Timestamp) -> Option<Self> {
        let (other, names) = scenario.other_edition()?;
        Some(Self { world: Box::new(World::new(Arc::new(other), seed, now)), names })
    }

    /// The vendors' state in it.
    pub(super) fn state(&self) -> &[(&'static dyn Vendor, Box<dyn Emulator>)] {
        &self.world.emulators
    }

    pub(super) fn state_mut(&mut self) -> &mut Vec<(&'static dyn Vendor, Box<dyn Emulator>)> {
        &mut self.world.emulators
    }

    /// What it answers when the clock of the first one says `clock`; `None` when the request is not for it.
    pub(super) fn ask(&mut self, request: &Request, arrival: Arrival, clock: Clock) -> Option<Other> {
        let vendor = VENDORS.iter().find(|vendor| vendor.claims(request.path()))?;
        self.world.emulators.iter().find(|(known, _)| known.name() == vendor.name())?;
        self.world.clock = clock;
        let planned = plan(&mut self.world, request, arrival);
        let has_commands = vendor.calls(request).len() > 1;
        let error = planned.note.error;
        let of_error = vendor.errors().iter().find(|known| error == Some(known.code));
        let stage = of_error.map(|known| known.stage);
        let body = if has_commands { planned.reply.body } else { Default::default() };
        Some(Other { status: planned.reply.status, error, stage, body })
    }
}
