//! Requests and replies as plain values; no type of any HTTP library.

pub mod json;

mod facts;
mod headers;
mod reply;
mod request;
mod way;

pub use facts::{Facts, ValueKind};
pub use headers::Headers;
pub use reply::Reply;
pub use request::{Body, Connection, Request};
pub use way::Way;
