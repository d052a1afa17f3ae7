//! `GET`, `POST /__standin/clock`: shows the scenario's clock, or moves it.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Asked, mistake};
use crate::basics::Clock;
use crate::engine::World;
use crate::http::{Reply, json as text};
use crate::scalar::{Length, Moment};

/// The body of a request that moves the clock.
pub(super) enum Order {
    /// Moves the clock forward.
    Advance(Step),
    /// Sets the clock to this instant.
    Set(Moment),
}

/// How far a clock is moved.
pub(super) enum Step {
    /// To the next instant at which something is due.
    Next,
    /// By this length of time.
    By(Length),
}

impl JsonSchema for Order {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClockMove".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let length = generator.subschema_for::<Length>();
        let instant = generator.subschema_for::<Moment>();
        json_schema!({
            "description": "How a virtual clock moves.",
            "oneOf": [
                {
                    "type": "object",
                    "properties": {"advance": {
                        "description": "How far: a length of time, or `next` for the next instant at which something is due.",
                        "anyOf": [length, {"const": "next"}],
                    }},
                    "required": ["advance"],
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "properties": {"set": instant},
                    "required": ["set"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// The scenario's clock.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Clock")]
pub(super) struct ClockShown {
    /// `real` or `virtual`.
    clock: &'static str,
    /// What it shows.
    now: String,
}

/// The scenario's clock, and what comes next.
#[derive(Serialize, JsonSchema)]
pub(super) struct ClockAndNext {
    /// `real` or `virtual`.
    clock: &'static str,
    /// What it shows.
    now: String,
    /// The next instant at which something is due.
    next: Option<String>,
}

/// A virtual clock that was moved.
#[derive(Serialize, JsonSchema)]
pub(super) struct ClockMoved {
    /// Always `virtual`.
    clock: &'static str,
    /// What it shows now.
    now: String,
    /// After `{"advance": "next"}`: whether something was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    was_due: Option<bool>,
}

impl Order {
    /// Reads an object with one member.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    fn read(value: &Value) -> Result<Self, String> {
        let members = value.as_object().ok_or("the body is no object")?;
        let mut members = members.iter();
        let (Some((name, value)), None) = (members.next(), members.next()) else {
            return Err("the body has one member: `advance` or `set`".to_owned());
        };
        let text = || value.as_str().ok_or_else(|| format!("`{name}` is no text"));
        match name.as_str() {
            "advance" if text()? == "next" => Ok(Self::Advance(Step::Next)),
            "advance" if text()?.starts_with('-') => {
                Err(format!("`{}` goes back, and a clock advances: write it without `-`", text()?))
            }
            "advance" => Length::parse(text()?).map(|length| Self::Advance(Step::By(length))),
            "set" => text()
                .and_then(|_| Moment::deserialize(value).map_err(|error| error.to_string()))
                .map(Self::Set),
            other => Err(format!("a clock cannot `{other}`")),
        }
    }
}

pub(super) fn show(world: &mut World, asked: &Asked<'_>) -> Reply {
    let next = world.next_instant(asked.now);
    let ClockShown { clock, now } = shown(world, asked.now);
    Reply::json(200, &ClockAndNext { clock, now, next: next.map(|next| next.to_string()) })
}

/// The clock alone.
pub(super) fn shown(world: &World, now: Timestamp) -> ClockShown {
    let clock = if world.clock() == Clock::Real { "real" } else { "virtual" };
    ClockShown { clock, now: world.clock().now(now).to_string() }
}

pub(super) fn set(world: &mut World, asked: &Asked<'_>) -> Reply {
    let help = r#"send `{"advance": "30s"}`, `{"advance": "next"}` for the next instant at which something is due, or `{"set": "2024-11-20T15:55:08+02:00"}`"#;
    let Some(value) = text::parse::<Value>(asked.request.body(), text::USUAL) else {
        return mistake(400, "the body is not JSON".to_owned(), help);
    };
    let order = match Order::read(&value) {
        Ok(order) => order,
        Err(message) => return mistake(400, message, help),
    };
    let next = world.next_instant(asked.now);
    let wants_next = matches!(order, Order::Advance(Step::Next));
    let moved = world.move_clock(|now| match order {
        Order::Advance(Step::Next) => next.unwrap_or(now).max(now),
        Order::Advance(Step::By(Length(length))) => now.checked_add(length).unwrap_or(Timestamp::MAX),
        Order::Set(Moment(instant)) => instant,
    });
    world.settle(asked.now);
    match moved {
        Some(now) => {
            let was_due = wants_next.then(|| next.is_some());
            Reply::json(200, &ClockMoved { clock: "virtual", now: now.to_string(), was_due })
        }
        None => mistake(
            409,
            "the scenario uses the real clock, which cannot be moved".to_owned(),
            "add `clock: {virtual: now}` to the scenario",
        ),
    }
}
