//! A text → the same text without its escapes, in which each byte knows its place in the original.

use std::ops::Range;

/// A text, or a part of one, with the place of each byte in the original.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// For each byte, and for the end, the place in the original.
    places: Vec<u32>,
}

/// The escapes that a notation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// `%2D`, as in queries and forms.
    Percent,
    /// `\u002d` and `\/`, as in JSON.
    Json,
    /// All of them, for a text in an unknown notation.
    Any,
}

impl View {
    /// The whole of a text.
    pub(super) fn of(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec(), places: (0..=text.len() as u32).collect() }
    }

    /// A part of it.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        Self {
            bytes: self.bytes[range.clone()].to_vec(),
            places: self.places[range.start..=range.end].to_vec(),
        }
    }

    /// The place of a part in the original.
    pub(super) fn origin(&self, range: Range<usize>) -> Range<usize> {
        self.places[range.start] as usize..self.places[range.end] as usize
    }

    /// The same without one layer of escapes; `None` when it has none.
    pub(super) fn decoded(&self, escapes: Escapes) -> Option<Self> {
        let (percent, json) = (escapes != Escapes::Json, escapes != Escapes::Percent);
        if !self.bytes.iter().any(|byte| (percent && *byte == b'%') || (json && *byte == b'\\')) {
            return None;
        }
        let mut decoded = Self { bytes: Vec::new(), places: Vec::new() };
        let mut at = 0;
        while at < self.bytes.len() {
            let rest = &self.bytes[at..];
            let found = match rest[0] {
                b'%' if percent => percent_escape(rest),
                b'\\' if json => json_escape(rest),
                _ => None,
            };
            match found {
                Some((character, length)) => {
                    decoded.push(&character, self.places[at]);
                    at += length;
                }
                None => {
                    decoded.push(&rest[..1], self.places[at]);
                    at += 1;
                }
            }
        }
        decoded.places.push(self.places[at]);
        (decoded.bytes.len() < self.bytes.len()).then_some(decoded)
    }

    fn push(&mut self, bytes: &[u8], place: u32) {
        self.bytes.extend_from_slice(bytes);
        self.places.extend(bytes.iter().map(|_| place));
    }
}

/// The byte of a percent escape at the start of `text`, and the length of the escape.
fn percent_escape(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let byte = u8::try_from(number(text.get(1..3)?)?).ok()?;
    Some((vec![byte], 3))
}

/// The character of a JSON escape at the start of `text`, and the length of the escape.
fn json_escape(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let simple = |character: u8| Some((vec![character], 2));
    match text.get(1)? {
        character @ (b'"' | b'\'' | b'\\' | b'/') => simple(*character),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'u' => {
            let first = number(text.get(2..6)?)?;
            let second = || number(text.get(6..12)?.strip_prefix(b"\\u")?);
            let (code, length) = match (first, second()) {
                (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) => {
                    (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), 12)
                }
                _ => (first, 6),
            };
            Some((char::from_u32(code)?.to_string().into_bytes(), length))
        }
        _ => None,
    }
}

/// The number that hex digits spell.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_knows_its_place() {
        let view = View::of(r"a%2Fb\u00e9\/\ud83d\ude00%zz\x%").decoded(Escapes::Any).unwrap();
        assert_eq!(String::from_utf8(view.bytes.clone()).unwrap(), r"a/bé/😀%zz\x%");
        assert_eq!(view.origin(1..2), 1..4);
        assert_eq!(view.origin(3..5), 5..11);
        assert_eq!(view.origin(0..view.bytes.len()), 0..31);
        assert_eq!(view.part(2..5).origin(1..3), 5..11);
        assert!(View::of("plain + text").decoded(Escapes::Any).is_none());
        assert!(View::of(r"a%2Fb").decoded(Escapes::Json).is_none());
        assert!(View::of(r"a\/b").decoded(Escapes::Percent).is_none());
        assert!(View::of(r"100% \x").decoded(Escapes::Any).is_none());
        assert!(View::of("").decoded(Escapes::Any).is_none());
    }
}
