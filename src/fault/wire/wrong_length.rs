//! `wire: {wrong_length: longer}`: the whole body with a `content-length` that is too large or too small.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Act, Answer, End, Script};

/// Whether `content-length` is too large or too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WrongLength {
    /// `content-length` is larger than the body: the client waits for the rest until the connection is closed.
    Longer,
    /// `content-length` is smaller than the body: the client stops early and reads the rest as the next answer.
    Shorter,
}

/// By how many bytes the length is wrong.
const BY: usize = 16;

pub(super) fn script(answer: &Answer, what: WrongLength) -> Script {
    let body = answer.body();
    let told = match what {
        WrongLength::Longer => body.len() + BY,
        WrongLength::Shorter => body.len().saturating_sub(BY.min(body.len().div_ceil(2))),
    };
    let mut bytes = answer.head_with(&format!("content-length: {told}\r\n"));
    bytes.extend_from_slice(&body);
    Script::new(vec![Act::Send(bytes.into())], End::Close)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, send};
    use super::*;

    #[test]
    fn the_length_is_wrong_and_the_body_is_not() {
        let sent = |length: &str| {
            send(&format!(
                "HTTP/1.1 200 OK\r\ndate: x\r\ncontent-length: {length}\r\n\r\n{{\"name\":\"ne\"}}"
            ))
        };
        assert_eq!(script(&answer(), WrongLength::Longer).acts, [sent("29")]);
        assert_eq!(script(&answer(), WrongLength::Shorter).acts, [sent("6")]);
    }
}
