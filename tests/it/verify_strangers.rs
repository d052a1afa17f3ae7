//! `standin verify` at servers that are no standin: they drift, echo, break off, limit calls, or never answer.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use standin::contract::verify::{Credentials, Outcome, Report, Session, Wish};
use standin::serve::{Asking, verify};

use crate::drift::{DRIFTS, Drifting};
use crate::verify::{CHERT, STUCK, asking, made, usual, wish, without_left, writing};

/// The names of the checks that differ, each with the places.
fn differing(report: &Report) -> BTreeSet<(String, String)> {
    let places = |checked: &standin::contract::verify::Checked| {
        let name = checked.name.clone();
        checked.differences.iter().map(|known| (name.clone(), known.at.clone())).collect::<Vec<_>>()
    };
    report.checks.iter().flat_map(places).collect()
}

#[test]
fn each_drift_is_found_and_nothing_else() {
    assert_eq!(DRIFTS.len(), 25);
    for (number, drift) in (1..).zip(DRIFTS) {
        let (scenario, wish) = usual(drift.service);
        let server = Drifting::start(&scenario, &[number]);
        let report = made(wish, server.port());
        let expected: BTreeSet<_> =
            drift.finds.iter().map(|(name, at)| ((*name).to_owned(), (*at).to_owned())).collect();
        assert_eq!(differing(&report), expected, "{number}: {}\n{}", drift.what, report.text());
    }
}

#[test]
fn all_drifts_at_once_are_found_and_nothing_else() {
    let all: Vec<_> = (1..=DRIFTS.len()).collect();
    for service in ["chert", "bitrix24"] {
        let (scenario, wish) = usual(service);
        let server = Drifting::start(&scenario, &all);
        let report = made(wish, server.port());
        let of_service = DRIFTS.iter().filter(|drift| drift.service == service);
        let expected: BTreeSet<_> = of_service
            .flat_map(|drift| drift.finds)
            .map(|(name, at)| ((*name).to_owned(), (*at).to_owned()))
            .collect();
        assert_eq!(differing(&report), expected, "{}", report.text());
    }
}

#[test]
fn a_server_that_echoes_everything_learns_no_secret_for_a_report() {
    for service in ["chert", "bitrix24"] {
        let (scenario, wish) = usual(service);
        let server = Drifting::with(&scenario, |asked, answer| {
            let head: String =
                asked.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
            let text =
                format!("{} {}\n{head}\n{}", asked.verb, asked.target, String::from_utf8_lossy(&asked.body));
            answer.headers.push(("x-echo".to_owned(), asked.target.clone()));
            answer.headers.retain(|(name, _)| name != "content-type");
            answer.headers.push(("content-type".to_owned(), format!("echo/{}", asked.target)));
            // The long text puts a secret where messages are cut off.
            let padding = "x".repeat(asked.body.len() % 120);
            let echoed = serde_json::json!({padding.as_str(): text, text.as_str(): 1, "error": text});
            answer.body =
                if asked.body.len() % 2 == 0 { echoed.to_string().into_bytes() } else { text.into_bytes() };
        });
        let report = made(writing(wish), server.port());
        assert!(report.count(Outcome::Differs) > 100);
        for text in [report.text(), report.json().to_string(), report.junit()] {
            for part in ["secret-of", "token-of", "refresh-of", "v1,1"] {
                assert!(!text.contains(part), "{part}: {text}");
            }
        }
    }
}

/// A server that does this with every connection.
fn server(each: impl Fn(std::net::TcpStream) + Send + 'static) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(each));
    port
}

/// The answers of a server that does this with all connections after the first one, which it answers well.
fn spoilt(first: usize, each: impl Fn(std::net::TcpStream) + Send + 'static) -> u16 {
    let scenario = standin::Server::from_text(CHERT).unwrap();
    let count = std::cell::Cell::new(0);
    server(move |mut stream| {
        count.set(count.get() + 1);
        if count.get() > first {
            return each(stream);
        }
        let Some(asked) = crate::drift::read(&mut stream) else { return };
        let mut head = format!("{} {} HTTP/1.1\r\n", asked.verb, asked.target);
        asked.headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        let answer = crate::client::raw(&scenario, &[head.as_bytes(), b"\r\n", &asked.body].concat());
        let _ = std::io::Write::write_all(&mut stream, &answer);
    })
}

#[test]
fn a_server_without_answers_ends_with_a_report() {
    use std::io::Write;

    let kept = std::sync::Mutex::new(Vec::new());
    let silent = spoilt(2, move |stream| kept.lock().unwrap().push(stream));
    let resetting = spoilt(2, |stream| {
        // Closing with something unread resets the connection.
        drop(stream);
    });
    let early = spoilt(2, |mut stream| {
        let _ = crate::drift::read(&mut stream);
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{");
    });
    let nonsense = spoilt(2, |mut stream| {
        let _ = crate::drift::read(&mut stream);
        let _ = stream.write_all(b"220 mail.example.com ESMTP\r\n");
    });
    let endless = spoilt(2, |mut stream| {
        let _ = crate::drift::read(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
    });
    for (port, limit, why) in [
        (silent, Duration::from_millis(20), "no whole answer within"),
        (resetting, STUCK, "the server"),
        (early, STUCK, "cut off"),
        (nonsense, STUCK, "not HTTP"),
        (endless, STUCK, "larger than 4 MiB"),
    ] {
        let mut session = Session::new(wish("chert", &[]), Timestamp::now()).unwrap();
        verify(&mut session, Asking { time_limit: limit, ..asking(port) }).unwrap();
        let report = session.report();
        let told: Vec<_> =
            report.checks.iter().filter(|checked| checked.result == Outcome::Differs).collect();
        assert_eq!(told.len(), 3, "{}", report.text());
        assert!(told.iter().all(|checked| checked.differences[0].at == "answer"), "{told:?}");
        assert!(told.iter().all(|checked| checked.differences[0].actual.contains(why)), "{told:?}");
        assert!(report.stopped.is_some_and(|why| why.contains("no answer 3 times")));
    }
}

#[test]
fn a_server_of_pages_is_asked_once_and_one_that_becomes_so_differs_in_every_check() {
    fn answer(mut stream: std::net::TcpStream) {
        let _ = crate::drift::read(&mut stream);
        let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
        let page = crate::drift::Answer { status: 200, headers, body: b"<!doctype html><p>Hello".to_vec() };
        let _ = crate::drift::write(&mut stream, &page);
    }
    let port = server(answer);
    for service in ["chert", "bitrix24"] {
        let report = made(wish(service, &[]), port);
        assert_eq!(report.checks.len(), report.count(Outcome::NotTried), "{}", report.text());
        assert!(report.stopped.as_ref().is_some_and(|why| why.ends_with("status 200, and no JSON")));
    }
    let report = made(wish("chert", &[]), spoilt(1, answer));
    assert_eq!(report.count(Outcome::Holds), 0, "{}", report.text());
    assert!(report.count(Outcome::Differs) > 150);
}

#[test]
fn a_refused_credential_is_told_and_no_difference() {
    let of_chert = |tenant: &str, secret: &str| Credentials::Chert {
        tenant: tenant.to_owned(),
        secret: secret.to_owned(),
    };
    let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
    let of_bitrix24 = |webhook: &str, token: &str, client: &str| Credentials::Bitrix24 {
        webhook: pair("1", webhook),
        token: Some(token.to_owned()),
        client: pair("the-client", client),
    };
    let (secret, webhook, token, client) =
        match (usual("chert").1.credentials, usual("bitrix24").1.credentials) {
            (
                Credentials::Chert { secret, .. },
                Credentials::Bitrix24 { webhook: Some(webhook), token: Some(token), client: Some(client) },
            ) => (secret, webhook.1, token, client.1),
            _ => panic!("the usual wishes have all credentials"),
        };
    for (service, credentials, variables, code) in [
        ("chert", of_chert("acme", "mistaken-secret"), "`CHERT_TENANT` and `CHERT_SIGNING_SECRET`", "`2004`"),
        (
            "chert",
            of_chert("mistaken-tenant", &secret),
            "`CHERT_TENANT` and `CHERT_SIGNING_SECRET`",
            "`2001`",
        ),
        (
            "bitrix24",
            of_bitrix24("mistaken", &token, &client),
            "`BITRIX24_WEBHOOK_URL`",
            "`INVALID_CREDENTIALS`",
        ),
        ("bitrix24", of_bitrix24(&webhook, "mistaken", &client), "`BITRIX24_ACCESS_TOKEN`", "status 401"),
        (
            "bitrix24",
            of_bitrix24(&webhook, &token, "mistaken"),
            "`BITRIX24_CLIENT_ID` and `BITRIX24_CLIENT_SECRET`",
            "`invalid_client`",
        ),
    ] {
        let (scenario, wish) = usual(service);
        let server = Drifting::start(&scenario, &[]);
        let report = made(writing(Wish { credentials, ..wish }), server.port());
        assert_eq!(report.checks.len(), report.count(Outcome::NotTried), "{variables}: {}", report.text());
        let why = report.stopped.clone().unwrap_or_default();
        assert!(why.starts_with(&format!("the server refuses {variables}: ")) && why.contains(code), "{why}");
        assert!(!report.text().contains("mistaken"), "{}", report.text());
    }
}

#[test]
fn clocks_that_are_apart_are_told() {
    let server = Drifting::with(CHERT, |_, answer| {
        answer.status = 401;
        answer.body = br#"{"error":{"code":2013}}"#.to_vec();
        answer.headers.push(("date".to_owned(), "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()));
    });
    let why = made(wish("chert", &[]), server.port()).stopped.unwrap();
    assert!(why.contains("status 401, `2013`; the clocks of the server and of this machine are"), "{why}");
}

#[test]
fn what_never_answers_cannot_be_asked() {
    let port = server(drop);
    let mut session = Session::new(wish("chert", &[]), Timestamp::now()).unwrap();
    let error = verify(&mut session, asking(port)).unwrap_err();
    assert!(error.to_string().contains("the server"), "{error}");
}

#[test]
fn a_limit_ends_the_checks_and_all_is_put_back() {
    for (service, call, status, header, body) in [
        ("chert", "PUT /api/v1/chats/ch_01H", 429, "", "{}"),
        ("chert", "PUT /api/v1/chats/ch_01H", 503, "retry-after", "{}"),
        ("bitrix24", "POST /rest/imconnector.set.error", 503, "", r#"{"error":"QUERY_LIMIT_EXCEEDED"}"#),
        ("bitrix24", "POST /rest/imconnector.set.error", 401, "", r#"{"error":"OVERLOAD_LIMIT"}"#),
    ] {
        let (scenario, wish) = usual(service);
        let is_limited = std::sync::atomic::AtomicBool::default();
        let server = Drifting::with(&scenario, move |asked, answer| {
            // The change is made before the limit strikes; the next calls are answered well.
            let is_first = answer.status == 200 || service == "bitrix24";
            let is_own = String::from_utf8_lossy(&asked.body).contains("standin_verify_");
            if format!("{} {}", asked.verb, asked.path) == call
                && (is_own || service == "chert")
                && is_first
                && !is_limited.swap(true, std::sync::atomic::Ordering::SeqCst)
            {
                answer.status = status;
                answer.body = body.as_bytes().to_vec();
                answer
                    .headers
                    .extend(Some((header.to_owned(), "5".to_owned())).filter(|(name, _)| !name.is_empty()));
            }
        });
        let before = without_left(server.state());
        let report = made(writing(wish), server.port());
        assert!(report.stopped.as_ref().is_some_and(|why| why.contains("limits calls")), "{}", report.text());
        assert_eq!(report.count(Outcome::Differs), 0, "{}", report.text());
        if service == "bitrix24" {
            assert_eq!(without_left(server.state()), before);
        }
        let after = report.checks.iter().filter(|checked| checked.why.contains("limits calls")).count();
        assert!(after > 5, "{after}");
    }
}

#[test]
fn what_is_not_made_is_not_changed_either() {
    let later = std::sync::Arc::<std::sync::atomic::AtomicUsize>::default();
    let counted = std::sync::Arc::clone(&later);
    let (scenario, wish) = usual("bitrix24");
    let server = Drifting::with(&scenario, move |asked, answer| {
        let is_own = String::from_utf8_lossy(&asked.body).contains("standin_verify_");
        if is_own && asked.path == "/rest/imconnector.register" {
            answer.status = 403;
            answer.body = br#"{"error":"ACCESS_DENIED","error_description":"Access denied!"}"#.to_vec();
        } else if is_own {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    });
    let report = made(writing(wish), server.port());
    assert_eq!(later.load(std::sync::atomic::Ordering::SeqCst), 0, "{}", report.text());
    let needs = report.checks.iter().filter(|checked| checked.why == "needs `imconnector.register: success`");
    assert_eq!(needs.count(), 6);
}
