//! `POST /__standin/reset`: resets the world to the start of its scenario.

use schemars::JsonSchema;
use serde::Serialize;

use super::Asked;
use crate::engine::World;
use crate::http::Reply;

/// What is served from now on.
#[derive(Serialize, JsonSchema)]
pub(super) struct Begun {
    /// `reset` or `replaced`.
    status: &'static str,
    /// The name of the scenario.
    scenario: String,
    seed: u64,
}

impl Begun {
    pub(super) fn of(world: &World, status: &'static str) -> Self {
        Self { status, scenario: world.scenario().name.clone(), seed: world.seed() }
    }
}

pub(super) fn answer(world: &mut World, asked: &Asked<'_>) -> Reply {
    world.reset(asked.now);
    Reply::json(200, &Begun::of(world, "reset"))
}
