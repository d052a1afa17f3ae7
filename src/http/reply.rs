//! A reply: status, headers, body.

use bytes::Bytes;

use super::{Field, Fields, field};

/// A complete reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers. The server adds `content-length`.
    pub headers: Fields,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A JSON reply of standin itself, never of an emulated service.
    pub fn json(status: u16, value: &impl serde::Serialize) -> Self {
        let mut body = serde_json::to_vec_pretty(value).expect("plain values always serialise");
        body.push(b'\n');
        static JSON: [Field; 1] = [field("content-type", "application/json")];
        Self { status, headers: Fields::common(&JSON), body: body.into() }
    }

    /// The first value of the header `name`, which must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| *field == name).map(|(_, value)| &**value)
    }
}
