//! The changes that calls and actions can make to the state of Chert.

use super::attachments::Attachment;
use super::idempotency::Keeping;
use super::ids::NextIds;
use super::messages::{Message, Reaction, Status};
use super::subscriptions::{Subscription, SubscriptionChange};

/// One change. It refers to tenants, chats and lines by index, and holds the IDs that were given with the answer. Large
/// variants are boxed, so that the most frequent one is not moved in a larger space.
#[derive(Clone, Debug)]
pub enum Change {
    /// Gives a group a new name, a new icon, or both.
    Rename {
        /// Index of the tenant.
        tenant: usize,
        /// Index of the chat among those of the tenant.
        chat: usize,
        /// The new name; `None` keeps the old one.
        display_name: Option<String>,
        /// URL of the new icon; `None` keeps the old one.
        group_chat_icon: Option<String>,
    },
    /// Adds messages of the tenant, and the chat if it is new.
    Send(Box<Sending>),
    /// Adds a message of a recipient, and the chat if it is new.
    Receive(Box<Receiving>),
    /// Changes something else in a chat.
    Chat {
        /// Index of the tenant.
        tenant: usize,
        /// Index of the chat among those of the tenant.
        chat: usize,
        /// What changes.
        change: ChatChange,
    },
    /// Changes a message.
    Message {
        /// Index of the tenant.
        tenant: usize,
        /// ID of the message.
        message: String,
        /// What changes.
        change: Box<MessageChange>,
    },
    /// Adds a webhook subscription.
    Subscribe(Box<Subscription>),
    /// Changes a webhook subscription.
    Subscription {
        /// Its number.
        number: u64,
        /// What changes.
        change: Box<SubscriptionChange>,
    },
    /// Deletes the webhook subscription with this number.
    Unsubscribe(u64),
    /// Sends an event again.
    Replay {
        /// Index of the tenant.
        tenant: usize,
        /// Number of the event.
        event: u64,
        /// Number of the subscription.
        subscription: u64,
    },
    /// Makes an attachment.
    Attach(Box<Attaching>),
    /// Stores the content of an attachment.
    Upload(Box<Attaching>),
}

/// A change of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatChange {
    /// Adds a participant.
    Add(String),
    /// Removes a participant.
    Remove(String),
    /// The tenant leaves the group.
    Leave,
    /// The tenant has read the chat.
    Read,
    /// The tenant types, or stops typing.
    Type(bool),
    /// The tenant sends a contact card.
    SendCard,
    /// The tenant shares its own contact card.
    ShareContact,
}

/// A change of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageChange {
    /// Replaces the text of a part.
    Edit {
        /// Index of the part.
        part: usize,
        /// The new text.
        text: String,
    },
    /// Adds a reaction.
    React(Reaction),
    /// Takes a reaction back.
    Unreact(Reaction),
    /// Sets what has become of it.
    Become(Status),
    /// It is delivered by itself, unless it was before.
    Arrive,
}

/// Messages of a tenant on their way into a chat.
#[derive(Clone, Debug)]
pub struct Sending {
    /// Index of the tenant.
    pub tenant: usize,
    /// The chat.
    pub chat: Target,
    /// The messages.
    pub messages: Vec<Message>,
    /// Index of the line, which is pinned to the chat.
    pub line: u32,
    /// What `/send` says of the person.
    pub lead: Lead,
    /// The answer that is kept for the idempotency key; `None` without a key.
    pub keeping: Option<Keeping>,
    /// The next IDs after those that were given.
    pub next: NextIds,
}

/// What a call says of the person that it writes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lead {
    /// The name.
    pub name: Option<String>,
    /// The ID in the client's own system.
    pub external_id: Option<String>,
    /// ID of the conversation.
    pub conversation: Option<String>,
}

/// The chat that messages go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one with this index among those of the tenant.
    Known(usize),
    /// A new one.
    New(NewChat),
}

/// A chat that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChat {
    /// The ID.
    pub id: String,
    /// Whether it is a group.
    pub is_group: bool,
    /// The name.
    pub display_name: Option<String>,
    /// Phone numbers and email addresses of the recipients.
    pub participants: Vec<String>,
}

/// A message of a recipient on its way into a chat.
#[derive(Clone, Debug)]
pub struct Receiving {
    /// Index of the tenant.
    pub tenant: usize,
    /// The chat.
    pub chat: Target,
    /// Index of the line that it comes over.
    pub line: Option<u32>,
    /// The message.
    pub message: Message,
    /// The files that come with it, by their IDs.
    pub files: Vec<(String, Attachment)>,
    /// The next IDs after those that were given.
    pub next: NextIds,
}

/// An attachment on its way into the state.
#[derive(Clone, Debug)]
pub struct Attaching {
    /// Index of the tenant.
    pub tenant: usize,
    /// ID of the attachment.
    pub id: String,
    /// The attachment as it will be.
    pub attachment: Attachment,
    /// The next IDs after those that were given.
    pub next: NextIds,
}
