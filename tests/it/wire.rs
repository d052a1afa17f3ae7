//! What a fault does to the connection, as a raw socket sees it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use serde_json::json;
use standin::{Scenario, Server};

use crate::client::{connect, post, received, serve};

const BODY: &str = r#"{"display_name": "Crew"}"#;
const ANSWER: &str =
    r#"{"chat":{"id":"ch_01H","display_name":"Crew","group_chat_icon":null,"is_group":true}}"#;

/// The built-in scenario with one fault on renames of Chert, under a virtual clock, so that pauses take no time.
fn with_fault(effect: &str) -> Server {
    let scenario =
        Scenario::DEFAULT.replace("seed: 1", "seed: 1\nclock: {virtual: \"2024-11-20T15:55:08+02:00\"}");
    serve(&format!("{scenario}faults: [{{name: f, on: chert, {effect}}}]\n"))
}

fn ask(server: &Server) -> TcpStream {
    ask_with(server, "")
}

/// Sends a rename, with `more` as additional lines of the head.
fn ask_with(server: &Server, more: &str) -> TcpStream {
    let mut stream = connect(server);
    let head = format!(
        "PUT /api/v1/chats/ch_01H HTTP/1.1\r\nhost: a\r\n{more}connection: close\r\nauthorization: Bearer 5f4dcc3b5aa765d61d8327deb882cf99\r\ncontent-length: {}\r\n\r\n",
        BODY.len()
    );
    stream.write_all(&[head.as_bytes(), BODY.as_bytes()].concat()).unwrap();
    stream
}

/// Waits until the server has read this many renames.
fn until(server: &Server, renames: u64) {
    let expected = json!([{"name": "read", "on": "chert.chats.rename", "calls": {"exactly": renames}}]);
    let verified = post(server, "/__standin/verify?wait_for=1m", &expected.to_string());
    assert_eq!(verified.status(), 200, "the requests are not read: {}", verified.text());
}

fn struck(effect: &str) -> (Vec<u8>, bool) {
    received(ask(&with_fault(effect)))
}

fn name(server: &Server) -> String {
    server.state()["chert"]["tenants"][0]["chats"][0]["display_name"].as_str().unwrap().to_owned()
}

#[test]
fn a_connection_ends_as_the_fault_says() {
    let (whole, _) = struck("delay: 1h");
    assert!(whole.ends_with(ANSWER.as_bytes()));
    for (effect, count, is_reset) in [
        ("wire: reset", 0, true),
        ("wire: {reset_after: 20}", 20, true),
        ("wire: {close_after: 20}", 20, false),
        ("wire: {close_after: 0}", 0, false),
        ("wire: empty", 0, false),
        ("wire: {slow_head: 1h}", whole.len(), false),
        ("wire: {dribble: {chunks: 3, over: 1h}}", whole.len(), false),
        ("wire: {slow_close: 1h}", whole.len(), false),
    ] {
        let (bytes, reset) = struck(effect);
        assert_eq!((bytes.len(), reset), (count, is_reset), "{effect}");
        assert_eq!(bytes, whole[..count], "{effect}");
    }
}

#[test]
fn an_answer_is_spoilt_as_the_fault_says() {
    let spoilt = |effect: &str| {
        let (bytes, reset) = struck(effect);
        assert!(!reset, "{effect}");
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
        (String::from_utf8_lossy(&bytes[..head]).into_owned(), bytes[head..].to_vec())
    };
    assert!(spoilt("wire: garbage").0.starts_with('\u{15}'));
    let (head, body) = spoilt("wire: malformed_chunk");
    assert!(head.contains("transfer-encoding: chunked\r\n") && !head.contains("content-length"), "{head}");
    assert!(body.windows(7).any(|window| window == b"\r\nxyz\r\n"));
    for (which, told) in [("longer", ANSWER.len() + 16), ("shorter", ANSWER.len() - 16)] {
        let (head, body) = spoilt(&format!("wire: {{wrong_length: {which}}}"));
        assert!(head.contains(&format!("content-length: {told}\r\n")), "{head}");
        assert_eq!(body, ANSWER.as_bytes());
    }
    let (head, body) = spoilt("wire: truncate_json");
    assert!(head.contains(&format!("content-length: {}\r\n", ANSWER.len() / 2)), "{head}");
    assert_eq!(body, ANSWER.as_bytes()[..ANSWER.len() / 2]);
    let (head, body) = spoilt("wire: invalid_utf8");
    assert!(head.contains(&format!("content-length: {}\r\n", ANSWER.len())), "{head}");
    assert!(std::str::from_utf8(&body).is_err());
    assert_eq!(body.len(), ANSWER.len());
}

#[test]
fn a_client_that_asks_to_go_on_and_does_not_wait_sees_the_same() {
    for effect in [
        "reset",
        "{reset_after: 20}",
        "{close_after: 20}",
        "empty",
        "{slow_head: 1h}",
        "{dribble: {chunks: 3, over: 1h}}",
        "garbage",
        "malformed_chunk",
        "{wrong_length: longer}",
        "truncate_json",
        "invalid_utf8",
        "{slow_close: 1h}",
    ] {
        let server = with_fault(&format!("wire: {effect}"));
        let (bytes, reset) = received(ask_with(&server, "expect: 100-continue\r\n"));
        let without = struck(&format!("wire: {effect}"));
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!((shown(&bytes), reset), (shown(&without.0), without.1), "{effect}");
    }
}

#[test]
fn a_stalled_client_gets_nothing_while_others_are_answered() {
    for (effect, count) in [("wire: stall", 0), ("wire: {stall_after: 20}", 20)] {
        let server = with_fault(&format!("when: {{call: 1}}, {effect}"));
        let mut stalled = ask(&server);
        let mut first = vec![0; count];
        stalled.read_exact(&mut first).unwrap();
        until(&server, 1);
        assert!(received(ask(&server)).0.ends_with(ANSWER.as_bytes()));
        stalled.set_nonblocking(true).unwrap();
        assert_eq!(stalled.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock);
        stalled.set_nonblocking(false).unwrap();
        stalled.shutdown(Shutdown::Write).unwrap();
        assert_eq!(received(stalled), (vec![], false));
    }
}

#[test]
fn a_server_stops_though_clients_are_stalled() {
    let server = with_fault("wire: stall");
    let stalled: Vec<_> = (0..3).map(|_| ask(&server)).collect();
    until(&server, 3);
    drop(server);
    stalled.into_iter().for_each(|stream| drop(received(stream)));
}

#[test]
fn the_change_is_made_only_where_the_fault_says_so() {
    for (effect, expected) in [
        ("wire: reset", "Launch"),
        ("wire: truncate_json", "Launch"),
        ("wire: {slow_head: 1s}", "Crew"),
        ("delay: 1s", "Crew"),
        ("reply: {status: 502}", "Launch"),
        ("error: 4001", "Launch"),
        ("wire: reset, applied: true", "Crew"),
        ("reply: {status: 502}, applied: true", "Crew"),
        ("error: 4001, applied: true", "Crew"),
        ("error: 1007, applied: true", "Crew"),
        ("error: 4001, applied: {later: 1h}", "Launch"),
        ("wire: reset, applied: {later: 1h}", "Launch"),
        ("reply: {status: 502}, applied: {later: 1h}", "Launch"),
        // Without a delay the change is made by the next request.
        ("wire: empty, applied: {later: 0s}", "Crew"),
    ] {
        let server = with_fault(effect);
        received(ask(&server));
        assert_eq!(name(&server), expected, "{effect}");
    }
}
