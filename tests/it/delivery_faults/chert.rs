//! Chert's signatures under faults, and what its event log believes.

use serde_json::{Value, json};
use standin::emulator::Nature;

use super::{arrive, world, write};
use crate::direct::{Direct, body};

const SECRET: &str = "secret-of-sub-a";

fn seconds(arrived: &super::Arrived) -> i64 {
    arrived.headers["x-webhook-timestamp"].parse().unwrap()
}

#[test]
fn each_signature_is_what_it_says() {
    for (deliver, nature, is_signed, age) in [
        ("forged", Nature::Forged, false, 0),
        ("tampered", Nature::Tampered, false, 0),
        ("stale", Nature::Stale, true, 600),
    ] {
        let mut world = world(&format!("  - {{name: f, on: chert.message.received, deliver: {deliver}}}"));
        write(&mut world, "chert", "one", "Hello");
        let arrived = arrive(&mut world, 200);
        let (made, genuine) = (&arrived[0], &arrived[1]);
        assert_eq!((made.nature, arrived.len()), (nature, 2));
        assert!(genuine.is_signed(SECRET), "{deliver}");
        assert_eq!(made.is_signed(SECRET), is_signed, "{deliver}");
        assert_eq!(seconds(genuine) - seconds(made), age, "{deliver}");
        let hex = made.headers["x-chert-signature"].rsplit(',').next().unwrap();
        let stamp = format!("t={},v1={hex}", seconds(made));
        assert_eq!(made.headers["x-webhook-signature"], stamp, "{deliver}");
        // Its IDs are its own and agree with each other.
        let told: Value = serde_json::from_str(&made.body).unwrap();
        let id = made.headers["x-webhook-event-id"].clone();
        assert_eq!(told["event_id"], json!(id));
        assert_ne!(id, genuine.headers["x-webhook-event-id"]);
        assert_eq!(told["data"]["chat"]["id"], "one");
        assert!(!made.body.contains(SECRET) && !format!("{:?}", made.headers).contains(SECRET));
    }
}

#[test]
fn a_tampered_body_was_right_before_it_was_changed() {
    let mut world = world("  - {name: f, on: chert.events, deliver: tampered}");
    write(&mut world, "chert", "one", "Hello");
    let with = json!({"chat": "one", "reaction": "love", "message": "last"});
    let _ =
        world.world().act("chert.recipient.react", with.as_object().unwrap(), jiff::Timestamp::UNIX_EPOCH);
    for made in arrive(&mut world, 200).iter_mut().filter(|one| one.nature == Nature::Tampered) {
        let secret =
            if made.headers["x-webhook-event"] == "reaction.added" { "secret-of-sub-b" } else { SECRET };
        assert!(!made.is_signed(secret));
        made.body = made.body.replacen("-changed", "", 1);
        assert!(made.is_signed(secret), "{}", made.body);
    }
}

/// What the event log says of its newest event.
fn logged(world: &mut Direct) -> Value {
    let headers = [("authorization", "Bearer secret-of-acme")];
    let events = body(&world.exchange("GET", "/api/v1/events?limit=1", &headers, b"").0);
    events["events"][0].clone()
}

#[test]
fn the_log_knows_only_what_the_service_knows() {
    // It believes that a lost one was accepted.
    let mut lost = world("  - {name: f, on: chert.events, deliver: lost}");
    write(&mut lost, "chert", "one", "Hello");
    assert!(arrive(&mut lost, 500).is_empty());
    let delivery = logged(&mut lost)["delivery"].clone();
    assert_eq!((&delivery["status"], &delivery["attempts"][0]["status"]), (&json!("delivered"), &json!(200)));
    // It knows nothing of those that somebody else has sent, and of repeats.
    for deliver in ["forged", "tampered", "stale", "twice"] {
        let mut made = world(&format!("  - {{name: f, on: chert.events, deliver: {deliver}}}"));
        write(&mut made, "chert", "one", "Hello");
        assert_eq!(arrive(&mut made, 200).len(), 2);
        let event = logged(&mut made);
        assert_eq!(event["delivery"]["attempts"].as_array().unwrap().len(), 1, "{deliver}: {event}");
        let headers = [("authorization", "Bearer secret-of-acme")];
        let all = body(&made.exchange("GET", "/api/v1/events", &headers, b"").0);
        assert_eq!(all["events"].as_array().unwrap().len(), 1, "{deliver}");
    }
}

#[test]
fn a_genuine_delivery_is_still_retried_and_a_made_one_never() {
    let mut world = world("  - {name: f, on: chert.events, deliver: forged}");
    write(&mut world, "chert", "one", "Hello");
    let mut natures: Vec<_> = arrive(&mut world, 503).iter().map(|one| one.nature).collect();
    while super::advance(&mut world).is_some() {
        natures.extend(arrive(&mut world, 503).iter().map(|one| one.nature));
    }
    assert_eq!(natures, [Nature::Forged, Nature::Genuine, Nature::Genuine, Nature::Genuine]);
}

#[test]
fn a_replay_belongs_to_its_call_and_meets_no_fault_on_events() {
    let mut world = world("  - {name: f, on: chert.events, deliver: lost, when: {after: 1}}");
    write(&mut world, "chert", "one", "Hello");
    assert_eq!(arrive(&mut world, 200).len(), 1);
    let id = logged(&mut world)["id"].as_str().unwrap().to_owned();
    let headers = [("authorization", "Bearer secret-of-acme")];
    world.exchange("POST", &format!("/api/v1/events/{id}/replay"), &headers, b"");
    assert_eq!(arrive(&mut world, 200).len(), 1);
    assert_eq!(world.world().faults().next().unwrap().2.calls, 1);
}
