//! A complete request, as it came from the socket.

use core::net::{IpAddr, Ipv4Addr};
use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use memchr::memchr;

use super::Headers;

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The bytes received, without transfer coding.
    Whole(Bytes),
    /// The body was larger than the server reads. Its bytes are dropped.
    TooLarge,
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self::Whole(bytes.into())
    }
}

/// A complete request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method as sent, such as `POST`.
    pub method: Cow<'static, str>,
    target: Box<str>,
    /// The position of the path in `target`.
    path: std::ops::Range<usize>,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Body,
    /// Whether the connection uses TLS.
    pub secure: bool,
    /// The IP address of the client.
    pub source: IpAddr,
    /// The connection that the request came over.
    pub connection: Connection,
    reading: Reading,
}

/// The connection of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The number of the connection.
    pub number: u64,
    /// Whether the request came after the answers to all earlier requests of the connection were sent, as over HTTP/1
    /// unless the client pipelines.
    pub in_turn: bool,
}

/// What a service has parsed from the request, so that it is parsed only once. It is not copied with the request and
/// does not count in comparisons.
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
        let end = memchr(b'?', target.as_bytes()).unwrap_or(target.len());
        // A base URL that ends with a slash makes two slashes, which many web servers treat as one.
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

    /// Path and query as sent, not decoded.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The part of the target before the first `?`, as sent.
    pub fn sent_path(&self) -> &str {
        &self.target[..self.path.end]
    }

    /// The same with one slash at its start.
    pub fn path(&self) -> &str {
        &self.target[self.path.clone()]
    }

    /// The part of the target after the first `?`; empty when there is none.
    pub fn query(&self) -> &str {
        self.target.get(self.path.end + 1..).unwrap_or_default()
    }

    /// The bytes of the body; empty when the body was too large.
    pub fn body(&self) -> &[u8] {
        match &self.body {
            Body::Whole(bytes) => bytes,
            Body::TooLarge => &[],
        }
    }

    /// The result of `read`, which is called only once for a request. `read` may depend only on method, target,
    /// headers and body.
    pub fn read_once<T: Any + Send + Sync>(&self, read: impl FnOnce() -> T) -> Arc<T> {
        if let Some(known) = self.reading.0.get() {
            return Arc::clone(known).downcast().unwrap_or_else(|_| Arc::new(read()));
        }
        let made = Arc::new(read());
        let _ = self.reading.0.set(made.clone());
        made
    }
}
