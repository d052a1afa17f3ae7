//! Imitates PHP 8.2: parsing of forms, casts, comparisons, and the layout of JSON.

mod casts;
mod decimal;
pub mod form;
mod json;
pub mod multipart;
mod numeric;
pub mod query;
#[cfg(test)]
mod tests;

/// The deepest nesting that `json_decode` reads by default.
pub const DEEPEST_JSON: usize = 512;

pub use casts::{cut, is_empty, is_true, to_int, to_text, trim};
pub use json::{json, write, write_float, write_text};
pub use numeric::loosely_equal;
