//! World, request, instant → reply, wire plan and note.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

use super::faults::{ChangeFate, Faults, number_of};
use super::{Note, Other, World, prefer, unknown};
use crate::basics::{Arrival, Clock, Stage, Stopwatch};
use crate::fault::{Strike, Subject, Wire};
use crate::http::{Reply, Request};
use crate::services::{Checkpoint, Commit, ErrorCode, Exchange, OperationCall, Ordered, SERVICES, Service};

/// What is to happen with an exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What the vendor says.
    pub reply: Reply,
    /// How long the reply is held back; nothing under a virtual clock, which is moved on instead.
    pub delay: Duration,
    /// How long the whole exchange takes by the scenario's clock, beyond what it takes to work the reply out.
    pub took: Duration,
    /// What the connection does to the reply.
    pub wire: Option<Wire>,
    /// What the vendor's other edition would have answered, where somebody wants to know.
    pub other: Option<Other>,
    /// What the journal keeps.
    pub note: Note,
}

impl Planned {
    /// A reply that is sent at once and as it is.
    pub fn plain(reply: Reply, note: Note) -> Self {
        Self { reply, delay: Duration::ZERO, took: Duration::ZERO, wire: None, other: None, note }
    }
}

/// Answers one request. It cannot fail: what a client can cause is an error of the vendor.
pub fn step(world: &mut World, request: &Request, arrival: Arrival) -> Planned {
    let clock = world.clock;
    let mut planned = plan(world, request, arrival);
    if let Some(other_edition) = world.other_edition.as_mut() {
        let struck = planned.note.faults.iter().filter(|decision| decision.answered);
        let first = struck.min_by_key(|decision| world.faults.plan.fault(decision.fault).stage);
        let other = other_edition.ask(request, arrival, clock);
        // What a fault answered says nothing about editions, unless the other one refuses the call before or gives the
        // same error in another way.
        planned.other = match first.map(|decision| decision.fault) {
            None => other,
            Some(fault) => {
                let gives_error = world.faults.effect(fault).error.is_some();
                other
                    .filter(|other| other.is_before(world.faults.plan.fault(fault).stage))
                    .or_else(|| gives_error.then(|| other_edition.same_error(&planned.note))?)
            }
        };
    }
    if let Clock::Virtual(now) = world.clock {
        planned.reply.headers.push(("date".into(), http_date(now).into()));
    }
    planned
}

pub(super) fn plan(world: &mut World, request: &Request, arrival: Arrival) -> Planned {
    let path = request.path();
    let Some(service) = SERVICES.iter().copied().find(|service| service.claims(path)) else {
        let remarks = vec!["no vendor knows this path".into()];
        return Planned::plain(unknown::no_service(request), Note { remarks, ..Note::default() });
    };
    let mut note = Note { service: Some(service.name()), ..Note::default() };
    let Some((_, emulator)) = world.emulators.iter_mut().find(|(known, _)| known.name() == service.name())
    else {
        note.remarks.push(format!("the scenario has no `{}:` section", service.name()).into());
        return Planned::plain(unknown::no_section(service), note);
    };
    let preferred = match world.allows_prefer.then(|| prefer::preferred(request, service)).transpose() {
        Ok(preferred) => preferred.flatten(),
        Err(reply) => {
            note.remarks.push("`Prefer` asks for an error that cannot be given".into());
            return Planned::plain(reply, note);
        }
    };
    let stopwatch = world.clock.stopwatch(arrival);
    emulator.settle(stopwatch.now());
    let (faults, start) = (&mut world.faults, world.start);
    let mut inspector = Inspector {
        service,
        request,
        faults,
        start,
        note: &mut note,
        winner: None,
        preferred,
        puts_off: false,
        suffix: world.suffix.as_str(),
    };
    let mut exchange = Exchange { request, stopwatch, checkpoint: &mut inspector };
    let mut reply = emulator.answer(&mut exchange);
    let (taken, end) = (exchange.stopwatch.taken(), exchange.stopwatch.end());
    if inspector.puts_off {
        emulator.answered(end);
    }
    let effect = inspector.winner.map(|winner| inspector.faults.effect(winner));
    let mut wire = effect.and_then(|effect| effect.wire);
    if let Some(other) = effect.and_then(|effect| effect.reply.clone()) {
        reply = other;
    }
    let mut delay = taken;
    let took = taken + wire.map_or(Duration::ZERO, Wire::takes);
    if let Clock::Virtual(_) = world.clock {
        world.clock.advance(took);
        (delay, wire) = (Duration::ZERO, wire.map(Wire::at_once));
    }
    Planned { reply, delay, took, wire, other: None, note }
}

/// Hears the stages that a call passes, asks the faults, and keeps the note.
struct Inspector<'a> {
    service: &'static dyn Service,
    request: &'a Request,
    faults: &'a mut Faults,
    start: Timestamp,
    note: &'a mut Note,
    /// The fault that has the answer of the whole exchange.
    winner: Option<u32>,
    /// The error that the request itself asks for.
    preferred: Option<&'static ErrorCode>,
    /// Whether a change is put off until after the answer.
    puts_off: bool,
    /// What stands behind each credential of a namespace.
    suffix: &'a str,
}

impl Checkpoint for Inspector<'_> {
    fn passed(
        &mut self,
        stage: Stage,
        call: &OperationCall<'_>,
        stopwatch: &mut Stopwatch,
    ) -> Result<Commit, Ordered> {
        if !call.nested {
            self.note.operation = call.operation.map(|operation| operation.name);
        }
        if self.faults.plan.is_empty() && self.preferred.is_none() {
            if !call.nested {
                self.note.stage = Some(stage);
            }
            return Ok(Commit::Now);
        }
        let subject = Subject {
            facts: call.facts,
            request: self.request,
            credential: &|| {
                let credential = self.service.credential(self.request)?;
                // A fault knows the credentials as the scenario spells them.
                Some(credential.strip_suffix(self.suffix).map_or_else(|| credential.clone(), str::to_owned))
            },
            chat: call.operation.and_then(|operation| operation.chat),
            now: stopwatch.now(),
            start: self.start,
        };
        let operation = number_of(self.service, call.operation);
        let outcome = self.faults.plan.ask(operation, stage, &subject, &mut self.note.faults);
        let verdict = self
            .verdict(outcome, stopwatch)
            .and_then(|commit| self.prefer(stage, call).map_or(Ok(commit), Err));
        if verdict.is_ok() && !call.nested {
            self.note.stage = Some(stage);
        }
        verdict
    }

    fn refused(&mut self, code: &'static str) {
        self.note.error = Some(code);
    }

    fn remark(&mut self, text: Cow<'static, str>) {
        self.note.remarks.push(text);
    }
}

impl Inspector<'_> {
    fn verdict(&mut self, outcome: Strike, stopwatch: &mut Stopwatch) -> Result<Commit, Ordered> {
        stopwatch.hold_up(outcome.delay);
        if let Some(winner) = self.winner {
            // The answer is taken: who fires now has come too late.
            if let Some(late) = outcome.first {
                let mut decisions = self.note.faults.iter_mut().rev();
                decisions.find(|decision| decision.fault == late).expect("it was just asked").answered =
                    false;
            }
            return Ok(match self.faults.effect(winner).change {
                ChangeFate::Dropped => Commit::Never,
                ChangeFate::Made | ChangeFate::Later(_) => Commit::Now,
            });
        }
        let Some(first) = outcome.first else { return Ok(Commit::Now) };
        let effect = self.faults.effect(first);
        let commit = match effect.change {
            ChangeFate::Made => Commit::Now,
            ChangeFate::Dropped => Commit::Never,
            ChangeFate::Later(length) => Commit::Later(length),
        };
        self.puts_off |= matches!(commit, Commit::Later(_));
        if effect.reply.is_some() || effect.wire.is_some() {
            self.winner = Some(first);
        }
        match &effect.error {
            Some(error) => Err(Ordered { commit, ..error.clone() }),
            None => Ok(commit),
        }
    }

    /// The error that the request asks for, where this call can give it at this stage.
    fn prefer(&mut self, stage: Stage, call: &OperationCall<'_>) -> Option<Ordered> {
        let code = self.preferred.filter(|code| code.stage == stage && self.winner.is_none())?;
        // A batch that can give it does, and otherwise its commands do.
        let by_batch =
            call.nested && self.note.operation.is_some_and(|operation| code.is_given_by(operation));
        (prefer::is_given(code, call.operation) && !by_batch).then(|| {
            self.note.remarks.push("the request asked for this error by `Prefer`".into());
            Ordered { code, message: None, retry_after: None, argument: None, commit: Commit::Never }
        })
    }
}

/// The fixed form of HTTP dates: `Wed, 20 Nov 2024 13:55:08 GMT`.
fn http_date(instant: Timestamp) -> String {
    instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
