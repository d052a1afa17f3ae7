//! `GET /api/v1/phone-numbers`: lists the tenant's lines.

use serde::Serialize;

use super::{Endpoint, EndpointAnswer, Sample};
use crate::emulator::{Effect, Exchange, Operation, Shape, member};
use crate::scalar::Text;
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::section::Line;
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "phone_numbers.list",
        verb: "GET",
        path: "/api/v1/phone-numbers",
        summary: "lists the tenant's lines",
        parameters: &[],
        errors: &[errors::OF_ALL],
        requires: "an active tenant",
        status: 200,
        answer: || {
            let line = Shape::object([
                member("id", Shape::Text),
                member("phone_line_id", Shape::Text),
                member("phone_number", shapes::phone_number()),
                member("service", shapes::service()),
                member("is_active", Shape::Flag),
                member("capabilities", Shape::Text.list()),
            ]);
            Shape::object([member("phone_numbers", line.list())])
        },
        changes: false,
        events: &[],
        source: "docs.trychert.com/api/phone-numbers",
    },
    example: |_| Some(Sample::empty("/phone-numbers".to_owned())),
    run,
};

/// The body of a success.
#[derive(Serialize)]
struct Answer<'a> {
    phone_numbers: Vec<PhoneNumber<'a>>,
}

/// A line. Its ID is sent under two names.
#[derive(Serialize)]
struct PhoneNumber<'a> {
    id: &'a str,
    phone_line_id: &'a str,
    phone_number: &'a str,
    service: &'static str,
    is_active: bool,
    capabilities: &'a [Text],
}

impl<'a> PhoneNumber<'a> {
    fn of(line: &'a Line) -> Self {
        Self {
            id: &line.id,
            phone_line_id: &line.id,
            phone_number: &line.phone_number,
            service: "imessage",
            is_active: line.active,
            capabilities: &line.capabilities,
        }
    }
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    let answer = Answer { phone_numbers: invocation.tenant.lines.iter().map(PhoneNumber::of).collect() };
    Ok(EndpointAnswer::json(&answer, Effect::Nothing))
}
