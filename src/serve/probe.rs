//! A request → the answer of a server that runs elsewhere, each over a connection of its own to one and the same address.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use super::deliver::{authority, client_config, of_connection};
use crate::contract::verify::{Prepared, Response};

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether it is asked over TLS.
    pub is_secure: bool,
    /// The host, without the brackets of an IPv6 address.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Asks one server.
pub(super) struct Probe {
    target: Target,
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    time_limit: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// There is no connection. The server knows of nothing.
    NotConnected(String),
    /// The server may have read the request.
    Broken(String),
}

/// The largest body of an answer that is read, in bytes.
const LARGEST: usize = 4 << 20;

impl Probe {
    /// Looks up the address of a server, which is kept.
    ///
    /// # Errors
    /// When the name has no address, or leads elsewhere than to this machine without TLS.
    pub(super) async fn new(
        target: Target,
        authorities: &[CertificateDer<'static>],
        time_limit: Duration,
    ) -> io::Result<Self> {
        let host = &target.host;
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, target.port)],
            Err(_) => {
                let found = tokio::time::timeout(time_limit, lookup_host((host.as_str(), target.port))).await;
                let found =
                    found.map_err(|_| io::Error::other(format!("`{host}` is looked up for too long")))?;
                found
                    .map_err(|error| io::Error::other(format!("`{host}` has no address: {error}")))?
                    .collect()
            }
        };
        // Most servers here listen on IPv4 only.
        let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
        let address = *first.ok_or_else(|| io::Error::other(format!("`{host}` has no address")))?;
        if !target.is_secure && !address.ip().is_loopback() {
            return Err(io::Error::other(format!(
                "`{host}` is not this machine: it is asked over https only"
            )));
        }
        let tls = target.is_secure.then(|| client_config(authorities)).transpose()?.map(Arc::new);
        Ok(Self { target, address, tls, time_limit })
    }

    /// Sends a request and reads the whole answer, of a stream of events the head alone. Follows no redirect.
    ///
    /// # Errors
    /// When there is no answer within the time limit, or none that can be read.
    pub(super) async fn ask(&self, prepared: &Prepared) -> Result<Response, NoAnswer> {
        let late = || NoAnswer::Broken(format!("no whole answer within {:?}", self.time_limit));
        tokio::time::timeout(self.time_limit, self.exchange(prepared)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn exchange(&self, prepared: &Prepared) -> Result<Response, NoAnswer> {
        let failed = |why: String| NoAnswer::NotConnected(why);
        let stream = TcpStream::connect(self.address).await.map_err(|error| failed(of_connection(&error)))?;
        let _ = stream.set_nodelay(true);
        let Some(config) = &self.tls else { return self.over(stream, prepared).await };
        let name = ServerName::try_from(self.target.host.clone());
        let name = name.map_err(|_| failed(format!("`{}` is no name of a certificate", self.target.host)))?;
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
        self.over(stream.map_err(|error| failed(format!("no agreement on TLS: {error}")))?, prepared).await
    }

    async fn over<S>(&self, stream: S, prepared: &Prepared) -> Result<Response, NoAnswer>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let broken = |error: &hyper::Error| NoAnswer::Broken(words(error));
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| broken(&error))?;
        let connection = tokio::spawn(connection);
        let request = self.made(prepared).map_err(|why| NoAnswer::NotConnected(why.to_string()))?;
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        let (head, body) = response.into_parts();
        let headers = head.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let headers: Vec<_> = headers.collect();
        let status = head.status.as_u16();
        let is_stream = head
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
        if is_stream {
            // It has no end.
            connection.abort();
            return Ok(Response { status, headers, body: Vec::new() });
        }
        let body = Limited::new(body, LARGEST).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                return NoAnswer::Broken(format!(
                    "the body of the answer is larger than {} MiB",
                    LARGEST >> 20
                ));
            }
            let why = error.downcast_ref::<hyper::Error>().map_or_else(|| error.to_string(), words);
            NoAnswer::Broken(format!("the body of the answer is cut off: {why}"))
        })?;
        Ok(Response { status, headers, body: body.to_bytes().into() })
    }

    fn made(&self, prepared: &Prepared) -> hyper::http::Result<Request<Full<Bytes>>> {
        let mut made = Request::builder()
            .method(prepared.verb)
            .uri(&prepared.target)
            .header(HOST, authority(self.target.is_secure, &self.target.host, self.target.port))
            .header(USER_AGENT, concat!("standin/", env!("CARGO_PKG_VERSION")))
            .header(CONNECTION, "close");
        for (name, value) in &prepared.headers {
            made = made.header(*name, value);
        }
        if !prepared.body.is_empty() || matches!(prepared.verb, "POST" | "PUT" | "PATCH") {
            made = made.header(CONTENT_LENGTH, prepared.body.len());
        }
        made.body(Full::new(Bytes::copy_from_slice(&prepared.body)))
    }
}

/// Why an exchange failed, in words. They do not repeat what the server has sent.
fn words(error: &hyper::Error) -> String {
    if error.is_incomplete_message() {
        return "the server closed the connection".to_owned();
    }
    if error.is_parse() {
        return "the answer is not HTTP".to_owned();
    }
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            "the server reset the connection".to_owned()
        }
        Some(kind) => kind.to_string(),
        None => "the server closed the connection".to_owned(),
    }
}
