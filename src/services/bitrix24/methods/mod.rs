//! The emulated methods: one list, one file each.

mod batch;
mod chat_name_set;

use std::borrow::Cow;
use std::sync::LazyLock;

use super::credentials::Caller;
use super::errors::Refusal;
use super::oauth;
use super::parameters::Parameters;
use super::portal::LivePortal;
use super::time::Time;
use crate::services::{Exchange, Operation};

/// `imconnector.chat.name.set`.
pub const CHAT_NAME_SET: &str = "imconnector.chat.name.set";
/// `batch`.
pub const BATCH: &str = "batch";
/// The token endpoint of the authorization server: an operation, but no method.
pub const OAUTH_TOKEN: &str = "oauth.token";

/// Every emulated method.
pub static METHODS: &[&Method] = &[&chat_name_set::METHOD, &batch::METHOD];

/// What a scenario and a catalogue know of each method, and of the token endpoint.
pub static OPERATIONS: LazyLock<Vec<&Operation>> =
    LazyLock::new(|| METHODS.iter().map(|method| &method.operation).chain([&oauth::OPERATION]).collect());

/// One method.
pub struct Method {
    /// What a scenario and a catalogue know of it.
    pub operation: Operation,
    /// Whether it belongs to imconnector, whose scope a caller then needs.
    pub needs_connector_scope: bool,
    /// Whether a batch may call it.
    pub batchable: bool,
    /// Whether its running time is limited.
    pub is_timed: bool,
    /// Runs it for a caller who has passed authentication, up to its answer.
    pub run: fn(&mut LivePortal, &Invocation<'_>, &mut Exchange<'_>) -> Result<MethodAnswer, Refusal>,
}

/// One run of a method.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// Its parameters, without credentials.
    pub parameters: &'a Parameters,
    /// Who calls.
    pub caller: &'a Caller,
    /// Whether it is a command of a batch.
    pub nested: bool,
}

/// What a method answers.
pub struct MethodAnswer {
    /// The `result`, as JSON text in PHP's layout.
    pub result: Cow<'static, [u8]>,
    /// The `time`.
    pub time: Time,
}

pub use batch::asked as commands;
pub use chat_name_set::folded as folded_connector;

/// Whether a connector is one of the vendor's own channels.
pub fn is_built_in(connector: &str) -> bool {
    chat_name_set::BUILT_IN.contains(&connector)
}

/// The method called `name`: in lower case first, then as written, which comes to the same here.
pub fn by_name(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.operation.name.eq_ignore_ascii_case(name))
}
