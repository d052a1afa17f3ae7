//! `wire: invalid_utf8`: the answer with one byte of its body replaced by one that is not UTF-8.

use super::{Act, Answer, End, Script};

/// A byte that never occurs in UTF-8.
const NEVER: u8 = 0xff;

pub(super) fn script(answer: &Answer) -> Script {
    let mut bytes = answer.bytes.to_vec();
    // A letter is part of a name or a text, so the rest of the body keeps its structure.
    let middle = answer.head + (bytes.len() - answer.head) / 2;
    let spoilt = (middle..bytes.len()).chain(answer.head..middle).find(|&at| bytes[at].is_ascii_alphabetic());
    if let Some(at) = spoilt {
        bytes[at] = NEVER;
    }
    Script::new(vec![Act::Send(bytes.into())], End::Keep)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HEAD, answer, answer_of};
    use super::*;

    #[test]
    fn one_letter_is_spoilt() {
        let Script { acts, end } = script(&answer());
        let expected = [HEAD.as_bytes(), b"{\"name\":\"\xffe\"}"].concat();
        assert_eq!((acts, end), (vec![Act::Send(expected.into())], End::Keep));
        assert_eq!(script(&answer_of("[1]")).acts, [Act::Send(answer_of("[1]").bytes)]);
    }
}
