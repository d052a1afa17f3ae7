//! World, request, instant → reply and note.

use std::borrow::Cow;

use super::faults::{Faults, number_of};
use super::{Arrival, Clock, Note, Stage, World, unknown};
use crate::http::{Reply, Request};
use crate::vendor::{Call, Checkpoint, Exchange, Ordered, VENDORS, Vendor};

/// What is to happen with an exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What the vendor says.
    pub reply: Reply,
    /// What the journal keeps.
    pub note: Note,
}

/// Answers one request. It cannot fail: what a client can cause is an error of the vendor.
pub fn step(world: &mut World, request: &Request, arrival: Arrival) -> Planned {
    let mut planned = plan(world, request, arrival);
    if let Clock::Virtual(now) = world.clock {
        planned.reply.headers.push(("date", http_date(now).into()));
    }
    planned
}

fn plan(world: &mut World, request: &Request, arrival: Arrival) -> Planned {
    let path = request.path();
    let Some(vendor) = VENDORS.iter().copied().find(|vendor| vendor.claims(path)) else {
        let remarks = vec!["no vendor knows this path".into()];
        return Planned { reply: unknown::no_vendor(request), note: Note { remarks, ..Note::default() } };
    };
    let mut note = Note { vendor: Some(vendor.name()), ..Note::default() };
    let Some((_, emulator)) = world.emulators.iter_mut().find(|(known, _)| known.name() == vendor.name())
    else {
        note.remarks.push(format!("the scenario has no `{}:` section", vendor.name()).into());
        return Planned { reply: unknown::no_section(vendor), note };
    };
    let mut checkpoint = Inspector { vendor, faults: &mut world.faults, note: &mut note };
    let mut exchange = Exchange { request, watch: world.clock.watch(arrival), checkpoint: &mut checkpoint };
    let reply = emulator.answer(&mut exchange);
    world.clock.advance(exchange.watch.taken());
    Planned { reply, note }
}

/// Hears the stages that a call passes, asks the faults, and keeps the note.
struct Inspector<'a> {
    vendor: &'static dyn Vendor,
    faults: &'a mut Faults,
    note: &'a mut Note,
}

impl Checkpoint for Inspector<'_> {
    fn passed(&mut self, stage: Stage, call: &Call<'_>) -> Result<(), Ordered> {
        if !call.nested {
            self.note.operation = call.operation.map(|operation| operation.name);
        }
        let operation = number_of(self.vendor, call.operation);
        match self.faults.plan.ask(operation, stage, call.facts, &mut self.note.faults) {
            Some(fault) => Err(self.faults.effect(fault)),
            None => {
                if !call.nested {
                    self.note.stage = Some(stage);
                }
                Ok(())
            }
        }
    }

    fn refused(&mut self, code: &'static str) {
        self.note.error = Some(code);
    }

    fn remark(&mut self, text: Cow<'static, str>) {
        self.note.remarks.push(text);
    }
}

/// The fixed form of HTTP dates: `Wed, 20 Nov 2024 13:55:08 GMT`.
fn http_date(instant: jiff::Timestamp) -> String {
    instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
