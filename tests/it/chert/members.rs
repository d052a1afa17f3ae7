//! Members of groups, marks of reading and typing, cards.

use serde_json::{Value, json};

use super::life::{call, chat, code, message, text, world};

#[test]
fn members_come_and_go_while_three_remain() {
    let mut world = world();
    let path = "/chats/group/participants";
    let (_, added, _) = call(&mut world, "POST", path, &json!({"address": "+1 (415) 555-0300"}));
    let all = json!(["+14155550100", "+14155550200", "sam@example.com", "+14155550300"]);
    assert_eq!(added, json!({"chat_id": "group", "added": "+14155550300", "participants": all}));
    // The same again, by the other name of the field, changes nothing.
    let (status, again, _) = call(&mut world, "POST", path, &json!({"handle": "+14155550300"}));
    assert_eq!((status, &again["participants"]), (200, &all));
    for (address, expected) in [
        ("%2B14155550199", (400, 1001)),
        ("sam%40EXAMPLE.com", (200, 0)),
        ("sam@example.com", (400, 1001)),
        ("+14155550100", (200, 0)),
        ("%2B14155550200", (400, 1002)),
    ] {
        let path = format!("/chats/group/participants/{address}");
        assert_eq!(code(&mut world, "DELETE", &path, &Value::Null), expected, "{address}");
    }
    assert_eq!(chat(&mut world, "group")["participants"], json!(["+14155550200", "+14155550300"]));
    assert_eq!(code(&mut world, "POST", "/chats/group/leave", &Value::Null), (400, 1002));
    for (chat, body, expected) in [
        ("group", json!({}), (400, 1001)),
        ("group", json!({"address": " "}), (400, 1001)),
        ("group", json!({"address": "Sam"}), (400, 1002)),
        ("group", json!({"address": 7}), (400, 1002)),
        ("direct", json!({"address": "+14155550300"}), (400, 1006)),
        ("none", json!({"address": "+14155550300"}), (404, 2002)),
        ("bare", json!({"address": "+14155550300"}), (422, 4099)),
        ("keyless", json!({"address": "+14155550300"}), (422, 4099)),
    ] {
        let path = format!("/chats/{chat}/participants");
        assert_eq!(code(&mut world, "POST", &path, &body), expected, "{chat} {body}");
    }
    assert_eq!(code(&mut world, "DELETE", "/chats/bare/participants/a@b", &Value::Null), (422, 4099));
    assert_eq!(code(&mut world, "DELETE", "/chats/direct/participants/a@b", &Value::Null), (400, 1006));
}

#[test]
fn a_group_that_was_left_can_be_read_and_no_more() {
    let mut world = world();
    for (chat, expected) in [
        ("direct", (400, 1006)),
        ("bare", (501, 4099)),
        ("keyless", (501, 4099)),
        ("none", (404, 2002)),
        ("group", (200, 0)),
        ("group", (400, 1006)),
    ] {
        assert_eq!(
            code(&mut world, "POST", &format!("/chats/{chat}/leave"), &Value::Null),
            expected,
            "{chat}"
        );
    }
    let hello = message(json!([text("Hello!")]));
    for (verb, path, body, expected) in [
        ("GET", "/chats/group/messages", Value::Null, (200, 0)),
        ("PUT", "/chats/group", json!({"display_name": "New"}), (400, 1006)),
        ("POST", "/chats/group/messages", hello, (400, 1006)),
        ("POST", "/chats/group/participants", json!({"address": "+14155550300"}), (400, 1006)),
        ("POST", "/chats/group/mark-read", Value::Null, (400, 1006)),
        ("POST", "/chats/group/typing", json!({"state": "typing"}), (400, 1006)),
        ("POST", "/chats/group/send-contact", json!({"vcard_text": "BEGIN:VCARD"}), (400, 1006)),
        ("POST", "/chats/group/share-contact-info", Value::Null, (400, 1006)),
    ] {
        assert_eq!(code(&mut world, verb, path, &body), expected, "{verb} {path}");
    }
    assert_eq!(chat(&mut world, "group")["display_name"], "Crew");
}

#[test]
fn marks_and_cards_need_a_line_and_somebody_who_sees_them() {
    let mut world = world();
    let card = |contact: Value| json!({"contact": contact});
    let typing = json!({"state": "typing"});
    for (path, body, expected) in [
        ("/chats/direct/mark-read", Value::Null, (200, 0)),
        ("/chats/direct/mark-read", json!({"any": "body"}), (200, 0)),
        ("/chats/nobody/mark-read", Value::Null, (422, 1002)),
        ("/chats/keyless/mark-read", Value::Null, (501, 4099)),
        ("/chats/foreign/mark-read", Value::Null, (404, 2002)),
        ("/chats/direct/typing", typing.clone(), (200, 0)),
        ("/chats/direct/typing", json!({"state": "stopped"}), (200, 0)),
        ("/chats/direct/typing", json!({"state": "thinking"}), (400, 1002)),
        ("/chats/direct/typing", json!({}), (400, 1001)),
        ("/chats/direct/typing", Value::Null, (400, 1004)),
        ("/chats/bare/typing", typing, (501, 4099)),
        ("/chats/direct/send-contact", card(json!({"full_name": "Sam"})), (200, 0)),
        ("/chats/direct/send-contact", card(json!({"phones": [{"value": "+1"}]})), (200, 0)),
        ("/chats/direct/send-contact", card(json!({"phones": [{"label": "x"}]})), (400, 1002)),
        ("/chats/direct/send-contact", card(json!({"phones": []})), (400, 1002)),
        ("/chats/direct/send-contact", card(json!({"full_name": 1})), (400, 1002)),
        ("/chats/direct/send-contact", card(json!("Sam")), (400, 1002)),
        ("/chats/direct/send-contact", json!({}), (400, 1001)),
        ("/chats/direct/send-contact", json!({"vcard_text": "BEGIN:VCARD\n"}), (200, 0)),
        ("/chats/direct/send-contact", json!({"vcard_text": "VCARD"}), (400, 1002)),
        ("/chats/bare/send-contact", card(json!({"full_name": "Sam"})), (501, 4099)),
        ("/chats/send-contact", json!({"to": "+14155551234", "vcard_text": "BEGIN:VCARD"}), (200, 0)),
        ("/chats/send-contact", json!({"to": "+14155550009", "vcard_text": "BEGIN:VCARD"}), (404, 2002)),
        ("/chats/send-contact", json!({"vcard_text": "BEGIN:VCARD"}), (400, 1001)),
        ("/chats/direct/share-contact-info", Value::Null, (200, 0)),
        ("/chats/mail/share-contact-info", Value::Null, (400, 1002)),
        ("/chats/share-contact-info", json!({"to": "+14155551234"}), (200, 0)),
        ("/chats/share-contact-info", json!({}), (400, 1002)),
        ("/chats/share-contact-info", json!({"to": "+14155550009"}), (404, 2002)),
    ] {
        assert_eq!(code(&mut world, "POST", path, &body), expected, "{path} {body}");
    }
    let direct = chat(&mut world, "direct");
    assert_eq!((&direct["cards"], &direct["shares_contact"]), (&json!(4), &json!(true)));
    assert!(direct.get("typing").is_none());
}
