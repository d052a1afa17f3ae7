//! A handler that speaks raw TCP.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use super::STUCK;

/// A handler that a test drives step by step.
pub struct Receiver(TcpListener);

/// A connection to a handler.
pub struct Caller {
    stream: TcpStream,
    /// What has arrived behind the requests that were read.
    rest: Vec<u8>,
}

/// A request as it arrived.
pub struct Arrived {
    pub head: String,
    pub body: String,
}

/// An answer without a body, after which the connection stays open.
pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

impl Receiver {
    pub fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.local_addr().unwrap())
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Waits for the next connection.
    pub fn accept(&self) -> Caller {
        let (stream, _) = self.0.accept().unwrap();
        stream.set_read_timeout(Some(STUCK)).unwrap();
        Caller { stream, rest: Vec::new() }
    }

    /// Whether a connection waits that was not accepted yet.
    pub fn has_another(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let found = self.0.accept();
        self.0.set_nonblocking(false).unwrap();
        found.is_ok()
    }
}

impl Caller {
    /// Waits for the next request; `None` when the connection ends.
    pub fn request(&mut self) -> Option<Arrived> {
        let find = |bytes: &[u8]| bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = loop {
            match find(&self.rest) {
                Some(end) => break end,
                None => self.read()?,
            }
        };
        let head = String::from_utf8(self.rest[..end].to_vec()).unwrap();
        let names = ["Content-Length: ", "content-length: "];
        let length = head.lines().find_map(|line| names.iter().find_map(|name| line.strip_prefix(name)));
        let whole = end + 4 + length.unwrap().parse::<usize>().unwrap();
        while self.rest.len() < whole {
            self.read()?;
        }
        let body = String::from_utf8(self.rest[end + 4..whole].to_vec()).unwrap();
        self.rest.drain(..whole);
        Some(Arrived { head, body })
    }

    /// Reads something; `None` at the end.
    fn read(&mut self) -> Option<()> {
        let mut buffer = [0; 64 << 10];
        match self.stream.read(&mut buffer) {
            Ok(0) => None,
            Ok(count) => {
                self.rest.extend_from_slice(&buffer[..count]);
                Some(())
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends as much as the other side takes.
    pub fn send(&mut self, text: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(text.as_ref());
    }

    /// Ends the connection with a reset, because what has arrived stays unread.
    pub fn reset(self) {
        self.stream.peek(&mut [0]).unwrap();
    }
}

impl Arrived {
    /// The value of the parameter with this name.
    pub fn parameter(&self, name: &str) -> String {
        let found = form_urlencoded::parse(self.body.as_bytes()).find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("no {name} in {}", self.body)).1.into_owned()
    }

    /// The text of the operator's message.
    pub fn text(&self) -> String {
        let text = self.parameter("data[MESSAGES][0][message][text]");
        text.rsplit(" [br]").next().unwrap().to_owned()
    }
}
