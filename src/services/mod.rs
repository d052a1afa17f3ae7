//! The list of emulated services. A new service is added here.

#![allow(
    unnameable_types,
    reason = "the types of a section implement a trait of `emulator`, and are seen through it only"
)]

pub mod bitrix24;
pub mod chert;

use crate::emulator::{Action, ActionMistake, Service};
use crate::scalar::{nearest, quote};

/// Every emulated service.
pub static SERVICES: &[&dyn Service] = &[&bitrix24::Bitrix24, &chert::Chert];

/// The service called `name`, such as `chert`; `None` when there is none.
pub fn by_name(name: &str) -> Option<&'static dyn Service> {
    SERVICES.iter().copied().find(|service| service.name() == name)
}

/// The service that answers requests to `path`; `None` when no service does.
pub fn by_path(path: &str) -> Option<&'static dyn Service> {
    SERVICES.iter().copied().find(|service| service.claims(path))
}

/// The service and the action that `name` means, such as `bitrix24.operator.write`.
///
/// # Errors
/// When there is no such action.
pub fn action_called(name: &str) -> Result<(&'static dyn Service, &'static Action), ActionMistake> {
    let known = |service: &'static dyn Service, rest: &str| {
        let action = service.actions().iter().copied().find(|action| action.name == rest)?;
        Some((service, action))
    };
    let found = name.split_once('.').and_then(|(service, rest)| known(by_name(service)?, rest));
    found.ok_or_else(|| {
        let of = |service: &&dyn Service| {
            let service = *service;
            service
                .actions()
                .iter()
                .map(|action| format!("{}.{}", service.name(), action.name))
                .collect::<Vec<_>>()
        };
        let names: Vec<_> = SERVICES.iter().flat_map(of).collect();
        let help = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the actions are `{}`", names.join("`, `")),
        };
        ActionMistake::new(format!("there is no action {}", quote(name)), help)
    })
}
