//! The OpenAPI document of the control interface: every request that it describes gets what it describes, and it has every
//! route.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use standin::Server;

use crate::client::{self, Response, get, post, serve};
use crate::commands::{Serving, standin, stdout};

/// A world in which each example of the document can be answered with success.
const SCENARIO: &str = "
standin: 1
name: everything
seed: 7
clock: {virtual: \"2026-03-17T15:52:41Z\"}
bitrix24:
  applications: [{client_id: app, client_secret: client-secret-1, application_token: application-token-1}]
  credentials: [{token: access-token-1, refresh_token: refresh-token-1, client_id: app}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
  handlers: [{event: OnImConnectorMessageAdd, name: app}]
chert:
  tenants: [{slug: acme, signing_secret: whsec_0123456789abcdef0123456789abcdef}]
faults:
  - {name: flaky, on: bitrix24, when: {probability: 0.5}, delay: 1ms}
  - {name: torn, on: bitrix24.imconnector.chat.name.set, when: {first: 1}, wire: truncate_json}
  - {name: late, on: bitrix24.events, when: {call: 9}, delay: 1ms}
expect:
  - {name: renamed, on: bitrix24.imconnector.chat.name.set, match: {CHAT_ID: chat-2}, calls: {at_least: 1}}
";

const RENAME: &str = "/rest/imconnector.chat.name.set?auth=access-token-1";
const WRITE: &str = r#"{"do": "bitrix24.operator.write", "with": {"connector": "connector", "line": 105, "chat": "chat-1", "text": "Hello"}}"#;

/// The document as the program prints it.
fn document() -> Value {
    serde_json::from_str(stdout(&standin(&["openapi", "control"]))).unwrap()
}

/// A server after a call that was spoilt, an action whose event waits, a snapshot, and a namespace. Its own expectation cannot be
/// met, so it is not asked at its end.
fn prepared(operation: &str) -> Server {
    let server = serve(SCENARIO);
    let rename = r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-2","NAME":"New name"}"#;
    client::send(&server, "POST", RENAME, &[("content-type", "application/json")], rename.as_bytes());
    let mut steps = vec![
        ("/__standin/actions", WRITE),
        ("/__standin/snapshots/ready", ""),
        ("/__standin/namespaces", r#"{"name": "test_a"}"#),
    ];
    if matches!(operation, "answerEvent" | "sendEvent") {
        steps.push(("/__standin/outbox/e1/take", ""));
    }
    if operation == "sendEvent" {
        steps.push(("/__standin/outbox/e1/answer", r#"{"status": 500}"#));
    }
    for (path, body) in steps {
        let done = post(&server, path, body);
        assert!(done.status() < 300, "{path}: {}", done.text());
    }
    server
}

/// A request of the document, and what the document says of its answers.
struct Described<'a> {
    id: &'a str,
    method: String,
    target: String,
    body: Vec<u8>,
    answers: &'a Value,
}

/// Every request that the document has an example of.
fn requests(document: &Value) -> Vec<Described<'_>> {
    let mut all = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let mut target = format!("/__standin{path}");
            let mut query = String::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (name, example) = (parameter["name"].as_str().unwrap(), parameter["example"].as_str());
                match (parameter["in"].as_str().unwrap(), example) {
                    ("path", example) => target = target.replace(&format!("{{{name}}}"), example.unwrap()),
                    (_, Some(example)) => query += &format!("{name}={example}&"),
                    (_, None) => {}
                }
            }
            if !query.is_empty() {
                target += &format!("?{}", query.trim_end_matches('&'));
            }
            assert!(!target.contains('{'), "{target}");
            let example = &operation["requestBody"]["content"]["application/json"]["example"];
            let body = if example.is_null() { Vec::new() } else { example.to_string().into_bytes() };
            let id = operation["operationId"].as_str().unwrap();
            let method = method.to_ascii_uppercase();
            all.push(Described { id, method, target, body, answers: &operation["responses"] });
        }
    }
    all
}

/// A schema of the document as a validator. An answer may have no member that the document lacks.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema], "components": document["components"]});
    close(&mut whole);
    jsonschema::validator_for(&whole).unwrap_or_else(|error| panic!("{error}: {schema}"))
}

/// Forbids members that a schema does not name.
fn close(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.get("type") == Some(&json!("object"))
                && members.get("properties").is_some_and(Value::is_object)
                && !members.contains_key("additionalProperties")
            {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        _ => {}
    }
}

/// Holds an answer against what the document says of it.
fn check(document: &Value, answers: &Value, answer: &Response, what: &str) {
    let status = answer.status().to_string();
    let described = answers.get(&status).unwrap_or_else(|| {
        assert!(answer.status() >= 400, "{what}: {status} is not described");
        document.pointer("/components/responses/Mistake").unwrap()
    });
    let media_type = answer.header("content-type").unwrap().split(';').next().unwrap();
    let content = &described["content"][media_type];
    assert!(content.is_object(), "{what}: {media_type} is not described");
    if media_type != "application/json" {
        assert_eq!(content["schema"], json!({"type": "string"}), "{what}");
        return;
    }
    let errors: Vec<_> = validator(document, &content["schema"])
        .iter_errors(&answer.json())
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{:#}", answer.json());
}

fn ask(server: &Server, request: &Described<'_>) -> Response {
    client::send(server, &request.method, &request.target, &[], &request.body)
}

#[test]
fn each_request_of_the_document_gets_what_it_describes() {
    let document = document();
    for request in requests(&document).iter().filter(|request| !matches!(request.id, "stream" | "conduct")) {
        let what = format!("{} {}", request.method, request.target);
        let server = prepared(request.id);
        let answer = ask(&server, request);
        let is_unmet = answer.status() == 417 && request.id == "verify";
        assert!(answer.status() < 300 || is_unmet, "{what}: {}", answer.text());
        check(&document, request.answers, &answer, &what);
        server.reset_expectations();
    }
}

#[test]
fn conduct_and_judgement_are_as_described_when_a_rule_is_broken() {
    let document = document();
    let all = requests(&document);
    let serving = Serving::start(&["--judge"]);
    // The live edition refuses a webhook.
    let rename = r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1","NAME":"New name"}"#;
    let target = "/rest/1/webhook-secret/imconnector.chat.name.set";
    let headers = [("content-type", "application/json")];
    client::send_to(serving.host(), "POST", target, &headers, rename.as_bytes());
    for id in ["conduct", "judgement"] {
        let request = all.iter().find(|request| request.id == id).unwrap();
        let answer = client::send_to(serving.host(), "GET", &request.target, &[], b"");
        assert!(answer.json()["broken"][0]["breaches"][0]["shown"][0].is_object(), "{}", answer.text());
        check(&document, request.answers, &answer, id);
    }
}

#[test]
fn other_answers_are_as_described_too() {
    let document = document();
    let all = requests(&document);
    for (id, method, target, body) in [
        ("journal", "GET", "/__standin/journal?rows=true", ""),
        ("journal", "GET", "/__standin/journal", ""),
        ("explainExchange", "GET", "/__standin/journal/1/explain", ""),
        ("explainEvent", "GET", "/__standin/outbox/e1/explain", ""),
        ("moveClock", "POST", "/__standin/clock", r#"{"advance": "next"}"#),
        ("moveClock", "POST", "/__standin/clock", r#"{"set": "2027-01-01T00:00:00Z"}"#),
        ("putFault", "PUT", "/__standin/faults/new", "{on: bitrix24, delay: 1ms}"),
        ("verify", "POST", "/__standin/verify", ""),
        ("verify", "POST", "/__standin/verify", "[{name: a, on: chert, calls: {exactly: 0}}]"),
        ("journal", "GET", "/__standin/namespaces/test_a/journal", ""),
        ("makeNamespace", "POST", "/__standin/namespaces", ""),
        // Mistakes.
        ("addFault", "POST", "/__standin/faults", "{name: flaky, on: chrt}"),
        ("replaceScenario", "POST", "/__standin/scenario", "standin: 2"),
        ("act", "POST", "/__standin/actions", r#"{"do": "bitrix24.operator.wrte"}"#),
        ("act", "POST", "/__standin/actions", "x"),
        ("exchange", "GET", "/__standin/journal/7", ""),
        ("event", "GET", "/__standin/outbox/e9", ""),
        ("takeEvent", "POST", "/__standin/outbox/e9/take", ""),
        ("answerEvent", "POST", "/__standin/outbox/e1/answer", r#"{"status": 200}"#),
        ("answerEvent", "POST", "/__standin/outbox/e1/answer", r#"{"status": 20}"#),
        ("fault", "GET", "/__standin/faults/none", ""),
        ("restoreSnapshot", "POST", "/__standin/snapshots/none/restore", ""),
        ("namespace", "GET", "/__standin/namespaces/none", ""),
        ("makeNamespace", "POST", "/__standin/namespaces", r#"{"name": "test_a"}"#),
        (
            "makeNamespace",
            "POST",
            "/__standin/namespaces",
            r#"{"handlers": {"none": "http://127.0.0.1:1/"}}"#,
        ),
        ("moveClock", "POST", "/__standin/clock", "{}"),
        ("health", "POST", "/__standin/health", ""),
    ] {
        let server = prepared(id);
        let answer = client::send(&server, method, target, &[], body.as_bytes());
        let answers = all.iter().find(|request| request.id == id).unwrap().answers;
        check(&document, answers, &answer, &format!("{method} {target} {body}"));
        server.reset_expectations();
    }
}

/// A server whose expectations are not looked at when it ends.
trait Ends {
    fn reset_expectations(&self);
}

impl Ends for Server {
    fn reset_expectations(&self) {
        let empty = post(self, "/__standin/scenario", "{standin: 1, name: empty}");
        assert_eq!(empty.status(), 200);
    }
}

#[test]
fn examples_are_as_their_schemas_say() {
    let document = document();
    for operations in document["paths"].as_object().unwrap().values() {
        for operation in operations.as_object().unwrap().values() {
            let content = &operation["requestBody"]["content"]["application/json"];
            if content.is_object() {
                let valid = validator(&document, &content["schema"]).is_valid(&content["example"]);
                assert!(valid, "{}", operation["operationId"]);
            }
        }
    }
}

#[test]
fn a_wrong_answer_would_be_noticed() {
    let document = document();
    let schema =
        &document["paths"]["/clock"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    let validator = validator(&document, schema);
    assert!(validator.is_valid(&json!({"clock": "real", "now": "2026-03-17T15:52:41Z", "next": null})));
    for wrong in [
        json!({"clock": "real", "now": "2026-03-17T15:52:41Z"}),
        json!({"clock": "real", "now": 7, "next": null}),
        json!({"clock": "real", "now": "2026-03-17T15:52:41Z", "next": null, "more": 1}),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn every_route_of_the_server_is_in_the_document_and_no_other() {
    let document = document();
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            let methods = operations.as_object().unwrap().keys();
            methods.map(move |method| (format!("/__standin{path}"), method.to_ascii_uppercase()))
        })
        .collect();
    let server = serve("{standin: 1, name: empty}");
    // The server says itself which paths it has, and which methods each takes.
    let help = get(&server, "/__standin/").json()["help"].as_str().unwrap().to_owned();
    let paths: BTreeSet<_> = help.split('`').skip(1).step_by(2).chain(["/__standin/"]).collect();
    assert_eq!(paths, described.iter().map(|(path, _)| path.as_str()).collect(), "the paths");
    for path in paths {
        let is_free = |segment: &str| segment.starts_with('{');
        let asked: Vec<_> =
            path.split('/').map(|segment| if is_free(segment) { "x" } else { segment }).collect();
        // A path such as `faults/check` fits `faults/{name}` too.
        let fits = |other: &str| {
            let other: Vec<_> = other.split('/').collect();
            other.len() == asked.len()
                && other
                    .iter()
                    .zip(&asked)
                    .all(|(other, asked)| other == asked || (is_free(other) && !asked.is_empty()))
        };
        let expected: BTreeSet<_> =
            described.iter().filter(|(path, _)| fits(path)).map(|(_, method)| method.as_str()).collect();
        let refused = client::send(&server, "PURGE", &asked.join("/"), &[], b"");
        assert_eq!(refused.status(), 405, "{path}");
        let served: BTreeSet<_> = refused.header("allow").unwrap().split(", ").collect();
        assert_eq!(served, expected, "{path}");
    }
}

#[test]
fn the_document_is_printed_as_committed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/control.openapi.json");
    assert!(
        stdout(&standin(&["openapi", "control"])) == std::fs::read_to_string(path).unwrap(),
        "`cargo run -- openapi control > schemas/control.openapi.json` writes it anew"
    );
}
