//! The bytes of every event and of the settings page, as a raw listener receives them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::send_to;
use crate::commands::Serving;

/// How long a listener waits; only a broken server makes a test wait this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The portal of the documentation's samples. `HANDLER` stands for the address of the listener.
const SCENARIO: &str = r#"
standin: 1
name: events
seed: 1
clock: {virtual: "2026-03-17T14:52:41Z"}
bitrix24:
  edition: EDITION
  applications:
    - {client_id: local.app, client_secret: app-secret-1, user: 27, installed: false, application_token: 831c76b092f9f135d9b6b36c3a720757, scope: [imconnector, imopenlines]}
  users: [{id: 27, name: Klaus, last_name: Weber}]
  credentials:
    - {token: access-token-1, refresh_token: refresh-token-1, client_id: local.app}
  connectors:
    - {id: myconnector, chat_group: true}
    - {id: newcustomconnector, chat_group: true, placement_handler: "http://HANDLER/settings?app=1"}
  lines:
    - {id: 105, connectors: [newcustomconnector]}
    - {id: 107, connectors: [myconnector]}
  chats:
    - connector: myconnector
      line: 107
      id: channel-123
      name: Support
      chat_id: 1807
      sessions:
        - id: 3281
          messages: [{id: 86496, operator: 27, text: "What questions?", external_ids: [ext-msg-005, ext-msg-006]}]
  handlers:
    - {event: OnImConnectorMessageAdd, url: "http://HANDLER/events"}
    - {event: OnImConnectorMessageUpdate, url: "http://HANDLER/events"}
    - {event: OnImConnectorMessageDelete, url: "http://HANDLER/events"}
    - {event: OnImConnectorDialogStart, url: "http://HANDLER/events"}
    - {event: OnImConnectorDialogFinish, url: "http://HANDLER/events"}
    - {event: OnImConnectorStatusDelete, url: "http://HANDLER/events"}
    - {event: OnImConnectorLineDelete, url: "http://HANDLER/events"}
    - {event: OnAppTest, url: "http://HANDLER/events"}
    - {event: OnAppInstall, url: "http://HANDLER/events"}
    - {event: OnAppUninstall, url: "http://HANDLER/events"}
"#;

/// The chat of the sample of Chert's page on replies, with one subscription.
const CHERT: &str = r#"
standin: 1
name: webhooks
seed: 1
clock: {virtual: "2026-05-24T01:35:34Z"}
chert:
  webhooks: {body: FORM}
  new_ids: {inbound: [0D36042D-C551-4CB4-9BE7-853832D6F2FE], attachments: [in_536f2fe3cafef93946d0bf9b4ac2e3ef]}
  tenants:
    - slug: acme-7a3f
      signing_secret: 5f4dcc3b5aa765d61d8327deb882cf99
      lines: [{id: pl_01H, phone_number: "+14152165723"}]
      chats: [{id: 17f6e9ed-..., group: false, line: pl_01H, participants: ["+14155551234"], conversation: cv_01H, messages: [{id: msg_01H, text: "When do we meet?"}]}]
      subscriptions:
        - id: 0f2d3c1a-8b4e-4f6a-90d2-1a3b4c5d6e7f
          url: "http://HANDLER/webhooks/chert"
          version: "2026-05-04"
          secret: 1a2b3c4d5e6f7081a2b3c4d5e6f70819aabbccddeeff00112233445566778899
          events: [EVENTS]
"#;

/// The bytes of the next request. Each comes over a connection of its own: events of different kinds have different
/// handlers, which do not wait for each other.
fn next(listener: &TcpListener) -> String {
    let (stream, _) = listener.accept().expect("the server connects");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).expect("the server sends"), 0, "a whole head");
    }
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    let mut body = vec![0; length.expect("a length").parse().expect("a number")];
    reader.read_exact(&mut body).expect("a whole body");
    let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    reader.get_mut().write_all(answer).expect("the server reads");
    head + &String::from_utf8(body).expect("a body of ASCII")
}

fn ask(host: &str, target: &str, body: &Value) {
    let headers = [("content-type", "application/json")];
    let answer = send_to(host, "POST", target, &headers, body.to_string().as_bytes());
    assert_eq!(answer.status(), 200, "{target} {body}: {}", answer.text());
}

/// A server for a scenario whose handlers are at a listener, and the listener.
fn start(name: &str, scenario: &str) -> (Serving, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let scenario = scenario.replace("HANDLER", &listener.local_addr().unwrap().to_string());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("events-{name}.yaml"));
    std::fs::write(&path, scenario).unwrap();
    let public = "https://some-domain.bitrix24.com";
    let arguments = [path.to_str().unwrap(), "--public-url", public];
    (Serving::start(&arguments), listener)
}

/// The request that comes after each step.
fn received(listener: &TcpListener, steps: &[&dyn Fn()]) -> String {
    let address = listener.local_addr().unwrap().to_string();
    let mut received = String::new();
    for step in steps {
        step();
        let request = next(listener);
        // The port is another one in each run.
        assert_eq!(request.matches(&address).count(), 1, "{request}");
        received += &request.replace(&address, "127.0.0.1:3000").replace("\r\n", "\n");
        received += "\n\n";
    }
    received
}

fn events(edition: &str) -> String {
    let (server, listener) = start(edition, &SCENARIO.replace("EDITION", edition));
    let act = |action: &str, with: Value| {
        ask(server.host(), "/__standin/actions", &json!({"do": format!("bitrix24.{action}"), "with": with}));
    };
    let call = |method: &str, parameters: Value| {
        ask(server.host(), &format!("/rest/{method}?auth=access-token-1"), &parameters);
    };
    let chat = |more: Value| {
        let mut with = json!({"connector": "myconnector", "line": 107, "chat": "channel-123"});
        more.as_object().unwrap().iter().for_each(|(name, value)| with[name] = value.clone());
        with
    };
    let message = json!([{"user": {"id": "ext-user-42"}, "message": {"text": "Hello"}, "chat": {"id": "8"}}]);
    let new = |more: Value| json!({"CONNECTOR": "newcustomconnector", "LINE": "105", "MESSAGES": more});
    let steps: [&dyn Fn(); 11] = [
        &|| act("app.install", json!({})),
        &|| {
            call("event.test", json!({"any": "ä & b", "list": [1, true, null, []], "deep": {"a": {"b": ""}}}))
        },
        &|| act("operator.edit", chat(json!({"text": "What questions do you have?"}))),
        &|| act("operator.delete", chat(json!({}))),
        &|| act("operator.write", chat(json!({"text": "Guten Tag!"}))),
        &|| call("imconnector.send.messages", new(message.clone())),
        &|| act("operator.close", json!({"connector": "newcustomconnector", "line": 105, "chat": "8"})),
        &|| act("settings.open", json!({"connector": "newcustomconnector", "line": 105})),
        &|| act("operator.disconnect", json!({"connector": "myconnector", "line": 107})),
        &|| act("line.delete", json!({"line": 107})),
        &|| act("app.uninstall", json!({"clean": true})),
    ];
    received(&listener, &steps)
}

fn webhooks(name: &str, form: &str, names: &str) -> String {
    let (server, listener) = start(name, &CHERT.replace("FORM", form).replace("EVENTS", names));
    let act = |action: &str, with: Value| {
        ask(
            server.host(),
            "/__standin/actions",
            &json!({"do": format!("chert.recipient.{action}"), "with": with}),
        );
    };
    let media = "QSBnb29kIG9mZmVyLg==";
    let steps: [&dyn Fn(); 3] = [
        &|| act("write", json!({"chat": "17f6e9ed-...", "text": "Sure, what time?", "media": media})),
        &|| act("react", json!({"message": "msg_01H", "reaction": "love"})),
        &|| act("unreact", json!({"message": "msg_01H"})),
    ];
    // A legacy subscription takes messages only.
    received(&listener, if names == "lead_reply" { &steps[..1] } else { &steps })
}

#[test]
fn every_webhook_of_chert_has_its_bytes() {
    for (name, form, names) in
        [("envelope", "envelope", ""), ("row", "row", ""), ("lead-reply", "envelope", "lead_reply")]
    {
        insta::assert_snapshot!(format!("chert-{name}"), webhooks(name, form, names));
    }
}

#[test]
fn every_event_has_the_bytes_of_its_edition() {
    for edition in ["documented", "live"] {
        insta::assert_snapshot!(edition, events(edition));
    }
}
