//! The `chert:` section of a scenario.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::emulator::bucket::Rate;
use crate::scalar::Text;

/// The Chert service, with its tenants.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChertSection {
    /// The tenants.
    pub tenants: Vec<Tenant>,
    /// What is counted, and how much of it is allowed; without it, nothing is counted.
    #[serde(default)]
    pub limits: Limits,
    /// What stands behind each credential of a copy.
    #[serde(skip)]
    pub suffix: String,
}

/// What the service counts; a limit is off without its key.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertLimits")]
pub struct Limits {
    /// Requests of one tenant: more give `1007`.
    #[serde(default)]
    pub requests: Option<Rate>,
}

/// One tenant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its slug, sent as `x-chert-tenant`.
    pub slug: Text,
    /// Its secret: signs requests, and is the bearer token.
    pub signing_secret: Text,
    /// Whether a bearer token must come with the tenant's header.
    #[serde(default)]
    pub multi_tenant: bool,
    /// The state of the account.
    #[serde(default)]
    pub state: TenantState,
    /// The sender lines.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// The chats that exist.
    #[serde(default)]
    pub chats: Vec<Chat>,
}

/// The state of a tenant's account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// It may call.
    #[default]
    Active,
    /// It is suspended: `2005`.
    Suspended,
    /// Its email is not verified: `2007`.
    EmailUnverified,
    /// It has reached a limit of its account: `2008`.
    AccountLimit,
}

/// A sender line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertLine")]
pub struct Line {
    /// Its identifier.
    pub id: Text,
    /// Its phone number, E.164.
    pub phone_number: Text,
}

/// A chat.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertChat")]
pub struct Chat {
    /// Its identifier.
    pub id: Text,
    /// Whether it is a group; a direct chat cannot be renamed: `1006`.
    pub group: bool,
    /// The line that is pinned to it; a group without one cannot be renamed: `4099`.
    #[serde(default)]
    pub line: Option<Text>,
    /// Whether it has its chat key; a group without one cannot be renamed: `4099`.
    #[serde(default = "yes")]
    pub chat_key: bool,
    /// Its display name at the start.
    #[serde(default)]
    pub display_name: Option<Text>,
    /// The URL of its icon at the start.
    #[serde(default)]
    pub group_chat_icon: Option<Text>,
}

fn yes() -> bool {
    true
}
