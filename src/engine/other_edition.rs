//! A service's other edition, asked aside: what works here may fail there.

use std::borrow::Cow;

use bytes::Bytes;

use super::{Note, World};
use crate::basics::{Arrival, Stage, Stopwatch};
use crate::emulator::{Checkpoint, Exchange, Fate, OperationCall, Ordered, Service};
use crate::http::Request;
use crate::services::{by_name, by_path};

/// An answer of a service's other edition.
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
    /// The names of the edition that is served and of the other one.
    pub editions: [&'static str; 2],
}

impl Other {
    /// Whether it is a refusal that comes before `stage`.
    pub fn is_before(&self, stage: Stage) -> bool {
        self.stage.is_some_and(|own| own < stage)
    }
}

/// What the other edition answers to `request` over the state as it is. Nothing changes by that, and no fault is asked.
/// `None` when nobody wants to know, or there is no other edition.
pub(super) fn ask(world: &World, request: &Request, arrival: Arrival) -> Option<Other> {
    if !world.observers.asks_other_edition() {
        return None;
    }
    let service = by_path(request.path())?;
    let editions = editions(world, service)?;
    let (_, emulator) = world.emulators.iter().find(|(known, _)| known.name() == service.name())?;
    let mut aside = Aside::default();
    let stopwatch = world.clock.stopwatch(arrival);
    let mut exchange = Exchange { request, stopwatch, checkpoint: &mut aside };
    let reply = emulator.other_edition(&mut exchange)?;
    let error = aside.error;
    let row = error.and_then(|error| service.errors().iter().find(|known| known.code == error));
    Some(Other { status: reply.status, error, stage: row.map(|row| row.stage), body: reply.body, editions })
}

/// How the other edition gives the error of an exchange; `None` when it knows none of this code.
pub(super) fn same_error(world: &World, note: &Note) -> Option<Other> {
    let (service, error) = (by_name(note.service?)?, note.error?);
    let editions = editions(world, service)?;
    let known = service.errors().iter().find(|known| known.code == error)?;
    let face = known.faces.iter().find(|face| face.edition == editions[1])?;
    Some(Other {
        status: face.status,
        error: Some(error),
        stage: Some(known.stage),
        body: Bytes::new(),
        editions,
    })
}

fn editions(world: &World, service: &dyn Service) -> Option<[&'static str; 2]> {
    let sections = &world.scenario().sections;
    sections.iter().find(|(known, _)| known.name() == service.name())?.1.editions()
}

/// Lets every call pass, and keeps the error that the service gives by itself.
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
