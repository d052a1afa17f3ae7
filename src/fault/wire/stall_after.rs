//! `wire: {stall_after: N}`: N bytes of the answer, then nothing until the client disconnects.

use super::{Act, Answer, End, Script};

pub(super) fn script(answer: &Answer, count: u64) -> Script {
    Script::new(vec![Act::Send(answer.first(count)), Act::Hold], End::Close)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, send};
    use super::*;

    #[test]
    fn so_many_bytes_and_silence() {
        assert_eq!(script(&answer(), 4), Script { acts: vec![send("HTTP"), Act::Hold], end: End::Close });
    }
}
