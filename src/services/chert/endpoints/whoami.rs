//! `GET /api/v1/whoami`: who calls, and what may be called.

use serde::Serialize;

use super::{Endpoint, EndpointAnswer, OPERATIONS, Sample};
use crate::emulator::{Effect, Exchange, Operation};
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "whoami",
        verb: "GET",
        path: "/api/v1/whoami",
        summary: "tells who calls, and what may be called",
        parameters: &[],
        errors: &[errors::OF_ALL],
        requires: "an active tenant",
        status: 200,
        changes: false,
        source: "docs.trychert.com/quickstart",
    },
    example: |_| Some(Sample { path: "/whoami".to_owned(), body: None }),
    run,
};

/// The body of a 200. The page names `endpoints_available`; the rest is a decision.
#[derive(Serialize)]
struct Answer<'a> {
    tenant: &'a str,
    endpoints_available: Vec<String>,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    let endpoints_available = OPERATIONS.iter().map(|operation| operation.route()).collect();
    let answer = Answer { tenant: invocation.tenant.slug(), endpoints_available };
    Ok(EndpointAnswer::json(&answer, Effect::Nothing))
}
