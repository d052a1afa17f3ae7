//! `wire: {close_after: N}`: N bytes of the answer, then the connection is closed.

use super::{Act, Answer, End, Script};

pub(super) fn script(answer: &Answer, count: u64) -> Script {
    Script::new(vec![Act::Send(answer.first(count))], End::Close)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, send};
    use super::*;

    #[test]
    fn so_many_bytes_and_an_orderly_end() {
        assert_eq!(script(&answer(), 12), Script { acts: vec![send("HTTP/1.1 200")], end: End::Close });
        assert_eq!(script(&answer(), 0), Script { acts: vec![send("")], end: End::Close });
    }
}
