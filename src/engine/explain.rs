//! An exchange of the journal → why each fault fired on it, or did not.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

use super::faults::number_of;
use super::{Entry, World};
use crate::basics::Stage;
use crate::fault::{Condition, CountBy, Decision, Fault, FaultSpec, Forecast, Matcher, Mode, Wire};
use crate::services::{RequestedCall, Service, by_name};

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
    /// Whether that is a call for the same chat, as the fault counts by chat.
    pub next_is_of_chat: bool,
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
    let chat = |call: &'_ RequestedCall| {
        let name = call.operation?.chat?;
        call.facts.parameter(name).map(Cow::into_owned)
    };
    // The one chat that the request is about.
    let mut chats: Vec<_> = calls.iter().filter_map(chat).collect();
    chats.dedup();
    let chat = if let [chat] = &chats[..] { Some(chat.as_str()) } else { None };
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
        let next = world.next_call(fault, chat, now);
        let next_is_of_chat = spec.when.count_by == CountBy::Chat;
        Verdict { fault, name: spec.name.to_string(), asked, why, next, next_is_of_chat }
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
    let call = match when.count_by {
        CountBy::Fault => decision.call.to_string(),
        CountBy::Chat => format!("{} for this chat", decision.call),
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
    let unlike = |(name, matcher): &(String, Matcher)| match call.facts.parameter(name) {
        None => Some(format!("its `match` asks for `{name}`, which the call does not have")),
        Some(found) if !matcher.fits(&found) => {
            Some(format!("its `match` asks for `{name}` {matcher}, the call has `{found}`"))
        }
        Some(_) => None,
    };
    fault.matches.iter().find_map(unlike)
}
