//! Bitrix24: methods of its REST API, alone or in a `batch`, and the OAuth token endpoint.

mod acting;
mod actions;
mod answers;
mod applications;
mod authentication;
mod auto_closes;
mod brings;
mod call;
mod caller;
mod calling;
mod change;
mod chats;
mod check;
mod check_actions;
mod check_life;
mod connectors;
mod credentials;
mod editions;
mod emulation;
mod envelope;
mod errors;
mod events;
mod invocation;
mod limits;
mod lines;
mod message_answers;
mod messages;
mod methods;
mod missing;
mod oauth;
mod obstacle;
mod pairs;
mod parameters;
pub mod php;
mod portal;
mod raise;
mod reasons;
mod references;
mod refusal;
mod requests;
mod rules;
mod secrets;
mod section;
mod section_life;
mod shapes;
mod texts;
mod time;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use foldhash::HashSet;
use jiff::Timestamp;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::emulator::conduct::Rule;
use crate::emulator::{
    Access, Action, ActionInput, ActionMistake, Answer, Brought, Calling, Delivery, Difference, Emulator,
    ErrorCode, EventKind, Example, Gives, Habits, Nature, Operation, Places, Proof, RequestedCall, Secret,
    Section, Service, Traits, Ways,
};
use crate::http::{Reply, Request, segment};
use crate::scalar::{Findings, Path, Text};
pub use editions::Edition;
use methods::{Callers, Method};
use section::{Application, Credential, CredentialState, Portal, PortalState};

/// The emulated service Bitrix24.
pub struct Bitrix24;

impl Service for Bitrix24 {
    fn name(&self) -> &'static str {
        "bitrix24"
    }

    fn title(&self) -> &'static str {
        "Bitrix24"
    }

    fn operations(&self) -> &'static [&'static Operation] {
        &methods::OPERATIONS
    }

    fn events(&self) -> &'static [&'static EventKind] {
        events::EVENTS
    }

    fn natures(&self) -> &'static [Nature] {
        brings::NATURES
    }

    fn brings(&self, delivery: &Delivery) -> Vec<Brought> {
        brings::brings(delivery)
    }

    fn actions(&self) -> &'static [&'static Action] {
        actions::ACTIONS
    }

    fn editions(&self) -> &'static [&'static str] {
        &calling::EDITIONS
    }

    fn has(&self, operation: &Operation, edition: &str) -> bool {
        calling::has(operation, edition)
    }

    fn calling(&self) -> &'static Calling {
        &calling::CALLING
    }

    fn ways(&self, operation: &Operation, edition: &str) -> Ways {
        calling::ways(operation, edition)
    }

    fn answers(&self, operation: &'static Operation, edition: &str) -> Vec<Answer> {
        answers::of(operation, edition)
    }

    fn errors(&self) -> &'static [&'static ErrorCode] {
        errors::ERRORS
    }

    fn errors_of_unknown(&self) -> &'static [Gives] {
        errors::OF_ALL
    }

    fn rules(&self) -> &'static [&'static Rule] {
        rules::RULES
    }

    fn habits(&self) -> Habits {
        Habits { ignores_case: true, swallows_bad_json: true }
    }

    fn differences(&self) -> Vec<Difference> {
        editions::differences()
    }

    fn base(&self) -> &'static str {
        call::BASE
    }

    fn claims(&self, path: &str) -> bool {
        call::is_rest(path) || oauth::is_token(path)
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Portal>()
    }

    fn read(&self, section: Value) -> Result<Box<dyn Section>, serde_json::Error> {
        let portal = serde_json::from_value::<Portal>(section)?;
        Ok(Box::new(Arc::new(portal.with_credentials_of_events())))
    }

    fn credential(&self, request: &Request) -> Option<String> {
        if oauth::is_token(request.path()) {
            return oauth::credential(request);
        }
        let called = call::read(request);
        let presented = &called.presented;
        let webhook = || presented.webhook.as_ref().map(|webhook| webhook.as_str().to_owned());
        if presented.webhook_in_path {
            return webhook();
        }
        presented.token.clone().or_else(webhook)
    }

    fn command_errors(&self, answer: &[u8]) -> BTreeMap<String, String> {
        rules::command_errors(answer)
    }

    fn calls(&self, request: &Request) -> Vec<RequestedCall> {
        if oauth::is_token(request.path()) {
            let facts = Arc::new(call::parameters(request));
            return vec![RequestedCall { operation: Some(&oauth::OPERATION), command: None, facts }];
        }
        let called = call::read(request);
        let operation = called.method.map(|method| &method.operation);
        let commands = match operation {
            Some(operation) if operation.name == "batch" => methods::commands(&called.parameters),
            _ => Vec::new(),
        };
        let own = RequestedCall { operation, command: None, facts: called as _ };
        std::iter::once(own).chain(commands).collect()
    }

    fn places(&self, path: &str) -> Places {
        secrets::places(path)
    }

    fn credentials_issued(&self, request: &Request, reply: &Reply) -> Vec<String> {
        if oauth::is_token(request.path()) { oauth::secrets_out(reply) } else { Vec::new() }
    }

    fn failure(&self) -> Reply {
        let refusal = refusal::Refusal::new(&errors::INTERNAL_SERVER_ERROR, Edition::Documented);
        envelope::error(&refusal, Edition::Documented.rules(), Timestamp::UNIX_EPOCH, None)
    }
}

/// A part of what a client needs.
fn entry(label: &'static str, variable: &'static str, value: String, is_path: bool) -> Access {
    Access { label, variable, value, is_path }
}

impl Section for Arc<Portal> {
    fn check(&self, path: &Path, findings: &mut Findings) {
        check::check(self, path, findings);
        check_life::check(self, path, findings);
    }

    fn open(&self, seed: u64, start: Timestamp) -> Box<dyn Emulator> {
        Box::new(portal::LivePortal::new(Self::clone(self), seed, start))
    }

    fn with_suffix(&self, suffix: &str) -> Box<dyn Section> {
        let mut portal = Portal::clone(self);
        let own = |secret: &mut Text| *secret = format!("{secret}{suffix}").into();
        for credential in &mut portal.credentials {
            credential.token.iter_mut().chain(&mut credential.refresh_token).for_each(own);
            credential.webhook.iter_mut().for_each(|webhook| own(&mut webhook.secret));
        }
        portal.applications.iter_mut().filter_map(|known| known.application_token.as_mut()).for_each(own);
        portal.suffix = suffix.to_owned();
        Box::new(Arc::new(portal))
    }

    fn editions(&self) -> Option<[&'static str; 2]> {
        Some([self.edition.name(), self.edition.other().name()])
    }

    fn drain(&self) -> Option<Duration> {
        limits::drain(&self.limits)
    }

    fn credentials(&self) -> Vec<String> {
        let of_credential = |credential: &section::Credential| {
            let webhook = credential.webhook.as_ref();
            let webhook = webhook.map(|webhook| format!("{}/{}", webhook.user, webhook.secret));
            let tokens = [&credential.token, &credential.refresh_token];
            let tokens = tokens.map(|token| token.as_ref().map(ToString::to_string));
            tokens.into_iter().chain([webhook]).flatten().collect::<Vec<_>>()
        };
        self.credentials.iter().flat_map(of_credential).collect()
    }

    fn secrets(&self) -> Vec<Secret> {
        secrets::of(self)
    }

    fn shown_access(&self) -> Vec<Access> {
        // Credentials that may call come first.
        let mut credentials: Vec<_> = self.credentials.iter().collect();
        let rename = methods::METHODS[0];
        credentials.sort_by_key(|credential| !self.admits(credential, rename, Timestamp::MIN));
        let webhook = credentials.iter().find_map(|credential| credential.webhook.as_ref());
        let token = credentials.iter().find_map(|credential| credential.token.as_ref());
        let mut access = vec![entry("REST", "BITRIX24_REST_URL", "/rest/".to_owned(), true)];
        access.extend(webhook.map(|webhook| {
            entry(
                "webhook",
                "BITRIX24_WEBHOOK_URL",
                format!("/rest/{}/{}/", segment(&webhook.user), segment(&webhook.secret)),
                true,
            )
        }));
        let credential = credentials.iter().find(|credential| credential.token.is_some());
        // The refresh token is that of the access token, if this has one.
        let grants = credential.into_iter().chain(&credentials).filter_map(|known| self.grant(known));
        access.extend(
            token.map(|token| entry("access token", "BITRIX24_ACCESS_TOKEN", token.to_string(), false)),
        );
        if let Some((application, refresh_token)) = { grants }.next() {
            let Application { client_id, client_secret, .. } = application;
            access.extend([
                entry("refresh token", "BITRIX24_REFRESH_TOKEN", refresh_token.to_string(), false),
                entry("client id", "BITRIX24_CLIENT_ID", client_id.to_string(), false),
                entry("client secret", "BITRIX24_CLIENT_SECRET", client_secret.to_string(), false),
                entry("token URL", "BITRIX24_TOKEN_URL", "/oauth/token/".to_owned(), true),
            ]);
        }
        access
    }

    fn access(&self, seed: u64) -> Vec<Access> {
        let mut access = self.shown_access();
        let applications = applications::Applications::new(self, seed);
        let first = applications.iter().next().map(|first| first.application_token.text().to_owned());
        access.extend(
            first.map(|token| entry("application token", "BITRIX24_APPLICATION_TOKEN", token, false)),
        );
        let member_id = portal::member_id(seed, &self.suffix);
        access.push(entry("member id", "BITRIX24_MEMBER_ID", member_id, false));
        access
    }

    fn example(&self, operation: &Operation, now: Timestamp, _proof: Proof) -> Option<Example> {
        let Some(method) = methods::by_name(operation.name) else { return self.refresh() };
        if !method.is_in(self.edition) {
            return None;
        }
        let mut parameters = (method.example)(self)?;
        let usable = || self.credentials.iter().filter(|credential| self.admits(credential, method, now));
        let webhook = usable().find_map(|credential| credential.webhook.as_ref());
        let fits = |known: &&Credential| {
            method.callers != Callers::Applications || self.belongs_to_application(known)
        };
        let token = usable().filter(fits).find_map(|credential| credential.token.as_ref());
        // A webhook may call every other method even where it may not call those of imconnector.
        let may_call = self.edition.rules().webhook_may_call;
        let by_webhook = match method.callers {
            Callers::Everyone => may_call || token.is_none(),
            Callers::OfConnectors => may_call,
            Callers::Applications => false,
        };
        let target = match (webhook, token) {
            (Some(webhook), _) if by_webhook => {
                format!("/rest/{}/{}/{}", segment(&webhook.user), segment(&webhook.secret), operation.name)
            }
            (_, Some(token)) => {
                parameters["auth"] = json!(token);
                format!("/rest/{}", operation.name)
            }
            _ => return None,
        };
        let headers = vec![("Content-Type", "application/json".to_owned())];
        Some(Example { verb: "POST", target, headers, body: parameters.to_string() })
    }

    fn is_shut(&self) -> bool {
        let mut credentials = self.credentials.iter();
        self.state != PortalState::Open
            || credentials.all(|credential| credential.state != CredentialState::Active)
    }

    fn obstacle(&self, operation: &Operation, start: Timestamp) -> Option<String> {
        obstacle::of(self, operation, start)
    }

    fn things(&self, kind: &str) -> HashSet<Cow<'_, str>> {
        match kind {
            "connector" => self.connectors.iter().map(|connector| connector.id.as_str().into()).collect(),
            "line" => self.lines.iter().map(|line| line.id.to_string().into()).collect(),
            "chat" => self.chats.iter().map(|chat| chat.id.as_str().into()).collect(),
            _ => HashSet::default(),
        }
    }

    fn may_appear(&self, kind: &str, id: &str) -> bool {
        if self.state != PortalState::Open {
            return false;
        }
        match kind {
            "chat" => !php::is_empty(&json!(id)),
            "message" => true,
            // Only an application registers a connector: by a token of the scenario, or by one that comes with an event.
            "connector" => {
                !id.is_empty()
                    && (self.credentials.iter().any(|known| known.token.is_some())
                        || !self.handlers.is_empty())
            }
            // IDs of lines count up.
            "line" => id.parse().is_ok_and(|id: i64| id >= lines::Lines::new(self).next),
            _ => false,
        }
    }

    fn traits(&self, kind: &str) -> Option<Traits> {
        match kind {
            "chat" => Some(Traits { apart: &["CONNECTOR", "LINE", "USER_ID"], members: &["name", "closed"] }),
            "message" => {
                Some(Traits { apart: &["CONNECTOR", "LINE", "CHAT_ID"], members: &["text", "delivered"] })
            }
            _ => None,
        }
    }

    fn action_mistakes(&self, action: &str, with: &ActionInput) -> Vec<(&'static str, ActionMistake)> {
        check_actions::mistakes(self, action, with)
    }

    fn looked_at(&self) -> &'static [&'static str] {
        &["chat", "message"]
    }

    fn is_flag(&self, kind: &str, member: &str) -> bool {
        matches!((kind, member), ("chat", "closed") | ("message", "delivered"))
    }

    fn folded<'t>(&self, kind: &str, id: &'t str) -> Cow<'t, str> {
        match kind {
            "connector" => methods::folded_connector(id),
            "line" => php::to_int(&json!(id)).to_string().into(),
            _ => id.into(),
        }
    }
}

impl Portal {
    /// Whether a call of `method` with this credential passes authentication at `now`, the start of the scenario.
    fn admits(&self, credential: &Credential, method: &Method, now: Timestamp) -> bool {
        self.state == PortalState::Open
            && credential.state == CredentialState::Active
            && credential.expires.is_none_or(|expires| expires.on(now) > now)
            && self.grants(credential, method)
            && !(self.require_https && credential.webhook.is_some())
    }

    /// Whether this credential has the scope of `method`.
    fn grants(&self, credential: &Credential, method: &Method) -> bool {
        let scopes = method.scopes(self.edition);
        let is_granted = |granted: &Text| scopes.contains(&granted.as_str());
        scopes.is_empty() || self.scope_of(credential).is_none_or(|own| own.iter().any(is_granted))
    }

    /// Whether the token of a credential belongs to an application that is known.
    fn belongs_to_application(&self, credential: &Credential) -> bool {
        match &credential.client_id {
            Some(client_id) => self.applications.is_empty() || self.application(client_id).is_some(),
            None => self.applications.len() <= 1,
        }
    }

    /// The application and the refresh token of a credential, if the two can be exchanged for a new pair.
    fn grant<'a>(&'a self, credential: &'a Credential) -> Option<(&'a Application, &'a Text)> {
        let application = self.application(credential.client_id.as_ref()?)?;
        let refresh_token = credential.refresh_token.as_ref()?;
        let is_installed =
            !matches!(credential.state, CredentialState::NotInstalled | CredentialState::ApplicationNotFound);
        (is_installed && self.state != PortalState::SubscriptionEnded).then_some((application, refresh_token))
    }

    /// A request that exchanges a refresh token for a new pair; `None` when the scenario has no usable refresh token.
    fn refresh(&self) -> Option<Example> {
        let (application, refresh_token) =
            self.credentials.iter().find_map(|credential| self.grant(credential))?;
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &application.client_id)
            .append_pair("client_secret", &application.client_secret)
            .append_pair("refresh_token", refresh_token)
            .finish();
        let headers = vec![("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        Some(Example { verb: "POST", target: "/oauth/token/".to_owned(), headers, body })
    }
}
