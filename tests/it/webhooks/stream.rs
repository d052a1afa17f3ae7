//! The answer that does not end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use jiff::Timestamp;
use standin::Server;
use standin::basics::Arrival;
use standin::engine::{EventStream, Form, Portion, World, step};
use standin::http::Request;

use super::{VIRTUAL, call, scenario};
use crate::client::{connect, get, parse, post, received, serve};
use crate::direct::Direct;

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn after(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn open(world: &mut World, query: &str) -> EventStream {
    let headers = [("authorization", "Bearer secret-of-acme")].into_iter().collect();
    let request = Request::new("GET", &format!("/api/v1/events/stream{query}"), headers, b"".to_vec().into());
    let planned = step(world, &request, Arrival::at(START));
    assert_eq!((planned.reply.status, planned.reply.body.len()), (200, 0));
    let fields: Vec<_> =
        planned.reply.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(fields[..2], ["content-type: text/event-stream", "cache-control: no-cache"]);
    let Form::Stream(stream) = planned.form.clone() else { panic!("{:?}", planned.form) };
    world.record(&request, planned, Arrival::at(START));
    *stream
}

fn text(portion: &Portion) -> &str {
    std::str::from_utf8(&portion.bytes).unwrap()
}

/// The IDs of the rows in a portion.
fn ids(portion: &Portion) -> Vec<String> {
    let frames = text(portion).split("\n\n").filter(|frame| !frame.is_empty());
    let rows = frames.map(|frame| frame.strip_prefix("data: ").unwrap());
    rows.map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap()["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_stream_begins_with_now_or_with_an_instant() {
    for (query, expected) in [
        ("", &[][..]),
        ("?since=2026-05-24T01:35:34Z", &["evt_1", "evt_2", "evt_3", "evt_4"]),
        ("?since=2026-05-24T01:35:54Z", &["evt_3", "evt_4"]),
        ("?since=2026-05-24T01:36:04.5Z", &[]),
    ] {
        let mut world = Direct::new(&scenario(VIRTUAL, "[]", ""));
        let mut stream = open(world.world(), query);
        let portion = world.world().stream(&mut stream, START);
        assert_eq!(ids(&portion), expected, "{query}");
        assert!(!portion.is_over);
        // Each event comes once.
        assert_eq!(text(&world.world().stream(&mut stream, START)), "");
    }
    let mut world = Direct::new(&scenario(VIRTUAL, "[]", ""));
    assert_eq!(call(&mut world, "GET", "/events/stream?since=now", "").status, 400);
}

#[test]
fn a_stream_shows_that_it_lives_and_ends_by_whichever_clock_comes_first() {
    // Real; virtual with the wall clock moving; virtual with the virtual clock moving.
    for (clock, moves_wall) in [("", true), (VIRTUAL, true), (VIRTUAL, false)] {
        let mut world = Direct::new(&scenario(clock, "[]", ""));
        let world = world.world();
        let mut stream = open(world, "");
        let start = world.clock();
        let mut look = |seconds: i64, world: &mut World| {
            if !moves_wall {
                let standin::basics::Clock::Virtual(start) = start else { unreachable!() };
                world.move_clock(|_| start.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap());
            }
            world.stream(&mut stream, if moves_wall { after(seconds) } else { START })
        };
        let portion = look(0, world);
        assert_eq!((text(&portion), portion.wait, portion.is_over), ("", Duration::from_secs(15), false));
        assert_eq!(text(&look(14, world)), "");
        assert_eq!(text(&look(15, world)), ": heartbeat\n\n");
        let portion = look(16, world);
        assert_eq!((text(&portion), portion.wait), ("", Duration::from_secs(14)));
        assert_eq!(text(&look(30, world)), ": heartbeat\n\n");
        assert_eq!(look(50, world).wait, Duration::from_secs(10));
        assert!(!look(59, world).is_over);
        let portion = look(60, world);
        assert!(portion.is_over);
        let now = if clock.is_empty() || !moves_wall { 60 } else { 0 };
        let now = if clock.is_empty() {
            after(now)
        } else {
            "2026-05-24T01:35:34Z"
                .parse::<Timestamp>()
                .unwrap()
                .checked_add(jiff::SignedDuration::from_secs(now))
                .unwrap()
        };
        assert_eq!(text(&portion), format!("event: close\ndata: {{\"reconnect_with_since\":\"{now}\"}}\n\n"));
    }
}

#[test]
fn a_stream_ends_with_its_state() {
    let ends: [fn(&mut World); 2] = [|world| world.reset(START), |world| assert!(world.restore("s", START))];
    for end in ends {
        let mut world = Direct::new(&scenario(VIRTUAL, "[]", ""));
        let world = world.world();
        world.save("s", START);
        let mut stream = open(world, "?since=2026-05-24T01:35:34Z");
        end(world);
        let portion = world.stream(&mut stream, START);
        assert_eq!((portion.is_over, portion.bytes.len()), (true, 0));
    }
}

#[test]
fn faults_strike_the_head_of_a_stream_only() {
    for (fault, status) in
        [("error: 3001", 500), ("reply: {status: 504, body: gone}", 504), ("wire: truncate_json", 200)]
    {
        let yaml =
            scenario(VIRTUAL, "[]", "") + &format!("faults: [{{name: f, on: chert.events.stream, {fault}}}]");
        let mut world = Direct::new(&yaml);
        let headers = [("authorization", "Bearer secret-of-acme")].into_iter().collect();
        let request = Request::new("GET", "/api/v1/events/stream", headers, b"".to_vec().into());
        let planned = step(world.world(), &request, Arrival::at(START));
        assert_eq!((planned.reply.status, &planned.form), (status, &Form::Plain), "{fault}");
    }
    let yaml = scenario("", "[]", "") + "faults: [{name: f, on: chert.events.stream, delay: 3s}]";
    let mut world = Direct::new(&yaml);
    let headers = [("authorization", "Bearer secret-of-acme")].into_iter().collect();
    let request = Request::new("GET", "/api/v1/events/stream", headers, b"".to_vec().into());
    let planned = step(world.world(), &request, Arrival::at(START));
    assert_eq!(planned.delay, Duration::from_secs(3));
    assert!(matches!(planned.form, Form::Stream(_)));
}

/// Opens a stream over a socket and reads until `end` stands in what came.
struct Open {
    stream: TcpStream,
    seen: String,
}

impl Open {
    fn new(server: &Server, query: &str, secret: &str) -> Self {
        let mut stream = connect(server);
        let head = format!(
            "GET /api/v1/events/stream{query} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {secret}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut open = Self { stream, seen: String::new() };
        open.until("\r\n\r\n");
        open
    }

    fn until(&mut self, end: &str) {
        let mut buffer = [0; 4096];
        while !self.seen.contains(end) {
            let count = self.stream.read(&mut buffer).unwrap();
            assert!(count > 0, "the stream ended: {}", self.seen);
            self.seen.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        }
    }
}

#[test]
fn events_and_heartbeats_come_over_a_socket_as_the_virtual_clock_moves() {
    let server = serve(&scenario(VIRTUAL, "[]", ""));
    let mut open = Open::new(&server, "?since=2026-05-24T01:36:04Z", "secret-of-acme");
    assert!(open.seen.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"), "{}", open.seen);
    assert!(open.seen.contains("transfer-encoding: chunked"), "{}", open.seen);
    open.until("evt_4");
    assert!(!open.seen.contains("evt_3") && !open.seen.contains("evt_9"));
    for length in ["15s", "20s"] {
        open.seen.clear();
        post(&server, "/__standin/clock", &format!("{{\"advance\": \"{length}\"}}"));
        open.until(": heartbeat\n\n");
    }
    post(&server, "/__standin/clock", "{\"advance\": \"25s\"}");
    open.until("event: close\ndata: {\"reconnect_with_since\":\"2026-05-24T01:36:34Z\"}\n\n");
    open.until("0\r\n\r\n");
    // The connection goes on with the next request.
    let next = "GET /api/v1/whoami HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer secret-of-acme\r\nconnection: close\r\n\r\n";
    open.stream.write_all(next.as_bytes()).unwrap();
    assert_eq!(parse(&received(open.stream).0).status(), 200);
    let journal = get(&server, "/__standin/journal").json();
    assert_eq!(journal["entries"].as_array().unwrap().len(), 2);
}

#[test]
fn a_delayed_answer_of_another_call_moves_the_clock_of_a_stream() {
    let yaml = scenario(VIRTUAL, "[]", "") + "faults: [{name: f, on: chert.whoami, delay: 61s}]";
    let server = serve(&yaml);
    let mut open = Open::new(&server, "", "secret-of-acme");
    super::ask(&server, "GET", "/whoami", "");
    open.until("event: close");
}

#[test]
fn a_stream_over_a_socket_ends_at_once_with_its_world() {
    let server = serve(&scenario(VIRTUAL, "[]", ""));
    let mut of_main = Open::new(&server, "", "secret-of-acme");
    assert_eq!(post(&server, "/__standin/namespaces", r#"{"name": "n"}"#).status(), 201);
    let mut of_namespace = Open::new(&server, "", "secret-of-acme-n");
    post(&server, "/__standin/reset", "");
    of_main.until("0\r\n\r\n");
    assert!(!of_main.seen.contains("close\n"), "{}", of_main.seen);
    crate::client::send(&server, "DELETE", "/__standin/namespaces/n", &[], b"");
    of_namespace.until("0\r\n\r\n");
    let mut last = Open::new(&server, "", "secret-of-acme");
    drop(server);
    last.until("0\r\n\r\n");
}
