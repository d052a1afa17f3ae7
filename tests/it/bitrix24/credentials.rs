//! Credentials that the server reads in its own way: links to downloads, tokens without their server, webhooks.

use serde_json::{Value, json};

use crate::direct::{Direct, body, outcome};

fn portal(edition: &str, first: &str) -> Direct {
    Direct::new(&format!(
        "
standin: 1
name: credentials
bitrix24:
  edition: {edition}
  {first}
  credentials:
    - {{token: access-token}}
    - {{token: expired, expires: 1969-01-01T00:00:00Z}}
    - {{token: not-installed, state: not_installed}}
    - {{webhook: {{user: 1, secret: webhook-secret}}}}
    - {{webhook: {{user: 2, secret: other-secret}}, state: user_unauthorized}}
"
    ))
}

#[track_caller]
fn check(world: &mut Direct, target: &str, parameters: Value, expected: Value) {
    let reply = world.post(target, &parameters);
    assert_eq!(outcome(&reply, "/result/ID"), expected, "{target} {parameters}");
}

fn failed() -> Value {
    json!([403, "ACCESS_DENIED", "Access denied! Link check failed"])
}

#[test]
fn the_parameter_token_names_the_scope_that_the_live_server_looks_in() {
    let live = &mut portal("live", "");
    let not_found = || json!([404, "ERROR_METHOD_NOT_FOUND", "Method not found!"]);
    let nobody = || json!([401, "NO_AUTH_FOUND", "Wrong authorization data"]);
    let rename = "/rest/imconnector.chat.name.set";
    for token in [json!("x"), json!("x|y|z"), json!("|y|z"), json!("imconnector|y|z"), json!(5), json!(true)]
    {
        check(live, rename, json!({"token": token}), not_found());
        check(live, rename, json!({"token": token, "auth": "access-token"}), not_found());
        check(live, "/rest/1/webhook-secret/imconnector.list", json!({"token": token}), not_found());
    }
    // The scope holds the method, so the credentials are checked first.
    for token in [json!(""), json!(false), json!("imopenlines|y|z"), json!("imopenlines"), json!("0")] {
        check(live, rename, json!({"token": token}), nobody());
        check(live, rename, json!({"token": token, "auth": "access-token"}), failed());
        check(live, "/rest/1/webhook-secret/imconnector.list", json!({"token": token}), failed());
    }
    check(live, "/rest/profile", json!({"token": "|y|z", "auth": "access-token"}), failed());
    check(live, "/rest/profile", json!({"token": "basic|y|z", "auth": "access-token"}), not_found());
    let type_error = json!([500, "INTERNAL_SERVER_ERROR", "Internal server error"]);
    check(live, rename, json!({"token": ["x"]}), type_error);
    // `null` is no parameter.
    check(live, "/rest/profile", json!({"token": null, "auth": "access-token"}), json!([200, "1"]));
    check(live, "/rest/nothing", json!({"token": ""}), not_found());
}

#[test]
fn the_parameter_token_is_refused_in_the_documented_edition() {
    let documented = &mut portal("documented", "");
    for token in [json!("x"), json!(""), json!("imconnector|y|z"), json!(["x"])] {
        check(documented, "/rest/imconnector.chat.name.set", json!({"token": token}), failed());
        check(documented, "/rest/profile", json!({"token": token, "auth": "access-token"}), failed());
    }
    check(documented, "/rest/profile", json!({"token": null, "auth": "access-token"}), json!([200, "1"]));
}

#[test]
fn the_parameter_token_of_a_command_counts_for_the_command() {
    for (edition, command, code) in [
        ("live", "profile?token=x", "ERROR_METHOD_NOT_FOUND"),
        ("live", "profile?token=", "ACCESS_DENIED"),
        ("live", "imconnector.list?token=imopenlines|y|z", "ACCESS_DENIED"),
        ("documented", "profile?token=x", "ACCESS_DENIED"),
    ] {
        let parameters = json!({"auth": "access-token", "cmd": {"a": command, "b": "profile"}});
        let reply = portal(edition, "").post("/rest/batch", &parameters);
        let result = &body(&reply)["result"];
        assert_eq!(result["result_error"]["a"]["error"], code, "{edition}: {command}");
        assert_eq!(result["result"]["b"]["ID"], "1", "{edition}: {command}");
    }
}

#[test]
fn without_the_authorization_server_no_token_is_known() {
    for edition in ["documented", "live"] {
        let world = &mut portal(edition, "state: oauth_unreachable");
        for token in ["access-token", "stranger", "expired", "not-installed"] {
            let expected = json!([401, "CONNECTION_ERROR", "Error connecting to authorization server"]);
            check(world, "/rest/profile", json!({"auth": token}), expected);
        }
        check(world, "/rest/1/webhook-secret/profile", json!({}), json!([200, "1"]));
        check(world, "/rest/profile", json!({}), json!([401, "NO_AUTH_FOUND", "Wrong authorization data"]));
    }
}

#[test]
fn a_webhook_of_a_user_who_cannot_log_in_is_refused_as_a_token_is() {
    for edition in ["documented", "live"] {
        let world = &mut portal(edition, "");
        let expected = json!([401, "authorization_error", "Unable to authorize user"]);
        check(world, "/rest/2/other-secret/profile", json!({}), expected);
    }
}
