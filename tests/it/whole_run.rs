//! What counts for a whole run: expectations with `scope: run`, and the conversation in a report.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use standin::basics::Arrival;
use standin::engine::{Namespaces, World, step};
use standin::http::{Headers, Reply, Request};
use standin::judge::ExpectationOutcome;
use standin::{Scenario, control};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const SCENARIO: &str = "
standin: 1
name: shared
seed: 7
bitrix24:
  credentials: [{webhook: {user: 1, secret: webhook-secret}}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
";
const EXPECT: &str = "
expect:
  - {name: all together, on: bitrix24.imconnector.chat.name.set, match: {NAME: New}, calls: {exactly: 3}, scope: run}
  - {name: each, on: bitrix24.imconnector.chat.name.set, calls: {at_least: 1}, scope: namespace}
";

struct Worlds(Namespaces);

impl Worlds {
    fn new(scenario: &str) -> Self {
        let scenario = Scenario::parse("test", scenario).unwrap_or_else(|report| panic!("{report}"));
        Self(Namespaces::new(World::new(Arc::new(scenario), 7, NOW).judging().keeping_the_past()))
    }

    fn control(&self, method: &str, path: &str, body: &str) -> Reply {
        let request = Request::new(method, path, Headers::default(), body.to_owned().into());
        control::answer(&self.0, &request, NOW)
    }

    fn open(&self, name: &str) {
        assert_eq!(
            self.control("POST", "/__standin/namespaces", &json!({"name": name}).to_string()).status,
            201
        );
    }

    /// Renames the chat in a namespace, or in the main world when it is empty.
    fn rename(&self, namespace: &str, name: &str) {
        let suffix = if namespace.is_empty() { String::new() } else { format!("-{namespace}") };
        let target = format!("/rest/1/webhook-secret{suffix}/imconnector.chat.name.set");
        let body =
            json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": name}).to_string();
        let headers = [("content-type", "application/json")].into_iter().collect();
        let request = Request::new("POST", &target, headers, body.into());
        let arrival = Arrival::at(NOW);
        let found = self.0.of(&request, NOW).unwrap();
        assert_eq!(found.is_some(), !namespace.is_empty());
        let mut world = found.as_ref().map_or_else(|| self.0.main(), |found| found.world().unwrap());
        let planned = step(&mut world, &request, arrival);
        world.record(&request, planned, arrival);
    }

    fn outcomes(&self) -> Vec<(String, bool, String)> {
        let told = |outcome: ExpectationOutcome| (outcome.name, outcome.met, outcome.found);
        self.0.outcomes(NOW).into_iter().map(told).collect()
    }

    fn of_run(&self) -> (bool, String) {
        let outcome =
            self.0.outcomes(NOW).into_iter().find(|outcome| outcome.name == "all together").unwrap();
        (outcome.met, outcome.found)
    }

    fn conversation(&self) -> Value {
        control::conversation(&self.0, NOW)
    }
}

#[test]
fn an_expectation_of_the_run_counts_the_calls_of_all_namespaces() {
    let worlds = Worlds::new(&format!("{SCENARIO}{EXPECT}"));
    worlds.open("a");
    worlds.open("b");
    worlds.rename("a", "New");
    worlds.rename("b", "New");
    worlds.rename("b", "Other");
    assert_eq!(worlds.of_run(), (false, "2 calls came (1 in namespace a, 1 in namespace b)".into()));
    worlds.rename("b", "New");
    assert_eq!(
        worlds.outcomes(),
        [
            ("a: each".into(), true, "1 call came".into()),
            ("b: each".into(), true, "3 calls came".into()),
            ("all together".into(), true, "3 calls came (1 in namespace a, 2 in namespace b)".into()),
        ]
    );
}

#[test]
fn resets_and_dropped_namespaces_are_a_part_of_the_run() {
    let worlds = Worlds::new(&format!("{SCENARIO}{EXPECT}"));
    worlds.rename("", "New");
    worlds.control("POST", "/__standin/reset", "");
    worlds.open("a");
    worlds.rename("a", "New");
    worlds.control("POST", "/__standin/namespaces/a/reset", "");
    worlds.rename("a", "New");
    worlds.control("DELETE", "/__standin/namespaces/a", "");
    assert_eq!(worlds.of_run(), (true, "3 calls came (2 in namespace a, 1 in the main scenario)".into()));
    worlds.rename("", "New");
    let (met, found) = worlds.of_run();
    assert_eq!((met, found.as_str()), (false, "4 calls came (2 in namespace a, 2 in the main scenario)"));
    let other = format!("{SCENARIO}{}", EXPECT.replace("exactly: 3", "exactly: 2"));
    worlds.control("POST", "/__standin/scenario", &other);
    let all = worlds.outcomes();
    assert!(all.contains(&("all together".into(), false, "0 calls came".into())), "{all:?}");
}

#[test]
fn many_namespaces_are_told_in_one_line() {
    let worlds = Worlds::new(&format!("{SCENARIO}{EXPECT}"));
    for number in 0..8 {
        worlds.open(&format!("t{number}"));
        worlds.rename(&format!("t{number}"), "New");
    }
    let (_, found) = worlds.of_run();
    assert!(
        found.ends_with("1 in namespace t4, 3 elsewhere)") && found.starts_with("8 calls came ("),
        "{found}"
    );
}

#[test]
fn the_call_that_came_closest_is_named_with_its_namespace() {
    let worlds = Worlds::new(&format!("{SCENARIO}{EXPECT}"));
    worlds.open("a");
    worlds.rename("a", "Ne");
    let outcome = worlds.0.outcomes_of_run().remove(0);
    assert!(outcome.text().contains("exchange 1 of namespace a came closest"), "{}", outcome.text());
    assert_eq!(json!(outcome.shown())["closest"]["namespace"], "a");
}

#[test]
fn a_question_about_one_namespace_leaves_the_run_out() {
    let worlds = Worlds::new(&format!("{SCENARIO}{EXPECT}"));
    worlds.rename("", "New");
    let verified = worlds.control("POST", "/__standin/verify", "");
    assert_eq!(verified.status, 200, "{verified:?}");
    let asked = "- {name: e, on: bitrix24.imconnector.chat.name.set, scope: run}";
    let refused = worlds.control("POST", "/__standin/verify", asked);
    assert!(refused.status == 422 && String::from_utf8_lossy(&refused.body).contains("end of `standin run`"));
}

#[test]
fn a_scope_that_makes_no_sense_is_a_mistake() {
    for (expectation, message) in [
        (
            "the: {chat: chat-1}, has: {name: New}",
            "`scope: run` counts calls, and this expectation is about a chat",
        ),
        ("after: other", "`after` compares calls of one namespace, and `scope: run` counts those of all"),
    ] {
        let yaml = format!(
            "{SCENARIO}expect:\n  - {{name: other, on: bitrix24.imconnector.chat.name.set}}\n  - {{name: e, on: bitrix24.imconnector.chat.name.set, scope: run, {expectation}}}\n"
        );
        let report = Scenario::parse("test", &yaml).unwrap_err();
        assert!(report.findings()[0].message == message, "{report}");
    }
}

#[test]
fn a_conversation_has_every_world_of_the_run() {
    let worlds = Worlds::new(SCENARIO);
    worlds.rename("", "first");
    worlds.control("POST", "/__standin/reset", "");
    worlds.rename("", "second");
    for name in ["kept", "dropped"] {
        worlds.open(name);
        worlds.rename(name, name);
    }
    worlds.control("DELETE", "/__standin/namespaces/dropped", "");
    let conversation = worlds.conversation();
    assert_eq!(conversation["left_out"], 0);
    let seen = |exchange: &Value| {
        let body: Value = serde_json::from_str(exchange["request"]["body"].as_str().unwrap()).unwrap();
        (
            exchange["namespace"].clone(),
            exchange["resets_before"].clone(),
            body["NAME"].as_str().unwrap().to_owned(),
        )
    };
    let mut all: Vec<_> = conversation["exchanges"].as_array().unwrap().iter().map(seen).collect();
    assert_eq!(all[..2], [(Value::Null, json!(0), "first".into()), (Value::Null, json!(1), "second".into())]);
    all.sort_by_key(|(_, _, name)| name.clone());
    assert_eq!(all[0], (json!("dropped"), json!(0), "dropped".into()));
    let last = conversation["exchanges"].as_array().unwrap().last().unwrap();
    let explanation = last["explanation"].as_str().unwrap();
    assert!(explanation.starts_with("exchange 1 of namespace "), "{explanation}");
    assert!(!conversation.to_string().contains("webhook-secret"));
}

#[test]
fn a_conversation_is_bounded_and_says_what_it_leaves_out() {
    let worlds = Worlds::new(SCENARIO);
    (0..600).for_each(|number| worlds.rename("", &number.to_string()));
    let conversation = worlds.conversation();
    let exchanges = conversation["exchanges"].as_array().unwrap();
    assert_eq!((exchanges.len(), &conversation["left_out"]), (500, &json!(100)));
    assert_eq!((&exchanges[0]["number"], &exchanges[499]["number"]), (&json!(101), &json!(600)));

    let worlds = Worlds::new(SCENARIO);
    worlds.rename("", &"é".repeat(20_000));
    let conversation = worlds.conversation();
    let body = conversation["exchanges"][0]["request"]["body"].as_str().unwrap();
    assert!(body.len() < 17_000 && body.ends_with(" bytes left out)"), "{}", body.len());
    (0..600).for_each(|_| worlds.rename("", &"é".repeat(20_000)));
    let conversation = worlds.conversation();
    assert!(conversation.to_string().len() < 5 << 20);
    let shown = conversation["exchanges"].as_array().unwrap().len() as u64;
    assert_eq!(conversation["left_out"].as_u64(), Some(601 - shown));
}

#[test]
fn nothing_is_kept_when_nobody_will_ask() {
    let scenario = Arc::new(Scenario::parse("test", SCENARIO).unwrap());
    let worlds = Worlds(Namespaces::new(World::new(scenario, 7, NOW)));
    worlds.open("a");
    worlds.rename("a", "x");
    worlds.control("DELETE", "/__standin/namespaces/a", "");
    worlds.rename("", "y");
    worlds.control("POST", "/__standin/reset", "");
    assert_eq!(worlds.conversation(), json!({"left_out": 2, "exchanges": []}));
}

#[test]
fn lists_say_how_many_they_leave_out() {
    let scenario =
        format!("{SCENARIO}expect:\n  - {{name: e, on: bitrix24.imconnector.chat.name.set, calls: never}}\n");
    let worlds = Worlds::new(&scenario);
    (0..25).for_each(|_| worlds.rename("", "New"));
    let outcome = worlds.0.outcomes(NOW).remove(0);
    assert_eq!(json!(outcome.shown())["exchanges"].as_array().map(Vec::len), Some(20));
    assert_eq!(json!(outcome.shown())["exchanges_left_out"], 5);
    assert!(outcome.text().contains("19, 20 and 5 more)"), "{}", outcome.text());

    let body = "NAMES=1";
    for _ in 0..25 {
        let headers = [("content-type", "application/x-www-form-urlencoded")].into_iter().collect();
        let request =
            Request::new("POST", "/rest/1/webhook-secret/imconnector.chat.name.set", headers, body.into());
        let mut world = worlds.0.main();
        let planned = step(&mut world, &request, Arrival::at(NOW));
        world.record(&request, planned, Arrival::at(NOW));
    }
    let broken = worlds.0.broken(NOW);
    let unknown = broken.iter().find(|broken| broken.rule == "unknown-parameter").unwrap();
    let unknown = json!(unknown.shown());
    let kind = &unknown["breaches"][0];
    assert_eq!(
        (&kind["count"], &kind["left_out"], &unknown["left_out"]),
        (&json!(25), &json!(15), &json!(0))
    );
}
