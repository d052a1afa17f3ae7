//! `DELETE /api/v1/webhook-subscriptions/{id}`: deletes a subscription.

use serde::Serialize;

use super::get_subscription::{ID, REQUIRES, found, path};
use super::{Endpoint, EndpointAnswer, Sample};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Shape, member};
use crate::services::chert::change::Change;
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "webhook_subscriptions.delete",
        verb: "DELETE",
        path: "/api/v1/webhook-subscriptions/{id}",
        summary: "deletes a webhook subscription",
        parameters: &[ID],
        errors: &[errors::OF_ALL],
        requires: REQUIRES,
        status: 200,
        answer: || Shape::object([member("deleted", Shape::Only(true)), member("id", Shape::Text)]),
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/webhook-subscriptions",
    },
    example: |tenant| Some(Sample::empty(path(tenant)?)),
    run,
};

/// The body of a success.
#[derive(Serialize)]
struct Answer<'a> {
    deleted: bool,
    id: &'a str,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed(Stage::Arguments, exchange)?;
    let known = found(invocation)?;
    invocation.passed(Stage::Lookup, exchange)?;
    let effect = Effect::Change(Change::Unsubscribe(known.number));
    Ok(EndpointAnswer::json(&Answer { deleted: true, id: &known.id }, effect))
}
