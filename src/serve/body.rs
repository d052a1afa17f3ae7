//! A request's body → bytes, up to 1 MiB.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use crate::http::Body;

/// The largest body that is kept, in bytes.
const LIMIT: usize = 1 << 20;

/// How many bytes of a larger body are read and discarded, so that its client gets to read the answer.
const DRAINED: usize = 16 << 20;

/// Reads a body to its end. If the body is announced as too large and the client waits for `100 Continue`, it is not
/// read at all.
///
/// # Errors
/// When the client leaves before the end.
pub(super) async fn read(mut body: Incoming, client_waits: bool) -> Result<Body, hyper::Error> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > LIMIT && client_waits {
        return Ok(Body::TooLarge);
    }
    let mut whole = BytesMut::with_capacity(announced.min(LIMIT));
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        seen += data.len();
        if seen > DRAINED {
            break;
        }
        if seen <= LIMIT {
            whole.extend_from_slice(&data);
        }
    }
    Ok(if seen > LIMIT { Body::TooLarge } else { Body::Whole(exact(whole)) })
}

/// The bytes without spare capacity, because the journal keeps the body for a long time.
fn exact(bytes: BytesMut) -> Bytes {
    if bytes.capacity() == bytes.len() { bytes.freeze() } else { Bytes::copy_from_slice(&bytes) }
}
