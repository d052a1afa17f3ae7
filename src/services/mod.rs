//! The one list of the services that are emulated.

pub mod bitrix24;
pub mod chert;

use crate::emulator::Service;

/// Every service that standin emulates.
pub static SERVICES: &[&dyn Service] = &[&bitrix24::Bitrix24, &chert::Chert];

/// The service called `name`.
pub fn by_name(name: &str) -> Option<&'static dyn Service> {
    SERVICES.iter().copied().find(|service| service.name() == name)
}

/// The service that answers requests to this path.
pub fn by_path(path: &str) -> Option<&'static dyn Service> {
    SERVICES.iter().copied().find(|service| service.claims(path))
}
