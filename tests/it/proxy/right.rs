//! A service that is right, and clients and connections that are odd: nothing of it is held against the service.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::json;
use standin::Server;
use standin::serve::ProxyOptions;

use super::doubles::{Proxying, Service, Then};
use super::{BODY, FIELDS, JSON, RENAME, answer, get, report};
use crate::client::{self, send_to};

const LIMIT: Duration = Duration::from_millis(300);

fn with_limit(url: &str) -> Proxying {
    Proxying::with(url, |options| ProxyOptions { time_limit: LIMIT, ..options })
}

#[test]
fn an_answer_that_no_document_describes_is_not_held() {
    let server = Server::start().unwrap();
    let proxy = Proxying::to(server.url());
    for target in [RENAME, "/rest/1/webhook-secret/server.time.json", "/rest/batch", "/api/v1/send"] {
        send_to(&proxy.host, "OPTIONS", target, &[("origin", "http://localhost")], b"");
    }
    let told = report(proxy);
    assert_eq!(told["differences"], json!([]), "{told:#}");
    assert_eq!(told["not_held"]["no document describes an answer to OPTIONS"], 3, "{told:#}");

    let proxy = Proxying::to(server.url());
    let long = "x".repeat((1 << 20) + 1);
    for (method, target) in [("POST", RENAME), ("PUT", "/api/v1/chats/c")] {
        let answer = send_to(&proxy.host, method, target, &[JSON], long.as_bytes());
        assert_eq!(answer.status(), 413, "{target}");
    }
    let told = report(proxy);
    assert_eq!(told["differences"], json!([]), "{told:#}");
    let why = "no document describes an answer to a request of this length";
    assert_eq!(told["not_held"], json!({why: 2}), "{told:#}");

    // The same answer to a short request is none of the contract.
    let service = Service::that(|_| (answer("413 Too Large", "{}"), Then::Stay));
    let proxy = Proxying::to(&service.url);
    send_to(&proxy.host, "POST", RENAME, &[JSON], BODY.as_bytes());
    assert_eq!(report(proxy)["differing"], 1);
}

#[test]
fn an_answer_to_a_condition_is_not_held() {
    let service = Service::that(|request| {
        let asks = String::from_utf8_lossy(request).contains("if-none-match");
        let status = if asks { "304 Not Modified" } else { "304 Odd" };
        (format!("HTTP/1.1 {status}\r\netag: \"q\"\r\n\r\n").into_bytes(), Then::Stay)
    });
    for (fields, differing) in [(&[("if-none-match", "\"q\"")][..], 0), (&[], 1)] {
        let proxy = Proxying::to(&service.url);
        assert_eq!(send_to(&proxy.host, "GET", "/api/v1/whoami", fields, b"").status(), 304);
        let told = report(proxy);
        assert_eq!(told["differing"], differing, "{told:#}");
    }
}

#[test]
fn json_that_serde_cannot_read_is_no_difference() {
    for (body, is_held) in [
        (r#"{"result":"\ud800"}"#, false),
        (r#"{"result":1e999999}"#, false),
        (r#"{"result":"\u12"}"#, true),
        ("{", true),
    ] {
        let service = Service::that(match is_held {
            true if body == "{" => |_| (answer("200 OK", "{"), Then::Stay),
            true => |_| (answer("200 OK", r#"{"result":"\u12"}"#), Then::Stay),
            false if body.contains("1e") => |_| (answer("200 OK", r#"{"result":1e999999}"#), Then::Stay),
            false => |_| (answer("200 OK", r#"{"result":"\ud800"}"#), Then::Stay),
        });
        let proxy = Proxying::to(&service.url);
        get(&proxy.host, "/rest/1/s3cret/server.time");
        let told = report(proxy);
        let in_part = json!({"the answer is JSON that standin cannot read": 1});
        assert_eq!(told["held_in_part"] == in_part, !is_held, "{body}: {told:#}");
        assert_eq!(told["differing"], u64::from(is_held), "{body}: {told:#}");
    }
}

#[test]
fn a_client_that_sends_no_http_is_told_so() {
    let server = Server::start().unwrap();
    let proxy = Proxying::to(server.url());
    let head = format!("POST {RENAME} HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n");
    let answer = client::parse(&client::raw_to(&proxy.host, head.as_bytes()));
    assert_eq!(answer.status(), 400, "{}", answer.text());
    assert!(answer.text().contains("the body of the request broke off, or is not HTTP"), "{}", answer.text());
    let told = report(proxy);
    assert_eq!(told["not_held"], json!({"the client did not send its whole request": 1}), "{told:#}");
}

#[test]
fn a_credential_in_an_unusual_place_of_the_path_is_not_logged() {
    let server = Server::start().unwrap();
    let proxy = super::doubles::Program::start(server.url(), &[]);
    let bearer = [("authorization", "Bearer SECRETSECRET")];
    send_to(&proxy.host, "PUT", "/api/v1/chats/SECRETSECRET", &bearer, b"{}");
    get(&proxy.host, "/rest/SECRETSECRET/1/profile");
    let (_, told) = proxy.end();
    assert!(told.contains(r#"path="/api/v1/chats/***""#), "{told}");
    assert!(told.contains(r#"path="/rest/***/***/profile""#), "{told}");
    assert!(!told.contains("SECRETSECRET"), "{told}");
}

#[test]
fn a_long_list_of_wrong_items_is_told_in_part() {
    let service = Service::that(|_| {
        let item = r#"{"a":1}"#;
        let body = format!(r#"{{"messages":[{}],"has_more":false}}"#, vec![item; 20_000].join(","));
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        ([head.as_bytes(), body.as_bytes()].concat(), Then::Stay)
    });
    let proxy = super::doubles::Program::start(&service.url, &[]);
    assert_eq!(get(&proxy.host, "/api/v1/chats/ch_01H/messages").status(), 200);
    let (_, told) = proxy.end();
    assert_eq!(told.lines().filter(|line| line.contains(" WARN difference ")).count(), 100);
}

#[test]
fn what_a_service_sends_does_not_steer_a_terminal() {
    let service = Service::that(|_| (answer("200 OK", "\u{1b}[31m\n\u{202e}"), Then::Stay));
    let proxy = super::doubles::Program::start(&service.url, &["--log", "off"]);
    get(&proxy.host, "/rest/1/s3cret/server.time");
    let (_, told) = proxy.end();
    assert!(told.contains(r"got \u{1b}[31m\n\u{202e} ("), "{told}");
}

#[test]
fn an_answer_with_trailers_is_held_as_a_whole() {
    let service = Service::that(|_| {
        let head = format!("HTTP/1.1 200 OK\r\n{FIELDS}trailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n");
        (format!("{head}6\r\n\"none\"\r\n0\r\nx-sum: 1\r\n\r\n").into_bytes(), Then::Stay)
    });
    let proxy = Proxying::to(&service.url);
    for _ in 0..3 {
        let answer = get(&proxy.host, "/rest/1/webhook-secret/server.time");
        assert_eq!(answer.text(), "6\r\n\"none\"\r\n0\r\n\r\n", "trailers do not pass");
    }
    let told = report(proxy);
    assert_eq!((&told["held"], &told["differing"]), (&json!(3), &json!(3)), "{told:#}");
    assert_eq!(told["differences"][0]["at"], "body");
}

#[test]
fn a_client_that_stops_in_the_middle_of_a_long_request_is_told_so() {
    let server = Server::start().unwrap();
    let proxy = with_limit(server.url());
    let head = format!("POST {RENAME} HTTP/1.1\r\nhost: h\r\ncontent-length: 100000\r\n\r\n{{\"half");
    let answer = client::parse(&client::raw_to(&proxy.host, head.as_bytes()));
    assert_eq!(answer.status(), 408, "{}", answer.text());
    assert!(answer.text().contains("nothing more of the request came within 300ms"), "{}", answer.text());
    let entry = get(&proxy.host, "/__standin/journal").json()["entries"][0].clone();
    assert_eq!(entry["response"]["status"], 408, "{entry:#}");
    let told = report(proxy);
    assert_eq!(told["not_held"], json!({"the client did not send its whole request": 1}), "{told:#}");
}

#[test]
fn a_stream_of_events_may_be_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (goes_on, may_go_on) = mpsc::channel::<()>();
    let service = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The other request gets no answer.
        let silent = thread::spawn(move || listener.accept().unwrap());
        let mut line = String::new();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        while line != "\r\n" {
            line.clear();
            lines.read_line(&mut line).unwrap();
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        stream.write_all(format!("{head}: first\n\n").as_bytes()).unwrap();
        may_go_on.recv().unwrap();
        stream.write_all(b": second\n\n").unwrap();
        silent.join().unwrap()
    });
    let proxy = with_limit(&url);
    let mut stream = TcpStream::connect(&proxy.host).unwrap();
    stream.write_all(b"GET /api/v1/events/stream HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").unwrap();
    let mut received = String::new();
    let mut lines = BufReader::new(stream);
    while !received.contains(": first") {
        assert_ne!(lines.read_line(&mut received).unwrap(), 0, "{received}");
    }
    // When this one is given up, the stream has been silent for longer.
    assert_eq!(get(&proxy.host, "/api/v1/whoami").status(), 504);
    goes_on.send(()).unwrap();
    lines.read_to_string(&mut received).unwrap();
    assert!(received.contains(": second"), "{received}");
    service.join().unwrap();
    assert_eq!(report(proxy)["held_in_part"], json!({}));
}

#[test]
fn a_place_of_the_contract_is_told_even_if_secrets_cannot_be_looked_for() {
    let service = Service::that(|_| {
        (answer("418 Odd", r#"{"error":"webhook-secret","webhook-secret":1}"#), Then::Stay)
    });
    let proxy = Proxying::to(&service.url);
    send_to(&proxy.host, "POST", RENAME, &[JSON], "x".repeat((1 << 20) + 1).as_bytes());
    let told = report(proxy);
    assert!(!told.to_string().contains("webhook-secret"), "{told:#}");
    let kinds = told["differences"].as_array().unwrap();
    let actual = |at: &str| {
        let kind = kinds.iter().find(|kind| kind["at"] == at);
        kind.unwrap_or_else(|| panic!("{at}: {told:#}"))["actual"].as_str().unwrap()
    };
    assert_eq!(actual("status"), "418");
    assert_eq!(actual("body.error_description"), "absent");
    let of_server = kinds.iter().filter(|kind| kind["at"].as_str().unwrap().starts_with("not shown"));
    assert_eq!(of_server.count(), 1, "{told:#}");
}
