//! Messages: chats that calls open, parts, idempotency keys, reactions and changes.

use serde_json::{Value, json};

use super::life::{act, call, chat, code, message, text, wait, with, world};

fn create(to: &[&str], parts: Value) -> Value {
    json!({"from": "+15555550100", "to": to, "message": {"parts": parts}})
}

#[test]
fn a_group_is_new_each_time_and_a_direct_chat_is_used_again() {
    let mut world = world();
    let two = create(&["+14155550001", "+14155550002"], json!([text("Hello!")]));
    let (status, first, _) = call(&mut world, "POST", "/chats", &two);
    let (_, second, _) = call(&mut world, "POST", "/chats", &two);
    assert_eq!((status, &first["chat"]["is_group"]), (200, &json!(true)));
    assert_ne!(first["chat"]["id"], second["chat"]["id"]);
    assert_eq!(first["chat"]["display_name"], Value::Null);
    let one = create(&["+1 (415) 555-1234", "+14155551234"], json!([text("Hello again!")]));
    let (_, known, _) = call(&mut world, "POST", "/chats", &one);
    assert_eq!(
        (&known["chat"]["id"], &known["chat"]["display_name"]),
        (&json!("direct"), &json!("Sam Chen"))
    );
    assert_eq!(known["chat"]["handles"], json!([{"service": "imessage", "address": "+14155551234"}]));
    let one = create(&["+14155550009"], json!([text("Hello!")]));
    let (_, stranger, _) = call(&mut world, "POST", "/chats", &one);
    let (_, again, _) = call(&mut world, "POST", "/chats", &one);
    assert_eq!(stranger["chat"]["id"], again["chat"]["id"]);
    let id = stranger["chat"]["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "4"));
    // The new group can be renamed: the first message has pinned its line.
    let path = format!("/chats/{}", first["chat"]["id"].as_str().unwrap());
    assert_eq!(code(&mut world, "PUT", &path, &json!({"display_name": "New"})), (200, 0));
}

#[test]
fn what_is_wrong_with_a_new_chat_is_said_in_the_documented_order() {
    let many: Vec<_> = (0..32).map(|n| format!("+141555500{n:02}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let parts = || json!([text("Hello!")]);
    let link = json!({"type": "rich_link", "url": "https://example.com"});
    for (body, expected) in [
        (json!([]), (400, 1004)),
        (json!({}), (400, 1001)),
        (json!({"from": "+15555550100", "message": {"parts": parts()}}), (400, 1001)),
        (json!({"from": "+15555550100", "to": [], "message": {"parts": parts()}}), (400, 1001)),
        (json!({"from": "+15555550100", "to": "+14155550001", "message": {"parts": parts()}}), (400, 1002)),
        (json!({"from": "+15555550100", "to": ["x"], "parts": parts()}), (400, 1001)),
        (json!({"from": "+15555550100", "to": ["x"], "message": {"parts": []}}), (400, 1003)),
        (json!({"from": "x", "to": ["+14155550001"], "message": {"parts": parts()}}), (400, 1003)),
        (create(&many, json!([text("a"), text("b")])), (422, 1006)),
        (create(&many[..31], parts()), (200, 0)),
        (create(&["+14155550001"], json!([text("a"), text("b")])), (400, 1008)),
        (create(&["+14155550007"], json!([text("see HTTPS://example.com")])), (400, 1005)),
        (create(&["+14155550001"], json!([text("see this:"), link])), (200, 0)),
        (create(&["+14155550001"], json!([text("now https://example.com")])), (200, 0)),
        (create(&["+14155550003"], json!([text(&"x".repeat(16_385))])), (400, 1009)),
        (create(&["+14155550003"], json!([text(&"x".repeat(16_384))])), (200, 0)),
        (create(&["+14155550001", "+14155550002"], json!([text("a"), link])), (501, 4099)),
        (create(&["+14155550004"], json!([{"type": "media", "attachment_id": "none"}])), (404, 5001)),
        (create(&["+14155550004"], json!([{"type": "media", "attachment_id": "open"}])), (400, 5004)),
        (create(&["+14155550004"], json!([{"type": "media", "attachment_id": "full"}])), (200, 0)),
        (create(&["+14155550005"], json!([{"type": "poll"}])), (400, 1002)),
        (create(&["+14155550005"], json!([{"type": "rich_link", "url": "example.com"}])), (400, 1002)),
        (create(&["+14155550005"], json!([text("")])), (400, 1002)),
        (create(&["+14155550005"], Value::Array(vec![link.clone(); 11])), (400, 1006)),
        (create(&["+14155550005"], Value::Array(vec![link.clone(); 10])), (200, 0)),
    ] {
        let mut world = world_of_calls();
        assert_eq!(code(&mut world, "POST", "/chats", &body), expected, "{body}");
    }
    let mut world = world();
    for (from, expected) in [("+15555550199", (403, 2006)), ("+15555550102", (503, 3002))] {
        let mut body = create(&["+14155550001"], parts());
        body["from"] = json!(from);
        assert_eq!(code(&mut world, "POST", "/chats", &body), expected);
    }
}

/// A world in which the chat with `+14155550001` has a message.
fn world_of_calls() -> crate::direct::Direct {
    let mut world = world();
    let body = create(&["+14155550001"], json!([text("Hello!")]));
    let is_first = code(&mut world, "POST", "/chats", &body);
    assert_eq!(is_first, (200, 0));
    world
}

#[test]
fn the_same_key_and_body_get_the_same_answer_and_are_sent_once() {
    let mut world = world();
    let keyed = |value: &str| json!({"message": {"parts": [text(value)], "idempotency_key": "k"}});
    let path = "/chats/direct/messages";
    let (_, first, _) = call(&mut world, "POST", path, &keyed("Hello!"));
    wait(&mut world, 86_399);
    // Another order of members is the same body.
    let reordered =
        json!({"message": {"idempotency_key": "k", "parts": [{"value": "Hello!", "type": "text"}]}});
    let (status, again, _) = call(&mut world, "POST", path, &reordered);
    assert_eq!((status, &again), (200, &first));
    assert_eq!(code(&mut world, "POST", path, &keyed("Other")), (409, 1012));
    assert_eq!(chat(&mut world, "direct")["messages"].as_array().unwrap().len(), 3);
    // The key belongs to one operation, and lives a day.
    let body = json!({"phone": "+14155551234", "body": "Hello!", "idempotency_key": "k"});
    assert_eq!(code(&mut world, "POST", "/send", &body), (200, 0));
    wait(&mut world, 1);
    let (_, later, _) = call(&mut world, "POST", path, &keyed("Other"));
    assert_ne!(later["message"]["id"], first["message"]["id"]);
    for key in [json!(""), json!(7), json!([])] {
        let body = json!({"message": {"parts": [text("x")], "idempotency_key": key}});
        assert_eq!(code(&mut world, "POST", path, &body), (400, 1002));
    }
}

#[test]
fn a_failure_is_not_kept_for_its_key() {
    let mut world = crate::direct::Direct::new(
        "
standin: 1
name: fails once
seed: 1
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      lines: [{id: pl_1, phone_number: \"+15555550100\"}]
      chats: [{id: direct, group: false, line: pl_1}]
faults:
  - {name: once, on: chert.chats.messages.send, when: {first: 1}, error: 4001}
  - {name: lost, on: chert.chats.messages.send, when: {call: 2}, error: 4001, applied: true}
",
    );
    let body = json!({"message": {"parts": [text("Hello!")], "idempotency_key": "k"}});
    let codes: Vec<_> = (0..3).map(|_| code(&mut world, "POST", "/chats/direct/messages", &body)).collect();
    assert_eq!(codes, [(502, 4001), (502, 4001), (200, 0)]);
    // The second call was made in spite of its error, so the third is its repetition.
    assert_eq!(chat(&mut world, "direct")["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn a_message_needs_a_line_and_pins_one() {
    let mut world = world();
    let hello = message(json!([text("Hello!")]));
    assert_eq!(code(&mut world, "PUT", "/chats/bare", &json!({"display_name": "New"})), (501, 4099));
    assert_eq!(code(&mut world, "POST", "/chats/bare/messages", &hello), (200, 0));
    assert_eq!(code(&mut world, "PUT", "/chats/bare", &json!({"display_name": "New"})), (200, 0));
    assert_eq!(code(&mut world, "POST", "/chats/keyless/messages", &hello), (422, 4099));
    assert_eq!(code(&mut world, "POST", "/chats/none/messages", &hello), (404, 2002));
    assert_eq!(code(&mut world, "POST", "/chats/foreign/messages", &hello), (404, 2002));
    assert_eq!(code(&mut world, "POST", "/chats/direct/messages", &json!({"parts": []})), (400, 1001));
    assert_eq!(code(&mut world, "POST", "/chats/direct/messages", &json!({"message": 1})), (400, 1002));
    let (_, _, note) = call(&mut world, "POST", "/chats/direct/messages", &json!({"parts": [text("x")]}));
    assert_eq!(note.remarks, ["the body has `parts` at its top: they belong into `message`"]);
}

#[test]
fn send_opens_the_chat_that_lead_id_names() {
    let mut world = with("  new_ids: {chats: [new-chat], messages: [m1, m2], conversations: [convo]}");
    let body =
        json!({"phone": "+1 415 555 0009", "body": "One\n\nTwo", "name": "Ann Lee", "external_id": "7"});
    let (status, sent, _) = call(&mut world, "POST", "/send", &body);
    let answer = json!({
        "status": "sent", "message_id": "m1", "lead_id": "new-chat", "lead_created": true,
        "convo_id": "convo", "phone_line_id": "pl_1",
    });
    assert_eq!((status, sent), (200, answer));
    let (_, list, _) = call(&mut world, "GET", "/chats/new-chat/messages", &Value::Null);
    assert_eq!((&list["messages"][1]["parts"], &list["has_more"]), (&json!([text("Two")]), &json!(false)));
    let body = json!({"phone": "+14155550009", "body": "Three", "phone_line_id": "pl_2"});
    let (_, again, _) = call(&mut world, "POST", "/send", &body);
    assert_eq!((&again["lead_created"], &again["convo_id"]), (&json!(false), &json!("convo")));
    // Another line is pinned now.
    assert_eq!(chat(&mut world, "new-chat")["line"], "pl_2");
    assert_eq!(code(&mut world, "POST", "/chats/convo/messages", &message(json!([text("x")]))), (404, 2002));
}

#[test]
fn send_fails_flat_after_the_authentication() {
    let mut world = world();
    let base = || json!({"phone": "+14155550009", "body": "Hello!"});
    for (name, value, expected) in [
        ("phone", Value::Null, (400, 1001)),
        ("body", json!(" \n\n"), (400, 1001)),
        ("phone", json!("0415"), (400, 1003)),
        ("effect", json!("boom"), (400, 4098)),
        ("effect", json!("confetti"), (200, 0)),
        ("phone_line_id", json!("none"), (400, 2006)),
        ("phone_line_id", json!("pl_off"), (503, 3002)),
        ("attachments", json!("full"), (400, 1002)),
        (
            "attachments",
            json!(["full", {"id": "full"}, {"attachment_id": "full", "live_photo": true}]),
            (200, 0),
        ),
        ("attachments", json!(["full", 7]), (400, 1002)),
        ("attachments", json!(["full", "https://example.com/a.png"]), (409, 1011)),
        ("attachments", json!(["full", {"url": "https://example.com/a.png"}]), (409, 1011)),
        ("attachments", json!(["full", "none"]), (404, 5001)),
        ("attachments", json!(["full", "open"]), (400, 5004)),
    ] {
        let mut body = base();
        body[name] = value;
        let (status, answer, _) = call(&mut world, "POST", "/send", &body);
        let error = &answer["error"];
        assert_eq!((status, error["code"].as_u64().unwrap_or_default()), expected, "{body}");
        if status != 200 {
            let members: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!((members, &answer["status"]), (vec!["status", "error"], &json!("failed")), "{body}");
            let is_of_one = name == "attachments" && body[name].is_array();
            assert_eq!(error.get("attachment_index"), is_of_one.then_some(&json!(1)), "{body}");
            assert_eq!(error.get("allowed_effects").is_some(), name == "effect", "{body}");
        }
    }
    let (reply, _) = world.exchange("POST", "/api/v1/send", &[], b"{}");
    let refused = crate::direct::body(&reply);
    assert_eq!(
        (reply.status, &refused["success"], &refused["error"]["code"]),
        (401, &json!(false), &json!(2012))
    );
}

#[test]
fn the_newest_two_hundred_messages_are_listed() {
    let mut world = world();
    for number in 0..199 {
        let body = message(json!([text(&number.to_string())]));
        assert_eq!(code(&mut world, "POST", "/chats/direct/messages", &body), (200, 0));
    }
    let (_, list, _) = call(&mut world, "GET", "/chats/direct/messages", &Value::Null);
    let rows = list["messages"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["id"], &list["has_more"]), (200, &json!("theirs"), &json!(true)));
    assert_eq!((&rows[0]["direction"], &rows[0]["status"]), (&json!("inbound"), &json!("received")));
    assert_eq!(rows[199]["parts"][0]["value"], "198");
    assert_eq!(code(&mut world, "GET", "/chats/foreign/messages", &Value::Null), (404, 2002));
}

#[test]
fn a_message_is_shown_changed_for_fifteen_minutes_and_reacted_to() {
    let mut world = world();
    let edit = json!({"new_text": "Hello, Sam!"});
    let (status, shown, note) = call(&mut world, "GET", "/messages/own", &Value::Null);
    assert_eq!((status, &shown["message"]["chat_id"]), (200, &json!("direct")));
    assert_eq!(note.remarks, ["the form of this answer is chosen, not documented"]);
    wait(&mut world, 15 * 60);
    let (_, edited, _) = call(&mut world, "POST", "/messages/own/edit", &edit);
    assert_eq!(edited["date_edited"], "2026-05-01T12:15:00.000Z");
    wait(&mut world, 1);
    assert_eq!(code(&mut world, "POST", "/messages/own/edit", &edit), (502, 4001));
    let (_, list, _) = call(&mut world, "GET", "/chats/direct/messages", &Value::Null);
    assert_eq!(list["messages"][0]["parts"], json!([text("Hello, Sam!")]));
    for (path, body, expected) in [
        ("/messages/theirs/edit", &edit, (501, 4099)),
        ("/messages/none/edit", &edit, (404, 2003)),
        ("/messages/foreign-message/edit", &edit, (404, 2003)),
        ("/messages/own/edit", &json!({}), (400, 1002)),
        ("/messages/own/edit", &json!({"new_text": ""}), (400, 1002)),
        ("/messages/own/edit", &json!({"new_text": "x", "edited_part_index": 1}), (400, 1002)),
        ("/messages/own/edit", &json!({"new_text": "x", "edited_part_index": -1}), (400, 1002)),
        ("/messages/own/edit", &json!({"new_text": "x", "edited_part_index": "0"}), (400, 1002)),
        ("/messages/theirs/react", &json!({"reaction": "love"}), (200, 0)),
        ("/messages/theirs/react", &json!({"reaction": "laugh"}), (200, 0)),
        ("/messages/theirs/react", &json!({"reaction": "hate"}), (400, 1002)),
        ("/messages/theirs/react", &json!({}), (400, 1002)),
        ("/messages/none/react", &json!({"reaction": "love"}), (404, 2003)),
        ("/messages/foreign-message/react", &json!({"reaction": "love"}), (404, 2003)),
    ] {
        assert_eq!(code(&mut world, "POST", path, body), expected, "{path} {body}");
    }
    let theirs = &chat(&mut world, "direct")["messages"][1];
    assert_eq!(theirs["reactions"], json!([{"reaction": "laugh", "from": null}]));
    assert_eq!(code(&mut world, "GET", "/messages/foreign-message", &Value::Null), (404, 2003));
}

#[test]
fn ids_are_not_given_again_and_repeat_from_run_to_run() {
    let fault = "
standin: 1
name: dropped
seed: 1
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      lines: [{id: pl_1, phone_number: \"+15555550100\"}]
      chats: [{id: direct, group: false, line: pl_1}]
faults: [{name: dropped, on: chert.chats.messages.send, when: {first: 1}, wire: reset}]
";
    let run = || {
        let mut world = crate::direct::Direct::new(fault);
        let body = message(json!([text("Hello!")]));
        let ids = (0..2)
            .map(|_| call(&mut world, "POST", "/chats/direct/messages", &body).1["message"]["id"].clone());
        ids.collect::<Vec<_>>()
    };
    let ids = run();
    assert_ne!(ids[0], ids[1], "the client may have read the first one");
    assert_eq!(ids, run());
    assert!(ids.iter().all(|id| id.as_str().unwrap().len() == 32));
}

#[test]
fn a_location_goes_to_a_phone_or_a_chat() {
    let mut world = world();
    let place = |more: Value| {
        let mut body = json!({"latitude": 40.5, "longitude": -73});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (body, expected) in [
        (place(json!({"phone": "+14155551234"})), (202, 0)),
        (place(json!({"phone": "+14155550009"})), (202, 0)),
        (place(json!({"chat_id": "iMessage;+;group"})), (202, 0)),
        (place(json!({"chat_id": "iMessage;-;+14155551234"})), (202, 0)),
        (place(json!({"chat_id": "none"})), (404, 2002)),
        (place(json!({})), (400, 1001)),
        (place(json!({"phone": "+14155551234", "chat_id": "group"})), (400, 1002)),
        (place(json!({"phone": "x"})), (400, 1003)),
        (json!({"phone": "+14155551234", "latitude": 1}), (400, 1001)),
        (json!({"phone": "+14155551234", "latitude": 91, "longitude": 1}), (400, 1002)),
        (json!({"phone": "+14155551234", "latitude": "1", "longitude": 1}), (400, 1002)),
    ] {
        assert_eq!(code(&mut world, "POST", "/locations", &body), expected, "{body}");
    }
    let body = json!({"phone": "+14155551234", "body": "x", "phone_line_id": "pl_2"});
    assert_eq!(code(&mut world, "POST", "/send", &body), (200, 0));
    assert_eq!(code(&mut world, "POST", "/locations", &place(json!({"phone": "+14155551234"}))), (422, 4099));
}

#[test]
fn what_a_recipient_writes_is_read_by_marking_the_chat() {
    let mut world = world();
    act(&mut world, "recipient.write", json!({"chat": "direct", "text": "Are you there?"})).unwrap();
    assert_eq!(code(&mut world, "POST", "/chats/direct/mark-read", &Value::Null), (200, 0));
    let (_, list, _) = call(&mut world, "GET", "/chats/direct/messages", &Value::Null);
    let read: Vec<_> =
        list["messages"].as_array().unwrap().iter().map(|row| row["read_at"].is_string()).collect();
    assert_eq!(read, [false, true, true]);
}

#[test]
fn the_state_hides_the_secrets_that_a_message_tells() {
    let server = crate::client::serve(
        "{standin: 1, name: n, seed: 1, chert: {tenants: [{slug: acme, signing_secret: secret-of-acme, \
         lines: [{id: pl, phone_number: \"+15555550100\"}]}]}}",
    );
    let headers = [("authorization", "Bearer secret-of-acme")];
    let send = |target: &str, body: Value| {
        let sent = crate::client::send(&server, "POST", target, &headers, body.to_string().as_bytes());
        assert_eq!(sent.status(), 200, "{}", sent.text());
        sent.json()
    };
    let told = "My key is secret-of-acme.";
    let sent = send("/api/v1/send", json!({"phone": "+14155551234", "body": told}));
    let edited = format!("/api/v1/messages/{}/edit", sent["message_id"].as_str().unwrap());
    send(&edited, json!({"new_text": "No: secret-of-acme!"}));
    let state = crate::client::get(&server, "/__standin/state");
    assert!(state.text().contains("My key is ***.") && state.text().contains("No: ***!"), "{}", state.text());
    assert!(!state.text().contains("secret-of-acme"));
}
