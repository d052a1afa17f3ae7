//! Chert's webhooks: subscriptions, the event log, replays and streams.

mod replay;
mod stream;

use serde_json::{Value, json};
use standin::Server;
use standin::http::Reply;

use crate::client::{Response, send};
use crate::direct::{Direct, body};

/// A scenario of two tenants. `subscriptions` and `events` are those of the first one.
pub fn scenario(clock: &str, subscriptions: &str, more: &str) -> String {
    format!(
        "
standin: 1
name: webhooks
seed: 7
{clock}
chert:
  {more}
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      subscriptions: {subscriptions}
      events:
        - {{id: evt_1, type: message.received, event_id: 'chert:msg:1', lead_id: ch_1, url: 'https://a.example/', attempts: [{{status: 200, duration_ms: 142, subscription: s}}]}}
        - {{id: evt_2, type: reaction.added, event_id: 'chert:reaction:2', lead_id: ch_2, at: 10s, url: 'https://a.example/', attempts: [{{status: 503, subscription: s}}]}}
        - {{id: evt_3, type: message.received, event_id: 'chert:msg:3', lead_id: ch_2, at: 20s, url: 'https://dev-inbox'}}
        - {{id: evt_4, type: message.received, event_id: 'chert:msg:4', lead_id: ch_1, at: 30s}}
    - slug: other
      signing_secret: secret-of-other
      events: [{{id: evt_9, type: message.received, event_id: 'chert:msg:9', at: 25s}}]
"
    )
}

pub const VIRTUAL: &str = "clock: {virtual: \"2026-05-24T01:35:34Z\"}";

/// Sends a request of the first tenant.
pub fn call(world: &mut Direct, verb: &str, target: &str, sent: &str) -> Reply {
    let headers = [("authorization", "Bearer secret-of-acme")];
    world.exchange(verb, &format!("/api/v1{target}"), &headers, sent.as_bytes()).0
}

/// The same over a socket.
pub fn ask(server: &Server, verb: &str, target: &str, sent: &str) -> Response {
    send(
        server,
        verb,
        &format!("/api/v1{target}"),
        &[("authorization", "Bearer secret-of-acme")],
        sent.as_bytes(),
    )
}

fn error(reply: &Reply) -> (u16, Value, Value) {
    let body = body(reply);
    (reply.status, body["error"]["code"].clone(), body["error"]["message"].clone())
}

#[test]
fn a_subscription_is_made_read_changed_and_deleted() {
    let mut world = Direct::new(&scenario(
        VIRTUAL,
        "[]",
        "new_ids: {subscriptions: [sub-1], subscription_secrets: [0123456789abcdef]}",
    ));
    let made = call(
        &mut world,
        "POST",
        "/webhook-subscriptions",
        r#"{"url":"https://your-app.example/hooks","events":["message.received"]}"#,
    );
    let shown = r#""id":"sub-1","url":"https://your-app.example/hooks","events":["message.received"],"version":"2026-04-01","is_active":true,"created_at":"2026-05-24T01:35:34Z""#;
    let text = |reply: &Reply| String::from_utf8(reply.body.to_vec()).unwrap();
    assert_eq!(text(&made), format!(r#"{{"subscription":{{{shown},"secret":"0123456789abcdef"}}}}"#));
    let more = r#","updated_at":"2026-05-24T01:35:34Z","consecutive_failures":0,"last_success_at":null,"last_failure_at":null"#;
    let one = call(&mut world, "GET", "/webhook-subscriptions/sub-1", "");
    assert_eq!(text(&one), format!(r#"{{"subscription":{{{shown}{more}}}}}"#));
    // The second one has an ID and a secret of its own.
    let second = body(&call(
        &mut world,
        "POST",
        "/webhook-subscriptions",
        r#"{"url":"https://your-app.example/hooks"}"#,
    ));
    let (id, secret) =
        (second["subscription"]["id"].as_str().unwrap(), second["subscription"]["secret"].as_str().unwrap());
    assert_eq!((id.len(), secret.len(), &second["subscription"]["events"]), (36, 64, &json!([])));
    let list = body(&call(&mut world, "GET", "/webhook-subscriptions", ""));
    assert_eq!(list["subscriptions"].as_array().unwrap().len(), 2);
    assert!(!list.to_string().contains("secret"), "a secret is told once");
    for (flag, is_active) in [("is_active", false), ("active", true)] {
        let changed =
            json!({"url": "https://dev-inbox", "events": [], "version": "2026-05-04", flag: is_active});
        let changed = body(&call(&mut world, "PATCH", "/webhook-subscriptions/sub-1", &changed.to_string()));
        let shown = &changed["subscription"];
        assert_eq!((&shown["url"], &shown["is_active"]), (&json!("https://dev-inbox"), &json!(is_active)));
        assert_eq!((&shown["version"], &shown["events"]), (&json!("2026-05-04"), &json!([])));
    }
    let deleted = call(&mut world, "DELETE", "/webhook-subscriptions/sub-1", "");
    assert_eq!(text(&deleted), r#"{"deleted":true,"id":"sub-1"}"#);
    for verb in ["GET", "PATCH", "DELETE"] {
        let reply = call(&mut world, verb, "/webhook-subscriptions/sub-1", r#"{"is_active":true}"#);
        assert_eq!(error(&reply), (404, json!(2011), json!("Not found")), "{verb}");
    }
    // Another tenant sees none of it.
    let headers = [("authorization", "Bearer secret-of-other")];
    let others = world.exchange("GET", &format!("/api/v1/webhook-subscriptions/{id}"), &headers, b"").0;
    assert_eq!(others.status, 404);
}

#[test]
fn mistakes_in_a_subscription_are_refused() {
    for (strict, sent, code, text) in [
        (false, "", 1004, "Invalid JSON body"),
        (false, "[]", 1004, "Invalid JSON body"),
        (false, "{}", 1001, "Missing required field: url"),
        (false, r#"{"url": 7}"#, 1002, "Invalid field value: url"),
        (false, r#"{"url": null}"#, 1002, "Invalid field value: url"),
        (false, r#"{"url": "your-app.example"}"#, 1002, "Invalid field value: url"),
        (true, r#"{"url": "http://your-app.example/"}"#, 1002, "Invalid field value: url"),
        (true, r#"{"url": "https://127.0.0.1/"}"#, 1002, "Invalid field value: url"),
        (
            false,
            r#"{"url": "https://a.example/", "events": "message.received"}"#,
            1002,
            "Invalid field value: events",
        ),
        (false, r#"{"url": "https://a.example/", "events": [1]}"#, 1002, "Invalid field value: events"),
        (false, r#"{"url": "https://a.example/", "version": 1}"#, 1002, "Invalid field value: version"),
    ] {
        let more = if strict { "webhooks: {strict: true}" } else { "" };
        let mut world = Direct::new(&scenario(VIRTUAL, "[]", more));
        let reply = call(&mut world, "POST", "/webhook-subscriptions", sent);
        assert_eq!(error(&reply), (400, json!(code), json!(text)), "{sent}");
    }
    let mut world = Direct::new(&scenario(VIRTUAL, "[{id: s, url: \"https://a.example/\"}]", ""));
    for (sent, code, text) in [
        ("{}", 1001, "Missing required field: url, events, version or is_active"),
        (r#"{"is_active": "yes"}"#, 1002, "Invalid field value: is_active"),
        (r#"{"active": 1}"#, 1002, "Invalid field value: active"),
        (r#"{"url": ""}"#, 1002, "Invalid field value: url"),
    ] {
        let reply = call(&mut world, "PATCH", "/webhook-subscriptions/s", sent);
        assert_eq!(error(&reply), (400, json!(code), json!(text)), "{sent}");
    }
}

#[test]
fn what_only_standin_allows_is_remarked() {
    let mut world = Direct::new(&scenario(VIRTUAL, "[]", ""));
    for (sent, remark) in [
        (r#"{"url": "https://a.example/"}"#, None),
        (r#"{"url": "https://dev-inbox"}"#, None),
        (r#"{"url": "http://127.0.0.1:3000/"}"#, Some("webhooks: {strict: true}")),
        (
            r#"{"url": "https://a.example/", "events": ["message.recieved"]}"#,
            Some("did you mean `message.received`?"),
        ),
    ] {
        let headers = [("authorization", "Bearer secret-of-acme")];
        let (reply, note) =
            world.exchange("POST", "/api/v1/webhook-subscriptions", &headers, sent.as_bytes());
        assert_eq!(reply.status, 200, "{sent}");
        assert_eq!(note.remarks.len(), usize::from(remark.is_some()), "{:?}", note.remarks);
        assert!(remark.is_none_or(|remark| note.remarks[0].contains(remark)), "{:?}", note.remarks);
    }
}

#[test]
fn the_secret_of_a_subscription_is_hidden_everywhere() {
    let text = scenario("", "[{id: s, url: \"http://127.0.0.1:9/\", secret: of-the-scenario-0123}]", "");
    let server = crate::client::serve(&text);
    let made = ask(&server, "POST", "/webhook-subscriptions", r#"{"url":"https://dev-inbox"}"#).json();
    let secret = made["subscription"]["secret"].as_str().unwrap().to_owned();
    // A client may send it anywhere by mistake.
    ask(&server, "GET", &format!("/events?lead_id={secret}"), "");
    ask(&server, "POST", "/events/evt_1/replay?subscription_id=of-the-scenario-0123", "");
    crate::client::post(&server, "/__standin/reset", "");
    for target in ["journal", "state", "outbox", "explain/1", "explain/2", "scenario"] {
        let shown = crate::client::get(&server, &format!("/__standin/{target}"));
        assert!(!shown.text().contains(&secret), "{target}");
    }
    ask(&server, "GET", &format!("/events?lead_id={secret}"), "");
    ask(&server, "GET", "/events?lead_id=of-the-scenario-0123", "");
    let journal = crate::client::get(&server, "/__standin/journal");
    assert!(journal.text().contains("lead_id="), "{}", journal.text());
    assert!(!journal.text().contains(&secret) && !journal.text().contains("of-the-scenario-0123"));
}

#[test]
fn events_are_listed_the_newest_first_by_pages() {
    let mut world = Direct::new(&scenario(VIRTUAL, "[]", ""));
    let mut list = |query: &str| body(&call(&mut world, "GET", &format!("/events{query}"), ""));
    let ids = |list: &Value| -> Vec<String> {
        let rows = list["events"].as_array().unwrap();
        assert_eq!(list["count"], rows.len());
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    for (query, expected) in [
        ("", &["evt_4", "evt_3", "evt_2", "evt_1"][..]),
        ("?type=reaction.added", &["evt_2"]),
        ("?type=lead_reply", &[]),
        ("?status=pending", &["evt_4"]),
        ("?status=delivered", &["evt_1"]),
        ("?status=failed", &["evt_2"]),
        ("?status=dev_inbox", &["evt_3"]),
        ("?lead_id=ch_1", &["evt_4", "evt_1"]),
        ("?lead_id=ch_1&status=delivered", &["evt_1"]),
        ("?since=2026-05-24T01:35:54Z", &["evt_4", "evt_3"]),
        ("?since=2026-05-24T03:35:54.5%2B02:00", &["evt_4"]),
        ("?limit=200", &["evt_4", "evt_3", "evt_2", "evt_1"]),
    ] {
        let found = list(query);
        assert_eq!(ids(&found), expected, "{query}");
        assert_eq!(found["next_cursor"], json!(null), "{query}");
    }
    let first = list("?limit=2");
    assert_eq!(ids(&first), ["evt_4", "evt_3"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(cursor, "2026-05-24T01:35:54Z|evt_3");
    let second = list(&format!("?limit=2&cursor={cursor}"));
    assert_eq!(
        (ids(&second), &second["next_cursor"]),
        (vec!["evt_2".to_owned(), "evt_1".to_owned()], &json!(null))
    );
    for (query, name) in [
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?limit=ten", "limit"),
        ("?limit=", "limit"),
        ("?status=lost", "status"),
        ("?since=yesterday", "since"),
        ("?cursor=evt_3", "cursor"),
        ("?cursor=2026-05-24T01:35:54Z|evt_77", "cursor"),
        ("?cursor=2026-05-24T01:35:54Z|evt_9", "cursor"),
    ] {
        let reply = call(&mut world, "GET", &format!("/events{query}"), "");
        assert_eq!(
            error(&reply),
            (400, json!(1002), json!(format!("Invalid field value: {name}"))),
            "{query}"
        );
    }
}

#[test]
fn one_event_is_found_by_the_id_of_its_row() {
    let mut world = Direct::new(&scenario(VIRTUAL, "[]", ""));
    let row = r#"{"id":"evt_1","type":"message.received","event_id":"chert:msg:1","lead_id":"ch_1","convo_id":null,"payload":{},"delivery":{"status":"delivered","url":"https://a.example/","attempts":[{"at":"2026-05-24T01:35:34Z","status":200,"duration_ms":142,"subscription_id":"s"}],"delivered_at":"2026-05-24T01:35:34Z"},"created_at":"2026-05-24T01:35:34Z"}"#;
    let reply = call(&mut world, "GET", "/events/evt_1", "");
    assert_eq!(std::str::from_utf8(&reply.body).unwrap(), row);
    for id in ["evt_9", "chert:msg:1", "evt_77"] {
        assert_eq!(call(&mut world, "GET", &format!("/events/{id}"), "").status, 404, "{id}");
    }
    let headers = [("authorization", "Bearer secret-of-acme")];
    let (_, note) = world.exchange("GET", "/api/v1/events/chert:msg:1", &headers, b"");
    assert!(note.remarks[0].contains("the `id` of its row is `evt_1`"), "{:?}", note.remarks);
}

#[test]
fn the_dev_inbox_lists_what_nobody_sends() {
    let mut world = Direct::new(&scenario(VIRTUAL, "[]", ""));
    let inbox = body(&call(&mut world, "GET", "/dev-inbox", ""));
    assert_eq!((&inbox["count"], &inbox["events"][0]["id"]), (&json!(1), &json!("evt_3")));
    assert_eq!(
        inbox["events"][0]["delivery"],
        json!({"status": "dev_inbox", "url": "https://dev-inbox", "attempts": [], "delivered_at": null})
    );
    assert_eq!(call(&mut world, "GET", "/dev-inbox?limit=0", "").status, 400);
}

#[test]
fn attempts_come_at_their_instants_and_subscriptions_do_not_hold_each_other_up() {
    use std::time::Duration;

    use standin::emulator::Outcome;
    let chats = "\n      lines: [{id: pl, phone_number: \"+15555550100\"}]\n      chats: [{id: ch_1, group: false, line: pl, participants: [\"+14155551234\"]}]";
    let subscriptions = "[{id: down, url: \"http://127.0.0.1:9/\", secret: 0123456789abcdef}, {id: up, url: \"http://127.0.0.1:9/\"}]";
    let yaml = scenario(VIRTUAL, &format!("{subscriptions}{chats}"), "");
    // The clock goes from instant to instant, or far beyond all of them.
    for far in [None, Some(400)] {
        let mut world = Direct::new(&yaml);
        let wall = jiff::Timestamp::UNIX_EPOCH;
        for text in ["one", "two"] {
            let with = json!({"tenant": "acme", "chat": "ch_1", "text": text});
            world.world().act("chert.recipient.write", with.as_object().unwrap(), wall).unwrap();
        }
        let mut seen = Vec::new();
        loop {
            while let Some(dispatch) = world.world().take_due(wall) {
                let field = |name: &str| {
                    let found = dispatch.request.headers.iter().find(|(known, _)| *known == name);
                    found.unwrap().1.clone()
                };
                let standin::basics::Clock::Virtual(clock) = world.world().clock() else { unreachable!() };
                let now = world.world().outbox().get(dispatch.id.number).unwrap().attempts.last().unwrap().at;
                assert!(far.is_some() || clock == now, "also of the one that waited for the other");
                let id = field("x-webhook-subscription-id");
                if id == "down" {
                    let expected = crate::client::signature(
                        "0123456789abcdef",
                        now.as_second(),
                        dispatch.request.body.as_bytes(),
                    );
                    assert_eq!(field("x-chert-signature"), expected);
                }
                let body: Value = serde_json::from_str(&dispatch.request.body).unwrap();
                let text = body["data"]["message"]["parts"][0]["value"].as_str().unwrap().to_owned();
                seen.push(format!("{} {id} {text}", now.as_second() - 1_779_586_534));
                let outcome = Outcome::Answered(if id == "down" { 503 } else { 200 });
                assert!(world.world().delivered(dispatch.id, outcome, Duration::ZERO, wall));
            }
            let Some(next) = world.world().next_due() else { break };
            world.world().move_clock(|now| far.map_or(next, |far| now + Duration::from_secs(far)));
        }
        let expected = [
            "0 down one",
            "0 up one",
            "0 up two",
            "1 down one",
            "3 down one",
            "3 down two",
            "4 down two",
            "6 down two",
        ];
        assert_eq!(seen, expected);
        let failed = body(&call(&mut world, "GET", "/events?status=failed&limit=2", ""));
        assert_eq!(failed["events"][0]["delivery"]["attempts"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn the_state_shows_subscriptions_and_the_log() {
    let url = "http://127.0.0.1:9/hooks?token=of-the-scenario-0123";
    let subscriptions = format!(
        "[{{id: s, url: \"{url}\", secret: of-the-scenario-0123}}, {{id: off, url: \"https://dev-inbox\", active: false}}]"
    );
    let server = crate::client::serve(&scenario(VIRTUAL, &subscriptions, ""));
    let shown = crate::client::get(&server, "/__standin/state");
    assert!(!shown.text().contains("of-the-scenario-0123"), "{}", shown.text());
    let state = shown.json();
    let [acme, other] = [0, 1].map(|place| &state["chert"]["tenants"][place]);
    let known = &acme["subscriptions"];
    assert_eq!((&known[0]["id"], &known[0]["consecutive_failures"]), (&json!("s"), &json!(0)));
    assert_eq!((&known[1]["id"], &known[1]["is_active"]), (&json!("off"), &json!(false)));
    assert!(known[0].get("secret").is_none());
    let ids = |tenant: &Value| {
        let rows = tenant["events"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(acme), ["evt_1", "evt_2", "evt_3", "evt_4"], "the oldest first");
    let mut row = ask(&server, "GET", "/events/evt_2", "").json();
    assert!(row.as_object_mut().unwrap().shift_remove("payload").is_some());
    assert_eq!(acme["events"][1], row);
    assert_eq!((ids(other), other.get("subscriptions")), (vec!["evt_9".to_owned()], None));
}
