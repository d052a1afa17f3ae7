//! What a vendor says: status, header fields, body bytes.

use bytes::Bytes;

use super::{Field, Fields, field};

/// A reply, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The header fields. `content-length` is the server's business.
    pub headers: Fields,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A JSON reply of standin itself, never of a vendor.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        let mut body = serde_json::to_vec_pretty(value).expect("a JSON value always serialises");
        body.push(b'\n');
        static JSON: [Field; 1] = [field("content-type", "application/json")];
        Self { status, headers: Fields::common(&JSON), body: body.into() }
    }

    /// The first value of the header field `name`, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| *field == name).map(|(_, value)| &**value)
    }

    /// Memory held beyond the value itself, in bytes.
    pub fn weight(&self) -> usize {
        self.body.len() + self.headers.weight()
    }
}
