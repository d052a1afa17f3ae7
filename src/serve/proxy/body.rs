//! Bodies on their way through: a request's to the service, an answer's to the client.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep, sleep_until};

use super::copy::Copy;
use super::exchange::{Ending, Exchange, Sent};
use super::upload::{Silent, Upload};
use crate::serve::activity::InProgress;
use crate::serve::stream::AnswerBody;

/// The body of a request to the service.
pub(super) enum RequestBody {
    /// All of it is here.
    Whole(Full<Bytes>),
    /// It passes as it comes.
    Passing(Incoming, Upload),
}

/// The body of an answer to the client.
pub(super) enum ProxyBody {
    /// Of an answer of standin itself.
    Own(AnswerBody),
    /// Of one of the service.
    Passing(Box<Passing>),
}

/// The body of an answer that passes as it comes.
pub(super) struct Passing {
    body: Incoming,
    copy: Copy,
    exchange: Exchange,
    /// What to do with the connection to the service when the whole answer has come over it.
    keep: Option<Box<dyn FnOnce() + Send>>,
    /// For how long nothing may pass, and the timer, which runs only while something is waited for.
    time_limit: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    state: State,
    /// The connection to the client is not silent while the answer passes.
    _in_progress: InProgress,
}

enum State {
    Passing,
    Over,
    /// It broke off, which the client is still to be told.
    Broken,
}

/// An answer that broke off. It ends the connection to the client, as it ended that to the service.
#[derive(Debug, thiserror::Error)]
#[error("the answer of the service broke off")]
pub(super) struct BrokenOff;

impl Passing {
    /// The body of the answer of an exchange. Without a `time_limit` nothing may come for as long as it likes. `keep` is called when the
    /// whole answer has come.
    pub(super) fn new(
        body: Incoming,
        exchange: Exchange,
        time_limit: Option<Duration>,
        keep: Box<dyn FnOnce() + Send>,
        in_progress: InProgress,
    ) -> Self {
        let mut passing = Self {
            body,
            copy: Copy::default(),
            exchange,
            keep: Some(keep),
            time_limit,
            timer: None,
            state: State::Passing,
            _in_progress: in_progress,
        };
        // Nobody asks for the pieces of an empty body.
        if passing.body.is_end_stream() {
            passing.complete();
        }
        passing
    }

    fn complete(&mut self) {
        self.state = State::Over;
        self.exchange.end(&Ending::Whole(&self.copy));
        if let Some(keep) = self.keep.take() {
            keep();
        }
    }

    /// Ends in the middle. hyper would throw away what it has not yet written, so the client is told at the next look.
    fn break_off(&mut self, why: &str, context: &Context<'_>) {
        self.state = State::Broken;
        self.exchange.end(&Ending::BrokeOff(why));
        context.waker().wake_by_ref();
    }

    /// Who has sent nothing for too long.
    fn late(&mut self, context: &mut Context<'_>) -> Option<Silent> {
        let limit = self.time_limit?;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        while timer.as_mut().poll(context).is_ready() {
            // An answer may begin before all of its request has passed.
            let Sent::Passing(upload) = &self.exchange.sent else { return Some(Silent::Service) };
            let (due, silent) = upload.due(limit);
            if due <= timer.deadline() {
                return Some(silent);
            }
            *timer = Box::pin(sleep_until(due));
        }
        None
    }
}

impl Body for Passing {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let this = self.get_mut();
        match this.state {
            State::Over => return Poll::Ready(None),
            State::Broken => {
                this.state = State::Over;
                return Poll::Ready(Some(Err(BrokenOff)));
            }
            State::Passing => {}
        }
        match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                this.timer = None;
                let Some(data) = frame.data_ref() else {
                    // Trailers are the end, and do not pass.
                    this.complete();
                    return Poll::Ready(None);
                };
                this.copy.add(data);
                if this.body.is_end_stream() {
                    this.complete();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(None) => {
                this.complete();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(_))) => {
                this.break_off("the service closed the connection in the middle of the answer", context);
                Poll::Pending
            }
            Poll::Pending => {
                match (this.late(context), this.time_limit) {
                    (Some(Silent::Service), Some(limit)) => {
                        this.break_off(&format!("nothing more of the answer came within {limit:?}"), context);
                    }
                    (Some(Silent::Client), Some(limit)) => {
                        this.break_off(
                            &format!("nothing more of the request came within {limit:?}"),
                            context,
                        );
                    }
                    (None, _) | (_, None) => {}
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Over)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Body for ProxyBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.get_mut() {
            Self::Own(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Passing(passing) => Pin::new(&mut **passing).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Passing(passing) => passing.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Passing(passing) => passing.size_hint(),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Passing(body, upload) => {
                let frame = Pin::new(body).poll_frame(context);
                upload.asked(&frame);
                frame
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Passing(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Passing(body, _) => body.size_hint(),
        }
    }
}
