//! Rules of conduct: a breach is reported, and permitted behaviour is not.

mod retries;

use std::sync::Arc;

use jiff::Timestamp;
use standin::Scenario;
use standin::basics::Arrival;
use standin::engine::{Namespaces, World, step};
use standin::http::{Connection, Request};

use crate::client;

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
        let headers = headers.iter().copied().collect();
        let mut request = Request::new(method, target, headers, body.to_owned().into());
        request.connection = self.connection;
        let arrival = Arrival::at(self.now);
        let planned = step(&mut self.world, &request, arrival);
        self.world.record(&request, planned, arrival).status
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
        let exchanges = |broken: &standin::judge::Broken| {
            broken.breaches.iter().map(|breach| breach.exchanges.clone()).collect()
        };
        let broken = self.world.broken().unwrap();
        broken.iter().map(|broken| (broken.rule, exchanges(broken))).collect()
    }

    fn words(&self) -> String {
        self.world.broken().unwrap().iter().map(standin::judge::Broken::text).collect()
    }
}

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
    let mut run = Run::new("");
    run.chert(0, "direct", CREW);
    run.chert(19, "direct", CREW);
    assert_eq!(run.broken(), []);
}

#[test]
fn retry_after_is_waited_for() {
    let fault = "faults: [{name: f, on: chert, when: {call: 1}, error: 1007, retry_after: 3}]\n";
    let mut run = Run::new(fault);
    run.chert(0, "ch", CREW);
    run.chert(2_999, "ch", CREW);
    assert_eq!(run.broken(), [("chert.early-retry", vec![vec![1, 2]])]);
    let mut run = Run::new(fault);
    run.chert(0, "ch", CREW);
    run.chert(3_000, "ch", CREW);
    assert_eq!(run.broken(), []);
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
    assert!(run.words().contains("the command `x` was refused with ERROR_ARGUMENT"), "{}", run.words());
}

#[test]
fn retry_after_of_bitrix24_is_waited_for() {
    for code in ["QUERY_LIMIT_EXCEEDED", "OVERLOAD_LIMIT"] {
        let fault = format!(
            "faults: [{{name: f, on: bitrix24, when: {{call: 1}}, error: {code}, retry_after: 3}}]\n"
        );
        for (pause, broken) in [(2_999, vec![("bitrix24.limit-ignored", vec![vec![1, 2]])]), (3_000, vec![])]
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
    for (pause, broken) in [(499, vec![("bitrix24.limit-ignored", vec![vec![1, 2]])]), (500, vec![])] {
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
    run.send(0, "POST", "/rest/1/webhook-secret/imconnector.chat.name.set", &[text], RENAME);
    run.bitrix24(0, "imconnector.chat.name.set", "LINE=105&NAME=x");
    insta::assert_snapshot!(run.words());
}

#[test]
fn names_are_those_of_the_vendor_and_of_a_batch() {
    let mut run = Run::new("");
    run.chert(0, "ch", r#"{"DISPLAY_NAME":"Crew","id":"ch"}"#);
    run.bitrix24(0, "batch", r#"{"cmds":{}}"#);
    run.bitrix24(0, "batch", r#"{"cmd":"profile","halt":0}"#);
    run.bitrix24(0, "batch", r#"{"cmd":["imconnector.chat.name.set?LINE=105&auth=access-token&NAM=x"]}"#);
    insta::assert_snapshot!(run.words(), @r"
    warning: the rule `unknown-parameter` was broken, which says: a call has only parameters that its page documents (seed pages: parameters)
        exchange 1: `chats.rename` has no parameter `DISPLAY_NAME`, did you mean `display_name`?; `chats.rename` has no parameter `id`
        exchange 2: `batch` has no parameter `cmds`, did you mean `cmd`?
        exchange 4: `imconnector.chat.name.set` has no parameter `NAM`, did you mean `NAME`?
    warning: the rule `wrong-type` was broken, which says: parameters have the type that their page documents (seed pages: types of parameters)
        exchange 3: `cmd` is a text, but should be a list or a mapping
    ");
}

#[test]
fn a_scenario_says_how_much_a_breach_weighs() {
    let severity = |rules: &str| {
        let mut run = Run::new(rules);
        run.chert(0, "direct", CREW);
        run.chert(60_000, "direct", CREW);
        run.world.broken().unwrap().iter().map(|broken| format!("{:?}", broken.severity)).collect::<String>()
    };
    assert_eq!(severity(""), "Error");
    assert_eq!(severity("rules: {chert.repeated-refusal: warn}\n"), "Warn");
    assert_eq!(severity("rules: {chert.repeated-refusal: off}\n"), "");
    let mistake = Scenario::parse("test", &format!("{SCENARIO}rules: {{chert.repeated-refusals: off}}\n"));
    let report = mistake.unwrap_err().to_string();
    assert!(report.contains("did you mean `chert.repeated-refusal`?"), "{report}");
}

#[test]
fn what_the_other_edition_answers_differently_is_told() {
    let mut run = Run::with_all("");
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    run.bitrix24(0, "imconnector.chat.name.set", &RENAME.replace("105", "106"));
    let by_token = format!("{{\"auth\":\"access-token\",{}", &RENAME[1..].replace("New", "Newer"));
    let json = [("content-type", "application/json")];
    run.send(0, "POST", "/rest/imconnector.chat.name.set", &json, &by_token);
    run.chert(0, "ch", CREW);
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=n";
    run.bitrix24(0, "batch", &serde_json::json!({"cmd": {"rename": command}}).to_string());
    insta::assert_snapshot!(run.words());
    let mut run = Run::with_all("faults: [{name: f, on: bitrix24, error: QUERY_LIMIT_EXCEEDED}]\n");
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    assert_eq!(run.broken(), [], "a fault is no difference of editions");
}

#[test]
fn a_reset_forgives_nothing() {
    let mut run = Run::new("");
    run.chert(0, "direct", CREW);
    run.chert(60_000, "direct", CREW);
    run.world.reset(run.now);
    assert_eq!(run.broken(), [("chert.repeated-refusal", vec![vec![1, 2]])]);
    assert_eq!((run.world.counters().exchanges, run.world.totals().exchanges), (0, 2));
}

#[test]
fn a_rule_that_is_broken_in_many_namespaces_is_told_once() {
    let namespaces = Namespaces::new(Run::new("").world);
    let now = "2024-11-20T13:55:08Z".parse().unwrap();
    for number in 0..30 {
        let namespace = namespaces.open(None, None, now).unwrap();
        let mut world = namespace.world().unwrap();
        let headers = [("authorization", "Bearer signing-secret"), ("x-chert-tenant", "acme")];
        let request =
            Request::new("PUT", "/api/v1/chats/ch", headers.into_iter().collect(), CREW.to_owned().into());
        let arrival = Arrival::at(now);
        let planned = step(&mut world, &request, arrival);
        world.record(&request, planned, arrival);
        drop(world);
        if number % 2 == 0 {
            namespaces.close(namespace.name(), now);
        }
    }
    let broken = namespaces.broken();
    assert_eq!((broken.len(), broken[0].rule, broken[0].count), (1, "content-type", 30));
    insta::assert_snapshot!(broken[0].text(), @r"
    warning: the rule `content-type` was broken, which says: a request with a body has the right `content-type` (seed pages: the samples' Content-Type)
        exchange 1 of namespace n1: its body has no `content-type`
        exchange 1 of namespace n3: its body has no `content-type`
        exchange 1 of namespace n5: its body has no `content-type`
        and 27 times more
    ");
}

#[test]
fn exchanges_before_a_reset_are_told_from_those_after_it() {
    let mut run = Run::new("");
    run.chert(0, "ch", r#"{"display_nam":"Crew"}"#);
    run.world.reset(run.now);
    run.chert(0, "ch", r#"{"display_names":"Crew"}"#);
    insta::assert_snapshot!(run.words(), @r"
    warning: the rule `unknown-parameter` was broken, which says: a call has only parameters that its page documents (seed pages: parameters)
        exchange 1 before reset 1: `chats.rename` has no parameter `display_nam`, did you mean `display_name`?
        exchange 1: `chats.rename` has no parameter `display_names`, did you mean `display_name`?
    ");
}

#[test]
fn what_refuses_a_call_in_the_other_edition_before_a_fault_strikes_is_told() {
    let mut run = Run::with_all("faults: [{name: f, on: bitrix24, error: CHAT_RENAMING_FAILED}]\n");
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    assert_eq!(run.broken(), [("bitrix24.other-edition", vec![vec![1]])]);
    // An error that both editions give, each with a status of its own.
    let mut run = Run::with_all("faults: [{name: f, on: bitrix24, error: OVERLOAD_LIMIT}]\n");
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    let told =
        "fails by the documentation: 503 `OVERLOAD_LIMIT`, fails on the live server: 401 `OVERLOAD_LIMIT`";
    assert!(run.words().contains(told), "{}", run.words());
}

#[test]
fn a_scenario_is_judged_unless_copies_of_it_are() {
    let now = "2024-11-20T13:55:08Z".parse().unwrap();
    let expect = "expect: [{name: renamed, on: chert.chats.rename}]\n";
    let names = |other: Option<&Scenario>| {
        let namespaces = Namespaces::new(Run::new(expect).world);
        namespaces.open(other, None, now).unwrap();
        namespaces.outcomes(now).into_iter().map(|outcome| outcome.name).collect::<Vec<_>>()
    };
    assert_eq!(names(None), ["n1: renamed"]);
    let other = Scenario::parse("other", SCENARIO).unwrap();
    assert_eq!(names(Some(&other)), ["renamed"]);
}

#[test]
fn whoever_asks_hears_whether_the_client_failed() {
    let now = "2024-11-20T13:55:08Z".parse().unwrap();
    let asked = |run: Run| {
        let headers = [("host", "localhost")].into_iter().collect();
        let conduct = Request::new("GET", "/__standin/conduct", headers, "".into());
        standin::control::answer(&Namespaces::new(run.world), &conduct, now).status
    };
    let mut run = Run::new("");
    run.chert(0, "ch", r#"{"display_names":"Crew"}"#);
    assert_eq!(asked(run), 200, "a warning fails nothing");
    let mut run = Run::new("");
    run.send(0, "PUT", "/api/v1/chats/ch", &[("x-chert-signature", "v1,1,0")], "");
    assert_eq!(asked(run), 417);
}

#[test]
fn what_a_fault_stops_is_not_done_in_the_other_edition_either() {
    let json = [("content-type", "application/json")];
    let by_token = format!("{{\"auth\":\"access-token\",{}", &RENAME[1..]);
    for effect in
        ["error: QUERY_LIMIT_EXCEEDED", "error: CHAT_RENAMING_FAILED", "reply: {status: 502}", "wire: reset"]
    {
        let fault = format!("faults: [{{name: f, on: bitrix24, when: {{first: 1}}, {effect}}}]\n");
        let mut run = Run::with_all(&fault);
        run.send(0, "POST", "/rest/imconnector.chat.name.set", &json, &by_token);
        assert_eq!(run.send(600, "POST", "/rest/imconnector.chat.name.set", &json, &by_token), 200);
        assert_eq!(run.broken(), [], "{effect}");
    }
    // The live edition refuses the second rename, because the chat has this name already.
    let mut run = Run::with_all("");
    run.send(0, "POST", "/rest/imconnector.chat.name.set", &json, &by_token);
    run.send(600, "POST", "/rest/imconnector.chat.name.set", &json, &by_token);
    assert_eq!(run.broken(), [("bitrix24.other-edition", vec![vec![2]])]);
}

#[test]
fn the_commands_of_a_batch_see_each_other_in_the_other_edition_too() {
    let mut run = Run::with_all("");
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=n";
    let body = serde_json::json!({"auth": "access-token", "cmd": {"one": command, "two": command}});
    let json = [("content-type", "application/json")];
    run.send(0, "POST", "/rest/batch", &json, &body.to_string());
    assert!(
        run.words().contains("the command `two` works by the documentation, fails on the live server"),
        "{}",
        run.words()
    );
    assert!(!run.words().contains("the command `one`"), "{}", run.words());
}

#[test]
fn a_limit_that_stops_a_command_is_no_difference_of_editions() {
    let limits = "limits: {operating: 1s}\n  timing: {duration: 400ms, processing: 20ms}\n  credentials:";
    let scenario = SCENARIO.replacen("credentials:", limits, 1);
    let mut run =
        Run::of(&scenario.replacen("seed: 7\n", "seed: 7\nclock: {virtual: 2024-11-20T13:55:08Z}\n", 1));
    let body = r#"{"auth":"access-token","cmd":["profile"]}"#;
    for _ in 0..4 {
        run.send(0, "POST", "/rest/batch", &[("content-type", "application/json")], body);
    }
    let last =
        String::from_utf8(run.world.journal().entries().next_back().unwrap().reply.body.to_vec()).unwrap();
    assert!(last.contains("OPERATION_TIME_LIMIT"), "{last}");
    assert!(!run.words().contains("other-edition"), "{}", run.words());
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
