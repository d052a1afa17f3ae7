//! The `chert:` section of a scenario. The doc comments here become descriptions in the JSON Schema.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::emulator::bucket::Rate;
use crate::scalar::{Length, Point, Text};

/// The version of a subscription that names none.
pub const DEFAULT_VERSION: &str = "2026-04-01";

/// The Chert API and its tenants.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChertSection {
    /// Tenants that may call.
    pub tenants: Vec<Tenant>,
    /// Rate limits. Without this key nothing is limited.
    #[serde(default)]
    pub limits: Limits,
    /// How long a message that a call sends takes until it is delivered by itself. Without this key, for ever.
    #[serde(default)]
    pub delivered_after: Option<Length>,
    /// How events are sent to webhooks.
    #[serde(default)]
    pub webhooks: Webhooks,
    /// IDs that new things get, in this order. After them, and without this key, IDs are drawn from the seed.
    #[serde(default)]
    pub new_ids: NewIds,
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
    /// Attachments that exist at the start.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Webhook subscriptions that exist at the start.
    #[serde(default)]
    pub subscriptions: Vec<Subscription>,
    /// Events that stand in the log at the start, the oldest first.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// How events are sent to webhooks.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertWebhooks")]
pub struct Webhooks {
    /// Whether the URL of a subscription must be https and must not lead to this machine, as the service wants it.
    #[serde(default)]
    pub strict: bool,
    /// The form of the body.
    #[serde(default)]
    pub body: BodyForm,
}

/// The form of the body of a webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ChertBodyForm")]
pub enum BodyForm {
    /// As the page on webhooks shows it, with `event` and `data`.
    #[default]
    Envelope,
    /// As a row of the event log, with `type` and `payload`.
    Row,
}

/// A webhook subscription.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertSubscription")]
pub struct Subscription {
    /// ID of the subscription; drawn from the seed when it is not given.
    #[serde(default)]
    pub id: Option<Text>,
    /// URL of the handler, or `https://dev-inbox`.
    #[serde(default)]
    pub url: Option<Text>,
    /// Name of a handler whose URL is not known yet.
    #[serde(default)]
    pub name: Option<Text>,
    /// Names of the events that it takes; all when there are none.
    #[serde(default)]
    pub events: Vec<Text>,
    /// Version of the events.
    #[serde(default = "version")]
    pub version: Text,
    /// The key that signs deliveries; drawn from the seed when it is not given.
    #[serde(default)]
    pub secret: Option<Text>,
    /// Whether it gets events.
    #[serde(default = "yes")]
    pub active: bool,
}

/// An event that stands in the log at the start. Its payload is empty.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertEvent")]
pub struct Event {
    /// ID of the row; drawn from the seed when it is not given.
    #[serde(default)]
    pub id: Option<Text>,
    /// Name of the event.
    pub r#type: Text,
    /// The key by which receivers drop repeats.
    pub event_id: Text,
    /// ID of the chat.
    #[serde(default)]
    pub lead_id: Option<Text>,
    /// ID of the conversation.
    #[serde(default)]
    pub convo_id: Option<Text>,
    /// When it happened; by default at the start of the scenario.
    #[serde(default)]
    pub at: Option<Point>,
    /// Where it was sent; `https://dev-inbox` for the dev inbox, nowhere when it is not given.
    #[serde(default)]
    pub url: Option<Text>,
    /// The attempts. Without any, the event waits.
    #[serde(default)]
    pub attempts: Vec<EventAttempt>,
}

/// An attempt to deliver an event.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertEventAttempt")]
pub struct EventAttempt {
    /// When it was made; by default at the start of the scenario.
    #[serde(default)]
    pub at: Option<Point>,
    /// Status of the handler's answer; not given when there was none.
    #[serde(default)]
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// ID of the subscription.
    pub subscription: Text,
}

/// IDs that new things get.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertNewIds")]
pub struct NewIds {
    /// Of chats that calls make, and of groups that are made elsewhere.
    #[serde(default)]
    pub chats: Vec<Text>,
    /// Of messages that the tenant sends.
    #[serde(default)]
    pub messages: Vec<Text>,
    /// Of messages that recipients write.
    #[serde(default)]
    pub inbound: Vec<Text>,
    /// Of attachments that calls make.
    #[serde(default)]
    pub attachments: Vec<Text>,
    /// Of the conversations that `/send` names as `convo_id`.
    #[serde(default)]
    pub conversations: Vec<Text>,
    /// Of webhook subscriptions that calls make.
    #[serde(default)]
    pub subscriptions: Vec<Text>,
    /// Secrets of webhook subscriptions that calls make.
    #[serde(default)]
    pub subscription_secrets: Vec<Text>,
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
    /// Whether the line is active. An inactive one sends nothing: `3002`.
    #[serde(default = "yes")]
    pub active: bool,
    /// What the line can do, as `/phone-numbers` shows it.
    #[serde(default = "capabilities")]
    pub capabilities: Vec<Text>,
    /// Whether the line can send locations; if not, `/locations` fails with `4099`.
    #[serde(default = "yes")]
    pub locations: bool,
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
    /// Phone numbers and email addresses of the recipients: all but the tenant's own line.
    #[serde(default)]
    pub participants: Vec<Text>,
    /// Whether the tenant has left the group.
    #[serde(default)]
    pub left: bool,
    /// ID of the conversation, which `/send` names as `convo_id`.
    #[serde(default)]
    pub conversation: Option<Text>,
    /// Messages of the chat, the oldest first.
    #[serde(default)]
    pub messages: Vec<Message>,
}

/// A message that exists at the start.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertMessage")]
pub struct Message {
    /// ID of the message; drawn from the seed when it is not given.
    #[serde(default)]
    pub id: Option<Text>,
    /// The recipient who wrote it; without it, the tenant sent it.
    #[serde(default)]
    pub from: Option<Text>,
    /// The text.
    #[serde(default)]
    pub text: Option<Text>,
    /// IDs of the attachments.
    #[serde(default)]
    pub media: Vec<Text>,
    /// When it was sent; by default at the start of the scenario.
    #[serde(default)]
    pub at: Option<Point>,
    /// What became of a message that the tenant sent.
    #[serde(default)]
    pub status: MessageStatus,
}

/// What became of a message that a tenant has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ChertMessageStatus")]
pub enum MessageStatus {
    /// It was sent.
    #[default]
    Sent,
    /// It was delivered.
    Delivered,
    /// It was read.
    Read,
}

/// An attachment that exists at the start.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChertAttachment")]
pub struct Attachment {
    /// ID of the attachment.
    pub id: Text,
    /// Name of the file.
    #[serde(default = "filename")]
    pub filename: Text,
    /// Type of the content.
    #[serde(default = "content_type")]
    pub content_type: Text,
    /// Size in bytes, for an attachment that is not uploaded yet.
    #[serde(default)]
    pub size_bytes: Option<u64>,
    /// The content of an uploaded attachment, as text.
    #[serde(default)]
    pub text: Option<Text>,
    /// The content of an uploaded attachment, in base64.
    #[serde(default)]
    pub base64: Option<Text>,
}

fn yes() -> bool {
    true
}

fn version() -> Text {
    DEFAULT_VERSION.into()
}

fn capabilities() -> Vec<Text> {
    ["imessage", "send", "receive"].map(Text::from).to_vec()
}

fn filename() -> Text {
    "file.txt".into()
}

fn content_type() -> Text {
    "text/plain".into()
}
