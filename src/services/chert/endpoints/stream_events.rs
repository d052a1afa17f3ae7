//! `GET /api/v1/events/stream`: sends the tenant's events as they come, as server-sent events.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::list_events::{INVALID_SINCE, SINCE, since};
use super::{Endpoint, EndpointAnswer, Sample};
use crate::emulator::{Effect, Exchange, Feed, Operation, Shape};
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::log::EventLog;
use crate::services::chert::messages::seconds;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "events.stream",
        verb: "GET",
        path: "/api/v1/events/stream",
        summary: "sends the tenant's events as they come, as server-sent events",
        parameters: &[SINCE],
        errors: &[errors::OF_ALL, INVALID_SINCE],
        requires: "an active tenant",
        status: 200,
        answer: || Shape::Any,
        changes: false,
        events: &[],
        source: "docs.trychert.com/api/events",
    },
    example: |_| Some(Sample::empty("/events/stream".to_owned())),
    run,
};

/// After how long a silence a stream sends a comment.
const SILENCE: Duration = Duration::from_secs(15);

/// How long a stream lasts.
const LIFE: Duration = Duration::from_secs(60);

/// The comment that shows that a stream is alive.
pub const HEARTBEAT: Bytes = Bytes::from_static(b": heartbeat\n\n");

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let since = since(invocation)?;
    invocation.passed_up_to_lookup(exchange)?;
    let (log, account) = (&invocation.webhooks.log, invocation.tenant.index);
    let after = since.map_or(log.newest(), |since| log.before(account, since));
    let opens = Some(Feed { account, after, heartbeat: SILENCE, life: LIFE });
    Ok(EndpointAnswer { headers: Vec::new(), body: Bytes::new(), effect: Effect::Nothing, opens })
}

/// The next event of a stream.
pub fn next_of(log: &EventLog, feed: &mut Feed) -> Option<Bytes> {
    match log.after(feed.account, feed.after) {
        Some(row) => {
            feed.after = row.number;
            Some(row.frame())
        }
        None => {
            // What belongs to others is not looked at again.
            feed.after = feed.after.max(log.newest());
            None
        }
    }
}

/// The last frame of a stream. A client that comes back names the instant in `since`.
pub fn farewell(now: Timestamp) -> Bytes {
    format!("event: close\ndata: {}\n\n", json!({"reconnect_with_since": seconds(now)})).into()
}
