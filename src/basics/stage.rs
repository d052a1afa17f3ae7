//! The stages that a request passes before its change is made.

use schemars::JsonSchema;
use serde::Serialize;

/// The stages of a request, in order. Every documented error belongs to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// In front of the service's application: Is the request within the limits? Is the service up? Does the method
    /// exist?
    Gateway,
    /// Who calls, and may they?
    Auth,
    /// Are the parameters complete and well formed?
    Arguments,
    /// Do the things exist that the parameters name, and can they be changed?
    Lookup,
    /// The change itself: a call that comes here succeeds, unless a fault strikes.
    Delivery,
}

impl Stage {
    /// All stages in the order in which a request passes them.
    pub const ALL: [Self; 5] = [Self::Gateway, Self::Auth, Self::Arguments, Self::Lookup, Self::Delivery];

    /// The name in journals and catalogues.
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
