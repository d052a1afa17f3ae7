//! Connections to the real service: a request → the head of its answer. Connections are kept for the next request.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::HeaderValue;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::ProxyOptions;
use super::body::RequestBody;
use super::upload::{Silent, Upload, within};
use super::url::ServiceUrl;
use crate::serve::deliver::{client_config, tls_words};

/// The service, and the connections to it.
pub(super) struct Upstream {
    url: ServiceUrl,
    own_port: u16,
    /// The value of the header field `host`.
    pub(super) host: HeaderValue,
    /// `None` for plain HTTP.
    tls: Option<Arc<ClientConfig>>,
    time_limit: Duration,
    idle: Mutex<Vec<(Instant, Connection)>>,
}

/// A connection to the service.
pub(super) type Connection = SendRequest<RequestBody>;

/// Why a request has no answer.
pub(super) enum NoAnswer {
    /// The service was not reached, or gave none, for this reason.
    None(String),
    /// None came in time, as this says.
    Late(String),
    /// The client sent what is no request, as this says.
    Broken(String),
    /// The client did not send the whole request in time, as this says.
    NotSent(String),
}

/// For how long an unused connection is kept. Many servers close theirs after five seconds, and a request over a connection that is
/// just being closed would be lost.
const KEPT: Duration = Duration::from_secs(4);

/// How many unused connections are kept.
const MOST_KEPT: usize = 64;

impl Upstream {
    /// A service to which nothing is connected yet.
    ///
    /// # Errors
    /// When a certificate cannot be used.
    pub(super) fn new(options: &ProxyOptions, own_port: u16) -> io::Result<Self> {
        let tls = match options.url.is_secure {
            true => Some(Arc::new(client_config(&options.authorities)?)),
            false => None,
        };
        Ok(Self {
            url: options.url.clone(),
            own_port,
            host: HeaderValue::try_from(options.url.authority()).map_err(io::Error::other)?,
            tls,
            time_limit: options.time_limit,
            idle: Mutex::default(),
        })
    }

    /// Checks whether the service has an address that is allowed.
    ///
    /// # Errors
    /// Why it has none, in words.
    pub(super) async fn check(&self) -> Result<(), String> {
        self.addresses().await.map(drop)
    }

    /// Sends a request and waits for the head of its answer. `upload` is the body, if it passes as it comes. A request is sent again over another connection only if hyper has not begun to
    /// write it, because the service had closed the one that was kept.
    pub(super) async fn send(
        &self,
        request: Request<RequestBody>,
        upload: Option<&Upload>,
    ) -> Result<(Response<Incoming>, Connection), NoAnswer> {
        let limit = self.time_limit;
        let attempt = pin!(self.attempt(request));
        let answered = within(limit, upload, attempt).await.unwrap_or_else(|silent| {
            Err(match silent {
                Silent::Service => NoAnswer::Late(format!("the service did not answer within {limit:?}")),
                Silent::Client => {
                    NoAnswer::NotSent(format!("nothing more of the request came within {limit:?}"))
                }
            })
        });
        match answered {
            Err(NoAnswer::None(_)) if upload.is_some_and(Upload::is_broken) => {
                Err(NoAnswer::Broken("the body of the request broke off, or is not HTTP".to_owned()))
            }
            answered => answered,
        }
    }

    /// Keeps a connection over which a whole answer has come.
    pub(super) fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() >= MOST_KEPT {
            // The first one is the oldest.
            idle.remove(0);
        }
        idle.push((Instant::now(), connection));
    }

    async fn attempt(
        &self,
        mut request: Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Connection), NoAnswer> {
        while let Some(mut kept) = self.kept() {
            let mut error = match kept.try_send_request(request).await {
                Ok(response) => return Ok((response, kept)),
                Err(error) => error,
            };
            match error.take_message() {
                Some(unsent) => request = unsent,
                None => return Err(NoAnswer::None(self.words(error.error()))),
            }
        }
        let mut fresh = self.connect().await.map_err(NoAnswer::None)?;
        let response = fresh.send_request(request).await;
        response.map(|response| (response, fresh)).map_err(|error| NoAnswer::None(self.words(&error)))
    }

    /// Why an exchange failed, in words.
    fn words(&self, error: &hyper::Error) -> String {
        let words = words(error);
        match error.is_parse() && !error.is_parse_too_large() && self.tls.is_none() {
            true => format!("{words}; if it speaks TLS, its URL begins with `https://`"),
            false => words,
        }
    }

    /// A connection that is kept and ready for a request.
    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((since, connection)) = idle.pop() {
            if since.elapsed() >= KEPT {
                // So are all before it.
                idle.clear();
            } else if connection.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    /// The addresses of the service. They are looked up for each connection, and are the ones connected to.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, String> {
        self.url.addresses(self.own_port).await
    }

    async fn connect(&self) -> Result<Connection, String> {
        let addresses = self.addresses().await?;
        let stream = TcpStream::connect(&addresses[..]).await.map_err(|error| match error.kind() {
            io::ErrorKind::ConnectionRefused => "nothing listens where the service should be".to_owned(),
            _ => format!("the service cannot be reached: {error}"),
        })?;
        let _ = stream.set_nodelay(true);
        let Some(config) = &self.tls else { return handshake(stream).await };
        let host = &self.url.host;
        let name = ServerName::try_from(host.clone())
            .map_err(|_| format!("`{host}` is no name that a certificate can have"))?;
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
        handshake(stream.map_err(|error| tls_words(&error, "service", "--ca"))?).await
    }
}

async fn handshake<S>(stream: S) -> Result<Connection, String>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let handshake = http1::Builder::new().handshake(TokioIo::new(stream)).await;
    let (sender, connection) = handshake.map_err(|error| words(&error))?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Why an exchange failed, in words.
fn words(error: &hyper::Error) -> String {
    if error.is_incomplete_message() {
        return "the service closed the connection without an answer".to_owned();
    }
    if error.is_parse_too_large() {
        return "the head of the service's answer has more than 100 header fields, or more than 408 KiB"
            .to_owned();
    }
    if error.is_parse() {
        return "the answer of the service is not HTTP".to_owned();
    }
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    format!("the service gave no answer: {cause}")
}
