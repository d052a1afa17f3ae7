//! Every route → the document that describes the control interface: OpenAPI 3.1.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::about::Schemas;
use super::routes::ROUTES;
use super::{Mistake, rows, watch};

/// The document as the file in `schemas/` holds it.
pub fn openapi_text() -> String {
    format!("{:#}\n", openapi())
}

/// The document that describes the control interface: OpenAPI 3.1.
pub fn openapi() -> Value {
    let settings = || {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings
    };
    let mut schemas =
        Schemas { sent: settings().into_generator(), given: settings().for_serialize().into_generator() };
    let mut paths = Map::new();
    for route in ROUTES {
        let path = route.path.trim_start_matches("/__standin");
        let operations = paths.entry(path).or_insert_with(|| json!({}));
        operations[route.method.to_ascii_lowercase()] = schemas.operation(route.path, (route.about)());
    }
    let mistake = schemas.given.subschema_for::<Mistake>();
    // The data of the events of a stream.
    schemas.given.subschema_for::<watch::Open>();
    schemas.given.subschema_for::<watch::Changed>();
    schemas.given.subschema_for::<watch::Missed>();
    schemas.given.subschema_for::<rows::ExchangeRow>();
    schemas.given.subschema_for::<rows::ActionRow>();
    let mut all = schemas.sent.take_definitions(true);
    all.extend(schemas.given.take_definitions(true));
    all.sort_keys();
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Control interface of standin",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What a test asks of a running server. docs/control.md says it in prose.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{
            "url": "{control}",
            "description": "The main scenario, or a namespace: what STANDIN_CONTROL_URL or the member `control` of a namespace holds.",
            "variables": {"control": {"default": "http://127.0.0.1:8080/__standin"}},
        }],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": all,
            "responses": {"Mistake": {
                "description": "The request cannot be answered. 401 and 403: the caller may not ask. 404: there is no such thing. 405: the path takes another method. 409: the thing is not in such a state. 413 and 408: the body is too large or does not arrive. 400 and 422: the request is wrong. 503: there are too many such things.",
                "content": {"application/json": {"schema": mistake}},
            }},
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The token of `serve --control-token`, which other machines need.",
            }},
        },
    })
}
