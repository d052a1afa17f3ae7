//! Events that a test takes and answers itself, or does not answer.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use standin::emulator::Outcome;
use standin::engine::World;
use standin::{Scenario, Server};

use super::{STUCK, outbox, scenario, write};
use crate::client::{get, post, serve};

const HANDLER: &str = "[{event: OnImConnectorMessageAdd, name: app}]";

fn ask(server: &Server, path: &str, body: &str) -> (u16, Value) {
    let answer = post(server, &format!("/__standin/{path}"), body);
    (answer.status(), answer.json())
}

fn delivery(server: &Server, id: &str) -> Value {
    get(server, &format!("/__standin/outbox/{id}")).json()
}

#[test]
fn what_is_not_answered_in_time_has_failed_and_the_next_one_comes() {
    let server = serve(&scenario(HANDLER, ""));
    ["one", "two"].iter().for_each(|text| drop(write(&server, text)));
    assert_eq!(ask(&server, "outbox/e1/take", "").0, 200);
    let explained = get(&server, "/__standin/outbox/e1/explain").text().to_owned();
    assert!(explained.contains("a test has taken it, and has until 2026-03-17T15:52:46Z"), "{explained}");
    assert_eq!(ask(&server, "clock", r#"{"advance": "4999ms"}"#).0, 200);
    assert_eq!(delivery(&server, "e1")["state"], "sending", "there is time left");
    let (_, clock) = ask(&server, "clock", r#"{"advance": "next"}"#);
    assert_eq!(clock["now"], "2026-03-17T15:52:46Z");
    let late = delivery(&server, "e1");
    let attempts = json!([{
        "at": "2026-03-17T15:52:41Z", "status": null, "error": "taken and not answered within 5s", "duration_ms": 0.0,
    }]);
    assert_eq!((&late["state"], &late["attempts"]), (&json!("failed"), &attempts));
    let explained = get(&server, "/__standin/outbox/e1/explain").text().to_owned();
    assert!(explained.contains("reports the status of its handler with `/answer`, in time"), "{explained}");
    let (status, mistake) = ask(&server, "outbox/e1/answer", r#"{"status": 200}"#);
    assert_eq!(
        (status, &mistake["standin"]),
        (409, &json!("the answer to `e1` comes too late: taken and not answered within 5s"))
    );
    for (id, order) in [("e2", "take"), ("e2", "answer"), ("e1", "send"), ("e1", "take"), ("e1", "answer")] {
        assert_eq!(
            ask(&server, &format!("outbox/{id}/{order}"), r#"{"status": 200}"#).0,
            200,
            "{id} {order}"
        );
    }
    assert_eq!(
        (&delivery(&server, "e1")["state"], &delivery(&server, "e2")["state"]),
        (&json!("delivered"), &json!("delivered"))
    );
    // Nothing is due any more.
    assert_eq!(ask(&server, "clock", r#"{"advance": "next"}"#).1["now"], "2026-03-17T15:52:46Z");
    let (status, mistake) = ask(&server, "outbox/e1/answer", r#"{"status": 200}"#);
    assert_eq!((status, &mistake["standin"]), (409, &json!("no attempt of `e1` is under way")));
}

#[test]
fn the_real_clock_ends_the_time_by_itself() {
    let yaml = scenario(HANDLER, "events: {time_limit: 50ms}").replace("clock: ", "# clock: ");
    let server = serve(&yaml);
    write(&server, "one");
    assert_eq!(ask(&server, "outbox/e1/take", "").0, 200);
    let found = outbox(&server, |outbox| outbox["counts"]["failed"] == 1);
    let attempt = &found["deliveries"][0]["attempts"][0];
    assert_eq!(
        (&attempt["error"], &attempt["duration_ms"]),
        (&json!("taken and not answered within 50ms"), &json!(50.0))
    );
}

#[test]
fn an_expectation_counts_an_event_once_and_looks_at_its_last_attempt() {
    let expect = "expect: [{name: taken, on: bitrix24.OnImConnectorMessageAdd, calls: {exactly: 1}, answered: {within: 1s}}]\n";
    let server = serve(&format!("{}{expect}", scenario(HANDLER, "")));
    let order = |order: &str, body: &str| {
        let (status, answer) = ask(&server, &format!("outbox/e1/{order}"), body);
        assert_eq!(status, 200, "{order}: {answer}");
    };
    let unmet = |part: &str| {
        let report = server.verify().unwrap_err().to_string();
        assert!(report.contains(part), "{report}");
    };
    write(&server, "one");
    unmet("0 events were sent");
    post(&server, "/__standin/snapshots/unsent", "");
    order("take", "");
    unmet("1 event was sent, 1 not answered yet");
    ask(&server, "clock", r#"{"advance": "next"}"#);
    unmet("1 event was sent, e1 was not answered: taken and not answered within 5s");
    order("send", "");
    order("take", "");
    unmet("1 event was sent, 1 not answered yet");
    order("answer", r#"{"status": 500}"#);
    unmet("1 event was sent, e1 was answered 500");
    order("send", "");
    order("take", "");
    order("answer", r#"{"status": 200}"#);
    server.verify().unwrap();
    // The handler gets the same event once more.
    post(&server, "/__standin/snapshots/unsent/restore", "");
    order("take", "");
    unmet("1 event was sent, 1 not answered yet");
    order("answer", r#"{"status": 200}"#);
    server.verify().unwrap();
    // Another event counts.
    write(&server, "two");
    ask(&server, "outbox/e2/take", "");
    unmet("2 events were sent, 1 not answered yet");
    server.reset();
    write(&server, "one");
    order("take", "");
    order("answer", r#"{"status": 200}"#);
}

#[test]
fn nobody_waits_for_a_test_and_a_snapshot_forgets_that_it_took_anything() {
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    let handler = r#"[{event: OnImConnectorMessageAdd, url: "http://127.0.0.1:9/h"}]"#;
    let scenario = Scenario::parse("test", &scenario(handler, "")).unwrap();
    let mut world = World::new(Arc::new(scenario), 1, NOW);
    let with = json!({"connector": "myconnector", "line": 107, "chat": "channel-123", "text": "x"});
    for _ in 0..2 {
        world.act("bitrix24.operator.write", with.as_object().unwrap(), NOW).unwrap();
    }
    let taken = world.take(1, NOW).unwrap();
    assert!(world.is_idle(NOW), "only the test knows when it answers");
    world.save("taken", NOW);
    world.move_clock(|now| now + STUCK);
    world.settle(NOW);
    assert!(!world.delivered(taken.id, Outcome::Answered(200), STUCK, NOW), "it is too late");
    assert_eq!(world.take_due(NOW).unwrap().id.number, 2);
    assert!(!world.is_idle(NOW), "the server is sending");
    world.restore("taken", NOW);
    assert_eq!(world.take_due(NOW).unwrap().id.number, 1, "it waits again");
    assert!(world.take_due(NOW).is_none());
    assert_eq!(world.next_due(), None, "no time of a test runs");
    let taken = world.take(2, NOW).unwrap();
    world.reset(NOW);
    assert_eq!(world.next_due(), None);
    assert!(!world.delivered(taken.id, Outcome::Answered(200), STUCK, NOW));
}
