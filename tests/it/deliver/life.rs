//! What ends deliveries: resets, restored snapshots, dropped namespaces; and what answers wait for.

use std::sync::{Arc, mpsc};

use jiff::Timestamp;
use serde_json::json;
use standin::Scenario;
use standin::basics::Arrival;
use standin::emulator::Outcome;
use standin::engine::{World, step};
use standin::http::Request;

use super::receiver::{OK, Receiver};
use super::{OFF, STUCK, act, ended, outbox, results, scenario, switch_off, write};
use crate::client::{get, post, send, serve};

/// A scenario whose operators' messages go to this URL. A request under way ends only if something ends it.
fn patient(url: &str) -> String {
    let handlers = format!("[{{event: OnImConnectorMessageAdd, url: \"{url}\"}}]");
    scenario(&handlers, "events: {time_limit: 1h}")
}

#[test]
fn a_reset_ends_what_is_under_way_and_waits_for_no_one() {
    let receiver = Receiver::new();
    let server = serve(&patient(&receiver.url("/h")));
    let over = [
        ("POST", "/__standin/reset", String::new()),
        ("POST", "/__standin/scenario", patient(&receiver.url("/h"))),
    ];
    for (number, (method, path, body)) in (1..).zip(&over) {
        ["one", "two"].iter().for_each(|text| drop(write(&server, text)));
        let mut caller = receiver.accept();
        assert_eq!(caller.request().unwrap().text(), "one");
        // It is answered while the handler still holds its event.
        assert_eq!(send(&server, method, path, &[], body.as_bytes()).status(), 200);
        assert!(caller.request().is_none(), "the request is given up");
        let found = get(&server, "/__standin/outbox").json();
        assert_eq!(found["deliveries"], json!([]));
        let counts = &found["counts"];
        let sum = (&counts["entered"], &counts["abandoned"], &counts["sending"]);
        assert_eq!(sum, (&json!(2 * number), &json!(2 * number), &json!(0)));
    }
    assert_eq!(write(&server, "again")["events"], json!(["e1"]), "numbers begin again");
    let mut caller = receiver.accept();
    assert_eq!(caller.request().unwrap().text(), "again");
    caller.send(OK);
    assert_eq!(ended(&server)["counts"]["delivered"], 1);
    server.reset();
    assert_eq!(get(&server, "/__standin/outbox").json()["counts"]["entered"], 5);
}

#[test]
fn a_restored_snapshot_sends_again_what_had_not_ended() {
    let receiver = Receiver::new();
    let server = serve(&patient(&receiver.url("/h")));
    ["one", "two"].iter().for_each(|text| drop(write(&server, text)));
    let mut first = receiver.accept();
    let sent = first.request().unwrap();
    assert_eq!(post(&server, "/__standin/snapshots/s", "").status(), 201);
    first.send(OK);
    assert_eq!(first.request().unwrap().text(), "two");
    assert_eq!(post(&server, "/__standin/snapshots/s/restore", "").status(), 200);
    assert!(first.request().is_none(), "the request is given up");
    let mut second = receiver.accept();
    assert_eq!(second.request().unwrap().body, sent.body, "the same request under the same clock");
    second.send(OK);
    assert_eq!(second.request().unwrap().text(), "two");
    second.send(OK);
    let found = ended(&server);
    assert_eq!(results(&found).len(), 2);
    let counts = &found["counts"];
    assert_eq!(
        (&counts["entered"], &counts["delivered"], &counts["abandoned"]),
        (&json!(4), &json!(3), &json!(1))
    );
    assert_eq!(write(&server, "three")["events"], json!(["e3"]), "numbers go on");
}

#[test]
fn a_dropped_namespace_sends_nothing_more() {
    let receiver = Receiver::new();
    let server = serve(&patient(&receiver.url("/h")));
    assert_eq!(post(&server, "/__standin/namespaces", r#"{"name": "n1"}"#).status(), 201);
    let control = "/__standin/namespaces/n1";
    ["one", "two"].iter().for_each(|text| drop(act(&server, control, text)));
    let mut caller = receiver.accept();
    let event = caller.request().unwrap();
    assert_eq!(event.text(), "one");
    // The token of the event leads to the namespace.
    let token = event.parameter("auth[access_token]");
    assert_eq!(post(&server, &format!("/rest/server.time?auth={token}"), "").status(), 200);
    assert_eq!(get(&server, &format!("{control}/journal")).json()["entries"].as_array().unwrap().len(), 1);
    assert_eq!(send(&server, "DELETE", control, &[], b"").status(), 200);
    assert!(caller.request().is_none(), "the request is given up");
    write(&server, "main");
    assert_eq!(receiver.accept().request().unwrap().text(), "main", "the second one never comes");
    let metrics = get(&server, "/__standin/metrics");
    let line =
        r#"standin_deliveries_total{service="bitrix24",event="OnImConnectorMessageAdd",state="abandoned"} 2"#;
    assert!(metrics.text().contains(line), "{}", metrics.text());
}

/// A world in which switching the connector off raises an event.
fn world(more: &str, faults: &str) -> World {
    let handlers = r#"[{event: OnImConnectorStatusDelete, url: "http://127.0.0.1:9/h"}]"#;
    let yaml = format!("{}faults: {faults}\n", scenario(handlers, more));
    let scenario = Scenario::parse("test", &yaml).unwrap_or_else(|report| panic!("{report}"));
    World::new(Arc::new(scenario), 1, Timestamp::UNIX_EPOCH)
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn call(world: &mut World) {
    call_with(world, "/rest/imconnector.activate?auth=access-token-1", OFF);
}

fn call_with(world: &mut World, target: &str, body: &'static str) {
    let headers = [("content-type", "application/json")].into_iter().collect();
    let request = Request::new("POST", target, headers, body.into());
    let planned = step(world, &request, Arrival::at(NOW));
    world.record(&request, planned, Arrival::at(NOW));
}

#[test]
fn the_tokens_of_an_event_do_not_depend_on_when_other_events_are_sent() {
    let handlers = "[{event: OnImConnectorStatusDelete, name: a}, {event: OnAppTest, name: b}]";
    let scenario =
        Scenario::parse("test", &scenario(handlers, "")).unwrap_or_else(|report| panic!("{report}"));
    let scenario = Arc::new(scenario);
    let bodies = |order: [u64; 2]| {
        let mut world = World::new(Arc::clone(&scenario), 1, NOW);
        call(&mut world);
        call_with(&mut world, "/rest/event.test?auth=access-token-1", "{}");
        let mut sent =
            order.map(|number| (number, world.take(number, NOW).unwrap().request.body.to_string()));
        sent.sort();
        sent
    };
    let [(_, off), (_, test)] = bodies([1, 2]);
    assert_eq!(bodies([2, 1]), [(1, off.clone()), (2, test.clone())]);
    let token = |body: &str| {
        let mut pairs = form_urlencoded::parse(body.as_bytes());
        pairs.find(|(name, _)| name == "auth[access_token]").map(|(_, value)| value.into_owned())
    };
    assert!(token(&off).is_some() && token(&off) != token(&test));
}

#[test]
fn what_an_event_carries_does_not_depend_on_how_long_it_waits_for_another() {
    let handlers = r#"[{event: OnAppTest, url: "http://127.0.0.1:9/h"}]"#;
    let scenario =
        Scenario::parse("test", &scenario(handlers, "")).unwrap_or_else(|report| panic!("{report}"));
    let scenario = Arc::new(scenario);
    let second = |is_quick: bool| {
        let mut world = World::new(Arc::clone(&scenario), 1, NOW);
        for body in ["{}", r#"{"a": 1}"#] {
            call_with(&mut world, "/rest/event.test?auth=access-token-1", body);
        }
        let first = world.take_due(NOW).unwrap();
        let answer = |world: &mut World| {
            assert!(world.delivered(first.id, Outcome::Answered(200), STUCK, NOW));
            world.take_due(NOW).unwrap().request
        };
        let early = is_quick.then(|| answer(&mut world));
        world.move_clock(|now| now + jiff::SignedDuration::from_secs(10));
        early.unwrap_or_else(|| answer(&mut world))
    };
    assert_eq!(second(true), second(false));
}

#[test]
fn another_attempt_has_tokens_of_its_own() {
    let handlers = "[{event: OnAppTest, name: app}]";
    let scenario =
        Scenario::parse("test", &scenario(handlers, "")).unwrap_or_else(|report| panic!("{report}"));
    let mut world = World::new(Arc::new(scenario), 1, NOW);
    call_with(&mut world, "/rest/event.test?auth=access-token-1", "{}");
    let first = world.take(1, NOW).unwrap();
    assert!(world.delivered(first.id, Outcome::Answered(500), STUCK, NOW));
    assert!(world.send_again(1, NOW));
    let second = world.take(1, NOW).unwrap();
    assert_ne!(first.request.issued, second.request.issued);
    assert_eq!((first.issued.len(), second.issued.len()), (2, 2));
}

#[test]
fn an_attempt_bears_the_instant_at_which_it_began() {
    let later = NOW + jiff::SignedDuration::from_secs(1);
    for (clock, second) in [("# clock: ", later), ("clock: ", "2026-03-17T15:52:41.02Z".parse().unwrap())] {
        let handlers = r#"[{event: OnAppTest, url: "http://127.0.0.1:9/h"}]"#;
        let yaml = scenario(handlers, "").replace("clock: ", clock);
        let scenario = Scenario::parse("test", &yaml).unwrap_or_else(|report| panic!("{report}"));
        let mut world = World::new(Arc::new(scenario), 1, NOW);
        call_with(&mut world, "/rest/event.test?auth=access-token-1", "{}");
        call_with(&mut world, "/rest/event.test?auth=access-token-1", "{\"a\": 1}");
        let first = world.take_due(NOW).unwrap();
        assert!(world.take_due(NOW).is_none(), "the second one waits for it");
        assert!(world.delivered(first.id, Outcome::Answered(200), STUCK, later));
        assert_eq!(world.take_due(later).unwrap().id.number, 2);
        assert_eq!(world.outbox().get(2).unwrap().attempts[0].at, second, "{clock}");
    }
}

#[test]
fn a_late_result_changes_nothing() {
    let mut world = world("", "[]");
    call(&mut world);
    let sent = world.take_due(NOW).unwrap();
    world.reset(NOW);
    call(&mut world);
    let again = world.take_due(NOW).unwrap();
    assert_eq!(sent.id.number, again.id.number);
    assert!(!world.delivered(sent.id, Outcome::Answered(500), STUCK, NOW));
    assert!(world.is_sending(again.id.number));
    assert!(world.delivered(again.id, Outcome::Answered(200), STUCK, NOW));
    assert!(!world.delivered(again.id, Outcome::Answered(500), STUCK, NOW), "it counts once");
    assert_eq!((world.outbox_counts().delivered, world.outbox_counts().abandoned), (1, 1));
}

#[test]
fn the_events_of_each_namespace_have_an_application_token_of_their_own() {
    let server = serve(&scenario("[{event: OnImConnectorMessageAdd, name: app}]", ""));
    let take = |control: &str| {
        act(&server, control, "Hello");
        let taken = post(&server, &format!("{control}/outbox/e1/take"), "").json();
        let pairs: Vec<_> = form_urlencoded::parse(taken["body"].as_str().unwrap().as_bytes()).collect();
        let token = pairs.iter().find(|(name, _)| name == "auth[application_token]");
        token.unwrap().1.clone().into_owned()
    };
    assert_eq!(take("/__standin"), "application-token-1");
    let made = post(&server, "/__standin/namespaces", r#"{"name": "other"}"#).json();
    let token = take("/__standin/namespaces/other");
    assert_eq!(token, "application-token-1-other");
    assert_eq!(made["environment"]["BITRIX24_APPLICATION_TOKEN"], *token);
    let shown = get(&server, "/__standin/namespaces/other/outbox");
    assert!(!shown.text().contains("application-token-1"), "{}", shown.text());
}

#[test]
fn a_delivery_that_waits_for_its_turn_is_told_as_one_that_waits() {
    let mut world = world("", "[]");
    call(&mut world);
    let sent = world.take_due(NOW).unwrap();
    let state =
        |world: &World| (world.outbox().get(1).map(|entry| entry.state.name()), world.outbox().unfinished());
    assert_eq!(state(&world), (Some("sending"), (0, 1)));
    assert!(!world.has_turn(sent.id), "it waits for none");
    assert!(world.wait_for_turn(sent.id));
    assert_eq!(state(&world), (Some("waiting"), (1, 0)));
    assert!(!world.is_idle(NOW), "it leaves by itself");
    assert!(world.take_due(NOW).is_none() && world.take(1, NOW).is_none() && !world.send_again(1, NOW));
    world.save("queued", NOW);
    assert!(world.has_turn(sent.id));
    assert_eq!(state(&world), (Some("sending"), (0, 1)));
    assert!(world.delivered(sent.id, Outcome::Answered(200), STUCK, NOW));
    assert_eq!(state(&world), (Some("delivered"), (0, 0)));
    assert!(world.restore("queued", NOW));
    assert!(!world.wait_for_turn(sent.id) && !world.has_turn(sent.id), "it is of an older epoch");
    assert_eq!(state(&world), (Some("waiting"), (1, 0)));
    assert_eq!(world.take_due(NOW).unwrap().id.number, 1);
}

#[test]
fn whoever_waits_for_an_instant_learns_that_an_exchange_has_reached_it() {
    let mut world = world(
        "",
        "[{name: late, on: bitrix24.imconnector.activate, when: {call: 1}, reply: {status: 502}, applied: {later: 5ms}}]",
    );
    call(&mut world);
    let due = world.alarm(NOW).expect("the change is due in 5 ms");
    assert!(world.take_due(NOW).is_none());
    world.forget_alarm();
    assert_eq!(world.alarm(NOW), None, "the instant is known");
    // This exchange takes 10 ms, and the next one makes the change.
    call(&mut world);
    assert!(world.clock().now(NOW) > due);
    assert!(world.alarm(NOW).is_some(), "nobody watches the clock, so it must be told");
    assert!(world.take_due(NOW).is_some());
}

#[test]
fn an_answer_waits_for_its_events_if_the_scenario_wants_it() {
    let receiver = Receiver::new();
    let handlers = format!("[{{event: OnImConnectorStatusDelete, url: \"{}\"}}]", receiver.url("/h"));
    for clock in [true, false] {
        let yaml = scenario(&handlers, "events: {before_answer: true}");
        let yaml = if clock { yaml } else { yaml.replace("clock: ", "# clock: ") };
        let server = serve(&yaml);
        let (answered, answer) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| answered.send(switch_off(&server)).unwrap());
            let mut caller = receiver.accept();
            let event = caller.request().unwrap();
            assert_eq!(answer.try_recv(), Err(mpsc::TryRecvError::Empty));
            // The handler calls back before it answers.
            let token = event.parameter("auth[access_token]");
            let back = post(&server, &format!("/rest/server.time?auth={token}"), "");
            assert_eq!(back.status(), 200);
            assert_eq!(get(&server, "/__standin/journal").json()["entries"].as_array().unwrap().len(), 2);
            assert_eq!(answer.try_recv(), Err(mpsc::TryRecvError::Empty));
            caller.send(OK);
            assert_eq!(answer.recv_timeout(STUCK), Ok(200));
        });
        assert_eq!(ended(&server)["counts"]["delivered"], 1);
    }
}

#[test]
fn an_answer_waits_for_a_handler_that_is_slow_no_longer_than_for_its_event() {
    let receiver = Receiver::new();
    let handlers = format!("[{{event: OnImConnectorStatusDelete, url: \"{}\"}}]", receiver.url("/h"));
    let server = serve(&scenario(&handlers, "events: {before_answer: true, time_limit: 50ms}"));
    assert_eq!(switch_off(&server), 200);
    assert_eq!(ended(&server)["counts"]["failed"], 1);
    // A reset ends the wait too, and so does a handler that nobody has bound.
    let server = serve(&scenario(&handlers, "events: {before_answer: true, time_limit: 1h}"));
    std::thread::scope(|scope| {
        let called = scope.spawn(|| switch_off(&server));
        outbox(&server, |outbox| outbox["counts"]["sending"] == 1);
        server.reset();
        assert_eq!(called.join().unwrap(), 200);
    });
    let handlers = "[{event: OnImConnectorStatusDelete, name: app}]";
    let server = serve(&scenario(handlers, "events: {before_answer: true, time_limit: 1h}"));
    assert_eq!(switch_off(&server), 200);
}

#[test]
fn whoever_moves_the_clock_step_by_step_learns_that_nothing_is_due() {
    let with = "{connector: myconnector, line: 107, chat: channel-123, text: one}";
    let actions = format!("actions: [{{do: bitrix24.operator.write, with: {with}, at: 10s}}]\n");
    let server = serve(&(scenario("[{event: OnImConnectorMessageAdd, name: app}]", "") + &actions));
    let step = || {
        let answer = post(&server, "/__standin/clock", r#"{"advance": "next"}"#).json();
        (answer["was_due"].clone(), answer["now"].clone())
    };
    assert_eq!(step(), (json!(true), json!("2026-03-17T15:52:51Z")));
    assert_eq!(step(), (json!(false), json!("2026-03-17T15:52:51Z")));
    assert!(post(&server, "/__standin/clock", r#"{"advance": "1s"}"#).json().get("was_due").is_none());
}

#[test]
fn the_clock_moves_past_what_is_due_already() {
    let with = "{connector: myconnector, line: 107, chat: channel-123, text: one}";
    let actions = format!("actions: [{{do: bitrix24.operator.write, with: {with}, at: 10s}}]\n");
    let yaml = scenario(r#"[{event: OnAppTest, url: "http://127.0.0.1:9/h"}]"#, "") + &actions;
    let scenario = Scenario::parse("test", &yaml).unwrap_or_else(|report| panic!("{report}"));
    let mut world = World::new(Arc::new(scenario), 1, NOW);
    let action = "2026-03-17T15:52:51Z".parse().unwrap();
    assert_eq!(world.next_instant(NOW), Some(action));
    call_with(&mut world, "/rest/event.test?auth=access-token-1", "{}");
    assert_eq!(world.next_instant(NOW), Some(action), "whether the event has left or not");
    world.take_due(NOW).unwrap();
    assert_eq!(world.next_instant(NOW), Some(action));
    world.move_clock(|_| action);
    assert_eq!(world.next_instant(NOW), None);
}
