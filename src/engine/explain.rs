//! An exchange of the journal → why each fault fired on it, or did not.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

use super::faults::number_of;
use super::{Entry, World};
use crate::basics::Stage;
use crate::emulator::{RequestedCall, Service};
use crate::fault::{Condition, Decision, Fault, FaultSpec, Forecast, Matcher, Mode, Wire};
use crate::services::by_name;

/// What one fault made of one exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The fault.
    pub fault: u32,
    /// Its name.
    pub name: String,
    /// Each time that it was asked: once for a request, and once for each command of a batch.
    pub asked: Vec<Decision>,
    /// Why, in words: one line for each time that it was asked, or one if it never was.
    pub why: Vec<String>,
    /// The next call on which it fires, as far as can be told.
    pub next: Option<Forecast>,
    /// The kind of thing whose calls the fault counts one by one: that call is then one for the same thing.
    pub counted_kind: Option<String>,
}

/// What a fault had the connection do to the answer.
pub fn wire(world: &World, entry: &Entry) -> Option<Wire> {
    let answered = entry.note.faults.iter().filter(|decision| decision.answered);
    answered.map(|decision| world.fault_spec(decision.fault)).find_map(|spec| spec.wire)
}

/// Explains an exchange: every fault of the world, those first that were asked; `now` is the wall clock's instant.
pub fn explain(world: &World, entry: &Entry, now: Timestamp) -> Vec<Verdict> {
    let service = entry.note.service.and_then(by_name);
    let calls = service.map_or_else(Vec::new, |service| service.calls(&entry.request));
    // The one thing of a kind that the request is about.
    let thing = |kind: &str| {
        let named = calls.iter().filter_map(|call| {
            let parameter = call.operation?.names(kind)?;
            call.facts.parameter(parameter.name).map(Cow::into_owned)
        });
        let mut named: Vec<_> = named.collect();
        named.dedup();
        if let [thing] = &mut named[..] { Some(std::mem::take(thing)) } else { None }
    };
    let asked = |fault: u32| {
        let decisions = entry.note.faults.iter().filter(|decision| decision.fault == fault);
        decisions.copied().collect::<Vec<_>>()
    };
    let winner = |decision: &Decision| {
        let mut others =
            entry.note.faults.iter().filter(|other| other.answered && other.fault != decision.fault);
        others.next().map(|other| world.fault_name(other.fault).to_owned())
    };
    let verdict = |(fault, spec): (u32, &FaultSpec)| {
        let asked = asked(fault);
        let why = match &asked[..] {
            [] => vec![unasked(world, entry, service, &calls, fault)],
            all => all.iter().map(|decision| told(decision, spec, winner(decision))).collect(),
        };
        let counted_kind = spec.when.counted_kind();
        let thing = counted_kind.and_then(thing);
        let next = world.next_call(fault, thing.as_deref(), now);
        let counted_kind = counted_kind.map(str::to_owned);
        Verdict { fault, name: spec.name.to_string(), asked, why, next, counted_kind }
    };
    let mut verdicts: Vec<_> = world.all_faults().map(verdict).collect();
    let is_removed = |fault: u32| world.fault_state(fault).mode == Mode::Removed;
    verdicts.retain(|verdict| !verdict.asked.is_empty() || !is_removed(verdict.fault));
    verdicts.sort_by_key(|verdict| verdict.asked.is_empty());
    verdicts
}

/// What was decided, in words.
fn told(decision: &Decision, spec: &FaultSpec, winner: Option<String>) -> String {
    let when = &spec.when;
    let call = match when.counted_kind() {
        None => decision.call.to_string(),
        Some(kind) => format!("{} for this {kind}", decision.call),
    };
    let draw = decision.draw.unwrap_or_default();
    let number = |value: Option<u64>| value.unwrap_or_default();
    let probability = when.probability.unwrap_or_default();
    let Some(unmet) = decision.unmet else {
        let draw = match when.probability {
            Some(probability) => format!("; its draw {draw:.4} is below the probability {probability}"),
            None => String::new(),
        };
        let effect = match (decision.answered, spec.is_more_than_delay(), winner) {
            (true, ..) => {
                let change = spec.change().map_or(String::new(), |change| format!("; {change}"));
                format!(" and gave the answer, {}{change}", spec.effect())
            }
            (false, false, _) => String::new(),
            (false, true, Some(winner)) => format!(", but `{winner}` gave the answer"),
            (false, true, None) => ", but came too late for the answer".to_owned(),
        };
        let delay = match decision.delay {
            delay if delay.is_zero() => String::new(),
            delay => format!("; it held the answer up for {}", milliseconds(delay)),
        };
        return format!("fired on its call {call}{effect}{draw}{delay}");
    };
    let why = match unmet {
        Condition::Call => format!("`call: {}` is another one", number(when.call)),
        Condition::First => format!("`first: {}` are over", number(when.first)),
        Condition::After => format!("`after: {}` are not over yet", number(when.after)),
        Condition::Every => format!("`every: {}` does not divide it", number(when.every)),
        Condition::Between => {
            let [from, to] = when.between.unwrap_or_default();
            format!("`between: [{from}, {to}]` does not hold it")
        }
        Condition::From => {
            format!("it was before `from: {}`", when.from.map_or(String::new(), |at| at.to_string()))
        }
        Condition::Until => {
            format!("`until: {}` was over", when.until.map_or(String::new(), |at| at.to_string()))
        }
        Condition::Probability => format!("its draw {draw:.4} is not below the probability {probability}"),
        Condition::Limit => format!("`limit: {}` was used up", number(when.limit)),
    };
    format!("did not fire on its call {call}: {why}")
}

fn milliseconds(delay: Duration) -> String {
    format!("{}ms", delay.as_micros() as f64 / 1e3)
}

/// Why a fault was not asked.
fn unasked(
    world: &World,
    entry: &Entry,
    service: Option<&'static dyn Service>,
    calls: &[RequestedCall],
    number: u32,
) -> String {
    let fault = world.fault(number);
    let Some(service) = service else { return "was not asked: no vendor took the request".to_owned() };
    let aimed: Vec<_> =
        calls.iter().filter(|call| fault.aim.contains(&number_of(service, call.operation))).collect();
    if aimed.is_empty() {
        return format!("was not asked: it is aimed at `{}`", world.fault_spec(number).on);
    }
    let mut mismatches: Vec<_> = aimed.iter().filter_map(|call| mismatch(fault, call)).collect();
    if mismatches.len() == aimed.len() {
        return match mismatches.len() {
            1 => format!("was not asked: {}", mismatches.remove(0)),
            count => format!("was not asked: its `match` fits none of the {count} calls that it is aimed at"),
        };
    }
    for (name, matcher) in &fault.headers {
        let mut fields = entry.request.headers.iter().filter(|(known, _)| *known == name.as_bytes());
        if !fields.any(|(_, value)| std::str::from_utf8(value).is_ok_and(|value| matcher.fits(value))) {
            return format!("was not asked: its `match_headers` asks for another `{name}`");
        }
    }
    let credential = || service.credential(&entry.request);
    if fault
        .credential
        .as_ref()
        .is_some_and(|matcher| !credential().is_some_and(|found| matcher.fits(&found)))
    {
        return "was not asked: its `match_credential` asks for another credential".to_owned();
    }
    match world.fault_state(number).mode_at(entry.number) {
        None => return "was not asked: it was not there yet".to_owned(),
        Some(Mode::Off | Mode::Removed) => return "was not asked: it was off".to_owned(),
        Some(Mode::On) => {}
    }
    let is_batch_aimed =
        fault.aim.contains(&number_of(service, calls.first().and_then(|call| call.operation)));
    if calls.len() > 1 && !is_batch_aimed && fault.stage == Stage::Gateway {
        let stage = fault.stage.name();
        return format!("was not asked: a batch passes the stage `{stage}` as a whole, its commands do not");
    }
    let whose = if calls.len() > 1 { "the call, or its command," } else { "the call" };
    format!("was not asked: {whose} ended before the end of the stage `{}`", fault.stage.name())
}

/// Why a fault's `match` does not fit a call.
fn mismatch(fault: &Fault, call: &RequestedCall) -> Option<String> {
    let unlike = |(name, matcher): &(String, Matcher)| match first(call, name) {
        None => Some(format!("its `match` asks for `{name}`, which the call does not have")),
        Some(found) if !call.facts.has(name, &|value| matcher.fits(value)) => {
            Some(format!("its `match` asks for `{name}` {matcher}, the call has `{found}`"))
        }
        Some(_) => None,
    };
    fault.matches.iter().find_map(unlike)
}

/// The first text that a name of `match` leads to.
fn first(call: &RequestedCall, name: &str) -> Option<String> {
    let mut first = None;
    call.facts.each(name, &mut |value| _ = first.get_or_insert_with(|| value.to_owned()));
    first
}
