//! Messages of external users, and the states of messages of operators.

use serde_json::{Value, json};

use super::{call, message, noted, world};
use crate::direct::{Direct, body, outcome};

#[test]
fn methods_about_messages_refuse_in_the_order_of_the_server() {
    let of = |method: &str, changes: Value, documented: Value, live: Value| {
        (method.to_owned(), changes, documented, live)
    };
    let argument = |name: &str| json!([400, "ERROR_ARGUMENT", format!("Argument '{name}' is null or empty")]);
    let both = |method: &str, changes: Value, error: Value| of(method, changes, error.clone(), error);
    let no_provider = |text: &str| json!([400, "IMCONNECTOR_NO_CORRECT_PROVIDER", text]);
    let live_provider = || no_provider("Cannot find a matching connector provider");
    let not_active = |text: &str| json!([400, "NOT_ACTIVE_LINE", text]);
    let live_line = || not_active("Open Channel with this ID is inactive or does not exist.");
    let inactive = || not_active("The line with this ID is inactive or does not exist");
    let broken = || json!([500, "INTERNAL_SERVER_ERROR", "Internal server error"]);
    let text = "The value of an argument 'MESSAGES' must be of type array";
    let mut cases = vec![
        both("send.messages", json!({"MESSAGES": "text"}), json!([400, "ERROR_ARGUMENT", text])),
        both(
            "send.messages",
            json!({"MESSAGES": [5]}),
            json!([400, "ERROR_ARGUMENT", "The MESSAGES parameter must be an array of messages (arrays)"]),
        ),
        both(
            "send.messages",
            json!({"MESSAGES": "text", "CONNECTOR": "stranger"}),
            json!([400, "ERROR_ARGUMENT", text]),
        ),
        both("update.messages", json!({"MESSAGES": "text"}), broken()),
        both("delete.messages", json!({"MESSAGES": [5]}), broken()),
        of("update.messages", json!({"MESSAGES": "text", "LINE": 9}), inactive(), live_line()),
        of("send.messages", json!({"LINE": 106}), inactive(), live_line()),
        of(
            "delete.messages",
            json!({"LINE": 106}),
            not_active("Line with such ID is inactive or does not exist"),
            live_line(),
        ),
        both("send.messages", json!({"CONNECTOR": "viber"}), json!([400, "HASH_EMPTY", "Hash is empty"])),
    ];
    for (method, text) in [
        ("send.messages", "Failed to find a suitable provider for the connector"),
        ("update.messages", "Failed to find a suitable provider for the connector"),
        ("delete.messages", "Could not find a suitable provider for the connector"),
        ("send.status.delivery", "Unable to find a suitable provider for the connector"),
        ("send.status.reading", "Unable to find a suitable provider for the connector"),
    ] {
        // An unknown connector goes before an unknown line.
        cases.push(of(
            method,
            json!({"CONNECTOR": "stranger", "LINE": 9}),
            no_provider(text),
            live_provider(),
        ));
        cases.push(both(method, json!({"CONNECTOR": null, "LINE": null}), argument("CONNECTOR")));
        cases.push(both(method, json!({"LINE": null, "MESSAGES": null}), argument("LINE")));
        cases.push(both(method, json!({"MESSAGES": null, "CONNECTOR": "stranger"}), argument("MESSAGES")));
        cases.push(both(method, json!({"CONNECTOR": ["list"]}), broken()));
        let text = "Current authorization type is denied for this method Application context required";
        cases.push(both(
            method,
            json!({"auth": null, "sessid": "s", "MESSAGES": null}),
            json!([403, "WRONG_AUTH_TYPE", text]),
        ));
    }
    for method in ["activate", "connector.data.set"] {
        let third = if method == "activate" { "ACTIVE" } else { "DATA" };
        cases.push(both(method, json!({"CONNECTOR": null, "LINE": null}), argument("CONNECTOR")));
        cases.push(both(method, json!({"LINE": null}), argument("LINE")));
        cases.push(both(method, json!({}), argument(third)));
    }
    for (method, changes, documented, live) in cases {
        for (edition, expected) in [("documented", documented), ("live", live)] {
            let mut world = world(edition, "");
            let mut parameters = message("1", "text");
            parameters["auth"] = json!("access-token");
            changes.as_object().unwrap().iter().for_each(|(name, value)| parameters[name] = value.clone());
            let reply = world.post(&format!("/rest/imconnector.{method}"), &parameters);
            assert_eq!(outcome(&reply, "/result"), expected, "{method} {changes} {edition}");
            let named = body(&reply)["argument"].clone();
            let is_argument = expected[1] == "ERROR_ARGUMENT" && edition == "live";
            assert_eq!(named.is_string(), is_argument, "{method} {changes} {edition}: {named}");
        }
    }
}

#[test]
fn an_element_that_fails_does_not_stop_the_others() {
    let mut world = world("documented", "");
    let good = message("1", "text")["MESSAGES"][0].clone();
    let with = |part: &str, value: Value| {
        let mut element = good.clone();
        element[part] = value;
        element
    };
    let messages = json!([
        with("user", json!([])),
        with("chat", json!({"name": "without an ID"})),
        with("message", json!({"id": "1"})),
        with("user", json!({"name": "without an ID"})),
        good,
        with(
            "MESSAGE",
            json!({"FILES": [{"URL": "https://example.com/a.pdf"}, {"name": "no URL"}, {"url": "https://example.com/b.pdf"}]})
        ),
    ]);
    let parameters = json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": messages});
    let (answer, note) = noted(&mut world, "imconnector.send.messages", parameters);
    let elements = answer["result"]["DATA"]["RESULT"].as_array().unwrap();
    let not_all = json!({"SUCCESS": false, "ERRORS": ["Not all required data was provided"]});
    assert_eq!(elements[..3], [not_all.clone(), not_all.clone(), not_all]);
    assert_eq!(
        elements[3],
        json!({"SUCCESS": false, "ERRORS": [
            "Messenger user ID not obtained",
            "Could not create or get the system user associated with the remote messenger user",
        ]})
    );
    assert_eq!((answer["result"]["SUCCESS"].clone(), answer["status"].clone()), (json!(true), json!(200)));
    assert_eq!(elements[4]["SUCCESS"], true);
    assert_eq!(elements[5]["message"], json!({"files": [1001, 1002]}));
    assert_eq!(note.remarks, ["4 of 6 elements of `MESSAGES` failed: `ERRORS` of each tells why"]);
    assert_eq!(world.state()["chats"].as_array().unwrap().len(), 2, "both elements are in one chat");
    assert_eq!(
        call(
            &mut world,
            "imconnector.send.messages",
            json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": []})
        )["result"],
        json!({"SUCCESS": true, "DATA": {"RESULT": []}})
    );
}

#[test]
fn an_answer_repeats_what_was_sent_with_what_the_portal_makes_of_it() {
    let mut world = world("documented", "");
    let parameters = json!({"CONNECTOR": "messenger", "LINE": "105", "MESSAGES": [{
        "message": {"Id": "m", "date": 1, "text": "<b>", "disable_crm": "Y", "user_id": "27"},
        "user": {"id": 42, "skip_phone_validate": "Y"},
        "chat": {"id": "c", "url": "https://example.com/chats/123"},
    }]});
    let answer = call(&mut world, "imconnector.send.messages", parameters);
    assert_eq!(
        answer["result"]["DATA"]["RESULT"][0].to_string(),
        json!({
            "message": {"id": "m", "date": {}, "text": "<b>", "user_id": "27"},
            "user": "585",
            "chat": {"id": "c", "description": "Link to the original post: https://example.com/chats/123"},
            "extra": {"skip_phone_validate": "Y", "disable_tracker": "Y"},
            "SUCCESS": true,
            "session": {"ID": "323", "CHAT_ID": "1767"},
        })
        .to_string()
    );
    let state = world.state();
    let chat = &state["chats"][1];
    assert_eq!((&chat["name"], &chat["user"]), (&json!("Guest - Open Channel 105"), &json!("42")));
    assert_eq!(chat["messages"][0]["operator"], 27);
    let rename = json!({"CONNECTOR": "messenger", "LINE": 105, "CHAT_ID": "c", "NAME": "n"});
    assert_eq!(call(&mut world, "imconnector.chat.name.set", rename.clone())["error"], "ERROR_ARGUMENT");
    let mut named = rename;
    named["USER_ID"] = json!("42");
    assert_eq!(call(&mut world, "imconnector.chat.name.set", named)["result"]["SUCCESS"], true);
}

#[test]
fn users_of_a_connector_without_groups_have_chats_of_their_own() {
    let mut world = world("documented", "");
    let of = |user: &str| json!({"user": {"id": user, "name": "Ivan Ivanov"}, "message": {"text": "t"}, "chat": {"id": "c"}});
    let parameters = json!({"CONNECTOR": "messenger", "LINE": 105, "MESSAGES": [of("a"), of("b"), of("a")]});
    let answer = call(&mut world, "imconnector.send.messages", parameters);
    let elements = answer["result"]["DATA"]["RESULT"].as_array().unwrap();
    let seen: Vec<_> =
        elements.iter().map(|e| json!([e["user"], e["session"]["ID"], e["session"]["CHAT_ID"]])).collect();
    assert_eq!(json!(seen), json!([["585", "323", "1767"], ["586", "324", "1768"], ["585", "323", "1767"]]));
    let state = world.state();
    assert_eq!(state["chats"][1]["name"], "Ivan Ivanov - Open Channel 105");
    assert_eq!(state["chats"][1]["messages"].as_array().unwrap().len(), 2);
}

#[test]
fn what_names_no_message_changes_nothing() {
    let mut world = world("documented", "");
    let before = world.state();
    for method in ["imconnector.update.messages", "imconnector.delete.messages"] {
        let (answer, note) = noted(&mut world, method, message("stranger", "text"));
        let element = &answer["result"]["DATA"]["RESULT"][0];
        assert_eq!((&element["SUCCESS"], &element["user"]), (&json!(true), &json!("0")), "{method}");
        assert!(note.remarks[0].contains("name no known message"), "{:?}", note.remarks);
    }
    assert_eq!(world.state(), before);
}

#[test]
fn a_delivery_is_confirmed_once_and_with_a_list() {
    let mut world = world("documented", "");
    let confirm = |im: Value, id: Value| json!({"CONNECTOR": "connector", "LINE": 9, "MESSAGES": [{"im": im, "message": {"id": id}}]});
    let done = json!({"result": {"SUCCESS": true, "DATA": []}, "status": 200});
    let of_message = |world: &mut Direct| {
        let message = world.state()["chats"][0]["messages"][0].clone();
        json!([message["delivered"], message["external_ids"]])
    };
    let method = "imconnector.send.status.delivery";
    let im = json!({"chat_id": 8, "message_id": "70"});
    for (im, id, remark) in [
        (json!({"message_id": 71}), json!(["x"]), "name no message of an operator"),
        (json!(null), json!(["x"]), "name no message of an operator"),
        (im.clone(), json!("x"), "have no list as `message.id`"),
    ] {
        let (answer, note) = noted(&mut world, method, confirm(im, id));
        assert_eq!(answer, done);
        assert!(note.remarks[0].contains(remark), "{:?}", note.remarks);
        assert_eq!(of_message(&mut world), json!([false, []]));
    }
    assert_eq!(call(&mut world, "imconnector.send.status.reading", confirm(im.clone(), json!(["x"]))), done);
    assert_eq!(of_message(&mut world), json!([false, []]));
    assert_eq!(call(&mut world, method, confirm(im.clone(), json!(["x", 5]))), done);
    assert_eq!(of_message(&mut world), json!([true, ["x", "5"]]));
    assert_eq!(call(&mut world, method, confirm(im, json!(["y"]))), done);
    assert_eq!(of_message(&mut world), json!([true, ["x", "5"]]));
    assert_eq!(
        call(&mut world, method, json!({"CONNECTOR": "connector", "LINE": 1, "MESSAGES": "text"})),
        done
    );
}

#[test]
fn a_session_is_closed_by_the_id_of_bitrix24() {
    for edition in ["documented", "live"] {
        let mut world = world(edition, "");
        let mut finish = |chat: Value| {
            let reply = world
                .post("/rest/imopenlines.operator.finish", &json!({"auth": "access-token", "CHAT_ID": chat}));
            outcome(&reply, "/result")
        };
        let incorrect = json!([400, "CHAT_ID", "The provided chat identifier is incorrect"]);
        assert_eq!(
            [finish(json!(null)), finish(json!("chat-1")), finish(json!(-1))],
            [(); 3].map(|()| incorrect.clone())
        );
        assert_eq!(finish(json!(99)), json!([400, "CHAT_TYPE", "The specified chat is not an open line"]));
        assert_eq!([finish(json!("8")), finish(json!(8))], [json!([200, true]), json!([200, true])]);
    }
}
