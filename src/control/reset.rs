//! `POST /__standin/reset`: resets the world to the start of its scenario.

use serde_json::json;

use super::Asked;
use crate::engine::World;
use crate::http::Reply;

pub(super) fn answer(world: &mut World, asked: &Asked<'_>) -> Reply {
    world.reset(asked.now);
    Reply::json(200, &json!({"status": "reset", "scenario": world.scenario().name, "seed": world.seed()}))
}
