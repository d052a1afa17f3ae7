//! `GET`, `POST /__standin/clock`: shows the scenario's clock, or moves it.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};
use serde_json::json;

use super::{Asked, mistake};
use crate::basics::Clock;
use crate::engine::World;
use crate::http::{Reply, json as text};
use crate::scalar::{Length, Moment};

/// The body of a request that moves the clock.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    /// Moves the clock forward.
    Advance(Step),
    /// Sets the clock to this instant.
    Set(Moment),
}

/// How far a clock is moved.
enum Step {
    /// To the next instant at which something is due.
    Next,
    /// By this length of time.
    By(Length),
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "next" {
            Ok(Self::Next)
        } else {
            Length::parse(&text).map(Self::By).map_err(de::Error::custom)
        }
    }
}

pub(super) fn show(world: &mut World, asked: &Asked<'_>) -> Reply {
    let clock = if world.clock() == Clock::Real { "real" } else { "virtual" };
    Reply::json(200, &json!({"clock": clock, "now": world.clock().now(asked.now).to_string()}))
}

pub(super) fn set(world: &mut World, asked: &Asked<'_>) -> Reply {
    let help = r#"send `{"advance": "30s"}`, `{"advance": "next"}` for the next instant at which something is due, or `{"set": "2024-11-20T15:55:08+02:00"}`"#;
    let Some(value) = text::parse::<serde_json::Value>(asked.request.body(), text::USUAL) else {
        return mistake(400, "the body is not JSON".to_owned(), help);
    };
    let order = match serde_json::from_value(value) {
        Ok(order) => order,
        Err(error) => return mistake(400, error.to_string(), help),
    };
    let next = world.next_due();
    let moved = world.move_clock(|now| match order {
        Order::Advance(Step::Next) => next.unwrap_or(now).max(now),
        Order::Advance(Step::By(Length(length))) => now.checked_add(length).unwrap_or(Timestamp::MAX),
        Order::Set(Moment(instant)) => instant,
    });
    world.settle(asked.now);
    match moved {
        Some(now) => Reply::json(200, &json!({"clock": "virtual", "now": now.to_string()})),
        None => mistake(
            409,
            "the scenario uses the real clock, which cannot be moved".to_owned(),
            "add `clock: {virtual: now}` to the scenario",
        ),
    }
}
