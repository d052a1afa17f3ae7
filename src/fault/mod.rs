//! Faults: when they fire (trigger) and what happens then (effect).
//!
//! A fault names an error *code* and knows nothing of how a vendor says it.

mod spec;

pub use spec::{FaultSpec, When};
