//! What the user wants to have checked, and how a request for that ended.

use super::call::Slots;
use super::credentials::Credentials;
use super::response::Response;
use crate::emulator::Service;

/// What the user wants to have checked.
pub struct Wish {
    /// The service.
    pub service: &'static dyn Service,
    /// The credentials.
    pub credentials: Credentials,
    /// What the user names: `chat` and, for Bitrix24, `connector` and `line`; `chat_name`.
    pub slots: Slots,
    /// Whether calls may change something.
    pub allow_writes: bool,
    /// Parts of the names of checks; all checks when there are none.
    pub only: Vec<String>,
    /// What else must not be shown.
    pub secrets: Vec<String>,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With an answer.
    Answered(Response),
    /// Without one, for the reason in words. The request may have been read.
    Failed(String),
    /// It was given up, because the user wants to stop.
    Abandoned,
}
