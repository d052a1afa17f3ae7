//! The subcommands of the built binary: their output and their exit codes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::{fs, thread};

use crate::client;

const BINARY: &str = env!("CARGO_BIN_EXE_standin");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs the binary to its end.
pub fn standin(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).current_dir(ROOT).env("NO_COLOR", "1").output().unwrap()
}

pub fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A running `standin serve` and its output so far.
pub struct Serving {
    child: Child,
    banner: String,
    rest: Option<thread::JoinHandle<String>>,
}

impl Serving {
    /// Starts on a free port and waits for the last line of the banner.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(BINARY);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(ROOT)
            .env("NO_COLOR", "1");
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("stop with Ctrl-C") {
            assert_ne!(lines.read_line(&mut banner).unwrap(), 0, "it ended early: {banner}");
        }
        let rest = thread::spawn(move || {
            let mut rest = String::new();
            lines.read_to_string(&mut rest).unwrap();
            rest
        });
        Self { child, banner, rest: Some(rest) }
    }

    fn url(&self) -> &str {
        self.banner.split_whitespace().find(|word| word.starts_with("http://")).unwrap()
    }

    /// What it said at the start.
    pub fn banner(&self) -> &str {
        &self.banner
    }

    /// Address and port.
    pub fn host(&self) -> &str {
        self.url().trim_start_matches("http://")
    }

    /// Sends a signal and waits for the end. Returns the exit status and the output after the banner.
    fn stop(mut self, signal: &str) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("sh").args(["-c", &format!("kill {signal} {pid}")]).status().unwrap().success());
        (self.child.wait().unwrap(), self.rest.take().unwrap().join().unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends the request of a printed curl command. Returns the body of the response.
fn paste(command: &str) -> String {
    let words = shell_words(command);
    assert_eq!(words[0], "curl");
    let after = |flag: &str| {
        words
            .iter()
            .zip(&words[1..])
            .filter(|(word, _)| *word == flag)
            .map(|(_, next)| next.as_str())
            .collect::<Vec<_>>()
    };
    let url = words.iter().find(|word| word.starts_with("http://")).expect("a URL");
    let (host, target) = url["http://".len()..].split_once('/').expect("a path");
    let headers: Vec<_> =
        after("-H").iter().map(|header| header.split_once(": ").expect("a header field")).collect();
    let body = after("-d").concat();
    let response = client::send_to(host, after("-X")[0], &format!("/{target}"), &headers, body.as_bytes());
    response.text().to_owned()
}

/// The words of a command as a shell splits them. Knows single quotes, and a backslash at the end of a line.
fn shell_words(command: &str) -> Vec<String> {
    let command = command.replace("\\\n", " ");
    let (mut words, mut word, mut quoted, mut escaped) = (Vec::new(), None::<String>, false, false);
    for c in command.chars() {
        match c {
            _ if escaped => {
                word.get_or_insert_default().push(c);
                escaped = false;
            }
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if !quoted => escaped = true,
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    assert!(!quoted && !escaped, "the command is complete: {command}");
    words.extend(word);
    words
}

/// The curl commands in a text. A command continues on the next line after a backslash.
fn curl_commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("curl ") {
            let mut command = line.to_owned();
            while command.ends_with('\\') {
                command.push('\n');
                command.push_str(lines.next().unwrap());
            }
            commands.push(command);
        }
    }
    commands
}

#[test]
fn the_banner_names_what_is_served_and_its_commands_work_when_pasted() {
    let serving = Serving::start(&["--log", "off"]);
    for part in
        ["serves `default` (built in)", "seed 1", "/rest/1/webhook-secret/", "access-token", "acme-7a3f"]
    {
        assert!(serving.banner.contains(part), "{part} in {}", serving.banner);
    }
    let answers: Vec<_> = curl_commands(&serving.banner).iter().map(|command| paste(command)).collect();
    assert_eq!(answers.len(), 2, "{}", serving.banner);
    assert!(
        answers[0].starts_with(r#"{"result":{"SUCCESS":true,"DATA":{"RESULT":{}}},"time":{"start":"#),
        "{}",
        answers[0]
    );
    assert_eq!(
        answers[1],
        r#"{"chat":{"id":"ch_01H","display_name":"Acme launch crew","group_chat_icon":null,"is_group":true}}"#
    );
    let url = serving.url().to_owned();
    for operation in ["imconnector.chat.name.set", "bitrix24.batch", "chert.chats.rename"] {
        let printed = standin(&["curl", operation, "--url", &url]);
        assert!(printed.status.success(), "{}", stderr(&printed));
        let answer = paste(&curl_commands(stdout(&printed))[0]);
        assert!(answer.contains("SUCCESS") || answer.contains("is_group"), "{operation}: {answer}");
    }
    let printed = standin(&["curl", "oauth.token", "--url", &url]);
    let answer = paste(&curl_commands(stdout(&printed))[0]);
    assert!(answer.starts_with(r#"{"access_token":"#), "{answer}");
    let (status, said) = serving.stop("-INT");
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_signal_ends_it_well() {
    for signal in ["-TERM", "-INT"] {
        let (status, _) = Serving::start(&[]).stop(signal);
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[test]
fn the_port_file_appears_once_requests_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    let serving = Serving::start(&["--port-file", path.to_str().unwrap(), "--workers", "2", "--tag"]);
    // The banner is printed before the file is written: wait until the file exists.
    while !path.exists() {
        thread::yield_now();
    }
    let port = fs::read_to_string(&path).unwrap();
    assert!(serving.url().ends_with(&format!(":{}", port.trim())));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    let get = |target: &str| client::send_to(serving.host(), "GET", target, &[], b"");
    assert_eq!(get("/__standin/health").header("x-standin-exchange"), None);
    assert_eq!(get("/rest/x").header("x-standin-exchange"), Some("1"));
    assert_eq!(get("/api/v1/x").header("x-standin-exchange"), Some("2"));
    serving.stop("-TERM");
    assert!(!path.exists(), "it is removed at the end");
}

#[test]
fn the_port_file_has_the_https_port_in_its_second_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    let serving = Serving::start(&["--tls-listen", "127.0.0.1:0", "--port-file", path.to_str().unwrap()]);
    while !path.exists() {
        thread::yield_now();
    }
    let text = fs::read_to_string(&path).unwrap();
    let [http, https] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
    assert!(serving.url().ends_with(&format!(":{http}")));
    assert!(serving.banner.contains(&format!("https://127.0.0.1:{https}\n")), "{}", serving.banner);
    fs::write(&path, "1\n").unwrap();
    serving.stop("-TERM");
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n", "it is another server's by now");
}

#[test]
fn exchanges_are_logged_without_secrets() {
    let serving = Serving::start(&["--log", "json"]);
    for command in curl_commands(&serving.banner) {
        paste(&command);
    }
    client::send_to(serving.host(), "GET", "/rest/1/webhook-secret/nothing", &[], b"");
    client::send_to(serving.host(), "POST", "/__standin/namespaces", &[], br#"{"name": "logged"}"#);
    client::send_to(serving.host(), "GET", "/rest/1/webhook-secret-logged/nothing", &[], b"");
    let body = r#"{"CONNECTOR":"access-token","LINE":"105","CHAT_ID":"x","NAME":"n","USER_ID":"1"}"#;
    let target = "/rest/1/webhook-secret/imconnector.chat.name.set";
    let json = [("content-type", "application/json")];
    client::send_to(serving.host(), "POST", target, &json, body.as_bytes());
    let (_, said) = serving.stop("-TERM");
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5, "{said}");
    assert!(lines[4]["remark"].as_str().unwrap().contains("`***`"), "{said}");
    assert_eq!((lines[2].get("namespace"), &lines[3]["namespace"]), (None, &"logged".into()));
    assert_eq!(
        (&lines[0]["operation"], &lines[0]["status"]),
        (&"bitrix24.imconnector.chat.name.set".into(), &200.into())
    );
    assert_eq!(lines[2]["error"], "ERROR_METHOD_NOT_FOUND");
    assert!(
        !said.contains("webhook-secret") && !said.contains("5f4dcc") && !said.contains("access-token"),
        "{said}"
    );
}

#[test]
fn an_event_that_a_test_takes_and_answers_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("named.yaml");
    let yaml = "
standin: 1
name: named
bitrix24:
  applications: [{client_id: app, client_secret: client-secret-1}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Chat}]
  handlers: [{event: OnImConnectorMessageAdd, name: app}]
";
    std::fs::write(&path, yaml).unwrap();
    let serving = Serving::start(&["--log", "json", path.to_str().unwrap()]);
    let ask = |path: &str, body: &str| {
        let answer =
            client::send_to(serving.host(), "POST", &format!("/__standin{path}"), &[], body.as_bytes());
        assert_eq!(answer.status(), 200, "{}", answer.text());
        answer.text().to_owned()
    };
    let with = r#"{"connector": "connector", "line": 105, "chat": "chat-1", "text": "Hello"}"#;
    ask("/actions", &format!(r#"{{"do": "bitrix24.operator.write", "with": {with}}}"#));
    let taken = ask("/outbox/e1/take", "");
    ask("/outbox/e1/answer", r#"{"status": 204}"#);
    let token = taken.split("access_token%5D=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let (_, said) = serving.stop("-TERM");
    let line: serde_json::Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!((&line["message"], &line["number"]), (&"delivery".into(), &"e1".into()));
    assert_eq!((&line["state"], &line["status"]), (&"delivered".into(), &204.into()));
    assert!(!said.contains(&token), "{said}");
}

#[test]
fn a_client_that_takes_the_http_port_for_https_is_told_of_in_the_log() {
    let serving = Serving::start(&["--log", "json"]);
    let hello = [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0];
    let ended = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(serving.host()).unwrap();
        stream.write_all(bytes).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    };
    ended(b"\0 is not HTTP either\r\n\r\n");
    ended(&hello);
    let (_, said) = serving.stop("-TERM");
    let lines: Vec<_> = said.lines().filter(|line| line.contains("TLS handshake on the http port")).collect();
    assert_eq!(lines.len(), 1, "{said}");
}

#[test]
fn an_exchange_of_a_namespace_is_explained() {
    let serving = Serving::start(&[]);
    let explain = |arguments: &[&str]| standin(&[&["explain", "--url", serving.url()], arguments].concat());
    assert_eq!(explain(&[]).status.code(), Some(1));
    client::send_to(serving.host(), "POST", "/__standin/namespaces", &[], br#"{"name": "test_retry"}"#);
    client::send_to(serving.host(), "GET", "/rest/1/webhook-secret-test_retry/nothing", &[], b"");
    for arguments in [&[][..], &["--namespace", "test_retry"], &["--namespace", "test_retry", "1"]] {
        let explained = explain(arguments);
        assert!(stdout(&explained).starts_with("exchange 1 of namespace test_retry at "), "{explained:?}");
    }
    let missing = explain(&["--namespace", "test_retry", "2"]);
    let message = "standin: the journal of namespace `test_retry` has no exchange `2`\nhelp: it has 1 to 1\n";
    assert_eq!((missing.status.code(), stderr(&missing)), (Some(1), message));
    let unknown = explain(&["--namespace", "other"]);
    let message = "standin: there is no namespace `other`\nhelp: there are `test_retry`\n";
    assert_eq!(stderr(&unknown), message);
    let wrong = explain(&["--namespace", "test-retry"]);
    assert_eq!((wrong.status.code(), stderr(&wrong).contains("`a` to `z`")), (Some(2), true), "{wrong:?}");
}

#[test]
fn explain_without_a_server_says_what_to_type() {
    let explain = |url: &str| standin(&["explain", "--url", url]);
    for (url, code, help) in [
        ("127.0.0.1:8091", 2, "type `http://127.0.0.1:8091`"),
        ("https://127.0.0.1:8091", 2, "type its http URL, which every server has"),
        ("ftp://127.0.0.1", 2, "type `http://127.0.0.1:8080`"),
        // Nothing listens on port 1.
        (
            "http://127.0.0.1:1",
            3,
            "`--url` names a running server, and `--report FILE` the report of a finished run: the server of `standin run` ends with the run, and `standin run --report json=FILE` keeps its exchanges",
        ),
    ] {
        let output = explain(url);
        assert_eq!(output.status.code(), Some(code), "{url}");
        assert!(stderr(&output).ends_with(&format!("\nhelp: {help}\n")), "{}", stderr(&output));
    }
}

#[test]
fn one_row_of_the_editions_is_printed_alone() {
    let row = standin(&["catalog", "--editions", "22"]);
    let text = stdout(&row);
    assert!(text.contains("\n 22  ") && !text.contains("\n 21  ") && !text.contains("\n 23  "), "{text}");
    let json = standin(&["catalog", "--editions", "22", "--format", "json"]);
    let rows: serde_json::Value = serde_json::from_str(stdout(&json)).unwrap();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["number"]), (1, &22.into()));
    let none = standin(&["catalog", "--editions", "200"]);
    assert_eq!((none.status.code(), stdout(&none)), (Some(1), ""));
    assert!(stderr(&none).contains("there is no row 200"), "{}", stderr(&none));
    let all: serde_json::Value =
        serde_json::from_str(stdout(&standin(&["catalog", "--editions", "--format", "json"]))).unwrap();
    let mut items: Vec<_> = all.as_array().unwrap().iter().map(|row| row["item"].to_string()).collect();
    let count = items.len();
    items.sort_unstable();
    items.dedup();
    assert_eq!(items.len(), count, "two rows have one title");
}

#[test]
fn a_taken_port_is_one_clear_message() {
    let serving = Serving::start(&[]);
    let address = serving.host().to_owned();
    let second = standin(&["serve", "--listen", &address]);
    assert_eq!(second.status.code(), Some(3));
    assert_eq!(
        stderr(&second),
        format!(
            "standin: cannot listen on {address}: the port is taken\nhelp: stop the other server, or pick another port with `--listen 127.0.0.1:0`\n"
        )
    );
}

#[test]
fn what_cannot_start_says_why_and_starts_nothing() {
    let missing = standin(&["serve", "no-such.yaml"]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(stderr(&missing).starts_with("standin: cannot read `no-such.yaml`: "), "{}", stderr(&missing));
    assert!(stderr(&missing).contains("\nhelp: name a scenario in YAML"), "{}", stderr(&missing));
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.yaml");
    fs::write(&bad, "standin: 1\nname: bad\nchertt: {}\n").unwrap();
    let bad = bad.to_str().unwrap();
    let refused = standin(&["serve", bad]);
    assert_eq!((refused.status.code(), stdout(&refused)), (Some(1), ""));
    let checked = standin(&["check", bad]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(stderr(&refused).contains("did you mean `chert`?"), "{}", stderr(&refused));
    assert!(stderr(&checked).starts_with(stderr(&refused).trim_end()), "serve and check say the same");
    let unwritable = standin(&["serve", "--listen", "127.0.0.1:0", "--port-file", "/no/such/folder/port"]);
    assert_eq!(unwritable.status.code(), Some(3), "{}", stderr(&unwritable));
}

#[test]
fn check_reports_all_files_in_every_format() {
    let shipped: Vec<_> = shipped_scenarios();
    let shipped: Vec<_> = shipped.iter().map(|path| path.to_str().unwrap()).collect();
    let fine = standin(&[&["check"], &shipped[..]].concat());
    assert_eq!(fine.status.code(), Some(0), "{}", stderr(&fine));
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one.yaml", "two.yaml"].map(|name| folder.path().join(name));
    fs::write(&one, "standin: 1\nname: one\nsede: 1\nclok: real\n").unwrap();
    fs::write(&two, "standin: 1\nname: two\nchert: {tenants: [{slug: a}]}\n").unwrap();
    let [one, two] = [one.to_str().unwrap(), two.to_str().unwrap()];
    let text = standin(&["check", one, two]);
    assert_eq!((text.status.code(), stdout(&text)), (Some(1), ""));
    for part in
        ["one.yaml:3:1", "one.yaml:4:1", "two.yaml:3:", "did you mean `seed`?", "3 findings in 2 files"]
    {
        assert!(stderr(&text).contains(part), "{part} in {}", stderr(&text));
    }
    let json: serde_json::Value =
        serde_json::from_str(stdout(&standin(&["check", "--format", "json", one, two]))).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 3);
    assert_eq!((&json[0]["file"], &json[0]["line"], &json[0]["column"]), (&one.into(), &3.into(), &1.into()));
    let github = standin(&["check", "--format", "github", one, two]);
    assert_eq!(
        stdout(&github).lines().filter(|line| line.starts_with("::error file=")).count(),
        3,
        "{}",
        stdout(&github)
    );
    assert_eq!(standin(&["check", "no-such.yaml"]).status.code(), Some(3));
}

#[test]
fn check_warns_of_weak_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weak.yaml");
    let yaml = "standin: 1\nname: weak\nbitrix24:\n  applications: [{client_id: app, client_secret: Password}]\n  credentials:\n    - webhook: {user: 1, secret: secret}\n    - {token: access-token}\nchert: {tenants: [{slug: acme, signing_secret: s3cret}]}\n";
    fs::write(&file, yaml).unwrap();
    let file = file.to_str().unwrap();
    let checked = standin(&["check", file]);
    assert_eq!(checked.status.code(), Some(0), "a warning is no finding");
    let told = stderr(&checked);
    assert_eq!(told.matches("warning: this secret ").count(), 3, "{told}");
    assert!(told.contains("this secret is a common word") && told.contains("is shorter than 8 characters"));
    assert!(told.ends_with("0 findings and 3 warnings in 1 file\n"), "{told}");
    let json: serde_json::Value =
        serde_json::from_str(stdout(&standin(&["check", "--format", "json", file]))).unwrap();
    let places: Vec<_> =
        json.as_array().unwrap().iter().map(|found| found["path"].as_str().unwrap()).collect();
    let expected = [
        "bitrix24.applications[0].client_secret",
        "bitrix24.credentials[0].webhook.secret",
        "chert.tenants[0].signing_secret",
    ];
    assert_eq!((places, &json[0]["level"]), (expected.to_vec(), &"warning".into()));
    let github = standin(&["check", "--format", "github", file]);
    assert!(stdout(&github).starts_with("::warning file="), "{}", stdout(&github));
}

#[test]
fn shipped_scenarios_get_no_warning() {
    for path in shipped_scenarios() {
        let text = fs::read_to_string(&path).unwrap();
        let scenario = standin::Scenario::parse("shipped", &text).unwrap();
        assert_eq!(scenario.warnings("shipped", &text).findings(), [], "{}", path.display());
    }
}

#[test]
fn the_catalogue_lists_operations_errors_and_differences() {
    let text = standin(&["catalog"]);
    for part in [
        "bitrix24.imconnector.chat.name.set",
        "chert.chats.rename",
        "CHAT_RENAMING_FAILED",
        "documented: 400 Failed to rename the chat",
        "live: 400 Chat renaming failed",
        "4001",
    ] {
        assert!(stdout(&text).contains(part), "{part}");
    }
    let json: serde_json::Value =
        serde_json::from_str(stdout(&standin(&["catalog", "--format", "json"]))).unwrap();
    let errors = json["bitrix24"]["errors"].as_array().unwrap();
    for key in ["code", "stage", "editions", "source"] {
        assert!(errors.iter().all(|row| !row[key].is_null()), "{key}");
    }
    let one = standin(&["catalog", "4099"]);
    insta::assert_snapshot!(stdout(&one), @"
    Chert
      4099
        501 Not supported for this chat
        of send, 422 Not supported for this chat
        of locations.send, 422 Not supported for this chat
        of chats.create, 501 Group create takes one text part only
        of chats.messages.send, 422 Not supported for this chat
        of chats.participants.add, 422 Not supported for this chat
        of chats.participants.remove, 422 Not supported for this chat
        the group lacks its chat key or its pinned line · stage lookup · only chats.rename, send, locations.send, chats.create, chats.messages.send, messages.edit, chats.mark_read, chats.typing, chats.send_contact, contacts.send, chats.share_contact_info, contacts.share, chats.participants.add, chats.participants.remove, chats.leave · source: page of the rename
    ");
    let one = stdout(&standin(&["catalog", "chat_renaming_failed", "--format", "json"])).to_owned();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&one).unwrap()[0]["code"], "CHAT_RENAMING_FAILED");
    let status = standin(&["catalog", "501"]);
    assert!(
        stderr(&status).ends_with("help: `501` is a status; the errors with it are `4099`\n"),
        "{status:?}"
    );
    let none = standin(&["catalog", "CHAT_RENAME_FAILED"]);
    assert_eq!(none.status.code(), Some(1));
    insta::assert_snapshot!(stderr(&none), @"
    error: no service has the error code or the operation `CHAT_RENAME_FAILED`
      = help: did you mean `CHAT_RENAMING_FAILED`?
    ");
    let operation = standin(&["catalog", "chert.whoami"]);
    insta::assert_snapshot!(stdout(&operation), @"
    Chert
      chert.whoami
        GET /api/v1/whoami: describes the calling tenant and the endpoints that it may call
        source: docs.trychert.com/quickstart
        errors: 2012, 2004, 2013, 2001, 2005, 2007, 2008, 1007, 2011, 3001
    ");
    assert_eq!(stdout(&standin(&["catalog", "whoami"])), stdout(&operation));
    let operation = stdout(&standin(&["catalog", "chert.chats.rename", "--format", "json"])).to_owned();
    let operation: serde_json::Value = serde_json::from_str(&operation).unwrap();
    assert_eq!(operation[0]["name"], "chert.chats.rename");
    assert!(operation[0]["errors"].as_array().unwrap().contains(&"4099".into()), "{operation}");
    let none = standin(&["catalog", "chert.chats.renam"]);
    assert!(stderr(&none).contains("did you mean `chert.chats.rename`?"), "{}", stderr(&none));
    let editions = standin(&["catalog", "--editions"]);
    insta::assert_snapshot!("catalog_editions", stdout(&editions));
    let rows: serde_json::Value =
        serde_json::from_str(stdout(&standin(&["catalog", "--editions", "--format", "json"]))).unwrap();
    assert!(rows.as_array().unwrap().iter().all(|row| row["source"].is_string()));
}

#[test]
fn the_schema_is_printed_as_committed() {
    let committed = fs::read_to_string(Path::new(ROOT).join("schemas/scenario.schema.json")).unwrap();
    assert_eq!(
        stdout(&standin(&["schema"])),
        committed,
        "run `cargo run -- schema > schemas/scenario.schema.json`"
    );
}

#[test]
fn the_page_of_operations_is_the_one_of_the_catalogue() {
    let committed = fs::read_to_string(Path::new(ROOT).join("docs/operations.md")).unwrap();
    let made = standin(&["catalog", "--format", "markdown"]);
    assert_eq!(stdout(&made), committed, "run `cargo run -- catalog --format markdown > docs/operations.md`");
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    for arguments in
        [&["serv"][..], &["serve", "--port", "1"], &["curl"], &["curl", "chert.chat.rename"], &["check"], &[]]
    {
        let output = standin(arguments);
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""), "{arguments:?}");
    }
    assert!(stderr(&standin(&["curl", "chert.chat.rename"])).contains("did you mean `chert.chats.rename`?"));
    assert_eq!(standin(&["--help"]).status.code(), Some(0));
    assert!(stdout(&standin(&["--version"])).starts_with("standin 0."));
}

#[test]
fn shipped_scenarios_tell_editors_their_schema() {
    for path in shipped_scenarios() {
        let text = fs::read_to_string(&path).unwrap();
        let first = "# yaml-language-server: $schema=../schemas/scenario.schema.json\n";
        assert!(text.starts_with(first), "{} begins with {first}", path.display());
    }
}

fn shipped_scenarios() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(ROOT).join("scenarios")).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect()
}

#[test]
fn nobody_who_reads_the_log_holds_nothing_up() {
    for log in ["text", "json"] {
        let mut command = Command::new(BINARY);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--log", log])
            .current_dir(ROOT)
            .env("NO_COLOR", "1");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("stop with Ctrl-C") {
            assert_ne!(lines.read_line(&mut banner).unwrap(), 0);
        }
        // From here on nobody reads the output: first the pipe fills up, then it is closed.
        let serving = Serving { child, banner, rest: None };
        let answered = |times| {
            (0..times).all(|_| client::send_to(serving.host(), "GET", "/rest/x", &[], b"").status() == 404)
        };
        assert!(answered(1_500));
        drop(lines);
        assert!(answered(50));
    }
}

#[test]
fn printed_commands_take_any_secret_and_any_usable_credential() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.yaml");
    let odd = "
standin: 1
name: odd secrets
clock: {virtual: 2024-11-20T15:55:08+02:00}
bitrix24:
  credentials:
    - {webhook: {user: 1, secret: for-crm}, scope: [crm]}
    - {token: \"it's a token\", expires: 2025-01-01T00:00:00Z}
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: \"it's/chat\", name: n}]
chert:
  tenants:
    - slug: acme
      signing_secret: \"x'1\"
      lines: [{id: l, phone_number: \"+15555550100\"}]
      chats: [{id: \"it's/a chat\", group: true, line: l}]
";
    fs::write(&path, odd).unwrap();
    let serving = Serving::start(&[path.to_str().unwrap(), "--log", "off"]);
    let answers: Vec<_> = curl_commands(&serving.banner).iter().map(|command| paste(command)).collect();
    assert!(
        answers.len() == 2 && answers[0].contains("SUCCESS") && answers[1].contains("is_group"),
        "{answers:?}"
    );
}

#[test]
fn the_environment_speaks_where_the_command_line_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    fs::write(&path, "1\n").unwrap();
    let mut command = Command::new(BINARY);
    command.arg("serve").current_dir(ROOT).stderr(Stdio::piped());
    for (name, value) in [
        ("STANDIN_LISTEN", "localhost:0"),
        ("STANDIN_SEED", "17"),
        ("STANDIN_TAG", "1"),
        ("STANDIN_LOG", "off"),
        ("STANDIN_PORT_FILE", path.to_str().unwrap()),
        ("STANDIN_SCENARIO", ""),
        ("STANDIN_WORKERS", ""),
    ] {
        command.env(name, value);
    }
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut banner = String::new();
    while !banner.contains("stop with Ctrl-C") {
        assert_ne!(lines.read_line(&mut banner).unwrap(), 0, "{banner}");
    }
    let serving = Serving { child, banner, rest: None };
    assert!(serving.banner.contains("seed 17") && serving.banner.contains("built in"), "{}", serving.banner);
    assert!(serving.url().ends_with(fs::read_to_string(&path).unwrap().trim()));
    let answer = client::send_to(serving.host(), "GET", "/rest/x", &[], b"");
    assert_eq!(answer.header("x-standin-exchange"), Some("1"));
}
