//! Bitrix24: the REST method `imconnector.chat.name.set`, alone and in a `batch`.

mod call;
mod check;
mod credentials;
mod editions;
mod envelope;
mod errors;
mod limits;
mod methods;
mod oauth;
mod parameters;
pub mod php;
mod portal;
mod secrets;
mod section;
mod time;

use std::sync::Arc;

use jiff::Timestamp;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::basics::Stage;
use crate::http::{Reply, Request};
use crate::scalar::{Findings, Path, Text};
use crate::services::{
    Access, Difference, Emulator, ErrorCode, Known, Operation, Proof, RequestedCall, Section, Service,
    quoted, segment,
};
pub use editions::Edition;
use section::{Chat, Credential, CredentialState, Portal, PortalState};

/// The vendor.
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

    fn errors(&self) -> &'static [ErrorCode] {
        errors::ERRORS
    }

    fn differences(&self) -> Vec<Difference> {
        editions::differences()
    }

    fn claims(&self, path: &str) -> bool {
        call::is_rest(path) || oauth::is_token(path)
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Portal>()
    }

    fn read(&self, section: Value) -> Result<Box<dyn Section>, serde_json::Error> {
        Ok(Box::new(Arc::new(serde_json::from_value::<Portal>(section)?)))
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

    fn calls(&self, request: &Request) -> Vec<RequestedCall> {
        if oauth::is_token(request.path()) {
            let facts = Arc::new(call::parameters(request));
            return vec![RequestedCall { operation: Some(&oauth::OPERATION), command: None, facts }];
        }
        let called = call::read(request);
        let operation = called.method.map(|method| &method.operation);
        let commands = match operation {
            Some(operation) if operation.name == methods::BATCH => methods::commands(&called.parameters),
            _ => Vec::new(),
        };
        let own = RequestedCall { operation, command: None, facts: called as _ };
        std::iter::once(own).chain(commands).collect()
    }

    fn credentials_in(&self, request: &Request) -> Vec<String> {
        secrets::credentials_in(request)
    }

    fn credentials_issued(&self, request: &Request, reply: &Reply) -> Vec<String> {
        if oauth::is_token(request.path()) { oauth::secrets_out(reply) } else { Vec::new() }
    }

    fn failure(&self) -> Reply {
        let refusal = errors::Refusal::new("INTERNAL_SERVER_ERROR", Edition::Documented);
        envelope::error(&refusal, Edition::Documented.rules())
    }
}

impl Section for Arc<Portal> {
    fn check(&self, path: &Path, findings: &mut Findings) {
        check::check(self, path, findings);
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
        portal.suffix = suffix.to_owned();
        Box::new(Arc::new(portal))
    }

    fn other_edition(&self) -> Option<(Box<dyn Section>, [&'static str; 2])> {
        let other = match self.edition {
            Edition::Documented => Edition::Live,
            Edition::Live => Edition::Documented,
        };
        let portal = Portal { edition: other, ..Portal::clone(self) };
        Some((Box::new(Arc::new(portal)), [self.edition.name(), other.name()]))
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

    fn secrets(&self) -> Vec<String> {
        let of_credential = |credential: &'_ section::Credential| {
            let webhook = credential.webhook.as_ref().map(|webhook| &webhook.secret);
            let secrets = [webhook, credential.token.as_ref(), credential.refresh_token.as_ref()];
            secrets.map(|secret| secret.map(ToString::to_string)).into_iter().flatten()
        };
        let of_applications =
            self.applications.iter().map(|application| application.client_secret.to_string());
        self.credentials.iter().flat_map(of_credential).chain(of_applications).collect()
    }

    fn access(&self) -> Vec<Access> {
        // Those that may call stand before those that may not.
        let mut credentials: Vec<_> = self.credentials.iter().collect();
        credentials.sort_by_key(|credential| !self.admits(credential, Timestamp::MIN));
        let webhook = credentials.iter().find_map(|credential| credential.webhook.as_ref());
        let token = credentials.iter().find_map(|credential| credential.token.as_ref());
        let entry = |label, variable, value, is_path| Access { label, variable, value, is_path };
        let mut access = vec![entry("REST", "BITRIX24_REST_URL", "/rest/".to_owned(), true)];
        access.extend(webhook.map(|webhook| {
            entry(
                "webhook",
                "BITRIX24_WEBHOOK_URL",
                format!("/rest/{}/{}/", segment(&webhook.user), segment(&webhook.secret)),
                true,
            )
        }));
        access.extend(
            token.map(|token| entry("access token", "BITRIX24_ACCESS_TOKEN", token.to_string(), false)),
        );
        access
    }

    fn curl(&self, operation: &Operation, base: &str, now: Timestamp, _proof: Proof) -> Option<String> {
        if operation.name == methods::OAUTH_TOKEN {
            return self.refresh(base);
        }
        let chat = self.renamable()?;
        let mut body = json!({
            "CONNECTOR": chat.connector,
            "LINE": chat.line.to_string(),
            "CHAT_ID": chat.id,
            "NAME": "New dialog name",
        });
        if let Some(user) = &chat.user {
            body["USER_ID"] = json!(user);
        }
        if operation.name == methods::BATCH {
            let query = ["CONNECTOR", "LINE", "CHAT_ID", "NAME", "USER_ID"]
                .iter()
                .filter_map(|name| Some(format!("{name}={}", encoded(body.get(*name)?.as_str()?))))
                .collect::<Vec<_>>();
            body = json!({"halt": 0, "cmd": {"rename": format!("{}?{}", methods::CHAT_NAME_SET, query.join("&"))}});
        }
        let rules = self.edition.rules();
        let usable = || self.credentials.iter().filter(|credential| self.admits(credential, now));
        let webhook = usable().find_map(|c| c.webhook.as_ref()).filter(|_| rules.webhook_may_call);
        let token = usable().find_map(|credential| credential.token.as_ref());
        let url = match (webhook, token) {
            (Some(webhook), _) => {
                format!(
                    "{base}/rest/{}/{}/{}",
                    segment(&webhook.user),
                    segment(&webhook.secret),
                    operation.name
                )
            }
            (None, Some(token)) => {
                body["auth"] = json!(token);
                format!("{base}/rest/{}", operation.name)
            }
            (None, None) => return None,
        };
        let (url, body) = (quoted(&url), quoted(&body.to_string()));
        Some(format!("curl -X POST {url} \\\n  -H 'Content-Type: application/json' \\\n  -d {body}"))
    }

    fn known(&self, operation: &str, stage: Stage) -> Vec<Known<'_>> {
        if operation != methods::CHAT_NAME_SET || stage < Stage::Lookup {
            return Vec::new();
        }
        let connectors = self.connectors.iter().map(|connector| connector.id.as_str().into()).collect();
        let lines = self.lines.iter().map(|line| line.id.to_string().into()).collect();
        let line = |text: &str| php::to_int(&json!(text)).to_string().into();
        let mut known = vec![
            Known {
                parameter: "CONNECTOR",
                what: "connector",
                values: connectors,
                fold: methods::folded_connector,
            },
            Known { parameter: "LINE", what: "line", values: lines, fold: line },
        ];
        if stage == Stage::Delivery {
            let chats = self.chats.iter().map(|chat| chat.id.as_str().into()).collect();
            known.push(Known { parameter: "CHAT_ID", what: "chat", values: chats, fold: |id| id.into() });
        }
        known
    }
}

impl Portal {
    /// Whether a credential gets a rename past authentication at `now`, the start of the scenario.
    fn admits(&self, credential: &Credential, now: Timestamp) -> bool {
        let scope = self.edition.rules().scope;
        self.state == PortalState::Open
            && credential.state == CredentialState::Active
            && credential.expires.is_none_or(|expires| expires.on(now) > now)
            && self.scope_of(credential).is_none_or(|scopes| scopes.iter().any(|s| s.as_str() == scope))
            && !(self.require_https && credential.webhook.is_some())
    }

    /// A curl command that refreshes a token.
    fn refresh(&self, base: &str) -> Option<String> {
        let grant = |credential: &Credential| {
            let application = self.application(credential.client_id.as_ref()?)?;
            let refresh_token = credential.refresh_token.as_ref()?;
            let is_installed = !matches!(
                credential.state,
                CredentialState::NotInstalled | CredentialState::ApplicationNotFound
            );
            (is_installed && self.state != PortalState::SubscriptionEnded).then(|| {
                format!(
                    "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
                    encoded(&application.client_id),
                    encoded(&application.client_secret),
                    encoded(refresh_token)
                )
            })
        };
        let body = self.credentials.iter().find_map(grant)?;
        let (url, body) = (quoted(&format!("{base}/oauth/token/")), quoted(&body));
        let media_type = "application/x-www-form-urlencoded";
        Some(format!("curl -X POST {url} \\\n  -H 'Content-Type: {media_type}' \\\n  -d {body}"))
    }

    /// A chat that a rename finds.
    fn renamable(&self) -> Option<&Chat> {
        self.chats.iter().find(|chat| {
            let on_line = |line: &&section::Line| line.id == chat.line && line.active;
            !chat.closed
                && self
                    .connectors
                    .iter()
                    .any(|c| c.id == chat.connector && c.chat_group == chat.user.is_none())
                && self
                    .lines
                    .iter()
                    .find(on_line)
                    .is_some_and(|line| line.connectors.contains(&chat.connector))
        })
    }
}

/// Percent-encodes a value of a query.
fn encoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
