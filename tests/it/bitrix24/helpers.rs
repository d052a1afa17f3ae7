//! The methods that only return information.

use serde_json::{Value, json};

use super::{documented, live};
use crate::client::{Response, get, post, serve};

/// Calls `method` by token. Returns `result`.
fn result(server: &standin::Server, method: &str, mut body: Value) -> Value {
    body["auth"] = json!("access-token");
    let response = post(server, &format!("/rest/{method}"), &body.to_string());
    assert_eq!(response.status(), 200, "{}", response.text());
    response.json()["result"].clone()
}

fn error(response: &Response) -> (u16, String, String) {
    let body = response.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (response.status(), text("error"), text("error_description"))
}

#[test]
fn a_connector_that_is_not_on_a_line_is_not_configured() {
    let server = documented();
    let status = |connector: Value, line: Value| {
        result(&server, "imconnector.status", json!({"CONNECTOR": connector, "LINE": line}))
    };
    let all = |line: i64, connector: &str, is_active: bool| json!({"LINE": line, "CONNECTOR": connector, "ERROR": false, "CONFIGURED": is_active, "STATUS": is_active});
    assert_eq!(status(json!("Connector"), json!("105")), all(105, "connector", true));
    assert_eq!(status(json!("connector"), json!(106)), all(106, "connector", false));
    assert_eq!(status(json!("stranger"), json!(105)), all(105, "stranger", false));
    assert_eq!(status(json!(""), json!("x")), all(0, "", false));
    let missing = result(&server, "imconnector.status", json!({"CONNECTOR": "connector"}));
    assert_eq!(missing, all(0, "connector", false));
}

#[test]
fn a_status_needs_a_connector() {
    let server = live();
    for body in [json!({"auth": "access-token"}), json!({"auth": "access-token", "CONNECTOR": null})] {
        let response = post(&server, "/rest/imconnector.status", &body.to_string());
        let text = "Argument 'CONNECTOR' is null or empty".to_owned();
        assert_eq!(error(&response), (400, "ERROR_ARGUMENT".into(), text));
        assert_eq!(response.json()["argument"], "CONNECTOR");
    }
}

#[test]
fn the_list_words_its_refusal_in_its_own_way() {
    let server = live();
    let refused = |method| error(&post(&server, &format!("/rest/1/webhook-secret/{method}"), "{}"));
    let text = "Current authorization type is denied for this method";
    assert_eq!(refused("imconnector.list"), (403, "WRONG_AUTH_TYPE".into(), text.into()));
    let text = format!("{text} Application context required");
    assert_eq!(refused("imconnector.status"), (403, "WRONG_AUTH_TYPE".into(), text));
}

#[test]
fn an_empty_list_is_an_empty_array_of_php() {
    let server =
        serve("{standin: 1, name: n, bitrix24: {built_in: {}, credentials: [{token: access-token}]}}");
    assert_eq!(result(&server, "imconnector.list", json!({})), json!([]));
}

#[test]
fn a_webhook_is_told_less_of_its_application_and_a_session_nothing() {
    let server = documented();
    let response = get(&server, "/rest/1/webhook-secret/app.info");
    assert_eq!(response.json()["result"], json!({"SCOPE": ["imconnector"], "LICENSE": "en_ent10000"}));
    let response = post(&server, "/rest/app.info", r#"{"sessid": "session"}"#);
    let text = "Access denied! Application context required".to_owned();
    assert_eq!(error(&response), (400, "ACCESS_DENIED".into(), text.clone()));
    let response = post(&live(), "/rest/app.info", r#"{"sessid": "session"}"#);
    assert_eq!(error(&response), (403, "ACCESS_DENIED".into(), text));
}

#[test]
fn scopes_and_methods_are_those_of_the_caller() {
    let server = live();
    let ask = |token: &str, method: &str, more: &str| {
        get(&server, &format!("/rest/{method}?auth={token}{more}")).json()["result"].clone()
    };
    assert_eq!(ask("token-for-connector", "scope", ""), json!(["imconnector"]));
    assert_eq!(ask("access-token", "scope", ""), json!(["imopenlines"]));
    assert_eq!(
        ask("access-token", "scope", "&FULL=true"),
        json!(["basic", "imconnector", "imopenlines", "user", "user_basic", "user_brief"])
    );
    let names = |value: Value| value.as_array().unwrap().clone();
    let granted = names(ask("token-for-lines", "methods", ""));
    assert!(granted.contains(&json!("imconnector.chat.name.set")) && granted.contains(&json!("batch")));
    let others = names(ask("token-for-connector", "methods", ""));
    assert!(!others.contains(&json!("imconnector.chat.name.set")) && others.contains(&json!("profile")));
    let all = names(ask("token-for-connector", "methods", "&FULL=1"));
    assert!(granted.iter().all(|name| all.contains(name)));
    assert!(all.contains(&json!("user.current")) && !granted.contains(&json!("user.current")));
    assert!(all.contains(&json!("imconnector.set.error")), "only the live edition has it");
    assert_eq!(
        ask("access-token", "methods", "&SCOPE=basic"),
        json!(["event.bind", "event.get", "events", "event.test", "event.unbind", "profile", "app.info"])
    );
}

#[test]
fn a_batch_may_ask_what_time_it_is() {
    let server = documented();
    let body = json!({"cmd": {"time": "server.time", "who": "profile"}, "auth": "access-token"});
    let response = post(&server, "/rest/batch", &body.to_string());
    let results = &response.json()["result"]["result"];
    assert_eq!(results["who"]["ID"], "1");
    assert!(results["time"].as_str().unwrap().ends_with("+00:00"), "{results}");
}
