//! One run of a method, and where it reports its stages.

use super::credentials::{Caller, Means};
use super::editions::{Edition, Rules};
use super::errors::{self, INSUFFICIENT_SCOPE};
use super::parameters::Parameters;
use super::portal::LivePortal;
use super::refusal::Refusal;
use crate::basics::Stage;
use crate::emulator::{ErrorCode, Exchange, Fate, Operation, OperationCall};
use crate::scalar::Text;

/// Who acts where nothing says who does.
const FIRST_USER: &str = "1";

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

    /// Reports every stage in front of the answer, for a method that checks nothing.
    ///
    /// # Errors
    /// As [`Invocation::passed`].
    pub fn passed_up_to_lookup(&self, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
        for stage in [Stage::Auth, Stage::Arguments, Stage::Lookup] {
            self.passed(stage, exchange)?;
        }
        Ok(())
    }

    /// Whether the caller may call a method that is for applications alone.
    ///
    /// # Errors
    /// `WRONG_AUTH_TYPE`, for a session, and for a webhook where the edition says so.
    pub fn application_alone(&self) -> Result<(), Refusal> {
        let denied = match self.caller.means {
            Means::OAuth => false,
            Means::Webhook => !self.rules().webhook_may_call,
            Means::Session => true,
        };
        if denied { Err(self.refusal(&errors::WRONG_AUTH_TYPE)) } else { Ok(()) }
    }

    /// The number of the user for whom the caller acts.
    pub fn user(&self) -> &'a str {
        let portal = self.portal.portal();
        let Some(credential) = self.caller.credential.map(|place| &portal.credentials[place]) else {
            return FIRST_USER;
        };
        if let Some(webhook) = &credential.webhook {
            return &webhook.user;
        }
        let application = credential.client_id.as_ref().and_then(|id| portal.application(id));
        application.map_or(FIRST_USER, |application| &application.user)
    }

    /// The scopes that the caller is granted; where the credential names none, those that the emulated methods need.
    pub fn scopes(&self) -> Vec<&'a str> {
        match self.caller.scopes() {
            Some(scopes) => scopes.iter().map(Text::as_str).collect(),
            None => vec![self.rules().scope],
        }
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
