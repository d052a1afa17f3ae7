//! `/__standin/faults`: lists faults, adds, replaces, switches and removes them while the server runs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Asked, mistake, refused};
use crate::engine::World;
use crate::fault::{FaultSpec, Mode};
use crate::http::Reply;
use crate::scalar::nearest;
use crate::scenario;

pub(super) fn list(world: &mut World, asked: &Asked<'_>) -> Reply {
    let faults: Vec<_> = world.faults().map(|(number, ..)| as_json(world, number, asked.now)).collect();
    Reply::json(200, &json!({"faults": faults}))
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

pub(super) fn add(world: &mut World, asked: &Asked<'_>) -> Reply {
    let text = match text(asked) {
        Ok(text) => text,
        Err(reply) => return reply,
    };
    match scenario::parse_fault(text, &present(world), world.scenario()) {
        Ok(spec) => add_checked(world, spec, asked),
        Err(report) => refused(&report, "the fault has mistakes and was not added"),
    }
}

pub(super) fn put(world: &mut World, asked: &Asked<'_>) -> Reply {
    let text = match text(asked) {
        Ok(text) => text,
        Err(reply) => return reply,
    };
    match scenario::parse_fault_called(&asked.segment, text, &present(world), world.scenario()) {
        Ok(spec) => match world.fault_called(&asked.segment) {
            None => add_checked(world, spec, asked),
            Some(number) => {
                world.replace_fault(number, spec);
                Reply::json(200, &as_json(world, number, asked.now))
            }
        },
        Err(report) => refused(&report, "the fault has mistakes; nothing was added or replaced"),
    }
}

fn add_checked(world: &mut World, spec: FaultSpec, asked: &Asked<'_>) -> Reply {
    let name = spec.name.to_string();
    world.add_fault(spec);
    let number = world.fault_called(&name).expect("it was just added");
    Reply::json(201, &as_json(world, number, asked.now))
}

/// The body as text, or the answer that it is none.
fn text<'a>(asked: &Asked<'a>) -> Result<&'a str, Reply> {
    let help = "send one fault as YAML or JSON";
    std::str::from_utf8(asked.request.body())
        .map_err(|_| mistake(400, "the body is not UTF-8 text".to_owned(), help))
}

/// The faults that the world has now.
fn present(world: &World) -> Vec<FaultSpec> {
    world.faults().map(|(_, fault, _)| fault.spec.clone()).collect()
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
            || "`GET /__standin/faults` lists all faults".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        mistake(404, format!("there is no fault `{name}`"), &help)
    })
}
