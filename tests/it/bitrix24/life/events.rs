//! The methods that bind handlers to events.

use serde_json::{Value, json};

use super::{call, noted, remarks, world};
use crate::direct::{Direct, outcome};

const HANDLER: &str = "https://example.com/handler";

fn bind(world: &mut Direct, changes: Value) -> Value {
    bound(world, "event.bind", changes)
}

fn bound(world: &mut Direct, method: &str, changes: Value) -> Value {
    let mut parameters =
        json!({"auth": "access-token", "event": "OnImConnectorMessageAdd", "handler": HANDLER});
    changes.as_object().unwrap().iter().for_each(|(name, value)| parameters[name] = value.clone());
    outcome(&world.post(&format!("/rest/{method}"), &parameters), "/result")
}

#[test]
fn a_handler_is_bound_shown_and_removed() {
    for edition in ["documented", "live"] {
        let mut world = world(edition, "");
        let world = &mut world;
        let success = json!([200, true]);
        assert_eq!(bind(world, json!({})), success);
        assert_eq!(
            bind(world, json!({"event": "ONIMCONNECTORMESSAGEADD"})),
            json!([400, "ERROR_CORE", "Unable to set event handler: Handler already binded"])
        );
        assert_eq!(bind(world, json!({"auth_type": 5})), success);
        assert_eq!(bind(world, json!({"auth": "token-of-theirs"})), success);
        assert_eq!(bind(world, json!({"auth": "token-of-staff"})), success);
        let row = |auth_type: &str| json!({"event": "ONIMCONNECTORMESSAGEADD", "handler": HANDLER, "auth_type": auth_type, "offline": 0});
        assert_eq!(call(world, "event.get", json!({}))["result"], json!([row("0"), row("5")]));
        // Who is no administrator binds for himself.
        assert_eq!(call(world, "event.get", json!({"auth": "token-of-staff"}))["result"], json!([row("5")]));
        assert_eq!(
            bound(world, "event.unbind", json!({"handler": "https://example.com"})),
            json!([200, {"count": 0}])
        );
        assert_eq!(bound(world, "event.unbind", json!({"auth_type": "5"})), json!([200, {"count": 1}]));
        assert_eq!(bind(world, json!({"auth_type": 5})), success);
        assert_eq!(
            bound(world, "event.unbind", json!({"event": "onimconnectormessageadd"})),
            json!([200, {"count": 2}])
        );
        assert_eq!(call(world, "event.get", json!({}))["result"], json!([]));
        assert_eq!(call(world, "event.get", json!({"auth": "token-of-theirs"}))["result"], json!([row("0")]));
        assert_eq!(world.state()["handlers"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn the_checks_of_a_binding_are_in_the_order_of_the_server() {
    let denied = |text: &str| {
        json!([403, "ACCESS_DENIED", format!("Access denied! {text} requires administrator access rights")])
    };
    let argument = |text: &str| json!([400, "ERROR_ARGUMENT", text]);
    let url = || json!([400, "ERROR_WRONG_HANDLER_URL", "Wrong handler URL"]);
    let protocol = || json!([400, "ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol"]);
    let none = || json!([400, "ERROR_EVENT_NOT_FOUND", "Event not found"]);
    let success = || json!([200, true]);
    for (changes, expected) in [
        (
            json!({"auth": "token-of-staff", "auth_type": 27, "event": ""}),
            denied("Event binding with AUTH_TYPE"),
        ),
        (json!({"auth": "token-of-staff", "auth_type": 5}), success()),
        (json!({"event": "", "event_type": "both"}), argument("Argument 'EVENT' is null or empty")),
        (json!({"event_type": "both", "handler": ""}), argument("Value must be one of {online|offline}")),
        (json!({"auth": "token-of-staff", "event_type": "offline"}), denied("Offline events binding")),
        (json!({"handler": "", "event": "OnNothing"}), argument("Argument 'HANDLER' is null or empty")),
        (json!({"handler": "ftp://host/h", "event": "OnNothing"}), url()),
        (json!({"handler": "https://host/h"}), url()),
        (json!({"handler": "https://.example/h"}), url()),
        (json!({"handler": "https://user.name@host:80/h"}), url()),
        (json!({"handler": "http://[::1]/h.php"}), url()),
        (json!({"handler": "example.com/h"}), url()),
        (json!({"handler": "ftp://example.com/h", "event": "OnNothing"}), protocol()),
        (json!({"event": "OnNothing"}), none()),
        (json!({"auth": "token-for-crm"}), none()),
        (json!({"auth": "token-for-crm", "event": "OnAppTest"}), success()),
        (json!({"event_type": "offline"}), argument("Offline event cannot be registered for this event.")),
        (json!({"handler": "http://127.0.0.1:3000/h", "event_type": "online", "auth_type": "0"}), success()),
        (json!({"handler": "HTTP://host.docker.internal?x"}), success()),
        (
            json!({"auth": null, "sessid": "s"}),
            json!([403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method"]),
        ),
    ] {
        for edition in ["documented", "live"] {
            assert_eq!(bind(&mut world(edition, ""), changes.clone()), expected, "{changes} {edition}");
        }
    }
    let mut world = world("live", "");
    let (answer, note) =
        noted(&mut world, "event.bind", json!({"event": "OnImConnectorMesageAdd", "handler": HANDLER}));
    assert_eq!(answer["error"], "ERROR_EVENT_NOT_FOUND");
    assert!(note.remarks[0].contains("did you mean `OnImConnectorMessageAdd`?"), "{:?}", note.remarks);
    let (answer, _) =
        noted(&mut world, "event.bind", json!({"event": "OnAppTest", "handler": HANDLER, "event_type": "x"}));
    assert_eq!(answer["argument"], "EVENT_TYPE");
}

#[test]
fn an_unbinding_is_checked_like_a_binding_but_for_the_url() {
    let denied = |text: &str| {
        json!([403, "ACCESS_DENIED", format!("Access denied! {text} requires administrator access rights")])
    };
    for (changes, expected) in [
        (json!({"auth": "token-of-staff", "auth_type": 27}), denied("Event unbinding with AUTH_TYPE")),
        (json!({"event": null}), json!([400, "ERROR_ARGUMENT", "Argument 'EVENT' is null or empty"])),
        (json!({"event_type": "x"}), json!([400, "ERROR_ARGUMENT", "Value must be one of {online|offline}"])),
        (json!({"auth": "token-of-staff", "event_type": "offline"}), denied("Offline events unbinding")),
        (json!({"handler": null}), json!([400, "ERROR_ARGUMENT", "Argument 'HANDLER' is null or empty"])),
        (json!({"event": "OnNothing", "handler": "no URL"}), json!([200, {"count": 0}])),
    ] {
        for edition in ["documented", "live"] {
            assert_eq!(
                bound(&mut world(edition, ""), "event.unbind", changes.clone()),
                expected,
                "{changes} {edition}"
            );
        }
    }
}

#[test]
fn a_handler_on_localhost_is_a_matter_of_edition_and_scenario() {
    let local = || json!({"event": "OnAppTest", "handler": "http://LocalHost:3000/h"});
    for (edition, keys, accepted) in [
        ("documented", "", true),
        ("live", "", false),
        ("documented", "events: {allow_localhost: false}", false),
        ("live", "events: {allow_localhost: true}", true),
    ] {
        let (answer, note) = noted(&mut world(edition, keys), "event.bind", local());
        assert_eq!(answer["result"] == true, accepted, "{edition} {keys}: {answer}");
        let told = if accepted { "lets it pass here" } else { "write `127.0.0.1` in its place" };
        assert!(
            note.remarks.iter().any(|remark| remark.contains(told)),
            "{edition} {keys}: {:?}",
            note.remarks
        );
    }
    // The switch is for this name alone.
    let other = json!({"event": "OnAppTest", "handler": "http://app:3000/h"});
    assert_eq!(
        noted(&mut world("documented", ""), "event.bind", other).0["error"],
        "ERROR_WRONG_HANDLER_URL"
    );
}

#[test]
fn a_handler_that_is_refused_is_told_what_is_wrong_with_its_url() {
    for (handler, reason) in [
        ("127.0.0.1:3000/x", "`handler` begins with neither `http://` nor `https://`"),
        ("//127.0.0.1/x", "`handler` begins with neither `http://` nor `https://`"),
        ("http:///x", "`handler` has no host"),
        ("http://.a.b/", "Bitrix24 refuses a handler whose host begins with a dot, as `.a.b` does"),
        ("http://app/", "Bitrix24 refuses a handler whose host has no dot, and `app` has none"),
    ] {
        for edition in ["documented", "live"] {
            let parameters = json!({"event": "OnAppTest", "handler": handler});
            let (answer, note) = noted(&mut world(edition, ""), "event.bind", parameters);
            assert_eq!(answer["error"], "ERROR_WRONG_HANDLER_URL", "{handler}");
            let remark = &note.remarks[0];
            assert!(remark.starts_with(reason), "{handler}: {remark}");
        }
    }
}

#[test]
fn methods_about_events_are_for_applications_alone() {
    for edition in ["documented", "live"] {
        for method in ["event.bind", "event.unbind", "event.get", "events", "event.test"] {
            let mut world = world(edition, "");
            let denied =
                json!([403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method"]);
            let by_webhook = world.post(&format!("/rest/27/webhook-secret/{method}"), &json!({}));
            assert_eq!(outcome(&by_webhook, ""), denied, "{method}");
            let by_nobody = call(&mut world, method, json!({"auth": "token-of-nobody"}));
            let text = "Access denied! Application context required";
            assert_eq!(
                (&by_nobody["error"], &by_nobody["error_description"]),
                (&json!("ACCESS_DENIED"), &json!(text))
            );
            let remarks = remarks(&mut world, method, json!({"auth": "token-of-nobody"}));
            assert!(remarks.contains("add `client_id`"), "{remarks}");
        }
    }
}

#[test]
fn events_are_listed_by_scope() {
    let mut world = world("documented", "");
    let global = json!(["ONAPPTEST", "ONAPPINSTALL", "ONAPPUNINSTALL"]);
    assert_eq!(call(&mut world, "events", json!({"auth": "token-for-crm"}))["result"], global);
    let all = call(&mut world, "events", json!({}))["result"].clone();
    assert_eq!(all.as_array().unwrap().len(), 10);
    assert_eq!(call(&mut world, "events", json!({"auth": "token-for-crm", "FULL": true}))["result"], all);
    let of_scope = call(&mut world, "events", json!({"SCOPE": "imconnector"}))["result"].clone();
    assert_eq!(of_scope.as_array().unwrap().len(), 7);
    assert_eq!(call(&mut world, "events", json!({"SCOPE": "imopenlines"}))["result"], json!([]));
}

#[test]
fn a_test_of_events_takes_any_parameters_and_answers_one() {
    let mut world = world("live", "");
    let (answer, note) = noted(&mut world, "event.test", json!({"any": "thing", "nested": [1]}));
    assert_eq!(answer["result"], 1);
    assert_eq!(note.error, None);
}
