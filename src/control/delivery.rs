//! A delivery → JSON: as the outbox shows it, and each attempt as the journal shows it. Secrets are hidden.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::emulator::{HandlerTarget, Outcome};
use crate::engine::{Attempt, Cause, OutboxEntry, Redactor, World};
use crate::fault::{Condition, Decision};

/// An event on its way to a handler.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Delivery")]
pub(super) struct Sent {
    /// Its name, such as `e1`.
    id: String,
    /// Always `out`.
    direction: &'static str,
    service: &'static str,
    /// The name of the event.
    event: &'static str,
    cause: Option<CauseShown>,
    handler: HandlerShown,
    /// What it is: `genuine`, `repeat`, `forged`, …
    nature: &'static str,
    /// The event beside which a fault has made this one; `None` for one that the service makes by itself.
    beside: Option<String>,
    /// `waiting`, `sending`, `delivered`, `failed`, `blocked` or `dropped`.
    state: &'static str,
    /// The faults that were asked.
    faults: Vec<FaultOnDelivery>,
    attempts: Vec<AttemptOutcome>,
    /// When the next attempt is due.
    next: Option<String>,
    /// What is remarkable about it.
    remark: Option<&'static str>,
    /// The body of the latest request.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// In a list of rows: when it was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// In an explanation: why it was sent, and how it ended, in lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Vec<String>>,
}

/// An attempt to send an event, as the journal shows it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Attempt")]
pub(super) struct SentOnce {
    /// The event, such as `e1`.
    id: String,
    /// Always `out`.
    direction: &'static str,
    /// The number of the attempt, counted from 1.
    attempt: usize,
    /// The older name of `service`.
    vendor: &'static str,
    service: &'static str,
    /// The name of the event with that of its service.
    event: String,
    cause: Option<CauseShown>,
    handler: HandlerShown,
    /// What it is: `genuine`, `repeat`, `forged`, …
    nature: &'static str,
    /// The event beside which a fault has made this one.
    beside: Option<String>,
    /// The state of the event.
    state: &'static str,
    /// The faults that were asked.
    faults: Vec<FaultOnDelivery>,
    /// What was sent; null when the attempt began in a way that made no request.
    request: Option<SentRequest>,
    #[serde(flatten)]
    outcome: AttemptOutcome,
}

/// What has raised an event; null for a change that a fault had put off, and for what the service does by itself.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cause")]
#[serde(rename_all = "lowercase")]
pub(super) enum CauseShown {
    /// The number of an exchange.
    Exchange(u64),
    /// The name of an action, such as `a1`.
    Action(String),
}

/// A handler.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Handler")]
pub(super) struct HandlerShown {
    /// The number of its binding; null for a settings page.
    id: Option<u64>,
    /// Its URL, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Its name, while it has no URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A fault that was asked about an event.
#[derive(Serialize, JsonSchema)]
struct FaultOnDelivery {
    /// Its name.
    fault: String,
    call: u64,
    draw: Option<f64>,
    threshold: Option<f64>,
    fired: bool,
    answered: bool,
    /// The condition that did not hold.
    unmet: Option<Condition>,
    /// What it did to the event.
    deliver: Option<String>,
    delay_us: u64,
}

/// How an attempt ended.
#[derive(Serialize, JsonSchema)]
struct AttemptOutcome {
    at: String,
    /// The status of the handler's answer.
    status: Option<u16>,
    /// Why there was no answer.
    error: Option<String>,
    duration_ms: f64,
}

/// The request of an attempt.
#[derive(Serialize, JsonSchema)]
struct SentRequest {
    /// Always `POST`.
    method: &'static str,
    url: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
}

/// A delivery with what readers want to know besides.
pub(super) struct Shown {
    pub(super) entry: OutboxEntry,
    pub(super) service: &'static str,
}

impl Shown {
    /// The deliveries of a world that are kept, the oldest first.
    pub(super) fn all(world: &World) -> Vec<Self> {
        world.outbox().iter().map(|entry| Self::of(world, entry)).collect()
    }

    pub(super) fn of(world: &World, entry: &OutboxEntry) -> Self {
        Self { service: world.service_name(entry.service), entry: entry.clone() }
    }

    /// The delivery as the outbox shows it.
    pub(super) fn whole(&self, redactor: &Redactor) -> Sent {
        let body = Some(redactor.own_text(self.entry.body(), self.issued()));
        Sent { body, ..self.as_row(redactor) }
    }

    /// The same without its body.
    pub(super) fn as_row(&self, redactor: &Redactor) -> Sent {
        let Self { entry, service } = self;
        Sent {
            id: format!("e{}", entry.number),
            direction: "out",
            service,
            event: entry.delivery.event.name,
            cause: CauseShown::of(entry.cause),
            handler: self.handler(redactor),
            nature: entry.delivery.nature.name(),
            beside: beside(entry),
            state: entry.state.name(),
            faults: decisions(entry.asked()),
            attempts: entry.attempts.iter().map(AttemptOutcome::of).collect(),
            next: entry.next.map(|next| next.to_string()),
            remark: entry.remark,
            body: None,
            at: None,
            why: None,
        }
    }

    /// Each attempt that was made as the journal shows it, with its instant.
    pub(super) fn exchanges(&self, redactor: &Redactor) -> Vec<(Timestamp, SentOnce)> {
        let Self { entry, service } = self;
        let first = entry.attempted - entry.attempts.len();
        let attempts = entry.attempts.iter().enumerate().map(|(place, attempt)| {
            let exchange = SentOnce {
                id: format!("e{}", entry.number),
                direction: "out",
                attempt: first + place + 1,
                vendor: service,
                service,
                event: format!("{service}.{}", entry.delivery.event.name),
                cause: CauseShown::of(entry.cause),
                handler: self.handler(redactor),
                nature: entry.delivery.nature.name(),
                beside: beside(entry),
                state: entry.state.name(),
                faults: decisions(entry.asked()),
                request: SentRequest::of(entry, attempt, redactor),
                outcome: AttemptOutcome::of(attempt),
            };
            (attempt.at, exchange)
        });
        attempts.collect()
    }

    /// The handler.
    fn handler(&self, redactor: &Redactor) -> HandlerShown {
        let delivery = &self.entry.delivery;
        let (url, name) = match &delivery.target {
            HandlerTarget::Url(url) => (Some(redactor.text(url)), None),
            HandlerTarget::Name(name) => (None, Some(name.to_string())),
        };
        HandlerShown { id: delivery.shown_handler(), url, name }
    }

    /// The credentials that the latest request hands over.
    fn issued(&self) -> &[String] {
        let latest = self.entry.attempts.iter().rev().find_map(|attempt| attempt.request.as_ref());
        latest.map_or(&[], |request| &request.issued)
    }
}

/// The event beside which a fault has made this one; null for one that the service makes by itself.
fn beside(entry: &OutboxEntry) -> Option<String> {
    let number = entry.struck.as_ref().and_then(|struck| struck.beside)?;
    Some(format!("e{number}"))
}

/// The decisions of the faults that were asked about a delivery.
fn decisions(asked: &[Decision]) -> Vec<FaultOnDelivery> {
    let one = |decision: &Decision| {
        let spec = &decision.fault.spec;
        FaultOnDelivery {
            fault: spec.name.to_string(),
            call: decision.call,
            draw: decision.draw,
            threshold: spec.when.probability,
            fired: decision.fired,
            answered: decision.answered,
            unmet: decision.unmet,
            deliver: spec.deliver.filter(|_| decision.answered).map(|deliver| deliver.to_string()),
            delay_us: decision.delay.as_micros() as u64,
        }
    };
    asked.iter().map(one).collect()
}

impl Sent {
    /// The same in a list of rows: with the instant at which it was raised.
    pub(super) fn raised_at(self, at: String) -> Self {
        Self { at: Some(at), ..self }
    }

    /// The same in an explanation.
    pub(super) fn because(self, why: Vec<String>) -> Self {
        Self { why: Some(why), ..self }
    }
}

impl CauseShown {
    /// `None` for a change that a fault had put off, and for what the service does by itself.
    pub(super) fn of(cause: Cause) -> Option<Self> {
        match cause {
            Cause::Exchange(number) => Some(Self::Exchange(number)),
            Cause::Action(number) => Some(Self::Action(format!("a{number}"))),
            Cause::Later => None,
        }
    }
}

impl AttemptOutcome {
    fn of(attempt: &Attempt) -> Self {
        let (status, error) = match &attempt.outcome {
            None => (None, None),
            Some(Outcome::Answered(status)) => (Some(*status), None),
            Some(Outcome::Failed(why) | Outcome::Blocked(why)) => (None, Some(why.to_string())),
        };
        let duration_ms = attempt.duration.as_secs_f64() * 1e3;
        Self { at: attempt.at.to_string(), status, error, duration_ms }
    }
}

impl SentRequest {
    /// `None` when the attempt began in a way that made none.
    fn of(entry: &OutboxEntry, attempt: &Attempt, redactor: &Redactor) -> Option<Self> {
        let request = attempt.request.as_ref()?;
        let hide = |text: &str| redactor.own_text(text, &request.issued);
        let url = entry.url().map(|url| {
            let joint = if url.contains('?') { "&" } else { "?" };
            // A client has written the first part, the service the second one.
            match request.query.as_str() {
                "" => redactor.text(url),
                query => format!("{}{joint}{}", redactor.text(url), hide(query)),
            }
        });
        let headers = request.headers.iter().map(|(name, value)| ((*name).to_owned(), hide(value)));
        Some(Self { method: "POST", url, headers: headers.collect(), body: hide(&request.body) })
    }
}
