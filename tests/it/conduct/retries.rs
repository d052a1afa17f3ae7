//! Which requests count as retries: connections, times, callers, and different spellings of the same request.

use jiff::Timestamp;
use standin::basics::Arrival;
use standin::engine::{Namespaces, step};
use standin::http::{Connection, Request};

use super::{CREW, RENAME, Run, SCENARIO};

/// A connection that was open before, and on which the client has already sent requests.
const KEPT_ALIVE: Connection =
    Connection { number: 7, opened: Some(Timestamp::UNIX_EPOCH), is_first: false, in_turn: true };

#[test]
fn a_retry_at_once_is_seen_where_the_client_has_read_the_answer() {
    let fault = |error: &str| format!("faults: [{{name: f, on: {error}}}]\n");
    for (more, rule) in [
        (String::new(), "chert.repeated-refusal"),
        (fault("chert.chats.rename, error: 1007, retry_after: 3"), "chert.early-retry"),
    ] {
        let mut run = Run::new(&more);
        run.connection = KEPT_ALIVE;
        run.chert(0, "direct", CREW);
        run.chert(0, "direct", CREW);
        assert_eq!(run.broken(), [(rule, vec![vec![1, 2]])]);
    }
    let mut run = Run::new(&fault("bitrix24, error: QUERY_LIMIT_EXCEEDED"));
    run.connection = KEPT_ALIVE;
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    assert_eq!(run.broken(), [("bitrix24.limit-ignored", vec![vec![1, 2]])]);

    // On new connections one quick retry cannot be told from a simultaneous request, but a series of them can.
    let mut run = Run::new("");
    for _ in 0..22 {
        run.chert(1, "direct", CREW);
    }
    assert_eq!(run.broken(), [("chert.repeated-refusal", vec![vec![1, 21]])]);
    let mut run = Run::new(&fault("chert, error: 4001"));
    for _ in 0..42 {
        run.chert(1, "ch", CREW);
    }
    assert_eq!(run.broken(), [("chert.backoff", vec![vec![1, 21, 41]])]);
}

#[test]
fn a_pause_begins_when_the_answer_is_complete() {
    let late = |more: &str| format!("faults: [{{name: f, on: chert, when: {{call: 1}}, {more}}}]\n");
    let mut run = Run::new(&late("error: 1002, delay: 300ms"));
    run.chert(0, "ch", CREW);
    run.chert(250, "ch", CREW);
    assert_eq!(run.broken(), [], "the answer was still to come");
    let mut run = Run::new(&late("error: 1007, retry_after: 1, delay: 400ms"));
    run.chert(0, "ch", CREW);
    run.chert(1_399, "ch", CREW);
    assert_eq!(run.broken(), [("chert.early-retry", vec![vec![1, 2]])]);
    let mut run = Run::new(&late("error: 1007, retry_after: 1, wire: {slow_head: 400ms}, applied: true"));
    run.chert(0, "ch", CREW);
    run.chert(1_400, "ch", CREW);
    assert_eq!(run.broken(), []);
    // Pauses that are all the same do not look longer when an answer takes longer.
    let slower = "faults:
  - {name: f, on: chert, error: 4001}
  - {name: two, on: chert, when: {call: 2}, delay: 200ms}
  - {name: three, on: chert, when: {call: 3}, delay: 400ms}\n";
    let mut run = Run::new(slower);
    for pause in [0, 100, 300, 500] {
        run.chert(pause, "ch", CREW);
    }
    assert_eq!(run.broken(), [("chert.backoff", vec![vec![1, 2, 3], vec![1, 2, 3, 4]])]);
}

/// Whether a client breaks a rule when it sends the same request several times, each on a new connection. For each
/// request: when its connection is accepted and when it is sent, in milliseconds. Answers take 10 ms.
fn is_blamed(requests: &[(i64, i64)]) -> bool {
    let start: Timestamp = "2024-11-20T13:55:08Z".parse().unwrap();
    let mut run = Run::new("faults: [{name: f, on: chert, delay: 10ms}]\n");
    let mut before = 0;
    for (number, (opened, came)) in (0..).zip(requests) {
        let opened = Some(start + jiff::SignedDuration::from_millis(*opened));
        run.connection = Connection { number, opened, is_first: true, in_turn: true };
        run.chert(came - before, "direct", CREW);
        before = *came;
    }
    !run.broken().is_empty()
}

#[test]
fn a_request_over_a_connection_that_came_after_the_answer_is_a_retry() {
    assert!(is_blamed(&[(0, 0), (10, 10)]));
    assert!(!is_blamed(&[(0, 0), (9, 9)]), "the answer was under way");
    // The connection is accepted before the answer, but the request comes later, as after a slow TLS handshake.
    assert_eq!((is_blamed(&[(0, 0), (9, 5_009)]), is_blamed(&[(0, 0), (9, 5_010)])), (false, true));
}

#[test]
fn requests_of_a_burst_are_no_retries() {
    // The last request comes after all answers, but two equal requests before it were under way at once.
    assert!(!is_blamed(&[(0, 0), (5, 5), (15, 15)]));
    assert_eq!(
        (is_blamed(&[(0, 0), (5, 5), (114, 114)]), is_blamed(&[(0, 0), (5, 5), (115, 115)])),
        (false, true)
    );
    // Here the requests turn out to be simultaneous only later.
    assert!(!is_blamed(&[(0, 0), (10, 10), (15, 15)]));
    // A burst cannot last for ever.
    let burst = |length: i64| (0..=length).map(|number| (number * 5, number * 5)).collect::<Vec<_>>();
    assert_eq!((is_blamed(&burst(1_001)), is_blamed(&burst(1_002))), (false, true));
}

#[test]
fn a_blocked_method_is_left_alone_over_new_connections_too() {
    let limit = "clock: {virtual: \"2024-11-20T13:55:08Z\"}
rules: {bitrix24.other-edition: off}
bitrix24:
  limits: {operating: 100s}
  timing: {duration: 150s, processing: 1s}";
    let scenario = SCENARIO.replacen("bitrix24:", limit, 1);
    let broken = |after: i64| {
        let mut run = Run::of(&scenario);
        for (number, after, name) in [(0, 0, "a"), (1, 1_000, "b"), (2, after, "c")] {
            let opened = Some(run.now + jiff::SignedDuration::from_millis(after));
            run.connection = Connection { number, opened, is_first: true, in_turn: true };
            run.bitrix24(after, "imconnector.chat.name.set", &RENAME.replace("New name", name));
        }
        run.broken()
    };
    // Other calls are no retries: only a pause shows that their client knows of the refusal.
    assert_eq!((broken(99), broken(100)), (vec![], vec![("bitrix24.limit-ignored", vec![vec![2, 3]])]));
}

#[test]
fn other_requests_make_no_burst() {
    let start: Timestamp = "2024-11-20T13:55:08Z".parse().unwrap();
    let mut run = Run::new("");
    for (number, chat, after) in [(0, "direct", 0), (1, "ch", 0), (2, "direct", 1)] {
        let opened = Some(start + jiff::SignedDuration::from_millis(after));
        run.connection = Connection { number, opened, is_first: true, in_turn: true };
        run.chert(after, chat, CREW);
    }
    assert_eq!(run.broken(), [("chert.repeated-refusal", vec![vec![1, 3]])]);
}

#[test]
fn an_answer_that_nobody_waited_for_binds_nobody() {
    let namespaces = Namespaces::new(Run::new("").world);
    let now: Timestamp = "2024-11-20T13:55:08Z".parse().unwrap();
    let namespace = namespaces.open(None, None, now).unwrap();
    let send = |after: i64| {
        let mut world = namespace.world().unwrap();
        let headers = [
            ("authorization", "Bearer signing-secret"),
            ("x-chert-tenant", "acme"),
            ("content-type", "application/json"),
        ];
        let body = CREW.to_owned().into();
        let request = Request::new("PUT", "/api/v1/chats/direct", headers.into_iter().collect(), body);
        let arrival = Arrival::at(now + jiff::SignedDuration::from_millis(after));
        let planned = step(&mut world, &request, arrival);
        world.record(&request, planned, arrival);
    };
    send(0);
    namespaces.undelivered(Some(&namespace), 1);
    send(500);
    assert_eq!(namespaces.broken(), []);
    send(1_000);
    assert_eq!(namespaces.broken().len(), 1, "the second answer was read");
}

#[test]
fn commands_and_calls_are_the_same_to_a_batch() {
    let rename = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1";
    let batch = serde_json::json!({"cmd": {"a": rename, "b": rename}}).to_string();
    let mut run = Run::new("");
    run.bitrix24(0, "batch", &batch);
    assert_eq!(run.broken(), [], "of one request no command repeats another");
    let without = r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1"}"#;
    run.bitrix24(1_000, "imconnector.chat.name.set", without);
    assert_eq!(run.broken(), [("bitrix24.repeated-argument-error", vec![vec![1, 2]])]);
}

#[test]
fn other_requests_need_not_wait_for_one_that_was_refused() {
    let mut run = Run::new(
        "faults:
  - {name: f, on: chert, when: {call: 1}, error: 1007, retry_after: 3}
  - {name: g, on: bitrix24, when: {call: 1}, error: QUERY_LIMIT_EXCEEDED}
",
    );
    run.chert(0, "ch", CREW);
    run.chert(100, "direct", CREW);
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    run.bitrix24(100, "imconnector.chat.name.set", &RENAME.replace("New", "Newer"));
    run.send(0, "OPTIONS", "/rest/1/webhook-secret/imconnector.chat.name.set", &[], "");
    assert_eq!(run.broken(), []);
}

#[test]
fn what_a_call_means_counts_and_not_how_it_is_spelt() {
    let mut run = Run::new("");
    run.bitrix24(
        0,
        "imconnector.chat.name.set",
        r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1"}"#,
    );
    run.bitrix24(
        100,
        "imconnector.chat.name.set",
        r#"{"LINE": 105,"CHAT_ID":"chat-1","CONNECTOR":"connector"}"#,
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let target = "/rest/1/webhook-secret/imconnector.chat.name.set";
    run.send(100, "POST", target, &form, "CONNECTOR=connector&LINE=105&CHAT_ID=chat-1");
    run.chert(0, "direct", CREW);
    run.chert(100, "direct", r#"{ "display_name": "Crew" }"#);
    let broken = run.broken();
    assert_eq!(broken[0], ("chert.repeated-refusal", vec![vec![4, 5]]));
    assert_eq!(broken[1], ("bitrix24.repeated-argument-error", vec![vec![1, 2], vec![2, 3]]));
}

#[test]
fn callers_are_judged_apart() {
    let mut run = Run::new("");
    let without = r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1"}"#;
    for (bearer, tenant) in [("Bearer access-token", "acme"), ("Bearer other-token", "other")] {
        let headers = [("authorization", bearer), ("content-type", "application/json")];
        run.send(100, "POST", "/rest/imconnector.chat.name.set", &headers, without);
        let headers = [headers[1], ("authorization", "Bearer signing-secret"), ("x-chert-tenant", tenant)];
        run.send(100, "PUT", "/api/v1/chats/direct", &headers, CREW);
    }
    assert_eq!(run.broken(), []);
}

#[test]
fn what_the_test_has_changed_may_be_tried_again() {
    let mut run = Run::new("faults: [{name: f, on: chert, error: 2005}]\n");
    run.chert(0, "ch", CREW);
    run.world.switch_fault(0, standin::fault::Mode::Off);
    assert_eq!(run.chert(1_000, "ch", CREW), 200);
    run.chert(0, "direct", CREW);
    run.world.save("here", run.now);
    run.world.restore("here");
    run.chert(1_000, "direct", CREW);
    assert_eq!(run.broken(), []);
}
