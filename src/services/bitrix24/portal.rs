//! A portal as it lives: its chats, who may call, and the way of a request through it.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::{self, MethodCall};
use super::change::Change;
use super::credentials::{Caller, Credentials, Means, for_means};
use super::editions::Edition;
use super::envelope;
use super::errors::{self, Refusal};
use super::invocation::{Invocation, passed};
use super::limits::{Limits, Meter, Operating};
use super::methods::{self, Method, Run, Scope};
use super::oauth;
use super::parameters::Parameters;
use super::section::{self, Portal, PortalState};
use super::time::Time;
use crate::basics::{Draws, Stage};
use crate::emulator::{Effect, Emulator, Exchange, Later, OperationCall, Thing};
use crate::http::{Body, Reply};

/// The state of one portal.
#[derive(Clone, Debug)]
pub struct LivePortal {
    portal: Arc<Portal>,
    edition: Edition,
    credentials: Credentials,
    limits: Limits,
    /// What the vendor calls the portal by.
    member_id: String,
    connectors: HashMap<String, Connector>,
    /// Chats in the order of the scenario.
    chats: Vec<Chat>,
    /// Changes that are put off.
    later: Later<Change>,
}

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
                let on_line = connector.sessions.entry(chat.line).or_default();
                on_line.entry(chat.id.clone()).or_default().push(index);
            }
        }
        let mut draws = Draws::new(seed, "bitrix24", "member");
        Self {
            edition: portal.edition,
            credentials: Credentials::new(&portal, seed, start),
            limits: Limits::new(&portal.limits),
            member_id: format!("{:016x}{:016x}", draws.draw(1), draws.draw(2)),
            connectors,
            chats,
            later: Later::default(),
            portal,
        }
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

    /// Makes a change. Returns a remark where it no longer fits.
    fn commit(&mut self, change: Change, now: Timestamp) -> Option<Cow<'static, str>> {
        match change {
            Change::Rename { chat, name } => {
                self.chats[chat].name = name;
                None
            }
            Change::Refresh(refresh) => self.credentials.replace(refresh, now),
        }
    }

    /// Reports that a call has passed every stage in front of its change, and lets the change have its fate.
    ///
    /// # Errors
    /// The error that a fault orders instead; the change has its fate all the same.
    pub fn deliver(
        &mut self,
        effect: Effect<Change>,
        call: &OperationCall<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<(), Refusal> {
        let change = match effect {
            Effect::Undelivered => return Ok(()),
            Effect::Nothing => return passed(Stage::Delivery, call, self.edition, exchange).map(drop),
            Effect::Change(change) => change,
        };
        if let Change::Refresh(refresh) = &change {
            self.credentials.allocate(refresh);
        }
        let verdict = passed(Stage::Delivery, call, self.edition, exchange);
        let fate = verdict.as_ref().map_or_else(|refusal| refusal.fate, |fate| *fate);
        if let Some(change) = self.later.sort(fate, change) {
            let remark = self.commit(change, exchange.stopwatch.now());
            remark.into_iter().for_each(|remark| exchange.checkpoint.remark(remark));
        }
        verdict.map(drop)
    }

    /// The `time` of a call that ends now.
    pub fn time(&self, exchange: &mut Exchange<'_>) -> Time {
        let timing = self.portal.timing;
        let span = exchange.stopwatch.time(timing.duration.0, timing.processing.0);
        Time::new(&span, self.edition.rules(), self.portal.time_zone)
    }

    /// The `time` of a call that began at `start` and in which others took their own.
    fn time_since(&self, start: Timestamp, exchange: &mut Exchange<'_>) -> Time {
        let timing = self.portal.timing;
        let mut span = exchange.stopwatch.time(timing.duration.0, timing.processing.0);
        span.start = span.start.min(start);
        Time::new(&span, self.edition.rules(), self.portal.time_zone)
    }

    /// The checks in front of every method: the method that is called, and who calls.
    fn admit(
        &self,
        edition: Edition,
        called: &MethodCall,
        exchange: &mut Exchange<'_>,
    ) -> Result<(&'static Method, Caller), Refusal> {
        let method = methods::by_name(&called.method);
        let as_call = OperationCall {
            operation: method.map(|method| &method.operation),
            facts: &*called.parameters,
            nested: false,
        };
        passed(Stage::Gateway, &as_call, edition, exchange)?;
        if self.portal.state == PortalState::Deleted {
            return Err(Refusal::new(&errors::PORTAL_DELETED, edition));
        }
        let Some(method) = method else {
            exchange.checkpoint.remark(format!("the method `{}` is not emulated", called.method).into());
            return Err(Refusal::new(&errors::ERROR_METHOD_NOT_FOUND, edition));
        };
        let presented = &called.presented;
        if presented.signed_download {
            return Err(Refusal::new(&errors::ACCESS_DENIED_RIGHTS, edition)
                .with_text("Access denied! Link check failed"));
        }
        let scope = match method.scope {
            Scope::None | Scope::Basic => None,
            Scope::Connectors => Some(edition.rules().scope),
        };
        let (now, secure) = (exchange.stopwatch.now(), exchange.request.secure);
        let caller = self.credentials.caller(&self.portal, edition, presented, scope, now, secure)?;
        Ok((method, caller))
    }

    /// Answers a call of a method: the checks in front of it, the method, its change.
    fn call(&mut self, exchange: &mut Exchange<'_>, called: &MethodCall) -> Result<Reply, Refusal> {
        // A limiter stands in front of the portal: what it blocks does not come as far as the gateway.
        let source = exchange.request.source;
        if !self.limits.admits(source, exchange.stopwatch.now()) {
            exchange.checkpoint.remark(format!("too many requests from {source}").into());
            return Err(Refusal::new(&errors::QUERY_LIMIT_EXCEEDED, self.edition));
        }
        let (method, caller) = self.admit(self.edition, called, exchange)?;
        let invoked = Invoked { method, parameters: &called.parameters, caller: &caller, nested: false };
        let (result, time) = self.run(invoked, exchange).map_err(|refusal| {
            let is_scope = [&errors::INSUFFICIENT_SCOPE, &errors::ACCESS_DENIED].contains(&refusal.code);
            if is_scope && caller.means == Means::Webhook {
                for_means(refusal, caller.means, self.edition)
            } else {
                refusal
            }
        })?;
        let called = (&*called.method, &*called.parameters);
        Ok(envelope::success(&result, &time, self.portal.envelope, called, self.edition.rules(), &caller))
    }

    /// Runs a method within what its caller may use of it. Gives its `result` and its `time`.
    fn run(
        &mut self,
        invoked: Invoked<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<(Cow<'static, [u8]>, Time), Refusal> {
        let Invoked { method, parameters, caller, nested } = invoked;
        let counted = caller.account.filter(|_| method.is_timed);
        let account = counted.map(|account| (account, method.operation.name));
        let now = exchange.stopwatch.now();
        let is_used_up = |meter: &&mut Meter| account.is_some_and(|account| !meter.admits(account, now));
        if self.limits.operating().filter(is_used_up).is_some() {
            let remark = "`limits.operating` is used up for this method and caller";
            exchange.checkpoint.remark(remark.into());
            return Err(Refusal::new(&errors::OPERATION_TIME_LIMIT, self.edition));
        }
        let (result, mut time) = match method.run {
            Run::Batch => {
                let result = methods::run_batch(self, self.edition, parameters, caller, exchange)?;
                (result.into(), self.time_since(now, exchange))
            }
            Run::Alone(run) => {
                let invocation = Invocation {
                    portal: self,
                    edition: self.edition,
                    operation: &method.operation,
                    parameters,
                    caller,
                    nested,
                };
                let answer = run(&invocation, exchange)?;
                let call = OperationCall { operation: Some(&method.operation), facts: parameters, nested };
                self.deliver(answer.effect, &call, exchange)?;
                (answer.result, self.time(exchange))
            }
        };
        if let Some(meter) = self.limits.operating() {
            let span = time.span();
            time.set_operating(match account {
                Some(account) => meter.count(account, &span),
                None => Operating::none(span.start),
            });
        }
        Ok((result, time))
    }

    /// Runs a method as a command of a batch that `caller` has sent.
    ///
    /// # Errors
    /// What the command is refused with.
    pub fn run_command(
        &mut self,
        method: &'static Method,
        parameters: &Parameters,
        caller: &Caller,
        exchange: &mut Exchange<'_>,
    ) -> Result<(Cow<'static, [u8]>, Time), Refusal> {
        if method.scope == Scope::Connectors && !caller.has_scope(self.edition.rules().scope) {
            return Err(Refusal::new(&errors::INSUFFICIENT_SCOPE, self.edition).with_text(""));
        }
        self.run(Invoked { method, parameters, caller, nested: true }, exchange)
    }

    /// What the other edition answers to a call. It is asked over this state and changes nothing; only a batch, whose
    /// commands see what those before them changed, is run over a copy. Limits are left out: they count requests.
    fn call_aside(&self, exchange: &mut Exchange<'_>, called: &MethodCall) -> Result<Reply, Refusal> {
        let edition = self.edition.other();
        let (method, caller) = self.admit(edition, called, exchange)?;
        let parameters = &*called.parameters;
        let result = match method.run {
            Run::Alone(run) => {
                let operation = &method.operation;
                let invocation = Invocation {
                    portal: self,
                    edition,
                    operation,
                    parameters,
                    caller: &caller,
                    nested: false,
                };
                run(&invocation, exchange)?.result
            }
            Run::Batch => {
                let mut copy = Self { edition, limits: Limits::default(), ..self.clone() };
                methods::run_batch(&mut copy, edition, parameters, &caller, exchange)?.into()
            }
        };
        let time = Time::new(&exchange.stopwatch.time_of_nothing(), edition.rules(), self.portal.time_zone);
        let called = (&*called.method, parameters);
        Ok(envelope::success(&result, &time, self.portal.envelope, called, edition.rules(), &caller))
    }
}

/// A method with what it is run with.
#[derive(Clone, Copy)]
struct Invoked<'a> {
    method: &'static Method,
    parameters: &'a Parameters,
    caller: &'a Caller,
    nested: bool,
}

impl Emulator for LivePortal {
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Reply {
        let rules = self.edition.rules();
        if exchange.request.method == "OPTIONS" {
            exchange.checkpoint.remark("a browser's preflight".into());
            return envelope::preflight();
        }
        if oauth::is_token(exchange.request.path()) {
            return oauth::answer(self, self.edition, exchange);
        }
        if exchange.request.body == Body::TooLarge {
            let refusal = Refusal { status: 413, ..Refusal::new(&errors::INVALID_REQUEST, self.edition) };
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

    fn other_edition(&self, exchange: &mut Exchange<'_>) -> Option<Reply> {
        let request = exchange.request;
        if request.method == "OPTIONS" || request.body == Body::TooLarge || oauth::is_token(request.path()) {
            return None;
        }
        let called = call::read(request);
        if called.is_version_3 {
            return None;
        }
        Some(self.call_aside(exchange, &called).unwrap_or_else(|refusal| {
            exchange.checkpoint.refused(refusal.code.code);
            envelope::error(&refusal, self.edition.other().rules())
        }))
    }

    fn answered(&mut self, at: Timestamp) {
        self.later.answered(at);
    }

    fn settle(&mut self, now: Timestamp) -> Vec<Cow<'static, str>> {
        let due = self.later.due(now);
        due.into_iter().filter_map(|change| self.commit(change, now)).collect()
    }

    fn copy(&self) -> Box<dyn Emulator> {
        Box::new(self.clone())
    }

    fn things(&self, kind: &str, id: &str) -> Vec<Thing> {
        let thing = |chat: &Chat| {
            let apart = [("CONNECTOR", Some(chat.connector.clone())), ("LINE", Some(chat.line.to_string()))];
            let apart = apart.into_iter().chain([("USER_ID", chat.user.clone())]);
            let apart = apart.filter_map(|(name, value)| Some((name, value?))).collect();
            Thing { apart, members: vec![("name", chat.name.clone())] }
        };
        let chats = self.chats.iter().filter(|chat| kind == "chat" && chat.id == id);
        chats.map(thing).collect()
    }

    fn state(&self) -> Value {
        let chats: Vec<_> = self.chats.iter().map(Chat::state).collect();
        json!({"edition": self.edition.name(), "chats": chats})
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
