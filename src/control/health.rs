//! `GET /__standin/health`: says that the server answers requests, with its scenario, seed, clock and counters.

use serde_json::{Value, json};

use super::Asked;
use crate::basics::Clock;
use crate::engine::World;
use crate::http::Reply;

pub(super) const PATH: &str = "/__standin/health";

pub(super) fn answer(world: &mut World, _: &Asked<'_>) -> Reply {
    Reply::json(200, &shown(world))
}

pub(super) fn shown(world: &World) -> Value {
    let counters = world.counters();
    let clock = match world.clock() {
        Clock::Real => json!("real"),
        Clock::Virtual(now) => json!({"virtual": now.to_string()}),
    };
    json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": world.scenario().name,
        "seed": world.seed(),
        "replay": world.replay(),
        "replay_lacks": world.replay_lacks(),
        "clock": clock,
        "counters": {
            "exchanges": counters.exchanges,
            "by_vendor": counters.by_service(),
            "errors": counters.errors,
            "faults_fired": counters.faults_fired,
            "journal": world.journal().count(),
            "evicted": world.journal().evicted(),
        },
    })
}
