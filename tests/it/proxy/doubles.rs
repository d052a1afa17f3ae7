//! A proxy in this process or as a program, and a service that answers whatever a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use standin::contract::Tally;
use standin::serve::{ProxyOptions, proxy};
use tokio::sync::oneshot;

/// A proxy in this process.
pub struct Proxying {
    pub host: String,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Tally>,
}

impl Proxying {
    pub fn to(url: &str) -> Self {
        Self::with(url, |options| options)
    }

    pub fn with(url: &str, change: impl FnOnce(ProxyOptions) -> ProxyOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let options = change(ProxyOptions {
            url: url.parse().unwrap(),
            edition: None,
            keep: 0,
            time_limit: Duration::from_secs(60),
            authorities: Vec::new(),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, is_ready) = mpsc::channel();
        let thread = thread::spawn(move || {
            let tally = proxy(listener, options, || {
                ready.send(()).unwrap();
                Ok(async { drop(stopped.await) })
            });
            tally.unwrap()
        });
        is_ready.recv().expect("the proxy begins");
        Self { host, stop, thread }
    }

    /// What came of all exchanges.
    pub fn end(self) -> Tally {
        drop(self.stop);
        self.thread.join().unwrap()
    }
}

/// `standin proxy` as a program.
pub struct Program {
    child: Child,
    pub host: String,
    rest: JoinHandle<String>,
}

impl Program {
    pub fn start(url: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_standin"))
            .args(["proxy", url, "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("stop with Ctrl-C") {
            assert_ne!(lines.read_line(&mut banner).unwrap(), 0, "it ended early: {banner}");
        }
        let rest = thread::spawn(move || {
            let mut rest = String::new();
            lines.read_to_string(&mut rest).unwrap();
            rest
        });
        let host = banner.split("http://").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        Self { child, host, rest }
    }

    /// Ends it with SIGTERM. Returns the exit code, and what it said after the banner.
    pub fn end(mut self) -> (i32, String) {
        let kill = format!("kill {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let code = self.child.wait().unwrap().code().unwrap();
        (code, self.rest.join().unwrap())
    }
}

/// What a service does with a request: its bytes → the bytes of the answer, and what follows them.
pub type Does = fn(&[u8]) -> (Vec<u8>, Then);

/// What a service does when it has answered.
#[derive(Clone, Copy)]
pub enum Then {
    /// It waits for another request.
    Stay,
    /// It closes the connection.
    Close,
    /// It closes the connection with a reset.
    Reset,
    /// It says nothing more, and keeps the connection open.
    Hang,
}

/// A service that does what a test says. It ends with the test.
pub struct Service {
    pub url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    requests: Mutex<Vec<String>>,
    /// How many connections it has closed.
    closed: Mutex<usize>,
    one_more: Condvar,
}

impl Service {
    pub fn that(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&shared);
                thread::spawn(move || {
                    answer(stream.unwrap(), does, &state.requests);
                    *state.closed.lock().unwrap() += 1;
                    state.one_more.notify_all();
                });
            }
        });
        Self { url, state }
    }

    /// The requests that came.
    pub fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }

    /// Waits until it has closed this many connections.
    pub fn has_closed(&self, connections: usize) {
        let closed = self.state.closed.lock().unwrap();
        let waited = self.state.one_more.wait_timeout_while(closed, PATIENCE, |closed| *closed < connections);
        assert!(!waited.unwrap().1.timed_out(), "it has not closed {connections} connections");
    }
}

/// Only a broken program makes a test wait this long.
const PATIENCE: Duration = Duration::from_secs(20);

fn answer(mut stream: TcpStream, does: Does, seen: &Mutex<Vec<String>>) {
    while let Some(request) = read(&mut stream) {
        seen.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
        let (bytes, then) = does(&request);
        let _ = stream.write_all(&bytes);
        match then {
            Then::Stay => {}
            Then::Close => return,
            Then::Reset => {
                let stream = tokio_stream(stream);
                let _ = stream.set_zero_linger();
                return;
            }
            Then::Hang => loop {
                thread::park();
            },
        }
    }
}

fn tokio_stream(stream: TcpStream) -> tokio::net::TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    stream.set_nonblocking(true).unwrap();
    let _guard = runtime.enter();
    tokio::net::TcpStream::from_std(stream).unwrap()
}

/// Reads a request with its body; `None` at the end.
fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    bytes.extend(body);
    Some(bytes)
}
