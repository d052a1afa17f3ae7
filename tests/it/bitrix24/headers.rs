//! Header fields: which one of a request counts, and those of answers in the live edition.

use serde_json::{Value, json};

use crate::direct::{self, Direct};

/// A portal whose clock shows half a second past 1732110908.
fn portal(edition: &str, duration: &str) -> Direct {
    Direct::new(&format!(
        "
standin: 1
name: headers
clock: {{virtual: \"2024-11-20T13:55:08.5Z\"}}
bitrix24:
  edition: {edition}
  timing: {{duration: {duration}, processing: 1ms}}
  limits: {{operating: 0s}}
  applications: [{{client_id: local.1, client_secret: client-secret}}]
  credentials:
    - {{token: access-token, client_id: local.1}}
    - {{token: expired, client_id: local.1, expires: 2020-01-01T00:00:00Z}}
    - {{token: without-application}}
    - {{webhook: {{user: 1, secret: webhook-secret}}}}
  connectors: [{{id: connector, chat_group: true}}]
  lines: [{{id: 105, connectors: [connector]}}]
  chats: [{{connector: connector, line: 105, id: chat-1, name: Old name}}]
faults:
  - {{name: expires, on: bitrix24.profile, when: {{call: 2}}, error: expired_token}}
  - {{name: not confirmed, on: bitrix24.app.info, error: METHOD_CONFIRM_DENIED}}
  - {{name: no licence, on: bitrix24.methods, error: WRONG_LICENSE}}
"
    ))
}

const RENAME: &str = "/rest/imconnector.chat.name.set";

/// Asks with these parameters. Returns the error code, and the two header fields that tell of the method.
fn fields(world: &mut Direct, target: &str, parameters: Value) -> (String, Option<String>, Option<String>) {
    let reply = world.post(target, &parameters);
    let code = direct::body(&reply)["error"].as_str().unwrap_or("success").to_owned();
    let field = |name| reply.header(name).map(str::to_owned);
    (code, field("x-bitrix-rest-application"), field("x-bitrix-rest-time"))
}

#[test]
fn a_live_answer_tells_the_application_once_it_is_known_and_the_time_of_the_method() {
    let good = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": "New name"});
    let by = |token: &str, changes: Value| {
        let mut parameters = good.clone();
        parameters["auth"] = json!(token);
        changes.as_object().unwrap().iter().for_each(|(name, value)| parameters[name] = value.clone());
        parameters
    };
    let zero = "0.0000000000";
    // The end of the method is still zero, so the field is minus the second at which it began.
    let minus = "-1732110908.0000000000";
    for (target, parameters, code, application, time) in [
        (RENAME, by("access-token", json!({})), "success", Some("local.1"), zero),
        (RENAME, by("without-application", json!({})), "success", None, zero),
        (RENAME, by("access-token", json!({"NAME": ""})), "ERROR_ARGUMENT", Some("local.1"), minus),
        (RENAME, by("access-token", json!({"CHAT_ID": "x"})), "CHAT_RENAMING_FAILED", Some("local.1"), minus),
        (RENAME, by("access-token", json!({"NAME": ["x"]})), "INTERNAL_SERVER_ERROR", Some("local.1"), minus),
        (RENAME, by("without-application", json!({"NAME": ""})), "ERROR_ARGUMENT", None, minus),
        ("/rest/1/webhook-secret/imconnector.chat.name.set", good.clone(), "WRONG_AUTH_TYPE", None, minus),
        ("/rest/app.info", by("access-token", json!({})), "METHOD_CONFIRM_DENIED", Some("local.1"), minus),
        // The caller is known, but the method has not begun.
        (RENAME, by("access-token", json!({"token": ""})), "ACCESS_DENIED", Some("local.1"), zero),
        ("/rest/methods", by("access-token", json!({})), "WRONG_LICENSE", Some("local.1"), zero),
        // The caller is not known.
        (RENAME, by("expired", json!({})), "expired_token", None, zero),
        (RENAME, by("stranger", json!({})), "invalid_token", None, zero),
        (RENAME, good.clone(), "NO_AUTH_FOUND", None, zero),
        ("/rest/nothing", by("access-token", json!({})), "ERROR_METHOD_NOT_FOUND", None, zero),
    ] {
        let seen = fields(&mut portal("live", "50ms"), target, parameters.clone());
        let expected = (code.to_owned(), application.map(str::to_owned), Some(time.to_owned()));
        assert_eq!(seen, expected, "{target} {parameters}");
        let (_, application, time) = fields(&mut portal("documented", "50ms"), target, parameters);
        assert_eq!((application, time), (None, None), "{target}");
    }
}

#[test]
fn an_error_of_a_fault_tells_as_much_as_the_same_error_of_the_server() {
    let mut world = portal("live", "50ms");
    let mut ask = || fields(&mut world, "/rest/profile", json!({"auth": "access-token"}));
    assert_eq!(ask().0, "success");
    assert_eq!(ask(), ("expired_token".to_owned(), None, Some("0.0000000000".to_owned())));
}

#[test]
fn the_time_of_the_method_is_that_of_the_answer_in_whole_seconds() {
    for (duration, processing, expected) in [
        ("499ms", 0, "0.0000000000"),
        ("500ms", 1, "1.0000000000"),
        ("1200ms", 1, "1.0000000000"),
        ("75s", 75, "75.0000000000"),
    ] {
        for token in ["access-token", "without-application"] {
            let mut world = portal("live", duration);
            let reply = world.post("/rest/profile", &json!({"auth": token}));
            assert_eq!(direct::body(&reply)["time"]["processing"], processing, "{duration}");
            assert_eq!(reply.header("x-bitrix-rest-time"), Some(expected), "{duration}");
            assert_eq!(reply.header("x-frame-options"), Some("SAMEORIGIN"));
            let names: Vec<_> = reply.headers.iter().map(|(name, _)| &**name).collect();
            let is_told = usize::from(token == "access-token");
            assert_eq!(names.len(), 11 + is_told + usize::from(names.contains(&"date")), "{names:?}");
        }
    }
    let mut world = portal("live", "75s");
    world.post("/rest/profile", &json!({"auth": "access-token"}));
    let blocked = fields(&mut world, "/rest/server.time", json!({"auth": "access-token"}));
    assert_eq!(blocked.0, "success", "each method has its own time");
    let blocked = fields(&mut world, "/rest/server.time", json!({"auth": "access-token"}));
    let expected = ("OPERATION_TIME_LIMIT", Some("local.1".to_owned()), Some("0.0000000000".to_owned()));
    assert_eq!(blocked, (expected.0.to_owned(), expected.1, expected.2));
}

#[test]
fn of_two_equal_fields_of_a_request_the_first_counts() {
    let (good, bad) = (("authorization", "Bearer access-token"), ("authorization", "Bearer stranger"));
    let json = ("content-type", "application/json");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = br#"{"CONNECTOR":"connector"}"#;
    for (headers, code) in [
        (&[good, bad, json][..], "ERROR_ARGUMENT"),
        (&[bad, good, json], "NO_AUTH_FOUND"),
        // A first field without a token hides the second.
        (&[("authorization", "Basic eA=="), good, json], "NO_AUTH_FOUND"),
        (&[good, json, form], "ERROR_ARGUMENT"),
    ] {
        let (reply, _) = portal("documented", "50ms").exchange("POST", RENAME, headers, body);
        assert_eq!(direct::body(&reply)["error"], code, "{headers:?}");
    }
    let named = br#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1","NAME":"n"}"#;
    for (headers, code) in
        [(&[good, json, form][..], Value::Null), (&[good, form, json], json!("ERROR_ARGUMENT"))]
    {
        let (reply, _) = portal("documented", "50ms").exchange("POST", RENAME, headers, named);
        assert_eq!(direct::body(&reply)["error"], code, "{headers:?}");
    }
}
