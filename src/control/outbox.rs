//! `/__standin/outbox`: the events that wait, that are being sent, and that have ended.

use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::delivery::{CauseShown, Sent, Shown};
use super::{Asked, Place, explain, fate, mistake, root_of};
use crate::emulator::Outcome;
use crate::engine::{Cause, DeliveryId, DeliveryState, OutboxCounts, Redactor, World};
use crate::http::{Reply, json as text};

/// The events that are kept.
#[derive(Serialize, JsonSchema)]
pub(super) struct Outbox {
    /// The oldest first.
    deliveries: Vec<Sent>,
    /// Why the latest events went to nobody.
    silences: Vec<Silence>,
    counts: EventCounts,
}

/// An event that went to nobody.
#[derive(Serialize, JsonSchema)]
struct Silence {
    cause: Option<CauseShown>,
    /// Why it went to nobody.
    remark: String,
}

/// How many events there are and were. `entered` is the sum of the others.
#[derive(Serialize, JsonSchema)]
struct EventCounts {
    waiting: usize,
    sending: usize,
    entered: u64,
    /// Those that have ended, by how they ended.
    #[serde(flatten)]
    ended: Ended,
}

/// How many events have ended, by how they ended.
#[derive(Default, Serialize, JsonSchema)]
struct Ended {
    delivered: u64,
    failed: u64,
    blocked: u64,
    dropped: u64,
    abandoned: u64,
}

/// The request of an event that a test delivers itself.
#[derive(Serialize, JsonSchema)]
pub(super) struct Taken {
    /// The event, such as `e1`.
    id: String,
    /// Always `POST`.
    method: &'static str,
    /// The URL of the handler; null when it has none.
    url: Option<String>,
    /// What follows `?`.
    query: String,
    headers: IndexMap<String, String>,
    body: String,
}

/// How a test's own handler has answered.
#[derive(Deserialize, JsonSchema)]
pub(super) struct HandlerAnswer {
    /// The status.
    #[schemars(range(min = 100, max = 599))]
    status: u16,
}

/// An event after a request about it.
#[derive(Serialize, JsonSchema)]
pub(super) struct EventState {
    /// The event, such as `e1`.
    id: String,
    state: &'static str,
}

pub(super) fn list(place: &Place<'_>, _asked: &Asked<'_>) -> Reply {
    // To hide secrets takes long. Meanwhile the world answers others.
    let found =
        place.with(|_, world| (Shown::all(world), silences(world), counts(world), Redactor::new(world)));
    let (deliveries, silences, counts, redactor) = match found {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let deliveries = deliveries.iter().map(|shown| shown.whole(&redactor)).collect();
    let silences = hidden(&silences, &redactor);
    Reply::json(200, &Outbox { deliveries, silences, counts })
}

/// The same without bodies, for one who cannot ask again.
pub(super) fn shown(world: &World, redactor: &Redactor) -> Outbox {
    let deliveries = Shown::all(world).iter().map(|shown| shown.as_row(redactor)).collect();
    let silences = hidden(&silences(world), redactor);
    Outbox { deliveries, silences, counts: counts(world) }
}

/// Why the latest events went to nobody.
fn silences(world: &World) -> Vec<(Cause, String)> {
    world.outbox().silences().cloned().collect()
}

fn hidden(silences: &[(Cause, String)], redactor: &Redactor) -> Vec<Silence> {
    let shown = |(cause, why): &(Cause, String)| Silence {
        cause: CauseShown::of(*cause),
        remark: redactor.text(why),
    };
    silences.iter().map(shown).collect()
}

fn counts(world: &World) -> EventCounts {
    let ((waiting, sending), counts) = (world.outbox().unfinished(), world.outbox_counts());
    let OutboxCounts { entered, delivered, failed, blocked, dropped, abandoned } = counts;
    let ended = Ended { delivered, failed, blocked, dropped, abandoned };
    EventCounts { waiting, sending, entered, ended }
}

pub(super) fn one(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let Some(number) = number(&asked.segment) else { return unknown(&asked.segment) };
    let found = place.with(|_, world| {
        let entry = world.outbox().get(number)?;
        Some((Shown::of(world, entry), Redactor::new(world)))
    });
    match found {
        Ok(Some((shown, redactor))) => Reply::json(200, &shown.whole(&redactor)),
        Ok(None) => unknown(&asked.segment),
        Err(reply) => reply,
    }
}

/// Says why a delivery went to its handler, and why it waits or was not accepted.
pub(super) fn explain(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let Some(number) = number(&asked.segment) else { return unknown(&asked.segment) };
    let found = place.with(|_, world| {
        let entry = world.outbox().get(number)?;
        let explained = fate::explain(world, entry, asked.now);
        Some((Shown::of(world, entry), explained, Redactor::new(world)))
    });
    let (shown, lines, redactor) = match found {
        Ok(Some(found)) => found,
        Ok(None) => return unknown(&asked.segment),
        Err(reply) => return reply,
    };
    let lines: Vec<_> = lines.iter().map(|line| redactor.text(line)).collect();
    if explain::wants_json(asked) {
        return Reply::json(200, &shown.whole(&redactor).because(lines));
    }
    let headers = vec![("content-type".into(), "text/plain; charset=utf-8".into())].into();
    Reply { status: 200, headers, body: (lines.join("\n") + "\n").into() }
}

/// Gives a test the request of a waiting delivery, so that it delivers it itself.
pub(super) fn take(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let Some(number) = number(&asked.segment) else { return unknown(&asked.segment) };
    let taken = place.with(|namespace, world| {
        let Some(entry) = world.outbox().get(number) else { return Err(unknown(&asked.segment)) };
        let (state, is_queued) = (entry.state.name(), entry.state == DeliveryState::Queued);
        let is_lost = entry.is_lost() && !entry.state.has_ended();
        let mut dispatch = world.take(number, asked.now).ok_or_else(|| {
            let help = match is_queued {
                true => "it waits for its turn, and is sent then; `…/explain` says more",
                false if is_lost => "a fault loses it; once it has ended, `/send` lets it wait again",
                false => {
                    "only a delivery that waits can be taken; `/send` lets one that has ended wait again"
                }
            };
            mistake(409, format!("`{}` is {state}", asked.segment), help)
        })?;
        place.namespaces.note_issued(namespace, world, std::mem::take(&mut dispatch.issued));
        Ok(dispatch)
    });
    let dispatch = match taken {
        Ok(Ok(dispatch)) => dispatch,
        Ok(Err(reply)) | Err(reply) => return reply,
    };
    let headers = dispatch.request.headers.iter();
    Reply::json(
        200,
        &Taken {
            id: asked.segment.clone(),
            method: "POST",
            url: dispatch.url.as_deref().map(str::to_owned),
            query: dispatch.request.query.to_string(),
            headers: headers.map(|(name, value)| ((*name).to_owned(), value.to_string())).collect(),
            body: dispatch.request.body.to_string(),
        },
    )
}

/// Takes the status with which a test's own handler has answered.
pub(super) fn answer(world: &mut World, asked: &Asked<'_>) -> Reply {
    let Some(number) = number(&asked.segment) else { return unknown(&asked.segment) };
    let help = r#"send `{"status": 200}`, the status of the handler's answer"#;
    let body: Option<HandlerAnswer> = text::parse(asked.request.body(), text::USUAL);
    let Some(status) = body.map(|body| body.status).filter(|status| (100..=599).contains(status)) else {
        return mistake(400, "the body has no `status` from 100 to 599".to_owned(), help);
    };
    world.settle(asked.now);
    if world.outbox().get(number).is_none() {
        return unknown(&asked.segment);
    }
    let id = DeliveryId { epoch: world.epoch(), number };
    if !world.delivered(id, Outcome::Answered(status), Duration::ZERO, asked.now) {
        let latest = world.outbox().get(number).and_then(|entry| entry.attempts.last());
        let (message, help) =
            match latest.and_then(|attempt| Some((attempt.outcome.as_ref()?, attempt.until?))) {
                Some((Outcome::Failed(why), _)) => (
                    format!("the answer to `{}` comes too late: {why}", asked.segment),
                    "answer earlier, or give handlers more time: `bitrix24: {events: {time_limit: 1m}}`"
                        .to_owned(),
                ),
                _ => (
                    format!("no attempt of `{}` is under way", asked.segment),
                    format!("`POST {}/outbox/{}/take` begins an attempt", root_of(world), asked.segment),
                ),
            };
        return mistake(409, message, &help);
    }
    let state = world.outbox().get(number).map_or("delivered", |entry| entry.state.name());
    Reply::json(200, &EventState { id: asked.segment.clone(), state })
}

/// Sends a delivery that has ended again.
pub(super) fn send(world: &mut World, asked: &Asked<'_>) -> Reply {
    let Some(number) = number(&asked.segment) else { return unknown(&asked.segment) };
    let Some(entry) = world.outbox().get(number) else { return unknown(&asked.segment) };
    let state = entry.state.name();
    if !world.send_again(number, asked.now) {
        let help = "only a delivery that has ended can be sent again";
        return mistake(409, format!("`{}` is {state}", asked.segment), help);
    }
    Reply::json(200, &EventState { id: asked.segment.clone(), state: "waiting" })
}

fn number(segment: &str) -> Option<u64> {
    segment.strip_prefix('e')?.parse().ok()
}

fn unknown(segment: &str) -> Reply {
    let help = "`GET /__standin/outbox` lists the deliveries that are kept";
    mistake(404, format!("there is no delivery `{segment}`"), help)
}
