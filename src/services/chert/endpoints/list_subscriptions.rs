//! `GET /api/v1/webhook-subscriptions`: lists the tenant's subscriptions.

use serde::Serialize;

use super::{Endpoint, EndpointAnswer, Sample};
use crate::emulator::{Effect, Exchange, Operation, Shape, member};
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;
use crate::services::chert::subscriptions::{Shown, Subscription};

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "webhook_subscriptions.list",
        verb: "GET",
        path: "/api/v1/webhook-subscriptions",
        summary: "lists the tenant's webhook subscriptions",
        parameters: &[],
        errors: &[errors::OF_ALL],
        requires: "an active tenant",
        status: 200,
        answer: || Shape::object([member("subscriptions", shapes::subscription().list())]),
        changes: false,
        events: &[],
        source: "docs.trychert.com/api/webhook-subscriptions",
    },
    example: |_| Some(Sample::empty("/webhook-subscriptions".to_owned())),
    run,
};

/// The body of a success.
#[derive(Serialize)]
struct Answer<'a> {
    subscriptions: Vec<Shown<'a>>,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    let own = invocation.webhooks.subscriptions.of(invocation.tenant.index);
    let answer = Answer { subscriptions: own.map(Subscription::shown).collect() };
    Ok(EndpointAnswer::json(&answer, Effect::Nothing))
}
