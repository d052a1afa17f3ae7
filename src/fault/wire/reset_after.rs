//! `wire: {reset_after: N}`: N bytes of the answer, then the connection is reset.

use super::{Act, Answer, End, Script};

pub(super) fn script(answer: &Answer, count: u64) -> Script {
    Script::new(vec![Act::Send(answer.first(count))], End::Reset)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, send};
    use super::*;

    #[test]
    fn so_many_bytes_and_a_reset() {
        assert_eq!(script(&answer(), 12), Script { acts: vec![send("HTTP/1.1 200")], end: End::Reset });
        let all = Act::Send(answer().bytes);
        assert_eq!(script(&answer(), u64::MAX), Script { acts: vec![all], end: End::Reset });
    }
}
