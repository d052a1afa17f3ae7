//! What recipients and their telephones do.

use serde_json::{Value, json};

use super::life::{act, call, chat, code, message, text, wait, with, world};
use crate::direct::Direct;

#[test]
fn a_recipient_writes_in_a_chat_or_as_a_stranger() {
    let mut world = with("  new_ids: {chats: [stranger, elsewhere], inbound: [in-1, in-2, in-3]}");
    let acted = act(&mut world, "recipient.write", json!({"chat": "direct", "text": "Yes"})).unwrap();
    assert_eq!(acted.changed, json!({"chat": "direct", "message": "in-1"}));
    let (_, shown, _) = call(&mut world, "GET", "/messages/in-1", &Value::Null);
    assert_eq!(
        (&shown["message"]["direction"], &shown["message"]["status"]),
        (&json!("inbound"), &json!("received"))
    );
    let acted =
        act(&mut world, "recipient.write", json!({"from": "+14155550009", "text": "Who is this?"})).unwrap();
    assert_eq!(acted.changed, json!({"chat": "stranger", "message": "in-2"}));
    // The message has pinned the line that it came over.
    let hello = message(json!([text("Hello!")]));
    assert_eq!(code(&mut world, "POST", "/chats/stranger/messages", &hello), (200, 0));
    let group = json!({"from": "+14155550009", "participants": "+14155550010, ann@example.com", "name": "Family", "text": "Hi", "line": "pl_2"});
    let acted = act(&mut world, "recipient.write", group).unwrap();
    assert_eq!(acted.changed, json!({"chat": "elsewhere", "message": "in-3"}));
    let family = chat(&mut world, "elsewhere");
    assert_eq!(family["participants"], json!(["+14155550009", "+14155550010", "ann@example.com"]));
    assert_eq!(
        (&family["group"], &family["display_name"], &family["line"]),
        (&json!(true), &json!("Family"), &json!("pl_2"))
    );
    assert_eq!(code(&mut world, "PUT", "/chats/elsewhere", &json!({"display_name": "New"})), (200, 0));
}

#[test]
fn reactions_come_and_go() {
    let mut world = world();
    let react = |reaction: &str| json!({"message": "own", "reaction": reaction});
    act(&mut world, "recipient.react", react("love")).unwrap();
    act(&mut world, "recipient.react", json!({"reaction": "laugh"})).unwrap();
    let own = &chat(&mut world, "direct")["messages"][0];
    assert_eq!(own["reactions"], json!([{"reaction": "laugh", "from": "+14155551234"}]));
    let again = act(&mut world, "recipient.react", react("laugh")).unwrap_err();
    assert_eq!(again.message, "the recipient has reacted with `laugh` already");
    let taken = act(&mut world, "recipient.unreact", json!({"chat": "direct"})).unwrap();
    assert_eq!(taken.changed["reaction"], "laugh");
    assert!(chat(&mut world, "direct")["messages"][0].get("reactions").is_none());
}

#[test]
fn a_message_is_delivered_and_read() {
    let mut world = world();
    act(&mut world, "message.deliver", json!({"message": "last"})).unwrap();
    let (_, shown, _) = call(&mut world, "GET", "/messages/own", &Value::Null);
    assert_eq!(shown["message"]["status"], "delivered");
    assert_eq!(
        (&shown["message"]["delivered_at"], &shown["message"]["read_at"]),
        (&json!("2026-05-01T12:00:00Z"), &Value::Null)
    );
    act(&mut world, "message.read", json!({})).unwrap();
    let (_, shown, _) = call(&mut world, "GET", "/messages/own", &Value::Null);
    assert_eq!(
        (&shown["message"]["status"], &shown["message"]["read_at"]),
        (&json!("read"), &json!("2026-05-01T12:00:00Z"))
    );
    let late = act(&mut world, "message.deliver", json!({})).unwrap_err();
    assert_eq!(late.message, "the message `own` is delivered already");
}

/// An action that makes no sense says what to do instead, and changes nothing.
#[test]
fn what_makes_no_sense_changes_nothing() {
    let mut world = world();
    assert_eq!(code(&mut world, "POST", "/chats/group/leave", &Value::Null), (200, 0));
    let before = world.world().state(jiff::Timestamp::UNIX_EPOCH);
    for (action, with, expected) in [
        ("recipient.write", json!({"text": "x"}), "where is it written?"),
        ("recipient.write", json!({"chat": "none", "text": "x"}), "the tenant has no chat `none`"),
        ("recipient.write", json!({"chat": "direct"}), "a recipient cannot send an empty message"),
        (
            "recipient.write",
            json!({"chat": "direct", "text": ""}),
            "a recipient cannot send an empty message",
        ),
        (
            "recipient.write",
            json!({"chat": "group", "from": "+14155550100", "text": "x"}),
            "the tenant has left the group `group`",
        ),
        (
            "recipient.write",
            json!({"chat": "keyless", "text": "x"}),
            "`from` does not say which participant acts",
        ),
        (
            "recipient.write",
            json!({"chat": "nobody", "text": "x"}),
            "who writes? the chat has no participants",
        ),
        (
            "recipient.write",
            json!({"chat": "direct", "from": "+14155550009", "text": "x"}),
            "`+14155550009` is not a participant of the chat",
        ),
        (
            "recipient.write",
            json!({"from": "Sam", "text": "x"}),
            "`Sam` in `from` is neither a phone number nor an email address",
        ),
        (
            "recipient.write",
            json!({"from": "+14155550009", "text": "x", "line": "none"}),
            "the tenant has no line `none`",
        ),
        (
            "recipient.write",
            json!({"chat": "direct", "text": "x", "filename": "a"}),
            "`filename` is given without `media`",
        ),
        ("recipient.write", json!({"chat": "direct", "text": ["x"]}), "`text` is a list or a mapping"),
        (
            "recipient.write",
            json!({"chat": "direct", "from": "+14155550009", "participants": "+14155550010", "text": "x"}),
            "`participants` describe a new group, and `chat` names one",
        ),
        (
            "recipient.write",
            json!({"from": "+14155550009", "participants": "+14155550009", "text": "x"}),
            "a group has 2 to 1000 participants, and not 1",
        ),
        ("recipient.react", json!({"message": "none", "reaction": "love"}), "there is no message `none`"),
        (
            "recipient.react",
            json!({"message": "own", "chat": "group", "reaction": "love"}),
            "there is no message `own` in the chat `group`",
        ),
        ("recipient.react", json!({"message": "own", "reaction": "hate"}), "there is no reaction `hate`"),
        ("recipient.react", json!({"message": "own"}), "`chert.recipient.react` needs `reaction`"),
        (
            "recipient.unreact",
            json!({"message": "own"}),
            "`+14155551234` has not reacted to the message `own`",
        ),
        ("message.deliver", json!({"message": "theirs"}), "a recipient wrote the message `theirs`"),
        ("message.read", json!({"chat": "group"}), "the tenant has sent no message in the chat `group`"),
        ("message.read", json!({"message": "foreign-message"}), "there is no message `foreign-message`"),
    ] {
        let mistake = act(&mut world, action, with.clone()).unwrap_err();
        assert_eq!(mistake.message, expected, "{action} {with}");
        assert!(!mistake.help.is_empty(), "{action} {with}");
    }
    assert_eq!(world.world().state(jiff::Timestamp::UNIX_EPOCH), before);
    let with = json!({"chat": "direct", "text": "x"});
    let unnamed =
        world.world().act("chert.recipient.write", with.as_object().unwrap(), jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(unnamed.unwrap_err().help, "name one with `tenant`: `acme`, `other`");
}

#[test]
fn a_message_is_delivered_by_itself_when_its_time_has_come() {
    let shown = |world: &mut Direct, id: &str| {
        let (_, shown, _) = call(world, "GET", &format!("/messages/{id}"), &Value::Null);
        let message = &shown["message"];
        (message["status"].as_str().unwrap().to_owned(), message["delivered_at"].clone())
    };
    let hello = message(json!([text("Hello!")]));
    for (key, is_delivered) in [("", false), ("  delivered_after: 90s\n", true)] {
        let mut world = with(&format!("{key}  new_ids: {{messages: [one, two, place]}}"));
        assert_eq!(code(&mut world, "POST", "/chats/direct/messages", &hello), (200, 0));
        wait(&mut world, 30);
        assert_eq!(code(&mut world, "POST", "/chats/direct/messages", &hello), (200, 0));
        act(&mut world, "message.read", json!({"message": "two"})).unwrap();
        let here = json!({"phone": "+14155551234", "latitude": 1.5, "longitude": 2.5});
        assert_eq!(call(&mut world, "POST", "/locations", &here).0, 202);
        wait(&mut world, 59);
        assert_eq!(shown(&mut world, "one"), ("sent".to_owned(), Value::Null));
        wait(&mut world, 1);
        let at = if is_delivered { json!("2026-05-01T12:01:30Z") } else { Value::Null };
        let status = |word: &str| if is_delivered { "delivered".to_owned() } else { word.to_owned() };
        assert_eq!(shown(&mut world, "one"), (status("sent"), at));
        wait(&mut world, 60);
        assert_eq!(
            shown(&mut world, "two"),
            ("read".to_owned(), json!("2026-05-01T12:00:30Z")),
            "read before"
        );
        assert_eq!(shown(&mut world, "place").0, status("queued"));
        assert_eq!(shown(&mut world, "own"), ("sent".to_owned(), Value::Null), "one of the scenario");
        assert_eq!(world.world().next_due(), None);
    }
}
