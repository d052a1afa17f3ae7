//! Limits on what a client can make the server keep.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use jiff::Timestamp;
use standin::Scenario;
use standin::basics::Arrival;
use standin::control;
use standin::engine::{MOST_IN_JOURNALS, Namespaces, Planned, World, step};
use standin::http::Request;
use standin::serve::{Options, Socket, serve};
use tokio::sync::oneshot;

use crate::direct::Direct;

/// Longer than anything takes unless it hangs.
const STUCK: Duration = Duration::from_secs(30);

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
    for _ in 0..100 {
        exchange(&mut namespaces.main(), "/rest/1/secret/x", "x".repeat(1 << 20));
        namespaces.main().reset(now);
        namespaces.cut_journals();
    }
    assert_eq!(left.world().unwrap().evicted(), before);
}

/// Runs `test` beside a server of the built-in scenario that allows two connections.
fn with_two_seats(test: impl FnOnce(SocketAddr)) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let (ready, running) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let world = World::new(Arc::new(Scenario::built_in()), 1, Timestamp::UNIX_EPOCH);
        let options = Options { max_connections: 2, ..Options::default() };
        serve(vec![Socket { listener, tls: None }], world, options, |_| {
            ready.send(()).unwrap();
            Ok(async { drop(stopped.await) })
        })
        .unwrap();
    });
    running.recv().unwrap();
    test(address);
    drop(stop);
    thread.join().unwrap();
}

const POST: &str = "POST /rest/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n";
const HEALTH: &str = "GET /__standin/health HTTP/1.1\r\nhost: localhost\r\n";

/// A connection that stays open after its first request.
fn kept_open(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{POST}\r\n").as_bytes()).unwrap();
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).unwrap();
    assert_eq!(&begin, b"HTTP/1.1 404");
    stream
}

/// What the server sends until it closes the connection.
fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn asked(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    rest(stream)
}

#[test]
fn a_connection_beyond_the_limit_is_refused_and_the_control_interface_stays_in_reach() {
    with_two_seats(|address| {
        let (mut one, _other) = (kept_open(address), kept_open(address));
        let refused = asked(address, &format!("{POST}\r\n"));
        assert!(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{refused}");
        assert!(refused.contains("2 connections are open, as many as the server allows"), "{refused}");
        assert!(refused.contains("connection: close\r\n"), "{refused}");
        let health = asked(address, &format!("{HEALTH}connection: close\r\n\r\n"));
        assert!(health.starts_with("HTTP/1.1 200 OK\r\n"), "{health}");
        assert!(health.contains("\"exchanges\": 2"), "a refusal is no exchange: {health}");
        // When one ends, its seat is free.
        one.write_all(format!("{POST}connection: close\r\n\r\n").as_bytes()).unwrap();
        assert!(rest(one).contains("HTTP/1.1 404"));
        kept_open(address);
    });
}

#[test]
fn a_connection_beyond_those_for_the_control_interface_is_told_so_unread() {
    with_two_seats(|address| {
        let _regular = [(); 2].map(|()| kept_open(address));
        let _spare: Vec<_> = (0..50).map(|_| TcpStream::connect(address).unwrap()).collect();
        let refused = rest(TcpStream::connect(address).unwrap());
        assert!(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{refused}");
        assert!(refused.contains("--max-connections N"), "{refused}");
    });
}

#[test]
fn a_scenario_is_read_while_others_use_the_world() {
    let namespaces = Namespaces::new(world("{standin: 1, name: n, bitrix24: {}}"));
    for (target, body) in [
        ("/__standin/scenario", "{standin: 1, nam: n}"),
        ("/__standin/namespaces", r#"{"scenario": "{standin: 1, nam: n}"}"#),
    ] {
        let main = namespaces.main();
        std::thread::scope(|scope| {
            let (told, status) = mpsc::channel();
            let request = Request::new("POST", target, Default::default(), body.into());
            let namespaces = &namespaces;
            scope.spawn(move || {
                let reply = control::answer(namespaces, &request, Timestamp::UNIX_EPOCH);
                let _ = told.send(reply.status);
            });
            let status = status.recv_timeout(STUCK);
            drop(main);
            assert_eq!(status, Ok(422), "{target}");
        });
    }
}

#[test]
fn a_tenant_gets_so_many_chats_attachments_and_subscriptions() {
    let yaml = "{standin: 1, name: n, chert: {tenants: [{slug: acme, signing_secret: secret-of-acme, \
        lines: [{id: pl, phone_number: \"+15555550100\"}]}]}}";
    let file = r#"{"filename": "a", "content_type": "text/plain", "size_bytes": 1}"#;
    let phone = |number: u32| format!(r#"{{"phone": "+1415{number:07}", "body": "Hello"}}"#);
    let bodies: [(&str, &dyn Fn(u32) -> String); 3] = [
        ("/send", &phone),
        ("/attachments", &|_| file.to_owned()),
        ("/webhook-subscriptions", &|_| r#"{"url": "https://dev-inbox"}"#.to_owned()),
    ];
    let mut world = Direct::new(yaml);
    let headers = [("authorization", "Bearer secret-of-acme")];
    for (target, body) in bodies {
        let mut call = |number| {
            let (reply, note) =
                world.exchange("POST", &format!("/api/v1{target}"), &headers, body(number).as_bytes());
            (reply.status, note.error, note.remarks.len())
        };
        (0..10_000).for_each(|number| assert_eq!(call(number).0, 200, "{target} {number}"));
        let (status, error, remarks) = call(10_000);
        assert_eq!((status, error), (402, Some("2008")), "{target}");
        assert_eq!(remarks, 1, "it says why");
        // A chat that exists takes a message.
        assert_eq!(call(0).0, if target == "/send" { 200 } else { 402 }, "{target}");
        world.world().reset(Timestamp::UNIX_EPOCH);
    }
}
