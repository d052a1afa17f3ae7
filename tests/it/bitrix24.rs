//! Behaviour of Bitrix24 beyond the documented examples, in both editions.

mod arguments;
mod batch;
mod credentials;
mod editions;
mod headers;
mod helpers;
mod life;

use serde_json::{Value, json};
use standin::Server;

use crate::client::{Response, get, post, raw, send, serve};

const METHOD: &str = "imconnector.chat.name.set";

/// A portal with every kind of credential, connector, line and chat. `first` replaces `FIRST`: the edition and more.
fn portal(first: &str) -> Server {
    serve(&format!(
        "
standin: 1
name: portal
seed: 1
bitrix24:
  {first}
  credentials:
    - webhook: {{user: 1, secret: webhook-secret}}
    - token: access-token
      client_id: local.685d5063933614.00854686
    - {{token: token-for-connector, scope: [imconnector]}}
    - {{token: token-for-lines, scope: [imopenlines]}}
  connectors:
    - {{id: connector, chat_group: true}}
    - {{id: messenger}}
  lines:
    - {{id: 105, connectors: [connector, messenger]}}
    - {{id: 106, active: false, connectors: [connector]}}
    - {{id: 107}}
  chats:
    - {{connector: connector, line: 105, id: chat-1, name: Old name}}
    - {{connector: connector, line: 105, id: closed-chat, name: Closed, closed: true}}
    - {{connector: connector, line: 106, id: chat-1, name: On an inactive line}}
    - {{connector: messenger, line: 105, id: chat-2, user: visitor-1, name: Visitor}}
    - {{connector: messenger, line: 105, id: chat-3, user: visitor-2, name: Visitor}}
"
    ))
}

fn documented() -> Server {
    portal("edition: documented")
}

fn live() -> Server {
    portal("edition: live")
}

/// A rename by token. `changes` replaces parameters of a valid call; `null` removes one.
fn rename(server: &Server, changes: Value) -> Response {
    let mut body = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": "New name", "auth": "access-token"});
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(name)),
            value => body[name] = value.clone(),
        }
    }
    post(server, &format!("/rest/{METHOD}"), &body.to_string())
}

fn outcome(response: &Response) -> (u16, String) {
    let body = response.json();
    (response.status(), body["error"].as_str().unwrap_or("success").to_owned())
}

fn name_of(server: &Server, index: usize) -> Value {
    get(server, "/__standin/state").json()["bitrix24"]["chats"][index]["name"].clone()
}

#[test]
fn every_form_of_url_and_credential_reaches_the_method() {
    let server = documented();
    let parameters = "CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=New+name";
    let json = r#"{"CONNECTOR":"connector","LINE":105,"CHAT_ID":"chat-1","NAME":"New name"}"#;
    let multipart = ["CONNECTOR=connector", "LINE=105", "CHAT_ID=chat-1", "NAME=New name"]
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        })
        .concat()
        + "--b--\r\n";
    let form = ("content-type", "application/x-www-form-urlencoded");
    let bearer = ("authorization", "bearer access-token");
    let of_json = ("content-type", "application/json; charset=utf-8");
    for (verb, target, headers, body) in [
        ("POST", "/rest/1/webhook-secret/imconnector.chat.name.set", vec![of_json], json),
        ("POST", "/rest/1/webhook-secret/imconnector.chat.name.set.json", vec![of_json], json),
        ("POST", "/rest/1/webhook-secret/IMCONNECTOR.Chat.Name.SET/", vec![of_json], json),
        ("POST", "/rest/1/webhook-secret/imconnector.chat.name.set?auth=stray", vec![of_json], json),
        ("POST", "/rest//imconnector.chat.name.set?auth=access-token", vec![of_json], json),
        ("POST", "//rest/1/webhook-secret/imconnector.chat.name.set", vec![of_json], json),
        ("POST", "/rest/imconnector.chat.name.set?access_token=access-token&start=0", vec![of_json], json),
        ("POST", "/rest/imconnector.chat.name.set", vec![of_json, bearer], json),
        ("POST", "/rest/imconnector.chat.name.set?aplogin=1&ap=webhook-secret", vec![form], parameters),
        ("POST", "/rest/imconnector.chat.name.set", vec![form, bearer], parameters),
        (
            "POST",
            "/rest/imconnector.chat.name.set",
            vec![("content-type", "text/plain;charset=UTF-8"), bearer],
            parameters,
        ),
        (
            "POST",
            "/rest/imconnector.chat.name.set",
            vec![("content-type", "multipart/form-data; boundary=b"), bearer],
            &multipart,
        ),
        ("POST", &format!("/rest/imconnector.chat.name.set?{parameters}"), vec![bearer], ""),
        ("GET", &format!("/rest/1/webhook-secret/imconnector.chat.name.set?{parameters}"), vec![], ""),
        (
            "PUT",
            &format!("/rest/1/webhook-secret/imconnector.chat.name.set?{parameters}"),
            vec![of_json],
            "{}",
        ),
    ] {
        server.reset();
        let response = send(&server, verb, target, &headers, body.as_bytes());
        assert_eq!(
            outcome(&response),
            (200, "success".to_owned()),
            "{verb} {target} {headers:?} {}",
            response.text()
        );
        assert_eq!(name_of(&server, 0), "New name", "{verb} {target}");
    }
}

#[test]
fn http_1_0_and_an_upgrade_offer_get_plain_answers() {
    let server = documented();
    let target =
        "/rest/1/webhook-secret/imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=n";
    let received = raw(&server, format!("GET {target} HTTP/1.0\r\n\r\n").as_bytes());
    assert!(received.starts_with(b"HTTP/1.0 200 OK\r\n"), "{}", String::from_utf8_lossy(&received));
    let upgrade = [
        ("connection", "Upgrade, HTTP2-Settings"),
        ("upgrade", "h2c"),
        ("http2-settings", "AAMAAABkAAQAAP__"),
    ];
    let mut request = format!("POST {target} HTTP/1.1\r\nhost: standin\r\n");
    upgrade.iter().for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
    request.push_str("content-length: 0\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    assert!(raw(&server, request.as_bytes()).starts_with(b"HTTP/1.1 200 OK\r\n"));
}

#[test]
fn checks_are_made_in_the_documented_order() {
    let server = documented();
    for (changes, expected) in [
        (json!({"auth": null, "NAME": null}), (401, "NO_AUTH_FOUND")),
        (json!({"auth": "stranger"}), (401, "NO_AUTH_FOUND")),
        (json!({"NAME": null, "CONNECTOR": "stranger"}), (400, "ERROR_ARGUMENT")),
        (json!({"NAME": "0"}), (400, "ERROR_ARGUMENT")),
        (json!({"LINE": 0}), (400, "ERROR_ARGUMENT")),
        (json!({"CHAT_ID": []}), (400, "ERROR_ARGUMENT")),
        (json!({"CONNECTOR": "messenger", "CHAT_ID": "chat-2"}), (400, "ERROR_ARGUMENT")),
        (json!({"CONNECTOR": "stranger", "LINE": "107"}), (400, "IMCONNECTOR_NO_CORRECT_PROVIDER")),
        (json!({"CONNECTOR": "telegrambot"}), (400, "HASH_EMPTY")),
        (json!({"CONNECTOR": "livechat"}), (400, "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND")),
        (json!({"LINE": "106"}), (400, "NOT_ACTIVE_LINE")),
        (json!({"LINE": "107", "CHAT_ID": "stranger"}), (400, "NOT_ACTIVE_LINE")),
        (json!({"LINE": "one"}), (400, "NOT_ACTIVE_LINE")),
        (json!({"CHAT_ID": "stranger"}), (400, "CHAT_RENAMING_FAILED")),
        (json!({"CHAT_ID": "closed-chat"}), (400, "CHAT_RENAMING_FAILED")),
        (json!({"NAME": " \t\n"}), (400, "CHAT_RENAMING_FAILED")),
        (
            json!({"CONNECTOR": "messenger", "CHAT_ID": "chat-2", "USER_ID": "stranger"}),
            (400, "CHAT_RENAMING_FAILED"),
        ),
        (
            json!({"CONNECTOR": "messenger", "CHAT_ID": "chat-2", "USER_ID": "visitor-2"}),
            (400, "CHAT_RENAMING_FAILED"),
        ),
        (json!({"NAME": ["array"]}), (500, "INTERNAL_SERVER_ERROR")),
        (json!({"NAME": "Old name"}), (200, "success")),
        (json!({"USER_ID": "ignored for groups"}), (200, "success")),
        (json!({"CONNECTOR": "messenger", "CHAT_ID": "chat-2", "USER_ID": "visitor-1"}), (200, "success")),
        (json!({"UNKNOWN": "is ignored", "bx24_sdk_ver": "1"}), (200, "success")),
    ] {
        let response = rename(&server, changes.clone());
        assert_eq!(outcome(&response), (expected.0, expected.1.to_owned()), "{changes}");
    }
}

#[test]
fn an_unknown_method_wins_over_missing_credentials() {
    let server = documented();
    for target in
        ["/rest/imconnector.chat.name.get", "/rest/1/wrong/imconnector.deactivate", "/rest/", "/rest/x.html"]
    {
        assert_eq!(
            outcome(&post(&server, target, "")),
            (404, "ERROR_METHOD_NOT_FOUND".to_owned()),
            "{target}"
        );
    }
    let version_3 = post(&server, "/rest/api/imconnector.chat.name.set", "{}");
    assert_eq!(version_3.status(), 404);
    assert!(version_3.json()["error"]["code"].as_str().unwrap().ends_with("METHODNOTFOUNDEXCEPTION"));
}

#[test]
fn the_live_edition_differs_where_the_table_says_so() {
    let server = live();
    let webhook = post(&server, "/rest/1/webhook-secret/imconnector.chat.name.set", "{}");
    assert_eq!(
        webhook.text(),
        r#"{"error":"WRONG_AUTH_TYPE","error_description":"Current authorization type is denied for this method Application context required"}"#
    );
    assert_eq!(webhook.status(), 403);
    let missing = rename(&server, json!({"CONNECTOR": ""}));
    assert_eq!(
        missing.text(),
        r#"{"error":"ERROR_ARGUMENT","error_description":"Argument \u0027CONNECTOR\u0027 is null or empty","argument":"CONNECTOR"}"#
    );
    for (changes, status, text) in [
        (json!({"NAME": null}), 400, "Argument 'NAME' is null or empty"),
        (json!({"CONNECTOR": "stranger"}), 400, "Argument 'USER_ID' is null or empty"),
        (json!({"CONNECTOR": "Connector"}), 400, "Argument 'USER_ID' is null or empty"),
        (json!({"CONNECTOR": "stranger", "USER_ID": "1"}), 400, "Cannot find a matching connector provider"),
        (json!({"LINE": "107"}), 400, "Open Channel with this ID is inactive or does not exist."),
        (json!({"NAME": "Old name"}), 400, "Chat renaming failed"),
        (json!({"auth": "stranger"}), 401, "Unable to get application by token"),
        (
            json!({"auth": "token-for-connector"}),
            401,
            "The request requires higher privileges than provided by the access token",
        ),
    ] {
        let response = rename(&server, changes.clone());
        assert_eq!(
            (response.status(), response.json()["error_description"].as_str().unwrap()),
            (status, text),
            "{changes}"
        );
    }
    let ignored =
        rename(&server, json!({"CONNECTOR": "messenger", "CHAT_ID": "chat-2", "USER_ID": "stranger"}));
    assert_eq!(outcome(&ignored), (200, "success".to_owned()));
    assert_eq!(name_of(&server, 3), "Visitor");
    assert_eq!(outcome(&rename(&server, json!({"auth": "token-for-lines"}))), (200, "success".to_owned()));
}

#[test]
fn the_documented_edition_wants_the_scope_of_its_page() {
    let server = documented();
    let refused = rename(&server, json!({"auth": "token-for-lines"}));
    assert_eq!(outcome(&refused), (403, "insufficient_scope".to_owned()));
    assert_eq!(
        outcome(&rename(&server, json!({"auth": "token-for-connector"}))),
        (200, "success".to_owned())
    );
}

#[test]
fn a_same_name_is_compared_as_php_compares() {
    let server = live();
    assert_eq!(outcome(&rename(&server, json!({"NAME": "100"}))), (200, "success".to_owned()));
    assert_eq!(outcome(&rename(&server, json!({"NAME": "1e2"}))), (400, "CHAT_RENAMING_FAILED".to_owned()));
}

#[test]
fn a_connector_is_looked_up_without_case_and_dots() {
    let server = documented();
    let sent = json!({"CONNECTOR": "MESSENGER.bot", "CHAT_ID": "chat-2", "USER_ID": "visitor-1"});
    assert_eq!(outcome(&rename(&server, sent)), (200, "success".to_owned()));
}

#[test]
fn a_name_is_trimmed_and_cut_by_characters() {
    let server = documented();
    rename(&server, json!({"NAME": format!(" {} ", "я".repeat(300))}));
    assert_eq!(name_of(&server, 0), "я".repeat(255));
    for name in ["Чат \"№1\" & <b>+=[]</b> 🚀 / \\ '", "12.5", "1e3", "NO", "017"] {
        rename(&server, json!({"NAME": name}));
        assert_eq!(name_of(&server, 0), name);
    }
    rename(&server, json!({"NAME": 12.50}));
    assert_eq!(name_of(&server, 0), "12.5");
    rename(&server, json!({"NAME": true}));
    assert_eq!(name_of(&server, 0), "1");
}

#[test]
fn two_users_of_one_chat_id_have_chats_of_their_own() {
    let server = serve(
        "
standin: 1
name: two users
bitrix24:
  credentials: [{token: access-token}]
  connectors: [{id: messenger}]
  lines: [{id: 105, connectors: [messenger]}]
  chats:
    - {connector: messenger, line: 105, id: chat, user: one, name: Old}
    - {connector: messenger, line: 105, id: chat, user: two, name: Old}
",
    );
    rename(&server, json!({"CONNECTOR": "messenger", "CHAT_ID": "chat", "USER_ID": "two"}));
    assert_eq!((name_of(&server, 0), name_of(&server, 1)), (json!("Old"), json!("New name")));
}

#[test]
fn the_query_gives_way_to_the_body_and_broken_json_to_nothing() {
    let server = documented();
    let target = "/rest/imconnector.chat.name.set?auth=access-token&CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=Query";
    post(&server, target, r#"{"name":"Body"}"#);
    assert_eq!(name_of(&server, 0), "Body");
    post(&server, target, r#"{"NAME":"#);
    assert_eq!(name_of(&server, 0), "Query");
    let broken = post(&server, "/rest/imconnector.chat.name.set?auth=access-token", r#"{"CONNECTOR":"#);
    assert_eq!(outcome(&broken), (400, "ERROR_ARGUMENT".to_owned()));
    let broken = post(&server, "/rest/imconnector.chat.name.set", r#"{"auth":"access-token","#);
    assert_eq!(outcome(&broken), (401, "NO_AUTH_FOUND".to_owned()));
}

#[test]
fn sessions_and_signed_downloads_are_refused() {
    let server = documented();
    assert_eq!(
        outcome(&rename(&server, json!({"auth": null, "sessid": "abc"}))),
        (403, "WRONG_AUTH_TYPE".to_owned())
    );
    let download = rename(&server, json!({"token": "abc"}));
    assert_eq!(
        download.text(),
        r#"{"error":"ACCESS_DENIED","error_description":"Access denied! Link check failed"}"#
    );
    assert_eq!(download.status(), 403);
}

#[test]
fn every_answer_lets_browsers_read_it() {
    for server in [documented(), live()] {
        let answers = [
            rename(&server, json!({})),
            rename(&server, json!({"auth": null})),
            post(&server, "/rest/nothing", ""),
            send(
                &server,
                "OPTIONS",
                "/rest/imconnector.chat.name.set",
                &[("origin", "https://example.com")],
                b"",
            ),
        ];
        for answer in &answers {
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{}", answer.head);
            assert_eq!(answer.header("access-control-allow-headers"), Some("origin, content-type, accept"));
            assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
        assert_eq!((answers[3].status(), answers[3].text()), (200, ""));
    }
}

#[test]
fn the_live_edition_sends_the_headers_of_the_cloud() {
    let server = live();
    let success = rename(&server, json!({}));
    assert_eq!(success.header("x-bitrix-rest-application"), Some("local.685d5063933614.00854686"));
    for (name, value) in [
        ("server", "nginx"),
        ("pragma", "no-cache"),
        ("x-bitrix-rest-time", "0.0000000000"),
        ("x-frame-options", "SAMEORIGIN"),
    ] {
        assert_eq!(success.header(name), Some(value));
    }
    let refused = rename(&server, json!({"auth": "stranger"}));
    assert_eq!(refused.header("x-bitrix-rest-time"), Some("0.0000000000"));
    assert_eq!((refused.header("server"), refused.header("set-cookie")), (None, None));
    assert_eq!(rename(&documented(), json!({})).header("x-bitrix-rest-time"), None);
}

#[test]
fn time_has_its_members_in_order_and_in_the_types_of_its_edition() {
    let members = |response: &Response| {
        let time = response.json()["time"].clone();
        time.as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| {
                format!(
                    "{name}:{}",
                    if value.is_f64() {
                        "float"
                    } else if value.is_i64() {
                        "whole"
                    } else {
                        "text"
                    }
                )
            })
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        members(&rename(&documented(), json!({}))),
        "start:float finish:float duration:float processing:float date_start:text date_finish:text"
    );
    let virtual_clock = "edition: live\n  timing: {duration: 1s, processing: 1s}";
    assert_eq!(
        members(&rename(&portal(virtual_clock), json!({}))),
        "start:whole finish:float duration:float processing:whole date_start:text date_finish:text operating_reset_at:whole operating:whole"
    );
}

#[test]
fn a_virtual_clock_moves_by_what_calls_take() {
    let server = serve(
        "
standin: 1
name: virtual
clock: {virtual: \"2024-11-20T15:55:08.5+02:00\"}
bitrix24:
  time_zone: \"+02:00\"
  timing: {duration: 750ms, processing: 250ms}
  credentials: [{token: access-token, expires: \"2024-11-20T15:55:11+02:00\"}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old}]
",
    );
    let first = rename(&server, json!({}));
    assert!(first.text().ends_with(r#""time":{"start":1732110908.5,"finish":1732110909.25,"duration":0.75,"processing":0.25,"date_start":"2024-11-20T15:55:08+02:00","date_finish":"2024-11-20T15:55:09+02:00"}}"#), "{}", first.text());
    assert_eq!(first.header("date"), Some("Wed, 20 Nov 2024 13:55:09 GMT"));
    assert_eq!(get(&server, "/elsewhere").header("date"), Some("Wed, 20 Nov 2024 13:55:09 GMT"));
    let second = rename(&server, json!({}));
    assert!(second.text().contains(r#""start":1732110909.25,"finish":1732110910,"#), "{}", second.text());
    rename(&server, json!({"NAME": ""}));
    rename(&server, json!({}));
    assert_eq!(outcome(&rename(&server, json!({}))), (401, "expired_token".to_owned()));
}

#[test]
fn the_documented_envelope_echoes_the_call_without_its_credentials() {
    let server = portal("envelope: documented");
    let response = rename(
        &server,
        json!({"LINE": 105, "extra": {"a": [1, 2.50, "/"]}, "start": 0, "bx24_request_id": "1"}),
    );
    let body = response.json();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["answer", "query", "status"]);
    assert_eq!(
        body["query"].to_string(),
        r#"{"method":"imconnector.chat.name.set","data":{"CONNECTOR":"connector","LINE":105,"CHAT_ID":"chat-1","NAME":"New name","extra":{"a":[1,2.5,"/"]}}}"#
    );
    assert_eq!(rename(&server, json!({"NAME": null})).json()["error"], "ERROR_ARGUMENT");
}
