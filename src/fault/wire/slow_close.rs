//! `wire: {slow_close: 5s}`: the whole answer at once, then the connection is closed after this time.

use std::time::Duration;

use super::{Act, Answer, End, Script};

pub(super) fn script(answer: &Answer, length: Duration) -> Script {
    Script::new(vec![Act::Send(answer.bytes.clone()), Act::Wait(length)], End::Close)
}

#[cfg(test)]
mod tests {
    use super::super::tests::answer;
    use super::*;

    #[test]
    fn the_whole_answer_and_a_late_end() {
        let second = Duration::from_secs(1);
        let acts = vec![Act::Send(answer().bytes), Act::Wait(second)];
        assert_eq!(script(&answer(), second), Script { acts, end: End::Close });
    }
}
