//! Replies of standin itself to requests that no emulated service takes.

use serde_json::json;

use crate::emulator::{Operation, Service};
use crate::http::{Headers, Reply, Request};
use crate::scalar::nearest;
use crate::services::SERVICES;

/// The part that a path lacks at its beginning to be that of an operation, such as `/rest`; `None` when it lacks more.
pub fn lacking(request: &Request) -> Option<&'static str> {
    let is_known = |service: &&&'static dyn Service| {
        let target = format!("{}{}", service.base(), request.path());
        let meant = Request::new(&request.method, &target, Headers::default(), "".into());
        service.calls(&meant).first().is_some_and(|call| call.operation.is_some())
    };
    SERVICES.iter().find(is_known).map(|service| service.base())
}

/// The route that a path without a service is nearest to: its end is like that of the route. `None` when there is none.
pub fn meant(request: &Request) -> Option<String> {
    let sent: Vec<_> = request.path().split('/').filter(|part| !part.is_empty()).collect();
    let is_like = |(sent, known): (&&str, &str)| {
        known.starts_with('{') || *sent == known || nearest(sent, [known]).is_some()
    };
    let is_near = |service: &dyn Service, operation: &Operation| {
        let own = operation.path.strip_prefix(service.base()).unwrap_or(operation.path);
        let own: Vec<_> = own.split('/').filter(|part| !part.is_empty()).collect();
        let has_words = own.iter().any(|part| !part.starts_with('{'));
        has_words && sent.len() >= own.len() && sent.iter().rev().zip(own.into_iter().rev()).all(is_like)
    };
    SERVICES.iter().find_map(|service| {
        let operation = service.operations().iter().find(|operation| is_near(*service, operation))?;
        Some(operation.route())
    })
}

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
            "help": lacking(request).map_or_else(
                || "the control interface is under /__standin/".to_owned(),
                |base| format!("the path lacks `{base}` at its beginning"),
            ),
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
