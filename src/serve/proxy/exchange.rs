//! One exchange that passes: what the client sent and the service answered → the tally, the journal, the log.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use jiff::Timestamp;

use super::copy::Copy;
use super::upload::Upload;
use super::{Proxy, line};
use crate::basics::Arrival;
use crate::contract::{self, Held, Outcome, Passed};
use crate::emulator::{Operation, Service};
use crate::engine::{Hidden, Note, Planned, Redactor};
use crate::http::{Body, Fields, Headers, Reply, Request};
use crate::serve::aside::unless_panic;
use crate::serve::clock;

/// An exchange that passes. It is counted when it ends, at the latest when this is dropped: then the client has left.
pub(super) struct Exchange {
    proxy: Arc<Proxy>,
    pub(super) service: &'static dyn Service,
    pub(super) operation: Option<&'static Operation>,
    /// The request, without its body.
    pub(super) request: Request,
    pub(super) sent: Sent,
    head: Timestamp,
    /// The status and the header fields of the answer, when it has begun.
    answer: Option<(u16, HeaderMap)>,
    is_over: bool,
}

/// The body of a request.
pub(super) enum Sent {
    /// All of it came before the request was passed on.
    Whole(Bytes),
    /// It passes piece by piece.
    Passing(Upload),
}

/// How an exchange ended.
pub(super) enum Ending<'a> {
    /// The whole answer has passed.
    Whole(&'a Copy),
    /// The answer broke off, for this reason.
    BrokeOff(&'a str),
    /// The service did not answer, for this reason. The client gets this status.
    NotAnswered(u16, &'a str),
    /// The client did not wait for the end of the answer.
    Left,
}

/// The status in the journal and in the log of an answer that a client did not wait for, as nginx has it.
const CLIENT_LEFT: u16 = 499;

/// The status that a client gets which does not send its whole request.
pub(super) const NOT_SENT: u16 = 408;

/// The status that a client gets whose request is no HTTP.
pub(super) const BROKEN: u16 = 400;

/// What stands in the place of what the service sent when nobody can tell whether it is a secret.
const NOT_SHOWN: &str = "not shown, because the request is too long to look for secrets in it";

/// The header fields by which a client asks for a part, or for an answer under a condition (RFC 9110, sections 13 and 14).
const CONDITIONS: [&str; 5] =
    ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range"];

impl Exchange {
    /// An exchange whose request has come.
    pub(super) fn new(
        proxy: &Arc<Proxy>,
        service: &'static dyn Service,
        operation: Option<&'static Operation>,
        request: Request,
        head: Timestamp,
    ) -> Self {
        let sent = Sent::Whole(Bytes::new());
        Self {
            proxy: Arc::clone(proxy),
            service,
            operation,
            request,
            sent,
            head,
            answer: None,
            is_over: false,
        }
    }

    /// Notes the head of the answer.
    pub(super) fn answered(&mut self, status: u16, fields: HeaderMap) {
        self.answer = Some((status, fields));
    }

    /// Counts the exchange, holds the answer against the contract, and tells what differs.
    pub(super) fn end(&mut self, ending: &Ending<'_>) {
        if !std::mem::replace(&mut self.is_over, true) {
            unless_panic(|| self.count(ending));
        }
    }

    fn count(&mut self, ending: &Ending<'_>) {
        let ended = clock::now();
        match &self.sent {
            Sent::Whole(body) => self.request.body = body.clone().into(),
            Sent::Passing(upload) => {
                self.request.body = upload.whole().map_or(Body::TooLarge, Body::Whole);
            }
        }
        let not_held = self.not_held(ending);
        let (body, mut no_body) = self.body(ending);
        let mut held = if not_held.is_some() { Held::default() } else { self.held(body.as_ref()) };
        if held.drifts.iter().any(|drift| drift.at == "body") && body.as_ref().is_some_and(is_beyond_reading)
        {
            no_body = Some("the answer is JSON that standin cannot read");
            held = self.held(None);
        }
        let outcome = not_held.or(no_body);
        let detail = match ending {
            Ending::BrokeOff(why) | Ending::NotAnswered(_, why) => Some(*why),
            Ending::Whole(_) | Ending::Left => None,
        };
        let status = match (ending, &self.answer) {
            (Ending::NotAnswered(status, _), _) => *status,
            (_, Some((status, _))) => *status,
            (_, None) => CLIENT_LEFT,
        };
        let mut remarks: Vec<Cow<'static, str>> = Vec::new();
        remarks.extend(outcome.map(Cow::Borrowed));
        remarks.extend(detail.map(|why| why.to_owned().into()));
        let note = Note {
            service: Some(self.service.name()),
            operation: self.operation.map(|operation| operation.name),
            error: held.error.map(|error| error.code),
            remarks,
            differences: Some(held.drifts.clone()),
            ..Note::default()
        };
        let number = self.record(status, body, note, ended);
        let operation = self.operation.map(|operation| format!("{}.{}", self.service.name(), operation.name));
        let exchange = contract::Exchange {
            number,
            at: ended,
            operation: operation.as_deref(),
            status,
            outcome: match (not_held, no_body) {
                (Some(why), _) => Outcome::NotHeld(why),
                (None, Some(why)) => Outcome::InPart(&held.drifts, why),
                (None, None) => Outcome::Held(&held.drifts),
            },
        };
        self.proxy.tally.lock().unwrap_or_else(PoisonError::into_inner).add(&exchange);
        if line::is_written() {
            let about = line::About {
                service: self.service.name(),
                method: &self.request.method,
                path: &self.hidden_path(),
                error: held.error.map(|error| error.code),
                why: detail,
            };
            line::write(&exchange, &about);
        }
    }

    /// Why nothing of the answer can be held against the contract.
    fn not_held(&self, ending: &Ending<'_>) -> Option<&'static str> {
        let status = match (ending, &self.answer) {
            (Ending::NotAnswered(NOT_SENT | BROKEN, _), _) => {
                return Some("the client did not send its whole request");
            }
            (Ending::NotAnswered(..), _) => return Some("the service did not answer"),
            (_, None) => return Some("the client left before the answer began"),
            (_, Some((status, _))) => *status,
        };
        if self.operation.is_none() {
            return Some("standin knows no such operation");
        }
        if self.request.method == "OPTIONS" {
            return Some("no document describes an answer to OPTIONS");
        }
        let is_about_part = matches!(status, 206 | 304 | 412 | 416)
            && CONDITIONS.iter().any(|name| self.request.headers.get(name).is_some());
        if is_about_part {
            return Some("no document describes an answer to a condition, or to a request for a part");
        }
        let is_too_long = status == 413 && self.length() > self.service.largest_body(&self.request);
        is_too_long.then_some("no document describes an answer to a request of this length")
    }

    /// The body of the answer, or why it is not known.
    fn body(&self, ending: &Ending<'_>) -> (Option<Bytes>, Option<&'static str>) {
        let is_compressed = |fields: &HeaderMap| {
            fields
                .get_all(CONTENT_ENCODING)
                .iter()
                .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
        };
        let none = |why| (None, Some(why));
        let copy = match ending {
            Ending::Whole(copy) => copy,
            Ending::Left => return none("the client left before the answer was complete"),
            Ending::BrokeOff(_) | Ending::NotAnswered(..) => return none("the answer broke off"),
        };
        if self.request.method == "HEAD" {
            return none("an answer to HEAD has no body");
        }
        if self.answer.as_ref().is_some_and(|(_, fields)| is_compressed(fields)) {
            return none("the answer is compressed");
        }
        match copy.whole() {
            Some(body) => (Some(body), None),
            None => none("the answer is longer than 1 MiB"),
        }
    }

    /// What differs in an answer that has begun.
    fn held(&self, body: Option<&Bytes>) -> Held {
        let (Some((status, fields)), Some(operation)) = (&self.answer, self.operation) else {
            return Held::default();
        };
        let header = |name: &str| fields.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let passed = Passed { status: *status, header: &header, body: body.map(|body| &**body) };
        // To look for secrets takes long, and most answers differ in nothing.
        let hidden = OnceCell::new();
        let hide = |text: &str| {
            if self.request.body == Body::TooLarge {
                return NOT_SHOWN.to_owned();
            }
            let hidden: &Hidden = hidden.get_or_init(|| {
                Redactor::default().exchange(&self.request, &reply(*status, fields, body.cloned()))
            });
            hidden.text(text)
        };
        self.proxy.contract.hold(self.service, operation, &passed, &hide)
    }

    /// The length of the request's body, in bytes: what has passed of it, or what is announced, if that is more.
    fn length(&self) -> usize {
        let passed = match &self.sent {
            Sent::Whole(body) => body.len(),
            Sent::Passing(upload) => upload.length(),
        };
        let announced = self.request.headers.text("content-length").and_then(|length| length.parse().ok());
        passed.max(announced.unwrap_or_default())
    }

    /// Adds the exchange to the journal and returns its number.
    fn record(&self, status: u16, body: Option<Bytes>, note: Note, ended: Timestamp) -> u64 {
        let bare;
        let (request, reply) = match (self.proxy.keeps, &self.answer) {
            (true, Some((_, fields))) => (&self.request, reply(status, fields, body)),
            (true, None) => (&self.request, reply(status, &HeaderMap::new(), None)),
            (false, _) => {
                let mut without = Request::new(
                    &self.request.method,
                    &self.route(),
                    Headers::default(),
                    Bytes::new().into(),
                );
                without.source = self.request.source;
                bare = without;
                (&bare, reply(status, &HeaderMap::new(), None))
            }
        };
        let shared = &self.proxy.shared;
        let arrival = Arrival { head: self.head, body: self.head, now: ended };
        let number = {
            let mut world = shared.namespaces().main();
            world.record(request, Planned::plain(reply, note), arrival);
            world.counters().exchanges
        };
        shared.recorded.notify_waiters();
        shared.traffic().took(Duration::try_from(ended.duration_since(self.head)).unwrap_or_default());
        number
    }

    /// The path of the request with names in the place of what the client sent.
    fn route(&self) -> Cow<'static, str> {
        match self.operation {
            Some(operation) => operation.path.into(),
            None => format!("{}/…", self.service.base()).into(),
        }
    }

    /// The path of the request without the credential in it.
    pub(super) fn path(&self) -> Cow<'_, str> {
        if self.operation.is_none() {
            return self.route();
        }
        let path = self.request.path();
        let Some(secret) = self.service.places(path).path else { return path.into() };
        let before = &path[..secret.start];
        // User and secret are easily swapped.
        let user = before.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let is_number = user.bytes().all(|byte| byte.is_ascii_digit());
        let before = if is_number { before.to_owned() } else { before.replacen(user, "***", 1) };
        format!("{before}***{}", &path[secret.end..]).into()
    }

    /// The same without a credential that stands elsewhere in the request too.
    fn hidden_path(&self) -> Cow<'_, str> {
        let path = self.path();
        // Others have nothing in them that a client chooses.
        if !self.operation.is_some_and(|operation| operation.path.contains('{')) {
            return path;
        }
        let nothing = reply(200, &HeaderMap::new(), None);
        let hidden: Hidden = Redactor::default().exchange(&self.request, &nothing);
        hidden.text(&path).into()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.end(&Ending::Left);
    }
}

/// Whether a body is JSON that cannot be read into texts and numbers of this machine: half of a pair of surrogates, a number that is too
/// large, or very deep nesting. Its grammar is right, and other clients can read it.
fn is_beyond_reading(body: &Bytes) -> bool {
    const WHYS: [&str; 4] = ["surrogate", "end of hex escape", "number out of range", "recursion limit"];
    serde_json::from_slice::<serde_json::Value>(body)
        .is_err_and(|error| WHYS.iter().any(|why| error.to_string().contains(why)))
}

fn reply(status: u16, fields: &HeaderMap, body: Option<Bytes>) -> Reply {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let field = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (Cow::Owned(name.as_str().to_owned()), Cow::Owned(text(value.as_bytes())))
    };
    Reply { status, headers: fields.iter().map(field).collect::<Fields>(), body: body.unwrap_or_default() }
}
