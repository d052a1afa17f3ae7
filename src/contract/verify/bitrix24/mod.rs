//! The checks of Bitrix24.

mod rows;

use serde_json::json;

use self::rows::{OF_MESSAGES, READS, REGISTER, RENAME, Row, TOKENS};
use super::call::{Call, Content, Proof};
use super::check::Check;
use crate::emulator::{Operation, Service};
use crate::services::bitrix24::Bitrix24;

/// Kinds of the named chat, which are those of its connector.
pub const KINDS: &[&str] = &["chat of a connector with groups", "chat of a connector without groups"];
const GROUPS: &[&str] = &["chat of a connector with groups"];
const SINGLE: &[&str] = &["chat of a connector without groups"];

/// All checks, in the order in which they are made.
pub fn checks() -> Vec<Check> {
    let mut checks = Vec::new();
    let needs_user = of((
        RENAME,
        "CHAT_RENAMING_FAILED",
        "unknown chat",
        r#"{"CONNECTOR":"{connector}","LINE":"{line}","CHAT_ID":"standin-no-such-chat","NAME":"standin verify"}"#,
    ));
    checks.push(needs_user.or(&["ERROR_ARGUMENT"]).finding_kind());
    for operation in Bitrix24.operations().iter().copied().filter(|operation| operation.name != "oauth.token")
    {
        checks.extend(of_proof(operation));
    }
    checks.push(unknown_method());
    checks.extend(READS.iter().map(|&row| of(row)));
    for &(method, messages) in OF_MESSAGES {
        checks.extend(of_messages(method, messages));
    }
    checks.extend(TOKENS.iter().map(|&row| of_token(row)));
    checks.extend(events());
    checks.extend(connector());
    checks.extend(rename());
    checks.extend(messages());
    checks
}

/// The checks of wrong credentials, and of callers who may not call.
fn of_proof(operation: &'static Operation) -> Vec<Check> {
    let check =
        |code, what, parameters| Check::new(operation, code, what, operation.path.to_owned(), parameters);
    let nothing = || Content::Json(json!({}));
    let mut checks = vec![
        check("NO_AUTH_FOUND", "no credentials", nothing()).by(Proof::Absent),
        check("NO_AUTH_FOUND", "unknown token", nothing()).by(Proof::ForgedToken).or(&["invalid_token"]),
        check("INVALID_CREDENTIALS", "unknown webhook", nothing()).by(Proof::ForgedWebhook),
        check("ACCESS_DENIED.rights", "parameter of a link", Content::Json(json!({"token": "standin"})))
            .or(&["ERROR_METHOD_NOT_FOUND"]),
    ];
    if operation.gives("WRONG_AUTH_TYPE").is_some() {
        let parameters = if operation.name == "imconnector.status" {
            json!({"CONNECTOR": "standin_no_such_connector"})
        } else {
            json!({})
        };
        checks.push(check("WRONG_AUTH_TYPE", "webhook", Content::Json(parameters)).by(Proof::Webhook));
    }
    if operation.name == REGISTER {
        let icon = json!({"DATA_IMAGE": "data:image/svg+xml,%3Csvg/%3E"});
        let parameters = json!({"ID": "standin_verify", "NAME": "standin verify", "ICON": icon});
        let by_webhook = check("NO_APPLICATION_ID", "webhook", Content::Json(parameters)).by(Proof::Webhook);
        checks.push(by_webhook.or(&["WRONG_AUTH_TYPE"]));
    }
    if operation.name == "imconnector.unregister" {
        let parameters = Content::Json(json!({"ID": "standin_no_such_connector"}));
        let by_webhook = check("NO_APPLICATION_ID", "webhook", parameters).by(Proof::Webhook);
        checks.push(by_webhook.or(&["WRONG_AUTH_TYPE"]));
    }
    // These need no parameters to change something.
    let what = match operation.name {
        "imopenlines.config.add" => "an open line is added",
        "event.test" => "the event OnAppTest is sent",
        _ => return checks,
    };
    checks.into_iter().map(|check| check.risks(what)).collect()
}

fn unknown_method() -> Check {
    let call = Call {
        verb: "POST",
        target: "/rest/standin.no.such.method".to_owned(),
        body: Content::Json(json!({})),
        proof: Proof::Usual,
    };
    let name = "unknown method: ERROR_METHOD_NOT_FOUND".to_owned();
    let check = of(("server.time", "", "", "{}"));
    Check { name, operation: None, code: Some("ERROR_METHOD_NOT_FOUND"), call, ..check }
}

/// The checks that the methods with messages have in common.
fn of_messages(method: &'static str, messages: &'static str) -> Vec<Check> {
    let row = |code, what, connector: &str, line: &str| {
        let parameters = format!(r#"{{"CONNECTOR":"{connector}","LINE":"{line}","MESSAGES":{messages}}}"#);
        of_parameters(method, code, what, &parameters)
    };
    let without = |what, parameters: String| of_parameters(method, "ERROR_ARGUMENT", what, &parameters);
    let (nowhere, no_line) = ("standin_no_such_connector", "999999999");
    let mut checks = vec![
        without("no CONNECTOR", format!(r#"{{"LINE":"{no_line}","MESSAGES":{messages}}}"#)),
        without("no LINE", format!(r#"{{"CONNECTOR":"{nowhere}","MESSAGES":{messages}}}"#)),
        without("no MESSAGES", format!(r#"{{"CONNECTOR":"{nowhere}","LINE":"{no_line}"}}"#)),
        row("IMCONNECTOR_NO_CORRECT_PROVIDER", "unknown connector", nowhere, no_line),
        row("HASH_EMPTY", "connector of Bitrix24's own", "viber", no_line),
        row("IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND", "the connector livechat", "livechat", no_line),
        of_parameters(
            method,
            "INTERNAL_SERVER_ERROR",
            "CONNECTOR is a list",
            &format!(r#"{{"CONNECTOR":["x"],"LINE":"{no_line}","MESSAGES":{messages}}}"#),
        ),
    ];
    if named(method).gives("NOT_ACTIVE_LINE").is_some() {
        checks.push(row("NOT_ACTIVE_LINE", "unknown line", "{connector}", no_line));
    } else {
        checks.push(row("", "unknown message", "{connector}", no_line));
    }
    checks
}

fn of_token(row: Row) -> Check {
    of(row).by(Proof::Body)
}

/// Handlers of events.
fn events() -> Vec<Check> {
    let handler =
        r#"{"event":"OnImConnectorStatusDelete","handler":"https://standin.invalid/verify-{nonce}"}"#;
    vec![
        of(("event.bind", "", "", handler)).undone_by(call("event.unbind", handler)),
        of(("event.bind", "ERROR_CORE.bound", "bound already", handler)).within("event.bind: success"),
        of(("event.unbind", "", "", handler)).ending("event.bind: success"),
        of(("event.test", "", "", r#"{"standin":"verify"}"#))
            .leaves("the event OnAppTest was sent to the application's handlers"),
    ]
}

/// A connector of the application, on the line of the named chat.
fn connector() -> Vec<Check> {
    let place = r#"{"CONNECTOR":"standin_verify_{nonce}","LINE":"{line}"}"#;
    let on = r#"{"CONNECTOR":"standin_verify_{nonce}","LINE":"{line}","ACTIVE":"1"}"#;
    let off = r#"{"CONNECTOR":"standin_verify_{nonce}","LINE":"{line}","ACTIVE":"0"}"#;
    let data = r#"{"CONNECTOR":"standin_verify_{nonce}","LINE":"{line}","DATA":{"ID":"standin","NAME":"standin verify"}}"#;
    let own = r#"{"ID":"standin_verify_{nonce}"}"#;
    let made = r#"{"ID":"standin_verify_{nonce}","NAME":"standin verify","ICON":{"DATA_IMAGE":"data:image/svg+xml,%3Csvg/%3E"},"PLACEMENT_HANDLER":"https://standin.invalid/verify-{nonce}","CHAT_GROUP":true}"#;
    vec![
        of((REGISTER, "", "", made)).undone_by(call("imconnector.unregister", own)),
        of(("imconnector.activate", "", "switches on", on)).within("imconnector.register: success"),
        of(("imconnector.connector.data.set", "", "", data)).within("imconnector.register: success"),
        of(("imconnector.set.error", "", "", place))
            .or(&["ERROR_METHOD_NOT_FOUND"])
            .within("imconnector.register: success"),
        of(("imconnector.status", "", "own connector", place)).within("imconnector.register: success"),
        of(("imconnector.activate", "", "switches off", off)).within("imconnector.register: success"),
        of(("imconnector.unregister", "", "", own)).ending("imconnector.register: success"),
    ]
}

/// Renames of the named chat. Those through a connector without groups come after a rename of a chat that does not exist: the
/// live edition lets one succeed when it does not know the user.
fn rename() -> Vec<Check> {
    let to = |name: &str, user: &str| {
        format!(
            r#"{{"CONNECTOR":"{{connector}}","LINE":"{{line}}","CHAT_ID":"{{chat}}","NAME":"{name}"{user}}}"#
        )
    };
    let user = r#","USER_ID":"{user}""#;
    vec![
        of_parameters(RENAME, "", "", &to("standin verify {nonce}", ""))
            .of(GROUPS)
            .once("imconnector.chat.name.set: CHAT_RENAMING_FAILED, ERROR_ARGUMENT unknown chat")
            .undone_by(call(RENAME, &to("{chat_name}", ""))),
        of_parameters(RENAME, "", "same name", &to("standin verify {nonce}", ""))
            .or(&["CHAT_RENAMING_FAILED"])
            .of(GROUPS)
            .within("imconnector.chat.name.set: success"),
        of((
            RENAME,
            "CHAT_RENAMING_FAILED",
            "unknown chat of the user",
            r#"{"CONNECTOR":"{connector}","LINE":"{line}","CHAT_ID":"standin-no-such-chat","NAME":"standin verify","USER_ID":"{user}"}"#,
        ))
        .of(SINGLE),
        of_parameters(RENAME, "", "with USER_ID", &to("standin verify {nonce}", user))
            .of(SINGLE)
            .once("imconnector.chat.name.set: CHAT_RENAMING_FAILED unknown chat of the user")
            .undone_by(call(RENAME, &to("{chat_name}", user))),
    ]
}

/// A message of an external user in the named chat. A connector without groups has one user for each chat.
///
/// A message to a chat that does not exist opens one. No call but a rename tells whether a chat exists, so that a message goes
/// only where a rename has succeeded.
fn messages() -> Vec<Check> {
    let of_kind = |kinds, what: &str, rename, user: &str, left: &'static str| {
        let with = |message: &str| {
            format!(
                r#"{{"CONNECTOR":"{{connector}}","LINE":"{{line}}","MESSAGES":[{{"user":{user},"message":{message},"chat":{{"id":"{{chat}}"}}}}]}}"#
            )
        };
        let own = with(r#"{"id":"standin-verify-{nonce}"}"#);
        let text = |text: &str| with(&format!(r#"{{"id":"standin-verify-{{nonce}}","text":"{text}"}}"#));
        [
            of_parameters("imconnector.send.messages", "", what, &text("A message of standin verify"))
                .undone_by(call("imconnector.delete.messages", &own))
                .leaves(left)
                .once(rename)
                .of(kinds),
            of_parameters(
                "imconnector.update.messages",
                "",
                what,
                &text("A message of standin verify, edited"),
            )
            .of(kinds),
            of_parameters("imconnector.delete.messages", "", what, &own).of(kinds),
        ]
    };
    let [send, update, delete] = of_kind(
        GROUPS,
        "",
        "imconnector.chat.name.set: success",
        r#"{"id":"standin-verify","name":"Standin","last_name":"Verify"}"#,
        "the external user `standin-verify` of the connector, whom no call deletes; operators may have seen the message",
    );
    let [send_single, update_single, delete_single] = of_kind(
        SINGLE,
        "of its user",
        "imconnector.chat.name.set: success with USER_ID",
        r#"{"id":"{user}"}"#,
        "operators may have seen the message",
    );
    let (group, single) =
        ("imconnector.send.messages: success", "imconnector.send.messages: success of its user");
    vec![
        send,
        update.within(group),
        delete.ending(group),
        send_single,
        update_single.within(single),
        delete_single.ending(single),
    ]
}

fn of((method, code, what, parameters): Row) -> Check {
    of_parameters(method, code, what, parameters)
}

fn of_parameters(method: &str, code: &'static str, what: &str, parameters: &str) -> Check {
    let operation = named(method);
    Check::new(operation, code, what, operation.path.to_owned(), json_of(parameters))
}

fn named(method: &str) -> &'static Operation {
    let mut all = Bitrix24.operations().iter().copied();
    all.find(|known| known.name == method).expect("the table names methods")
}

fn call(method: &str, parameters: &str) -> Call {
    let operation = named(method);
    Call { verb: "POST", target: operation.path.to_owned(), body: json_of(parameters), proof: Proof::Usual }
}

fn json_of(parameters: &str) -> Content {
    let mut value: serde_json::Value = serde_json::from_str(parameters).expect("the table holds JSON");
    if value["cmd"] == "FIFTYONE" {
        value["cmd"] = (0..51).map(|_| "server.time").collect();
    }
    Content::Json(value)
}
