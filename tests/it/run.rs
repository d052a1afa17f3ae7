//! `standin run`: runs a client's command beside a server and checks it. The commands here are scripts of a POSIX shell
//! that send requests with the binary itself.

use std::process::{Command, Output};
use std::{fs, str};

use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_standin");
const SCENARIO: &str = "
standin: 1
name: expecting
seed: 7
bitrix24:
  credentials: [{webhook: {user: 1, secret: webhook-secret}}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
expect:
  - {name: renamed, on: bitrix24.imconnector.chat.name.set}
";

/// Runs a shell script under `standin run`, with a server of `scenario` or else of the built-in one.
pub fn run(scenario: Option<&str>, flags: &[&str], script: &str) -> (Output, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(BINARY);
    command.arg("run").current_dir(&folder).env("NO_COLOR", "1").env("STANDIN", BINARY);
    command.env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY");
    if let Some(text) = scenario {
        fs::write(folder.path().join("scenario.yaml"), text).unwrap();
        command.arg("scenario.yaml");
    }
    let output = command.args(flags).args(["--", "sh", "-c", script]).output().unwrap();
    (output, folder)
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

fn code(script: &str) -> Option<i32> {
    run(None, &[], script).0.status.code()
}

#[test]
fn a_command_finds_urls_and_credentials_in_its_environment() {
    let (output, _) = run(None, &[], "env; $STANDIN health $STANDIN_URL > /dev/null && echo ready");
    let text = str::from_utf8(&output.stdout).unwrap();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name}: {text}")).to_owned()
    };
    let url = value("STANDIN_URL");
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert_eq!(value("BITRIX24_REST_URL"), format!("{url}/rest/"));
    assert_eq!(value("BITRIX24_WEBHOOK_URL"), format!("{url}/rest/1/webhook-secret/"));
    assert_eq!(value("BITRIX24_ACCESS_TOKEN"), "access-token");
    assert_eq!(value("BITRIX24_REFRESH_TOKEN"), "refresh-token");
    assert_eq!(value("BITRIX24_CLIENT_ID"), "local.685d5063933614.00854686");
    assert_eq!(value("BITRIX24_CLIENT_SECRET"), "client-secret");
    assert_eq!(value("BITRIX24_TOKEN_URL"), format!("{url}/oauth/token/"));
    assert_eq!(value("CHERT_BASE_URL"), format!("{url}/api/v1"));
    assert_eq!(value("CHERT_TENANT"), "acme-7a3f");
    assert_eq!(value("CHERT_SIGNING_SECRET"), "5f4dcc3b5aa765d61d8327deb882cf99");
    assert!(text.ends_with("ready\n") && !text.contains("HTTPS_URL"), "{text}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn with_tls_it_finds_the_https_twins_and_a_certificate() {
    let (output, _) = run(None, &["--tls"], "env; cat $STANDIN_CA; grep -c BEGIN $SSL_CERT_FILE");
    let text = str::from_utf8(&output.stdout).unwrap();
    for line in [
        "STANDIN_HTTPS_URL=https://localhost:",
        "BITRIX24_HTTPS_REST_URL=https://localhost:",
        "BITRIX24_HTTPS_WEBHOOK_URL=https://localhost:",
        "BITRIX24_HTTPS_TOKEN_URL=https://localhost:",
        "CHERT_HTTPS_BASE_URL=https://localhost:",
        "NODE_EXTRA_CA_CERTS=/",
        "REQUESTS_CA_BUNDLE=/",
        "CURL_CA_BUNDLE=/",
        "-----BEGIN CERTIFICATE-----",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line}: {text}");
    }
    let certificate = text.lines().find_map(|line| line.strip_prefix("STANDIN_CA=")).unwrap();
    assert!(!std::path::Path::new(certificate).exists(), "it is cleaned up");
}

#[test]
fn the_exit_code_is_the_commands_own() {
    assert_eq!(code("exit 0"), Some(0));
    assert_eq!(code("exit 7"), Some(7));
    assert_eq!(code("kill -9 $$"), Some(137));
    let missing = Command::new(BINARY).args(["run", "--", "no-such-command"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(127));
    assert!(stderr(&missing).starts_with("standin: there is no command `no-such-command`\nhelp: "));
    let folder = Command::new(BINARY).args(["run", "--", "/"]).output().unwrap();
    assert_eq!(folder.status.code(), Some(126));
    let nothing = Command::new(BINARY).arg("run").output().unwrap();
    assert_eq!(nothing.status.code(), Some(2));
    let twice = run(None, &["--report", "json=report", "--report", "junit=report"], "exit 0").0;
    assert_eq!((twice.status.code(), stderr(&twice).contains("two reports go to `report`")), (Some(2), true));
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let flag = format!("json={}", report.display());
    Command::new(BINARY).args(["run", "--report", &flag, "--", "no-such-command"]).output().unwrap();
    let report: Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!((&report["good"], &report["exit_code"]), (&json!(false), &json!(127)));
    let (mistaken, folder) = run(Some("standin: 1\n"), &["--report", "json=report"], "touch started");
    let exists = |name: &str| folder.path().join(name).exists();
    assert_eq!((mistaken.status.code(), exists("started"), exists("report")), (Some(3), false, false));
}

#[test]
fn signals_are_passed_on() {
    // The command sends SIGTERM to the server's process, which passes it on to the command and keeps waiting.
    let script = "trap 'echo passed on; exit 9' TERM; kill $PPID; while :; do :; done";
    let (output, _) = run(None, &[], script);
    assert_eq!((output.status.code(), str::from_utf8(&output.stdout)), (Some(9), Ok("passed on\n")));
}

#[test]
fn after_a_signal_no_event_is_waited_for() {
    // Nobody accepts the connection, so the event has no answer.
    let handler = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let scenario = format!(
        "
standin: 1
name: events
bitrix24:
  applications: [{{client_id: app, client_secret: client-secret-1}}]
  connectors: [{{id: connector, chat_group: true}}]
  lines: [{{id: 105, connectors: [connector]}}]
  chats: [{{connector: connector, line: 105, id: chat-1, name: Chat}}]
  handlers: [{{event: OnImConnectorMessageAdd, url: \"http://{}/h\"}}]
  events: {{time_limit: 1h}}
",
        handler.local_addr().unwrap()
    );
    let write = "$STANDIN act bitrix24.operator.write connector=connector line=105 chat=chat-1 text=Hello > /dev/null";
    let began = std::time::Instant::now();
    let (output, _) = run(Some(&scenario), &[], &format!("trap '' TERM; {write}; kill $PPID"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(began.elapsed().as_secs() < 10, "it was waited for");
}

#[test]
#[cfg(target_os = "linux")]
fn what_a_command_leaves_behind_is_ended() {
    let (output, _) =
        run(None, &[], "tail -f /dev/null & until grep -q tail /proc/$!/comm; do :; done; echo $!");
    let pid: u32 = str::from_utf8(&output.stdout).unwrap().trim().parse().unwrap();
    assert!(stderr(&output).contains("the command left processes behind, which were ended: tail\n"));
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn what_is_expected_and_does_not_come_fails_the_run() {
    let flags = ["--report", "json=report.json", "--report", "junit=report.xml"];
    let (output, folder) = run(Some(SCENARIO), &flags, "true");
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(stderr(&output));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!((&report["good"], &report["exit_code"]), (&json!(false), &json!(1)));
    assert_eq!(report["expectations"][0]["met"], false);
    insta::assert_snapshot!("junit", read("report.xml"));
    let (output, _) = run(Some(SCENARIO), &["--report", "xml=x"], "true");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

/// A scenario with an action whose call may never come, and one whose time does not come.
fn with_actions() -> String {
    let actions = "
actions:
  - {do: bitrix24.operator.close, with: {connector: connector, line: 105, chat: chat-1}, after: {on: bitrix24.server.time, call: 2}}
  - {do: bitrix24.line.delete, with: {line: 105}, at: 100h}
";
    SCENARIO.split("expect:").next().unwrap().to_owned() + actions
}

#[test]
fn actions_that_were_not_performed_are_named_in_every_report() {
    let flags = ["--report", "json=report.json", "--report", "junit=report.xml"];
    let (output, folder) = run(Some(&with_actions()), &flags, CALL);
    let text = stderr(&output);
    let waits = "it waits for successful call 2 of `bitrix24.server.time`: 1 has come";
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("`bitrix24.operator.close` is performed; {waits}\n")), "{text}");
    let note = "note: action 2 of the scenario, `bitrix24.line.delete`, was not performed: its time by the scenario's clock, ";
    assert!(text.contains(note) && text.contains("0 of 1 expectations met"), "{text}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(report["expectations"][0]["name"], "action 1 of the scenario");
    assert_eq!(report["expectations"][0]["found"], waits);
    let left = &report["actions_left"];
    assert_eq!(
        (&left[0]["name"], &left[0]["do"]),
        (&json!("action 2 of the scenario"), &json!("bitrix24.line.delete"))
    );
    assert_eq!(left.as_array().map(Vec::len), Some(1));
    let junit = read("report.xml");
    assert!(
        junit.contains("tests=\"2\" failures=\"1\"") && junit.contains("\nnote: action 2 of the scenario"),
        "{junit}"
    );
    // The second call comes: nothing fails, and what lies ahead is still named.
    let (output, _) = run(Some(&with_actions()), &[], &format!("{CALL}; {CALL}"));
    assert!(output.status.code() == Some(0) && stderr(&output).contains(note), "{}", stderr(&output));
}

#[test]
fn a_run_that_is_stopped_by_time_says_what_it_waited_for() {
    let stopped = |flags: &[&str], scenario: &str| {
        let flags: Vec<_> = flags.iter().flat_map(|end| ["--until", *end]).collect();
        let (output, _) = run(Some(scenario), &flags, "while :; do :; done");
        let text = stderr(&output).to_owned();
        let line = text.lines().find_map(|line| line.strip_prefix("standin: the command was stopped: "));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let actions = with_actions();
    assert_eq!(stopped(&["1ms"], &actions), "1ms have passed");
    let named = "1ms have passed; still waited for: `action 1 of the scenario`, 1 action that is due later";
    assert_eq!(stopped(&["expectations", "1ms"], &actions), named);
    assert_eq!(stopped(&["expectations", "1ms"], SCENARIO), "1ms have passed; still waited for: `renamed`");
    let idle = "1ms have passed; still waited for: a first call or an answered event, 2 actions";
    assert_eq!(stopped(&["idle", "1ms"], &actions), idle);
    let nothing = SCENARIO.split("expect:").next().unwrap();
    let none = "1ms have passed; still waited for: an expectation, which the scenario does not have";
    assert_eq!(stopped(&["expectations", "1ms"], nothing), none);
    let never = format!("{nothing}expect: [{{name: none, on: bitrix24.server.time, calls: never}}]");
    let came = "1ms have passed; still waited for: a first call or an answered event";
    assert_eq!(stopped(&["expectations", "1ms"], &never), came);
}

#[test]
fn a_workflow_of_github_gets_annotations_and_a_summary() {
    let script = "exec $STANDIN run inner.yaml -- true";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("inner.yaml"), SCENARIO).unwrap();
    let output = Command::new("sh")
        .args(["-c", script])
        .current_dir(&folder)
        .env("STANDIN", BINARY)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", "summary.md")
        .output()
        .unwrap();
    let annotation = "::error title=standin: renamed::`renamed` is not met: expected at least 1 call";
    assert!(stderr(&output).contains(annotation), "{}", stderr(&output));
    insta::assert_snapshot!("summary", fs::read_to_string(folder.path().join("summary.md")).unwrap());
}

#[test]
fn a_run_without_a_request_is_told_and_may_fail() {
    let (output, _) = run(None, &[], "true");
    let warning = "warning: no request came: does the command call the URLs in its environment and, with --tls, trust `STANDIN_CA`?\n";
    assert!(output.status.code() == Some(0) && stderr(&output).starts_with(warning), "{}", stderr(&output));
    let flags = ["--require-requests", "--report", "json=report.json", "--report", "junit=report.xml"];
    let (output, folder) = run(None, &flags, "true");
    assert_eq!(
        (output.status.code(), stderr(&output).starts_with("error: no request came")),
        (Some(1), true)
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(
        (&report["good"], &report["requests"]),
        (&json!(false), &json!({"required": true, "came": false}))
    );
    assert!(read("report.xml").contains("tests=\"2\" failures=\"1\""), "{}", read("report.xml"));
    assert_eq!(
        run(None, &["--require-requests"], "exit 7").0.status.code(),
        Some(7),
        "the command's own code"
    );
    assert_eq!(run(None, &["--require-requests"], "$STANDIN health $STANDIN_URL").0.status.code(), Some(1));
    let (output, _) = run(None, &["--require-requests"], CALL);
    assert_eq!((output.status.code(), stderr(&output).contains("no request")), (Some(0), false));
}

/// A script that asks Bitrix24 for the time. `standin health` asks whatever its URL says.
const CALL: &str = "$STANDIN health \"${BITRIX24_WEBHOOK_URL}server.time?\" > /dev/null 2>&1; true";

#[test]
fn a_finished_run_is_explained_from_its_report() {
    let (output, folder) = run(None, &["--report", "json=report.json"], &format!("{CALL}; {CALL}"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let explain = |arguments: &[&str]| {
        let mut command = Command::new(BINARY);
        command.args(["explain", "--report", "report.json"]).args(arguments).current_dir(&folder);
        command.output().unwrap()
    };
    let text = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();
    let newest = explain(&[]);
    assert!(text(&newest).starts_with("exchange 2 at "), "{newest:?}");
    assert!(text(&explain(&["1"])).starts_with("exchange 1 at "));
    let json: Value = serde_json::from_str(&text(&explain(&["1", "--format", "json"]))).unwrap();
    assert_eq!((&json["number"], &json["response"]["status"]), (&json!(1), &json!(200)));
    let report = fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert!(!report.contains("webhook-secret") && report.contains("server.time"), "{report}");
    let missing = explain(&["3"]);
    let message = "standin: the report has no such exchange 3\nhelp: it has 1 (200), 2 (200)\n";
    assert_eq!((missing.status.code(), stderr(&missing)), (Some(1), message));
    let elsewhere = explain(&["--namespace", "x"]);
    assert_eq!(elsewhere.status.code(), Some(1), "{elsewhere:?}");
    let told = "standin: the report has no namespace `x`\nhelp: it has only exchanges of the main scenario\n";
    assert_eq!(stderr(&elsewhere), told);
    fs::write(folder.path().join("report.json"), "{}").unwrap();
    assert!(stderr(&explain(&[])).contains("has no exchanges"));
    fs::write(folder.path().join("report.json"), "<xml>").unwrap();
    let broken = explain(&[]);
    assert!(
        broken.status.code() == Some(3) && stderr(&broken).contains("is no report in JSON"),
        "{broken:?}"
    );
}

#[test]
fn a_report_is_explained_from_the_newest_exchange_that_was_refused() {
    // A wrong secret is one for the main scenario; health asks whatever its URL says.
    let call = |secret: &str, method: &str| {
        format!("$STANDIN health \"$STANDIN_URL/rest/1/{secret}/{method}?\" > /dev/null 2>&1; true")
    };
    let script = [call("wrong-secret", "profile"), call("webhook-secret", "server.time")].join("; ");
    let (output, folder) = run(None, &["--report", "json=report.json"], &script);
    assert!(
        stderr(&output).ends_with("to see the exchanges: standin explain --report report.json NUMBER\n"),
        "{}",
        stderr(&output)
    );
    let explain = |arguments: &[&str]| {
        let mut command = Command::new(BINARY);
        command.args(["explain", "--report", "report.json"]).args(arguments).current_dir(&folder);
        command.output().unwrap()
    };
    let newest = explain(&[]);
    assert!(newest.stdout.starts_with(b"exchange 1 at "), "{newest:?}");
    assert_eq!(stderr(&newest), "", "there is one namespace only");
    assert!(stderr(&explain(&["9"])).contains("it has 1 (403 INVALID_CREDENTIALS), 2 (200)\n"));
    let path = folder.path().join("report.json");
    let mut report: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let all = report["conversation"]["exchanges"].as_array_mut().unwrap();
    let mut of_namespace = all[0].clone();
    of_namespace["namespace"] = json!("other");
    all.insert(0, of_namespace);
    fs::write(&path, report.to_string()).unwrap();
    let told = "standin: this is exchange 1 of the main scenario; refused exchanges: 1 of `other`, 1 of the main scenario; \
                `--namespace NAME` takes another\n";
    assert_eq!(stderr(&explain(&[])), told);
    assert_eq!(stderr(&explain(&["--namespace", "other"])), "");
    let told = "standin: the report has no namespace `no`\nhelp: it has `other`\n";
    assert_eq!(stderr(&explain(&["1", "--namespace", "no"])), told);
    let (output, _) = run(None, &[], &call("wrong-secret", "profile"));
    let told = "to see the exchanges: add `--report json=FILE`, then standin explain --report FILE NUMBER\n";
    assert!(stderr(&output).ends_with(told), "{}", stderr(&output));
    let told = "refused: bitrix24.profile: 403 `INVALID_CREDENTIALS`: ";
    assert!(stderr(&output).contains(told), "{}", stderr(&output));
    assert!(!stderr(&output).contains("wrong-secret"), "{}", stderr(&output));
    let (output, _) = run(None, &[], CALL);
    let told = stderr(&output);
    assert!(!told.contains("refused") && !told.contains("to see"), "{told}");
}

#[test]
fn a_report_that_cannot_be_written_or_read_says_what_to_do() {
    let (output, _) = run(None, &["--report", "json=no/such/report.json"], CALL);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).ends_with("\nhelp: make the folder `no/such` first\n"), "{}", stderr(&output));
    let missing = Command::new(BINARY).args(["explain", "--report", "no-such.json"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(3));
    assert!(stderr(&missing).contains("\nhelp: `standin run --report json=FILE` writes a report\n"));
}

#[test]
fn a_command_may_ask_for_errors() {
    let script = "$STANDIN health $STANDIN_URL";
    let replay = |flags: &[&str]| {
        let (output, _) = run(None, flags, script);
        str::from_utf8(&output.stdout).unwrap().contains("--allow-prefer")
    };
    assert_eq!((replay(&["--allow-prefer"]), replay(&[])), (true, false));
}

#[test]
fn an_event_of_a_finished_run_is_explained_from_its_report() {
    let scenario = "standin: 1
name: events
clock: {virtual: \"2026-03-17T15:52:41Z\"}
bitrix24:
  credentials: [{token: access-token-1}]
  connectors: [{id: c, chat_group: true}]
  lines: [{id: 105, connectors: [c]}]
  chats: [{connector: c, line: 105, id: chat-1, name: n}]
  handlers:
    - {event: OnImConnectorMessageAdd, name: app}
    - {event: OnImConnectorMessageAdd, url: \"http://127.0.0.1:1/h\"}
";
    let act =
        "$STANDIN act --url $STANDIN_URL bitrix24.operator.write connector=c line=105 chat=chat-1 text=Hi";
    let (output, folder) = run(Some(scenario), &["--report", "json=report.json"], act);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let explain = |arguments: &[&str]| {
        let mut command = Command::new(BINARY);
        command.args(["explain", "--report", "report.json"]).args(arguments).current_dir(&folder);
        command.output().unwrap()
    };
    let text = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();
    let waits = text(&explain(&["e1"]));
    assert!(
        waits.starts_with("event e1: bitrix24.OnImConnectorMessageAdd, because an operator has"),
        "{waits}"
    );
    assert!(waits.contains("it waits because the handler `app` has no URL"), "{waits}");
    let failed = text(&explain(&["e2"]));
    assert!(failed.contains("it has failed, and no more attempt comes"), "{failed}");
    let json: Value = serde_json::from_str(&text(&explain(&["e2", "--format", "json"]))).unwrap();
    assert_eq!(
        (&json["id"], &json["state"], &json["namespace"]),
        (&"e2".into(), &"failed".into(), &Value::Null)
    );
    let missing = explain(&["e3"]);
    let message = "standin: the report has no such event e3\nhelp: it has e1 (waiting), e2 (failed)\n";
    assert_eq!((missing.status.code(), stderr(&missing)), (Some(1), message));
    let elsewhere = explain(&["e1", "--namespace", "x"]);
    let told = "standin: the report has no namespace `x`\nhelp: it has only events of the main scenario\n";
    assert_eq!((elsewhere.status.code(), stderr(&elsewhere)), (Some(1), told));
    let report = fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert!(!report.contains("access-token-1"), "{report}");
    let (_, folder) = run(None, &["--report", "json=report.json"], "true");
    let mut none = Command::new(BINARY);
    let none = none.args(["explain", "--report", "report.json", "e1"]).current_dir(&folder).output().unwrap();
    let told = "standin: the report has no such event e1\nhelp: no event was sent in this run\n";
    assert_eq!((none.status.code(), stderr(&none)), (Some(1), told));
}
