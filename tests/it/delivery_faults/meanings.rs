//! What a handler gets for each meaning of `deliver`, from both services.

use jiff::Timestamp;
use standin::emulator::Nature;
use standin::engine::DeliveryState;

use super::{SERVICES, advance, arrive, texts, world, write_all};

/// A fault on all events of a service.
fn fault(service: &str, deliver: &str) -> String {
    format!("  - {{name: f, on: {service}.events, deliver: {deliver}, when: {{call: 2}}}}")
}

#[test]
fn one_that_is_lost_never_arrives_and_counts_as_accepted() {
    for service in SERVICES {
        let mut world = world(&fault(service, "lost"));
        let numbers = write_all(&mut world, service, "one", ["a", "b", "c"]);
        assert_eq!(texts(&arrive(&mut world, 200)), ["a", "c"], "{service}");
        let entry = world.world().outbox().get(numbers[1]).unwrap();
        assert_eq!((entry.state, entry.is_lost()), (DeliveryState::Delivered, true));
        assert_eq!(entry.attempts.len(), 1);
        assert!(entry.attempts[0].request.is_none(), "no token was issued for it");
        assert_eq!(world.world().outbox().pending(), 0);
        assert!(world.world().is_idle(Timestamp::UNIX_EPOCH));
        assert_eq!(world.world().counters().events_answered, 2, "nobody has answered it");
        // Who asks for it gets it.
        assert!(world.world().send_again(numbers[1], Timestamp::UNIX_EPOCH));
        assert_eq!(texts(&arrive(&mut world, 200)), ["b"]);
    }
}

#[test]
fn one_is_repeated_in_the_same_words_as_often_as_it_is_said() {
    for service in SERVICES {
        for (deliver, times) in [("twice", 2), ("{times: 2}", 2), ("{times: 5}", 5), ("{times: 100}", 100)] {
            let mut world = world(&fault(service, deliver));
            write_all(&mut world, service, "one", ["a", "b", "c"]);
            let arrived = arrive(&mut world, 200);
            let mut expected = vec!["a"];
            expected.extend(vec!["b"; times]);
            expected.push("c");
            assert_eq!(texts(&arrived), expected, "{service} {deliver}");
            assert_eq!(arrived[1].nature, Nature::Genuine);
            assert!(arrived[2..=times].iter().all(|one| one.nature == Nature::Repeat));
            assert!(arrived[2..=times].iter().all(|one| one.message() == arrived[1].message()));
        }
    }
}

#[test]
fn one_changes_places_with_the_next_to_the_same_handler() {
    for service in SERVICES {
        let mut world = world(&fault(service, "after_next"));
        write_all(&mut world, service, "one", ["a", "b", "c", "d"]);
        assert_eq!(texts(&arrive(&mut world, 200)), ["a", "c", "b", "d"], "{service}");
        let all = format!("  - {{name: f, on: {service}.events, deliver: after_next}}");
        let mut world = super::world(&all);
        write_all(&mut world, service, "one", ["a", "b", "c", "d"]);
        assert_eq!(texts(&arrive(&mut world, 200)), ["b", "a", "d", "c"], "{service}");
    }
}

#[test]
fn what_never_happened_comes_before_what_did() {
    for (service, natures) in
        [("bitrix24", vec![Nature::Forged]), ("chert", vec![Nature::Forged, Nature::Tampered, Nature::Stale])]
    {
        for nature in natures {
            for status in [200, 401, 500] {
                let mut world = world(&fault(service, nature.name()));
                let numbers = write_all(&mut world, service, "one", ["a", "b", "c"]);
                let mut arrived = arrive(&mut world, status);
                while advance(&mut world).is_some() {
                    arrived.extend(arrive(&mut world, status));
                }
                let own: Vec<_> = arrived.iter().map(|one| one.nature).filter(|one| one.is_own()).collect();
                assert_eq!(
                    arrived.len() - own.len(),
                    1,
                    "{service} {nature:?}: tried once, also after a {status}"
                );
                let place = arrived.iter().position(|one| !one.nature.is_own()).unwrap();
                let (made, genuine) = (&arrived[place], &arrived[place + 1]);
                assert_eq!((made.nature, genuine.number), (nature, numbers[1]));
                assert_eq!(made.number + 1, genuine.number);
                assert_eq!(genuine.text(), "b");
                assert!(made.text() != "b" && made.message() != genuine.message(), "{made:?}");
                assert!(!made.message().is_empty() && !made.text().is_empty(), "{made:?}");
                let entry = world.world().outbox().get(made.number).unwrap();
                assert!(entry.state.has_ended(), "{:?}", entry.state);
                // What it names is told to the rules, and is its own.
                let service = standin::services::by_name(service).unwrap();
                let brought = service.brings(&entry.delivery);
                let own = brought.iter().filter(|one| one.is_new).map(|one| one.value.as_str());
                let own: Vec<_> = own.collect();
                assert!(
                    own.contains(&made.message().as_str()) && own.contains(&made.text().as_str()),
                    "{own:?}"
                );
            }
        }
    }
}

#[test]
fn a_forged_event_of_bitrix24_knows_no_secret_of_the_portal() {
    let mut world = world(&fault("bitrix24", "forged"));
    write_all(&mut world, "bitrix24", "one", ["a", "b"]);
    let arrived = arrive(&mut world, 200);
    let (forged, genuine) = (&arrived[1], &arrived[2]);
    assert_eq!((forged.nature, genuine.nature), (Nature::Forged, Nature::Genuine));
    for name in ["auth[application_token]", "auth[access_token]"] {
        let (wrong, right) = (forged.member(name), genuine.member(name));
        assert!(!wrong.is_empty() && wrong != right, "{name}");
        assert!(!forged.body.contains(&right), "{name}");
    }
    for name in
        ["event", "event_handler_id", "data[CONNECTOR]", "data[MESSAGES][0][chat][id]", "auth[member_id]"]
    {
        assert_eq!(forged.member(name), genuine.member(name), "{name}");
    }
    // The token opens nothing.
    let call = |world: &mut crate::direct::Direct, token: &str| {
        world.exchange("GET", &format!("/rest/profile?auth={token}"), &[], b"").0.status
    };
    assert_eq!(call(&mut world, &forged.member("auth[access_token]")), 401);
    assert_eq!(call(&mut world, &genuine.member("auth[access_token]")), 200);
}

#[test]
fn a_genuine_event_of_bitrix24_can_come_with_a_dead_token() {
    let mut world = world(&fault("bitrix24", "expired_token"));
    write_all(&mut world, "bitrix24", "one", ["a", "b", "c"]);
    let arrived = arrive(&mut world, 200);
    assert_eq!(texts(&arrived), ["a", "b", "c"]);
    let statuses = arrived.iter().map(|one| {
        let target = format!("/rest/profile?auth={}", one.member("auth[access_token]"));
        let (reply, note) = world.exchange("GET", &target, &[], b"");
        (reply.status, note.error)
    });
    let statuses: Vec<_> = statuses.collect();
    assert_eq!(statuses, [(200, None), (401, Some("expired_token")), (200, None)]);
    let expires = |place: usize| arrived[place].member("auth[expires]").parse::<i64>().unwrap();
    assert_eq!((expires(0) - expires(1), expires(2)), (3660, expires(0)));
    assert_eq!(arrived[1].nature, Nature::ExpiredToken);
    assert_eq!(arrived[1].member("auth[application_token]"), "application-token-1");
}

#[test]
fn the_tokens_of_a_repeat_are_its_own_and_work() {
    let mut world = world("  - {name: f, on: bitrix24.OnAppInstall, deliver: twice}");
    world.act("app.install", &serde_json::json!({})).unwrap();
    let arrived = arrive(&mut world, 200);
    let tokens: Vec<_> = arrived.iter().map(|one| one.member("auth[refresh_token]")).collect();
    assert!(tokens.len() == 2 && tokens[0] != tokens[1], "{tokens:?}");
}

#[test]
fn nothing_happens_to_other_services_events_and_handlers() {
    let mut world = world(&fault("chert", "lost"));
    write_all(&mut world, "bitrix24", "one", ["a", "b", "c"]);
    assert_eq!(texts(&arrive(&mut world, 200)), ["a", "b", "c"]);
    let mut world = super::world("  - {name: f, on: chert.reaction.added, deliver: lost}");
    write_all(&mut world, "chert", "one", ["a", "b"]);
    assert_eq!(texts(&arrive(&mut world, 200)), ["a", "b"]);
    // The bare name of a service never means its events.
    let mut world = super::world("  - {name: f, on: chert, delay: 1h}");
    write_all(&mut world, "chert", "one", ["a", "b"]);
    assert_eq!(texts(&arrive(&mut world, 200)), ["a", "b"]);
    assert_eq!(world.world().faults().next().unwrap().2.calls, 0);
}
