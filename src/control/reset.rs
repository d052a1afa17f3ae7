//! `POST /__standin/reset`: back to the start of the scenario.

use jiff::Timestamp;
use serde_json::json;

use crate::engine::World;
use crate::http::{Reply, Request};

pub(super) fn answer(world: &mut World, _: &Request, now: Timestamp) -> Reply {
    world.reset(now);
    Reply::json(200, &json!({"status": "reset", "scenario": world.scenario().name, "seed": world.seed()}))
}
