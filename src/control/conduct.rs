//! `GET /__standin/conduct`: the rules that clients broke.

use serde_json::json;

use super::verify::UNMET;
use super::{Asked, mistake};
use crate::emulator::conduct::Severity;
use crate::engine::World;
use crate::http::Reply;
use crate::judge::Broken;

pub(super) fn answer(world: &mut World, _: &Asked<'_>) -> Reply {
    let Some(broken) = world.broken() else {
        return mistake(
            404,
            "the rules of conduct are not observed".to_owned(),
            "start the server with `--judge`",
        );
    };
    let fails = broken.iter().any(|broken| broken.severity == Severity::Error);
    let all: Vec<_> = broken.iter().map(Broken::json).collect();
    Reply::json(if fails { UNMET } else { 200 }, &json!({"broken": all}))
}
