//! What clients did → which expectations they met and which rules they broke.

mod action_left;
mod broken;
mod conduct;
mod refusal;
mod report;
mod rules;
mod run_tally;
mod shown;
mod spec;
mod tally;
mod text;

pub use action_left::{ActionLeft, ActionLeftShown};
pub use broken::{Broken, Kind, Shown, Whose};
pub use conduct::{Conduct, all_rules};
pub use refusal::{Refusal, Refusals};
pub use report::{Ended, Report, Requests};
pub use run_tally::RunTally;
pub use shown::{BreachShown, BrokenShown, KindShown, OutcomeShown};
pub use spec::{Answered, Calls, Count, ExpectSpec, Looked, Never, Scope};
pub use tally::{ExpectationOutcome, Member, Near, Tally, is_event, is_meant};
