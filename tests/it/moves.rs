//! Plays requests to both services and to the control interface in any order. The fuzz target `moves` plays them too.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use standin::basics::Arrival;
use standin::emulator::Outcome;
use standin::engine::{After, EventStream, Form, NAMESPACE_HEADER, Namespaces, World, step};
use standin::http::{Headers, Request};
use standin::{Scenario, control};

const RENAME: &str = "/rest/1/webhook-secret/imconnector.chat.name.set";
const NAMED: &str = r#"{"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "47e007b1-ee15-43db-bcba-1c26e5884d3f", "NAME": "New"}"#;
const LATE: &str =
    r#"{"name": "@", "on": "bitrix24", "error": "CHAT_RENAMING_FAILED", "applied": {"later": "3s"}}"#;
const EACH: &str =
    r#"{"name": "@", "on": "chert", "error": "4001", "when": {"first": 1, "count_by": "chat"}}"#;

const BOUND: &str = r#"{"event": "OnImConnectorMessageAdd", "handler": "http://127.0.0.1:1/@"}"#;
const SENT: &str = r#"{"CONNECTOR": "connector", "LINE": 105, "MESSAGES": [{"user": {"id": "u"}, "message": {"text": "t"}, "chat": {"id": "@"}}]}"#;
const WRITTEN: &str = r#"{"do": "bitrix24.operator.write", "with": {"connector": "connector", "line": 105, "chat": "@", "text": "t"}}"#;

/// The row of the first event that the main scenario logs.
const REPLAYED: &str = "/api/v1/events/evt_01DKBN10P5WGC3JBZ98A5JY2WG/replay";
const TEXT: &str = r#"{"message": {"parts": [{"type": "text", "value": "@"}], "idempotency_key": "@"}}"#;
const GROUP: &str = r#"{"from": "+15555550100", "to": ["+14155550100", "+14155550200"], "message": {"parts": [{"type": "text", "value": "@"}]}}"#;
const REPLIED: &str = r#"{"do": "chert.recipient.write", "with": {"chat": "ch_02D", "text": "@"}}"#;
const REACTED: &str = r#"{"do": "chert.recipient.react", "with": {"message": "msg_01H", "from": "+14155551234", "reaction": "love"}}"#;

/// What can be asked: method, target and body. `@` stands for `a` or `b`.
const MOVES: &[(&str, &str, &str)] = &[
    ("POST", RENAME, NAMED),
    ("POST", RENAME, r#"{"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "@", "NAME": "New"}"#),
    ("POST", "/rest/1/webhook-secret/batch", r#"{"cmd": {"a": "imconnector.list", "b": "server.time?@"}}"#),
    ("PUT", "/api/v1/chats/ch_01H", r#"{"display_name": "@"}"#),
    ("GET", "/@", ""),
    ("POST", "/__standin/faults", LATE),
    ("POST", "/__standin/faults", EACH),
    ("POST", "/__standin/faults/@/off", ""),
    ("POST", "/__standin/faults/@/on", ""),
    ("DELETE", "/__standin/faults/@", ""),
    ("DELETE", "/__standin/faults", ""),
    ("POST", "/__standin/snapshots/@", ""),
    ("POST", "/__standin/snapshots/@/restore", ""),
    ("DELETE", "/__standin/snapshots/@", ""),
    ("POST", "/__standin/reset", ""),
    ("POST", "/__standin/clock", r#"{"advance": "2s"}"#),
    ("POST", "/__standin/scenario", "chert: {tenants: [{slug: t, secret: @}]}"),
    ("POST", "/__standin/scenario", "clock: {virtual: 2026-01-01T00:00:00Z}\nbitrix24: {}"),
    ("POST", "/__standin/namespaces", ""),
    ("POST", "/__standin/namespaces", r#"{"name": "@"}"#),
    ("DELETE", "/__standin/namespaces/n1", ""),
    ("DELETE", "/__standin/namespaces/@", ""),
    ("POST", "/__standin/verify", r#"[{"name": "e", "on": "bitrix24", "calls": 1}]"#),
    ("GET", "/__standin/conduct", ""),
    ("GET", "/__standin/journal/2", ""),
    ("GET", "/__standin/journal/2/explain", ""),
    ("GET", "/__standin/journal/last/explain", ""),
    ("GET", "/__standin/namespaces", ""),
    ("GET", "/__standin/metrics", ""),
    ("GET", "/__standin/state", ""),
    ("PUT", "/__standin/faults/@", LATE),
    ("PUT", "/__standin/faults/@", r#"{"on": "chert", "error": "4001", "when": {"call": 1}}"#),
    ("POST", "/rest/event.bind?auth=access-token", BOUND),
    ("POST", "/rest/imconnector.send.messages?auth=access-token", SENT),
    ("POST", "/__standin/actions", WRITTEN),
    ("POST", "/__standin/actions", r#"{"do": "bitrix24.line.delete", "with": {"line": 105}}"#),
    ("POST", "/__standin/actions", r#"{"do": "bitrix24.app.uninstall"}"#),
    ("POST", "/__standin/actions", r#"{"do": "bitrix24.app.install"}"#),
    ("GET", "/__standin/outbox", ""),
    ("POST", "/__standin/outbox/e1/take", ""),
    ("POST", "/__standin/outbox/e1/answer", r#"{"status": 500}"#),
    ("POST", "/__standin/outbox/e1/send", ""),
    ("POST", "/__standin/clock", r#"{"advance": "next"}"#),
    ("POST", "/api/v1/webhook-subscriptions", r#"{"url": "http://127.0.0.1:1/@"}"#),
    (
        "POST",
        "/api/v1/webhook-subscriptions",
        r#"{"url": "https://dev-inbox", "events": ["message.received"]}"#,
    ),
    ("POST", "/api/v1/chats/ch_02D/messages", TEXT),
    ("POST", "/__standin/actions", REPLIED),
    ("POST", REPLAYED, ""),
    ("GET", "/api/v1/events/stream?since=1970-01-01T00:00:00Z", ""),
    ("GET", "/api/v1/events?limit=1", ""),
    ("GET", "/api/v1/dev-inbox", ""),
    ("POST", "/api/v1/chats", GROUP),
    ("POST", "/api/v1/send", r#"{"phone": "+14155550999", "body": "one\n\n@", "attachments": ["att_02H"]}"#),
    ("POST", "/api/v1/messages/msg_01H/edit", r#"{"new_text": "@"}"#),
    ("POST", "/api/v1/chats/ch_01H/leave", ""),
    ("DELETE", "/api/v1/chats/ch_01H/participants/%2B14155550100", ""),
    ("PUT", "/api/v1/attachments/att_01H/upload", "twelve bytes"),
    ("GET", "/api/v1/attachments/att_02H/content", ""),
    ("POST", "/__standin/actions", REACTED),
    ("POST", "/__standin/actions", r#"{"do": "chert.message.read"}"#),
];

/// The rows of [`MOVES`] that every second move chooses from: without them, little happens.
const OFTEN: [usize; 14] = [0, 3, 5, 11, 12, 26, 32, 33, 34, 43, 45, 46, 47, 48];

/// Plays moves one second apart, and gives some events of the main scenario a result. The first byte of a move chooses the row, the second one the list of rows, the
/// name and, one time in eight, a namespace. After each, the journal holds every exchange that was not evicted, and can be read.
/// A refusal that no fault ordered has a remark with its reason.
pub fn play(moves: &[(u8, u8)]) {
    let mut now = Timestamp::UNIX_EPOCH;
    let scenario = Arc::new(Scenario::built_in());
    let namespaces = Namespaces::new(World::new(scenario, 1, now).judging());
    // Answers that wait for a delivery are counted, and come into the journal later.
    let mut waiting: Vec<After> = Vec::new();
    let mut streams: Vec<EventStream> = Vec::new();
    for &(row, choice) in moves {
        now += SignedDuration::from_secs(1);
        let row = usize::from(row);
        let row = if choice & 2 == 0 { row % MOVES.len() } else { OFTEN[row % OFTEN.len()] };
        let (method, target, body) = MOVES[row];
        let name = if choice % 2 == 0 { "a" } else { "b" };
        let in_namespace = choice >= 224;
        let request = |method, target: &str, body: &str| {
            let fields = [
                ("content-type", "application/json"),
                ("authorization", "Bearer 5f4dcc3b5aa765d61d8327deb882cf99"),
            ];
            let mut headers: Headers = fields.into_iter().collect();
            if in_namespace {
                headers.push(NAMESPACE_HEADER, b"n1");
            }
            Request::new(method, target, headers, body.to_owned().into())
        };
        let asked = request(method, &target.replace('@', name), &body.replace('@', name));
        if control::claims(asked.path()) {
            let reply = control::answer(&namespaces, &asked, now);
            assert!(reply.status < 500, "{asked:?}: {reply:?}");
        } else if let Ok(namespace) = namespaces.of(&asked, now) {
            let mut world = match &namespace {
                None => namespaces.main(),
                Some(namespace) => namespace.world().expect("nobody drops it meanwhile"),
            };
            let planned = step(&mut world, &asked, Arrival::at(now));
            let note = &planned.note;
            let is_ordered = note.faults.iter().any(|decision| decision.answered);
            assert!(note.error.is_none() || is_ordered || !note.remarks.is_empty(), "no reason: {asked:?}");
            match &planned.form {
                Form::After(after) => waiting.push(After::clone(after)),
                Form::Stream(stream) if !in_namespace => streams.push(EventStream::clone(stream)),
                _ => {}
            }
            world.record(&asked, planned, Arrival::at(now));
        }
        let mut main = namespaces.main();
        if choice % 16 < 4
            && let Some(dispatch) = main.take_due(now)
        {
            let outcome = Outcome::Answered(if row % 2 == 0 { 200 } else { 500 });
            assert!(main.delivered(dispatch.id, outcome, Duration::ZERO, now), "{dispatch:?}");
        }
        streams.retain_mut(|stream| !main.stream(stream, now).is_over);
        drop(main);
        waiting.retain(|after| after.answer().is_none());
        for path in ["/__standin/journal", "/__standin/faults", "/__standin/health"] {
            let reply = control::answer(&namespaces, &request("GET", path, ""), now);
            assert!(matches!(reply.status, 200 | 404), "{path}: {reply:?}");
            let told: Value = serde_json::from_slice(&reply.body).unwrap();
            if let Some(counters) = told.get("counters") {
                let count = |name: &str| counters[name].as_u64().unwrap();
                // No event of a namespace has the row that is asked for.
                let waiting = if in_namespace { 0 } else { waiting.len() as u64 };
                assert_eq!(count("exchanges"), count("journal") + count("evicted") + waiting, "{told}");
            }
        }
    }
}
