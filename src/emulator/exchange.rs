//! One request on its way through a service, and who hears of each stage.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::error::ErrorCode;
use super::operation::Operation;
use crate::basics::{Stage, Stopwatch};
use crate::http::{Facts, Request};

/// One request on its way through a service.
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
    /// `call` has passed `stage`. `Err`: the service answers with this error. Either way it is told what becomes of
    /// the change, which matters at the last stage.
    ///
    /// # Errors
    /// The error that the service is to give.
    fn passed(
        &mut self,
        stage: Stage,
        call: &OperationCall<'_>,
        stopwatch: &mut Stopwatch,
    ) -> Result<Fate, Ordered>;

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
#[derive(Clone, Copy)]
pub struct OperationCall<'a> {
    /// The operation; `None` when it is not emulated.
    pub operation: Option<&'static Operation>,
    /// Its parameters.
    pub facts: &'a dyn Facts,
    /// Whether it is part of another call of the same request, as in a batch.
    pub nested: bool,
}

/// What a call that would succeed does to the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<C> {
    /// This change.
    Change(C),
    /// Nothing: it only reads.
    Nothing,
    /// Nothing, though it says so: the service drops it without a word, before the stage of delivery.
    Undelivered,
}

/// What becomes of the change that a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is made.
    Now,
    /// It is not made, whatever the answer says.
    Never,
    /// It is made so long after the answer.
    Later(Duration),
}

/// An error that the service is asked to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The code, one of the service's [`ErrorCode`]s.
    pub code: &'static ErrorCode,
    /// Another text than the service's own.
    pub message: Option<String>,
    /// Seconds to wait, where the error carries them.
    pub retry_after: Option<u32>,
    /// The argument that it names, where the error names one.
    pub argument: Option<String>,
    /// What becomes of the change.
    pub fate: Fate,
}
