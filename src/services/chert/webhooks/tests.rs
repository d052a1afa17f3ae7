use serde_json::Value;

use super::*;
use crate::emulator::{Emulator, HandlerTarget};
use crate::services::chert::change::{Change, ChatChange, MessageChange, Receiving, Target as Chat};
use crate::services::chert::messages::{Author, Message, Part, Reaction, ReactionKind};
use crate::services::chert::workspace::LiveWorkspace;

const SECRET: &str = "1a2b3c4d5e6f7081a2b3c4d5e6f70819aabbccddeeff00112233445566778899";

/// The world of the page's sample with these subscriptions.
fn workspace(subscriptions: Value) -> LiveWorkspace {
    section(json!({}), subscriptions, "")
}

fn section(webhooks: Value, subscriptions: Value, suffix: &str) -> LiveWorkspace {
    let section = json!({
        "webhooks": webhooks,
        "tenants": [{
            "slug": "acme",
            "signing_secret": "secret-of-acme",
            "lines": [{"id": "pl_01H", "phone_number": "+14152165723"}],
            "chats": [{"id": "17f6e9ed", "group": false, "line": "pl_01H", "participants": ["+14155551234"], "conversation": "cv_01H"}],
            "subscriptions": subscriptions,
        }],
    });
    let mut section: ChertSection = serde_json::from_value(section).unwrap();
    suffix.clone_into(&mut section.suffix);
    LiveWorkspace::new(&section, 7, at(0))
}

fn at(second: i64) -> Timestamp {
    let start: Timestamp = "2026-05-24T01:35:34Z".parse().unwrap();
    start.checked_add(jiff::SignedDuration::from_secs(second)).unwrap()
}

/// The recipient writes the page's sample.
fn write(workspace: &mut LiveWorkspace, id: &str) -> Raised {
    let parts = vec![
        Part::Text { value: "Sure, what time?".to_owned() },
        Part::Media { attachment_id: "in_536f2fe3cafef93946d0bf9b4ac2e3ef".to_owned() },
    ];
    let message = Message::received(id.to_owned(), "+14155551234".to_owned(), parts, at(0));
    let next = workspace.ids.next;
    let receiving =
        Receiving { tenant: 0, chat: Chat::Known(0), line: None, message, files: Vec::new(), next };
    assert_eq!(workspace.commit(Change::Receive(Box::new(receiving)), at(0)), None);
    workspace.raised()
}

fn attempt(
    workspace: &mut LiveWorkspace,
    delivery: &Delivery,
    outcome: &Outcome,
    second: i64,
    is_last: bool,
) {
    let (at, ended) = (at(second), at(second));
    let duration = Duration::from_millis(142);
    workspace.webhooks.attempted(delivery, &Attempted { at, ended, outcome, duration, is_last });
}

fn row(workspace: &LiveWorkspace) -> Value {
    workspace.webhooks.log.of(0).next().unwrap().as_json()
}

/// What `printf '%s.%s' SECONDS BODY | openssl dgst -sha256 -hmac SECRET` gives, by an implementation of its own.
fn hmac(secret: &str, text: &str) -> String {
    use hmac::{Hmac, KeyInit};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_message_is_delivered_to_the_byte() {
    let subscription = json!({"id": "0f2d3c1a", "url": "http://127.0.0.1:9/hooks", "secret": SECRET, "version": "2026-05-04"});
    let mut workspace = workspace(json!([subscription]));
    let raised = write(&mut workspace, "0D36042D-C551-4CB4-9BE7-853832D6F2FE");
    assert_eq!((raised.deliveries.len(), raised.silences.len(), raised.is_logged), (1, 0, true));
    let delivery = &raised.deliveries[0];
    let trace = workspace.webhooks.log.get(1).unwrap().trace_id.clone();
    let body = r#"{"event":"message.received","event_id":"chert:msg:0D36042D-C551-4CB4-9BE7-853832D6F2FE","timestamp":"2026-05-24T01:35:34.000Z","api_version":"v1","webhook_version":"2026-05-04","event_type":"message.received","trace_id":"TRACE","partner_id":"acme","data":{"chat":{"id":"17f6e9ed","is_group":false,"handles":[{"handle":"+14152165723","service":"imessage","is_me":true},{"handle":"+14155551234","service":"imessage","is_me":false}],"owner_handle":{"handle":"+14152165723","service":"imessage","is_me":true}},"message":{"id":"0D36042D-C551-4CB4-9BE7-853832D6F2FE","direction":"inbound","sender_handle":{"handle":"+14155551234","service":"imessage","is_me":false},"parts":[{"type":"text","value":"Sure, what time?"},{"type":"media","attachment_id":"in_536f2fe3cafef93946d0bf9b4ac2e3ef"}],"sent_at":"2026-05-24T01:35:34.000Z"}}}"#;
    assert_eq!(&*delivery.body, body.replace("TRACE", &trace));

    let request = workspace.webhooks.request(delivery, at(5));
    let seconds = at(5).as_second().to_string();
    let hex = hmac(SECRET, &format!("{seconds}.{}", delivery.body));
    let expected = [
        ("content-type", "application/json".to_owned()),
        ("x-webhook-event", "message.received".to_owned()),
        ("x-webhook-event-id", "chert:msg:0D36042D-C551-4CB4-9BE7-853832D6F2FE".to_owned()),
        ("x-webhook-subscription-id", "0f2d3c1a".to_owned()),
        ("x-webhook-signature", format!("t={seconds},v1={hex}")),
        ("x-chert-signature", format!("v1,{seconds},{hex}")),
        ("x-webhook-timestamp", seconds),
    ];
    assert_eq!(request.headers, expected);
    assert_eq!((&*request.body, request.query.as_str()), (&*delivery.body, ""));
    // The next attempt has the same body, and a signature of its own.
    let again = workspace.webhooks.request(delivery, at(6));
    assert_eq!(again.body, request.body);
    assert_ne!(again.headers[4], request.headers[4]);
}

#[test]
fn a_failed_attempt_is_repeated_only_if_that_may_help() {
    let mut workspace = workspace(json!([{"url": "http://127.0.0.1:9/"}]));
    let delivery = write(&mut workspace, "m").deliveries.remove(0);
    let next = |attempt, outcome| next_attempt(&delivery, attempt, &outcome);
    let after = |seconds| Next::After(Duration::from_secs(seconds));
    for status in [500, 503, 599] {
        let next = |attempt| next(attempt, Outcome::Answered(status));
        assert_eq!([next(1), next(2), next(3)], [after(1), after(2), Next::GiveUp], "{status}");
    }
    for status in [199, 301, 302, 400, 404, 410, 429, 499, 600] {
        assert_eq!(next(1, Outcome::Answered(status)), Next::GiveUp, "{status}");
    }
    assert_eq!(next(1, Outcome::Failed("no connection".into())), after(1));
    assert_eq!(next(1, Outcome::Blocked("not allowed".into())), Next::GiveUp);
    let replay = Delivery { handler: REPLAYS + 1, ..delivery.clone() };
    assert_eq!(next_attempt(&replay, 1, &Outcome::Answered(503)), Next::GiveUp);
}

#[test]
fn the_log_tells_what_became_of_an_event() {
    let mut workspace = workspace(json!([
        {"id": "one", "url": "http://127.0.0.1:9/one"},
        {"id": "two", "url": "http://127.0.0.1:9/two", "events": ["message.received"]},
        {"id": "inbox", "url": "https://dev-inbox"},
        {"id": "other", "url": "http://127.0.0.1:9/", "events": ["reaction.added"]},
        {"id": "off", "url": "http://127.0.0.1:9/", "active": false},
    ]));
    let deliveries = write(&mut workspace, "m").deliveries;
    assert_eq!(deliveries.iter().map(|known| known.handler).collect::<Vec<_>>(), [1, 2]);
    // It stands in the log before any attempt.
    let first = row(&workspace);
    assert_eq!(
        first["delivery"],
        json!({"status": "pending", "url": "http://127.0.0.1:9/one", "attempts": [], "delivered_at": null})
    );
    assert_eq!((&first["lead_id"], &first["convo_id"]), (&json!("17f6e9ed"), &json!("cv_01H")));
    assert_eq!(first["payload"]["event_type"], "message.received");

    attempt(&mut workspace, &deliveries[1], &Outcome::Answered(200), 0, true);
    assert_eq!(row(&workspace)["delivery"]["status"], "pending");
    attempt(&mut workspace, &deliveries[0], &Outcome::Answered(503), 1, false);
    assert_eq!(row(&workspace)["delivery"]["status"], "pending");
    attempt(&mut workspace, &deliveries[0], &Outcome::Failed("no connection".into()), 2, true);
    let delivery = row(&workspace)["delivery"].clone();
    assert_eq!((&delivery["status"], &delivery["delivered_at"]), (&json!("failed"), &json!(null)));
    assert_eq!(
        delivery["attempts"][2],
        json!({"at": "2026-05-24T01:35:36Z", "status": null, "error": "no connection", "duration_ms": 142, "subscription_id": "one"})
    );
    assert_eq!(
        delivery["attempts"][0],
        json!({"at": "2026-05-24T01:35:34Z", "status": 200, "duration_ms": 142, "subscription_id": "two"})
    );
    let known = |id: &str| workspace.webhooks.subscriptions.find(0, id).unwrap();
    assert_eq!((known("one").consecutive_failures, known("one").last_failure_at), (1, Some(at(2))));
    assert_eq!((known("two").consecutive_failures, known("two").last_success_at), (0, Some(at(0))));
    // Who was reached by a replay has it.
    assert!(workspace.webhooks.replay("acme", 1, 1, &mut workspace.raised));
    let replay = workspace.raised.deliveries[workspace.raised.waits_for.unwrap()].clone();
    assert_eq!((&replay.body, replay.sender.account), (&deliveries[0].body, 1));
    assert_ne!(replay.handler, deliveries[0].handler, "it does not wait for others");
    attempt(&mut workspace, &replay, &Outcome::Answered(200), 9, true);
    let delivery = row(&workspace)["delivery"].clone();
    assert_eq!(
        (&delivery["status"], &delivery["delivered_at"]),
        (&json!("delivered"), &json!("2026-05-24T01:35:43Z"))
    );
    // What has arrived does not fail any more.
    attempt(&mut workspace, &replay, &Outcome::Answered(500), 9, true);
    assert_eq!(row(&workspace)["delivery"]["status"], "delivered");
}

#[test]
fn an_event_that_nobody_takes_stands_in_the_log() {
    let mut workspace = workspace(json!([]));
    let raised = write(&mut workspace, "m");
    assert_eq!((raised.deliveries.len(), raised.is_logged), (0, true));
    assert!(raised.silences[0].contains("goes to nobody"), "{:?}", raised.silences);
    assert_eq!(
        row(&workspace)["delivery"],
        json!({"status": "pending", "url": null, "attempts": [], "delivered_at": null})
    );
    // One that the dev inbox takes is not sent.
    let mut workspace = self::workspace(json!([{"url": "https://dev-inbox"}]));
    let raised = write(&mut workspace, "m");
    assert_eq!((raised.deliveries.len(), raised.silences.len()), (0, 0));
    assert_eq!(
        row(&workspace)["delivery"],
        json!({"status": "dev_inbox", "url": "https://dev-inbox", "attempts": [], "delivered_at": null})
    );
}

#[test]
fn a_delivery_that_was_given_up_has_failed() {
    let mut workspace = workspace(json!([{"url": "http://127.0.0.1:9/"}]));
    let delivery = write(&mut workspace, "m").deliveries.remove(0);
    workspace.webhooks.gave_up(&delivery, at(1));
    assert_eq!(row(&workspace)["delivery"]["status"], "failed");
}

#[test]
fn a_subscription_to_the_older_name_gets_the_older_members() {
    let subscription = json!({"url": "http://127.0.0.1:9/", "events": ["lead_reply"]});
    let mut workspace = workspace(json!([subscription]));
    let delivery = write(&mut workspace, "guid").deliveries.remove(0);
    let body: Value = serde_json::from_str(&delivery.body).unwrap();
    assert_eq!((&body["event"], &body["event_type"]), (&json!("lead_reply"), &json!("lead_reply")));
    let older = ["from", "to", "text", "message_guid", "line_id"].map(|name| body[name].as_str().unwrap());
    assert_eq!(older, ["+14155551234", "+14152165723", "Sure, what time?", "guid", "pl_01H"]);
    let request = workspace.webhooks.request(&delivery, at(0));
    assert_eq!(request.headers[1].1, "lead_reply");
    assert_eq!(row(&workspace)["type"], "message.received");
}

#[test]
fn a_reaction_is_told_and_its_end() {
    let mut workspace = workspace(json!([{"url": "http://127.0.0.1:9/"}]));
    write(&mut workspace, "m");
    let author = Author::Recipient("+14155551234".to_owned());
    let reaction = Reaction { kind: ReactionKind::Love, author };
    let mut keys = Vec::new();
    for (change, event) in [
        (MessageChange::React(reaction.clone()), "reaction.added"),
        (MessageChange::Unreact(reaction), "reaction.removed"),
    ] {
        let change = Change::Message { tenant: 0, message: "m".to_owned(), change: Box::new(change) };
        workspace.commit(change, at(1));
        let delivery = workspace.raised().deliveries.remove(0);
        let body: Value = serde_json::from_str(&delivery.body).unwrap();
        assert_eq!(body["event"], event);
        assert_eq!(
            (&body["data"]["message"]["id"], &body["data"]["reaction"]),
            (&json!("m"), &json!("love"))
        );
        assert_eq!(body["data"]["sender_handle"]["handle"], "+14155551234");
        keys.push(body["event_id"].as_str().unwrap().to_owned());
    }
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn what_no_page_names_raises_no_event() {
    let mut workspace = workspace(json!([{"url": "http://127.0.0.1:9/"}]));
    for change in [ChatChange::Read, ChatChange::Type(true), ChatChange::Add("+14155559876".to_owned())] {
        workspace.commit(Change::Chat { tenant: 0, chat: 0, change }, at(1));
    }
    let display_name = Some("New".to_owned());
    workspace.commit(Change::Rename { tenant: 0, chat: 0, display_name, group_chat_icon: None }, at(1));
    assert!(workspace.raised().is_empty());
}

#[test]
fn the_row_shape_is_a_wish_of_the_scenario() {
    let subscriptions = json!([{"url": "http://127.0.0.1:9/"}]);
    let mut workspace = section(json!({"body": "row"}), subscriptions, "");
    let delivery = write(&mut workspace, "m").deliveries.remove(0);
    let body: Value = serde_json::from_str(&delivery.body).unwrap();
    let names: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["type", "event_id", "lead_id", "convo_id", "payload"]);
    assert_eq!(body["payload"]["data"]["message"]["id"], "m");
}

#[test]
fn ids_and_secrets_tell_namespaces_apart() {
    let seen = |suffix: &str| {
        let subscriptions = json!([{"url": "http://127.0.0.1:9/"}]);
        let mut workspace = section(json!({}), subscriptions, suffix);
        write(&mut workspace, "m");
        let known = workspace.webhooks.subscriptions.of(0).next().unwrap();
        assert_eq!(known.secret.text().len(), 64);
        assert!(workspace.secrets().contains(&known.secret.text().to_owned()));
        (row(&workspace)["id"].clone(), known.id.clone(), known.secret.text().to_owned())
    };
    let (main, again, other) = (seen(""), seen(""), seen("-n1"));
    assert_eq!(main, again);
    assert!(main.0 != other.0 && main.1 != other.1 && main.2 != other.2);
    let id = main.0.as_str().unwrap();
    assert!(id.len() == 30 && id.starts_with("evt_01"), "{id}");
}

#[test]
fn what_waits_for_a_deleted_subscription_is_still_signed() {
    let mut workspace = workspace(json!([{"id": "gone", "url": "http://127.0.0.1:9/", "secret": SECRET}]));
    let delivery = write(&mut workspace, "m").deliveries.remove(0);
    workspace.commit(Change::Unsubscribe(1), at(1));
    let request = workspace.webhooks.request(&delivery, at(1));
    assert_eq!(request.headers[3], ("x-webhook-subscription-id", "gone".to_owned()));
    assert!(workspace.secrets().contains(&SECRET.to_owned()));
    assert!(workspace.commit(Change::Unsubscribe(1), at(1)).is_some());
    assert!(write(&mut workspace, "n").deliveries.is_empty());
}

#[test]
fn a_handler_gets_its_url_by_its_name() {
    let mut workspace = workspace(json!([{"name": "app"}]));
    let target = write(&mut workspace, "m").deliveries.remove(0).target;
    assert_eq!(target, HandlerTarget::Name("app".into()));
    assert_eq!(workspace.bind_handler("app", "http://127.0.0.1:9/"), 1);
    let target = write(&mut workspace, "n").deliveries.remove(0).target;
    assert_eq!(target, HandlerTarget::Url("http://127.0.0.1:9/".into()));
}

#[test]
fn the_log_forgets_the_oldest_events() {
    let mut workspace = workspace(json!([{"url": "https://dev-inbox"}]));
    for number in 0..10_050 {
        write(&mut workspace, &number.to_string());
    }
    let log = &workspace.webhooks.log;
    assert_eq!(log.of(0).count(), 10_000);
    assert!(log.get(50).is_none() && log.get(51).is_some());
    assert_eq!(log.after(0, 0).unwrap().number, 51);
    assert_eq!(log.after(0, 10_049).unwrap().number, 10_050);
    assert!(log.after(0, 10_050).is_none());
    assert!(!workspace.webhooks.replay("acme", 50, 1, &mut Raised::default()));
}
