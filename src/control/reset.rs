//! `POST /__standin/reset`: back to the start of the scenario.

use serde_json::json;

use crate::engine::World;
use crate::http::{Reply, Request};

pub(super) fn answer(world: &mut World, _: &Request) -> Reply {
    world.reset();
    Reply::json(200, &json!({"status": "reset", "scenario": world.scenario().name, "seed": world.seed()}))
}
