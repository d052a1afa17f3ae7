//! The list of emulated services. A new service is added here.

pub mod bitrix24;
pub mod chert;

use crate::emulator::Service;

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
