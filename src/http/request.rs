//! A request as it came from the socket.

use core::net::{IpAddr, Ipv4Addr};
use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use jiff::Timestamp;

use super::Headers;

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Exactly the bytes received, transfer coding removed.
    Whole(Bytes),
    /// More than the server reads; the bytes are dropped.
    TooLarge,
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self::Whole(bytes.into())
    }
}

/// A request, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The verb as sent, such as `POST`.
    pub method: Cow<'static, str>,
    target: Box<str>,
    /// Where the path stands in `target`.
    path: std::ops::Range<usize>,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Body,
    /// Whether the connection is encrypted.
    pub secure: bool,
    /// The address that it came from.
    pub source: IpAddr,
    /// The connection that it came over.
    pub connection: Connection,
    reading: Reading,
}

/// What is known of a request's connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// Its number.
    pub number: u64,
    /// When it was accepted, on the wall; `None` when there is none.
    pub opened: Option<Timestamp>,
    /// Whether the request is its first.
    pub is_first: bool,
    /// Whether it takes one request after the other, as HTTP/1 does.
    pub in_turn: bool,
}

/// What a vendor has read in a request, so that it reads once. It is no part of the request: a copy has none.
#[derive(Default)]
struct Reading(OnceLock<Arc<dyn Any + Send + Sync>>);

impl Clone for Reading {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Reading {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Reading {}

impl fmt::Debug for Reading {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

impl Request {
    /// A request over plain HTTP from this machine. `target` is path and query as sent, not decoded.
    pub fn new(method: &str, target: &str, headers: Headers, body: Body) -> Self {
        let known = ["POST", "PUT", "GET", "OPTIONS", "DELETE", "HEAD", "PATCH"];
        let method = known
            .into_iter()
            .find(|known| *known == method)
            .map_or_else(|| method.to_owned().into(), Cow::from);
        let end = target.find('?').unwrap_or(target.len());
        // A base URL that ends in a slash makes two of them: a web server takes both for one.
        let extra = target[..end].bytes().take_while(|byte| *byte == b'/').count().saturating_sub(1);
        let path = extra..end;
        let source = Ipv4Addr::LOCALHOST.into();
        Self {
            method,
            target: target.into(),
            path,
            headers,
            body,
            secure: false,
            source,
            connection: Connection::default(),
            reading: Reading::default(),
        }
    }

    /// Path and query as sent.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The part of the target before the first `?`, with one slash at its start.
    pub fn path(&self) -> &str {
        &self.target[self.path.clone()]
    }

    /// The part of the target after the first `?`; empty when there is none.
    pub fn query(&self) -> &str {
        self.target.get(self.path.end + 1..).unwrap_or_default()
    }

    /// The body's bytes; none when the body was too large to keep.
    pub fn body(&self) -> &[u8] {
        match &self.body {
            Body::Whole(bytes) => bytes,
            Body::TooLarge => &[],
        }
    }

    /// What `read` makes of the request, worked out once. `read` must depend on nothing but method, target, headers and body.
    pub fn read_once<T: Any + Send + Sync>(&self, read: impl FnOnce() -> T) -> Arc<T> {
        if let Some(known) = self.reading.0.get() {
            return Arc::clone(known).downcast().unwrap_or_else(|_| Arc::new(read()));
        }
        let made = Arc::new(read());
        let _ = self.reading.0.set(made.clone());
        made
    }

    /// Forgets what was read, to take no more memory than the request itself.
    pub fn forget_reading(&mut self) {
        self.reading = Reading::default();
    }

    /// Memory held beyond the value itself, in bytes.
    pub fn weight(&self) -> usize {
        self.target.len() + self.headers.weight() + self.body().len()
    }
}
