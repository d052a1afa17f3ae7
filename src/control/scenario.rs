//! `POST /__standin/scenario`: replaces the scenario, unless the new one has mistakes.

use std::sync::Arc;

use super::reset::Begun;
use super::{Asked, Place, mistake, refused};
use crate::http::Reply;
use crate::scenario::Scenario;

pub(super) fn replace(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let help = "send the YAML of a scenario";
    let Ok(text) = std::str::from_utf8(asked.request.body()) else {
        return mistake(400, "the body is not UTF-8 text".to_owned(), help);
    };
    match Scenario::parse("scenario", text) {
        Ok(scenario) => {
            let replaced = place.with(|namespace, world| {
                world.replace(Arc::new(scenario), asked.now);
                if let Some(namespace) = namespace {
                    place.namespaces.note_replaced(namespace, world);
                }
                Begun::of(world, "replaced")
            });
            replaced.map_or_else(|reply| reply, |replaced| Reply::json(200, &replaced))
        }
        Err(report) => refused(&report, "the scenario has mistakes; the previous one is still served"),
    }
}
