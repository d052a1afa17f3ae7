//! What a request changes in a workspace.

/// One change. It holds the places of what it changes and the ids that were allocated when its answer was made.
#[derive(Clone, Debug)]
pub enum Change {
    /// A group gets another name, another icon, or both.
    Rename {
        /// The tenant, by its place.
        tenant: usize,
        /// The chat, by its place.
        chat: usize,
        /// The new name.
        display_name: Option<String>,
        /// The new icon.
        group_chat_icon: Option<String>,
    },
}
