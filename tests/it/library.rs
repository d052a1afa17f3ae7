//! Runs a script against every scenario in `scenarios/`; a snapshot holds what the client receives.
//!
//! A script is `library/<scenario>.txt`, with one step in each line; `#` begins a comment:
//!
//! * `bitrix24 CREDENTIAL [KEY=VALUE…]` sends a rename by `user/secret`, by a token or by `none`; `KEY=` omits a key
//! * `chert CREDENTIAL CHAT BODY` sends a rename by a bearer token, a signature (`v1,…`) or `none`; `@SLUG` after the
//!   credential names the tenant
//! * `examples` sends the example of each operation in the catalogue
//! * `get TARGET`, `post TARGET BODY`, `put TARGET BODY` sends any other request; `own TARGET` and `ask TARGET BODY` send a
//!   GET and a POST with the bearer token of Chert's tenant
//! * `call VERB TARGET [BODY]` sends any other request to Chert, with the tenant's bearer token
//! * `N times …` repeats a step N times
//! * `state` shows the names of chats that have changed since the start
//! * `wait LENGTH` lets time pass
//! * `timing LENGTH` sets how long a call of Bitrix24 takes; only as the first step
//! * `act NAME JSON` performs an action with these parameters
//! * `events` shows the events that were raised or sent since they were last shown
//! * `next` lets time pass until something is due, and shows events
//! * `stream TARGET` opens a stream of Chert's events, lets 60 s pass, and shows what it has sent until it ends
//! * `take STATUS` takes the oldest event that waits for a handler with a name, and answers it with this status
//!
//! `$SECRET` is the tenant's secret; `$HANDLER` is the URL of a program that answers every event with 200; `$chat_id` and
//! `$message_id` are those of the newest event about a message; `$NAME` is the value of the member `NAME` in the latest
//! JSON body that had it.

mod events;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::{fs, iter};

use serde_json::{Value, json};
use standin::emulator::Example;
use standin::services::SERVICES;
use standin::{Scenario, Server};

use crate::client::{self, connect};
use crate::direct::check_described;

const CLOCK: &str = "clock: {virtual: \"2024-11-20T15:55:08+02:00\"}";
const SECRET: &str = "5f4dcc3b5aa765d61d8327deb882cf99";
/// The parameters of a rename in Bitrix24 that a script does not set.
const RENAME: [(&str, &str); 4] = [
    ("CONNECTOR", "connector"),
    ("LINE", "105"),
    ("CHAT_ID", "47e007b1-ee15-43db-bcba-1c26e5884d3f"),
    ("NAME", "Crew"),
];
/// Operations that the documented edition does not have.
const LIVE_ONLY: [&str; 1] = ["bitrix24.imconnector.set.error"];
/// Operations whose answer waits for a handler or does not end.
const LONG: [&str; 2] = ["chert.events.replay", "chert.events.stream"];
/// Scenarios without a script; other tests cover them.
const OTHERS: [&str; 2] = ["default", "documented"];

#[test]
fn every_scenario_of_the_library_runs_as_its_script_says() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/library");
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../../scenarios", "*.yaml", |path| {
            let name = path.file_stem().unwrap().to_str().unwrap();
            if !OTHERS.contains(&name) {
                insta::assert_snapshot!("exchanges", run(path, &script(name)));
            }
        });
    });
}

#[test]
fn every_script_has_its_scenario() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    insta::glob!("library/*.txt", |path| {
        let name = path.with_extension("yaml");
        assert!(scenarios.join(name.file_name().unwrap()).exists(), "{}", path.display());
    });
}

#[test]
fn every_scenario_of_the_library_says_what_happens_and_what_to_do() {
    insta::glob!("../../scenarios", "*.yaml", |path| {
        let text = fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if OTHERS.contains(&name) {
            return;
        }
        let mut lines = text.lines();
        let first = lines.next();
        assert_eq!(first, Some("# yaml-language-server: $schema=../schemas/scenario.schema.json"), "{name}");
        let comment: Vec<_> = lines.take_while(|line| line.starts_with("# ")).collect();
        assert!((2..=5).contains(&comment.len()), "{name}");
        assert!(comment.concat().contains("good client"), "{name}");
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{name}");
        let readme = include_str!("../../docs/library.md");
        assert!(
            readme.contains(&format!("](../scenarios/{name}.yaml)")),
            "docs/library.md does not list {name}"
        );
    });
}

#[test]
fn the_page_on_tests_shows_the_tests_as_they_are() {
    let page = include_str!("../../docs/testing.md");
    for (language, tests) in [
        ("python", include_str!("../../examples/fixtures/pytest/test_rename.py")),
        ("js", include_str!("../../examples/fixtures/node/rename.test.mjs")),
        ("php", include_str!("../../examples/fixtures/php/rename.php")),
    ] {
        let fence = format!("```{language}\n");
        let blocks = page.split(&fence).skip(1);
        let mut shown =
            blocks.filter_map(|block| block.split("```").next()).filter(|code| code.contains("/verify"));
        let code = shown.next().unwrap_or_else(|| panic!("no test in {language}"));
        assert!(tests.contains(code), "{language}: {code}");
    }
}

fn script(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/library").join(format!("{name}.txt"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a client receives when it runs `script` against the scenario at `path`.
fn run(path: &Path, script: &str) -> String {
    let steps = script.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut steps = steps.peekable();
    let timing = steps.next_if(|step| step.starts_with("timing "));
    let pauses: Vec<_> = script.lines().filter_map(|line| line.strip_prefix("wait ")).collect();
    let text = prepared(&fs::read_to_string(path).unwrap(), timing, &pauses);
    let server = client::serve(&text);
    let start = names(&server);
    let mut seen = String::new();
    let mut members = BTreeMap::from([("SECRET".to_owned(), SECRET.to_owned())]);
    if script.contains("$HANDLER") {
        members.insert("HANDLER".to_owned(), events::handler());
    }
    let mut outbox = events::Outbox::default();
    for step in steps {
        let (times, step) = match step.split_once(" times ") {
            Some((count, step)) => (count.parse().unwrap(), step),
            None => (1, step),
        };
        let step = filled(step, &members);
        if let Some(pause) = step.strip_prefix("wait ") {
            exchange(&server, &waiting(pause));
            writeln!(seen, "{pause} pass\n").unwrap();
        } else if step == "examples" {
            for request in examples(&server) {
                writeln!(seen, "{}\n{}", shown(&request), exchange(&server, &request).told).unwrap();
            }
        } else if step == "state" {
            let changed = names(&server).into_iter().filter(|name| !start.contains(name));
            let changed: Vec<_> = changed.map(|(chat, name)| format!("{chat} is {name:?}")).collect();
            let changed = if changed.is_empty() { "no name has changed".into() } else { changed.join("\n") };
            writeln!(seen, "{changed}\n").unwrap();
        } else if let Some(told) = outbox.step(&server, &step) {
            writeln!(seen, "{told}").unwrap();
            members.extend(outbox.members.clone());
        } else {
            let request = request(&step);
            let answers: Vec<_> = iter::repeat_with(|| exchange(&server, &request)).take(times).collect();
            writeln!(seen, "{}", shown(&request)).unwrap();
            for same in answers.chunk_by(|one, other| one.told == other.told) {
                match same.len() {
                    _ if times == 1 => {}
                    1 => seen.push_str("  once:\n"),
                    count => writeln!(seen, "  {count} times:").unwrap(),
                }
                seen.push_str(&same[0].told);
            }
            seen.push('\n');
            members.extend(answers.into_iter().flat_map(|answer| answer.members));
        }
    }
    let scenario = Scenario::parse("library.yaml", &text).unwrap();
    server.journal().iter().for_each(|entry| check_described(&scenario, &entry.note, &entry.reply));
    events::without_ports(&seen, &server, members.get("HANDLER"))
}

/// The scenario with a virtual clock that starts at the same instant in every run. To let time pass, it also has a chat
/// of Chert for each pause, whose calls are delayed by that length.
fn prepared(text: &str, timing: Option<&str>, pauses: &[&str]) -> String {
    let text = text.replacen("clock: {virtual: now}\n", "", 1);
    assert!(
        !text.contains("\nclock:"),
        "the scenario follows the real clock, or starts at the machine's time"
    );
    let mut text = text.replacen("standin: 1\n", &format!("standin: 1\n{CLOCK}\n"), 1);
    if let Some(length) = timing.and_then(|timing| timing.strip_prefix("timing ")) {
        let timing = format!("bitrix24:\n  timing: {{duration: {length}, processing: 0s}}\n");
        text = text.replacen("bitrix24:\n", &timing, 1);
    }
    if !pauses.is_empty() && !text.contains("\nfaults:\n") {
        text.push_str("faults:\n");
    }
    for (number, pause) in pauses.iter().enumerate() {
        let fault = format!("on: chert, match: {{id: wait-{pause}}}, delay: {pause}");
        writeln!(text, "  - {{name: wait {number}, {fault}}}").unwrap();
    }
    text
}

struct Request {
    verb: &'static str,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

fn request(step: &str) -> Request {
    let (what, rest) = step.split_once(' ').expect("a step has an operand");
    let (first, body) = rest.split_once(' ').unwrap_or((rest, ""));
    let json = || vec![("content-type", "application/json".to_owned())];
    let plain = |verb, headers| Request { verb, target: first.into(), headers, body: body.into() };
    match what {
        "bitrix24" => rename_in_bitrix24(first, body),
        "chert" => rename_in_chert(first, body),
        "get" => plain("GET", vec![]),
        "post" => plain("POST", json()),
        "own" => Request {
            verb: "GET",
            target: first.into(),
            headers: vec![("authorization", format!("Bearer {SECRET}"))],
            body: body.into(),
        },
        "ask" => plain("POST", [json(), vec![("authorization", format!("Bearer {SECRET}"))]].concat()),
        "put" => plain("PUT", [json(), vec![("authorization", format!("Bearer {SECRET}"))]].concat()),
        "call" => {
            let verb = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|verb| *verb == first);
            let (target, body) = body.split_once(' ').unwrap_or((body, ""));
            let mut headers = vec![("authorization", format!("Bearer {SECRET}"))];
            if !body.is_empty() {
                headers.extend(json());
            }
            Request { verb: verb.expect("a verb"), target: target.into(), headers, body: body.into() }
        }
        _ => panic!("no step is called `{what}`"),
    }
}

/// The examples of all operations that the documented edition has.
fn examples(server: &Server) -> Vec<Request> {
    let all = SERVICES.iter().flat_map(|service| {
        service.operations().iter().map(|operation| format!("{}.{}", service.name(), operation.name))
    });
    let all = all.filter(|name| !LIVE_ONLY.contains(&name.as_str()) && !LONG.contains(&name.as_str()));
    all.map(|name| {
        let Example { verb, target, headers, body } =
            server.example(&name).unwrap_or_else(|| panic!("nothing to call {name} on"));
        Request { verb, target, headers, body }
    })
    .collect()
}

fn rename_in_bitrix24(credential: &str, changes: &str) -> Request {
    let mut body = json!({});
    for (key, value) in RENAME.into_iter().chain(
        changes.split_whitespace().map(|change| change.split_once('=').expect("a change is `KEY=VALUE`")),
    ) {
        body[key] = value.into();
    }
    body.as_object_mut().unwrap().retain(|_, value| *value != "");
    let mut path = format!("/rest/{credential}/imconnector.chat.name.set");
    if !credential.contains('/') {
        path = "/rest/imconnector.chat.name.set".into();
        if credential != "none" {
            body["auth"] = credential.into();
        }
    }
    let headers = vec![("content-type", "application/json".into())];
    Request { verb: "POST", target: path, headers, body: body.to_string() }
}

fn rename_in_chert(credential: &str, rest: &str) -> Request {
    let (chat, body) = rest.split_once(' ').unwrap_or((rest, ""));
    let (secret, tenant) = credential.split_once('@').unwrap_or((credential, ""));
    let mut headers = vec![("content-type", "application/json".into())];
    match secret {
        "none" => {}
        signature if signature.starts_with("v1,") => headers.push(("x-chert-signature", signature.into())),
        bearer => headers.push(("authorization", format!("Bearer {bearer}"))),
    }
    if !tenant.is_empty() {
        headers.push(("x-chert-tenant", tenant.into()));
    }
    Request { verb: "PUT", target: format!("/api/v1/chats/{chat}"), headers, body: body.into() }
}

fn waiting(pause: &str) -> Request {
    rename_in_chert("none", &format!("wait-{pause} {{}}"))
}

/// A request in one line. Shows the header fields with Chert's credential unless it is the usual one.
fn shown(request: &Request) -> String {
    let usual = format!("Bearer {SECRET}");
    let told = |(name, value): &(&str, String)| format!(" [{name}: {value}]");
    let fields: Vec<_> = request.headers.iter().filter(|(name, _)| *name != "content-type").collect();
    let mut credentials: String =
        fields.iter().filter(|(_, value)| *value != usual).map(|field| told(field)).collect();
    if fields.is_empty() && request.verb == "PUT" {
        credentials.push_str(" [no credential]");
    }
    format!("{} {}{credentials} {}", request.verb, request.target, request.body).trim_end().to_owned()
}

/// A response.
struct Seen {
    /// The text for the snapshot.
    told: String,
    /// The text members at the top level of a JSON body.
    members: BTreeMap<String, String>,
}

fn exchange(server: &Server, request: &Request) -> Seen {
    let Request { verb, target, headers, body } = request;
    let mut head = format!("{verb} {target} HTTP/1.1\r\nhost: standin\r\nconnection: close\r\n");
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    let mut stream = connect(server);
    let length = body.len();
    stream.write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes()).unwrap();
    let (bytes, is_reset) = client::received(stream);
    if bytes.is_empty() {
        let end =
            if is_reset { "the connection is reset" } else { "the connection is closed without a byte" };
        return Seen { told: format!("  {end}\n"), members: BTreeMap::new() };
    }
    let response = client::parse(&bytes);
    let mut told = format!("  {}", response.status());
    for name in ["content-type", "retry-after"] {
        response.header(name).iter().for_each(|value| write!(told, ", {name}: {value}").unwrap());
    }
    writeln!(told, "\n  {}", response.text()).unwrap();
    if is_reset {
        told.push_str("  the connection is reset\n");
    }
    let members = match serde_json::from_slice(&response.body) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let texts = members.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
    Seen { told, members: texts.collect() }
}

fn filled(step: &str, members: &BTreeMap<String, String>) -> String {
    let mut step = step.to_owned();
    // In reverse order, because one name may begin with another, and the longer one must be replaced first.
    for (name, value) in members.iter().rev() {
        step = step.replace(&format!("${name}"), value);
    }
    step
}

/// All chats, each with its name.
fn names(server: &Server) -> Vec<(String, String)> {
    let state = server.state();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let chats = list(&state["bitrix24"]["chats"]);
    let bitrix24 = chats.iter().map(|chat| (chat["id"].clone(), chat["name"].clone()));
    let tenants = list(&state["chert"]["tenants"]);
    let chats = tenants.iter().flat_map(|tenant| list(&tenant["chats"]));
    let chert = chats.map(|chat| (chat["id"].clone(), chat["display_name"].clone()));
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    bitrix24.chain(chert).map(|(id, name)| (text(id), text(name))).collect()
}
