//! The control interface, `/__standin/…`: what a test asks of the server about itself.

mod health;
mod journal;
mod redact;
mod reset;
mod state;

use jiff::Timestamp;
use serde_json::json;

use crate::engine::World;
use crate::http::{Reply, Request};
use crate::seed::nearest;

pub use journal::entry_as_json;
pub use redact::Redactor;

/// One route.
struct Route {
    method: &'static str,
    path: &'static str,
    answer: fn(&mut World, &Request, Timestamp) -> Reply,
}

/// Every route.
static ROUTES: &[Route] = &[
    Route { method: "GET", path: "/__standin/health", answer: health::answer },
    Route { method: "GET", path: "/__standin/journal", answer: journal::answer },
    Route { method: "GET", path: "/__standin/state", answer: state::answer },
    Route { method: "POST", path: "/__standin/reset", answer: reset::answer },
];

/// Whether a path belongs to the control interface.
pub fn claims(path: &str) -> bool {
    path == "/__standin" || path.starts_with("/__standin/")
}

/// Answers a request to the control interface; `now` is the instant on the wall.
pub fn answer(world: &mut World, request: &Request, now: Timestamp) -> Reply {
    let path = request.path();
    let verb = if &*request.method == "HEAD" { "GET" } else { &*request.method };
    match ROUTES.iter().find(|route| route.path == path) {
        Some(route) if route.method == verb => (route.answer)(world, request, now),
        Some(route) => {
            let mut reply = mistake(405, format!("`{path}` takes {}, not {verb}", route.method), "");
            reply.headers.push(("allow".into(), route.method.into()));
            reply
        }
        None => {
            let paths = ROUTES.iter().map(|route| route.path);
            let bare = |path: &'static str| path.trim_start_matches("/__standin/");
            let typed = path.trim_start_matches("/__standin").trim_start_matches('/');
            let help = match nearest(typed, paths.clone().map(bare)) {
                Some(near) => format!("did you mean `/__standin/{near}`?"),
                None => format!(
                    "there are {}",
                    paths.map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
                ),
            };
            mistake(404, format!("there is no `{path}`"), &help)
        }
    }
}

/// What a caller did wrong, and what to do instead.
fn mistake(status: u16, message: String, help: &str) -> Reply {
    let mut body = json!({"standin": message});
    if !help.is_empty() {
        body["help"] = json!(help);
    }
    Reply::json(status, &body)
}
