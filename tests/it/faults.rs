//! When faults fire, and what they do not affect.

use serde_json::json;
use standin::Server;

use crate::client::{Response, get, post, serve};

/// A scenario in which two calls fail and the third succeeds. `faults` replaces `FAULTS`.
fn scenario(faults: &str) -> String {
    format!(
        "
standin: 1
name: faults
seed: 7
bitrix24:
  credentials:
    - webhook: {{user: 1, secret: webhook-secret}}
    - token: access-token
  connectors: [{{id: connector, chat_group: true}}]
  lines: [{{id: 105, connectors: [connector]}}]
  chats:
    - {{connector: connector, line: 105, id: chat-1, name: Old dialog name}}
    - {{connector: connector, line: 105, id: chat-2, name: Other dialog}}
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      lines: [{{id: pl_01H, phone_number: \"+15555550100\"}}]
      chats: [{{id: ch_01H, group: true, line: pl_01H, display_name: Launch}}]
faults:
{faults}"
    )
}

fn rename(server: &Server, chat: &str, name: &str) -> Response {
    let body = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": chat, "NAME": name});
    post(server, "/rest/1/webhook-secret/imconnector.chat.name.set", &body.to_string())
}

fn name_of(server: &Server, chat: usize) -> String {
    server.state()["bitrix24"]["chats"][chat]["name"].as_str().unwrap().to_owned()
}

const FAILS_TWICE: &str = "
  - name: renaming fails twice
    on: bitrix24.imconnector.chat.name.set
    match: {CHAT_ID: chat-1}
    when: {first: 2}
    error: CHAT_RENAMING_FAILED
";

#[test]
fn renaming_fails_twice_then_recovers() {
    let server = serve(&scenario(FAILS_TWICE));
    for _ in 0..2 {
        let response = rename(&server, "chat-1", "New dialog name");
        assert_eq!(response.status(), 400);
        assert_eq!(
            response.text(),
            r#"{"error":"CHAT_RENAMING_FAILED","error_description":"Failed to rename the chat"}"#
        );
        assert_eq!(name_of(&server, 0), "Old dialog name");
    }
    let response = rename(&server, "chat-1", "New dialog name");
    assert_eq!(response.status(), 200);
    assert_eq!(response.json()["result"], json!({"SUCCESS": true, "DATA": {"RESULT": {}}}));
    assert_eq!(name_of(&server, 0), "New dialog name");
}

#[test]
fn a_fault_leaves_other_chats_alone_and_does_not_count_them() {
    let server = serve(&scenario(FAILS_TWICE));
    assert_eq!(rename(&server, "chat-2", "x").status(), 200);
    assert_eq!(rename(&server, "chat-2", "y").status(), 200);
    assert_eq!(rename(&server, "chat-1", "z").status(), 400);
}

#[test]
fn an_error_of_delivery_strikes_only_a_call_that_would_have_renamed() {
    let server = serve(&scenario(FAILS_TWICE));
    let wrong_token = post(
        &server,
        "/rest/imconnector.chat.name.set",
        r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1","NAME":"n","auth":"wrong"}"#,
    );
    assert_eq!(wrong_token.json()["error"], "NO_AUTH_FOUND");
    let no_name = post(
        &server,
        "/rest/1/webhook-secret/imconnector.chat.name.set",
        r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1"}"#,
    );
    assert_eq!(no_name.json()["error"], "ERROR_ARGUMENT");
    // Neither call was counted, so the next two calls still fail.
    let errors: Vec<_> = (0..3).map(|_| rename(&server, "chat-1", "n").status()).collect();
    assert_eq!(errors, [400, 400, 200]);
}

#[test]
fn an_error_of_the_gateway_strikes_before_the_token_is_looked_at() {
    let fault = "  - {name: limit, on: bitrix24, error: QUERY_LIMIT_EXCEEDED, when: {call: 1}}";
    let server = serve(&scenario(fault));
    let response = post(&server, "/rest/imconnector.chat.name.set", r#"{"auth":"wrong"}"#);
    assert_eq!((response.status(), response.json()["error"].clone()), (503, json!("QUERY_LIMIT_EXCEEDED")));
    let response = post(&server, "/rest/imconnector.chat.name.set", r#"{"auth":"wrong"}"#);
    assert_eq!(response.status(), 401);
}

#[test]
fn a_fault_of_a_vendor_strikes_methods_that_are_not_emulated_too() {
    let fault = "  - {name: limit, on: bitrix24, error: QUERY_LIMIT_EXCEEDED, when: {call: 2}}";
    let server = serve(&scenario(fault));
    assert_eq!(post(&server, "/rest/1/webhook-secret/user.get", "").status(), 404);
    assert_eq!(post(&server, "/rest/1/webhook-secret/user.get", "").status(), 503);
}

#[test]
fn a_fault_strikes_a_command_of_a_batch() {
    let server = serve(&scenario(FAILS_TWICE));
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=n";
    let body = json!({"cmd": {"a": command, "b": command, "c": command}});
    let result = post(&server, "/rest/1/webhook-secret/batch", &body.to_string()).json()["result"].clone();
    assert_eq!(result["result_error"].as_object().unwrap().keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(result["result_error"]["a"]["error"], "CHAT_RENAMING_FAILED");
    assert_eq!(result["result"].as_object().unwrap().keys().collect::<Vec<_>>(), ["c"]);
}

#[test]
fn every_condition_picks_its_calls() {
    for (when, expected) in [
        ("call: 3", [false, false, true, false, false, false]),
        ("first: 2", [true, true, false, false, false, false]),
        ("after: 4", [false, false, false, false, true, true]),
        ("every: 3", [false, false, true, false, false, true]),
        ("between: [2, 4]", [false, true, true, true, false, false]),
        ("every: 2, after: 3", [false, false, false, true, false, true]),
    ] {
        let fault = format!(
            "  - {{name: f, on: bitrix24.imconnector.chat.name.set, when: {{{when}}}, error: CHAT_RENAMING_FAILED}}"
        );
        let server = serve(&scenario(&fault));
        let failed = [0; 6].map(|_| rename(&server, "chat-1", "n").status() == 400);
        assert_eq!(failed, expected, "{when}");
    }
}

#[test]
fn the_text_and_the_pause_of_an_error_can_be_given() {
    let faults = "
  - {name: a, on: bitrix24, when: {call: 1}, error: QUERY_LIMIT_EXCEEDED, message: Slow down, retry_after: 7}
  - {name: b, on: chert, when: {call: 1}, error: 1007, message: Slow down, retry_after: 9}
";
    let server = serve(&scenario(faults));
    let response = rename(&server, "chat-1", "n");
    assert_eq!(response.text(), r#"{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Slow down"}"#);
    assert_eq!((response.status(), response.header("retry-after")), (503, Some("7")));
    let bearer = [("authorization", "Bearer secret-of-acme")];
    let response =
        crate::client::send(&server, "PUT", "/api/v1/chats/ch_01H", &bearer, br#"{"display_name":"n"}"#);
    assert_eq!((response.status(), response.header("retry-after")), (429, Some("9")));
    let error = &response.json()["error"];
    assert_eq!(
        error.to_string(),
        r#"{"status":429,"code":1007,"message":"Slow down","retryable":true,"retry_after":9}"#
    );
}

#[test]
fn the_journal_names_every_fault_that_was_asked() {
    let server = serve(&scenario(FAILS_TWICE));
    (0..3).for_each(|_| drop(rename(&server, "chat-1", "n")));
    let journal = get(&server, "/__standin/journal").json();
    let entries = journal["entries"].as_array().unwrap();
    let seen: Vec<_> =
        entries.iter().map(|entry| (&entry["stage"], &entry["error"], &entry["faults"])).collect();
    let fault = |call, fired| json!([{"fault": "renaming fails twice", "call": call, "draw": null, "fired": fired, "answered": fired}]);
    assert_eq!(
        seen,
        [
            (&json!("lookup"), &json!("CHAT_RENAMING_FAILED"), &fault(1, true)),
            (&json!("lookup"), &json!("CHAT_RENAMING_FAILED"), &fault(2, true)),
            (&json!("delivery"), &json!(null), &fault(3, false)),
        ]
    );
}

#[test]
fn of_two_faults_the_first_in_the_file_wins_and_both_count() {
    let faults = "
  - {name: second call, on: bitrix24.imconnector.chat.name.set, when: {call: 2}, error: NOT_ACTIVE_LINE}
  - {name: first two, on: bitrix24.imconnector.chat.name.set, when: {first: 2}, error: HASH_EMPTY}
";
    let server = serve(&scenario(faults));
    let errors = [0; 3].map(|_| rename(&server, "chat-1", "n").json()["error"].clone());
    assert_eq!(errors, [json!("HASH_EMPTY"), json!("NOT_ACTIVE_LINE"), json!(null)]);
}

#[test]
fn a_lack_of_scope_in_a_batch_is_described_by_nothing() {
    let fault = "  - {name: f, on: bitrix24.imconnector.chat.name.set, error: insufficient_scope}";
    let server = serve(&scenario(fault));
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=n";
    let response = post(&server, "/rest/1/webhook-secret/batch", &json!({"cmd": [command]}).to_string());
    let errors = &response.json()["result"]["result_error"];
    assert_eq!(errors.to_string(), r#"[{"error":"insufficient_scope","error_description":""}]"#);
}

/// Checks for which of four calls a fault fires: by webhook, to another chat, with another `User-Agent`, by token.
#[track_caller]
fn strikes(pattern: &str, expected: [bool; 4]) {
    let fault = format!("  - {{name: f, on: bitrix24, {pattern}, reply: {{status: 502, body: down}}}}");
    let server = serve(&scenario(&fault));
    let form = ("content-type", "application/x-www-form-urlencoded");
    let call = |target: &str, headers: &[(&str, &str)], chat: &str| {
        let body = format!("CONNECTOR=connector&LINE=105&CHAT_ID={chat}&NAME=n");
        let headers = [&[form], headers].concat();
        crate::client::send(&server, "POST", target, &headers, body.as_bytes()).status() == 502
    };
    let webhook = "/rest/1/webhook-secret/imconnector.chat.name.set";
    let token = ("Authorization", "Bearer access-token");
    let struck = [
        call(webhook, &[], "chat-1"),
        call(webhook, &[], "chat-2"),
        call(webhook, &[("User-Agent", "b24-php-sdk/1.0")], "chat-1"),
        call("/rest/imconnector.chat.name.set", &[token], "chat-1"),
    ];
    assert_eq!(struck, expected, "{pattern}");
}

#[test]
fn a_match_asks_for_parameters_headers_and_credentials() {
    strikes("match: {CHAT_ID: chat-1}", [true, false, true, true]);
    strikes("match: {CHAT_ID: [chat-2, chat-9]}", [false, true, false, false]);
    strikes("match: {CHAT_ID: {regex: \"-[12]$\"}}", [true, true, true, true]);
    strikes("match: {CHAT_ID: {regex: \"^hat\"}}", [false; 4]);
    strikes("match_headers: {User-Agent: {regex: \"^b24\"}}", [false, false, true, false]);
    strikes("match_credential: 1/webhook-secret", [true, true, true, false]);
    strikes("match_credential: [access-token, other]", [false, false, false, true]);
    strikes("match: {CHAT_ID: chat-1}, match_credential: access-token", [false, false, false, true]);
}

#[test]
fn a_reply_is_sent_as_written_and_nothing_is_changed() {
    let fault = "  - name: gateway\n    on: bitrix24\n    reply: {status: 502, headers: {Content-Type: text/html, X-Cache: MISS}, body: <h1>502</h1>}";
    let server = serve(&scenario(fault));
    let response = rename(&server, "chat-1", "n");
    assert_eq!((response.status(), response.text()), (502, "<h1>502</h1>"));
    assert_eq!(
        (response.header("content-type"), response.header("x-cache")),
        (Some("text/html"), Some("MISS"))
    );
    assert_eq!(response.header("access-control-allow-origin"), None);
    assert_eq!(name_of(&server, 0), "Old dialog name");
}

#[test]
fn an_error_carries_the_argument_that_the_fault_names() {
    let live = scenario(
        "  - {name: f, on: bitrix24.imconnector.chat.name.set, error: ERROR_ARGUMENT, argument: NAME}",
    )
    .replace("bitrix24:\n  credentials:", "bitrix24:\n  edition: live\n  credentials:");
    let body =
        r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1","NAME":"n","auth":"access-token"}"#;
    assert_eq!(
        post(&serve(&live), "/rest/imconnector.chat.name.set", body).json(),
        json!({"error": "ERROR_ARGUMENT", "error_description": "Argument 'NAME' is null or empty", "argument": "NAME"})
    );
}

#[test]
fn the_change_of_a_command_is_its_own() {
    let fault = "  - {name: lost, on: bitrix24.imconnector.chat.name.set, match: {CHAT_ID: chat-1}, error: CHAT_RENAMING_FAILED, applied: true}";
    let server = serve(&scenario(fault));
    let command =
        |chat: &str| format!("imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID={chat}&NAME=n");
    let body = json!({"cmd": {"a": command("chat-1"), "b": command("chat-2")}});
    let result = post(&server, "/rest/1/webhook-secret/batch", &body.to_string()).json()["result"].clone();
    assert_eq!(result["result_error"]["a"]["error"], "CHAT_RENAMING_FAILED");
    assert_eq!(result["result"]["b"]["SUCCESS"], true);
    assert_eq!((name_of(&server, 0), name_of(&server, 1)), ("n".to_owned(), "n".to_owned()));
}

#[test]
fn a_fault_can_ask_for_what_lies_within_a_parameter() {
    let fault = "  - {name: f, on: bitrix24.batch, match: {\"cmd[]\": {regex: CHAT_ID=chat-2}}, error: ERROR_BATCH_LENGTH_EXCEEDED}";
    let server = serve(&scenario(fault));
    let batch = |chat: &str| {
        let command = format!("imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID={chat}&NAME=n");
        let body = json!({"cmd": {"first": "server.time", "then": command}}).to_string();
        post(&server, "/rest/1/webhook-secret/batch", &body)
    };
    assert_eq!(batch("chat-1").status(), 200);
    let response = batch("chat-2");
    assert_eq!(
        (response.status(), response.json()["error"].clone()),
        (400, json!("ERROR_BATCH_LENGTH_EXCEEDED"))
    );
    let explained = get(&server, "/__standin/journal/1/explain").text().to_owned();
    assert!(explained.contains("its `match` wants `cmd[]`"), "{explained}");
}

#[test]
fn calls_are_counted_for_each_thing_that_they_name() {
    let fault = "  - {name: f, on: bitrix24.imconnector.chat.name.set, when: {count_by: line, first: 1}, error: CHAT_RENAMING_FAILED}";
    let server = serve(&scenario(fault));
    assert_eq!(rename(&server, "chat-1", "n").status(), 400);
    assert_eq!(rename(&server, "chat-2", "n").status(), 200);
    let explained = get(&server, "/__standin/journal/2/explain").text().to_owned();
    assert!(explained.contains("on its call 2 for this line"), "{explained}");
}
