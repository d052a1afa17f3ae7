//! Exchanges of several threads at the same time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use super::super::shared::{Options, Step};
use super::*;
use crate::engine::{NAMESPACE_HEADER, step};
use crate::scenario::Scenario;

/// Longer than anything takes unless it hangs.
const STUCK: Duration = Duration::from_secs(30);

/// Holds one request up: the first channel tells that it has arrived, the second one lets it continue.
type Gate = (mpsc::Sender<()>, mpsc::Receiver<()>);

/// The gates, by the path of the request that they hold up.
static GATES: Mutex<BTreeMap<&str, Gate>> = Mutex::new(BTreeMap::new());

fn gated_step(world: &mut World, request: &Request, arrival: Arrival) -> Planned {
    let gate = GATES.lock().unwrap().remove(request.path());
    if let Some((come, go_on)) = gate {
        come.send(()).unwrap();
        go_on.recv().unwrap();
    }
    step(world, request, arrival)
}

/// Holds up the next request for `path`. Returns the receiver that hears of its arrival and the sender that lets it
/// continue.
fn hold(path: &'static str) -> (mpsc::Receiver<()>, mpsc::Sender<()>) {
    let ((come, has_come), (go_on, may_go_on)) = (mpsc::channel(), mpsc::channel());
    GATES.lock().unwrap().insert(path, (come, may_go_on));
    (has_come, go_on)
}

fn shared(step: Step) -> Shared {
    let scenario = Scenario::parse("test", Scenario::DEFAULT).unwrap();
    let world = World::new(Arc::new(scenario), 1, Timestamp::UNIX_EPOCH);
    let mut shared = Shared::new(world, Options::default()).0;
    shared.step = step;
    shared
}

fn ask(shared: &Shared, method: &str, target: &str, headers: &[(&str, &str)]) -> Answered {
    let headers = [headers, &[("host", "localhost")]].concat().into_iter().collect();
    let request = Request::new(method, target, headers, "".into());
    match control::claims(target) {
        true => plain(control::answer(shared.namespaces(), &request, clock::now())),
        false => plan(shared, &request, clock::now()),
    }
}

fn open(shared: &Shared) -> String {
    let made = ask(shared, "POST", "/__standin/namespaces", &[]);
    let made: serde_json::Value = serde_json::from_slice(&made.reply.body).unwrap();
    made["namespace"].as_str().unwrap().to_owned()
}

#[test]
fn nobody_waits_for_a_world_that_is_not_his() {
    let shared = shared(gated_step);
    let [first, second, held] = [(); 3].map(|()| open(&shared));
    let (has_come, go_on) = hold("/rest/held-alone");
    thread::scope(|scope| {
        let slow = scope.spawn(|| ask(&shared, "POST", "/rest/held-alone", &[(NAMESPACE_HEADER, &held)]));
        has_come.recv_timeout(STUCK).unwrap();
        let (sender, receiver) = mpsc::channel();
        // On a thread of its own, so that a failure does not hang the test.
        let (shared, first, second) = (&shared, &first, &second);
        scope.spawn(move || {
            let bearer = format!("Bearer 5f4dcc3b5aa765d61d8327deb882cf99-{first}");
            let by_credential = [("authorization", bearer.as_str())];
            for (method, target, headers) in [
                ("POST", "/rest/x", [(NAMESPACE_HEADER, first.as_str())].as_slice()),
                ("POST", "/rest/x", &[(NAMESPACE_HEADER, second)]),
                ("PUT", "/api/v1/chats/ch_01H", &by_credential),
                ("POST", "/rest/x", &[]),
                ("GET", "/__standin/journal", &[(NAMESPACE_HEADER, first)]),
                ("POST", "/__standin/reset", &[]),
                ("POST", "/__standin/namespaces", &[]),
                ("DELETE", &format!("/__standin/namespaces/{second}"), &[]),
            ] {
                let _ = sender.send(ask(shared, method, target, headers).reply.status);
            }
        });
        let statuses: Vec<_> = (0..8).map(|_| receiver.recv_timeout(STUCK)).collect();
        let is_held = !slow.is_finished();
        go_on.send(()).unwrap();
        assert_eq!(statuses, [404, 404, 400, 404, 200, 200, 201, 200].map(Ok));
        assert!(is_held);
        assert_eq!(slow.join().unwrap().reply.status, 404);
    });
}

#[test]
fn a_request_that_is_under_way_as_its_namespace_is_dropped_is_counted_once() {
    let shared = shared(gated_step);
    let name = open(&shared);
    let header = [(NAMESPACE_HEADER, name.as_str())];
    let (has_come, go_on) = hold("/rest/held-and-dropped");
    let late = thread::scope(|scope| {
        let slow = scope.spawn(|| ask(&shared, "POST", "/rest/held-and-dropped", &header));
        has_come.recv_timeout(STUCK).unwrap();
        let target = format!("/__standin/namespaces/{name}");
        let dropped = scope.spawn({
            let shared = &shared;
            move || ask(shared, "DELETE", &target, &[])
        });
        let late = scope.spawn(|| ask(&shared, "POST", "/rest/late", &header));
        assert!(!dropped.is_finished(), "an exchange is under way");
        go_on.send(()).unwrap();
        assert_eq!((slow.join().unwrap().number, dropped.join().unwrap().reply.status), (Some(1), 200));
        late.join().unwrap()
    });
    // The request came either before the drop and was recorded, or after it and found no namespace.
    let sum = 1 + u64::from(late.number.is_some());
    assert_eq!(late.number, (sum == 2).then_some(2));
    let totals = shared.namespaces().totals();
    assert_eq!((totals.counters.exchanges, totals.evicted), (sum, sum));
    assert!(shared.namespaces().main().journal().entries().next().is_none());
}

#[test]
fn totals_add_up_whatever_is_dropped_and_read_meanwhile() {
    const TESTS: usize = 25;
    let shared = shared(step);
    let (exchanges, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let tests = [(); 4].map(|()| {
            scope.spawn(|| {
                for _ in 0..TESTS {
                    let name = open(&shared);
                    let path = format!("/rest/1/webhook-secret-{name}/x");
                    let call = |count: usize| {
                        for _ in 0..count {
                            assert!(ask(&shared, "POST", &path, &[]).number.is_some());
                            exchanges.fetch_add(1, Ordering::Relaxed);
                        }
                    };
                    call(2);
                    // The calls of one thread are under way while the other drops the namespace: those that come too late
                    // are the main world's.
                    thread::scope(|scope| {
                        scope.spawn(|| call(5));
                        ask(&shared, "DELETE", &format!("/__standin/namespaces/{name}"), &[]);
                    });
                }
            })
        });
        scope.spawn(|| {
            let (mut exchanges, mut evicted) = (0, 0);
            while !is_over.load(Ordering::Relaxed) {
                let totals = shared.namespaces().totals();
                assert!(totals.counters.exchanges >= exchanges && totals.evicted >= evicted);
                assert!(totals.counters.exchanges >= totals.evicted);
                (exchanges, evicted) = (totals.counters.exchanges, totals.evicted);
            }
        });
        let ended = tests.map(thread::ScopedJoinHandle::join);
        is_over.store(true, Ordering::Relaxed);
        ended.into_iter().for_each(|ended| ended.unwrap());
    });
    let totals = shared.namespaces().totals();
    let kept = shared.namespaces().main().journal().entries().len() as u64;
    assert_eq!(totals.counters.exchanges, (4 * TESTS * 7) as u64);
    assert_eq!(totals.counters.exchanges, exchanges.into_inner());
    assert_eq!(totals.evicted + kept, totals.counters.exchanges);
    assert!(shared.namespaces().all().is_empty());
}
