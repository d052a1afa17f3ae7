//! A URL → the answer of a server that runs elsewhere, for the subcommands that ask one.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Method, Request, Uri};
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

/// The largest body of an answer that is read, in bytes. No answer that a subcommand asks for comes near it.
const LARGEST: usize = 16 << 20;

/// Gets an `http` URL, or posts JSON to it, over a connection of its own, and waits for the whole answer for at most `patience`.
///
/// # Errors
/// When the URL is invalid, nothing listens there, or the answer is not HTTP, not text, too large or too late.
pub fn fetch(url: &str, token: Option<&str>, body: Option<&str>, patience: Duration) -> io::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {patience:?}"));
    let answer = runtime.block_on(async {
        tokio::time::timeout(patience, ask(url, token, body)).await.unwrap_or_else(|_| Err(late()))
    });
    // Does not wait for threads: a name server that does not answer would hold one up.
    runtime.shutdown_background();
    answer
}

async fn ask(url: &str, token: Option<&str>, body: Option<&str>) -> io::Result<Answer> {
    let uri: Uri = url.parse().map_err(invalid)?;
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);

    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::builder().method(method).uri(path).header(HOST, format!("{host}:{port}"));
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request
        .body(Full::new(Bytes::copy_from_slice(body.unwrap_or_default().as_bytes())))
        .map_err(invalid)?;
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), LARGEST).collect().await.map_err(|error| {
        let too_large = || io::Error::other(format!("the answer is larger than {} MiB", LARGEST >> 20));
        if error.is::<LengthLimitError>() { too_large() } else { io::Error::other(error) }
    })?;
    let body = body.to_bytes();
    Ok(Answer { status, text: String::from_utf8(body.into()).map_err(invalid)? })
}

fn invalid(error: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Longer than anything takes unless it hangs.
    const STUCK: Duration = Duration::from_secs(60);

    #[test]
    fn an_answer_without_end_is_not_read_without_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1_024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            // Ends when the client has read enough and leaves.
            while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
        });
        let error = fetch(&url, None, None, STUCK).unwrap_err();
        assert_eq!(error.to_string(), "the answer is larger than 16 MiB");
        server.join().unwrap();
    }
}
