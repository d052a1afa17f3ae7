//! The `bitrix24:` section of a scenario. The doc comments here become descriptions in the JSON Schema.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::editions::Edition;
pub use super::section_life::{Chat, Connector, Handler, Line, Session, Status};
use crate::emulator::bucket::Rate;
use crate::scalar::{Length, Offset, Point, Text};

/// One Bitrix24 portal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Whether to answer as Bitrix24's documentation says or as its server does.
    #[serde(default)]
    pub edition: Edition,
    /// Shape of a successful response body.
    #[serde(default)]
    pub envelope: Envelope,
    /// State of the portal as a whole.
    #[serde(default)]
    pub state: PortalState,
    /// Whether webhooks must be called over https. A call over http then fails with `INVALID_REQUEST`.
    #[serde(default)]
    pub require_https: bool,
    /// UTC offset of the dates in `time`, such as `+02:00`.
    #[serde(default)]
    pub time_zone: Offset,
    /// How long a call takes under a virtual clock.
    #[serde(default)]
    pub timing: Timing,
    /// Rate and time limits. Without this key nothing is limited.
    #[serde(default)]
    pub limits: Limits,
    /// Language of the portal, such as `en`; shown by `app.info`.
    #[serde(default = "english")]
    pub language: Text,
    /// Plan of the portal, such as `ent10000`; shown by `app.info`.
    #[serde(default = "enterprise")]
    pub license: Text,
    /// OAuth applications. A refresh token needs its application here.
    #[serde(default)]
    pub applications: Vec<Application>,
    /// Users, as `profile` shows them. A user who is not listed is an administrator without a name.
    #[serde(default)]
    pub users: Vec<User>,
    /// Bitrix24's own connectors that are enabled: connector ID to display name.
    #[serde(default = "built_in")]
    pub built_in: IndexMap<String, Text>,
    /// Webhooks and access tokens that may call.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// Connectors that applications have registered.
    #[serde(default)]
    pub connectors: Vec<Connector>,
    /// Open lines.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// Chats that exist at the start.
    #[serde(default)]
    pub chats: Vec<Chat>,
    /// Handlers that are bound to events at the start, as `event.bind` binds them.
    #[serde(default)]
    pub handlers: Vec<Handler>,
    /// How events are sent out.
    #[serde(default)]
    pub events: Events,
    /// Suffix appended to every credential and issued token of this namespace; empty in the main one.
    #[serde(skip)]
    pub suffix: String,
    /// For each application a credential that its tokens in events stand for.
    #[serde(skip)]
    pub of_events: Vec<Credential>,
}

impl Portal {
    /// The portal with the credentials that tokens in events stand for.
    #[must_use]
    pub fn with_credentials_of_events(mut self) -> Self {
        let of = |client_id: Option<&Text>| Credential {
            webhook: None,
            token: None,
            refresh_token: None,
            scope: None,
            expires: None,
            client_id: client_id.cloned(),
            state: CredentialState::Active,
        };
        self.of_events = self.applications.iter().map(|known| of(Some(&known.client_id))).collect();
        if self.of_events.is_empty() {
            self.of_events.push(of(None));
        }
        self
    }

    /// The credential with this index: first come those of the scenario, then those of events.
    pub fn credential(&self, index: usize) -> &Credential {
        self.credentials.get(index).unwrap_or_else(|| &self.of_events[index - self.credentials.len()])
    }

    /// Indices of the credentials of the application with this index.
    pub fn credentials_of(&self, application: usize) -> Vec<usize> {
        let client_id = self.applications.get(application).map(|known| &known.client_id);
        let is_its = |credential: &Credential| {
            credential.webhook.is_none()
                && (credential.client_id.as_ref() == client_id
                    || (credential.client_id.is_none() && self.applications.len() <= 1))
        };
        let all = self.all_credentials().enumerate();
        all.filter(|(_, credential)| is_its(credential)).map(|(index, _)| index).collect()
    }

    /// The credentials of the scenario, then those that tokens in events stand for, one for each application.
    pub fn all_credentials(&self) -> impl Iterator<Item = &Credential> {
        self.credentials.iter().chain(&self.of_events)
    }

    /// The application with this `client_id`; `None` when it is not listed.
    pub fn application(&self, client_id: &str) -> Option<&Application> {
        self.applications.iter().find(|application| application.client_id.as_str() == client_id)
    }

    /// The scopes that a credential grants: its own, or else those of its application; `None` means all scopes.
    pub fn scope_of<'a>(&'a self, credential: &'a Credential) -> Option<&'a Vec<Text>> {
        credential.scope.as_ref().or_else(|| self.application(credential.client_id.as_ref()?)?.scope.as_ref())
    }
}

/// Shape of a successful response body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Envelope {
    /// `{"result":…,"time":…}`: what Bitrix24's server sends and every SDK reads.
    #[default]
    Wire,
    /// `{"answer":…,"query":…,"status":200}`: what the documentation prints.
    Documented,
}

/// State of a portal as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PortalState {
    /// The portal works.
    #[default]
    Open,
    /// The portal was deleted: calls fail with `PORTAL_DELETED`.
    Deleted,
    /// The vendor has blocked the portal's REST API because of overload: calls fail with `OVERLOAD_LIMIT`.
    Overloaded,
    /// The portal's plan does not include REST: calls fail with `ACCESS_DENIED`.
    NoRest,
    /// The subscription has ended: `PAYMENT_REQUIRED` for an application, `ACCESS_DENIED` for a webhook.
    SubscriptionEnded,
    /// The authorization server cannot be reached: `CONNECTION_ERROR` for an application.
    OauthUnreachable,
}

impl PortalState {
    /// The word for it in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Deleted => "deleted",
            Self::Overloaded => "overloaded",
            Self::NoRest => "no_rest",
            Self::SubscriptionEnded => "subscription_ended",
            Self::OauthUnreachable => "oauth_unreachable",
        }
    }
}

/// How long a call takes under a virtual clock.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Time from the arrival of a request to its answer; `time.duration` reports it.
    pub duration: Length,
    /// Part of `duration` that the method itself takes; `time.processing` reports it.
    pub processing: Length,
}

impl Default for Timing {
    fn default() -> Self {
        let micros = |micros| Length(std::time::Duration::from_micros(micros));
        Self { duration: micros(44_907), processing: micros(19_826) }
    }
}

/// Limits of a portal. Each one is off unless its key is given.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Limits")]
pub struct Limits {
    /// Rate limit for requests from one IP address; a request above it fails with `QUERY_LIMIT_EXCEEDED`.
    #[serde(default)]
    pub requests: Option<Requests>,
    /// Running time that one method may use within ten minutes: for all callers together in the documented edition, for
    /// each caller in the live one. Once it is used up, calls fail with `OPERATION_TIME_LIMIT`. With this key,
    /// `time.operating` reports the time used.
    #[serde(default)]
    pub operating: Option<Length>,
}

/// Rate limit for requests from one IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Requests {
    /// Burst of 50 requests, then 2 per second: the limit of most plans.
    Standard,
    /// Burst of 250 requests, then 5 per second: the limit of the Enterprise plan.
    Enterprise,
    /// A limit of your choice.
    Custom(Rate),
}

/// An OAuth application.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// `client_id` of the application.
    pub client_id: Text,
    /// `client_secret` of the application.
    pub client_secret: Text,
    /// Scopes of the application's tokens that have no `scope` of their own. Without this key they have all scopes.
    #[serde(default)]
    pub scope: Option<Vec<Text>>,
    /// ID of the application on the portal. Without this key, its position in the list, counted from 1.
    #[serde(default)]
    pub id: Option<u64>,
    /// Code of the application in the Bitrix24 Market. Without this key, its `client_id`.
    #[serde(default)]
    pub code: Option<Text>,
    /// Version of the application.
    #[serde(default = "first")]
    pub version: u64,
    /// ID of the user who authorized the application; its tokens act for this user.
    #[serde(default = "one")]
    pub user: Text,
    /// Whether the installation is finished. Without it the application gets no events.
    #[serde(default = "yes")]
    pub installed: bool,
    /// The token by which the application recognises genuine events. Without this key, 32 hex digits drawn from the
    /// seed.
    #[serde(default)]
    pub application_token: Option<Text>,
}

/// A user of the portal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// ID of the user.
    pub id: Text,
    /// Whether the user is an administrator of the portal.
    #[serde(default)]
    pub admin: bool,
    /// First name.
    #[serde(default)]
    pub name: Text,
    /// Last name.
    #[serde(default)]
    pub last_name: Text,
}

/// A credential: either a `webhook` or a `token`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Incoming webhook.
    #[serde(default)]
    pub webhook: Option<Webhook>,
    /// OAuth access token.
    #[serde(default)]
    pub token: Option<Text>,
    /// Refresh token; it can be exchanged once for a new pair of tokens. Needs `token` and `client_id`.
    #[serde(default)]
    pub refresh_token: Option<Text>,
    /// Scopes that the credential grants. Without this key, those of its application, or else all scopes.
    #[serde(default)]
    pub scope: Option<Vec<Text>>,
    /// When the token expires: a time since the start of the scenario, or an instant. Without this key, never.
    #[serde(default)]
    pub expires: Option<Point>,
    /// `client_id` of the application that the token belongs to. The live edition sends it in a response header.
    #[serde(default)]
    pub client_id: Option<Text>,
    /// State of the application and of the user behind the credential.
    #[serde(default)]
    pub state: CredentialState,
}

/// The two parts of a webhook's URL, `/rest/{user}/{secret}/`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// ID of the user who created the webhook.
    pub user: Text,
    /// Secret part of the webhook's URL.
    pub secret: Text,
}

/// State of the application and of the user behind a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    /// Both may call.
    #[default]
    Active,
    /// The application is not installed: calls fail with `ERROR_OAUTH`.
    NotInstalled,
    /// The application does not exist or is disabled: calls fail with `APPLICATION_NOT_FOUND`.
    ApplicationNotFound,
    /// The user cannot be authorized: calls fail with `authorization_error`.
    UserUnauthorized,
    /// The user may not use the application: calls fail with `user_access_error`.
    UserWithoutAccess,
}

impl CredentialState {
    /// The word for it in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NotInstalled => "not_installed",
            Self::ApplicationNotFound => "application_not_found",
            Self::UserUnauthorized => "user_unauthorized",
            Self::UserWithoutAccess => "user_without_access",
        }
    }
}

/// How events are sent out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Events")]
pub struct Events {
    /// Whether `event.bind` accepts a handler on `localhost`. The live server refuses it. Without this key, only the
    /// documented edition accepts it.
    #[serde(default)]
    pub allow_localhost: Option<bool>,
    /// How long the server waits for the answer of a handler.
    #[serde(default = "five_seconds")]
    pub time_limit: Length,
    /// Whether an event is sent before the answer to the call that caused it.
    #[serde(default)]
    pub before_answer: bool,
}

impl Default for Events {
    fn default() -> Self {
        Self { allow_localhost: None, time_limit: five_seconds(), before_answer: false }
    }
}

fn english() -> Text {
    "en".into()
}

fn enterprise() -> Text {
    "ent10000".into()
}

fn first() -> u64 {
    1
}

fn one() -> Text {
    "1".into()
}

/// The connectors of the sample response on the page of `imconnector.list`.
fn built_in() -> IndexMap<String, Text> {
    let names = [("livechat", "Live Chat"), ("telegrambot", "Telegram"), ("network", "Bitrix24.Network")];
    names.into_iter().map(|(id, name)| (id.to_owned(), name.into())).collect()
}

fn yes() -> bool {
    true
}

fn five_seconds() -> Length {
    Length(std::time::Duration::from_secs(5))
}
