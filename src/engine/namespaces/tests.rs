//! Namespaces that are looked up, dropped and idle.

use std::time::Duration;

use super::*;
use crate::engine::IDLE;
use crate::http::Headers;
use crate::scenario::Scenario;

fn namespaces() -> Namespaces {
    let scenario = Scenario::parse("test", Scenario::DEFAULT).unwrap();
    Namespaces::new(World::new(Arc::new(scenario), 1, Timestamp::UNIX_EPOCH))
}

/// A request with a credential of the namespace.
fn request(namespace: &str) -> Request {
    let target = format!("/rest/1/webhook-secret-{namespace}/imconnector.chat.name.set");
    Request::new("POST", &target, Headers::default(), "".into())
}

fn of(namespaces: &Namespaces, request: &Request) -> Option<String> {
    let found = namespaces.of(request, Timestamp::UNIX_EPOCH).unwrap();
    found.map(|namespace| namespace.name().to_owned())
}

#[test]
fn who_found_a_namespace_before_it_was_dropped_finds_no_world_in_it() {
    let (namespaces, now) = (namespaces(), Timestamp::UNIX_EPOCH);
    namespaces.open(None, None, now).unwrap();
    let found = namespaces.of(&request("n1"), now).unwrap().unwrap();
    assert!(found.world().is_some());
    assert!(namespaces.close("n1", now));
    assert!(!namespaces.close("n1", now));
    assert!(found.world().is_none());
    assert_eq!(of(&namespaces, &request("n1")), None);
}

#[test]
fn a_dropped_namespace_leaves_no_credential() {
    let (namespaces, now) = (namespaces(), Timestamp::UNIX_EPOCH);
    let namespace = namespaces.open(None, None, now).unwrap();
    let issued = vec![("bitrix24", "1/issued".to_owned())];
    namespaces.note_issued(Some(&namespace), &namespace.world().unwrap(), issued);
    let by_issued = Request::new("POST", "/rest/1/issued/x", Headers::default(), "".into());
    assert_eq!(of(&namespaces, &by_issued).as_deref(), Some("n1"));
    assert!(namespaces.has_owners.load(Ordering::Relaxed));
    namespaces.close("n1", now);
    assert!(namespaces.directory().owners.is_empty());
    assert!(!namespaces.has_owners.load(Ordering::Relaxed));
}

#[test]
fn namespaces_that_are_idle_go_when_another_one_is_made() {
    let (namespaces, now) = (namespaces(), Timestamp::UNIX_EPOCH);
    for _ in 0..2 {
        namespaces.open(None, None, now).unwrap();
    }
    let later = now + IDLE;
    namespaces.of(&request("n2"), later).unwrap();
    namespaces.open(None, None, later + Duration::from_secs(1)).unwrap();
    let names: Vec<_> = namespaces.all().iter().map(|namespace| namespace.name().to_owned()).collect();
    assert_eq!(names, ["n2", "n3"]);
}

#[test]
fn a_panic_leaves_every_world_in_reach() {
    let (namespaces, now) = (namespaces(), Timestamp::UNIX_EPOCH);
    let namespace = namespaces.open(None, None, now).unwrap();
    std::thread::scope(|scope| {
        let panics = [
            scope.spawn(|| {
                let _world = namespaces.main();
                panic!("this panic is part of a test");
            }),
            scope.spawn(|| {
                let _world = namespace.world();
                panic!("this panic is part of a test");
            }),
            scope.spawn(|| {
                let _directory = namespaces.directory_mut();
                panic!("this panic is part of a test");
            }),
        ];
        panics.into_iter().for_each(|panic| assert!(panic.join().is_err()));
    });
    assert_eq!(namespaces.totals().counters.exchanges, 0);
    assert!(namespaces.main().journal().entries().next().is_none());
    assert!(namespaces.close("n1", now));
}
