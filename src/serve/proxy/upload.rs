//! A body of a request that passes as it comes, and how long its exchange may stand still.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::{Instant, timeout_at};

use super::copy::Copy;

/// The body of a request on its way to the service.
#[derive(Clone)]
pub(super) struct Upload(Arc<Mutex<State>>);

struct State {
    copy: Copy,
    /// When the last piece of it passed.
    moved: Instant,
    /// Whether it broke off, or is no HTTP.
    is_broken: bool,
    /// Whether the service could take more than the client has sent.
    waits_for_client: bool,
}

/// Who has sent nothing for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silent {
    /// The client, in the middle of its request.
    Client,
    /// The service.
    Service,
}

impl Upload {
    /// A body of which nothing has passed yet.
    pub(super) fn new() -> Self {
        let state =
            State { copy: Copy::default(), moved: Instant::now(), is_broken: false, waits_for_client: false };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Notes what came when the next piece was asked for.
    pub(super) fn asked<E>(&self, frame: &Poll<Option<Result<Frame<Bytes>, E>>>) {
        let mut state = self.state();
        state.waits_for_client = frame.is_pending();
        state.is_broken |= matches!(frame, Poll::Ready(Some(Err(_))));
        if let Poll::Ready(Some(Ok(frame))) = frame {
            state.moved = Instant::now();
            frame.data_ref().into_iter().for_each(|data| state.copy.add(data));
        }
    }

    /// Whether it broke off, or is no HTTP.
    pub(super) fn is_broken(&self) -> bool {
        self.state().is_broken
    }

    /// All that has passed; `None` when it was too long to be kept.
    pub(super) fn whole(&self) -> Option<Bytes> {
        self.state().copy.whole()
    }

    /// How many bytes have passed.
    pub(super) fn length(&self) -> usize {
        self.state().copy.length()
    }

    /// When an exchange has stood still for `limit`, and whose silence that is, if nothing moves until then.
    pub(super) fn due(&self, limit: Duration) -> (Instant, Silent) {
        let state = self.state();
        let silent = if state.waits_for_client { Silent::Client } else { Silent::Service };
        (state.moved + limit, silent)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the head of an answer. Each piece of the request that passes gives the service the whole `limit` again.
///
/// # Errors
/// When nothing has moved for `limit`.
pub(super) async fn within<F: Future>(
    limit: Duration,
    upload: Option<&Upload>,
    mut head: Pin<&mut F>,
) -> Result<F::Output, Silent> {
    let mut deadline = Instant::now() + limit;
    loop {
        if let Ok(output) = timeout_at(deadline, head.as_mut()).await {
            return Ok(output);
        }
        match upload.map(|upload| upload.due(limit)) {
            Some((later, _)) if later > deadline => deadline = later,
            Some((_, silent)) => return Err(silent),
            None => return Err(Silent::Service),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::pin;

    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(3);

    fn piece() -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data("x".into()))))
    }

    /// A client that sends a piece each second, for so many seconds.
    async fn sends(upload: Upload, seconds: u64) {
        for _ in 0..seconds {
            sleep(Duration::from_secs(1)).await;
            upload.asked(&piece());
        }
    }

    /// Waits for an answer that comes after so many seconds.
    async fn waits(upload: Option<&Upload>, seconds: u64) -> Result<(), Silent> {
        within(LIMIT, upload, pin!(sleep(Duration::from_secs(seconds)))).await
    }

    #[tokio::test(start_paused = true)]
    async fn each_piece_that_passes_gives_the_service_the_whole_time() {
        let (start, upload) = (Instant::now(), Upload::new());
        let (_, result) = tokio::join!(sends(upload.clone(), 20), waits(Some(&upload), 22));
        assert_eq!(result, Ok(()));
        let (_, result) = tokio::join!(sends(upload.clone(), 20), waits(Some(&upload), 1_000));
        assert_eq!(result, Err(Silent::Service));
        assert_eq!(start.elapsed(), Duration::from_secs(22 + 20 + 3));
        assert_eq!(upload.whole().unwrap().len(), 40);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_is_not_mistaken_for_a_service_that_does() {
        let upload = Upload::new();
        upload.asked(&piece());
        upload.asked::<Infallible>(&Poll::Pending);
        assert_eq!(waits(Some(&upload), 1_000).await, Err(Silent::Client));
        assert_eq!(waits(None, 1_000).await, Err(Silent::Service));
        upload.asked::<Infallible>(&Poll::Ready(None));
        assert_eq!(waits(Some(&upload), 1_000).await, Err(Silent::Service));
    }
}
