//! How the arguments of a rename are read: texts, numbers, arrays, and bodies that PHP does not read.

use serde_json::{Value, json};

use super::{documented, name_of, outcome};
use crate::client::post;
use crate::direct::{self, Direct};

fn portal(edition: &str) -> Direct {
    Direct::new(&format!(
        "
standin: 1
name: arguments
bitrix24:
  edition: {edition}
  credentials: [{{token: access-token}}]
  connectors: [{{id: connector, chat_group: true}}, {{id: messenger}}]
  lines: [{{id: 1, connectors: [connector]}}, {{id: 105, connectors: [connector, messenger]}}, {{id: 106}}]
  chats:
    - {{connector: connector, line: 105, id: chat-1, name: Old name}}
    - {{connector: connector, line: 1, id: chat-1, name: On line 1}}
    - {{connector: connector, line: 105, id: Array, name: Array}}
    - {{connector: messenger, line: 105, id: chat-2, user: visitor-1, name: Visitor}}
    - {{connector: messenger, line: 105, id: chat-3, user: Array, name: Array}}
"
    ))
}

/// Checks status and error code of a rename with these changes in both editions.
#[track_caller]
fn check(changes: Value, documented: (u16, &str), live: (u16, &str)) {
    for (edition, (status, code)) in [("documented", documented), ("live", live)] {
        let mut parameters = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": "New name", "auth": "access-token"});
        changes.as_object().unwrap().iter().for_each(|(name, value)| parameters[name] = value.clone());
        let reply = portal(edition).post("/rest/imconnector.chat.name.set", &parameters);
        let seen = (reply.status, direct::body(&reply)["error"].as_str().unwrap_or("success").to_owned());
        assert_eq!(seen, (status, code.to_owned()), "{edition}: {changes}");
    }
}

#[track_caller]
fn check_both(changes: Value, expected: (u16, &str)) {
    check(changes, expected, expected);
}

#[test]
fn a_line_is_found_by_its_number_and_the_session_by_its_text() {
    for line in [json!("105"), json!(105), json!(105.0)] {
        check_both(json!({"LINE": line}), (200, "success"));
    }
    check_both(json!({"LINE": true}), (200, "success"));
    for line in ["00105", " 105", "105 ", "105abc", "105.0", "1.05e2", "+105"] {
        check_both(json!({"LINE": line}), (400, "CHAT_RENAMING_FAILED"));
    }
    check_both(json!({"LINE": 105.9}), (400, "CHAT_RENAMING_FAILED"));
    for line in ["106", "0106", "107", "one", "-105", "0x69"] {
        check_both(json!({"LINE": line}), (400, "NOT_ACTIVE_LINE"));
    }
    // PHP casts an array to the number 1 and to the text `Array`.
    check_both(json!({"LINE": ["105"]}), (400, "CHAT_RENAMING_FAILED"));
    check_both(json!({"LINE": []}), (400, "ERROR_ARGUMENT"));
}

#[test]
fn an_array_is_a_type_error_only_where_php_needs_a_text() {
    let (failed, type_error) = ((400, "CHAT_RENAMING_FAILED"), (500, "INTERNAL_SERVER_ERROR"));
    check_both(json!({"CONNECTOR": ["connector"]}), type_error);
    check_both(json!({"CONNECTOR": {"a": 1}, "USER_ID": "1", "LINE": "106"}), type_error);
    check_both(json!({"CONNECTOR": ["connector"], "NAME": ""}), (400, "ERROR_ARGUMENT"));
    check_both(json!({"CHAT_ID": ["chat-1"]}), (200, "success"));
    check_both(json!({"CHAT_ID": ["chat-1"], "LINE": 1}), failed);
    // The name is read last of all.
    check_both(json!({"NAME": ["n"]}), type_error);
    check_both(json!({"NAME": ["n"], "LINE": "106"}), (400, "NOT_ACTIVE_LINE"));
    check_both(json!({"NAME": ["n"], "CHAT_ID": "stranger"}), failed);
    check_both(
        json!({"NAME": {"a": "n"}, "CONNECTOR": "stranger", "USER_ID": "1"}),
        (400, "IMCONNECTOR_NO_CORRECT_PROVIDER"),
    );
    let to_visitor = |user: Value| json!({"CONNECTOR": "messenger", "CHAT_ID": "chat-2", "USER_ID": user});
    check(to_visitor(json!(["visitor-1"])), failed, (200, "success"));
    // An array is nobody, not even the user of that name.
    check(json!({"CONNECTOR": "messenger", "CHAT_ID": "chat-3", "USER_ID": ["x"]}), failed, (200, "success"));
    check_both(to_visitor(json!([])), (400, "ERROR_ARGUMENT"));
    // A group has no user.
    check_both(json!({"USER_ID": ["x"]}), (200, "success"));
}

#[test]
fn a_connector_is_cut_at_a_dot_that_is_not_its_first_character() {
    let visitor =
        |connector: &str| json!({"CONNECTOR": connector, "CHAT_ID": "chat-2", "USER_ID": "visitor-1"});
    check_both(visitor("Messenger.bot.x"), (200, "success"));
    check_both(visitor(".messenger"), (400, "IMCONNECTOR_NO_CORRECT_PROVIDER"));
    check_both(visitor(".messenger.x"), (400, "IMCONNECTOR_NO_CORRECT_PROVIDER"));
    let status = |connector: &str| {
        let parameters = json!({"CONNECTOR": connector, "auth": "access-token"});
        let reply = portal("documented").post("/rest/imconnector.status", &parameters);
        direct::body(&reply)["result"]["CONNECTOR"].clone()
    };
    assert_eq!([".Messenger", ".Bot.x", "Bot.X"].map(status), [".messenger", ".bot.x", "bot"]);
}

#[test]
fn every_channel_of_the_vendor_refuses_a_rename() {
    for channel in [
        "telegrambot",
        "viber",
        "vkgroup",
        "ok",
        "facebook",
        "facebookcomments",
        "fbinstagram",
        "fbinstagramdirect",
        "wechat",
        "imessage",
        "avito",
        "olx",
        "whatsappbytwilio",
        "whatsappbyedna",
        "notifications",
        "network",
        "max",
        "wazzup",
        "MAX",
        "wazzup.x",
    ] {
        check_both(json!({"CONNECTOR": channel, "USER_ID": "1"}), (400, "HASH_EMPTY"));
    }
    check_both(
        json!({"CONNECTOR": "livechat", "USER_ID": "1"}),
        (400, "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND"),
    );
}

#[test]
fn a_body_that_php_does_not_read_leaves_the_query() {
    let nested = |levels: usize| format!(r#""deep":{}{}"#, "[".repeat(levels), "]".repeat(levels));
    for (body, is_read) in [
        (r#""x":"\ud83d\ude00""#.to_owned(), true),
        (r#""x":"\ud800""#.to_owned(), false),
        (r#""x":"\ude00""#.to_owned(), false),
        (r#""x":"\ude00\ud83d""#.to_owned(), false),
        (r#""\ud800":1"#.to_owned(), false),
        (nested(127), true),
        // The object is a level, too.
        (nested(511), true),
        (nested(512), false),
        (nested(100_000), false),
        (r#""x":1,"#.to_owned(), false),
    ] {
        let server = documented();
        let target = "/rest/imconnector.chat.name.set?auth=access-token&CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=Query";
        let response = post(&server, target, &format!(r#"{{"NAME":"Body",{body}}}"#));
        assert_eq!(outcome(&response), (200, "success".to_owned()), "{body:.40}");
        assert_eq!(name_of(&server, 0), if is_read { "Body" } else { "Query" }, "{body:.40}");
    }
}

#[test]
fn the_journal_says_how_php_reads_a_line_and_a_body() {
    let nested = format!(r#"{{"x":{}{}}}"#, "[".repeat(300), "]".repeat(300));
    let line = r#"{"CONNECTOR":"connector","LINE":"00105","CHAT_ID":"chat-1","NAME":"n"}"#;
    let named = r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1","NAME":["n"]}"#;
    for (body, reason) in [
        (
            nested.as_str(),
            "the call has no `CONNECTOR`; it has `x`, which `imconnector.chat.name.set` does not know",
        ),
        (
            r#"{"CONNECTOR":"\ud800"}"#,
            "the call has no `CONNECTOR`: the body is not valid JSON, so only the query was read",
        ),
        (line, "Bitrix24 compares LINE as text: the session of the chat `chat-1` has `105`"),
        (named, "`NAME` is a list or a mapping"),
    ] {
        let headers = [("content-type", "application/json"), ("authorization", "Bearer access-token")];
        let target = "/rest/imconnector.chat.name.set";
        let (_, note) = portal("documented").exchange("POST", target, &headers, body.as_bytes());
        assert_eq!(note.remarks, [reason]);
    }
}
