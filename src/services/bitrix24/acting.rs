//! The parameters of an action → the things that they name.

use compact_str::ToCompactString;
use jiff::Timestamp;

use super::chats::Chat;
use super::events::Actor;
use super::php;
use super::portal::LivePortal;
use crate::emulator::{ActionInput, ActionMistake, some_of, those_of};

/// Who acts when nobody is named.
pub const FIRST_OPERATOR: i64 = 1;

/// One action under way.
pub struct Acting<'a> {
    pub(super) portal: &'a mut LivePortal,
    pub(super) with: &'a ActionInput,
    pub(super) now: Timestamp,
}

impl Acting<'_> {
    /// A parameter as text; `None` when it is absent.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.with.get(name).and_then(php::to_text).map(|text| text.into_owned())
    }

    /// A parameter that says yes or no; no when it is absent.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ActionMistake> {
        yes_or_no(name, &self.text(name).unwrap_or_default())
    }

    pub(super) fn connector(&self) -> Result<String, ActionMistake> {
        let id = self.text("connector").unwrap_or_default();
        if self.portal.connectors.get(&id).is_some() {
            return Ok(id);
        }
        let known = those_of("connectors", self.portal.connectors.iter().map(|(id, _)| id));
        Err(ActionMistake::new(format!("there is no connector `{id}`"), known))
    }

    pub(super) fn line(&self) -> Result<i64, ActionMistake> {
        let text = self.text("line").unwrap_or_default();
        let line = text.parse().ok().filter(|line| self.portal.lines.get(*line).is_some());
        line.ok_or_else(|| {
            let known: Vec<_> = self.portal.lines.iter().map(|(id, _)| id.to_string()).collect();
            let known = those_of("lines", known.iter().map(String::as_str));
            ActionMistake::new(format!("there is no line `{text}`"), known)
        })
    }

    /// Index of the chat that the parameters name.
    pub(super) fn chat(&self) -> Result<usize, ActionMistake> {
        let (connector, line) = (self.connector()?, self.line()?);
        let (id, user) = (self.text("chat").unwrap_or_default(), self.text("user"));
        let of_id = |chat: &&Chat| chat.connector == connector && chat.line == line && chat.id == id;
        let chats = &self.portal.chats;
        let fits: Vec<_> = (0..chats.count()).filter(|index| of_id(&chats.get(*index))).collect();
        let with_user = fits.iter().copied().find(|index| user.is_some() && chats.get(*index).user == user);
        match (fits.as_slice(), with_user, &user) {
            (_, Some(index), _) => Ok(index),
            ([index], _, None) => Ok(*index),
            ([], ..) => {
                let known = chats.iter().filter(|chat| chat.connector == connector && chat.line == line);
                let known = those_of("chats there", known.map(|chat| chat.id.as_str()));
                Err(ActionMistake::new(
                    format!("the connector `{connector}` has no chat `{id}` on the line {line}"),
                    format!("{known}; imconnector.send.messages makes one"),
                ))
            }
            _ if fits.iter().all(|index| chats.get(*index).user.is_none()) => Err(ActionMistake::new(
                format!("the chat `{id}` is a group chat and has no `user`"),
                "leave `user` out",
            )),
            _ => {
                let users = some_of(fits.iter().filter_map(|index| chats.get(*index).user.as_deref()));
                Err(ActionMistake::new(
                    format!("`user` does not say which chat `{id}` is meant"),
                    format!("name one of its users with `user`: {users}"),
                ))
            }
        }
    }

    /// ID of the message that the parameters name.
    pub(super) fn message(&self, chat: usize) -> Result<i64, ActionMistake> {
        let chat = self.portal.chats.get(chat);
        let name = self.text("message").unwrap_or_else(|| "last".to_owned());
        let found = match name.as_str() {
            "last" => chat.messages.iter().rev().find(|message| message.operator.is_some()),
            external_id => chat.message_called(external_id),
        };
        found.map(|message| message.id).ok_or_else(|| {
            let message = match name.as_str() {
                "last" => format!("no operator has written in the chat `{}`", chat.id),
                _ => format!("the chat `{}` has no message `{name}`", chat.id),
            };
            ActionMistake::new(
                message,
                "`operator.write` writes one; `message` is `last` or an ID in the external system",
            )
        })
    }

    /// ID of the operator who acts on a line.
    pub(super) fn operator(&self, line: i64) -> Result<i64, ActionMistake> {
        if let Some(text) = self.text("operator") {
            return operator_id(&text);
        }
        let of_line = self.portal.lines.get(line).and_then(|line| line.queue.first().copied());
        let of_portal = || self.portal.portal.users.first().and_then(|user| user.id.parse().ok());
        Ok(of_line.or_else(of_portal).unwrap_or(FIRST_OPERATOR))
    }

    pub(super) fn application(&self) -> Result<usize, ActionMistake> {
        let client_id = self.text("application");
        self.portal.applications.called(client_id.as_deref()).ok_or_else(|| {
            let known: Vec<_> =
                self.portal.applications.iter().map(|known| known.client_id.as_str()).collect();
            application_meant(client_id.as_deref(), &known)
        })
    }
}

/// Reads a parameter that says yes or no; no when it is empty.
///
/// # Errors
/// When it says neither.
pub fn yes_or_no(name: &str, text: &str) -> Result<bool, ActionMistake> {
    match text.to_ascii_lowercase().as_str() {
        "" | "0" | "n" | "no" | "false" => Ok(false),
        "1" | "y" | "yes" | "true" => Ok(true),
        other => Err(ActionMistake::new(format!("`{name}` is `{other}`"), "write `true` or `false`")),
    }
}

/// Reads the ID of an operator.
///
/// # Errors
/// When no user can have it.
pub fn operator_id(text: &str) -> Result<i64, ActionMistake> {
    text.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
        let help = "write the ID of a user of the portal, such as `27`";
        ActionMistake::new(format!("`{text}` is no ID of an operator"), help)
    })
}

/// An operator's message without a text.
pub fn empty_message() -> ActionMistake {
    ActionMistake::new("an operator cannot send an empty message", "write the text that the operator sends")
}

/// Says that `client_id` is none of the applications `known`, or that it is missing where there are several.
pub fn application_meant(client_id: Option<&str>, known: &[&str]) -> ActionMistake {
    let message = match client_id {
        Some(client_id) => format!("there is no application `{client_id}`"),
        None => "there are several applications".to_owned(),
    };
    let known = some_of(known.iter().copied());
    ActionMistake::new(message, format!("name one with `application`: {known}"))
}

/// An operator, as the one whose action raises events.
pub fn actor(operator: i64) -> Actor {
    Actor { user: Some(operator.to_compact_string()), depth: 0 }
}
