//! One exchange that passes: what the client sent and the service answered → the tally, the journal, the log.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use jiff::Timestamp;

use super::copy::Copy;
use super::{Proxy, line};
use crate::basics::{Arrival, Stage};
use crate::contract::{self, Drift, Held, Outcome, Passed};
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
    Passing(Arc<Mutex<Copy>>),
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

/// What stands in the place of what the service sent when nobody can tell whether it is a secret.
const NOT_SHOWN: &str = "not shown, because the request is too long to look for secrets in it";

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
            Sent::Passing(copy) => {
                let copied = copy.lock().unwrap_or_else(PoisonError::into_inner).whole();
                self.request.body = copied.map_or(Body::TooLarge, Body::Whole);
            }
        }
        let (body, why_not) = self.body(ending);
        let (held, outcome) = self.held(body.as_ref(), why_not, ending);
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
        remarks.extend(held.drifts.iter().map(|drift| told(drift).into()));
        let note = Note {
            service: Some(self.service.name()),
            operation: self.operation.map(|operation| operation.name),
            stage: stage(&held, outcome, status),
            error: held.error.map(|error| error.code),
            remarks,
            ..Note::default()
        };
        let number = self.record(status, body, note, ended);
        let operation = self.operation.map(|operation| format!("{}.{}", self.service.name(), operation.name));
        let exchange = contract::Exchange {
            number,
            at: ended,
            operation: operation.as_deref(),
            status,
            outcome: match (outcome, &self.answer, self.operation) {
                (None, ..) => Outcome::Held(&held.drifts),
                (Some(why), Some(_), Some(_)) => Outcome::InPart(&held.drifts, why),
                (Some(why), ..) => Outcome::NotHeld(why),
            },
        };
        self.proxy.tally.lock().unwrap_or_else(PoisonError::into_inner).add(&exchange);
        if line::is_written() {
            let about = line::About {
                service: self.service.name(),
                method: &self.request.method,
                path: &self.path(),
                error: held.error.map(|error| error.code),
                why: detail,
            };
            line::write(&exchange, &about);
        }
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
        match (ending, &self.answer) {
            (Ending::NotAnswered(..), _) => none("the service did not answer"),
            (Ending::BrokeOff(_), _) => none("the answer broke off"),
            (Ending::Left, None) => none("the client left before the answer began"),
            (Ending::Left, Some(_)) => none("the client left before the answer was complete"),
            _ if self.request.method == "HEAD" => none("an answer to HEAD has no body"),
            (Ending::Whole(_), Some((_, fields))) if is_compressed(fields) => {
                none("the answer is compressed")
            }
            (Ending::Whole(copy), _) => match copy.whole() {
                Some(body) => (Some(body), None),
                None => none("the answer is longer than 1 MiB"),
            },
        }
    }

    /// What differs, and why the answer was not held, or not all of it.
    fn held(
        &self,
        body: Option<&Bytes>,
        why_not: Option<&'static str>,
        ending: &Ending<'_>,
    ) -> (Held, Option<&'static str>) {
        let Some((status, fields)) =
            self.answer.as_ref().filter(|_| !matches!(ending, Ending::NotAnswered(..)))
        else {
            return (Held::default(), why_not);
        };
        let Some(operation) = self.operation else {
            return (Held::default(), Some("standin knows no such operation"));
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
        (self.proxy.contract.hold(self.service, operation, &passed, &hide), why_not)
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
        match self.service.places(path).path {
            Some(secret) => format!("{}***{}", &path[..secret.start], &path[secret.end..]).into(),
            None => path.into(),
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.end(&Ending::Left);
    }
}

/// The last stage that a call has passed, as the contract has it; `None` when that is none, or nobody knows.
fn stage(held: &Held, why_not: Option<&str>, status: u16) -> Option<Stage> {
    match held.error {
        Some(error) => Stage::ALL.into_iter().take_while(|stage| *stage < error.stage).last(),
        None => Some(Stage::Delivery).filter(|_| why_not.is_none() && status < 400),
    }
}

/// A difference in a line of the journal.
fn told(drift: &Drift) -> String {
    format!(
        "differs from the contract: {} is expected to be {}, and is {} ({})",
        drift.at, drift.expected, drift.actual, drift.source
    )
}

fn reply(status: u16, fields: &HeaderMap, body: Option<Bytes>) -> Reply {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let field = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (Cow::Owned(name.as_str().to_owned()), Cow::Owned(text(value.as_bytes())))
    };
    Reply { status, headers: fields.iter().map(field).collect::<Fields>(), body: body.unwrap_or_default() }
}
