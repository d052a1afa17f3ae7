//! The chats of a portal with their sessions and messages, and the external users who write in them.

use std::collections::VecDeque;

use compact_str::CompactString;
use foldhash::HashMap;
use serde_json::{Value, json};

use super::section::{self, Portal};

/// The chats of a portal.
#[derive(Clone, Debug)]
pub struct Chats {
    /// All chats: first those of the scenario, then those that calls made.
    list: Vec<Chat>,
    /// Indices of the chats, by connector, the text of the line's ID, and the external ID.
    index: HashMap<String, HashMap<String, HashMap<String, Vec<usize>>>>,
    /// The external users, by connector and external ID.
    users: HashMap<String, HashMap<String, ExternalUser>>,
    /// Where each message is, by its ID: the index of the chat.
    messages: HashMap<i64, usize>,
    /// The IDs of all messages, the oldest first.
    order: VecDeque<i64>,
    /// The length of all texts and external IDs of messages, in bytes.
    size: usize,
    /// The number of external users.
    users_count: usize,
    /// The next ID of each kind.
    pub next: NextIds,
}

/// The next ID of each kind of thing. IDs count up, so that a run can be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextIds {
    /// Of external users.
    pub user: i64,
    /// Of chats.
    pub chat: i64,
    /// Of sessions.
    pub session: i64,
    /// Of messages.
    pub message: i64,
    /// Of files.
    pub file: i64,
}

/// The first IDs are those of the documentation's examples.
const FIRST: NextIds = NextIds { user: 585, chat: 1767, session: 323, message: 86497, file: 1001 };

/// The largest number of chats that calls can make.
pub const MOST_MADE: usize = 10_000;

/// The largest number of external users.
pub const MOST_USERS: usize = 100_000;

/// The length of the longest external ID, and of the longest name, in characters.
pub const LONGEST: usize = 255;

/// How many messages are kept.
const MOST_MESSAGES: usize = 100_000;

/// How many bytes of texts are kept.
const MOST_BYTES: usize = 16 << 20;

/// A chat of an open line.
#[derive(Clone, Debug)]
pub struct Chat {
    /// ID of the connector.
    pub connector: String,
    /// ID of the line.
    pub line: i64,
    /// ID of the line as the call spelt it that made the chat: Bitrix24 looks chats up by it.
    pub line_text: String,
    /// ID in the external system.
    pub id: String,
    /// External ID of the user; `None` for a group chat.
    pub user: Option<String>,
    /// Internal ID of the user; 0 for a group chat.
    pub user_id: i64,
    /// ID in Bitrix24.
    pub chat_id: i64,
    /// The name.
    pub name: String,
    /// The sessions, the oldest first. All but the last one are closed.
    pub sessions: Vec<Session>,
    /// The messages that are kept, the oldest first.
    pub messages: Vec<Message>,
}

/// A session of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The ID.
    pub id: i64,
    /// ID of the session before it; 0 for the first one.
    pub parent_id: i64,
    /// Whether it is closed.
    pub is_closed: bool,
}

/// A message of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// ID in Bitrix24.
    pub id: i64,
    /// ID of the operator who wrote it; `None` for the external user.
    pub operator: Option<i64>,
    /// The text.
    pub text: CompactString,
    /// IDs in the external system.
    pub external_ids: Vec<CompactString>,
    /// Whether the connector has confirmed that it was delivered. Messages of external users always are.
    pub is_delivered: bool,
}

/// A user of the external system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalUser {
    /// ID in Bitrix24.
    pub id: i64,
    /// First name.
    pub name: String,
    /// Last name.
    pub last_name: String,
}

impl Chats {
    /// The chats at the start of a scenario.
    pub fn new(portal: &Portal) -> Self {
        let mut chats = Self {
            list: Vec::with_capacity(portal.chats.len()),
            index: HashMap::default(),
            users: HashMap::default(),
            messages: HashMap::default(),
            order: VecDeque::new(),
            size: 0,
            users_count: 0,
            next: FIRST,
        };
        // IDs that the scenario gives are not given again.
        let sessions = || portal.chats.iter().flat_map(|chat| &chat.sessions);
        let messages = || sessions().flat_map(|session| &session.messages);
        let above =
            |first: i64, given: Option<i64>| given.map_or(first, |given| first.max(given.saturating_add(1)));
        chats.next.chat = above(FIRST.chat, portal.chats.iter().filter_map(|chat| chat.chat_id).max());
        chats.next.session = above(FIRST.session, sessions().filter_map(|session| session.id).max());
        chats.next.message = above(FIRST.message, messages().filter_map(|message| message.id).max());
        portal.chats.iter().for_each(|known| chats.add_known(known));
        chats
    }

    fn add_known(&mut self, known: &section::Chat) {
        let user_id = known.user.as_ref().map_or(0, |user| {
            let of_connector = self.users.entry(known.connector.to_string()).or_default();
            let new = ExternalUser { id: self.next.user, name: String::new(), last_name: String::new() };
            let user = of_connector.entry(user.to_string()).or_insert(new);
            self.users_count += usize::from(user.id == self.next.user);
            self.next.user = self.next.user.max(user.id + 1);
            user.id
        });
        let chat_id = known.chat_id.unwrap_or_else(|| take(&mut self.next.chat));
        let mut chat = Chat {
            connector: known.connector.to_string(),
            line: known.line,
            line_text: known.line.to_string(),
            id: known.id.to_string(),
            user: known.user.as_ref().map(ToString::to_string),
            user_id,
            chat_id,
            name: known.name.to_string(),
            sessions: Vec::new(),
            messages: Vec::new(),
        };
        if known.sessions.is_empty() {
            let id = take(&mut self.next.session);
            chat.sessions.push(Session { id, parent_id: 0, is_closed: known.closed });
        }
        for session in &known.sessions {
            let id = session.id.unwrap_or_else(|| take(&mut self.next.session));
            let parent_id = chat.sessions.last().map_or(0, |session| session.id);
            chat.sessions.push(Session { id, parent_id, is_closed: session.closed });
            for message in &session.messages {
                let id = message.id.unwrap_or_else(|| take(&mut self.next.message));
                let is_delivered = message.operator.is_none() || !message.external_ids.is_empty();
                chat.messages.push(Message {
                    id,
                    operator: message.operator,
                    text: message.text.as_str().into(),
                    external_ids: message.external_ids.iter().map(|id| id.as_str().into()).collect(),
                    is_delivered,
                });
            }
        }
        self.add(chat);
    }

    /// Adds a chat and returns its index.
    pub fn add(&mut self, chat: Chat) -> usize {
        let index = self.list.len();
        let on_line = self.index.entry(chat.connector.clone()).or_default();
        let named = on_line.entry(chat.line_text.clone()).or_default();
        named.entry(chat.id.clone()).or_default().push(index);
        for message in &chat.messages {
            self.messages.insert(message.id, index);
            self.order.push_back(message.id);
            self.size += weight(message);
        }
        self.list.push(chat);
        index
    }

    /// All chats, in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Chat> {
        self.list.iter()
    }

    /// The number of chats.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// The chat with this index.
    pub fn get(&self, index: usize) -> &Chat {
        &self.list[index]
    }

    /// The chat with this index, to be changed.
    pub fn get_mut(&mut self, index: usize) -> &mut Chat {
        &mut self.list[index]
    }

    /// Index of the chat with this `id` on the line of this text; `None` without one. `user` is the external ID of the
    /// user, and `None` for a group chat.
    pub fn find(&self, connector: &str, line: &str, id: &str, user: Option<&str>) -> Option<usize> {
        let candidates = self.index.get(connector)?.get(line)?.get(id)?;
        candidates.iter().copied().find(|&index| self.list[index].user.as_deref() == user)
    }

    /// Like [`Chats::find`], but only a chat with an open session.
    pub fn open(&self, connector: &str, line: &str, id: &str, user: Option<&str>) -> Option<usize> {
        self.find(connector, line, id, user).filter(|&index| !self.list[index].is_closed())
    }

    /// Index of the chat with this ID in Bitrix24.
    pub fn by_chat_id(&self, chat_id: i64) -> Option<usize> {
        self.list.iter().position(|chat| chat.chat_id == chat_id)
    }

    /// Index of the chat that has the message with this ID.
    pub fn of_message(&self, message: i64) -> Option<usize> {
        self.messages.get(&message).copied()
    }

    /// The external user of a connector; `None` when he has never written.
    pub fn user(&self, connector: &str, id: &str) -> Option<&ExternalUser> {
        self.users.get(connector)?.get(id)
    }

    /// The number of external users.
    pub fn count_users(&self) -> usize {
        self.users_count
    }

    /// Records an external user.
    pub fn set_user(&mut self, connector: &str, id: &str, user: ExternalUser) {
        if let Some(known) = self.users.get_mut(connector).and_then(|users| users.get_mut(id)) {
            *known = user;
        } else {
            self.users.entry(connector.to_owned()).or_default().insert(id.to_owned(), user);
            self.users_count += 1;
        }
    }

    /// Adds a message to a chat. The oldest messages of all chats go when there are too many.
    pub fn add_message(&mut self, chat: usize, message: Message) {
        self.messages.insert(message.id, chat);
        self.order.push_back(message.id);
        self.size += weight(&message);
        self.list[chat].messages.push(message);
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        while self.messages.len() > MOST_MESSAGES || (self.size > MOST_BYTES && self.messages.len() > 1) {
            let Some(oldest) = self.order.pop_front() else { break };
            self.remove_message(oldest);
        }
    }

    /// Replaces the text of a message. Returns false when the message is not there.
    pub fn set_text(&mut self, id: i64, text: String) -> bool {
        let Some(message) = self.of_message(id).and_then(|chat| self.list[chat].message_mut(id)) else {
            return false;
        };
        self.size = self.size + text.len() - message.text.len();
        message.text = text.into();
        self.forget_oldest();
        true
    }

    /// Removes a message. Returns it if it was there.
    pub fn remove_message(&mut self, id: i64) -> Option<Message> {
        let chat = self.messages.remove(&id)?;
        let messages = &mut self.list[chat].messages;
        let place = messages.iter().position(|message| message.id == id)?;
        let message = messages.remove(place);
        self.size -= weight(&message);
        Some(message)
    }

    /// Notes that a message was delivered, and its IDs in the external system. The first note counts.
    pub fn confirm(&mut self, id: i64, external_ids: Vec<CompactString>) {
        let Some(message) = self.of_message(id).and_then(|chat| self.list[chat].message_mut(id)) else {
            return;
        };
        if message.is_delivered {
            return;
        }
        let before = weight(message);
        message.is_delivered = true;
        message.external_ids = external_ids;
        self.size = self.size + weight(message) - before;
        self.forget_oldest();
    }
}

impl NextIds {
    /// Takes care that IDs which were given in an answer are not given again, even if its change is never made.
    pub fn skip_to(&mut self, other: Self) {
        self.user = self.user.max(other.user);
        self.chat = self.chat.max(other.chat);
        self.session = self.session.max(other.session);
        self.message = self.message.max(other.message);
        self.file = self.file.max(other.file);
    }
}

impl Chat {
    /// Whether the chat has no open session.
    pub fn is_closed(&self) -> bool {
        self.sessions.last().is_none_or(|session| session.is_closed)
    }

    /// The message with this ID in the external system; the newest one if there are several.
    pub fn message_called(&self, external_id: &str) -> Option<&Message> {
        let is_it = |message: &&Message| message.external_ids.iter().any(|id| id == external_id);
        self.messages.iter().rev().find(is_it)
    }

    /// The message with this ID in Bitrix24.
    pub fn message(&self, id: i64) -> Option<&Message> {
        self.messages.iter().find(|message| message.id == id)
    }

    /// The message with this ID in Bitrix24, to be changed.
    pub fn message_mut(&mut self, id: i64) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.id == id)
    }

    /// The state as JSON.
    pub fn state(&self) -> Value {
        let mut state = json!({"connector": self.connector, "line": self.line, "id": self.id});
        if let Some(user) = &self.user {
            state["user"] = json!(user);
        }
        state["name"] = json!(self.name);
        state["closed"] = json!(self.is_closed());
        state["chat_id"] = json!(self.chat_id);
        let session = |session: &Session| json!({"id": session.id, "parent_id": session.parent_id, "closed": session.is_closed});
        state["sessions"] = self.sessions.iter().map(session).collect();
        let message = |message: &Message| {
            json!({
                "id": message.id,
                "operator": message.operator,
                "text": message.text,
                "external_ids": message.external_ids,
                "delivered": message.is_delivered,
            })
        };
        state["messages"] = self.messages.iter().map(message).collect();
        state
    }
}

/// The bytes that a message counts for.
fn weight(message: &Message) -> usize {
    message.text.len() + message.external_ids.iter().map(|id| id.len()).sum::<usize>()
}

/// ID in Bitrix24 of the first chat of a scenario.
pub fn first_chat_id(portal: &Portal) -> Option<i64> {
    let given = portal.chats.iter().filter_map(|chat| chat.chat_id).max();
    portal.chats.first().map(|chat| {
        chat.chat_id
            .unwrap_or_else(|| given.map_or(FIRST.chat, |given| FIRST.chat.max(given.saturating_add(1))))
    })
}

/// Takes the next ID.
pub fn take(next: &mut i64) -> i64 {
    let id = *next;
    *next += 1;
    id
}
