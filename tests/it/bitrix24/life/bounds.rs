//! What calls can make the server keep is limited, and the refusal says so.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{call, noted, registration, remarks};
use crate::direct::Direct;

/// A portal with many lines and handlers.
fn portal(lines: usize, handlers: usize) -> Direct {
    let mut yaml = "standin: 1
name: many
bitrix24:
  credentials: [{token: access-token}]
  connectors: [{id: connector, chat_group: true}, {id: messenger}]
  lines:
    - {id: 105, connectors: [connector, messenger]}
"
    .to_owned();
    (1..lines).for_each(|line| writeln!(yaml, "    - {{id: {}}}", 1_000 + line).unwrap());
    yaml.push_str("  handlers:\n");
    (0..handlers)
        .for_each(|number| writeln!(yaml, "    - {{event: OnAppTest, name: handler-{number}}}").unwrap());
    Direct::new(&yaml)
}

#[track_caller]
fn is_full(world: &mut Direct, method: &str, parameters: Value, why: &str) {
    let (answer, note) = noted(world, method, parameters);
    assert_eq!(
        answer,
        json!({"error": "INTERNAL_SERVER_ERROR", "error_description": "Internal server error", "status": 500})
    );
    assert!(note.remarks.iter().any(|remark| remark.contains(why)), "{:?}", note.remarks);
}

#[test]
fn chats_that_calls_make_are_limited() {
    let mut world = portal(1, 1);
    let messages = |chats: std::ops::Range<usize>| {
        let message = |chat| json!({"user": {"id": "u"}, "message": {"text": "t"}, "chat": {"id": format!("c-{chat}")}});
        json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": chats.map(message).collect::<Value>()})
    };
    let method = "imconnector.send.messages";
    assert_eq!(call(&mut world, method, messages(0..6_000))["status"], 200);
    is_full(&mut world, method, messages(6_000..10_001), "calls can make at most 10000 chats");
    assert_eq!(call(&mut world, method, messages(6_000..10_000))["status"], 200);
    is_full(&mut world, method, messages(10_000..10_001), "calls can make at most 10000 chats");
    // What is there already still gets messages.
    assert_eq!(call(&mut world, method, messages(0..1))["status"], 200);
}

#[test]
fn lines_and_handlers_are_limited() {
    let mut world = portal(10_000, 10_000);
    is_full(&mut world, "imopenlines.config.add", json!({}), "at most 10000 lines");
    let handler = json!({"event": "OnAppTest", "handler": "https://example.com/h"});
    is_full(&mut world, "event.bind", handler, "at most 10000 handlers");
}

#[test]
fn status_rows_are_limited_and_have_short_names() {
    let mut world = portal(1, 1);
    let on = |line: usize| json!({"CONNECTOR": "connector", "LINE": line, "ACTIVE": 1});
    (1_000..10_998)
        .for_each(|line| assert_eq!(call(&mut world, "imconnector.activate", on(line))["status"], 200));
    is_full(&mut world, "imconnector.activate", on(1), "at most 10000 status rows");
    let data = json!({"CONNECTOR": "connector", "LINE": 1, "DATA": {}});
    is_full(&mut world, "imconnector.connector.data.set", data, "at most 10000 status rows");
    assert_eq!(call(&mut world, "imconnector.activate", on(105))["status"], 200);
    let off = json!({"CONNECTOR": "connector", "LINE": 1_000, "ACTIVE": 0});
    assert_eq!(call(&mut world, "imconnector.activate", off)["status"], 200);
    let long = json!({"CONNECTOR": "x".repeat(256), "LINE": 1, "ACTIVE": 1});
    is_full(&mut world, "imconnector.activate", long, "at most 255 characters");
    assert_eq!(call(&mut world, "imconnector.activate", on(1))["status"], 200);
}

#[test]
fn connectors_are_limited() {
    let mut world = portal(1, 1);
    for number in 0..9_998 {
        call(&mut world, "imconnector.register", registration(json!({"ID": format!("c{number}")})));
    }
    let one_more = registration(json!({"ID": "one-more"}));
    assert!(remarks(&mut world, "imconnector.register", one_more).contains("at most 10000 connectors"));
    let known = call(&mut world, "imconnector.register", registration(json!({"ID": "c1"})));
    assert_eq!(known["result"]["result"], true);
}

#[test]
fn what_is_long_is_cut_or_refused() {
    let mut world = portal(1, 1);
    let long = "я".repeat(300);
    let parameters = json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": [
        {"user": {"id": "u"}, "message": {"text": "t", "id": long}, "chat": {"id": "c", "name": long}},
        {"user": {"id": long}, "message": {"text": "t"}, "chat": {"id": "c"}},
        {"user": {"id": "u"}, "message": {"text": "t"}, "chat": {"id": long}},
    ]});
    let answer = call(&mut world, "imconnector.send.messages", parameters);
    let succeeded = |place: usize| answer["result"]["DATA"]["RESULT"][place]["SUCCESS"].clone();
    assert_eq!([succeeded(0), succeeded(1), succeeded(2)], [json!(true), json!(false), json!(false)]);
    let chat = world.state()["chats"][0].clone();
    let cut = json!("я".repeat(255));
    assert_eq!((&chat["name"], &chat["messages"][0]["external_ids"][0]), (&cut, &cut));
    let url = json!({"event": "OnAppTest", "handler": format!("https://example.com/{}", "x".repeat(2_000))});
    assert_eq!(call(&mut world, "event.bind", url)["error"], "ERROR_WRONG_HANDLER_URL");
}
