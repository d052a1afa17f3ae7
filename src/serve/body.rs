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
pub(super) async fn read(body: &mut Incoming, client_waits: bool) -> Result<Body, hyper::Error> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > LIMIT && client_waits {
        return Ok(Body::TooLarge);
    }
    // Nearly every body comes in one piece, which is not copied.
    let (mut whole, mut pieces) = (Bytes::new(), BytesMut::new());
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
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
