//! What operators, administrators and the portal do: the events that each action raises, and its mistakes.

mod applications;
mod auto_close;
mod scheduled;
mod sessions;

use std::fmt::Write;

use serde_json::{Value, json};
use standin::Scenario;

use crate::direct::{Direct, body};

/// A portal of three applications: `mine` has most connectors, `theirs` has one, `later` is not installed.
const SCENARIO: &str = r#"
standin: 1
name: actions
seed: 1
clock: {virtual: "2026-03-17T14:52:41Z"}
bitrix24:
  edition: live
  applications:
    - {client_id: mine, client_secret: secret-of-mine, user: 27}
    - {client_id: theirs, client_secret: secret-of-theirs}
    - {client_id: later, client_secret: secret-of-later, installed: false}
  users: [{id: 27, name: Klaus, last_name: Weber, admin: true}, {id: 28, name: Anna}]
  credentials:
    - {token: access-token, client_id: mine}
    - {token: token-of-theirs, client_id: theirs}
    - {token: token-of-later, client_id: later}
  connectors:
    - {id: connector, chat_group: true, application: mine, placement_handler: "http://127.0.0.1:3000/settings?of=1"}
    - {id: messenger, application: mine, need_signature: false}
    - {id: rigid, chat_group: true, application: mine, edit_internal_messages: false, del_internal_messages: false, del_external_messages: false}
    - {id: foreign, chat_group: true, application: theirs}
    - {id: waiting, chat_group: true, application: later}
  lines:
    - {id: 105, connectors: [connector, messenger, rigid, foreign, waiting], queue: [28, 27], close_term: 15}
    - {id: 106, active: false, statuses: [{connector: connector}]}
    - {id: 107, statuses: [{connector: connector, error: true}]}
  chats:
    - connector: connector
      line: 105
      id: group
      name: Group
      chat_id: 8
      sessions:
        - id: 3
          messages:
            - {id: 69, text: Question, external_ids: [user-1]}
            - {id: 70, operator: 27, text: Answer, external_ids: [ext-1, ext-2]}
    - {connector: connector, line: 105, id: silent, name: Nobody has written, chat_id: 9}
    - {connector: connector, line: 105, id: over, name: Closed, chat_id: 10, sessions: [{id: 4, closed: true}]}
    - {connector: connector, line: 106, id: off, name: Line is off, chat_id: 11}
    - {connector: connector, line: 107, id: broken, name: Connector is broken, chat_id: 12}
    - {connector: messenger, line: 105, id: direct, user: visitor-1, name: One, chat_id: 13}
    - {connector: messenger, line: 105, id: direct, user: visitor-2, name: Two, chat_id: 14}
    - connector: rigid
      line: 105
      id: rigid
      name: Rigid
      chat_id: 15
      sessions:
        - id: 5
          messages:
            - {id: 71, text: Question, external_ids: [user-2]}
            - {id: 72, operator: 27, text: Answer, external_ids: [ext-3]}
    - {connector: foreign, line: 105, id: foreign, name: Theirs, chat_id: 16}
    - {connector: waiting, line: 105, id: waiting, name: Later, chat_id: 17}
  handlers:
    - {event: OnImConnectorMessageAdd, url: "http://127.0.0.1:3000/h", application: mine}
    - {event: OnImConnectorMessageUpdate, url: "http://127.0.0.1:3000/h", application: mine}
    - {event: OnImConnectorMessageDelete, url: "http://127.0.0.1:3000/h", application: mine}
    - {event: OnImConnectorDialogStart, url: "http://127.0.0.1:3000/h", application: mine}
    - {event: OnImConnectorDialogFinish, url: "http://127.0.0.1:3000/h", application: mine}
    - {event: OnImConnectorStatusDelete, url: "http://127.0.0.1:3000/h", application: mine}
    - {event: OnImConnectorLineDelete, url: "http://127.0.0.1:3000/h", application: mine}
    - {event: OnAppTest, url: "http://127.0.0.1:3000/h", application: mine}
    - {event: OnAppInstall, url: "http://127.0.0.1:3000/h", application: later}
    - {event: OnAppUninstall, url: "http://127.0.0.1:3000/h", application: mine}
    - {event: OnImConnectorMessageAdd, url: "http://127.0.0.1:3001/h", application: theirs}
    - {event: OnImConnectorLineDelete, url: "http://127.0.0.1:3001/h", application: theirs}
    - {event: OnImConnectorMessageAdd, url: "http://127.0.0.1:3002/h", application: later}
    - {event: OnImConnectorLineDelete, url: "http://127.0.0.1:3002/h", application: later}
"#;

fn world() -> Direct {
    Direct::new(SCENARIO)
}

/// The chat `id` of a connector on line 105, with more parameters.
fn chat(connector: &str, id: &str, more: Value) -> Value {
    with(json!({"connector": connector, "line": 105, "chat": id}), more)
}

fn with(mut parameters: Value, more: Value) -> Value {
    more.as_object().unwrap().iter().for_each(|(name, value)| parameters[name] = value.clone());
    parameters
}

/// Calls a method by a token.
fn call(world: &mut Direct, token: &str, method: &str, parameters: Value) -> Value {
    body(&world.post(&format!("/rest/{method}"), &with(parameters, json!({"auth": token}))))
}

/// The pairs of a form.
fn pairs(form: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

/// The value of a pair of a form.
fn value(form: &str, name: &str) -> Option<String> {
    pairs(form).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// The bodies of all deliveries with numbers above `after`, without `ts` and what follows it.
fn raised(world: &mut Direct, after: u64) -> Vec<String> {
    let entries = world.world().outbox().iter().filter(|entry| entry.number > after);
    let body = |body: &str| {
        let shown = pairs(body).into_iter().filter(|(name, _)| name != "ts");
        shown.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    };
    entries.map(|entry| body(&entry.delivery.body)).collect()
}

fn newest(world: &mut Direct) -> u64 {
    world.world().outbox().iter().next_back().map_or(0, |entry| entry.number)
}

/// Performs an action that makes sense. Returns the bodies of what it raises and the remarks.
#[track_caller]
fn act(world: &mut Direct, action: &str, with: Value) -> (Vec<String>, Vec<String>) {
    let before = newest(world);
    let acted = world.act(action, &with).unwrap_or_else(|mistake| panic!("{action} {with}: {mistake:?}"));
    let raised = raised(world, before);
    assert_eq!(acted.deliveries.len(), raised.len());
    (raised, acted.remarks)
}

/// Confirms that a message of an operator was delivered.
fn confirm(world: &mut Direct, message: i64, ids: Value) {
    let messages =
        json!([{"im": {"chat_id": 1, "message_id": message}, "message": {"id": ids}, "chat": {"id": "x"}}]);
    let parameters = json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": messages});
    let answer = call(world, "access-token", "imconnector.send.status.delivery", parameters);
    assert_eq!(answer["result"]["SUCCESS"], true);
}

/// Each action on a world of its own: what it changes, what it raises and what it remarks.
#[test]
fn actions_raise_their_events() {
    let text = || json!({"text": "Guten Tag!"});
    let place = |line: i64| json!({"connector": "connector", "line": line});
    let rows = [
        ("an operator of the line's queue", "operator.write", chat("connector", "group", text())),
        (
            "another operator",
            "operator.write",
            chat("connector", "group", with(text(), json!({"operator": 27}))),
        ),
        (
            "an unknown operator",
            "operator.write",
            chat("connector", "group", with(text(), json!({"operator": "99"}))),
        ),
        ("a closed session: the next one begins", "operator.write", chat("connector", "over", text())),
        (
            "without a signature",
            "operator.write",
            chat("messenger", "direct", with(text(), json!({"user": "visitor-2"}))),
        ),
        ("another application's connector", "operator.write", chat("foreign", "foreign", text())),
        (
            "an application whose installation is not finished",
            "operator.write",
            chat("waiting", "waiting", text()),
        ),
        ("the line is switched off", "operator.write", with(place(106), json!({"chat": "off", "text": "x"}))),
        (
            "the connector is broken",
            "operator.write",
            with(place(107), json!({"chat": "broken", "text": "x"})),
        ),
        ("a confirmed message", "operator.edit", chat("connector", "group", json!({"text": "Better"}))),
        (
            "by its ID in the external system",
            "operator.edit",
            chat("connector", "group", json!({"text": "Better", "message": "ext-1"})),
        ),
        ("to nothing", "operator.edit", chat("connector", "group", json!({"text": ""}))),
        ("one element for each external ID", "operator.delete", chat("connector", "group", json!({}))),
        (
            "a message of the external user",
            "operator.delete",
            chat("connector", "group", json!({"message": "user-1"})),
        ),
        ("an open session", "operator.close", chat("connector", "group", json!({}))),
        ("a connector", "operator.disconnect", place(105)),
        ("a connector that reported an error", "operator.disconnect", place(107)),
        ("a line with connectors of three applications", "line.delete", json!({"line": 105})),
        ("a line that is switched off", "line.delete", json!({"line": "106"})),
        ("an active connector", "settings.open", place(105)),
        (
            "a connector without a status row",
            "settings.open",
            with(place(106), json!({"connector": "connector", "operator": 27})),
        ),
        ("for the first time", "app.install", json!({"application": "later"})),
        ("keeping the settings", "app.uninstall", json!({"application": "mine"})),
        ("with the settings", "app.uninstall", json!({"application": "mine", "clean": "true"})),
    ];
    let mut told = String::new();
    for (title, action, with) in rows {
        let mut world = world();
        let acted = world.act(action, &with).unwrap_or_else(|mistake| panic!("{action} {with}: {mistake:?}"));
        let _ = writeln!(told, "{action} · {title}\n  {}", acted.changed);
        for body in raised(&mut world, 0) {
            let _ = writeln!(told, "  → {body}");
        }
        for remark in acted.remarks {
            let _ = writeln!(told, "  ({remark})");
        }
    }
    insta::assert_snapshot!(told);
}

/// Each row: an action that makes no sense. Nothing changes then.
#[test]
fn a_mistake_is_told_with_its_help_and_changes_nothing() {
    let text = |id: &str| chat("connector", id, json!({"text": "x"}));
    let rows = [
        ("operator.wite", json!({})),
        ("operator.write", json!({"connector": "connector", "line": 105, "chat": "group"})),
        ("operator.write", with(text("group"), json!({"colour": "red"}))),
        ("operator.write", with(text("group"), json!({"connector": "conector"}))),
        ("operator.write", with(text("group"), json!({"line": 999}))),
        ("operator.write", with(text("group"), json!({"line": "105abc"}))),
        ("operator.write", text("stranger")),
        ("operator.write", chat("messenger", "direct", json!({"text": "x"}))),
        ("operator.write", chat("messenger", "direct", json!({"text": "x", "user": "visitor-3"}))),
        ("operator.write", with(text("group"), json!({"user": "visitor-1"}))),
        ("operator.write", with(text("group"), json!({"operator": "Klaus"}))),
        ("operator.write", with(text("group"), json!({"operator": -1}))),
        ("operator.write", with(text("group"), json!({"text": ""}))),
        ("operator.write", with(text("group"), json!({"text": ["x"]}))),
        ("operator.edit", text("silent")),
        ("operator.edit", with(text("group"), json!({"message": "ext-9"}))),
        ("operator.edit", with(text("group"), json!({"message": "user-1"}))),
        ("operator.edit", with(text("group"), json!({"text": {"a": 1}}))),
        ("operator.edit", chat("rigid", "rigid", json!({"text": "x"}))),
        ("operator.delete", chat("rigid", "rigid", json!({}))),
        ("operator.delete", chat("rigid", "rigid", json!({"message": "user-2"}))),
        ("operator.delete", chat("connector", "silent", json!({}))),
        ("operator.close", chat("connector", "over", json!({}))),
        ("operator.disconnect", json!({"connector": "connector", "line": 9})),
        ("operator.disconnect", json!({"connector": "rigid", "line": 107})),
        ("operator.disconnect", json!({"connector": "connector", "line": 105, "operator": "Klaus"})),
        ("line.delete", json!({"line": 9})),
        ("line.delete", json!({"line": 105, "operator": [1]})),
        ("settings.open", json!({"connector": "rigid", "line": 105})),
        ("settings.open", json!({"connector": "connector", "line": 9})),
        ("app.install", json!({})),
        ("app.install", json!({"application": "minne"})),
        ("app.uninstall", json!({"application": "other"})),
        ("app.uninstall", json!({"application": "mine", "clean": "perhaps"})),
    ];
    let mut world = world();
    let before = world.state();
    let mut told = String::new();
    for (action, with) in rows {
        let mistake = world.act(action, &with).expect_err(&format!("{action} {with}"));
        let _ = writeln!(told, "{action} {with}\n  {}\n  help: {}", mistake.message, mistake.help);
        assert!(!mistake.help.is_empty(), "{action} {with}");
        assert_eq!(world.state(), before, "{action} {with}");
        assert_eq!(newest(&mut world), 0, "{action} {with}");
    }
    // Mistakes are not counted, and use no IDs up.
    let acted = world.act("operator.write", &text("over")).unwrap();
    assert_eq!(acted.number, 1);
    assert_eq!(acted.changed, json!({"message": 86497, "chat_id": 10, "session": 330}));
    insta::assert_snapshot!(told);
}

#[test]
fn events_about_a_message_need_its_confirmation() {
    let mut world = world();
    let world = &mut world;
    let here = |more: Value| chat("connector", "silent", more);
    let written = world.act("operator.write", &here(json!({"text": "Hello"}))).unwrap();
    assert_eq!(written.changed["message"], 86497);
    for (action, event) in
        [("operator.edit", "OnImConnectorMessageUpdate"), ("operator.delete", "OnImConnectorMessageDelete")]
    {
        world.world().save("before", jiff::Timestamp::UNIX_EPOCH);
        let more = if action == "operator.edit" { json!({"text": "Bye"}) } else { json!({}) };
        let (raised, remarks) = act(world, action, here(more.clone()));
        assert!(raised.is_empty(), "{raised:?}");
        assert!(
            remarks[0].starts_with(&format!("{event} is not sent: imconnector.send.status.delivery")),
            "{remarks:?}"
        );
        world.world().restore("before", jiff::Timestamp::UNIX_EPOCH);
        confirm(world, 86497, json!(["e-1", "e-2"]));
        let (raised, remarks) = act(world, action, here(more));
        assert_eq!((raised.len(), remarks.len()), (1, 0), "{remarks:?}");
        assert!(raised[0].starts_with(&format!("event={}&", event.to_uppercase())), "{raised:?}");
        world.world().restore("before", jiff::Timestamp::UNIX_EPOCH);
    }
    // What the operator has changed shows, whoever hears of it.
    act(world, "operator.edit", here(json!({"text": "Bye"})));
    assert_eq!(world.state()["chats"][1]["messages"][0]["text"], "Bye");
    act(world, "operator.delete", here(json!({})));
    assert_eq!(world.state()["chats"][1]["messages"], json!([]));
}

#[test]
fn a_later_registration_decides_what_operators_may_do() {
    let mut world = world();
    let world = &mut world;
    let registration = |flag: &str, on: &str| {
        json!({
            "ID": "connector", "NAME": "C", "ICON": {"DATA_IMAGE": "data:,"},
            "PLACEMENT_HANDLER": "http://127.0.0.1:3000/other", flag: on,
        })
    };
    let cases = [
        ("EDIT_INTERNAL_MESSAGES", "operator.edit", json!({"text": "x"})),
        ("DEL_INTERNAL_MESSAGES", "operator.delete", json!({})),
        ("DEL_EXTERNAL_MESSAGES", "operator.delete", json!({"message": "user-1"})),
    ];
    for (flag, action, more) in cases {
        call(world, "access-token", "imconnector.register", registration(flag, ""));
        let mistake = world.act(action, &chat("connector", "group", more.clone())).unwrap_err();
        assert_eq!(mistake.help, format!("register it with {flag}"));
        call(world, "access-token", "imconnector.register", registration(flag, "Y"));
        world.world().save("before", jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(act(world, action, chat("connector", "group", more)).0.len(), 1);
        world.world().restore("before", jiff::Timestamp::UNIX_EPOCH);
    }
    let text = |world: &mut Direct| {
        let (raised, _) = act(
            world,
            "operator.write",
            chat("connector", "group", json!({"text": "[b]Hi", "operator": 28})),
        );
        value(&raised[0].replace('+', "%2B"), "data[MESSAGES][0][message][text]")
    };
    assert_eq!(text(world).unwrap(), "[b]Anna:[/b] [br][b]Hi");
    call(world, "access-token", "imconnector.register", registration("NEED_SIGNATURE", "0"));
    assert_eq!(text(world).unwrap(), "[b]Hi");
    // Another application that registers the ID has the connector from now on.
    call(world, "token-of-theirs", "imconnector.register", registration("NEWSLETTER", "Y"));
    let (raised, remarks) = act(world, "operator.write", chat("connector", "group", json!({"text": "x"})));
    assert_eq!(value(&raised[0], "event_handler_id").as_deref(), Some("565"), "{raised:?}");
    assert!(remarks[0].contains("another application has registered"), "{remarks:?}");
}

#[test]
fn equal_events_of_one_request_are_one() {
    let mut world = world();
    let world = &mut world;
    let off = "imconnector.activate?CONNECTOR=connector&LINE=105&ACTIVE=0";
    let other = "imconnector.activate?CONNECTOR=connector&LINE=106&ACTIVE=0";
    call(world, "access-token", "batch", json!({"cmd": [off, off, other, off]}));
    let lines: Vec<_> = raised(world, 0).iter().map(|body| value(body, "data[line]").unwrap()).collect();
    assert_eq!(lines, ["105", "106"]);
    // Two requests are two events, also in one second.
    let before = newest(world);
    for _ in 0..2 {
        let parameters = json!({"CONNECTOR": "connector", "LINE": 105, "ACTIVE": 0});
        call(world, "access-token", "imconnector.activate", parameters);
    }
    assert_eq!(raised(world, before).len(), 2);
}

#[test]
fn a_scenario_and_a_request_tell_the_same_mistakes() {
    let rows = [
        ("operator.wite", json!({})),
        ("line.delete", json!({"lin": "105"})),
        ("line.delete", json!({})),
        ("app.install", json!({"a\nb": "x"})),
    ];
    for (action, with) in rows {
        let mistake = world().act(action, &with).expect_err(action);
        let text = format!("{SCENARIO}actions: [{{do: bitrix24.{action}, with: {with}, at: 1s}}]");
        let report = Scenario::parse("actions.yaml", &text).expect_err(action).to_string();
        let has = |line: String| report.lines().any(|told| told.trim_start() == line);
        assert!(has(format!("error: {}", mistake.message)), "{mistake:?}: {report}");
        assert!(has(format!("= help: {}", mistake.help)), "{mistake:?}: {report}");
    }
}
