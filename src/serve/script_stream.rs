//! A connection that can do something else with an answer than to send it: it performs scripts.
//!
//! hyper writes every answer through it. One that has an order carries a mark in its head: it is caught until it is
//! complete, turned into a script of bytes and pauses, and that is performed instead.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// A stream that can end without order.
pub(super) trait Reset {
    /// From now on dropping it resets the connection.
    fn reset(&self);
}

impl Reset for TcpStream {
    fn reset(&self) {
        if let Err(error) = self.set_zero_linger() {
            tracing::warn!(%error, "a connection could not be reset");
        }
    }
}

/// The first header field of an answer that has an order. It tells the answer from what hyper still has to write
/// before it, and is taken out again.
pub(super) const MARK: &str = "x-standin-order";
const MARK_LINE: &[u8] = b"\r\nx-standin-order: 1\r\n";
/// What hyper sends to a client that waits with its body; late when the answer is there too.
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl Reset for TlsStream<TcpStream> {
    fn reset(&self) {
        self.get_ref().0.reset();
    }
}

/// What is to be done with the answer that carries the mark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// The effect.
    pub(super) wire: Wire,
    /// How many bytes of body the answer has on the wire.
    pub(super) body: usize,
}

/// Takes orders for the stream of one connection.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// An order waits or is under way.
    is_busy: AtomicBool,
    waiting: Mutex<Option<Order>>,
    done: Notify,
}

impl Orders {
    /// Whether an answer is still being spoilt.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Acquire)
    }

    /// Gives an order for the answer that will carry the [`MARK`].
    pub(super) fn give(&self, order: Order) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(order);
        self.is_busy.store(true, Ordering::Release);
    }

    /// Ends when the order before is carried out. Only a client that sends requests before it has answers waits.
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

/// See the module.
pub(super) struct ScriptStream<S> {
    stream: S,
    orders: Arc<Orders>,
    /// Turns true when the server stops.
    stopping: watch::Receiver<bool>,
    state: ScriptState,
}

enum ScriptState {
    /// What is written goes out.
    Open,
    /// An answer is being caught.
    Catching(Order, Vec<u8>),
    /// A script is being performed.
    Performing { acts: VecDeque<Act>, end: End, pause: Option<Pause> },
}

/// A pause in a script.
pub(super) struct Pause(pub(super) Pin<Box<dyn Future<Output = Over> + Send>>);

/// Why a pause is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Its time is.
    Time,
    /// The server stops.
    Stop,
}

impl Pause {
    /// Lasts `length`, or for ever; until the server stops at most.
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

    /// Whether what is written goes out as it is.
    fn is_open(&mut self) -> bool {
        if matches!(self.state, ScriptState::Open) {
            let Some(order) = self.orders.take() else { return true };
            self.state = ScriptState::Catching(order, Vec::new());
        }
        false
    }

    /// Keeps a part of an answer; begins to perform once it is complete.
    fn catch(&mut self, part: &[u8]) {
        let (order, caught) = match &mut self.state {
            ScriptState::Open => return,
            ScriptState::Catching(order, caught) => (order, caught),
            ScriptState::Performing { acts, .. } => {
                // What follows a complete answer is not of that answer.
                return acts.push_back(Act::Send(Bytes::copy_from_slice(part)));
            }
        };
        caught.extend_from_slice(part);
        let Some(mark) = position(caught, MARK_LINE) else { return };
        let start = caught[..mark].windows(7).rposition(|window| window == b"HTTP/1.").unwrap_or_default();
        let Some(end) = position(&caught[start..], b"\r\n\r\n") else { return };
        // The line break before the mark stays.
        let client = MARK_LINE.len() - 2;
        let head = end + 4 - client;
        if caught.len() < start + head + client + order.body {
            return;
        }
        caught.drain(mark..mark + client);
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

    /// Performs what there is to perform.
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

/// Ends when the other side is gone. What it still sends is dropped: no answer will come.
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
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Reset + Unpin> AsyncWrite for ScriptStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_perform(context))?;
        if self.is_open() {
            return Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        }
        slices.iter().for_each(|slice| self.catch(slice));
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
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
