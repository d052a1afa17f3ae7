//! The worlds of a run → what the page asks for, so that a page without a server can show them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::delivery::Shown;
use super::{clock, copies, course, explain, fate, faults, health, journal, outbox, rows, state};
use crate::engine::{Namespaces, Redactor, World};

/// How many exchanges are shown whole, and how many deliveries.
const MOST_WHOLE: usize = 300;
/// How long all answers may be, in bytes of JSON.
const MOST_BYTES: usize = 12 << 20;
/// How many worlds there are at most.
const MOST_WORLDS: usize = 200;

/// For each world of a run, dropped ones and those from before resets too, the answers to the questions of the page, by the path
/// behind `/__standin/`. The name of the main world is empty. Secrets are hidden.
pub fn offline(namespaces: &Namespaces, now: Timestamp) -> Value {
    let (mut worlds, mut bytes, mut whole) = (Map::new(), 0, 0);
    namespaces.each_world(&mut |world: &World| {
        let own = world.namespace().unwrap_or_default();
        // The newest one comes first and has the plain name.
        let name = match worlds.contains_key(own) {
            true => format!("{own} (before reset {})", world.resets() + 1).trim_start().to_owned(),
            false => own.to_owned(),
        };
        if worlds.len() == MOST_WORLDS || bytes > MOST_BYTES {
            return;
        }
        let answers = answers(world, now, &mut whole, &mut bytes);
        worlds.insert(name, Value::Object(answers));
    });
    Value::Object(worlds)
}

fn answers(world: &World, now: Timestamp, whole: &mut usize, bytes: &mut usize) -> Map<String, Value> {
    let redactor = Redactor::new(world);
    let mut answers = Map::new();
    let mut add = |path: String, answer: Value| {
        *bytes += answer.to_string().len();
        answers.insert(path, answer);
    };
    add("health".into(), json!(health::shown(world)));
    add("state".into(), state::shown(world, &redactor));
    add("faults".into(), json!(faults::shown(world, now)));
    add("journal?rows=true".into(), json!(rows::all(world, &redactor)));
    let deliveries = Shown::all(world);
    add("outbox".into(), json!(outbox::shown(world, &redactor)));
    add("clock".into(), json!(clock::shown(world, now)));
    for delivery in deliveries.iter().rev() {
        if *whole == MOST_WHOLE {
            break;
        }
        *whole += 1;
        let path = format!("outbox/e{}", delivery.entry.number);
        let lines = fate::explain(world, &delivery.entry, now);
        let shown = delivery.whole(&redactor);
        add(path.clone(), json!(shown));
        let why = lines.iter().map(|line| redactor.text(line)).collect();
        add(path + "/explain?format=json", json!(shown.because(why)));
    }
    for entry in world.journal().entries().rev() {
        if *whole >= 2 * MOST_WHOLE {
            break;
        }
        *whole += 1;
        let path = format!("journal/{}", entry.number);
        add(path.clone() + "/explain", explain::text(world, &entry, now).into());
        add(path.clone() + "/explain?format=json", json!(explain::json(world, &entry, now, &redactor)));
        add(path.clone() + "/course", json!(course::shown(world, &entry, None, &redactor)));
        for (form, text) in copies::all(world, &entry, &redactor) {
            add(format!("{path}/as/{form}"), text.into());
        }
        add(path, json!(journal::exchange(&entry, &redactor)));
    }
    answers
}
