//! Webhooks: subscriptions, the event log, and the requests that carry events.

use std::sync::Arc;
use std::time::Duration;

use hmac::Mac;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::brings;
use super::event_rows::{News, Older, Row};
use super::log::EventLog;
use super::messages::milliseconds;
use super::section::{BodyForm, ChertSection};
use super::subscriptions::{Subscription, Subscriptions, Target};
use crate::emulator::{
    Attempted, Delivery, EventKind, EventRecord, Nature, Next, Outcome, Outgoing, Raised, Sender,
};

/// Subscriptions and events of all tenants.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// The subscriptions.
    pub subscriptions: Subscriptions,
    /// The event log.
    pub log: EventLog,
    /// Whether a URL must be https and lead elsewhere.
    pub is_strict: bool,
    form: BodyForm,
    /// How many events were sent again by a call.
    replays: u64,
}

/// The number of the handler of a delivery that a call asks for. It does not wait for others to the same subscription.
const REPLAYS: u64 = 1 << 60;

/// How many attempts a delivery has.
const MOST_ATTEMPTS: usize = 3;

/// How long a handler may take to answer.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The body of a delivery as the page shows it.
#[derive(Serialize)]
struct Envelope<'a> {
    event: &'a str,
    event_id: &'a str,
    timestamp: String,
    api_version: &'a str,
    webhook_version: &'a str,
    event_type: &'a str,
    trace_id: &'a str,
    partner_id: &'a str,
    data: &'a Value,
    #[serde(flatten)]
    older: Option<&'a Older>,
}

impl Webhooks {
    /// Those of a scenario. What it does not give is drawn from `seed`.
    pub fn new(section: &ChertSection, seed: u64, start: Timestamp) -> Self {
        Self {
            subscriptions: Subscriptions::new(section, seed, start),
            log: EventLog::new(section, seed, start),
            is_strict: section.webhooks.strict,
            form: section.webhooks.body,
            replays: 0,
        }
    }

    /// Logs an event of a tenant with this slug, and raises a delivery for each subscription that takes it.
    pub fn publish(&mut self, tenant: (usize, &str), news: News, now: Timestamp, raised: &mut Raised) {
        let (tenant, slug) = tenant;
        let (kind, event_id) = (news.kind, news.event_id.clone());
        let number = self.log.add(tenant, news, now);
        raised.is_logged = true;
        let takers = self.subscriptions.of(tenant).filter(|known| known.is_active);
        let takers = takers.filter_map(|known| Some((known.number, known.takes(kind)?)));
        let takers: Vec<_> = takers.collect();
        if takers.is_empty() {
            raised.silences.push(format!(
                "{} `{event_id}` goes to nobody: no active subscription of the tenant takes it; it stands in the event log",
                kind.name
            ));
        }
        for (subscription, name) in takers {
            let Some(known) = self.subscriptions.get(subscription) else { continue };
            self.log.takes(number, subscription, known.target.text());
            let Some(row) = self.log.get(number) else { continue };
            raised.deliveries.extend(delivery(self.form, row, known, name, slug));
        }
    }

    /// Raises the delivery that a call asks for, whose end the answer tells. Returns false when event or subscription are
    /// gone.
    pub fn replay(&mut self, slug: &str, row: u64, subscription: u64, raised: &mut Raised) -> bool {
        let (Some(row), Some(known)) = (self.log.get(row), self.subscriptions.get(subscription)) else {
            return false;
        };
        let name = known.takes(row.news.kind).unwrap_or(row.news.kind);
        let Some(delivery) = delivery(self.form, row, known, name, slug) else { return false };
        self.replays += 1;
        raised.waits_for = Some(raised.deliveries.len());
        raised.deliveries.push(Delivery { handler: REPLAYS + self.replays, ..delivery });
        true
    }

    /// The request of an attempt. Each one has a time and a signature of its own.
    pub fn request(&self, delivery: &Delivery, now: Timestamp) -> Outgoing {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if let Some(known) = self.subscriptions.get(delivery.sender.account as u64) {
            let seconds = brings::signed_at(delivery.nature, now.as_second()).to_string();
            let wrong = (delivery.nature == Nature::Forged).then(|| brings::wrong_secret(delivery));
            let secret = wrong.as_ref().unwrap_or(&known.secret);
            let signed = brings::signed_body(delivery);
            let digest = secret.mac(&seconds, signed.as_bytes()).finalize().into_bytes();
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            headers.extend([
                ("x-webhook-event", delivery.event.name.to_owned()),
                (
                    "x-webhook-event-id",
                    delivery.record.as_ref().map_or_else(String::new, |record| record.key.to_string()),
                ),
                ("x-webhook-subscription-id", known.id.clone()),
                ("x-webhook-signature", format!("t={seconds},v1={hex}")),
                ("x-chert-signature", format!("v1,{seconds},{hex}")),
                ("x-webhook-timestamp", seconds),
            ]);
        }
        Outgoing { headers, query: String::new(), body: Arc::clone(&delivery.body), issued: Vec::new() }
    }

    /// Notes how an attempt ended, in the log and at the subscription.
    pub fn attempted(&mut self, delivery: &Delivery, attempt: &Attempted<'_>) {
        let number = delivery.sender.account as u64;
        if attempt.is_last {
            self.subscriptions.ended(number, attempt.outcome.is_success(), attempt.ended);
        }
        let Some(known) = self.subscriptions.get(number) else { return };
        let to = (number, known.id.as_str(), known.target.text());
        let number = delivery.record.as_ref().map_or(0, |record| record.number);
        self.log.attempted(number, to, attempt);
    }

    /// Notes that a delivery was given up.
    pub fn gave_up(&mut self, delivery: &Delivery, now: Timestamp) {
        let number = delivery.sender.account as u64;
        self.subscriptions.ended(number, false, now);
        let url = self.subscriptions.get(number).map(|known| known.target.text().to_owned());
        if let Some(record) = &delivery.record {
            self.log.gave_up(record.number, number, &url.unwrap_or_default());
        }
    }
}

/// What follows the failed attempt with this number.
pub fn next_attempt(delivery: &Delivery, attempt: usize, outcome: &Outcome) -> Next {
    let is_retried = match outcome {
        Outcome::Answered(status) => (500..=599).contains(status),
        Outcome::Failed(_) => true,
        Outcome::Blocked(_) => false,
    };
    if !is_retried || attempt >= MOST_ATTEMPTS || delivery.handler >= REPLAYS {
        return Next::GiveUp;
    }
    // 1 s, then 2 s.
    Next::After(Duration::from_secs(1 << (attempt - 1).min(8)))
}

/// The delivery of an event to a subscription under this name; `None` for the dev inbox.
fn delivery(
    form: BodyForm,
    row: &Row,
    to: &Subscription,
    name: &'static EventKind,
    slug: &str,
) -> Option<Delivery> {
    let Target::Handler(target) = &to.target else { return None };
    Some(Delivery {
        handler: to.number,
        event: name,
        target: target.clone(),
        body: body(form, row, to, name, slug).into(),
        sender: Sender { account: usize::try_from(to.number).ok()?, user: None, depth: 0, number: 0 },
        record: Some(EventRecord { number: row.number, key: row.news.event_id.as_str().into() }),
        nature: Nature::Genuine,
    })
}

fn body(form: BodyForm, row: &Row, to: &Subscription, name: &'static EventKind, slug: &str) -> String {
    let news = &row.news;
    match form {
        BodyForm::Row => json!({
            "type": name.name,
            "event_id": news.event_id,
            "lead_id": news.lead_id,
            "convo_id": news.convo_id,
            "payload": {"event_type": name.name, "data": news.data},
        })
        .to_string(),
        BodyForm::Envelope => {
            let is_older = *name != *news.kind;
            let envelope = Envelope {
                event: name.name,
                event_id: &news.event_id,
                timestamp: milliseconds(row.created_at),
                api_version: "v1",
                webhook_version: &to.version,
                event_type: name.name,
                trace_id: &row.trace_id,
                partner_id: slug,
                data: &news.data,
                older: news.older.as_ref().filter(|_| is_older),
            };
            serde_json::to_string(&envelope).expect("an envelope is plain members")
        }
    }
}

#[cfg(test)]
mod tests;
