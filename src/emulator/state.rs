//! The live state of a service.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use super::exchange::Exchange;
use crate::http::Reply;

/// The live state of one service.
///
/// A call does not change it by itself: it says what changes, and the change is made when it is committed: with the
/// answer, later, or never.
pub trait Emulator: Send {
    /// Answers one request. Total: what a client can cause is an error of the service.
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Reply;

    /// What the service's other edition answers to the same request over the same state, which stays as it is. `None` when
    /// there is one edition only, or both answer this request by the same rules.
    fn other_edition(&self, _exchange: &mut Exchange<'_>) -> Option<Reply> {
        None
    }

    /// The answer with a change that is put off is given at the instant `at`.
    fn answered(&mut self, at: Timestamp);

    /// Commits the changes that were put off until `now` or earlier. Returns a remark for each that no longer fits.
    fn settle(&mut self, now: Timestamp) -> Vec<Cow<'static, str>>;

    /// The state as data, without secrets.
    fn state(&self) -> Value;

    /// The same state once more.
    fn copy(&self) -> Box<dyn Emulator>;

    /// The things of a kind, such as `chat`, with this identifier.
    fn things(&self, kind: &str, id: &str) -> Vec<Thing>;
}

/// A thing that a scenario describes, such as a chat, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// What tells it from others with the same identifier, by the names of a call's parameters.
    pub apart: Vec<(&'static str, String)>,
    /// What it is like, by names such as `name`.
    pub members: Vec<(&'static str, String)>,
}

impl Thing {
    /// A member of it.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}
