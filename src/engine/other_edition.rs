//! A request → what the service's other edition would answer. Nothing changes by that.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;

use super::{Note, World};
use crate::basics::{Arrival, Stage, Stopwatch};
use crate::emulator::{Checkpoint, Exchange, Fate, OperationCall, Ordered, Service};
use crate::http::{Reply, Request};
use crate::services::{by_name, by_path};

/// The answer of a service's other edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// The HTTP status.
    pub status: u16,
    /// The error code; `None` on success.
    pub error: Option<&'static str>,
    /// The body, if a batch succeeds; else empty.
    pub body: Bytes,
    /// The name of the edition that is served, and of the other one.
    pub editions: [&'static str; 2],
}

impl Other {
    /// Whether this is an error of `service` of a stage before `stage`.
    pub fn is_before(&self, stage: Stage, service: &dyn Service) -> bool {
        let row = self.error.and_then(|error| service.errors().iter().find(|known| known.code == error));
        row.is_some_and(|row| row.stage < stage)
    }
}

/// Asks the other edition how it answers `request` with the present state. The state does not change, and no fault is
/// asked. Returns `None` when no rule needs the answer or the service has one edition only.
pub(super) fn ask(world: &World, request: &Request, arrival: Arrival) -> Option<Other> {
    if !world.observers.asks_other_edition() {
        return None;
    }
    let (reply, error, editions) = answer(world, request, arrival)?;
    Some(Other { status: reply.status, error, body: reply.body, editions })
}

fn answer(
    world: &World,
    request: &Request,
    arrival: Arrival,
) -> Option<(Reply, Option<&'static str>, [&'static str; 2])> {
    let service = by_path(request.path())?;
    let editions = editions(world, service)?;
    let (_, emulator) = world.emulators.iter().find(|(known, _)| known.name() == service.name())?;
    let mut aside = Aside::default();
    let stopwatch = world.clock.stopwatch(arrival);
    let mut exchange = Exchange { request, stopwatch, checkpoint: &mut aside, url: &world.public_url };
    let reply = emulator.other_edition(&mut exchange)?;
    Some((reply, aside.error, editions))
}

impl World {
    /// What the other edition of the service would answer to `request` now, with its error and the names of both editions. The
    /// state does not change, and no fault is asked. `None` when the service has one edition only, or both treat the request
    /// alike. `now` is the time of the wall clock.
    pub fn other_answer(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Option<(Reply, Option<&'static str>, [&'static str; 2])> {
        answer(self, request, Arrival { head: now, body: now, now })
    }
}

/// The error of an exchange as the other edition gives it. `None` when that edition does not have it.
pub(super) fn same_error(world: &World, note: &Note) -> Option<Other> {
    let (service, error) = (by_name(note.service?)?, note.error?);
    let editions = editions(world, service)?;
    let known = service.errors().iter().find(|known| known.code == error)?;
    let face = known.faces.iter().find(|face| face.edition == editions[1])?;
    Some(Other { status: face.status, error: Some(error), body: Bytes::new(), editions })
}

fn editions(world: &World, service: &dyn Service) -> Option<[&'static str; 2]> {
    let sections = &world.scenario().sections;
    sections.iter().find(|(known, _)| known.name() == service.name())?.1.editions()
}

/// A checkpoint that lets every call pass and keeps the error code that the service gives.
#[derive(Default)]
struct Aside {
    error: Option<&'static str>,
}

impl Checkpoint for Aside {
    fn passed(&mut self, _: Stage, _: &OperationCall<'_>, _: &mut Stopwatch) -> Result<Fate, Ordered> {
        Ok(Fate::Now)
    }

    fn refused(&mut self, code: &'static str) {
        self.error = Some(code);
    }

    fn remark(&mut self, _: Cow<'static, str>) {}
}
