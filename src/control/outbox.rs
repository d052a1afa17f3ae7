//! `/__standin/outbox`: the events that wait, that are being sent, and that have ended.

use std::time::Duration;

use serde_json::{Value, json};

use super::delivery::{self, Shown};
use super::{Asked, Place, explain, fate, mistake, root_of};
use crate::emulator::Outcome;
use crate::engine::{Cause, DeliveryId, DeliveryState, Redactor, World};
use crate::http::{Reply, json as text};

pub(super) fn list(place: &Place<'_>, _asked: &Asked<'_>) -> Reply {
    // To hide secrets takes long. Meanwhile the world answers others.
    let found =
        place.with(|_, world| (Shown::all(world), silences(world), counts(world), Redactor::new(world)));
    let (deliveries, silences, counts, redactor) = match found {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let deliveries: Vec<_> = deliveries.iter().map(|shown| shown.as_json(&redactor)).collect();
    let silences = hidden(&silences, &redactor);
    Reply::json(200, &json!({"deliveries": deliveries, "silences": silences, "counts": counts}))
}

/// The same without bodies, for one who cannot ask again.
pub(super) fn shown(world: &World, redactor: &Redactor) -> Value {
    let deliveries: Vec<_> = Shown::all(world).iter().map(|shown| shown.as_row(redactor)).collect();
    let silences = hidden(&silences(world), redactor);
    json!({"deliveries": deliveries, "silences": silences, "counts": counts(world)})
}

/// Why the latest events went to nobody.
fn silences(world: &World) -> Vec<(Cause, String)> {
    world.outbox().silences().cloned().collect()
}

fn hidden(silences: &[(Cause, String)], redactor: &Redactor) -> Vec<Value> {
    let shown = |(cause, why): &(Cause, String)| json!({"cause": delivery::cause_as_json(*cause), "remark": redactor.text(why)});
    silences.iter().map(shown).collect()
}

fn counts(world: &World) -> Value {
    let ((waiting, sending), counts) = (world.outbox().unfinished(), world.outbox_counts());
    let mut sum = json!({"waiting": waiting, "sending": sending});
    for (how, count) in [("entered", counts.entered)].into_iter().chain(counts.ended()) {
        sum[how] = json!(count);
    }
    sum
}

pub(super) fn one(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let Some(number) = number(&asked.segment) else { return unknown(&asked.segment) };
    let found = place.with(|_, world| {
        let entry = world.outbox().get(number)?;
        Some((Shown::of(world, entry), Redactor::new(world)))
    });
    match found {
        Ok(Some((shown, redactor))) => Reply::json(200, &shown.as_json(&redactor)),
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
        let mut body = shown.as_json(&redactor);
        body["why"] = json!(lines);
        return Reply::json(200, &body);
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
