//! `GET /api/v1/dev-inbox`: lists the events of subscriptions whose URL is `https://dev-inbox`.

use super::list_events::{CURSOR, INVALID, LIMIT, answer, page};
use super::{Endpoint, EndpointAnswer, Sample};
use crate::basics::Stage;
use crate::emulator::{Exchange, Operation};
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::event_rows::Row;
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "dev_inbox.list",
        verb: "GET",
        path: "/api/v1/dev-inbox",
        summary: "lists the events of subscriptions whose URL is `https://dev-inbox`",
        parameters: &[CURSOR, LIMIT],
        errors: &[errors::OF_ALL, INVALID],
        requires: "an active tenant",
        status: 200,
        answer: shapes::events,
        changes: false,
        events: &[],
        source: "docs.trychert.com/api/events",
    },
    example: |_| Some(Sample::empty("/dev-inbox".to_owned())),
    run,
};

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let page = page(invocation)?;
    invocation.passed(Stage::Arguments, exchange)?;
    let answer = answer(invocation, &page, Row::is_in_dev_inbox, Row::in_dev_inbox_as_json)?;
    invocation.passed(Stage::Lookup, exchange)?;
    exchange.checkpoint.remark("the form of this answer is chosen, not documented".into());
    Ok(answer)
}
