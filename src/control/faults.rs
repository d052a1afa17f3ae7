//! `/__standin/faults`: lists faults, adds, replaces, switches and removes them while the server runs.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::{Asked, Place, mistake, refused};
use crate::engine::{HIDDEN, Redactor, World};
use crate::fault::{Fault, FaultSpec, Mode};
use crate::http::Reply;
use crate::scalar::nearest;
use crate::scenario::{self, FindingShown, Report, Scenario};

/// All faults.
#[derive(Serialize, JsonSchema)]
pub(super) struct FaultList {
    faults: Vec<FaultInList>,
}

/// A fault with its counters.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fault")]
pub(super) struct FaultShown {
    name: String,
    /// What it is aimed at.
    on: String,
    enabled: bool,
    /// The calls that met it.
    calls: u64,
    /// The calls on which it fired.
    fired: u64,
    /// `fault`, or the kind of thing of which each has a counter.
    counted_by: String,
    /// The number of the call on which it is expected to fire next.
    next_call: Option<u64>,
    /// The instant before which that call does not count.
    next_call_not_before: Option<String>,
    /// What the caller may not expect.
    #[serde(skip_serializing_if = "Option::is_none")]
    standin: Option<&'static str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

/// A fault with its counters, and with what it does.
#[derive(Serialize, JsonSchema)]
struct FaultInList {
    #[serde(flatten)]
    fault: FaultShown,
    /// The fault as a request may send it. A credential in it is hidden.
    spec: Value,
    /// Whether `spec` shows less than there is, because it holds a secret.
    hidden: bool,
    /// What it does, in words.
    effect: String,
    /// The stage at which it strikes.
    stage: &'static str,
    /// Whether it is not expected to fire again.
    spent: bool,
}

/// A fault as a scenario describes it. The path has its name.
pub(super) struct NamelessFault;

impl JsonSchema for NamelessFault {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NamelessFault".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = FaultSpec::json_schema(generator);
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name != "name");
        }
        schema
    }
}

/// What is wrong with a fault.
#[derive(Serialize, JsonSchema)]
pub(super) struct FaultChecked {
    findings: Vec<FindingShown>,
    /// The same as text.
    report: String,
}

/// How many things were removed.
#[derive(Serialize, JsonSchema)]
pub(super) struct Removed {
    removed: usize,
}

pub(super) fn list(world: &mut World, asked: &Asked<'_>) -> Reply {
    Reply::json(200, &shown(world, asked.now))
}

/// All faults of a world.
pub(super) fn shown(world: &World, now: Timestamp) -> FaultList {
    let numbers: Vec<_> = world.faults().map(|(number, ..)| number).collect();
    // To know all secrets takes long.
    let redactor = (!numbers.is_empty()).then(|| Redactor::new(world));
    let faults = numbers.into_iter().filter_map(|number| {
        let mut shown = in_list(world, number, now)?;
        shown.hidden = redactor.as_ref().is_some_and(|redactor| hide_in(&mut shown.spec, redactor));
        Some(shown)
    });
    FaultList { faults: faults.collect() }
}

pub(super) fn show(world: &mut World, asked: &Asked<'_>) -> Reply {
    let number = called(world, asked);
    number.map_or_else(|reply| reply, |number| Reply::json(200, &with_counters(world, number, asked.now)))
}

/// Hides secrets that a fault matches or answers with. Returns whether there are any.
fn hide_in(spec: &mut Value, redactor: &Redactor) -> bool {
    let whole = spec.clone();
    hide(spec, redactor);
    // A spec as JSON never has the credential.
    spec.get("match_credential").is_some() || *spec != whole
}

/// Whether the list shows less of a fault than there is.
fn hides(world: &World, name: &str) -> bool {
    let fault = world.faults().find(|(_, fault, _)| fault.spec.name.as_str() == name);
    fault.is_some_and(|(_, fault, _)| hide_in(&mut fault.spec.to_json(), &Redactor::new(world)))
}

fn hide(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => *text = redactor.own_text(text, &[]),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, redactor)),
        Value::Object(members) => members.values_mut().for_each(|member| hide(member, redactor)),
        _ => {}
    }
}

/// A fault with what it does.
fn in_list(world: &World, number: u32, now: Timestamp) -> Option<FaultInList> {
    let (_, fault, _) = world.faults().find(|(known, ..)| *known == number)?;
    Some(FaultInList {
        fault: with_counters(world, number, now)?,
        spec: fault.spec.to_json(),
        hidden: false,
        effect: fault.spec.effect(),
        stage: fault.stage.name(),
        spent: world.is_spent(number, now),
    })
}

/// `None` when there is no fault of this number.
fn with_counters(world: &World, wanted: u32, now: Timestamp) -> Option<FaultShown> {
    let (number, fault, state) = world.faults().find(|(number, ..)| *number == wanted)?;
    let spec = &fault.spec;
    let next = world.next_call(number, None, now);
    Some(FaultShown {
        name: spec.name.to_string(),
        on: spec.on.to_string(),
        enabled: state.mode == Mode::On,
        calls: state.calls,
        fired: state.fired,
        counted_by: spec.when.counted_kind().unwrap_or("fault").to_owned(),
        next_call: next.map(|next| next.call),
        next_call_not_before: next.and_then(|next| next.not_before).map(|at| at.to_string()),
        standin: None,
        help: None,
    })
}

pub(super) fn add(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    take(place, asked, None)
}

pub(super) fn put(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    take(place, asked, Some(&asked.segment))
}

/// Reads the fault in the body, which is called `called` if that is given, and adds it, or replaces the one of that name.
fn take(place: &Place<'_>, asked: &Asked<'_>, called: Option<&str>) -> Reply {
    let Ok(text) = std::str::from_utf8(asked.request.body()) else {
        return mistake(400, "the body is not UTF-8 text".to_owned(), "send one fault as YAML or JSON");
    };
    if let Some(name) = called.filter(|_| text.contains(HIDDEN)) {
        match place.with(|_, world| hides(world, name)) {
            Ok(false) => {}
            Ok(true) => {
                let message =
                    format!("`{HIDDEN}` stands where the fault `{name}` has a secret, which the list hides");
                return mistake(422, message, "write the secret itself");
            }
            Err(reply) => return reply,
        }
    }
    loop {
        let known = match place.with(|_, world| Known::of(world)) {
            Ok(known) => known,
            Err(reply) => return reply,
        };
        let spec = match known.read(text, called) {
            Ok(spec) => spec,
            Err(report) => return refused(&report, "the fault has mistakes; nothing was added or replaced"),
        };
        // The world is not locked while the fault is read, so it may have other faults now.
        let taken = place.with(|_, world| known.is_of(world).then(|| add_or_replace(world, spec, asked.now)));
        match taken {
            Ok(Some(reply)) | Err(reply) => return reply,
            Ok(None) => {}
        }
    }
}

fn add_or_replace(world: &mut World, spec: FaultSpec, now: Timestamp) -> Reply {
    let name = spec.name.to_string();
    if let Some(number) = world.fault_called(&name) {
        world.replace_fault(number, spec);
        return Reply::json(200, &with_counters(world, number, now));
    }
    world.add_fault(spec);
    let number = world.fault_called(&name).expect("it was just added");
    Reply::json(201, &with_counters(world, number, now))
}

/// What a new fault is checked against.
struct Known {
    faults: Vec<Arc<Fault>>,
    scenario: Arc<Scenario>,
}

impl Known {
    fn of(world: &World) -> Self {
        let faults = world.faults().map(|(_, fault, _)| Arc::clone(fault)).collect();
        Self { faults, scenario: Arc::clone(world.scenario()) }
    }

    /// Whether the world is still as it was.
    fn is_of(&self, world: &World) -> bool {
        let mut faults = world.faults().map(|(_, fault, _)| fault);
        Arc::ptr_eq(&self.scenario, world.scenario())
            && self.faults.iter().all(|known| faults.next().is_some_and(|fault| Arc::ptr_eq(fault, known)))
            && faults.next().is_none()
    }

    fn read(&self, text: &str, called: Option<&str>) -> Result<FaultSpec, Report> {
        let present: Vec<_> = self.faults.iter().map(|fault| fault.spec.clone()).collect();
        match called {
            None => scenario::parse_fault(text, &present, &self.scenario),
            Some(name) => scenario::parse_fault_called(name, text, &present, &self.scenario),
        }
    }
}

/// Checks the fault in the body and changes nothing. `?replaces=NAME` checks it in the place of the fault NAME.
pub(super) fn check(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let mut replaces = None;
    for (name, value) in form_urlencoded::parse(asked.request.query().as_bytes()) {
        if name != "replaces" {
            return mistake(
                400,
                format!("`check` has no parameter `{name}`"),
                "the only parameter is `replaces`",
            );
        }
        replaces = Some(value.into_owned());
    }
    let Ok(text) = std::str::from_utf8(asked.request.body()) else {
        return mistake(400, "the body is not UTF-8 text".to_owned(), "send one fault as YAML or JSON");
    };
    let known = match place.with(|_, world| Known::of(world)) {
        Ok(known) => known,
        Err(reply) => return reply,
    };
    let (findings, report) = match known.read(text, replaces.as_deref()) {
        Ok(_) => (Vec::new(), String::new()),
        Err(report) => (report.shown(), report.render(false)),
    };
    Reply::json(200, &FaultChecked { findings, report })
}

/// Counts the calls of a fault anew.
pub(super) fn again(world: &mut World, asked: &Asked<'_>) -> Reply {
    let number = match called(world, asked) {
        Ok(number) => number,
        Err(reply) => return reply,
    };
    let spec = world.faults().find(|(known, ..)| *known == number).map(|(_, fault, _)| fault.spec.clone());
    spec.into_iter().for_each(|spec| world.replace_fault(number, spec));
    Reply::json(200, &with_counters(world, number, asked.now))
}

pub(super) fn off(world: &mut World, asked: &Asked<'_>) -> Reply {
    switch(world, asked, Mode::Off)
}

pub(super) fn on(world: &mut World, asked: &Asked<'_>) -> Reply {
    switch(world, asked, Mode::On)
}

fn switch(world: &mut World, asked: &Asked<'_>, mode: Mode) -> Reply {
    let number = match called(world, asked) {
        Ok(number) => number,
        Err(reply) => return reply,
    };
    world.switch_fault(number, mode);
    let body = with_counters(world, number, asked.now).map(|shown| match mode {
        Mode::On if world.is_spent(number, asked.now) => {
            let path = asked.request.path().trim_end_matches("/on");
            FaultShown {
                standin: Some("the fault is on and spent: it is not expected to fire again"),
                help: Some(format!("`PUT {path}` with the fault as its body counts its calls anew")),
                ..shown
            }
        }
        _ => shown,
    });
    Reply::json(200, &body)
}

pub(super) fn remove(world: &mut World, asked: &Asked<'_>) -> Reply {
    match called(world, asked) {
        Ok(number) => world.remove_fault(number),
        Err(reply) => return reply,
    }
    Reply::json(200, &Removed { removed: 1 })
}

pub(super) fn remove_all(world: &mut World, _: &Asked<'_>) -> Reply {
    Reply::json(200, &Removed { removed: world.remove_faults() })
}

/// The number of the fault that the path names, or the answer that there is none.
fn called(world: &World, asked: &Asked<'_>) -> Result<u32, Reply> {
    let name = asked.segment.as_str();
    world.fault_called(name).ok_or_else(|| {
        let names = world.faults().map(|(_, fault, _)| fault.spec.name.as_str());
        let help = nearest(name, names).map_or_else(
            || {
                let within = world.namespace().map_or(String::new(), |name| format!("/namespaces/{name}"));
                format!("`GET /__standin{within}/faults` lists all faults")
            },
            |near| format!("did you mean `{near}`?"),
        );
        mistake(404, format!("there is no fault `{name}`"), &help)
    })
}
