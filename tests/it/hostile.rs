//! Hostile and malformed requests: the client gets an answer in the service's format or a closed connection, and the
//! server keeps running.

use std::io::{Read, Write};
use std::net::Shutdown;

use standin::Server;

use crate::client::{connect, get, parse, post, raw, send, serve};

const BITRIX24: &str = "/rest/1/webhook-secret/imconnector.chat.name.set";
const CHERT: &str = "/api/v1/chats/ch_01H";

fn default() -> Server {
    Server::start().unwrap()
}

#[track_caller]
fn is_well(server: &Server) {
    assert_eq!(get(server, "/__standin/health").status(), 200);
}

fn of_length(verb: &str, target: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{verb} {target} HTTP/1.1\r\nhost: standin\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn a_body_over_a_mebibyte_gets_413_in_the_vendors_shape() {
    let server = default();
    let large = vec![b' '; (1 << 20) + 1];
    let answer = send(&server, "POST", BITRIX24, &[], &large);
    assert_eq!((answer.status(), answer.json()["error"].as_str().unwrap()), (413, "INVALID_REQUEST"));
    assert_eq!(answer.header("connection"), Some("close"));
    let answer = send(&server, "PUT", CHERT, &[], &large);
    assert_eq!((answer.status(), answer.json()["error"]["status"].as_u64().unwrap()), (413, 413));
    let exact = send(&server, "POST", BITRIX24, &[], &large[1..]);
    assert_eq!(exact.status(), 400);
    assert_eq!(
        get(&server, "/__standin/journal?last=2").json()["entries"][0]["request"]["body"],
        serde_json::Value::Null
    );
    is_well(&server);
}

#[test]
fn a_client_who_waits_for_100_continue_is_told_413_before_it_sends() {
    let server = default();
    let head = format!(
        "POST {BITRIX24} HTTP/1.1\r\nhost: standin\r\nexpect: 100-continue\r\ncontent-length: 9999999\r\n\r\n"
    );
    let answer = parse(&raw(&server, head.as_bytes()));
    assert_eq!(answer.status(), 413);
}

#[test]
fn a_client_who_waits_for_100_continue_gets_it() {
    let server = default();
    let mut stream = connect(&server);
    let head = format!(
        "POST {BITRIX24} HTTP/1.1\r\nhost: standin\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(parse(&rest).json()["error"], "ERROR_ARGUMENT");
}

#[test]
fn chunked_bodies_are_read() {
    let server = default();
    let head = format!(
        "POST {BITRIX24} HTTP/1.1\r\nhost: standin\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let chunks = "10\r\n{\"CONNECTOR\":\"co\r\n4;x=y\r\nnnec\r\n5\r\ntor\"}\r\n0\r\n\r\n";
    let answer = parse(&raw(&server, format!("{head}{chunks}").as_bytes()));
    assert_eq!(answer.json()["error"], "ERROR_ARGUMENT");
    assert_eq!(server.journal()[0].request.body(), br#"{"CONNECTOR":"connector"}"#);
    let endless =
        format!("{head}{}", format!("10000\r\n{}\r\n", "x".repeat(0x10000)).repeat(17) + "0\r\n\r\n");
    assert_eq!(parse(&raw(&server, endless.as_bytes())).status(), 413);
}

#[test]
fn headers_over_64_kib_get_431() {
    let server = default();
    let long =
        format!("GET {BITRIX24} HTTP/1.1\r\nhost: standin\r\nx-long: {}\r\n\r\n", "x".repeat(66 << 10));
    let received = raw(&server, long.as_bytes());
    assert!(received.starts_with(b"HTTP/1.1 431 "), "{}", String::from_utf8_lossy(&received));
    let fits = send(&server, "POST", BITRIX24, &[("x-long", &"x".repeat(60 << 10))], b"{}");
    assert_eq!(fits.status(), 400);
    is_well(&server);
}

#[test]
fn json_is_read_to_a_depth_and_not_beyond() {
    let text = include_str!("../../scenarios/default.yaml");
    let server = serve(&text.replacen("bitrix24:", "bitrix24:\n  envelope: documented", 1));
    let nested =
        |depth: usize| format!(r#"{{"display_name":"n","deep":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let bearer = [("authorization", "Bearer 5f4dcc3b5aa765d61d8327deb882cf99")];
    assert_eq!(send(&server, "PUT", CHERT, &bearer, nested(126).as_bytes()).status(), 200);
    assert_eq!(send(&server, "PUT", CHERT, &bearer, nested(127).as_bytes()).status(), 200);
    for depth in [128, 100_000] {
        let answer = send(&server, "PUT", CHERT, &bearer, nested(depth).as_bytes());
        assert_eq!(answer.json()["error"]["code"], 1004, "depth {depth}");
    }
    let parameters = r#""CONNECTOR":"connector","LINE":"105","CHAT_ID":"47e007b1-ee15-43db-bcba-1c26e5884d3f","NAME":"n","x""#;
    for (depth, status) in [(511, 200), (512, 400), (100_000, 400)] {
        let body = nested(depth).replace("\"display_name\"", parameters);
        assert_eq!(post(&server, BITRIX24, &body).status(), status, "depth {depth}");
        assert_eq!(get(&server, "/__standin/journal?last=1").status(), 200);
        assert_eq!(get(&server, "/__standin/journal/last/explain").status(), 200);
    }
    let brackets = format!("a{}=1", "[b]".repeat(200_000));
    assert_eq!(send(&server, "POST", BITRIX24, &[], brackets.as_bytes()).status(), 400);
    is_well(&server);
}

#[test]
fn odd_bytes_are_answered() {
    let server = default();
    for body in [
        &b"\xff\xfe\x00"[..],
        b"{\"CONNECTOR\":\"\xff\"}",
        b"{\"CONNECTOR\":\"a\\u0000b\",\"CONNECTOR\":\"c\"}",
        b"{\"CONNECTOR\":\"\\ud800\"}",
        b"\0\0\0\0",
        b"[[[[",
        b"NaN",
        b"1e999999",
    ] {
        assert_eq!(raw(&server, &of_length("POST", BITRIX24, body.len(), body))[..13], *b"HTTP/1.1 400 ");
        assert_eq!(raw(&server, &of_length("PUT", CHERT, body.len(), body))[..13], *b"HTTP/1.1 401 ");
    }
    for target in [
        "/rest/%00%ff/%/%zz",
        "/rest/1/%2f%2F/imconnector.chat.name.set",
        "/api/v1/chats/%ff%00",
        "/rest/?%5B%5D=%&&&=",
        "//rest",
        "/%",
    ] {
        let answer = send(&server, "POST", target, &[("authorization", "\u{fffd}")], b"{}");
        assert!((400..500).contains(&answer.status()), "{target}: {}", answer.head);
    }
    is_well(&server);
}

#[test]
fn a_body_shorter_than_its_length_closes_the_connection() {
    let server = default();
    let mut stream = connect(&server);
    stream.write_all(&of_length("POST", BITRIX24, 100, b"{}")).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert!(
        received.is_empty() || received.starts_with(b"HTTP/1.1 4"),
        "{}",
        String::from_utf8_lossy(&received)
    );
    assert!(server.journal().is_empty());
    is_well(&server);
}

#[test]
fn what_is_no_http_is_closed() {
    let server = default();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n\0\0",
    ] {
        let mut stream = connect(&server);
        stream.write_all(bytes).unwrap();
        let _ = stream.shutdown(Shutdown::Write);
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received);
        assert!(received.is_empty() || received.starts_with(b"HTTP/1.1 400 "), "{bytes:?}");
    }
    is_well(&server);
}

#[test]
fn requests_in_one_go_are_answered_in_order() {
    let server = default();
    let one = format!("GET {BITRIX24}?n=1 HTTP/1.1\r\nhost: standin\r\n\r\n");
    let last =
        format!("PUT {CHERT} HTTP/1.1\r\nhost: standin\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let received = raw(&server, format!("{one}{one}{last}").as_bytes());
    let text = String::from_utf8(received).unwrap();
    let statuses: Vec<_> = text.matches("HTTP/1.1 4").collect();
    assert_eq!(statuses.len(), 3, "{text}");
    assert_eq!(server.journal().iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn many_idle_connections_do_no_harm() {
    let server = default();
    let idle: Vec<_> = (0..400).map(|_| connect(&server)).collect();
    is_well(&server);
    drop(idle);
    is_well(&server);
}
