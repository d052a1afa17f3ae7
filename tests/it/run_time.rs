//! Changes and queries while a server runs: clock, faults, scenario, explanations.

use std::sync::Arc;

use serde_json::{Value, json};
use standin::Server;
use standin::basics::Arrival;
use standin::engine::{World, step};
use standin::http::Request;

use crate::client::{Response, get, post, send, serve};

const SCENARIO: &str = "
standin: 1
name: run time
seed: 7
clock: {virtual: \"2024-11-20T15:55:08+02:00\"}
bitrix24:
  timing: {duration: 0s, processing: 0s}
  credentials: [{webhook: {user: 1, secret: webhook-secret}}, {token: aging, expires: \"2024-11-20T16:00:00+02:00\"}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats:
    - {connector: connector, line: 105, id: chat-1, name: Old name}
    - {connector: connector, line: 105, id: chat-2, name: Other name}
";

fn with_faults(faults: &str) -> Server {
    serve(&format!("{SCENARIO}faults:\n{faults}"))
}

fn rename(server: &Server, chat: &str) -> Response {
    let body = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": chat, "NAME": "New name"});
    post(server, "/rest/1/webhook-secret/imconnector.chat.name.set", &body.to_string())
}

fn advance(server: &Server, length: &str) {
    let moved = post(server, "/__standin/clock", &json!({"advance": length}).to_string());
    assert_eq!(moved.status(), 200, "{}", moved.text());
}

fn name(server: &Server) -> Value {
    server.state()["bitrix24"]["chats"][0]["name"].clone()
}

fn explained(server: &Server, number: u64) -> String {
    get(server, &format!("/__standin/journal/{number}/explain")).text().to_owned()
}

#[test]
fn the_clock_moves_as_it_is_told() {
    let server = with_faults("  []");
    let now = || get(&server, "/__standin/clock").json()["now"].clone();
    assert_eq!(now(), "2024-11-20T13:55:08Z");
    advance(&server, "30s");
    assert_eq!(now(), "2024-11-20T13:55:38Z");
    post(&server, "/__standin/clock", r#"{"set": "2030-01-01T00:00:00+00:00"}"#);
    assert_eq!(now(), "2030-01-01T00:00:00Z");
    let answer = rename(&server, "chat-1");
    assert_eq!(answer.json()["time"]["start"], 1_893_456_000);
    assert_eq!(answer.header("date"), Some("Tue, 01 Jan 2030 00:00:00 GMT"));
    assert_eq!(get(&server, "/__standin/journal").json()["entries"][0]["at"], "2030-01-01T00:00:00Z");
    let back = post(&server, "/__standin/clock", r#"{"advance": "-5s"}"#);
    assert_eq!(back.json()["standin"], "`-5s` goes back, and a clock advances: write it without `-`");
    for body in [
        "",
        "{}",
        r#"{"advance": "soon"}"#,
        r#"{"advance": "-5s"}"#,
        r#"{"advance": "1s", "set": "x"}"#,
        r#"{"back": "1s"}"#,
    ] {
        let mistake = post(&server, "/__standin/clock", body);
        assert_eq!(mistake.status(), 400, "{body}");
        assert!(mistake.json()["help"].as_str().unwrap().contains(r#"{"advance": "30s"}"#));
    }
    let real = Server::start().unwrap();
    assert_eq!(post(&real, "/__standin/clock", r#"{"advance": "1s"}"#).status(), 409);
}

#[test]
fn windows_expiries_and_signatures_follow_the_clock() {
    let outage =
        "  - {name: outage, on: bitrix24, when: {from: 10s, until: 40s}, reply: {status: 502, body: down}}";
    let server = with_faults(outage);
    let mut seen = vec![rename(&server, "chat-1").status()];
    for length in ["9s", "1s", "29s", "1s"] {
        advance(&server, length);
        seen.push(rename(&server, "chat-1").status());
    }
    assert_eq!(seen, [200, 200, 502, 502, 200]);
    let aging =
        || post(&server, "/rest/imconnector.chat.name.set", r#"{"auth":"aging"}"#).json()["error"].clone();
    assert_eq!(aging(), "ERROR_ARGUMENT");
    advance(&server, "5m");
    assert_eq!(aging(), "expired_token");
}

#[test]
fn a_change_that_is_put_off_comes_at_its_time() {
    for effect in ["error: CHAT_RENAMING_FAILED", "reply: {status: 504}", "wire: truncate_json"] {
        let server = with_faults(&format!(
            "  - {{name: late, on: bitrix24, {effect}, applied: {{later: 10s}}, delay: 5s}}"
        ));
        rename(&server, "chat-1");
        assert_eq!(name(&server), "Old name", "{effect}");
        // The delay has already moved the clock by five seconds.
        advance(&server, "9s");
        assert_eq!(name(&server), "Old name", "{effect}");
        advance(&server, "1s");
        assert_eq!(name(&server), "New name", "{effect}");
    }
}

#[test]
fn delays_add_up_and_are_a_part_of_the_answers_time() {
    let faults = "
  - {name: a, on: bitrix24, delay: 250ms}
  - {name: b, on: bitrix24.imconnector.chat.name.set, delay: {fixed: 2s}}
  - {name: c, on: bitrix24, delay: 0s}
  - {name: d, on: bitrix24, match: {CHAT_ID: chat-2}, delay: 1h}
";
    let server = with_faults(faults);
    let time = rename(&server, "chat-1").json()["time"].clone();
    assert_eq!((&time["start"], &time["finish"]), (&json!(1_732_110_908), &json!(1_732_110_910.25)));
    assert_eq!((&time["duration"], &time["processing"]), (&json!(2.25), &json!(2.25)));
}

#[test]
fn faults_are_added_switched_and_removed() {
    let server =
        with_faults("  - {name: first, on: bitrix24, when: {every: 2}, error: QUERY_LIMIT_EXCEEDED}");
    let added = post(
        &server,
        "/__standin/faults",
        "name: from outside\non: bitrix24.imconnector.chat.name.set\nmatch: {CHAT_ID: [chat-1, chat-9]}\nerror: CHAT_RENAMING_FAILED\n",
    );
    assert_eq!(
        (added.status(), added.json()["name"].clone()),
        (201, json!("from outside")),
        "{}",
        added.text()
    );
    let json = r#"{"name": "gone", "on": "chert", "delay": "1s"}"#;
    assert_eq!(post(&server, "/__standin/faults", json).status(), 422, "the scenario has no chert section");
    let statuses = || (0..2).map(|_| rename(&server, "chat-1").status()).collect::<Vec<_>>();
    assert_eq!(statuses(), [400, 503]);
    assert_eq!(post(&server, "/__standin/faults/from%20outside/off", "").json()["enabled"], false);
    assert_eq!(statuses(), [200, 503]);
    assert_eq!(post(&server, "/__standin/faults/from%20outside/on", "").json()["enabled"], true);
    assert_eq!(send(&server, "DELETE", "/__standin/faults/first", &[], b"").status(), 200);
    assert_eq!(statuses(), [400, 400]);
    let listed = get(&server, "/__standin/faults").json();
    let counts = |fault: &Value| json!([fault["name"], fault["calls"], fault["fired"], fault["next_call"]]);
    let listed: Vec<_> = listed["faults"].as_array().unwrap().iter().map(counts).collect();
    assert_eq!(listed, [json!(["from outside", 3, 3, 4])]);
    assert_eq!(
        send(&server, "DELETE", "/__standin/faults/form%20outside", &[], b"").json()["help"],
        "did you mean `from outside`?"
    );
    assert_eq!(send(&server, "DELETE", "/__standin/faults", &[], b"").json(), json!({"removed": 1}));
    assert_eq!(statuses(), [200, 200]);
    server.reset();
    assert_eq!(statuses(), [200, 503]);
}

#[test]
fn a_fault_with_mistakes_is_not_added_and_every_mistake_is_told() {
    let server = with_faults("  - {name: first, on: bitrix24, error: QUERY_LIMIT_EXCEEDED}");
    let refused = post(
        &server,
        "/__standin/faults",
        "{name: first, on: bitrix24, error: QUERY_LIMIT_EXCEDED, wire: rest}",
    );
    assert_eq!(refused.status(), 422);
    let messages: Vec<_> = refused.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["column"].clone(), finding["help"].clone()))
        .collect();
    assert_eq!(messages, [(json!(63), json!("did you mean `reset`?"))]);
    let refused =
        post(&server, "/__standin/faults", "{name: first, on: bitrix24, error: QUERY_LIMIT_EXCEDED}");
    let findings = refused.json()["findings"].as_array().unwrap().len();
    assert_eq!(findings, 2, "a name that is taken, a code that does not exist: {}", refused.text());
    assert_eq!(get(&server, "/__standin/faults").json()["faults"].as_array().unwrap().len(), 1);
}

#[test]
fn a_scenario_is_replaced_as_a_whole_or_not_at_all() {
    let server = with_faults("  []");
    rename(&server, "chat-1");
    let refused = post(&server, "/__standin/scenario", "standin: 1\nnam: x\n");
    assert_eq!(refused.status(), 422);
    assert!(refused.json()["report"].as_str().unwrap().contains("did you mean `name`?"));
    assert_eq!((name(&server), server.journal().len()), (json!("New name"), 1));
    let replaced = post(&server, "/__standin/scenario", &SCENARIO.replace("Old name", "Another name"));
    assert_eq!(replaced.status(), 200, "{}", replaced.text());
    assert_eq!((name(&server), server.journal().len()), (json!("Another name"), 0));
    server.reset();
    assert_eq!(name(&server), "Another name");
}

#[test]
fn an_exchange_is_explained() {
    let faults = "
  - {name: twice, on: bitrix24.imconnector.chat.name.set, when: {first: 2}, error: CHAT_RENAMING_FAILED}
  - {name: flaky, on: bitrix24, when: {probability: 0.4}, delay: 10ms}
  - {name: beaten, on: bitrix24.imconnector.chat.name.set, when: {every: 2}, error: CHAT_RENAMING_FAILED}
  - {name: other chat, on: bitrix24, match: {CHAT_ID: chat-2}, wire: reset}
  - {name: other client, on: bitrix24, match_headers: {user-agent: {regex: curl}}, wire: reset}
  - {name: other token, on: bitrix24, match_credential: aging, wire: reset}
  - {name: elsewhere, on: bitrix24.batch, wire: reset}
";
    let server = with_faults(faults);
    (0..3).for_each(|_| drop(rename(&server, "chat-1")));
    let call = |number| explained(&server, number);
    insta::assert_snapshot!(format!("{}\n{}\n{}", call(1), call(2), call(3)));
    let as_json = get(&server, "/__standin/journal/2/explain?format=json").json();
    assert_eq!(as_json["stages"], json!(["gateway", "auth", "arguments", "lookup"]));
    let flaky = as_json["faults"].as_array().unwrap().iter().find(|fault| fault["fault"] == "flaky").unwrap();
    assert_eq!(flaky["asked"][0]["threshold"], 0.4);
    assert!(flaky["asked"][0]["draw"].as_f64().is_some());
    let missing = get(&server, "/__standin/journal/9/explain");
    assert_eq!((missing.status(), missing.json()["help"].clone()), (404, json!("it has 1 to 3")));
    assert_eq!(explained(&server, 3), get(&server, "/__standin/journal/last/explain").text());
}

#[test]
fn the_next_call_that_is_told_is_the_next_that_fires() {
    let server =
        with_faults("  - {name: flaky, on: bitrix24, when: {probability: 0.2}, reply: {status: 502}}");
    for _ in 0..40 {
        let told = get(&server, "/__standin/faults").json()["faults"][0].clone();
        let (next, calls) = (told["next_call"].as_u64().unwrap(), told["calls"].as_u64().unwrap());
        let fires = rename(&server, "chat-1").status() == 502;
        assert_eq!(fires, next == calls + 1);
    }
}

/// Whether one fault fired, by call number.
fn log(clients: usize) -> Vec<(u64, bool)> {
    let server = with_faults(
        "
  - {name: flaky, on: bitrix24.imconnector.chat.name.set, match: {CHAT_ID: chat-1}, when: {probability: 0.3}, error: CHAT_RENAMING_FAILED}
  - {name: noise, on: bitrix24, when: {probability: 0.5}, delay: {uniform: [0s, 1s]}}
",
    );
    std::thread::scope(|scope| {
        for client in 0..clients {
            let server = &server;
            scope.spawn(move || {
                for call in 0..160 / clients {
                    rename(server, "chat-1");
                    if (call + client) % 3 == 0 {
                        rename(server, "chat-2");
                    }
                }
            });
        }
    });
    let decisions = server.journal().into_iter().flat_map(|entry| entry.note.faults);
    let mut log: Vec<_> = decisions
        .filter(|decision| decision.fault.spec.name.as_str() == "flaky")
        .map(|decision| (decision.call, decision.fired))
        .collect();
    log.sort_unstable();
    log
}

#[test]
fn sixteen_clients_at_once_get_the_same_run_twice() {
    let first = log(16);
    assert_eq!(first.len(), 160);
    assert_eq!(first, log(16));
    assert_eq!(first, log(1));
}

#[test]
fn counters_by_chat_are_apart() {
    let server = with_faults(
        "  - {name: each, on: bitrix24.imconnector.chat.name.set, when: {first: 1, count_by: chat}, error: CHAT_RENAMING_FAILED}",
    );
    let chats = ["chat-1", "chat-2", "chat-1", "chat-2"];
    assert_eq!(chats.map(|chat| rename(&server, chat).status()), [400, 400, 200, 200]);
}

#[test]
fn a_seed_is_shown_with_the_command_that_gives_the_run_again() {
    let server = with_faults("  []");
    rename(&server, "chat-1");
    for target in ["/__standin/health", "/__standin/journal", "/__standin/journal/1/explain?format=json"] {
        let shown = get(&server, target).json();
        assert_eq!(
            (&shown["seed"], &shown["replay"]),
            (&json!(7), &json!("standin serve SCENARIO --seed 7")),
            "{target}"
        );
    }
    let told = "seed 7; start a server with the same draws: standin serve SCENARIO --seed 7\n    SCENARIO stands for a file with the scenario that was sent to the server\n";
    assert!(explained(&server, 1).ends_with(told));
    post(&server, "/__standin/faults", "{name: late, on: bitrix24, delay: 1s}");
    let lacks = "faults, state or clock were changed while the server ran";
    assert!(explained(&server, 1).contains(lacks));
    post(&server, "/__standin/reset", "");
    rename(&server, "chat-1");
    assert!(!explained(&server, 1).contains(lacks));
}

#[test]
fn an_exchange_that_was_spoilt_or_made_of_commands_is_explained() {
    let server = with_faults(
        "  - {name: elsewhere, on: bitrix24.oauth.token, error: invalid_grant}
  - {name: other chat, on: bitrix24.imconnector.chat.name.set, match: {CHAT_ID: chat-2}, error: CHAT_RENAMING_FAILED}
  - {name: late, on: bitrix24.imconnector.chat.name.set, when: {from: 1h}, delay: 1s}
  - {name: cut, on: bitrix24.imconnector.chat.name.set, when: {after: 1}, wire: truncate_json, applied: true}
  - {name: by chat, on: bitrix24.imconnector.chat.name.set, when: {first: 1, count_by: chat}, delay: 1s}",
    );
    post(&server, "/__standin/faults/late/off", "");
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=n";
    post(&server, "/rest/1/webhook-secret/batch", &json!({"cmd": [command]}).to_string());
    post(&server, "/__standin/faults/late/on", "");
    rename(&server, "chat-1");
    insta::assert_snapshot!(format!("{}\n{}", explained(&server, 1), explained(&server, 2)));
    let entries = get(&server, "/__standin/journal").json()["entries"].clone();
    assert_eq!([&entries[0]["wire"], &entries[1]["wire"]], [&Value::Null, &json!("truncate_json")]);
}

#[test]
fn a_delay_comes_to_what_a_call_takes_refused_or_not() {
    let timing = SCENARIO.replace("{duration: 0s, processing: 0s}", "{duration: 45ms, processing: 20ms}");
    let server = serve(&format!("{timing}faults: [{{name: slow, on: bitrix24, delay: 1s}}]\n"));
    let now = || get(&server, "/__standin/clock").json()["now"].clone();
    rename(&server, "nobody");
    assert_eq!(now(), "2024-11-20T13:55:09.045Z");
    rename(&server, "chat-1");
    assert_eq!(now(), "2024-11-20T13:55:10.09Z");
}

#[test]
fn a_scenario_brings_its_own_seed() {
    let server = serve(&SCENARIO.replace("seed: 7", ""));
    let replaced = post(&server, "/__standin/scenario", SCENARIO);
    assert_eq!(replaced.json()["seed"], 7);
    let kept = post(&server, "/__standin/scenario", &SCENARIO.replace("seed: 7", ""));
    assert_eq!(kept.json()["seed"], 7);
}

#[test]
fn a_secret_in_an_encoded_command_is_hidden() {
    let server = with_faults("  []");
    get(
        &server,
        "/rest/batch?auth=aging&cmd[a]=imconnector.chat.name.set%3Faccess_token%3Daging%26auth%3Dother-one",
    );
    let shown = get(&server, "/__standin/journal").text().to_owned() + &explained(&server, 1);
    assert!(!shown.contains("aging") && !shown.contains("other-one"), "{shown}");
}

#[test]
fn a_request_gets_the_error_that_it_prefers_where_it_may_ask() {
    let answer = |prefer: &str, target: &str, body: Value, may_ask: bool| {
        let scenario = Arc::new(standin::Scenario::parse("test", SCENARIO).unwrap());
        let start = "2024-11-20T13:55:08Z".parse().unwrap();
        let mut world = World::new(scenario, 7, start).allowing_prefer(may_ask);
        let headers = [("content-type", "application/json"), ("prefer", prefer)].into_iter().collect();
        let body = body.to_string().into_bytes().into();
        let request = Request::new("POST", &format!("/rest/1/webhook-secret/{target}"), headers, body);
        let reply = step(&mut world, &request, Arrival::at(start)).reply;
        (reply.status, String::from_utf8(reply.body.to_vec()).unwrap())
    };
    let rename = json!({"CONNECTOR": "connector", "LINE": 105, "CHAT_ID": "chat-1", "NAME": "n"});
    let (status, body) =
        answer("error=CHAT_RENAMING_FAILED", "imconnector.chat.name.set", rename.clone(), true);
    assert_eq!((status, body.contains("CHAT_RENAMING_FAILED")), (400, true), "{body}");
    let (status, _) =
        answer("error=CHAT_RENAMING_FAILED", "imconnector.chat.name.set", rename.clone(), false);
    assert_eq!(status, 200);
    let (status, body) = answer("error=invalid_grant", "imconnector.chat.name.set", rename, true);
    let told = "`imconnector.chat.name.set` cannot give `invalid_grant`";
    assert_eq!((status, body.contains(told)), (400, true), "{body}");
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=n";
    let batch = json!({"cmd": {"a": command}});
    let (status, body) = answer("error=CHAT_RENAMING_FAILED", "batch", batch.clone(), true);
    let of_command = r#""result_error":{"a":{"error":"CHAT_RENAMING_FAILED""#;
    assert_eq!((status, body.contains(of_command)), (200, true), "{body}");
    let (status, body) = answer("error=QUERY_LIMIT_EXCEEDED", "batch", batch, true);
    assert!(status == 503 && body.starts_with(r#"{"error":"QUERY_LIMIT_EXCEEDED""#), "{body}");
}

#[test]
fn a_saved_state_is_gone_back_to() {
    let server = with_faults(
        "  - {name: second, on: bitrix24.imconnector.chat.name.set, when: {call: 2}, error: CHAT_RENAMING_FAILED}",
    );
    assert_eq!(rename(&server, "chat-1").status(), 200);
    advance(&server, "30s");
    assert_eq!(post(&server, "/__standin/snapshots/after%20one", "").status(), 201);
    assert_eq!(get(&server, "/__standin/snapshots").json(), json!({"snapshots": ["after one"]}));
    for _ in 0..2 {
        assert_eq!(rename(&server, "chat-2").status(), 400, "each time it is the second call");
        assert_eq!(rename(&server, "chat-2").status(), 200);
        advance(&server, "1h");
        assert_eq!(post(&server, "/__standin/snapshots/after%20one/restore", "").status(), 200);
        assert_eq!(server.state()["bitrix24"]["chats"][1]["name"], "Other name");
        assert_eq!(name(&server), "New name");
        assert_eq!(get(&server, "/__standin/clock").json()["now"], "2024-11-20T13:55:38Z");
    }
    assert_eq!(server.journal().len(), 5, "what happened has happened");
    post(&server, "/__standin/reset", "");
    assert_eq!(name(&server), "Old name");
    assert_eq!(post(&server, "/__standin/snapshots/after%20one/restore", "").status(), 200);
    assert_eq!(name(&server), "New name");
    assert_eq!(send(&server, "DELETE", "/__standin/snapshots/after%20one", &[], b"").status(), 200);
    assert_eq!(post(&server, "/__standin/snapshots/after%20one/restore", "").status(), 404);
}

#[test]
fn the_journal_names_the_fault_that_fired_whatever_becomes_of_it() {
    let server = with_faults("  - {name: first, on: bitrix24, match: {NAME: nobody}, reply: {status: 502}}");
    let add = |name: &str, status: u16| {
        let fault =
            json!({"name": name, "on": "bitrix24", "when": {"limit": 1}, "reply": {"status": status}});
        assert_eq!(post(&server, "/__standin/faults", &fault.to_string()).status(), 201);
    };
    let fired = || {
        let journal = get(&server, "/__standin/journal").json();
        let entries = journal["entries"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["faults"][0]["fault"].clone()).collect::<Vec<_>>()
    };
    post(&server, "/__standin/snapshots/start", "");
    add("added", 503);
    assert_eq!(rename(&server, "chat-1").status(), 503);
    // The fault is gone with the restored state, and another one stands in its place.
    post(&server, "/__standin/snapshots/start/restore", "");
    assert_eq!(fired(), ["added"]);
    add("other", 504);
    assert_eq!(rename(&server, "chat-1").status(), 504);
    assert_eq!(fired(), ["added", "other"]);
    assert_eq!(send(&server, "DELETE", "/__standin/faults", &[], b"").json(), json!({"removed": 2}));
    assert_eq!(rename(&server, "chat-1").status(), 200);
    assert_eq!(fired(), [json!("added"), json!("other"), Value::Null]);
    let why = explained(&server, 1);
    assert!(why.contains("`added` fired on its call 1 and decided the answer"), "{why}");
    assert!(!why.contains("other"), "{why}");
}

#[test]
fn a_restored_fault_remembers_when_it_was_off() {
    let server = with_faults("  - {name: odd, on: bitrix24, when: {call: 9}, reply: {status: 502}}");
    post(&server, "/__standin/snapshots/start", "");
    post(&server, "/__standin/faults/odd/off", "");
    rename(&server, "chat-1");
    post(&server, "/__standin/snapshots/start/restore", "");
    rename(&server, "chat-1");
    assert!(
        explained(&server, 1).contains("`odd` was not asked: it was switched off"),
        "{}",
        explained(&server, 1)
    );
    assert!(explained(&server, 2).contains("`odd` did not fire on its call 1"), "{}", explained(&server, 2));
}

#[test]
fn a_wait_for_a_late_change_names_the_instant_that_a_virtual_clock_must_reach() {
    let server = serve(&format!(
        "{}faults: [{{name: late, on: chert, reply: {{status: 502}}, applied: {{later: 10s}}}}]\n",
        standin::Scenario::DEFAULT.replace("seed: 1", "seed: 1\nclock: {virtual: 2024-11-20T13:55:08Z}")
    ));
    let headers = [("authorization", "Bearer 5f4dcc3b5aa765d61d8327deb882cf99")];
    send(&server, "PUT", "/api/v1/chats/ch_01H", &headers, br#"{"display_name": "Crew"}"#);
    let named = r#"[{"name": "named", "on": "chert", "the": {"chat": "ch_01H"}, "has": {"name": "Crew"}}]"#;
    let verify = || post(&server, "/__standin/verify?wait_for=0s", named).json();
    assert_eq!(verify()["waits_for"], "2024-11-20T13:55:18Z");
    assert!(verify()["help"].as_str().unwrap().contains("the virtual clock shows 2024-11-20T13:55:08Z"));
    post(&server, "/__standin/clock", r#"{"advance": "10s"}"#);
    assert_eq!((&verify()["met"], &verify()["waits_for"]), (&true.into(), &Value::Null));
}
