//! Expectations of a scenario, and the reports when they are not met.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use serde_json::json;
use standin::Server;

use crate::client::{post, send, serve};

const SCENARIO: &str = "
standin: 1
name: expecting
seed: 7
clock: {virtual: \"2024-11-20T13:55:08Z\"}
bitrix24:
  credentials: [{webhook: {user: 1, secret: webhook-secret}}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
";

const RENAME: &str = "bitrix24.imconnector.chat.name.set";

fn rename(server: &Server, name: &str) {
    let body = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": name});
    post(server, "/rest/1/webhook-secret/imconnector.chat.name.set", &body.to_string());
}

/// Sends expectations to `/__standin/verify`. Returns the status and the report.
fn verified(server: &Server, expect: &str) -> (u16, String) {
    let answer = post(server, "/__standin/verify", expect);
    (answer.status(), answer.json()["report"].as_str().unwrap_or(answer.text()).to_owned())
}

#[test]
fn calls_are_counted_by_operation_and_parameters() {
    let server = serve(SCENARIO);
    rename(&server, "a");
    rename(&server, "b");
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=c";
    post(&server, "/rest/1/webhook-secret/batch", &json!({"cmd": [command]}).to_string());
    for (expectation, met) in [
        ("calls: {exactly: 3}", true),
        ("calls: {exactly: 2}", false),
        ("calls: {at_least: 3}", true),
        ("calls: {at_least: 4}", false),
        ("calls: {at_most: 2}", false),
        ("calls: never", false),
        ("match: {NAME: c}", true),
        ("match: {NAME: [a, b]}, calls: {exactly: 2}", true),
        ("match: {NAME: {regex: \"^[bc]$\"}}, calls: {exactly: 2}", true),
        ("match: {NAME: d}, calls: never", true),
        ("match: {NAME: d}", false),
    ] {
        let (status, report) = verified(&server, &format!("- {{name: e, on: {RENAME}, {expectation}}}"));
        assert_eq!(status, if met { 200 } else { 417 }, "{expectation}: {report}");
    }
}

#[test]
fn order_and_final_names_are_expected_too() {
    let server = serve(SCENARIO);
    let in_order = format!(
        "expect:\n  - {{name: second, on: {RENAME}, match: {{NAME: b}}, after: first}}\n  - {{name: first, on: {RENAME}, match: {{NAME: a}}}}\n  - {{name: ends, on: bitrix24, chat: chat-1, named: b}}\n"
    );
    assert_eq!(verified(&server, &in_order).0, 417);
    rename(&server, "a");
    rename(&server, "b");
    assert_eq!(verified(&server, &in_order).0, 200);
    let reversed =
        in_order.replace("NAME: b", "NAME: x").replace("NAME: a", "NAME: b").replace("NAME: x", "NAME: a");
    let (status, report) = verified(&server, &reversed);
    assert_eq!((status, report.contains("exchange 1 too early")), (417, true), "{report}");
    let (_, report) = verified(&server, "- {name: ends, on: bitrix24, chat: chat-1, named: c}");
    assert_eq!(report, "`ends` is not met: expected the chat `chat-1` is named `c`; it is named `b`\n");
}

#[test]
fn a_report_shows_what_came_closest() {
    let server = serve(SCENARIO);
    rename(&server, "Acme launch");
    let expect = format!(
        "- {{name: renamed, on: {RENAME}, match: {{CHAT_ID: chat-1, NAME: Acme launch crew}}, calls: {{exactly: 2}}}}"
    );
    insta::assert_snapshot!(verified(&server, &expect).1, @r"
    `renamed` is not met: expected exactly 2 calls of `bitrix24.imconnector.chat.name.set`; 0 calls came
        exchange 1 came closest:
            CHAT_ID  `chat-1`
          - NAME     `Acme launch crew`
          + NAME     `Acme launch`
    ");
}

#[test]
fn what_has_not_come_yet_is_waited_for() {
    let server = serve(SCENARIO);
    let expect = format!("- {{name: e, on: {RENAME}}}");
    assert_eq!(post(&server, "/__standin/verify?wait_for=0s", &expect).status(), 417);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| post(&server, "/__standin/verify?wait_for=1h", &expect).status());
        rename(&server, "a");
        assert_eq!(waiting.join().unwrap(), 200);
    });
    assert_eq!(post(&server, "/__standin/verify?wait_for=soon", &expect).status(), 400);
    // A count that is too high cannot become lower, so the answer comes at once.
    let never = expect.replace('}', ", calls: never}");
    assert_eq!(post(&server, "/__standin/verify?wait_for=1h", &never).status(), 417);
    assert_eq!(post(&server, "/__standin/verify?wait=1s", &expect).status(), 400);
}

#[test]
fn a_message_is_looked_at_although_no_scenario_names_it() {
    let server = serve(SCENARIO);
    let delivered = "- {name: e, on: bitrix24, the: {message: last}, has: {delivered: true}}";
    assert_eq!(
        verified(&server, delivered),
        (417, "`e` is not met: expected the message `last` has a `delivered` of `true`; there is no such message\n".into())
    );
    let write = json!({"do": "bitrix24.operator.write", "with": {"connector": "connector", "line": 105, "chat": "chat-1", "text": "Hello"}});
    assert_eq!(post(&server, "/__standin/actions", &write.to_string()).status(), 200);
    let (status, report) = verified(&server, delivered);
    assert_eq!(status, 417);
    assert!(report.contains("it has a `delivered` of `false`"), "{report}");
    assert_eq!(
        verified(&server, "- {name: e, on: bitrix24, the: {mesage: last}, has: {delivered: true}}").0,
        422
    );
}

#[test]
fn mistakes_in_expectations_are_told_as_in_a_scenario() {
    let server = serve(SCENARIO);
    let answer = post(
        &server,
        "/__standin/verify",
        "- {name: a, on: bitrix24}
- {name: a, on: bitrix24.imconnector.chat.name.set, match: {NAM: x}, calls: {at_least: 3, at_most: 1}}
- {name: b, on: chert.chats.rename, after: c}
- {name: c, on: bitrix24, chat: x}
- {name: d, on: bitrix24.batch, after: d}
- {name: e, on: bitrix24.batch, calls: sometimes}
- {name: f, on: bitrix24.batch, calls: {at_least: 0}}
- {name: ' ', on: bitrix24.batch}
- {name: g, on: bitrix24.batch, calls: never}
- {name: h, on: bitrix24.batch, after: g}
- {name: i, on: bitrix24.batch, after: k}
- {name: k, on: bitrix24.batch, after: i}
- {name: \"two\\nlines\", on: bitrix24.batch}
- {on: bitrix24.batch, after: nothing like it}
- {name: l, on: bitrix24, chat: chat-1, named: x, match: {LIN: 105}}
- {name: m, on: bitrix24, chat: chat-1, named: x, match: {LINE: 7}}
",
    );
    assert_eq!(answer.status(), 422);
    insta::assert_snapshot!(answer.json()["report"].as_str().unwrap());
    assert_eq!(post(&server, "/__standin/verify", "").status(), 400);
    for single in [r#"{"name":"a","on":"bitrix24.batch"}"#, "name: a\non: bitrix24.batch\n"] {
        let answer = post(&server, "/__standin/verify", single);
        assert_eq!(answer.status(), 422);
        let report = answer.json()["report"].as_str().unwrap().to_owned();
        assert!(report.contains("this is one expectation, not a list"), "{report}");
        assert!(report.contains("`[` and `]` around it in JSON") && !report.contains("`name`"), "{report}");
    }
}

#[test]
fn the_scenarios_own_expectations_outlive_the_journal() {
    let expect = format!("expect: [{{name: e, on: {RENAME}, calls: {{exactly: 1100}}}}]\n");
    let server = serve(&format!("{SCENARIO}{expect}"));
    for _ in 0..22 {
        let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=c";
        post(&server, "/rest/1/webhook-secret/batch", &json!({"cmd": vec![command; 50]}).to_string());
    }
    assert_eq!(verified(&server, ""), (200, String::new()));
    post(&server, "/__standin/reset", "");
    let answer = post(&server, "/__standin/verify", "");
    assert_eq!(answer.status(), 417, "a reset begins anew");
    for _ in 0..22 {
        let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=c";
        post(&server, "/rest/1/webhook-secret/batch", &json!({"cmd": vec![command; 50]}).to_string());
    }
    assert_eq!(verified(&server, ""), (200, String::new()));
}

#[test]
fn a_server_that_is_dropped_tells_what_was_not_met() {
    let expect = format!("expect: [{{name: renamed, on: {RENAME}, match: {{NAME: New name}}}}]\n");
    let server = serve(&format!("{SCENARIO}{expect}"));
    rename(&server, "Other name");
    send(&server, "POST", "/rest/1/webhook-secret/nothing", &[], b"");
    let message = server.verify().unwrap_err().to_string();
    insta::assert_snapshot!(message);
    let panic = catch_unwind(AssertUnwindSafe(|| drop(server))).unwrap_err();
    assert_eq!(panic.downcast_ref::<String>(), Some(&message));
}

#[test]
fn what_a_client_sends_stays_in_its_line() {
    let server = serve(SCENARIO);
    rename(&server, "a\n::error::\u{1b}[31m");
    let (_, report) = verified(&server, "- {name: ends, on: bitrix24, chat: chat-1, named: c}");
    let told =
        r"`ends` is not met: expected the chat `chat-1` is named `c`; it is named `a\n::error::\u{1b}[31m`";
    assert_eq!(report.trim_end(), told);
}

#[test]
fn a_chat_is_told_from_others_with_its_identifier() {
    let twice = SCENARIO
        .replace("  chats: [", "  chats: [{connector: connector, line: 106, id: chat-1, name: Other name}, ");
    let twice = twice.replace("lines: [", "lines: [{id: 106, connectors: [connector]}, ");
    let server = serve(&twice);
    let expect = |apart: &str| format!("- {{name: e, on: bitrix24, chat: chat-1, named: Other name{apart}}}");
    let ambiguous = post(&server, "/__standin/verify", &expect(""));
    assert_eq!(ambiguous.status(), 422);
    assert!(ambiguous.text().contains("2 chats have the identifier `chat-1`"), "{}", ambiguous.text());
    assert_eq!(verified(&server, &expect(", match: {LINE: 106}")), (200, String::new()));
    let (status, report) = verified(&server, &expect(", match: {LINE: 105}"));
    assert_eq!(status, 417);
    insta::assert_snapshot!(report, @"`e` is not met: expected the chat `chat-1` with LINE `105` is named `Other name`; it is named `Old name`");
}

#[test]
fn a_chat_of_chert_is_told_by_its_tenant() {
    let tenant = |slug: &str, name: &str| {
        format!(
            "{{slug: {slug}, signing_secret: of-{slug}, chats: [{{id: ch, group: true, display_name: {name}}}]}}"
        )
    };
    let tenants = format!("[{}, {}]", tenant("acme", "One"), tenant("beta", "Two"));
    let server = serve(&format!("standin: 1\nname: tenants\nchert: {{tenants: {tenants}}}\n"));
    let expect = "- {name: e, on: chert, chat: ch, named: Two, match: {tenant: beta}}";
    assert_eq!(verified(&server, expect), (200, String::new()));
    post(&server, "/__standin/namespaces", "");
    let in_namespace = post(&server, "/__standin/namespaces/n1/verify", expect);
    assert_eq!(in_namespace.status(), 200, "{}", in_namespace.text());
    let either = post(&server, "/__standin/verify", "- {name: e, on: chert, chat: ch, named: Two}");
    assert!(either.text().contains("2 chats have the identifier `ch`"), "{}", either.text());
}

#[test]
fn of_calls_that_differ_in_as_many_members_the_most_alike_is_shown() {
    let server = serve(SCENARIO);
    rename(&server, "Acme launch crews");
    rename(&server, "something else");
    let expect = format!("- {{name: e, on: {RENAME}, match: {{NAME: Acme launch crew}}}}");
    let (_, report) = verified(&server, &expect);
    assert!(report.contains("+ NAME  `Acme launch crews`"), "{report}");
}

/// A portal with a handler that has no URL: the test is the handler.
const TAKEN: &str = "
standin: 1
name: taken
seed: 7
clock: {virtual: \"2024-11-20T13:55:08Z\"}
bitrix24:
  applications: [{client_id: local.app, client_secret: app-secret}]
  credentials: [{token: access-token, client_id: local.app}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
  handlers: [{event: OnImConnectorMessageAdd, name: app}]
";

#[test]
fn expectations_in_a_request_count_events_too() {
    let server = serve(TAKEN);
    let event = "{name: taken, on: bitrix24.OnImConnectorMessageAdd, answered: {status: 2xx}}";
    let alone = format!("- {event}");
    let in_order = format!("- {event}\n- {{name: called, on: bitrix24.server.time, after: taken}}");
    let reversed = format!("- {event}\n- {{name: called, on: bitrix24.server.time}}")
        .replace("2xx}", "2xx}, after: called");
    let call = || post(&server, "/rest/server.time?auth=access-token", "{}").status();
    let with = json!({"connector": "connector", "line": 105, "chat": "chat-1", "text": "Hello"});
    let write = json!({"do": "bitrix24.operator.write", "with": with}).to_string();
    let answer = |event: &str, status: u16| {
        assert_eq!(post(&server, &format!("/__standin/outbox/{event}/take"), "").status(), 200);
        post(&server, &format!("/__standin/outbox/{event}/answer"), &json!({"status": status}).to_string());
    };

    assert_eq!(post(&server, "/__standin/actions", &write).status(), 200);
    // Nothing was sent yet.
    assert_eq!(verified(&server, &alone).0, 417);
    answer("e1", 200);
    assert_eq!(verified(&server, &alone), (200, String::new()));
    assert_eq!(call(), 200);
    assert_eq!(verified(&server, &in_order), (200, String::new()));
    assert_eq!(verified(&server, &reversed).0, 417);

    post(&server, "/__standin/actions", &write);
    answer("e2", 500);
    let (status, report) = verified(&server, &alone);
    assert_eq!((status, report.contains("e2 was answered 500")), (417, true), "{report}");
    let never = alone.replace("answered: {status: 2xx}", "calls: {exactly: 2}");
    assert_eq!(verified(&server, &never).0, 200);
}
