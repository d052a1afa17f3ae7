//! Calls and handlers for `benches/events.sh`: raises events, receives them, and prints figures.
//!
//! `cargo run --profile dist --features bare-hyper --bin events -- latency|rate|signed|silent|streams STANDIN HANDLER COUNT`

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

type Failed = Box<dyn std::error::Error>;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A connection, with what has arrived and was not read yet.
struct Peer {
    stream: TcpStream,
    arrived: Vec<u8>,
}

impl Peer {
    fn new(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, arrived: Vec::new() })
    }

    /// The next message, and when its first byte came.
    async fn message(&mut self) -> Result<(String, Instant), Failed> {
        let mut first = (!self.arrived.is_empty()).then(Instant::now);
        loop {
            if let Some(end) = self.arrived.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.arrived[..end]).to_lowercase();
                let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
                let whole = end + 4 + length.unwrap_or("0").trim().parse::<usize>()?;
                if self.arrived.len() >= whole {
                    let message = String::from_utf8_lossy(&self.arrived[..whole]).into_owned();
                    self.arrived.drain(..whole);
                    return Ok((message, first.unwrap_or_else(Instant::now)));
                }
            }
            if self.stream.read_buf(&mut self.arrived).await? == 0 {
                return Err("the connection ended".into());
            }
            first.get_or_insert_with(Instant::now);
        }
    }
}

/// Raises events that carry a number.
struct Source {
    path: &'static str,
    body: fn(usize) -> String,
    /// What stands before and behind the number in an event.
    around: [&'static str; 2],
}

/// Bitrix24 tells that a connector was switched off on a line.
const PLAIN: Source = Source {
    path: "/rest/imconnector.activate?auth=access-token",
    body: |line| format!(r#"{{"CONNECTOR":"connector","LINE":{line},"ACTIVE":0}}"#),
    around: ["data%5Bline%5D=", "&"],
};

/// Chert tells, in a signed request, what a recipient has written.
const SIGNED: Source = Source {
    path: "/__standin/actions",
    body: |text| {
        format!(r#"{{"do":"chert.recipient.write","with":{{"chat":"ch_02D","text":"number {text}."}}}}"#)
    },
    around: ["number ", "."],
};

impl Source {
    /// A request that raises the event with this number.
    fn call(&self, number: usize) -> String {
        let body = (self.body)(number);
        format!(
            "POST {} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.path,
            body.len()
        )
    }

    /// The number that an event carries.
    fn number(&self, event: &str) -> Result<usize, Failed> {
        let [before, behind] = self.around;
        let number = event.split(before).nth(1).and_then(|rest| rest.split(behind).next());
        Ok(number.ok_or_else(|| format!("no event: {event}"))?.parse()?)
    }
}

/// The time from a call to the first byte of its event. It is longer than that from the commit.
async fn latency(standin: &str, listener: TcpListener, count: usize) -> Result<(), Failed> {
    let mut client = Peer::new(TcpStream::connect(standin).await?)?;
    let mut handler: Option<Peer> = None;
    let mut times = Vec::new();
    for number in 0..count {
        let began = Instant::now();
        client.stream.write_all(PLAIN.call(number).as_bytes()).await?;
        if handler.is_none() {
            handler = Some(Peer::new(listener.accept().await?.0)?);
        }
        let Some(known) = &mut handler else { continue };
        let (event, first) = known.message().await?;
        assert_eq!(PLAIN.number(&event)?, number);
        known.stream.write_all(OK).await?;
        times.push(first - began);
        client.message().await?;
    }
    times.sort();
    let at = |share: f64| times[(share * (times.len() - 1) as f64) as usize].as_secs_f64() * 1e3;
    println!("latency_ms median {:.3} p99 {:.3}", at(0.5), at(0.99));
    Ok(())
}

/// How fast events that wait reach a handler that answers at once.
async fn rate(standin: &str, listener: TcpListener, count: usize, source: &Source) -> Result<(), Failed> {
    let mut client = Peer::new(TcpStream::connect(standin).await?)?;
    client.stream.write_all(source.call(0).as_bytes()).await?;
    client.message().await?;
    let mut handler = Peer::new(listener.accept().await?.0)?;
    let mut numbers = VecDeque::from([source.number(&handler.message().await?.0)?]);
    // The handler holds the first event until all others wait.
    for number in 1..count {
        client.stream.write_all(source.call(number).as_bytes()).await?;
        client.message().await?;
    }
    let began = Instant::now();
    handler.stream.write_all(OK).await?;
    while numbers.len() < count {
        numbers.push_back(source.number(&handler.message().await?.0)?);
        handler.stream.write_all(OK).await?;
    }
    let rate = count as f64 / began.elapsed().as_secs_f64();
    let is_ordered = numbers.iter().copied().eq(0..count);
    println!("rate {rate:.0} lost {} ordered {is_ordered}", count - numbers.len());
    Ok(())
}

/// Handlers that never answer. Calls keep more events waiting than the outbox takes.
async fn silent(standin: &str, listener: TcpListener, seconds: usize) -> Result<(), Failed> {
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while matches!(stream.read(&mut buffer).await, Ok(count) if count > 0) {}
            });
        }
    });
    let mut client = Peer::new(TcpStream::connect(standin).await?)?;
    let end = Instant::now() + Duration::from_secs(seconds as u64);
    for number in 0.. {
        // The first calls fill the outbox.
        if number >= 30 {
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        if Instant::now() >= end {
            break;
        }
        client.stream.write_all(PLAIN.call(number).as_bytes()).await?;
        client.message().await?;
    }
    Ok(())
}

/// Opens event streams, says so, and holds them until the input ends.
async fn streams(standin: &str, count: usize) -> Result<(), Failed> {
    let request = "GET /api/v1/events/stream HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer 5f4dcc3b5aa765d61d8327deb882cf99\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..count {
        let mut peer = Peer::new(TcpStream::connect(standin).await?)?;
        peer.stream.write_all(request.as_bytes()).await?;
        let (head, _) = peer.message().await?;
        if !head.starts_with("HTTP/1.1 200") {
            return Err(format!("no stream: {head}").into());
        }
        open.push(peer);
    }
    println!("open {count}");
    // What arrives meanwhile waits in the sockets.
    std::io::read_to_string(std::io::stdin())?;
    let mut closed = 0;
    for peer in &mut open {
        let mut buffer = [0; 4096];
        loop {
            match peer.stream.try_read(&mut buffer) {
                Ok(0) => closed += 1,
                Ok(_) => continue,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            break;
        }
    }
    println!("closed {closed}");
    Ok(())
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [what, standin, handler, count] = &arguments[..] else {
        return Err("four arguments are needed".into());
    };
    let count = count.parse()?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(handler).await?;
        match what.as_str() {
            "latency" => latency(standin, listener, count).await,
            "rate" => rate(standin, listener, count, &PLAIN).await,
            "signed" => rate(standin, listener, count, &SIGNED).await,
            "streams" => streams(standin, count).await,
            "silent" => silent(standin, listener, count).await,
            other => Err(format!("nothing is called {other}").into()),
        }
    })
}
