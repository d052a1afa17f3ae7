//! The faults of a scenario → a plan over operation numbers, and the effect of each fault; the faults of a running world.

use std::sync::Arc;

use jiff::Timestamp;

use super::World;
use crate::emulator::{ErrorCode, EventKind, Fate, Operation, Ordered, Service};
use crate::fault::{
    Applied, Fault, FaultSpec, FaultState, Forecast, Late, Matcher, Mode, Pattern, Plan, Wire,
};
use crate::http::Reply;
use crate::scenario;
use crate::services::SERVICES;

/// The faults of a world.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// When each fault fires.
    pub plan: Plan,
    /// What each fault does when it fires, by the number of the fault.
    effects: Vec<Effect>,
}

/// What a fault does when it fires, besides its delay.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The error that the service must answer with.
    pub error: Option<Ordered>,
    /// The answer that replaces the service's own.
    pub reply: Option<Reply>,
    /// What the connection does to the answer.
    pub wire: Option<Wire>,
    /// Whether and when the change of the call is made.
    pub fate: Fate,
}

impl Faults {
    /// Makes the plan of the checked faults `specs`. A fault whose `on` or `error` does not exist is left out.
    pub fn new(specs: &[FaultSpec], seed: u64) -> Self {
        let mut faults = Self { plan: Plan::new(seed), ..Self::default() };
        specs.iter().for_each(|spec| faults.add(spec.clone(), 1));
        faults
    }

    /// Adds a checked fault after the others. It applies from the exchange with the number `since` on.
    pub fn add(&mut self, spec: FaultSpec, since: u64) {
        if let Some((fault, effect)) = resolve(spec) {
            self.plan.add(fault, since);
            self.effects.push(effect);
        }
    }

    /// Puts a checked fault in the place of the one with this number. It applies from the exchange with the number
    /// `since` on, and its calls are counted from 1.
    pub fn replace(&mut self, number: u32, spec: FaultSpec, since: u64) {
        if let Some((fault, effect)) = resolve(spec) {
            self.plan.replace(number, fault, since);
            self.effects[number as usize] = effect;
        }
    }

    /// Removes the fault with this number. The faults behind it move up.
    pub fn remove(&mut self, number: u32) {
        self.plan.remove(number);
        self.effects.remove(number as usize);
    }

    /// Removes all faults.
    pub fn clear(&mut self) {
        self.plan.clear();
        self.effects.clear();
    }

    /// The effect of the fault with this number.
    pub fn effect(&self, number: u32) -> &Effect {
        &self.effects[number as usize]
    }
}

impl World {
    /// The faults in order: number, fault and counters.
    pub fn faults(&self) -> impl Iterator<Item = (u32, &Arc<Fault>, &FaultState)> {
        (0..).zip(self.faults.plan.faults()).map(|(number, (fault, state))| (number, fault, state))
    }

    /// The number of the fault called `name`.
    pub fn fault_called(&self, name: &str) -> Option<u32> {
        self.faults().find(|(_, fault, _)| fault.spec.name.as_str() == name).map(|(number, ..)| number)
    }

    /// The next call on which the fault is expected to fire, as [`crate::fault::Plan::next`] says. `now` is the time
    /// of the wall clock.
    pub fn next_call(&self, fault: u32, thing: Option<&str>, now: Timestamp) -> Option<Forecast> {
        self.faults.plan.next(fault, thing, self.clock.now(now), self.start)
    }

    /// Whether the fault is not expected to fire again, as [`crate::fault::Plan::is_spent`] says. `now` is the time of the
    /// wall clock.
    pub fn is_spent(&self, fault: u32, now: Timestamp) -> bool {
        self.faults.plan.is_spent(fault, self.clock.now(now), self.start)
    }

    /// Adds a checked fault after the others.
    pub fn add_fault(&mut self, spec: FaultSpec) {
        self.alter();
        self.revisions.faults();
        self.faults.add(spec, self.counters().exchanges + 1);
    }

    /// Puts a checked fault in the place of the one with this number. Its calls are counted from 1.
    pub fn replace_fault(&mut self, number: u32, spec: FaultSpec) {
        self.alter();
        self.revisions.faults();
        self.faults.replace(number, spec, self.counters().exchanges + 1);
    }

    /// Removes the fault with this number. The faults behind it move up.
    pub fn remove_fault(&mut self, number: u32) {
        self.alter();
        self.revisions.faults();
        self.faults.remove(number);
    }

    /// Removes all faults. Returns how many there were.
    pub fn remove_faults(&mut self) -> usize {
        self.alter();
        self.revisions.faults();
        let count = self.faults().count();
        self.faults.clear();
        count
    }

    /// Switches a fault on or off.
    pub fn switch_fault(&mut self, fault: u32, mode: Mode) {
        self.alter();
        self.revisions.faults();
        self.faults.plan.switch(fault, mode, self.counters().exchanges + 1);
    }
}

fn resolve(spec: FaultSpec) -> Option<(Fault, Effect)> {
    let (name, operation) = spec.on.split_once('.').map_or((spec.on.as_str(), None), |(v, o)| (v, Some(o)));
    let service = crate::services::by_name(name)?;
    let events = scenario::events_of(&spec);
    let code = match &spec.error {
        Some(error) => Some(service.errors().iter().copied().find(|row| row.code == error.as_str())?),
        None => None,
    };
    let (matches, headers) = (matchers(&spec.matches)?, matchers(&spec.match_headers)?);
    let fault = Fault {
        aim: match events.is_empty() {
            true => aim(service, operation, code),
            false => events.iter().map(|event| number_of_event(service, event)).collect(),
        },
        is_on_events: !events.is_empty(),
        stage: spec.stage(code.map(|code| code.stage)),
        matches,
        headers: headers.into_iter().map(|(name, matcher)| (name.to_lowercase(), matcher)).collect(),
        credential: spec.match_credential.as_ref().map(Pattern::matcher).transpose().ok()?,
        spec,
    };
    let spec = &fault.spec;
    let fate = match spec.applied {
        _ if !spec.fails() => Fate::Now,
        Applied::Flag(true) => Fate::Now,
        Applied::Flag(false) => Fate::Never,
        Applied::Form(Late::Later(length)) => Fate::Later(length.0),
    };
    let error = code.map(|code| Ordered {
        code,
        message: spec.message.as_ref().map(ToString::to_string),
        retry_after: spec.retry_after,
        argument: spec.argument.as_ref().map(ToString::to_string),
        fate: Fate::Never,
    });
    let reply = spec.reply.as_ref().map(crate::fault::ReplySpec::reply);
    let effect = Effect { error, reply, wire: spec.wire, fate };
    Some((fault, effect))
}

fn matchers<'a>(
    patterns: impl IntoIterator<Item = (&'a String, &'a Pattern)>,
) -> Option<Vec<(String, Matcher)>> {
    patterns.into_iter().map(|(name, pattern)| Some((name.clone(), pattern.matcher().ok()?))).collect()
}

/// The numbers of the operations that a fault covers: the one called `operation`, or all operations of the service
/// and the number for operations that are not emulated. With a `code`, only operations that can give it.
fn aim(service: &dyn Service, operation: Option<&str>, code: Option<&ErrorCode>) -> Vec<usize> {
    let fits = |known: &&&Operation| {
        operation.is_none_or(|name| known.name == name)
            && code.is_none_or(|code| known.gives(code.code).is_some())
    };
    let mut aim: Vec<_> =
        service.operations().iter().filter(fits).map(|known| number_of(service, Some(known))).collect();
    let is_given = |code: &ErrorCode| service.errors_of_unknown().iter().any(|given| *given.code == *code);
    if operation.is_none() && code.is_none_or(is_given) {
        aim.push(number_of(service, None));
    }
    aim
}

/// The number of an operation among those of all services. `None` is an operation that is not emulated: each service
/// has one number for all of these.
pub fn number_of(service: &dyn Service, operation: Option<&Operation>) -> usize {
    let before: usize = SERVICES
        .iter()
        .take_while(|other| other.name() != service.name())
        .map(|v| v.operations().len() + 1)
        .sum();
    let own = service.operations();
    let within = operation.and_then(|wanted| own.iter().position(|known| std::ptr::eq(*known, wanted)));
    before + within.unwrap_or(own.len())
}

/// The number of an event among those of all services, which come after all operations.
pub fn number_of_event(service: &dyn Service, event: &EventKind) -> usize {
    let operations: usize = SERVICES.iter().map(|known| known.operations().len() + 1).sum();
    let others = SERVICES.iter().take_while(|other| other.name() != service.name());
    let before: usize = others.map(|other| other.events().len()).sum();
    let own = service.events();
    let within = own.iter().position(|known| **known == *event);
    operations + before + within.unwrap_or(own.len())
}
