//! An exchange of the journal → why each fault fired on it, or did not.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::faults::{number_of, number_of_event};
use super::strike::EventFacts;
use super::{Entry, Note, OutboxEntry, World};
use crate::basics::Stage;
use crate::emulator::{RequestedCall, Service};
use crate::fault::{Condition, Decision, Fault, FaultSpec, FaultState, Forecast, Matcher, Mode, Wire};
use crate::http::Facts;
use crate::services::by_name;

/// What one fault did on one exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The fault.
    pub fault: Arc<Fault>,
    /// One decision for each time that the fault was asked: for the request itself and for each command of a batch.
    pub asked: Vec<Decision>,
    /// The reason in words: one line for each decision, or one line if the fault was not asked.
    pub why: Vec<String>,
    /// The next call on which the fault is expected to fire. `None` when no such call is foreseen.
    pub next: Option<Forecast>,
    /// The kind of thing in `count_by`, such as `chat`. `next` is then a call for the same thing. `None` when all
    /// calls are counted together.
    pub counted_kind: Option<String>,
}

/// The wire effect on the answer of this exchange. `None` when no fault has one.
pub fn wire(note: &Note) -> Option<Wire> {
    note.faults.iter().filter(|decision| decision.answered).find_map(|decision| decision.fault.spec.wire)
}

/// Explains an exchange: returns a verdict on every fault of the world, and on every fault that was asked and is removed
/// now. The faults that were asked come first. `now` is the time of the wall clock.
pub fn explain(world: &World, entry: &Entry, now: Timestamp) -> Vec<Verdict> {
    let service = entry.note.service.and_then(by_name);
    let calls = service.map_or_else(Vec::new, |service| service.calls(&entry.request));
    // The thing of this kind that the request names; `None` when it names none or several.
    let thing = |kind: &str| {
        let named = calls.iter().filter_map(|call| {
            let parameter = call.operation?.names(kind)?;
            call.facts.parameter(parameter.name).map(Cow::into_owned)
        });
        let mut named: Vec<_> = named.collect();
        named.dedup();
        if let [thing] = &mut named[..] { Some(std::mem::take(thing)) } else { None }
    };
    let decisions = &entry.note.faults;
    let winner = |decision: &Decision| {
        let is_other = |other: &&Decision| other.answered && !Arc::ptr_eq(&other.fault, &decision.fault);
        decisions.iter().find(is_other).map(|other| other.fault.spec.name.to_string())
    };
    // `live` is the number and the state of a fault that is not removed.
    let verdict = |fault: &Arc<Fault>, live: Option<(u32, &FaultState)>| {
        let is_own = |decision: &&Decision| Arc::ptr_eq(&decision.fault, fault);
        let asked: Vec<_> = decisions.iter().filter(is_own).cloned().collect();
        let spec = &fault.spec;
        let why = match (&asked[..], live) {
            ([], Some((_, state))) => vec![unasked(entry, service, &calls, fault, state)],
            (all, _) => all.iter().map(|decision| told(decision, spec, winner(decision), &CALLS)).collect(),
        };
        let counted_kind = spec.when.counted_kind();
        let thing = counted_kind.and_then(thing);
        let next = live.and_then(|(number, _)| world.next_call(number, thing.as_deref(), now));
        let counted_kind = counted_kind.map(str::to_owned);
        Verdict { fault: Arc::clone(fault), asked, why, next, counted_kind }
    };
    let mut verdicts: Vec<_> =
        world.faults().map(|(number, fault, state)| verdict(fault, Some((number, state)))).collect();
    for decision in decisions {
        if !verdicts.iter().any(|verdict| Arc::ptr_eq(&verdict.fault, &decision.fault)) {
            verdicts.push(verdict(&decision.fault, None));
        }
    }
    verdicts.sort_by_key(|verdict| verdict.asked.is_empty());
    verdicts
}

/// The words for what a fault was asked about.
struct Words {
    /// One of them.
    one: &'static str,
    /// What a fault decides.
    decided: &'static str,
    /// What a fault delays.
    delayed: &'static str,
    /// What has a place in time.
    came: &'static str,
}

const CALLS: Words =
    Words { one: "call", decided: "the answer", delayed: "the answer", came: "the call came" };

const DELIVERIES: Words =
    Words { one: "delivery", decided: "its fate", delayed: "it", came: "the delivery was due" };

/// Explains a delivery: returns a verdict on every fault on events of its service, and on every fault that was asked and is
/// removed now. The faults that were asked come first. `now` is the time of the wall clock.
pub fn explain_delivery(world: &World, entry: &OutboxEntry, now: Timestamp) -> Vec<Verdict> {
    let (service, emulator) = &world.emulators[entry.service];
    let asked = entry.asked();
    let facts = EventFacts::new(*service, &entry.delivery, &emulator.handlers());
    let event = number_of_event(*service, entry.delivery.event);
    let verdict = |fault: &Arc<Fault>, live: Option<u32>| {
        let own: Vec<_> = asked.iter().filter(|known| Arc::ptr_eq(&known.fault, fault)).cloned().collect();
        let winner = asked.iter().find(|known| known.answered && !Arc::ptr_eq(&known.fault, fault));
        let winner = winner.map(|known| known.fault.spec.name.to_string());
        let why = match own.is_empty() {
            true => vec![not_asked(entry, fault, event, &facts)],
            false => own.iter().map(|known| told(known, &fault.spec, winner.clone(), &DELIVERIES)).collect(),
        };
        let counted_kind = fault.spec.when.counted_kind();
        let thing = counted_kind.and_then(|kind| facts.parameter(facts.named(kind)?));
        let next = live.and_then(|number| world.next_call(number, thing.as_deref(), now));
        Verdict {
            fault: Arc::clone(fault),
            asked: own,
            why,
            next,
            counted_kind: counted_kind.map(str::to_owned),
        }
    };
    let is_of_service =
        |fault: &Fault| fault.is_on_events && fault.spec.on.split('.').next() == Some(service.name());
    let known = world.faults().filter(|(_, fault, _)| is_of_service(fault));
    let mut verdicts: Vec<_> = known.map(|(number, fault, _)| verdict(fault, Some(number))).collect();
    for decision in asked {
        if !verdicts.iter().any(|verdict| Arc::ptr_eq(&verdict.fault, &decision.fault)) {
            verdicts.push(verdict(&decision.fault, None));
        }
    }
    verdicts.sort_by_key(|verdict| verdict.asked.is_empty());
    verdicts
}

/// The reason why a fault on events was not asked about a delivery, in words.
fn not_asked(entry: &OutboxEntry, fault: &Fault, event: usize, facts: &EventFacts) -> String {
    if entry.is_further() {
        return "was not asked: another fault has made this delivery".to_owned();
    }
    if !fault.aim.contains(&event) {
        return format!("was not asked: `on: {}` does not cover this event", fault.spec.on);
    }
    for (name, matcher) in &fault.matches {
        let mut found = Vec::new();
        facts.each(name, &mut |value| found.push(format!("`{value}`")));
        if found.is_empty() {
            return format!("was not asked: its `match` wants `{name}`, which the event does not name");
        }
        if !facts.has(name, &|value| matcher.fits(value)) {
            let found = found.join(", ");
            return format!(
                "was not asked: its `match` wants `{name}` to be {matcher}, but the event has {found}"
            );
        }
    }
    "was not asked: it was switched off or added later, or a call has asked for this delivery".to_owned()
}

/// A decision in words. `winner` is the name of the other fault that decided.
fn told(decision: &Decision, spec: &FaultSpec, winner: Option<String>, words: &Words) -> String {
    let Words { one, decided, delayed, came } = words;
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
            Some(probability) => format!("; its draw {draw:.4} is below `probability: {probability}`"),
            None => String::new(),
        };
        let effect = match (decision.answered, spec.is_more_than_delay(), winner) {
            (true, ..) => {
                let change = spec.change().map_or(String::new(), |change| format!("; {change}"));
                format!(" and decided {decided}: {}{change}", spec.effect())
            }
            (false, false, _) => String::new(),
            (false, true, Some(winner)) => format!(", but `{winner}` decided {decided}"),
            (false, true, None) => format!(", but {decided} was already decided"),
        };
        let delay = match decision.delay {
            delay if delay.is_zero() => String::new(),
            delay => format!("; it delayed {delayed} by {}", milliseconds(delay)),
        };
        return format!("fired on its {one} {call}{effect}{draw}{delay}");
    };
    let why = match unmet {
        Condition::Call => format!("`call: {call}` covers call {call} only", call = number(when.call)),
        Condition::First => {
            let first = number(when.first);
            let covered = match first {
                1 => "call 1".to_owned(),
                2 => "calls 1 and 2".to_owned(),
                _ => format!("calls 1 to {first}"),
            };
            format!("`first: {first}` covers {covered} only")
        }
        Condition::After => {
            let after = number(when.after);
            format!("`after: {after}` covers call {} and later calls only", after.saturating_add(1))
        }
        Condition::Every => {
            let every = number(when.every);
            format!("`every: {every}` covers only calls whose number is a multiple of {every}")
        }
        Condition::Between => {
            let [from, to] = when.between.unwrap_or_default();
            format!("`between: [{from}, {to}]` covers calls {from} to {to} only")
        }
        Condition::From => {
            format!("{came} before `from: {}`", when.from.map_or(String::new(), |at| at.to_string()))
        }
        Condition::Until => {
            format!("{came} at or after `until: {}`", when.until.map_or(String::new(), |at| at.to_string()))
        }
        Condition::Probability => format!("its draw {draw:.4} is not below `probability: {probability}`"),
        Condition::Limit => format!("`limit: {}` was reached before this {one}", number(when.limit)),
    };
    format!("did not fire on its {one} {call}: {why}")
}

fn milliseconds(delay: Duration) -> String {
    format!("{}ms", delay.as_micros() as f64 / 1e3)
}

/// The reason why a fault was not asked, in words.
fn unasked(
    entry: &Entry,
    service: Option<&'static dyn Service>,
    calls: &[RequestedCall],
    fault: &Fault,
    state: &FaultState,
) -> String {
    let Some(service) = service else {
        return "was not asked: no service knows the path of the request".to_owned();
    };
    let aimed: Vec<_> =
        calls.iter().filter(|call| fault.aim.contains(&number_of(service, call.operation))).collect();
    if aimed.is_empty() {
        let spec = &fault.spec;
        let error = spec.error.as_ref().map_or(String::new(), |code| format!(" with `error: {code}`"));
        return format!("was not asked: `on: {}`{error} does not cover this call", spec.on);
    }
    let mut mismatches: Vec<_> = aimed.iter().filter_map(|call| mismatch(fault, call)).collect();
    if mismatches.len() == aimed.len() {
        return match mismatches.len() {
            1 => format!("was not asked: {}", mismatches.remove(0)),
            count => {
                format!("was not asked: its `match` fits none of the {count} calls that its `on` covers")
            }
        };
    }
    for (name, matcher) in &fault.headers {
        let mut fields = entry.request.headers.iter().filter(|(known, _)| *known == name.as_bytes());
        if !fields.any(|(_, value)| std::str::from_utf8(value).is_ok_and(|value| matcher.fits(value))) {
            return format!("was not asked: its `match_headers` wants another value of `{name}`");
        }
    }
    let credential = || service.credential(&entry.request);
    if fault
        .credential
        .as_ref()
        .is_some_and(|matcher| !credential().is_some_and(|found| matcher.fits(&found)))
    {
        return "was not asked: its `match_credential` wants another credential".to_owned();
    }
    match state.mode_at(entry.number) {
        None => return "was not asked: it was added after this exchange".to_owned(),
        Some(Mode::Off) => return "was not asked: it was switched off".to_owned(),
        Some(Mode::On) => {}
    }
    let is_batch_aimed =
        fault.aim.contains(&number_of(service, calls.first().and_then(|call| call.operation)));
    if calls.len() > 1 && !is_batch_aimed && fault.stage == Stage::Gateway {
        let stage = fault.stage.name();
        return format!(
            "was not asked: it strikes at the stage `{stage}`, which a batch passes as a whole: its commands do not pass it"
        );
    }
    let whose = if calls.len() > 1 { "the call or its command" } else { "the call" };
    format!("was not asked: {whose} ended before it passed the stage `{}`", fault.stage.name())
}

/// The reason why a fault's `match` does not fit a call. `None` when it fits.
fn mismatch(fault: &Fault, call: &RequestedCall) -> Option<String> {
    let unlike = |(name, matcher): &(String, Matcher)| match first(call, name) {
        None => Some(format!("its `match` wants the parameter `{name}`, which the call does not have")),
        Some(found) if !call.facts.has(name, &|value| matcher.fits(value)) => {
            Some(format!("its `match` wants `{name}` to be {matcher}, but the call has `{found}`"))
        }
        Some(_) => None,
    };
    fault.matches.iter().find_map(unlike)
}

/// The first value that a name in `match` selects.
fn first(call: &RequestedCall, name: &str) -> Option<String> {
    let mut first = None;
    call.facts.each(name, &mut |value| _ = first.get_or_insert_with(|| value.to_owned()));
    first
}
