//! `POST /api/v1/events/{id}/replay`: sends an event again, and tells how its handler answered.

use serde::Serialize;

use super::get_event::{ID, found, path};
use super::{Endpoint, EndpointAnswer, Sample, route};
use crate::basics::Stage;
use crate::emulator::{
    Effect, Exchange, Face, Gives, Operation, Outcome, Parameter, Place, Shape, gives, member, some_of,
};
use crate::http::{Reply, Request};
use crate::services::chert::change::Change;
use crate::services::chert::envelope;
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::section;
use crate::services::chert::subscriptions::{DEV_INBOX, Subscription, Target};

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "events.replay",
        verb: "POST",
        path: "/api/v1/events/{id}/replay",
        summary: "sends an event again, and tells how its handler answered",
        parameters: &[
            ID,
            Parameter::new("subscription_id", "ID of the subscription that gets it")
                .at(Place::Query)
                .optional()
                .naming("subscription", Stage::Lookup),
        ],
        errors: &[errors::OF_ALL, OWN],
        requires: "an active tenant with an event that has an `id`, and a subscription whose handler answers",
        status: 200,
        answer: || {
            // The number is not known when nothing is sent.
            let status = Shape::Integer.or_null();
            Shape::object([member("ok", Shape::Only(true)), member("downstream_status", status)])
        },
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/events",
    },
    example,
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_FIELD_VALUE).with(&[Face {
        edition: "",
        status: 400,
        text: "Invalid field value: destination",
    }]),
    gives(&errors::DELIVERY_SERVICE_ERROR),
];

/// The body of a success.
#[derive(Serialize)]
struct Answer {
    ok: bool,
    downstream_status: Option<u16>,
}

fn example(tenant: &section::Tenant) -> Option<Sample> {
    let is_open = |known: &&section::Subscription| {
        known.active && known.url.as_ref().is_none_or(|url| url.as_str() != DEV_INBOX)
    };
    tenant.subscriptions.iter().find(is_open)?;
    Some(Sample::empty(format!("{}/replay", path(tenant)?)))
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed(Stage::Arguments, exchange)?;
    let row = found(invocation)?;
    let (known, tenant) = (&invocation.webhooks.subscriptions, invocation.tenant.index);
    let nowhere = |why: &str| invocation.refusal(&errors::INVALID_FIELD_VALUE).because(why.to_owned());
    let to = match invocation.route.in_query("subscription_id") {
        Some(id) => {
            let asked = known.find(tenant, id).ok_or_else(|| {
                let own = some_of(known.of(tenant).map(|known| known.id.as_str()));
                let reason = format!(
                    "there is no subscription `{id}`; those of the tenant `{}`: {own}",
                    invocation.tenant.original
                );
                invocation.refusal(&errors::NOT_FOUND).because(reason)
            })?;
            if asked.target == Target::DevInbox {
                return Err(nowhere("the subscription is that of the dev inbox"));
            }
            if !asked.is_active {
                return Err(nowhere("the subscription is not active"));
            }
            asked
        }
        None => {
            let is_open = |known: &&Subscription| {
                known.is_active && known.tenant == tenant && known.target != Target::DevInbox
            };
            let mut before = row.takers().into_iter().filter_map(|number| known.get(number));
            // A deleted one does not count.
            let is_there = |taker: &&Subscription| is_open(taker) && known.find(tenant, &taker.id).is_some();
            let first = before.find(is_there);
            let any = || known.of(tenant).filter(is_open).find(|known| known.takes(row.news.kind).is_some());
            first.or_else(any).ok_or_else(|| {
                nowhere("no active subscription of the tenant takes the event, except in the dev inbox")
            })?
        }
    };
    invocation.passed(Stage::Lookup, exchange)?;
    let change = Change::Replay { tenant, event: row.number, subscription: to.number };
    // What the handler answers is not known yet.
    Ok(EndpointAnswer::json(&Answer { ok: true, downstream_status: None }, Effect::Change(change)))
}

/// The answer to a replay whose delivery has ended, with the code of its error.
pub fn finished(outcome: &Outcome, reply: Reply) -> (Reply, Option<&'static str>) {
    let downstream_status = match outcome {
        Outcome::Answered(status) => Some(*status),
        Outcome::Failed(_) | Outcome::Blocked(_) => None,
    };
    if outcome.is_success() {
        let body = serde_json::to_vec(&Answer { ok: true, downstream_status }).expect("plain members");
        return (Reply { body: body.into(), ..reply }, None);
    }
    let code = &errors::DELIVERY_SERVICE_ERROR;
    let trace = reply.headers.iter().find(|(name, _)| name == "x-trace-id");
    let trace = trace.map(|(_, value)| value.to_string()).unwrap_or_default();
    let why = match downstream_status {
        Some(status) => format!("The webhook answered with status {status}"),
        None => "The webhook did not answer".to_owned(),
    };
    let failed = envelope::replay_failed(&Refusal::new(code), &why, downstream_status, &trace);
    (Reply { headers: reply.headers, ..failed }, Some(code.code))
}

/// Whether this error of a request is the one that replays give in a form of their own.
pub fn is_failed(request: &Request, refusal: &Refusal) -> bool {
    *refusal.code == errors::DELIVERY_SERVICE_ERROR
        && Option::as_ref(&route(request)).is_some_and(|route| route.endpoint.operation == ENDPOINT.operation)
}
