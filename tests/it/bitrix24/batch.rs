//! `batch`: commands, references, halt, limits.

use super::*;

fn batch(server: &Server, body: Value) -> Response {
    let mut body = body;
    body["auth"] = json!("access-token");
    post(server, "/rest/batch", &body.to_string())
}

fn command(chat: &str, name: &str) -> String {
    format!("imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID={chat}&NAME={name}")
}

#[test]
fn each_command_has_a_result_or_an_error() {
    let server = documented();
    let commands =
        json!({"good": command("chat-1", "One"), "bad": command("stranger", "Two"), "unknown": "user.get"});
    let response = batch(&server, json!({"halt": 0, "cmd": commands}));
    assert_eq!(response.status(), 200);
    let result = &response.json()["result"];
    assert_eq!(
        result.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["result", "result_error", "result_total", "result_next", "result_time"]
    );
    assert_eq!(result["result"].to_string(), r#"{"good":{"SUCCESS":true,"DATA":{"RESULT":{}}}}"#);
    assert_eq!(
        result["result_error"].to_string(),
        r#"{"bad":{"error":"CHAT_RENAMING_FAILED","error_description":"Failed to rename the chat"},"unknown":{"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}}"#
    );
    assert_eq!((&result["result_total"], &result["result_next"]), (&json!([]), &json!([])));
    assert_eq!(result["result_time"].as_object().unwrap().keys().collect::<Vec<_>>(), ["good"]);
    assert_eq!(name_of(&server, 0), "One");
}

#[test]
fn a_list_of_commands_gives_lists_where_there_are_no_gaps() {
    let server = documented();
    let all_good = batch(&server, json!({"cmd": [command("chat-1", "A"), command("chat-1", "B")]})).json();
    assert!(all_good["result"]["result"].is_array() && all_good["result"]["result_time"].is_array());
    assert_eq!(all_good["result"]["result_error"], json!([]));
    let gap = batch(&server, json!({"cmd": [command("stranger", "A"), command("chat-1", "B")]})).json();
    assert_eq!(gap["result"]["result"].as_object().unwrap().keys().collect::<Vec<_>>(), ["1"]);
    assert!(gap["result"]["result_error"].is_array());
}

#[test]
fn halt_stops_at_the_first_error() {
    let server = documented();
    let commands =
        json!({"a": command("stranger", "A"), "b": command("stranger", "B"), "c": command("chat-1", "C")});
    for (halt, expected) in [
        (json!(1), 1),
        (json!(true), 1),
        (json!("1"), 1),
        (json!("false"), 1),
        (json!(0), 2),
        (json!(false), 2),
        (json!("0"), 2),
        (json!(""), 2),
        (json!(null), 2),
    ] {
        let result = batch(&server, json!({"halt": halt, "cmd": commands})).json()["result"].clone();
        assert_eq!(result["result_error"].as_object().unwrap().len(), expected, "halt {halt}");
        assert_eq!(result["result"] == json!([]), expected == 1, "halt {halt}");
    }
}

#[test]
fn commands_come_in_every_form() {
    let server = documented();
    let encoded = "cmd%5Ba%5D=imconnector.chat.name.set%3FCONNECTOR%3Dconnector%26LINE%3D105%26CHAT_ID%3Dchat-1%26NAME%3DForm%2520name%26&halt=0";
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("authorization", "Bearer access-token")];
    let response = send(&server, "POST", "/rest/batch.json", &headers, encoded.as_bytes());
    assert_eq!(response.json()["result"]["result"]["a"]["SUCCESS"], true, "{}", response.text());
    assert_eq!(name_of(&server, 0), "Form name");
    let response = send(&server, "GET", &format!("/rest/BATCH?auth=access-token&{encoded}"), &[], b"");
    assert_eq!(response.json()["result"]["result"]["a"]["SUCCESS"], true);
    let empty = batch(&server, json!({})).json()["result"].clone();
    assert_eq!(
        empty.to_string(),
        r#"{"result":[],"result_error":[],"result_total":[],"result_next":[],"result_time":[]}"#
    );
}

#[test]
fn fifty_commands_run_and_the_rest_are_refused() {
    let server = documented();
    let commands: Vec<_> = (0..52).map(|number| command("chat-1", &format!("Name+{number}"))).collect();
    let result = batch(&server, json!({"cmd": commands})).json()["result"].clone();
    assert_eq!(result["result"].as_array().unwrap().len(), 50);
    let error =
        json!({"error": "ERROR_BATCH_LENGTH_EXCEEDED", "error_description": "Max batch length exceeded"});
    assert_eq!(result["result_error"], json!({"50": error, "51": error}));
    assert_eq!(name_of(&server, 0), "Name 49");
    // A command that is no text is counted; beyond the fiftieth it is refused like any other.
    let mut commands: Vec<_> =
        (0..51).map(|number| json!(command("chat-1", &format!("N{number}")))).collect();
    (commands[3], commands[50]) = (json!(5), json!(null));
    let result = batch(&server, json!({"cmd": commands})).json()["result"].clone();
    assert_eq!(result["result"].as_object().unwrap().len(), 49);
    assert_eq!(result["result_error"], json!({"50": error}));
}

#[test]
fn a_batch_in_a_batch_is_refused() {
    let result =
        batch(&documented(), json!({"cmd": {"a": "batch?cmd[x]=y", "b": "download"}})).json()["result"]
            .clone();
    for name in ["a", "b"] {
        assert_eq!(result["result_error"][name]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
    }
}

#[test]
fn results_can_be_referred_to() {
    let server = documented();
    let commands = json!({
        "first": command("chat-1", "One"),
        "second": command("chat-1", "Success%20$result[first][SUCCESS]"),
        "third": command("chat-1", "$result[second]"),
        "fourth": command("chat-1", "$error[third][error]%20$error[third][error]!"),
    });
    let result = batch(&server, json!({"cmd": commands, "halt": 0})).json()["result"].clone();
    assert_eq!(result["result_error"]["third"]["error"], "INTERNAL_SERVER_ERROR", "an array as NAME");
    let name = "INTERNAL_SERVER_ERROR INTERNAL_SERVER_ERROR!";
    assert_eq!(name_of(&server, 0), name);
    // `true` is neither a text nor a number, so the reference stays as it is.
    let commands =
        json!({"a": "imconnector.status?CONNECTOR=x", "b": command("chat-1", "is%20$result[a][STATUS]")});
    batch(&server, json!({"cmd": commands}));
    assert_eq!(name_of(&server, 0), "is $result[a][STATUS]");
    // A name of a parameter keeps its reference.
    let commands =
        json!({"a": "server.time", "b": format!("{}&$result[a]=x", command("chat-1", "$result[a]"))});
    batch(&server, json!({"cmd": commands}));
    assert_ne!(name_of(&server, 0), "is $result[a][STATUS]");
}

#[test]
fn references_to_long_answers_end_before_the_memory_does() {
    let server = documented();
    let again = |name: &str| {
        format!("imconnector.status?CONNECTOR={}", format!("$result[{name}][CONNECTOR]%20").repeat(300))
    };
    let mut commands = json!({"0": "imconnector.status?CONNECTOR=0123456789"});
    for number in 1..4 {
        commands[number.to_string()] = json!(again(&(number - 1).to_string()));
    }
    let response = batch(&server, json!({"cmd": commands}));
    assert_eq!(response.json()["result"]["result"].as_array().unwrap().len(), 4);
    assert!(response.body.len() < 32 << 20, "{} bytes", response.body.len());
}

#[test]
fn scope_is_checked_for_each_command_and_described_by_nothing() {
    let server = documented();
    let body = json!({"auth": "token-for-lines", "cmd": {"a": command("chat-1", "A")}});
    let response = post(&server, "/rest/batch", &body.to_string());
    assert_eq!(
        response.json()["result"]["result_error"].to_string(),
        r#"{"a":{"error":"insufficient_scope","error_description":""}}"#
    );
}

#[test]
fn the_live_edition_refuses_a_webhooks_commands_one_by_one() {
    let body = json!({"cmd": {"a": command("chat-1", "A"), "b": command("chat-1", "")}});
    let server = live();
    let response = post(&server, "/rest/1/webhook-secret/batch", &body.to_string());
    assert_eq!(
        (response.status(), response.json()["result"]["result_error"]["a"]["error"].clone()),
        (200, json!("WRONG_AUTH_TYPE"))
    );
    let response = batch(&server, body);
    assert_eq!(response.json()["result"]["result_error"]["b"]["argument"], "NAME");
}
