//! The methods of a connector's life: their order of checks, texts and answers in both editions, and what they change.

mod bounds;
mod events;
mod late;
mod messages;
mod registration;

use serde_json::{Value, json};
use standin::engine::Note;

use crate::direct::{Direct, body};

/// A world with two applications and a user who is no administrator. `keys` adds keys to the portal.
fn world(edition: &str, keys: &str) -> Direct {
    Direct::new(&format!(
        "
standin: 1
name: life
seed: 1
clock: {{virtual: \"2026-03-11T13:53:13Z\"}}
bitrix24:
  edition: {edition}
  {keys}
  applications:
    - {{client_id: mine, client_secret: secret-of-mine, user: 27}}
    - {{client_id: theirs, client_secret: secret-of-theirs}}
    - {{client_id: later, client_secret: secret-of-later, installed: false}}
    - {{client_id: staff, client_secret: secret-of-staff, user: 5}}
  users: [{{id: 27, admin: true, name: John, last_name: Smith}}, {{id: 5}}]
  credentials:
    - {{webhook: {{user: 27, secret: webhook-secret}}}}
    - {{token: access-token, client_id: mine}}
    - {{token: token-of-theirs, client_id: theirs}}
    - {{token: token-of-later, client_id: later}}
    - {{token: token-of-staff, client_id: staff}}
    - {{token: token-of-nobody}}
    - {{token: token-for-crm, client_id: mine, scope: [crm]}}
  connectors:
    - {{id: connector, chat_group: true, application: mine}}
    - {{id: messenger, application: mine}}
    - {{id: foreign, application: theirs}}
  lines:
    - {{id: 105, connectors: [connector, messenger]}}
    - {{id: 106, name: Second line, active: false, queue: [101, 205]}}
  chats:
    - connector: connector
      line: 105
      id: chat-1
      name: Old name
      chat_id: 8
      sessions: [{{id: 3, messages: [{{id: 70, operator: 27, text: Hi}}]}}]
"
    ))
}

/// Calls a method by the token of `mine`. `more` replaces parameters.
fn call(world: &mut Direct, method: &str, more: Value) -> Value {
    noted(world, method, more).0
}

/// The whole body of a call, and its note for the journal.
fn noted(world: &mut Direct, method: &str, more: Value) -> (Value, Note) {
    let mut parameters = json!({"auth": "access-token"});
    for (name, value) in more.as_object().unwrap() {
        parameters[name] = value.clone();
    }
    let headers = [("content-type", "application/json")];
    let target = format!("/rest/{method}");
    let (reply, note) = world.exchange("POST", &target, &headers, parameters.to_string().as_bytes());
    let mut body = body(&reply);
    body.as_object_mut().unwrap().shift_remove("time");
    body.as_object_mut().unwrap().insert("status".into(), json!(reply.status));
    (body, note)
}

fn remarks(world: &mut Direct, method: &str, more: Value) -> String {
    noted(world, method, more).1.remarks.join("; ")
}

/// The parameters of a call for one message of the chat `channel-123`.
fn message(id: &str, text: &str) -> Value {
    json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": [{
        "user": {"id": "ext-user-42", "name": "Ivan Ivanov"},
        "message": {"id": id, "text": text},
        "chat": {"id": "channel-123", "name": "Support Channel"},
    }]})
}

fn registration(changes: Value) -> Value {
    let mut parameters = json!({
        "ID": "New",
        "NAME": "New Connector",
        "icon": {"data_image": "data:image/svg+xml,"},
        "PLACEMENT_HANDLER": "https://example.com/settings",
        "CHAT_GROUP": true,
    });
    changes.as_object().unwrap().iter().for_each(|(name, value)| parameters[name] = value.clone());
    parameters
}

#[test]
fn a_connector_lives_from_its_registration_to_its_end() {
    for edition in ["documented", "live"] {
        let mut world = world(edition, "");
        let world = &mut world;
        let on = |more: Value| {
            let mut parameters = json!({"CONNECTOR": "new", "LINE": 106});
            more.as_object().unwrap().iter().for_each(|(name, value)| parameters[name] = value.clone());
            parameters
        };
        let ok = json!({"result": true, "status": 200});
        let registered = call(world, "imconnector.register", registration(json!({})));
        assert_eq!(registered, json!({"result": {"result": true}, "status": 200}), "{edition}");
        let off = call(world, "imconnector.send.messages", on(json!({"MESSAGES": []})));
        assert_eq!(off["error"], "NOT_ACTIVE_LINE");
        let data = json!({"DATA": {"id": "channel-123", "url": "https://example.com"}});
        assert_eq!(call(world, "imconnector.connector.data.set", on(data)), ok);
        let status = |is_on: bool| json!({"result": {"LINE": 106, "CONNECTOR": "new", "ERROR": false, "CONFIGURED": is_on, "STATUS": is_on}, "status": 200});
        assert_eq!(call(world, "imconnector.status", on(json!({}))), status(false));
        assert_eq!(call(world, "imconnector.activate", on(json!({"ACTIVE": true}))), ok);
        assert_eq!(call(world, "imconnector.status", on(json!({}))), status(true));
        assert_eq!(call(world, "imconnector.list", json!({}))["result"]["new"], "New Connector");
        let messages = on(json!({"MESSAGES": message("ext-msg-1", "Hello")["MESSAGES"]}));
        let sent = call(world, "imconnector.send.messages", messages.clone());
        let element = json!({
            "user": "585",
            "message": {"id": "ext-msg-1", "text": "Hello"},
            "chat": {"id": "channel-123", "name": "Support Channel"},
            "SUCCESS": true,
            "session": {"ID": "323", "CHAT_ID": "1767"},
        });
        assert_eq!(
            sent.to_string(),
            json!({"result": {"SUCCESS": true, "DATA": {"RESULT": [element]}}, "status": 200}).to_string()
        );
        let renamed = call(
            world,
            "imconnector.chat.name.set",
            on(json!({"CHAT_ID": "channel-123", "NAME": "New name"})),
        );
        assert_eq!(renamed["result"]["SUCCESS"], true, "{renamed}");
        let state = world.state();
        let chat = state["chats"].as_array().unwrap().last().unwrap();
        assert_eq!((&chat["name"], &chat["messages"][0]["text"]), (&json!("New name"), &json!("Hello")));
        assert_eq!(chat["messages"][0]["id"], 86497);
        let changed = on(json!({"MESSAGES": message("ext-msg-1", "Changed")["MESSAGES"]}));
        let changed = call(world, "imconnector.update.messages", changed);
        assert_eq!(changed["result"]["DATA"]["RESULT"][0]["session"], Value::Null);
        assert_eq!(changed["result"]["DATA"]["RESULT"][0]["user"], "585");
        assert_eq!(world.state()["chats"][1]["messages"][0]["text"], "Changed");
        let deleted = call(world, "imconnector.delete.messages", messages);
        assert_eq!(deleted["result"]["SUCCESS"], true);
        assert_eq!(world.state()["chats"][1]["messages"], json!([]));
        assert_eq!(call(world, "imopenlines.operator.finish", json!({"CHAT_ID": 1767})), ok);
        assert_eq!(world.state()["chats"][1]["closed"], true);
        let again = on(json!({"MESSAGES": message("ext-msg-2", "Again")["MESSAGES"]}));
        let again = call(world, "imconnector.send.messages", again);
        assert_eq!(again["result"]["DATA"]["RESULT"][0]["session"], json!({"ID": "324", "CHAT_ID": "1767"}));
        assert_eq!(world.state()["chats"][1]["sessions"][1]["parent_id"], 323);
        let gone = call(world, "imconnector.unregister", json!({"ID": "NEW"}));
        assert_eq!(gone, json!({"result": {"result": true}, "status": 200}));
        assert_eq!(call(world, "imconnector.status", on(json!({}))), status(false));
        let after = call(world, "imconnector.send.messages", on(json!({"MESSAGES": []})));
        assert_eq!(after["error"], "IMCONNECTOR_NO_CORRECT_PROVIDER");
    }
}

#[test]
fn offline_events_are_not_emulated() {
    let mut world = world("live", "");
    for method in ["event.offline.get", "EVENT.OFFLINE.list"] {
        let (answer, note) = noted(&mut world, method, json!({}));
        assert_eq!((&answer["status"], &answer["error"]), (&json!(404), &json!("ERROR_METHOD_NOT_FOUND")));
        assert!(note.remarks[0].ends_with("there are no offline events"), "{:?}", note.remarks);
    }
}

/// Each row: method, what is wrong, and the error of each edition.
#[test]
fn commands_of_a_batch_see_what_earlier_ones_made() {
    for edition in ["documented", "live"] {
        let mut world = world(edition, "");
        let send = "imconnector.send.messages?CONNECTOR=connector&LINE=105&MESSAGES[0][user][id]=u&MESSAGES[0][message][text]=t&MESSAGES[0][chat][id]=c";
        let commands = json!({
            "bind": "event.bind?event=OnAppTest&handler=http://127.0.0.1:3000/h",
            "bound": "event.get",
            "line": "imopenlines.config.add?PARAMS[LINE_NAME]=VIP",
            "on": "imconnector.activate?CONNECTOR=connector&LINE=$result[line]&ACTIVE=1",
            "status": "imconnector.status?CONNECTOR=connector&LINE=$result[line]",
            "x": send,
            "rename": "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=$result[x][DATA][RESULT][0][chat][id]&NAME=Renamed",
            "y": send,
            "finish": "imopenlines.operator.finish?CHAT_ID=$result[x][DATA][RESULT][0][session][CHAT_ID]",
            "bad": "imconnector.register?ID=a.b",
        });
        let answer = call(&mut world, "batch", json!({"cmd": commands}));
        let results = &answer["result"]["result"];
        assert_eq!(results["line"], 107, "{answer}");
        assert_eq!(results["status"]["STATUS"], true);
        assert_eq!(results["bound"][0]["event"], "ONAPPTEST");
        let session = |name: &str| results[name]["DATA"]["RESULT"][0]["session"].clone();
        assert_eq!((session("x"), session("y")), (json!({"ID": "323", "CHAT_ID": "1767"}), session("x")));
        assert_eq!((&results["rename"]["SUCCESS"], &results["finish"]), (&json!(true), &json!(true)));
        let chat = world.state()["chats"][1].clone();
        assert_eq!(
            (&chat["name"], &chat["closed"], &chat["chat_id"]),
            (&json!("Renamed"), &json!(true), &json!(1767))
        );
        let place = if edition == "live" { "result_error" } else { "result" };
        let failure = json!({
            "result": false,
            "error": "APPLICATION_REGISTRATION_ERROR_POINT",
            "error_description": "Application registration error. Connector ID cannot contain dots (.).",
        });
        assert_eq!(answer["result"][place]["bad"], failure);
    }
}

#[test]
fn open_lines_are_listed_and_added() {
    let mut world = world("live", "");
    let all = call(&mut world, "imopenlines.config.list.get", json!({}))["result"].clone();
    let second = json!({"ID": "106", "LINE_NAME": "Second line", "ACTIVE": "N", "FULL_CLOSE_TIME": "10", "QUEUE": [101, 205]});
    assert_eq!(all[1].to_string(), second.to_string());
    let id =
        call(&mut world, "imopenlines.config.add", json!({"PARAMS": {"LINE_NAME": "VIP", "QUEUE": [1]}}));
    assert_eq!(id["result"], 107);
    let mut ids = |params: Value| {
        let rows =
            call(&mut world, "imopenlines.config.list.get", json!({"PARAMS": params}))["result"].clone();
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row["ID"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(ids(json!({"filter": {"ACTIVE": "Y"}})), "105 107");
    assert_eq!(ids(json!({"order": {"ID": "desc"}, "limit": 2})), "107 106");
    assert_eq!(ids(json!({"filter": {"=ID": ["105", 106]}, "offset": 1})), "106");
    let selected =
        call(&mut world, "imopenlines.config.list.get", json!({"PARAMS": {"select": ["ID"], "limit": 1}}));
    assert_eq!(selected["result"], json!([{"ID": "105"}]));
    // A portal without lines begins with the number of the page.
    let mut empty = Direct::new("{standin: 1, name: n, bitrix24: {credentials: [{token: access-token}]}}");
    assert_eq!(call(&mut empty, "imopenlines.config.add", json!({}))["result"], 15);
    assert_eq!(
        call(&mut empty, "imopenlines.config.list.get", json!({}))["result"][0]["LINE_NAME"],
        "Open Channel 15"
    );
}

#[test]
fn helpers_tell_of_the_caller() {
    for edition in ["documented", "live"] {
        let mut world = world(edition, "");
        let world = &mut world;
        let user = call(world, "user.current", json!({}))["result"].clone();
        let expected = json!({"ID": "27", "ACTIVE": true, "NAME": "John", "LAST_NAME": "Smith", "EMAIL": "", "UF_DEPARTMENT": [1]});
        assert_eq!(user.to_string(), expected.to_string());
        let refused = call(world, "user.current", json!({"auth": "token-for-crm"}));
        assert_eq!(refused["error"], "insufficient_scope");
        let installed = |world: &mut Direct, token: &str| {
            call(world, "app.info", json!({"auth": token}))["result"]["INSTALLED"].clone()
        };
        assert_eq!(
            (installed(world, "access-token"), installed(world, "token-of-later")),
            (json!(true), json!(false))
        );
        let get = |world: &mut Direct, token: &str, name: &str| {
            call(world, "method.get", json!({"auth": token, "name": name}))["result"].clone()
        };
        assert_eq!(get(world, "access-token", "Profile"), json!({"isExisting": true, "isAvailable": true}));
        assert_eq!(
            get(world, "token-for-crm", "user.current"),
            json!({"isExisting": true, "isAvailable": false})
        );
        assert_eq!(
            get(world, "access-token", "crm.lead.add"),
            json!({"isExisting": false, "isAvailable": false})
        );
        assert_eq!(get(world, "access-token", ""), json!({"isExisting": false, "isAvailable": false}));
    }
}

#[test]
fn the_same_calls_give_the_same_ids() {
    let run = || {
        let mut world = world("documented", "");
        let first = call(&mut world, "imconnector.send.messages", message("1", "a"));
        let second = call(&mut world, "imconnector.send.messages", message("2", "b"));
        (first, second, world.state())
    };
    assert_eq!(run(), run());
}
