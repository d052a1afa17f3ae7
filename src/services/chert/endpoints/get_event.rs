//! `GET /api/v1/events/{id}`: shows an event by the ID of its row.

use super::{Endpoint, EndpointAnswer, Sample};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Parameter, Place};
use crate::http::segment;
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::event_rows::Row;
use crate::services::chert::invocation::Invocation;
use crate::services::chert::section;
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "events.get",
        verb: "GET",
        path: "/api/v1/events/{id}",
        summary: "shows an event",
        parameters: &[ID],
        errors: &[errors::OF_ALL],
        requires: "an active tenant with an event that has an `id`",
        status: 200,
        answer: shapes::event,
        changes: false,
        events: &[],
        source: "docs.trychert.com/api/events",
    },
    example: |tenant| Some(Sample::empty(path(tenant)?)),
    run,
};

/// The ID in the path.
pub(super) const ID: Parameter = Parameter::new("id", "ID of the event's row, not its `event_id`")
    .at(Place::Path)
    .naming("event", Stage::Lookup);

/// The path of the first event of the scenario.
pub(super) fn path(tenant: &section::Tenant) -> Option<String> {
    let id = tenant.events.iter().find_map(|known| known.id.as_ref())?;
    Some(format!("/events/{}", segment(id)))
}

/// The event with the ID of the path.
///
/// # Errors
/// `2011` when the tenant has none.
pub(super) fn found<'a>(invocation: &Invocation<'a>) -> Result<&'a Row, Refusal> {
    let (id, log, tenant) =
        (invocation.route.segment("id"), &invocation.webhooks.log, invocation.tenant.index);
    log.find(tenant, id).ok_or_else(|| {
        let reason = match log.of(tenant).find(|row| row.news.event_id == id) {
            Some(row) => format!("`{id}` is an `event_id`; the `id` of its row is `{}`", row.id),
            None => format!("the log has no event `{id}` of the tenant `{}`", invocation.tenant.original),
        };
        invocation.refusal(&errors::NOT_FOUND).because(reason)
    })
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed(Stage::Arguments, exchange)?;
    let row = found(invocation)?;
    invocation.passed(Stage::Lookup, exchange)?;
    Ok(EndpointAnswer::json(&row.as_json(), Effect::Nothing))
}
