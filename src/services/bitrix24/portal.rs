//! The state of a running portal: chats, credentials and limits.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::change::Change;
use super::credentials::Credentials;
use super::editions::Edition;
use super::limits::Limits;
use super::section::{self, Portal};
use crate::basics::Draws;
use crate::emulator::Later;

/// The state of a running portal.
#[derive(Clone, Debug)]
pub struct LivePortal {
    pub(super) portal: Arc<Portal>,
    /// The edition in which the portal answers.
    pub(super) edition: Edition,
    pub(super) credentials: Credentials,
    pub(super) limits: Limits,
    /// Seed of the random draws.
    seed: u64,
    connectors: HashMap<String, Connector>,
    /// Chats, in the order of the scenario.
    pub(super) chats: Vec<Chat>,
    /// Postponed changes.
    pub(super) later: Later<Change>,
}

/// A registered connector.
#[derive(Clone, Debug, Default)]
pub struct Connector {
    /// Whether the external system has group chats.
    pub has_groups: bool,
    /// The lines on which the connector is active.
    pub lines: HashSet<i64>,
    /// The external users who have a chat through this connector.
    pub users: HashSet<String>,
    /// Indices of the chats with an open session, by the text of the line's ID and then by chat ID.
    sessions: HashMap<String, HashMap<String, Vec<usize>>>,
}

/// A chat of an open line.
#[derive(Clone, Debug)]
pub(super) struct Chat {
    pub(super) connector: String,
    pub(super) line: i64,
    pub(super) id: String,
    pub(super) user: Option<String>,
    pub(super) name: String,
    closed: bool,
}

impl LivePortal {
    /// The portal at the start of its scenario. Random draws come from `seed`.
    pub fn new(portal: Arc<Portal>, seed: u64, start: Timestamp) -> Self {
        let new =
            |known: &section::Connector| Connector { has_groups: known.chat_group, ..Connector::default() };
        let mut connectors: HashMap<_, _> =
            portal.connectors.iter().map(|c| (c.id.to_string(), new(c))).collect();
        for line in portal.lines.iter().filter(|line| line.active) {
            for id in &line.connectors {
                connectors.entry(id.to_string()).or_default().lines.insert(line.id);
            }
        }
        let chats: Vec<_> = portal.chats.iter().map(Chat::new).collect();
        for (index, chat) in chats.iter().enumerate() {
            let Some(connector) = connectors.get_mut(&chat.connector) else { continue };
            connector.users.extend(chat.user.clone());
            if !chat.closed {
                let on_line = connector.sessions.entry(chat.line.to_string()).or_default();
                on_line.entry(chat.id.clone()).or_default().push(index);
            }
        }
        Self {
            edition: portal.edition,
            credentials: Credentials::new(&portal, seed, start),
            limits: Limits::new(&portal.limits),
            seed,
            connectors,
            chats,
            later: Later::default(),
            portal,
        }
    }

    /// The portal as the scenario describes it.
    pub fn portal(&self) -> &Portal {
        &self.portal
    }

    /// The credentials, with those that were issued since the start.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The vendor's identifier of the portal: 32 hex digits, drawn from the seed.
    pub fn member_id(&self) -> String {
        let mut draws = Draws::new(self.seed, "bitrix24", "member");
        format!("{:016x}{:016x}", draws.draw(1), draws.draw(2))
    }

    /// The registered connector with this ID.
    pub fn connector(&self, id: &str) -> Option<&Connector> {
        self.connectors.get(id)
    }

    /// Index of the chat with this `id` and an open session on the line of this text; `None` without one. For a group
    /// chat `user` is `0`.
    pub fn session(&self, connector: &Connector, line: &str, id: &str, user: &str) -> Option<usize> {
        let candidates = connector.sessions.get(line)?.get(id)?;
        candidates.iter().copied().find(|&index| self.chats[index].user.as_deref().unwrap_or("0") == user)
    }

    /// The current name of a chat.
    pub fn name(&self, chat: usize) -> &str {
        &self.chats[chat].name
    }

    /// Makes a change. Returns a remark when the change is no longer possible.
    pub(super) fn commit(&mut self, change: Change, now: Timestamp) -> Option<Cow<'static, str>> {
        match change {
            Change::Rename { chat, name } => {
                self.chats[chat].name = name;
                None
            }
            Change::Refresh(refresh) => self.credentials.replace(refresh, now),
        }
    }
}

impl Chat {
    fn new(chat: &section::Chat) -> Self {
        Self {
            connector: chat.connector.to_string(),
            line: chat.line,
            id: chat.id.to_string(),
            user: chat.user.as_ref().map(ToString::to_string),
            name: chat.name.to_string(),
            closed: chat.closed,
        }
    }

    /// Whether the session of the chat is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn state(&self) -> Value {
        let mut state = json!({"connector": self.connector, "line": self.line, "id": self.id});
        if let Some(user) = &self.user {
            state["user"] = json!(user);
        }
        state["name"] = json!(self.name);
        state["closed"] = json!(self.closed);
        state
    }
}
