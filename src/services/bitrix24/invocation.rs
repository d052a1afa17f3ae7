//! One run of a method, and where it reports its stages.

use super::credentials::Caller;
use super::editions::{Edition, Rules};
use super::errors::{INSUFFICIENT_SCOPE, Refusal};
use super::parameters::Parameters;
use super::portal::LivePortal;
use crate::basics::Stage;
use crate::emulator::{ErrorCode, Exchange, Fate, Operation, OperationCall};

/// One run of a method.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// The portal as it is.
    pub portal: &'a LivePortal,
    /// The edition that it shows.
    pub edition: Edition,
    /// The method.
    pub operation: &'static Operation,
    /// Its parameters, without credentials.
    pub parameters: &'a Parameters,
    /// Who calls.
    pub caller: &'a Caller,
    /// Whether it is a command of a batch.
    pub nested: bool,
}

impl<'a> Invocation<'a> {
    /// What the edition makes of it.
    pub fn rules(&self) -> &'static Rules {
        self.edition.rules()
    }

    /// The error `code` as this method gives it.
    pub fn refusal(&self, code: &'static ErrorCode) -> Refusal {
        Refusal::by(Some(self.operation), code, self.edition)
    }

    /// Reports that the call has passed `stage`.
    ///
    /// # Errors
    /// The error that a fault orders instead.
    pub fn passed(&self, stage: Stage, exchange: &mut Exchange<'_>) -> Result<Fate, Refusal> {
        passed(stage, &self.call(), self.edition, exchange)
    }

    /// The call as checkpoints see it.
    pub fn call(&self) -> OperationCall<'a> {
        OperationCall { operation: Some(self.operation), facts: self.parameters, nested: self.nested }
    }
}

/// Reports to the checkpoint that a call has passed a stage.
///
/// # Errors
/// The error that a fault orders instead.
pub fn passed(
    stage: Stage,
    call: &OperationCall<'_>,
    edition: Edition,
    exchange: &mut Exchange<'_>,
) -> Result<Fate, Refusal> {
    exchange.checkpoint.passed(stage, call, &mut exchange.stopwatch).map_err(|ordered| {
        // A batch describes a command's lack of scope by nothing.
        let is_bare = call.nested && *ordered.code == INSUFFICIENT_SCOPE && ordered.message.is_none();
        let refusal = Refusal::ordered(ordered, call.operation, edition);
        if is_bare { refusal.with_text("") } else { refusal }
    })
}
