//! One run of an endpoint: its input, and the report of the stages that it passes.

use serde::de::IgnoredAny;

use super::addresses::{self, is_e164};
use super::chats::Chat;
use super::endpoints::{Route, samples};
use super::errors::{self, Refusal};
use super::ids::Ids;
use super::messages::Message;
use super::tenants::{Tenant, Tenants};
use super::webhooks::Webhooks;
use crate::basics::Stage;
use crate::emulator::{ErrorCode, Exchange, Fate, OperationCall, misspelt, some_of};
use crate::http::{Given, Members};

/// One run of an endpoint.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// All tenants.
    pub tenants: &'a Tenants,
    /// The IDs of new things.
    pub ids: &'a Ids,
    /// Webhook subscriptions and the event log.
    pub webhooks: &'a Webhooks,
    /// The tenant that calls.
    pub tenant: &'a Tenant,
    /// The endpoint and the request's parameters.
    pub route: &'a Route,
    /// The call, as the checkpoint sees it.
    pub call: OperationCall<'a>,
}

/// The remark on an answer whose form the vendor's pages do not show.
const CHOSEN: &str = "the form of this answer is chosen, not documented";

/// The length of the longest name that is stored, in bytes.
const LONGEST: usize = 1_024;

impl<'a> Invocation<'a> {
    /// The error `code` with the status and text that this endpoint gives it.
    pub fn refusal(&self, code: &'static ErrorCode) -> Refusal {
        Refusal::by(self.call.operation, code)
    }

    /// The body.
    ///
    /// # Errors
    /// `1004` when the body is not a JSON object.
    pub fn body(&self, exchange: &Exchange<'_>) -> Result<&'a Members, Refusal> {
        self.route.body.as_ref().ok_or_else(|| {
            let reason = match exchange.request.body() {
                [] => "the body is empty",
                body if serde_json::from_slice::<IgnoredAny>(body).is_ok() => {
                    "the body is JSON, but not an object"
                }
                _ => "the body is not valid JSON",
            };
            self.refusal(&errors::INVALID_JSON_BODY).because(reason)
        })
    }

    /// `1001` for the field `name`.
    pub fn missing(&self, name: &str) -> Refusal {
        let reason = match misspelt(self.route, name) {
            Some(sent) => format!("the body has `{sent}`; the field is called `{name}`"),
            None => format!("the body has no `{name}`"),
        };
        let text = format!("Missing required field: {name}");
        self.refusal(&errors::MISSING_REQUIRED_FIELD).with_text(text).because(reason)
    }

    /// `1002` for the field `name`; `why` continues the sentence.
    pub fn invalid(&self, name: &str, why: &str) -> Refusal {
        let refusal = self.refusal(&errors::INVALID_FIELD_VALUE);
        refusal.with_text(format!("Invalid field value: {name}")).because(format!("`{name}` {why}"))
    }

    /// The text `name` among `members`, which may be left out.
    ///
    /// # Errors
    /// `1002` when it is not a text.
    pub fn optional<'m>(&self, members: &'m Members, name: &str) -> Result<Option<&'m str>, Refusal> {
        match members.get(name) {
            None | Some(Given::Null) => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or_else(|| self.invalid(name, "is not a text")),
        }
    }

    /// The text `name` of the body.
    ///
    /// # Errors
    /// `1001` when it is not there or empty, `1002` when it is not a text.
    pub fn required<'m>(&self, members: &'m Members, name: &str) -> Result<&'m str, Refusal> {
        self.optional(members, name)?.filter(|text| !text.is_empty()).ok_or_else(|| self.missing(name))
    }

    /// A text that is stored, unless it is too long.
    ///
    /// # Errors
    /// `1002` when it is.
    pub fn stored(&self, name: &str, text: &str) -> Result<String, Refusal> {
        if text.len() <= LONGEST {
            return Ok(text.to_owned());
        }
        Err(self.invalid(name, &format!("has {} bytes: standin stores at most {LONGEST}", text.len())))
    }

    /// The chat of the path, and its index.
    ///
    /// # Errors
    /// `2002` when the tenant has no such chat.
    pub fn chat(&self) -> Result<(usize, &'a Chat), Refusal> {
        let id = self.route.segment("id");
        let not_found = || self.refusal(&errors::CHAT_NOT_FOUND).because(self.why_not_found(id));
        self.tenant.chat(id).ok_or_else(not_found)
    }

    /// The chat of the path if it is a group that the tenant has not left.
    ///
    /// # Errors
    /// `2002`, or `1006` for a direct chat and for a group that the tenant has left.
    pub fn group(&self) -> Result<(usize, &'a Chat), Refusal> {
        let (place, chat) = self.chat()?;
        if !chat.is_group {
            let reason = format!("the chat `{}` has `group: false`", chat.id);
            return Err(self.refusal(&errors::CHAT_IS_DIRECT_MESSAGE).because(reason));
        }
        self.check_member(chat)?;
        Ok((place, chat))
    }

    /// Checks that the tenant has not left the chat.
    ///
    /// # Errors
    /// `1006` when it has.
    pub fn check_member(&self, chat: &Chat) -> Result<(), Refusal> {
        if !chat.life().has_left {
            return Ok(());
        }
        let reason = format!("the tenant has left the group `{}`", chat.id);
        Err(Refusal::new(&errors::CHAT_IS_DIRECT_MESSAGE).with_text("Chat was left").because(reason))
    }

    /// Checks that the chat has its chat key and a pinned line.
    ///
    /// # Errors
    /// `4099` when it lacks one.
    pub fn check_line(&self, chat: &Chat) -> Result<(), Refusal> {
        match chat.lacks {
            None => Ok(()),
            Some(lack) => {
                let reason = format!("the chat `{}` {lack}", chat.id);
                Err(self.refusal(&errors::NOT_SUPPORTED_FOR_CHAT).because(reason))
            }
        }
    }

    /// A phone number in the spelling that the service stores, for an endpoint that has an error of its own for others.
    ///
    /// # Errors
    /// `1003` when it is no E.164 number.
    pub fn phone_number(&self, sent: &str) -> Result<String, Refusal> {
        addresses::phone(sent).ok_or_else(|| {
            let reason = format!("`{sent}` is not an E.164 number such as `{}`", samples::PHONE);
            self.refusal(&errors::INVALID_PHONE_NUMBER).because(reason)
        })
    }

    /// The same for the field `name` of other endpoints.
    ///
    /// # Errors
    /// `1002` when it is no E.164 number.
    pub fn phone_number_in(&self, name: &str, sent: &str) -> Result<String, Refusal> {
        addresses::phone(sent).ok_or_else(|| self.invalid(name, "is not an E.164 number"))
    }

    /// The direct chat with the recipient of a phone number, and its index.
    ///
    /// # Errors
    /// `2002` when there is none.
    pub fn chat_with(&self, phone: &str) -> Result<(usize, &'a Chat), Refusal> {
        self.tenant.direct(phone).ok_or_else(|| {
            let reason = format!("no direct chat of the tenant has the participant `{phone}`");
            self.refusal(&errors::CHAT_NOT_FOUND).because(reason)
        })
    }

    /// Whether a chat has a recipient with a phone number.
    pub fn has_phone(chat: &Chat) -> bool {
        chat.life().participants.iter().any(|address| is_e164(address))
    }

    /// The message of the path, and the chat that it is in.
    ///
    /// # Errors
    /// `2003` when the tenant has no such message.
    pub fn message(&self) -> Result<(&'a Chat, &'a Message), Refusal> {
        let id = self.route.segment("id");
        let found = self.tenant.message(id).map(|(chat, message)| (&self.tenant.chats[chat], message));
        found.ok_or_else(|| {
            let mut others = self.tenants.all().iter();
            let reason = match others.find(|other| other.message(id).is_some()) {
                Some(owner) => format!("the message `{id}` belongs to the tenant `{}`", owner.original),
                None => format!("the tenant `{}` has no message `{id}`", self.tenant.original),
            };
            self.refusal(&errors::MESSAGE_NOT_FOUND).because(reason)
        })
    }

    /// Notes in the journal that the form of the answer is chosen.
    pub fn is_chosen(&self, exchange: &mut Exchange<'_>) {
        exchange.checkpoint.remark(CHOSEN.into());
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
