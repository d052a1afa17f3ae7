//! What every vendor offers, and the one list of them.
//!
//! A vendor reads its section of a scenario, keeps the state of its world, and answers requests as the real
//! service does. It does not know that faults exist: at the end of each stage it asks its [`Checkpoint`], and
//! gives the error that it is told to give.

pub mod bitrix24;
mod bucket;
pub mod chert;
mod later;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::basics::{Stage, Stopwatch};
use crate::http::{Facts, Reply, Request};
use crate::scalar::{Findings, Path};
pub use later::Later;

/// Every vendor that standin emulates.
pub static SERVICES: &[&dyn Service] = &[&bitrix24::Bitrix24, &chert::Chert];

/// One emulated service.
pub trait Service: Sync {
    /// Its key in a scenario, and the first part of its operations' names.
    fn name(&self) -> &'static str;

    /// Its name as people write it.
    fn title(&self) -> &'static str;

    /// The operations that are emulated.
    fn operations(&self) -> &'static [&'static Operation];

    /// Every error that an emulated operation can give.
    fn errors(&self) -> &'static [ErrorCode];

    /// Where the vendor's page and the vendor's server disagree; empty when there is one edition only.
    fn differences(&self) -> Vec<Difference> {
        Vec::new()
    }

    /// Whether a request to this path is the vendor's to answer.
    fn claims(&self, path: &str) -> bool;

    /// The JSON Schema of its section of a scenario.
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema;

    /// Reads its section; the value satisfies [`Service::schema`].
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

    /// A 500 in the vendor's own shape, for a broken invariant of standin.
    fn failure(&self) -> Reply;
}

/// The vendor called `name`.
pub fn by_name(name: &str) -> Option<&'static dyn Service> {
    SERVICES.iter().copied().find(|service| service.name() == name)
}

/// A vendor's section of a scenario, read.
pub trait Section: Debug + Send + Sync {
    /// Adds what is wrong with it beyond its shape; `path` is where it stands in the scenario.
    fn check(&self, path: &Path, findings: &mut Findings);

    /// The world that it describes, at its start, which is at the instant `start`.
    fn open(&self, seed: u64, start: Timestamp) -> Box<dyn Emulator>;

    /// The same with credentials of its own, each with `suffix` behind it, so that they alone tell whose a request is.
    fn with_suffix(&self, suffix: &str) -> Box<dyn Section>;

    /// The same in the vendor's other edition, and the names of both: the present one, then the other. `None` when there
    /// is one only.
    fn other_edition(&self) -> Option<(Box<dyn Section>, [&'static str; 2])> {
        None
    }

    /// Every credential in it, spelt as [`Service::credential`] gives them.
    fn credentials(&self) -> Vec<String>;

    /// Every secret in it, so that a journal can hide them.
    fn secrets(&self) -> Vec<String>;

    /// What a client needs to call it.
    fn access(&self) -> Vec<Access>;

    /// A curl command for `operation` that this section answers with success at `now`, ready to paste. `None` when
    /// the section has nothing to call the operation on, or nobody who may.
    fn curl(&self, operation: &Operation, base: &str, now: Timestamp, proof: Proof) -> Option<String>;

    /// What a call of `operation` must have found to pass `stage`: the parameters that name it, and all that they may
    /// name.
    fn known(&self, operation: &str, stage: Stage) -> Vec<Known<'_>>;
}

/// What a parameter may name.
#[derive(Debug)]
pub struct Known<'a> {
    /// The parameter.
    pub parameter: &'static str,
    /// What it names, such as `chat`.
    pub what: &'static str,
    /// Everything of this kind in the scenario.
    pub values: HashSet<Cow<'a, str>>,
    /// The vendor's own folding of a value before it looks it up.
    pub fold: fn(&str) -> Cow<'_, str>,
}

/// How a printed command proves who calls, where a vendor has two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Signed for the instant: the vendor's better way, good for a while.
    Signed,
    /// By a credential that does not age.
    Lasting,
}

/// A word of a shell, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A word of a shell, in quotes where it needs them.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { quoted(text) }
}

/// One segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The live state of one vendor.
pub trait Emulator: Send {
    /// Answers one request. Total: what a client can cause is a vendor's error.
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Reply;

    /// The answer with a change that is put off is given at the instant `at`.
    fn answered(&mut self, at: Timestamp);

    /// Makes the changes that were put off until `now` or earlier.
    fn settle(&mut self, now: Timestamp);

    /// The state as data, without secrets.
    fn state(&self) -> Value;

    /// The same state once more.
    fn copy(&self) -> Box<dyn Emulator>;

    /// The chats with this identifier.
    fn chats(&self, id: &str) -> Vec<NamedChat>;
}

/// A chat as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedChat {
    /// What tells it from others with the same identifier, by the names of a call's parameters.
    pub apart: Vec<(&'static str, String)>,
    /// Its name.
    pub name: String,
}

/// One request on its way through a vendor.
pub struct Exchange<'a> {
    /// What was asked.
    pub request: &'a Request,
    /// What time it is, and what the exchange takes.
    pub stopwatch: Stopwatch,
    /// Where each stage reports.
    pub checkpoint: &'a mut dyn Checkpoint,
}

/// Hears which stages a call passed, and may order an error.
pub trait Checkpoint {
    /// `call` has passed `stage`. `Err`: the vendor answers with this error. Either way it is told what becomes of
    /// the change, which matters at the last stage.
    fn passed(
        &mut self,
        stage: Stage,
        call: &OperationCall<'_>,
        stopwatch: &mut Stopwatch,
    ) -> Result<Commit, Ordered>;

    /// The exchange ends with this error code.
    fn refused(&mut self, code: &'static str);

    /// Something that a reader of the journal would want to know.
    fn remark(&mut self, text: Cow<'static, str>);
}

/// A call as a request asks for it, before it is made.
pub struct RequestedCall {
    /// The operation; `None` when it is not emulated.
    pub operation: Option<&'static Operation>,
    /// The name of the command that it is in a batch.
    pub command: Option<String>,
    /// Its parameters; those that refer to the answers of other calls as they stand.
    pub facts: Arc<dyn Facts>,
}

/// One call of an operation.
pub struct OperationCall<'a> {
    /// The operation; `None` when it is not emulated.
    pub operation: Option<&'static Operation>,
    /// Its parameters.
    pub facts: &'a dyn Facts,
    /// Whether it is part of another call of the same request, as in a batch.
    pub nested: bool,
}

/// What becomes of the change that a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// It is made.
    Now,
    /// It is not made, whatever the answer says.
    Never,
    /// It is made so long after the answer.
    Later(Duration),
}

/// An error that the vendor is asked to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The code, one of the vendor's [`ErrorCode`]s.
    pub code: &'static ErrorCode,
    /// Another text than the vendor's own.
    pub message: Option<String>,
    /// Seconds to wait, where the error carries them.
    pub retry_after: Option<u32>,
    /// The argument that it names, where the error names one.
    pub argument: Option<String>,
    /// What becomes of the change.
    pub commit: Commit,
}

/// An emulated operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name within the vendor, such as `imconnector.chat.name.set`.
    pub name: &'static str,
    /// Verb and path, such as `PUT /api/v1/chats/{id}`.
    pub route: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Its parameters, as a fault's `match` spells them.
    pub parameters: &'static [&'static str],
    /// The one of them that names the chat.
    pub chat: Option<&'static str>,
    /// Whether it changes anything itself.
    pub changes: bool,
    /// The page that documents it.
    pub source: &'static str,
}

/// One row of a vendor's error catalogue. Replies, the check of scenarios, `standin catalog` and the tests read
/// the same rows.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code as a scenario names it.
    pub code: &'static str,
    /// What it means, where its texts do not say.
    pub meaning: &'static str,
    /// The stage that gives it.
    pub stage: Stage,
    /// Whether the vendor's advice is to try again.
    pub retryable: bool,
    /// How it looks in each edition.
    pub faces: &'static [Face],
    /// Members that it may carry beyond the vendor's usual ones.
    pub members: &'static [&'static str],
    /// The operations that can give it, by name; empty when all can.
    pub operations: &'static [&'static str],
    /// Where `operations` is empty: those that cannot, by name.
    pub except: &'static [&'static str],
    /// Where the row comes from.
    pub source: &'static str,
}

impl ErrorCode {
    /// Whether `operation` can give this error.
    pub fn is_given_by(&self, operation: &str) -> bool {
        match self.operations {
            [] => !self.except.contains(&operation),
            operations => operations.contains(&operation),
        }
    }
}

/// How an error looks in one edition.
#[derive(Debug, PartialEq, Eq)]
pub struct Face {
    /// The edition; empty when the vendor has one only.
    pub edition: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The text.
    pub text: &'static str,
}

/// One row of the table of differences between two editions of a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The row's number.
    pub number: u8,
    /// What differs.
    pub item: &'static str,
    /// What the vendor's page says.
    pub documented: String,
    /// What the vendor's server does.
    pub live: String,
    /// Where both are known from.
    pub source: &'static str,
}

/// Something that a client needs to call a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it is, such as `webhook`.
    pub label: &'static str,
    /// The name under which a client's environment holds it, such as `BITRIX24_WEBHOOK_URL`.
    pub variable: &'static str,
    /// The value; a path when [`Access::is_path`].
    pub value: String,
    /// Whether the value is a path to be put after the server's URL.
    pub is_path: bool,
}

impl Access {
    /// The value for a server at `base`, such as `http://127.0.0.1:8080`.
    pub fn at(&self, base: &str) -> String {
        if self.is_path { format!("{base}{}", self.value) } else { self.value.clone() }
    }
}
