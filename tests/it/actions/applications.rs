//! Applications: who gets an event, with whose token, and what is left when one is removed.

use serde_json::{Value, json};

use super::{act, call, chat, newest, raised, value, world};
use crate::direct::Direct;

/// The body that the handler of a delivery gets.
fn received(world: &mut Direct, number: u64) -> String {
    world.take(number).request.body.to_string()
}

fn error(answer: &Value) -> Option<&str> {
    answer["error"].as_str()
}

#[test]
fn an_event_is_for_the_application_that_owns_the_connector() {
    let mut world = world();
    let text = json!({"text": "Hi"});
    for (connector, id, handler) in [("connector", "group", "555"), ("foreign", "foreign", "565")] {
        let (raised, _) = act(&mut world, "operator.write", chat(connector, id, text.clone()));
        assert_eq!(raised.len(), 1);
        assert_eq!(value(&raised[0], "event_handler_id").as_deref(), Some(handler));
    }
    let tokens: Vec<_> = [1, 2]
        .into_iter()
        .map(|number| value(&received(&mut world, number), "auth[application_token]").unwrap())
        .collect();
    assert_ne!(tokens[0], tokens[1]);
    // Everybody who is installed hears of a deleted line, after what is switched off on it.
    let (raised, remarks) = act(&mut world, "line.delete", json!({"line": 105}));
    let of = |event: &str| {
        raised
            .iter()
            .filter(|body| value(body, "event").as_deref() == Some(event))
            .map(|body| value(body, "event_handler_id").unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("ONIMCONNECTORLINEDELETE"), ["561", "566"]);
    assert_eq!(of("ONIMCONNECTORSTATUSDELETE"), ["560", "560", "560"]);
    assert_eq!(value(raised.last().unwrap(), "event").as_deref(), Some("ONIMCONNECTORLINEDELETE"));
    assert!(
        remarks.iter().any(|remark| remark.contains("the installation of the application `later`")),
        "{remarks:?}"
    );
}

#[test]
fn an_application_hears_nothing_before_its_installation_is_finished() {
    let mut world = world();
    let world = &mut world;
    let here = || chat("waiting", "waiting", json!({"text": "Hi"}));
    let (raised, remarks) = act(world, "operator.write", here());
    assert!(raised.is_empty(), "{raised:?}");
    assert!(remarks.iter().any(|remark| remark.contains("`later` is not finished")), "{remarks:?}");
    act(world, "app.install", json!({"application": "later"}));
    let install = received(world, 1);
    let part = |name: &str| value(&install, name).unwrap();
    assert_eq!((part("data[ACTIVE]"), part("data[INSTALLED]")), ("Y".to_owned(), "Y".to_owned()));
    let answer = call(world, &part("auth[access_token]"), "app.info", json!({}));
    assert_eq!(answer["result"]["INSTALLED"], true, "{answer}");
    // Its tokens can be refreshed, unlike those of other events.
    let refreshed = world.post(
        "/oauth/token/",
        &json!({
            "grant_type": "refresh_token", "client_id": "later", "client_secret": "secret-of-later",
            "refresh_token": part("auth[refresh_token]"),
        }),
    );
    assert_eq!(refreshed.status, 200);
    let (raised, _) = act(world, "operator.write", here());
    assert_eq!(raised.len(), 1);
    let event = received(world, 2);
    assert_eq!(value(&event, "auth[refresh_token]"), None);
    assert_eq!(value(&event, "auth[application_token]"), Some(part("auth[application_token]")));
}

#[test]
fn what_was_raised_before_the_installation_is_not_sent_after_it() {
    let mut world = world();
    act(&mut world, "operator.write", chat("waiting", "waiting", json!({"text": "Hi"})));
    act(&mut world, "app.install", json!({"application": "later"}));
    let events: Vec<_> = raised(&mut world, 0).iter().map(|body| value(body, "event").unwrap()).collect();
    assert_eq!(events, ["ONAPPINSTALL"]);
}

#[test]
fn a_removed_application_is_gone_with_its_tokens() {
    let mut world = world();
    let world = &mut world;
    act(world, "operator.write", chat("connector", "group", json!({"text": "Hi"})));
    let token = value(&received(world, 1), "auth[access_token]").unwrap();
    assert!(call(world, &token, "app.info", json!({}))["result"].is_object());
    let removed = world.act("app.uninstall", &json!({"application": "mine"})).unwrap();
    assert_eq!(removed.changed["connectors"], json!(["connector", "messenger", "rigid"]));
    let farewell = received(world, removed.deliveries[0]);
    assert_eq!(value(&farewell, "event").as_deref(), Some("ONAPPUNINSTALL"));
    for name in ["access_token", "refresh_token", "user_id", "expires"] {
        assert_eq!(value(&farewell, &format!("auth[{name}]")), None, "{name}");
    }
    for token in ["access-token", &token] {
        assert_eq!(error(&call(world, token, "app.info", json!({}))), Some("ERROR_OAUTH"));
    }
    // The others do not notice.
    assert_eq!(error(&call(world, "token-of-theirs", "app.info", json!({}))), None);
    let state = world.state();
    let ids = |list: &Value, name: &str| {
        list.as_array().unwrap().iter().map(|one| one[name].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&state["connectors"], "id"), ["foreign", "waiting"]);
    assert_eq!(ids(&state["handlers"], "application"), ["later", "theirs", "theirs", "later", "later"]);
    assert!(world.act("operator.write", &chat("connector", "group", json!({"text": "x"}))).is_err());
    let twice = world.act("app.uninstall", &json!({"application": "mine"})).unwrap_err();
    assert_eq!(twice.message, "the application `mine` is removed already");
    // Installed again, it calls by its token of the scenario; what it had is gone.
    act(world, "app.install", json!({"application": "mine"}));
    assert_eq!(error(&call(world, "access-token", "app.info", json!({}))), None);
    assert!(call(world, &token, "app.info", json!({}))["result"].is_null());
    assert_eq!(call(world, "access-token", "event.get", json!({}))["result"], json!([]));
}

#[test]
fn the_user_of_a_handler_is_the_user_of_its_token() {
    let mut world = Direct::new(
        r#"
standin: 1
name: users
seed: 1
clock: {virtual: "2026-03-17T14:52:41Z"}
bitrix24:
  users: [{id: 27, name: Klaus}, {id: 28, name: Anna}]
  credentials: [{token: access-token}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: group, name: Group}]
  handlers:
    - {event: OnImConnectorMessageAdd, name: anna, user: 28}
    - {event: OnImConnectorMessageAdd, name: whoever}
"#,
    );
    let world = &mut world;
    act(world, "operator.write", chat("connector", "group", json!({"text": "Hi", "operator": 27})));
    for (number, user, name) in [(1, "28", "Anna"), (2, "27", "Klaus")] {
        let event = received(world, number);
        assert_eq!(value(&event, "auth[user_id]").as_deref(), Some(user));
        let token = value(&event, "auth[access_token]").unwrap();
        assert_eq!(call(world, &token, "profile", json!({}))["result"]["NAME"], name);
    }
}

#[test]
fn events_that_lead_to_events_end_after_seven() {
    let mut world = world();
    let world = &mut world;
    let mut token = "access-token".to_owned();
    for depth in 1..=8 {
        let before = newest(world);
        let (answer, note) = {
            let headers = [("content-type", "application/json")];
            let parameters = json!({"auth": token, "round": depth}).to_string();
            world.exchange("POST", "/rest/event.test", &headers, parameters.as_bytes())
        };
        assert_eq!(answer.status, 200);
        let is_last = depth == 8;
        assert_eq!(raised(world, before).len(), usize::from(!is_last), "{depth}");
        if is_last {
            let remark = "OnAppTest is dropped: 7 events led to this call, one after the other";
            assert_eq!(note.remarks, [remark]);
        } else {
            token = value(&received(world, before + 1), "auth[access_token]").unwrap();
        }
    }
    // A call by a token of its own starts from the beginning.
    let before = newest(world);
    call(world, "access-token", "event.test", json!({}));
    assert_eq!(raised(world, before).len(), 1);
}
