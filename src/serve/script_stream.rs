//! The stream between hyper and a socket: replaces an answer with the script of a fault.
//!
//! hyper writes every answer of HTTP/1 through this stream; `http2.rs` does the same to frames. An answer that a fault
//! affects carries a mark in its head, and an `Order` names the fault's effect. The stream collects the answer until it is
//! complete, turns it into a script of bytes and pauses, and performs the script.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use tokio_rustls::server::TlsStream;

use crate::fault::Wire;
use crate::fault::wire::{Act, Answer, End};

/// A stream whose connection can be reset.
pub(super) trait Reset {
    /// Makes the stream reset its connection (RST) when it is dropped.
    fn reset(&self);
}

impl Reset for TcpStream {
    fn reset(&self) {
        if let Err(error) = self.set_zero_linger() {
            tracing::warn!(%error, "a connection could not be reset");
        }
    }
}

/// The first header field of an answer that has an order. It marks where the answer begins after earlier bytes that
/// hyper still has to write. It is removed before the answer is sent.
pub(super) const MARK: &str = "x-standin-order";
const MARK_LINE: &[u8] = b"\r\nx-standin-order: 1\r\n";
/// What hyper sends to a client that waits before it sends its body. It is too late once the answer is there.
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl Reset for TlsStream<TcpStream> {
    fn reset(&self) {
        self.get_ref().0.reset();
    }
}

/// A pipe cannot be reset: its other end reads the end of the stream in either case.
#[cfg(test)]
impl Reset for tokio::io::DuplexStream {
    fn reset(&self) {}
}

/// What to do with the answer that carries the mark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// The effect of the fault.
    pub(super) wire: Wire,
    /// Length of the answer's body in bytes, as hyper writes it.
    pub(super) body: usize,
}

/// The orders for the stream of one connection.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// Whether an order waits or is being carried out.
    is_busy: AtomicBool,
    waiting: Mutex<Option<Order>>,
    done: Notify,
    /// How often bytes of the client were read.
    reads: AtomicU64,
    /// The first byte that the client sent.
    first: AtomicU8,
}

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

impl Orders {
    /// Whether an order waits or is being carried out.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Acquire)
    }

    /// How often bytes of the client were read from the connection so far.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Whether the client began with a TLS handshake.
    pub(super) fn began_with_tls(&self) -> bool {
        self.first.load(Ordering::Relaxed) == HANDSHAKE
    }

    /// Notes that bytes of the client were read, of which `byte` is the first.
    fn note_read(&self, byte: u8) {
        // Only the connection's own task writes this.
        let reads = self.reads();
        if reads == 0 {
            self.first.store(byte, Ordering::Relaxed);
        }
        self.reads.store(reads + 1, Ordering::Relaxed);
    }

    /// Gives an order for the answer that will carry the [`MARK`].
    pub(super) fn give(&self, order: Order) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(order);
        self.is_busy.store(true, Ordering::Release);
    }

    /// Ends when the previous order has been carried out. Only a client that pipelines its requests has to wait.
    pub(super) async fn idle(&self) {
        while self.is_busy() {
            let done = self.done.notified();
            if self.is_busy() {
                done.await;
            }
        }
    }

    fn take(&self) -> Option<Order> {
        if !self.is_busy() {
            return None;
        }
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn finish(&self) {
        self.is_busy.store(false, Ordering::Release);
        self.done.notify_waiters();
    }
}

/// A stream that performs scripts; see the module.
pub(super) struct ScriptStream<S> {
    stream: S,
    orders: Arc<Orders>,
    /// Turns true when the server stops.
    stopping: watch::Receiver<bool>,
    state: ScriptState,
}

enum ScriptState {
    /// Bytes that hyper writes go straight to the socket.
    Open,
    /// The bytes of an answer with an order are being collected.
    Catching(Order, Vec<u8>),
    /// A script is being performed.
    Performing { acts: VecDeque<Act>, end: End, pause: Option<Pause> },
}

/// A pause in a script.
pub(super) struct Pause(pub(super) Pin<Box<dyn Future<Output = Over> + Send>>);

/// Why a pause is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Its time has passed.
    Time,
    /// The server stops.
    Stop,
}

impl Pause {
    /// Lasts `length`, or for ever if that is `None`. Ends early when the server stops.
    pub(super) fn new(length: Option<Duration>, stopping: &watch::Receiver<bool>) -> Self {
        let mut stopping = stopping.clone();
        Self(Box::pin(async move {
            let time = async {
                match length {
                    Some(length) => sleep(length).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = time => Over::Time,
                _ = stopping.wait_for(|stopping| *stopping) => Over::Stop,
            }
        }))
    }
}

impl<S: AsyncRead + AsyncWrite + Reset + Unpin> ScriptStream<S> {
    pub(super) fn new(stream: S, orders: Arc<Orders>, stopping: watch::Receiver<bool>) -> Self {
        Self { stream, orders, stopping, state: ScriptState::Open }
    }

    /// Whether bytes that hyper writes go straight to the socket. If an order waits, starts to collect instead.
    fn is_open(&mut self) -> bool {
        if matches!(self.state, ScriptState::Open) {
            let Some(order) = self.orders.take() else { return true };
            self.state = ScriptState::Catching(order, Vec::new());
        }
        false
    }

    /// Collects a part of an answer. Starts to perform the script once the answer is complete.
    fn catch(&mut self, part: &[u8]) {
        let (order, caught) = match &mut self.state {
            ScriptState::Open => return,
            ScriptState::Catching(order, caught) => (order, caught),
            ScriptState::Performing { acts, .. } => {
                // Bytes after a complete answer do not belong to it.
                return acts.push_back(Act::Send(Bytes::copy_from_slice(part)));
            }
        };
        caught.extend_from_slice(part);
        let Some(mark) = position(caught, MARK_LINE) else { return };
        let start = caught[..mark].windows(7).rposition(|window| window == b"HTTP/1.").unwrap_or_default();
        let Some(end) = position(&caught[start..], b"\r\n\r\n") else { return };
        // The mark goes with one of its two line breaks. The other one still separates its neighbours.
        let length = MARK_LINE.len() - 2;
        let head = end + 4 - length;
        if caught.len() < start + head + length + order.body {
            return;
        }
        caught.drain(mark..mark + length);
        let mut before = Bytes::from(std::mem::take(caught));
        let mut bytes = before.split_off(start);
        let next = bytes.split_off(head + order.body);
        if before.ends_with(INTERIM) {
            before.truncate(before.len() - INTERIM.len());
        }
        let script = order.wire.script(&Answer { bytes, head });
        let mut acts = VecDeque::from(script.acts);
        if !before.is_empty() {
            acts.push_front(Act::Send(before));
        }
        if !next.is_empty() {
            acts.push_back(Act::Send(next));
        }
        self.state = ScriptState::Performing { acts, end: script.end, pause: None };
    }

    /// Performs the script, if there is one.
    fn poll_perform(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ScriptState::Performing { acts, end, pause } = &mut self.state else {
            return Poll::Ready(Ok(()));
        };
        while let Some(act) = acts.front_mut() {
            match act {
                Act::Send(bytes) => {
                    while bytes.has_remaining() {
                        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
                        bytes.advance(written);
                    }
                    ready!(Pin::new(&mut self.stream).poll_flush(context))?;
                }
                Act::Wait(length) => {
                    let (length, stopping) = (*length, &self.stopping);
                    let pause = pause.get_or_insert_with(|| Pause::new(Some(length), stopping));
                    if ready!(pause.0.as_mut().poll(context)) == Over::Stop {
                        acts.clear();
                        *end = End::Close;
                        break;
                    }
                }
                Act::Hold => {
                    let pause = pause.get_or_insert_with(|| Pause::new(None, &self.stopping));
                    if pause.0.as_mut().poll(context).is_pending() {
                        ready!(poll_gone(&mut self.stream, context));
                    }
                }
            }
            *pause = None;
            acts.pop_front();
        }
        match end {
            End::Keep => {
                self.state = ScriptState::Open;
                self.orders.finish();
                return Poll::Ready(Ok(()));
            }
            End::Close => ready!(Pin::new(&mut self.stream).poll_shutdown(context))?,
            End::Reset => self.stream.reset(),
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "ended by a fault")))
    }
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// Ends when the client has closed the connection. Bytes that it still sends are discarded: they get no answer.
fn poll_gone(stream: &mut (impl AsyncRead + Unpin), context: &mut Context<'_>) -> Poll<()> {
    let mut dropped = [0; 512];
    loop {
        let mut buffer = ReadBuf::new(&mut dropped);
        match ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer)) {
            Ok(()) if !buffer.filled().is_empty() => {}
            Ok(()) | Err(_) => return Poll::Ready(()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ScriptStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Some(byte) = buffer.filled().get(before) {
            self.orders.note_read(*byte);
        }
        polled
    }
}

/// It offers no vectored write. So hyper writes head and body of an answer as one piece, which costs the system less.
impl<S: AsyncRead + AsyncWrite + Reset + Unpin> AsyncWrite for ScriptStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_perform(context))?;
        if self.is_open() {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        self.catch(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_perform(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_perform(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
