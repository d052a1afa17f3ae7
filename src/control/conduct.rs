//! `GET /__standin/conduct`: the rules that clients broke.

use schemars::JsonSchema;
use serde::Serialize;

use super::verify::UNMET;
use super::{Asked, Place, mistake};
use crate::emulator::conduct::Severity;
use crate::engine::Unhidden;
use crate::http::Reply;
use crate::judge::{Broken, BrokenShown, Whose};

/// The rules that clients broke.
#[derive(Serialize, JsonSchema)]
pub(super) struct Conduct {
    broken: Vec<BrokenShown>,
    /// The same as text.
    report: String,
}

/// Broken rules with the world in which they were broken. Secrets are hidden.
pub(super) fn blamed(place: &Place<'_>, broken: Unhidden<Vec<Broken>>) -> Vec<Broken> {
    let whose = match place.name {
        Some(name) => Whose::Namespace(name.to_owned()),
        None if place.namespaces.has_had_any() => Whose::Main,
        None => Whose::Only,
    };
    broken.hidden().into_iter().map(|broken| broken.of(&whose)).collect()
}

pub(super) fn answer(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let broken = match place.with(|_, world| world.broken(asked.now)) {
        Ok(Some(broken)) => blamed(place, broken),
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
    let all = broken.iter().map(Broken::shown).collect();
    let report: String = broken.iter().map(Broken::text).collect();
    Reply::json(if fails { UNMET } else { 200 }, &Conduct { broken: all, report })
}
