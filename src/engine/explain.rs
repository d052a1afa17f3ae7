//! An exchange of the journal → why each fault fired on it, or did not.

use std::time::Duration;

use super::faults::number_of;
use super::{Entry, World};
use crate::fault::{Condition, Decision, FaultSpec, Matcher, Mode};
use crate::vendor::{Vendor, by_name};

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
    /// The next call on which it fires, as far as numbers and draws tell.
    pub next: Option<u64>,
}

/// Explains an exchange: every fault of the world, those first that were asked.
pub fn explain(world: &World, entry: &Entry) -> Vec<Verdict> {
    let vendor = entry.note.vendor.and_then(by_name);
    let facts = vendor.map(|vendor| vendor.facts(&entry.request));
    let chat = |name: &'static str| facts.as_ref().and_then(|facts| facts.parameter(name));
    let operation = vendor.and_then(|vendor| {
        vendor.operations().iter().copied().find(|known| Some(known.name) == entry.note.operation)
    });
    let chat = operation.and_then(|operation| operation.chat).and_then(chat);
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
            [] => vec![unasked(world, entry, vendor, fault)],
            all => all.iter().map(|decision| told(decision, spec, winner(decision))).collect(),
        };
        let next = world.next_call(fault, chat.as_deref());
        Verdict { fault, name: spec.name.to_string(), asked, why, next }
    };
    let mut verdicts: Vec<_> = world.all_faults().map(verdict).collect();
    verdicts.retain(|verdict| !verdict.asked.is_empty() || world.mode(verdict.fault) != Mode::Removed);
    verdicts.sort_by_key(|verdict| verdict.asked.is_empty());
    verdicts
}

/// What was decided, in words.
fn told(decision: &Decision, spec: &FaultSpec, winner: Option<String>) -> String {
    let when = &spec.when;
    let call = decision.call;
    let draw = decision.draw.unwrap_or_default();
    let number = |value: Option<u64>| value.unwrap_or_default();
    let probability = when.probability.unwrap_or_default();
    let Some(unmet) = decision.unmet else {
        let draw = match when.probability {
            Some(probability) => format!("; its draw {draw:.4} is below the probability {probability}"),
            None => String::new(),
        };
        let effect = match (decision.answered, spec.is_more_than_delay(), winner) {
            (true, ..) => " and gave the answer".to_owned(),
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
fn unasked(world: &World, entry: &Entry, vendor: Option<&'static dyn Vendor>, number: u32) -> String {
    let fault = world.fault(number);
    let Some(vendor) = vendor else { return "was not asked: no vendor took the request".to_owned() };
    let operation =
        vendor.operations().iter().copied().find(|known| Some(known.name) == entry.note.operation);
    let is_batch = operation.is_some_and(|operation| !operation.changes && operation.chat.is_none());
    if !is_batch && !fault.aim.contains(&number_of(vendor, operation)) {
        let spec = world.fault_spec(number);
        return format!("was not asked: it is aimed at `{}`", spec.on);
    }
    let facts = vendor.facts(&entry.request);
    if !is_batch {
        for (name, matcher) in &fault.matches {
            let Some(found) = facts.parameter(name) else {
                return format!("was not asked: its `match` asks for `{name}`, which the call does not have");
            };
            if !matcher.fits(&found) {
                return format!(
                    "was not asked: its `match` asks for `{name}` {}, the call has `{found}`",
                    wanted(matcher)
                );
            }
        }
    }
    for (name, matcher) in &fault.headers {
        let mut fields = entry.request.headers.iter().filter(|(known, _)| *known == name.as_bytes());
        if !fields.any(|(_, value)| std::str::from_utf8(value).is_ok_and(|value| matcher.fits(value))) {
            return format!("was not asked: its `match_headers` asks for another `{name}`");
        }
    }
    let credential = || vendor.credential(&entry.request);
    if fault
        .credential
        .as_ref()
        .is_some_and(|matcher| !credential().is_some_and(|found| matcher.fits(&found)))
    {
        return "was not asked: its `match_credential` asks for another credential".to_owned();
    }
    if entry.note.stage.is_none_or(|stage| stage < fault.stage) {
        return format!("was not asked: the call ended before the end of the stage `{}`", fault.stage.name());
    }
    match world.mode(number) {
        Mode::On => "was not asked: it was not there yet, or off".to_owned(),
        Mode::Off | Mode::Removed => "was not asked: it is off".to_owned(),
    }
}

fn wanted(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Any(values) => {
            values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ")
        }
        Matcher::Fits(regex) => format!("that fits `{regex}`"),
    }
}
