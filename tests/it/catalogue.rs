//! Every error of both catalogues can be raised by a fault; those that state or credentials cause also arise from them.

mod faces;

use std::collections::BTreeSet;

use serde_json::json;
use standin::basics::Stage;
use standin::emulator::{Operation, Service};
use standin::http::Reply;
use standin::services::SERVICES;

use crate::direct::{Direct, body};

/// A scenario in which every call succeeds, except for what the arguments add.
fn scenario(edition: &str, portal: &str, credential: &str, tenant: &str, faults: &str) -> Direct {
    Direct::new(&format!(
        "
standin: 1
name: catalogue
clock: {{virtual: 2024-11-20T13:55:08Z}}
bitrix24:
  edition: {edition}
  {portal}
  applications: [{{client_id: application, client_secret: client-secret}}]
  credentials:
    - {{token: access-token, refresh_token: refresh-token, client_id: application, {credential}}}
    - {{webhook: {{user: 1, secret: webhook-secret}}, {webhook}}}
  connectors: [{{id: connector, chat_group: true}}]
  lines: [{{id: 105, connectors: [connector]}}, {{id: 106}}]
  chats: [{{connector: connector, line: 105, id: chat-1, name: Old name}}]
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      {tenant}
      lines: [{{id: pl_01H, phone_number: \"+15555550100\"}}]
      chats:
        - id: ch_01H
          group: true
          line: pl_01H
          participants: [\"+14155550100\", \"+14155550200\", \"+14155550201\"]
          messages: [{{id: msg_01H, text: Hello!}}]
        - {{id: ch_02D, group: false}}
        - {{id: ch_03K, group: true}}
        - {{id: ch_05S, group: false, line: pl_01H, participants: [\"+14155551234\"]}}
      attachments: [{{id: att_01H, size_bytes: 12}}, {{id: att_02H, text: Hello!}}]
      subscriptions: [{{id: sub_01H, name: app}}]
      events: [{{id: evt_01H, type: message.received, event_id: 'chert:msg:1'}}]
{faults}",
        webhook = credential.split(',').filter(|part| part.contains("user_unauthorized")).collect::<String>(),
    ))
}

const RENAME: &str =
    r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1","NAME":"New name","auth":"access-token"}"#;

fn put(world: &mut Direct, id: &str, authorization: &str, body: &str) -> Reply {
    let headers = [("authorization", authorization)];
    world.exchange("PUT", &format!("/api/v1/chats/{id}"), &headers, body.as_bytes()).0
}

/// The error code in an answer of either service. Failures of register and unregister may stand in `result`.
fn code_in(reply: &Reply) -> String {
    let body = body(reply);
    // A replay that has failed says so in a form of its own.
    if let Some(code) = body.get("code") {
        return code.to_string();
    }
    match body["result"].get("error").unwrap_or(&body["error"]) {
        serde_json::Value::String(code) => code.clone(),
        error => error["code"].to_string(),
    }
}

fn text_in(reply: &Reply) -> String {
    let body = body(reply);
    let nested = body["result"]["error_description"].as_str();
    let text = nested.or(body["error_description"].as_str()).or_else(|| body["error"]["message"].as_str());
    let text = text.or(body["message"].as_str());
    text.expect("an error has a text").to_owned()
}

/// Whether the documented edition does not have the operation.
fn is_live_only(operation: &Operation) -> bool {
    operation.name == "imconnector.set.error"
}

fn raise_by_fault(service: &dyn Service, code: &'static str, edition: &str, operation: &Operation) {
    let name = operation.name;
    let fault = format!("faults: [{{name: f, on: {}.{name}, error: {code}}}]", service.name());
    let mut world = scenario(edition, "", "", "", &fault);
    let (reply, note) = world.call(&world.example(service, operation));
    let context = format!("{code} of {name}, {edition}: {:?}", reply.body);
    let (status, text) = faces::face(service.name(), name, code, edition);
    assert_eq!((reply.status, &*text_in(&reply)), (status, text), "{context}");
    assert_eq!(code_in(&reply), code.split('.').next().unwrap(), "{context}");
    assert_eq!(note.error, Some(code), "{context}");
    let row = operation.gives(code).unwrap().code;
    assert!(note.stage < Some(row.stage), "the call passed the stage of its error: {context}");
    if service.name() == "chert" && body(&reply).get("code").is_none() {
        let error = &body(&reply)["error"];
        assert_eq!(
            (&error["status"], &error["retryable"]),
            (&json!(status), &json!(faces::is_retryable(code))),
            "{context}"
        );
    }
}

#[test]
fn every_error_can_be_raised_by_a_fault() {
    for service in SERVICES {
        for operation in service.operations() {
            for given in operation.gives_all() {
                let editions =
                    if service.name() == "bitrix24" { &["documented", "live"][..] } else { &["documented"] };
                let code = given.code.code;
                let editions = if is_live_only(operation) { &["live"] } else { editions };
                editions.iter().for_each(|edition| raise_by_fault(*service, code, edition, operation));
            }
        }
    }
}

#[test]
fn every_example_succeeds() {
    for service in SERVICES {
        // Chert has no editions and no envelopes; its section is the same each time.
        for (edition, envelope) in
            [("documented", "wire"), ("live", "wire"), ("documented", "documented"), ("live", "documented")]
        {
            let portal = format!("envelope: {envelope}");
            for operation in service.operations() {
                if is_live_only(operation) && edition != "live" {
                    continue;
                }
                let mut world = scenario(edition, &portal, "", "", "");
                let (reply, note) = world.call(&world.example(*service, operation));
                assert_eq!(reply.status, operation.status, "{}: {:?}", operation.name, reply.body);
                assert_eq!(note.operation, Some(operation.name));
                assert_eq!((note.error, note.stage), (None, Some(Stage::Delivery)), "{}", operation.name);
            }
        }
    }
}

#[test]
fn an_error_that_no_operation_gives_has_no_row() {
    for service in SERVICES {
        let given = |code: &str| service.operations().iter().any(|operation| operation.gives(code).is_some());
        for row in service.errors() {
            assert!(given(row.code), "{}", row.code);
        }
        let codes: BTreeSet<_> = service.errors().iter().map(|row| row.code).collect();
        assert_eq!(codes.len(), service.errors().len(), "a code of {} has two rows", service.name());
        assert_eq!(codes, faces::codes(service.name()), "what each error is like stands in `faces.rs`");
        for operation in service.operations() {
            let codes: BTreeSet<_> = operation.gives_all().map(|given| given.code.code).collect();
            assert_eq!(codes.len(), operation.gives_all().count(), "{} gives an error twice", operation.name);
            assert!(codes.iter().all(|code| service.errors().iter().any(|row| row.code == *code)));
        }
    }
}

/// Each row: edition, portal, credential, whether by webhook or token, and the expected status, code and text.
#[test]
fn bitrix24_errors_arise_from_the_state_of_portal_and_credentials() {
    const WEBHOOK: &str = "/rest/1/webhook-secret/imconnector.chat.name.set";
    const TOKEN: &str = "/rest/imconnector.chat.name.set";
    for (edition, portal, credential, target, status, code, text) in [
        ("documented", "state: deleted", "", TOKEN, 500, "PORTAL_DELETED", "Portal was deleted"),
        ("live", "state: deleted", "", TOKEN, 403, "PORTAL_DELETED", "Portal was deleted"),
        (
            "documented",
            "state: overloaded",
            "",
            TOKEN,
            503,
            "OVERLOAD_LIMIT",
            "REST API is blocked due to overload",
        ),
        (
            "live",
            "state: overloaded",
            "",
            TOKEN,
            401,
            "OVERLOAD_LIMIT",
            "REST API is blocked due to overload.",
        ),
        (
            "documented",
            "state: overloaded",
            "",
            WEBHOOK,
            503,
            "OVERLOAD_LIMIT",
            "REST API is blocked due to overload",
        ),
        (
            "documented",
            "state: no_rest",
            "",
            TOKEN,
            403,
            "ACCESS_DENIED",
            "REST API is available only on commercial plans",
        ),
        (
            "documented",
            "state: no_rest",
            "",
            WEBHOOK,
            403,
            "ACCESS_DENIED",
            "REST API is available only on commercial plans",
        ),
        (
            "live",
            "state: no_rest",
            "",
            TOKEN,
            401,
            "ACCESS_DENIED",
            "REST is available only on commercial plans.",
        ),
        (
            "live",
            "state: no_rest",
            "",
            WEBHOOK,
            401,
            "ACCESS_DENIED",
            "REST is available only by subscription.",
        ),
        ("documented", "state: subscription_ended", "", TOKEN, 401, "PAYMENT_REQUIRED", "Payment required"),
        (
            "live",
            "state: subscription_ended",
            "",
            TOKEN,
            401,
            "PAYMENT_REQUIRED",
            "Subscription has been ended",
        ),
        (
            "live",
            "state: subscription_ended",
            "",
            WEBHOOK,
            401,
            "ACCESS_DENIED",
            "REST is available only by subscription.",
        ),
        (
            "live",
            "state: oauth_unreachable",
            "",
            TOKEN,
            401,
            "CONNECTION_ERROR",
            "Error connecting to authorization server",
        ),
        ("documented", "require_https: true", "", WEBHOOK, 400, "INVALID_REQUEST", "Https required."),
        ("live", "require_https: true", "", WEBHOOK, 401, "INVALID_REQUEST", "Https required."),
        ("live", "", "state: not_installed", TOKEN, 401, "ERROR_OAUTH", "Application not installed"),
        (
            "live",
            "",
            "state: application_not_found",
            TOKEN,
            401,
            "APPLICATION_NOT_FOUND",
            "Application not found",
        ),
        (
            "live",
            "",
            "state: user_unauthorized",
            TOKEN,
            401,
            "authorization_error",
            "Unable to authorize user",
        ),
        (
            "live",
            "",
            "state: user_unauthorized",
            WEBHOOK,
            401,
            "authorization_error",
            "Unable to authorize user",
        ),
        (
            "documented",
            "",
            "state: user_without_access",
            TOKEN,
            403,
            "user_access_error",
            "The user does not have access to the application",
        ),
        (
            "live",
            "",
            "state: user_without_access",
            TOKEN,
            401,
            "user_access_error",
            "The user does not have access to the application.",
        ),
        (
            "documented",
            "",
            "expires: 2020-01-01T00:00:00Z",
            TOKEN,
            401,
            "expired_token",
            "The access token provided has expired",
        ),
        (
            "documented",
            "",
            "scope: [crm]",
            TOKEN,
            403,
            "insufficient_scope",
            "The request requires higher privileges than provided by the webhook token",
        ),
        (
            "live",
            "",
            "scope: [crm]",
            TOKEN,
            401,
            "insufficient_scope",
            "The request requires higher privileges than provided by the access token",
        ),
        (
            "documented",
            "",
            "",
            "/rest/1/wrong/imconnector.chat.name.set",
            403,
            "INVALID_CREDENTIALS",
            "Invalid request credentials",
        ),
        (
            "live",
            "",
            "",
            "/rest/1/wrong/imconnector.chat.name.set",
            401,
            "INVALID_CREDENTIALS",
            "Invalid request credentials",
        ),
        (
            "live",
            "",
            "",
            WEBHOOK,
            403,
            "WRONG_AUTH_TYPE",
            "Current authorization type is denied for this method Application context required",
        ),
    ] {
        let mut world = scenario(edition, portal, credential, "", "");
        let reply = world.post(target, &serde_json::from_str(RENAME).unwrap());
        let context = format!("{edition} {portal} {credential} {target}");
        assert_eq!(
            (reply.status, code_in(&reply), text_in(&reply)),
            (status, code.to_owned(), text.to_owned()),
            "{context}"
        );
    }
}

#[test]
fn chert_errors_arise_from_requests_and_state() {
    let good = "Bearer secret-of-acme";
    let name = r#"{"display_name":"n"}"#;
    for (tenant, id, authorization, body, code) in [
        ("", "ch_01H", "", name, "2004"),
        ("", "ch_01H", "Bearer wrong", name, "2004"),
        ("state: suspended", "ch_01H", good, name, "2005"),
        ("state: email_unverified", "ch_01H", good, name, "2007"),
        ("state: account_limit", "ch_01H", good, name, "2008"),
        ("", "ch_01H", good, "{", "1004"),
        ("", "ch_01H", good, "{}", "1001"),
        ("", "ch_01H", good, r#"{"display_name":""}"#, "1002"),
        ("", "ch_99", good, name, "2002"),
        ("", "ch_02D", good, name, "1006"),
        ("", "ch_03K", good, name, "4099"),
        ("", "a/b", good, name, "2011"),
    ] {
        let reply = put(&mut scenario("documented", "", "", tenant, ""), id, authorization, body);
        let (status, text) = faces::face("chert", "", code, "documented");
        let error = json!({"status": status, "code": code.parse::<u64>().unwrap(), "message": text, "retryable": false});
        assert_eq!((reply.status, &crate::direct::body(&reply)["error"]), (status, &error), "{code}");
    }
}
