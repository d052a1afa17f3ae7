//! How a client's own test uses standin: start a server, hand its URL to the client, look at what the client did.
//!
//! `cargo run --example client_test`

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;

use standin::Server;

const SCENARIO: &str = "
standin: 1
name: the client retries once
bitrix24:
  credentials: [{webhook: {user: 1, secret: webhook-secret}}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
faults:
  - name: the first rename fails
    on: bitrix24.imconnector.chat.name.set
    when: {call: 1}
    error: INTERNAL_SERVER_ERROR
";

/// The client under test: renames a chat, and tries once more when the server is in trouble.
fn rename(webhook: &str, name: &str) -> Result<u16, Box<dyn Error>> {
    let (host, path) = webhook.trim_start_matches("http://").split_once('/').ok_or("a URL has a path")?;
    let body = format!(r#"{{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1","NAME":"{name}"}}"#);
    let mut status = 0;
    for _ in 0..2 {
        let mut stream = TcpStream::connect(host)?;
        write!(
            stream,
            "POST /{path}imconnector.chat.name.set HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        status = answer.split(' ').nth(1).ok_or("an answer has a status")?.parse()?;
        if status < 500 {
            break;
        }
    }
    Ok(status)
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::from_text(SCENARIO)?;
    let webhook = server.access("BITRIX24_WEBHOOK_URL").ok_or("the scenario has a webhook")?;

    assert_eq!(rename(&webhook, "New name")?, 200);
    assert_eq!(server.state()["bitrix24"]["chats"][0]["name"], "New name");
    for entry in server.journal() {
        println!(
            "{} {} -> {} {:?}",
            entry.number, entry.request.method, entry.reply.status, entry.note.error
        );
    }
    Ok(())
}
