//! The `chert:` section of a scenario. The doc comments here become descriptions in the JSON Schema.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::emulator::bucket::Rate;
use crate::scalar::Text;

/// The Chert API and its tenants.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChertSection {
    /// Tenants that may call.
    pub tenants: Vec<Tenant>,
    /// Rate limits. Without this key nothing is limited.
    #[serde(default)]
    pub limits: Limits,
    /// Suffix appended to every slug and secret of this namespace; empty in the main one.
    #[serde(skip)]
    pub suffix: String,
}

/// Limits of the API. Each one is off unless its key is given.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertLimits")]
pub struct Limits {
    /// Rate limit for requests from one tenant; a request above it fails with `1007`.
    #[serde(default)]
    pub requests: Option<Rate>,
}

/// A tenant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Slug of the tenant, which clients send as `x-chert-tenant`.
    pub slug: Text,
    /// Secret of the tenant: the key that signs requests, and also the bearer token.
    pub signing_secret: Text,
    /// Whether a request with a bearer token must also send `x-chert-tenant`.
    #[serde(default)]
    pub multi_tenant: bool,
    /// State of the account.
    #[serde(default)]
    pub state: TenantState,
    /// Sender lines.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// Chats that exist at the start.
    #[serde(default)]
    pub chats: Vec<Chat>,
}

/// State of a tenant's account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// The tenant may call.
    #[default]
    Active,
    /// The tenant is suspended: calls fail with `2005`.
    Suspended,
    /// The tenant's email is not verified: calls fail with `2007`.
    EmailUnverified,
    /// The tenant has reached a limit of its account: calls fail with `2008`.
    AccountLimit,
}

/// A sender line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertLine")]
pub struct Line {
    /// ID of the line.
    pub id: Text,
    /// Phone number of the line in E.164 form, such as `+15555550100`.
    pub phone_number: Text,
}

/// A chat.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertChat")]
pub struct Chat {
    /// ID of the chat.
    pub id: Text,
    /// Whether the chat is a group. Renaming a direct chat fails with `1006`.
    pub group: bool,
    /// ID of the line that is pinned to the chat. Renaming a group without one fails with `4099`.
    #[serde(default)]
    pub line: Option<Text>,
    /// Whether the chat has its chat key. Renaming a group without one fails with `4099`.
    #[serde(default = "yes")]
    pub chat_key: bool,
    /// Display name of the chat at the start.
    #[serde(default)]
    pub display_name: Option<Text>,
    /// URL of the chat's icon at the start.
    #[serde(default)]
    pub group_chat_icon: Option<Text>,
}

fn yes() -> bool {
    true
}
