//! The answer that waits for a delivery.

use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use standin::basics::Arrival;
use standin::emulator::Outcome;
use standin::engine::{After, DeliveryId, Form, World, step};
use standin::http::Request;

use super::{VIRTUAL, ask, call, scenario};
use crate::client::{connect, get, parse, post, received, serve};
use crate::deliver::receiver::{OK, Receiver};
use crate::direct::{Direct, body, check_described};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn to(url: &str) -> String {
    scenario(VIRTUAL, &format!("[{{id: sub-1, url: \"{url}\", secret: 0123456789abcdef}}]"), "")
}

/// Begins a replay. Returns what the answer waits for.
fn begin(world: &mut World, target: &str) -> After {
    let headers = [("authorization", "Bearer secret-of-acme")].into_iter().collect();
    let request = Request::new("POST", &format!("/api/v1{target}"), headers, b"".to_vec().into());
    let planned = step(world, &request, Arrival::at(NOW));
    let Form::After(after) = planned.form.clone() else { panic!("{:?}", planned.reply) };
    assert_eq!(after.time_limit, Duration::from_secs(10));
    world.record(&request, planned, Arrival::at(NOW));
    *after
}

fn finished(after: &After) -> (u16, Value) {
    let reply = after.answer().expect("the answer is finished");
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

fn failed(after: &After, downstream: Value) {
    let (status, told) = finished(after);
    let names: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["ok", "error", "downstream_status", "code", "message", "retryable", "trace_id"]);
    assert_eq!((status, &told["ok"], &told["code"]), (502, &json!(false), &json!(3004)), "{told}");
    assert_eq!((&told["retryable"], &told["downstream_status"]), (&json!(true), &downstream));
    let trace = after.answer().unwrap().headers.iter().find(|(name, _)| name == "x-trace-id").unwrap();
    assert_eq!(told["trace_id"], *trace.1);
    let date = after.answer().unwrap().headers.iter().find(|(name, _)| name == "date").unwrap();
    assert_eq!(*date.1, *"Sun, 24 May 2026 01:35:34 GMT", "by the scenario's clock");
}

fn delivered(world: &mut World, id: DeliveryId, outcome: Outcome) {
    assert!(world.delivered(id, outcome, Duration::ZERO, NOW));
}

#[test]
fn a_replay_tells_how_the_handler_answered() {
    for (outcome, downstream) in [
        (Outcome::Answered(200), Ok(200)),
        (Outcome::Answered(204), Ok(204)),
        (Outcome::Answered(302), Err(json!(302))),
        (Outcome::Answered(404), Err(json!(404))),
        (Outcome::Answered(503), Err(json!(503))),
        (Outcome::Failed("no connection".into()), Err(json!(null))),
        (Outcome::Blocked("not allowed".into()), Err(json!(null))),
    ] {
        let mut world = Direct::new(&to("http://127.0.0.1:9/"));
        let world = world.world();
        let after = begin(world, "/events/evt_2/replay");
        assert!(after.answer().is_none());
        assert_eq!((world.counters().exchanges, world.journal().entries().len()), (1, 0));
        // Its exchange is numbered at its arrival, and another one comes in between.
        let dispatch = world.take_due(NOW).unwrap();
        assert_eq!(dispatch.id, after.delivery);
        let event =
            |name: &str| dispatch.request.headers.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        assert_eq!(event("x-webhook-event-id"), "chert:reaction:2");
        let request = Request::new("GET", "/api/v1/whoami", Default::default(), b"".to_vec().into());
        let planned = step(world, &request, Arrival::at(NOW));
        world.record(&request, planned, Arrival::at(NOW));
        delivered(world, dispatch.id, outcome);
        match downstream {
            Ok(status) => {
                assert_eq!(finished(&after), (200, json!({"ok": true, "downstream_status": status})));
            }
            Err(status) => failed(&after, status),
        }
        let numbers: Vec<_> = world.journal().entries().map(|entry| entry.number).collect();
        assert_eq!(numbers, [1, 2]);
        let entry = world.exchange(1).unwrap();
        assert_eq!((&entry.reply, entry.note.operation), (after.answer().unwrap(), Some("events.replay")));
        assert_eq!(entry.note.error.is_some(), entry.reply.status == 502);
        check_described(world.scenario(), &entry.note, &entry.reply);
        assert!(world.take_due(NOW).is_none(), "a replay has one attempt");
    }
}

#[test]
fn a_replay_changes_the_row() {
    let mut world = Direct::new(&to("http://127.0.0.1:9/"));
    let after = begin(world.world(), "/events/evt_2/replay?subscription_id=sub-1");
    let dispatch = world.world().take_due(NOW).unwrap();
    delivered(world.world(), dispatch.id, Outcome::Answered(200));
    assert_eq!(finished(&after).0, 200);
    let row = body(&call(&mut world, "GET", "/events/evt_2", ""));
    let attempts = row["delivery"]["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &attempts[1]["subscription_id"]), (2, &json!("sub-1")));
    let known = body(&call(&mut world, "GET", "/webhook-subscriptions/sub-1", ""));
    assert_eq!(known["subscription"]["last_success_at"], "2026-05-24T01:35:34Z");
}

#[test]
fn a_replay_without_a_destination_is_refused() {
    for (subscriptions, target, expected) in [
        ("[]", "/events/evt_4/replay", (400, 1002)),
        ("[{id: inbox, url: \"https://dev-inbox\"}]", "/events/evt_3/replay", (400, 1002)),
        (
            "[{id: inbox, url: \"https://dev-inbox\"}]",
            "/events/evt_3/replay?subscription_id=inbox",
            (400, 1002),
        ),
        ("[{id: off, url: \"https://a.example/\", active: false}]", "/events/evt_4/replay", (400, 1002)),
        (
            "[{id: off, url: \"https://a.example/\", active: false}]",
            "/events/evt_4/replay?subscription_id=off",
            (400, 1002),
        ),
        (
            "[{id: s, url: \"https://a.example/\", events: [reaction.added]}]",
            "/events/evt_4/replay",
            (400, 1002),
        ),
        ("[{id: s, url: \"https://a.example/\"}]", "/events/evt_4/replay?subscription_id=t", (404, 2011)),
        ("[{id: s, url: \"https://a.example/\"}]", "/events/evt_9/replay", (404, 2011)),
        ("[{id: s, url: \"https://a.example/\"}]", "/events/evt_77/replay", (404, 2011)),
    ] {
        let mut world = Direct::new(&scenario(VIRTUAL, subscriptions, ""));
        let reply = call(&mut world, "POST", target, "");
        let code = body(&reply)["error"]["code"].clone();
        assert_eq!((reply.status, code), (expected.0, json!(expected.1)), "{subscriptions} {target}");
        assert!(world.world().take_due(NOW).is_none());
    }
}

#[test]
fn whatever_ends_the_state_finishes_the_answer() {
    type End = (&'static str, fn(&mut World));
    let ends: [End; 4] = [
        ("set back to its start", |world| world.reset(NOW)),
        ("set back to its start", |world| world.replace(std::sync::Arc::clone(world.scenario()), NOW)),
        ("a snapshot was restored", |world| assert!(world.restore("s", NOW))),
        ("nobody waits", |world| {
            let id = DeliveryId { epoch: world.epoch(), number: 1 };
            world.give_up(id, "nobody waits", NOW);
        }),
    ];
    for (why, end) in ends {
        for is_sent in [false, true] {
            let mut world = Direct::new(&to("http://127.0.0.1:9/"));
            let world = world.world();
            world.save("s", NOW);
            let after = begin(world, "/events/evt_2/replay");
            let dispatch = is_sent.then(|| world.take_due(NOW).unwrap());
            let before = world.totals().exchanges;
            end(world);
            failed(&after, json!(null));
            assert_eq!(world.totals().exchanges, before);
            assert_eq!(world.journal().entries().len() as u64 + world.evicted(), before);
            let told = world.journal().entries().next();
            assert!(told.is_none_or(|entry| entry.note.remarks.iter().any(|remark| remark.contains(why))));
            // A result that comes late changes nothing.
            if let Some(dispatch) = dispatch {
                world.delivered(dispatch.id, Outcome::Answered(200), Duration::ZERO, NOW);
            }
            failed(&after, json!(null));
            assert_eq!(world.totals().exchanges, before);
        }
    }
}

#[test]
fn too_many_waiting_answers_end_the_oldest() {
    let mut world = Direct::new(&scenario(VIRTUAL, "[{id: s, name: app}]", ""));
    let first = begin(world.world(), "/events/evt_2/replay");
    for _ in 0..999 {
        begin(world.world(), "/events/evt_2/replay");
    }
    assert!(first.answer().is_none());
    let last = begin(world.world(), "/events/evt_2/replay");
    failed(&first, json!(null));
    assert!(last.answer().is_none());
}

#[test]
fn faults_strike_a_replay_as_they_strike_any_call() {
    for (fault, is_sent, status) in [
        ("error: 3004", false, 502),
        ("error: 3004, applied: true", true, 502),
        ("error: 4001", false, 0),
        ("reply: {status: 504, body: gone}", false, 504),
        ("reply: {status: 504, body: gone}, applied: true", true, 504),
    ] {
        let yaml =
            to("http://127.0.0.1:9/") + &format!("faults: [{{name: f, on: chert.events.replay, {fault}}}]");
        if status == 0 {
            assert!(standin::Scenario::parse("s", &yaml).is_err(), "{fault}");
            continue;
        }
        let mut world = Direct::new(&yaml);
        let reply = call(&mut world, "POST", "/events/evt_2/replay", "");
        assert_eq!(reply.status, status, "{fault}");
        if status == 502 {
            assert_eq!((&body(&reply)["ok"], &body(&reply)["code"]), (&json!(false), &json!(3004)));
        }
        assert_eq!(world.world().take_due(NOW).is_some(), is_sent, "{fault}");
    }
}

#[test]
fn a_replay_waits_for_its_handler_and_holds_up_nobody() {
    let receiver = Receiver::new();
    let server = serve(&to(&receiver.url("/hooks")));
    thread::scope(|scope| {
        let asked = scope.spawn(|| ask(&server, "POST", "/events/evt_2/replay", ""));
        let mut caller = receiver.accept();
        let event = caller.request().unwrap();
        assert!(event.head.contains("X-Webhook-Event-Id: chert:reaction:2"), "{}", event.head);
        // The world is not locked meanwhile.
        assert_eq!(ask(&server, "GET", "/whoami", "").status(), 200);
        caller.send(OK);
        let answer = asked.join().unwrap();
        assert_eq!((answer.status(), answer.text()), (200, r#"{"ok":true,"downstream_status":200}"#));
    });
    let journal = get(&server, "/__standin/journal").json();
    let numbers: Vec<_> =
        journal["entries"].as_array().unwrap().iter().map(|known| known["number"].clone()).collect();
    assert_eq!(numbers, [1, 2], "{journal}");
}

#[test]
fn a_reset_answers_a_replay_at_once() {
    let receiver = Receiver::new();
    let server = serve(&to(&receiver.url("/hooks")));
    thread::scope(|scope| {
        let asked = scope.spawn(|| ask(&server, "POST", "/events/evt_2/replay", ""));
        let mut caller = receiver.accept();
        caller.request().unwrap();
        assert_eq!(post(&server, "/__standin/reset", "").status(), 200);
        let answer = asked.join().unwrap();
        assert_eq!((answer.status(), &answer.json()["code"]), (502, &json!(3004)));
        assert!(caller.request().is_none(), "the request to the handler is aborted");
    });
}

#[test]
fn the_end_of_a_namespace_answers_a_replay_at_once() {
    let receiver = Receiver::new();
    let server = serve(&to(&receiver.url("/hooks")));
    assert_eq!(post(&server, "/__standin/namespaces", r#"{"name": "n"}"#).status(), 201);
    thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let headers = [("authorization", "Bearer secret-of-acme-n")];
            crate::client::send(&server, "POST", "/api/v1/events/evt_2/replay", &headers, b"")
        });
        receiver.accept().request().unwrap();
        crate::client::send(&server, "DELETE", "/__standin/namespaces/n", &[], b"");
        let answer = asked.join().unwrap();
        assert_eq!((answer.status(), &answer.json()["code"]), (502, &json!(3004)));
    });
    let metrics = get(&server, "/__standin/metrics");
    assert!(metrics.text().contains("standin_exchanges_total"), "{}", metrics.text());
}

#[test]
fn a_stop_answers_a_replay_at_once() {
    use std::io::Write;
    let receiver = Receiver::new();
    let server = serve(&to(&receiver.url("/hooks")));
    let mut stream = connect(&server);
    let head = "POST /api/v1/events/evt_2/replay HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer secret-of-acme\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut caller = receiver.accept();
    caller.request().unwrap();
    drop(server);
    let (bytes, _) = received(stream);
    let answer = parse(&bytes);
    assert_eq!(answer.status(), 502, "{}", answer.head);
}

#[test]
fn a_test_takes_the_replay_for_a_handler_without_a_url() {
    let server = serve(&scenario(VIRTUAL, "[{id: s, name: app}]", ""));
    thread::scope(|scope| {
        let asked = scope.spawn(|| ask(&server, "POST", "/events/evt_2/replay", ""));
        let taken = loop {
            let taken = post(&server, "/__standin/outbox/e1/take", "");
            if taken.status() == 200 {
                break taken.json();
            }
        };
        assert_eq!(taken["headers"]["x-webhook-event"], "reaction.added");
        post(&server, "/__standin/outbox/e1/answer", r#"{"status": 410}"#);
        let answer = asked.join().unwrap();
        assert_eq!((answer.status(), &answer.json()["downstream_status"]), (502, &json!(410)));
    });
}
