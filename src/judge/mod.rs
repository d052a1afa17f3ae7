//! What a scenario expects of the client that calls: counted as calls come, judged when somebody asks.

mod report;
mod spec;
mod tally;
mod text;

pub use report::{Ended, Report};
pub use spec::{Calls, Count, ExpectSpec, Never};
pub use tally::{Member, Near, Outcome, Tally};
