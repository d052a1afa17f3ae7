//! The interface of an emulated service to the rest of the program.

use std::collections::BTreeMap;

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::action::Action;
use super::answer::Answer;
use super::calling::{Calling, Ways};
use super::conduct::Rule;
use super::delivery::{Brought, Delivery, EventKind, Nature};
use super::error::{ErrorCode, Gives};
use super::exchange::RequestedCall;
use super::operation::Operation;
use super::secrets::Places;
use super::section::Section;
use crate::http::{Reply, Request};

/// The size of the largest body of nearly every request, in bytes.
pub const USUAL_BODY: usize = 1 << 20;

/// An emulated service.
pub trait Service: Sync {
    /// The name of the service: its key in a scenario and the prefix of its operations, such as `chert`.
    fn name(&self) -> &'static str;

    /// The name as people write it, such as `Chert`.
    fn title(&self) -> &'static str;

    /// The operations that are emulated.
    fn operations(&self) -> &'static [&'static Operation];

    /// The events that the service sends out.
    fn events(&self) -> &'static [&'static EventKind] {
        &[]
    }

    /// What a delivery can be besides genuine and a repeat.
    fn natures(&self) -> &'static [Nature] {
        &[]
    }

    /// What an event names, read from its delivery, which may be one that a fault has made.
    fn brings(&self, _delivery: &Delivery) -> Vec<Brought> {
        Vec::new()
    }

    /// The actions that can be performed on its state.
    fn actions(&self) -> &'static [&'static Action] {
        &[]
    }

    /// The names of its editions, first the one that a scenario has by default; empty when there is only one.
    fn editions(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether `edition` has the operation.
    fn has(&self, _operation: &Operation, _edition: &str) -> bool {
        true
    }

    /// How clients reach it.
    fn calling(&self) -> &'static Calling;

    /// The ways in which a call of `operation` may show who makes it, in `edition`.
    fn ways(&self, operation: &Operation, edition: &str) -> Ways;

    /// Every answer that `operation` may give in `edition`, first the successes; `edition` is empty for a service that has only one.
    fn answers(&self, operation: &'static Operation, edition: &str) -> Vec<Answer>;

    /// All errors of the emulated operations.
    fn errors(&self) -> &'static [&'static ErrorCode];

    /// The errors that a call of an operation that is not emulated can give.
    fn errors_of_unknown(&self) -> &'static [Gives];

    /// The rules of conduct for clients of this service.
    fn rules(&self) -> &'static [&'static Rule];

    /// How the service reads requests.
    fn habits(&self) -> Habits;

    /// The differences between the service's documentation and its server; empty when there is only one edition.
    fn differences(&self) -> Vec<Difference> {
        Vec::new()
    }

    /// Where the paths of the service's operations begin, such as `/rest`.
    fn base(&self) -> &'static str;

    /// Whether this path belongs to the service.
    fn claims(&self, path: &str) -> bool;

    /// The JSON Schema of the service's section of a scenario.
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema;

    /// Reads the service's section of a scenario, which satisfies [`Service::schema`].
    ///
    /// # Errors
    /// When the value does not satisfy the schema.
    fn read(&self, section: Value) -> Result<Box<dyn Section>, serde_json::Error>;

    /// The credential in the request, valid or not: an access token, `user/secret` of a webhook, or the slug of a
    /// tenant. `None` when there is none.
    fn credential(&self, request: &Request) -> Option<String>;

    /// The size of the largest body that a request may have, in bytes.
    fn largest_body(&self, _request: &Request) -> usize {
        USUAL_BODY
    }

    /// The calls of a request: first its own, then the commands of a batch.
    fn calls(&self, request: &Request) -> Vec<RequestedCall>;

    /// The codes of the errors that commands of a batch have ended with, by the commands' names, from the body of its answer.
    fn command_errors(&self, _answer: &[u8]) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// How a shell signs a request whose time is in `seconds` and whose body is in `body`: commands that set `signature`, the value of
    /// the header field. `None` when requests are not signed.
    fn shell_signature(&self) -> Option<&'static str> {
        None
    }

    /// Where credentials stand in a request with this path, and in its answer. Journals hide what stands there. The path
    /// may be that of another service.
    fn places(&self, path: &str) -> Places;

    /// All credentials that `reply` issues. Requests with them are for the namespace that issued them.
    fn credentials_issued(&self, _request: &Request, _reply: &Reply) -> Vec<String> {
        Vec::new()
    }

    /// A 500 in the format of the service, for a bug of standin.
    fn failure(&self) -> Reply;
}

/// How a service reads requests, for rules that apply to all services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// Whether upper and lower case make no difference in the names of parameters.
    pub ignores_case: bool,
    /// Whether a body that is not JSON, although its `content-type` says so, counts as empty.
    pub swallows_bad_json: bool,
}

/// A difference between the two editions of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The number of the difference.
    pub number: u8,
    /// What differs.
    pub item: &'static str,
    /// What the documentation says.
    pub documented: String,
    /// What the live server does.
    pub live: String,
    /// The source of both.
    pub source: &'static str,
}
