//! A portal as it lives: its chats, who may call, and the way of a request through it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{self, Parameters};
use super::credentials::{Credentials, Means, for_means};
use super::editions::Edition;
use super::envelope;
use super::errors::Refusal;
use super::methods::{self, Invocation, Method};
use super::section::{Portal, PortalState};
use super::time::Time;
use crate::engine::Stage;
use crate::http::{Body, Reply};
use crate::vendor::{Call, Emulator, Exchange};

/// The state of one portal.
#[derive(Debug)]
pub struct State {
    portal: Arc<Portal>,
    credentials: Credentials,
    /// Registered connectors, and whether their chats are groups.
    connectors: HashMap<String, bool>,
    /// Connectors that are active on a line.
    active: HashSet<(String, i64)>,
    /// External users, by connector.
    users: HashSet<(String, String)>,
    /// Chats in the order of the scenario.
    chats: Vec<Chat>,
    /// Where a chat with an open session is, by the vendor's own key.
    sessions: HashMap<String, usize>,
}

/// A chat of an open line.
#[derive(Debug)]
pub struct Chat {
    connector: String,
    line: i64,
    id: String,
    user: Option<String>,
    /// Its present name.
    pub name: String,
    closed: bool,
}

impl State {
    /// The portal at the start of its scenario.
    pub fn new(portal: Arc<Portal>) -> Self {
        let connectors = portal.connectors.iter().map(|c| (c.id.to_string(), c.chat_group)).collect();
        let lines = portal.lines.iter().filter(|line| line.active);
        let active = lines.flat_map(|line| line.connectors.iter().map(|c| (c.to_string(), line.id))).collect();
        let with_user = portal.chats.iter().filter_map(|chat| Some((chat.connector.to_string(), chat.user.as_ref()?)));
        let users = with_user.map(|(connector, user)| (connector, user.to_string())).collect();
        let chats: Vec<_> = portal.chats.iter().map(Chat::new).collect();
        let open = chats.iter().enumerate().filter(|(_, chat)| !chat.closed);
        let sessions = open
            .map(|(index, chat)| {
                (session_key(&chat.connector, chat.line, &chat.id, chat.user.as_deref().unwrap_or("0")), index)
            })
            .collect();
        Self { credentials: Credentials::new(&portal), connectors, active, users, chats, sessions, portal }
    }

    /// The edition that the portal shows.
    pub fn edition(&self) -> Edition {
        self.portal.edition
    }

    /// Whether a connector of exactly this spelling has chats that are groups.
    pub fn has_groups(&self, connector: &str) -> bool {
        self.connectors.get(connector).copied().unwrap_or(false)
    }

    /// Whether a connector is registered.
    pub fn is_registered(&self, connector: &str) -> bool {
        self.connectors.contains_key(connector)
    }

    /// Whether a connector is active on a line.
    pub fn is_active(&self, connector: &str, line: i64) -> bool {
        self.active.contains(&(connector.to_owned(), line))
    }

    /// Whether an external user has ever written through a connector.
    pub fn knows_user(&self, connector: &str, user: &str) -> bool {
        self.users.contains(&(connector.to_owned(), user.to_owned()))
    }

    /// The chat with an open session; `user` is `0` for groups.
    pub fn chat(&mut self, connector: &str, line: i64, id: &str, user: &str) -> Option<&mut Chat> {
        let index = *self.sessions.get(&session_key(connector, line, id, user))?;
        self.chats.get_mut(index)
    }

    /// Reports to the checkpoint that a call has passed a stage.
    pub fn passed(&self, stage: Stage, call: &Call<'_>, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
        exchange.checkpoint.passed(stage, call).map_err(|ordered| Refusal::ordered(ordered, self.edition()))
    }

    /// The `time` of a call that ends now.
    pub fn time(&self, exchange: &mut Exchange<'_>) -> Time {
        let timing = self.portal.timing;
        let span = exchange.watch.time(timing.duration.0, timing.processing.0);
        Time::new(&span, self.edition().rules(), self.portal.time_zone)
    }

    /// The `time` of a call that began at `start` and in which others took their own.
    pub fn time_since(&self, start: jiff::Timestamp, exchange: &mut Exchange<'_>) -> Time {
        let timing = self.portal.timing;
        let mut span = exchange.watch.time(timing.duration.0, timing.processing.0);
        span.start = span.start.min(start);
        Time::new(&span, self.edition().rules(), self.portal.time_zone)
    }

    /// The checks in front of every method, then the method.
    fn call(&mut self, exchange: &mut Exchange<'_>, called: &call::Call) -> Result<Reply, Refusal> {
        let edition = self.edition();
        let method = methods::by_name(&called.method);
        let as_call = Call { operation: method.map(|m| &m.operation), facts: &called.parameters, nested: false };
        self.passed(Stage::Gateway, &as_call, exchange)?;
        if self.portal.state == PortalState::Deleted {
            return Err(Refusal::new("PORTAL_DELETED", edition));
        }
        let Some(method) = method else {
            exchange.checkpoint.remark(format!("the method `{}` is not emulated", called.method).into());
            return Err(Refusal::new("ERROR_METHOD_NOT_FOUND", edition));
        };
        let presented = &called.presented;
        if presented.signed_download {
            return Err(Refusal::new("ACCESS_DENIED.rights", edition).with_text("Access denied! Link check failed"));
        }
        let scope = method.needs_connector_scope.then_some(edition.rules().scope);
        let (now, secure) = (exchange.watch.now(), exchange.request.secure);
        let caller = self.credentials.caller(&self.portal, presented, scope, now, secure)?;
        let invocation = Invocation { parameters: &called.parameters, caller: &caller, nested: false };
        let answer = (method.run)(self, &invocation, exchange).map_err(|refusal| {
            let is_scope = refusal.code.code == "insufficient_scope" || refusal.code.code == "ACCESS_DENIED";
            if is_scope && caller.means == Means::Webhook { for_means(refusal, caller.means, edition) } else { refusal }
        })?;
        Ok(envelope::success(
            &answer.result,
            &answer.time,
            self.portal.envelope,
            (&called.method, &called.parameters),
            edition.rules(),
            &caller,
        ))
    }
}

impl Emulator for State {
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Reply {
        let rules = self.edition().rules();
        if &*exchange.request.method == "OPTIONS" {
            exchange.checkpoint.remark("a browser's preflight".into());
            return envelope::preflight();
        }
        if exchange.request.body == Body::TooLarge {
            let refusal = Refusal { status: 413, ..Refusal::new("INVALID_REQUEST", self.edition()) };
            exchange.checkpoint.refused(refusal.code.code);
            return envelope::error(&refusal.with_text("Request body is larger than 1 MiB"), rules);
        }
        let called = call::read(exchange.request);
        if called.is_version_3 {
            exchange.checkpoint.remark("REST 3.0 has no method of imconnector".into());
            return envelope::version_3_not_found();
        }
        self.call(exchange, &called).unwrap_or_else(|refusal| {
            exchange.checkpoint.refused(refusal.code.code);
            envelope::error(&refusal, rules)
        })
    }

    fn state(&self) -> Value {
        let chats: Vec<_> = self.chats.iter().map(Chat::state).collect();
        json!({"edition": self.edition().name(), "chats": chats})
    }
}

/// A method that a batch may call, run as one of its commands.
pub fn run_nested(
    state: &mut State,
    method: &Method,
    parameters: &Parameters,
    outer: &Invocation<'_>,
    exchange: &mut Exchange<'_>,
) -> Result<methods::Answer, Refusal> {
    if method.needs_connector_scope && !outer.caller.has_scope(state.edition().rules().scope) {
        return Err(Refusal::new("insufficient_scope", state.edition()).with_text(""));
    }
    (method.run)(state, &Invocation { parameters, caller: outer.caller, nested: true }, exchange)
}

impl Chat {
    fn new(chat: &super::section::Chat) -> Self {
        Self {
            connector: chat.connector.to_string(),
            line: chat.line,
            id: chat.id.to_string(),
            user: chat.user.as_ref().map(ToString::to_string),
            name: chat.name.to_string(),
            closed: chat.closed,
        }
    }

    fn state(&self) -> Value {
        let mut state = json!({"connector": self.connector, "line": self.line, "id": self.id});
        if let Some(user) = &self.user {
            state["user"] = json!(user);
        }
        state["name"] = json!(self.name);
        state["closed"] = json!(self.closed);
        state
    }
}

/// The vendor's own key of a session.
fn session_key(connector: &str, line: i64, id: &str, user: &str) -> String {
    format!("{connector}|{line}|{id}|{user}")
}
