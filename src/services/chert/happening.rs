//! What a committed change has brought about that the outside world may hear of.

use super::messages::Reaction;

/// What a recipient has done. It refers to tenant and chat by index, and to the message by its ID: all three are there
/// when it is raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A recipient has written a message.
    Received {
        /// Index of the tenant.
        tenant: usize,
        /// Index of the chat among those of the tenant.
        chat: usize,
        /// ID of the message.
        message: String,
    },
    /// A recipient has reacted to a message.
    ReactionAdded {
        /// Index of the tenant.
        tenant: usize,
        /// Index of the chat among those of the tenant.
        chat: usize,
        /// ID of the message.
        message: String,
        /// The reaction, whose author is the recipient.
        reaction: Reaction,
    },
    /// A recipient has taken a reaction back.
    ReactionRemoved {
        /// Index of the tenant.
        tenant: usize,
        /// Index of the chat among those of the tenant.
        chat: usize,
        /// ID of the message.
        message: String,
        /// The reaction, whose author is the recipient.
        reaction: Reaction,
    },
}
