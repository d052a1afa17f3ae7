//! A small server that answers like standin, except for drifts that are asked for by their numbers.
//!
//! Each drift changes one fact. `finds` has the checks of `standin verify` that see it, each with the place of the fact.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use jiff::Timestamp;
use serde_json::{Value, json};
use standin::Scenario;
use standin::basics::Arrival;
use standin::engine::{World, step};
use standin::http::{Headers, Request};

/// A request, as a drift sees it.
pub struct Asked {
    pub verb: String,
    /// Path and query as sent.
    pub target: String,
    /// The path, without the webhook.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The connection, for a server that waits until its client is gone.
    pub stream: Option<TcpStream>,
}

/// An answer, which a drift may change.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// One deliberate drift.
pub struct Drift {
    pub service: &'static str,
    /// What drifts.
    pub what: &'static str,
    /// The verb and the path of the operation.
    pub call: &'static str,
    /// The status of the answers that drift.
    pub status: u16,
    /// A text in the body of the answers that drift.
    pub within: &'static str,
    pub change: fn(&mut Answer),
    /// The checks that find it, each with the places.
    pub finds: &'static [(&'static str, &'static str)],
}

macro_rules! drifts {
    ($($service:literal, $what:literal, $call:literal, $status:literal, $within:literal, $change:expr,
       $finds:expr;)*) => {
        &[$(Drift {
            service: $service, what: $what, call: $call, status: $status, within: $within, change: $change, finds: $finds,
        }),*]
    };
}

/// All drifts. Their numbers are their places, counted from 1.
pub const DRIFTS: &[Drift] = drifts! {
    "chert", "a member is renamed", "GET /api/v1/whoami", 200, "", |answer| rename(answer, "", "tenant", "tenant_slug"),
    &[("whoami: success", "body.tenant"), ("whoami: success", "body.tenant_slug"), ];

    "chert", "a number becomes a text", "PUT /api/v1/chats/standin-no-such-chat", 404, "2002",
    |answer| set(answer, "/error/status", json!("404")),
    &[("chats.rename: 2002 unknown chat", "body.error.status")];

    "chert", "another status", "GET /api/v1/messages/standin-no-such-message", 404, "2003",
    |answer| answer.status = 400, &[("messages.get: 2003 unknown message", "status")];

    "chert", "a text gets a final dot", "POST /api/v1/chats/standin-no-such-chat/typing", 400, "1004",
    |answer| set(answer, "/error/message", json!("Invalid JSON body.")),
    &[("chats.typing: 1004 no JSON", "body.error.message")];

    "chert", "a header field is missing", "GET /api/v1/phone-numbers", 200, "",
    |answer| answer.headers.retain(|(name, _)| name != "x-trace-id"),
    &[("phone_numbers.list: success", "header.x-trace-id")];

    "chert", "members stand in another order", "GET /api/v1/events", 401, "2012",
    |answer| to_the_end(answer, "", "success"), &[("events.list: 2012 no credentials", "body")];

    "chert", "a member is new", "GET /api/v1/webhook-subscriptions", 200, "",
    |answer| set(answer, "/next_cursor", Value::Null),
    &[("webhook_subscriptions.list: success", "body.next_cursor")];

    "chert", "null in place of a text", "GET /api/v1/chats/{chat}/messages", 200, "",
    |answer| set(answer, "/messages/0/id", Value::Null),
    &[("chats.messages.list: success the named chat", "body.messages[0].id")];

    "chert", "another code", "DELETE /api/v1/webhook-subscriptions/standin-no-such-subscription", 404, "2011",
    |answer| set(answer, "/error/code", json!(2001)),
    &[("webhook_subscriptions.delete: 2011 unknown subscription", "body.error.code")];

    "chert", "another format of a date", "GET /api/v1/events/evt_1", 200, "",
    |answer| set(answer, "/created_at", json!("17.03.2026 12:00")),
    &[("events.get: success", "body.created_at")];

    "chert", "another content type", "GET /api/v1/dev-inbox", 400, "1002",
    |answer| header(answer, "content-type", "text/plain"),
    &[("dev_inbox.list: 1002 limit of 0", "header.content-type")];

    "chert", "an object in place of a list", "GET /api/v1/dev-inbox", 200, "",
    |answer| set(answer, "/events", json!({})), &[("dev_inbox.list: success", "body.events")];

    "chert", "a text in place of a flag", "POST /api/v1/send", 400, "1003",
    |answer| set(answer, "/error/retryable", json!("false")),
    &[("send: 1003 malformed number", "body.error.retryable")];

    "chert", "no JSON", "POST /api/v1/locations", 400, "1003",
    |answer| answer.body = b"<html>Bad Request</html>".to_vec(), &[("locations.send: 1003 malformed number", "body")];

    "bitrix24", "a member is missing", "POST /rest/profile", 401, "NO_AUTH_FOUND\",\"error_description\":\"Wrong",
    |answer| remove(answer, "", "error_description"),
    &[
        ("profile: NO_AUTH_FOUND no credentials", "body.error_description"),
        ("profile: NO_AUTH_FOUND, invalid_token unknown token", "body.error_description"),
    ];

    "bitrix24", "a code in lower case", "POST /rest/imconnector.status", 400, "ERROR_ARGUMENT",
    |answer| set(answer, "/error", json!("error_argument")),
    &[("imconnector.status: ERROR_ARGUMENT no CONNECTOR", "body.error")];

    "bitrix24", "another status", "POST /rest/imconnector.chat.name.set", 400, "NOT_ACTIVE_LINE",
    |answer| answer.status = 404, &[("imconnector.chat.name.set: NOT_ACTIVE_LINE unknown line", "status")];

    "bitrix24", "a text loses its final dot", "POST /rest/imconnector.register", 200, "_ERROR_POINT",
    |answer| {
        let text = json!("Application registration error. Connector ID cannot contain dots (.)");
        set(answer, "/result/error_description", text);
    },
    &[(
        "imconnector.register: APPLICATION_REGISTRATION_ERROR_POINT ID with a dot",
        "body.result.error_description",
    )];

    "bitrix24", "another format of a date", "POST /rest/scope", 200, "\"time\"",
    |answer| set(answer, "/time/date_start", json!("2026-03-17 12:00:00")),
    &[("scope: success", "body.time.date_start"), ("scope: success all", "body.time.date_start")];

    "bitrix24", "a list in place of an object", "POST /rest/imconnector.list", 200, "\"time\"",
    |answer| set(answer, "/result", json!([["connector", "connector"]])),
    &[
        // PHP sends an empty list for an empty object, so that its elements are what is wrong.
        ("imconnector.list: WRONG_AUTH_TYPE webhook", "body.result[0]"),
        ("imconnector.list: success", "body.result[0]"),
    ];

    "bitrix24", "a member of a part is missing", "POST /rest/user.current", 200, "\"time\"",
    |answer| remove(answer, "/time", "duration"), &[("user.current: success", "body.time.duration")];

    "bitrix24", "a letter in place of a flag", "POST /rest/method.get", 200, "\"isExisting\":true",
    |answer| set(answer, "/result/isExisting", json!("Y")), &[("method.get: success", "body.result.isExisting")];

    "bitrix24", "members stand in another order", "POST /rest/methods", 200, "\"time\"",
    |answer| to_the_end(answer, "", "result"), &[("methods: success", "body")];

    "bitrix24", "a redirect", "POST /rest/app.info", 200, "\"time\"",
    |answer| {
        answer.status = 302;
        header(answer, "location", "/rest/app.info/");
    },
    &[("app.info: success", "status")];

    "bitrix24", "another content type", "POST /rest/event.get", 200, "\"time\"",
    |answer| header(answer, "content-type", "text/html; charset=utf-8"),
    &[("event.get: success", "header.content-type")];
};

/// A server with some of the drifts, until it is dropped.
pub struct Drifting {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
    world: Arc<Mutex<World>>,
}

impl Drifting {
    /// Serves a scenario, given as YAML, with the drifts of these numbers.
    pub fn start(yaml: &str, numbers: &[usize]) -> Self {
        let numbers = numbers.to_vec();
        Self::with(yaml, move |asked, answer| {
            for number in &numbers {
                let drift = &DRIFTS[number - 1];
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                let call = format!("{} {}", asked.verb, asked.path);
                let is_call = call == drift.call.replace("{chat}", "ch_01H");
                if is_call && answer.status == drift.status && text.contains(drift.within) {
                    (drift.change)(answer);
                }
            }
        })
    }

    /// Serves a scenario with every answer changed.
    pub fn with(yaml: &str, change: impl Fn(&Asked, &mut Answer) + Send + Sync + 'static) -> Self {
        let scenario = Scenario::parse("drift.yaml", yaml).unwrap_or_else(|error| panic!("{error}"));
        let world = Arc::new(Mutex::new(World::new(Arc::new(scenario), 1, Timestamp::now())));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::<AtomicBool>::default();
        let (asked, is_stopped) = (Arc::clone(&world), Arc::clone(&stopped));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if is_stopped.load(Ordering::SeqCst) {
                    return;
                }
                let _ = answer(stream, &asked, &change);
            }
        });
        Self { address, stopped, thread: Some(thread), world }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The state of all services.
    pub fn state(&self) -> Value {
        self.world.lock().unwrap().state(Timestamp::now())
    }
}

impl Drop for Drifting {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

/// Reads a request; `None` when there is none.
pub fn read(stream: &mut impl Read) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (verb, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { verb, path: target.clone(), target, headers, body, stream: None })
}

fn answer(
    mut stream: TcpStream,
    world: &Mutex<World>,
    change: &(impl Fn(&Asked, &mut Answer) + Send + Sync),
) -> Option<()> {
    let mut asked = read(&mut stream)?;
    let headers: Headers =
        asked.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = Request::new(&asked.verb, &asked.path, headers, asked.body.clone().into());
    let reply = step(&mut world.lock().unwrap(), &request, Arrival::at(Timestamp::now())).reply;
    asked.path = request.path().to_owned();
    asked.stream = stream.try_clone().ok();
    let segments: Vec<_> = asked.path.split('/').collect();
    if let ["", "rest", _, _, method] = segments[..] {
        asked.path = format!("/rest/{method}");
    }
    let headers = reply.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let mut answer = Answer { status: reply.status, headers, body: reply.body.to_vec() };
    change(&asked, &mut answer);
    write(&mut stream, &answer).ok()
}

/// Sends an answer.
pub fn write(stream: &mut impl Write, answer: &Answer) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Answer\r\nconnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", answer.body.len()));
    stream.write_all(&[head.as_bytes(), &answer.body].concat())
}

fn changed(answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    change(&mut body);
    answer.body = body.to_string().into_bytes();
}

fn set(answer: &mut Answer, place: &str, value: Value) {
    changed(answer, |body| {
        let (around, name) = place.rsplit_once('/').unwrap();
        match body.pointer_mut(around).unwrap() {
            Value::Object(members) => {
                members.insert(name.to_owned(), value);
            }
            other => panic!("{place} is not in an object: {other}"),
        }
    });
}

fn remove(answer: &mut Answer, place: &str, name: &str) {
    changed(answer, |body| {
        body.pointer_mut(place).unwrap().as_object_mut().unwrap().shift_remove(name).unwrap();
    });
}

fn rename(answer: &mut Answer, place: &str, name: &str, other: &str) {
    changed(answer, |body| {
        let members = body.pointer_mut(place).unwrap().as_object_mut().unwrap();
        *members = std::mem::take(members)
            .into_iter()
            .map(|(known, value)| (if known == name { other.to_owned() } else { known }, value))
            .collect();
    });
}

fn to_the_end(answer: &mut Answer, place: &str, name: &str) {
    changed(answer, |body| {
        let members = body.pointer_mut(place).unwrap().as_object_mut().unwrap();
        let value = members.shift_remove(name).unwrap();
        members.insert(name.to_owned(), value);
    });
}

fn header(answer: &mut Answer, name: &str, value: &str) {
    answer.headers.retain(|(known, _)| known != name);
    answer.headers.push((name.to_owned(), value.to_owned()));
}
