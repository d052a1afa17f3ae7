//! `GET /__standin/` and `GET /__standin/page/FILE`: the page for people. Its files hold nothing secret and need no token.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Asked, guard, mistake, paths};
use crate::engine::Namespaces;
use crate::http::{Field, Fields, Reply, Request, field};
use crate::page;

pub(super) const PATH: &str = "/__standin/";

/// Answers a request for the page or a file of it; `None` when it is for something else. `present` gives a file as it is
/// now, if it is not the program's own. `token` is that of the control interface, if it has one.
pub fn page(
    request: &Request,
    token: Option<&str>,
    present: impl Fn(&str) -> Option<Bytes>,
) -> Option<Reply> {
    if !matches!(&*request.method, "GET" | "HEAD") {
        return None;
    }
    let name = match request.path() {
        "/__standin" if wants_page(request) => return Some(moved()),
        PATH if wants_page(request) => page::INDEX,
        path => path.strip_prefix("/__standin/page/")?,
    };
    if let Some(refused) = guard::refusal_of_file(request, token) {
        return Some(refused);
    }
    let content = Some(name).filter(|name| page::is_name(name)).and_then(|name| {
        present(name).or_else(|| page::file(name).map(|text| Bytes::from_static(text.as_bytes())))
    });
    Some(match content.zip(page::media_type(name)) {
        Some((content, media_type)) => file(request, content, media_type),
        None => mistake(404, format!("the page has no file `{name}`"), "the page is at `/__standin/`"),
    })
}

/// Whether a browser asks for a page to show.
fn wants_page(request: &Request) -> bool {
    request.headers.text("accept").is_some_and(|accept| accept.contains("text/html"))
}

fn moved() -> Reply {
    static THERE: [Field; 2] = [field("location", PATH), field("vary", "accept")];
    Reply { status: 308, headers: Fields::common(&THERE), body: Bytes::new() }
}

fn file(request: &Request, content: Bytes, media_type: &'static str) -> Reply {
    static ALL: [Field; 7] = [
        field("content-security-policy", page::POLICY),
        field("x-content-type-options", "nosniff"),
        field("referrer-policy", "no-referrer"),
        field("x-frame-options", "DENY"),
        field("cross-origin-resource-policy", "same-origin"),
        // A browser keeps the file, and asks each time whether it is still the same.
        field("cache-control", "no-cache"),
        field("vary", "accept"),
    ];
    let tag = page::tag(&content);
    let known = request.headers.text("if-none-match").unwrap_or_default();
    let is_known = known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag);
    let (status, body) = if is_known { (304, Bytes::new()) } else { (200, content) };
    let own = vec![field("content-type", media_type), ("etag".into(), tag.into())];
    Reply { status, headers: Fields::with_own(&ALL, own), body }
}

/// What is at the address of the page for a client that is not a browser.
#[derive(Serialize, JsonSchema)]
pub(super) struct Greeting {
    standin: &'static str,
    /// The paths of the control interface.
    help: String,
}

/// What a client sees at the address of the page that is not a browser.
pub(super) fn paths_of_all(_: &Namespaces, _: &Asked<'_>) -> Reply {
    let help = format!("the paths are `{}`", paths().join("`, `"));
    let mut reply = Reply::json(
        200,
        &Greeting { standin: "the control interface; a browser shows a page at this address", help },
    );
    reply.headers.push(field("vary", "accept"));
    reply
}
