//! `/__standin/faults`: lists faults, adds, switches and removes them while the server runs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Asked, mistake, refused};
use crate::engine::World;
use crate::fault::Mode;
use crate::http::Reply;
use crate::scalar::nearest;
use crate::scenario;

pub(super) fn list(world: &mut World, asked: &Asked<'_>) -> Reply {
    let faults: Vec<_> = world.faults().map(|(number, ..)| as_json(world, number, asked.now)).collect();
    Reply::json(200, &json!({"faults": faults}))
}

fn as_json(world: &World, wanted: u32, now: Timestamp) -> Value {
    let Some((number, spec, state)) = world.faults().find(|(number, ..)| *number == wanted) else {
        return Value::Null;
    };
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
    let Ok(text) = std::str::from_utf8(asked.request.body()) else {
        return mistake(400, "the body is not UTF-8 text".to_owned(), "send one fault as YAML or JSON");
    };
    let present: Vec<_> = world.faults().map(|(_, spec, _)| spec.clone()).collect();
    match scenario::parse_fault(text, &present, world.scenario()) {
        Ok(spec) => {
            let name = spec.name.to_string();
            world.add_fault(spec);
            let number = world.fault_called(&name).expect("it was just added");
            Reply::json(201, &as_json(world, number, asked.now))
        }
        Err(report) => refused(&report, "the fault has mistakes and was not added"),
    }
}

pub(super) fn off(world: &mut World, asked: &Asked<'_>) -> Reply {
    switch(world, asked, Mode::Off)
}

pub(super) fn on(world: &mut World, asked: &Asked<'_>) -> Reply {
    switch(world, asked, Mode::On)
}

pub(super) fn remove(world: &mut World, asked: &Asked<'_>) -> Reply {
    switch(world, asked, Mode::Removed)
}

pub(super) fn remove_all(world: &mut World, _: &Asked<'_>) -> Reply {
    let numbers: Vec<_> = world.faults().map(|(number, ..)| number).collect();
    numbers.iter().for_each(|number| world.switch_fault(*number, Mode::Removed));
    Reply::json(200, &json!({"removed": numbers.len()}))
}

fn switch(world: &mut World, asked: &Asked<'_>, mode: Mode) -> Reply {
    let name = asked.segment.as_str();
    let Some(number) = world.fault_called(name) else {
        let names = world.faults().map(|(_, spec, _)| spec.name.as_str());
        let help = nearest(name, names).map_or_else(
            || "`GET /__standin/faults` lists all faults".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return mistake(404, format!("there is no fault `{name}`"), &help);
    };
    world.switch_fault(number, mode);
    match mode {
        Mode::Removed => Reply::json(200, &json!({"removed": 1})),
        Mode::On | Mode::Off => Reply::json(200, &as_json(world, number, asked.now)),
    }
}
