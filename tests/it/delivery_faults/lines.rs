//! The order of deliveries, delays, and what must not hang or be lost.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use standin::emulator::Nature;

use super::{SERVICES, START, advance, arrive, arrive_at, real, texts, world, write, write_all, write_at};

fn at(milliseconds: i64) -> Timestamp {
    START.parse::<Timestamp>().unwrap() + SignedDuration::from_millis(milliseconds)
}

#[test]
fn one_that_waits_for_the_next_goes_alone_after_five_seconds() {
    for service in SERVICES {
        let faults = format!("  - {{name: f, on: {service}.events, deliver: after_next}}");
        let mut by_wall = real(&faults);
        write_at(&mut by_wall, service, "one", "a", at(0));
        assert!(arrive_at(&mut by_wall, 200, at(4_999)).is_empty());
        assert_eq!(by_wall.world().next_due(), Some(at(5_000)), "somebody is told when to look");
        assert_eq!(texts(&arrive_at(&mut by_wall, 200, at(5_000))), ["a"], "{service}");
        let mut by_virtual = world(&faults);
        write(&mut by_virtual, service, "one", "a");
        assert!(arrive(&mut by_virtual, 200).is_empty());
        assert_eq!(advance(&mut by_virtual), Some(at(5_000)));
        assert_eq!(texts(&arrive(&mut by_virtual, 200)), ["a"], "{service}");
        assert_eq!((by_virtual.world().outbox().pending(), advance(&mut by_virtual)), (0, None));
    }
}

#[test]
fn one_that_changed_places_is_due_at_once() {
    let mut world = world("  - {name: f, on: chert.events, deliver: after_next, when: {call: 1}}");
    write(&mut world, "chert", "one", "a");
    world.world().move_clock(|now| now + Duration::from_secs(2));
    write(&mut world, "chert", "two", "b");
    assert_eq!(texts(&arrive(&mut world, 200)), ["b", "a"]);
    // The next one may fail for long: the other one still comes behind it.
    let mut world = super::world("  - {name: f, on: chert.events, deliver: after_next, when: {call: 1}}");
    write_all(&mut world, "chert", "one", ["a", "b"]);
    assert_eq!(texts(&arrive(&mut world, 503)), ["b"]);
    assert!(advance(&mut world).is_some());
    assert_eq!(texts(&arrive(&mut world, 200)), ["b", "a"]);
}

#[test]
fn those_beside_the_next_one_go_with_it() {
    let faults = "
  - {name: swap, on: chert.events, deliver: after_next, when: {call: 1}}
  - {name: forge, on: chert.events, deliver: forged, when: {call: 2}}";
    let mut world = world(faults);
    write_all(&mut world, "chert", "one", ["a", "b", "c"]);
    let natures: Vec<_> = arrive(&mut world, 200).iter().map(|one| (one.nature, one.text())).collect();
    let texts: Vec<_> = natures.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!((natures[0].0, &texts[1..]), (Nature::Forged, &["b", "a", "c"][..]));
}

#[test]
fn a_delay_holds_up_the_line_and_keeps_its_order() {
    let mut world = world("  - {name: f, on: chert.events, delay: 30s, when: {call: 1}}");
    write_all(&mut world, "chert", "one", ["a", "b"]);
    assert!(arrive(&mut world, 200).is_empty());
    assert_eq!(advance(&mut world), Some(at(30_000)));
    let arrived = arrive(&mut world, 200);
    assert_eq!(texts(&arrived), ["a", "b"]);
    let attempt = &world.world().outbox().get(1).unwrap().attempts[0];
    assert_eq!(attempt.at, at(30_000));
    for delay in [
        "{uniform: [1s, 2s]}",
        "{normal: {mean: 1s, deviation: 100ms}}",
        "{lognormal: {median: 1s, p99: 2s}}",
        "{fixed: 1s}",
    ] {
        let due = |_: u8| {
            let mut world = super::world(&format!("  - {{name: f, on: chert.events, delay: {delay}}}"));
            write(&mut world, "chert", "one", "a");
            assert!(arrive(&mut world, 200).is_empty(), "{delay}");
            let due = advance(&mut world).unwrap();
            assert_eq!(arrive(&mut world, 200).len(), 1);
            due
        };
        assert_eq!(due(1), due(2), "{delay}: the seed decides");
    }
}

#[test]
fn a_handler_without_a_url_holds_all_but_what_is_lost() {
    let named = super::scenario(
        &format!("{{virtual: \"{START}\"}}"),
        "  - {name: f, on: bitrix24.events, deliver: lost, when: {call: 1}, match: {handler: app}}",
    )
    .replacen("url: \"http://127.0.0.1:9/a\"", "name: app", 1);
    let mut world = crate::direct::Direct::new(&named);
    let numbers = write_all(&mut world, "bitrix24", "one", ["a", "b"]);
    assert!(world.world().take(numbers[0], Timestamp::UNIX_EPOCH).is_none(), "a test does not get it either");
    assert!(arrive(&mut world, 200).is_empty());
    assert!(world.world().outbox().get(numbers[0]).unwrap().state.has_ended());
    let taken = world.take(numbers[1]);
    assert!(taken.request.body.contains("b"));
    // A bound handler is still known by its name.
    let mut world = crate::direct::Direct::new(&named);
    assert_eq!(world.world().bind_handler("app", "http://127.0.0.1:9/z"), 1);
    write_all(&mut world, "bitrix24", "one", ["a", "b"]);
    assert_eq!(texts(&arrive(&mut world, 200)), ["b"]);
}

#[test]
fn a_snapshot_goes_on_in_the_same_way() {
    let faults = "
  - {name: f, on: chert.events, deliver: forged, when: {probability: 0.5}}
  - {name: g, on: bitrix24.events, deliver: after_next, when: {every: 2}}
  - {name: h, on: chert.events, delay: {uniform: [1s, 9s]}, when: {every: 3}}";
    let mut world = world(faults);
    let now = Timestamp::UNIX_EPOCH;
    for text in ["a", "b", "c"] {
        for service in SERVICES {
            write(&mut world, service, "one", text);
        }
    }
    assert!(world.world().save("here", now));
    let go_on = |world: &mut crate::direct::Direct| {
        let mut all = Vec::new();
        for text in ["d", "e", "f", "g"] {
            for service in SERVICES {
                write(world, service, "one", text);
            }
        }
        loop {
            all.extend(arrive(world, 200).into_iter().map(|one| (one.nature, one.body)));
            if advance(world).is_none() {
                return all;
            }
        }
    };
    let first = go_on(&mut world);
    assert!(first.iter().any(|(nature, _)| *nature == Nature::Forged));
    assert!(world.world().restore("here", now));
    assert_eq!(go_on(&mut world), first);
    world.world().reset(now);
    for text in ["a", "b", "c"] {
        for service in SERVICES {
            write(&mut world, service, "one", text);
        }
    }
    assert_eq!(go_on(&mut world).len(), first.len());
}

#[test]
fn without_a_fault_nothing_is_lost_and_nothing_is_invented() {
    let mut world = world(
        "  - {name: f, on: chert.events, deliver: lost, when: {limit: 2}}\n  - {name: g, on: bitrix24.events, delay: 1s}",
    );
    let mut written = Vec::new();
    for number in 0..50 {
        let text = format!("text {number}");
        for service in SERVICES {
            write(&mut world, service, "one", &text);
        }
        written.push(text);
    }
    let mut arrived = arrive(&mut world, 200);
    while advance(&mut world).is_some() {
        arrived.extend(arrive(&mut world, 200));
    }
    let of = |is_chert: bool| {
        let all = arrived.iter().filter(|one| one.headers.contains_key("x-webhook-event") == is_chert);
        all.map(super::Arrived::text).collect::<Vec<_>>()
    };
    assert_eq!((of(true), of(false)), (written[2..].to_vec(), written.clone()));
}

/// Every meaning that Chert has, and none.
const MEANINGS: [&str; 9] =
    ["", "lost", "twice", "{times: 4}", "after_next", "forged", "tampered", "stale", "delay"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_faults_do_all_that_is_not_lost_arrives(
        meanings in vec(0..MEANINGS.len(), 1..12),
        statuses in vec(prop_oneof![Just(200_u16), Just(404), Just(503)], 1..8),
    ) {
        let mut faults = String::new();
        for (place, meaning) in meanings.iter().map(|meaning| MEANINGS[*meaning]).enumerate() {
            let effect = match meaning {
                "" => continue,
                "delay" => "delay: 3s".to_owned(),
                meaning => format!("deliver: {meaning}"),
            };
            let call = place + 1;
            faults.push_str(&format!("  - {{name: f{call}, on: chert.events, {effect}, when: {{call: {call}}}}}\n"));
        }
        let mut world = world(if faults.is_empty() { "  []" } else { &faults });
        let numbers: Vec<_> = (0..meanings.len())
            .map(|place| write(&mut world, "chert", "one", &place.to_string()))
            .collect();
        let mut arrived = Vec::new();
        for status in statuses.iter().copied().chain(std::iter::repeat_n(200, 200)) {
            arrived.extend(arrive(&mut world, status).into_iter().map(|one| (one.number, one.nature)));
            if advance(&mut world).is_none() {
                break;
            }
        }
        prop_assert_eq!(world.world().outbox().pending(), 0);
        for (place, number) in numbers.iter().enumerate() {
            let attempts = arrived.iter().filter(|(known, _)| known == number).count();
            let is_lost = MEANINGS[meanings[place]] == "lost";
            prop_assert_eq!(attempts == 0, is_lost);
            prop_assert!(attempts <= 3);
        }
        // What faults have made is sent once, and nothing else was made.
        let made = arrived.iter().filter(|(_, nature)| !nature.is_own()).count();
        let expected = meanings.iter().map(|meaning| match MEANINGS[*meaning] {
            "twice" | "forged" | "tampered" | "stale" => 1,
            "{times: 4}" => 3,
            _ => 0,
        });
        prop_assert_eq!(made, expected.sum::<usize>());
    }
}
