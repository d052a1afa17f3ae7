//! `wire: garbage`: bytes that are not HTTP, then the connection is closed.

use bytes::Bytes;

use super::{Act, End, Script};

/// The start of a TLS alert, which a client gets when it sends plain HTTP to a TLS port, and random bytes.
const GARBAGE: &[u8] = b"\x15\x03\x03\x00\x02\x02\x50\x00\xff\xfe\x9a\x07\r\n\xc3\x28\x00\r\n\r\n";

pub(super) fn script() -> Script {
    Script::new(vec![Act::Send(Bytes::from_static(GARBAGE))], End::Close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_http() {
        let Script { acts, end } = script();
        assert!(matches!(&acts[..], [Act::Send(bytes)] if !bytes.starts_with(b"HTTP")));
        assert_eq!(end, End::Close);
    }
}
