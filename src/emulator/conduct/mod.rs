//! The parts of rules of conduct. The rules of a service are in its folder, those for all services in `judge`.

mod rule;
mod seen;

pub use rule::{Breach, Observer, Rule, Severity};
pub use seen::{Earlier, Memo, Moment, OtherAnswer, Read, Recalled, Recent, Seen, Struck, hash};
