//! Limits on what a client can make the server keep.

use std::sync::Arc;

use jiff::Timestamp;
use standin::Scenario;
use standin::basics::Arrival;
use standin::engine::{Planned, World, step};
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
