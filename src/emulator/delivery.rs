//! What a service sends out: an event for one handler, and the request that carries it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

/// A kind of event that a service sends out.
#[derive(Debug, PartialEq, Eq)]
pub struct EventKind {
    /// The name, as the service's documentation spells it, such as `OnImConnectorMessageAdd`.
    pub name: &'static str,
    /// When the service sends it, in a line.
    pub summary: &'static str,
    /// The page that documents it.
    pub source: &'static str,
    /// What it names.
    pub names: &'static [EventName],
}

/// What events of a kind name, such as a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventName {
    /// The name by which faults match it.
    pub name: &'static str,
    /// The kind of thing, such as `chat`.
    pub kind: &'static str,
}

/// An event on its way to one handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The service's number of the handler. Deliveries to one handler are made one after the other.
    pub handler: u64,
    /// The kind of event.
    pub event: &'static EventKind,
    /// Where the handler is.
    pub target: HandlerTarget,
    /// The part of the body that does not depend on the time of the attempt.
    pub body: Arc<str>,
    /// Who sends it.
    pub sender: Sender,
    /// What the service's log knows the event by; `None` when it keeps none.
    pub record: Option<EventRecord>,
    /// What it is beside the event itself.
    pub nature: Nature,
}

/// What a delivery is: the event itself, or what a fault makes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nature {
    /// The event itself, as the service sends it.
    #[default]
    Genuine,
    /// The event once more, in the same words.
    Repeat,
    /// An event that never happened, from somebody who does not know the secret: its token or signature is wrong.
    Forged,
    /// An event whose body was changed after it was signed.
    Tampered,
    /// An event whose signature is right and too old.
    Stale,
    /// The event itself, with a token that has expired.
    ExpiredToken,
}

impl Nature {
    /// The nature in a word, as `deliver` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Repeat => "repeat",
            Self::Forged => "forged",
            Self::Tampered => "tampered",
            Self::Stale => "stale",
            Self::ExpiredToken => "expired_token",
        }
    }

    /// Whether it is the delivery that the service makes by itself, and not one more.
    pub fn is_own(self) -> bool {
        matches!(self, Self::Genuine | Self::ExpiredToken)
    }

    /// Whether the event has happened, so that a handler must accept it.
    pub fn is_true(self) -> bool {
        matches!(self, Self::Genuine | Self::Repeat | Self::ExpiredToken)
    }
}

/// Something that an event names: a chat, a message, a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// The name by which faults match it: that of the parameter by which operations name the same, such as `CHAT_ID`.
    pub name: &'static str,
    /// The kind of thing, such as `chat` or `message`; `text` and `event` are kinds too.
    pub kind: &'static str,
    /// The identifier or the text.
    pub value: String,
    /// Whether only this event has brought it: the ID of a new message, for example. A chat may be known from elsewhere.
    pub is_new: bool,
}

/// An event in the log of its service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// Its number in the log.
    pub number: u64,
    /// The key by which receivers drop repeats.
    pub key: Arc<str>,
}

/// The largest number that every reader of JSON reads as it is.
const MOST_SHOWN: u64 = (1 << 53) - 1;

impl Delivery {
    /// The number of the handler for readers; `None` for one that is no handler of an event, such as a settings page.
    pub fn shown_handler(&self) -> Option<u64> {
        Some(self.handler).filter(|handler| *handler <= MOST_SHOWN)
    }
}

/// Where a handler is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerTarget {
    /// At this URL.
    Url(Arc<str>),
    /// A name that is not bound to a URL yet: a test takes the deliveries itself.
    Name(Arc<str>),
}

/// A handler that is bound to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundHandler<'a> {
    /// The name of the event, as the service's documentation spells it.
    pub event: &'a str,
    /// The name that the scenario gives the handler.
    pub name: Option<&'a str>,
    /// Where it is; `None` when it only has a name.
    pub url: Option<&'a str>,
}

/// In whose name a delivery is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The service's index of the application or subscription.
    pub account: usize,
    /// The user for whom the handler may act; `None` when there is none.
    pub user: Option<String>,
    /// How many events led to this one: a call that a handler makes for an event may raise another event.
    pub depth: u8,
    /// How many deliveries the service has raised, this one included; 0 when it does not count them.
    pub number: u64,
}

/// The request of one attempt of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The header fields, besides `host` and `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// What is added to the query of the URL; usually empty.
    pub query: String,
    /// The body.
    pub body: Arc<str>,
    /// The credentials that the request hands over, in the spelling of [`super::Service::credential`].
    pub issued: Vec<String>,
}

/// How one attempt of a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The handler answered with this status.
    Answered(u16),
    /// There was no answer, for the reason in words.
    Failed(String),
    /// The target is not allowed, for the reason in words. No connection was opened.
    Blocked(String),
}

impl Outcome {
    /// Whether the handler has accepted the delivery.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }
}

/// What a service does after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It gives up.
    GiveUp,
    /// It tries again this long after the attempt.
    After(Duration),
}

/// What committed changes have raised since the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// The deliveries, in the order in which the service makes them.
    pub deliveries: Vec<Delivery>,
    /// Why an event goes to nobody, in words.
    pub silences: Vec<String>,
    /// Whether an event came into the service's log, which streams may send.
    pub is_logged: bool,
    /// The delivery, by its place in the list, whose end the answer to the present exchange waits for.
    pub waits_for: Option<usize>,
    /// What the answer to the present exchange goes on with when it is a stream.
    pub opens: Option<Feed>,
}

impl Raised {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.silences.is_empty() && !self.is_logged && self.opens.is_none()
    }
}

/// The events that one stream sends: those of an account after a place in the service's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The service's index of the account.
    pub account: usize,
    /// The number of the latest event that was sent, or of the one before the first.
    pub after: u64,
    /// After how long a silence the stream shows that it is alive.
    pub heartbeat: Duration,
    /// How long the stream lasts.
    pub life: Duration,
}

/// How one attempt of a delivery ended, for a service that keeps a log.
#[derive(Clone, Copy, Debug)]
pub struct Attempted<'a> {
    /// When it was due.
    pub at: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How it ended.
    pub outcome: &'a Outcome,
    /// How long it took.
    pub duration: Duration,
    /// Whether no other attempt follows.
    pub is_last: bool,
}

/// What a service knows of an attempt: where it is reached from outside, which events tell their handlers, and when.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    /// The URL of the server without a final slash, such as `http://127.0.0.1:8080`.
    pub url: &'a str,
    /// The time by the scenario's clock.
    pub now: Timestamp,
    /// How many attempts of the delivery there were, this one included.
    pub attempt: usize,
}
