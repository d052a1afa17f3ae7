//! Calls → which expectations are met, and the closest calls to those that are not.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::emulator::{EventKind, Outcome, RequestedCall, Service, Thing};
use crate::fault::Matcher;

use super::{ExpectSpec, Looked, RunTally, Scope};
use crate::scalar::in_a_line;
use crate::services::SERVICES;

/// The expectations of a run with their counters.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    entries: Vec<Counted>,
    /// The number of calls so far.
    seen: u64,
}

#[derive(Clone, Debug)]
struct Counted {
    spec: ExpectSpec,
    matches: Vec<(String, Matcher)>,
    calls: u64,
    /// The numbers of the exchanges of the first calls that count.
    exchanges: Vec<u64>,
    /// The number of the latest of these exchanges, and how many are not in `exchanges`.
    latest: Option<u64>,
    left_out: u64,
    /// The position of the first call that counts, among all calls.
    first: Option<u64>,
    /// The exchange of the first call that came before the first call of `after`.
    too_early: Option<u64>,
    /// Whether it counts events that the service sends out.
    is_of_events: bool,
    /// The numbers of the events that are not answered yet.
    unanswered: BTreeSet<u64>,
    /// What was wrong with the answers to the last attempts of events, by their numbers.
    faults: BTreeMap<u64, String>,
    /// How many more events had wrong answers.
    more_faults: u64,
    near: Option<Near>,
    /// The likeness of the call in `near`, from 0 to the number of parameters.
    likeness: f64,
}

/// The call that came closest to an expected one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Closest")]
pub struct Near {
    /// The number of its exchange.
    pub exchange: u64,
    /// The name of its namespace, for an expectation of the whole run; `None` when the report says it already.
    pub namespace: Option<String>,
    /// The parameters that the expectation asks for.
    pub members: Vec<Member>,
}

/// A parameter that an expectation asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ClosestMember")]
pub struct Member {
    /// The name.
    pub name: String,
    /// The expected value, in words.
    pub wanted: String,
    /// The value in the call; `None` when the call does not have the parameter.
    pub found: Option<String>,
    /// Whether the value is an expected one.
    pub fits: bool,
}

/// The outcome of an expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectationOutcome {
    /// The name.
    pub name: String,
    /// Whether the expectation is met.
    pub met: bool,
    /// Whether the expectation is not met and no later call can meet it: too many calls came, or one came too early.
    pub is_lost: bool,
    /// What was expected, in words.
    pub expected: String,
    /// What was found, in words.
    pub found: String,
    /// The numbers of the exchanges of the calls that count, at most 20.
    pub exchanges: Vec<u64>,
    /// How many more exchanges have calls that count.
    pub left_out: u64,
    /// The closest call, when calls are missing; otherwise `None`.
    pub near: Option<Near>,
}

/// Parameters whose values no report shows.
const SECRETS: [&str; 3] = ["client_secret", "refresh_token", "code"];

/// How many exchanges of an expectation are kept.
const MOST_EXCHANGES: usize = 20;

/// How many events with wrong answers an expectation remembers: about as many as can be sent again.
const MOST_FAULTS: usize = 1_000;

impl Tally {
    /// Starts to count for these expectations.
    pub fn new(specs: &[ExpectSpec]) -> Self {
        let entries = specs.iter().map(|spec| Counted {
            // The check of the scenario has refused patterns that are not valid.
            matches: spec
                .matches
                .iter()
                .filter_map(|(name, pattern)| Some((name.clone(), pattern.matcher().ok()?)))
                .collect(),
            spec: spec.clone(),
            calls: 0,
            exchanges: Vec::new(),
            latest: None,
            left_out: 0,
            first: None,
            too_early: None,
            is_of_events: is_event(&spec.on),
            unanswered: BTreeSet::new(),
            faults: BTreeMap::new(),
            more_faults: 0,
            near: None,
            likeness: 0.0,
        });
        Self { entries: entries.collect(), seen: 0 }
    }

    /// Whether there are no expectations.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts the calls of an exchange.
    pub fn saw(&mut self, exchange: u64, service: &dyn Service, calls: &[RequestedCall]) {
        for call in calls {
            self.seen += 1;
            let Some(operation) = call.operation else { continue };
            for position in 0..self.entries.len() {
                let on = self.entries[position].spec.on.as_str();
                if on.strip_prefix(service.name()).and_then(|rest| rest.strip_prefix('.'))
                    != Some(operation.name)
                {
                    continue;
                }
                let members = self.entries[position].members(call);
                if members.iter().all(|member| member.fits) {
                    let comes_first = self.comes_first(position);
                    self.entries[position].count(exchange, self.seen, comes_first);
                } else {
                    let likeness = self.entries[position].likeness(call);
                    self.entries[position].miss(Near { exchange, namespace: None, members }, likeness);
                }
            }
        }
    }

    /// Counts an event that is sent out for the first time. `number` is that of the delivery.
    pub fn sent(&mut self, number: u64, service: &str, event: &EventKind) {
        self.seen += 1;
        for position in 0..self.entries.len() {
            if self.entries[position].is_of(service, event) {
                let comes_first = self.comes_first(position);
                let entry = &mut self.entries[position];
                entry.unanswered.insert(number);
                entry.count(number, self.seen, comes_first);
            }
        }
    }

    /// Notes that an event is sent out once more: only the answer to the last attempt matters.
    pub fn sent_again(&mut self, number: u64, service: &str, event: &EventKind) {
        for entry in self.entries.iter_mut().filter(|entry| entry.is_of(service, event)) {
            entry.faults.remove(&number);
            entry.unanswered.insert(number);
        }
    }

    /// Notes how the handler answered the last attempt of an event.
    pub fn answered(&mut self, number: u64, outcome: &Outcome, duration: Duration) {
        for entry in &mut self.entries {
            if !entry.unanswered.remove(&number) {
                continue;
            }
            let fault = entry.spec.answered.as_ref().and_then(|answered| answered.fault(outcome, duration));
            let Some(fault) = fault else { continue };
            entry.faults.insert(number, format!("e{number} was {fault}"));
            if entry.faults.len() > MOST_FAULTS {
                entry.faults.pop_first();
                entry.more_faults += 1;
            }
        }
    }

    /// Whether something that counts now comes before the first call of its `after`.
    fn comes_first(&self, position: usize) -> bool {
        self.entries[position].spec.after.as_ref().is_some_and(|after| {
            let other = self.entries.iter().find(|other| other.spec.name == *after);
            other.is_none_or(|other| other.first.is_none())
        })
    }

    /// The calls so far for the expectations of the whole run. `namespace` is the name of the namespace that they came
    /// in; `None` is the main scenario.
    pub fn of_run(&self, namespace: Option<&str>) -> RunTally {
        let of_run = self.entries.iter().filter(|entry| entry.spec.scope == Scope::Run);
        let one = |entry: &Counted| {
            let near =
                entry.near.clone().map(|near| Near { namespace: namespace.map(str::to_owned), ..near });
            RunTally::one(entry.spec.clone(), entry.calls, namespace, near)
        };
        of_run.map(one).fold(RunTally::default(), |mut all, one| {
            all.add(one);
            all
        })
    }

    /// The outcome of each expectation but those of the whole run. `things` returns the things with a service, a kind and an identifier.
    pub fn outcomes(&self, things: impl Fn(&str, &str, &str) -> Vec<Thing>) -> Vec<ExpectationOutcome> {
        let own = self.entries.iter().filter(|entry| entry.spec.scope == Scope::Namespace);
        own.map(|entry| entry.outcome(&things)).collect()
    }
}

/// Whether `on` names an event that a service sends out.
pub fn is_event(on: &str) -> bool {
    SERVICES.iter().any(|service| {
        let name = on.strip_prefix(service.name()).and_then(|rest| rest.strip_prefix('.'));
        name.is_some_and(|name| service.events().iter().any(|event| event.name.eq_ignore_ascii_case(name)))
    })
}

/// Whether the distinguishing values of a thing fit `matches`.
pub fn is_meant(thing: &Thing, matches: &[(String, Matcher)]) -> bool {
    matches
        .iter()
        .all(|(name, matcher)| thing.apart.iter().any(|(known, value)| known == name && matcher.fits(value)))
}

impl Counted {
    /// Whether it counts events of this kind.
    fn is_of(&self, service: &str, event: &EventKind) -> bool {
        let name = self.spec.on.strip_prefix(service).and_then(|rest| rest.strip_prefix('.'));
        self.is_of_events && name.is_some_and(|name| name.eq_ignore_ascii_case(event.name))
    }

    fn members(&self, call: &RequestedCall) -> Vec<Member> {
        let member = |(name, matcher): &(String, Matcher)| {
            let mut found = None;
            call.facts.each(name, &mut |value| _ = found.get_or_insert_with(|| value.to_owned()));
            let is_secret = SECRETS.contains(&name.as_str());
            let shown = |text: String| if is_secret { "***".to_owned() } else { in_a_line(&text) };
            Member {
                name: name.clone(),
                wanted: shown(matcher.to_string()),
                fits: call.facts.has(name, &|value| matcher.fits(value)),
                found: found.map(shown),
            }
        };
        self.matches.iter().map(member).collect()
    }

    fn count(&mut self, exchange: u64, number: u64, comes_first: bool) {
        self.calls += 1;
        self.first.get_or_insert(number);
        if self.latest.replace(exchange) != Some(exchange) {
            match self.exchanges.len() < MOST_EXCHANGES {
                true => self.exchanges.push(exchange),
                false => self.left_out += 1,
            }
        }
        if comes_first {
            self.too_early.get_or_insert(exchange);
        }
    }

    /// Keeps the call in which the fewest members do not fit. Among several, the one with the most similar values
    /// wins, then the latest.
    fn miss(&mut self, near: Near, likeness: f64) {
        let faults = |near: &Near| near.members.iter().filter(|member| !member.fits).count();
        let is_nearer = self.near.as_ref().is_none_or(|kept| match faults(&near).cmp(&faults(kept)) {
            Ordering::Less => true,
            Ordering::Equal => likeness >= self.likeness,
            Ordering::Greater => false,
        });
        if is_nearer {
            (self.near, self.likeness) = (Some(near), likeness);
        }
    }

    /// How similar the values of a call are to the wanted ones: the sum of 0 to 1 for each parameter.
    fn likeness(&self, call: &RequestedCall) -> f64 {
        let of = |(name, matcher): &(String, Matcher)| {
            call.facts.parameter(name).map_or(0.0, |value| matcher.likeness(&value))
        };
        self.matches.iter().map(of).sum()
    }

    fn outcome(&self, things: &impl Fn(&str, &str, &str) -> Vec<Thing>) -> ExpectationOutcome {
        let spec = &self.spec;
        let name = in_a_line(&spec.name);
        if let Some(looked) = spec.looked() {
            let service = spec.on.split('.').next().unwrap_or_default();
            let mut found = things(service, looked.kind, looked.id);
            found.retain(|thing| is_meant(thing, &self.matches));
            return self.state(name, &looked, &found);
        }
        let (least, most) = spec.bounds();
        let what = if self.is_of_events { "event" } else { "call" };
        let mut expected = format!("{} of `{}`", spec.in_words(what), spec.on);
        if let Some(answered) = &spec.answered {
            expected += &format!(", {}", answered.in_words());
        }
        if let Some(after) = &spec.after {
            expected += &format!(", after the first call of `{after}`");
        }
        let mut found = match self.calls {
            1 if self.is_of_events => "1 event was sent".to_owned(),
            calls if self.is_of_events => format!("{calls} events were sent"),
            1 => "1 call came".to_owned(),
            calls => format!("{calls} calls came"),
        };
        if let Some(exchange) = self.too_early {
            let what = if self.is_of_events { "e" } else { "exchange " };
            found += &format!(", {what}{exchange} too early");
        }
        for fault in self.faults.values().take(MOST_EXCHANGES) {
            found += &format!(", {fault}");
        }
        let faults = self.faults.len() as u64 + self.more_faults;
        if faults > MOST_EXCHANGES as u64 {
            found += &format!(", and {} more were wrong", faults - MOST_EXCHANGES as u64);
        }
        let unanswered = if spec.answered.is_some() { self.unanswered.len() } else { 0 };
        if unanswered > 0 {
            found += &format!(", {unanswered} not answered yet");
        }
        let is_counted = (least..=most).contains(&self.calls);
        let is_answered = faults == 0 && unanswered == 0;
        ExpectationOutcome {
            name,
            met: is_counted && self.too_early.is_none() && is_answered,
            is_lost: self.calls > most || self.too_early.is_some() || faults > 0,
            expected,
            found,
            exchanges: if self.is_of_events { Vec::new() } else { self.exchanges.clone() },
            left_out: if self.is_of_events { 0 } else { self.left_out },
            near: self.near.clone().filter(|_| self.calls < least),
        }
    }

    /// The outcome of an expectation about a thing. `found` are the things that it fits.
    fn state(&self, name: String, looked: &Looked<'_>, found: &[Thing]) -> ExpectationOutcome {
        let Looked { kind, id, has } = looked;
        // The check of the scenario has refused patterns that are not valid.
        let has: Vec<_> =
            has.iter().filter_map(|(name, pattern)| Some((*name, pattern.matcher().ok()?))).collect();
        let fits = |thing: &Thing| {
            has.iter().all(|(name, matcher)| thing.member(name).is_some_and(|value| matcher.fits(value)))
        };
        let apart: String =
            self.matches.iter().map(|(name, matcher)| format!(" with {name} {matcher}")).collect();
        // Most expectations ask for a name, so it has wording of its own.
        let word =
            |name: &str| if name == "name" { "is named".to_owned() } else { format!("has a `{name}` of") };
        let wanted: Vec<_> = has.iter().map(|(name, matcher)| format!("{} {matcher}", word(name))).collect();
        let told = |thing: &Thing| {
            let value = |name: &str| in_a_line(thing.member(name).unwrap_or_default());
            let told = has.iter().map(|(name, _)| format!("{} `{}`", word(name), value(name)));
            told.collect::<Vec<_>>().join(" and ")
        };
        let told: Vec<_> = found.iter().map(told).collect();
        ExpectationOutcome {
            name,
            met: !found.is_empty() && found.iter().all(fits),
            is_lost: false,
            expected: in_a_line(&format!("the {kind} `{id}`{apart} {}", wanted.join(" and "))),
            found: match &told[..] {
                [] => format!("there is no such {kind}"),
                told => format!("it {}", told.join(" and it ")),
            },
            exchanges: Vec::new(),
            left_out: 0,
            near: None,
        }
    }
}
