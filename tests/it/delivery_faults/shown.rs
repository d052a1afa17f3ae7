//! What the control interface tells of faults on deliveries, over real sockets.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use standin::Server;

use crate::client::{get, post, serve};
use crate::deliver::receiver::{OK, Receiver};

const FAULTS: &str = "
  - {name: makes one up, on: bitrix24.events, deliver: forged, when: {call: 1}}
  - {name: loses one, on: bitrix24.OnImConnectorMessageAdd, deliver: lost, when: {call: 2}}
  - {name: never, on: bitrix24.events, delay: 1h, match: {CHAT_ID: two}}
  - {name: drawn, on: bitrix24.events, delay: 1ms, when: {probability: 1}}";

fn write(server: &Server, text: &str) -> Value {
    let with = json!({"connector": "myconnector", "line": 107, "chat": "one", "text": text, "operator": 27});
    let order = json!({"do": "bitrix24.operator.write", "with": with});
    post(server, "/__standin/actions", &order.to_string()).json()
}

/// The outbox as soon as nothing waits.
fn ended(server: &Server) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let found = get(server, "/__standin/outbox").json();
        if found["counts"]["waiting"] == 0 && found["counts"]["sending"] == 0 {
            return found["deliveries"].as_array().unwrap().clone();
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{found:#}");
        std::thread::yield_now();
    }
}

#[test]
fn outbox_journal_explanations_and_metrics_say_what_was_done() {
    let receiver = Receiver::new();
    let yaml = super::scenario("real", FAULTS).replace("http://127.0.0.1:9/a", &receiver.url("/a"));
    let server = serve(&yaml);
    assert_eq!(
        write(&server, "first")["events"],
        json!(["e2"]),
        "only what the service raises is an event of it"
    );
    let mut caller = receiver.accept();
    let forged = caller.request().unwrap();
    caller.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
    let genuine = caller.request().unwrap();
    caller.send(OK);
    assert_eq!(write(&server, "second")["events"], json!(["e3"]));
    write(&server, "third");
    assert_eq!(caller.request().unwrap().text(), "third");
    caller.send(OK);
    let deliveries = ended(&server);
    let told: Vec<_> =
        deliveries.iter().map(|one| json!([one["id"], one["nature"], one["beside"], one["state"]])).collect();
    assert_eq!(
        told,
        [
            json!(["e1", "forged", "e2", "failed"]),
            json!(["e2", "genuine", null, "delivered"]),
            json!(["e3", "genuine", null, "delivered"]),
            json!(["e4", "genuine", null, "delivered"]),
        ]
    );
    let faults = |place: usize| deliveries[place]["faults"].as_array().unwrap().clone();
    assert_eq!(faults(0).len(), 1);
    assert_eq!(
        (&faults(0)[0]["fault"], &faults(0)[0]["deliver"]),
        (&json!("makes one up"), &json!("forged"))
    );
    let lost = faults(2).into_iter().find(|one| one["fault"] == "loses one").unwrap();
    assert_eq!((&lost["deliver"], &lost["call"], &lost["fired"]), (&json!("lost"), &json!(2), &json!(true)));
    let drawn = faults(1).into_iter().find(|one| one["fault"] == "drawn").unwrap();
    assert!(drawn["draw"].is_f64() && drawn["delay_us"] == 1_000, "{drawn}");
    assert_eq!(deliveries[2]["attempts"].as_array().unwrap().len(), 1);

    let journal = get(&server, "/__standin/journal?direction=out").json();
    let of =
        |id: &str| journal["entries"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone();
    assert_eq!((&of("e1")["nature"], &of("e1")["status"]), (&json!("forged"), &json!(403)));
    assert_eq!((&of("e3")["request"], &of("e3")["faults"][1]["fault"]), (&json!(null), &json!("loses one")));

    let explain = |id: &str| get(&server, &format!("/__standin/outbox/{id}/explain")).text().to_owned();
    for (id, expected) in [
        ("e1", "e2 is the genuine one"),
        ("e1", "which is right, and no more attempt comes"),
        ("e1", "`makes one up` fired on its delivery 1 and decided its fate: `deliver: forged`"),
        ("e2", "`loses one` did not fire on its delivery 1: `call: 2` covers call 2 only"),
        ("e2", "its draw 0."),
        ("e2", "it delayed it by 1ms"),
        ("e2", "`never` was not asked: its `match` wants `CHAT_ID` to be `two`, but the event has `one`"),
        ("e3", "it was not sent: it is lost"),
        ("e4", "it is not expected to fire again"),
    ] {
        assert!(explain(id).contains(expected), "{id} {expected}:\n{}", explain(id));
    }
    let counters = get(&server, "/__standin/faults").json();
    let count = |place: usize| {
        let fault = &counters["faults"][place];
        json!([fault["name"], fault["calls"], fault["fired"], fault["next_call"]])
    };
    assert_eq!(count(0), json!(["makes one up", 3, 1, null]));
    assert_eq!(count(2), json!(["never", 0, 0, 1]));
    assert_eq!(count(3), json!(["drawn", 3, 3, 4]));
    let metrics = get(&server, "/__standin/metrics").text().to_owned();
    assert!(metrics.contains("standin_faults_fired_total{fault=\"loses one\"} 1"), "{metrics}");

    // The right tokens are hidden, and the wrong ones are no hint at them.
    let all = format!("{deliveries:?}{journal}{}", explain("e1"));
    for name in ["auth[application_token]", "auth[access_token]"] {
        assert!(!all.contains(&genuine.parameter(name)), "{name}");
        assert!(all.contains(&forged.parameter(name)) || forged.parameter(name).is_empty(), "{name}");
    }
}

#[test]
fn a_fault_on_events_is_added_and_refused_while_the_server_runs() {
    let receiver = Receiver::new();
    let yaml = super::scenario("real", "  []").replace("http://127.0.0.1:9/a", &receiver.url("/a"));
    let server = serve(&yaml);
    let add = |fault: &str| {
        let answer = post(&server, "/__standin/faults", fault);
        (answer.status(), answer.text().to_owned())
    };
    for (fault, expected) in [
        ("{name: a, on: bitrix24.events, deliver: stale}", "Bitrix24 has no `deliver: stale`"),
        ("{name: a, on: chert.events, deliver: expired_token}", "Chert has no `deliver: expired_token`"),
        ("{name: a, on: chert.message.received, error: 4001}", "`error` is for calls"),
        ("{name: a, on: chert.chats.rename, deliver: lost}", "`deliver: lost` is for events"),
        ("{name: a, on: chert.mesage.received, deliver: lost}", "did you mean `chert.message.received`?"),
        ("{name: a, on: chert.events, deliver: {times: 1000}}", "100"),
    ] {
        let (status, text) = add(fault);
        assert!(status == 422 && text.contains(expected), "{fault}: {status} {text}");
    }
    let (status, text) = add("{name: a, on: bitrix24.ONIMCONNECTORMESSAGEADD, deliver: twice}");
    assert_eq!(status, 201, "{text}");
    write(&server, "Hello");
    let mut caller = receiver.accept();
    for _ in 0..2 {
        assert_eq!(caller.request().unwrap().text(), "Hello");
        caller.send(OK);
    }
    let natures: Vec<_> = ended(&server).iter().map(|one| one["nature"].clone()).collect();
    assert_eq!(natures, [json!("genuine"), json!("repeat")]);
}
