//! Changes that a fault puts off until others were made: what no longer fits becomes a remark.

use serde_json::{Value, json};

use super::{call, noted};
use crate::direct::Direct;

/// A world in which the first two calls of `method` change something ten minutes later.
fn world(method: &str) -> Direct {
    Direct::new(&format!(
        "
standin: 1
name: late
clock: {{virtual: \"2026-03-11T13:53:13Z\"}}
bitrix24:
  credentials: [{{token: access-token}}]
  connectors: [{{id: connector}}]
  lines: [{{id: 105, connectors: [connector]}}]
faults:
  - {{name: late, on: bitrix24.{method}, when: {{first: 2}}, reply: {{status: 502, body: \"{{}}\"}}, applied: {{later: 10m}}}}
"
    ))
}

/// Lets the late changes come, and returns what the next exchange tells of them.
fn remarks(world: &mut Direct) -> Vec<String> {
    world.world().move_clock(|now| now + std::time::Duration::from_secs(600));
    let (_, note) = noted(world, "server.time", json!({}));
    note.remarks.iter().map(ToString::to_string).filter(|remark| remark.contains("postponed")).collect()
}

#[test]
fn equal_handlers_are_bound_once() {
    let mut world = world("event.bind");
    let bind =
        |user: i64| json!({"event": "OnAppTest", "handler": "http://127.0.0.1:9/h", "auth_type": user});
    for user in [0, 0] {
        assert_eq!(call(&mut world, "event.bind", bind(user))["status"], 502);
    }
    assert_eq!(call(&mut world, "event.bind", bind(1))["status"], 200, "it is for another user");
    let late = remarks(&mut world);
    assert_eq!(late, ["a postponed change came too late: the handler 555 is the same"]);
    let bound = call(&mut world, "event.get", json!({}));
    assert_eq!(bound["result"].as_array().map(Vec::len), Some(2), "{bound}");
}

#[test]
fn a_new_user_and_a_new_chat_have_one_id() {
    let mut world = world("imconnector.send.messages");
    let message = |name: &str| {
        let user = json!({"id": "u", "name": name});
        let one = json!({"user": user, "message": {"text": "t"}, "chat": {"id": "c"}});
        json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": [one]})
    };
    for name in ["Ann", ""] {
        assert_eq!(call(&mut world, "imconnector.send.messages", message(name))["status"], 502);
    }
    let late = remarks(&mut world);
    assert_eq!(late, ["a postponed message came late: the user `u` has the ID 585, and the answer told 586"]);
    let sent = call(&mut world, "imconnector.send.messages", message(""));
    let answer: &Value = &sent["result"]["DATA"]["RESULT"][0];
    assert_eq!((&answer["user"], &answer["session"]["CHAT_ID"]), (&json!("585"), &json!("1767")), "{sent}");
    let state = world.state();
    let chats = &state["chats"];
    assert_eq!(chats.as_array().map(Vec::len), Some(1), "{chats}");
    assert_eq!(chats[0]["name"], "Ann - Open Channel 105", "{chats}");
    assert_eq!(chats[0]["messages"].as_array().map(Vec::len), Some(3), "nothing is lost: {chats}");
    assert!(remarks(&mut world).is_empty(), "what fits is not remarked upon");
}
