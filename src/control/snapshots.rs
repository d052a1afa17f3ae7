//! `/__standin/snapshots`: saves, restores, lists and deletes snapshots of the state.

use serde_json::json;

use super::{Asked, mistake};
use crate::engine::{MOST_SNAPSHOTS, World};
use crate::http::Reply;
use crate::scalar::nearest;

pub(super) fn list(world: &mut World, _: &Asked<'_>) -> Reply {
    Reply::json(200, &json!({"snapshots": world.snapshots().collect::<Vec<_>>()}))
}

pub(super) fn save(world: &mut World, asked: &Asked<'_>) -> Reply {
    match world.save(&asked.segment, asked.now) {
        true => Reply::json(201, &json!({"saved": asked.segment})),
        false => mistake(
            503,
            format!("there are {MOST_SNAPSHOTS} snapshots already"),
            "delete snapshots that you no longer need",
        ),
    }
}

pub(super) fn restore(world: &mut World, asked: &Asked<'_>) -> Reply {
    match world.restore(&asked.segment, asked.now) {
        true => Reply::json(200, &json!({"restored": asked.segment})),
        false => missing(world, asked),
    }
}

pub(super) fn forget(world: &mut World, asked: &Asked<'_>) -> Reply {
    match world.forget(&asked.segment) {
        true => Reply::json(200, &json!({"removed": asked.segment})),
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
