//! Registering and removing connectors, and what is stored of them on lines.

use serde_json::{Value, json};

use super::{call, message, noted, registration, remarks, world};
use crate::direct::{body, outcome};

#[test]
fn a_registration_fails_for_what_it_lacks_first() {
    let failures = [
        (
            json!({"ID": "my.connector"}),
            "APPLICATION_REGISTRATION_ERROR_POINT",
            "Application registration error. Connector ID cannot contain dots (.).",
        ),
        (json!({"ID": 5}), "CONNECTOR_ID_REQUIRED", "The connector ID is not specified"),
        (json!({"NAME": ""}), "NAME_REQUIRED", "Connector name is not specified"),
        (json!({"icon": {"DATA_IMAGE": ""}}), "ICON_REQUIRED", "Connector icon is not specified"),
        (json!({"icon": "data:"}), "ICON_REQUIRED", "Connector icon is not specified"),
        (json!({"auth": "token-of-nobody"}), "NO_APPLICATION_ID", "Cannot get the app ID"),
        (json!({"PLACEMENT_HANDLER": null}), "NO_PLACEMENT_HANDLER", "Cannot get the embedding handler URL"),
        (json!({"ID": "x".repeat(256)}), "APPLICATION_REGISTRATION_ERROR", "Error registering app"),
        (json!({"ID": "telegrambot"}), "APPLICATION_REGISTRATION_ERROR", "Error registering app"),
        // Of several things the first one is told.
        (
            json!({"ID": "", "NAME": "", "PLACEMENT_HANDLER": ""}),
            "CONNECTOR_ID_REQUIRED",
            "The connector ID is not specified",
        ),
    ];
    for (changes, code, text) in failures {
        let failure = json!({"result": false, "error": code, "error_description": text});
        let (documented, note) =
            noted(&mut world("documented", ""), "imconnector.register", registration(changes.clone()));
        assert_eq!(documented, json!({"result": failure, "status": 200}), "{changes}");
        assert_eq!(note.error, Some(code));
        assert!(!note.remarks.is_empty(), "{changes}");
        let mut failure = failure;
        failure["status"] = json!(200);
        let live = call(&mut world("live", ""), "imconnector.register", registration(changes.clone()));
        assert_eq!(live, failure, "{changes}");
    }
    // The live answer has no `time`, the documented one has it.
    let bare = |edition| {
        body(&world(edition, "").post("/rest/imconnector.register", &json!({"auth": "access-token"})))
    };
    assert_eq!(
        bare("live").as_object().unwrap().keys().collect::<Vec<_>>(),
        ["result", "error", "error_description"]
    );
    assert_eq!(bare("documented").as_object().unwrap().keys().collect::<Vec<_>>(), ["result", "time"]);
}

#[test]
fn a_webhook_has_no_application_to_register_a_connector_for() {
    for method in ["imconnector.register", "imconnector.unregister"] {
        let target = format!("/rest/27/webhook-secret/{method}");
        let documented = world("documented", "").post(&target, &registration(json!({})));
        assert_eq!(outcome(&documented, "/result/error"), json!([200, "NO_APPLICATION_ID"]));
        let live = world("live", "").post(&target, &registration(json!({})));
        let text = "Current authorization type is denied for this method Application context required";
        assert_eq!(outcome(&live, ""), json!([403, "WRONG_AUTH_TYPE", text]));
        let session = world("documented", "").post(&format!("/rest/{method}"), &json!({"sessid": "s"}));
        let text = "Current authorization type is denied for this method. Application context required";
        assert_eq!(outcome(&session, ""), json!([403, "WRONG_AUTH_TYPE", text]));
    }
}

#[test]
fn a_second_registration_changes_what_it_has_and_takes_the_connector_over() {
    let mut world = world("documented", "");
    call(&mut world, "imconnector.register", registration(json!({"NEED_SIGNATURE": "N"})));
    let taken = registration(json!({"auth": "token-of-theirs", "CHAT_GROUP": null, "NAME": "Renamed"}));
    let remarks = remarks(&mut world, "imconnector.register", taken);
    assert!(remarks.contains("takes the connector `new` over"), "{remarks}");
    let connectors = world.state()["connectors"].clone();
    assert_eq!(
        connectors[3],
        json!({"id": "new", "name": "Renamed", "application": "theirs", "chat_group": true})
    );
    // It belongs to another application now: by the documentation it cannot be removed.
    let failed = call(&mut world, "imconnector.unregister", json!({"ID": "new"}));
    assert_eq!(failed["result"]["error"], "APPLICATION_UNREGISTRATION_ERROR");
}

#[test]
fn on_the_live_server_an_unregistration_of_a_foreign_connector_takes_its_lines_away() {
    let mut world = world("live", "");
    let on = json!({"CONNECTOR": "foreign", "LINE": 105, "ACTIVE": 1});
    call(&mut world, "imconnector.activate", on.clone());
    assert_eq!(
        call(&mut world, "imconnector.unregister", json!({"ID": "foreign"}))["result"]["result"],
        true
    );
    assert_eq!(call(&mut world, "imconnector.status", on)["result"]["STATUS"], false);
    assert_eq!(call(&mut world, "imconnector.list", json!({}))["result"]["foreign"], "foreign");
    let empty = call(&mut world, "imconnector.unregister", json!({"ID": ""}));
    assert_eq!(
        (&empty["error"], &empty["result"]),
        (&json!("APPLICATION_UNREGISTRATION_ERROR"), &json!(false))
    );
}

#[test]
fn data_is_replaced_by_the_documentation_and_merged_by_the_server() {
    for (edition, expected) in [
        ("documented", json!({"NAME": "Second"})),
        ("live", json!({"ID": "1", "URL": "https://example.com", "NAME": "Second"})),
    ] {
        let mut world = world(edition, "");
        let set = |data: Value| json!({"CONNECTOR": "Connector.x", "LINE": "105", "DATA": data});
        let first =
            json!({"id": "1", "URL": "https://example.com", "NAME": "First", "OTHER": "x", "URL_IM": ""});
        call(&mut world, "imconnector.connector.data.set", set(first));
        call(&mut world, "imconnector.connector.data.set", set(json!({"name": "Second"})));
        let line = world.state()["lines"][0]["connectors"]["connector"].clone();
        assert_eq!((&line["data"], &line["status"]), (&expected, &json!(true)), "{edition}");
        let broken = call(&mut world, "imconnector.connector.data.set", set(json!("text")));
        assert_eq!((&broken["status"], &broken["error"]), (&json!(500), &json!("INTERNAL_SERVER_ERROR")));
    }
}

#[test]
fn an_error_switches_off_until_the_connector_is_activated_again() {
    let mut world = world("live", "");
    let on = |more: Value| {
        let mut parameters = json!({"CONNECTOR": "connector", "LINE": 105});
        more.as_object().unwrap().iter().for_each(|(name, value)| parameters[name] = value.clone());
        parameters
    };
    let done = json!({"result": {"SUCCESS": true, "DATA": []}, "status": 200});
    assert_eq!(call(&mut world, "imconnector.set.error", on(json!({}))), done);
    let status = call(&mut world, "imconnector.status", on(json!({})))["result"].clone();
    assert_eq!(
        status,
        json!({"LINE": 105, "CONNECTOR": "connector", "ERROR": true, "CONFIGURED": true, "STATUS": false})
    );
    for method in ["send.messages", "update.messages", "delete.messages"] {
        let refused = call(&mut world, &format!("imconnector.{method}"), message("1", "text"));
        assert_eq!(refused["error"], "NOT_ACTIVE_LINE", "{method}");
    }
    let rename = on(json!({"CHAT_ID": "chat-1", "NAME": "New"}));
    assert_eq!(call(&mut world, "imconnector.chat.name.set", rename.clone())["error"], "NOT_ACTIVE_LINE");
    call(&mut world, "imconnector.activate", on(json!({"ACTIVE": "1"})));
    assert_eq!(call(&mut world, "imconnector.chat.name.set", rename)["result"]["SUCCESS"], true);
}

#[test]
fn a_method_of_the_server_alone_is_unknown_by_the_documentation() {
    let mut world = world("documented", "");
    let parameters = json!({"CONNECTOR": "connector", "LINE": 105});
    let (answer, note) = noted(&mut world, "imconnector.set.error", parameters);
    assert_eq!(
        answer,
        json!({"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!", "status": 404})
    );
    assert!(note.remarks[0].contains("is not in the documented edition"), "{:?}", note.remarks);
    let batch =
        call(&mut world, "batch", json!({"cmd": ["imconnector.set.error?CONNECTOR=connector&LINE=105"]}));
    assert_eq!(batch["result"]["result_error"][0]["error"], "ERROR_METHOD_NOT_FOUND");
    let known = call(&mut world, "method.get", json!({"name": "imconnector.set.error"}));
    assert_eq!(known["result"], json!({"isExisting": false, "isAvailable": false}));
}
