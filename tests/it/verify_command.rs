//! The command `standin verify`: credentials, exit codes, reports, and what it does when it is stopped.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::drift::Drifting;
use crate::verify::CHERT;

const TENANT: &[(&str, &str)] = &[
    ("CHERT_TENANT", "acme"),
    ("CHERT_SIGNING_SECRET", "secret-of-the-tenant"),
    ("BITRIX24_ACCESS_TOKEN", ""),
];

fn command(url: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.args(["verify", url]).args(arguments).env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exit code, stdout and stderr.
fn ended(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn ran(url: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    ended(&command(url, arguments, variables).output().unwrap())
}

fn url(server: &Drifting) -> String {
    format!("http://127.0.0.1:{}", server.port())
}

#[test]
fn what_holds_and_what_differs_is_told_in_all_forms() {
    let folder = tempfile::tempdir().unwrap();
    let [json, junit] = ["verify.json", "verify.xml"].map(|name| folder.path().join(name));
    let forms = [format!("json={}", json.display()), format!("junit={}", junit.display())];
    let only = "whoami: *";
    let arguments =
        ["--service", "chert", "--rate", "0", "--only", only, "--report", &forms[0], "--report", &forms[1]];
    for (drifts, code, result) in [(&[][..], 0, "holds"), (&[1], 1, "differs")] {
        let server = Drifting::start(CHERT, drifts);
        let (ended, stdout, stderr) = ran(&url(&server), &arguments, TENANT);
        assert_eq!((ended, stderr.as_str()), (Some(code), ""), "{stdout}");
        let written: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
        let success =
            written["checks"].as_array().unwrap().iter().find(|check| check["name"] == "whoami: success");
        let success = success.unwrap();
        let names: Vec<_> = success.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["name", "result", "differences", "why"]);
        assert_eq!(success["result"], result);
        let junit = std::fs::read_to_string(&junit).unwrap();
        assert!(
            junit.contains("<testcase classname=\"standin.verify\" name=\"whoami: 2013 old signature\"/>"),
            "{junit}"
        );
        assert!(junit.contains("<skipped message="), "{junit}");
        if code == 1 {
            let first = &success["differences"][0];
            assert_eq!(first["at"], "body.tenant");
            assert_eq!(first["actual"], "absent");
            assert_eq!(first["source"], "decision");
            assert!(
                junit.contains("<failure message=\"at body.tenant: expected a text, actual absent"),
                "{junit}"
            );
            assert!(
                stdout
                    .starts_with("differs: whoami: success\n  sent: GET /api/v1/whoami\n  at body.tenant\n"),
                "{stdout}"
            );
        }
    }
}

#[test]
fn what_cannot_begin_or_is_typed_wrong_is_told() {
    let server = Drifting::start(CHERT, &[]);
    let here = url(&server);
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port())
    };
    let chert = &["--service", "chert"];
    let portal = &["--service", "bitrix24"];
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "CHERT_TENANT=acme\nsecret-of-the-tenant\n").unwrap();
    let of_file = ["--service", "chert", "--env-file", file.path().to_str().unwrap()];
    let webhook = &[("BITRIX24_WEBHOOK_URL", "https://other.bitrix24.com/rest/1/secret-of-the-webhook/")];
    let broken = &[("BITRIX24_WEBHOOK_URL", "http://localhost/secret-of-the-webhook/")];
    let in_url = "https://other.bitrix24.com/rest/1/secret-of-the-webhook/";
    let user = "https://secret-of-the-webhook@example.com";
    for (url, arguments, variables, code, told) in [
        (here.as_str(), &chert[..], &[][..], 3, "set `CHERT_TENANT` and `CHERT_SIGNING_SECRET`"),
        (&here, portal, &[], 3, "set `BITRIX24_ACCESS_TOKEN`, `BITRIX24_WEBHOOK_URL`"),
        (&here, portal, webhook, 3, "`BITRIX24_WEBHOOK_URL` is of another server"),
        (&here, portal, broken, 3, "it ends in `/rest/USER/SECRET/`"),
        (&closed, chert, TENANT, 3, "nothing listens there"),
        ("https://standin.invalid", chert, TENANT, 3, "`standin.invalid` has no address"),
        ("http://example.com", chert, TENANT, 2, "begin the URL with `https://`"),
        (
            "https://example.com",
            &["--service", "chert", "--rate", "0"],
            TENANT,
            2,
            "`--rate 0` is for servers on this machine",
        ),
        (in_url, portal, &[], 2, "it has more than scheme, host and port"),
        ("https://example.com#a", portal, &[], 2, "it has more than scheme, host and port"),
        (
            &here,
            portal,
            &[("BITRIX24_WEBHOOK_URL", "secret-of-the-webhook")],
            3,
            "`BITRIX24_WEBHOOK_URL` is no URL",
        ),
        (
            &here,
            chert,
            &[("CHERT_TENANT", "acme\r"), ("CHERT_SIGNING_SECRET", "secret-of-the-tenant")],
            3,
            "`CHERT_TENANT` begins or ends with a blank",
        ),
        (
            &here,
            chert,
            &[("CHERT_TENANT", "acme"), ("CHERT_SIGNING_SECRET", "secret-of\nthe-tenant")],
            3,
            "`CHERT_SIGNING_SECRET` begins or ends",
        ),
        (&here, &["--service", "chert", "--only", ""], TENANT, 2, "a value is required for '--only"),
        (
            &here,
            &["--service", "chert", "--report", "json=/no/such/x.json"],
            TENANT,
            3,
            "make the folder `/no/such` first",
        ),
        (
            &here,
            &["--service", "chert", "--report", "json=/tmp/x", "--report", "junit=/tmp/x"],
            TENANT,
            2,
            "name a file for each",
        ),
        (user, portal, &[], 2, "credentials are read from the environment"),
        ("example.com", chert, TENANT, 2, "it begins with neither `http://`"),
        (&here, &of_file, &[], 2, "line 2 is not `KEY=VALUE`"),
        (
            &here,
            &["--service", "chert", "--env-file", "/no/such/file"],
            &[],
            3,
            "cannot read `/no/such/file`",
        ),
        (&here, &["--service", "chert", "--only", "standin"], TENANT, 2, "no check has such a name"),
        (
            &here,
            &["--service", "bitrix24", "--chat", "a:b"],
            &[("BITRIX24_ACCESS_TOKEN", "t")],
            2,
            "`--chat CONNECTOR:LINE:CHAT_ID`",
        ),
        (
            &here,
            &["--service", "bitrix24", "--chat", "a:b:c"],
            &[("BITRIX24_ACCESS_TOKEN", "t")],
            2,
            "`b` is no number of a line",
        ),
        (&here, &["--service", "other"], TENANT, 2, "possible values: bitrix24, chert"),
        (&here, &["--service", "chert", "--report", "html=x"], TENANT, 2, "type `json=FILE` or `junit=FILE`"),
        (&here, &["--service", "chert", "--rate", "fast"], TENANT, 2, "no number of requests a second"),
    ] {
        let (ended, stdout, stderr) = ran(url, arguments, variables);
        assert_eq!(ended, Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
        assert!(!format!("{stdout}{stderr}").contains("secret-of"), "{stderr}");
        assert_eq!(stdout, "", "{arguments:?}");
    }
}

#[test]
fn credentials_come_from_a_file_and_a_missing_one_is_told() {
    let server = standin::Server::from_text(&crate::verify::portal("documented", "wire")).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!(
        "# of the portal\nexport BITRIX24_WEBHOOK_URL='{}/rest/1/secret-of-the-webhook/'\n",
        server.url()
    );
    std::fs::write(file.path(), text).unwrap();
    let arguments = ["--service", "bitrix24", "--rate", "0", "--env-file", file.path().to_str().unwrap()];
    let (code, stdout, stderr) = ran(server.url(), &arguments, &[]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let lacks =
        "needs `BITRIX24_CLIENT_ID`, `BITRIX24_CLIENT_SECRET` and a `BITRIX24_TOKEN_URL` of this server";
    assert!(stdout.contains(lacks), "{stdout}");
    assert!(stdout.contains("   1 documented: webhook call of an imconnector method"), "{stdout}");
}

#[test]
fn a_redirect_is_not_followed() {
    let asked = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&asked);
    let server = Drifting::with(CHERT, move |asked, answer| {
        counted.fetch_add(usize::from(asked.path == "/elsewhere"), Ordering::SeqCst);
        answer.status = 307;
        answer.headers.push(("location".to_owned(), "/elsewhere".to_owned()));
    });
    let (code, stdout, _) =
        ran(&url(&server), &["--service", "chert", "--rate", "0", "--only", "whoami"], TENANT);
    assert_eq!(code, Some(1));
    assert!(stdout.contains("  at status\n    expected: 200\n    actual:   307\n"), "{stdout}");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn when_it_is_stopped_it_gives_the_open_request_up_and_puts_back_what_it_has_changed() {
    for signal in [Signal::INT, Signal::TERM] {
        let child = Arc::<OnceLock<i32>>::default();
        let (stopped, is_first) = (Arc::clone(&child), AtomicBool::new(true));
        let server = Drifting::with(CHERT, move |asked, _| {
            let is_rename = asked.verb == "PUT" && asked.path == "/api/v1/chats/ch_01H";
            // The next rename is that which puts the name back.
            if !is_rename || !is_first.swap(false, Ordering::SeqCst) {
                return;
            }
            let pid = Pid::from_raw(*stopped.wait()).unwrap();
            kill_process(pid, signal).unwrap();
            // The name is another one now, and the answer does not come until the client is gone.
            let stream = asked.stream.as_ref().unwrap();
            assert_eq!({ stream }.read(&mut [0]).unwrap(), 0);
        });
        let before = server.state();
        let arguments = [
            "--service",
            "chert",
            "--rate",
            "0",
            "--chat",
            "ch_01H",
            "--chat-name",
            "Launch",
            "--allow-writes",
            "--only",
            "chats.rename: success",
        ];
        let report: PathBuf = tempfile::tempdir().unwrap().keep().join("verify.json");
        let form = format!("json={}", report.display());
        let mut command = command(&url(&server), &arguments, TENANT);
        let run = command.args(["--report", &form]);
        let spawned = run.spawn().unwrap();
        child.set(i32::try_from(spawned.id()).unwrap()).unwrap();
        let (code, stdout, stderr) = ended(&spawned.wait_with_output().unwrap());
        assert_eq!(code, Some(3), "{stdout}{stderr}");
        assert!(stdout.contains("stopped: the user has stopped it"), "{stdout}");
        assert_eq!(server.state(), before);
        let written: Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
        assert_eq!(written["stopped"], "the user has stopped it");
        assert_eq!(written["left_behind"], serde_json::json!([]));
        std::fs::remove_dir_all(report.parent().unwrap()).unwrap();
    }
}

#[test]
fn who_has_read_enough_of_the_result_loses_neither_report_nor_exit_code() {
    let server = Drifting::start(CHERT, &[1]);
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("verify.json");
    let form = format!("json={}", report.display());
    let arguments = ["--service", "chert", "--rate", "0", "--report", &form];
    let mut child = command(&url(&server), &arguments, TENANT).spawn().unwrap();
    drop(child.stdout.take());
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{told}");
    let written: Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
    assert!(written["checks"].as_array().unwrap().len() > 100);
}

#[test]
fn only_a_whole_run_is_a_success() {
    let limited = Drifting::with(CHERT, |asked, answer| {
        if asked.path == "/api/v1/phone-numbers" {
            answer.status = 429;
        }
    });
    let whole = Drifting::start(CHERT, &[]);
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("verify.json");
    let form = format!("json={}", report.display());
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port())
    };
    for (url, only, code, stopped) in [
        (url(&whole), "whoami: success", 0, ""),
        (url(&limited), "phone_numbers", 3, "the server limits calls: it has answered with status 429"),
        (url(&whole), "attachments.create: success", 3, ""),
        (url(&whole), "chats.messages.list: success", 3, ""),
        (closed, "whoami", 3, "the server cannot be asked: nothing listens there"),
    ] {
        std::fs::write(&report, "an earlier report").unwrap();
        let arguments =
            ["--service", "chert", "--rate", "0", "--chat", "nope", "--only", only, "--report", &form];
        let (ended, stdout, stderr) = ran(&url, &arguments, TENANT);
        assert_eq!(ended, Some(code), "{only}: {stdout}{stderr}");
        let written: Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
        assert_eq!(written["stopped"].as_str().unwrap_or_default(), stopped, "{written:#}");
        let is_empty = only.starts_with("attachments");
        assert_eq!(stderr.contains("the server knows no chat `nope`"), only.starts_with("chats"), "{stderr}");
        assert_eq!(stderr.contains("no check was made"), is_empty, "{stderr}");
    }
}

#[test]
fn a_pause_between_requests_is_no_reason_to_wait_after_a_stop() {
    for signal in [Signal::INT, Signal::TERM] {
        let child = Arc::<OnceLock<i32>>::default();
        let stopped = Arc::clone(&child);
        let server = Drifting::with(CHERT, move |_, _| {
            let pid = Pid::from_raw(*stopped.wait()).unwrap();
            kill_process(pid, signal).unwrap();
        });
        // The next request would be sent after a quarter of an hour.
        let mut command = command(&url(&server), &["--service", "chert", "--rate", "0.001"], TENANT);
        let spawned = command.spawn().unwrap();
        child.set(i32::try_from(spawned.id()).unwrap()).unwrap();
        let (code, stdout, _) = ended(&spawned.wait_with_output().unwrap());
        assert_eq!(code, Some(3), "{stdout}");
        assert!(stdout.contains("stopped: the user has stopped it"), "{stdout}");
    }
}
