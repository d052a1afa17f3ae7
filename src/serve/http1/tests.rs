//! A connection as its client sees it, under a clock that stands still while nobody waits.

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::super::activity::PATIENCE;
use super::super::shared::{Options, Step};
use super::*;
use crate::engine::{Note, Planned, World};
use crate::http::Reply;
use crate::scenario::Scenario;

/// A connection to a server of the built-in scenario; `step`, if given, replaces the engine's.
fn connect(step: Option<Step>) -> (tokio::io::DuplexStream, Arc<Shared>) {
    connect_to(Scenario::DEFAULT, step)
}

fn connect_to(scenario: &str, step: Option<Step>) -> (tokio::io::DuplexStream, Arc<Shared>) {
    connect_through(1 << 16, scenario, step)
}

/// The same through a pipe that holds `size` bytes.
fn connect_through(
    size: usize,
    scenario: &str,
    step: Option<Step>,
) -> (tokio::io::DuplexStream, Arc<Shared>) {
    let scenario = Scenario::parse("test", scenario).unwrap_or_else(|report| panic!("{report}"));
    let mut shared =
        Shared::new(World::new(Arc::new(scenario), 1, jiff::Timestamp::UNIX_EPOCH), Options::default()).0;
    if let Some(step) = step {
        shared.step = step;
    }
    let shared = Arc::new(shared);
    let (client, server) = duplex(size);
    let client_end = Arc::new(Client::new([127, 0, 0, 1].into(), false, shared.traffic()));
    tokio::spawn(converse(server, client_end, Arc::clone(&shared)));
    (client, shared)
}

async fn received(mut client: tokio::io::DuplexStream) -> String {
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_its_head_too_slowly_is_closed() {
    let (mut client, shared) = connect(None);
    client.write_all(b"POST /rest/x HTTP/1.1\r\nhost: st").await.unwrap();
    let start = tokio::time::Instant::now();
    assert_eq!(received(client).await, "");
    assert_eq!(start.elapsed().as_secs(), 30);
    assert_eq!(shared.namespaces().main().counters().exchanges, 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_its_body_slowly_but_steadily_is_not_closed() {
    for framing in ["content-length: 10\r\n\r\n", "transfer-encoding: chunked\r\n\r\n"] {
        let (mut client, shared) = connect(None);
        let head = format!("POST /rest/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{framing}");
        client.write_all(head.as_bytes()).await.unwrap();
        let is_chunked = framing.starts_with("transfer");
        for _ in 0..10 {
            sleep(PATIENCE - Duration::from_secs(1)).await;
            client.write_all(if is_chunked { b"1\r\nx\r\n" } else { b"x" }).await.unwrap();
        }
        if is_chunked {
            client.write_all(b"0\r\n\r\n").await.unwrap();
        }
        assert!(received(client).await.starts_with("HTTP/1.1 404 "));
        assert_eq!(shared.namespaces().main().journal().entry(1).unwrap().request.body(), b"xxxxxxxxxx");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_arriving_is_answered_with_408_and_the_connection_ends() {
    for body in ["content-length: 9\r\n\r\n1234", "transfer-encoding: chunked\r\n\r\n4\r\n1234\r\n"] {
        let (mut client, shared) = connect(None);
        let head = format!("POST /rest/x HTTP/1.1\r\nhost: a\r\n{body}");
        client.write_all(head.as_bytes()).await.unwrap();
        let start = tokio::time::Instant::now();
        let text = received(client).await;
        assert!(text.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{text}");
        assert!(
            text.contains("connection: close\r\n") && text.contains("stopped arriving 30 s ago"),
            "{text}"
        );
        assert_eq!(start.elapsed(), PATIENCE);
        assert_eq!(shared.namespaces().main().counters().exchanges, 0, "there was no complete request");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_announced_as_too_large_is_answered_at_once_and_the_connection_ends() {
    const LENGTH: usize = (1 << 20) + 1;
    let head = format!("POST /rest/x HTTP/1.1\r\nhost: a\r\ncontent-length: {LENGTH}\r\n");
    let start = tokio::time::Instant::now();
    let answer = async |client: &mut tokio::io::DuplexStream| {
        let mut answer = [0; 13];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413 ");
    };
    // The client sends all of the body, and only then reads.
    let (mut client, shared) = connect(None);
    client.write_all(&[head.as_bytes(), b"\r\n", &[b' '; LENGTH]].concat()).await.unwrap();
    answer(&mut client).await;
    assert!(received(client).await.contains("connection: close"));
    assert_eq!(shared.namespaces().main().counters().exchanges, 1);
    // It sends the body after the answer.
    let (mut client, _) = connect(None);
    client.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    answer(&mut client).await;
    client.write_all(&[b' '; LENGTH]).await.unwrap();
    received(client).await;
    // It waits for `100 Continue`.
    let (mut client, _) = connect(None);
    client.write_all(format!("{head}expect: 100-continue\r\n\r\n").as_bytes()).await.unwrap();
    answer(&mut client).await;
    assert!(!received(client).await.contains("100 Continue"));
    assert_eq!(start.elapsed(), Duration::ZERO);
    // It sends nothing more.
    let (mut client, _) = connect(None);
    client.write_all(format!("{head}\r\nx").as_bytes()).await.unwrap();
    answer(&mut client).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    received(client).await;
    assert_eq!(start.elapsed().as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_sent_before_the_answer_is_told_from_one_that_was_sent_after_it() {
    /// Answers with 201 in the client's turn, else with 202.
    fn step(_: &mut World, request: &crate::http::Request, _: crate::basics::Arrival) -> Planned {
        let status = if request.connection.in_turn { 201 } else { 202 };
        Planned::plain(Reply::json(status, &serde_json::Value::Null), Note::default())
    }
    const ONE: &[u8] = b"POST /rest/x HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
    async fn statuses(client: &mut tokio::io::DuplexStream, count: usize) -> Vec<String> {
        let (mut text, mut found) = (String::new(), Vec::new());
        while found.len() < count {
            let mut part = [0; 512];
            let length = client.read(&mut part).await.unwrap();
            text.push_str(str::from_utf8(&part[..length]).unwrap());
            found = text.match_indices("HTTP/1.1 ").map(|(at, _)| text[at + 9..at + 12].to_owned()).collect();
        }
        found
    }
    let (mut client, _shared) = connect(Some(step));
    client.write_all(ONE).await.unwrap();
    statuses(&mut client, 1).await;
    client.write_all(ONE).await.unwrap();
    assert_eq!(statuses(&mut client, 1).await, ["201"]);
    client.write_all(&[ONE, ONE, ONE].concat()).await.unwrap();
    assert_eq!(statuses(&mut client, 3).await, ["201", "202", "202"]);
    client.write_all(ONE).await.unwrap();
    assert_eq!(statuses(&mut client, 1).await, ["201"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_answered_with_the_vendors_own_500_and_the_server_goes_on() {
    let (mut client, shared) = connect(Some(|world, request, arrival| {
        assert!(!request.target().ends_with("panic"), "this panic is part of a test");
        crate::engine::step(world, request, arrival)
    }));
    client.write_all(b"POST /rest/panic HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    client.write_all(b"PUT /api/v1/panic HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    client
        .write_all(b"POST /rest/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        .await
        .unwrap();
    let text = received(client).await;
    let statuses: Vec<_> = text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["500", "500", "404"], "{text}");
    assert!(
        text.contains(r#"{"error":"INTERNAL_SERVER_ERROR","error_description":"Internal server error"}"#),
        "{text}"
    );
    assert!(text.contains(r#""code":3001,"message":"Internal server error""#), "{text}");
    assert_eq!(shared.namespaces().main().counters().exchanges, 3);
}

/// A request that renames a chat of the built-in scenario and asks to close the connection.
const RENAME: &[u8] = b"PUT /api/v1/chats/ch_01H HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 24\r\nauthorization: Bearer 5f4dcc3b5aa765d61d8327deb882cf99\r\n\r\n{\"display_name\": \"Crew\"}";

fn with_fault(effect: &str) -> String {
    format!("{}faults: [{{name: f, on: chert, {effect}}}]\n", Scenario::DEFAULT)
}

/// The bytes that a client receives under a fault with this `effect`, and the milliseconds until the connection
/// ends.
async fn struck(effect: &str) -> (Vec<u8>, u128) {
    let (mut client, _shared) = connect_to(&with_fault(effect), None);
    client.write_all(RENAME).await.unwrap();
    let start = tokio::time::Instant::now();
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    (received, start.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn each_effect_sends_what_it_says_when_it_says() {
    let (whole, took) = struck("delay: 0s").await;
    assert_eq!(took, 0);
    let body = br#"{"chat":{"id":"ch_01H","display_name":"Crew","group_chat_icon":null,"is_group":true}}"#;
    assert!(whole.starts_with(b"HTTP/1.1 200 OK\r\n") && whole.ends_with(body));
    // `date` follows the wall clock.
    let dateless = |bytes: &[u8]| {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        lines.filter(|line| !line.starts_with(b"date: ")).flatten().copied().collect::<Vec<_>>()
    };
    for (effect, count, milliseconds) in [
        ("delay: 250ms", whole.len(), 250),
        ("delay: {uniform: [2s, 2s]}", whole.len(), 2_000),
        ("wire: reset", 0, 0),
        ("wire: {reset_after: 20}", 20, 0),
        ("wire: {close_after: 20}", 20, 0),
        ("wire: empty", 0, 0),
        ("wire: {slow_head: 9s}", whole.len(), 9_000),
        ("wire: {dribble: {chunks: 5, over: 2s}}", whole.len(), 2_000),
        ("wire: {slow_close: 5s}", whole.len(), 5_000),
        ("wire: {slow_close: 5s}, delay: 1s", whole.len(), 6_000),
        ("wire: {close_after: 99999}", whole.len(), 0),
    ] {
        let (received, took) = struck(effect).await;
        assert_eq!((received.len(), took), (count, milliseconds), "{effect}");
        let full = count == whole.len();
        let same = if full { dateless(&received) == dateless(&whole) } else { received == whole[..count] };
        assert!(same, "{effect}: {}", String::from_utf8_lossy(&received));
    }
    for (effect, part) in [
        ("wire: garbage", "\r\n"),
        ("wire: malformed_chunk", "\r\nxyz\r\n"),
        ("wire: {wrong_length: longer}", "content-length: 101\r\n"),
        ("wire: {wrong_length: shorter}", "content-length: 69\r\n"),
        ("wire: truncate_json", "content-length: 42\r\n"),
        ("wire: invalid_utf8", "\u{fffd}"),
    ] {
        let (received, took) = struck(effect).await;
        assert_eq!(took, 0, "{effect}");
        let text = String::from_utf8_lossy(&received);
        assert!(text.contains(part), "{effect}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stall_lasts_until_the_client_leaves_or_the_server_stops() {
    for (effect, count) in [("wire: stall", 0), ("wire: {stall_after: 20}", 20)] {
        let (mut client, _shared) = connect_to(&with_fault(effect), None);
        client.write_all(RENAME).await.unwrap();
        let mut first = vec![0; count];
        client.read_exact(&mut first).await.unwrap();
        // An hour is longer than any timeout of the server.
        let silent = tokio::time::timeout(Duration::from_secs(3_600), client.read_u8()).await;
        assert!(silent.is_err(), "{effect}");
        client.shutdown().await.unwrap();
        assert_eq!(client.read_to_end(&mut Vec::new()).await.unwrap(), 0, "{effect}");
    }
    let (mut client, shared) = connect_to(&with_fault("wire: stall"), None);
    client.write_all(RENAME).await.unwrap();
    sleep(Duration::from_secs(60)).await;
    shared.stop();
    assert_eq!(client.read_to_end(&mut Vec::new()).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_held_up_is_cut_when_the_server_stops() {
    for (effect, milliseconds) in
        [("delay: 1h", 0), ("wire: {slow_head: 1h}", 0), ("wire: {dribble: {chunks: 5, over: 1h}}", 0)]
    {
        let (mut client, shared) = connect_to(&with_fault(effect), None);
        client.write_all(RENAME).await.unwrap();
        sleep(Duration::from_secs(60)).await;
        shared.stop();
        let start = tokio::time::Instant::now();
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        assert_eq!(start.elapsed().as_millis(), milliseconds, "{effect}");
        assert!(!received.ends_with(b"true}}"), "{effect}");
    }
    let (mut client, shared) = connect(None);
    client.write_all(&RENAME[..30]).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    shared.stop();
    let start = tokio::time::Instant::now();
    assert_eq!(received(client).await, "");
    assert_eq!(start.elapsed(), LAST_HEAD);
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_still_on_their_way_are_not_taken_for_the_one_with_the_order() {
    let scenario = with_fault("when: {call: 3}, wire: {close_after: 20}");
    let (mut client, _shared) = connect_through(300, &scenario, None);
    let keep = String::from_utf8(RENAME.to_vec()).unwrap().replace("connection: close\r\n", "");
    // The client reads nothing before it has sent all requests, so the first answer is not written at once.
    client.write_all(keep.as_bytes()).await.unwrap();
    client.write_all(keep.as_bytes()).await.unwrap();
    client.write_all(keep.as_bytes()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let text = received(client).await;
    assert_eq!(text.matches("true}}").count(), 2, "{text}");
    assert!(text.ends_with("true}}HTTP/1.1 200 OK\r\ncon"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_as_good_as_before_after_effects_that_keep_it() {
    for effect in ["wire: {slow_head: 9s}", "wire: {dribble: {chunks: 3, over: 9s}}", "wire: truncate_json"] {
        let (mut client, shared) = connect_to(&with_fault(&format!("{effect}, when: {{call: 1}}")), None);
        let keep = String::from_utf8(RENAME.to_vec()).unwrap().replace("connection: close\r\n", "");
        // Both requests are sent at once; the second answer waits for the end of the first.
        client.write_all(keep.as_bytes()).await.unwrap();
        client.write_all(RENAME).await.unwrap();
        let text = received(client).await;
        assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{effect}: {text}");
        assert_eq!(shared.namespaces().main().counters().exchanges, 2);
    }
}
