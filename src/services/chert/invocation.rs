//! One run of an endpoint: its input, and the report of the stages that it passes.

use super::endpoints::Route;
use super::errors::Refusal;
use super::workspace::{Tenant, Tenants};
use crate::basics::Stage;
use crate::emulator::{ErrorCode, Exchange, Fate, OperationCall, some_of};

/// One run of an endpoint.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// All tenants.
    pub tenants: &'a Tenants,
    /// The tenant that calls.
    pub tenant: &'a Tenant,
    /// The endpoint and the request's parameters.
    pub route: &'a Route,
    /// The call, as the checkpoint sees it.
    pub call: OperationCall<'a>,
}

impl Invocation<'_> {
    /// The error `code` with the status and text that this endpoint gives it.
    pub fn refusal(&self, code: &'static ErrorCode) -> Refusal {
        Refusal::by(self.call.operation, code)
    }

    /// Why the tenant has no chat with this ID.
    pub fn why_not_found(&self, id: &str) -> String {
        let mut others = self.tenants.all().iter();
        if let Some(owner) = others.find(|other| other.chat(id).is_some()) {
            return format!("the chat `{id}` belongs to the tenant `{}`", owner.original);
        }
        let known = some_of(self.tenant.chats.iter().map(|chat| chat.id.as_str()));
        format!("the scenario has no chat `{id}`; chats of the tenant `{}`: {known}", self.tenant.original)
    }

    /// Reports that the call has passed `stage`.
    ///
    /// # Errors
    /// The error that a fault orders instead.
    pub fn passed(&self, stage: Stage, exchange: &mut Exchange<'_>) -> Result<Fate, Refusal> {
        passed(stage, &self.call, exchange)
    }

    /// Reports the stages of arguments and lookup, for an endpoint that has no checks of its own.
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

/// Reports to the checkpoint that a call has passed `stage`. Returns what becomes of the call's change.
///
/// # Errors
/// The error that a fault orders instead.
pub fn passed(stage: Stage, call: &OperationCall<'_>, exchange: &mut Exchange<'_>) -> Result<Fate, Refusal> {
    let verdict = exchange.checkpoint.passed(stage, call, &mut exchange.stopwatch);
    verdict.map_err(|ordered| Refusal::ordered(ordered, call.operation))
}
