//! `GET /__standin/conduct`: the rules that clients broke.

use serde_json::json;

use super::verify::UNMET;
use super::{Asked, Place, mistake};
use crate::emulator::conduct::Severity;
use crate::http::Reply;
use crate::judge::Broken;

pub(super) fn answer(place: &Place<'_>, _: &Asked<'_>) -> Reply {
    let broken = match place.with(|_, world| world.broken()) {
        Ok(Some(broken)) => broken.hidden(),
        Ok(None) => {
            return mistake(
                404,
                "the rules of conduct are not observed".to_owned(),
                "start the server with `--judge`",
            );
        }
        Err(reply) => return reply,
    };
    let fails = broken.iter().any(|broken| broken.severity == Severity::Error);
    let all: Vec<_> = broken.iter().map(Broken::json).collect();
    Reply::json(if fails { UNMET } else { 200 }, &json!({"broken": all}))
}
