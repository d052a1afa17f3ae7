//! What a vendor says: status, header fields, body bytes.

use std::borrow::Cow;

use bytes::Bytes;

/// A reply, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header fields in the order sent, names in lower case. `content-length` is the server's business.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A JSON reply of standin itself, never of a vendor.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        let mut body = serde_json::to_vec_pretty(value).expect("a JSON value always serialises");
        body.push(b'\n');
        Self { status, headers: vec![("content-type".into(), "application/json".into())], body: body.into() }
    }

    /// The first value of the header field `name`, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| *field == name).map(|(_, value)| &**value)
    }

    /// Memory held beyond the value itself, in bytes.
    pub fn weight(&self) -> usize {
        let owned = |value: &Cow<'_, str>| if let Cow::Owned(text) = value { text.capacity() } else { 0 };
        let fields = self.headers.capacity() * size_of::<(Cow<'_, str>, Cow<'_, str>)>();
        self.body.len()
            + fields
            + self.headers.iter().map(|(name, value)| owned(name) + owned(value)).sum::<usize>()
    }
}
