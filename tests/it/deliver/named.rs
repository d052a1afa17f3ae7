//! Handlers that the scenario knows by name, and what the command line says of them.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::receiver::{OK, Receiver};
use super::scenario;
use crate::client::send_to;
use crate::commands::{Serving, standin, stderr, stdout};

const NAMED: &str = "[{event: OnImConnectorMessageAdd, name: app}, {event: OnAppTest, name: app}]";

/// A file with a scenario that has these handlers.
fn file(handlers: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("named.yaml");
    fs::write(&path, scenario(handlers, "")).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

/// Sends JSON to a control interface. Returns status and answer.
fn ask(serving: &Serving, path: &str, body: &Value) -> (u16, Value) {
    let answer = send_to(serving.host(), "POST", path, &[], body.to_string().as_bytes());
    (answer.status(), answer.json())
}

/// Lets an operator write in the world whose control interface is at this path.
fn write(serving: &Serving, control: &str) {
    let with = json!({"connector": "myconnector", "line": 107, "chat": "channel-123", "text": "Hello"});
    let order = json!({"do": "bitrix24.operator.write", "with": with});
    let (status, answer) = ask(serving, &format!("{control}/actions"), &order);
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn a_namespace_gives_a_handler_a_url_of_its_own() {
    let (main, own) = (Receiver::new(), Receiver::new());
    let (_folder, path) = file(NAMED);
    let serving = Serving::start(&[&path, "--handler", &format!("app={}", main.url("/main"))]);
    let make = |body: Value| ask(&serving, "/__standin/namespaces", &body);
    assert_eq!(make(json!({"name": "n1", "handlers": {"app": own.url("/own")}})).0, 201);
    assert_eq!(make(json!({"name": "n2"})).0, 201);
    for (control, receiver, line) in [
        ("/__standin/namespaces/n1", &own, "POST /own HTTP/1.1"),
        ("/__standin/namespaces/n2", &main, "POST /main HTTP/1.1"),
        ("/__standin", &main, "POST /main HTTP/1.1"),
    ] {
        // A reset keeps the URL.
        for _ in 0..2 {
            write(&serving, control);
            let mut caller = receiver.accept();
            assert_eq!(caller.request().unwrap().head.lines().next(), Some(line), "{control}");
            caller.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            assert_eq!(ask(&serving, &format!("{control}/reset"), &json!({})).0, 200);
        }
    }
    let (status, answer) = make(json!({"name": "n3", "handlers": {"ap": own.url("/")}}));
    let help = "the handlers with a name are `app`";
    assert_eq!((status, &answer["help"]), (422, &json!(help)), "{answer}");
    for url in ["127.0.0.1:3000", "", "http://127.0.0.1:99999/", "ftp://127.0.0.1/"] {
        let (status, answer) = make(json!({"name": "n3", "handlers": {"app": url}}));
        let told = answer["standin"].as_str().unwrap();
        assert!(status == 422 && told.contains("no URL of the handler `app`"), "{url}: {status} {answer}");
    }
    assert_eq!(make(json!({"name": "n3"})).0, 201, "what has failed has made nothing");
}

#[test]
fn a_handler_on_the_command_line_is_checked() {
    let (_folder, path) = file(NAMED);
    for (handlers, code, told) in [
        (vec!["app=http://127.0.0.1:1/", "app=http://127.0.0.1:2/"], 2, "`--handler app=…` is given twice"),
        (vec!["ap=http://127.0.0.1:1/"], 2, "help: the handlers with a name are `app`"),
        (vec!["app=http://"], 2, "it has no host"),
        (vec!["app=http://127.0.0.1:99999/"], 2, "`99999` is no port"),
        (vec!["app=http://127.0.0.1:3000/a b"], 2, "it has a space"),
        (vec!["app=127.0.0.1:3000"], 2, "neither `http://` nor `https://`"),
    ] {
        let mut arguments = vec!["serve", &path, "--listen", "127.0.0.1:0"];
        arguments.extend(handlers.iter().flat_map(|handler| ["--handler", *handler]));
        let output = standin(&arguments);
        let said = stderr(&output);
        assert!(output.status.code() == Some(code) && said.contains(told), "{handlers:?}: {said}");
    }
    let (_folder, nameless) = file("[{event: OnAppTest, url: \"http://127.0.0.1:1/\"}]");
    let output =
        standin(&["serve", &nameless, "--listen", "127.0.0.1:0", "--handler", "app=http://127.0.0.1:1/"]);
    assert!(stderr(&output).contains("help: there are no handlers with a name"), "{}", stderr(&output));
}

#[test]
fn the_banner_names_handlers_and_the_application_token() {
    let more = NAMED.replace(']', ", {event: OnAppTest, url: \"http://127.0.0.1:1/h\"}]");
    let (_folder, path) = file(&more);
    let serving = Serving::start(&[&path]);
    for line in [
        "  application token application-token-1",
        "  handler           `app` has no URL: add `--handler app=URL`, or its events wait (OnImConnectorMessageAdd, OnAppTest)",
        "  handler           http://127.0.0.1:1/h (OnAppTest)",
    ] {
        assert!(serving.banner().lines().any(|known| known == line), "{line} in {}", serving.banner());
    }
    let (_folder, without) = file("[]");
    let banner = Serving::start(&[&without]).banner().to_owned();
    assert!(!banner.contains("application token"), "no handler needs the token: {banner}");
    let bound = Serving::start(&[&path, "--handler", "app=http://127.0.0.1:1/app"]);
    let line = "`app` at http://127.0.0.1:1/app (OnImConnectorMessageAdd, OnAppTest)";
    assert!(bound.banner().contains(line), "{}", bound.banner());
}

#[test]
fn what_is_said_of_an_event_of_a_namespace_is_about_that_namespace() {
    let receiver = Receiver::new();
    let status = receiver.url("/h");
    let handlers = NAMED.replace(']', &format!(", {{event: OnImConnectorStatusDelete, url: \"{status}\"}}]"));
    let (_folder, path) = file(&handlers);
    let serving = Serving::start(&[&path]);
    assert_eq!(ask(&serving, "/__standin/namespaces", &json!({"name": "n1"})).0, 201);
    let url = format!("http://{}", serving.host());
    let explain = |event: &str| {
        let output = standin(&["explain", event, "--namespace", "n1", "--url", &url]);
        stdout(&output).to_owned()
    };
    write(&serving, "/__standin/namespaces/n1");
    write(&serving, "/__standin/namespaces/n1");
    let first = explain("e1");
    assert!(first.contains("called `app`, which is bound to this event and has no URL\n"), "{first}");
    assert!(first.contains("`POST /__standin/namespaces/n1/outbox/e1/take`"), "{first}");
    let second = explain("e2");
    assert!(second.contains("`standin explain e1 --namespace n1` says why"), "{second}");
    let (status, answer) =
        ask(&serving, "/__standin/namespaces/n1/outbox/e1/answer", &json!({"status": 200}));
    let help = "`POST /__standin/namespaces/n1/outbox/e1/take` begins an attempt";
    assert_eq!((status, &answer["help"]), (409, &json!(help)));
    ask(&serving, "/__standin/namespaces/n1/outbox/e1/take", &json!({}));
    let taken = explain("e1");
    assert!(taken.contains("`POST /__standin/namespaces/n1/outbox/e1/answer`"), "{taken}");
    let off = json!({"CONNECTOR": "myconnector", "LINE": 107, "ACTIVE": 0, "auth": "access-token-1-n1"});
    let answer = send_to(
        serving.host(),
        "POST",
        "/rest/imconnector.activate",
        &[("content-type", "application/json")],
        off.to_string().as_bytes(),
    );
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let mut caller = receiver.accept();
    caller.request().unwrap();
    caller.send(OK.replace("200 OK", "500 No"));
    let failed = loop {
        let told = explain("e3");
        if told.contains("it has failed") {
            break told;
        }
    };
    assert!(failed.contains("`standin explain 1 --namespace n1` explains it"), "{failed}");
    assert!(failed.contains("`POST /__standin/namespaces/n1/outbox/e3/send` sends it again"), "{failed}");
}

#[test]
fn a_subscription_of_chert_has_a_url_of_its_own_in_a_namespace_too() {
    let (main, own) = (Receiver::new(), Receiver::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hook.yaml");
    let text = "
standin: 1
name: hook
chert:
  tenants:
    - slug: acme
      signing_secret: signing-secret
      lines: [{id: pl, phone_number: '+15555550100'}]
      chats: [{id: ch, group: false, line: pl, participants: ['+14155551234']}]
      subscriptions: [{name: hook, events: [message.received]}]
";
    fs::write(&path, text).unwrap();
    let hook = format!("hook={}", main.url("/main"));
    let serving = Serving::start(&[path.to_str().unwrap(), "--handler", &hook]);
    let body = json!({"name": "n1", "handlers": {"hook": own.url("/own")}});
    assert_eq!(ask(&serving, "/__standin/namespaces", &body).0, 201);
    let order = json!({"do": "chert.recipient.write", "with": {"chat": "ch", "text": "Hello"}});
    for (control, receiver, line) in [
        ("/__standin/namespaces/n1", &own, "POST /own HTTP/1.1"),
        ("/__standin", &main, "POST /main HTTP/1.1"),
    ] {
        let (status, answer) = ask(&serving, &format!("{control}/actions"), &order);
        assert_eq!(status, 200, "{answer}");
        let mut caller = receiver.accept();
        assert_eq!(caller.request().unwrap().head.lines().next(), Some(line), "{control}");
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let (status, answer) =
        ask(&serving, "/__standin/namespaces", &json!({"handlers": {"hok": own.url("/")}}));
    assert_eq!((status, &answer["help"]), (422, &json!("the handlers with a name are `hook`")), "{answer}");
}
