//! The control interface, `/__standin/…`: what a test asks of the server about itself.

mod clock;
mod explain;
mod faults;
mod health;
mod journal;
mod redact;
mod reset;
mod scenario;
mod state;

use jiff::Timestamp;
use serde_json::json;

use crate::engine::World;
use crate::http::{Reply, Request, form};
use crate::scenario::Report;
use crate::seed::nearest;

pub use journal::entry_as_json;
pub use redact::Redactor;

/// One route.
struct Route {
    method: &'static str,
    /// The path; a segment in braces stands for any text.
    path: &'static str,
    answer: fn(&mut World, &Asked<'_>) -> Reply,
}

/// A request to the control interface.
struct Asked<'a> {
    request: &'a Request,
    /// What stands where the route's path has braces, decoded.
    segment: String,
    /// The instant on the wall.
    now: Timestamp,
}

/// Every route.
static ROUTES: &[Route] = &[
    Route { method: "GET", path: "/__standin/health", answer: health::answer },
    Route { method: "GET", path: "/__standin/journal", answer: journal::answer },
    Route { method: "GET", path: "/__standin/journal/{number}/explain", answer: explain::answer },
    Route { method: "GET", path: "/__standin/state", answer: state::answer },
    Route { method: "POST", path: "/__standin/reset", answer: reset::answer },
    Route { method: "GET", path: "/__standin/clock", answer: clock::show },
    Route { method: "POST", path: "/__standin/clock", answer: clock::set },
    Route { method: "GET", path: "/__standin/faults", answer: faults::list },
    Route { method: "POST", path: "/__standin/faults", answer: faults::add },
    Route { method: "DELETE", path: "/__standin/faults", answer: faults::remove_all },
    Route { method: "DELETE", path: "/__standin/faults/{name}", answer: faults::remove },
    Route { method: "POST", path: "/__standin/faults/{name}/off", answer: faults::off },
    Route { method: "POST", path: "/__standin/faults/{name}/on", answer: faults::on },
    Route { method: "POST", path: "/__standin/scenario", answer: scenario::replace },
];

impl Route {
    /// What stands in the place of the braces; empty where the path has none. `None`: another path.
    fn segment(&self, path: &str) -> Option<String> {
        let Some((before, rest)) = self.path.split_once('{') else {
            return (self.path == path).then(String::new);
        };
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        let segment = path.strip_prefix(before)?.strip_suffix(after)?;
        let is_one = !segment.is_empty() && !segment.contains('/');
        is_one.then(|| String::from_utf8_lossy(&form::percent_decode(segment.as_bytes())).into_owned())
    }
}

/// Whether a path belongs to the control interface.
pub fn claims(path: &str) -> bool {
    path == "/__standin" || path.starts_with("/__standin/")
}

/// Answers a request to the control interface; `now` is the instant on the wall.
pub fn answer(world: &mut World, request: &Request, now: Timestamp) -> Reply {
    let path = request.path();
    let verb = if &*request.method == "HEAD" { "GET" } else { &*request.method };
    let fitting: Vec<_> = ROUTES.iter().filter_map(|route| Some((route, route.segment(path)?))).collect();
    if let Some((route, segment)) = fitting.iter().find(|(route, _)| route.method == verb) {
        return (route.answer)(world, &Asked { request, segment: segment.clone(), now });
    }
    if !fitting.is_empty() {
        let methods: Vec<_> = fitting.iter().map(|(route, _)| route.method).collect();
        let mut reply = mistake(405, format!("`{path}` takes {}, not {verb}", methods.join(" and ")), "");
        reply.headers.push(("allow".into(), methods.join(", ").into()));
        return reply;
    }
    let mut paths: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
    paths.dedup();
    let bare = |path: &'static str| path.trim_start_matches("/__standin/");
    let typed = path.trim_start_matches("/__standin").trim_start_matches('/');
    let help = match nearest(typed, paths.iter().copied().map(bare)) {
        Some(near) => format!("did you mean `/__standin/{near}`?"),
        None => format!("there are `{}`", paths.join("`, `")),
    };
    mistake(404, format!("there is no `{path}`"), &help)
}

/// What a caller did wrong, and what to do instead.
fn mistake(status: u16, message: String, help: &str) -> Reply {
    let mut body = json!({"standin": message});
    if !help.is_empty() {
        body["help"] = json!(help);
    }
    Reply::json(status, &body)
}

/// A text with mistakes: each with its place, and all as a person reads them.
fn refused(report: &Report, message: &str) -> Reply {
    let body = json!({"standin": message, "findings": report.to_json(), "report": report.render(false)});
    Reply::json(422, &body)
}
