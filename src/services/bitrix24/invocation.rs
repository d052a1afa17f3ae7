//! One run of a method: its input, and the report of the stages that it passes.

use std::borrow::Cow;

use super::call;
use super::caller::{Caller, Means};
use super::change::Place;
use super::connectors::{Connector, LONGEST_ID, MOST_STATUSES};
use super::editions::{Edition, Rules};
use super::errors::{self, INSUFFICIENT_SCOPE};
use super::events::Actor;
use super::methods::{code_of_unregistered, folded_connector};
use super::missing;
use super::parameters::Parameters;
use super::php;
use super::portal::LivePortal;
use super::reasons;
use super::refusal::Refusal;
use crate::basics::Stage;
use crate::emulator::{ErrorCode, Exchange, Fate, Operation, OperationCall};
use crate::http::{Given, Tree};
use crate::scalar::Text;

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
    pub fn given(&self, name: &'static str, exchange: &Exchange<'_>) -> Result<Given<'a>, Refusal> {
        let value = self.parameters.get(name).filter(|value| *value != Given::Null);
        value.ok_or_else(|| self.lacks(name, exchange))
    }

    /// Like [`Invocation::given`], for a list or a mapping; `None` for any other value.
    ///
    /// # Errors
    /// `ERROR_ARGUMENT` when it is missing.
    pub fn given_tree(
        &self,
        name: &'static str,
        exchange: &Exchange<'_>,
    ) -> Result<Option<&'a Tree>, Refusal> {
        self.given(name, exchange)?;
        Ok(self.parameters.tree(name))
    }

    /// A parameter as PHP casts it to a text.
    ///
    /// # Errors
    /// The status 500 of a type error for a list or a mapping.
    pub fn text(&self, name: &str, value: Given<'a>) -> Result<Cow<'a, str>, Refusal> {
        php::to_text(value).ok_or_else(|| {
            let reason = format!("`{name}` is a list or a mapping");
            self.refusal(&errors::INTERNAL_SERVER_ERROR).because(reason)
        })
    }

    /// Checks that an application calls, in both editions, and returns its index.
    ///
    /// # Errors
    /// `WRONG_AUTH_TYPE` for a webhook or a session, `ACCESS_DENIED` when the token could belong to several applications.
    pub fn own_application(&self) -> Result<usize, Refusal> {
        if self.caller.means != Means::OAuth {
            let reason =
                "only applications may call this method, in both editions: call it with an access token";
            return Err(self.refusal(&errors::WRONG_AUTH_TYPE).because(reason));
        }
        self.application().ok_or_else(|| {
            self.refusal(&errors::ACCESS_DENIED_CONTEXT).because(self.reason_without_application())
        })
    }

    /// Why the call has no application.
    pub fn reason_without_application(&self) -> String {
        match (self.caller.means, self.caller.client_id.as_deref()) {
            (Means::OAuth, Some(client_id)) => {
                format!("the token has `client_id: {client_id}`, and the scenario has no such application")
            }
            (Means::OAuth, None) => {
                "the scenario has several applications, and the token names none: add `client_id` to it"
                    .to_owned()
            }
            _ => "a webhook belongs to no application: call with an access token".to_owned(),
        }
    }

    /// Whether the user for whom the caller acts is an administrator. A user whom the scenario does not list is one.
    pub fn is_admin(&self) -> bool {
        let id = self.user();
        let known = self.portal.portal().users.iter().find(|user| user.id.as_str() == id);
        known.is_none_or(|user| user.admin)
    }

    /// `ERROR_ARGUMENT` with a text of its own for the parameter `name`.
    pub fn wrong(&self, name: &'static str, text: &'static str) -> Refusal {
        let argument = self.rules().names_argument.then_some(name.into());
        Refusal { argument, ..self.refusal(&errors::ERROR_ARGUMENT).with_text(text) }
    }

    /// The status 500 of a call that would make the server keep too much.
    pub fn full(&self, reason: String) -> Refusal {
        self.refusal(&errors::INTERNAL_SERVER_ERROR).because(reason)
    }

    /// Checks that there is room for a status row.
    ///
    /// # Errors
    /// The status 500 when the row is new and there are too many, or the ID of the connector is too long.
    pub fn room_for_status(&self, connector: &str, line: i64) -> Result<(), Refusal> {
        let connectors = self.portal.connectors();
        if connectors.status(connector, line).is_some() {
            return Ok(());
        }
        if connector.chars().count() > LONGEST_ID {
            return Err(self.full(format!("the ID of a connector has at most {LONGEST_ID} characters")));
        }
        if connectors.count_statuses() >= MOST_STATUSES {
            return Err(self.full(format!("the portal keeps at most {MOST_STATUSES} status rows")));
        }
        Ok(())
    }

    /// Where a call wants to write: its connector and its line.
    ///
    /// # Errors
    /// The status 500 of a type error when CONNECTOR is a list or a mapping.
    pub fn place(&self, connector: Given<'a>, line: Given<'a>) -> Result<Place, Refusal> {
        let sent = self.text("CONNECTOR", connector)?;
        let connector = folded_connector(&sent).into();
        // PHP makes this text of an array.
        let line_text = php::to_text(line).unwrap_or("Array".into()).into();
        Ok(Place { connector, line: php::to_int(line), line_text })
    }

    /// The connector with this ID.
    ///
    /// # Errors
    /// `IMCONNECTOR_NO_CORRECT_PROVIDER` when it is not registered, other errors when it is one of Bitrix24's own.
    pub fn provider(&self, id: &str) -> Result<&'a Connector, Refusal> {
        self.portal.connectors().get(id).ok_or_else(|| {
            let code = code_of_unregistered(id);
            let is_built_in = *code != errors::IMCONNECTOR_NO_CORRECT_PROVIDER;
            self.refusal(code).because(missing::of_connector(self.portal, id, is_built_in))
        })
    }

    /// Checks that a connector is active on a line.
    ///
    /// # Errors
    /// `NOT_ACTIVE_LINE` when it is not.
    pub fn require_active(&self, place: &Place) -> Result<(), Refusal> {
        let Place { connector, line, line_text } = place;
        if self.portal.connectors().is_on(connector, *line) {
            return Ok(());
        }
        let reason = missing::of_line(self.portal, connector, line_text, *line);
        Err(self.refusal(&errors::NOT_ACTIVE_LINE).because(reason))
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
        Actor { user: Some(self.user().into()), depth }
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
