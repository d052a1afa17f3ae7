//! A service and an edition → the document that describes what is emulated: OpenAPI 3.1.
//!
//! Nothing of this runs while a server serves.

mod answered;
mod asked;
mod components;
mod played;

use serde_json::{Map, Value, json};

use crate::emulator::{Base, Calling, Operation, Presents, ProofPlace, Service};
use components::Components;
use played::Stage;

/// The document that describes `edition` of `service`; the name of an edition is empty for a service that has only one.
pub fn openapi(service: &'static dyn Service, edition: &str) -> Value {
    let calling = service.calling();
    let stage = Stage::new(service, edition);
    let mut components = Components::default();
    let mut paths = Map::new();
    let mut tags = Vec::new();
    for operation in service.operations().iter().filter(|operation| service.has(operation, edition)) {
        let (path, is_below) = path_of(operation, service.base());
        let item = paths.entry(path).or_insert_with(|| match is_below {
            true => json!({}),
            false => json!({"servers": servers(std::slice::from_ref(&calling.root))}),
        });
        let described = Described { service, edition, operation, is_below };
        item[operation.verb.to_ascii_lowercase()] = described.operation(&stage, &mut components);
        let tag = tag_of(operation);
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let edition_named = if edition.is_empty() { String::new() } else { format!(", {edition} edition") };
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": format!("{} as standin emulates it{edition_named}", service.title()),
            "version": env!("CARGO_PKG_VERSION"),
            "description": calling.notes,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": servers(calling.bases),
        "tags": tags.iter().map(|tag| json!({"name": tag})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": components.schemas,
            "securitySchemes": schemes(calling),
        },
    })
}

/// An operation of an edition.
struct Described<'a> {
    service: &'static dyn Service,
    edition: &'a str,
    operation: &'static Operation,
    /// Whether its path is below the base of the service.
    is_below: bool,
}

impl Described<'_> {
    fn operation(&self, stage: &Stage, components: &mut Components) -> Value {
        let Self { service, edition, operation, is_below } = *self;
        let calling = service.calling();
        let played = stage.example(operation);
        let example = played.as_ref().map(|played| asked::Example::of(operation, &played.example));
        let beside = if is_below { calling.beside } else { &[] };
        let asked = asked::Asked { operation, calling, beside, example: example.as_ref() };
        let mut described = json!({
            "operationId": operation.name,
            "tags": [tag_of(operation)],
            "summary": operation.summary,
            "description": format!("A scenario needs {}. Source: {}.", operation.requires, operation.source),
            "security": security(service, operation, edition),
        });
        let parameters = asked.parameters();
        if !parameters.is_empty() {
            described["parameters"] = parameters.into();
        }
        if let Some(body) = asked.body(components) {
            described["requestBody"] = body;
        }
        let answers = service.answers(operation, edition);
        described["responses"] = answered::responses(operation, &answers, stage, played.as_ref(), components);
        described
    }
}

/// The path of an operation in the document, and whether it is below the base of the service.
fn path_of<'a>(operation: &'a Operation, base: &str) -> (&'a str, bool) {
    match operation.path.strip_prefix(base) {
        Some(rest) => (rest, true),
        None => (operation.path, false),
    }
}

/// The group of an operation: the beginning of its name.
fn tag_of(operation: &Operation) -> &'static str {
    operation.name.split('.').next().unwrap_or(operation.name)
}

fn servers(bases: &[Base]) -> Vec<Value> {
    let server = |base: &Base| {
        let variables: Map<_, _> = base
            .variables
            .iter()
            .map(|(name, value, summary)| {
                ((*name).to_owned(), json!({"default": value, "description": summary}))
            })
            .collect();
        json!({"url": base.url, "description": base.summary, "variables": variables})
    };
    bases.iter().map(server).collect()
}

fn schemes(calling: &Calling) -> Map<String, Value> {
    let scheme = |place| match place {
        ProofPlace::Bearer => json!({"type": "http", "scheme": "bearer"}),
        ProofPlace::Header(name) => json!({"type": "apiKey", "in": "header", "name": name}),
        ProofPlace::Query(name) => json!({"type": "apiKey", "in": "query", "name": name}),
    };
    let described = |proof: &Presents| {
        let mut scheme = scheme(proof.place);
        scheme["description"] = proof.summary.into();
        (proof.name.to_owned(), scheme)
    };
    calling.proofs.iter().map(described).collect()
}

/// The ways to show who calls, of which one is enough.
fn security(service: &dyn Service, operation: &Operation, edition: &str) -> Vec<Value> {
    let way = |names: &&[&str]| names.iter().map(|name| ((*name).to_owned(), json!([]))).collect();
    service.ways(operation, edition).iter().map(|names| Value::Object(way(names))).collect()
}
