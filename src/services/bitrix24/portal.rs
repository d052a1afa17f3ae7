//! The state of a running portal.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::applications::{Applications, Handler, MOST_HANDLERS};
use super::auto_closes::AutoCloses;
use super::change::{Change, Incoming, Place};
use super::chats::{Chat, Chats, ExternalUser, Message, Session, take};
use super::connectors::{Connectors, Status};
use super::credentials::Credentials;
use super::editions::Edition;
use super::events::{self, Actor, Audience};
use super::limits::Limits;
use super::lines::Lines;
use super::section::{self, Portal};
use crate::basics::Draws;
use crate::emulator::{Later, Raised};

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
    pub(super) applications: Applications,
    pub(super) connectors: Connectors,
    pub(super) lines: Lines,
    pub(super) chats: Chats,
    /// When sessions are closed by themselves.
    pub(super) auto_closes: AutoCloses,
    /// Postponed changes.
    pub(super) later: Later<Change>,
    /// What changes have raised and the engine has not taken yet.
    pub(super) raised: Raised,
    /// How many deliveries the engine has taken.
    pub(super) deliveries: u64,
    /// How many further deliveries faults have made.
    pub(super) further_deliveries: u64,
}

impl LivePortal {
    /// The portal at the start of its scenario. Random draws come from `seed`.
    pub fn new(portal: Arc<Portal>, seed: u64, start: Timestamp) -> Self {
        let applications = Applications::new(&portal, seed);
        let owner = |connector: &section::Connector| applications.called(connector.application.as_deref());
        let mut live = Self {
            edition: portal.edition,
            credentials: Credentials::new(&portal, seed, start),
            limits: Limits::new(&portal.limits),
            seed,
            connectors: Connectors::new(&portal, owner),
            applications,
            lines: Lines::new(&portal),
            chats: Chats::new(&portal),
            auto_closes: AutoCloses::default(),
            later: Later::default(),
            raised: Raised::default(),
            deliveries: 0,
            further_deliveries: 0,
            portal,
        };
        for chat in 0..live.chats.count() {
            if !live.chats.get(chat).is_closed() {
                live.keep_open(chat, start);
            }
        }
        live
    }

    /// The portal as the scenario describes it.
    pub fn portal(&self) -> &Portal {
        &self.portal
    }

    /// The credentials, with those that were issued since the start.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The applications and their handlers.
    pub fn applications(&self) -> &Applications {
        &self.applications
    }

    /// The registered connectors and their status rows.
    pub fn connectors(&self) -> &Connectors {
        &self.connectors
    }

    /// The open lines.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// The chats.
    pub fn chats(&self) -> &Chats {
        &self.chats
    }

    /// The vendor's identifier of the portal: 32 hex digits, drawn from the seed.
    pub fn member_id(&self) -> String {
        member_id(self.seed, &self.portal.suffix)
    }

    /// Notes that the tokens and IDs of a change were given in an answer: they are not given again, even if the change is
    /// never made.
    pub(super) fn allocate(&mut self, change: &Change) {
        match change {
            Change::Refresh(refresh) => self.credentials.allocate(refresh),
            Change::Receive { next, .. } => self.chats.next.skip_to(*next),
            Change::Bind(handler) => self.applications.skip_handler(handler.id),
            Change::AddLine { id, .. } => self.lines.next = self.lines.next.max(id.saturating_add(1)),
            _ => {}
        }
    }

    /// Makes a change. Returns a remark when the change is no longer possible.
    pub(super) fn commit(&mut self, change: Change, now: Timestamp) -> Option<Cow<'static, str>> {
        match change {
            Change::Rename { chat, name } => self.chats.get_mut(chat).name = name,
            Change::Refresh(refresh) => return self.credentials.replace(refresh, now),
            Change::Register { id, connector } => self.connectors.register(id, connector),
            Change::Unregister { id, application, by } => self.unregister(&id, application, &by, now),
            Change::SwitchOn { connector, line } => self.connectors.change_status(&connector, line, |row| {
                *row = Status { data: std::mem::take(&mut row.data), ..Status::on() };
            }),
            Change::SwitchOff { connector, sent, line, by } => {
                self.connectors.delete_status(&connector, line);
                let audience = Audience::OwnerOf(&connector);
                self.raise(
                    &events::STATUS_DELETE,
                    &json!({"connector": sent, "line": line}),
                    audience,
                    &by,
                    now,
                );
            }
            Change::SetData { connector, line, data, replaces } => {
                self.connectors.change_status(&connector, line, |row| {
                    if replaces {
                        row.data = data;
                    } else {
                        row.data.extend(data);
                    }
                });
            }
            Change::SetError { connector, line } => {
                if self.connectors.status(&connector, line).is_none() {
                    return Some("a postponed change came too late: the status row is gone".into());
                }
                self.connectors.change_status(&connector, line, |row| row.error = true);
            }
            Change::Receive { place, messages, next, by } => {
                self.chats.next.skip_to(next);
                let told = messages.into_iter().filter_map(|message| self.receive(&place, message, &by, now));
                // All of them are made; one remark is enough.
                return told.fold(None, |first, remark| first.or(Some(remark.into())));
            }
            Change::SetTexts(texts) => {
                for (id, text) in texts {
                    self.chats.set_text(id, text);
                }
            }
            Change::DeleteMessages(ids) => ids.into_iter().for_each(|id| drop(self.chats.remove_message(id))),
            Change::Confirm(confirmations) => {
                for confirmed in confirmations {
                    self.chats.confirm(confirmed.message, confirmed.external_ids);
                }
            }
            Change::Bind(handler) => return self.bind(handler),
            Change::Unbind(ids) => self.applications.unbind(&ids),
            Change::Test { application, query, by } => {
                let data = json!({"QUERY": query, "LANGUAGE_ID": self.portal.language});
                self.raise(&events::APP_TEST, &data, Audience::Application(application), &by, now);
            }
            Change::AddLine { id, line } => self.lines.add(id, line),
            Change::Finish { chat, by } => {
                if !self.finish(chat, &by, now) {
                    return Some("a postponed change came too late: the session was closed".into());
                }
            }
        }
        None
    }

    /// Deletes all status rows of a connector, and the connector itself if the application owns it.
    pub(super) fn unregister(&mut self, id: &str, application: usize, by: &Actor, now: Timestamp) {
        for line in self.connectors.delete_statuses(id) {
            let data = json!({"connector": id, "line": line});
            self.raise(&events::STATUS_DELETE, &data, Audience::OwnerOf(id), by, now);
        }
        if self.connectors.get(id).is_some_and(|known| known.owner == Some(application)) {
            self.connectors.remove(id);
        }
    }

    /// Binds a handler, unless a call in the meantime has bound it or the last one that there is room for.
    fn bind(&mut self, handler: Handler) -> Option<Cow<'static, str>> {
        if let Some(known) = self.applications.handlers().find(|known| known.is_same(&handler)) {
            let id = known.id;
            return Some(format!("a postponed change came too late: the handler {id} is the same").into());
        }
        if self.applications.handlers().count() >= MOST_HANDLERS {
            return Some("a postponed change came too late: the portal has too many handlers".into());
        }
        self.applications.bind(handler);
        None
    }

    /// Adds a message of an external user. Makes the user, the chat and the session where they are missing. Returns a
    /// remark when a call in the meantime has made the user or the chat: then they keep their IDs.
    fn receive(&mut self, place: &Place, incoming: Incoming, by: &Actor, now: Timestamp) -> Option<String> {
        let Incoming {
            user,
            mut user_id,
            external_user,
            chat,
            is_group,
            chat_id,
            chat_name,
            session_id,
            message,
        } = incoming;
        let mut remark = None;
        if let Some(mut external_user) = external_user {
            if let Some(known) = self.chats.user(&place.connector, &user).filter(|known| known.id != user_id)
            {
                let is = known.id;
                remark = Some(format!(
                    "a postponed message came late: the user `{user}` has the ID {is}, and the answer told {user_id}"
                ));
                user_id = is;
                external_user.id = is;
                let ExternalUser { name, last_name, .. } = &mut external_user;
                for (part, known) in [(name, &known.name), (last_name, &known.last_name)] {
                    if part.is_empty() {
                        part.clone_from(known);
                    }
                }
            }
            self.chats.set_user(&place.connector, &user, external_user);
        }
        let user = (!is_group).then_some(user);
        let found = self.chats.find(&place.connector, &place.line_text, &chat, user.as_deref());
        let is = found.map_or(chat_id, |found| self.chats.get(found).chat_id);
        if is != chat_id && remark.is_none() {
            remark = Some(format!(
                "a postponed message came late: the chat `{chat}` has the ID {is}, and the answer told {chat_id}"
            ));
        }
        let chat = found.unwrap_or_else(|| {
            self.chats.add(Chat {
                connector: place.connector.to_string(),
                line: place.line,
                line_text: place.line_text.to_string(),
                id: chat.into(),
                user: user.map(String::from),
                user_id: if is_group { 0 } else { user_id },
                chat_id,
                name: chat_name,
                sessions: Vec::new(),
                messages: Vec::new(),
            })
        });
        self.open_session(chat, session_id, by, now);
        self.add_message(chat, message, now);
        remark
    }

    /// Adds a message to a chat, whose session stays open for it.
    pub(super) fn add_message(&mut self, chat: usize, message: Message, now: Timestamp) {
        self.chats.add_message(chat, message);
        self.keep_open(chat, now);
    }

    /// Sets when the open session of a chat is closed by itself if nobody writes in it after `now`.
    fn keep_open(&mut self, chat: usize, now: Timestamp) {
        let line = self.lines.get(self.chats.get(chat).line);
        if let Some(length) = line.and_then(|line| line.auto_close) {
            self.auto_closes.set(chat, now.checked_add(length).unwrap_or(Timestamp::MAX));
        }
    }

    /// Closes the sessions in which nobody has written for as long as their line allows.
    pub(super) fn close_by_itself(&mut self, now: Timestamp) {
        for chat in self.auto_closes.due(now) {
            self.finish(chat, &Actor { user: None, depth: 0 }, now);
        }
    }

    /// Opens a session with this ID unless the chat has an open one.
    pub(super) fn open_session(&mut self, chat: usize, id: i64, by: &Actor, now: Timestamp) {
        if !self.chats.get(chat).is_closed() {
            return;
        }
        // A postponed message brings the ID of a session that was closed in the meantime.
        let is_used = self.chats.get(chat).sessions.iter().any(|session| session.id == id);
        let id = if is_used { take(&mut self.chats.next.session) } else { id };
        let known = self.chats.get_mut(chat);
        let parent_id = known.sessions.last().map_or(0, |session| session.id);
        known.sessions.push(Session { id, parent_id, is_closed: false });
        self.raise_of_session(&events::DIALOG_START, chat, by, now);
    }

    /// Closes the open session of a chat. Returns false when none is open.
    pub(super) fn finish(&mut self, chat: usize, by: &Actor, now: Timestamp) -> bool {
        let session = self.chats.get_mut(chat).sessions.last_mut();
        let Some(session) = session.filter(|session| !session.is_closed) else { return false };
        session.is_closed = true;
        self.auto_closes.remove(chat);
        self.raise_of_session(&events::DIALOG_FINISH, chat, by, now);
        true
    }

    /// The state as JSON, without secrets.
    pub(super) fn as_json(&self) -> Value {
        let chats: Vec<_> = self.chats.iter().map(Chat::state).collect();
        let connector = |(id, known): (&str, &super::connectors::Connector)| {
            let owner = known.owner.map(|owner| self.applications.get(owner).client_id.clone());
            json!({"id": id, "name": known.name, "application": owner, "chat_group": known.flags.chat_group})
        };
        let connectors: Vec<_> = self.connectors.iter().map(connector).collect();
        let statuses = self.connectors.statuses();
        let lines = self.lines.iter().map(|(id, line)| {
            let on_line = statuses.iter().filter(|(_, on, _)| *on == id);
            let on_line: serde_json::Map<_, _> = on_line
                .map(|(connector, _, row)| {
                    let row = json!({"configured": row.is_configured(), "error": row.error, "status": row.is_on(), "data": row.data});
                    ((*connector).to_owned(), row)
                })
                .collect();
            json!({"id": id, "name": line.name, "active": line.is_active, "connectors": on_line})
        });
        let lines: Vec<_> = lines.collect();
        let handlers: Vec<_> =
            self.applications.handlers().map(|handler| handler.state(&self.applications)).collect();
        let applications: Vec<_> = self
            .applications
            .iter()
            .map(|known| json!({"client_id": known.client_id, "installed": known.is_installed}))
            .collect();
        json!({
            "edition": self.edition.name(),
            "chats": chats,
            "connectors": connectors,
            "lines": lines,
            "applications": applications,
            "handlers": handlers,
        })
    }
}

/// The vendor's identifier of a portal: 32 hex digits, drawn from the seed and the suffix of the namespace.
pub fn member_id(seed: u64, suffix: &str) -> String {
    let mut draws = Draws::new(seed, "bitrix24", &format!("member{suffix}"));
    format!("{:016x}{:016x}", draws.draw(1), draws.draw(2))
}
