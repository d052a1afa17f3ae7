//! `POST /__standin/scenario`: replaces the scenario, unless the new one has mistakes.

use std::sync::Arc;

use serde_json::json;

use super::{Asked, mistake, refused};
use crate::engine::World;
use crate::http::Reply;
use crate::scenario::Scenario;

pub(super) fn replace(world: &mut World, asked: &Asked<'_>) -> Reply {
    let help = "send the YAML of a scenario";
    let Ok(text) = std::str::from_utf8(asked.request.body()) else {
        return mistake(400, "the body is not UTF-8 text".to_owned(), help);
    };
    match Scenario::parse("scenario", text) {
        Ok(scenario) => {
            world.replace(Arc::new(scenario), asked.now);
            let (name, seed) = (&world.scenario().name, world.seed());
            Reply::json(200, &json!({"status": "replaced", "scenario": name, "seed": seed}))
        }
        Err(report) => refused(&report, "the scenario has mistakes; the previous one is still served"),
    }
}
