//! The checks of Chert.

mod rows;

use serde_json::Value;

use self::rows::{GROUP, MADE, REACHABLE, READS, RISKS, Row};
pub use self::rows::{READINGS, Reading};
use super::call::{Call, Content, Proof};
use super::check::Check;
use crate::emulator::{Operation, Place, Service};
use crate::services::chert::Chert;

/// A phone number that is reserved for fiction.
const NOBODY: &str = "+14155550199";

/// Area codes in which the numbers from 555-0100 to 555-0199 are reserved for fiction, as they are in all others.
const AREAS: [u16; 20] =
    [305, 312, 404, 412, 503, 504, 512, 602, 608, 612, 617, 702, 713, 716, 801, 804, 805, 813, 901, 907];

/// A phone number that is reserved for fiction, another one for nearly every `run`.
pub fn nobody(run: u128) -> String {
    let count = AREAS.len() as u128;
    let area = AREAS[usize::try_from(run % count).expect("there are few")];
    format!("+1{area}55501{:02}", run / count % 100)
}

/// All checks, in the order in which they are made.
pub fn checks() -> Vec<Check> {
    let mut checks = Vec::new();
    for operation in Chert.operations() {
        checks.extend(of_proof(operation));
    }
    checks.push(unknown_path());
    checks.push(named("events.list", "", "", "", "").learning(&[("event", "/events/0/id")]));
    let nobody = "/chats/{chat}/participants/NOBODY";
    let gone = named("chats.participants.remove", "1001", "nobody from the named chat", nobody, "");
    checks.push(gone.or(&["1006", "4099"]).finding_kind());
    let list = named("chats.messages.list", "", "the named chat", "/chats/{chat}/messages", "");
    checks.push(list.learning(&[("message", "/messages/0/id")]));
    checks.extend(READS.iter().map(|&row| of_row(row)));
    checks.extend(RISKS.iter().map(|&(row, kinds, what)| risk(row).of(kinds).risks(what)));
    checks.extend(subscription());
    checks.extend(attachment());
    checks.extend(group());
    checks.extend(chat());
    checks
}

/// The checks of wrong credentials.
fn of_proof(operation: &'static Operation) -> Vec<Check> {
    let body = if operation.verb == "GET" || operation.verb == "DELETE" { "" } else { "{}" };
    let check = |code, what, proof| {
        Check::new(operation, code, what, target_of(operation), content(operation, body)).by(proof)
    };
    vec![
        check("2012", "no credentials", Proof::Absent),
        check("2004", "wrong bearer token", Proof::ForgedBearer),
        check("2004", "wrong signature", Proof::ForgedSignature),
        check("2013", "old signature", Proof::OldSignature),
        check("2001", "unknown tenant", Proof::UnknownTenant),
    ]
}

fn unknown_path() -> Check {
    let call = Call {
        verb: "GET",
        target: "/api/v1/standin-no-such-path".to_owned(),
        body: Content::Empty,
        proof: Proof::Usual,
    };
    let check = named("whoami", "", "", "", "");
    Check { name: "unknown path: 2011".to_owned(), operation: None, code: Some("2011"), call, ..check }
}

fn subscription() -> Vec<Check> {
    let own = "/webhook-subscriptions/{subscription}";
    let body = r#"{"url":"https://dev-inbox","events":["message.received"]}"#;
    let undo = call("DELETE", own, "");
    vec![
        named("webhook_subscriptions.create", "", "", "", body)
            .learning(&[("subscription", "/subscription/id")])
            .undone_by(undo),
        named("webhook_subscriptions.get", "", "", own, ""),
        named("webhook_subscriptions.update", "", "", own, r#"{"is_active":false}"#)
            .within("webhook_subscriptions.create: success"),
        named("webhook_subscriptions.delete", "", "", own, "")
            .ending("webhook_subscriptions.create: success"),
    ]
}

fn attachment() -> Vec<Check> {
    let body = r#"{"filename":"standin.txt","content_type":"text/plain","size_bytes":6}"#;
    let media = r#"{"message":{"parts":[{"type":"media","attachment_id":"{attachment}"}]}}"#;
    let (upload, content) = ("/attachments/{attachment}/upload", "/attachments/{attachment}/content");
    let mut wrong_type = named("attachments.upload", "5003", "another type", upload, "").risks(MADE);
    wrong_type.call.body = Content::Text("verify", "image/png");
    vec![
        named("attachments.create", "", "", "", body)
            .learning(&[("attachment", "/attachment_id")])
            .leaves("an attachment `standin.txt` of 6 bytes, which no call deletes"),
        named("attachments.content", "5004", "not uploaded", content, ""),
        named("chats.messages.send", "5004", "not uploaded", "/chats/{chat}/messages", media)
            .of(REACHABLE)
            .risks("a message is sent to the chat"),
        wrong_type.by(Proof::Bearer),
        named("attachments.upload", "1002", "another size", upload, "verify!").by(Proof::Bearer).risks(MADE),
        named("attachments.upload", "", "", upload, "verify")
            .by(Proof::Bearer)
            .within("attachments.create: success"),
        named("attachments.content", "", "", content, ""),
    ]
}

/// Changes of a group.
fn group() -> Vec<Check> {
    let participant = "/chats/{chat}/participants/{nobody}";
    let name = call("PUT", "/chats/{chat}", r#"{"display_name":"{chat_name}"}"#);
    vec![
        named("chats.rename", "", "", "/chats/{chat}", r#"{"display_name":"standin verify"}"#)
            .of(GROUP)
            .undone_by(name),
        named("chats.participants.add", "", "", "/chats/{chat}/participants", r#"{"address":"{nobody}"}"#)
            .of(GROUP)
            .undone_by(call("DELETE", participant, "")),
        named("chats.participants.remove", "", "", participant, "")
            .or(&["1002"])
            .of(GROUP)
            .ending("chats.participants.add: success"),
    ]
}

/// What a direct chat without a chat key is answered.
const KEYLESS_DIRECT: &[&str] = &["4099"];
/// What a chat without participants, or a direct one without a chat key, is answered.
const LACKING: &[&str] = &["1002", "4099"];

/// Changes of any chat.
fn chat() -> Vec<Check> {
    let send = "/chats/{chat}/messages";
    let keyed = |text: &str| {
        let parts = format!(r#"[{{"type":"text","value":"{text}"}}]"#);
        format!(r#"{{"message":{{"parts":{parts},"idempotency_key":"standin-verify-{{nonce}}"}}}}"#)
    };
    let stopped = || call("POST", "/chats/{chat}/typing", r#"{"state":"stopped"}"#);
    vec![
        named("chats.typing", "", "begins", "/chats/{chat}/typing", r#"{"state":"typing"}"#)
            .or(KEYLESS_DIRECT)
            .of(REACHABLE)
            .undone_by(stopped()),
        named("chats.typing", "", "stops", "/chats/{chat}/typing", r#"{"state":"stopped"}"#)
            .of(REACHABLE)
            .ending("chats.typing: success, 4099 begins"),
        named("chats.mark_read", "", "", "/chats/{chat}/mark-read", "")
            .or(LACKING)
            .of(REACHABLE)
            .leaves("the messages of the chat are marked as read"),
        named("chats.messages.send", "", "", send, &keyed("A message of standin verify"))
            .of(REACHABLE)
            .learning(&[("sent", "/message/id")])
            .leaves(
                "a message in the chat: `A message of standin verify`, with a reaction and an edited text",
            ),
        named("chats.messages.send", "1012", "key of another body", send, &keyed("Another text"))
            .of(REACHABLE)
            .risks("a second message is sent to the chat"),
        named("messages.react", "", "", "/messages/{sent}/react", r#"{"reaction":"like"}"#)
            .of(REACHABLE)
            .within("chats.messages.send: success"),
        named(
            "messages.edit",
            "",
            "",
            "/messages/{sent}/edit",
            r#"{"new_text":"A message of standin verify, edited"}"#,
        )
        .of(REACHABLE)
        .within("chats.messages.send: success"),
        named(
            "chats.send_contact",
            "",
            "",
            "/chats/{chat}/send-contact",
            r#"{"contact":{"full_name":"standin verify"}}"#,
        )
        .or(KEYLESS_DIRECT)
        .of(REACHABLE)
        .leaves("a contact card in the chat: `standin verify`"),
        named("chats.share_contact_info", "", "", "/chats/{chat}/share-contact-info", "")
            .or(LACKING)
            .of(REACHABLE)
            .leaves("the offer of the line's contact card in the chat"),
    ]
}

fn of_row((operation, code, what, target, body): Row) -> Check {
    let check = named(operation, code, what, target, body);
    // A signature is no proof for an upload.
    if operation == "attachments.upload" { check.by(Proof::Bearer) } else { check }
}

fn risk(row: Row) -> Check {
    match row {
        // A group may have neither a chat key nor participants.
        ("chats.mark_read" | "chats.share_contact_info", "4099", ..) => of_row(row).or(&["1002"]),
        _ => of_row(row),
    }
}

fn named(operation: &str, code: &'static str, what: &str, target: &str, body: &str) -> Check {
    let mut all = Chert.operations().iter().copied();
    let operation = all.find(|known| known.name == operation).expect("the table names operations");
    let target = if target.is_empty() { target_of(operation) } else { rooted(target) };
    Check::new(operation, code, what, target, content(operation, body))
}

fn call(verb: &'static str, target: &str, body: &str) -> Call {
    let body = if body.is_empty() { Content::Empty } else { json(body) };
    Call { verb, target: rooted(target), body, proof: Proof::Usual }
}

fn rooted(target: &str) -> String {
    format!("/api/v1{}", target.replace("NOBODY", &crate::http::segment(NOBODY)))
}

/// The path of an operation, with things that do not exist.
fn target_of(operation: &Operation) -> String {
    let mut path = operation.path.to_owned();
    for parameter in operation.parameters.iter().filter(|parameter| parameter.place == Place::Path) {
        let value = match parameter.names {
            Some(named) => format!("standin-no-such-{}", named.kind),
            None => crate::http::segment(NOBODY),
        };
        path = path.replace(&format!("{{{}}}", parameter.name), &value);
    }
    path
}

fn content(operation: &Operation, body: &str) -> Content {
    match body {
        "" => Content::Empty,
        "{" => Content::Text("{", "application/json"),
        "verify" if operation.name == "attachments.upload" => Content::Text("verify", "text/plain"),
        "verify!" => Content::Text("verify!", "text/plain"),
        body => json(body),
    }
}

/// The JSON of a row, whose words in capitals stand for what would be too long in it.
fn json(text: &str) -> Content {
    let part = |text: &str| serde_json::json!({"type": "text", "value": text});
    fn within(value: &mut Value, change: &dyn Fn(&str) -> Option<Value>) {
        match value {
            Value::String(text) => {
                if let Some(other) = change(text) {
                    *value = other;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| within(item, change)),
            Value::Object(members) => members.values_mut().for_each(|member| within(member, change)),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(text).expect("the table holds JSON");
    within(&mut value, &|text| {
        Some(match text {
            "NOBODY" => NOBODY.into(),
            "LONG" => "x".repeat(16_385).into(),
            "TEXT" => vec![part("standin verify")].into(),
            "TEXTS" => vec![part("standin"), part("verify")].into(),
            "ELEVEN" => {
                let link = serde_json::json!({"type": "rich_link", "url": "https://example.com"});
                vec![link; 11].into()
            }
            "TWO" => (0..2).map(numbered).collect(),
            "MANY" => (0..32).map(numbered).collect(),
            _ => return None,
        })
    });
    Content::Json(value)
}

/// Phone numbers that are reserved for fiction.
fn numbered(number: usize) -> Value {
    format!("+141555501{number:02}").into()
}
