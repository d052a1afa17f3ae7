//! `wire: {dribble: {chunks: 5, over: 2s}}`: the head at once, then the body in pieces over this time.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Act, Answer, End, Script, pieces};
use crate::scalar::Length;

/// How many pieces a body is sent in, and over what time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dribble {
    /// The number of pieces. A body with fewer bytes has one piece for each byte.
    #[schemars(range(min = 2, max = 1_000))]
    pub chunks: u16,
    /// The time from the first piece to the last.
    pub over: Length,
}

pub(super) fn script(answer: &Answer, dribble: Dribble) -> Script {
    let mut acts = vec![Act::Send(answer.bytes.slice(..answer.head))];
    acts.extend(pieces(&answer.body(), dribble.chunks.into(), dribble.over.0));
    Script::new(acts, End::Keep)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::{HEAD, answer, send};
    use super::*;

    #[test]
    fn the_body_comes_in_pieces() {
        let second = Duration::from_secs(1);
        let Script { acts, end } = script(&answer(), Dribble { chunks: 2, over: Length(second) });
        assert_eq!(acts, [send(HEAD), send(r#"{"name"#), Act::Wait(second), send(r#"":"ne"}"#)]);
        assert_eq!(end, End::Keep);
    }
}
