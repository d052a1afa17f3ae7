//! What recipients and their telephones do.

use jiff::Timestamp;
use serde_json::json;

use super::acting::Acting;
use super::action_values as values;
use super::attachments::{Attachment, Content};
use super::change::{Change, MessageChange, NewChat, Receiving, Target};
use super::ids::IdKind;
use super::messages::{Author, Message, Part, Reaction, Status};
use super::tenants::MOST_MADE;
use super::workspace::LiveWorkspace;
use crate::emulator::{Action, ActionInput, ActionMistake, ActionParameter, ActionResult, some_of};

const CHAT: ActionParameter = ActionParameter::optional(
    "chat",
    "ID of the chat; by default the direct chat with `from`, or the one that `message` is in",
);
const FROM: ActionParameter = ActionParameter::optional(
    "from",
    "phone number or email address of the recipient; by default the only participant of the chat",
);
const TENANT: ActionParameter =
    ActionParameter::optional("tenant", "slug of the tenant; by default the only one");
const MESSAGE: ActionParameter = ActionParameter::optional(
    "message",
    "ID of the message, or `last`: the tenant's last one, which is the default",
);

/// Every action.
pub static ACTIONS: &[&Action] = &[
    &Action {
        name: "recipient.write",
        summary: "a recipient writes a message",
        parameters: &[
            CHAT,
            FROM,
            ActionParameter::optional("text", "the text; needed without `media`"),
            ActionParameter::optional("media", "the content of a file in base64"),
            ActionParameter::optional("filename", "name of the file"),
            ActionParameter::optional(
                "content_type",
                "type of the file; by default `application/octet-stream`",
            ),
            ActionParameter::optional(
                "participants",
                "others in a group that was made elsewhere, divided by commas: the group becomes a new chat",
            ),
            ActionParameter::optional("name", "name of the group that was made elsewhere"),
            ActionParameter::optional("line", "ID of the line; by default the pinned one, else the first"),
            TENANT,
        ],
    },
    &Action {
        name: "recipient.react",
        summary: "a recipient reacts to a message",
        parameters: &[MESSAGE, ActionParameter::required("reaction", values::REACTIONS), CHAT, FROM, TENANT],
    },
    &Action {
        name: "recipient.unreact",
        summary: "a recipient takes a reaction back",
        parameters: &[MESSAGE, CHAT, FROM, TENANT],
    },
    &Action {
        name: "message.deliver",
        summary: "a message of the tenant is delivered",
        parameters: &[MESSAGE, CHAT, TENANT],
    },
    &Action {
        name: "message.read",
        summary: "a message of the tenant is read",
        parameters: &[MESSAGE, CHAT, TENANT],
    },
];

impl LiveWorkspace {
    /// Performs an action.
    pub(super) fn perform(&mut self, action: &str, with: &ActionInput, now: Timestamp) -> ActionResult {
        if let Some((name, _)) = with.iter().find(|(_, value)| value.is_array() || value.is_object()) {
            return Err(ActionMistake::new(
                format!("`{name}` is a list or a mapping"),
                "write a text or a number",
            ));
        }
        let acting = Acting::new(self, with)?;
        let (change, changed) = match action {
            "recipient.write" => acting.write(now)?,
            "recipient.react" => acting.react()?,
            "recipient.unreact" => acting.unreact()?,
            "message.deliver" => acting.become_of(Status::Delivered)?,
            "message.read" => acting.become_of(Status::Read)?,
            _ => return Err(ActionMistake::new(format!("there is no action `{action}`"), "")),
        };
        self.commit(change, now);
        Ok(changed)
    }
}

/// The change of an action, and what the action tells of it.
type Acted = Result<(Change, serde_json::Value), ActionMistake>;

impl Acting<'_> {
    fn write(&self, now: Timestamp) -> Acted {
        let tenant = self.tenant;
        let mut fresh = self.ids.fresh();
        let (mut parts, mut files) = (Vec::new(), Vec::new());
        if let Some(value) = self.text("text").filter(|text| !text.is_empty()) {
            parts.push(Part::Text { value });
        }
        let file = self.file(now)?;
        if parts.is_empty() && file.is_none() {
            return Err(values::empty_message());
        }
        let (chat, known, from) = match self.text("participants") {
            Some(others) => {
                let from = self.from(&[])?;
                if self.text("chat").is_some() {
                    return Err(values::two_chats());
                }
                let participants = values::group(&from, &others)?;
                let (id, display_name) = (fresh.take(IdKind::Chat), self.text("name"));
                (Target::New(NewChat { id, is_group: true, display_name, participants }), None, from)
            }
            None => match self.chat()? {
                Some((index, chat)) => {
                    if chat.life().has_left {
                        let help = "nothing reaches the tenant from a group that it has left";
                        return Err(ActionMistake::new(
                            format!("the tenant has left the group `{}`", chat.id),
                            help,
                        ));
                    }
                    (Target::Known(index), Some(chat), self.from(&chat.life().participants)?)
                }
                None => {
                    let from = self.from(&[])?;
                    let (id, participants) = (fresh.take(IdKind::Chat), vec![from.clone()]);
                    let chat = NewChat { id, is_group: false, display_name: None, participants };
                    (Target::New(chat), None, from)
                }
            },
        };
        if matches!(chat, Target::New(_)) && tenant.made() >= MOST_MADE {
            let message = format!("calls and actions can make at most {MOST_MADE} chats");
            return Err(ActionMistake::new(message, "reset the scenario"));
        }
        let line = self.line(known.and_then(|chat| chat.line))?;
        if let Some(file) = file {
            let attachment_id = fresh.take(IdKind::Received);
            parts.push(Part::Media { attachment_id: attachment_id.clone() });
            files.push((attachment_id, file));
        }
        let id = fresh.take(IdKind::Inbound);
        let chat_id = match (&chat, known) {
            (Target::New(chat), _) => chat.id.clone(),
            (Target::Known(_), known) => known.map_or(String::new(), |chat| chat.id.clone()),
        };
        let attachments: Vec<_> = files.iter().map(|(id, _)| id.clone()).collect();
        let mut changed = json!({"chat": chat_id, "message": id});
        if !attachments.is_empty() {
            changed["attachments"] = json!(attachments);
        }
        let message = Message::received(id, from, parts, now);
        let receiving = Receiving { tenant: tenant.index, chat, line, message, files, next: fresh.next };
        Ok((Change::Receive(Box::new(receiving)), changed))
    }

    /// The file that comes with a message.
    fn file(&self, now: Timestamp) -> Result<Option<Attachment>, ActionMistake> {
        let Some(text) = self.text("media") else {
            return match ["filename", "content_type"].iter().find(|name| self.text(name).is_some()) {
                None => Ok(None),
                Some(name) => Err(values::without_media(name)),
            };
        };
        let bytes = values::file(&text)?;
        let content_type = self.text("content_type").unwrap_or_else(|| "application/octet-stream".to_owned());
        values::content_type(&content_type)?;
        let content = Content::new(&bytes).ok_or_else(|| {
            ActionMistake::new("all files together take too much", "reset the scenario, or drop namespaces")
        })?;
        let filename = self.text("filename").unwrap_or_else(|| "file".to_owned());
        let size = bytes.len() as u64;
        Ok(Some(Attachment { filename, content_type, size, expires_at: now, content: Some(content) }))
    }

    fn react(&self) -> Acted {
        let (chat, message) = self.message()?;
        let name = self.text("reaction").unwrap_or_default();
        let kind = values::reaction(&name)?;
        let from = self.from(&chat.life().participants)?;
        let changed = json!({"chat": chat.id, "message": message.id, "reaction": name, "from": from});
        let reaction = Reaction { kind, author: Author::Recipient(from) };
        if message.reactions.contains(&reaction) {
            let help = "take it back with `recipient.unreact` first, or choose another one";
            return Err(ActionMistake::new(format!("the recipient has reacted with `{name}` already"), help));
        }
        Ok((self.change(message, MessageChange::React(reaction)), changed))
    }

    fn unreact(&self) -> Acted {
        let (chat, message) = self.message()?;
        let from = self.from(&chat.life().participants)?;
        let author = Author::Recipient(from.clone());
        let reaction = message.reactions.iter().find(|known| known.author == author).ok_or_else(|| {
            let message = format!("`{from}` has not reacted to the message `{}`", message.id);
            ActionMistake::new(message, "`recipient.react` adds a reaction")
        })?;
        let name = reaction.kind.name();
        let changed = json!({"chat": chat.id, "message": message.id, "reaction": name, "from": from});
        Ok((self.change(message, MessageChange::Unreact(reaction.clone())), changed))
    }

    fn become_of(&self, status: Status) -> Acted {
        let (chat, message) = self.message()?;
        let word = if status == Status::Read { "read" } else { "delivered" };
        if !message.is_own() {
            let text = format!("a recipient wrote the message `{}`", message.id);
            return Err(ActionMistake::new(text, "name a message of the tenant, or `last`"));
        }
        if message.status == status || message.status == Status::Read {
            let text = format!("the message `{}` is {word} already", message.id);
            return Err(ActionMistake::new(text, "name another one"));
        }
        let changed = json!({"chat": chat.id, "message": message.id, "status": word});
        Ok((self.change(message, MessageChange::Become(status)), changed))
    }

    fn change(&self, message: &Message, change: MessageChange) -> Change {
        Change::Message { tenant: self.tenant.index, message: message.id.clone(), change: Box::new(change) }
    }

    /// The recipient who acts: `from`, or the only participant.
    fn from(&self, participants: &[String]) -> Result<String, ActionMistake> {
        let known = || some_of(participants.iter().map(String::as_str));
        match (self.text("from"), participants) {
            (Some(text), participants) => {
                let from = values::address("from", &text)?;
                if !participants.is_empty() && !participants.contains(&from) {
                    let message = format!("`{from}` is not a participant of the chat");
                    return Err(ActionMistake::new(message, format!("its participants are {}", known())));
                }
                Ok(from)
            }
            (None, [only]) => Ok(only.clone()),
            (None, []) => Err(values::nobody()),
            (None, _) => Err(ActionMistake::new(
                "`from` does not say which participant acts",
                format!("name one of them with `from`: {}", known()),
            )),
        }
    }
}
