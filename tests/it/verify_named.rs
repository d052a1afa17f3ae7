//! `standin verify` with whatever the user may name, twice at once, and at servers that lose answers: no right server is accused, and
//! what may be left is named.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use standin::Server;
use standin::contract::verify::{Checked, Ended, Outcome, Report, Response, Session, Wish};

use crate::drift::Drifting;
use crate::verify::{made, portal, usual, wish, without_left, writing};

/// What all checks lead to at a server where nothing differs.
fn holding(server: &Server, wish: Wish) -> Report {
    let port = server.url().rsplit(':').next().unwrap().parse().unwrap();
    let report = made(wish, port);
    assert_eq!(report.count(Outcome::Differs), 0, "{}", report.text());
    report
}

fn whys<'a>(report: &'a Report, part: &str) -> Vec<&'a Checked> {
    report.checks.iter().filter(|checked| checked.why.contains(part)).collect()
}

#[test]
fn a_chat_of_any_make_is_no_difference() {
    let mut chats =
        vec!["{id: inactive, group: true, line: pl_2, participants: [\"+14155551230\"]}".to_owned()];
    for (id, group, more) in [
        ("empty", true, "line: pl_1"),
        ("lonely", true, "line: pl_1, participants: [\"+14155551231\"]"),
        ("two", true, "line: pl_1, participants: [\"+14155551231\", \"+14155551232\"]"),
        ("lineless", true, "display_name: Launch"),
        ("keyless", true, "line: pl_1, chat_key: false"),
        ("left", true, "line: pl_1, left: true, participants: [\"+14155551231\"]"),
        ("left-keyless", true, "chat_key: false, left: true"),
        ("direct", false, "line: pl_1, participants: [\"+14155551233\"]"),
        ("direct-empty", false, "line: pl_1"),
        ("direct-keyless", false, "chat_key: false, participants: [\"+14155551234\"]"),
        ("direct-lineless", false, "messages: [{id: msg_9, text: Hello!}]"),
    ] {
        chats.push(format!("{{id: {id}, group: {group}, {more}}}"));
    }
    let scenario = format!(
        "
standin: 1
name: verified
seed: 1
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-the-tenant
      lines: [{{id: pl_1, phone_number: \"+15555550100\"}}, {{id: pl_2, phone_number: \"+15555550101\", active: false}}]
      chats: [{}]
",
        chats.join(", ")
    );
    let server = Server::from_text(&scenario).unwrap();
    for chat in &chats {
        let id = chat["{id: ".len()..].split(',').next().unwrap();
        let only = vec!["the named chat".to_owned(), "chats.".to_owned()];
        let slots = [("chat", id), ("chat_name", "Launch")];
        holding(&server, Wish { only, ..writing(wish("chert", &slots)) });
    }
}

#[test]
fn a_mistyped_chat_accuses_nobody() {
    let (scenario, _) = usual("chert");
    for (chat, is_writing) in [
        ("nope", true),
        ("nope", false),
        ("../../x", false),
        ("ch_01H?x=1", true),
        ("ch 01", false),
        ("ch_01H\u{1b}[31m", false),
        ("{user}", false),
    ] {
        let server = Server::from_text(&scenario).unwrap();
        let before = without_left(server.state());
        let only = vec!["chats.".to_owned()];
        let wish = Wish { only, ..wish("chert", &[("chat", chat), ("chat_name", "Launch")]) };
        let report = holding(&server, if is_writing { writing(wish) } else { wish });
        let why = format!("the server knows no chat `{}`", chat.replace('\u{1b}', "\\u{1b}"));
        let denied = whys(&report, &why);
        assert!(denied.len() >= 2, "{}", report.text());
        assert!(denied.iter().all(|checked| checked.why.contains("answered `2002`")), "{denied:?}");
        assert_eq!(without_left(server.state()), before);
    }
    let server = Server::from_text(&scenario).unwrap();
    let only = vec!["chats.messages.list: success*".to_owned()];
    let report = holding(&server, Wish { only, ..wish("chert", &[("chat", "nope")]) });
    assert_eq!(whys(&report, "the server knows no chat `nope`").len(), 1, "{}", report.text());
}

#[test]
fn mistyped_names_of_bitrix24_accuse_nobody_and_change_nothing() {
    let nowhere = "the server knows no connector `nope`";
    let asleep = "the connector `groups` is not active on the line 106";
    let absent = "the server knows no such chat as `nope` with an open session";
    for edition in ["documented", "live"] {
        let of_stranger = match edition {
            "live" => "the server knows no user `stranger` of the connector",
            _ => "the server knows no such chat as `chat-2` with an open session",
        };
        for (connector, line, chat, user, why) in [
            ("nope", "105", "chat-1", None, nowhere),
            ("nope", "105", "chat-1", Some("visitor"), nowhere),
            ("groups", "106", "chat-1", None, asleep),
            ("groups", "999", "chat-1", None, "the connector `groups` is not active on the line 999"),
            ("groups", "105", "nope", None, absent),
            ("single", "105", "nope", Some("visitor"), absent),
            ("single", "105", "chat-2", Some("stranger"), of_stranger),
            ("groups", "00105", "chat-1", None, "the call comes to `CHAT_RENAMING_FAILED`"),
        ] {
            for name in [Some("Old name"), None] {
                let server = Server::from_text(&portal(edition, "wire")).unwrap();
                let before = server.state();
                let mut slots = vec![("connector", connector), ("line", line), ("chat", chat)];
                slots.extend(name.map(|name| ("chat_name", name)));
                slots.extend(user.map(|user| ("user", user)));
                let report = holding(&server, writing(wish("bitrix24", &slots)));
                let is_told = name.is_some() || !(why.contains("no such chat") || why.contains("comes to"));
                assert_eq!(!whys(&report, why).is_empty(), is_told, "{slots:?}: {}", report.text());
                assert_eq!(server.state(), before, "{edition}: {slots:?}");
            }
        }
    }
}

#[test]
fn what_a_check_has_shown_is_not_denied_later() {
    let (scenario, wish) = usual("chert");
    let server = Drifting::with(&scenario, |asked, answer| {
        if asked.path == "/api/v1/chats/ch_01H/mark-read" {
            answer.status = 404;
            answer.body = br#"{"success":false,"error":{"code":2002}}"#.to_vec();
        }
    });
    let report = made(writing(wish), server.port());
    let differ: Vec<_> = report.checks.iter().filter(|checked| checked.result == Outcome::Differs).collect();
    assert!(differ.len() == 1 && differ[0].name.starts_with("chats.mark_read: success"), "{}", report.text());
}

#[test]
fn two_runs_at_once_are_in_nobodys_way() {
    for service in ["chert", "bitrix24"] {
        let server = Server::from_text(&usual(service).0).unwrap();
        let before = without_left(server.state());
        std::thread::scope(|scope| {
            let runs = [(); 3].map(|()| {
                // Only one run writes to the chat, so that the chat of the others is not renamed meanwhile.
                scope.spawn(|| holding(&server, writing(wish(service, &[]))))
            });
            holding(&server, writing(usual(service).1));
            runs.into_iter().for_each(|run| drop(run.join().unwrap()));
        });
        assert_eq!(without_left(server.state()), before);
    }
}

#[test]
fn runs_of_the_same_second_have_names_of_their_own() {
    let asked = |now: Timestamp| {
        let mut session = Session::new(writing(usual("bitrix24").1), now).unwrap();
        let mut asked = String::new();
        while let Some(prepared) = session.next(now) {
            asked.push_str(&String::from_utf8_lossy(&prepared.body));
            let body = br#"{"result":true}"#.to_vec();
            session.took(Ended::Answered(Response { status: 200, headers: Vec::new(), body }));
        }
        let ids = asked.split("standin_verify_").skip(1);
        let ids: std::collections::BTreeSet<_> =
            ids.map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        assert!(asked.contains(&format!("https://standin.invalid/verify-{}", ids.first().unwrap())));
        ids.into_iter().next().unwrap()
    };
    let first: Timestamp = "2026-11-29T08:00:00.000000001Z".parse().unwrap();
    let second: Timestamp = "2026-11-29T08:00:00.000000002Z".parse().unwrap();
    assert_ne!(asked(first), asked(second));
}

/// A server that loses its answer to this call from the `first` time up to the `last` one, after it has obeyed.
fn losing(service: &str, call: &'static str, part: &'static str, times: std::ops::Range<usize>) -> Drifting {
    let count = Arc::new(AtomicUsize::new(0));
    Drifting::with(&usual(service).0, move |asked, answer| {
        let is_call = format!("{} {}", asked.verb, asked.path) == call
            && String::from_utf8_lossy(&asked.body).contains(part)
            && answer.status == 200;
        if is_call && times.contains(&count.fetch_add(1, Ordering::SeqCst)) {
            let stream = asked.stream.as_ref().unwrap();
            stream.shutdown(std::net::Shutdown::Both).unwrap();
        }
    })
}

#[test]
fn what_a_lost_answer_may_leave_is_named() {
    let server = losing("chert", "POST /api/v1/webhook-subscriptions", "https://dev-inbox", 0..1);
    let report = made(writing(usual("chert").1), server.port());
    let named = |part: &str| report.left_behind.iter().any(|left| left.contains(part));
    assert!(named("https://dev-inbox"), "{:?}", report.left_behind);
    assert!(named("`GET /api/v1/webhook-subscriptions` shows"), "{:?}", report.left_behind);

    let server = losing("chert", "POST /api/v1/attachments", "standin.txt", 0..1);
    let report = made(writing(usual("chert").1), server.port());
    let named = |left: &String| {
        left.contains("`standin.txt`") && left.contains("if the call without an answer was obeyed")
    };
    assert!(report.left_behind.iter().any(named), "{:?}", report.left_behind);
}

#[test]
fn what_puts_something_back_is_sent_once_more() {
    let call = ("PUT /api/v1/chats/ch_01H", r#""Launch""#);
    let server = losing("chert", call.0, call.1, 0..1);
    let before = without_left(server.state());
    let report = made(writing(usual("chert").1), server.port());
    assert_eq!(without_left(server.state()), before);
    let named = |left: &String| left.contains("chats.rename");
    assert!(!report.left_behind.iter().any(named), "{:?}", report.left_behind);

    let server = losing("chert", call.0, call.1, 0..9);
    let report = made(writing(usual("chert").1), server.port());
    let named = |left: &String| left.contains("`chats.rename: success`") && left.contains("was obeyed");
    assert!(report.left_behind.iter().any(named), "{:?}", report.left_behind);

    // The second unbinding finds nothing to unbind, or is refused: the report does not claim that the first one failed.
    let call = "POST /rest/imconnector.chat.name.set";
    let server = losing("bitrix24", call, "Old name", 0..1);
    let before = server.state();
    let report = made(writing(usual("bitrix24").1), server.port());
    assert_eq!(server.state(), before);
    let named = |left: &String| left.contains("chat.name.set");
    assert!(!report.left_behind.iter().any(named), "{:?}", report.left_behind);
}
