//! Faults: when they fire (trigger) and what happens then (effect).
//!
//! A fault names an error *code* and knows nothing of how a vendor says it.

mod plan;
mod spec;
mod trigger;

pub use plan::{Aim, Decision, Fault, Plan};
pub use spec::{FaultSpec, When};
