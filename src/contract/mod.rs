//! What the services' answers must look like, as documents and as a comparison with real answers.

mod compare;
mod openapi;

pub use compare::{Drift, Given, drifts};
pub use openapi::openapi;
