//! `GET /api/v1/whoami`: describes the calling tenant and the endpoints that it may call.

use serde::Serialize;

use super::{Endpoint, EndpointAnswer, OPERATIONS, Sample};
use crate::emulator::{Effect, Exchange, Operation, Shape, member};
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "whoami",
        verb: "GET",
        path: "/api/v1/whoami",
        summary: "describes the calling tenant and the endpoints that it may call",
        parameters: &[],
        errors: &[errors::OF_ALL],
        requires: "an active tenant",
        status: 200,
        answer: || {
            Shape::object([member("tenant", Shape::Text), member("endpoints_available", Shape::Text.list())])
        },
        changes: false,
        events: &[],
        source: "docs.trychert.com/quickstart",
    },
    example: |_| Some(Sample::empty("/whoami".to_owned())),
    run,
};

/// The body of a success. The page documents `endpoints_available` only; the other members are our decision.
#[derive(Serialize)]
struct Answer<'a> {
    tenant: &'a str,
    endpoints_available: Vec<String>,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    invocation.is_chosen(exchange);
    let endpoints_available = OPERATIONS.iter().map(|operation| operation.route()).collect();
    let answer = Answer { tenant: invocation.tenant.slug(), endpoints_available };
    Ok(EndpointAnswer::json(&answer, Effect::Nothing))
}
