//! A delivery → JSON: as the outbox shows it, and each attempt as the journal shows it. Secrets are hidden.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::emulator::{HandlerTarget, Outcome};
use crate::engine::{Attempt, Cause, OutboxEntry, Redactor, World};
use crate::fault::Decision;

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
    pub(super) fn as_json(&self, redactor: &Redactor) -> Value {
        let mut shown = self.as_row(redactor);
        shown["body"] = redactor.own_text(self.entry.body(), self.issued()).into();
        shown
    }

    /// The same without its body.
    pub(super) fn as_row(&self, redactor: &Redactor) -> Value {
        let Self { entry, service } = self;
        let attempts: Vec<_> = entry.attempts.iter().map(outcome_as_json).collect();
        json!({
            "id": format!("e{}", entry.number),
            "direction": "out",
            "service": service,
            "event": entry.delivery.event.name,
            "cause": cause_as_json(entry.cause),
            "handler": self.handler(redactor),
            "nature": entry.delivery.nature.name(),
            "beside": beside(entry),
            "state": entry.state.name(),
            "faults": decisions(entry.asked()),
            "attempts": attempts,
            "next": entry.next.map(|next| next.to_string()),
            "remark": entry.remark,
        })
    }

    /// Each attempt that was made as the journal shows it, with its instant.
    pub(super) fn exchanges(&self, redactor: &Redactor) -> Vec<(Timestamp, Value)> {
        let Self { entry, service } = self;
        let first = entry.attempted - entry.attempts.len();
        let attempts = entry.attempts.iter().enumerate().map(|(place, attempt)| {
            let mut exchange = json!({
                "id": format!("e{}", entry.number),
                "direction": "out",
                "attempt": first + place + 1,
                "vendor": service,
                "service": service,
                "event": format!("{service}.{}", entry.delivery.event.name),
                "cause": cause_as_json(entry.cause),
                "handler": self.handler(redactor),
                "nature": entry.delivery.nature.name(),
                "beside": beside(entry),
                "state": entry.state.name(),
                "faults": decisions(entry.asked()),
                "request": request_as_json(entry, attempt, redactor),
            });
            let outcome = outcome_as_json(attempt);
            if let (Value::Object(exchange), Value::Object(outcome)) = (&mut exchange, outcome) {
                exchange.extend(outcome);
            }
            (attempt.at, exchange)
        });
        attempts.collect()
    }

    /// The handler.
    pub(super) fn handler(&self, redactor: &Redactor) -> Value {
        let delivery = &self.entry.delivery;
        match &delivery.target {
            HandlerTarget::Url(url) => json!({"id": delivery.shown_handler(), "url": redactor.text(url)}),
            HandlerTarget::Name(name) => json!({"id": delivery.shown_handler(), "name": **name}),
        }
    }

    /// The credentials that the latest request hands over.
    fn issued(&self) -> &[String] {
        let latest = self.entry.attempts.iter().rev().find_map(|attempt| attempt.request.as_ref());
        latest.map_or(&[], |request| &request.issued)
    }
}

/// The event beside which a fault has made this one; null for one that the service makes by itself.
fn beside(entry: &OutboxEntry) -> Value {
    let number = entry.struck.as_ref().and_then(|struck| struck.beside);
    number.map_or(Value::Null, |number| format!("e{number}").into())
}

/// The decisions of the faults that were asked about a delivery.
fn decisions(asked: &[Decision]) -> Vec<Value> {
    let one = |decision: &Decision| {
        let spec = &decision.fault.spec;
        json!({
            "fault": spec.name,
            "call": decision.call,
            "draw": decision.draw,
            "threshold": spec.when.probability,
            "fired": decision.fired,
            "answered": decision.answered,
            "unmet": decision.unmet,
            "deliver": spec.deliver.filter(|_| decision.answered).map(|deliver| deliver.to_string()),
            "delay_us": decision.delay.as_micros() as u64,
        })
    };
    asked.iter().map(one).collect()
}

/// What has raised an event, as JSON; null for a change that a fault had put off, and for what the service does
/// by itself.
pub(super) fn cause_as_json(cause: Cause) -> Value {
    match cause {
        Cause::Exchange(number) => json!({"exchange": number}),
        Cause::Action(number) => json!({"action": format!("a{number}")}),
        Cause::Later => Value::Null,
    }
}

fn outcome_as_json(attempt: &Attempt) -> Value {
    let (status, error) = match &attempt.outcome {
        None => (Value::Null, Value::Null),
        Some(Outcome::Answered(status)) => (json!(status), Value::Null),
        Some(Outcome::Failed(why) | Outcome::Blocked(why)) => (Value::Null, json!(why)),
    };
    let duration = attempt.duration.as_secs_f64() * 1e3;
    json!({"at": attempt.at.to_string(), "status": status, "error": error, "duration_ms": duration})
}

/// The request of an attempt; null when the attempt began in a way that made none.
fn request_as_json(entry: &OutboxEntry, attempt: &Attempt, redactor: &Redactor) -> Value {
    let Some(request) = &attempt.request else { return Value::Null };
    let hide = |text: &str| redactor.own_text(text, &request.issued);
    let url = entry.url().map(|url| {
        let joint = if url.contains('?') { "&" } else { "?" };
        // A client has written the first part, the service the second one.
        match request.query.as_str() {
            "" => redactor.text(url),
            query => format!("{}{joint}{}", redactor.text(url), hide(query)),
        }
    });
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| json!([name, hide(value)])).collect();
    json!({"method": "POST", "url": url, "headers": headers, "body": hide(&request.body)})
}
