//! A service that does not answer, or does not finish.

use std::net::TcpListener;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::json;
use standin::serve::ProxyOptions;

use super::doubles::{Does, Proxying, Service, Then};
use super::{FIELDS, get, rename, report};

#[test]
fn a_service_that_does_not_answer_is_told_from_one_that_does() {
    for (does, status, why) in [
        ((|_| (Vec::new(), Then::Close)) as Does, 502, "closed the connection without an answer"),
        (
            |_| (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n".to_vec(), Then::Stay),
            502,
            "switched to another protocol",
        ),
        (|_| (Vec::new(), Then::Reset), 502, "gave no answer: "),
        (
            |_| (format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-a: 1\r\n".repeat(101)).into_bytes(), Then::Close),
            502,
            "more than 100 header fields",
        ),
        (|_| (b"not HTTP at all\r\n\r\n".to_vec(), Then::Close), 502, "is not HTTP; if it speaks TLS"),
        (|_| (Vec::new(), Then::Hang), 504, "did not answer within 300ms"),
    ] {
        let service = Service::that(does);
        let proxy = Proxying::with(&service.url, |options| ProxyOptions {
            time_limit: Duration::from_millis(300),
            ..options
        });
        let answer = rename(&proxy.host);
        assert_eq!(answer.status(), status, "{}", answer.text());
        assert!(answer.text().contains(why), "{}", answer.text());
        assert!(answer.text().contains("not from the service"), "{}", answer.text());
        assert_eq!(service.requests().len(), 1, "nothing is sent twice");
        let report = report(proxy);
        assert_eq!(report["not_held"], json!({"the service did not answer": 1}));
        assert_eq!(report["differences"], json!([]));
    }
    // Nothing listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxying::to(&format!("http://{gone}"));
    assert_eq!(rename(&proxy.host).status(), 502);
}

#[test]
fn an_answer_that_breaks_off_breaks_off_for_the_client() {
    fn part() -> Vec<u8> {
        format!("HTTP/1.1 200 OK\r\n{FIELDS}content-length: 100\r\n\r\n{{\"result\":").into_bytes()
    }
    for (does, why) in [
        ((|_| (part(), Then::Close)) as Does, "the service closed the connection in the middle"),
        (|_| (part(), Then::Hang), "nothing more of the answer came within 300ms"),
    ] {
        let service = Service::that(does);
        let proxy = Proxying::with(&service.url, |options| ProxyOptions {
            time_limit: Duration::from_millis(300),
            ..options
        });
        let answer = rename(&proxy.host);
        assert_eq!(answer.header("content-length"), Some("100"));
        assert_eq!(answer.text(), "{\"result\":");
        let journal = get(&proxy.host, "/__standin/journal").text().to_owned();
        assert!(journal.contains(why), "{journal}");
        let report = report(proxy);
        assert_eq!(report["held_in_part"], json!({"the answer broke off": 1}));
        assert_eq!(report["differences"], json!([]));
    }
}

#[test]
fn a_proxy_that_is_told_to_stop_finishes_what_has_begun() {
    // The service meets the test twice: when the request has come, and before it answers.
    static MEETING: Barrier = Barrier::new(2);
    let service = Service::that(|_| {
        MEETING.wait();
        MEETING.wait();
        (format!("HTTP/1.1 200 OK\r\n{FIELDS}content-length: 2\r\n\r\n{{}}").into_bytes(), Then::Stay)
    });
    let proxy = Proxying::to(&service.url);
    let host = proxy.host.clone();
    let client = thread::spawn(move || rename(&host));
    MEETING.wait();
    let ending = thread::spawn(move || report(proxy));
    MEETING.wait();
    assert_eq!(client.join().unwrap().text(), "{}");
    let report = ending.join().unwrap();
    assert_eq!((&report["exchanges"], &report["held"]), (&json!(1), &json!(1)));
}
