//! One chat with its participants and messages.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::messages::Message;

/// A chat.
#[derive(Clone, Debug)]
pub struct Chat {
    /// ID of the chat.
    pub id: String,
    /// Whether the chat is a group.
    pub is_group: bool,
    /// What the chat lacks for a delivery: its chat key or its pinned line. `None` when it has both.
    pub lacks: Option<&'static str>,
    /// Current display name.
    pub display_name: Option<String>,
    /// URL of the current icon.
    pub group_chat_icon: Option<String>,
    /// Index of the pinned line among those of the tenant; `None` without one.
    pub line: Option<u32>,
    has_chat_key: bool,
    /// What most chats of a large scenario do not have.
    life: Option<Box<Life>>,
}

/// Participants, messages and what else calls and actions have done to a chat.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// When the chat was made; `None` for one that was there at the start.
    pub created_at: Option<Timestamp>,
    /// Phone numbers and email addresses of all but the tenant's own line.
    pub participants: Vec<String>,
    /// Whether the tenant has left the group.
    pub has_left: bool,
    /// Whether the tenant is shown as typing.
    pub is_typing: bool,
    /// When the tenant has last read the chat.
    pub read_at: Option<Timestamp>,
    /// The number of contact cards that the tenant has sent.
    pub cards: u32,
    /// Whether the tenant has shared its own contact card.
    pub shares_contact: bool,
    /// ID of the conversation; `None` when no call has asked for it.
    pub conversation: Option<String>,
    /// The name of the person under `/send`.
    pub lead_name: Option<String>,
    /// The ID of the person in the client's own system.
    pub external_id: Option<String>,
    /// The messages that are kept, the oldest first.
    messages: VecDeque<Message>,
    /// How many messages were forgotten: the number of the first one that is kept.
    first: u64,
}

/// What a chat without participants and messages has.
static NO_LIFE: Life = Life {
    created_at: None,
    participants: Vec::new(),
    has_left: false,
    is_typing: false,
    read_at: None,
    cards: 0,
    shares_contact: false,
    conversation: None,
    lead_name: None,
    external_id: None,
    messages: VecDeque::new(),
    first: 0,
};

impl Chat {
    /// A chat with this ID, and nothing else.
    pub fn new(id: String, is_group: bool, has_chat_key: bool, line: Option<u32>) -> Self {
        let lacks = lack(has_chat_key, line);
        Self {
            id,
            is_group,
            lacks,
            display_name: None,
            group_chat_icon: None,
            line,
            has_chat_key,
            life: None,
        }
    }

    /// Whether it has its chat key.
    pub fn has_chat_key(&self) -> bool {
        self.has_chat_key
    }

    /// Whether it has participants, messages or the like.
    pub fn has_life(&self) -> bool {
        self.life.is_some()
    }

    /// Participants, messages and the like.
    pub fn life(&self) -> &Life {
        self.life.as_deref().unwrap_or(&NO_LIFE)
    }

    /// The same, to be changed.
    pub fn life_mut(&mut self) -> &mut Life {
        self.life.get_or_insert_default()
    }

    /// Pins a line to the chat.
    pub fn pin(&mut self, line: u32) {
        self.line = Some(line);
        if !self.life().has_left {
            self.lacks = lack(self.has_chat_key, self.line);
        }
    }

    /// The tenant leaves the group: nothing can be delivered any more.
    pub fn leave(&mut self) {
        self.life_mut().has_left = true;
        self.lacks = Some("was left by the tenant");
    }
}

/// What a chat lacks for a delivery, in words.
fn lack(has_chat_key: bool, line: Option<u32>) -> Option<&'static str> {
    match (has_chat_key, line) {
        (true, Some(_)) => None,
        (true, None) => Some("has no `line`"),
        (false, Some(_)) => Some("has `chat_key: false`"),
        (false, None) => Some("has `chat_key: false` and no `line`"),
    }
}

impl Life {
    /// The messages that are kept, the oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.messages.iter()
    }

    /// Whether the chat has never had a message.
    pub fn is_untouched(&self) -> bool {
        self.first == 0 && self.messages.is_empty()
    }

    /// Adds a message. Returns its number.
    pub(super) fn push(&mut self, message: Message) -> u64 {
        self.messages.push_back(message);
        self.first + self.messages.len() as u64 - 1
    }

    /// The message with this number; `None` when it was forgotten.
    pub(super) fn message(&self, number: u64) -> Option<&Message> {
        let place = number.checked_sub(self.first)?;
        self.messages.get(usize::try_from(place).ok()?)
    }

    /// The same, to be changed.
    pub(super) fn message_mut(&mut self, number: u64) -> Option<&mut Message> {
        let place = number.checked_sub(self.first)?;
        self.messages.get_mut(usize::try_from(place).ok()?)
    }

    /// All messages, to be changed.
    pub(super) fn messages_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.messages.iter_mut()
    }

    /// Forgets the oldest message and returns it.
    pub(super) fn forget_oldest(&mut self) -> Option<Message> {
        let oldest = self.messages.pop_front()?;
        self.first += 1;
        Some(oldest)
    }
}
