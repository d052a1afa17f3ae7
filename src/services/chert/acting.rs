//! The parameters of an action → the things that they name.

use serde_json::Value;

use super::action_values as values;
use super::addresses;
use super::chats::Chat;
use super::ids::Ids;
use super::messages::Message;
use super::tenants::Tenant;
use super::workspace::LiveWorkspace;
use crate::emulator::{ActionInput, ActionMistake, some_of};

/// One action under way.
pub struct Acting<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) ids: &'a Ids,
    with: &'a ActionInput,
}

impl<'a> Acting<'a> {
    /// An action on the tenant that the parameters name.
    pub(super) fn new(workspace: &'a LiveWorkspace, with: &'a ActionInput) -> Result<Self, ActionMistake> {
        let tenants = workspace.tenants.all();
        let known: Vec<_> = tenants.iter().map(|tenant| tenant.original.as_str()).collect();
        let is_meant = |place: usize, slug: &str| known[place] == slug || tenants[place].slug() == slug;
        let tenant = &tenants[values::tenant(&known, with.get("tenant").and_then(Value::as_str), is_meant)?];
        Ok(Self { tenant, ids: &workspace.ids, with })
    }

    /// A parameter as text; `None` when it is absent.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.with.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// The chat that `chat` names, or else the direct chat with `from`, with its index. `None` when nobody has written to
    /// `from` yet.
    pub(super) fn chat(&self) -> Result<Option<(usize, &'a Chat)>, ActionMistake> {
        if let Some(id) = self.text("chat") {
            return self.tenant.chat(&id).map(Some).ok_or_else(|| {
                let known = some_of(self.tenant.chats.iter().map(|chat| chat.id.as_str()));
                let help = format!("its chats are {known}; POST /chats and /send make more");
                ActionMistake::new(format!("the tenant has no chat `{id}`"), help)
            });
        }
        let Some(from) = self.text("from") else {
            return Err(values::nowhere());
        };
        Ok(addresses::address(&from).and_then(|from| self.tenant.direct(&from)))
    }

    /// The message that `message` names, with its chat. `last` is the tenant's last message, in `chat` if that is given.
    pub(super) fn message(&self) -> Result<(&'a Chat, &'a Message), ActionMistake> {
        let chat = self.text("chat").map(|_| self.chat()).transpose()?.flatten();
        let name = self.text("message").unwrap_or_else(|| "last".to_owned());
        let found = match (name.as_str(), chat) {
            ("last", Some((index, chat))) => {
                chat.life().messages().rev().find(|message| message.is_own()).map(|message| (index, message))
            }
            ("last", None) => self.tenant.newest(Message::is_own),
            (id, chat) => {
                let found = self.tenant.message(id);
                found.filter(|(index, _)| chat.is_none_or(|(wanted, _)| wanted == *index))
            }
        };
        let of_chat = chat.map_or(String::new(), |(_, chat)| format!(" in the chat `{}`", chat.id));
        found.map(|(index, message)| (&self.tenant.chats[index], message)).ok_or_else(|| {
            let message = match name.as_str() {
                "last" => format!("the tenant has sent no message{of_chat}"),
                id => format!("there is no message `{id}`{of_chat}"),
            };
            ActionMistake::new(message, "`message` is `last` or the ID of a message; `POST /send` sends one")
        })
    }

    /// Index of the line that a message comes over: the one that `line` names, else the pinned one, else the first. `None`
    /// when the tenant has no lines.
    pub(super) fn line(&self, pinned: Option<u32>) -> Result<Option<u32>, ActionMistake> {
        let lines = &self.tenant.lines;
        match self.text("line") {
            Some(id) => self
                .tenant
                .line(|line| *line.id == *id)
                .map(|(index, _)| Some(index))
                .ok_or_else(|| values::unknown_line(&id, lines.iter().map(|line| line.id.as_str()))),
            None => Ok(pinned.or((!lines.is_empty()).then_some(0))),
        }
    }
}
