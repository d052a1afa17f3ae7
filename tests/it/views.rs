//! What the views of the page ask besides rows: judgement, copies of an exchange, its course, checks of faults, catalogue.

use std::process::Command;

use serde_json::{Value, json};
use standin::Server;

use crate::client::{get, post, send, serve};

const SCENARIO: &str = "
standin: 1
name: views
bitrix24:
  credentials: [{token: access-token-of-this-test}, {webhook: {user: 1, secret: webhook-secret-1}}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
chert:
  tenants: [{slug: acme-7a3f, signing_secret: 5f4dcc3b5aa765d61d8327deb882cf99, lines: [{id: pn_01, phone_number: '+15555550100'}], chats: [{id: ch_01H, group: true, line: pn_01, display_name: Old}]}]
faults:
  - {name: first fails, on: bitrix24.imconnector.chat.name.set, when: {first: 1}, error: CHAT_RENAMING_FAILED, delay: 5ms}
  - {name: cut, on: bitrix24.imconnector.status, wire: {close_after: 20}}
";

/// What the scenario expects, in some tests.
const EXPECT: &str =
    "expect: [{name: renamed, on: bitrix24.imconnector.chat.name.set, match: {NAME: New}}]\n";

fn rename(server: &Server, auth: &str, name: &str) {
    let body =
        json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": name, "auth": auth});
    post(server, "/rest/imconnector.chat.name.set", &body.to_string());
}

/// Runs a command for a shell with the variables of the server, and returns what it prints.
fn run(server: &Server, command: &str) -> String {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).env("STANDIN_URL", server.url()).env("LC_ALL", "C");
    for name in [
        "BITRIX24_REST_URL",
        "BITRIX24_WEBHOOK_URL",
        "BITRIX24_ACCESS_TOKEN",
        "CHERT_BASE_URL",
        "CHERT_TENANT",
        "CHERT_SIGNING_SECRET",
    ] {
        shell.env(name, server.access(name).unwrap_or_default());
    }
    let output = shell.output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_call_copied_as_curl_is_sent_again_and_shows_no_secret() {
    let server = serve(SCENARIO);
    let name = "it's $HOME `id` \"x\" \\ <img> !";
    rename(&server, "access-token-of-this-test", name);
    let json = [("content-type", "application/json")];
    let body =
        json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": name}).to_string();
    send(&server, "POST", "/rest/1/webhook-secret-1/imconnector.chat.name.set?x=1", &json, body.as_bytes());
    let signed = [
        ("x-chert-tenant", "acme-7a3f"),
        ("x-chert-signature", "v1,1,00"),
        ("content-type", "application/json"),
    ];
    send(
        &server,
        "PUT",
        "/api/v1/chats/ch_01H",
        &signed,
        json!({"display_name": name}).to_string().as_bytes(),
    );
    let bearer =
        [("x-chert-tenant", "acme-7a3f"), ("authorization", "Bearer 5f4dcc3b5aa765d61d8327deb882cf99")];
    send(&server, "GET", "/api/v1/whoami", &bearer, b"");
    send(&server, "GET", "/api/v1/whoami", &[("authorization", "Bearer somebodys-own")], b"");
    let mut commands = Vec::new();
    for number in 1..=5 {
        let copy = get(&server, &format!("/__standin/journal/{number}/as/curl"));
        assert_eq!(copy.header("content-type"), Some("text/plain; charset=utf-8"));
        let text = copy.text().to_owned();
        for secret in ["access-token-of-this-test", "webhook-secret-1", "5f4dcc", "somebodys-own"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        commands.push(text);
    }
    assert!(
        commands[1].contains("\"$BITRIX24_WEBHOOK_URL\"'imconnector.chat.name.set?x=1'"),
        "{}",
        commands[1]
    );
    assert!(commands[4].starts_with("# put your own credential in place of ***\n"), "{}", commands[4]);
    for command in &commands[..4] {
        let printed = run(&server, command);
        assert!(printed.starts_with("HTTP/1.1 200 "), "{command}\n{printed}");
    }
    let bodies: Vec<_> = server
        .journal()
        .iter()
        .map(|entry| String::from_utf8_lossy(entry.request.body()).into_owned())
        .collect();
    assert_eq!((&bodies[5], &bodies[6], &bodies[7]), (&bodies[0], &bodies[1], &bodies[2]));
    assert_eq!(run(&server, &commands[4]).lines().next().map(|line| &line[..12]), Some("HTTP/1.1 401"));
}

#[test]
fn a_call_is_copied_as_a_fixture_and_as_an_expectation() {
    let server = serve(SCENARIO);
    rename(&server, "access-token-of-this-test", "New");
    let fixture = get(&server, "/__standin/journal/last/as/fixture");
    let start = "# source: exchange 1\n# status: 400\nPOST /rest/imconnector.chat.name.set HTTP/1.1\n";
    assert!(fixture.text().starts_with(start), "{}", fixture.text());
    assert!(fixture.text().contains("\"auth\":\"***\""), "{}", fixture.text());
    assert!(fixture.text().contains("\"error\": \"CHAT_RENAMING_FAILED\""), "{}", fixture.text());
    let step = get(&server, "/__standin/journal/1/as/step").text().to_owned();
    let list = step.strip_prefix("expect:\n").unwrap();
    let answer = post(&server, "/__standin/verify", list);
    assert_eq!((answer.status(), &answer.json()["met"]), (200, &json!(true)), "{step}{}", answer.text());
    post(&server, "/rest/nothing.known", "{}");
    assert!(get(&server, "/__standin/journal/2/as/step").text().starts_with("# "));
    assert_eq!(get(&server, "/__standin/journal/9/as/curl").status(), 404);
}

#[test]
fn the_course_of_a_call_has_its_delays_its_end_and_what_the_connection_did() {
    let server = serve(SCENARIO);
    rename(&server, "access-token-of-this-test", "New");
    let course = get(&server, "/__standin/journal/1/course").json();
    assert_eq!((&course["ended_at"], &course["script"]), (&json!("delivery"), &Value::Null));
    assert_eq!(course["delays"], json!([{"fault": "first fails", "delay_us": 5_000}]));
    assert!(course["duration_us"].as_u64().unwrap() >= 5_000, "{course}");
    let status = "/rest/1/webhook-secret-1/imconnector.status?CONNECTOR=connector&LINE=105";
    // The answer is cut off.
    let mut stream = crate::client::connect(&server);
    std::io::Write::write_all(
        &mut stream,
        format!("GET {status} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes(),
    )
    .unwrap();
    assert_eq!(crate::client::received(stream).0.len(), 20);
    let course = get(&server, "/__standin/journal/2/course").json();
    assert_eq!(course["script"], json!([{"at_us": 0, "bytes": 20}, {"at_us": 0, "end": "closed"}]));
    assert_eq!(course["ended_at"], Value::Null);
    let explained = get(&server, "/__standin/journal/1/explain?format=json").json();
    assert_eq!(explained["ended_at"], "delivery");
}

#[test]
fn the_other_edition_is_asked_and_changes_nothing() {
    let server = serve(SCENARIO);
    let before = server.state();
    rename(&server, "access-token-of-this-test", "New");
    let course = get(&server, "/__standin/journal/1/course").json();
    assert_eq!(course["other_edition"]["edition"], "live", "{course}");
    assert!(course["other_edition"]["status"].is_u64());
    assert_eq!(server.state(), before, "the fault refused the rename, and the question made none");
}

#[test]
fn the_state_of_chert_has_messages_and_subscriptions_without_secrets() {
    let server = serve(
        "
standin: 1
name: chert
chert:
  tenants:
    - slug: acme-7a3f
      signing_secret: 5f4dcc3b5aa765d61d8327deb882cf99
      chats: [{id: ch_01H, group: true, participants: ['+15550001111'], messages: [{from: '+15550001111', text: my 5f4dcc3b5aa765d61d8327deb882cf99}]}]
      subscriptions: [{name: app, events: [message.received], secret: whsec-of-this-subscription}]
",
    );
    let state = get(&server, "/__standin/state");
    for secret in ["5f4dcc3b5aa765d61d8327deb882cf99", "whsec-of-this-subscription"] {
        assert!(!state.text().contains(secret), "{}", state.text());
    }
    let tenant = &state.json()["chert"]["tenants"][0];
    assert_eq!(tenant["chats"][0]["messages"][0]["parts"][0]["value"], "my ***");
    assert_eq!(tenant["subscriptions"][0]["events"], json!(["message.received"]));
}

#[test]
fn judgement_answers_whatever_the_client_did() {
    let server = serve(&format!("{SCENARIO}{EXPECT}"));
    let judgement = get(&server, "/__standin/judgement");
    assert_eq!(judgement.status(), 200);
    let judgement = judgement.json();
    assert_eq!((&judgement["observed"], &judgement["met"]), (&json!(false), &json!(false)));
    assert_eq!(judgement["expectations"][0]["name"], "renamed");
    rename(&server, "access-token-of-this-test", "New");
    assert_eq!(get(&server, "/__standin/judgement").json()["met"], json!(true));
}

#[test]
fn a_fault_is_checked_without_a_change_and_counts_anew() {
    let server = serve(SCENARIO);
    let checked =
        post(&server, "/__standin/faults/check", "{name: new, on: bitrix24, eror: NOT_ACTIVE_LINE}");
    assert_eq!(checked.status(), 200);
    let finding = &checked.json()["findings"][0];
    assert_eq!((&finding["line"], &finding["column"]), (&json!(1), &json!(27)), "{}", checked.text());
    assert!(finding["help"].as_str().unwrap().contains("`error`"), "{}", checked.text());
    let good = "{name: cut, on: chert, delay: 1s}";
    assert_ne!(
        post(&server, "/__standin/faults/check", good).json()["findings"],
        json!([]),
        "the name is taken"
    );
    let replaced = post(&server, "/__standin/faults/check?replaces=cut", good).json();
    assert_eq!(replaced, json!({"findings": [], "report": ""}));
    let faults = get(&server, "/__standin/faults").json();
    assert_eq!(faults["faults"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&faults["faults"][0]["effect"], &faults["faults"][0]["stage"]),
        (&json!("`error: CHAT_RENAMING_FAILED`"), &json!("delivery"))
    );
    rename(&server, "access-token-of-this-test", "a");
    assert_eq!(get(&server, "/__standin/faults").json()["faults"][0]["spent"], json!(true));
    let again = post(&server, "/__standin/faults/first%20fails/again", "").json();
    assert_eq!((&again["calls"], &again["next_call"]), (&json!(0), &json!(1)));
    rename(&server, "access-token-of-this-test", "b");
    assert_eq!(get(&server, "/__standin/journal/last").json()["error"], "CHAT_RENAMING_FAILED");
    assert_eq!(post(&server, "/__standin/faults/nothing/again", "").status(), 404);
}

#[test]
fn a_fault_that_is_listed_can_be_sent_again() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut seen = 0;
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let server = Server::from_file(&path).unwrap();
        let list = || get(&server, "/__standin/faults").json()["faults"].as_array().unwrap().clone();
        for fault in list() {
            seen += 1;
            let name = fault["name"].as_str().unwrap();
            let place = format!(
                "/__standin/faults/{}",
                percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC)
            );
            let answer = send(&server, "PUT", &place, &[], fault["spec"].to_string().as_bytes());
            // What stands in the place of a secret is never taken for the secret.
            let status = if fault["hidden"] == true { 422 } else { 200 };
            assert_eq!(answer.status(), status, "{}: {}\n{}", path.display(), fault["spec"], answer.text());
            assert!(list().contains(&fault), "{}: {}", path.display(), fault["spec"]);
        }
        // Nobody does what the scenario expects.
        post(&server, "/__standin/scenario", "{standin: 1, name: nothing}");
    }
    assert!(seen > 20, "{seen}");
    let server = serve(
        "
standin: 1
name: every form
bitrix24: {credentials: [{token: access-token-of-this-test}]}
faults:
  - {name: a, on: bitrix24, match: {NAME: [a, b], ID: {regex: '^x'}}, match_headers: {user-agent: b24}, match_credential: access-token-of-this-test,
     when: {after: 1, every: 2, probability: 0.5, from: 10s, until: 2024-11-20T15:55:08+02:00, limit: 3}, error: QUERY_LIMIT_EXCEEDED, message: '017', delay: {normal: {mean: 1ms, deviation: 1ms, max: 1s}}}
  - {name: b, on: bitrix24, when: {between: [1, 2]}, reply: {status: 502, headers: {server: x}, body: '<p>'}, delay: {lognormal: {median: 90us, p99: 1ms}}, applied: true}
  - {name: c, on: bitrix24, when: {call: 1}, wire: {dribble: {chunks: 3, over: 1s}}, delay: {uniform: [1ms, 1500us]}}
  - {name: d, on: bitrix24, wire: {wrong_length: shorter}, delay: {fixed: 0s}, applied: {later: 90m}}
  - {name: e, on: bitrix24.OnAppTest, deliver: {times: 3}}
  - {name: f, on: bitrix24.events, deliver: after_next, delay: 1ms}
",
    );
    let faults = get(&server, "/__standin/faults").json();
    assert!(!faults.to_string().contains("access-token-of-this-test"), "{faults}");
    for fault in faults["faults"].as_array().unwrap() {
        let place = format!("/__standin/faults/{}", fault["name"].as_str().unwrap());
        let answer = send(&server, "PUT", &place, &[], fault["spec"].to_string().as_bytes());
        let hides = fault["name"] == "a";
        assert_eq!(fault["hidden"], hides);
        assert_eq!(answer.status(), if hides { 422 } else { 200 }, "{}\n{}", fault["spec"], answer.text());
    }
    assert_eq!(get(&server, "/__standin/faults").json(), faults);
    let fault = r#"{"name":"g","on":"bitrix24","match":{"NAME":"a access-token-of-this-test b"},
        "reply":{"status":200,"headers":{"x-a":"access-token-of-this-test"},"body":"access-token-of-this-test"}}"#;
    assert_eq!(send(&server, "POST", "/__standin/faults", &[], fault.as_bytes()).status(), 201);
    let faults = get(&server, "/__standin/faults").json();
    assert!(faults.to_string().contains("a *** b"), "{faults}");
    let put = |name, body: &str| {
        send(&server, "PUT", &format!("/__standin/faults/{name}"), &[], body.as_bytes()).status()
    };
    assert_eq!(put("g", r#"{"on":"bitrix24","match":{"NAME":"a *** b"},"delay":"1ms"}"#), 422);
    assert_eq!(get(&server, "/__standin/faults").json(), faults);
    assert_eq!(
        put("f", r#"{"on":"bitrix24","match":{"NAME":"a *** b"},"delay":"1ms"}"#),
        200,
        "stars of a client's own"
    );
    assert_eq!(put("g", r#"{"on":"bitrix24","match":{"NAME":"a b"},"delay":"1ms"}"#), 200);
    let faults = get(&server, "/__standin/faults").json();
    assert!(!faults.to_string().contains("access-token-of-this-test"), "{faults}");
}

#[test]
fn the_catalogue_and_the_actions_are_those_of_the_scenario() {
    let server = serve("standin: 1\nname: chert only\nchert: {tenants: []}\n");
    let catalog = get(&server, "/__standin/catalog").json();
    assert_eq!(catalog["services"], json!(["chert"]));
    let operations = catalog["operations"].as_array().unwrap();
    let rename = operations.iter().find(|operation| operation["name"] == "chert.chats.rename").unwrap();
    assert!(rename["parameters"].as_array().unwrap().contains(&json!("display_name")), "{rename}");
    assert!(rename["errors"].as_array().unwrap().iter().any(|error| error["code"] == "4001"), "{rename}");
    let actions = get(&server, "/__standin/actions").json();
    let first = &actions["actions"][0];
    assert!(first["do"].as_str().unwrap().starts_with("chert."), "{first}");
    assert!(first["parameters"][0]["name"].is_string() && first["parameters"][0]["required"].is_boolean());
    assert!(get(&server, "/__standin/schema").json()["properties"]["faults"].is_object());
}

#[test]
fn the_journal_begins_behind_an_exchange() {
    let server = serve(SCENARIO);
    (0..4).for_each(|_| {
        get(&server, "/elsewhere");
    });
    let numbers = |query: &str| {
        let body = get(&server, &format!("/__standin/journal?{query}")).json();
        body["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["number"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers("after=2"), [3, 4]);
    assert_eq!(numbers("after=1&last=1"), [4]);
    assert_eq!(numbers("after=9"), [0; 0]);
    assert_eq!(get(&server, "/__standin/journal?after=x").status(), 400);
}

#[test]
fn a_run_writes_the_page_with_its_data_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let (page, scenario) = (folder.path().join("run.html"), folder.path().join("s.yaml"));
    std::fs::write(&scenario, format!("{SCENARIO}{EXPECT}")).unwrap();
    let client = r#"curl -s -o /dev/null "${BITRIX24_WEBHOOK_URL}imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=%3C/script%3E&NAME=New"
name=$(curl -s -X POST -d '{"name": "gone"}' "$STANDIN_CONTROL_URL/namespaces" >/dev/null; echo gone)
curl -s -o /dev/null -H "x-standin-namespace: $name" "$STANDIN_URL/rest/server.time?auth=$BITRIX24_ACCESS_TOKEN"
curl -s -o /dev/null -X DELETE "$STANDIN_CONTROL_URL/namespaces/$name""#;
    let output = Command::new(env!("CARGO_BIN_EXE_standin"))
        .arg("run")
        .arg(&scenario)
        .arg("--report")
        .arg(format!("html={}", page.display()))
        .args(["--", "sh", "-c", client])
        .output()
        .unwrap();
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.contains("http-equiv=\"Content-Security-Policy\""), "{output:?}");
    for secret in ["webhook-secret-1", "access-token-of-this-test"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let data = text.split("id=\"run\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    let main = &data["worlds"][""];
    assert_eq!(main["journal?rows=true"]["rows"][0]["number"], 1);
    assert_eq!(main["journal?rows=true"]["rows"][0]["things"][0], "</script>");
    assert!(main["journal/1/as/curl"].as_str().unwrap().contains("\"$BITRIX24_WEBHOOK_URL\""));
    assert!(main["journal/1/explain"].as_str().unwrap().contains("exchange 1"));
    for path in [
        "health",
        "state",
        "faults",
        "outbox",
        "journal/1",
        "journal/1/course",
        "journal/1/explain?format=json",
    ] {
        assert!(main[path].is_object(), "{path}");
    }
    assert_eq!(data["worlds"]["gone"]["journal/1"]["operation"], "bitrix24.server.time");
    assert_eq!(data["report"]["expectations"][0]["met"], json!(true));
    assert!(data["report"]["conversation"].is_null());
}
