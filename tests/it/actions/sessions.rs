//! Sessions: how they begin, end and follow each other.

use serde_json::{Value, json};

use super::{SCENARIO, act, call, chat, newest, value, world};
use crate::direct::Direct;

#[test]
fn sessions_follow_each_other_in_one_chat() {
    let mut world = world();
    let world = &mut world;
    let here = |more: Value| chat("connector", "group", more);
    let (closed, _) = act(world, "operator.close", here(json!({})));
    assert_eq!(value(&closed[0], "data[DATA][0][session][closed]").as_deref(), Some("Y"));
    assert!(world.act("operator.close", &here(json!({}))).is_err());
    // The first message of the operator begins the next session, and DialogStart goes before MessageAdd.
    let (raised, _) = act(world, "operator.write", here(json!({"text": "Again"})));
    let events: Vec<_> = raised.iter().map(|body| value(body, "event").unwrap()).collect();
    assert_eq!(events, ["ONIMCONNECTORDIALOGSTART", "ONIMCONNECTORMESSAGEADD"]);
    let part = |name: &str| value(&raised[0], &format!("data[DATA][0][session][{name}]")).unwrap();
    assert_eq!((part("id"), part("parent_id"), part("close_term")), ("330".into(), "3".into(), "15".into()));
    let (raised, _) = act(world, "operator.write", here(json!({"text": "And again"})));
    assert_eq!(raised.len(), 1);
    // What the external user writes begins a session too, but raises no MessageAdd.
    act(world, "operator.close", here(json!({})));
    let before = newest(world);
    let messages = json!([{"user": {"id": "u"}, "message": {"text": "t"}, "chat": {"id": "group"}}]);
    let parameters = json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": messages});
    call(world, "access-token", "imconnector.send.messages", parameters);
    let begun = super::raised(world, before);
    assert_eq!(begun.len(), 1);
    assert_eq!(value(&begun[0], "event").as_deref(), Some("ONIMCONNECTORDIALOGSTART"));
    let sessions = world.state()["chats"][0]["sessions"].clone();
    let parents: Vec<_> =
        sessions.as_array().unwrap().iter().map(|session| session["parent_id"].clone()).collect();
    assert_eq!(parents, [json!(0), json!(3), json!(330)]);
}

#[test]
fn a_message_that_comes_after_the_end_of_its_session_begins_another() {
    let late = "bitrix24.imconnector.send.messages, reply: {status: 502}, applied: {later: 5s}";
    let mut world = Direct::new(&format!("{SCENARIO}faults: [{{name: late, on: {late}}}]"));
    let world = &mut world;
    let messages = json!([{"user": {"id": "u"}, "message": {"text": "t"}, "chat": {"id": "group"}}]);
    let parameters =
        json!({"auth": "access-token", "CONNECTOR": "connector", "LINE": 105, "MESSAGES": messages});
    assert_eq!(world.post("/rest/imconnector.send.messages", &parameters).status, 502);
    act(world, "operator.close", chat("connector", "group", json!({})));
    world.world().move_clock(|now| now + jiff::SignedDuration::from_secs(6));
    let sessions = world.state()["chats"][0]["sessions"].clone();
    let expected = [
        json!({"id": 3, "parent_id": 0, "closed": true}),
        json!({"id": 330, "parent_id": 3, "closed": false}),
    ];
    assert_eq!(sessions, json!(expected));
}
