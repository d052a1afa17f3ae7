//! `GET`, `POST /__standin/clock`: what time it is in the scenario, and moving that.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{Asked, mistake};
use crate::basics::Clock;
use crate::engine::World;
use crate::http::{Reply, json as text};
use crate::scalar::{Length, Moment};

/// What to do with the clock.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    /// Move it on.
    Advance(Length),
    /// Let it show this instant.
    Set(Moment),
}

pub(super) fn show(world: &mut World, asked: &Asked<'_>) -> Reply {
    let clock = if world.clock() == Clock::Real { "real" } else { "virtual" };
    Reply::json(200, &json!({"clock": clock, "now": world.clock().now(asked.now).to_string()}))
}

pub(super) fn set(world: &mut World, asked: &Asked<'_>) -> Reply {
    let help = r#"send `{"advance": "30s"}` or `{"set": "2024-11-20T15:55:08+02:00"}`"#;
    let Some(value) = text::parse::<serde_json::Value>(asked.request.body()) else {
        return mistake(400, "the body is no JSON".to_owned(), help);
    };
    let order = match serde_json::from_value(value) {
        Ok(order) => order,
        Err(error) => return mistake(400, error.to_string(), help),
    };
    let moved = world.move_clock(|now| match order {
        Order::Advance(Length(length)) => now.checked_add(length).unwrap_or(Timestamp::MAX),
        Order::Set(Moment(instant)) => instant,
    });
    match moved {
        Some(now) => Reply::json(200, &json!({"clock": "virtual", "now": now.to_string()})),
        None => mistake(
            409,
            "the scenario follows the real clock, which cannot be moved".to_owned(),
            "give it `clock: {virtual: 2024-11-20T15:55:08+02:00}`",
        ),
    }
}
