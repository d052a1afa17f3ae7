//! The list of emulated methods. Each method has a file of its own: copy `server_time.rs` for one that reads,
//! `chat_name_set.rs` for one with parameters and a change.

mod app_info;
mod batch;
mod chat_name_set;
mod connector_activate;
mod connector_data_set;
mod connector_list;
mod connector_register;
mod connector_set_error;
mod connector_status;
mod connector_unregister;
mod event_bind;
mod event_get;
mod event_list;
mod event_test;
mod event_unbind;
mod line_add;
mod line_list;
mod messages_delete;
mod messages_send;
mod messages_update;
mod method_get;
mod method_list;
mod operator_finish;
mod profile;
mod scope;
mod server_time;
mod status_delivery;
mod status_reading;
mod user_current;

use std::borrow::Cow;
use std::sync::LazyLock;

use serde_json::Value;

use super::change::Change;
use super::editions::Edition;
use super::invocation::Invocation;
use super::oauth;
use super::reasons;
use super::refusal::Refusal;
use super::section::Portal;
use crate::emulator::{Effect, Exchange, Operation};

/// Every emulated method. In this order the examples of all succeed, one after the other, so those that close or
/// remove something come last.
pub static METHODS: &[&Method] = &[
    &chat_name_set::METHOD,
    &connector_register::METHOD,
    &connector_activate::METHOD,
    &connector_data_set::METHOD,
    &connector_status::METHOD,
    &connector_list::METHOD,
    &messages_send::METHOD,
    &messages_update::METHOD,
    &messages_delete::METHOD,
    &status_delivery::METHOD,
    &status_reading::METHOD,
    &batch::METHOD,
    &event_bind::METHOD,
    &event_get::METHOD,
    &event_list::METHOD,
    &event_test::METHOD,
    &event_unbind::METHOD,
    &line_list::METHOD,
    &line_add::METHOD,
    &server_time::METHOD,
    &profile::METHOD,
    &user_current::METHOD,
    &app_info::METHOD,
    &scope::METHOD,
    &method_list::METHOD,
    &method_get::METHOD,
    &connector_set_error::METHOD,
    &operator_finish::METHOD,
    &connector_unregister::METHOD,
];

/// Every scope that an emulated method needs, by its names in both editions.
const ALL_SCOPES: &[&str] = &["basic", "imconnector", "imopenlines", "user", "user_basic", "user_brief"];

/// The operation of each method, and that of the token endpoint.
pub static OPERATIONS: LazyLock<Vec<&Operation>> =
    LazyLock::new(|| METHODS.iter().map(|method| &method.operation).chain([&oauth::OPERATION]).collect());

/// An emulated method.
pub struct Method {
    /// The operation, as scenarios and the catalogue name and describe it.
    pub operation: Operation,
    /// The scope that a caller needs.
    pub scope: Scope,
    /// Who may call it.
    pub callers: Callers,
    /// The only edition that has the method; `None` when both have it.
    pub only_in: Option<Edition>,
    /// Whether calls use up operating time (`limits.operating`).
    pub is_timed: bool,
    /// Parameters of a call that succeeds on the given portal; `None` when the portal has nothing to call it on.
    pub example: fn(&Portal) -> Option<Value>,
    /// How to run the method, once the caller has passed authentication.
    pub run: Run,
}

impl Method {
    /// Whether `edition` has the method.
    pub fn is_in(&self, edition: Edition) -> bool {
        self.only_in.is_none_or(|only| only == edition)
    }

    /// The scopes of which a caller needs one; none when every caller may call.
    pub fn scopes(&self, edition: Edition) -> &'static [&'static str] {
        match self.scope {
            Scope::None | Scope::Basic => &[],
            Scope::Connectors => std::slice::from_ref(&edition.rules().scope),
            Scope::Lines => &["imopenlines"],
            Scope::Users => &["user", "user_basic", "user_brief"],
        }
    }
}

/// Who may call a method. The method itself refuses the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Everyone whose credential is accepted.
    Everyone,
    /// Applications, and in the documented edition webhooks.
    OfConnectors,
    /// Applications.
    Applications,
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
    /// The scope of open lines.
    Lines,
    /// One of the scopes of users.
    Users,
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
pub use chat_name_set::{code_of_unregistered, folded as folded_connector};

/// Whether a connector is one of Bitrix24's own.
pub fn is_built_in(connector: &str) -> bool {
    chat_name_set::BUILT_IN.contains(&connector)
}

/// The method called `name`, in any case. The vendor looks for the lower case first, then for the name as sent; every
/// emulated method has a lower-case name, so one comparison does.
pub fn by_name(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.operation.name.eq_ignore_ascii_case(name))
}

/// Why a call of the method called `name` is refused: an edition does not have it, or it is not emulated.
pub fn reason_for_unknown(name: &str, edition: Edition) -> String {
    match by_name(name).filter(|method| !method.is_in(edition)) {
        Some(method) => {
            let name = method.operation.name;
            format!("the method `{name}` is not in the {} edition; the other one has it", edition.name())
        }
        None => reasons::of_method(name, known(edition)),
    }
}

/// The names of all operations that `edition` has.
pub fn known(edition: Edition) -> impl Iterator<Item = &'static str> {
    let methods = METHODS.iter().filter(move |method| method.is_in(edition));
    methods.map(|method| method.operation.name).chain([oauth::OPERATION.name])
}

/// The method called `name`; `None` when a batch may not call it.
pub fn by_name_in_batch(name: &str) -> Option<&'static Method> {
    by_name(name).filter(|method| matches!(method.run, Run::Alone(_)))
}
