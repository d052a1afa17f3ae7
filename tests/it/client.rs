//! A client that sends raw bytes and keeps the bytes that it receives.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use standin::Server;

/// Timeout of reads; only a broken server makes a test wait this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A response as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status line and header fields, without the blank line after them.
    pub head: String,
    /// The body; a transfer coding is not removed.
    pub body: Vec<u8>,
}

impl Response {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line")
    }

    /// The first value of a header field; `None` when it is absent.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Connects to a server.
pub fn connect(server: &Server) -> TcpStream {
    connect_to(server.url().trim_start_matches("http://"))
}

fn connect_to(host: &str) -> TcpStream {
    let stream = TcpStream::connect(host).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    stream
}

/// Sends bytes as they are, and reads until the server closes the connection.
pub fn raw(server: &Server, bytes: &[u8]) -> Vec<u8> {
    converse(connect(server), bytes)
}

/// Like [`raw`], to a server at `address:port`.
pub fn raw_to(host: &str, bytes: &[u8]) -> Vec<u8> {
    converse(connect_to(host), bytes)
}

fn converse(mut stream: TcpStream, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).expect("the server reads");
    let mut received = Vec::new();
    stream.read_to_end(&mut received).expect("the server answers or closes");
    received
}

/// The bytes received until the connection ends, and whether it ended with a reset.
pub fn received(mut stream: TcpStream) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => (bytes, false),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => (bytes, true),
        Err(error) => panic!("{error}"),
    }
}

/// Splits what a server sent into head and body.
pub fn parse(received: &[u8]) -> Response {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n").expect("a complete head");
    let head = String::from_utf8(received[..end].to_vec()).expect("a head of ASCII");
    Response { head, body: received[end + 4..].to_vec() }
}

/// Sends one request with these header fields and a body, on a connection of its own.
pub fn send(server: &Server, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
    send_to(server.url().trim_start_matches("http://"), method, target, headers, body)
}

/// Like [`send`], to a server at `address:port`.
pub fn send_to(host: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
    let mut request = format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    headers.iter().for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
    if !body.is_empty() || method == "POST" || method == "PUT" {
        request.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    parse(&converse(connect_to(host), &[request.as_bytes(), body].concat()))
}

/// Sends a POST with a JSON body.
pub fn post(server: &Server, target: &str, body: &str) -> Response {
    send(server, "POST", target, &[("content-type", "application/json")], body.as_bytes())
}

/// Sends a GET.
pub fn get(server: &Server, target: &str) -> Response {
    send(server, "GET", target, &[], b"")
}

/// Starts a server of a scenario given as YAML.
pub fn serve(yaml: &str) -> Server {
    Server::from_text(yaml).unwrap_or_else(|error| panic!("{error}"))
}

/// The value of `x-chert-signature` for a body, computed without the server's own code.
pub fn signature(secret: &str, seconds: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v1,{seconds},{hex}")
}
