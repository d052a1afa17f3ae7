//! One run of a method: its input, and the report of the stages that it passes.

use std::borrow::Cow;

use super::call;
use super::caller::{Caller, Means};
use super::editions::{Edition, Rules};
use super::errors::{self, INSUFFICIENT_SCOPE};
use super::events::Actor;
use super::parameters::Parameters;
use super::php;
use super::portal::LivePortal;
use super::reasons;
use super::refusal::Refusal;
use crate::basics::Stage;
use crate::emulator::{ErrorCode, Exchange, Fate, Operation, OperationCall};
use crate::scalar::Text;
use serde_json::Value;

/// ID of the user for whom a caller acts when the scenario does not say.
const FIRST_USER: &str = "1";

/// One run of a method.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// The state of the portal.
    pub portal: &'a LivePortal,
    /// The edition in which to answer.
    pub edition: Edition,
    /// The method.
    pub operation: &'static Operation,
    /// The parameters of the method, without credentials.
    pub parameters: &'a Parameters,
    /// Who calls.
    pub caller: &'a Caller,
    /// Whether this is a command of a batch.
    pub nested: bool,
}

impl<'a> Invocation<'a> {
    /// How the edition behaves.
    pub fn rules(&self) -> &'static Rules {
        self.edition.rules()
    }

    /// The error `code` with the status and text that this method gives it.
    pub fn refusal(&self, code: &'static ErrorCode) -> Refusal {
        Refusal::by(Some(self.operation), code, self.edition)
    }

    /// Reports that the call has passed `stage`.
    ///
    /// # Errors
    /// When a fault orders an error at this stage.
    pub fn passed(&self, stage: Stage, exchange: &mut Exchange<'_>) -> Result<Fate, Refusal> {
        passed(stage, &self.call(), self.edition, exchange)
    }

    /// Reports the stages from auth to lookup, for a method that has no checks of its own.
    ///
    /// # Errors
    /// As [`Invocation::passed`].
    pub fn passed_up_to_lookup(&self, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
        for stage in [Stage::Auth, Stage::Arguments, Stage::Lookup] {
            self.passed(stage, exchange)?;
        }
        Ok(())
    }

    /// Checks that the caller may call a method that only applications may call.
    ///
    /// # Errors
    /// `WRONG_AUTH_TYPE` for a session, and in the live edition for a webhook.
    pub fn require_application(&self, exchange: &Exchange<'_>) -> Result<(), Refusal> {
        let denied = match self.caller.means {
            Means::OAuth => false,
            Means::Webhook => !self.rules().webhook_may_call,
            Means::Session => true,
        };
        if !denied {
            return Ok(());
        }
        let reason = match self.caller.means {
            Means::Webhook if call::read(exchange.request).presented.token.is_some() => {
                "in the live edition only applications may call this method. The webhook in the path counts, and the access \
                 token beside it is ignored: call `/rest/METHOD` with the token (row 1 of `standin catalog --editions`)"
            }
            Means::Webhook => {
                "in the live edition only applications may call this method: call it with an access token, or serve \
                 `edition: documented` (row 1 of `standin catalog --editions`)"
            }
            _ => "only applications may call this method: call it with an access token",
        };
        Err(self.refusal(&errors::WRONG_AUTH_TYPE).because(reason))
    }

    /// `ERROR_ARGUMENT` for the parameter `name`, which is missing or empty.
    pub fn lacks(&self, name: &'static str, exchange: &Exchange<'_>) -> Refusal {
        let request = Some(exchange.request).filter(|_| !self.nested);
        let reason =
            reasons::of_argument(self.operation, (name, self.parameters.get(name)), self.parameters, request);
        Refusal::argument(Some(self.operation), name, self.edition).because(reason)
    }

    /// The parameter `name`, as PHP's `isset` sees it: `null` counts as missing, an empty text does not.
    ///
    /// # Errors
    /// `ERROR_ARGUMENT` when it is missing.
    pub fn given(&self, name: &'static str, exchange: &Exchange<'_>) -> Result<&'a Value, Refusal> {
        let value = self.parameters.value(name).filter(|value| !value.is_null());
        value.ok_or_else(|| self.lacks(name, exchange))
    }

    /// A parameter as PHP casts it to a text.
    ///
    /// # Errors
    /// The status 500 of a type error for a list or a mapping.
    pub fn text(&self, name: &str, value: &'a Value) -> Result<Cow<'a, str>, Refusal> {
        php::to_text(value).ok_or_else(|| {
            let reason = format!("`{name}` is a list or a mapping");
            self.refusal(&errors::INTERNAL_SERVER_ERROR).because(reason)
        })
    }

    /// ID of the user for whom the caller acts.
    pub fn user(&self) -> &'a str {
        if let Some(of_event) = &self.caller.of_event {
            return &of_event.user;
        }
        let portal = self.portal.portal();
        let Some(credential) = self.caller.credential.map(|place| portal.credential(place)) else {
            return FIRST_USER;
        };
        if let Some(webhook) = &credential.webhook {
            return &webhook.user;
        }
        let application = credential.client_id.as_ref().and_then(|id| portal.application(id));
        application.map_or(FIRST_USER, |application| &application.user)
    }

    /// The caller, as the one whose action raises events.
    pub fn actor(&self) -> Actor {
        let depth = self.caller.of_event.as_ref().map_or(0, |of_event| of_event.depth);
        Actor { user: Some(self.user().to_owned()), depth }
    }

    /// Index of the application that calls; `None` for a webhook or a session, or when a token without `client_id`
    /// could belong to several applications.
    pub fn application(&self) -> Option<usize> {
        if self.caller.means != Means::OAuth {
            return None;
        }
        self.portal.applications().called(self.caller.client_id.as_deref())
    }

    /// The scopes of the caller. A credential that grants all scopes shows only that of imconnector.
    pub fn scopes(&self) -> Vec<&'a str> {
        match self.caller.scopes() {
            Some(scopes) => scopes.iter().map(Text::as_str).collect(),
            None => vec![self.rules().scope],
        }
    }

    /// The call, as the checkpoint sees it.
    pub fn call(&self) -> OperationCall<'a> {
        OperationCall { operation: Some(self.operation), facts: self.parameters, nested: self.nested }
    }
}

/// Reports to the checkpoint that a call has passed `stage`. Returns what becomes of the call's change.
///
/// # Errors
/// When a fault orders an error at this stage.
pub fn passed(
    stage: Stage,
    call: &OperationCall<'_>,
    edition: Edition,
    exchange: &mut Exchange<'_>,
) -> Result<Fate, Refusal> {
    exchange.checkpoint.passed(stage, call, &mut exchange.stopwatch).map_err(|ordered| {
        // Inside a batch, `insufficient_scope` has an empty `error_description`.
        let is_bare = call.nested && *ordered.code == INSUFFICIENT_SCOPE && ordered.message.is_none();
        let refusal = Refusal::ordered(ordered, call.operation, edition);
        if is_bare { refusal.with_text("") } else { refusal }
    })
}
