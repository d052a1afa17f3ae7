//! The parts of rules of conduct. The rules of a service are in its folder, those for all services in `judge`.

mod acts_on;
mod rule;
mod seen;
mod sent;

pub use acts_on::{ActsOn, Words};
pub use rule::{Breach, Observer, Rule, Severity};
pub use seen::{Earlier, Memo, Moment, OtherAnswer, Read, Recalled, Recent, Seen, Struck, hash};
pub use sent::{Ended, Sent};
