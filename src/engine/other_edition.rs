//! The vendor's other edition, asked aside: what works here may fail there.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::step::plan;
use super::{Note, World};
use crate::basics::{Arrival, Clock, Stage};
use crate::http::Request;
use crate::scenario::Scenario;
use crate::services::{Emulator, SERVICES, Service, by_name};

/// A world of the other edition.
#[derive(Debug)]
pub(super) struct OtherEdition {
    world: Box<World>,
    /// The names of the edition that answers and of the other one.
    pub(super) names: [&'static str; 2],
}

impl OtherEdition {
    /// The other edition of a scenario; `None` when no vendor in it has one.
    pub(super) fn of(scenario: &Scenario, seed: u64, now: Timestamp) -> Option<Self> {
        let (other, names) = scenario.other_edition()?;
        Some(Self { world: Box::new(World::new(Arc::new(other), seed, now)), names })
    }

    /// The vendors' state in it.
    pub(super) fn state(&self) -> &[(&'static dyn Service, Box<dyn Emulator>)] {
        &self.world.emulators
    }

    pub(super) fn state_mut(&mut self) -> &mut Vec<(&'static dyn Service, Box<dyn Emulator>)> {
        &mut self.world.emulators
    }

    /// How it gives the error of an exchange; `None` when it knows none of this code.
    pub(super) fn same_error(&self, note: &Note) -> Option<Other> {
        let (service, error) = (by_name(note.service?)?, note.error?);
        let known = service.errors().iter().find(|known| known.code == error)?;
        let face = known.faces.iter().find(|face| face.edition == self.names[1])?;
        Some(Other { status: face.status, error: Some(error), stage: Some(known.stage), body: Bytes::new() })
    }

    /// What it answers when the clock of the first one says `clock`; `None` when the request is not for it.
    pub(super) fn ask(&mut self, request: &Request, arrival: Arrival, clock: Clock) -> Option<Other> {
        let service = SERVICES.iter().find(|service| service.claims(request.path()))?;
        self.world.emulators.iter().find(|(known, _)| known.name() == service.name())?;
        self.world.clock = clock;
        let planned = plan(&mut self.world, request, arrival);
        let error = planned.note.error;
        let stage = error.and_then(|error| service.errors().iter().find(|known| known.code == error));
        let stage = stage.map(|known| known.stage);
        Some(Other { status: planned.reply.status, error, stage, body: planned.reply.body })
    }
}

/// An answer of a vendor's other edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// The status.
    pub status: u16,
    /// The error; `None` on success.
    pub error: Option<&'static str>,
    /// The stage that gives the error.
    pub stage: Option<Stage>,
    /// The body.
    pub body: Bytes,
}

impl Other {
    /// Whether it is a refusal that comes before `stage`.
    pub fn is_before(&self, stage: Stage) -> bool {
        self.stage.is_some_and(|own| own < stage)
    }
}
