//! Faults: when they fire and what happens then.
//!
//! A fault names an error code and does not know how a service words it. Its effect on the connection is a script of
//! bytes and pauses, which the server performs.

mod delay;
mod deliver;
mod index;
mod pattern;
mod plan;
mod reply;
mod spec;
mod target;
mod things;
mod trigger;
pub mod wire;
mod written;

pub use delay::{Delay, Drawn, Lognormal, Normal};
pub use deliver::{Deliver, MOST_TIMES};
pub use pattern::{Form, Matcher, Pattern};
pub use plan::{Decision, FaultState, Forecast, Mode, Plan, Strike};
pub use reply::{ReplySpec, is_field_name};
pub use spec::{Applied, FaultSpec, Late, When};
pub use target::{Aim, Fault, Subject};
pub use things::{FORGOTTEN, MOST_THINGS};
pub use trigger::{Condition, share};
pub use wire::Wire;
