//! A wire effect, an answer → a script of bytes and pauses. Each effect has a file of its own.
//!
//! An effect turns the bytes of a complete answer into a [`Script`]: what is sent, when, and how the connection ends.
//! The server performs the script. Nothing in here waits or writes.

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

/// What the connection does to the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// The connection is reset before any byte of the answer.
    Reset,
    /// The connection is reset after this number of bytes of the answer, headers included.
    ResetAfter(u64),
    /// The connection is closed after this number of bytes of the answer, headers included.
    CloseAfter(u64),
    /// The connection is closed before any byte of the answer.
    Empty,
    /// The server sends nothing until the client disconnects.
    Stall,
    /// The server sends this number of bytes of the answer, then nothing more until the client disconnects.
    StallAfter(u64),
    /// The status line and the headers arrive in pieces over this time.
    SlowHead(Length),
    /// The body arrives in pieces over a time.
    Dribble(Dribble),
    /// The server sends bytes that are not HTTP, then closes the connection.
    Garbage,
    /// The body is chunked, and the size of one chunk is not a number.
    MalformedChunk,
    /// `content-length` is larger or smaller than the body.
    WrongLength(WrongLength),
    /// The body is cut in the middle, and `content-length` is that of the cut body.
    TruncateJson,
    /// One byte of the body is not UTF-8.
    InvalidUtf8,
    /// The connection stays open for this time after the whole answer, then it is closed.
    SlowClose(Length),
}

impl fmt::Display for Wire {
    /// The effect as a scenario spells it.
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

/// A complete answer as it would be sent without the effect.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The bytes of the answer.
    pub bytes: Bytes,
    /// The length of the head in bytes: status line, headers and the blank line.
    pub head: usize,
}

/// What the server does instead of sending the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The steps, in order.
    pub acts: Vec<Act>,
    /// What happens to the connection after the steps.
    pub end: End,
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send these bytes at once.
    Send(Bytes),
    /// Wait this long.
    Wait(Duration),
    /// Wait until the client disconnects.
    Hold,
}

/// What happens to the connection at the end of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The connection stays open for further requests.
    Keep,
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
}

impl Wire {
    /// Whether the client still gets the whole answer unchanged.
    pub fn is_harmless(self) -> bool {
        matches!(self, Self::SlowHead(_) | Self::Dribble(_) | Self::SlowClose(_))
    }

    /// How long the effect takes, beyond the time to send the answer.
    pub fn takes(self) -> Duration {
        match self {
            Self::SlowHead(length) | Self::SlowClose(length) => length.0,
            Self::Dribble(dribble) => dribble.over.0,
            _ => Duration::ZERO,
        }
    }

    /// The same effect without pauses, for a virtual clock.
    #[must_use]
    pub fn at_once(self) -> Self {
        match self {
            Self::SlowHead(_) => Self::SlowHead(Length::default()),
            Self::SlowClose(_) => Self::SlowClose(Length::default()),
            Self::Dribble(dribble) => Self::Dribble(Dribble { over: Length::default(), ..dribble }),
            other => other,
        }
    }

    /// The script for `answer`.
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
    /// The first `count` bytes, or all if there are fewer.
    fn first(&self, count: u64) -> Bytes {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.bytes.len());
        self.bytes.slice(..count)
    }

    fn body(&self) -> Bytes {
        self.bytes.slice(self.head..)
    }

    /// The head with the line `field` in place of `content-length` and `transfer-encoding`. `field` ends with a line
    /// break.
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

/// Splits `bytes` into `count` pieces. The first is sent at once, the last after `over`.
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

    /// An answer with the 13 bytes of `{"name":"new"` as its body.
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
