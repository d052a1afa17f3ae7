//! The code of `docs/testing-in-rust.md`. A test compares the page with this file.

mod my_client {
    //! A client that the page does not show: it renames a chat, and repeats what has failed.

    use std::error::Error;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    /// Tries three times.
    pub fn rename(webhook: &str, chat: &str, name: &str) -> Result<(), Box<dyn Error>> {
        let body = format!(r#"{{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"{chat}","NAME":"{name}"}}"#);
        let mut last = None;
        for _ in 0..3 {
            match call(webhook, &body) {
                Ok(status) if status < 300 => return Ok(()),
                other => last = Some(other),
            }
        }
        Err(format!("three attempts failed: {last:?}").into())
    }

    fn call(webhook: &str, body: &str) -> Result<u16, Box<dyn Error>> {
        let (host, path) = webhook.trim_start_matches("http://").split_once('/').ok_or("no path")?;
        let mut stream = TcpStream::connect(host)?;
        write!(
            stream,
            "POST /{path}imconnector.chat.name.set HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.split(' ').nth(1).ok_or("no status")?.parse()?)
    }

    /// The handler of events: accepts a message of an operator.
    pub fn on_event(form: &str) -> u16 {
        if form.starts_with("event=ONIMCONNECTORMESSAGEADD&") && form.contains("Hello") { 200 } else { 400 }
    }
}

use std::error::Error;
use std::sync::LazyLock;
use std::time::Duration;

use standin::serde_json::json;
use standin::{NamespaceOptions, Server};

const SCENARIO: &str = "
standin: 1
name: one chat on one line
bitrix24:
  applications: [{client_id: app, client_secret: client-secret}]
  credentials: [{webhook: {user: 1, secret: webhook-secret}}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
  handlers: [{event: OnImConnectorMessageAdd, name: app}]
";

#[test]
fn a_rename_that_fails_is_repeated() -> Result<(), Box<dyn Error>> {
    let server = Server::from_text(SCENARIO)?;
    server.fault(
        "{name: fails twice, on: bitrix24.imconnector.chat.name.set, when: {first: 2}, error: INTERNAL_SERVER_ERROR}",
    )?;
    let webhook = server.access("BITRIX24_WEBHOOK_URL").ok_or("the scenario has a webhook")?;

    my_client::rename(&webhook, "chat-1", "New name")?;

    assert_eq!(server.state()["bitrix24"]["chats"][0]["name"], "New name");
    let statuses: Vec<_> = server.journal().iter().map(|entry| entry.reply.status).collect();
    assert_eq!(statuses, [500, 500, 200]);
    println!("{}", server.explain(1)?);
    Ok(())
}

#[test]
fn a_rename_whose_answer_is_lost_is_made_once_more() -> Result<(), Box<dyn Error>> {
    let server = Server::from_text(SCENARIO)?;
    server.fault(
        "{name: lost, on: bitrix24.imconnector.chat.name.set, when: {first: 1}, wire: reset, applied: true}",
    )?;
    let webhook = server.access("BITRIX24_WEBHOOK_URL").ok_or("the scenario has a webhook")?;

    my_client::rename(&webhook, "chat-1", "New name")?;

    assert_eq!(server.state()["bitrix24"]["chats"][0]["name"], "New name");
    assert_eq!(server.journal().len(), 2);
    Ok(())
}

#[test]
fn a_message_of_an_operator_reaches_the_handler() -> Result<(), Box<dyn Error>> {
    let server = Server::from_text(SCENARIO)?;
    let written = server.act(
        "bitrix24.operator.write",
        json!({"connector": "connector", "line": 105, "chat": "chat-1", "text": "Hello"}),
    )?;
    let event = written["events"][0].as_str().ok_or("a handler is bound")?;

    let request = server.take_event(event)?;
    let status = my_client::on_event(request["body"].as_str().ok_or("a form")?);
    server.answer_event(event, status)?;

    assert_eq!(server.outbox()[0]["state"], "delivered");
    Ok(())
}

static SERVER: LazyLock<Server> = LazyLock::new(|| Server::from_text(SCENARIO).expect("it starts"));

#[test]
fn a_client_that_works_by_itself_is_waited_for() -> Result<(), Box<dyn Error>> {
    let world = SERVER.namespace()?;
    let webhook = world.access("BITRIX24_WEBHOOK_URL").ok_or("the scenario has a webhook")?;

    let client = std::thread::spawn(move || my_client::rename(&webhook, "chat-1", "New name").is_ok());

    world.wait_for(
        "[{name: renamed, on: bitrix24, the: {chat: chat-1}, has: {name: New name}}]",
        Duration::from_secs(10),
    )?;
    assert!(client.join().is_ok_and(|done| done));
    Ok(())
}

#[test]
fn a_namespace_can_differ() -> Result<(), Box<dyn Error>> {
    let options = NamespaceOptions::default()
        .name("test_renamed_once")
        .expect("[{name: renamed once, on: bitrix24.imconnector.chat.name.set, calls: {exactly: 1}}]");
    let world = SERVER.namespace_with(options)?;
    let webhook = world.access("BITRIX24_WEBHOOK_URL").ok_or("the scenario has a webhook")?;

    my_client::rename(&webhook, "chat-1", "New name")?;
    Ok(()) // The end of `world` checks the expectation.
}

#[test]
fn the_page_has_this_code() {
    let page = include_str!("../../docs/testing-in-rust.md");
    let blocks: Vec<_> =
        page.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 5);
    for block in blocks {
        assert!(include_str!("testing_in_rust.rs").contains(block), "no test runs this:\n{block}");
    }
}
