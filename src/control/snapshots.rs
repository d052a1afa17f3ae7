//! `/__standin/snapshots`: saves, restores, lists and deletes snapshots of the state.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Asked, mistake};
use crate::engine::{MOST_SNAPSHOTS, World};
use crate::http::Reply;
use crate::scalar::nearest;

/// All snapshots.
#[derive(Serialize, JsonSchema)]
pub(super) struct Snapshots {
    /// Their names.
    snapshots: Vec<String>,
}

/// A snapshot that was saved.
#[derive(Serialize, JsonSchema)]
pub(super) struct Saved {
    /// Its name.
    saved: String,
}

/// A snapshot that was restored.
#[derive(Serialize, JsonSchema)]
pub(super) struct Restored {
    /// Its name.
    restored: String,
}

/// A snapshot that was removed.
#[derive(Serialize, JsonSchema)]
pub(super) struct Forgotten {
    /// Its name.
    removed: String,
}

pub(super) fn list(world: &mut World, _: &Asked<'_>) -> Reply {
    Reply::json(200, &Snapshots { snapshots: world.snapshots().map(str::to_owned).collect() })
}

pub(super) fn save(world: &mut World, asked: &Asked<'_>) -> Reply {
    match world.save(&asked.segment, asked.now) {
        true => Reply::json(201, &Saved { saved: asked.segment.clone() }),
        false => mistake(
            503,
            format!("there are {MOST_SNAPSHOTS} snapshots already"),
            "delete snapshots that you no longer need",
        ),
    }
}

pub(super) fn restore(world: &mut World, asked: &Asked<'_>) -> Reply {
    match world.restore(&asked.segment, asked.now) {
        true => Reply::json(200, &Restored { restored: asked.segment.clone() }),
        false => missing(world, asked),
    }
}

pub(super) fn forget(world: &mut World, asked: &Asked<'_>) -> Reply {
    match world.forget(&asked.segment) {
        true => Reply::json(200, &Forgotten { removed: asked.segment.clone() }),
        false => missing(world, asked),
    }
}

fn missing(world: &World, asked: &Asked<'_>) -> Reply {
    let help = match nearest(&asked.segment, world.snapshots()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`POST /__standin/snapshots/NAME` saves one".to_owned(),
    };
    mistake(404, format!("there is no snapshot `{}`", asked.segment), &help)
}
