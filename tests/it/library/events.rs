//! The steps of a script that are about actions, and about the events that the server sends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};
use standin::Server;

use crate::client::{connect, get, post};

/// What a script has seen of the outbox.
#[derive(Default)]
pub struct Outbox {
    /// The state of each event when it was last shown.
    shown: BTreeMap<String, String>,
    /// `chat_id` and `message_id` of the newest event about a message.
    pub members: BTreeMap<String, String>,
}

impl Outbox {
    /// Performs a step, if it is about actions or events, and returns what is seen.
    pub fn step(&mut self, server: &Server, step: &str) -> Option<String> {
        let (what, rest) = step.split_once(' ').unwrap_or((step, ""));
        match (what, rest) {
            ("act", action) => Some(self.act(server, action)),
            ("events", "") => Some(format!("events\n{}", self.changes(server, "0s"))),
            ("next", "") => {
                let before = now(server);
                let changes = self.changes(server, "next");
                Some(format!("{} pass\n{changes}", passed(&before, &now(server))))
            }
            ("take", status) => Some(self.take(server, status)),
            ("stream", target) => Some(stream(server, target)),
            _ => None,
        }
    }

    /// Performs an action, `NAME JSON`.
    fn act(&mut self, server: &Server, action: &str) -> String {
        let (name, with) = action.split_once(' ').unwrap_or((action, "{}"));
        let with: Value = serde_json::from_str(with).expect("the parameters are JSON");
        let answer = post(server, "/__standin/actions", &json!({"do": name, "with": with}).to_string());
        let mut seen = format!("act {action}\n  {} {}\n", answer.status(), answer.text());
        seen.push_str(&self.changes(server, "0s"));
        seen
    }

    /// Takes the oldest event that waits for a handler with a name, and answers it with `status`.
    fn take(&mut self, server: &Server, status: &str) -> String {
        let list = deliveries(server);
        let waiting = list.iter().find(|event| event["state"] == "waiting").expect("an event waits");
        let place = format!("/__standin/outbox/{}", waiting["id"].as_str().unwrap());
        assert_eq!(post(server, &format!("{place}/take"), "").status(), 200);
        let body = format!("{{\"status\": {status}}}");
        assert_eq!(post(server, &format!("{place}/answer"), &body).status(), 200);
        format!("take, and answer {status}\n{}", self.changes(server, "0s"))
    }

    /// Moves the clock, waits until every event that can be sent has ended, and shows those whose state has changed.
    fn changes(&mut self, server: &Server, advance: &str) -> String {
        let moved = post(server, "/__standin/clock", &json!({"advance": advance}).to_string());
        assert_eq!(moved.status(), 200, "{}", moved.text());
        let mut seen = String::new();
        for event in deliveries(server) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (id, state) = (text(&event["id"]), text(&event["state"]));
            if self.shown.insert(id.clone(), state.clone()).is_some_and(|known| known == state) {
                continue;
            }
            let handler = text(&event["handler"]["name"]) + &text(&event["handler"]["url"]);
            write!(seen, "  {id} {} to {handler}: {state}", text(&event["event"])).unwrap();
            let attempt = event["attempts"].as_array().and_then(|attempts| attempts.last());
            let outcome = attempt.map(|attempt| match &attempt["status"] {
                Value::Null => text(&attempt["error"]),
                status => status.to_string(),
            });
            outcome.iter().for_each(|outcome| write!(seen, ", {outcome}").unwrap());
            seen.push('\n');
            if state != "waiting" {
                let body = decoded(&text(&event["body"]));
                let ids = body.split('&').filter_map(|pair| pair.split_once("[im][")?.1.split_once("]="));
                self.members.extend(ids.map(|(name, value)| (name.to_owned(), value.to_owned())));
                writeln!(seen, "    {body}").unwrap();
            }
        }
        if seen.is_empty() { "  no event\n".to_owned() } else { seen }
    }
}

/// Opens a stream of events with the tenant's bearer token, lets the 60 s of its life pass, and shows what it has sent.
fn stream(server: &Server, target: &str) -> String {
    let mut stream = connect(server);
    let token = super::SECRET;
    let head = format!(
        "GET {target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let status = lines.next().unwrap();
    assert!(lines.by_ref().any(|line| line.is_empty()), "the head ends");
    assert_eq!(post(server, "/__standin/clock", "{\"advance\": \"60s\"}").status(), 200);
    let mut seen = format!("stream {target}\n  {status}\n");
    // Between them are the sizes of chunks.
    let is_field = |line: &String| ["data: ", "event: ", ": "].iter().any(|name| line.starts_with(name));
    lines.filter(is_field).for_each(|line| writeln!(seen, "  {line}").unwrap());
    seen
}

/// Starts a program that answers every event with 200. Returns its URL.
pub fn handler() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut length = 0;
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                let (name, value) = line.split_once(':').unwrap_or_default();
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().unwrap();
                }
            }
            let _ = reader.read_exact(&mut vec![0; length]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        }
    });
    url
}

/// A text without the ports, which differ from run to run.
pub fn without_ports(text: &str, server: &Server, handler: Option<&String>) -> String {
    let host = |url: &str| url.trim_start_matches("http://").to_owned();
    let text = text.replace(&host(server.url()), "SERVER");
    handler.map_or(text.clone(), |url| text.replace(&host(url), "HANDLER"))
}

fn deliveries(server: &Server) -> Vec<Value> {
    let list = get(server, "/__standin/outbox").json();
    list["deliveries"].as_array().cloned().unwrap_or_default()
}

fn now(server: &Server) -> String {
    get(server, "/__standin/clock").json()["now"].as_str().unwrap_or_default().to_owned()
}

/// The time between two instants, in words.
fn passed(from: &str, to: &str) -> String {
    let [from, to] = [from, to].map(|instant| instant.parse::<jiff::Timestamp>().unwrap());
    format!("{:#}", from.duration_until(to))
}

/// A form as a person reads it.
fn decoded(form: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = form.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap_or(0), rest.next().unwrap_or(0)];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
            }
            b'+' => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}
