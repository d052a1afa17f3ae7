//! What an operation may answer.

use super::error::ErrorCode;
use super::shape::{Member, Shape};

/// One answer that an operation may give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The error; `None` when the call has succeeded.
    pub error: Option<&'static ErrorCode>,
    /// The HTTP status.
    pub status: u16,
    /// The header fields, by their names in lower case, in no order. A real server may add others.
    pub headers: Vec<Member>,
    /// The body.
    pub body: AnswerBody,
    /// The page, or whatever else, that says so.
    pub source: &'static str,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerBody {
    /// JSON of this shape.
    Json(Shape),
    /// Any bytes: a file.
    Bytes,
    /// A stream of events.
    Events,
    /// Nothing.
    Empty,
}
