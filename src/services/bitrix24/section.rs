//! The `bitrix24:` section of a scenario.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::editions::Edition;
use crate::emulator::bucket::Rate;
use crate::scalar::{Length, Offset, Point, Text};

/// One Bitrix24 portal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Which of the vendor's two faces to show: what its page says, or what its server does.
    #[serde(default)]
    pub edition: Edition,
    /// The shape of a successful body: what the server sends, or what the page prints.
    #[serde(default)]
    pub envelope: Envelope,
    /// The state of the portal as a whole.
    #[serde(default)]
    pub state: PortalState,
    /// Whether a webhook must be called over https.
    #[serde(default)]
    pub require_https: bool,
    /// The offset of the dates in `time`.
    #[serde(default)]
    pub time_zone: Offset,
    /// How long a call takes under a virtual clock.
    #[serde(default)]
    pub timing: Timing,
    /// What is counted, and how much of it is allowed; without it, nothing is counted.
    #[serde(default)]
    pub limits: Limits,
    /// The language of the portal, such as `en`.
    #[serde(default = "english")]
    pub language: Text,
    /// The tariff, such as `ent10000`.
    #[serde(default = "enterprise")]
    pub license: Text,
    /// The applications whose tokens can be refreshed.
    #[serde(default)]
    pub applications: Vec<Application>,
    /// The users, as `profile` shows them; one that is not listed has a number and no name.
    #[serde(default)]
    pub users: Vec<User>,
    /// The channels of the vendor's own that are switched on, by identifier, each with its name.
    #[serde(default = "built_in")]
    pub built_in: IndexMap<String, Text>,
    /// Who may call.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// The connectors that are registered.
    #[serde(default)]
    pub connectors: Vec<Connector>,
    /// The open lines.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// The chats that exist.
    #[serde(default)]
    pub chats: Vec<Chat>,
    /// What stands behind each credential of a copy, and keeps the tokens that it issues apart from others'.
    #[serde(skip)]
    pub suffix: String,
}

impl Portal {
    /// The application that is registered under this identifier.
    pub fn application(&self, client_id: &str) -> Option<&Application> {
        self.applications.iter().find(|application| application.client_id.as_str() == client_id)
    }

    /// The scopes of a credential: its own, or else its application's; `None` for all.
    pub fn scope_of<'a>(&'a self, credential: &'a Credential) -> Option<&'a Vec<Text>> {
        credential.scope.as_ref().or_else(|| self.application(credential.client_id.as_ref()?)?.scope.as_ref())
    }
}

/// The shape of a successful body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Envelope {
    /// `{"result":…,"time":…}`, as the server sends it and every SDK reads it.
    #[default]
    Wire,
    /// `{"answer":…,"query":…,"status":200}`, as the page prints it.
    Documented,
}

/// The state of a portal as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PortalState {
    /// It works.
    #[default]
    Open,
    /// It was deleted: `PORTAL_DELETED`.
    Deleted,
    /// It is blocked by hand: `OVERLOAD_LIMIT`.
    Overloaded,
    /// Its tariff has no REST: `ACCESS_DENIED`.
    NoRest,
    /// Its subscription is over: `PAYMENT_REQUIRED` for an application, `ACCESS_DENIED` for a webhook.
    SubscriptionEnded,
    /// The vendor's authorization server does not answer: `CONNECTION_ERROR` for an application.
    OauthUnreachable,
}

/// How long a call takes under a virtual clock.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// From the request's arrival to its answer.
    pub duration: Length,
    /// The method's own part of it.
    pub processing: Length,
}

impl Default for Timing {
    fn default() -> Self {
        let micros = |micros| Length(std::time::Duration::from_micros(micros));
        Self { duration: micros(44_907), processing: micros(19_826) }
    }
}

/// What a portal counts; each limit is off without its key.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Limits")]
pub struct Limits {
    /// Requests from one address: more give `QUERY_LIMIT_EXCEEDED`.
    #[serde(default)]
    pub requests: Option<Requests>,
    /// How long one method may run for one caller within ten minutes: `OPERATION_TIME_LIMIT` beyond it, and `time`
    /// reports what is used.
    #[serde(default)]
    pub operating: Option<Length>,
}

/// How many requests a portal takes from one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Requests {
    /// 50 at once, 2 a second: most tariffs.
    Standard,
    /// 250 at once, 5 a second: the tariff Enterprise.
    Enterprise,
    /// Numbers of one's own.
    Custom(Rate),
}

/// An application, as the authorization server knows it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Its identifier.
    pub client_id: Text,
    /// Its secret.
    pub client_secret: Text,
    /// The scopes of its tokens that name none; without it, all that the method needs.
    #[serde(default)]
    pub scope: Option<Vec<Text>>,
    /// Its number on the portal; without it, its place among the applications, counted from 1.
    #[serde(default)]
    pub id: Option<u64>,
    /// Its code in the vendor's market; without it, its `client_id`.
    #[serde(default)]
    pub code: Option<Text>,
    /// Its version.
    #[serde(default = "first")]
    pub version: u64,
    /// The number of the user who has given it its tokens.
    #[serde(default = "one")]
    pub user: Text,
}

/// A user of the portal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The user's number.
    pub id: Text,
    /// Whether the user may administer the portal.
    #[serde(default)]
    pub admin: bool,
    /// The first name.
    #[serde(default)]
    pub name: Text,
    /// The last name.
    #[serde(default)]
    pub last_name: Text,
}

/// A credential: `webhook` or `token`, one of the two.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// An incoming webhook.
    #[serde(default)]
    pub webhook: Option<Webhook>,
    /// An OAuth access token.
    #[serde(default)]
    pub token: Option<Text>,
    /// What a new token can be had for, once.
    #[serde(default)]
    pub refresh_token: Option<Text>,
    /// The scopes that it grants; without it, those of its application, or all that the method needs.
    #[serde(default)]
    pub scope: Option<Vec<Text>>,
    /// When a token expires, since the start of the scenario or as an instant; without it, never.
    #[serde(default)]
    pub expires: Option<Point>,
    /// The `client_id` of the token's application, which the live edition names in a header.
    #[serde(default)]
    pub client_id: Option<Text>,
    /// Whether its application and its user are fit to call.
    #[serde(default)]
    pub state: CredentialState,
}

/// The two parts of a webhook's URL, `/rest/{user}/{secret}/`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The number of the user who made it.
    pub user: Text,
    /// Its secret.
    pub secret: Text,
}

/// Whether a credential's application and user are fit to call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    /// They are.
    #[default]
    Active,
    /// The application is not installed: `ERROR_OAUTH`.
    NotInstalled,
    /// The application is missing or switched off: `APPLICATION_NOT_FOUND`.
    ApplicationNotFound,
    /// The user cannot be authorized: `authorization_error`; for a webhook `ACCESS_DENIED`.
    UserUnauthorized,
    /// The user may not use the application: `user_access_error`.
    UserWithoutAccess,
}

/// A connector that an application has registered.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    /// Its identifier: lower case, without a dot.
    pub id: Text,
    /// Its name, as `imconnector.list` shows it; without it, its identifier.
    #[serde(default)]
    pub name: Option<Text>,
    /// Whether chats are groups on the external side; without groups a call names the `USER_ID`.
    #[serde(default)]
    pub chat_group: bool,
}

/// An open line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Line")]
pub struct Line {
    /// Its number.
    #[schemars(range(min = 1))]
    pub id: i64,
    /// Whether it is active at all.
    #[serde(default = "yes")]
    pub active: bool,
    /// The connectors that are active on it.
    #[serde(default)]
    pub connectors: Vec<Text>,
}

/// A chat of an open line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Chat")]
pub struct Chat {
    /// The connector that it came by.
    pub connector: Text,
    /// The line that it came to.
    pub line: i64,
    /// Its identifier in the external system.
    pub id: Text,
    /// The external user, for a connector without group chats.
    #[serde(default)]
    pub user: Option<Text>,
    /// Its name at the start.
    pub name: Text,
    /// Whether its session is closed; a closed one cannot be renamed.
    #[serde(default)]
    pub closed: bool,
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

/// Those of the sample on the page of `imconnector.list`.
fn built_in() -> IndexMap<String, Text> {
    let names = [("livechat", "Live Chat"), ("telegrambot", "Telegram"), ("network", "Bitrix24.Network")];
    names.into_iter().map(|(id, name)| (id.to_owned(), name.into())).collect()
}

fn yes() -> bool {
    true
}
