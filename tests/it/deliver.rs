//! Deliveries of events, as handlers see them and as the outbox tells them.

mod handlers;
mod life;
mod named;
pub mod receiver;
mod runs;
mod shown;
mod taken;
mod targets;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use standin::Server;

use crate::client::{get, post, serve};

/// Longer than anything takes unless it hangs.
const STUCK: Duration = Duration::from_secs(20);

/// A scenario whose events go to `handlers`, a list in YAML. `more` is added to `bitrix24:`.
fn scenario(handlers: &str, more: &str) -> String {
    format!(
        "
standin: 1
name: events
seed: 7
clock: {{virtual: \"2026-03-17T15:52:41Z\"}}
bitrix24:
  edition: live
  timing: {{duration: 10ms, processing: 5ms}}
  applications: [{{client_id: app, client_secret: client-secret-1, application_token: application-token-1}}]
  users: [{{id: 27, name: Klaus, last_name: Weber}}]
  credentials: [{{token: access-token-1, refresh_token: refresh-token-1, client_id: app}}]
  connectors: [{{id: myconnector, chat_group: true}}]
  lines: [{{id: 107, connectors: [myconnector]}}]
  chats: [{{connector: myconnector, line: 107, id: channel-123, name: Channel}}]
  handlers: {handlers}
  {more}
"
    )
}

/// A server whose operators' messages go to this URL.
fn server(url: &str) -> Server {
    serve(&scenario(&format!("[{{event: OnImConnectorMessageAdd, url: \"{url}\"}}]"), ""))
}

/// Lets an operator write a text. Returns the answer of the control interface.
fn write(server: &Server, text: &str) -> Value {
    act(server, "/__standin", text)
}

/// The same in the world whose control interface is at this path.
fn act(server: &Server, control: &str, text: &str) -> Value {
    let with =
        json!({"connector": "myconnector", "line": 107, "chat": "channel-123", "text": text, "operator": 27});
    let order = json!({"do": "bitrix24.operator.write", "with": with});
    let answer = post(server, &format!("{control}/actions"), &order.to_string());
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

/// The call that switches the connector off, which raises an event.
fn switch_off(server: &Server) -> u16 {
    post(server, "/rest/imconnector.activate?auth=access-token-1", OFF).status()
}

const OFF: &str = r#"{"CONNECTOR": "myconnector", "LINE": 107, "ACTIVE": 0}"#;

/// The outbox, as soon as everything in it has ended.
fn ended(server: &Server) -> Value {
    outbox(server, |outbox| outbox["counts"]["waiting"] == 0 && outbox["counts"]["sending"] == 0)
}

/// The outbox, as soon as it satisfies `is_so`.
fn outbox(server: &Server, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let found = get(server, "/__standin/outbox").json();
        if is_so(&found) {
            return found;
        }
        assert!(began.elapsed() < STUCK, "{found:#}");
        std::thread::yield_now();
    }
}

/// State, status and error of each delivery.
fn results(outbox: &Value) -> Vec<(String, Value, String)> {
    let deliveries = outbox["deliveries"].as_array().unwrap().iter();
    let result = |delivery: &Value| {
        let attempts = delivery["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 1, "one attempt only: {delivery}");
        let error = attempts[0]["error"].as_str().unwrap_or_default().to_owned();
        (delivery["state"].as_str().unwrap().to_owned(), attempts[0]["status"].clone(), error)
    };
    deliveries.map(result).collect()
}
