//! Faults: when they fire (trigger) and what happens then (effect).
//!
//! A fault names an error *code* and knows nothing of how a vendor says it. What it does to the connection is a
//! script of bytes and pauses that the server performs.

mod delay;
mod index;
mod pattern;
mod plan;
mod reply;
mod spec;
mod target;
mod trigger;
pub mod wire;

pub use delay::{Delay, Drawn, Lognormal, Normal};
pub use pattern::{Form, Matcher, Pattern};
pub use plan::{Decision, FaultState, Forecast, Mode, Plan, Strike};
pub use reply::{ReplySpec, is_field_name};
pub use spec::{Applied, FaultSpec, Late, When};
pub use target::{Aim, Fault, Subject};
pub use trigger::{Condition, share};
pub use wire::Wire;
