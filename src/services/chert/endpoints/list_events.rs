//! `GET /api/v1/events`: lists the tenant's events, the newest first.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Endpoint, EndpointAnswer, Sample};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Face, Gives, Operation, Parameter, Place, ValueType, gives};
use crate::scalar::nearest;
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::event_rows::{Row, Status};
use crate::services::chert::events;
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "events.list",
        verb: "GET",
        path: "/api/v1/events",
        summary: "lists the tenant's events, the newest first",
        parameters: &[
            Parameter::new("type", "only events of this name").at(Place::Query).optional(),
            Parameter::new("status", "only events that are `pending`, `delivered`, `failed` or `dev_inbox`")
                .at(Place::Query)
                .optional(),
            Parameter::new("lead_id", "only events of the chat with this ID").at(Place::Query).optional(),
            SINCE,
            CURSOR,
            LIMIT,
        ],
        errors: &[errors::OF_ALL, INVALID],
        requires: "an active tenant",
        status: 200,
        answer: shapes::events,
        changes: false,
        events: &[],
        source: "docs.trychert.com/api/events",
    },
    example: |_| Some(Sample::empty("/events".to_owned())),
    run,
};

/// `since` of all calls that have it.
pub(super) const SINCE: Parameter =
    Parameter::new("since", "only events from this instant on").at(Place::Query).optional();

/// `cursor` of all calls that list events.
pub(super) const CURSOR: Parameter =
    Parameter::new("cursor", "`next_cursor` of the page before").at(Place::Query).optional();

/// `limit` of all calls that list events.
pub(super) const LIMIT: Parameter = Parameter::new("limit", "how many events, 1 to 200; 50 by default")
    .at(Place::Query)
    .of(ValueType::Number)
    .optional();

/// The error of a parameter that is not valid.
pub(super) static INVALID: &[Gives] = &[gives(&errors::INVALID_FIELD_VALUE).with(&[Face {
    edition: "",
    status: 400,
    text: "Invalid field value: limit",
}])];

/// The error of an instant that is none.
pub(super) static INVALID_SINCE: &[Gives] = &[gives(&errors::INVALID_FIELD_VALUE).with(&[Face {
    edition: "",
    status: 400,
    text: "Invalid field value: since",
}])];

/// The body of a success.
#[derive(Serialize)]
struct Answer {
    events: Vec<Value>,
    next_cursor: Option<String>,
    count: usize,
}

/// How many events a page has when the call does not say.
const USUAL: usize = 50;

/// How many it can have.
const MOST: usize = 200;

/// A page that a call asks for.
pub(super) struct Page {
    limit: usize,
    cursor: Option<String>,
}

/// The error that a parameter is not valid.
pub(super) fn invalid(invocation: &Invocation<'_>, name: &str, why: String) -> Refusal {
    let refusal = invocation.refusal(&errors::INVALID_FIELD_VALUE);
    refusal.with_text(format!("Invalid field value: {name}")).because(format!("`{name}` {why}"))
}

/// The instant in the parameter `since`.
///
/// # Errors
/// `1002` when it is none.
pub(super) fn since(invocation: &Invocation<'_>) -> Result<Option<Timestamp>, Refusal> {
    let sent = invocation.route.in_query("since");
    // A plus sign in a query stands for a space.
    let read = |sent: &str| sent.replace(' ', "+").parse::<Timestamp>();
    sent.map(|sent| {
        read(sent).map_err(|_| invalid(invocation, "since", format!("is `{sent}`, no instant in RFC 3339")))
    })
    .transpose()
}

/// Reads which page is asked for.
///
/// # Errors
/// `1002` when a parameter is not valid.
pub(super) fn page(invocation: &Invocation<'_>) -> Result<Page, Refusal> {
    let limit = invocation.route.in_query("limit").map(|sent| {
        let number = sent.parse::<usize>().ok().filter(|limit| (1..=MOST).contains(limit));
        number.ok_or_else(|| invalid(invocation, "limit", format!("is `{sent}`, not 1 to {MOST}")))
    });
    let cursor = invocation.route.in_query("cursor").map(|sent| {
        // A cursor of an event that is gone has nothing behind it.
        let id = sent.split_once('|').map(|(_, id)| id.to_owned());
        id.ok_or_else(|| invalid(invocation, "cursor", format!("is `{sent}`, no `next_cursor` of an answer")))
    });
    Ok(Page { limit: limit.transpose()?.unwrap_or(USUAL), cursor: cursor.transpose()? })
}

/// The answer with the events of a page that `is_meant` accepts, as `shown` shows them.
///
/// # Errors
/// `1002` when the log does not have the event of the cursor.
pub(super) fn answer(
    invocation: &Invocation<'_>,
    page: &Page,
    is_meant: impl Fn(&Row) -> bool,
    shown: impl Fn(&Row) -> Value,
) -> Result<EndpointAnswer, Refusal> {
    let (log, tenant) = (&invocation.webhooks.log, invocation.tenant.index);
    let before = match &page.cursor {
        None => u64::MAX,
        Some(id) => {
            let row = log.find(tenant, id).ok_or_else(|| {
                invalid(invocation, "cursor", format!("names the event `{id}`, which the log does not have"))
            })?;
            row.number
        }
    };
    let mut rows = log.of(tenant).filter(|row| row.number < before && is_meant(row));
    let rows_of_page: Vec<_> = rows.by_ref().take(page.limit).collect();
    let next_cursor = rows.next().and(rows_of_page.last()).map(|row| row.cursor());
    let events: Vec<_> = rows_of_page.into_iter().map(shown).collect();
    let answer = Answer { count: events.len(), events, next_cursor };
    Ok(EndpointAnswer::json(&answer, Effect::Nothing))
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let route = invocation.route;
    let kind = route.in_query("type");
    if let Some(name) = kind.filter(|name| events::named(name).is_none()) {
        let all = || events::EVENTS.iter().map(|kind| kind.name);
        let meant = nearest(name, all()).map(|near| format!(": did you mean `{near}`?"));
        let remark = format!("no event is called `{name}`{}", meant.unwrap_or_default());
        exchange.checkpoint.remark(remark.into());
    }
    let status = route.in_query("status").map(|sent| {
        let known = Status::ALL.iter().find(|(name, _)| *name == sent);
        known.map(|(_, status)| *status).ok_or_else(|| {
            let all: Vec<_> = Status::ALL.iter().map(|(name, _)| format!("`{name}`")).collect();
            invalid(invocation, "status", format!("is `{sent}`, none of {}", all.join(", ")))
        })
    });
    let (status, since, page) = (status.transpose()?, since(invocation)?, page(invocation)?);
    let lead = route.in_query("lead_id");
    invocation.passed(Stage::Arguments, exchange)?;
    let is_meant = |row: &Row| {
        kind.is_none_or(|kind| row.news.kind.name == kind)
            && status.is_none_or(|status| row.status() == status)
            && lead.is_none_or(|lead| row.news.lead_id.as_deref() == Some(lead))
            && since.is_none_or(|since| row.created_at >= since)
    };
    let answer = answer(invocation, &page, is_meant, Row::as_json)?;
    invocation.passed(Stage::Lookup, exchange)?;
    Ok(answer)
}
