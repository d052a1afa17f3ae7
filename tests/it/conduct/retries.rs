//! Which requests count as retries: connections, times, callers, and different spellings of the same request.

use jiff::Timestamp;
use standin::basics::Arrival;
use standin::emulator::conduct::Severity;
use standin::engine::{Namespaces, step};
use standin::http::{Connection, Request};

use super::{CREW, KEPT_ALIVE, RENAME, Run, SCENARIO};

fn fault(of: &str) -> String {
    format!("faults: [{{name: f, on: {of}}}]\n")
}

/// A connection for the request with this number alone.
fn fresh(number: u64) -> Connection {
    Connection { number, in_turn: true }
}

#[test]
fn the_next_request_of_a_connection_is_sent_after_reading_the_answer() {
    for (more, rule) in [
        (String::new(), "chert.repeated-refusal"),
        (fault("chert.chats.rename, error: 1007, retry_after: 3"), "chert.early-retry"),
    ] {
        let mut run = Run::new(&more);
        run.connection = KEPT_ALIVE;
        run.chert(0, "direct", CREW);
        run.chert(0, "direct", CREW);
        assert_eq!(run.errors(), [(rule, vec![vec![1, 2]])]);
    }
    let mut run = Run::new(&fault("bitrix24, error: QUERY_LIMIT_EXCEEDED, retry_after: 1"));
    run.connection = KEPT_ALIVE;
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    assert_eq!(run.errors(), [("bitrix24.limit-ignored", vec![vec![1, 2]])]);
}

#[test]
fn any_other_request_may_come_from_another_thread() {
    // A connection for each request, a request of a client that pipelines, a stream of HTTP/2.
    let pipelined = Connection { in_turn: false, ..KEPT_ALIVE };
    for [first, second] in [[fresh(1), fresh(2)], [KEPT_ALIVE, pipelined], [pipelined, pipelined]] {
        for pause in [0, 1_000, 60_000] {
            let mut run = Run::new("");
            run.connection = first;
            run.chert(0, "direct", CREW);
            run.connection = second;
            run.chert(pause, "direct", CREW);
            assert_eq!(run.breaches(Severity::Warn), [("chert.repeated-refusal", vec![vec![1, 2]])]);
            assert_eq!(run.errors(), [], "{pause}");
            let told = match first.number == second.number {
                true => "and came again; it is not certain that the client had read that answer",
                false => "and came again; the client has opened several connections, so it is not certain",
            };
            assert!(run.words().contains(told), "{}", run.words());
        }
    }
}

#[test]
fn a_rule_that_a_scenario_makes_an_error_still_only_warns_of_what_is_uncertain() {
    let more = "rules: {chert.backoff: error, bitrix24.other-edition: off}\nfaults: [{name: f, on: chert, error: 4001}]\n";
    let mut run = Run::new(more);
    for number in 0..3 {
        run.connection = fresh(number);
        run.chert(100, "ch", CREW);
    }
    assert_eq!(run.breaches(Severity::Warn), [("chert.backoff", vec![vec![1, 2, 3]])]);
    assert_eq!(run.errors(), []);
    let mut run = Run::new(more);
    run.connection = KEPT_ALIVE;
    for _ in 0..3 {
        run.chert(100, "ch", CREW);
    }
    assert_eq!(run.errors(), [("chert.backoff", vec![vec![1, 2, 3]])]);
}

#[test]
fn threads_that_share_a_pool_of_connections_are_not_accused() {
    let mut run = Run::new("");
    let pool = |number| Connection { number, in_turn: true };
    // The second thread takes the first connection, on which the first thread was refused.
    for connection in [pool(1), pool(2), pool(1), pool(2)] {
        run.connection = connection;
        run.chert(100, "direct", CREW);
    }
    assert_eq!(run.errors(), []);
    assert!(!run.breaches(Severity::Warn).is_empty());
    // Faults that change begin a new test, with a client of its own.
    run.world.remove_faults();
    run.connection = pool(3);
    run.chert(100, "direct", CREW);
    run.chert(100, "direct", CREW);
    assert_eq!(run.errors().len(), 1, "{}", run.words());
}

#[test]
fn a_pause_begins_when_the_answer_is_complete() {
    let late = |more: &str| format!("faults: [{{name: f, on: chert, when: {{call: 1}}, {more}}}]\n");
    let mut run = Run::new(&late("error: 1002, delay: 300ms"));
    run.chert(0, "ch", CREW);
    run.chert(250, "ch", CREW);
    assert_eq!(run.broken(), [], "the answer was still to come");
    for (pause, broken) in [(1_299, vec![("chert.early-retry", vec![vec![1, 2]])]), (1_300, vec![])] {
        let mut run = Run::new(&late("error: 1007, retry_after: 1, delay: 400ms"));
        run.chert(0, "ch", CREW);
        run.chert(pause, "ch", CREW);
        assert_eq!(run.broken(), broken, "{pause}");
    }
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

#[test]
fn a_blocked_method_is_left_alone() {
    let limit = "clock: {virtual: \"2024-11-20T13:55:08Z\"}
rules: {bitrix24.other-edition: off}
bitrix24:
  limits: {operating: 100s}
  timing: {duration: 150s, processing: 1s}";
    let scenario = SCENARIO.replacen("bitrix24:", limit, 1);
    let errors = |connection: fn(u64) -> Connection, after: i64| {
        let mut run = Run::of(&scenario);
        for (number, after, name) in [(0, 0, "a"), (1, 1_000, "b"), (2, after, "c")] {
            run.connection = connection(number);
            run.bitrix24(after, "imconnector.chat.name.set", &RENAME.replace("New name", name));
        }
        assert_eq!(run.broken(), run.errors());
        run.errors()
    };
    let broken = vec![("bitrix24.limit-ignored", vec![vec![2, 3]])];
    assert_eq!(errors(|_| KEPT_ALIVE, 0), broken);
    // Another thread makes other calls in good faith.
    assert_eq!((errors(fresh, 0), errors(fresh, 60_000)), (vec![], vec![]));
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
    assert_eq!(namespaces.broken(now), []);
    send(1_000);
    assert_eq!(namespaces.broken(now).len(), 1, "the second answer was read");
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
    run.world.restore("here", Timestamp::UNIX_EPOCH);
    run.chert(1_000, "direct", CREW);
    assert_eq!(run.broken(), []);
}
