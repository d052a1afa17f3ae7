//! One run of an endpoint, and where it reports its stages.

use super::endpoints::Route;
use super::errors::Refusal;
use super::workspace::Tenant;
use crate::basics::Stage;
use crate::emulator::{ErrorCode, Exchange, Fate, OperationCall};

/// One run of an endpoint.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// Who calls.
    pub tenant: &'a Tenant,
    /// What was sent.
    pub route: &'a Route,
    /// The call as checkpoints see it.
    pub call: OperationCall<'a>,
}

impl Invocation<'_> {
    /// The error `code` as this endpoint gives it.
    pub fn refusal(&self, code: &'static ErrorCode) -> Refusal {
        Refusal::by(self.call.operation, code)
    }

    /// Reports that the call has passed `stage`.
    ///
    /// # Errors
    /// The error that a fault orders instead.
    pub fn passed(&self, stage: Stage, exchange: &mut Exchange<'_>) -> Result<Fate, Refusal> {
        passed(stage, &self.call, exchange)
    }

    /// Reports every stage in front of the answer that is left, for an endpoint that checks nothing.
    ///
    /// # Errors
    /// As [`Invocation::passed`].
    pub fn passed_up_to_lookup(&self, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
        for stage in [Stage::Arguments, Stage::Lookup] {
            self.passed(stage, exchange)?;
        }
        Ok(())
    }
}

/// Reports to the checkpoint that a call has passed a stage.
///
/// # Errors
/// The error that a fault orders instead.
pub fn passed(stage: Stage, call: &OperationCall<'_>, exchange: &mut Exchange<'_>) -> Result<Fate, Refusal> {
    let verdict = exchange.checkpoint.passed(stage, call, &mut exchange.stopwatch);
    verdict.map_err(|ordered| Refusal::ordered(ordered, call.operation))
}
