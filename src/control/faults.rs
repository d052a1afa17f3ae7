//! `/__standin/faults`: lists faults, adds, replaces, switches and removes them while the server runs.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Asked, Place, mistake, refused};
use crate::engine::{HIDDEN, Redactor, World};
use crate::fault::{Fault, FaultSpec, Mode};
use crate::http::Reply;
use crate::scalar::nearest;
use crate::scenario::{self, Report, Scenario};

pub(super) fn list(world: &mut World, asked: &Asked<'_>) -> Reply {
    Reply::json(200, &shown(world, asked.now))
}

/// All faults of a world.
pub(super) fn shown(world: &World, now: Timestamp) -> Value {
    let numbers: Vec<_> = world.faults().map(|(number, ..)| number).collect();
    // To know all secrets takes long.
    let redactor = (!numbers.is_empty()).then(|| Redactor::new(world));
    let faults = numbers.into_iter().map(|number| {
        let mut shown = as_shown(world, number, now);
        let hides = redactor.as_ref().is_some_and(|redactor| hide_in(&mut shown["spec"], redactor));
        shown["hidden"] = hides.into();
        shown
    });
    let faults: Vec<_> = faults.collect();
    json!({"faults": faults})
}

pub(super) fn show(world: &mut World, asked: &Asked<'_>) -> Reply {
    let number = called(world, asked);
    number.map_or_else(|reply| reply, |number| Reply::json(200, &as_json(world, number, asked.now)))
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
fn as_shown(world: &World, number: u32, now: Timestamp) -> Value {
    let mut shown = as_json(world, number, now);
    if let Some((_, fault, _)) = world.faults().find(|(known, ..)| *known == number) {
        shown["spec"] = fault.spec.to_json();
        shown["effect"] = fault.spec.effect().into();
        shown["stage"] = fault.stage.name().into();
        shown["spent"] = world.is_spent(number, now).into();
    }
    shown
}

fn as_json(world: &World, wanted: u32, now: Timestamp) -> Value {
    let Some((number, fault, state)) = world.faults().find(|(number, ..)| *number == wanted) else {
        return Value::Null;
    };
    let spec = &fault.spec;
    let next = world.next_call(number, None, now);
    json!({
        "name": spec.name,
        "on": spec.on,
        "enabled": state.mode == Mode::On,
        "calls": state.calls,
        "fired": state.fired,
        "counted_by": spec.when.counted_kind().unwrap_or("fault"),
        "next_call": next.map(|next| next.call),
        "next_call_not_before": next.and_then(|next| next.not_before).map(|at| at.to_string()),
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
        return Reply::json(200, &as_json(world, number, now));
    }
    world.add_fault(spec);
    let number = world.fault_called(&name).expect("it was just added");
    Reply::json(201, &as_json(world, number, now))
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
        Err(report) => (report.to_json(), report.render(false)),
    };
    Reply::json(200, &json!({"findings": findings, "report": report}))
}

/// Counts the calls of a fault anew.
pub(super) fn again(world: &mut World, asked: &Asked<'_>) -> Reply {
    let number = match called(world, asked) {
        Ok(number) => number,
        Err(reply) => return reply,
    };
    let spec = world.faults().find(|(known, ..)| *known == number).map(|(_, fault, _)| fault.spec.clone());
    spec.into_iter().for_each(|spec| world.replace_fault(number, spec));
    Reply::json(200, &as_json(world, number, asked.now))
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
    let mut body = as_json(world, number, asked.now);
    if mode == Mode::On && world.is_spent(number, asked.now) {
        body["standin"] = json!("the fault is on and spent: it is not expected to fire again");
        let path = asked.request.path().trim_end_matches("/on");
        body["help"] = json!(format!("`PUT {path}` with the fault as its body counts its calls anew"));
    }
    Reply::json(200, &body)
}

pub(super) fn remove(world: &mut World, asked: &Asked<'_>) -> Reply {
    match called(world, asked) {
        Ok(number) => world.remove_fault(number),
        Err(reply) => return reply,
    }
    Reply::json(200, &json!({"removed": 1}))
}

pub(super) fn remove_all(world: &mut World, _: &Asked<'_>) -> Reply {
    Reply::json(200, &json!({"removed": world.remove_faults()}))
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
