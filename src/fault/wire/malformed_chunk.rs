//! `wire: malformed_chunk`: half of the body as a valid chunk, then a chunk whose size is not a number.

use super::{Act, Answer, End, Script};

pub(super) fn script(answer: &Answer) -> Script {
    let body = answer.body();
    let (half, rest) = body.split_at(body.len() / 2);
    let mut bytes = answer.head_with("transfer-encoding: chunked\r\n");
    if !half.is_empty() {
        bytes.extend_from_slice(format!("{:x}\r\n", half.len()).as_bytes());
        bytes.extend_from_slice(half);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"xyz\r\n");
    bytes.extend_from_slice(rest);
    bytes.extend_from_slice(b"\r\n");
    Script::new(vec![Act::Send(bytes.into())], End::Close)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, send};
    use super::*;

    #[test]
    fn the_second_chunk_has_no_size() {
        let sent = "HTTP/1.1 200 OK\r\ndate: x\r\ntransfer-encoding: chunked\r\n\r\n6\r\n{\"name\r\nxyz\r\n\":\"ne\"}\r\n";
        assert_eq!(script(&answer()), Script { acts: vec![send(sent)], end: End::Close });
    }
}
