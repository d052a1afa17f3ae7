//! What `standin run` says of a program that only receives events, or that receives none.

use std::thread;

use serde_json::{Value, json};

use super::receiver::{OK, Receiver};
use super::scenario;
use crate::commands::{standin, stderr};
use crate::run::run;

const HANDLERS: &str = "[{event: OnImConnectorMessageAdd, name: app}]";
const WRITE: &str = "$STANDIN act bitrix24.operator.write connector=myconnector line=107 chat=channel-123 text=Hello > /dev/null";

#[test]
fn a_handler_that_answers_shows_that_the_program_is_there() {
    for answer in [OK, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"] {
        let receiver = Receiver::new();
        let handler = format!("app={}", receiver.url("/"));
        let flags = ["--handler", &handler, "--require-requests", "--report", "json=report.json"];
        let answering = thread::spawn(move || {
            let mut caller = receiver.accept();
            caller.request().unwrap();
            caller.send(answer);
            // The connection stays open until the server has read the answer.
            caller.request().is_none()
        });
        let (output, folder) = run(Some(&scenario(HANDLERS, "")), &flags, WRITE);
        assert!(answering.join().unwrap());
        let said = stderr(&output);
        assert!(output.status.code() == Some(0) && !said.contains("no request came"), "{said}");
        let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["requests"], json!({"required": true, "came": true}));
        assert_eq!(report["unsent"], json!({}));
    }
}

#[test]
fn a_delivery_that_a_fault_made_and_nobody_took_is_told() {
    let fault = "faults: [{name: forger, on: bitrix24.OnImConnectorMessageAdd, deliver: forged}]\n";
    let handler = ["--handler", "app=http://127.0.0.1:1/", "--report", "json=report.json"];
    let (output, folder) = run(Some(&format!("{}\n{fault}", scenario(HANDLERS, ""))), &handler, WRITE);
    let said = stderr(&output);
    let warning = "warning: deliveries that faults made were neither accepted nor refused (1 forged), so they prove nothing: was the handler ready in time?\n";
    assert!(output.status.code() == Some(0) && said.contains(warning), "{said}");
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["unproved"], json!({"forged": 1}));
}

#[test]
fn an_event_that_waits_for_the_clock_is_told() {
    let fault = "faults: [{name: held, on: bitrix24.OnImConnectorMessageAdd, delay: 1h}]\n";
    for (more, count) in [("", 0), (fault, 1)] {
        let scenario = format!("{}\n{more}", scenario(HANDLERS, ""));
        let handler = ["--handler", "app=http://127.0.0.1:1/", "--report", "json=report.json"];
        let (output, folder) = run(Some(&scenario), &handler, WRITE);
        let said = stderr(&output);
        let warning = "warning: 1 event waits for the virtual clock: `POST /__standin/clock` with `{\"advance\": \"next\"}` moves it\n";
        assert_eq!((output.status.code(), said.contains(warning)), (Some(0), count == 1), "{said}");
        let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["waiting_for_clock"], json!(count));
    }
}

#[test]
fn an_event_whose_handler_has_no_url_is_told() {
    let (output, folder) = run(
        Some(&scenario(HANDLERS, "")),
        &["--report", "json=report.json", "--require-requests"],
        &format!("{WRITE}; {WRITE}"),
    );
    let said = stderr(&output);
    let warning = "warning: 2 events wait because the handler `app` has no URL: add `--handler app=URL`\n";
    assert!(output.status.code() == Some(1) && said.contains(warning), "{said}");
    assert!(said.contains("error: no request came"), "{said}");
    let path = folder.path().join("report.json");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(report["unsent"], json!({"app": 2}));
    let explained = standin(&["explain", "--report", path.to_str().unwrap()]);
    let told = "standin: the report has events and no exchanges\nhelp: name an event, such as e2\n";
    assert_eq!((explained.status.code(), stderr(&explained)), (Some(1), told));
    // A program that calls, and whose events all have a URL, hears nothing of it.
    let (output, _) =
        run(None, &[], "$STANDIN health \"${BITRIX24_WEBHOOK_URL}server.time?\" > /dev/null 2>&1; true");
    assert!(!stderr(&output).contains("wait"), "{}", stderr(&output));
}

#[test]
fn an_action_that_is_typed_badly_or_sent_to_another_server_is_told() {
    let receiver = Receiver::new();
    let (port, url) = (receiver.port(), receiver.url(""));
    let other = thread::spawn(move || {
        let mut caller = receiver.accept();
        caller.request().unwrap();
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    });
    let output = standin(&["act", "bitrix24.app.install", "--url", &url]);
    other.join().unwrap();
    let told = format!("standin: http://127.0.0.1:{port} is no standin: it answers with status 200\n");
    assert!(output.status.code() == Some(1) && stderr(&output).starts_with(&told), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
    let output = standin(&["act", "bitrix24.operator.write", "text=x", "line=1", "text=y", "--url", &url]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("standin: `text` is given twice\n"), "{}", stderr(&output));
}
