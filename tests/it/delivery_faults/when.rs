//! When a fault on events fires.

use jiff::Timestamp;
use standin::fault::Mode;

use super::{arrive, texts, world, write};

/// The texts that arrive of ten, when a fault loses those on which it fires.
fn left(fault: &str) -> String {
    let mut world = world(&format!("  - {{name: f, on: chert.message.received, deliver: lost, {fault}}}"));
    for number in 0..10 {
        let chat = if number % 2 == 0 { "one" } else { "two" };
        write(&mut world, "chert", chat, &number.to_string());
    }
    texts(&arrive(&mut world, 200)).concat()
}

#[test]
fn every_condition_decides() {
    for (when, expected) in [
        ("when: {call: 3}", "013456789"),
        ("when: {first: 2}", "23456789"),
        ("when: {after: 8}", "01234567"),
        ("when: {every: 5}", "01235678"),
        ("when: {between: [2, 9]}", "09"),
        ("when: {limit: 4}", "456789"),
        ("when: {probability: 0}", "0123456789"),
        ("when: {probability: 1}", ""),
        ("when: {from: 1s}", "0123456789"),
        ("when: {until: 1s}", ""),
        ("when: {first: 1, count_by: chat}", "23456789"),
        ("when: {first: 1, count_by: message}", ""),
        ("when: {first: 1, count_by: handler}", "123456789"),
        ("match: {chat_id: two}", "02468"),
        ("match: {text: {regex: \"^[3-5]$\"}}", "0126789"),
        ("match: {handler: \"http://127.0.0.1:9/a\"}", ""),
        ("match: {handler: \"1\"}", ""),
        ("match: {handler: \"http://127.0.0.1:9/b\"}", "0123456789"),
        ("match: {from: \"+14155550001\"}, when: {after: 1}", "013579"),
    ] {
        assert_eq!(left(when), expected, "{when}");
    }
}

#[test]
fn the_names_of_bitrix24_are_those_of_its_parameters() {
    for (matches, expected) in [
        ("{CHAT_ID: one}", "b"),
        ("{CHAT_ID: one, LINE: 107, CONNECTOR: myconnector}", "b"),
        ("{LINE: 108}", "ab"),
        ("{TEXT: {regex: \"a$\"}}", "b"),
        ("{MESSAGE_ID: {regex: \"^[0-9]+$\"}}", ""),
    ] {
        let fault =
            format!("  - {{name: f, on: bitrix24.onimconnectormessageadd, deliver: lost, match: {matches}}}");
        let mut world = world(&fault);
        write(&mut world, "bitrix24", "one", "a");
        write(&mut world, "bitrix24", "two", "b");
        assert_eq!(texts(&arrive(&mut world, 200)).concat(), expected, "{matches}");
    }
}

#[test]
fn draws_are_of_its_own() {
    let drawn = "  - {name: drawn, on: chert.events, deliver: lost, when: {probability: 0.5}}\n";
    let calls = "  - {name: calls, on: chert.whoami, error: '3001', when: {probability: 0.5}}\n";
    let beside =
        "  - {name: beside, on: chert.events, delay: {uniform: [1ms, 2ms]}, when: {probability: 0.5}}\n";
    let run = |faults: &str| {
        let mut world = world(faults);
        let mut statuses = Vec::new();
        for number in 0..20 {
            write(&mut world, "chert", "one", &number.to_string());
            let headers = [("authorization", "Bearer secret-of-acme")];
            statuses.push(world.exchange("GET", "/api/v1/whoami", &headers, b"").0.status);
        }
        let lost: Vec<_> = world.world().outbox().iter().map(|entry| entry.is_lost()).collect();
        (statuses, lost)
    };
    let (statuses, _) = run(calls);
    let (_, lost) = run(drawn);
    assert!(lost.contains(&true) && lost.contains(&false));
    assert_eq!(run(&[drawn, calls].concat()), (statuses.clone(), lost.clone()));
    assert_eq!(run(&[beside, calls, drawn].concat()), (statuses, lost));
}

#[test]
fn a_fault_is_asked_once_for_each_delivery_and_not_for_each_attempt() {
    let mut world = world("  - {name: f, on: chert.events, delay: 1ms}");
    write(&mut world, "chert", "one", "a");
    while super::advance(&mut world).is_some() {
        arrive(&mut world, 503);
    }
    let entry = world.world().outbox().iter().next().unwrap();
    assert_eq!((entry.attempted, entry.asked().len()), (3, 1));
    let state = world.world().faults().next().unwrap().2.clone();
    assert_eq!((state.calls, state.fired), (1, 1));
}

#[test]
fn it_is_switched_removed_and_foreseen_like_others() {
    let now = Timestamp::UNIX_EPOCH;
    let mut world = world("  - {name: f, on: chert.events, deliver: lost, when: {every: 2}}");
    let next =
        |world: &mut crate::direct::Direct| world.world().next_call(0, None, now).map(|next| next.call);
    assert_eq!(next(&mut world), Some(2));
    write(&mut world, "chert", "one", "a");
    world.world().switch_fault(0, Mode::Off);
    write(&mut world, "chert", "one", "b");
    assert_eq!(next(&mut world), None);
    world.world().switch_fault(0, Mode::On);
    write(&mut world, "chert", "one", "c");
    assert_eq!((texts(&arrive(&mut world, 200)), next(&mut world)), (vec!["a".into(), "b".into()], Some(4)));
    assert_eq!(world.world().fired()["f"], 1);
    assert_eq!(world.world().counters().faults_fired, 1);
    world.world().remove_fault(0);
    write(&mut world, "chert", "one", "d");
    assert_eq!(texts(&arrive(&mut world, 200)), ["d"]);
}
