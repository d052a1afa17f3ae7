//! What a scenario expects of the client that calls: counted as calls come, judged when somebody asks.

mod report;
pub mod rules;
mod spec;
mod tally;
mod text;

pub use report::{Ended, Report};
pub use rules::{Breach, Broken, Conduct, OTHER_EDITION, OtherAnswer, RULES, Seen, Severity};
pub use spec::{Calls, Count, ExpectSpec, Never};
pub use tally::{Member, Near, Outcome, Tally};
