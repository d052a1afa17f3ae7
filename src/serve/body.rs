//! A request's body → bytes, up to a limit.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, Incoming};
use tokio::time::timeout;

use super::activity::PATIENCE;
use crate::emulator::USUAL_BODY;
use crate::http::{Body, Request};
use crate::services::by_path;

/// How many bytes of a larger body are read and discarded, so that its client gets to read the answer.
const DRAINED: usize = 16 << 20;

/// How long the client of such a body may send nothing before the connection is closed.
const LINGER: Duration = Duration::from_secs(1);

/// Why a body is not complete.
#[derive(Debug)]
pub(super) enum Incomplete {
    /// The client left.
    Left(hyper::Error),
    /// Nothing of it arrived for [`PATIENCE`].
    Stopped,
}

/// The size of the largest body that is kept of a request, in bytes. Only one that announces more than usual is asked for
/// its path.
pub(super) fn limit(request: &Request, body: &Incoming) -> usize {
    if !is_too_large(body, USUAL_BODY) {
        return USUAL_BODY;
    }
    by_path(request.path()).map_or(USUAL_BODY, |service| service.largest_body(request))
}

/// Whether a body that has not begun is announced as larger than `limit`.
pub(super) fn is_too_large(body: &Incoming, limit: usize) -> bool {
    body.size_hint().lower() > limit as u64
}

/// Reads a body that was too large, in the background, and discards it, so that its client gets to read the answer. Ends
/// early when the client stops sending for [`LINGER`].
pub(super) fn discard(mut body: Incoming) {
    tokio::spawn(timeout(PATIENCE, async move {
        let mut seen = 0;
        while seen < DRAINED
            && let Ok(Some(Ok(frame))) = timeout(LINGER, body.frame()).await
        {
            seen += frame.data_ref().map_or(0, Bytes::len);
        }
    }));
}

/// Reads a body to its end. It is kept up to `limit`.
///
/// # Errors
/// When the client leaves or stops sending before the end.
pub(super) async fn read(body: &mut Incoming, limit: usize) -> Result<Body, Incomplete> {
    // Nearly every body comes in one piece, which is not copied.
    let (mut whole, mut pieces) = (Bytes::new(), BytesMut::new());
    let mut seen = 0_usize;
    while let Some(frame) = next(body).await? {
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        if seen > DRAINED {
            break;
        }
        if seen == data.len() {
            whole = data;
        } else if seen <= limit {
            pieces.extend_from_slice(&std::mem::take(&mut whole));
            pieces.extend_from_slice(&data);
        }
    }
    Ok(match () {
        () if seen > limit => Body::TooLarge,
        () if pieces.is_empty() => Body::Whole(whole),
        () => Body::Whole(pieces.freeze()),
    })
}

/// The next frame of a body; `None` at its end.
async fn next(body: &mut Incoming) -> Result<Option<Frame<Bytes>>, Incomplete> {
    // Nearly every frame is there already. Only one that is not needs a timer, which is boxed because hyper copies this
    // future for every request.
    let first = std::future::poll_fn(|context| {
        Poll::Ready(match Pin::new(&mut *body).poll_frame(context) {
            Poll::Ready(frame) => Some(frame),
            Poll::Pending => None,
        })
    });
    let frame = match first.await {
        Some(frame) => frame,
        None => Box::pin(timeout(PATIENCE, body.frame())).await.map_err(|_| Incomplete::Stopped)?,
    };
    frame.transpose().map_err(Incomplete::Left)
}
