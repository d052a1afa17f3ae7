//! The control interface, `/__standin/…`: a request → its route and reply.

mod about;
mod actions;
mod catalog;
mod clock;
mod conduct;
mod conversation;
mod copies;
mod course;
mod delivery;
mod explain;
mod fate;
mod faults;
mod guard;
mod health;
mod journal;
mod judgement;
mod metrics;
mod namespaces;
mod offline;
mod openapi;
mod outbox;
mod page;
mod refusals;
mod reset;
mod routes;
mod rows;
mod scenario;
mod snapshots;
mod state;
mod verify;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::{Astray, NAMESPACE_HEADER, Namespace, Namespaces, World};
use crate::http::{Body, Reply, Request};
use crate::scalar::nearest;
use crate::scenario::{FindingShown, Report};

pub use conversation::conversation;
pub use guard::{Access, Trust, refusal};
pub use offline::offline;
pub use openapi::{openapi, openapi_text};
pub use page::page;
pub use refusals::refusals;
pub use verify::{Look, Question, patience};
pub use watch::Watch;

use self::routes::ROUTES;

/// The function that answers a route.
#[derive(Clone, Copy)]
enum Answer {
    /// It answers about one world: the main world, or that of a namespace. The world is locked meanwhile.
    Of(fn(&mut World, &Asked<'_>) -> Reply),
    /// The same, but it locks the world itself: it also does what takes long and needs no lock.
    Apart(fn(&Place<'_>, &Asked<'_>) -> Reply),
    /// It answers about all worlds.
    OfAll(fn(&Namespaces, &Asked<'_>) -> Reply),
}

/// A request to the control interface.
struct Asked<'a> {
    request: &'a Request,
    /// The decoded text of the segment that the route's path has in braces; empty when it has none.
    segment: String,
    /// The time of the wall clock.
    now: Timestamp,
}

/// The world that a request is about.
struct Place<'a> {
    namespaces: &'a Namespaces,
    /// The name of the namespace; `None` for the main world.
    name: Option<&'a str>,
    /// The time of the wall clock.
    now: Timestamp,
}

/// The path of every route but that of the page.
fn paths() -> Vec<&'static str> {
    let mut paths: Vec<_> =
        ROUTES.iter().map(|route| route.path).filter(|path| *path != page::PATH).collect();
    paths.dedup();
    paths
}

/// Whether a path belongs to the control interface.
pub fn claims(path: &str) -> bool {
    path == "/__standin" || path.starts_with("/__standin/")
}

/// Whether the answer takes no longer than that of a service. A server that starts is asked for its health again and again,
/// and the first thread beside the workers takes a good part of a start.
pub fn is_quick(request: &Request) -> bool {
    request.path() == health::PATH && matches!(&*request.method, "GET" | "HEAD")
}

/// Answers a request to the control interface. `now` is the time of the wall clock. A path under
/// `/__standin/namespaces/NAME/` or a namespace header directs the request to that namespace.
pub fn answer(namespaces: &Namespaces, request: &Request, now: Timestamp) -> Reply {
    let (path, namespace) = directed(request);
    let path = path.as_str();
    let verb = if &*request.method == "HEAD" { "GET" } else { &*request.method };
    let fitting: Vec<_> = ROUTES.iter().filter_map(|route| Some((route, route.segment(path)?))).collect();
    if let Some((route, segment)) = fitting.iter().find(|(route, _)| route.method == verb) {
        if request.body == Body::TooLarge {
            return too_large(path);
        }
        let place = Place { namespaces, name: namespace.as_deref(), now };
        let asked = Asked { request, segment: segment.clone(), now };
        return match route.answer {
            Answer::OfAll(answer) => answer(namespaces, &asked),
            Answer::Apart(answer) => answer(&place, &asked),
            Answer::Of(answer) => place.with(|_, world| answer(world, &asked)).unwrap_or_else(|reply| reply),
        };
    }
    if !fitting.is_empty() {
        let methods: Vec<_> = fitting.iter().map(|(route, _)| route.method).collect();
        let mut reply = mistake(405, format!("`{path}` takes {}, not {verb}", methods.join(" and ")), "");
        reply.headers.push(("allow".into(), methods.join(", ").into()));
        return reply;
    }
    let paths = paths();
    let bare = |path: &'static str| path.trim_start_matches("/__standin/");
    let typed = path.trim_start_matches("/__standin").trim_start_matches('/');
    let help = match nearest(typed, paths.iter().copied().map(bare)) {
        Some(near) => {
            let typed = request.path().strip_prefix("/__standin/namespaces/");
            let name = typed.and_then(|rest| Some(rest.split_once('/')?.0));
            let within = name.map_or(String::new(), |name| format!("namespaces/{name}/"));
            format!("did you mean `/__standin/{within}{near}`?")
        }
        None => format!("the paths are `{}`", paths.join("`, `")),
    };
    mistake(404, format!("there is no `{}`", request.path()), &help)
}

impl Place<'_> {
    /// Locks the world and returns what `ask` finds in it. `ask` also gets its namespace, which is `None` for the main
    /// world. Returns a 404 when there is no such namespace.
    fn with<T>(&self, ask: impl FnOnce(Option<&Arc<Namespace>>, &mut World) -> T) -> Result<T, Reply> {
        let Some(name) = self.name else { return Ok(ask(None, &mut self.namespaces.main())) };
        let namespace = self.namespaces.called(name, self.now).map_err(|unknown| no_namespace(&unknown))?;
        match namespace.world() {
            Some(mut world) => Ok(ask(Some(&namespace), &mut world)),
            None => Err(no_namespace(&Astray::Unknown(name.to_owned()))),
        }
    }
}

/// Reads the question of a request that has [`patience`]. `now` is the time of the wall clock.
///
/// # Errors
/// The reply to a request that cannot be answered.
pub fn question(namespaces: &Namespaces, request: &Request, now: Timestamp) -> Result<Question, Reply> {
    if request.body == Body::TooLarge {
        return Err(too_large(verify::PATH));
    }
    let (_, namespace) = directed(request);
    let place = Place { namespaces, name: namespace.as_deref(), now };
    Question::read(&place, &Asked { request, segment: String::new(), now })
}

/// The namespace that a request has made; `None` for other requests.
pub fn namespace_made(request: &Request, reply: &Reply) -> Option<String> {
    if request.path() != "/__standin/namespaces" || reply.status != 201 {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(&reply.body).ok()?;
    body["namespace"].as_str().map(str::to_owned)
}

/// Whether a request moves a clock. It is answered when what it made due has ended.
pub fn moves_time(request: &Request) -> bool {
    &*request.method == "POST" && directed(request).0 == "/__standin/clock"
}

/// The number of the delivery that a test has answered by this request; `None` for other requests.
pub fn delivery_answered(request: &Request, reply: &Reply) -> Option<u64> {
    let path = directed(request).0;
    let segment = path.strip_prefix("/__standin/outbox/e")?.strip_suffix("/answer")?;
    (&*request.method == "POST" && reply.status == 200).then(|| segment.parse().ok()).flatten()
}

/// Whether a request asks for the stream of what happens, which [`Watch`] holds.
pub fn watches(request: &Request) -> bool {
    &*request.method == "GET" && directed(request).0 == watch::PATH
}

/// The namespace that a request is directed to by its path or a header field; `None` for the main world.
pub fn namespace_of(request: &Request) -> Option<String> {
    directed(request).1
}

/// The path without the namespace, and the namespace that the path or the header names.
fn directed(request: &Request) -> (String, Option<String>) {
    match in_namespace(request.path()) {
        Some((name, path)) => (path, Some(name)),
        None => (
            request.path().to_owned(),
            request.headers.text(NAMESPACE_HEADER).map(|name| name.trim().to_owned()),
        ),
    }
}

/// Splits `/__standin/namespaces/NAME/…` into the name and the path `/__standin/…`. `None` for other paths.
fn in_namespace(path: &str) -> Option<(String, String)> {
    let (name, rest) = path.strip_prefix("/__standin/namespaces/")?.split_once('/')?;
    let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
    Some((name, format!("/__standin/{rest}")))
}

/// The path of the control interface of a world, without a final slash.
fn root_of(world: &World) -> String {
    world.namespace().map_or("/__standin".to_owned(), |name| format!("/__standin/namespaces/{name}"))
}

/// The 404 for a namespace that does not exist, or the 421 for one of another replica.
pub fn no_namespace(astray: &Astray) -> Reply {
    match astray {
        Astray::Unknown(name) => {
            let help = "it was dropped or never made; `POST /__standin/namespaces` makes a new one";
            mistake(404, format!("there is no namespace `{name}`"), help)
        }
        Astray::Elsewhere { replica, here } => {
            let message = format!(
                "this is the replica `{here}`, and the request is for `{replica}`: its credential or namespace ends with `~{replica}`"
            );
            let help =
                format!("send it to `{replica}`, or to the balancer, which must know where `{replica}` is");
            mistake(421, message, &help)
        }
    }
}

/// The reply to a request whose body stopped arriving for so long.
pub fn timed_out(patience: Duration) -> Reply {
    let seconds = patience.as_secs();
    let message = format!("the body of the request stopped arriving {seconds} s ago");
    mistake(408, message, &format!("send the whole body, without a pause of {seconds} s"))
}

fn too_large(path: &str) -> Reply {
    let help = match path {
        "/__standin/scenario" | "/__standin/namespaces" => "start the server with a large scenario in a file",
        _ => "send a smaller body",
    };
    mistake(413, "the body is larger than 1 MiB".to_owned(), help)
}

/// The reply after a panic.
pub fn failure() -> Reply {
    let help = "the server goes on; please report what was asked";
    mistake(500, "standin panicked while answering: this is a bug of standin".to_owned(), help)
}

/// What is wrong with a request.
#[derive(Serialize, JsonSchema)]
struct Mistake {
    /// What is wrong.
    standin: String,
    /// What to do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// Every mistake in the scenario, the fault or the expectations that were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingShown>>,
    /// The same as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<String>,
}

/// A reply that says what is wrong with a request, and what to do instead. `help` may be empty.
fn mistake(status: u16, message: String, help: &str) -> Reply {
    let help = Some(help.to_owned()).filter(|help| !help.is_empty());
    Reply::json(status, &Mistake { standin: message, help, findings: None, report: None })
}

/// The 422 for a text with mistakes: the findings as JSON, and the report as text.
fn refused(report: &Report, message: &str) -> Reply {
    let (findings, report) = (Some(report.shown()), Some(report.render(false)));
    Reply::json(422, &Mistake { standin: message.to_owned(), help: None, findings, report })
}
