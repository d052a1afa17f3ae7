//! The documents that describe the services: they have every operation of an edition with each of its errors, and their examples are what
//! the emulator answers and what their schemas say.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use standin::contract::openapi;
use standin::emulator::{Operation, Service};
use standin::services::SERVICES;

use crate::commands::{standin, stderr, stdout};
use crate::direct::Direct;

/// The scenario that the documents play.
const SCENARIO: &str = include_str!("../../src/contract/openapi/scenario.yaml");

/// A document, and what it is about.
struct Document {
    service: &'static dyn Service,
    edition: &'static str,
    whole: Value,
}

fn documents() -> &'static [Document] {
    static ALL: LazyLock<Vec<Document>> = LazyLock::new(make_all);
    &ALL
}

fn make_all() -> Vec<Document> {
    let editions = |service: &'static dyn Service| match service.editions() {
        [] => vec![""],
        editions => editions.to_vec(),
    };
    let of = |service: &'static dyn Service, edition| Document {
        service,
        edition,
        whole: openapi(service, edition),
    };
    SERVICES
        .iter()
        .flat_map(|service| editions(*service).into_iter().map(|edition| of(*service, edition)))
        .collect()
}

impl Document {
    fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        let all = self.service.operations().iter().copied();
        all.filter(|operation| self.service.has(operation, self.edition))
    }

    /// What the document says of an operation.
    fn described(&self, operation: &Operation) -> &Value {
        let path = operation.path.strip_prefix(self.service.base()).unwrap_or(operation.path);
        let described = &self.whole["paths"][path][operation.verb.to_ascii_lowercase()];
        assert_eq!(described["operationId"], operation.name, "{}", self.edition);
        described
    }

    /// A schema of the document as a validator, with the components that it refers to. These refer to no others.
    fn validator(&self, schema: &Value) -> jsonschema::Validator {
        let mut needed = BTreeSet::new();
        references(schema, &mut needed);
        let named = needed.iter().map(|reference| reference.rsplit('/').next().unwrap());
        let schemas: Map<_, _> =
            named.map(|name| (name.to_owned(), self.whole["components"]["schemas"][name].clone())).collect();
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [schema],
            "components": {"schemas": schemas},
        });
        jsonschema::validator_for(&whole).unwrap_or_else(|error| panic!("{error}: {schema}"))
    }
}

/// The examples of a response, by name, those of all media types together.
fn examples(response: &Value) -> Vec<(&str, &Value)> {
    let media = response["content"].as_object().into_iter().flat_map(|content| content.values());
    let all = media.filter_map(|media| media["examples"].as_object()).flatten();
    all.map(|(name, example)| (name.as_str(), &example["value"])).collect()
}

/// The references in `value`.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        _ => {}
    }
}

#[test]
fn a_document_has_each_operation_of_its_edition_and_no_other() {
    for document in documents() {
        let paths = document.whole["paths"].as_object().unwrap().values();
        let described = paths.flat_map(|item| item.as_object().unwrap().iter());
        let described: BTreeSet<_> = described
            .filter(|(name, _)| *name != "servers")
            .map(|(_, operation)| operation["operationId"].as_str().unwrap())
            .collect();
        let expected: BTreeSet<_> = document.operations().map(|operation| operation.name).collect();
        assert_eq!(described, expected, "{} {}", document.service.name(), document.edition);
        assert_eq!(described.contains("imconnector.set.error"), document.edition == "live");
        document.operations().for_each(|operation| {
            document.described(operation);
        });
    }
}

#[test]
fn each_error_of_an_operation_has_its_status_and_an_example() {
    for document in documents() {
        for operation in document.operations() {
            let responses = &document.described(operation)["responses"];
            for given in operation.gives_all() {
                let (code, face) = (given.code.code, given.face(document.edition));
                let what = format!("{code} of {} {}", operation.name, document.edition);
                let response = &responses[face.status.to_string()];
                let own = |(name, _): &(&str, &Value)| {
                    name.strip_prefix(code)
                        .is_some_and(|rest| rest.is_empty() || rest[1..].parse::<u32>().is_ok())
                };
                let own: Vec<_> = examples(response).into_iter().filter(own).collect();
                assert!(!own.is_empty(), "{what}: {response:#}");
                let text = json!(face.text).to_string();
                assert!(own.iter().any(|(_, value)| value.to_string().contains(&text)), "{what}: {own:?}");
            }
        }
    }
}

#[test]
fn each_example_of_a_success_is_what_the_emulator_answers() {
    for document in documents() {
        for operation in document.operations() {
            let scenario = match document.edition {
                "" => SCENARIO.to_owned(),
                edition => SCENARIO.replace("edition: documented", &format!("edition: {edition}")),
            };
            let mut world = Direct::new(&scenario);
            let call = world.example(document.service, operation);
            let (reply, _) = world.call(&call);
            assert_eq!(reply.status, operation.status, "{}: {:?}", operation.name, reply.body);
            // A file, a stream and an answer that waits for a delivery are not the whole answer.
            let is_whole =
                !["attachments.content", "events.stream", "events.replay"].contains(&operation.name);
            if is_whole {
                let answer: Value = serde_json::from_slice(&reply.body).unwrap();
                let response = &document.described(operation)["responses"][operation.status.to_string()];
                let found = examples(response);
                assert!(found.contains(&("success", &answer)), "{}: {answer:#} {found:#?}", operation.name);
            }
        }
    }
}

#[test]
fn a_replay_is_shown_as_its_handler_has_answered() {
    let document = documents().iter().find(|document| document.service.name() == "chert").unwrap();
    let replay = document.operations().find(|operation| operation.name == "events.replay").unwrap();
    let found = examples(&document.described(replay)["responses"]["200"]);
    assert_eq!(found, [("success", &json!({"ok": true, "downstream_status": 200}))]);
}

#[test]
fn every_example_is_as_its_schema_says() {
    for document in documents() {
        for operation in document.operations() {
            let described = document.described(operation);
            let parameters = described["parameters"].as_array().into_iter().flatten();
            let with_example = parameters.filter(|parameter| !parameter["example"].is_null());
            let mut all: Vec<_> =
                with_example.map(|parameter| (&parameter["schema"], &parameter["example"])).collect();
            let responses = described["responses"].as_object().unwrap().values();
            for media in responses
                .chain([&described["requestBody"]])
                .flat_map(|part| part["content"].as_object().into_iter().flat_map(|content| content.values()))
            {
                let named = media["examples"].as_object().into_iter().flatten();
                all.extend(named.map(|(_, example)| (&media["schema"], &example["value"])));
                all.extend(media.get("example").map(|example| (&media["schema"], example)));
            }
            for (schema, example) in all {
                let errors: Vec<_> = document
                    .validator(schema)
                    .iter_errors(example)
                    .map(|error| format!("{error} at {}", error.instance_path()))
                    .collect();
                assert!(errors.is_empty(), "{} {}: {errors:#?}", operation.name, document.edition);
            }
        }
    }
}

#[test]
fn a_wrong_body_is_not_as_its_schema_says() {
    let document = documents().iter().find(|document| document.edition == "documented").unwrap();
    let send = document.operations().find(|operation| operation.name == "imconnector.send.messages").unwrap();
    let content = &document.described(send)["requestBody"]["content"];
    let form = document.validator(&content["application/x-www-form-urlencoded"]["schema"]);
    let fields = [
        ("CONNECTOR", "c"),
        ("LINE", "105"),
        ("MESSAGES[0][user][id]", "u"),
        ("MESSAGES[0][message][text]", "t"),
        ("MESSAGES[0][chat][id]", "c"),
    ];
    let without = |left_out: &str| {
        let sent = fields.iter().filter(|(name, _)| *name != left_out);
        sent.map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Value>()
    };
    assert!(form.is_valid(&without("")) && form.is_valid(&without("MESSAGES[0][message][text]")));
    assert!(!form.is_valid(&without("LINE")) && !form.is_valid(&without("MESSAGES[0][chat][id]")));
    let validator = document.validator(&content["application/json"]["schema"]);
    let message = json!({"user": {"id": "u"}, "message": {"text": "t"}, "chat": {"id": "c"}});
    let body = |message: Value| json!({"CONNECTOR": "c", "LINE": 105, "MESSAGES": [message]});
    assert!(validator.is_valid(&body(message.clone())));
    for wrong in [
        body(json!("t")),
        body(json!({"user": {"id": "u"}, "message": {"text": "t"}})),
        body(json!({"user": {"id": "u"}, "message": {"text": "t"}, "chat": {}})),
        body(json!({"user": {"id": 1}, "message": {"text": "t"}, "chat": {"id": "c"}})),
        json!({"CONNECTOR": "c", "LINE": 105}),
        json!({"CONNECTOR": "c", "LINE": [], "MESSAGES": [message]}),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn all_references_resolve_and_all_components_are_needed() {
    for document in documents() {
        let mut found = BTreeSet::new();
        references(&document.whole, &mut found);
        for reference in &found {
            let way = reference.strip_prefix('#').unwrap();
            assert!(document.whole.pointer(way).is_some(), "{reference}");
        }
        for name in document.whole["components"]["schemas"].as_object().unwrap().keys() {
            assert!(found.contains(format!("#/components/schemas/{name}").as_str()), "{name} is not needed");
        }
        let schemes = document.whole["components"]["securitySchemes"].as_object().unwrap();
        for operation in document.operations() {
            for way in document.described(operation)["security"].as_array().unwrap() {
                assert!(way.as_object().unwrap().keys().all(|name| schemes.contains_key(name)), "{way}");
            }
        }
    }
}

#[test]
fn ways_to_show_who_calls_are_those_that_an_operation_takes() {
    let ways = |edition: &str, service: &str, name: &str| {
        let is_meant =
            |document: &&Document| document.edition == edition && document.service.name() == service;
        let document = documents().iter().find(is_meant).unwrap();
        let operation = document.operations().find(|operation| operation.name == name).unwrap();
        let ways = document.described(operation)["security"].as_array().unwrap().iter();
        let named = |way: &Value| way.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join("+");
        ways.map(named).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ways("", "chert", "send"), "signature+tenant bearer bearer+tenant");
    assert_eq!(ways("", "chert", "attachments.upload"), "bearer bearer+tenant");
    // The last one, which is empty, stands for a webhook.
    assert_eq!(ways("documented", "bitrix24", "imconnector.chat.name.set"), "token auth ");
    assert_eq!(ways("live", "bitrix24", "imconnector.chat.name.set"), "token auth");
    assert_eq!(ways("live", "bitrix24", "server.time"), "token auth ");
    assert_eq!(ways("documented", "bitrix24", "event.bind"), "token auth");
    assert_eq!(ways("documented", "bitrix24", "oauth.token"), "");
}

#[test]
fn the_program_prints_the_document_of_a_service_and_an_edition() {
    let parsed = |arguments: &[&str]| -> Value {
        let output = standin(&[&["openapi"], arguments].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_str(stdout(&output)).unwrap()
    };
    let whole =
        |edition: &str| &documents().iter().find(|document| document.edition == edition).unwrap().whole;
    assert_eq!(parsed(&["chert"]), *whole(""));
    assert_eq!(parsed(&["bitrix24"]), *whole("documented"));
    assert_eq!(parsed(&["bitrix24", "--edition", "documented"]), *whole("documented"));
    assert_eq!(parsed(&["bitrix24", "--edition", "live"]), *whole("live"));
    for (arguments, told) in [
        (
            &["openapi", "chert", "--edition", "live"][..],
            "error: `chert` has no editions\n  = help: leave `--edition` out; only `bitrix24` has editions\n",
        ),
        (
            &["openapi", "control", "--edition", "live"],
            "error: `control` has no editions\n  = help: leave `--edition` out; only `bitrix24` has editions\n",
        ),
        (
            &["openapi", "bitrix24", "--edition", "lief"],
            "error: `bitrix24` has no edition `lief`\n  = help: did you mean `--edition live`?\n",
        ),
        (
            &["openapi", "bitrix24", "--edition", "x"],
            "error: `bitrix24` has no edition `x`\n  = help: the editions are `documented` and `live`\n",
        ),
    ] {
        let output = standin(arguments);
        assert_eq!(
            (stderr(&output), stdout(&output), output.status.code()),
            (told, "", Some(2)),
            "{arguments:?}"
        );
    }
}
