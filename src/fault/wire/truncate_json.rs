//! `wire: truncate_json`: a well-formed answer with the first half of the body.

use super::{Act, Answer, End, Script};

pub(super) fn script(answer: &Answer) -> Script {
    let body = answer.body();
    let half = &body[..body.len() / 2];
    let mut bytes = answer.head_with(&format!("content-length: {}\r\n", half.len()));
    bytes.extend_from_slice(half);
    Script::new(vec![Act::Send(bytes.into())], End::Keep)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, send};
    use super::*;

    #[test]
    fn half_of_the_body_with_the_right_length() {
        let sent = "HTTP/1.1 200 OK\r\ndate: x\r\ncontent-length: 6\r\n\r\n{\"name";
        assert_eq!(script(&answer()), Script { acts: vec![send(sent)], end: End::Keep });
    }
}
