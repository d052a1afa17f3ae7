//! World, request, arrival → reply, wire effect and note.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

use super::dispatch::{Ahead, Collected};
use super::faults::{Faults, number_of};
use super::other_edition::{self, Other};
use super::outbox::Cause;
use super::pending::After;
use super::schedule::Schedule;
use super::stream::EventStream;
use super::{Note, World, prefer, unknown};
use crate::basics::{Arrival, Clock, Stage, Stopwatch};
use crate::emulator::{
    Bulk, Checkpoint, ErrorCode, Exchange, Fate, Operation, OperationCall, Ordered, Service,
};
use crate::fault::{FORGOTTEN, FaultSpec, MOST_THINGS, Strike, Subject, Wire};
use crate::http::{Reply, Request};
use crate::services::by_path;

/// What the server must do with an exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The reply to send.
    pub reply: Reply,
    /// How long the server waits before it sends the reply. Zero under a virtual clock, which is advanced instead.
    pub delay: Duration,
    /// How long the exchange takes by the scenario's clock, without the time to compute the reply.
    pub took: Duration,
    /// What the connection does to the reply; `None` when it is sent as it is.
    pub wire: Option<Wire>,
    /// Whether the reply waits for deliveries, or goes on as a stream.
    pub form: Form,
    /// The answer of the service's other edition; `None` when no rule needs it.
    pub other: Option<Other>,
    /// The note for the journal.
    pub note: Note,
}

/// What an answer waits for, or goes on with.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Form {
    /// Nothing: the reply is the answer.
    #[default]
    Plain,
    /// The reply leaves when these deliveries have ended.
    Ahead(Box<Ahead>),
    /// The reply is finished when this delivery has ended.
    After(Box<After>),
    /// Behind the head of the reply comes a stream of events.
    Stream(Box<EventStream>),
}

impl Planned {
    /// A reply that is sent at once and unchanged.
    pub fn plain(reply: Reply, note: Note) -> Self {
        Self {
            reply,
            delay: Duration::ZERO,
            took: Duration::ZERO,
            wire: None,
            form: Form::Plain,
            other: None,
            note,
        }
    }
}

/// Answers one request. It cannot fail: whatever a client sends, the answer is a reply.
pub fn step(world: &mut World, request: &Request, arrival: Arrival) -> Planned {
    let path = request.path();
    let mut planned = match by_path(path) {
        Some(service) => plan(world, service, request, arrival),
        None => {
            let lack = match unknown::lacking(request) {
                Some(base) => format!(": it lacks `{base}` at its beginning"),
                None => unknown::meant(request)
                    .map_or(String::new(), |route| format!(": did you mean `{route}`?")),
            };
            let remarks = vec![format!("no service knows this path{lack}").into()];
            Planned::plain(unknown::no_service(request), Note { remarks, ..Note::default() })
        }
    };
    if let Clock::Virtual(now) = world.clock {
        planned.reply.headers.push(("date".into(), http_date(now).into()));
    }
    planned
}

fn plan(world: &mut World, service: &'static dyn Service, request: &Request, arrival: Arrival) -> Planned {
    let mut note = Note { service: Some(service.name()), ..Note::default() };
    let is_asked = |(known, _): &(&'static dyn Service, _)| known.name() == service.name();
    let Some(place) = world.emulators.iter().position(is_asked) else {
        note.remarks.push(format!("the scenario has no `{}:` section", service.name()).into());
        return Planned::plain(unknown::no_section(service), note);
    };
    let preferred = match world.allows_prefer.then(|| prefer::preferred(request, service)).transpose() {
        Ok(preferred) => preferred.flatten(),
        Err(reply) => {
            note.remarks.push("`Prefer` asks for an error that this call cannot give".into());
            return Planned::plain(reply, note);
        }
    };
    if world.allows_prefer {
        note.remarks.extend(prefer::remark(request).map(Cow::from));
    }
    let stopwatch = world.clock.stopwatch(arrival);
    world.settle_at(stopwatch.now());
    note.remarks.extend(world.untold(place));
    let other = other_edition::ask(world, request, arrival);
    let emulator = &mut world.emulators[place].1;
    let (faults, start, schedule) = (&mut world.faults, world.start, &mut world.schedule);
    let mut inspector = Inspector {
        service,
        operation: None,
        request,
        faults,
        start,
        note: &mut note,
        winner: None,
        preferred,
        puts_off: false,
        schedule,
        suffix: world.suffix.as_str(),
    };
    let mut exchange = Exchange { request, stopwatch, checkpoint: &mut inspector, url: &world.public_url };
    let mut reply = emulator.answer(&mut exchange);
    let (taken, end, now) = (exchange.stopwatch.taken(), exchange.stopwatch.end(), exchange.stopwatch.now());
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
        world.ring_if_due();
    }
    if world.schedule.is_counting() {
        world.schedule.answered(end);
    }
    let mut form = Form::Plain;
    // Most calls raise nothing.
    if world.emulators[place].1.has_raised() {
        let due = Due { now, end, arrival };
        let replaced = is_replaced(&note);
        form = raised(world, place, due, &mut note);
        // A fault that replaces the answer leaves nothing to finish, and one on the connection strikes the head alone.
        let is_kept = match form {
            Form::After(_) => !replaced,
            Form::Stream(_) => !replaced && wire.is_none(),
            Form::Plain | Form::Ahead(_) => true,
        };
        if !is_kept {
            form = Form::Plain;
        }
    }
    let other = beside_faults(world, service, other, &note);
    Planned { reply, delay, took, wire, form, other, note }
}

/// The instants that the events of an exchange depend on.
struct Due {
    /// When the call was judged.
    now: Timestamp,
    /// When its answer is due.
    end: Timestamp,
    arrival: Arrival,
}

/// Whether a fault gives a reply in place of the service's own.
fn is_replaced(note: &Note) -> bool {
    note.faults.iter().any(|decision| decision.answered && decision.fault.spec.reply.is_some())
}

/// Puts what an exchange has raised into the outbox. Says what its answer waits for or goes on with.
fn raised(world: &mut World, place: usize, due: Due, note: &mut Note) -> Form {
    let Due { now, end, arrival } = due;
    let emulator = &world.emulators[place].1;
    let is_hasty = emulator.is_hasty();
    let is_early = is_hasty || emulator.is_awaited();
    let cause = Cause::Exchange(world.counters().exchanges + 1);
    let collected = world.collect(place, cause, if is_early { now } else { end });
    let Collected { silences, deliveries, waits_for, opens } = collected;
    note.remarks.extend(silences.into_iter().map(Cow::from));
    if let Some(number) = waits_for {
        return Form::After(Box::new(world.after(place, number)));
    }
    if let Some(feed) = opens {
        return Form::Stream(Box::new(EventStream::open(world, place, feed, arrival.now)));
    }
    let ahead = is_hasty.then(|| world.ahead(place, deliveries)).flatten();
    ahead.map_or(Form::Plain, Form::Ahead)
}

/// The other edition's answer, as far as it can be compared. When a fault decided the answer, it can only be compared
/// if the other edition gives an error at an earlier stage, or if the fault gave an error that the other edition has
/// too.
fn beside_faults(world: &World, service: &dyn Service, other: Option<Other>, note: &Note) -> Option<Other> {
    let other = other?;
    let struck = note.faults.iter().filter(|decision| decision.answered);
    if let Some(fault) = struck.map(|decision| &decision.fault).min_by_key(|fault| fault.stage) {
        let given = || fault.spec.error.is_some().then(|| other_edition::same_error(world, note))?;
        return Some(other).filter(|other| other.is_before(fault.stage, service)).or_else(given);
    }
    // What a request asks for with `Prefer` says nothing of the editions.
    Some(other).filter(|_| !prefer::is_asked_for(note))
}

/// The checkpoint of [`step`]: asks the faults at the end of each stage and writes the note.
struct Inspector<'a> {
    service: &'static dyn Service,
    /// The operation of the request itself, not of a command in a batch.
    operation: Option<&'static Operation>,
    request: &'a Request,
    faults: &'a mut Faults,
    start: Timestamp,
    note: &'a mut Note,
    /// The fault that replaces or spoils the answer of the whole exchange.
    winner: Option<u32>,
    /// The error that the request asks for with `Prefer`.
    preferred: Option<&'static ErrorCode>,
    /// Whether a fault makes a change some time after the answer.
    puts_off: bool,
    /// The actions that may wait for this call.
    schedule: &'a mut Schedule,
    /// The suffix of every credential of this namespace; empty in the main world.
    suffix: &'a str,
}

impl Checkpoint for Inspector<'_> {
    fn passed(
        &mut self,
        stage: Stage,
        call: &OperationCall<'_>,
        stopwatch: &mut Stopwatch,
    ) -> Result<Fate, Ordered> {
        if !call.nested {
            self.operation = call.operation;
            self.note.operation = call.operation.map(|operation| operation.name);
        }
        // Most calls meet no fault at this stage.
        if !self.faults.plan.strikes_at(stage) && self.preferred.is_none() && self.winner.is_none() {
            if !call.nested {
                self.note.stage = Some(stage);
            }
            self.count(stage, call);
            return Ok(Fate::Now);
        }
        let subject = Subject {
            facts: call.facts,
            request: Some(self.request),
            credential: &|| {
                let credential = self.service.credential(self.request)?;
                // Faults match credentials as the scenario spells them, without the suffix of the namespace.
                Some(credential.strip_suffix(self.suffix).map_or_else(|| credential.clone(), str::to_owned))
            },
            named: &|kind| call.operation?.names(kind).map(|parameter| parameter.name),
            now: stopwatch.now(),
            start: self.start,
        };
        let operation = number_of(self.service, call.operation);
        let outcome = self.faults.plan.ask(operation, stage, &subject, &mut self.note.faults);
        if let Some(number) = outcome.forgetful {
            self.note.remarks.push(forgot(&self.faults.plan.fault(number).spec).into());
        }
        let verdict =
            self.verdict(outcome, stopwatch).and_then(|fate| self.prefer(stage, call).map_or(Ok(fate), Err));
        if verdict.is_ok() && !call.nested {
            self.note.stage = Some(stage);
        }
        if verdict.is_ok() && self.winner.is_none() {
            self.count(stage, call);
        }
        verdict
    }

    fn refused(&mut self, code: &'static str) {
        self.note.error = Some(code);
    }

    fn remark(&mut self, text: Cow<'static, str>) {
        self.note.remarks.push(text);
    }

    fn bulk(&mut self, bulk: Bulk) {
        self.note.bulk = Some(Box::new(bulk));
    }
}

impl Inspector<'_> {
    /// Tells the actions that wait for a call that this one has succeeded.
    #[inline]
    fn count(&mut self, stage: Stage, call: &OperationCall<'_>) {
        if stage == Stage::Delivery
            && self.schedule.is_counting()
            && let Some(operation) = call.operation
        {
            self.schedule.saw(self.service.name(), operation, call.facts);
        }
    }

    fn verdict(&mut self, outcome: Strike, stopwatch: &mut Stopwatch) -> Result<Fate, Ordered> {
        stopwatch.hold_up(outcome.delay);
        if let Some(winner) = self.winner {
            // Another fault has decided the answer already.
            if outcome.first.is_some() {
                let mut decisions = self.note.faults.iter_mut().rev();
                decisions.find(|decision| decision.answered).expect("it was just asked").answered = false;
            }
            return Ok(match self.faults.effect(winner).fate {
                Fate::Never => Fate::Never,
                Fate::Now | Fate::Later(_) => Fate::Now,
            });
        }
        let Some(first) = outcome.first else { return Ok(Fate::Now) };
        let effect = self.faults.effect(first);
        let fate = effect.fate;
        self.puts_off |= matches!(fate, Fate::Later(_));
        if effect.reply.is_some() || effect.wire.is_some() {
            self.winner = Some(first);
        }
        match &effect.error {
            Some(error) => Err(Ordered { fate, ..error.clone() }),
            None => Ok(fate),
        }
    }

    /// The error that the request asks for with `Prefer`; `None` when this call cannot give it at this stage.
    fn prefer(&mut self, stage: Stage, call: &OperationCall<'_>) -> Option<Ordered> {
        let code = self.preferred.filter(|code| code.stage == stage && self.winner.is_none())?;
        // If the batch itself can give the error, its commands do not.
        let by_batch = call.nested && self.operation.is_some_and(|outer| outer.gives(code.code).is_some());
        (prefer::is_given(self.service, code, call.operation) && !by_batch).then(|| {
            self.note.remarks.push(prefer::REMARK.into());
            Ordered { code, message: None, retry_after: None, argument: None, fate: Fate::Never }
        })
    }
}

/// The remark that a fault forgot the counters of things.
pub(super) fn forgot(spec: &FaultSpec) -> String {
    let kind = spec.when.counted_kind().unwrap_or("thing");
    format!(
        "the fault `{}` counts the calls of at most {MOST_THINGS} {kind}s: it forgot the {FORGOTTEN} that were called longest ago and counts them from 1 if they are called again",
        spec.name
    )
}

/// The date in the format of HTTP: `Wed, 20 Nov 2024 13:55:08 GMT`.
fn http_date(instant: Timestamp) -> String {
    instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
