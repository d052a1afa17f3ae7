//! One request to a handler: connection, TLS, answer. Connections are kept for the next request to the same origin.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_LENGTH, HOST};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use super::slow::Slow;
use super::socket::{Course, Socket};
use super::targets::{NoAddress, Origin, Targets};
use super::trust;
use crate::emulator::{Outcome, Outgoing};

/// A connection to a handler.
#[derive(Debug)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    course: Arc<Course>,
}

/// Sends requests to handlers.
#[derive(Debug, Default)]
pub(super) struct Client {
    targets: Targets,
    /// Certificates that are trusted besides those of the public authorities.
    authorities: Vec<CertificateDer<'static>>,
    tls: OnceLock<Arc<ClientConfig>>,
    idle: Mutex<HashMap<Origin, Vec<(Instant, Connection)>>>,
    /// The handlers that do not answer in time.
    pub(super) slow: Slow,
}

/// For how long an unused connection is kept. Handlers close theirs after five seconds and more, and a request over a
/// connection that is just being closed would be lost.
const KEPT: Duration = Duration::from_secs(2);

/// How many unused connections are kept.
const MOST_KEPT: usize = 256;

/// How much of the body of an answer is read, so that the connection can be kept. Nobody reads what it says.
const MOST_READ: usize = 64 << 10;

/// For how long the body of an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many unused connections to one origin are kept.
const MOST_OF_ORIGIN: usize = 32;

impl Connection {
    fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

impl Client {
    /// A client that sends only to `targets`, and trusts the authorities besides the public ones.
    pub(super) fn new(targets: Targets, authorities: Vec<CertificateDer<'static>>) -> Self {
        Self { targets, authorities, ..Self::default() }
    }

    /// Sends a request and waits for the head of the answer, for at most `time_limit`. Says how it ended, and after what
    /// time.
    pub(super) async fn send(
        &self,
        url: &str,
        request: &Outgoing,
        time_limit: Duration,
    ) -> (Outcome, Duration) {
        let (origin, path) = match Origin::of(url) {
            Ok(origin) => origin,
            Err(why) => return (Outcome::Failed(why), Duration::ZERO),
        };
        let joint = match (request.query.as_str(), path.contains('?')) {
            ("", _) => "",
            (_, true) => "&",
            (_, false) => "?",
        };
        let path = format!("{path}{joint}{}", request.query);
        let began = Instant::now();
        let attempt = self.attempt(&origin, &path, request);
        let attempted = tokio::time::timeout(time_limit, attempt).await;
        let duration = began.elapsed();
        self.slow.note(url, attempted.is_err());
        let outcome = match attempted {
            Ok(Ok((connection, response))) => {
                let status = response.status().as_u16();
                self.finish(&origin, connection, response).await;
                Outcome::Answered(status)
            }
            Ok(Err(NotSent::Blocked(why))) => Outcome::Blocked(why),
            Ok(Err(NotSent::Failed(why))) => Outcome::Failed(why),
            Err(_) => Outcome::Failed(format!("no answer within {time_limit:?}")),
        };
        (outcome, duration)
    }

    async fn attempt(
        &self,
        origin: &Origin,
        path: &str,
        request: &Outgoing,
    ) -> Result<(Connection, hyper::Response<Incoming>), NotSent> {
        // The address is checked for each request: a name may lead elsewhere now.
        let addresses = self.targets.addresses(origin).await?;
        while let Some(mut kept) = self.kept(origin) {
            kept.course.begin_another();
            match kept.sender.send_request(made(origin, path, request)?).await {
                Ok(response) => return Ok((kept, response)),
                // The handler has closed it since its last answer, and does not know of this request.
                Err(error) if error.is_canceled() || kept.course.is_unread() => {}
                Err(error) => return Err(NotSent::Failed(words(&error))),
            }
        }
        let mut fresh = self.connect(origin, &addresses).await?;
        let response = fresh.sender.send_request(made(origin, path, request)?).await;
        response.map(|response| (fresh, response)).map_err(|error| NotSent::Failed(words(&error)))
    }

    /// Reads a short body, and keeps the connection if that was all.
    async fn finish(&self, origin: &Origin, connection: Connection, response: hyper::Response<Incoming>) {
        let mut body = response.into_body();
        let mut read = 0;
        // What comes later than the head does not matter; an endless body would hold up the next delivery.
        let rest = async {
            while let Some(frame) = body.frame().await {
                let Ok(frame) = frame else { return false };
                read += frame.data_ref().map_or(0, Bytes::len);
                if read > MOST_READ {
                    return false;
                }
            }
            true
        };
        if tokio::time::timeout(PATIENCE, rest).await == Ok(true) && !connection.is_closed() {
            self.keep(origin, connection);
        }
    }

    fn kept(&self, origin: &Origin) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = idle.get_mut(origin)?;
        while let Some((since, connection)) = connections.pop() {
            if since.elapsed() < KEPT && !connection.is_closed() {
                return Some(connection);
            }
        }
        idle.remove(origin);
        None
    }

    fn keep(&self, origin: &Origin, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() >= MOST_KEPT {
            idle.retain(|_, connections| {
                connections.retain(|(since, known)| since.elapsed() < KEPT && !known.is_closed());
                !connections.is_empty()
            });
        }
        if let Some(connections) = idle.get_mut(origin) {
            let is_old = connections.first().is_some_and(|(since, _)| since.elapsed() >= KEPT);
            // The first one is the oldest.
            if connections.len() >= MOST_OF_ORIGIN || is_old {
                connections.remove(0);
            }
            connections.push((Instant::now(), connection));
        } else if idle.len() < MOST_KEPT {
            idle.insert(origin.clone(), vec![(Instant::now(), connection)]);
        }
    }

    async fn connect(&self, origin: &Origin, addresses: &[SocketAddr]) -> Result<Connection, NotSent> {
        let failed = |why: String| NotSent::Failed(why);
        let stream = TcpStream::connect(addresses).await.map_err(|error| failed(of_connection(&error)))?;
        let _ = stream.set_nodelay(true);
        let (socket, course) = Socket::new(stream);
        if !origin.is_secure {
            return handshake(socket, course).await;
        }
        let name = ServerName::try_from(origin.host.clone())
            .map_err(|_| failed(format!("`{}` is no name that a certificate can have", origin.host)))?;
        let config = self.config().map_err(|error| failed(format!("TLS cannot be set up: {error}")))?;
        let stream = TlsConnector::from(config).connect(name, socket).await;
        handshake(stream.map_err(|error| failed(trust::words(&error, "handler", "--deliver-ca")))?, course)
            .await
    }

    /// The TLS configuration, which is made when it is first needed.
    fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let config = trust::config(&self.authorities)?;
        Ok(Arc::clone(self.tls.get_or_init(|| Arc::new(config))))
    }
}

/// Why a request got no answer.
enum NotSent {
    Blocked(String),
    Failed(String),
}

impl From<NoAddress> for NotSent {
    fn from(none: NoAddress) -> Self {
        match none {
            NoAddress::Unknown(why) => Self::Failed(why),
            NoAddress::NotAllowed(why) => Self::Blocked(why),
        }
    }
}

async fn handshake<S>(stream: S, course: Arc<Course>) -> Result<Connection, NotSent>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let handshake = http1::Builder::new().title_case_headers(true).handshake(TokioIo::new(stream)).await;
    let (sender, connection) = handshake.map_err(|error| NotSent::Failed(words(&error)))?;
    tokio::spawn(connection);
    Ok(Connection { sender, course })
}

fn made(origin: &Origin, path: &str, request: &Outgoing) -> Result<Request<Full<Bytes>>, NotSent> {
    let body = Bytes::copy_from_slice(request.body.as_bytes());
    let mut made = Request::post(path).header(HOST, origin.authority());
    for (name, value) in &request.headers {
        made = made.header(*name, value);
    }
    let made = made.header(CONTENT_LENGTH, body.len()).body(Full::new(body));
    made.map_err(|error| NotSent::Failed(format!("the request cannot be made: {error}")))
}

/// Why a connection was not made, in words.
pub(in crate::serve) fn of_connection(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
        _ => error.to_string(),
    }
}

/// Why an exchange failed, in words.
fn words(error: &hyper::Error) -> String {
    if error.is_incomplete_message() {
        return "the handler closed the connection without an answer".to_owned();
    }
    if error.is_parse() {
        return "the answer is not HTTP".to_owned();
    }
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    format!("no answer: {cause}")
}
