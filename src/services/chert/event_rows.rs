//! One event of the log, and what became of its deliveries.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::messages::seconds;
use super::section;
use super::subscriptions::DEV_INBOX;
use crate::emulator::{Attempted, EventKind, Outcome};

/// How many attempts of one event are kept, the newest.
const MOST_ATTEMPTS: usize = 100;

/// One event of the log.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number.
    pub number: u64,
    /// ID of the row.
    pub id: String,
    /// Index of the tenant.
    pub tenant: usize,
    /// The event.
    pub news: Arc<News>,
    /// When it was logged.
    pub created_at: Timestamp,
    /// The trace that its deliveries name.
    pub trace_id: String,
    /// What becomes of it at each subscription that takes it.
    legs: Vec<Leg>,
    attempts: VecDeque<AttemptRow>,
    /// The row as a stream sends it, made when the first one asks.
    frame: OnceLock<Bytes>,
    /// The bytes that it counts for.
    pub(super) weight: usize,
}

/// An event that is to be told.
#[derive(Debug)]
pub struct News {
    /// Its kind.
    pub kind: &'static EventKind,
    /// The key by which receivers drop repeats.
    pub event_id: String,
    /// ID of the chat.
    pub lead_id: Option<String>,
    /// ID of the conversation.
    pub convo_id: Option<String>,
    /// What happened.
    pub data: Value,
    /// The members that the older form of a message has besides.
    pub older: Option<Older>,
}

/// The members of the older form of a message.
#[derive(Clone, Debug, Serialize)]
pub struct Older {
    /// Who wrote.
    pub from: String,
    /// The line.
    pub to: Option<String>,
    /// The text.
    pub text: String,
    /// ID of the message.
    pub message_guid: String,
    /// ID of the line.
    pub line_id: Option<String>,
}

/// What becomes of an event at one subscription.
#[derive(Clone, Debug)]
struct Leg {
    /// Number of the subscription.
    subscription: u64,
    url: String,
    state: LegState,
}

/// How far one delivery of an event has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LegState {
    Pending,
    Delivered(Timestamp),
    Failed,
    DevInbox,
}

/// One attempt, as answers show it.
#[derive(Clone, Debug, Serialize)]
struct AttemptRow {
    at: String,
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    duration_ms: u64,
    subscription_id: String,
}

/// What became of an event, over all subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A delivery has not ended, or nobody takes the event.
    Pending,
    /// Every delivery was accepted.
    Delivered,
    /// A delivery has failed.
    Failed,
    /// It can only be read.
    DevInbox,
}

impl Status {
    /// Every status with its name.
    pub const ALL: [(&str, Self); 4] = [
        ("pending", Self::Pending),
        ("delivered", Self::Delivered),
        ("failed", Self::Failed),
        ("dev_inbox", Self::DevInbox),
    ];
}

/// A row as answers show it.
#[derive(Serialize)]
struct ShownRow<'a> {
    id: &'a str,
    r#type: &'static str,
    event_id: &'a str,
    lead_id: Option<&'a str>,
    convo_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
    delivery: ShownDelivery<'a>,
    created_at: String,
}

#[derive(Serialize)]
struct ShownDelivery<'a> {
    status: Status,
    url: Option<&'a str>,
    attempts: &'a VecDeque<AttemptRow>,
    delivered_at: Option<String>,
}

impl Row {
    /// An event that nobody takes yet.
    pub(super) fn new(
        (number, id): (u64, String),
        tenant: usize,
        news: News,
        trace_id: String,
        created_at: Timestamp,
    ) -> Self {
        Self {
            number,
            id,
            tenant,
            weight: 500 + news.data.to_string().len(),
            news: Arc::new(news),
            created_at,
            trace_id,
            legs: Vec::new(),
            attempts: VecDeque::new(),
            frame: OnceLock::new(),
        }
    }

    /// Takes over what the scenario says of an event.
    pub(super) fn become_known(&mut self, event: &section::Event, start: Timestamp) {
        event.id.iter().for_each(|id| self.id = id.to_string());
        self.attempts = event.attempts.iter().map(|attempt| shown(attempt, start)).collect();
        let url = event.url.as_ref().map(ToString::to_string).unwrap_or_default();
        let state = state_of(event, start);
        self.legs.extend(state.map(|state| Leg { subscription: 0, url, state }));
    }

    /// Notes that a subscription takes it, which a handler gets or nobody.
    pub(super) fn takes(&mut self, subscription: u64, url: &str) {
        let state = if url == DEV_INBOX { LegState::DevInbox } else { LegState::Pending };
        self.set(subscription, url, state);
    }

    /// Notes how an attempt ended: `to` is the subscription by its number, its ID and its URL.
    pub(super) fn attempted(&mut self, to: (u64, &str, &str), attempt: &Attempted<'_>) {
        let (subscription, subscription_id, url) = to;
        let (status, error) = match attempt.outcome {
            Outcome::Answered(status) => (Some(*status), None),
            Outcome::Failed(why) | Outcome::Blocked(why) => (None, Some(why.clone())),
        };
        if self.attempts.len() == MOST_ATTEMPTS {
            self.attempts.pop_front();
        }
        self.attempts.push_back(AttemptRow {
            at: seconds(attempt.at),
            status,
            error,
            duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
            subscription_id: subscription_id.to_owned(),
        });
        self.frame = OnceLock::new();
        if attempt.is_last {
            let is_success = attempt.outcome.is_success();
            let state = if is_success { LegState::Delivered(attempt.ended) } else { LegState::Failed };
            self.set(subscription, url, state);
        }
    }

    /// Notes that a delivery was given up.
    pub(super) fn gave_up(&mut self, subscription: u64, url: &str) {
        self.set(subscription, url, LegState::Failed);
    }

    /// What became of the event.
    pub fn status(&self) -> Status {
        self.telling().map_or(Status::Pending, |leg| match leg.state {
            LegState::Pending => Status::Pending,
            LegState::Failed => Status::Failed,
            LegState::Delivered(_) => Status::Delivered,
            LegState::DevInbox => Status::DevInbox,
        })
    }

    /// The leg that tells the status: one that has not ended, else one that failed, else one that was delivered.
    fn telling(&self) -> Option<&Leg> {
        self.legs.iter().min_by_key(|leg| match leg.state {
            LegState::Pending => 0,
            LegState::Failed => 1,
            LegState::Delivered(_) => 2,
            LegState::DevInbox => 3,
        })
    }

    /// Whether it stands in the dev inbox.
    pub fn is_in_dev_inbox(&self) -> bool {
        self.legs.iter().any(|leg| leg.state == LegState::DevInbox)
    }

    /// The numbers of the subscriptions that have taken it, first those where it failed.
    pub fn takers(&self) -> Vec<u64> {
        let mut legs: Vec<_> = self.legs.iter().collect();
        legs.sort_by_key(|leg| leg.state != LegState::Failed);
        legs.into_iter().map(|leg| leg.subscription).collect()
    }

    fn set(&mut self, subscription: u64, url: &str, state: LegState) {
        self.frame = OnceLock::new();
        match self.legs.iter_mut().find(|leg| leg.subscription == subscription) {
            // What has arrived once does not fail any more.
            Some(leg) if matches!(leg.state, LegState::Delivered(_)) && state == LegState::Failed => {}
            Some(leg) => leg.state = state,
            None => self.legs.push(Leg { subscription, url: url.to_owned(), state }),
        }
    }

    /// The payload: kind and data of the event; empty for an event of the scenario.
    pub fn payload(&self) -> Value {
        match self.news.data.as_object() {
            Some(data) if data.is_empty() => json!({}),
            _ => json!({"event_type": self.news.kind.name, "data": self.news.data}),
        }
    }

    /// The row as JSON.
    pub fn as_json(&self) -> Value {
        self.with_payload(Some(self.payload()))
    }

    /// The same without the payload, which is large.
    pub fn without_payload_as_json(&self) -> Value {
        self.with_payload(None)
    }

    fn with_payload(&self, payload: Option<Value>) -> Value {
        let telling = self.telling();
        let delivered_at = self.legs.iter().filter_map(|leg| match leg.state {
            LegState::Delivered(at) => Some(at),
            _ => None,
        });
        let delivered_at = delivered_at.max().filter(|_| self.status() == Status::Delivered);
        let shown = ShownRow {
            id: &self.id,
            r#type: self.news.kind.name,
            event_id: &self.news.event_id,
            lead_id: self.news.lead_id.as_deref(),
            convo_id: self.news.convo_id.as_deref(),
            payload,
            delivery: ShownDelivery {
                status: self.status(),
                url: telling.map(|leg| leg.url.as_str()),
                attempts: &self.attempts,
                delivered_at: delivered_at.map(seconds),
            },
            created_at: seconds(self.created_at),
        };
        serde_json::to_value(shown).expect("a row is plain members")
    }

    /// The row as the dev inbox shows it: what other subscriptions did with it does not matter there.
    pub fn in_dev_inbox_as_json(&self) -> Value {
        let mut row = self.as_json();
        row["delivery"] =
            json!({"status": "dev_inbox", "url": DEV_INBOX, "attempts": [], "delivered_at": null});
        row
    }

    /// The row as a stream sends it.
    pub fn frame(&self) -> Bytes {
        self.frame.get_or_init(|| format!("data: {}\n\n", self.as_json()).into()).clone()
    }

    /// Where a page ends that has this row as its last one.
    pub fn cursor(&self) -> String {
        format!("{}|{}", seconds(self.created_at), self.id)
    }
}

fn shown(attempt: &section::EventAttempt, start: Timestamp) -> AttemptRow {
    AttemptRow {
        at: seconds(attempt.at.map_or(start, |at| at.on(start))),
        status: attempt.status,
        error: attempt.status.is_none().then(|| "no answer".to_owned()),
        duration_ms: attempt.duration_ms,
        subscription_id: attempt.subscription.to_string(),
    }
}

/// What has become of an event of the scenario; `None` when nobody takes it.
fn state_of(event: &section::Event, start: Timestamp) -> Option<LegState> {
    let last = event.attempts.last();
    match (last, event.url.as_ref().map(|url| url.as_str())) {
        (_, None) => None,
        (_, Some(DEV_INBOX)) => Some(LegState::DevInbox),
        (None, _) => Some(LegState::Pending),
        (Some(attempt), _) => Some(match attempt.status {
            Some(200..=299) => LegState::Delivered(attempt.at.map_or(start, |at| at.on(start))),
            _ => LegState::Failed,
        }),
    }
}
