//! The token endpoint: exchanging a refresh token for a new pair of tokens.

use serde_json::{Value, json};
use standin::Server;
use standin::services::SERVICES;

use crate::client::{Response, get, post, send, serve};

/// A portal with an application and its tokens. `first` adds keys to the portal.
fn portal(first: &str) -> Server {
    serve(&yaml(first))
}

fn yaml(first: &str) -> String {
    format!(
        "
standin: 1
name: oauth
seed: 7
clock: {{virtual: \"2024-11-20T15:55:08Z\"}}
bitrix24:
  {first}
  applications:
    - {{client_id: app, client_secret: client-secret}}
    - {{client_id: other-app, client_secret: other-client-secret, scope: [crm, imopenlines]}}
  credentials:
    - {{token: token-1, refresh_token: refresh-1, client_id: app}}
    - {{token: token-2, refresh_token: refresh-2, client_id: app, scope: [crm, imconnector]}}
    - {{token: token-3, refresh_token: refresh-3, client_id: other-app}}
    - {{token: token-4, refresh_token: refresh-4, client_id: app, state: not_installed}}
  connectors: [{{id: connector, chat_group: true}}]
  lines: [{{id: 105, connectors: [connector]}}]
  chats: [{{connector: connector, line: 105, id: chat-1, name: Old name}}]
"
    )
}

const GOOD: &str =
    "grant_type=refresh_token&client_id=app&client_secret=client-secret&refresh_token=refresh-1";

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn by_get(server: &Server, query: &str) -> Response {
    get(server, &format!("/oauth/token/?{query}"))
}

fn by_form(server: &Server, body: &str) -> Response {
    send(server, "POST", "/oauth/token/", &[FORM], body.as_bytes())
}

/// Sends a rename by this token. Returns the error code, or `success`.
fn rename(server: &Server, token: &str) -> String {
    let body =
        json!({"CONNECTOR": "connector", "LINE": 105, "CHAT_ID": "chat-1", "NAME": "n", "auth": token});
    let response = post(server, "/rest/imconnector.chat.name.set", &body.to_string());
    response.json()["error"].as_str().unwrap_or("success").to_owned()
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap()
}

#[test]
fn a_new_pair_has_the_members_of_the_page_in_its_order() {
    let server = portal("state: open");
    let response = by_get(&server, GOOD);
    assert_eq!(
        (response.status(), response.header("content-type")),
        (200, Some("application/json; charset=utf-8"))
    );
    let body = response.json();
    let (access_token, refresh_token) = (text(&body, "access_token"), text(&body, "refresh_token"));
    let member_id = text(&body, "member_id");
    for token in [access_token, refresh_token] {
        assert!(token.len() == 32 && token.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()));
    }
    assert_ne!(access_token, refresh_token);
    assert!(member_id.len() == 32 && member_id.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(
        response.text(),
        format!(
            r#"{{"access_token":"{access_token}","client_endpoint":"http://localhost/rest/","domain":"localhost","expires":1732121708,"expires_in":3600,"member_id":"{member_id}","refresh_token":"{refresh_token}","scope":"imconnector","server_endpoint":"http://localhost/rest/","status":"F","user_id":1}}"#
        )
    );
    let again = portal("state: open");
    assert_eq!(by_form(&again, GOOD).text(), response.text(), "the same seed gives the same tokens");
}

#[test]
fn every_way_to_ask_is_answered() {
    let json = [("content-type", "application/json")];
    let object = r#"{"grant_type":"refresh_token","client_id":"app","client_secret":"client-secret","refresh_token":"refresh-1"}"#;
    for (verb, target, headers, body) in [
        ("GET", format!("/oauth/token/?{GOOD}"), &[][..], ""),
        ("GET", format!("/oauth/token?{GOOD}"), &[FORM], ""),
        ("GET", format!("//oauth/token/?{GOOD}&bx24_request_id=1"), &[], ""),
        ("POST", format!("/oauth/token/?{GOOD}"), &[], ""),
        ("POST", "/oauth/token/".to_owned(), &[FORM], GOOD),
        ("POST", "//oauth/token".to_owned(), &[FORM], GOOD),
        ("POST", "/oauth/token/".to_owned(), &json, object),
    ] {
        let server = portal("edition: live");
        let response = send(&server, verb, &target, headers, body.as_bytes());
        assert_eq!(response.status(), 200, "{verb} {target}: {}", response.text());
        assert_eq!(server.journal()[0].note.operation, Some("oauth.token"));
    }
}

#[test]
fn a_refresh_replaces_both_tokens_at_once() {
    let server = portal("edition: documented");
    assert_eq!(rename(&server, "token-1"), "success");
    let first = by_get(&server, GOOD).json();
    assert_eq!(rename(&server, "token-1"), "expired_token");
    assert_eq!(rename(&server, text(&first, "access_token")), "success");
    assert_eq!(rename(&server, "token-2"), "success", "other tokens of the application stay");
    assert_eq!(by_get(&server, GOOD).json()["error"], "invalid_grant");

    let second = by_form(&server, &GOOD.replace("refresh-1", text(&first, "refresh_token"))).json();
    assert_eq!(rename(&server, text(&first, "access_token")), "expired_token");
    assert_eq!(rename(&server, text(&second, "access_token")), "success");
    assert_eq!(second["member_id"], first["member_id"]);
    assert_ne!(second["access_token"], first["access_token"]);

    server.reset();
    assert_eq!(rename(&server, "token-1"), "success");
    assert_eq!(by_get(&server, GOOD).json()["access_token"], first["access_token"]);
}

#[test]
fn an_issued_token_lives_an_hour() {
    let server = portal("timing: {duration: 20m, processing: 0s}");
    // The refresh takes 20 minutes of virtual time, and so does each rename.
    let token = text(&by_get(&server, GOOD).json(), "access_token").to_owned();
    assert_eq!([0; 3].map(|_| rename(&server, &token)), ["success", "success", "expired_token"]);
}

#[test]
fn the_scope_is_that_of_the_token_or_of_its_application_or_what_a_rename_needs() {
    for (edition, refresh_token, client, expected) in [
        ("documented", "refresh-1", "", "imconnector"),
        ("live", "refresh-1", "", "imopenlines"),
        ("documented", "refresh-2", "", "crm,imconnector"),
        ("live", "refresh-3", "other-", "crm,imopenlines"),
    ] {
        let server = portal(&format!("edition: {edition}"));
        let asked = GOOD
            .replace("refresh-1", refresh_token)
            .replace("id=app", &format!("id={client}app"))
            .replace("=client-secret", &format!("={client}client-secret"));
        assert_eq!(by_get(&server, &asked).json()["scope"], expected, "{asked}");
    }
    assert_eq!(rename(&portal("edition: documented"), "token-3"), "insufficient_scope");
    assert_eq!(rename(&portal("edition: live"), "token-3"), "success");
}

#[test]
fn every_refusal_has_its_error() {
    for (first, asked, status, error, stage) in [
        ("", String::new(), 400, "invalid_request", "gateway"),
        ("", GOOD.replace("grant_type", "grant"), 400, "invalid_request", "gateway"),
        ("", GOOD.replace("client_id", "client"), 400, "invalid_request", "gateway"),
        ("", GOOD.replace("=client-secret", "="), 400, "invalid_request", "gateway"),
        ("", GOOD.replace("=refresh_token", "=password"), 400, "invalid_request", "auth"),
        ("", GOOD.replace("refresh_token=refresh-1", ""), 400, "invalid_request", "auth"),
        ("", GOOD.replace("id=app", "id=ap"), 401, "invalid_client", "gateway"),
        ("", GOOD.replace("client-secret", "secret"), 401, "invalid_client", "gateway"),
        ("", GOOD.replace("refresh-1", "refresh-4"), 401, "invalid_client", "arguments"),
        ("", GOOD.replace("refresh-1", "refresh-9"), 400, "invalid_grant", "arguments"),
        ("", GOOD.replace("refresh-1", "refresh-3"), 400, "invalid_grant", "arguments"),
        ("", GOOD.replace("refresh-1", "token-1"), 400, "invalid_grant", "arguments"),
        ("", GOOD.replace("=refresh_token", "=authorization_code") + "&code=c", 400, "invalid_grant", "auth"),
        ("state: subscription_ended", GOOD.to_owned(), 400, "PAYMENT_REQUIRED", "gateway"),
    ] {
        for edition in ["documented", "live"] {
            let server = portal(&format!("edition: {edition}\n  {first}"));
            for response in [by_get(&server, &asked), by_form(&server, &asked)] {
                let text = match error {
                    "invalid_request" => "Wrong or missing parameter",
                    "invalid_client" => "Wrong client_id or client_secret",
                    "invalid_grant" => "Wrong or expired refresh_token or code",
                    _ => "Payment required",
                };
                let expected = format!(r#"{{"error":"{error}","error_description":"{text}"}}"#);
                assert_eq!((response.status(), response.text()), (status, expected.as_str()), "{asked}");
            }
            let note = server.journal().last().unwrap().note.clone();
            assert_eq!(note.stage.map(|stage| stage.name()), Some(stage), "{asked}");
            assert_eq!(note.remarks.len(), 1, "{asked}: {:?}", note.remarks);
        }
    }
}

#[test]
fn faults_of_methods_leave_the_endpoint_alone_and_its_own_strike_it() {
    let scenario = |faults: &str| serve(&format!("{}faults:\n{faults}", standin::Scenario::DEFAULT));
    let asked = "grant_type=refresh_token&client_id=local.685d5063933614.00854686&client_secret=client-secret&refresh_token=refresh-token";
    let server = scenario("  - {name: f, on: bitrix24, error: QUERY_LIMIT_EXCEEDED}\n");
    assert_eq!(by_get(&server, asked).status(), 200);
    assert_eq!(get(&server, "/rest/oauth.token").status(), 503);

    let server = scenario(
        "  - {name: f, on: bitrix24, when: {call: 1}, error: invalid_grant, message: Later, retry_after: 3}\n",
    );
    assert_eq!(get(&server, "/rest/1/webhook-secret/batch").status(), 200);
    let response = by_get(&server, asked);
    assert_eq!((response.status(), response.header("retry-after")), (400, Some("3")));
    assert_eq!(response.text(), r#"{"error":"invalid_grant","error_description":"Later"}"#);
    assert_eq!(by_get(&server, asked).status(), 200, "the refused call used nothing up");
}

#[test]
fn a_lost_answer_leaves_the_pair_as_the_fault_says() {
    let lost = |applied: &str| {
        let server = serve(&format!(
            "{}faults: [{{name: f, on: bitrix24, match: {{client_id: app}}, when: {{call: 1}}, reply: {{status: 502}}, applied: {applied}}}]\n",
            yaml("timing: {duration: 10s, processing: 0s}")
        ));
        assert_eq!(by_get(&server, GOOD).status(), 502);
        server
    };
    let server = lost("false");
    assert_eq!((rename(&server, "token-1"), by_get(&server, GOOD).status()), ("success".to_owned(), 200));
    let server = lost("true");
    assert_eq!(
        (rename(&server, "token-1"), by_get(&server, GOOD).status()),
        ("expired_token".to_owned(), 400)
    );
    let server = lost("{later: 15s}");
    let seen = [0; 3].map(|_| rename(&server, "token-1"));
    assert_eq!(
        seen,
        ["success", "success", "expired_token"],
        "the answer comes after 10 s, and each rename takes as long"
    );
    assert_eq!(by_get(&server, GOOD).json()["error"], "invalid_grant");
}

#[test]
fn a_change_that_comes_too_late_is_told() {
    let server = serve(&format!(
        "{}faults: [{{name: f, on: bitrix24.oauth.token, when: {{call: 1}}, reply: {{status: 502}}, applied: {{later: 15s}}}}]\n",
        yaml("timing: {duration: 10s, processing: 0s}")
    ));
    assert_eq!(by_get(&server, GOOD).status(), 502);
    // The client asks again before the first change is made, and gets another pair.
    let pair = by_get(&server, GOOD).json();
    let token = text(&pair, "access_token");
    let seen = [0; 3].map(|_| rename(&server, token));
    assert_eq!(seen, ["success"; 3], "the pair that the client has stays good");
    let remarks: Vec<_> = server.journal().iter().flat_map(|entry| entry.note.remarks.clone()).collect();
    assert_eq!(remarks, ["a postponed change came too late: the refresh token had been used up"]);
}

#[test]
fn the_endpoint_is_no_method() {
    let server = portal("edition: documented");
    assert_eq!(post(&server, "/rest/oauth.token", "").json()["error"], "ERROR_METHOD_NOT_FOUND");
    let preflight = send(&server, "OPTIONS", "/oauth/token/", &[], b"");
    assert_eq!((preflight.status(), preflight.text()), (200, ""));
    assert_eq!(
        get(&server, "/oauth/authorize/").json()["standin"],
        "no service answers `GET /oauth/authorize/`"
    );
}

#[test]
fn the_journal_hides_what_was_sent_and_what_was_handed_out() {
    let server = portal("edition: documented");
    let body = by_get(&server, GOOD).json();
    by_form(&server, &GOOD.replace("refresh-1", "astray%2D1").replace("client-secret", "astray+2"));
    by_form(&server, "grant_type=authorization_code&client_id=app&client_secret=client-secret&code=astray-3");
    by_get(&server, "client%5Fsecret=astray-4&refresh%5Ftoken=astray-5");
    let journal = get(&server, "/__standin/journal");
    let issued = [text(&body, "access_token"), text(&body, "refresh_token")];
    for secret in ["client-secret", "refresh-1", "astray"].into_iter().chain(issued) {
        assert!(!journal.text().contains(secret), "{secret} in {}", journal.text());
    }
    assert!(journal.text().contains("client_id=app"));
    assert!(!get(&server, "/__standin/state").text().contains("secret"));
}

#[test]
fn the_vendor_names_the_tokens_that_it_hands_out() {
    let server = portal("edition: documented");
    let body = by_get(&server, GOOD).json();
    by_get(&server, GOOD);
    rename(&server, text(&body, "access_token"));
    let issued = server
        .journal()
        .iter()
        .map(|entry| SERVICES[0].credentials_issued(&entry.request, &entry.reply))
        .collect::<Vec<_>>();
    let tokens = ["access_token", "refresh_token"].map(|name| text(&body, name).to_owned());
    assert_eq!(issued, [tokens.to_vec(), vec![], vec![]]);
}

#[test]
fn the_last_thousand_pairs_are_remembered() {
    let server = portal("timing: {duration: 0s, processing: 0s}");
    let mut asked = GOOD.to_owned();
    let mut tokens = Vec::new();
    for _ in 0..1_001 {
        let body = by_get(&server, &asked).json();
        tokens.push(text(&body, "access_token").to_owned());
        asked = GOOD.replace("refresh-1", text(&body, "refresh_token"));
    }
    assert_eq!(rename(&server, &tokens[0]), "NO_AUTH_FOUND");
    assert_eq!(rename(&server, &tokens[1]), "expired_token");
    assert_eq!(rename(&server, &tokens[1_000]), "success");
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 1_001);
}

#[test]
fn the_names_of_parameters_are_lower_case() {
    let server = portal("");
    for name in ["grant_type", "client_id", "client_secret", "refresh_token"] {
        let asked = GOOD.replace(&format!("{name}="), &format!("{}=", name.to_uppercase()));
        let bodies = [by_get(&server, &asked), by_form(&server, &asked)];
        for response in bodies {
            assert_eq!(
                (response.status(), response.json()["error"].clone()),
                (400, json!("invalid_request")),
                "{asked}"
            );
            let sent = name.to_uppercase();
            let remark = format!("the call has `{sent}`; the parameter is called `{name}`");
            assert_eq!(server.journal().last().unwrap().note.remarks, [remark], "{asked}");
        }
    }
    let extra = format!("{GOOD}&REFRESH_TOKEN=x&Client_Id=y");
    assert_eq!(by_get(&server, &extra).status(), 200, "other spellings are other parameters");
    assert_eq!(server.journal().last().unwrap().note.remarks.len(), 0);
}
