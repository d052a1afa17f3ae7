//! The body of an answer: whole, or a stream of events that goes on until it is over.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::sleep;

use super::activity::InProgress;
use super::clock;
use super::shared::Shared;
use super::watch::Watcher;
use crate::control::Watch;
use crate::engine::{EventStream, Namespace, Portion, World};

/// The body of an answer.
pub(super) enum AnswerBody {
    /// The whole body at once.
    Whole(Full<Bytes>),
    /// Events, as they come.
    Events(EventBody),
}

/// A stream of events that an answer goes on with.
#[derive(Debug)]
pub(super) enum OpenStream {
    /// Events of a service.
    Events {
        stream: EventStream,
        /// The namespace; `None` for the main world. Weak, so that one which is dropped is freed.
        namespace: Option<Weak<Namespace>>,
    },
    /// What happens, for one who watches. `head` comes first.
    Watch { watch: Box<Watch>, head: Bytes },
}

/// The next bytes of a stream, with what makes those after them. `None` at its end.
type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Source)>> + Send>>;

/// What makes the bytes of a stream.
enum Source {
    Events(Reader),
    Watch(Watcher),
}

/// The body of a stream of events.
pub(super) struct EventBody(Option<Next>);

/// Reads the events of one stream.
struct Reader {
    stream: EventStream,
    namespace: Option<Weak<Namespace>>,
    shared: Arc<Shared>,
    is_over: bool,
    /// The connection is not silent while the stream is open.
    _in_progress: InProgress,
}

impl OpenStream {
    /// The body, which sends what is logged from now on.
    pub(super) fn body(self, shared: &Arc<Shared>, in_progress: InProgress) -> AnswerBody {
        let shared = Arc::clone(shared);
        let source = match self {
            Self::Events { stream, namespace } => Source::Events(Reader {
                stream,
                namespace,
                shared,
                is_over: false,
                _in_progress: in_progress,
            }),
            Self::Watch { watch, head } => Source::Watch(Watcher::new(watch, head, shared, in_progress)),
        };
        AnswerBody::Events(EventBody(Some(Box::pin(source.next()))))
    }
}

impl Source {
    async fn next(self) -> Option<(Bytes, Self)> {
        match self {
            Self::Events(reader) => reader.next().await.map(|(bytes, reader)| (bytes, Self::Events(reader))),
            Self::Watch(watcher) => {
                watcher.next().await.map(|(bytes, watcher)| (bytes, Self::Watch(watcher)))
            }
        }
    }
}

impl Reader {
    /// Waits for the next bytes. The stream ends without a word when the server stops or its world is gone.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        let shared = Arc::clone(&self.shared);
        let mut stopping = shared.stopping();
        while !self.is_over {
            let logged = shared.logged.notified();
            let Portion { bytes, is_over, wait } = self.look()?;
            self.is_over = is_over;
            if !bytes.is_empty() {
                return Some((bytes, self));
            }
            if is_over {
                return None;
            }
            tokio::select! {
                () = logged => {}
                () = sleep(wait) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            }
        }
        None
    }

    /// What the stream sends now; `None` when its world is dropped.
    fn look(&mut self) -> Option<Portion> {
        let Self { stream, namespace, shared, .. } = self;
        let mut ask = |world: &mut World| world.stream(stream, clock::now());
        match namespace {
            None => Some(ask(&mut shared.namespaces().main())),
            Some(namespace) => Some(ask(&mut *namespace.upgrade()?.world()?)),
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let body = match self.get_mut() {
            Self::Whole(body) => return Pin::new(body).poll_frame(context),
            Self::Events(EventBody(body)) => body,
        };
        let Some(next) = body else { return Poll::Ready(None) };
        Poll::Ready(match ready!(next.as_mut().poll(context)) {
            None => {
                *body = None;
                None
            }
            Some((bytes, source)) => {
                *body = Some(Box::pin(source.next()));
                Some(Ok(Frame::data(bytes)))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Events(EventBody(body)) => body.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Events(_) => SizeHint::default(),
        }
    }
}
