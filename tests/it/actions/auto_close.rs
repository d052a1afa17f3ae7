//! Sessions that are closed by themselves when nobody writes in them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{SCENARIO, act, call, chat, newest, raised, value};
use crate::client::{get, post, serve};
use crate::direct::Direct;

/// The scenario with sessions on line 105 that end after ten seconds. Calls take no time.
fn text(more: &str) -> String {
    let text = SCENARIO.replace("close_term: 15}", "close_term: 15, auto_close: 10s}");
    text.replace("  edition: live\n", "  edition: live\n  timing: {duration: 0s, processing: 0s}\n") + more
}

fn wait(world: &mut Direct, seconds: i64) {
    world.world().move_clock(|now| now + SignedDuration::from_secs(seconds));
    world.world().settle(Timestamp::UNIX_EPOCH);
}

/// The external IDs of the chats with an open session.
fn open(world: &mut Direct) -> Vec<String> {
    let state = world.state();
    let open = state["chats"].as_array().unwrap().iter().filter(|chat| chat["closed"] == false);
    open.map(|chat| chat["id"].as_str().unwrap().to_owned()).collect()
}

fn messages(id: &str) -> Value {
    let message = json!([{"user": {"id": "u"}, "message": {"text": "t"}, "chat": {"id": id}}]);
    json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": message})
}

#[test]
fn a_session_in_which_nobody_writes_is_closed_by_nobody() {
    let mut world = Direct::new(&text(""));
    let world = &mut world;
    wait(world, 9);
    assert_eq!((open(world).len(), newest(world)), (9, 0));
    wait(world, 1);
    // Chats of other lines stay open, and the closed one is not closed again.
    assert_eq!(open(world), ["off", "broken"]);
    let closed = raised(world, 0);
    let chats: Vec<_> = closed.iter().map(|body| value(body, "data[DATA][0][chat][id]").unwrap()).collect();
    assert_eq!(chats, ["group", "silent", "direct", "direct", "rigid"], "those of the handler's application");
    let part = |name: &str| value(&closed[0], name).unwrap_or_default();
    assert_eq!(part("event"), "ONIMCONNECTORDIALOGFINISH");
    assert_eq!(part("data[DATA][0][session][closed]"), "Y");
    assert_eq!(part("data[DATA][0][session][close_term]"), "15");
    // Nobody did it, so there is no token of a user.
    let sent = world.take(1);
    let body = std::str::from_utf8(sent.request.body.as_bytes()).unwrap();
    assert_eq!(value(body, "ts").as_deref(), Some("1773759171"));
    assert_eq!((value(body, "auth[access_token]"), value(body, "auth[user_id]")), (None, None));
    assert!(value(body, "auth[application_token]").is_some_and(|token| token.len() == 32));
    wait(world, 100);
    assert_eq!(raised(world, 0).len(), closed.len(), "once is enough");
    // A closed session refuses a rename.
    let name = json!({"CONNECTOR": "connector", "LINE": 105, "CHAT_ID": "group", "NAME": "x"});
    assert_eq!(
        call(world, "access-token", "imconnector.chat.name.set", name)["error"],
        "CHAT_RENAMING_FAILED"
    );
    // The next session has its own time.
    call(world, "access-token", "imconnector.send.messages", messages("group"));
    wait(world, 9);
    assert!(open(world).contains(&"group".to_owned()));
    wait(world, 1);
    assert!(!open(world).contains(&"group".to_owned()));
}

#[test]
fn messages_of_both_sides_keep_a_session_open_and_nothing_else_does() {
    let mut world = Direct::new(&text(""));
    let world = &mut world;
    wait(world, 6);
    let foreign = || chat("foreign", "foreign", json!({}));
    act(world, "operator.write", super::with(foreign(), json!({"text": "x"})));
    call(world, "access-token", "imconnector.send.messages", messages("silent"));
    act(world, "operator.edit", chat("connector", "group", json!({"text": "x"})));
    wait(world, 9);
    assert_eq!(open(world), ["silent", "off", "broken", "foreign"]);
    act(world, "operator.close", foreign());
    let before = newest(world);
    wait(world, 1);
    assert_eq!(open(world), ["off", "broken"]);
    assert_eq!(raised(world, before).len(), 1, "the operator's close is the only one of its session");
}

#[test]
fn a_line_that_is_deleted_closes_nothing() {
    let mut world = Direct::new(&text(""));
    let world = &mut world;
    act(world, "line.delete", json!({"line": 105}));
    let before = newest(world);
    wait(world, 100);
    assert_eq!((open(world).len(), newest(world)), (9, before));
}

#[test]
fn at_one_instant_late_changes_come_first_then_actions_then_closes_then_deliveries() {
    let more = r#"
actions:
  - {do: bitrix24.operator.write, with: {connector: connector, line: 105, chat: silent, text: In time}, at: 10s}
faults:
  - {name: late end, on: bitrix24.imopenlines.operator.finish, reply: {status: 502}, applied: {later: 10s}}
  - {name: late message, on: bitrix24.imconnector.send.messages, reply: {status: 502}, applied: {later: 10s}}
"#;
    let mut world = Direct::new(&text(more));
    let world = &mut world;
    // Chat 15 is finished at the instant at which it would close by itself.
    for (method, with) in [
        ("imopenlines.operator.finish", json!({"CHAT_ID": 15, "auth": "access-token"})),
        ("imconnector.send.messages", {
            let mut with = messages("group");
            with["auth"] = json!("access-token");
            with
        }),
    ] {
        assert_eq!(world.post(&format!("/rest/{method}"), &with).status, 502);
    }
    let due = world.world().next_due().unwrap();
    world.world().move_clock(|_| due);
    // Whoever looks for deliveries gets those of this instant too.
    let first = world.world().take_due(Timestamp::UNIX_EPOCH).expect("it is due");
    assert_eq!(first.id.number, 1);
    assert_eq!(open(world), ["group", "silent", "off", "broken"]);
    let events: Vec<_> = raised(world, 0)
        .iter()
        .map(|body| {
            let id =
                value(body, "data[DATA][0][chat][id]").or_else(|| value(body, "data[MESSAGES][0][chat][id]"));
            (value(body, "event").unwrap(), id.unwrap())
        })
        .collect();
    let finish = |id: &str| ("ONIMCONNECTORDIALOGFINISH".to_owned(), id.to_owned());
    let expected = [
        finish("rigid"),
        ("ONIMCONNECTORMESSAGEADD".to_owned(), "silent".to_owned()),
        finish("direct"),
        finish("direct"),
    ];
    assert_eq!(events, expected);
}

#[test]
fn snapshots_resets_and_namespaces_have_their_own_closes() {
    let text = text("").replace("http://127.0.0.1:3000/h", "http://127.0.0.1:9/h");
    let server = serve(&text);
    let post = |path: &str, body: &str| {
        let answer = post(&server, &format!("/__standin{path}"), body);
        assert!(answer.status() < 300, "{path} {body}: {}", answer.text());
    };
    let closed = |world: &str| {
        get(&server, &format!("/__standin{world}/state")).json()["bitrix24"]["chats"][0]["closed"].clone()
    };
    let sixth = r#"{"advance": "6s"}"#;
    post("/namespaces", r#"{"name": "other"}"#);
    post("/clock", sixth);
    post("/snapshots/s", "");
    post("/clock", sixth);
    assert_eq!((closed(""), closed("/namespaces/other")), (json!(true), json!(false)));
    post("/snapshots/s/restore", "");
    assert_eq!(closed(""), json!(false));
    post("/clock", r#"{"advance": "next"}"#);
    assert_eq!(closed(""), json!(true));
    let now = get(&server, "/__standin/clock").json()["now"].clone();
    assert_eq!(now, "2026-03-17T14:52:51Z");
    post("/reset", "");
    assert_eq!(closed(""), json!(false));
    post("/namespaces/other/clock", r#"{"advance": "next"}"#);
    assert_eq!((closed(""), closed("/namespaces/other")), (json!(false), json!(true)));
}
