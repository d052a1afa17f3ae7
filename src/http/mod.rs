//! Requests and replies as plain values, without types of an HTTP library.

pub mod json;

mod facts;
mod fields;
mod headers;
mod members;
mod reply;
mod request;
mod segment;
mod tree;
mod way;

pub use facts::{Facts, ValueKind};
pub use fields::{Field, Fields, field};
pub use headers::Headers;
pub use members::Members;
pub use reply::Reply;
pub use request::{Body, Connection, Request};
pub use segment::segment;
pub use tree::{Given, Part, Parts, Tree};
pub use way::Way;
