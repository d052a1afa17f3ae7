//! HTTP/2: answers the requests of one connection, and performs scripts on the frames of an answer.
//!
//! A script is written for the bytes of HTTP/1. Here its head becomes the header fields and its body the data frames.
//! If a script ends before the answer is complete, the whole connection ends, as when a proxy dies.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use super::activity::{Activity, InProgress};
use super::answer::Arriving;
use super::beside::beside;
use super::client::Client;
use super::response::response;
use super::script_stream::{Over, Pause, Reset};
use super::shared::Shared;
use super::stream::AnswerBody;
use crate::fault::Wire;
use crate::fault::wire::{Act, Answer, End};
use crate::http::Connection;

/// How long frames have to be written before the connection ends.
const LAST_FRAMES: Duration = Duration::from_millis(10);

/// Answers the requests of one connection.
pub(super) async fn converse<S: AsyncRead + AsyncWrite + Reset + Unpin + Send + 'static>(
    stream: S,
    client: Arc<Client>,
    shared: Arc<Shared>,
) {
    let (ending, activity) = (Arc::new(Ending::default()), Arc::new(Activity::default()));
    let stream = Ended { stream, ending: Arc::clone(&ending) };
    let of_service = (Arc::clone(&ending), Arc::clone(&activity));
    let mut stopping = shared.stopping();
    let service = service_fn(move |request| {
        let (shared, ending) = (Arc::clone(&shared), Arc::clone(&of_service.0));
        let in_progress = InProgress::of(&of_service.1);
        // A client may open a stream before it reads what has come for the others.
        let connection = Connection { number: client.number, in_turn: false };
        let mut arriving = Arriving::new(request, &client, connection);
        async move {
            let answer = answer(&shared, &mut arriving, &ending, in_progress).await;
            // Without this the stream is reset right behind the answer, and curl 7.88 then does not see the answer.
            if arriving.has_rest() {
                arriving.discard_rest();
            }
            answer
        }
    });
    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // One future for both phases: a fault may have ended the connection just before the server stops.
    let mut over = pin!(ending.ended());
    let either = async {
        tokio::select! {
            () = over.as_mut() => Why::Fault,
            () = activity.silence(|| activity.is_idle()) => Why::Silence,
            _ = stopping.wait_for(|stopping| *stopping) => Why::Stop,
        }
    };
    match beside(connection.as_mut(), either).await {
        Ok(_) | Err(Why::Fault) => {}
        Err(Why::Silence) => {
            connection.as_mut().graceful_shutdown();
            let _ = beside(connection, sleep(LAST_FRAMES)).await;
        }
        Err(Why::Stop) => {
            connection.as_mut().graceful_shutdown();
            let _ = beside(connection, over).await;
        }
    }
}

/// Why a connection ends.
enum Why {
    /// A fault ends it.
    Fault,
    /// The client is silent.
    Silence,
    /// The server stops.
    Stop,
}

async fn answer(
    shared: &Arc<Shared>,
    arriving: &mut Arriving,
    ending: &Arc<Ending>,
    in_progress: InProgress,
) -> Result<Response<Frames>, hyper::Error> {
    let exchanged = arriving.answer(shared).await?;
    let whole = exchanged.reply.body.clone();
    let mut response = response(exchanged.reply, None, exchanged.number);
    let Some(wire) = exchanged.wire else {
        if let Some(stream) = exchanged.stream {
            *response.body_mut() = stream.body(shared, in_progress);
        }
        return Ok(response.map(Frames::Whole));
    };
    let body = if exchanged.has_body { whole } else { Bytes::new() };
    let answer = as_bytes(&response, &body);
    let wire = match wire {
        // HTTP/2 has no chunks, and every byte belongs to a frame, so the nearest other effect is used.
        Wire::MalformedChunk => Wire::CloseAfter((answer.head + body.len() / 2) as u64),
        Wire::Garbage => Wire::Empty,
        other => other,
    };
    let script = wire.script(&answer);
    let mut performance = Performance {
        acts: script.acts.into(),
        end: script.end,
        rest: body.len(),
        pause: None,
        stopping: shared.stopping(),
        ending: Arc::clone(ending),
        in_progress: Some(in_progress),
    };
    let Some(head) = performance.head().await else {
        ending.end(script.end == End::Reset);
        return std::future::pending().await;
    };
    let (mut parts, _) = response.into_parts();
    if let Some(length) = announced(&head) {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        performance.rest = length;
    }
    Ok(Response::from_parts(parts, Frames::Performed(performance)))
}

/// The answer in the bytes of HTTP/1.
fn as_bytes(response: &Response<AnswerBody>, body: &Bytes) -> Answer {
    let mut text = format!("HTTP/1.1 {}\r\n", response.status());
    for (name, value) in response.headers() {
        let _ = write!(text, "{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()));
    }
    let _ = write!(text, "content-length: {}\r\n\r\n", body.len());
    let head = text.len();
    Answer { bytes: [text.as_bytes(), body].concat().into(), head }
}

/// The `content-length` in a head; `None` when there is none.
fn announced(head: &[u8]) -> Option<usize> {
    let lines = std::str::from_utf8(head).ok()?.lines();
    lines.filter_map(|line| line.strip_prefix("content-length: ")).find_map(|length| length.parse().ok())
}

/// How a fault ends the connection.
#[derive(Debug, Default)]
struct Ending {
    is_reset: AtomicBool,
    has_ended: Notify,
}

impl Ending {
    fn end(&self, by_reset: bool) {
        self.is_reset.store(by_reset, Ordering::Release);
        self.has_ended.notify_one();
    }

    async fn ended(&self) {
        self.has_ended.notified().await;
        sleep(LAST_FRAMES).await;
    }
}

/// A stream that resets its connection when it is dropped, if a fault asks for that.
struct Ended<S: Reset> {
    stream: S,
    ending: Arc<Ending>,
}

impl<S: Reset> Drop for Ended<S> {
    fn drop(&mut self) {
        if self.ending.is_reset.load(Ordering::Acquire) {
            self.stream.reset();
        }
    }
}

impl<S: AsyncRead + Reset + Unpin> AsyncRead for Ended<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Reset + Unpin> AsyncWrite for Ended<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The body of an answer.
enum Frames {
    /// The body as the service gives it.
    Whole(AnswerBody),
    /// The body as a script sends it.
    Performed(Performance),
}

/// A script that is being performed.
struct Performance {
    acts: VecDeque<Act>,
    end: End,
    /// How many bytes of the announced body have not been sent yet.
    rest: usize,
    pause: Option<Pause>,
    stopping: watch::Receiver<bool>,
    ending: Arc<Ending>,
    in_progress: Option<InProgress>,
}

impl Performance {
    /// Performs the head of the answer. Returns its bytes; `None` when the script ends before the head is complete or
    /// the server stops.
    async fn head(&mut self) -> Option<Vec<u8>> {
        let mut head = Vec::new();
        loop {
            match self.acts.pop_front()? {
                Act::Send(bytes) => {
                    head.extend_from_slice(&bytes);
                    if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
                        let body = Bytes::copy_from_slice(&head[end + 4..]);
                        self.acts.push_front(Act::Send(body));
                        head.truncate(end + 4);
                        return Some(head);
                    }
                }
                Act::Wait(length) => {
                    if Pause::new(Some(length), &self.stopping).0.await == Over::Stop {
                        return None;
                    }
                }
                Act::Hold => {
                    Pause::new(None, &self.stopping).0.await;
                }
            }
        }
    }

    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        while let Some(act) = self.acts.front_mut() {
            let wait = match act {
                Act::Send(bytes) => {
                    let bytes = std::mem::take(bytes);
                    self.acts.pop_front();
                    if bytes.is_empty() {
                        continue;
                    }
                    self.rest = self.rest.saturating_sub(bytes.len());
                    return Poll::Ready(Some(bytes));
                }
                Act::Wait(length) => Some(*length),
                Act::Hold => None,
            };
            if self.rest == 0 && self.end == End::Close {
                // The answer is complete; what is left of the script concerns the connection.
                let (ending, pause) = (Arc::clone(&self.ending), Pause::new(wait, &self.stopping));
                let in_progress = self.in_progress.take();
                tokio::spawn(async move {
                    pause.0.await;
                    ending.end(false);
                    drop(in_progress);
                });
                return Poll::Ready(None);
            }
            let pause = self.pause.get_or_insert_with(|| Pause::new(wait, &self.stopping));
            let over = ready!(pause.0.as_mut().poll(context));
            self.pause = None;
            self.acts.pop_front();
            if over == Over::Stop {
                self.acts.clear();
                self.end = End::Close;
            }
        }
        if self.end != End::Keep {
            self.ending.end(self.end == End::Reset);
            if self.rest > 0 {
                return Poll::Pending;
            }
        }
        Poll::Ready(None)
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context),
            Self::Performed(performance) => {
                let data = ready!(performance.poll_data(context));
                Poll::Ready(data.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        if let Self::Whole(body) = self { body.is_end_stream() } else { false }
    }

    fn size_hint(&self) -> SizeHint {
        if let Self::Whole(body) = self { body.size_hint() } else { SizeHint::default() }
    }
}

#[cfg(test)]
mod tests;
