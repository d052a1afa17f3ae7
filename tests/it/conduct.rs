//! Rules of conduct: a breach is reported, and permitted behaviour is not.

mod editions;
mod good_clients;
mod innocents;
mod receiving;
mod reports;
mod retries;

use std::sync::Arc;

use jiff::Timestamp;
use standin::Scenario;
use standin::basics::Arrival;
use standin::emulator::conduct::Severity;
use standin::engine::{Planned, World, step};
use standin::http::{Connection, Request};
use standin::judge::Broken;

use crate::client;
use crate::direct::check_described;

const SCENARIO: &str = "
standin: 1
name: conduct
seed: 7
bitrix24:
  credentials: [{token: access-token}, {webhook: {user: 1, secret: webhook-secret}}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}, {id: 106}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
chert:
  tenants:
    - slug: acme
      signing_secret: signing-secret
      lines: [{id: pl, phone_number: \"+15555550100\"}]
      chats: [{id: ch, group: true, line: pl, display_name: Launch}, {id: direct, group: false, line: pl}]
";

/// A world that watches the rules of conduct, and the current time in it.
struct Run {
    world: World,
    now: Timestamp,
    /// The connection of the next request.
    connection: Connection,
}

impl Run {
    /// Turns `bitrix24.other-edition` off, which has a test of its own, unless `more` sets rules.
    fn new(more: &str) -> Self {
        let off = if more.contains("rules:") { "" } else { "rules: {bitrix24.other-edition: off}\n" };
        Self::with_all(&format!("{more}{off}"))
    }

    fn with_all(more: &str) -> Self {
        Self::of(&format!("{SCENARIO}{more}"))
    }

    fn of(scenario: &str) -> Self {
        let scenario = Scenario::parse("test", scenario);
        let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
        let now = "2024-11-20T13:55:08Z".parse().unwrap();
        Self {
            world: World::new(Arc::new(scenario), 7, now).judging(),
            now,
            connection: Connection::default(),
        }
    }

    /// Sends a request `after` milliseconds after the previous one. Returns the status of the answer.
    fn send(&mut self, after: i64, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        self.now += jiff::SignedDuration::from_millis(after);
        self.ask(method, target, headers, body).reply.status
    }

    /// Sends a request now.
    fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Planned {
        let headers = headers.iter().copied().collect();
        let mut request = Request::new(method, target, headers, body.to_owned().into());
        request.connection = self.connection;
        let arrival = Arrival::at(self.now);
        let planned = step(&mut self.world, &request, arrival);
        check_described(self.world.scenario(), &planned.note, &planned.reply);
        self.world.record(&request, planned.clone(), arrival);
        planned
    }

    /// Sends a rename to Chert by bearer token.
    fn chert(&mut self, after: i64, chat: &str, body: &str) -> u16 {
        let headers = [
            ("authorization", "Bearer signing-secret"),
            ("x-chert-tenant", "acme"),
            ("content-type", "application/json"),
        ];
        self.send(after, "PUT", &format!("/api/v1/chats/{chat}"), &headers, body)
    }

    /// Sends a call to Bitrix24 by webhook.
    fn bitrix24(&mut self, after: i64, method: &str, body: &str) -> u16 {
        let headers = [("content-type", "application/json")];
        self.send(after, "POST", &format!("/rest/1/webhook-secret/{method}"), &headers, body)
    }

    /// The broken rules, each with the exchanges of each breach.
    fn broken(&self) -> Vec<(&'static str, Vec<Vec<u64>>)> {
        self.world
            .broken(self.now)
            .unwrap()
            .hidden()
            .iter()
            .map(|broken| (broken.rule, exchanges(broken)))
            .collect()
    }

    /// The breaches of one severity.
    fn breaches(&self, severity: Severity) -> Vec<(&'static str, Vec<Vec<u64>>)> {
        let mut broken = self.world.broken(self.now).unwrap().hidden();
        broken.retain(|broken| broken.severity == severity);
        broken.iter().map(|broken| (broken.rule, exchanges(broken))).collect()
    }

    /// The breaches of severity `error`.
    fn errors(&self) -> Vec<(&'static str, Vec<Vec<u64>>)> {
        self.breaches(Severity::Error)
    }

    fn words(&self) -> String {
        self.world.broken(self.now).unwrap().hidden().iter().map(standin::judge::Broken::text).collect()
    }
}

fn exchanges(broken: &Broken) -> Vec<Vec<u64>> {
    broken.kinds.iter().flat_map(|kind| kind.shown.iter().map(|shown| shown.exchanges.clone())).collect()
}

/// A connection of HTTP/1 on which the client sends one request after the other.
const KEPT_ALIVE: Connection = Connection { number: 7, in_turn: true };

const CREW: &str = r#"{"display_name":"Crew"}"#;
const RENAME: &str = r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1","NAME":"New name"}"#;

#[test]
fn a_client_that_keeps_the_rules_hears_nothing() {
    let mut run = Run::new("faults: [{name: f, on: chert, when: {first: 3}, error: 4001}]\n");
    for pause in [0, 500, 1_100, 2_500] {
        run.chert(pause, "ch", CREW);
    }
    run.chert(0, "direct", CREW);
    run.chert(0, "direct", r#"{"display_name":"Other"}"#);
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    run.send(0, "GET", "/rest/1/webhook-secret/batch?cmd[a]=imconnector.chat.name.set%3FLINE=105", &[], "");
    assert_eq!(run.broken(), []);
}

#[test]
fn what_was_refused_for_good_is_not_sent_again() {
    let mut run = Run::new("");
    assert_eq!(run.chert(0, "direct", CREW), 400);
    run.chert(60_000, "direct", CREW);
    assert_eq!(run.broken(), [("chert.repeated-refusal", vec![vec![1, 2]])]);
    // An answer that never arrived does not bind the client.
    let mut run = Run::new("faults: [{name: f, on: chert, wire: reset}]\n");
    run.chert(0, "direct", CREW);
    run.chert(60_000, "direct", CREW);
    assert_eq!(run.broken(), []);
    // Nor does an answer that had not arrived yet.
    let mut run = Run::new("faults: [{name: f, on: chert, delay: 20ms}]\n");
    run.chert(0, "direct", CREW);
    run.chert(19, "direct", CREW);
    assert_eq!(run.broken(), []);
}

#[test]
fn retry_after_is_waited_for() {
    let fault = "faults: [{name: f, on: chert, when: {call: 1}, error: 1007, retry_after: 3}]\n";
    let early = vec![("chert.early-retry", vec![vec![1, 2]])];
    for (pause, broken) in [(2_699, early), (2_700, vec![])] {
        let mut run = Run::new(fault);
        run.connection = KEPT_ALIVE;
        run.chert(0, "ch", CREW);
        run.chert(pause, "ch", CREW);
        assert_eq!(run.errors(), broken, "{pause}");
    }
}

#[test]
fn pauses_between_retries_grow() {
    let fault = "faults: [{name: f, on: chert, when: {first: 4}, error: 4001}]\n";
    let mut run = Run::new(fault);
    for pause in [0, 200, 200, 100] {
        run.chert(pause, "ch", CREW);
    }
    assert_eq!(run.broken(), [("chert.backoff", vec![vec![1, 2, 3], vec![1, 2, 3, 4]])]);
    let mut run = Run::new(fault);
    for pause in [0, 200, 400, 300] {
        run.chert(pause, "ch", CREW);
    }
    assert_eq!(run.broken(), [], "with jitter a pause may be shorter than the one before");
}

fn signature(run: &Run, body: &str) -> String {
    client::signature("signing-secret", run.now.as_second(), body.as_bytes())
}

#[test]
fn signatures_are_for_one_request_of_a_named_tenant_and_its_very_bytes() {
    let json = ("content-type", "application/json");
    let mut run = Run::new("");
    let signed = signature(&run, CREW);
    let headers = [("x-chert-signature", signed.as_str()), ("x-chert-tenant", "acme"), json];
    assert_eq!(run.send(0, "PUT", "/api/v1/chats/ch", &headers, CREW), 200);
    assert_eq!(run.send(1_000, "PUT", "/api/v1/chats/ch", &headers, CREW), 200);
    assert_eq!(run.broken(), [], "signed anew within the second it is the same");
    assert_eq!(run.send(1_000, "PUT", "/api/v1/chats/ch", &headers, CREW), 200);
    assert_eq!(run.broken(), [("chert.signature-twice", vec![vec![1, 3]])]);

    let mut run = Run::new("");
    assert_eq!(run.send(0, "PUT", "/api/v1/chats/ch", &[headers[0], json], CREW), 401);
    assert_eq!(run.broken(), [("chert.signature-alone", vec![vec![1]])]);

    for sent in [
        r#"{"display_name": "Crew"}"#,
        "{\n  \"display_name\": \"Crew\"\n}",
        "{\n    \"display_name\": \"Crew\"\n}",
    ] {
        let mut run = Run::new("");
        assert_eq!(run.send(0, "PUT", "/api/v1/chats/ch", &headers, sent), 401);
        assert_eq!(run.broken(), [("chert.body-after-signing", vec![vec![1]])], "{sent}");
        let mut run = Run::new("");
        let signed = signature(&run, sent);
        let headers = [("x-chert-signature", signed.as_str()), headers[1], json];
        assert_eq!(run.send(0, "PUT", "/api/v1/chats/ch", &headers, CREW), 401);
        assert_eq!(run.broken(), [("chert.body-after-signing", vec![vec![1]])], "{sent}");
    }
}

#[test]
fn a_call_with_wrong_arguments_is_not_made_again() {
    let mut run = Run::new("");
    let without = r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1"}"#;
    assert_eq!(run.bitrix24(0, "imconnector.chat.name.set", without), 400);
    run.bitrix24(9_000, "imconnector.chat.name.set", without);
    assert_eq!(run.broken(), [("bitrix24.repeated-argument-error", vec![vec![1, 2]])]);
}

#[test]
fn a_call_for_a_connector_that_was_registered_meanwhile_is_no_repeat() {
    let send = r#"{"CONNECTOR":"new","LINE":"105","MESSAGES":[]}"#;
    let register = r#"{"ID":"new","NAME":"New","ICON":{"DATA_IMAGE":"data:,"},"PLACEMENT_HANDLER":"https://example.com","auth":"access-token"}"#;
    let json = [("content-type", "application/json")];
    let mut run = Run::new("");
    assert_eq!(run.bitrix24(0, "imconnector.send.messages", send), 400);
    assert_eq!(run.send(9_000, "POST", "/rest/imconnector.register", &json, register), 200);
    run.bitrix24(9_000, "imconnector.send.messages", send);
    assert_eq!(run.broken(), []);
    run.bitrix24(9_000, "imconnector.send.messages", r#"{"CONNECTOR":"other","LINE":"105","MESSAGES":[]}"#);
    run.bitrix24(9_000, "imconnector.send.messages", r#"{"CONNECTOR":"other","LINE":"105","MESSAGES":[]}"#);
    assert_eq!(run.broken(), [("bitrix24.repeated-argument-error", vec![vec![4, 5]])]);
}

#[test]
fn nor_is_a_command_of_a_batch() {
    let rename = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1";
    let batch = |run: &mut Run, after: i64, cmd: serde_json::Value| {
        run.bitrix24(after, "batch", &serde_json::json!({"cmd": cmd}).to_string())
    };
    let good = format!("{rename}&NAME=n");
    let mut run = Run::new("");
    assert_eq!(batch(&mut run, 0, serde_json::json!({"a": rename, "b": good})), 200);
    batch(&mut run, 9_000, serde_json::json!({"other": "imconnector.chat.name.set?LINE=105", "b": good}));
    assert_eq!(run.broken(), []);
    batch(&mut run, 9_000, serde_json::json!({"b": good, "x": rename}));
    assert_eq!(run.broken(), [("bitrix24.repeated-argument-error", vec![vec![1, 3]])]);
    assert!(
        run.words().contains("the command `x` was refused with ERROR_ARGUMENT, and came again unchanged"),
        "{}",
        run.words()
    );
}

#[test]
fn retry_after_of_bitrix24_is_waited_for() {
    for code in ["QUERY_LIMIT_EXCEEDED", "OVERLOAD_LIMIT"] {
        let fault = format!(
            "faults: [{{name: f, on: bitrix24, when: {{call: 1}}, error: {code}, retry_after: 3}}]\n"
        );
        for (pause, broken) in [(2_699, vec![("bitrix24.limit-ignored", vec![vec![1, 2]])]), (2_700, vec![])]
        {
            let mut run = Run::new(&fault);
            run.bitrix24(0, "imconnector.chat.name.set", RENAME);
            run.bitrix24(pause, "imconnector.chat.name.set", RENAME);
            assert_eq!(run.broken(), broken, "{pause}");
        }
    }
}

#[test]
fn limits_are_heeded() {
    let fault = "faults: [{name: f, on: bitrix24, when: {call: 1}, error: QUERY_LIMIT_EXCEEDED}]\n";
    for (pause, broken) in [(449, vec![("bitrix24.limit-ignored", vec![vec![1, 2]])]), (450, vec![])] {
        let mut run = Run::new(fault);
        run.bitrix24(0, "imconnector.chat.name.set", RENAME);
        run.bitrix24(pause, "imconnector.chat.name.set", RENAME);
        assert_eq!(run.broken(), broken, "{pause}");
    }
}

#[test]
fn tokens_stay_out_of_urls_and_batches_are_short() {
    let mut run = Run::new("");
    run.send(
        0,
        "POST",
        "/rest/imconnector.chat.name.set?auth=access-token",
        &[("content-type", "application/json")],
        RENAME,
    );
    let command = "imconnector.chat.name.set?LINE=105";
    let batch = serde_json::json!({"cmd": vec![command; 51]}).to_string();
    run.bitrix24(0, "batch", &batch);
    assert_eq!(
        run.broken(),
        [("bitrix24.token-in-url", vec![vec![1]]), ("bitrix24.batch-length", vec![vec![2]])]
    );
    assert!(!run.words().contains("access-token"));
}

#[test]
fn parameters_and_content_types_are_those_of_the_page() {
    let mut run = Run::new("");
    run.bitrix24(0, "imconnector.chat.name.set", &RENAME.replace("NAME\"", "NAM\""));
    run.bitrix24(0, "imconnector.chat.name.set", &RENAME.replace("\"New name\"", "[\"New name\"]"));
    run.bitrix24(0, "imconnector.chat.name.set", &RENAME.replace("\"105\"", "\"line 105\""));
    run.chert(0, "ch", r#"{"display_nam":"Crew","group_chat_icon":5}"#);
    run.send(0, "POST", "/rest/1/webhook-secret/imconnector.chat.name.set", &[], RENAME);
    let text = ("content-type", "text/plain");
    let newer = RENAME.replace("New", "Newer");
    run.send(0, "POST", "/rest/1/webhook-secret/imconnector.chat.name.set", &[text], &newer);
    run.bitrix24(0, "imconnector.chat.name.set", "LINE=105&NAME=x");
    insta::assert_snapshot!(run.words());
}

#[test]
fn a_body_that_is_swallowed_is_told_whatever_the_query_has() {
    let rename = "/rest/1/webhook-secret/imconnector.chat.name.set";
    for (query, content_type, body, is_told) in [
        ("", "application/json", RENAME, false),
        ("?USER_ID=1", "application/json", RENAME, false),
        ("", "Application/JSON; charset=utf-8", RENAME, false),
        ("", "application/vnd.x+JSON", RENAME, false),
        ("", "application/json", "[]", false),
        ("", "application/json", "LINE=105&NAME=x", true),
        ("?USER_ID=1", "application/json", "LINE=105&NAME=x", true),
        ("?USER_ID=1", "application/vnd.x+JSON", "{", true),
        ("", "application/json", "5", true),
    ] {
        let mut run = Run::new("");
        run.send(0, "POST", &format!("{rename}{query}"), &[("content-type", content_type)], body);
        let has_told = run.broken().iter().any(|(rule, _)| *rule == "content-type");
        assert_eq!(has_told, is_told, "{query} {content_type} {body}");
    }
}

#[test]
fn names_are_those_of_the_vendor_and_of_a_batch() {
    let mut run = Run::new("");
    run.chert(0, "ch", r#"{"DISPLAY_NAME":"Crew","id":"ch"}"#);
    run.bitrix24(0, "batch", r#"{"cmds":{}}"#);
    run.bitrix24(0, "batch", r#"{"cmd":"profile","halt":0}"#);
    run.bitrix24(0, "batch", r#"{"cmd":["imconnector.chat.name.set?LINE=105&auth=access-token&NAM=x"]}"#);
    insta::assert_snapshot!(run.words(), @r"
    warning: `unknown-parameter`: a call has a parameter that its page does not document (vendors' pages: parameters)
        exchange 1: `chats.rename` has no parameter `DISPLAY_NAME`, did you mean `display_name`?; `chats.rename` has no parameter `id`
        exchange 2: `batch` has no parameter `cmds`, did you mean `cmd`?
        exchange 4: `imconnector.chat.name.set` has no parameter `NAM`, did you mean `NAME`?
    warning: `wrong-type`: a parameter does not have the type that its page documents (vendors' pages: types of parameters)
        exchange 3: `cmd` is a text, but should be a list or a mapping
    ");
}

#[test]
fn what_is_mended_or_refers_to_an_answer_is_not_blamed() {
    let mut run = Run::new("");
    run.bitrix24(0, "imconnector.status", r#"{"CONNECTOR":null,"LINE":105}"#);
    run.bitrix24(500, "imconnector.status", r#"{"CONNECTOR":"","LINE":105}"#);
    let command = "imconnector.status?CONNECTOR=connector&LINE=";
    let cmd = serde_json::json!({"a": format!("{command}105"), "b": format!("{command}$result[a][LINE]")});
    run.bitrix24(500, "batch", &serde_json::json!({"cmd": cmd}).to_string());
    assert_eq!(run.broken(), [("wrong-type", vec![vec![1]])], "null is no text");
}
