//! One emulated service as the rest of the program sees it.

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::conduct::Rule;
use super::error::{ErrorCode, Gives};
use super::exchange::RequestedCall;
use super::operation::Operation;
use super::section::Section;
use crate::http::{Reply, Request};

/// One emulated service.
pub trait Service: Sync {
    /// Its key in a scenario, and the first part of its operations' names.
    fn name(&self) -> &'static str;

    /// Its name as people write it.
    fn title(&self) -> &'static str;

    /// The operations that are emulated.
    fn operations(&self) -> &'static [&'static Operation];

    /// Every error that an emulated operation can give.
    fn errors(&self) -> &'static [&'static ErrorCode];

    /// The errors that a call of an operation that is not emulated can give.
    fn errors_of_unknown(&self) -> &'static [Gives];

    /// What it asks of every client.
    fn rules(&self) -> &'static [&'static Rule];

    /// How it reads requests.
    fn habits(&self) -> Habits;

    /// Where the service's page and the service's server disagree; empty when there is one edition only.
    fn differences(&self) -> Vec<Difference> {
        Vec::new()
    }

    /// Whether a request to this path is the service's to answer.
    fn claims(&self, path: &str) -> bool;

    /// The JSON Schema of its section of a scenario.
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema;

    /// Reads its section; the value satisfies [`Service::schema`].
    ///
    /// # Errors
    /// When the value does not satisfy the schema.
    fn read(&self, section: Value) -> Result<Box<dyn Section>, serde_json::Error>;

    /// The credential that the request presents, good or not: an access token, `user/secret` of a webhook, the slug
    /// of a tenant.
    fn credential(&self, request: &Request) -> Option<String>;

    /// What the request asks for: its own call first, then the commands of a batch.
    fn calls(&self, request: &Request) -> Vec<RequestedCall>;

    /// Every credential in the request, spelt as it stands in the request, so that a journal can hide it.
    fn credentials_in(&self, request: &Request) -> Vec<String>;

    /// Every credential that `reply` hands out: a journal hides it, and requests with it belong where it was issued.
    fn credentials_issued(&self, _request: &Request, _reply: &Reply) -> Vec<String> {
        Vec::new()
    }

    /// A 500 in the service's own shape, for a broken invariant of standin.
    fn failure(&self) -> Reply;
}

/// How a service reads requests, as far as rules for all services need to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// The names of parameters are the same in upper and lower case.
    pub ignores_case: bool,
    /// A body that its content type calls JSON and that is none counts as empty.
    pub swallows_bad_json: bool,
}

/// One row of the table of differences between two editions of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The row's number.
    pub number: u8,
    /// What differs.
    pub item: &'static str,
    /// What the service's page says.
    pub documented: String,
    /// What the service's server does.
    pub live: String,
    /// Where both are known from.
    pub source: &'static str,
}
