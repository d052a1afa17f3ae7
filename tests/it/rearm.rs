//! Faults that are replaced and count anew while a server runs.

use serde_json::{Value, json};
use standin::Server;

use crate::client::{Response, get, post, send, serve};

const SCENARIO: &str = "
standin: 1
name: re-armed
seed: 7
clock: {virtual: \"2024-11-20T15:55:08+02:00\"}
bitrix24:
  credentials: [{webhook: {user: 1, secret: webhook-secret}}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: a}, {connector: connector, line: 105, id: chat-2, name: b}]
faults:
  - {name: once, on: bitrix24.imconnector.chat.name.set, when: {first: 1}, error: CHAT_RENAMING_FAILED}
  - {name: behind, on: bitrix24.imconnector.chat.name.set, when: {call: 7}, error: QUERY_LIMIT_EXCEEDED}
";

const ONCE: &str = "{on: bitrix24.imconnector.chat.name.set, when: {first: 1}, error: CHAT_RENAMING_FAILED}";

fn rename(server: &Server, chat: &str) -> u16 {
    let body = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": chat, "NAME": "New name"});
    post(server, "/rest/1/webhook-secret/imconnector.chat.name.set", &body.to_string()).status()
}

fn put(server: &Server, path: &str, fault: &str) -> Response {
    send(server, "PUT", &format!("/__standin/{path}"), &[], fault.as_bytes())
}

fn names(server: &Server) -> Vec<Value> {
    let listed = get(server, "/__standin/faults").json();
    listed["faults"].as_array().unwrap().iter().map(|fault| fault["name"].clone()).collect()
}

#[test]
fn a_fault_that_is_put_again_counts_anew_in_its_place() {
    let server = serve(SCENARIO);
    assert_eq!([(); 2].map(|()| rename(&server, "chat-1")), [400, 200]);
    let put_again = put(&server, "faults/once", ONCE);
    assert_eq!(put_again.status(), 200, "{}", put_again.text());
    let told = put_again.json();
    assert_eq!(json!([told["calls"], told["fired"], told["next_call"]]), json!([0, 0, 1]));
    assert_eq!(names(&server), ["once", "behind"]);
    assert_eq!([(); 2].map(|()| rename(&server, "chat-1")), [400, 200]);
    let explained = get(&server, "/__standin/journal/1/explain").text().to_owned();
    assert!(explained.contains("`once` fired on its call 1"), "{explained}");
    server.reset();
    assert_eq!([(); 2].map(|()| rename(&server, "chat-1")), [400, 200], "the scenario's own faults are back");
}

#[test]
fn a_fault_is_replaced_by_one_that_does_something_else() {
    let server = serve(SCENARIO);
    let other =
        "name: once\non: bitrix24.imconnector.chat.name.set\nmatch: {CHAT_ID: chat-2}\nreply: {status: 502}";
    assert_eq!(put(&server, "faults/once", other).status(), 200);
    assert_eq!(["chat-1", "chat-2", "chat-2"].map(|chat| rename(&server, chat)), [200, 502, 502]);
}

#[test]
fn a_fault_that_is_put_under_a_new_name_is_added() {
    let server = serve(SCENARIO);
    let added = put(&server, "faults/a%20new%2Fone", r#"{"on": "bitrix24", "delay": "1s"}"#);
    assert_eq!((added.status(), &added.json()["name"]), (201, &json!("a new/one")), "{}", added.text());
    assert_eq!(names(&server), ["once", "behind", "a new/one"]);
}

#[test]
fn a_put_with_mistakes_changes_nothing() {
    let server = serve(SCENARIO);
    assert_eq!([(); 2].map(|()| rename(&server, "chat-1")), [400, 200]);
    for (body, message) in [
        ("{name: other, on: bitrix24, delay: 1s}", "the fault is called `other` here and `once` in the path"),
        ("{on: bitrix24, error: CHAT_RENAMING_FALED}", "CHAT_RENAMING_FALED"),
        ("{on: chert, delay: 1s}", "the scenario has no `chert` section"),
        ("{}", "`on` is missing"),
        ("[]", ""),
        ("", "the fault is empty"),
        ("{name: [once], on: bitrix24, delay: 1s}", ""),
    ] {
        let refused = put(&server, "faults/once", body);
        assert_eq!(refused.status(), 422, "{body}: {}", refused.text());
        assert!(refused.json()["report"].as_str().unwrap().contains(message), "{body}: {}", refused.text());
    }
    let listed = get(&server, "/__standin/faults").json();
    assert_eq!(json!([listed["faults"][0]["calls"], listed["faults"][0]["fired"]]), json!([2, 1]));
}

#[test]
fn a_post_of_a_known_name_names_put() {
    let server = serve(SCENARIO);
    let refused = post(&server, "/__standin/faults", "{name: once, on: bitrix24, delay: 1s}");
    assert_eq!(refused.status(), 422);
    let finding = refused.json()["findings"][0].clone();
    assert_eq!(finding["message"], "there is a fault `once` already");
    assert_eq!(
        finding["help"],
        "send this one with `PUT …/faults/once` to replace it, or give it another name"
    );
    put(&server, "faults/two%20words", "{on: bitrix24, delay: 1s}");
    let refused = post(&server, "/__standin/faults", "{name: two words, on: bitrix24, delay: 1s}");
    assert!(refused.text().contains("`PUT …/faults/two%20words`"), "{}", refused.text());
}

#[test]
fn a_spent_fault_that_is_switched_on_says_that_it_is_spent() {
    let server = serve(SCENARIO);
    let on = |fault: &str| post(&server, &format!("/__standin/faults/{fault}/on"), "").json();
    assert_eq!(on("once").get("standin"), None, "it can still fire");
    rename(&server, "chat-1");
    let off = post(&server, "/__standin/faults/once/off", "").json();
    assert_eq!((&off["enabled"], off.get("standin")), (&json!(false), None));
    let told = on("once");
    assert_eq!(told["enabled"], true);
    assert_eq!(told["standin"], "the fault is on and spent: it is not expected to fire again");
    assert_eq!(told["help"], "`PUT /__standin/faults/once` with the fault as its body counts its calls anew");
    assert_eq!(rename(&server, "chat-1"), 200);
    assert_eq!(on("behind").get("standin"), None);
}

#[test]
fn a_fault_that_counts_each_chat_is_spent_when_its_time_is_over() {
    let server = serve(SCENARIO);
    let each = "{on: bitrix24.imconnector.chat.name.set, when: {first: 1, count_by: chat, until: 1m}, reply: {status: 502}}";
    assert_eq!(put(&server, "faults/once", each).status(), 200);
    assert_eq!(rename(&server, "chat-1"), 502);
    let on = || post(&server, "/__standin/faults/once/on", "").json();
    assert_eq!(on().get("standin"), None, "it can fire for another chat");
    post(&server, "/__standin/clock", r#"{"advance": "1m"}"#);
    assert!(on()["standin"].is_string());
}

#[test]
fn a_namespace_has_the_same_routes() {
    let server = serve(SCENARIO);
    post(&server, "/__standin/namespaces", "");
    let webhook = "/rest/1/webhook-secret-n1/imconnector.chat.name.set";
    let body = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": "New name"});
    let call = || post(&server, webhook, &body.to_string()).status();
    assert_eq!((call(), call()), (400, 200));
    let told = post(&server, "/__standin/namespaces/n1/faults/once/on", "").json();
    assert!(
        told["help"].as_str().unwrap().starts_with("`PUT /__standin/namespaces/n1/faults/once`"),
        "{told}"
    );
    assert_eq!(put(&server, "namespaces/n1/faults/once", ONCE).status(), 200);
    assert_eq!((call(), call()), (400, 200));
    assert_eq!(get(&server, "/__standin/faults").json()["faults"][0]["calls"], 0, "the main world's own");
}
