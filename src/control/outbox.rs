//! `/__standin/outbox`: the events that wait, that are being sent, and that have ended.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Asked, Place, mistake};
use crate::emulator::{HandlerTarget, Outcome};
use crate::engine::{Cause, DeliveryId, OutboxEntry, Redactor, World};
use crate::http::{Reply, json as text};

pub(super) fn list(place: &Place<'_>, _asked: &Asked<'_>) -> Reply {
    let found = place.with(|_, world| {
        let entries: Vec<_> = world.outbox().iter().cloned().collect();
        let (waiting, sending) = world.outbox().unfinished();
        (entries, names(world), (waiting, sending, world.outbox_counts()), Redactor::new(world))
    });
    let (entries, names, (waiting, sending, counts), redactor) = match found {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let deliveries: Vec<_> = entries.iter().map(|entry| as_json(entry, &names, &redactor)).collect();
    let counts = json!({
        "waiting": waiting,
        "sending": sending,
        "delivered": counts.delivered,
        "failed": counts.failed,
        "blocked": counts.blocked,
        "dropped": counts.dropped,
    });
    Reply::json(200, &json!({"deliveries": deliveries, "counts": counts}))
}

pub(super) fn one(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let Some(number) = number(&asked.segment) else { return unknown(&asked.segment) };
    let found = place.with(|_, world| {
        world.outbox().get(number).cloned().map(|entry| (entry, names(world), Redactor::new(world)))
    });
    match found {
        Ok(Some((entry, names, redactor))) => Reply::json(200, &as_json(&entry, &names, &redactor)),
        Ok(None) => unknown(&asked.segment),
        Err(reply) => reply,
    }
}

/// Gives a test the request of a waiting delivery, so that it delivers it itself.
pub(super) fn take(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let Some(number) = number(&asked.segment) else { return unknown(&asked.segment) };
    let taken = place.with(|namespace, world| {
        let Some(entry) = world.outbox().get(number) else { return Err(unknown(&asked.segment)) };
        let state = entry.state.name();
        let mut dispatch = world.take(number, asked.now).ok_or_else(|| {
            let help = "only a delivery that waits can be taken; `/send` lets one that has ended wait again";
            mistake(409, format!("`{}` is {state}", asked.segment), help)
        })?;
        place.namespaces.note_issued(namespace, world, std::mem::take(&mut dispatch.issued));
        Ok(dispatch)
    });
    let dispatch = match taken {
        Ok(Ok(dispatch)) => dispatch,
        Ok(Err(reply)) | Err(reply) => return reply,
    };
    let headers: serde_json::Map<_, _> =
        dispatch.request.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    Reply::json(
        200,
        &json!({
            "id": asked.segment,
            "method": "POST",
            "url": dispatch.url.as_deref(),
            "query": dispatch.request.query,
            "headers": headers,
            "body": &*dispatch.request.body,
        }),
    )
}

/// Takes the status with which a test's own handler has answered.
pub(super) fn answer(world: &mut World, asked: &Asked<'_>) -> Reply {
    let Some(number) = number(&asked.segment) else { return unknown(&asked.segment) };
    let help = r#"send `{"status": 200}`, the status of the handler's answer"#;
    let body: Value = text::parse(asked.request.body(), text::USUAL).unwrap_or_default();
    let status = body["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let Some(status) = status.filter(|status| (100..=599).contains(status)) else {
        return mistake(400, "the body has no `status` from 100 to 599".to_owned(), help);
    };
    if world.outbox().get(number).is_none() {
        return unknown(&asked.segment);
    }
    let id = DeliveryId { epoch: world.epoch(), number };
    if !world.delivered(id, Outcome::Answered(status), Duration::ZERO, asked.now) {
        let help = "`POST /__standin/outbox/eN/take` begins an attempt";
        return mistake(409, format!("no attempt of `{}` is under way", asked.segment), help);
    }
    let state = world.outbox().get(number).map_or("delivered", |entry| entry.state.name());
    Reply::json(200, &json!({"id": asked.segment, "state": state}))
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
    Reply::json(200, &json!({"id": asked.segment, "state": "waiting"}))
}

fn number(segment: &str) -> Option<u64> {
    segment.strip_prefix('e')?.parse().ok()
}

fn unknown(segment: &str) -> Reply {
    let help = "`GET /__standin/outbox` lists the deliveries that are kept";
    mistake(404, format!("there is no delivery `{segment}`"), help)
}

/// The names of the services, by their index in the world.
fn names(world: &World) -> Vec<&'static str> {
    world.scenario().sections.iter().map(|(service, _)| service.name()).collect()
}

fn as_json(entry: &OutboxEntry, services: &[&'static str], redactor: &Redactor) -> Value {
    let service = services.get(entry.service).copied().unwrap_or_default();
    let cause = match entry.cause {
        Cause::Exchange(number) => json!({"exchange": number}),
        Cause::Action(number) => json!({"action": format!("a{number}")}),
        Cause::Later => Value::Null,
    };
    let handler = match &entry.delivery.target {
        HandlerTarget::Url(url) => json!({"id": entry.delivery.handler, "url": redactor.text(url)}),
        HandlerTarget::Name(name) => json!({"id": entry.delivery.handler, "name": **name}),
    };
    let attempts = entry.attempts.iter().map(|attempt| {
        let (status, error) = match &attempt.outcome {
            None => (Value::Null, Value::Null),
            Some(Outcome::Answered(status)) => (json!(status), Value::Null),
            Some(Outcome::Failed(why) | Outcome::Blocked(why)) => (Value::Null, json!(why)),
        };
        let duration = attempt.duration.as_secs_f64() * 1e3;
        json!({"at": attempt.at.to_string(), "status": status, "error": error, "duration_ms": duration})
    });
    let attempts: Vec<_> = attempts.collect();
    let body = entry.request.as_ref().map_or(&entry.delivery.body, |request| &request.body);
    json!({
        "id": format!("e{}", entry.number),
        "direction": "out",
        "service": service,
        "event": entry.delivery.event.name,
        "cause": cause,
        "handler": handler,
        "state": entry.state.name(),
        "attempts": attempts,
        "next": entry.next.map(|next| next.to_string()),
        "remark": entry.remark,
        "body": redactor.text(body),
    })
}
