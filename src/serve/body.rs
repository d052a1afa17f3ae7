//! A request's body → bytes, up to 1 MiB.

use std::pin::Pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, Incoming};
use tokio::time::timeout;

use super::activity::PATIENCE;
use crate::http::Body;

/// The largest body that is kept, in bytes.
const LIMIT: usize = 1 << 20;

/// How many bytes of a larger body are read and discarded, so that its client gets to read the answer.
const DRAINED: usize = 16 << 20;

/// Why a body is not complete.
#[derive(Debug)]
pub(super) enum Incomplete {
    /// The client left.
    Left(hyper::Error),
    /// Nothing of it arrived for [`PATIENCE`].
    Stopped,
}

/// Reads a body to its end. If the body is announced as too large and the client waits for `100 Continue`, it is not
/// read at all.
///
/// # Errors
/// When the client leaves or stops sending before the end.
pub(super) async fn read(body: &mut Incoming, client_waits: bool) -> Result<Body, Incomplete> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > LIMIT && client_waits {
        return Ok(Body::TooLarge);
    }
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
        } else if seen <= LIMIT {
            pieces.extend_from_slice(&std::mem::take(&mut whole));
            pieces.extend_from_slice(&data);
        }
    }
    Ok(match () {
        () if seen > LIMIT => Body::TooLarge,
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
