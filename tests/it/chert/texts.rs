//! Errors whose text depends on the request: each names the field that is missing or wrong. Every call is also held against the
//! texts that its operation is described with.

use serde_json::{Value, json};

use super::life::{call, world};

/// Neither a text nor a number, a list or a mapping.
const WRONG: Value = Value::Bool(true);

/// The body with another value of the member `name`.
fn with(mut body: Value, name: &str, value: Value) -> Value {
    let mut place = &mut body;
    for part in name.split('.') {
        place = &mut place[part];
    }
    *place = value;
    body
}

#[test]
fn the_text_names_the_field() {
    let text = json!([{"type": "text", "value": "Hello!"}]);
    let send = json!({"phone": "+14155551234", "body": "Hello!"});
    let location = json!({"phone": "+14155551234", "latitude": 1, "longitude": 1});
    let create = json!({"from": "+15555550100", "to": ["+14155551234"], "message": {"parts": text}});
    let message = json!({"message": {"parts": text}});
    let file = json!({"filename": "a.pdf", "content_type": "application/pdf", "size_bytes": 1});
    let subscription = json!({"url": "https://dev-inbox"});
    let card = json!({"to": "+14155551234", "contact": {"full_name": "Sam Chen"}});
    for (path, body, fields) in [
        (
            "/send",
            &send,
            &[
                "phone",
                "body",
                "name",
                "external_id",
                "phone_line_id",
                "effect",
                "attachments",
                "idempotency_key",
            ][..],
        ),
        (
            "/locations",
            &location,
            &[
                "phone",
                "chat_id",
                "label",
                "address",
                "fallback_mode",
                "latitude",
                "longitude",
                "idempotency_key",
            ],
        ),
        (
            "/chats",
            &create,
            &["from", "to", "message", "message.parts", "message.subject", "message.idempotency_key"],
        ),
        (
            "/chats/direct/messages",
            &message,
            &["message", "message.parts", "message.parallel_attachments", "message.idempotency_key"],
        ),
        ("/chats/send-contact", &card, &["to", "contact", "vcard_text"]),
        ("/chats/direct/send-contact", &card, &["contact", "vcard_text"]),
        ("/chats/group/participants", &json!({}), &["address", "handle"]),
        ("/messages/own/edit", &json!({"new_text": "Hello."}), &["new_text", "edited_part_index"]),
        ("/attachments", &file, &["filename", "content_type", "size_bytes"]),
        ("/webhook-subscriptions", &subscription, &["url", "events", "version", "is_active", "active"]),
    ] {
        for field in fields {
            let wrong =
                if field.contains("active") || field.contains("parallel") { json!("yes") } else { WRONG };
            refused(
                "POST",
                path,
                &with(body.clone(), field, wrong),
                1002,
                &format!("Invalid field value: {field}"),
            );
        }
    }
    for (path, body, fields) in [
        ("/send", &send, &["phone", "body"][..]),
        ("/locations", &location, &["phone", "latitude", "longitude"]),
        ("/chats", &create, &["from", "to", "message.parts"]),
        ("/chats/send-contact", &card, &["to", "contact"]),
        ("/attachments", &file, &["filename", "content_type", "size_bytes"]),
    ] {
        for field in fields {
            let body = with(body.clone(), field, Value::Null);
            refused("POST", path, &body, 1001, &format!("Missing required field: {field}"));
        }
    }
    // A subscription is described by the fields that are there.
    let fields = ["url", "events", "version", "is_active", "active"];
    for field in fields {
        let body = json!({field: 1});
        refused("PATCH", "/webhook-subscriptions/x", &body, 1002, &format!("Invalid field value: {field}"));
    }
    for (verb, path, field) in [
        ("POST", "/webhook-subscriptions", "url"),
        ("PATCH", "/webhook-subscriptions/x", "url, events, version or is_active"),
    ] {
        refused(verb, path, &json!({}), 1001, &format!("Missing required field: {field}"));
    }
    for field in ["status", "since", "limit", "cursor"] {
        refused(
            "GET",
            &format!("/events?{field}=?"),
            &Value::Null,
            1002,
            &format!("Invalid field value: {field}"),
        );
    }
    for field in ["limit", "cursor"] {
        let path = format!("/dev-inbox?{field}=?");
        refused("GET", &path, &Value::Null, 1002, &format!("Invalid field value: {field}"));
    }
}

#[test]
fn a_group_that_was_left_is_named_by_every_call_on_it() {
    for (verb, path, body) in [
        ("PUT", "/chats/group", json!({"display_name": "n"})),
        ("POST", "/chats/group/participants", json!({"address": "+14155550300"})),
        ("DELETE", "/chats/group/participants/+14155550100", Value::Null),
        ("POST", "/chats/group/leave", Value::Null),
        ("POST", "/chats/group/mark-read", Value::Null),
        ("POST", "/chats/group/typing", json!({"state": "typing"})),
        ("POST", "/chats/group/send-contact", json!({"contact": {"full_name": "Sam Chen"}})),
        ("POST", "/chats/group/share-contact-info", Value::Null),
        (
            "POST",
            "/chats/group/messages",
            json!({"message": {"parts": [{"type": "text", "value": "Hello!"}]}}),
        ),
        ("POST", "/locations", json!({"chat_id": "iMessage;+;group", "latitude": 1, "longitude": 1})),
    ] {
        let mut world = world();
        assert_eq!(call(&mut world, "POST", "/chats/group/leave", &Value::Null).0, 200);
        let (status, told, _) = call(&mut world, verb, path, &body);
        let error = &told["error"];
        let expected = (400, &json!(1006), &json!("Chat was left"));
        assert_eq!((status, &error["code"], &error["message"]), expected, "{verb} {path}");
    }
}

/// Checks that a call is refused with status 400, a code and a text.
fn refused(verb: &str, path: &str, body: &Value, code: u16, text: &str) {
    let (status, told, _) = call(&mut world(), verb, path, body);
    let error = &told["error"];
    let expected = (400, &json!(code), &json!(text));
    assert_eq!((status, &error["code"], &error["message"]), expected, "{verb} {path} {body}");
}
