//! What the connection does to an answer: one effect, one file.
//!
//! An effect turns the bytes of a complete answer into a [`Script`] of what is sent, when, and how it ends. The
//! server performs the script; nothing in here waits or writes.

mod close_after;
mod dribble;
mod empty;
mod garbage;
mod invalid_utf8;
mod malformed_chunk;
mod reset;
mod reset_after;
mod slow_close;
mod slow_head;
mod stall;
mod stall_after;
mod truncate_json;
mod wrong_length;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;

pub use dribble::Dribble;
pub use wrong_length::WrongLength;

use crate::scalar::Length;

/// What the connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// The connection is reset before any byte of the answer.
    Reset,
    /// The connection is reset after so many bytes of the answer, the head among them.
    ResetAfter(u64),
    /// The connection is closed after so many bytes of the answer, the head among them.
    CloseAfter(u64),
    /// The connection is closed without a byte.
    Empty,
    /// Nothing comes until the client leaves.
    Stall,
    /// After so many bytes nothing more comes until the client leaves.
    StallAfter(u64),
    /// The head arrives piece by piece over this time.
    SlowHead(Length),
    /// The body arrives in pieces.
    Dribble(Dribble),
    /// Bytes that are no HTTP, then the end.
    Garbage,
    /// A chunked body with a chunk whose size is no number.
    MalformedChunk,
    /// `content-length` tells more, or less, than comes.
    WrongLength(WrongLength),
    /// The body ends in the middle; its length is right.
    TruncateJson,
    /// One byte of the body is no UTF-8.
    InvalidUtf8,
    /// After the whole answer the connection stays open for this time, and is then closed.
    SlowClose(Length),
}

impl fmt::Display for Wire {
    /// As a scenario says it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset => formatter.write_str("reset"),
            Self::ResetAfter(count) => write!(formatter, "{{reset_after: {count}}}"),
            Self::CloseAfter(count) => write!(formatter, "{{close_after: {count}}}"),
            Self::Empty => formatter.write_str("empty"),
            Self::Stall => formatter.write_str("stall"),
            Self::StallAfter(count) => write!(formatter, "{{stall_after: {count}}}"),
            Self::SlowHead(over) => write!(formatter, "{{slow_head: {over}}}"),
            Self::Dribble(Dribble { chunks, over }) => {
                write!(formatter, "{{dribble: {{chunks: {chunks}, over: {over}}}}}")
            }
            Self::Garbage => formatter.write_str("garbage"),
            Self::MalformedChunk => formatter.write_str("malformed_chunk"),
            Self::WrongLength(WrongLength::Longer) => formatter.write_str("{wrong_length: longer}"),
            Self::WrongLength(WrongLength::Shorter) => formatter.write_str("{wrong_length: shorter}"),
            Self::TruncateJson => formatter.write_str("truncate_json"),
            Self::InvalidUtf8 => formatter.write_str("invalid_utf8"),
            Self::SlowClose(over) => write!(formatter, "{{slow_close: {over}}}"),
        }
    }
}

/// A complete answer as it would have been sent.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its bytes.
    pub bytes: Bytes,
    /// How many of them are the head, the blank line included.
    pub head: usize,
}

/// What to do instead of sending the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// In this order.
    pub acts: Vec<Act>,
    /// Afterwards.
    pub end: End,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send these bytes at once.
    Send(Bytes),
    /// Wait.
    Wait(Duration),
    /// Wait until the client leaves.
    Hold,
}

/// How a script ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The connection is as good as before.
    Keep,
    /// It is closed in order.
    Close,
    /// It is reset.
    Reset,
}

impl Wire {
    /// Whether the client still gets the whole answer as it was made.
    pub fn is_harmless(self) -> bool {
        matches!(self, Self::SlowHead(_) | Self::Dribble(_) | Self::SlowClose(_))
    }

    /// How long it takes beyond the answer itself.
    pub fn takes(self) -> Duration {
        match self {
            Self::SlowHead(length) | Self::SlowClose(length) => length.0,
            Self::Dribble(dribble) => dribble.over.0,
            _ => Duration::ZERO,
        }
    }

    /// The same without waiting, for a clock on which waiting takes no time.
    #[must_use]
    pub fn at_once(self) -> Self {
        match self {
            Self::SlowHead(_) => Self::SlowHead(Length::default()),
            Self::SlowClose(_) => Self::SlowClose(Length::default()),
            Self::Dribble(dribble) => Self::Dribble(Dribble { over: Length::default(), ..dribble }),
            other => other,
        }
    }

    /// What to do with `answer`.
    pub fn script(self, answer: &Answer) -> Script {
        match self {
            Self::Reset => reset::script(),
            Self::ResetAfter(count) => reset_after::script(answer, count),
            Self::CloseAfter(count) => close_after::script(answer, count),
            Self::Empty => empty::script(),
            Self::Stall => stall::script(),
            Self::StallAfter(count) => stall_after::script(answer, count),
            Self::SlowHead(over) => slow_head::script(answer, over.0),
            Self::Dribble(dribble) => dribble::script(answer, dribble),
            Self::Garbage => garbage::script(),
            Self::MalformedChunk => malformed_chunk::script(answer),
            Self::WrongLength(what) => wrong_length::script(answer, what),
            Self::TruncateJson => truncate_json::script(answer),
            Self::InvalidUtf8 => invalid_utf8::script(answer),
            Self::SlowClose(length) => slow_close::script(answer, length.0),
        }
    }
}

impl Answer {
    /// The first `count` bytes, or all.
    fn first(&self, count: u64) -> Bytes {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.bytes.len());
        self.bytes.slice(..count)
    }

    fn body(&self) -> Bytes {
        self.bytes.slice(self.head..)
    }

    /// The head with another framing of the body: without `content-length` and `transfer-encoding`, with `field`,
    /// which ends as a line does.
    fn head_with(&self, field: &str) -> Vec<u8> {
        let lines = self.bytes[..self.head].split_inclusive(|byte| *byte == b'\n');
        let is_framing = |line: &&[u8]| {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
            name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
        };
        let mut head: Vec<u8> = lines.filter(|line| !is_framing(line)).flatten().copied().collect();
        head.truncate(head.len().saturating_sub(2));
        head.extend_from_slice(field.as_bytes());
        head.extend_from_slice(b"\r\n");
        head
    }
}

impl Script {
    fn new(acts: Vec<Act>, end: End) -> Self {
        Self { acts, end }
    }
}

/// Bytes in `count` pieces, the first at once, the last when `over` has passed.
fn pieces(bytes: &Bytes, count: usize, over: Duration) -> Vec<Act> {
    let count = count.clamp(1, bytes.len().max(1));
    let pause = u32::try_from(count - 1).ok().filter(|gaps| *gaps > 0).map(|gaps| over / gaps);
    let mut acts = Vec::with_capacity(2 * count);
    for piece in 0..count {
        let at = |piece: usize| bytes.len() * piece / count;
        if piece > 0 {
            acts.extend(pause.map(Act::Wait));
        }
        acts.push(Act::Send(bytes.slice(at(piece)..at(piece + 1))));
    }
    acts
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\ndate: x\r\n\r\n";

    /// An answer with the body `{"name":"new"}` less its last byte: 13 bytes.
    pub(super) fn answer() -> Answer {
        answer_of("{\"name\":\"ne\"}")
    }

    pub(super) fn answer_of(body: &str) -> Answer {
        Answer { bytes: format!("{HEAD}{body}").into(), head: HEAD.len() }
    }

    pub(super) fn send(text: &str) -> Act {
        Act::Send(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn pieces_are_even_and_lose_nothing() {
        let bytes = Bytes::from_static(b"abcdefg");
        let second = Duration::from_secs(1);
        assert_eq!(
            pieces(&bytes, 3, second * 2),
            [send("ab"), Act::Wait(second), send("cd"), Act::Wait(second), send("efg")]
        );
        assert_eq!(pieces(&bytes, 1, second), [send("abcdefg")]);
        assert_eq!(pieces(&Bytes::new(), 9, second), [send("")]);
        assert_eq!(pieces(&bytes, 100, second).iter().filter(|act| matches!(act, Act::Send(_))).count(), 7);
    }

    #[test]
    fn an_effect_is_told_as_a_scenario_says_it() {
        for text in [
            r#""reset""#,
            r#"{"reset_after":7}"#,
            r#"{"close_after":7}"#,
            r#""empty""#,
            r#""stall""#,
            r#"{"stall_after":7}"#,
            r#"{"slow_head":"2s"}"#,
            r#"{"dribble":{"chunks":5,"over":"2s"}}"#,
            r#""garbage""#,
            r#""malformed_chunk""#,
            r#"{"wrong_length":"longer"}"#,
            r#"{"wrong_length":"shorter"}"#,
            r#""truncate_json""#,
            r#""invalid_utf8""#,
            r#"{"slow_close":"2s"}"#,
        ] {
            let wire: Wire = serde_json::from_str(text).unwrap();
            let told = wire.to_string();
            assert_eq!(text.replace('"', ""), told.replace(' ', ""));
        }
    }

    #[test]
    fn a_head_gets_another_framing() {
        let head = answer().head_with("transfer-encoding: chunked\r\n");
        assert_eq!(head, b"HTTP/1.1 200 OK\r\ndate: x\r\ntransfer-encoding: chunked\r\n\r\n");
    }
}
