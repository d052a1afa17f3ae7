//! `POST /api/v1/webhook-subscriptions`: makes a subscription, and tells its secret this once.

use serde::Serialize;

use super::{Endpoint, EndpointAnswer, Sample};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Parameter, Place, Shape, member};
use crate::services::chert::change::Change;
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;
use crate::services::chert::subscription_fields as fields;
use crate::services::chert::subscriptions::{MOST_SUBSCRIPTIONS, Shown, SubscriptionChange};

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "webhook_subscriptions.create",
        verb: "POST",
        path: "/api/v1/webhook-subscriptions",
        summary: "makes a webhook subscription",
        parameters: &[
            Parameter::new("url", "https URL of the handler, or `https://dev-inbox`").at(Place::Body),
            fields::EVENTS,
            fields::VERSION,
        ],
        errors: &[errors::OF_ALL, fields::ERRORS],
        requires: "an active tenant",
        status: 200,
        answer: || Shape::object([member("subscription", shapes::new_subscription())]),
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/webhook-subscriptions",
    },
    example: |_| {
        let body = serde_json::json!({"url": "https://dev-inbox", "events": ["message.received"]});
        Some(Sample::json("/webhook-subscriptions".to_owned(), body))
    },
    run,
};

/// The body of a success.
#[derive(Serialize)]
struct Answer<'a> {
    subscription: Shown<'a>,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let change = fields::fields(invocation, body, exchange)?;
    let Some(target) = change.target.clone() else {
        return Err(invocation.missing("url"));
    };
    invocation.passed(Stage::Arguments, exchange)?;

    let known = &invocation.webhooks.subscriptions;
    if known.is_full() {
        let reason = format!("standin keeps at most {MOST_SUBSCRIPTIONS} subscriptions");
        return Err(Refusal::new(&errors::ACCOUNT_LIMIT_REACHED).because(reason));
    }
    invocation.passed(Stage::Lookup, exchange)?;

    let now = exchange.stopwatch.now();
    let mut new = known.fresh(invocation.tenant.index, target, now);
    new.change(SubscriptionChange { is_active: None, ..change }, now);
    let body = serde_json::to_vec(&Answer { subscription: new.shown_new() }).expect("plain members");
    let effect = Effect::Change(Change::Subscribe(Box::new(new)));
    Ok(EndpointAnswer { headers: Vec::new(), body: body.into(), effect, opens: None })
}
