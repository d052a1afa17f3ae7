//! Values → JSON text, in the layout of PHP's `json_encode`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

use super::decimal::Decimal;

/// Floats in this range are written without an exponent by PHP and by `serde_json` alike.
const PLAIN: std::ops::Range<f64> = 1e-4..1e15;

/// JSON as Bitrix24 sends it: `json_encode` with `JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS | JSON_HEX_QUOT |
/// JSON_UNESCAPED_UNICODE` and `serialize_precision = -1`, the flags of `Bitrix\Main\Web\Json`.
///
/// An integer above `i64::MAX`, which PHP does not have, is written as the float that PHP reads it as.
/// A value that cannot be written as JSON gives the body that Bitrix24 sends when encoding fails.
pub fn json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut text = Vec::with_capacity(512);
    write(value, &mut text);
    text
}

/// Appends a value in the layout of [`json`].
pub fn write<T: Serialize + ?Sized>(value: &T, text: &mut Vec<u8>) {
    let start = text.len();
    if let Err(error) = value.serialize(&mut Serializer::with_formatter(&mut *text, Layout)) {
        debug_assert!(false, "only maps with keys that are no text fail: {error}");
        text.truncate(start);
        text.extend_from_slice(br#"{"error":"WRONG_ENCODING","error_description":"Wrong request encoding"}"#);
    }
}

/// Appends a text in the layout of [`json`].
pub fn write_text(value: &str, text: &mut Vec<u8>) {
    // Fast path: most texts have nothing to escape.
    if value.bytes().all(|byte| !MAY_BE_ESCAPED[usize::from(byte)]) {
        text.reserve(value.len() + 2);
        text.push(b'"');
        text.extend_from_slice(value.as_bytes());
        text.push(b'"');
    } else {
        write(value, text);
    }
}

/// The bytes at which an escape may begin.
static MAY_BE_ESCAPED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, ..0x20 | b'"' | b'\\' | b'\'' | b'<' | b'>' | b'&' | b'/' | 0xe2);
        byte += 1;
    }
    table
};

/// Appends a float in the layout of [`json`].
pub fn write_float(text: &mut Vec<u8>, float: f64) {
    Layout.write_f64(text, float).expect("memory takes every byte");
}
/// The layout of numbers and the escapes of `json_encode`.
struct Layout;

impl Formatter for Layout {
    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        match i64::try_from(value) {
            Ok(value) => self.write_i64(writer, value),
            Err(_) => self.write_f64(writer, value as f64),
        }
    }

    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.write_f64(writer, f64::from(value))
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        if value == 0.0 {
            return writer.write_all(if value.is_sign_negative() { b"-0" } else { b"0" });
        }
        let mut buffer = zmij::Buffer::new();
        let shortest = buffer.format_finite(value);
        // Fast path: nearly every float, such as a time or a duration, is written the same way in both layouts.
        if PLAIN.contains(&value.abs()) {
            return writer.write_all(shortest.strip_suffix(".0").unwrap_or(shortest).as_bytes());
        }
        if value.abs() < PLAIN.start && shortest.contains('e') && shortest.contains('.') {
            return writer.write_all(shortest.as_bytes());
        }
        if let Some((first, rest)) =
            shortest.strip_prefix("0.0000").and_then(|digits| digits.split_at_checked(1))
        {
            let rest = if rest.is_empty() { "0" } else { rest };
            return [first, ".", rest, "e-5"].iter().try_for_each(|part| writer.write_all(part.as_bytes()));
        }
        writer.write_all(Decimal::read(shortest).layout(17, 'e').as_bytes())
    }

    /// `fragment` has no `"`, no `\` and no control characters.
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let bytes = fragment.as_bytes();
        let mut written = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let (escape, length) = match byte {
                b'\'' => (br"\u0027".as_slice(), 1),
                b'<' => (br"\u003C".as_slice(), 1),
                b'>' => (br"\u003E".as_slice(), 1),
                b'&' => (br"\u0026".as_slice(), 1),
                b'/' => (br"\/".as_slice(), 1),
                0xe2 if bytes[at..].starts_with("\u{2028}".as_bytes()) => (br"\u2028".as_slice(), 3),
                0xe2 if bytes[at..].starts_with("\u{2029}".as_bytes()) => (br"\u2029".as_slice(), 3),
                _ => continue,
            };
            writer.write_all(&bytes[written..at])?;
            writer.write_all(escape)?;
            written = at + length;
        }
        writer.write_all(&bytes[written..])
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::Quote => writer.write_all(br"\u0022"),
            escape => CompactFormatter.write_char_escape(writer, escape),
        }
    }
}
