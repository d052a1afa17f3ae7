//! The live state of a service.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::action::{ActionInput, ActionMistake, ActionResult};
use super::delivery::{
    Attempted, BoundHandler, Delivery, Endpoint, Feed, Nature, Next, Outcome, Outgoing, Raised,
};
use super::exchange::Exchange;
use crate::http::Reply;

/// The live state of one service.
///
/// A call does not change the state itself: it returns a change, which is committed with the answer, later or never.
pub trait Emulator: Send {
    /// Answers one request. It cannot fail: whatever a client sends, the answer is a reply.
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Reply;

    /// The answer of the service's other edition to the same request with the same state, which does not change. Only
    /// the answer to a batch that succeeds has header fields and a body, because of others only status and code are
    /// compared. `None` when there is only one edition, or when both editions treat this request alike.
    fn other_edition(&self, _exchange: &mut Exchange<'_>) -> Option<Reply> {
        None
    }

    /// Sets the time of the answer, from which late changes of this exchange are counted.
    fn answered(&mut self, at: Timestamp);

    /// Commits the late changes that are due at `now`. Returns a remark for each that can no longer be made.
    fn settle(&mut self, now: Timestamp) -> Vec<Cow<'static, str>>;

    /// Does what the service does by itself at `now`: it closes a session in which nobody writes, for example. This comes
    /// after the late changes and the actions of the same instant.
    fn lapse(&mut self, _now: Timestamp) {}

    /// When the next late change is due, or what the service does by itself; `None` when nothing is.
    fn next_due(&self) -> Option<Timestamp>;

    /// The state as JSON, without secrets.
    fn state(&self) -> Value;

    /// The secrets that the service has issued since the start, which journals and reports hide.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether changes have raised anything since the last look.
    fn has_raised(&self) -> bool {
        false
    }

    /// Whether the answer to the present exchange waits for a delivery that was raised since the last look.
    fn is_awaited(&self) -> bool {
        false
    }

    /// Takes what changes have raised since the last look.
    fn raised(&mut self) -> Raised {
        Raised::default()
    }

    /// A further delivery beside one that was raised. If it is a repeat, it has the same words, otherwise ids and a text of its
    /// own, made from `draw`.
    fn further(&mut self, delivery: &Delivery, nature: Nature, _draw: u64) -> Delivery {
        Delivery { nature, ..delivery.clone() }
    }

    /// The request for an attempt of a delivery. It may issue credentials.
    fn outgoing(&mut self, delivery: &Delivery, _endpoint: Endpoint<'_>) -> Outgoing {
        Outgoing {
            headers: Vec::new(),
            query: String::new(),
            body: delivery.body.clone(),
            issued: Vec::new(),
        }
    }

    /// Performs an action of [`super::Service::actions`] whose parameters have the right names.
    ///
    /// # Errors
    /// When the action makes no sense in the present state. Nothing has changed then.
    fn act(&mut self, action: &str, _with: &ActionInput, _now: Timestamp) -> ActionResult {
        Err(ActionMistake::new(format!("there is no action `{action}`"), ""))
    }

    /// What happens after the failed attempt with this number, counted from 1.
    fn next_attempt(&self, _delivery: &Delivery, _attempt: usize, _outcome: &Outcome) -> Next {
        Next::GiveUp
    }

    /// Notes how an attempt of a delivery ended.
    fn attempted(&mut self, _delivery: &Delivery, _attempt: &Attempted<'_>) {}

    /// Notes that a delivery was given up without a further attempt.
    fn gave_up(&mut self, _delivery: &Delivery, _now: Timestamp) {}

    /// Finishes an answer that has waited for a delivery. Returns it with the code of its error, if it is one.
    fn resume(&mut self, _outcome: &Outcome, reply: Reply) -> (Reply, Option<&'static str>) {
        (reply, None)
    }

    /// The next event of a stream, in the bytes that it sends, after which the feed moves on. `None` when there is none
    /// yet.
    fn next_of(&mut self, _feed: &mut Feed) -> Option<Bytes> {
        None
    }

    /// What a stream sends to show that it is alive.
    fn heartbeat(&self) -> Bytes {
        Bytes::new()
    }

    /// What a stream sends when its life is over.
    fn farewell(&self, _now: Timestamp) -> Bytes {
        Bytes::new()
    }

    /// How long a handler may take to answer.
    fn time_limit(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// Whether events leave before the answer to the call that raised them.
    fn is_hasty(&self) -> bool {
        false
    }

    /// Gives the handlers of this name a URL, in place of the one that they may have. Returns how many there are.
    fn bind_handler(&mut self, _name: &str, _url: &str) -> usize {
        0
    }

    /// The handlers that are bound to events.
    fn handlers(&self) -> Vec<BoundHandler<'_>> {
        Vec::new()
    }

    /// A copy of the state.
    fn copy(&self) -> Box<dyn Emulator>;

    /// The things of a kind, such as `chat`, with this identifier.
    fn things(&self, kind: &str, id: &str) -> Vec<Thing>;
}

/// The present state of a thing that a scenario describes, such as a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// The values that distinguish the thing from others with the same identifier, by the names of parameters.
    pub apart: Vec<(&'static str, String)>,
    /// The values of the thing, by names such as `name`.
    pub members: Vec<(&'static str, String)>,
}

impl Thing {
    /// The value called `name`; `None` when the thing has none.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}
