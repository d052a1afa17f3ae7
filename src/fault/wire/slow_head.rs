//! `wire: {slow_head: 2s}`: the head in ten pieces over this time, then the body at once.

use std::time::Duration;

use super::{Act, Answer, End, Script, pieces};

const PIECES: usize = 10;

pub(super) fn script(answer: &Answer, over: Duration) -> Script {
    let mut acts = pieces(&answer.bytes.slice(..answer.head), PIECES, over);
    acts.push(Act::Send(answer.body()));
    Script::new(acts, End::Keep)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HEAD, answer, send};
    use super::*;

    #[test]
    fn the_head_takes_the_time_and_the_body_does_not() {
        let Script { acts, end } = script(&answer(), Duration::from_secs(9));
        assert_eq!(end, End::Keep);
        let (waits, sent): (Vec<_>, Vec<_>) = acts.iter().partition(|act| matches!(act, Act::Wait(_)));
        assert_eq!(waits, [&Act::Wait(Duration::from_secs(1)); 9]);
        assert_eq!(*sent[10], send(r#"{"name":"ne"}"#));
        let head: Vec<u8> = sent[..10].iter().flat_map(|act| bytes_of(act)).collect();
        assert_eq!(head, HEAD.as_bytes());
    }

    fn bytes_of(act: &Act) -> Vec<u8> {
        if let Act::Send(bytes) = act { bytes.to_vec() } else { Vec::new() }
    }
}
