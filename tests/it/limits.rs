//! Limits that a scenario sets: requests from an address or a tenant, and the running time of methods.

use core::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use standin::basics::Arrival;
use standin::engine::{World, step};
use standin::http::{Headers, Reply, Request};
use standin::{Scenario, Server};

use crate::client::{Response, post, send, serve};

/// A portal with a virtual clock that starts at a full minute. `first` sets limits, edition and timing.
fn scenario(first: &str) -> String {
    format!(
        "
standin: 1
name: limits
seed: 1
clock: {{virtual: \"2024-11-20T15:00:00Z\"}}
bitrix24:
  {first}
  credentials:
    - webhook: {{user: 1, secret: webhook-secret}}
    - webhook: {{user: 1, secret: other-secret}}
    - {{token: token-1, client_id: app}}
    - {{token: token-2, client_id: app}}
    - {{token: token-3}}
  connectors: [{{id: connector, chat_group: true}}]
  lines: [{{id: 105, connectors: [connector]}}]
  chats: [{{connector: connector, line: 105, id: chat-1, name: Old name}}]
"
    )
}

const COMMAND: &str = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=n";

/// Sends a rename by webhook, each time to a new name, because the live edition refuses the current one.
fn rename(server: &Server, secret: &str) -> Response {
    let name = format!("name {}", server.journal().len());
    let body = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": name});
    post(server, &format!("/rest/1/{secret}/imconnector.chat.name.set"), &body.to_string())
}

fn rename_by_token(server: &Server, token: &str) -> Response {
    let name = format!("name {}", server.journal().len());
    let body =
        json!({"CONNECTOR": "connector", "LINE": 105, "CHAT_ID": "chat-1", "NAME": name, "auth": token});
    post(server, "/rest/imconnector.chat.name.set", &body.to_string())
}

fn batch(server: &Server, commands: usize) -> Response {
    let commands: Vec<_> = (0..commands).map(|number| format!("{COMMAND}{number}")).collect();
    post(server, "/rest/1/webhook-secret/batch", &json!({"cmd": commands}).to_string())
}

fn statuses<const N: usize>(call: impl Fn() -> Response) -> [u16; N] {
    [0; N].map(|_| call().status())
}

#[test]
fn a_burst_holds_exactly_as_many_requests_as_its_tariff_says() {
    for (tariff, burst) in
        [("standard", 50), ("enterprise", 250), ("{custom: {burst: 3, per_second: 1000}}", 3)]
    {
        for edition in ["documented", "live"] {
            // No time passes, so the bucket does not drain.
            let server = serve(&scenario(&format!(
                "limits: {{requests: {tariff}}}\n  edition: {edition}\n  timing: {{duration: 0s, processing: 0s}}"
            )));
            for number in 0..burst {
                assert_ne!(rename(&server, "webhook-secret").status(), 503, "{tariff}: {number}");
            }
            let blocked = rename(&server, "webhook-secret");
            assert_eq!(blocked.status(), 503);
            assert_eq!(
                blocked.text(),
                r#"{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}"#
            );
            assert_eq!(blocked.header("retry-after"), None);
            let note = server.journal().last().unwrap().note.clone();
            assert_eq!((note.stage, note.error), (None, Some("QUERY_LIMIT_EXCEEDED")));
            assert_eq!(note.remarks, ["the address 127.0.0.1 has used up `limits.requests`"]);
        }
    }
}

#[test]
fn requests_drain_as_time_passes() {
    let drained = |duration: &str| {
        let server = serve(&scenario(&format!(
            "limits: {{requests: {{custom: {{burst: 2, per_second: 2}}}}}}\n  timing: {{duration: {duration}, processing: 0s}}"
        )));
        statuses::<6>(|| rename(&server, "webhook-secret"))
    };
    // A blocked call also takes time, but is not counted.
    assert_eq!(drained("500ms"), [200; 6]);
    assert_eq!(drained("250ms"), [200, 200, 200, 503, 200, 503]);
    assert_eq!(drained("0s"), [200, 200, 503, 503, 503, 503]);
    assert_eq!(drained("249999us"), [200, 200, 503, 200, 503, 200]);
}

#[test]
fn nothing_is_counted_unless_a_scenario_says_so() {
    let server = serve(&scenario("timing: {duration: 0s, processing: 0s}"));
    for _ in 0..300 {
        assert_eq!(rename(&server, "webhook-secret").status(), 200);
    }
}

#[test]
fn a_batch_counts_once_and_whatever_is_refused_later_counts_too() {
    let limit =
        "limits: {requests: {custom: {burst: 3, per_second: 1}}}\n  timing: {duration: 0s, processing: 0s}";
    let server = serve(&scenario(limit));
    assert_eq!(batch(&server, 50).json()["result"]["result"].as_array().unwrap().len(), 50);
    assert_eq!(rename(&server, "wrong").status(), 403);
    assert_eq!(post(&server, "/rest/1/webhook-secret/nothing", "").status(), 404);
    assert_eq!(rename(&server, "webhook-secret").status(), 503);
    server.reset();
    assert_eq!(rename(&server, "webhook-secret").status(), 200);
}

#[test]
fn a_blocked_request_is_not_counted_by_faults() {
    let limit = "limits: {requests: {custom: {burst: 1, per_second: 1}}}\n  timing: {duration: 500ms, processing: 0s}";
    let fault = "faults: [{name: f, on: bitrix24, when: {call: 2}, error: PORTAL_DELETED}]";
    let server = serve(&format!("{}{fault}", scenario(limit)));
    assert_eq!(statuses::<5>(|| rename(&server, "webhook-secret")), [200, 503, 500, 503, 200]);
}

#[test]
fn each_address_has_a_bucket_of_its_own() {
    let limit =
        "limits: {requests: {custom: {burst: 1, per_second: 1}}}\n  timing: {duration: 0s, processing: 0s}";
    let scenario = Scenario::parse("limits.yaml", &scenario(limit)).unwrap();
    let mut world = World::new(Arc::new(scenario), 1, Timestamp::UNIX_EPOCH);
    let mut status = |source: &str| {
        let headers = Headers::default();
        let mut request = Request::new("GET", "/rest/1/webhook-secret/nothing", headers, "".into());
        request.source = source.parse::<IpAddr>().unwrap();
        let reply: Reply = step(&mut world, &request, Arrival::at(Timestamp::UNIX_EPOCH)).reply;
        reply.status
    };
    let answers = ["10.0.0.1", "10.0.0.2", "10.0.0.1", "::1", "10.0.0.2"].map(&mut status);
    assert_eq!(answers, [404, 404, 503, 404, 503]);
}

#[test]
fn the_call_that_crosses_the_operating_limit_is_the_last_one_for_a_while() {
    for edition in ["documented", "live"] {
        let server = serve(&scenario(&format!(
            "edition: {edition}\n  limits: {{operating: 480s}}\n  timing: {{duration: 100s, processing: 1s}}"
        )));
        let call = || rename_by_token(&server, "token-1");
        let used = |response: &Response| {
            let time = response.json()["time"].clone();
            (time["operating_reset_at"].as_i64().unwrap() - 1_732_114_800, time["operating"].to_string())
        };
        for number in 1..=5 {
            let response = call();
            assert_eq!(response.status(), 200, "{}", response.text());
            assert_eq!(used(&response), (600, format!("{}", number * 100)));
        }
        let refused = call();
        assert_eq!(refused.status(), 429);
        assert_eq!(
            refused.text(),
            r#"{"error":"OPERATION_TIME_LIMIT","error_description":"Method is blocked due to operation time limit."}"#
        );
        // The refused call moved the clock to 600 s after the first call, so the basket of that call is dropped.
        let response = call();
        assert_eq!(used(&response), (700, "500".to_owned()), "{}", response.text());
        assert_eq!(call().status(), 200, "the next basket is forgotten, too");
    }
}

#[test]
fn running_time_counts_for_each_caller_and_not_for_a_batch_itself() {
    let first = "edition: live\n  limits: {operating: 100s}\n  timing: {duration: 150s, processing: 1s}";
    let server = serve(&scenario(first));
    let used = |response: Response| response.json()["time"]["operating"].clone();
    assert_eq!(used(rename_by_token(&server, "token-1")), json!(150));
    let refused = rename_by_token(&server, "token-2");
    assert_eq!(refused.json()["error"], "OPERATION_TIME_LIMIT", "another token of the same application");
    assert_eq!(used(rename_by_token(&server, "token-3")), json!(150));
    server.reset();
    let profile = |secret: &str| post(&server, &format!("/rest/1/{secret}/profile"), "{}");
    let batch = |server: &Server, commands: usize| {
        let commands = json!({"cmd": vec!["profile"; commands]}).to_string();
        post(server, "/rest/1/webhook-secret/batch", &commands)
    };
    assert_eq!(used(profile("webhook-secret")), json!(150));
    assert_eq!(used(profile("other-secret")), json!(150));
    let result = batch(&server, 2).json();
    assert_eq!(
        result["result"]["result_error"][0],
        json!({"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked due to operation time limit."})
    );
    let outer = &result["time"];
    assert_eq!(outer["operating"], json!(0), "{result}");
    assert_eq!(outer["operating_reset_at"].as_i64().unwrap(), outer["start"].as_f64().unwrap() as i64 + 600);
    server.reset();
    let result = batch(&server, 2).json();
    assert_eq!(result["result"]["result_time"]["0"], Value::Null, "a list");
    assert_eq!(result["result"]["result_time"][0]["operating"], json!(150));
    assert_eq!(result["result"]["result_error"]["1"]["error"], "OPERATION_TIME_LIMIT");
}

#[test]
fn by_the_documentation_one_caller_uses_up_the_running_time_of_all() {
    let first = "edition: documented\n  limits: {operating: 100s}\n  timing: {duration: 60s, processing: 1s}";
    let server = serve(&scenario(first));
    assert_eq!(rename_by_token(&server, "token-1").json()["time"]["operating"], json!(60));
    assert_eq!(rename_by_token(&server, "token-3").json()["time"]["operating"], json!(120));
    for response in [
        rename_by_token(&server, "token-1"),
        rename_by_token(&server, "token-2"),
        rename_by_token(&server, "token-3"),
        rename(&server, "webhook-secret"),
        rename(&server, "other-secret"),
    ] {
        assert_eq!(
            (response.status(), response.json()["error"].clone()),
            (429, json!("OPERATION_TIME_LIMIT"))
        );
        let remarks = server.journal().last().unwrap().note.remarks.clone();
        let reason = "`limits.operating` is used up for this method of the portal (row 34 of `standin catalog --editions`)";
        assert_eq!(remarks, [reason]);
    }
    let other = post(&server, "/rest/1/webhook-secret/profile", "{}").json();
    assert_eq!(other["time"]["operating"], json!(60), "another method");
}

#[test]
fn short_calls_do_not_count_as_running_time() {
    let server = serve(&scenario("limits: {operating: 0s}\n  timing: {duration: 100ms, processing: 1ms}"));
    for _ in 0..3 {
        assert_eq!(rename(&server, "webhook-secret").json()["time"]["operating"], json!(0));
    }
    let server = serve(&scenario("limits: {operating: 1h}\n  timing: {duration: 100001us, processing: 1ms}"));
    assert!(rename(&server, "webhook-secret").text().ends_with(r#","operating":0.100001}}"#));
    assert!(rename(&server, "webhook-secret").text().ends_with(r#","operating":0.200002}}"#));
}

#[test]
fn operating_time_is_reported_only_where_it_is_counted_or_by_the_live_edition() {
    for (first, expected) in [
        ("edition: documented", None),
        ("edition: live", Some(json!(0))),
        ("edition: documented\n  limits: {operating: 480s}", Some(json!(0))),
    ] {
        let server = serve(&scenario(first));
        let response = rename_by_token(&server, "token-1").json();
        assert_eq!(response["time"].get("operating").cloned(), expected, "{first}");
        assert_eq!(response["time"].get("operating_reset_at").is_some(), expected.is_some());
    }
}

#[test]
fn each_tenant_of_chert_has_so_many_requests() {
    let tenant = |slug: &str| {
        format!("{{slug: {slug}, signing_secret: secret-of-{slug}, chats: [{{id: c, group: false}}]}}")
    };
    let server = serve(&format!(
        "{}chert:\n  limits: {{requests: {{burst: 2, per_second: 1}}}}\n  tenants: [{}, {}]\n",
        scenario("timing: {duration: 700ms, processing: 1ms}"),
        tenant("one"),
        tenant("two")
    ));
    let ask = |tenant: &str| {
        let bearer = format!("Bearer secret-of-{tenant}");
        send(&server, "PUT", "/api/v1/chats/c", &[("authorization", bearer.as_str())], b"{}")
    };
    assert_eq!([ask("one").status(), ask("wrong").status(), ask("one").status()], [400, 401, 400]);
    let blocked = ask("one");
    assert_eq!((blocked.status(), blocked.header("retry-after")), (429, Some("1")));
    assert_eq!(
        blocked.json()["error"],
        json!({"status": 429, "code": 1007, "message": "Rate limit exceeded", "retryable": true, "retry_after": 1})
    );
    let note = server.journal().last().unwrap().note.clone();
    assert_eq!((note.stage.map(|stage| stage.name()), note.error), (Some("gateway"), Some("1007")));
    assert_eq!(ask("two").status(), 400, "each tenant has its own");
    // Chert's calls take no virtual time; a rename at Bitrix24 takes 700 ms.
    rename(&server, "webhook-secret");
    assert_eq!(ask("one").status(), 429);
    rename(&server, "webhook-secret");
    assert_eq!([ask("one").status(), ask("one").status()], [400, 429]);
}
