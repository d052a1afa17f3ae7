//! The values that sections of a scenario are made of, and findings about them.
//!
//! Services and faults describe their part of a scenario with these. Nothing in here knows a service or a fault.

mod duration;
mod finding;
mod line;
mod moment;
mod point;
mod shell;
mod text;
pub mod xml;

pub use duration::Length;
pub use finding::{Finding, Findings, Path, Step, nearest};
pub use line::{in_a_line, quote};
pub use moment::{Moment, Offset, Start};
pub use point::Point;
pub use shell::{quoted, shell_word};
pub use text::Text;
