//! What the services' answers must look like, as documents and as a comparison with real answers.

mod compare;
mod difference;
mod fits;
mod held;
mod openapi;
mod reading;
mod tally;
pub mod verify;

pub use compare::{Given, Held, drifts, hold};
pub use held::{Contract, Passed};
pub use openapi::openapi;
pub use tally::{Exchange, Outcome, Tally};

pub use crate::emulator::Drift;
