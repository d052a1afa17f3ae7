//! The answers of standin itself: the control interface, and why a request is not passed on.

use std::sync::Arc;

use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use serde_json::json;

use super::Proxy;
use super::body::ProxyBody;
use crate::http::{Connection, Reply};
use crate::serve::activity::{Activity, InProgress};
use crate::serve::answer::{Arriving, Exchanged};
use crate::serve::client::Client;
use crate::serve::response::response;
use crate::services::SERVICES;

/// Answers a request to the control interface. A proxy shows what has passed; it has nothing that could be changed.
///
/// # Errors
/// When the client leaves before the body of its request is complete.
pub(super) async fn control(
    proxy: &Proxy,
    client: &Client,
    activity: &Arc<Activity>,
    request: hyper::Request<Incoming>,
) -> Result<Response<ProxyBody>, hyper::Error> {
    if !matches!(request.method().as_str(), "GET" | "HEAD") {
        return Ok(own(Reply::json(
            409,
            &json!({
                "standin": "a proxy has no scenario, no state and no faults that could be changed",
                "help": "`standin serve` has them; a proxy answers GET",
            }),
        )));
    }
    let connection = Connection { number: client.number, in_turn: true };
    let mut arriving = Arriving::new(request, client, connection);
    let Exchanged { reply, stream, closes, .. } = arriving.answer(&proxy.shared).await?;
    let mut answer = response(reply, None, None);
    if closes {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(stream) = stream {
        *answer.body_mut() = stream.body(&proxy.shared, InProgress::of(activity));
    }
    Ok(answer.map(ProxyBody::Own))
}

/// A reply of standin itself.
pub(super) fn own(reply: Reply) -> Response<ProxyBody> {
    response(reply, None, None).map(ProxyBody::Own)
}

/// The 404 for a path that is none of a service. It does not repeat the path, which may hold a credential.
pub(super) fn no_service() -> Reply {
    let paths: Vec<_> = SERVICES.iter().map(|service| format!("`{}/`", service.base())).collect();
    Reply::json(
        404,
        &json!({
            "standin": "this proxy passes the paths of the emulated services on, and no others",
            "help": format!("their paths begin with {}; the control interface is under /__standin/", paths.join(" or ")),
        }),
    )
}

/// The 404 for a path with a segment `.` or `..`.
pub(super) fn leads_elsewhere() -> Reply {
    Reply::json(
        404,
        &json!({
            "standin": "this proxy passes no path on that has a segment `.` or `..`",
            "help": "write the path that is meant",
        }),
    )
}

/// The 421 for a request to another host, by a client that takes this for a proxy to any server.
pub(super) fn not_a_forward_proxy() -> Reply {
    Reply::json(
        421,
        &json!({
            "standin": "this proxy passes requests on to one service, and is no proxy to other hosts",
            "help": "give the client the address of this proxy in place of the service's, and not as HTTP_PROXY",
        }),
    )
}

/// The answer to a request that the service has not answered.
pub(super) fn not_answered(status: u16, why: &str) -> Reply {
    Reply::json(
        status,
        &json!({"standin": why, "help": "this answer comes from `standin proxy`, not from the service"}),
    )
}
