//! A request in a service, and the checkpoint that it reports its stages to.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::error::ErrorCode;
use super::operation::Operation;
use crate::basics::{Stage, Stopwatch};
use crate::http::{Facts, Request};

/// A request that a service is answering.
pub struct Exchange<'a> {
    /// The request.
    pub request: &'a Request,
    /// The time, and how long the exchange has taken.
    pub stopwatch: Stopwatch,
    /// The checkpoint that the service reports each stage to.
    pub checkpoint: &'a mut dyn Checkpoint,
    /// The URL of the server without a final slash, for answers that tell it.
    pub url: &'a str,
}

/// Receives the stages that a call passes. It may order an error.
pub trait Checkpoint {
    /// Reports that `call` has passed `stage`. Returns what happens to the change of the call, which matters at the
    /// last stage.
    ///
    /// # Errors
    /// When the service must answer with an error. The error also says what happens to the change.
    fn passed(
        &mut self,
        stage: Stage,
        call: &OperationCall<'_>,
        stopwatch: &mut Stopwatch,
    ) -> Result<Fate, Ordered>;

    /// Reports that the exchange ends with this error code.
    fn refused(&mut self, code: &'static str);

    /// Adds a remark to the journal.
    fn remark(&mut self, text: Cow<'static, str>);

    /// Reports that one of the two bodies is a file.
    fn bulk(&mut self, _bulk: Bulk) {}
}

/// Which body of an exchange is a file, of which the journal keeps only length and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bulk {
    /// That of the request, with its SHA-256 in hex if it is known.
    Request(Option<Arc<str>>),
    /// That of the answer, with the file and its SHA-256 in hex. A fault may put another body in its place.
    Reply(Bytes, Arc<str>),
}

/// A call that a request asks for, before it is made.
pub struct RequestedCall {
    /// The operation; `None` when it is not emulated.
    pub operation: Option<&'static Operation>,
    /// The name of the command in a batch; `None` for the call of the request itself.
    pub command: Option<String>,
    /// The parameters. References to the answers of other calls are not resolved.
    pub facts: Arc<dyn Facts>,
}

/// A call of an operation.
#[derive(Clone, Copy)]
pub struct OperationCall<'a> {
    /// The operation; `None` when it is not emulated.
    pub operation: Option<&'static Operation>,
    /// The parameters.
    pub facts: &'a dyn Facts,
    /// Whether the call is a command of a batch.
    pub nested: bool,
}

/// What a successful call does to the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<C> {
    /// It makes this change.
    Change(C),
    /// Nothing, as it only reads.
    Nothing,
    /// Nothing, although the answer reports success: the service drops the change before the stage `delivery`.
    Undelivered,
}

/// Whether and when the change of a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is made with the answer.
    Now,
    /// It is not made, whatever the answer says.
    Never,
    /// It is made this long after the answer.
    Later(Duration),
}

/// An error that the service must give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The code, one of the service's [`ErrorCode`]s.
    pub code: &'static ErrorCode,
    /// A text that replaces the service's own; `None` keeps that.
    pub message: Option<String>,
    /// Seconds to wait, for errors that carry this number.
    pub retry_after: Option<u32>,
    /// The argument that the error names, for errors that name one.
    pub argument: Option<String>,
    /// Whether and when the change of the call is made.
    pub fate: Fate,
}
