//! The changes that calls and actions can make to a portal.

use compact_str::CompactString;
use serde_json::{Map, Value};

use super::applications::Handler;
use super::chats::{ExternalUser, Message, NextIds};
use super::connectors::Connector;
use super::credentials::Refresh;
use super::events::Actor;
use super::lines::Line;

/// One change. It refers to what it changes by index or ID, and holds the tokens and IDs that were given with the answer.
#[derive(Clone, Debug)]
pub enum Change {
    /// Renames a chat.
    Rename {
        /// Index of the chat.
        chat: usize,
        /// The new name.
        name: String,
    },
    /// Replaces a pair of tokens with a new one.
    Refresh(Refresh),
    /// Registers a connector, or changes a registered one.
    Register {
        /// ID of the connector.
        id: String,
        /// The connector as it will be.
        connector: Connector,
    },
    /// Deletes all status rows of a connector, and the connector itself if the application owns it.
    Unregister {
        /// ID of the connector.
        id: String,
        /// Index of the application.
        application: usize,
        /// Who does it.
        by: Actor,
    },
    /// Switches a connector on for a line.
    SwitchOn {
        /// ID of the connector.
        connector: String,
        /// ID of the line.
        line: i64,
    },
    /// Deletes the status row of a connector on a line.
    SwitchOff {
        /// ID of the connector.
        connector: String,
        /// The ID as the call has it, which the event repeats.
        sent: String,
        /// ID of the line.
        line: i64,
        /// Who does it.
        by: Actor,
    },
    /// Stores data of a connector on a line.
    SetData {
        /// ID of the connector.
        connector: String,
        /// ID of the line.
        line: i64,
        /// The data.
        data: Map<String, Value>,
        /// Whether the data replaces what is stored; otherwise only the members that it has.
        replaces: bool,
    },
    /// Marks a connector on a line as broken.
    SetError {
        /// ID of the connector.
        connector: String,
        /// ID of the line.
        line: i64,
    },
    /// Adds messages of external users.
    Receive {
        /// Where they are written.
        place: Place,
        /// The messages.
        messages: Vec<Incoming>,
        /// The next IDs after those that the messages have.
        next: NextIds,
        /// Who passes them on.
        by: Actor,
    },
    /// Replaces the texts of messages.
    SetTexts(Vec<(i64, String)>),
    /// Deletes messages.
    DeleteMessages(Vec<i64>),
    /// Notes that messages of operators were delivered.
    Confirm(Vec<Confirmation>),
    /// Binds a handler to an event.
    Bind(Handler),
    /// Removes the handlers with these IDs.
    Unbind(Vec<u64>),
    /// Sends the event ONAPPTEST.
    Test {
        /// Index of the application.
        application: usize,
        /// The parameters of the call.
        query: Value,
        /// Who does it.
        by: Actor,
    },
    /// Adds an open line.
    AddLine {
        /// ID of the line.
        id: i64,
        /// The line.
        line: Line,
    },
    /// Closes the open session of a chat.
    Finish {
        /// Index of the chat.
        chat: usize,
        /// Who does it.
        by: Actor,
    },
}

/// A connector on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// ID of the connector.
    pub connector: CompactString,
    /// ID of the line.
    pub line: i64,
    /// ID of the line as the call spells it.
    pub line_text: CompactString,
}

/// A message of an external user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// External ID of the user.
    pub user: CompactString,
    /// Internal ID of the user.
    pub user_id: i64,
    /// The user as he will be; `None` when he stays as he is.
    pub external_user: Option<ExternalUser>,
    /// External ID of the chat.
    pub chat: CompactString,
    /// Whether the chat is a group chat, which all users share.
    pub is_group: bool,
    /// The ID of the chat in Bitrix24, for a new one.
    pub chat_id: i64,
    /// The name of the chat, for a new one; else empty.
    pub chat_name: String,
    /// The ID of the session, for a new one.
    pub session_id: i64,
    /// The message.
    pub message: Message,
}

/// The confirmation that a message was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// ID of the message in Bitrix24.
    pub message: i64,
    /// IDs of the message in the external system.
    pub external_ids: Vec<CompactString>,
}
