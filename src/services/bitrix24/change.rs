//! What a call changes in a portal.

use super::credentials::Refresh;

/// One change. It holds the place of what it changes and the ids that were allocated when its answer was made.
#[derive(Clone, Debug)]
pub enum Change {
    /// A chat gets another name.
    Rename {
        /// The chat, by its place.
        chat: usize,
        /// Its new name.
        name: String,
    },
    /// A new pair of tokens takes the place of an old one.
    Refresh(Refresh),
}
