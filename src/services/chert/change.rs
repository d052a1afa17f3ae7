//! The changes that a request can make to the state of Chert.

/// One change. It refers to what it changes by index.
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
}
