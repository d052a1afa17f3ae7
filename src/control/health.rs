//! `GET /__standin/health`: says that the server answers requests, with its scenario, seed, clock and counters.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Asked;
use crate::basics::Clock;
use crate::engine::World;
use crate::http::Reply;

pub(super) const PATH: &str = "/__standin/health";

/// A server that answers.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    /// Always `ok`.
    status: &'static str,
    /// The version of standin.
    version: &'static str,
    /// The name of the scenario.
    scenario: String,
    /// The seed of all random draws.
    seed: u64,
    /// The command that starts a server with the same draws.
    replay: String,
    /// What `replay` leaves open.
    replay_lacks: Vec<&'static str>,
    clock: HealthClock,
    counters: Counted,
    /// Of a proxy: what it has besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<Passed>,
}

/// The scenario's clock: `real`, or a virtual one with its time.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum HealthClock {
    Real,
    Virtual(String),
}

/// What the world has counted.
#[derive(Serialize, JsonSchema)]
struct Counted {
    /// Answered requests to services.
    exchanges: u64,
    /// The same for each service, by its name.
    by_vendor: BTreeMap<&'static str, u64>,
    /// Exchanges whose status is 400 or higher.
    errors: u64,
    /// How often faults fired.
    faults_fired: u64,
    /// The exchanges that the journal has.
    journal: usize,
    /// The exchanges that the journal has lost.
    evicted: u64,
}

/// What only a proxy has.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HealthProxy")]
struct Passed {
    /// How many exchanges it keeps with what client and service sent, as `--keep` says.
    keep: usize,
    /// How many answers differ from the contract.
    differing: u64,
}

pub(super) fn answer(world: &mut World, _: &Asked<'_>) -> Reply {
    Reply::json(200, &shown(world))
}

pub(super) fn shown(world: &World) -> Health {
    let counters = world.counters();
    let clock = match world.clock() {
        Clock::Real => HealthClock::Real,
        Clock::Virtual(now) => HealthClock::Virtual(now.to_string()),
    };
    Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        scenario: world.scenario().name.clone(),
        seed: world.seed(),
        replay: world.replay(),
        replay_lacks: world.replay_lacks(),
        clock,
        counters: Counted {
            exchanges: counters.exchanges,
            by_vendor: counters.by_service(),
            errors: counters.errors,
            faults_fired: counters.faults_fired,
            journal: world.journal().count(),
            evicted: world.journal().evicted(),
        },
        proxy: world.kept_of_passed().map(|keep| Passed { keep, differing: counters.differing }),
    }
}
