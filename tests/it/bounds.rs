//! Limits on what a client can make the server keep.

use std::sync::Arc;

use jiff::Timestamp;
use standin::Scenario;
use standin::basics::Arrival;
use standin::engine::{MOST_IN_JOURNALS, Namespaces, Planned, World, step};
use standin::http::Request;

fn world(yaml: &str) -> World {
    let scenario = Scenario::parse("test", yaml).unwrap_or_else(|report| panic!("{report}"));
    World::new(Arc::new(scenario), 7, Timestamp::UNIX_EPOCH)
}

fn exchange(world: &mut World, target: &str, body: String) -> Planned {
    let headers = [("content-type", "application/json")].into_iter().collect();
    let request = Request::new("POST", target, headers, body.into());
    let planned = step(world, &request, Arrival::at(Timestamp::UNIX_EPOCH));
    world.record(&request, planned.clone(), Arrival::at(Timestamp::UNIX_EPOCH));
    planned
}

#[test]
fn a_fault_forgets_the_chats_that_were_called_longest_ago() {
    let mut world = world(
        "{standin: 1, name: n, bitrix24: {}, faults: [{name: each, on: bitrix24.imconnector.chat.name.set, \
         when: {first: 1, count_by: chat}, reply: {status: 502}}]}",
    );
    let mut call = |chat: u32| {
        let body = format!(r#"{{"CHAT_ID": "chat-{chat}"}}"#);
        let mut planned = exchange(&mut world, "/rest/1/secret/imconnector.chat.name.set", body);
        // Other remarks say why the service would have refused the call.
        planned.note.remarks.retain(|remark| remark.starts_with("the fault"));
        (planned.reply.status == 502, planned.note.remarks)
    };
    for chat in 1..=10_000 {
        assert_eq!(call(chat), (true, vec![]), "{chat}");
    }
    assert_eq!(call(1), (false, vec![]), "10,000 chats are known");
    let (fired, remarks) = call(10_001);
    assert_eq!((fired, remarks.len()), (true, 1));
    assert_eq!(
        remarks[0],
        "the fault `each` counts the calls of at most 10000 chats: it forgot the 1000 that were called longest ago \
         and counts them from 1 if they are called again"
    );
    assert_eq!([1, 1_002, 10_000].map(|chat| call(chat).0), [false; 3]);
    assert_eq!(call(2), (true, vec![]), "it was forgotten, and there is room again");
}

#[test]
fn all_journals_share_their_memory_and_small_ones_keep_theirs() {
    let now = Timestamp::UNIX_EPOCH;
    let namespaces = Namespaces::new(world("{standin: 1, name: n, bitrix24: {}}"));
    exchange(&mut namespaces.main(), "/rest/1/secret/x", "small".to_owned());
    let mut all = Vec::new();
    for number in 1..=20 {
        let namespace = namespaces.open(None, None, now).unwrap();
        for _ in 0..10 {
            exchange(&mut namespace.world().unwrap(), "/rest/1/secret/x", "x".repeat(1 << 20));
            namespaces.cut_journals();
        }
        all.push(namespace);
        let sizes = all.iter().map(|namespace| namespace.world().unwrap().journal().size());
        let sum: usize = sizes.sum::<usize>() + namespaces.main().journal().size();
        assert!(sum <= MOST_IN_JOURNALS, "{sum} bytes after {number} namespaces");
        assert!(sum >= MOST_IN_JOURNALS / 2 || number < 8, "{sum} bytes after {number} namespaces");
    }
    for namespace in &all {
        let world = namespace.world().unwrap();
        let kept = world.journal().entries().len() as u64;
        assert!(kept > 0, "{} has nothing left", namespace.name());
        assert_eq!(kept + world.evicted(), 10);
        assert_eq!(world.journal().entries().next_back().unwrap().number, 10, "the newest is there");
    }
    assert_eq!(namespaces.main().journal().entries().len(), 1, "a small journal keeps what it has");
    let totals = namespaces.totals();
    assert_eq!(totals.counters.exchanges, 201);
    // What is dropped or reset takes no memory, so nobody loses anything for it.
    let left = all.pop().unwrap();
    all.drain(..).for_each(|namespace| assert!(namespaces.close(namespace.name(), now)));
    let before = left.world().unwrap().evicted();
    for _ in 0..1_000 {
        exchange(&mut namespaces.main(), "/rest/1/secret/x", "x".repeat(1 << 20));
        namespaces.main().reset(now);
        namespaces.cut_journals();
    }
    assert_eq!(left.world().unwrap().evicted(), before);
}
