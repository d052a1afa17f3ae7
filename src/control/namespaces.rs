//! `/__standin/namespaces`: makes, shows, lists and drops namespaces.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asked, Place, mistake, no_namespace, refused};
use crate::engine::{MOST_NAMESPACES, Namespace, Namespaces, TooManyNamespaces, UnknownNamespace, World};
use crate::http::Reply;
use crate::scenario::Scenario;

/// The body of a request that makes a namespace.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
struct Wanted {
    /// The YAML of the scenario. `None` copies the main world's.
    scenario: Option<String>,
    /// The seed. `None` takes that of the scenario, or else that of the main world.
    seed: Option<u64>,
}

pub(super) fn list(namespaces: &Namespaces, _: &Asked<'_>) -> Reply {
    let shown = |namespace: &Namespace| {
        let world = namespace.world()?;
        Some(json!({
            "namespace": namespace.name(),
            "scenario": world.scenario().name,
            "seed": world.seed(),
            "exchanges": world.counters().exchanges,
            "last_used": namespace.used().to_string(),
        }))
    };
    let all: Vec<_> = namespaces.all().iter().filter_map(|namespace| shown(namespace)).collect();
    Reply::json(200, &json!({"namespaces": all}))
}

pub(super) fn open(namespaces: &Namespaces, asked: &Asked<'_>) -> Reply {
    let help = "send no body, or `{\"scenario\": \"YAML\", \"seed\": 7}` with either member or both";
    let body = asked.request.body().trim_ascii();
    let wanted = if body.is_empty() { Ok(Wanted::default()) } else { serde_json::from_slice::<Wanted>(body) };
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(error) => return mistake(400, format!("the body does not describe a namespace: {error}"), help),
    };
    let scenario = match wanted.scenario.map(|text| Scenario::parse("scenario", &text)).transpose() {
        Ok(scenario) => scenario,
        Err(report) => return refused(&report, "the scenario has mistakes; no namespace was made"),
    };
    match namespaces.open(scenario.as_ref(), wanted.seed, asked.now) {
        Ok(namespace) => describe(namespaces, namespace.name(), 201, asked),
        Err(TooManyNamespaces) => mistake(
            503,
            format!("there are {MOST_NAMESPACES} namespaces already"),
            "drop namespaces that you no longer need",
        ),
    }
}

pub(super) fn show(namespaces: &Namespaces, asked: &Asked<'_>) -> Reply {
    describe(namespaces, &asked.segment, 200, asked)
}

fn describe(namespaces: &Namespaces, name: &str, status: u16, asked: &Asked<'_>) -> Reply {
    let place = Place { namespaces, name: Some(name), now: asked.now };
    let described = place.with(|_, world| described(name, world, asked));
    described.map_or_else(|reply| reply, |described| Reply::json(status, &described))
}

pub(super) fn close(namespaces: &Namespaces, asked: &Asked<'_>) -> Reply {
    let name = &asked.segment;
    match namespaces.close(name, asked.now) {
        true => Reply::json(200, &json!({"dropped": name})),
        false => no_namespace(&UnknownNamespace(name.clone())),
    }
}

/// The namespace as JSON, with the environment variables that a client needs to call it.
fn described(name: &str, world: &World, asked: &Asked<'_>) -> Value {
    let host = asked.request.headers.text("host").unwrap_or("localhost");
    let base = format!("{}://{host}", if asked.request.secure { "https" } else { "http" });
    let sections = world.scenario().sections.iter();
    let access = sections.flat_map(|(_, section)| section.access());
    let environment: serde_json::Map<_, _> =
        access.map(|access| (access.variable.to_owned(), access.at(&base).into())).collect();
    json!({
        "namespace": name,
        "scenario": world.scenario().name,
        "seed": world.seed(),
        "control": format!("{base}/__standin/namespaces/{name}"),
        "environment": environment,
    })
}
