//! `/__standin/namespaces`: makes, shows, lists and drops namespaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Asked, Place, mistake, no_namespace, refused};
use crate::emulator::{HandlerUrl, those_of};
use crate::engine::{MOST_NAMESPACES, Namespace, NamespaceName, Namespaces, NotOpened, World};
use crate::http::Reply;
use crate::judge::ExpectSpec;
use crate::scenario::{AnyScenario, Scenario, parse_expectations};

/// A namespace to make.
#[derive(Default, Deserialize, JsonSchema)]
#[schemars(rename = "NamespaceWanted")]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct Wanted {
    /// The name. Without it, the namespace gets a number.
    name: Option<String>,
    /// The scenario: its YAML as a text, or the scenario itself as JSON. Without it, that of the server is copied.
    #[schemars(schema_with = "scenario_or_text")]
    #[serde(default)]
    scenario: Option<Value>,
    /// URLs of handlers that the scenario knows by name.
    #[serde(default)]
    handlers: BTreeMap<String, String>,
    /// The expectations, as YAML in a text or as JSON. Without them, those of the scenario stay.
    #[schemars(schema_with = "expectations_or_text")]
    #[serde(default)]
    expect: Option<Value>,
    /// The seed. Without it, that of the scenario, or else that of the server.
    seed: Option<u64>,
}

fn scenario_or_text(generator: &mut SchemaGenerator) -> Schema {
    let scenario = generator.subschema_for::<AnyScenario>();
    json_schema!({"anyOf": [{"type": ["string", "null"]}, scenario]})
}

fn expectations_or_text(generator: &mut SchemaGenerator) -> Schema {
    let expectations = generator.subschema_for::<Vec<ExpectSpec>>();
    json_schema!({"anyOf": [{"type": ["string", "null"]}, expectations]})
}

/// All namespaces.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Namespaces")]
pub(super) struct NamespaceList {
    namespaces: Vec<NamespaceInList>,
}

/// A namespace in a list.
#[derive(Serialize, JsonSchema)]
struct NamespaceInList {
    /// Its name.
    namespace: String,
    /// The name of its scenario.
    scenario: String,
    seed: u64,
    /// Answered requests to services.
    exchanges: u64,
    last_used: String,
}

/// A namespace with what a client needs to call it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Namespace")]
pub(super) struct NamespaceShown {
    /// Its name.
    namespace: String,
    /// The name of its scenario.
    scenario: String,
    seed: u64,
    /// The URL of its control interface, without a final slash.
    control: String,
    /// URLs and credentials, by the names of environment variables.
    environment: IndexMap<String, String>,
}

/// The end of a namespace.
#[derive(Serialize, JsonSchema)]
pub(super) struct Dropped {
    /// Its name.
    dropped: String,
}

pub(super) fn list(namespaces: &Namespaces, _: &Asked<'_>) -> Reply {
    let shown = |namespace: &Namespace| {
        let world = namespace.world()?;
        Some(NamespaceInList {
            namespace: namespace.name().to_owned(),
            scenario: world.scenario().name.clone(),
            seed: world.seed(),
            exchanges: world.counters().exchanges,
            last_used: namespace.used().to_string(),
        })
    };
    let all = namespaces.all().iter().filter_map(|namespace| shown(namespace)).collect();
    Reply::json(200, &NamespaceList { namespaces: all })
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
        true => Reply::json(200, &Dropped { dropped: name.clone() }),
        false => no_namespace(&namespaces.astray(name)),
    }
}

/// The namespace as JSON, with the environment variables that a client needs to call it.
fn described(name: &str, world: &World, asked: &Asked<'_>) -> NamespaceShown {
    let host = asked.request.headers.text("host").unwrap_or("localhost");
    let base = format!("{}://{host}", if asked.request.secure { "https" } else { "http" });
    let sections = world.scenario().sections.iter();
    let access = sections.flat_map(|(_, section)| section.access(world.seed()));
    let control = format!("{base}/__standin/namespaces/{name}");
    let own = [("STANDIN_URL", base.clone()), ("STANDIN_CONTROL_URL", control.clone())];
    let own = own.into_iter().map(|(variable, value)| (variable.to_owned(), value));
    let access = access.map(|access| (access.variable.to_owned(), access.at(&base)));
    NamespaceShown {
        namespace: name.to_owned(),
        scenario: world.scenario().name.clone(),
        seed: world.seed(),
        control,
        environment: own.chain(access).collect(),
    }
}
