//! A URL → the answer of a server that runs elsewhere, for the subcommands that ask one.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub text: String,
}

/// Gets an `http` URL over a connection of its own, and waits for the whole answer for at most `patience`.
///
/// # Errors
/// When the URL is invalid, nothing listens there, or the answer is not HTTP, not text or too late.
pub fn fetch(url: &str, token: Option<&str>, patience: Duration) -> io::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {patience:?}"));
    let answer = runtime.block_on(async {
        tokio::time::timeout(patience, ask(url, token)).await.unwrap_or_else(|_| Err(late()))
    });
    // Does not wait for threads: a name server that does not answer would hold one up.
    runtime.shutdown_background();
    answer
}

async fn ask(url: &str, token: Option<&str>) -> io::Result<Answer> {
    let uri: Uri = url.parse().map_err(invalid)?;
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);

    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::get(path).header(HOST, format!("{host}:{port}"));
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(invalid)?;
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(Answer { status, text: String::from_utf8(body.into()).map_err(invalid)? })
}

fn invalid(error: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}
