//! The emulated methods: one list, one file each.

mod app_info;
mod batch;
mod chat_name_set;
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
    &connector_status::METHOD,
    &connector_list::METHOD,
    &batch::METHOD,
    &server_time::METHOD,
    &profile::METHOD,
    &app_info::METHOD,
    &scope::METHOD,
    &method_list::METHOD,
];

/// Every scope that an emulated method needs, by any edition's name.
const ALL_SCOPES: &[&str] = &["basic", "imconnector", "imopenlines"];

/// What a scenario and a catalogue know of each method, and of the token endpoint.
pub static OPERATIONS: LazyLock<Vec<&Operation>> =
    LazyLock::new(|| METHODS.iter().map(|method| &method.operation).chain([&oauth::OPERATION]).collect());

/// One method.
pub struct Method {
    /// What a scenario and a catalogue know of it.
    pub operation: Operation,
    /// What a caller needs to be granted.
    pub scope: Scope,
    /// Whether its running time is limited.
    pub is_timed: bool,
    /// Its parameters in a call that the portal answers with success; `None` when there is nothing to call it on.
    pub example: fn(&Portal) -> Option<Value>,
    /// How it is run for a caller who has passed authentication.
    pub run: Run,
}

/// What a caller needs to be granted to call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nothing.
    None,
    /// The scope `basic`, which everybody has.
    Basic,
    /// The scope of imconnector, whatever the edition calls it.
    Connectors,
}

/// How a method is run.
#[derive(Clone, Copy)]
pub enum Run {
    /// It looks at the portal and says what it answers and what changes.
    Alone(fn(&Invocation<'_>, &mut Exchange<'_>) -> Result<MethodAnswer, Refusal>),
    /// It runs other methods, one after the other. No batch can call it.
    Batch,
}

/// What a method answers, and what it changes.
pub struct MethodAnswer {
    /// The `result`, as JSON text in PHP's layout.
    pub result: Cow<'static, [u8]>,
    /// What it changes.
    pub effect: Effect<Change>,
}

impl MethodAnswer {
    /// The answer of a method that only reads.
    pub fn read(result: Vec<u8>) -> Self {
        Self { result: result.into(), effect: Effect::Nothing }
    }
}

pub use batch::{asked as commands, run as run_batch};
pub use chat_name_set::folded as folded_connector;

/// Whether a connector is one of the vendor's own channels.
pub fn is_built_in(connector: &str) -> bool {
    chat_name_set::BUILT_IN.contains(&connector)
}

/// The method called `name`: in lower case first, then as written, which comes to the same here.
pub fn by_name(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.operation.name.eq_ignore_ascii_case(name))
}

/// The method called `name`, if a batch may call it.
pub fn by_name_in_batch(name: &str) -> Option<&'static Method> {
    by_name(name).filter(|method| matches!(method.run, Run::Alone(_)))
}
