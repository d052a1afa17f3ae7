//! Replies of standin itself to requests that no emulated service takes.

use serde_json::json;

use crate::emulator::Service;
use crate::http::{Reply, Request};
use crate::services::SERVICES;

/// The 404 for a path that no service knows. It names the most similar route.
pub fn no_service(request: &Request) -> Reply {
    let asked = format!("{} {}", request.method, request.path());
    let routes: Vec<_> =
        SERVICES.iter().flat_map(|service| service.operations()).map(|operation| operation.route()).collect();
    let nearest =
        routes.iter().map(String::as_str).max_by(|a, b| likeness(&asked, a).total_cmp(&likeness(&asked, b)));
    Reply::json(
        404,
        &json!({
            "standin": format!("no service answers `{asked}`"),
            "nearest": nearest,
            "routes": routes,
            "help": "the control interface is under /__standin/",
        }),
    )
}

fn likeness(asked: &str, route: &str) -> f64 {
    strsim::sorensen_dice(asked, route)
}

/// The 404 for a service that the scenario has no section for.
pub fn no_section(service: &dyn Service) -> Reply {
    Reply::json(
        404,
        &json!({
            "standin": format!("this is a path of {}, but the scenario has no `{}:` section", service.title(), service.name()),
            "help": format!("add `{}:` to the scenario, or start without a scenario to serve the default one", service.name()),
        }),
    )
}
