//! Requests and replies as plain values, and the decoding of forms; no type of any HTTP library.

pub mod form;
pub mod json;
pub mod multipart;

mod facts;
mod headers;
mod reply;
mod request;

pub use facts::{Facts, Kind};
pub use headers::Headers;
pub use reply::Reply;
pub use request::{Body, Connection, Request};
