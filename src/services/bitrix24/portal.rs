//! A portal as it lives: its chats, who may call, and the way of a request through it.

use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use serde_json::{Value, json};

use super::call;
use super::credentials::{Credentials, Means, Pair, Refresh, for_means};
use super::editions::Edition;
use super::envelope;
use super::errors::Refusal;
use super::limits::{Limits, Meter, Operating};
use super::methods::{self, Invocation, Method};
use super::oauth;
use super::parameters::Parameters;
use super::section::{self, Portal, PortalState};
use super::time::Time;
use crate::basics::{Draws, Stage};
use crate::http::{Body, Reply};
use crate::services::{Commit, Emulator, Exchange, Later, NamedChat, OperationCall};

/// The state of one portal.
#[derive(Clone, Debug)]
pub struct LivePortal {
    portal: Arc<Portal>,
    credentials: Credentials,
    limits: Limits,
    /// What the vendor calls the portal by.
    member_id: String,
    connectors: HashMap<String, Connector>,
    /// Chats in the order of the scenario.
    chats: Vec<Chat>,
    /// Renames that are made later.
    later: Later<Rename>,
    /// Pairs of tokens that take their place later.
    refreshes: Later<Refresh>,
}

/// A chat, by its place, and its new name.
type Rename = (usize, String);

/// A registered connector.
#[derive(Clone, Debug, Default)]
pub struct Connector {
    /// Whether its chats are groups.
    pub has_groups: bool,
    /// The lines on which it is active.
    pub lines: HashSet<i64>,
    /// The external users who have written through it.
    pub users: HashSet<String>,
    /// Where a chat with an open session is: line, then identifier and user.
    sessions: HashMap<i64, HashMap<String, Vec<usize>>>,
}

/// A chat of an open line.
#[derive(Clone, Debug)]
struct Chat {
    connector: String,
    line: i64,
    id: String,
    user: Option<String>,
    name: String,
    closed: bool,
}

impl LivePortal {
    /// The portal at the start of its scenario, its draws made under `seed`.
    pub fn new(portal: Arc<Portal>, seed: u64, start: jiff::Timestamp) -> Self {
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
                let on_line = connector.sessions.entry(chat.line).or_default();
                on_line.entry(chat.id.clone()).or_default().push(index);
            }
        }
        let mut draws = Draws::new(seed, "bitrix24", "member");
        Self {
            credentials: Credentials::new(&portal, seed, start),
            limits: Limits::new(&portal.limits),
            member_id: format!("{:016x}{:016x}", draws.draw(1), draws.draw(2)),
            connectors,
            chats,
            later: Later::default(),
            refreshes: Later::default(),
            portal,
        }
    }

    /// The edition that the portal shows.
    pub fn edition(&self) -> Edition {
        self.portal.edition
    }

    /// The portal as its scenario describes it.
    pub fn portal(&self) -> &Portal {
        &self.portal
    }

    /// Who may call.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// What the vendor calls the portal by: 32 hex digits, drawn from the seed.
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// The connector that is registered under this identifier.
    pub fn connector(&self, id: &str) -> Option<&Connector> {
        self.connectors.get(id)
    }

    /// The chat with an open session, by its place; `user` is `0` for groups.
    pub fn session(&self, connector: &Connector, line: i64, id: &str, user: &str) -> Option<usize> {
        let candidates = connector.sessions.get(&line)?.get(id)?;
        candidates.iter().copied().find(|&index| self.chats[index].user.as_deref().unwrap_or("0") == user)
    }

    /// The present name of a chat.
    pub fn name(&self, chat: usize) -> &str {
        &self.chats[chat].name
    }

    /// Reports to the checkpoint that a call has passed every stage in front of its change, which gives a chat a new
    /// name, and makes that as the checkpoint says.
    pub fn rename(
        &mut self,
        chat: usize,
        name: &str,
        call: &OperationCall<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<(), Refusal> {
        let verdict = self.passed(Stage::Delivery, call, exchange);
        let commit = verdict.as_ref().map_or_else(|refusal| refusal.commit, |commit| *commit);
        match commit {
            Commit::Now => name.clone_into(&mut self.chats[chat].name),
            later => drop(self.later.sort(later, (chat, name.to_owned()))),
        }
        verdict.map(drop)
    }

    /// The same for a call that replaces a pair of tokens by a new one.
    pub fn refresh(
        &mut self,
        refresh_token: String,
        call: &OperationCall<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<Pair, Refusal> {
        let verdict = self.passed(Stage::Delivery, call, exchange);
        let commit = verdict.as_ref().map_or_else(|refusal| refusal.commit, |commit| *commit);
        let (now, pair) = (exchange.stopwatch.now(), self.credentials.draw());
        let change = Refresh::new(refresh_token, pair.clone(), now);
        if let Some(change) = self.refreshes.sort(commit, change) {
            self.credentials.replace(change, now);
        }
        verdict.map(|_| pair)
    }

    /// Reports to the checkpoint that a call has passed a stage.
    pub fn passed(
        &self,
        stage: Stage,
        call: &OperationCall<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<Commit, Refusal> {
        exchange.checkpoint.passed(stage, call, &mut exchange.stopwatch).map_err(|ordered| {
            // A batch describes a command's lack of scope by nothing.
            let is_bare =
                call.nested && ordered.code.code == "insufficient_scope" && ordered.message.is_none();
            let refusal = Refusal::ordered(ordered, self.edition());
            if is_bare { refusal.with_text("") } else { refusal }
        })
    }

    /// The `time` of a call that ends now.
    pub fn time(&self, exchange: &mut Exchange<'_>) -> Time {
        let timing = self.portal.timing;
        let span = exchange.stopwatch.time(timing.duration.0, timing.processing.0);
        Time::new(&span, self.edition().rules(), self.portal.time_zone)
    }

    /// The `time` of a call that began at `start` and in which others took their own.
    pub fn time_since(&self, start: jiff::Timestamp, exchange: &mut Exchange<'_>) -> Time {
        let timing = self.portal.timing;
        let mut span = exchange.stopwatch.time(timing.duration.0, timing.processing.0);
        span.start = span.start.min(start);
        Time::new(&span, self.edition().rules(), self.portal.time_zone)
    }

    /// The checks in front of every method, then the method.
    fn call(&mut self, exchange: &mut Exchange<'_>, called: &call::MethodCall) -> Result<Reply, Refusal> {
        let edition = self.edition();
        // A limiter stands in front of the portal: what it blocks does not come as far as the gateway.
        let source = exchange.request.source;
        if !self.limits.admits(source, exchange.stopwatch.now()) {
            exchange.checkpoint.remark(format!("too many requests from {source}").into());
            return Err(Refusal::new("QUERY_LIMIT_EXCEEDED", edition));
        }
        let method = called.method;
        let as_call = OperationCall {
            operation: method.map(|m| &m.operation),
            facts: &called.parameters,
            nested: false,
        };
        self.passed(Stage::Gateway, &as_call, exchange)?;
        if self.portal.state == PortalState::Deleted {
            return Err(Refusal::new("PORTAL_DELETED", edition));
        }
        let Some(method) = method else {
            exchange.checkpoint.remark(format!("the method `{}` is not emulated", called.name).into());
            return Err(Refusal::new("ERROR_METHOD_NOT_FOUND", edition));
        };
        let presented = &called.presented;
        if presented.signed_download {
            return Err(
                Refusal::new("ACCESS_DENIED.rights", edition).with_text("Access denied! Link check failed")
            );
        }
        let scope = method.needs_connector_scope.then_some(edition.rules().scope);
        let (now, secure) = (exchange.stopwatch.now(), exchange.request.secure);
        let caller = self.credentials.caller(&self.portal, presented, scope, now, secure)?;
        let invocation = Invocation { parameters: &called.parameters, caller: &caller, nested: false };
        let answer = run(self, method, &invocation, exchange).map_err(|refusal| {
            let is_scope = refusal.code.code == "insufficient_scope" || refusal.code.code == "ACCESS_DENIED";
            if is_scope && caller.means == Means::Webhook {
                for_means(refusal, caller.means, edition)
            } else {
                refusal
            }
        })?;
        Ok(envelope::success(
            &answer,
            self.portal.envelope,
            (&called.name, &called.parameters),
            edition.rules(),
            &caller,
        ))
    }
}

impl Emulator for LivePortal {
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Reply {
        let rules = self.edition().rules();
        if exchange.request.method == "OPTIONS" {
            exchange.checkpoint.remark("a browser's preflight".into());
            return envelope::preflight();
        }
        if oauth::is_token(exchange.request.path()) {
            return oauth::answer(self, exchange);
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
            // A refused call takes its time too, though its answer does not report it.
            if !exchange.stopwatch.is_timed() {
                self.time(exchange);
            }
            exchange.checkpoint.refused(refusal.code.code);
            envelope::error(&refusal, rules)
        })
    }

    fn answered(&mut self, at: jiff::Timestamp) {
        self.later.answered(at);
        self.refreshes.answered(at);
    }

    fn settle(&mut self, now: jiff::Timestamp) {
        for (chat, name) in self.later.due(now) {
            self.chats[chat].name = name;
        }
        for change in self.refreshes.due(now) {
            self.credentials.replace(change, now);
        }
    }

    fn copy(&self) -> Box<dyn Emulator> {
        Box::new(self.clone())
    }

    fn chats(&self, id: &str) -> Vec<NamedChat> {
        let named = |chat: &Chat| {
            let apart = [("CONNECTOR", Some(chat.connector.clone())), ("LINE", Some(chat.line.to_string()))];
            let apart = apart.into_iter().chain([("USER_ID", chat.user.clone())]);
            let apart = apart.filter_map(|(name, value)| Some((name, value?))).collect();
            NamedChat { apart, name: chat.name.clone() }
        };
        self.chats.iter().filter(|chat| chat.id == id).map(named).collect()
    }

    fn state(&self) -> Value {
        let chats: Vec<_> = self.chats.iter().map(Chat::state).collect();
        json!({"edition": self.edition().name(), "chats": chats})
    }
}

/// A method that a batch may call, run as one of its commands.
pub fn run_nested(
    state: &mut LivePortal,
    method: &Method,
    parameters: &Parameters,
    outer: &Invocation<'_>,
    exchange: &mut Exchange<'_>,
) -> Result<methods::MethodAnswer, Refusal> {
    if method.needs_connector_scope && !outer.caller.has_scope(state.edition().rules().scope) {
        return Err(Refusal::new("insufficient_scope", state.edition()).with_text(""));
    }
    run(state, method, &Invocation { parameters, caller: outer.caller, nested: true }, exchange)
}

/// Runs a method within what its caller may use of it.
fn run(
    state: &mut LivePortal,
    method: &Method,
    invocation: &Invocation<'_>,
    exchange: &mut Exchange<'_>,
) -> Result<methods::MethodAnswer, Refusal> {
    let counted = invocation.caller.account.filter(|_| method.is_timed);
    let account = counted.map(|account| (account, method.operation.name));
    let (now, edition) = (exchange.stopwatch.now(), state.edition());
    let is_used_up = |meter: &&mut Meter| account.is_some_and(|account| !meter.admits(account, now));
    if state.limits.operating().filter(is_used_up).is_some() {
        exchange.checkpoint.remark("`limits.operating` is used up for this method and caller".into());
        return Err(Refusal::new("OPERATION_TIME_LIMIT", edition));
    }
    let mut answer = (method.run)(state, invocation, exchange)?;
    if let Some(meter) = state.limits.operating() {
        let span = answer.time.span();
        answer.time.set_operating(match account {
            Some(account) => meter.count(account, &span),
            None => Operating::none(span.start),
        });
    }
    Ok(answer)
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
