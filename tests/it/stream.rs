//! The stream of what happens, and the same in rows: nothing is lost or doubled, and a reader that is too slow is told so.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use standin::Server;

use crate::client::{connect, get, post, send, serve};

const SCENARIO: &str = "
standin: 1
name: watched
bitrix24:
  credentials: [{token: access-token-of-this-test}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
faults:
  - {name: fails once, on: bitrix24.imconnector.chat.name.set, when: {call: 2}, error: CHAT_RENAMING_FAILED}
";

fn rename(server: &Server, name: &str) {
    let body = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": name, "auth": "access-token-of-this-test"});
    post(server, "/rest/imconnector.chat.name.set", &body.to_string());
}

/// A frame of the stream.
#[derive(Clone, Debug, PartialEq)]
struct Frame {
    id: String,
    event: String,
    data: Value,
}

/// Reads frames until it is dropped.
struct Reader(BufReader<TcpStream>);

impl Reader {
    /// Opens a stream, and returns it with its first frame.
    fn open(server: &Server, target: &str) -> (Self, Frame) {
        let mut stream = connect(server);
        let host = server.url().trim_start_matches("http://");
        let head = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let (mut head, mut line) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "{head}");
            head += &line;
        }
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
        let mut reader = Self(reader);
        let first = reader.next();
        assert_eq!(first.event, "open");
        (reader, first)
    }

    fn next(&mut self) -> Frame {
        self.end_or_next().expect("a frame")
    }

    /// The next frame; `None` when the stream has ended.
    fn end_or_next(&mut self) -> Option<Frame> {
        let mut frame = Frame { id: String::new(), event: String::new(), data: Value::Null };
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else {
                match line.as_str() {
                    "" if !frame.event.is_empty() => return Some(frame),
                    _ => continue,
                }
            };
            match name {
                "id" => frame.id = value.to_owned(),
                "event" => frame.event = value.to_owned(),
                "data" => frame.data = serde_json::from_str(value).unwrap(),
                _ => panic!("{line}"),
            }
        }
    }

    /// A line of the body, whose chunks are of whole frames.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        let size = usize::from_str_radix(&line, 16);
        match size {
            // The line break in front of a size ends the chunk before it.
            Ok(0) => None,
            _ => Some(line),
        }
    }

    /// The frames up to the exchange with this number.
    fn until(&mut self, number: u64) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next();
            let is_last = frame.event == "exchange" && frame.data["number"] == number;
            frames.push(frame);
            if is_last {
                return frames;
            }
        }
    }
}

fn numbers(frames: &[Frame]) -> Vec<u64> {
    let exchanges = frames.iter().filter(|frame| frame.event == "exchange");
    exchanges.map(|frame| frame.data["number"].as_u64().unwrap()).collect()
}

#[test]
fn exchanges_come_as_they_are_made() {
    let server = serve(SCENARIO);
    let (mut reader, open) = Reader::open(&server, "/__standin/stream");
    assert_eq!(open.data["scenario"], "watched");
    rename(&server, "a");
    rename(&server, "b");
    let frames = reader.until(2);
    assert_eq!(numbers(&frames), [1, 2]);
    let (first, second) = (&frames[0].data, &frames.last().unwrap().data);
    assert_eq!(first["operation"], "bitrix24.imconnector.chat.name.set");
    assert_eq!(
        (&first["status"], &first["ended_at"], &first["fired"]),
        (&json!(200), &Value::Null, &json!([]))
    );
    assert_eq!(first["things"], json!(["chat-1", "connector", "105"]));
    assert_eq!((&second["status"], &second["error"]), (&json!(400), &json!("CHAT_RENAMING_FAILED")));
    assert_eq!((&second["ended_at"], &second["fired"]), (&json!("delivery"), &json!(["fails once"])));
}

#[test]
fn after_a_broken_connection_nothing_is_lost_and_nothing_doubled() {
    let server = serve(SCENARIO);
    let (mut reader, _) = Reader::open(&server, "/__standin/stream");
    (0..5).for_each(|_| rename(&server, "a"));
    let frames = reader.until(5);
    // Each frame's id is a place to go on from, also in the middle of a portion.
    for seen in &frames {
        let (mut again, _) = Reader::open(&server, &format!("/__standin/stream?after={}", seen.id));
        let number = seen.data["number"].as_u64();
        if let Some(number) = number.filter(|number| *number < 5) {
            assert_eq!(numbers(&again.until(5)), (number + 1..=5).collect::<Vec<_>>());
        }
    }
    drop(reader);
    (0..3).for_each(|_| rename(&server, "b"));
    let last = &frames.last().unwrap().id;
    let (mut reader, _) = Reader::open(&server, &format!("/__standin/stream?after={last}"));
    assert_eq!(numbers(&reader.until(8)), [6, 7, 8]);
}

#[test]
fn rows_and_the_stream_behind_them_have_everything_once() {
    let server = serve(SCENARIO);
    (0..3).for_each(|_| rename(&server, "a"));
    let rows = get(&server, "/__standin/journal?rows=true").json();
    let shown: Vec<_> =
        rows["rows"].as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()).collect();
    assert_eq!(shown, [1, 2, 3]);
    (0..2).for_each(|_| rename(&server, "b"));
    let cursor = rows["cursor"].as_str().unwrap();
    let (mut reader, _) = Reader::open(&server, &format!("/__standin/stream?after={cursor}"));
    let frames = reader.until(5);
    assert_eq!(numbers(&frames), [4, 5]);
    let between = format!("/__standin/journal?rows=true&after={}&before={cursor}", frames[0].id);
    assert_eq!(get(&server, &between).json()["rows"], json!([]));
    let after = get(&server, &format!("/__standin/journal?rows=true&after={cursor}")).json();
    assert_eq!(after["rows"], frames.iter().map(|frame| frame.data.clone()).collect::<Value>());
}

#[test]
fn the_row_of_a_batch_says_which_commands_failed() {
    let server = serve(SCENARIO);
    let batch = |commands: Value| {
        let body = json!({"cmd": commands, "auth": "access-token-of-this-test"});
        post(&server, "/rest/batch", &body.to_string());
    };
    batch(json!({"time": "server.time", "rename": "imconnector.chat.name.set?CONNECTOR=x"}));
    batch(json!(["server.time", "imconnector.chat.name.set?CONNECTOR=x"]));
    batch(json!({"time": "server.time"}));
    let rows = get(&server, "/__standin/journal?rows=true").json()["rows"].clone();
    for (row, codes, failed) in [
        (0, json!([null, "ERROR_ARGUMENT"]), 1),
        (1, json!([null, "ERROR_ARGUMENT"]), 1),
        (2, json!([null]), 0),
    ] {
        assert_eq!(rows[row]["command_errors"], codes, "{}", rows[row]);
        assert_eq!(rows[row]["commands_failed"], failed);
    }
}

#[test]
fn a_reader_that_is_too_slow_is_told_what_it_missed() {
    let server = serve(SCENARIO);
    rename(&server, "a");
    let cursor = get(&server, "/__standin/journal?rows=true").json()["cursor"].as_str().unwrap().to_owned();
    (0..1_205).for_each(|_| {
        get(&server, "/elsewhere");
    });
    let (mut reader, _) = Reader::open(&server, &format!("/__standin/stream?after={cursor}"));
    let missed = reader.next();
    assert_eq!(missed.event, "missed");
    assert_eq!(missed.data["exchanges"], 1_005);
    assert_eq!(missed.data["lost"], 205);
    assert_eq!(missed.data["after"], *cursor);
    assert_eq!(missed.data["before"], *missed.id);
    assert_eq!(numbers(&reader.until(1_206)), (1_007..=1_206).collect::<Vec<_>>());
    let target = format!(
        "/__standin/journal?rows=true&after={}&before={}",
        missed.data["after"].as_str().unwrap(),
        missed.data["before"].as_str().unwrap()
    );
    let rest = get(&server, &target).json();
    let first = |place: usize| rest["rows"][place]["number"].as_u64().unwrap();
    let count = rest["rows"].as_array().unwrap().len();
    assert_eq!((count, first(0), first(count - 1)), (800, 207, 1_006));
}

#[test]
fn what_a_reader_gets_and_what_it_misses_add_up() {
    let server = serve(SCENARIO);
    let (mut reader, _) = Reader::open(&server, "/__standin/stream");
    (0..1_500).for_each(|_| {
        get(&server, "/elsewhere");
    });
    let (mut seen, mut next) = (0, 1);
    while next <= 1_500 {
        let frame = reader.next();
        match frame.event.as_str() {
            "exchange" => {
                assert_eq!(
                    frame.data["number"], next,
                    "nothing comes twice, and nothing is left out without a word"
                );
                (seen, next) = (seen + 1, next + 1);
            }
            "missed" => next += frame.data["exchanges"].as_u64().unwrap(),
            other => panic!("{other}"),
        }
    }
    assert!(seen >= 200, "{seen}");
}

#[test]
fn a_reset_and_another_server_begin_anew() {
    let server = serve(SCENARIO);
    rename(&server, "a");
    let (mut reader, open) = Reader::open(&server, "/__standin/stream");
    post(&server, "/__standin/reset", "");
    rename(&server, "b");
    let frames = reader.until(1);
    assert_eq!((frames[0].event.as_str(), &frames[0].data), ("changed", &json!({"what": "reset"})));
    assert_eq!(numbers(&frames), [1]);
    // The cursor from before the reset, and one of another server.
    let other = serve(SCENARIO);
    let (_, elsewhere) = Reader::open(&other, "/__standin/stream");
    for cursor in [open.id, elsewhere.id] {
        let (mut again, first) = Reader::open(&server, &format!("/__standin/stream?after={cursor}"));
        assert_eq!(first.id, cursor, "until the reader knows of the reset its cursor stays");
        let frames = again.until(1);
        assert_eq!((frames[0].event.as_str(), &frames[0].data), ("changed", &json!({"what": "reset"})));
    }
}

#[test]
fn what_the_control_interface_changes_is_told() {
    let server = serve(SCENARIO);
    let (mut reader, _) = Reader::open(&server, "/__standin/stream");
    post(&server, "/__standin/faults", r#"{"name": "slow", "on": "bitrix24", "delay": "1ms"}"#);
    assert_eq!(reader.next().data, json!({"what": "faults"}));
    post(&server, "/__standin/namespaces", r#"{"name": "one"}"#);
    assert_eq!(reader.next().data, json!({"what": "namespaces"}));
    let (mut of_namespace, open) = Reader::open(&server, "/__standin/namespaces/one/stream");
    assert_eq!(open.data["namespace"], "one");
    send(&server, "DELETE", "/__standin/namespaces/one", &[], b"");
    let last = of_namespace.next();
    assert_eq!((last.event.as_str(), last.data), ("changed", json!({"what": "gone"})));
    assert_eq!(of_namespace.end_or_next(), None);
    assert_eq!(get(&server, "/__standin/namespaces/one/stream").status(), 404);
}

#[test]
fn deliveries_and_actions_come_with_what_raised_them() {
    let server = serve(
        "
standin: 1
name: actions
clock: {virtual: \"2026-03-17T15:52:41Z\"}
bitrix24:
  applications: [{client_id: app, client_secret: client-secret-1}]
  connectors: [{id: c, chat_group: true}]
  lines: [{id: 107, connectors: [c]}]
  chats: [{connector: c, line: 107, id: chat-1, name: Chat}]
  handlers: [{event: OnImConnectorMessageAdd, name: app}]
",
    );
    let (mut reader, _) = Reader::open(&server, "/__standin/stream");
    post(
        &server,
        "/__standin/actions",
        r#"{"do": "bitrix24.operator.write", "with": {"connector": "c", "line": 107, "chat": "chat-1", "text": "<b>one</b>"}}"#,
    );
    let (action, delivery) = (reader.next(), reader.next());
    assert_eq!((action.event.as_str(), &action.data["id"]), ("action", &json!("a1")));
    assert_eq!(
        (&action.data["events"], &action.data["with"]["text"]),
        (&json!(["e1"]), &json!("<b>one</b>"))
    );
    assert_eq!(
        (delivery.event.as_str(), &delivery.data["state"], &delivery.data["cause"]),
        ("delivery", &json!("waiting"), &json!({"action": "a1"}))
    );
    assert_eq!(delivery.data["body"], Value::Null, "a row has no body");
    post(&server, "/__standin/outbox/e1/take", "");
    assert_eq!(reader.next().data["state"], "sending");
    post(&server, "/__standin/outbox/e1/answer", r#"{"status": 200}"#);
    assert_eq!(reader.next().data["state"], "delivered");
}

#[test]
fn no_row_shows_a_secret_or_breaks_a_frame() {
    let server = serve(SCENARIO);
    let (mut reader, _) = Reader::open(&server, "/__standin/stream");
    get(
        &server,
        "/rest/imconnector.chat.name.set?auth=access-token-of-this-test&CHAT_ID=a%0Adata:%20x&NAME=%E2%80%AE",
    );
    post(&server, "/rest/7/somebodys-real-secret/imconnector.chat.name.set", "{}");
    let frames = reader.until(2);
    let text = format!("{frames:?}");
    for secret in ["access-token-of-this-test", "somebodys-real-secret"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert_eq!(frames[0].data["things"], json!(["a\\ndata: x"]));
}

#[test]
fn the_stream_has_the_rules_of_the_control_interface() {
    let server = serve(SCENARIO);
    for (target, words) in [
        ("/__standin/stream?after=7", "cannot be read"),
        ("/__standin/stream?after=1-0.1-2-3", "cannot be read"),
        ("/__standin/stream?token=secret", "cannot be read"),
        ("/__standin/journal?rows=true&after=x", "cannot be read"),
        ("/__standin/journal?rows=true&service=chert", "no filter"),
        ("/__standin/journal?rows=maybe", "`rows=maybe` cannot be read"),
        ("/__standin/journal?before=5", "no filter"),
    ] {
        let answer = get(&server, target);
        assert_eq!(answer.status(), 400, "{target}");
        assert!(answer.json()["standin"].as_str().unwrap().contains(words), "{}", answer.text());
    }
    for (target, words) in [
        ("rows=maybe", "`rows=true`, which has `last`, `after` and `before`"),
        ("before=5", "with `rows=true`"),
        ("row=true", "`rows`"),
    ] {
        let answer = get(&server, &format!("/__standin/journal?{target}")).json();
        assert!(answer["help"].as_str().unwrap().contains(words), "{answer}");
    }
    assert_eq!(post(&server, "/__standin/stream", "").status(), 405);
    let mut stream = connect(&server);
    stream
        .write_all(b"GET /__standin/stream HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 403 "), "{text}");
}

#[test]
fn the_server_stops_while_somebody_watches() {
    let server = serve(SCENARIO);
    let (mut reader, _) = Reader::open(&server, "/__standin/stream");
    drop(server);
    let mut rest = Vec::new();
    let _ = reader.0.read_to_end(&mut rest);
}
