//! The list of emulated methods. Each method has a file of its own: copy `server_time.rs` for one that reads,
//! `chat_name_set.rs` for one with parameters and a change.

mod app_info;
mod batch;
mod chat_name_set;
mod connector_activate;
mod connector_list;
mod connector_status;
mod method_list;
mod profile;
mod scope;
mod server_time;

use std::borrow::Cow;
use std::sync::LazyLock;

use serde_json::Value;

use super::change::Change;
use super::invocation::Invocation;
use super::oauth;
use super::refusal::Refusal;
use super::section::Portal;
use crate::emulator::{Effect, Exchange, Operation};

/// Every emulated method.
pub static METHODS: &[&Method] = &[
    &chat_name_set::METHOD,
    &connector_activate::METHOD,
    &connector_status::METHOD,
    &connector_list::METHOD,
    &batch::METHOD,
    &server_time::METHOD,
    &profile::METHOD,
    &app_info::METHOD,
    &scope::METHOD,
    &method_list::METHOD,
];

/// Every scope that an emulated method needs, by its names in both editions.
const ALL_SCOPES: &[&str] = &["basic", "imconnector", "imopenlines"];

/// The operation of each method, and that of the token endpoint.
pub static OPERATIONS: LazyLock<Vec<&Operation>> =
    LazyLock::new(|| METHODS.iter().map(|method| &method.operation).chain([&oauth::OPERATION]).collect());

/// An emulated method.
pub struct Method {
    /// The operation, as scenarios and the catalogue name and describe it.
    pub operation: Operation,
    /// The scope that a caller needs.
    pub scope: Scope,
    /// Whether calls use up operating time (`limits.operating`).
    pub is_timed: bool,
    /// Parameters of a call that succeeds on the given portal; `None` when the portal has nothing to call it on.
    pub example: fn(&Portal) -> Option<Value>,
    /// How to run the method, once the caller has passed authentication.
    pub run: Run,
}

/// The scope that a caller needs to call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// No scope.
    None,
    /// The scope `basic`, which every caller has.
    Basic,
    /// The scope of imconnector; its name differs between the editions.
    Connectors,
}

/// How to run a method.
#[derive(Clone, Copy)]
pub enum Run {
    /// The function reads the portal and returns the answer and the change to make.
    Alone(fn(&Invocation<'_>, &mut Exchange<'_>) -> Result<MethodAnswer, Refusal>),
    /// The method runs other methods in order. A batch cannot call it.
    Batch,
}

/// A method's result, and its effect on the state.
pub struct MethodAnswer {
    /// The `result`, as JSON text in PHP's layout.
    pub result: Cow<'static, [u8]>,
    /// The effect on the state.
    pub effect: Effect<Change>,
}

impl MethodAnswer {
    /// The answer of a method that changes nothing.
    pub fn read(result: Vec<u8>) -> Self {
        Self { result: result.into(), effect: Effect::Nothing }
    }
}

pub use batch::{asked as commands, run as run_batch};
pub use chat_name_set::folded as folded_connector;

/// Whether a connector is one of Bitrix24's own.
pub fn is_built_in(connector: &str) -> bool {
    chat_name_set::BUILT_IN.contains(&connector)
}

/// The method called `name`, in any case. The vendor looks for the lower case first, then for the name as sent; every
/// emulated method has a lower-case name, so one comparison does.
pub fn by_name(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.operation.name.eq_ignore_ascii_case(name))
}

/// The method called `name`; `None` when a batch may not call it.
pub fn by_name_in_batch(name: &str) -> Option<&'static Method> {
    by_name(name).filter(|method| matches!(method.run, Run::Alone(_)))
}
