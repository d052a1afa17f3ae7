//! Behaviour of Chert beyond the documented examples.

mod attachments;
mod life;
mod members;
mod messages;
mod recipients;
mod texts;

use serde_json::{Value, json};
use standin::Server;

use crate::client::{Response, get, send, serve, signature};

/// The time of the scenario's virtual clock, in seconds since the epoch.
const NOW: i64 = 1_732_110_908;

fn service() -> Server {
    serve(
        "
standin: 1
name: service
seed: 1
clock: {virtual: 2024-11-20T13:55:08Z}
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      lines: [{id: pl_01H, phone_number: \"+15555550100\"}]
      chats:
        - {id: ch_01H, group: true, line: pl_01H, display_name: Launch, group_chat_icon: https://example.com/old.png}
        - {id: ch_02N, group: true, line: pl_01H}
        - {id: ch_03D, group: false, line: pl_01H}
        - {id: ch/04 +?, group: true, line: pl_01H}
    - slug: multi
      signing_secret: secret-of-multi
      multi_tenant: true
      lines: [{id: pl_01H, phone_number: \"+15555550101\"}]
      chats: [{id: ch_05M, group: true, line: pl_01H}]
    - {slug: suspended, signing_secret: secret-of-suspended, state: suspended}
    - {slug: unverified, signing_secret: secret-of-unverified, state: email_unverified}
    - {slug: limited, signing_secret: secret-of-limited, state: account_limit}
",
    )
}

/// A PUT by the tenant `acme`, signed.
fn put(server: &Server, id: &str, body: impl AsRef<[u8]>) -> Response {
    let body = body.as_ref();
    let signature = signature("secret-of-acme", NOW, body);
    send(
        server,
        "PUT",
        &format!("/api/v1/chats/{id}"),
        &[("x-chert-tenant", "acme"), ("x-chert-signature", &signature)],
        body,
    )
}

fn code(response: &Response) -> (u16, u64) {
    (response.status(), response.json()["error"]["code"].as_u64().unwrap_or_default())
}

fn chat(server: &Server, index: usize) -> Value {
    get(server, "/__standin/state").json()["chert"]["tenants"][0]["chats"][index].clone()
}

#[test]
fn a_name_an_icon_or_both_are_applied() {
    let server = service();
    for (body, expected) in [
        (
            r#"{"display_name":" Crew\u00a0"}"#,
            r#"{"chat":{"id":"ch_01H","display_name":"Crew","group_chat_icon":"https://example.com/old.png","is_group":true}}"#,
        ),
        (
            r#"{"group_chat_icon":"https://example.com/new.png"}"#,
            r#"{"chat":{"id":"ch_01H","display_name":"Crew","group_chat_icon":"https://example.com/new.png","is_group":true}}"#,
        ),
        (
            r#"{"display_name":"Чат/\"1\" 🚀","group_chat_icon":"HTTPS://example.com/a b.png","other":1}"#,
            r#"{"chat":{"id":"ch_01H","display_name":"Чат/\"1\" 🚀","group_chat_icon":"HTTPS://example.com/a b.png","is_group":true}}"#,
        ),
        (
            r#"{"display_name":"first","display_name":"last wins"}"#,
            r#"{"chat":{"id":"ch_01H","display_name":"last wins","group_chat_icon":"HTTPS://example.com/a b.png","is_group":true}}"#,
        ),
        (
            r#"{"display_name":"last wins"}"#,
            r#"{"chat":{"id":"ch_01H","display_name":"last wins","group_chat_icon":"HTTPS://example.com/a b.png","is_group":true}}"#,
        ),
    ] {
        let response = put(&server, "ch_01H", body);
        assert_eq!((response.status(), response.text()), (200, expected), "{body}");
    }
    let bare = put(&server, "ch_02N", r#"{"display_name":"n"}"#);
    assert_eq!(
        bare.text(),
        r#"{"chat":{"id":"ch_02N","display_name":"n","group_chat_icon":null,"is_group":true}}"#
    );
    let icon = put(&service(), "ch_02N", r#"{"group_chat_icon":"https://example.com/i.png"}"#);
    assert_eq!(icon.json()["chat"]["display_name"], Value::Null);
}

#[test]
fn a_bad_field_is_refused_and_nothing_is_applied() {
    let server = service();
    let before = chat(&server, 0);
    for (body, expected, message) in [
        (r#"{"display_name":"n","#, 1004, "Invalid JSON body"),
        ("", 1004, "Invalid JSON body"),
        ("[]", 1004, "Invalid JSON body"),
        ("null", 1004, "Invalid JSON body"),
        ("\"text\"", 1004, "Invalid JSON body"),
        ("{}", 1001, "Missing required field: display_name or group_chat_icon"),
        (r#"{"other":1}"#, 1001, "Missing required field: display_name or group_chat_icon"),
        (r#"{"display_name":" \u2003 "}"#, 1002, "Invalid field value: display_name"),
        (r#"{"display_name":null}"#, 1002, "Invalid field value: display_name"),
        (r#"{"display_name":5,"group_chat_icon":"x"}"#, 1002, "Invalid field value: display_name"),
        (
            r#"{"display_name":"n","group_chat_icon":"http://example.com/i.png"}"#,
            1002,
            "Invalid field value: group_chat_icon",
        ),
        (r#"{"display_name":"n","group_chat_icon":""}"#, 1002, "Invalid field value: group_chat_icon"),
        (r#"{"display_name":"n","group_chat_icon":null}"#, 1002, "Invalid field value: group_chat_icon"),
        (r#"{"group_chat_icon":"https:///x"}"#, 1002, "Invalid field value: group_chat_icon"),
        (r#"{"group_chat_icon":"https:foo"}"#, 1002, "Invalid field value: group_chat_icon"),
        (r#"{"group_chat_icon":" https://a/b"}"#, 1002, "Invalid field value: group_chat_icon"),
        (
            r#"{"display_name":"n","group_chat_icon":"https://"}"#,
            1002,
            "Invalid field value: group_chat_icon",
        ),
    ] {
        let response = put(&server, "ch_01H", body);
        assert_eq!(code(&response), (400, expected), "{body}");
        assert_eq!(response.json()["error"]["message"], message, "{body}");
    }
    assert_eq!(code(&put(&server, "ch_01H", b"{\"display_name\":\"\xff\"}")), (400, 1004));
    assert_eq!(chat(&server, 0), before);
}

#[test]
fn checks_are_made_in_order() {
    let server = service();
    let headers = [("x-chert-tenant", "acme"), ("authorization", "Bearer wrong")];
    let unauthorised = send(&server, "PUT", "/api/v1/chats/none", &headers, b"{");
    assert_eq!(code(&unauthorised), (401, 2004));
    assert_eq!(code(&put(&server, "none", "{")), (400, 1004));
    assert_eq!(code(&put(&server, "none", "{}")), (400, 1001));
    assert_eq!(code(&put(&server, "none", r#"{"display_name":"n"}"#)), (404, 2002));
    assert_eq!(code(&put(&server, "ch_05M", r#"{"display_name":"n"}"#)), (404, 2002));
    assert_eq!(code(&put(&server, "ch_03D", r#"{"display_name":"n"}"#)), (400, 1006));
}

#[test]
fn ids_are_opaque_and_percent_decoded() {
    let server = service();
    let response = put(&server, "ch%2F04%20%2B%3F", r#"{"display_name":"n"}"#);
    assert_eq!((response.status(), response.json()["chat"]["id"].clone()), (200, json!("ch/04 +?")));
    assert_eq!(put(&server, "ch_01H/", r#"{"display_name":"n"}"#).status(), 200);
    assert_eq!(put(&server, "ch_01H?x=1", r#"{"display_name":"n"}"#).status(), 200);
}

/// Checks status and code of the answer to a request with these header fields.
#[track_caller]
fn check(headers: &[(&str, &str)], expected: (u16, u64)) {
    let response = send(&service(), "PUT", "/api/v1/chats/ch_01H", headers, br#"{"display_name":"n"}"#);
    assert_eq!(code(&response), expected, "{headers:?}");
    assert_eq!(response.header("www-authenticate"), None);
}

#[test]
fn the_signature_is_over_the_exact_bytes() {
    let server = service();
    for body in [
        r#"{"display_name":"n"}"#.as_bytes(),
        b"{\n  \"display_name\": \"n\"\n}\n",
        br#"{"display_name": "\u043f"}"#,
    ] {
        assert_eq!(put(&server, "ch_01H", body).status(), 200);
    }
    let good = signature("secret-of-acme", NOW, br#"{"display_name":"n"}"#);
    let headers = [("x-chert-tenant", "acme"), ("x-chert-signature", good.as_str())];
    let reserialised = send(&server, "PUT", "/api/v1/chats/ch_01H", &headers, br#"{"display_name": "n"}"#);
    assert_eq!(code(&reserialised), (401, 2004));
    check(&headers, (200, 0));
    check(&[headers[1], headers[0]], (200, 0));
}

#[test]
fn the_window_is_three_hundred_seconds_either_way() {
    let body = br#"{"display_name":"n"}"#;
    for (offset, expected) in [(-300, (200, 0)), (300, (200, 0)), (-301, (401, 2013)), (301, (401, 2013))] {
        check(
            &[
                ("x-chert-tenant", "acme"),
                ("x-chert-signature", &signature("secret-of-acme", NOW + offset, body)),
            ],
            expected,
        );
    }
}

#[test]
fn failures_of_a_signature_have_their_order() {
    let body = br#"{"display_name":"n"}"#;
    let good = signature("secret-of-acme", NOW, body);
    let stale_and_bad = format!("v1,{},{}", NOW - 9_999, "0".repeat(64));
    let bad = format!("v1,{NOW},{}", "0".repeat(64));
    check(&[], (401, 2012));
    check(&[("x-chert-tenant", "acme")], (401, 2012));
    check(&[("x-chert-signature", &good)], (401, 2004));
    check(&[("x-chert-tenant", " "), ("x-chert-signature", &good)], (401, 2004));
    check(&[("x-chert-tenant", "acme"), ("x-chert-signature", "v2,1,2")], (401, 2004));
    check(&[("x-chert-tenant", "acme"), ("x-chert-signature", "")], (401, 2004));
    check(&[("x-chert-tenant", "nobody"), ("x-chert-signature", &stale_and_bad)], (401, 2013));
    check(&[("x-chert-tenant", "nobody"), ("x-chert-signature", &good)], (404, 2001));
    check(&[("x-chert-tenant", "acme"), ("x-chert-signature", &bad)], (401, 2004));
    check(&[("x-chert-tenant", "multi"), ("x-chert-signature", &good)], (401, 2004));
    check(
        &[("x-chert-tenant", "acme"), ("x-chert-signature", &good.to_uppercase().replace("V1", "v1"))],
        (401, 2004),
    );
    check(
        &[
            ("x-chert-tenant", "acme"),
            ("x-chert-signature", &bad),
            ("authorization", "Bearer secret-of-acme"),
        ],
        (401, 2004),
    );
    check(
        &[("x-chert-tenant", "acme"), ("x-chert-signature", &good), ("authorization", "Bearer wrong")],
        (200, 0),
    );
    let far = format!("v1,99999999999999999999,{}", "0".repeat(64));
    check(&[("x-chert-tenant", "acme"), ("x-chert-signature", &far)], (401, 2004));
    let negative = format!("v1,-9223372036854775808,{}", "0".repeat(64));
    check(&[("x-chert-tenant", "acme"), ("x-chert-signature", &negative)], (401, 2013));
}

#[test]
fn a_bearer_token_names_a_single_tenant() {
    check(&[("authorization", "Bearer secret-of-acme")], (200, 0));
    check(&[("authorization", "bearer  secret-of-acme")], (200, 0));
    check(&[("authorization", "Bearer secret-of-acme"), ("x-chert-tenant", "acme")], (200, 0));
    check(&[("authorization", "Bearer secret-of-acme"), ("x-chert-tenant", "multi")], (401, 2004));
    check(&[("authorization", "Bearer secret-of-acme"), ("x-chert-tenant", "nobody")], (404, 2001));
    check(&[("authorization", "Bearer secret-of-nobody")], (401, 2004));
    check(&[("authorization", "Bearer ")], (401, 2004));
    check(&[("authorization", "Basic secret-of-acme")], (401, 2004));
    check(&[("authorization", "Bearer secret-of-multi")], (401, 2004));
    check(&[("authorization", "Bearer secret-of-multi"), ("x-chert-tenant", "multi")], (404, 2002));
    check(&[("authorization", "Bearer secret-of-suspended")], (403, 2005));
    check(&[("authorization", "Bearer secret-of-unverified")], (403, 2007));
    check(&[("authorization", "Bearer secret-of-limited")], (402, 2008));
}

#[test]
fn other_paths_and_verbs_are_not_found_once_authorised() {
    let server = service();
    let bearer = [("authorization", "Bearer secret-of-acme")];
    for (verb, target) in [
        ("GET", "/api/v1/chats/ch_01H"),
        ("PATCH", "/api/v1/chats/ch_01H"),
        ("PUT", "/api/v1/chats"),
        ("PUT", "/api/v1/chats/"),
        ("PUT", "/api/v1/chats/a/b"),
        ("POST", "/api/v1/chats/ch_01H/archive"),
        ("GET", "/api/v1"),
    ] {
        let response = send(&server, verb, target, &bearer, b"");
        assert_eq!(code(&response), (404, 2011), "{verb} {target}");
        let journal = get(&server, "/__standin/journal?last=1").json();
        let entry = &journal["entries"][0];
        assert_eq!(entry["operation"], Value::Null);
        assert_eq!(entry["remarks"], json!([format!("`{verb} {target}` is not emulated")]));
        assert_eq!(code(&send(&server, verb, target, &[], b"")), (401, 2012));
    }
    let signature = signature("secret-of-acme", NOW, b"");
    let signed = [("x-chert-tenant", "acme"), ("x-chert-signature", signature.as_str())];
    assert_eq!(code(&send(&server, "GET", "/api/v1/chats", &signed, b"")), (404, 2011));
}

#[test]
fn a_doubled_slash_and_a_doubled_base_are_not_found_and_named() {
    let server = service();
    let bearer = [("authorization", "Bearer secret-of-acme")];
    let slash = |path: &str| format!("`PUT {path}` has a doubled slash: a base URL has no slash at its end");
    let base = |path: &str| format!("`PUT {path}` has `/api/v1` twice: the base URL ends in it already");
    let before = chat(&server, 0);
    for (target, remark) in [
        ("//api/v1/chats/ch_01H", slash("//api/v1/chats/ch_01H")),
        ("///api/v1/chats/ch_01H?x=1", slash("///api/v1/chats/ch_01H")),
        ("/api/v1//chats/ch_01H", slash("/api/v1//chats/ch_01H")),
        ("/api/v1/chats//ch_01H", slash("/api/v1/chats//ch_01H")),
        ("/api/v1/chats/ch_01H//", slash("/api/v1/chats/ch_01H//")),
        ("/api/v1/api/v1/chats/ch_01H", base("/api/v1/api/v1/chats/ch_01H")),
        ("/api/v1/api/v1", base("/api/v1/api/v1")),
        ("/api/v1/api/v10", "`PUT /api/v1/api/v10` is not emulated".to_owned()),
        ("/api/v1/chats", "`PUT /api/v1/chats` is not emulated".to_owned()),
    ] {
        let response = send(&server, "PUT", target, &bearer, br#"{"display_name":"n"}"#);
        assert_eq!(
            (code(&response), response.json()["error"]["message"].clone()),
            ((404, 2011), json!("Not found")),
            "{target}"
        );
        assert_eq!(server.journal().last().unwrap().note.remarks, [remark], "{target}");
        assert_eq!(code(&send(&server, "PUT", target, &[], b"{}")), (401, 2012), "{target}");
    }
    assert_eq!(chat(&server, 0), before);
    // A doubled slash in the query is a value like any other.
    let target = "/api/v1/chats/ch_01H?icon=https://example.com//x";
    assert_eq!(send(&server, "PUT", target, &bearer, br#"{"display_name":"n"}"#).status(), 200);
}

#[test]
fn of_two_equal_fields_the_first_counts() {
    let (good, bad) = (("authorization", "Bearer secret-of-acme"), ("authorization", "Bearer wrong"));
    check(&[good, bad], (200, 0));
    check(&[bad, good], (401, 2004));
    check(&[good, ("x-chert-tenant", "acme"), ("x-chert-tenant", "nobody")], (200, 0));
    check(&[good, ("x-chert-tenant", "nobody"), ("x-chert-tenant", "acme")], (404, 2001));
    let signed = signature("secret-of-acme", NOW, br#"{"display_name":"n"}"#);
    let (signed, unsigned) = (("x-chert-signature", signed.as_str()), ("x-chert-signature", "v1"));
    check(&[("x-chert-tenant", "acme"), signed, unsigned], (200, 0));
    check(&[("x-chert-tenant", "acme"), unsigned, signed], (401, 2004));
}

#[test]
fn every_answer_carries_its_trace() {
    let server = service();
    let success = put(&server, "ch_01H", r#"{"display_name":"n"}"#);
    let trace = success.header("x-trace-id").unwrap();
    assert!(trace.len() == 12 && trace.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{trace}");
    assert!(success.json().get("trace_id").is_none());
    let failure = put(&server, "none", r#"{"display_name":"n"}"#);
    let trace_of_failure = failure.header("x-trace-id").unwrap();
    assert_ne!(trace, trace_of_failure);
    assert_eq!(
        failure.text(),
        format!(
            r#"{{"success":false,"error":{{"status":404,"code":2002,"message":"Chat not found","retryable":false}},"trace_id":"{trace_of_failure}"}}"#
        )
    );
    assert_eq!(failure.header("content-type"), Some("application/json"));
}

#[test]
fn who_calls_is_told_with_what_may_be_called() {
    let server = service();
    let signature = signature("secret-of-acme", NOW, b"");
    let signed = [("x-chert-tenant", "acme"), ("x-chert-signature", signature.as_str())];
    let response = send(&server, "GET", "/api/v1/whoami", &signed, b"");
    let answer = response.json();
    assert_eq!((response.status(), &answer["tenant"]), (200, &json!("acme")));
    let endpoints = answer["endpoints_available"].as_array().unwrap();
    assert!(
        endpoints.contains(&json!("PUT /api/v1/chats/{id}"))
            && endpoints.contains(&json!("GET /api/v1/whoami"))
    );
    assert_eq!(code(&send(&server, "POST", "/api/v1/whoami", &signed, b"")), (404, 2011));
    let bearer = [("authorization", "Bearer secret-of-acme")];
    assert_eq!(code(&send(&server, "POST", "/api/v1/whoami", &bearer, b"")), (404, 2011));
}
