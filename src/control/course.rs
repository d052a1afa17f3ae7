//! `GET /__standin/journal/{number}/course`: the course of one exchange: how long it took, where it ended, what the connection did to
//! the answer, what it has raised, and what the service's other edition would answer now.

use bytes::Bytes;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Asked, Place, explain, journal};
use crate::basics::Stage;
use crate::engine::{Cause, Entry, Redactor, World, wire};
use crate::fault::wire::{Act, Answer, End, Script};
use crate::http::Reply;

/// The course of an exchange.
#[derive(Serialize, JsonSchema)]
pub(super) struct Course {
    number: u64,
    /// From the head of the request to the end of the answer, without the time to make the answer.
    duration_us: u64,
    /// The delays of faults.
    delays: Vec<DelayOf>,
    /// The stage at which it ended; null when it passed all of them, and for an exchange of a proxy.
    ended_at: Option<&'static str>,
    /// What the connection did to the answer over HTTP/1; null without a fault that does something to it.
    script: Option<Vec<ScriptStep>>,
    /// The events that it has raised, such as `e1`.
    raised: Vec<String>,
    /// What the other edition of the service would answer now; null without another edition.
    other_edition: Option<OtherEdition>,
}

/// The delay of a fault.
#[derive(Serialize, JsonSchema)]
struct DelayOf {
    fault: String,
    delay_us: u64,
}

/// What the other edition of the service would answer.
#[derive(Serialize, JsonSchema)]
struct OtherEdition {
    edition: &'static str,
    status: u16,
    /// The code of the service's error.
    error: Option<&'static str>,
    body: String,
}

/// A step of what the connection did: bytes that were sent, or its end.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum ScriptStep {
    /// Bytes were sent.
    Sent { at_us: u64, bytes: usize },
    /// The connection ended, or was kept.
    End { at_us: u64, end: &'static str },
}

pub(super) fn answer(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let found = place.with(|_, world| {
        let entry = journal::found(world, asked)?;
        let redactor = Redactor::new(world);
        Ok(shown(world, &entry, Some(asked.now), &redactor))
    });
    found.and_then(|found| found).map_or_else(|reply| reply, |shown| Reply::json(200, &shown))
}

/// The course of an exchange. The other edition is asked at `now`, by the wall clock; with `None` it is not asked.
pub(super) fn shown(world: &World, entry: &Entry, now: Option<Timestamp>, redactor: &Redactor) -> Course {
    let is_own = |cause: Cause| cause == Cause::Exchange(entry.number);
    let deliveries = world.outbox().iter().filter(|delivery| is_own(delivery.cause));
    let raised: Vec<_> = deliveries.map(|delivery| format!("e{}", delivery.number)).collect();
    let other = now.and_then(|now| world.other_answer(&entry.request, now));
    let other = other.map(|(reply, error, [_, edition])| {
        let hidden = redactor.exchange(&entry.request, &reply);
        OtherEdition { edition, status: reply.status, error, body: hidden.reply_body }
    });
    let delays = entry.note.faults.iter().filter(|decision| decision.fired && !decision.delay.is_zero());
    let delays = delays.map(|decision| {
        let delay = u64::try_from(decision.delay.as_micros()).unwrap_or(u64::MAX);
        DelayOf { fault: decision.fault.spec.name.to_string(), delay_us: delay }
    });
    Course {
        number: entry.number,
        duration_us: u64::try_from(entry.took.as_micros()).unwrap_or(u64::MAX),
        delays: delays.collect(),
        ended_at: explain::ended_at(&entry.note).map(Stage::name),
        script: script(entry),
        raised,
        other_edition: other,
    }
}

/// What the connection did to the answer over HTTP/1: when how many bytes were sent, and how it ended. `None` without a fault that
/// does something to it.
fn script(entry: &Entry) -> Option<Vec<ScriptStep>> {
    let wire = wire(&entry.note)?;
    let mut head = format!("HTTP/1.1 {} \r\n", entry.reply.status);
    for (name, value) in entry.reply.headers.iter() {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", entry.reply.body.len());
    let mut bytes = head.into_bytes();
    let head_length = bytes.len();
    bytes.extend_from_slice(&entry.reply.body);
    let Script { acts, end } = wire.script(&Answer { bytes: Bytes::from(bytes), head: head_length });
    let mut at = 0;
    let mut steps = Vec::new();
    let mut holds = false;
    for act in acts {
        match act {
            Act::Send(bytes) => steps.push(ScriptStep::Sent { at_us: at, bytes: bytes.len() }),
            Act::Wait(length) => at += u64::try_from(length.as_micros()).unwrap_or(u64::MAX),
            Act::Hold => holds = true,
        }
    }
    let end = match end {
        _ if holds => "held until the client leaves",
        End::Keep => "kept open",
        End::Close => "closed",
        End::Reset => "reset",
    };
    steps.push(ScriptStep::End { at_us: at, end });
    Some(steps)
}
