//! A request as it came from the socket.

use bytes::Bytes;

use super::Headers;

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Exactly the bytes received, transfer coding removed.
    Whole(Bytes),
    /// More than the server reads; the bytes are dropped.
    TooLarge,
}

/// A request, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The verb as sent, such as `POST`.
    pub method: Box<str>,
    /// Path and query as sent, not decoded.
    pub target: Box<str>,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Body,
    /// Whether the connection is encrypted.
    pub secure: bool,
}

impl Request {
    /// A request over plain HTTP, complete in memory; for tests and for in-process use.
    pub fn new(method: &str, target: &str, headers: Headers, body: impl Into<Bytes>) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            headers,
            body: Body::Whole(body.into()),
            secure: false,
        }
    }

    /// The part of the target before the first `?`.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&*self.target, |(path, _)| path)
    }

    /// The part of the target after the first `?`; empty when there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The body's bytes; none when the body was too large to keep.
    pub fn body(&self) -> &[u8] {
        match &self.body {
            Body::Whole(bytes) => bytes,
            Body::TooLarge => &[],
        }
    }

    /// Memory held beyond the value itself, in bytes.
    pub fn weight(&self) -> usize {
        self.method.len() + self.target.len() + self.headers.weight() + self.body().len()
    }
}
