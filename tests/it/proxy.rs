//! `standin proxy`: what it passes on, what it finds in the answers of a service, and what it keeps to itself.

mod begins;
mod broken;
mod doubles;
mod drifting;
mod right;
mod shown;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use standin::{Scenario, Server};

use self::doubles::{Program, Proxying, Service, Then};
use crate::client::{self, Response, send_to};
use crate::documented;

const RENAME: &str = "/rest/1/webhook-secret/imconnector.chat.name.set";
const BODY: &str =
    r#"{"CONNECTOR":"connector","LINE":105,"CHAT_ID":"47e007b1-ee15-43db-bcba-1c26e5884d3f","NAME":"New"}"#;
const JSON: (&str, &str) = ("content-type", "application/json");

/// What came of all exchanges, as the report has it.
fn report(proxy: Proxying) -> Value {
    proxy.end().json("")
}

fn get(host: &str, target: &str) -> Response {
    send_to(host, "GET", target, &[], b"")
}

fn rename(host: &str) -> Response {
    send_to(host, "POST", RENAME, &[JSON], BODY.as_bytes())
}

/// The header fields of every answer of Bitrix24.
const FIELDS: &str = "content-type: application/json; charset=utf-8\r\naccess-control-allow-origin: *\r\n\
    access-control-allow-headers: origin, content-type, accept\r\nx-content-type-options: nosniff\r\n";

/// An answer of Bitrix24 with this status and body.
fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{FIELDS}content-length: {length}\r\n\r\n{body}").into_bytes()
}

#[test]
fn in_front_of_a_server_nothing_differs_and_every_answer_is_the_servers_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documented = root.join("scenarios/documented.yaml");
    let fixtures: Vec<PathBuf> = documented::fixtures();
    assert!(fixtures.len() > 40, "{}", fixtures.len());
    let spellings: [&[(&str, &str)]; 2] =
        [&[], &[("edition: documented", "edition: live"), ("envelope: documented", "envelope: wire")]];
    let mut held = 0;
    for changes in spellings {
        for path in &fixtures {
            let own = path.with_file_name("scenario.yaml");
            let text = fs::read_to_string(if own.exists() { &own } else { &documented }).unwrap();
            let text = changes.iter().fold(text, |text, (old, new)| text.replace(old, new));
            let request = documented::request_of(path);
            let scenario = Scenario::parse("fixture", &text).unwrap_or_else(|report| panic!("{report}"));
            let edition = scenario
                .sections
                .iter()
                .find_map(|(_, section)| section.editions())
                .map(|[served, _]| served);
            let direct = client::parse(&client::raw(&client::serve(&text), &request));
            let server = client::serve(&text);
            let proxy =
                Proxying::with(server.url(), |options| standin::serve::ProxyOptions { edition, ..options });
            let passed = client::parse(&client::raw_to(&proxy.host, &request));
            let named = path.display();
            let port_of = |text: &str| text.replace(server.url(), "SERVER");
            assert_eq!(passed.status(), direct.status(), "{named}");
            assert_eq!(passed.body.len(), direct.body.len(), "{named}: {}", port_of(passed.text()));
            let report = report(proxy);
            assert_eq!(report["differences"], json!([]), "{named}, {edition:?}");
            assert_eq!(report["exchanges"], 1, "{named}: {report}");
            match report["held"] == 1 {
                true => held += 1,
                false => {
                    assert_eq!(
                        report["not_held"],
                        json!({"standin knows no such operation": 1}),
                        "{named}: {report}"
                    );
                }
            }
        }
    }
    assert!(held > 80, "{held} answers were held");
}

#[test]
fn what_differs_is_in_the_log_and_in_the_reports() {
    let service = Service::that(|request| {
        let is_rename = request.starts_with(b"POST /rest/1/webhook-secret/imconnector.chat.name.set");
        match is_rename {
            true => (answer("218 Odd", r#"{"result":"webhook-secret"}"#), Then::Stay),
            false => (answer("200 OK", "<html>webhook-secret</html>"), Then::Stay),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let [as_json, as_junit] = ["report.json", "report.xml"].map(|name| folder.path().join(name));
    let reports = [format!("json={}", as_json.display()), format!("junit={}", as_junit.display())];
    let proxy = Program::start(&service.url, &["--report", &reports[0], "--report", &reports[1]]);
    for _ in 0..2 {
        let answer = rename(&proxy.host);
        assert_eq!((answer.status(), answer.text()), (218, r#"{"result":"webhook-secret"}"#));
    }
    assert_eq!(get(&proxy.host, "/rest/1/webhook-secret/server.time?auth=token-of-a-client").status(), 200);
    let page = get(&proxy.host, "/__standin/journal");
    let (code, told) = proxy.end();
    let (json_text, junit) = (fs::read_to_string(as_json).unwrap(), fs::read_to_string(as_junit).unwrap());
    assert_eq!(code, 1, "{told}");
    for text in [&told, &json_text, &junit, page.text()] {
        for secret in ["webhook-secret", "token-of-a-client"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let report: Value = serde_json::from_str(&json_text).unwrap();
    assert_eq!(report["url"], service.url);
    assert_eq!(
        (&report["exchanges"], &report["held"], &report["differing"]),
        (&json!(3), &json!(3), &json!(3))
    );
    let kinds: Vec<_> = report["differences"].as_array().unwrap().iter().collect();
    let status = kinds.iter().find(|kind| kind["at"] == "status").unwrap();
    assert_eq!(status["operation"], "bitrix24.imconnector.chat.name.set");
    assert_eq!((&status["expected"], &status["actual"]), (&json!("200"), &json!("218")));
    assert_eq!((&status["count"], &status["first"]["exchange"]), (&json!(2), &json!(1)));
    let body = kinds.iter().find(|kind| kind["at"] == "body").unwrap();
    assert_eq!(body["operation"], "bitrix24.server.time");
    assert_eq!(body["actual"], "<html>***</html>");
    let lines = |word: &str| told.lines().filter(|line| line.contains(word)).count();
    assert_eq!(lines(" INFO exchange "), 3, "{told}");
    assert!(lines(" WARN difference ") >= 3, "{told}");
    assert!(told.contains(r#"path="/rest/1/***/server.time""#), "{told}");
    assert!(junit.contains(r#"tests="2" failures="2""#), "{junit}");
    let differences = &page.json()["entries"][2]["differences"];
    assert!(differences.as_array().unwrap().iter().any(|one| one["at"] == "body"), "{differences}");
}

#[test]
fn each_fact_of_an_answer_is_held() {
    const TIME: &str = r#"{"start":1732110908.525962,"finish":1732110908.879113,"duration":0.3531508445739746,"processing":0.07694888114929199,"date_start":"2024-11-20T15:55:08+02:00","date_finish":"2024-11-20T15:55:08+02:00"}"#;
    fn renamed(result: &str, time: &str) -> (Vec<u8>, Then) {
        (answer("200 OK", &format!("{{\"result\":{result},\"time\":{time}}}")), Then::Stay)
    }
    const RESULT: &str = r#"{"SUCCESS":true,"DATA":{"RESULT":{}}}"#;
    let refused = |_: &[u8]| {
        let body = r#"{"error":"NOT_ACTIVE_LINE","error_description":"The line with this ID is inactive or does not exist."}"#;
        (answer("400 Bad Request", body), Then::Stay)
    };
    for (does, differs) in [
        ((|_| renamed(RESULT, TIME)) as doubles::Does, &[][..]),
        (|_| renamed(r#"{"SUCCESS":"Y","DATA":{"RESULT":{}}}"#, TIME), &["body.result.SUCCESS"]),
        (|_| renamed(r#"{"DATA":{"RESULT":{}},"SUCCESS":true}"#, TIME), &["body.result"]),
        (|_| renamed(r#"{"SUCCESS":true,"MORE":1,"DATA":{"RESULT":{}}}"#, TIME), &["body.result.MORE"]),
        (
            |_| renamed(RESULT, r#"{"start":"now"}"#),
            &[
                "body.time.start",
                "body.time.finish",
                "body.time.duration",
                "body.time.processing",
                "body.time.date_start",
                "body.time.date_finish",
            ],
        ),
        (
            |_| {
                let (bytes, then) = renamed(RESULT, TIME);
                (String::from_utf8(bytes).unwrap().replace("; charset=utf-8", "").into_bytes(), then)
            },
            &["header.content-type"],
        ),
        (refused, &["body.error_description"]),
    ] {
        let service = Service::that(does);
        let proxy = Proxying::to(&service.url);
        rename(&proxy.host);
        let report = report(proxy);
        let found: Vec<_> = report["differences"]
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| kind["at"].as_str().unwrap())
            .collect();
        assert_eq!(found, differs, "{report:#}");
    }
}

#[test]
fn a_request_is_passed_on_but_for_what_is_about_the_connection() {
    let service = Service::that(|_| {
        let fields = "x-own: 1\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nkeep-alive: timeout=5\r\nlocation: https://elsewhere.example/";
        (format!("HTTP/1.1 302 Found\r\n{fields}\r\ncontent-length: 0\r\n\r\n").into_bytes(), Then::Stay)
    });
    let proxy = Proxying::to(&service.url);
    let sent = [
        ("x-client", "1"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("upgrade", "websocket"),
        ("accept-encoding", "gzip"),
        ("authorization", "Bearer t"),
    ];
    let answer = send_to(&proxy.host, "PROPFIND", "//rest/1/s%2f/x?a=%20&a=2", &sent, b"");
    assert_eq!((answer.status(), answer.header("location")), (302, Some("https://elsewhere.example/")));
    assert_eq!(answer.head.matches("set-cookie").count(), 2);
    assert_eq!(
        (answer.header("x-own"), answer.header("keep-alive"), answer.header("date")),
        (Some("1"), None, None)
    );
    let requests = service.requests();
    assert_eq!(requests.len(), 1, "redirects are not followed");
    let (line, fields) = requests[0].split_once("\r\n").unwrap();
    assert_eq!(line, "PROPFIND //rest/1/s%2f/x?a=%20&a=2 HTTP/1.1");
    let mut fields: Vec<_> = fields.trim().lines().collect();
    fields.sort_unstable();
    let host = format!("host: {}", service.url.trim_start_matches("http://"));
    assert_eq!(fields, ["accept-encoding: identity", "authorization: Bearer t", &host, "x-client: 1"]);
}

#[test]
fn a_long_body_passes_both_ways_without_being_kept() {
    let service = Service::that(|request| {
        let body = request.windows(4).position(|at| at == b"\r\n\r\n").unwrap() + 4;
        (answer("200 OK", std::str::from_utf8(&request[body..]).unwrap()), Then::Stay)
    });
    let proxy = Proxying::to(&service.url);
    for (length, is_held) in [(0, true), (100_000, true), (3 << 20, false)] {
        let body = format!("\"{}\"", "x".repeat(length));
        let answer = send_to(&proxy.host, "POST", RENAME, &[JSON], body.as_bytes());
        assert!(answer.text() == body, "{length}");
        let held = get(&proxy.host, "/__standin/journal?last=1");
        assert_eq!(!held.text().contains("longer than 1 MiB"), is_held, "{length}");
    }
    let head = Service::that(|_| {
        (format!("HTTP/1.1 200 OK\r\n{FIELDS}content-length: 7\r\n\r\n").into_bytes(), Then::Stay)
    });
    let asking = Proxying::to(&head.url);
    let answer = send_to(&asking.host, "HEAD", "/rest/1/s/server.time", &[], b"");
    assert_eq!((answer.header("content-length"), answer.text()), (Some("7"), ""));
    assert_eq!(report(asking)["held_in_part"], json!({"an answer to HEAD has no body": 1}));
    // A length that is not known beforehand.
    let head = "POST /rest/1/s/server.time HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunked = Service::that(|_| {
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n\"ab\"\r\n0\r\n\r\n".to_vec(),
            Then::Stay,
        )
    });
    let through = Proxying::to(&chunked.url);
    let answer = client::parse(&client::raw_to(&through.host, format!("{head}0\r\n\r\n").as_bytes()));
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert_eq!(answer.text(), "4\r\n\"ab\"\r\n0\r\n\r\n");
    assert_eq!(report(through)["exchanges"], 1);
}

#[test]
fn a_connection_to_the_service_is_used_again_and_a_closed_one_is_noticed() {
    let server = Server::start().unwrap();
    let proxy = Proxying::to(server.url());
    for _ in 0..5 {
        assert_eq!(rename(&proxy.host).status(), 200);
    }
    let metrics = client::get(&server, "/__standin/metrics").text().to_owned();
    let opened = metrics.lines().find(|line| line.starts_with("standin_connections_total"));
    // One for the exchanges, one for this question.
    assert_eq!(opened, Some("standin_connections_total 2"), "{metrics}");
    // Each answer is the last one of its connection, although nothing in it says so.
    let service = Service::that(|_| (answer("200 OK", "{}"), Then::Close));
    let proxy = Proxying::to(&service.url);
    for number in 1..=20 {
        assert_eq!(rename(&proxy.host).status(), 200, "{number}");
        assert_eq!(service.requests().len(), number, "nothing is lost, and nothing sent twice");
        service.has_closed(number);
    }
}

#[test]
fn only_paths_of_a_service_are_passed_on() {
    let service = Service::that(|_| (answer("200 OK", "{}"), Then::Stay));
    let proxy = Proxying::to(&service.url);
    for target in [
        "/",
        "/bitrix/admin",
        "/restful/1/s",
        "/api/v2/chats",
        "/rest/../bitrix/admin",
        "//rest/%2e%2E/admin",
        "/api/v1/..%2fv2/chats?x=..",
    ] {
        let answer = get(&proxy.host, target);
        assert_eq!(answer.status(), 404, "{target}");
        let has_step = target.contains("..") || target.contains("%2e");
        let why = if has_step { "that has a segment `.` or `..`" } else { "and no others" };
        assert!(answer.text().contains(why), "{}", answer.text());
    }
    let absolute = "GET http://elsewhere.example/rest/1/s/server.time HTTP/1.1\r\nhost: elsewhere.example\r\nconnection: close\r\n\r\n";
    assert_eq!(client::parse(&client::raw_to(&proxy.host, absolute.as_bytes())).status(), 421);
    assert_eq!(service.requests(), [""; 0]);
    assert_eq!(report(proxy)["exchanges"], 0);
}

#[test]
fn nothing_of_a_request_is_kept_unless_asked() {
    for (keep, is_kept) in [(0, false), (2, true)] {
        let server = Server::start().unwrap();
        let proxy = Proxying::with(server.url(), |options| standin::serve::ProxyOptions { keep, ..options });
        for _ in 0..3 {
            assert_eq!(rename(&proxy.host).status(), 200);
        }
        let journal = get(&proxy.host, "/__standin/journal");
        for text in ["47e007b1", "x-content-type-options", "SUCCESS"] {
            assert_eq!(journal.text().contains(text), is_kept, "{text}: {}", journal.text());
        }
        assert!(!journal.text().contains("webhook-secret"), "{}", journal.text());
        let entries = journal.json()["entries"].as_array().unwrap().clone();
        assert_eq!(entries.len(), if is_kept { 2 } else { 3 });
        assert_eq!(entries[0]["operation"], "bitrix24.imconnector.chat.name.set");
        assert_eq!(entries[0]["response"]["status"], 200);
    }
}

#[test]
fn the_control_interface_shows_and_changes_nothing() {
    let server = Server::start().unwrap();
    let proxy = Proxying::to(server.url());
    assert_eq!(rename(&proxy.host).status(), 200);
    for target in
        ["/__standin/journal", "/__standin/journal/1", "/__standin/journal/1/explain", "/__standin/metrics"]
    {
        assert_eq!(get(&proxy.host, target).status(), 200, "{target}");
    }
    let page = send_to(&proxy.host, "GET", "/__standin/", &[("accept", "text/html")], b"");
    assert!(page.text().contains("<!doctype html>"), "{}", page.text());
    for (method, target) in [
        ("POST", "/__standin/reset"),
        ("POST", "/__standin/faults"),
        ("PUT", "/__standin/faults/f"),
        ("DELETE", "/__standin/faults"),
        ("POST", "/__standin/actions"),
        ("POST", "/__standin/namespaces"),
    ] {
        let answer = send_to(&proxy.host, method, target, &[JSON], b"{}");
        assert_eq!(answer.status(), 409, "{method} {target}");
        assert!(answer.text().contains("a proxy has no scenario"), "{}", answer.text());
    }
    assert_eq!(get(&proxy.host, "/__standin/journal").json()["entries"].as_array().unwrap().len(), 1);
    // The control interface of the server behind it is out of reach.
    assert_eq!(client::get(&server, "/__standin/journal").json()["entries"].as_array().unwrap().len(), 1);
}
