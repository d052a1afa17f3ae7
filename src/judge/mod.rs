//! What a scenario expects of the client that calls: counted as calls come, judged when somebody asks.

mod report;
pub mod rules;
mod spec;
mod tally;
mod text;

/// A text in one line: what a client sent must not become lines, or orders to a terminal, in a report.
fn in_a_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(plain).collect()
}

pub use report::{Ended, Report};
pub use rules::{Breach, Broken, Conduct, Memo, Moment, OTHER_EDITION, OtherAnswer, RULES, Seen, Severity};
pub use spec::{Calls, Count, ExpectSpec, Never};
pub use tally::{ExpectationOutcome, Member, Near, Tally, is_meant};
