//! `/__standin/namespaces`: makes, shows, lists and drops namespaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asked, Place, mistake, no_namespace, refused};
use crate::emulator::{HandlerUrl, those_of};
use crate::engine::{MOST_NAMESPACES, Namespace, NamespaceName, Namespaces, NotOpened, World};
use crate::http::Reply;
use crate::scenario::{Scenario, parse_expectations};

/// The body of a request that makes a namespace.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
struct Wanted {
    /// The name. `None` gives it a number.
    name: Option<String>,
    /// The scenario: its YAML as a text, or the scenario itself as JSON. `None` copies the main world's.
    scenario: Option<Value>,
    /// URLs of handlers that the scenario knows by name.
    #[serde(default)]
    handlers: BTreeMap<String, String>,
    /// The expectations, as YAML in a text or as JSON. `None` keeps those of the scenario.
    expect: Option<Value>,
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
    let help = r#"send no body, or a JSON object with the members that you want: `{"name": "test_retry", "scenario": YAML OR OBJECT, "expect": [], "seed": 7, "handlers": {"app": URL}}`"#;
    let body = asked.request.body().trim_ascii();
    let wanted = if body.is_empty() { Ok(Wanted::default()) } else { serde_json::from_slice::<Wanted>(body) };
    let Wanted { name, scenario, expect, handlers, seed } = match wanted {
        Ok(wanted) => wanted,
        Err(error) => return mistake(400, format!("the body does not describe a namespace: {error}"), help),
    };
    let name = match name.map(|text| NamespaceName::new(&text).ok_or(text)).transpose() {
        Ok(name) => name,
        Err(text) => {
            let help = format!("use {}", NamespaceName::RULE);
            return mistake(400, format!("`{text}` cannot be the name of a namespace"), &help);
        }
    };
    for (name, url) in &handlers {
        if let Err(why) = HandlerUrl::parse(url) {
            let help = "type a URL such as `http://127.0.0.1:3000/events`";
            let message = format!("`{url}` is no URL of the handler `{name}`: {why}; no namespace was made");
            return mistake(422, message, help);
        }
    }
    let text = match scenario {
        None => None,
        Some(Value::String(yaml)) => Some(yaml),
        // JSON is YAML too.
        Some(object @ Value::Object(_)) => Some(format!("{object:#}")),
        Some(_) => return mistake(400, "`scenario` is not a text and not an object".to_owned(), help),
    };
    let scenario = match text.map(|text| Scenario::parse("scenario", &text)).transpose() {
        Ok(scenario) => scenario,
        Err(report) => return refused(&report, "the scenario has mistakes; no namespace was made"),
    };
    let of = |expect: Value| {
        let text = expect.as_str().map_or_else(|| format!("{expect:#}"), str::to_owned);
        match &scenario {
            Some(scenario) => parse_expectations(&text, scenario),
            None => {
                let main = Arc::clone(namespaces.main().scenario());
                parse_expectations(&text, &main)
            }
        }
    };
    let expect = match expect.map(of).transpose() {
        Ok(expect) => expect,
        Err(report) => return refused(&report, "the expectations have mistakes; no namespace was made"),
    };
    let opened = match &name {
        None => namespaces.open(scenario.as_ref(), seed, asked.now),
        Some(name) => namespaces.open_called(name, scenario.as_ref(), seed, asked.now),
    };
    let called = name.map_or(String::new(), |name| namespaces.name_here(&name));
    match opened {
        Ok(namespace) => {
            let unknown = namespace.world().and_then(|mut world| {
                if let Some(expect) = expect {
                    world.expect(expect);
                }
                handlers.into_iter().find_map(|(name, url)| {
                    let is_unknown = world.bind_handler(&name, &url) == 0;
                    is_unknown.then(|| no_handler(&world, &name))
                })
            });
            match unknown {
                None => describe(namespaces, namespace.name(), 201, asked),
                Some(reply) => {
                    namespaces.close(namespace.name(), asked.now);
                    reply
                }
            }
        }
        Err(NotOpened::TooMany) => mistake(
            503,
            format!("there are {MOST_NAMESPACES} namespaces already"),
            "drop namespaces that you no longer need",
        ),
        Err(NotOpened::Taken) => mistake(
            409,
            format!("there is a namespace `{called}` already"),
            &format!(
                "drop it with `DELETE /__standin/namespaces/{called}`, send it back to its start with `POST /__standin/namespaces/{called}/reset`, or choose another name"
            ),
        ),
        Err(NotOpened::Ambiguous) => mistake(
            409,
            format!("a credential of the main scenario ends in `-{called}`, as those of the namespace would"),
            "choose another name",
        ),
    }
}

/// The answer when the scenario knows no handler by this name.
fn no_handler(world: &World, name: &str) -> Reply {
    let help = those_of("handlers with a name", world.handler_names());
    mistake(422, format!("the scenario has no handler called `{name}`; no namespace was made"), &help)
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
        false => no_namespace(&namespaces.astray(name)),
    }
}

/// The namespace as JSON, with the environment variables that a client needs to call it.
fn described(name: &str, world: &World, asked: &Asked<'_>) -> Value {
    let host = asked.request.headers.text("host").unwrap_or("localhost");
    let base = format!("{}://{host}", if asked.request.secure { "https" } else { "http" });
    let sections = world.scenario().sections.iter();
    let access = sections.flat_map(|(_, section)| section.access(world.seed()));
    let control = format!("{base}/__standin/namespaces/{name}");
    let own = [("STANDIN_URL", base.clone()), ("STANDIN_CONTROL_URL", control.clone())];
    let own = own.into_iter().map(|(variable, value)| (variable.to_owned(), value.into()));
    let access = access.map(|access| (access.variable.to_owned(), access.at(&base).into()));
    let environment: serde_json::Map<_, _> = own.chain(access).collect();
    json!({
        "namespace": name,
        "scenario": world.scenario().name,
        "seed": world.seed(),
        "control": control,
        "environment": environment,
    })
}
