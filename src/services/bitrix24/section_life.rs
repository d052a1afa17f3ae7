//! What the life of a connector needs in a `bitrix24:` section: connectors, lines, chats, handlers. The doc comments here
//! become descriptions in the JSON Schema.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scalar::{Length, Text};

/// A connector that an application has registered.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    /// ID of the connector: lower case, without dots.
    pub id: Text,
    /// Name of the connector in `imconnector.list`. Without this key, its ID.
    #[serde(default)]
    pub name: Option<Text>,
    /// Whether the external system has group chats. If not, a rename must send `USER_ID`.
    #[serde(default)]
    pub chat_group: bool,
    /// `client_id` of the application that has registered the connector. Without this key, the only application.
    #[serde(default)]
    pub application: Option<Text>,
    /// URL of the settings page, which the action `settings.open` calls.
    #[serde(default)]
    pub placement_handler: Option<Text>,
    /// Whether the operator's name stands before the text of a message in an event.
    #[serde(default = "yes")]
    pub need_signature: bool,
    /// Whether system messages are sent as events.
    #[serde(default = "yes")]
    pub need_system_messages: bool,
    /// Whether operators may edit their messages.
    #[serde(default = "yes")]
    pub edit_internal_messages: bool,
    /// Whether operators may delete their messages.
    #[serde(default = "yes")]
    pub del_internal_messages: bool,
    /// Whether operators may delete messages of external users.
    #[serde(default = "yes")]
    pub del_external_messages: bool,
    /// Whether mass mailing is allowed.
    #[serde(default = "yes")]
    pub newsletter: bool,
}

/// An open line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Line")]
pub struct Line {
    /// ID of the line.
    #[schemars(range(min = 1))]
    pub id: i64,
    /// Whether the line is active. If not, a rename fails with `NOT_ACTIVE_LINE`.
    #[serde(default = "yes")]
    pub active: bool,
    /// IDs of the connectors that are active on the line.
    #[serde(default)]
    pub connectors: Vec<Text>,
    /// Name of the line. Without this key, `Open Channel` and its ID.
    #[serde(default)]
    pub name: Option<Text>,
    /// IDs of the operators.
    #[serde(default)]
    pub queue: Vec<i64>,
    /// Minutes until a session that waits for its end is closed; events report it as `close_term`.
    #[serde(default = "ten")]
    pub close_term: i64,
    /// How long nobody may write in an open session until it is closed by itself. Without this key, for ever.
    #[serde(default)]
    pub auto_close: Option<Length>,
    /// Connectors that are set up on the line only in part. An entry here replaces the one under `connectors`.
    #[serde(default)]
    pub statuses: Vec<Status>,
}

/// How far a connector is set up on a line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Status")]
pub struct Status {
    /// ID of the connector.
    pub connector: Text,
    /// Whether the connector is switched on.
    #[serde(default = "yes")]
    pub active: bool,
    /// Whether the connection was made.
    #[serde(default = "yes")]
    pub connection: bool,
    /// Whether the registration was made.
    #[serde(default = "yes")]
    pub register: bool,
    /// Whether the connector has reported an error.
    #[serde(default)]
    pub error: bool,
}

/// A handler that is bound to an event.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Handler")]
pub struct Handler {
    /// Name of the event in any case, such as `OnImConnectorMessageAdd`.
    pub event: Text,
    /// URL that the event is sent to.
    #[serde(default)]
    pub url: Option<Text>,
    /// Name of a handler whose URL is given when the server starts, by `--handler NAME=URL`.
    #[serde(default)]
    pub name: Option<Text>,
    /// `client_id` of the application. Without this key, the only application.
    #[serde(default)]
    pub application: Option<Text>,
    /// ID of the user whose token the event carries. Without this key, the user who caused the event.
    #[serde(default)]
    pub user: Option<Text>,
}

/// A chat of an open line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Chat")]
pub struct Chat {
    /// ID of the connector through which the chat came.
    pub connector: Text,
    /// ID of the open line that the chat belongs to.
    pub line: i64,
    /// ID of the chat in the external system.
    pub id: Text,
    /// ID of the external user. Required for a connector without group chats, and not allowed for one with them.
    #[serde(default)]
    pub user: Option<Text>,
    /// Name of the chat at the start.
    pub name: Text,
    /// Whether the session of the chat is closed. A rename then fails with `CHAT_RENAMING_FAILED`.
    #[serde(default)]
    pub closed: bool,
    /// The chat's ID in Bitrix24, as `session.CHAT_ID` and `im.chat_id` have it. Without this key, IDs count up.
    #[serde(default)]
    pub chat_id: Option<i64>,
    /// The sessions of the chat, the oldest first. Without this key, one session, open unless the chat has
    /// `closed: true`.
    #[serde(default)]
    pub sessions: Vec<Session>,
}

/// A session of a chat: the messages between its opening and its close.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Session")]
pub struct Session {
    /// ID of the session. Without this key, IDs count up.
    #[serde(default)]
    pub id: Option<i64>,
    /// Whether the session is closed. Of a chat's sessions only the last one may be open.
    #[serde(default)]
    pub closed: bool,
    /// The messages of the session, the oldest first.
    #[serde(default)]
    pub messages: Vec<Message>,
}

/// A message of a chat.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bitrix24Message")]
pub struct Message {
    /// ID of the message in Bitrix24. Without this key, IDs count up.
    #[serde(default)]
    pub id: Option<i64>,
    /// ID of the operator who wrote the message. Without this key, the external user wrote it.
    #[serde(default)]
    pub operator: Option<i64>,
    /// The text.
    #[serde(default)]
    pub text: Text,
    /// IDs of the message in the external system. A message of an operator gets them when its delivery is confirmed.
    #[serde(default)]
    pub external_ids: Vec<Text>,
}

fn yes() -> bool {
    true
}

fn ten() -> i64 {
    10
}
