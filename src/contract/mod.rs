//! What the services' answers must look like, as documents and as a comparison with real answers.

mod compare;
mod difference;
mod fits;
mod openapi;
mod reading;

pub use compare::{Given, Held, drifts, hold};
pub use difference::Drift;
pub use openapi::openapi;
