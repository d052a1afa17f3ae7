//! The stages that a request passes on its way to a change.

use serde::Serialize;

/// A request passes these in order; every documented error belongs to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// In front of the vendor's application: request limits, is the service there, does the method exist.
    Gateway,
    /// Who calls, and may they.
    Auth,
    /// Are the parameters complete and well formed.
    Arguments,
    /// Do the things exist that the parameters name, and are they fit for the change.
    Lookup,
    /// The change itself: the call would otherwise have succeeded.
    Delivery,
}

impl Stage {
    /// All stages in the order in which a request passes them.
    pub const ALL: [Self; 5] = [Self::Gateway, Self::Auth, Self::Arguments, Self::Lookup, Self::Delivery];

    /// The name used in journals and catalogues.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Auth => "auth",
            Self::Arguments => "arguments",
            Self::Lookup => "lookup",
            Self::Delivery => "delivery",
        }
    }
}
