//! Holds a server against the contract: the checks, what each sends, what it must be answered, and what differs.

mod begin;
mod bitrix24;
mod call;
mod check;
mod chert;
mod credentials;
mod editions;
mod hide;
mod list;
mod named;
mod narrow;
mod outcome;
mod plan;
mod reasons;
mod report;
mod response;
mod session;
mod twin;
mod undo;
mod wish;

pub use call::Slots;
pub use credentials::{Credentials, Prepared};
pub use editions::{EditionRow, Resembles};
pub use list::list;
pub use outcome::{Checked, Difference, Outcome};
pub use plan::names;
pub use report::Report;
pub use response::Response;
pub use session::Session;
pub use wish::{Ended, Wish};
