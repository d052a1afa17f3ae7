//! Requests one after the other, as text like that of `fixtures/`: every answer is whole.

#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::{Arbitrary, Unstructured};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::Value;
use standin::engine::{Namespaces, Planned, World, step};
use standin::basics::Arrival;
use standin::fault::wire::Answer;
use standin::http::{Body, Headers, Request};
use standin::control::{self, Access};
use standin::Scenario;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";
/// What stands in front of the name of a fault that answers in the vendor's place.
const REPLIES: &str = "reply";

/// What the vendors' pages show, and the faults that their examples do not need.
static DOCUMENTED: LazyLock<Arc<Scenario>> = LazyLock::new(|| {
    const FAULTS: &str = r#"
  - {name: reply of a gateway, on: bitrix24, match: {NAME: gateway}, reply: {status: 502, headers: {content-type: text/html}, body: <h1>}}
  - {name: reply without a body, on: chert, match: {display_name: {regex: "^n+o"}}, reply: {status: 204}, applied: true}
  - {name: cut, on: chert, match_headers: {user-agent: cut}, wire: truncate_json, applied: {later: 5s}}
  - {name: dribble, on: bitrix24, match_headers: {user-agent: {regex: slow}}, wire: {dribble: {chunks: 5, over: 2s}}}
  - {name: late, on: bitrix24.imconnector.chat.name.set, delay: {lognormal: {median: 80ms, p99: 900ms}}, when: {probability: 0.5}}
  - {name: second, on: bitrix24.imconnector.chat.name.set, error: CHAT_RENAMING_FAILED, when: {every: 2, limit: 3, count_by: chat}, applied: {later: 1s}}
  - {name: worded, on: chert.chats.rename, match_credential: acme-7a3f, error: 1007, message: "\"\n", retry_after: 7, when: {between: [2, 3]}}
"#;
    scenario(&format!("{}{FAULTS}", include_str!("../../scenarios/documented.yaml")))
});

/// The other edition, with tokens that can be refreshed and limits that are soon reached.
static LIVE: LazyLock<Arc<Scenario>> = LazyLock::new(|| {
    const LIMITS: &str = "bitrix24:\n  edition: live\n  limits: {requests: {custom: {burst: 6, per_second: 1}}, operating: 1s}\n  timing: {duration: 400ms, processing: 300ms}\n";
    let text = Scenario::DEFAULT.replace("bitrix24:\n", LIMITS);
    let text = text.replace("chert:\n", "chert:\n  limits: {requests: {burst: 2, per_second: 1}}\n");
    scenario(&format!("{text}\nclock: {{virtual: \"2024-11-20T13:55:08Z\"}}\n"))
});

fn scenario(text: &str) -> Arc<Scenario> {
    Arc::new(Scenario::parse("request", text).unwrap_or_else(|report| panic!("{report}")))
}

/// Requests to one world.
#[derive(Debug)]
struct Session {
    is_live: bool,
    requests: Vec<Request>,
}

impl<'a> Arbitrary<'a> for Session {
    /// Three bytes say what a text cannot: which world, whether the connection is encrypted, whether the bodies are
    /// too large; blanks stand for no. `###` divides requests.
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let (is_live, secure, is_too_large) = input.arbitrary()?;
        let text = input.bytes(input.len())?;
        let mut requests = Vec::new();
        for text in divided(text, b"\n###\n") {
            let mut request = request(text);
            request.secure = secure;
            if is_too_large {
                request.body = Body::TooLarge;
            }
            requests.push(request);
        }
        Ok(Self { is_live, requests })
    }

    fn arbitrary_take_rest(mut input: Unstructured<'a>) -> arbitrary::Result<Self> {
        Self::arbitrary(&mut input)
    }
}

/// `VERB TARGET`, header fields, a blank line, a body; whatever is missing is empty.
fn request(text: &[u8]) -> Request {
    let mut halves = divided(text, b"\n\n");
    let head = halves.next().unwrap_or_default();
    let body = text.get(head.len() + 2..).unwrap_or_default();
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let (verb, target) = first.split_once(' ').unwrap_or((&first, "/"));
    let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
    let mut headers = Headers::default();
    for line in lines {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = String::from_utf8_lossy(parts.next().unwrap_or_default());
        headers.push(&name, parts.next().unwrap_or_default().trim_ascii());
    }
    Request::new(verb, target, headers, body.to_vec().into())
}

fn divided<'a>(text: &'a [u8], by: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let at = text.windows(by.len()).position(|window| window == by);
        rest = at.map(|at| &text[at + by.len()..]);
        Some(&text[..at.unwrap_or(text.len())])
    })
}

fuzz_target!(|session: Session| {
    let scenario = if session.is_live { &LIVE } else { &DOCUMENTED };
    let namespaces = Namespaces::new(World::new(Arc::clone(scenario), 1, NOW));
    for request in session.requests {
        if control::claims(request.path()) {
            control::answer(&namespaces, &request, NOW);
            control::refusal(&request, &Access { token: Some("token".to_owned()), ..Access::default() });
            continue;
        }
        let Ok(namespace) = namespaces.of(&request, NOW) else { continue };
        let mut world = match &namespace {
            None => namespaces.main(),
            Some(namespace) => namespace.world().expect("nobody drops it meanwhile"),
        };
        let planned = step(&mut world, &request, Arrival::at(NOW));
        check(&planned);
        world.record(&request, planned, Arrival::at(NOW));
    }
    let journal = Request::new("GET", "/__standin/journal", Headers::default(), "".into());
    assert_eq!(control::answer(&namespaces, &journal, NOW).status, 200);
    namespaces.main().state(NOW);
});

fn check(planned: &Planned) {
    let reply = &planned.reply;
    assert!((200..=599).contains(&reply.status), "{reply:?}");
    let mut answered = planned.note.faults.iter().filter(|decision| decision.answered);
    let is_replied = answered.any(|decision| decision.fault.spec.name.starts_with(REPLIES));
    if !is_replied && !reply.body.is_empty() {
        // What is sent back of a request can be as deep as the request was.
        let mut body = serde_json::Deserializer::from_slice(&reply.body);
        body.disable_recursion_limit();
        let body = Value::deserialize(&mut body).and_then(|_| body.end());
        assert!(body.is_ok(), "{body:?}: {reply:?}");
    }
    for (name, value) in &reply.headers {
        assert!(value.bytes().all(|byte| byte == b'\t' || (b' '..0x7f).contains(&byte)), "{name}: {value:?}");
    }
    if let Some(wire) = planned.wire {
        let bytes = [HEAD, &reply.body].concat().into();
        wire.script(&Answer { bytes, head: HEAD.len() });
    }
}
