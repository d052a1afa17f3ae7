//! The changes that a call can make to a portal.

use super::credentials::Refresh;

/// One change. It refers to what it changes by index and holds any tokens that were created with the answer.
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
}
