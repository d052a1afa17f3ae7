//! `Server` and its namespaces, as a test in the same process uses them.

use std::time::Duration;

use serde_json::json;
use standin::{NamespaceOptions, Server, WaitError};

use crate::client::post;
use crate::deliver::receiver::Receiver;

const SCENARIO: &str = "
standin: 1
name: one chat
clock: {virtual: \"2026-03-17T15:52:41Z\"}
bitrix24:
  applications: [{client_id: app, client_secret: client-secret}]
  credentials: [{token: access-token}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
  handlers: [{event: OnImConnectorMessageAdd, name: app}]
";

const RENAME: &str = r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1","NAME":"New name"}"#;

fn server() -> Server {
    Server::from_text(SCENARIO).unwrap()
}

fn rename(server: &Server, token: &str) -> u16 {
    post(server, &format!("/rest/imconnector.chat.name.set?auth={token}"), RENAME).status()
}

#[test]
fn a_fault_strikes_in_its_own_namespace_only() {
    let server = server();
    let namespace = server.namespace().unwrap();
    let token = namespace.access("BITRIX24_ACCESS_TOKEN").unwrap();
    namespace.fault("{name: fails, on: bitrix24, error: INTERNAL_SERVER_ERROR}").unwrap();

    assert_eq!(rename(&server, &token), 500);
    assert_eq!(rename(&server, "access-token"), 200);
    namespace.remove_fault("fails").unwrap();
    assert_eq!(rename(&server, &token), 200);

    assert_eq!((namespace.journal().len(), server.journal().len()), (2, 1));
    assert!(namespace.explain(1).unwrap().contains("`fails`"));
    let control = format!("{}/__standin/namespaces/{}", server.url(), namespace.name());
    assert_eq!(namespace.control_url(), control);
    assert_eq!(server.control_url(), format!("{}/__standin", server.url()));
}

#[test]
fn a_namespace_ends_when_it_is_dropped() {
    let server = server();
    let name = server.namespace_with(NamespaceOptions::default().name("test_a").seed(7)).unwrap();
    assert_eq!(name.name(), "test_a");
    let taken = server.namespace_with(NamespaceOptions::default().name("test_a")).unwrap_err();
    assert_eq!(taken.status, 409);
    drop(name);
    drop(server.namespace_with(NamespaceOptions::default().name("test_a")).unwrap());
}

#[test]
fn what_a_namespace_expects_is_checked_at_its_end() {
    let server = server();
    let expect = "[{name: renamed, on: bitrix24.imconnector.chat.name.set, calls: {exactly: 1}}]";
    let options = NamespaceOptions::default().expect(expect);
    let namespace = server.namespace_with(options.clone()).unwrap();
    let unmet = namespace.verify().unwrap_err().to_string();
    assert!(
        unmet.contains("`renamed` is not met") && unmet.contains("the conversation, 0 exchanges"),
        "{unmet}"
    );
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || drop(namespace)));
    assert!(dropped.is_err());
    let namespace = server.namespace_with(options).unwrap();
    assert_eq!(rename(&server, &namespace.access("BITRIX24_ACCESS_TOKEN").unwrap()), 200);
    drop(namespace);
    assert!(server.verify().is_ok(), "the server has no expectations of its own");
}

#[test]
fn a_mistake_says_what_to_do() {
    let server = server();
    let fault = server.fault("{name: a, on: bitrix42, delay: 1ms}").unwrap_err();
    assert_eq!(fault.status, 422);
    assert!(fault.to_string().contains("bitrix42") && fault.help.contains("help: "), "{fault}");
    assert_eq!(server.remove_fault("a/b c").unwrap_err().message, "there is no fault `a/b c`");
    assert_eq!(server.act("bitrix24.operator.wrte", json!({})).unwrap_err().status, 422);
    assert_eq!(server.handler("none", "http://127.0.0.1:1/").unwrap_err().status, 422);
    assert_eq!(server.handler("app", "no URL").unwrap_err().status, 422);
    assert_eq!(server.take_event("e1").unwrap_err().status, 404);
    assert_eq!(server.explain(1).unwrap_err().status, 404);
    assert_eq!(server.advance("soon").unwrap_err().status, 400);
    let scenario = NamespaceOptions::default().scenario("{standin: 2}");
    assert_eq!(server.namespace_with(scenario).unwrap_err().status, 422);
    let mistake = server.wait_for("[{name: a}]", Duration::ZERO).unwrap_err();
    assert!(matches!(mistake, WaitError::Refused(_)), "{mistake}");
}

#[test]
fn waiting_ends_when_it_is_met_and_when_it_cannot_be() {
    let server = server();
    let expect = "[{name: renamed, on: bitrix24.imconnector.chat.name.set, calls: {exactly: 1}}]";
    let unmet = server.wait_for(expect, Duration::ZERO).unwrap_err();
    assert!(matches!(unmet, WaitError::Unmet(_)), "{unmet}");
    assert_eq!(rename(&server, "access-token"), 200);
    server.wait_for(expect, Duration::from_secs(60)).unwrap();
    assert_eq!(rename(&server, "access-token"), 200);
    // Long before the minute is over.
    assert!(server.wait_for(expect, Duration::from_secs(60)).is_err());
}

#[test]
fn a_test_that_is_asynchronous_may_ask_too() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let server = server();
        server.fault("{name: slow, on: bitrix24, delay: 1ms}").unwrap();
        server.advance("30s").unwrap();
        server.reset();
        assert_eq!(server.remove_fault("slow").unwrap_err().status, 404);
    });
}

#[test]
fn events_wait_for_the_url_of_their_handler() {
    let server = server();
    let with = json!({"connector": "connector", "line": 105, "chat": "chat-1", "text": "Hello"});
    let written = server.act("bitrix24.operator.write", with).unwrap();
    assert_eq!(written["events"], json!(["e1"]));
    assert_eq!(server.outbox()[0]["state"], "waiting");
    let taken = server.take_event("e1").unwrap();
    assert!(taken["body"].as_str().unwrap().starts_with("event=ONIMCONNECTORMESSAGEADD&"), "{taken}");
    server.answer_event("e1", 500).unwrap();
    assert_eq!(server.outbox()[0]["state"], "failed");
    assert_eq!(server.answer_event("e1", 200).unwrap_err().status, 409);
}

#[test]
fn a_named_handler_gets_its_events_once_it_has_a_url() {
    let server = server();
    let receiver = Receiver::new();
    let with = json!({"connector": "connector", "line": 105, "chat": "chat-1", "text": "Hello"});
    let earlier = server.namespace().unwrap();
    server.handler("app", &receiver.url("/h")).unwrap();
    server.act("bitrix24.operator.write", with.clone()).unwrap();
    let event = receiver.accept().request().unwrap();
    assert!(event.head.starts_with("POST /h ") && event.body.contains("Hello"), "{}", event.body);

    // A namespace has handlers of its own, which begin as those of the server are.
    earlier.act("bitrix24.operator.write", with.clone()).unwrap();
    assert_eq!(earlier.outbox()[0]["state"], "waiting");
    let namespace =
        server.namespace_with(NamespaceOptions::default().handler("app", &receiver.url("/n"))).unwrap();
    namespace.act("bitrix24.operator.write", with).unwrap();
    let event = receiver.accept().request().unwrap();
    assert!(event.head.starts_with("POST /n "), "{}", event.head);
}
