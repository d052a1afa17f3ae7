//! One connection of a client: passes its requests on, and their answers back.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use memchr::{memchr_iter, memchr2};
use percent_encoding::percent_decode;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::body::{Passing, ProxyBody, RequestBody};
use super::exchange::{BROKEN, Ending, Exchange, NOT_SENT, Sent};
use super::upload::Upload;
use super::upstream::NoAnswer;
use super::{Proxy, fields, own};
use crate::control;
use crate::http::{self, Body, Headers};
use crate::serve::activity::{Activity, InProgress, PATIENCE};
use crate::serve::beside::beside;
use crate::serve::body::{self, Incomplete};
use crate::serve::client::Client;
use crate::serve::clock;
use crate::serve::seats::Rank;
use crate::services::by_path;

/// The largest head of a request, in bytes.
const HEAD_LIMIT: usize = 64 << 10;

/// A body up to this length, in bytes, is read before its request is passed on: so both leave in one piece.
const SHORT: u64 = 64 << 10;

/// How long a head that has begun has to become complete after a stop.
const LAST_HEAD: Duration = Duration::from_millis(250);

/// Answers the requests of one connection.
pub(super) async fn converse(stream: TcpStream, client: Arc<Client>, proxy: Arc<Proxy>) {
    let activity = Arc::<Activity>::default();
    let mut stopping = proxy.shared.stopping();
    let service = {
        let activity = Arc::clone(&activity);
        service_fn(move |request| {
            let (proxy, client, activity) = (Arc::clone(&proxy), Arc::clone(&client), Arc::clone(&activity));
            async move { answer(&proxy, &client, &activity, request).await }
        })
    };
    let mut builder = http1::Builder::new();
    // The service's own date passes, or none.
    builder.max_header_size(HEAD_LIMIT).auto_date_header(false);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let silence_or_stop = async {
        tokio::select! {
            () = activity.silence(|| activity.is_idle()) => false,
            _ = stopping.wait_for(|stopping| *stopping) => true,
        }
    };
    // How a connection ends is the client's affair.
    if let Err(true) = beside(connection.as_mut(), silence_or_stop).await {
        connection.as_mut().graceful_shutdown();
        let last_head = async {
            sleep(LAST_HEAD).await;
            if !activity.is_idle() {
                std::future::pending::<()>().await;
            }
        };
        let _ = beside(connection, last_head).await;
    }
}

/// Answers one request.
///
/// # Errors
/// When the client leaves before the body of its request is complete. The connection is then closed.
async fn answer(
    proxy: &Arc<Proxy>,
    client: &Client,
    activity: &Arc<Activity>,
    request: Request<Incoming>,
) -> Result<Response<ProxyBody>, hyper::Error> {
    let head = clock::now();
    let in_progress = InProgress::of(activity);
    if control::claims(request.uri().path()) {
        return own::control(proxy, client, activity, request).await;
    }
    if client.rank != Rank::Regular {
        return Ok(own::own(proxy.shared.seats.refusal()));
    }
    if request.uri().authority().is_some() {
        return Ok(own::own(own::not_a_forward_proxy()));
    }
    let (parts, mut body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut asked =
        http::Request::new(parts.method.as_str(), target, Headers::default(), Bytes::new().into());
    asked.source = client.address;
    if leads_elsewhere(asked.path()) {
        tracing::warn!(method = &*asked.method, "a request whose path has a step `..` was not passed on");
        return Ok(own::own(own::leads_elsewhere()));
    }
    let Some(service) = by_path(asked.path()) else {
        tracing::warn!(
            method = &*asked.method,
            "a request whose path is none of a service was not passed on"
        );
        return Ok(own::own(own::no_service()));
    };
    let operation = service.calls(&asked).first().and_then(|call| call.operation);
    asked.headers = headers(&parts.headers);
    let mut exchange = Exchange::new(proxy, service, operation, asked, head);

    let onward = match body.size_hint().exact() {
        Some(length) if length <= SHORT => match body::read(&mut body, SHORT as usize).await {
            Ok(Body::Whole(bytes)) => {
                exchange.sent = Sent::Whole(bytes.clone());
                RequestBody::Whole(Full::new(bytes))
            }
            // hyper reads no more than what is announced.
            Ok(Body::TooLarge) | Err(Incomplete::Stopped) => {
                let why = format!("nothing more of the request came within {PATIENCE:?}");
                exchange.end(&Ending::NotAnswered(NOT_SENT, &why));
                return Ok(own::own(own::not_answered(NOT_SENT, &why)));
            }
            Err(Incomplete::Left(error)) => return Err(error),
        },
        _ => {
            let upload = Upload::new();
            exchange.sent = Sent::Passing(upload.clone());
            RequestBody::Passing(body, upload)
        }
    };
    let upload = match &exchange.sent {
        Sent::Passing(upload) => Some(upload),
        Sent::Whole(_) => None,
    };
    let (response, connection) = match proxy.upstream.send(passed_on(proxy, parts, onward), upload).await {
        Ok(answered) => answered,
        Err(none) => {
            let (status, why) = match &none {
                NoAnswer::None(why) => (502, why),
                NoAnswer::Late(why) => (504, why),
                NoAnswer::NotSent(why) => (NOT_SENT, why),
                NoAnswer::Broken(why) => (BROKEN, why),
            };
            exchange.end(&Ending::NotAnswered(status, why));
            return Ok(own::own(own::not_answered(status, why)));
        }
    };
    if response.status().is_informational() {
        let why = "the service switched to another protocol, which does not pass this proxy";
        exchange.end(&Ending::NotAnswered(502, why));
        return Ok(own::own(own::not_answered(502, why)));
    }
    let (mut parts, body) = response.into_parts();
    fields::of_answer(&mut parts.headers);
    parts.version = Version::HTTP_11;
    exchange.answered(parts.status.as_u16(), parts.headers.clone());
    let keeper = Arc::clone(proxy);
    let keep = Box::new(move || keeper.upstream.keep(connection));
    let limit = Some(proxy.time_limit).filter(|_| !is_stream_of_events(&parts.headers));
    let passing = Passing::new(body, exchange, limit, keep, in_progress);
    Ok(Response::from_parts(parts, ProxyBody::Passing(Box::new(passing))))
}

/// Whether an answer goes on for as long as its client listens, and may be silent in between.
fn is_stream_of_events(fields: &HeaderMap) -> bool {
    let of_events = "text/event-stream";
    let name = fields.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    name.and_then(|name| name.get(..of_events.len())).is_some_and(|name| name.eq_ignore_ascii_case(of_events))
}

/// Whether a path has a segment `.` or `..`, by which a server may find something else than the path begins with. Some servers decode
/// a path more than once, take `\` for `/`, and ignore what follows `;` in a segment.
fn leads_elsewhere(path: &str) -> bool {
    // Nearly no path has any of these, and this is asked of every request.
    let bytes = path.as_bytes();
    let has_dots = || memchr_iter(b'.', bytes).any(|at| at > 0 && bytes[at - 1] == b'/');
    if memchr2(b'%', b'\\', bytes).is_none() && !has_dots() {
        return false;
    }
    let mut path = Cow::from(bytes);
    loop {
        let is_step =
            |segment: &[u8]| matches!(segment.split(|byte| *byte == b';').next(), Some(b"." | b".."));
        if path.split(|byte| matches!(byte, b'/' | b'\\')).any(is_step) {
            return true;
        }
        let decoded: Cow<'_, [u8]> = percent_decode(&path).into();
        if *decoded == *path {
            return false;
        }
        path = decoded.into_owned().into();
    }
}

/// The request for the service.
fn passed_on(proxy: &Proxy, mut parts: Parts, body: RequestBody) -> Request<RequestBody> {
    fields::of_request(&mut parts.headers, &proxy.upstream.host);
    parts.version = Version::HTTP_11;
    Request::from_parts(parts, body)
}

fn headers(fields: &HeaderMap) -> Headers {
    let mut headers = Headers::with_room_for(fields.len());
    // hyper gives names in lower case.
    fields.iter().for_each(|(name, value)| headers.push_lower_case(name.as_str(), value.as_bytes()));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_step_to_another_leads_elsewhere() {
        for (path, does) in [
            ("/rest/1/s/server.time", false),
            ("/rest/1/s/server..time", false),
            ("/rest/1/s%2fserver.time.json", false),
            ("/api/v1/chats/%2Ehidden/...", false),
            ("/rest/100%", false),
            ("/rest/../admin", true),
            ("/rest/./x", true),
            ("/rest/..", true),
            ("/rest/%2e%2E/admin", true),
            ("/rest/.%2e/admin", true),
            ("/rest/..%2fadmin", true),
            ("/rest/x%2f..%2fadmin", true),
            ("/rest/%252e%252e/admin", true),
            ("/rest/..\\admin", true),
            ("/rest/x%5c..%5cadmin", true),
            ("/rest/..;a=1/admin", true),
        ] {
            assert_eq!(leads_elsewhere(path), does, "{path}");
        }
    }

    #[test]
    fn a_stream_of_events_is_told_by_its_type() {
        for (value, is_one) in [
            (Some("text/event-stream"), true),
            (Some("Text/Event-Stream; charset=utf-8"), true),
            (Some("text/event"), false),
            (Some("application/json"), false),
            (None, false),
        ] {
            let fields = value.map(|value| (CONTENT_TYPE, value.parse().unwrap())).into_iter().collect();
            assert_eq!(is_stream_of_events(&fields), is_one, "{value:?}");
        }
    }
}
