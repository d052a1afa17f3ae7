//! PHP 8.2 values: the layout of its `json_encode`, its casts, its truth and its `==` on text.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};
use serde_json::{Number, Value};

/// What PHP skips around numbers: C's `isspace`.
const BLANKS: [char; 6] = [' ', '\t', '\n', '\x0b', '\x0c', '\r'];

/// Where the shortest digits need no exponent, neither in PHP's layout nor in the other.
const PLAIN: std::ops::Range<f64> = 1e-4..1e15;

/// PHP's `MAX_LENGTH_OF_LONG`: from so many digits on, the digits before a point are too large an integer.
const LONG_DIGITS: usize = 20;

/// JSON as Bitrix24 sends it: `json_encode` with `JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS | JSON_HEX_QUOT |
/// JSON_UNESCAPED_UNICODE` and `serialize_precision = -1`, the flags of `Bitrix\Main\Web\Json`.
///
/// An integer above `i64::MAX`, which PHP does not have, is written as the float that PHP reads it as.
/// A value that cannot be JSON gives Bitrix24's answer to a failed encoding.
pub fn json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut text = Vec::with_capacity(512);
    match value.serialize(&mut Serializer::with_formatter(&mut text, Layout)) {
        Ok(()) => text,
        Err(error) => {
            debug_assert!(false, "only maps with keys that are no text fail: {error}");
            br#"{"error":"WRONG_ENCODING","error_description":"Wrong request encoding"}"#.to_vec()
        }
    }
}

/// Appends a float as [`json`] lays it out.
pub fn write_float(text: &mut Vec<u8>, float: f64) {
    Layout.write_f64(text, float).expect("memory takes every byte");
}

/// PHP's `empty()`: `null`, `""`, `"0"`, zero, `false`, no elements.
pub fn is_empty(value: &Value) -> bool {
    !is_true(value)
}

/// PHP's `(bool)`: the text `"false"` is true, `"0"` is not; an empty object was an empty array in PHP.
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => float(number) != 0.0,
        Value::String(text) => !matches!(text.as_str(), "" | "0"),
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// PHP's `(int)`: text by the number it begins with, floats without their fraction, an array 1 unless empty.
///
/// Out of range, text stops at the nearest limit and a float wraps round modulo 2^64; a text too large for a float
/// is 0. Not copied is a slip of PHP: `"9223372036854775808e+"`, with no digit behind, turns negative there.
pub fn to_int(value: &Value) -> i64 {
    match value {
        Value::Number(number) => number.as_i64().unwrap_or_else(|| wrapped(float(number))),
        Value::String(text) => match Numeric::leading(text).map(|number| number.kind) {
            None => 0,
            Some(Kind::Integer(integer)) => integer,
            Some(Kind::TooLarge(float) | Kind::Float(float)) if float.is_infinite() => 0,
            Some(Kind::TooLarge(float) | Kind::Float(float)) => float as i64,
        },
        _ => i64::from(is_true(value)),
    }
}

/// PHP's `(string)` of a scalar: `true` is `1`, `false` and `null` are empty, floats have 14 digits (`precision`)
/// as in `1.0E+25`. `None` for an array or object, which PHP does not take for text.
pub fn to_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null | Value::Bool(false) => Some("".into()),
        Value::Bool(true) => Some("1".into()),
        Value::Number(number) => Some(match number.as_i64() {
            Some(integer) => integer.to_string().into(),
            None => Decimal::rounded(float(number)).layout(14, 'E').into(),
        }),
        Value::String(text) => Some(text.into()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// PHP's `trim()`: blank, tab, line ends, vertical tab and NUL, not the form feed.
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\n', '\r', '\t', '\x0b', '\0'])
}

/// The first `length` characters, as `mb_substr($text, 0, $length)`.
pub fn cut(text: &str, length: usize) -> &str {
    text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end])
}

/// PHP 8's `==` on two texts (`zendi_smart_streq`): two numeric texts compare as numbers, others byte by byte.
///
/// Integers too large for 64 bits count as equal to a float of the same value, but by their text among themselves.
pub fn loosely_equal(left: &str, right: &str) -> bool {
    let numbers = Numeric::leading(left).zip(Numeric::leading(right));
    let Some((Numeric { kind: first, is_whole: true }, Numeric { kind: second, is_whole: true })) = numbers
    else {
        return left == right;
    };
    match (first, second) {
        (Kind::Integer(first), Kind::Integer(second)) => first == second,
        (Kind::Integer(integer), Kind::Float(float)) | (Kind::Float(float), Kind::Integer(integer)) => {
            integer as f64 == float
        }
        (Kind::Integer(_), Kind::TooLarge(_)) | (Kind::TooLarge(_), Kind::Integer(_)) => false,
        (Kind::TooLarge(first), Kind::TooLarge(second)) if first == second => left == right,
        (Kind::Float(first) | Kind::TooLarge(first), Kind::Float(second) | Kind::TooLarge(second)) => {
            if first == second && first.is_infinite() { left == right } else { first == second }
        }
    }
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
        // Times and durations, most of all, look the same in either layout.
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

    /// Gets text without `"`, `\` and control characters.
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

/// A finite float in decimal, `0.digits × 10^point`, as C's `dtoa` gives it.
struct Decimal {
    is_negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    point: i32,
}

impl Decimal {
    /// At most 14 digits (`precision = 14`).
    fn rounded(float: f64) -> Self {
        Self::read(&format!("{float:.13e}"))
    }

    /// Reads `-12.5`, `0.001` or `1.25e-7`.
    fn read(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let magnitude = mantissa.trim_start_matches('-');
        let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
        let digits = [whole, fraction].concat();
        let significant = digits.trim_start_matches('0');
        let exponent: i32 = exponent.parse().unwrap_or_default();
        Self {
            is_negative: mantissa.starts_with('-'),
            digits: significant.trim_end_matches('0').to_owned(),
            point: whole.len() as i32 - (digits.len() - significant.len()) as i32 + exponent,
        }
    }

    /// PHP's `php_gcvt` (`main/snprintf.c`): with an exponent when more than `widest` digits would stand before
    /// the point or more than three zeros behind it.
    fn layout(&self, widest: i32, mark: char) -> String {
        let sign = if self.is_negative { "-" } else { "" };
        let digits = self.digits.as_str();
        let point = self.point;
        if digits.is_empty() {
            return format!("{sign}0");
        }
        if point > widest || point < -3 {
            let (first, rest) = digits.split_at(1);
            let rest = if rest.is_empty() { "0" } else { rest };
            return format!("{sign}{first}.{rest}{mark}{:+}", point - 1);
        }
        match usize::try_from(point) {
            Err(_) | Ok(0) => format!("{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
            Ok(whole) if whole < digits.len() => format!("{sign}{}.{}", &digits[..whole], &digits[whole..]),
            Ok(whole) => format!("{sign}{digits:0<whole$}"),
        }
    }
}

/// The number that a text begins with (`_is_numeric_string_ex` in `Zend/zend_operators.c`).
struct Numeric {
    kind: Kind,
    /// Nothing but blanks follows.
    is_whole: bool,
}

enum Kind {
    Integer(i64),
    /// An integer outside of 64 bits.
    TooLarge(f64),
    Float(f64),
}

impl Numeric {
    fn leading(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(BLANKS);
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let whole = digits(unsigned);
        let after = &unsigned[whole..];
        let fraction = after.strip_prefix('.').map_or(0, |fraction| 1 + digits(fraction));
        if whole == 0 && fraction < 2 {
            return None;
        }
        let after = &after[fraction..];
        let power = after
            .strip_prefix(['e', 'E'])
            .map_or("", |power| power.strip_prefix(['+', '-']).unwrap_or(power));
        let exponent = if digits(power) > 0 { after.len() - power.len() + digits(power) } else { 0 };
        let (number, rest) = text.split_at(text.len() - after.len() + exponent);
        let float = number.parse().unwrap_or_default();
        let kind = if unsigned[..whole].trim_start_matches('0').len() >= LONG_DIGITS {
            Kind::TooLarge(float)
        } else if fraction + exponent > 0 {
            Kind::Float(float)
        } else {
            match number.parse() {
                // PHP looks at more than the digits here: `-9223372036854775808 ` is too large to it.
                Ok(i64::MIN) if !rest.is_empty() => Kind::TooLarge(float),
                Ok(integer) => Kind::Integer(integer),
                Err(_) => Kind::TooLarge(float),
            }
        };
        Some(Self { kind, is_whole: rest.trim_start_matches(BLANKS).is_empty() })
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

/// PHP's `zend_dval_to_lval` on 64 bits.
fn wrapped(float: f64) -> i64 {
    (float % 18_446_744_073_709_551_616.0) as i128 as i64
}

#[cfg(test)]
mod tests {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    use proptest::prelude::*;

    use super::*;

    // What PHP itself answers; `make.php` beside the tables writes them.
    const FLOATS: &str = include_str!("../../../tests/data/php/floats.tsv");
    const STRINGS: &str = include_str!("../../../tests/data/php/strings.tsv");
    const CASTS: &str = include_str!("../../../tests/data/php/casts.tsv");

    fn text<T: Serialize + ?Sized>(value: &T) -> String {
        String::from_utf8(json(value)).unwrap()
    }

    #[test]
    fn floats_are_laid_out_as_by_php() {
        for row in FLOATS.lines() {
            let (bits, expected) = row.split_once('\t').unwrap();
            let float = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
            assert_eq!(text(&float), expected);
            assert_eq!(expected.parse::<f64>().unwrap().to_bits(), float.to_bits());
        }
        assert_eq!(text(&0.1f32), "0.10000000149011612");
    }

    #[test]
    fn values_are_encoded_as_by_php() {
        for row in STRINGS.lines() {
            let (value, expected) = row.split_once('\t').unwrap();
            assert_eq!(text(&serde_json::from_str::<Value>(value).unwrap()), expected, "{value}");
        }
    }

    #[test]
    fn casts_are_those_of_php() {
        for row in CASTS.lines() {
            let (kind, operands) = row.split_once('\t').unwrap();
            let operands: Vec<Value> =
                operands.split('\t').map(|operand| serde_json::from_str(operand).unwrap()).collect();
            let answer = match (kind, operands.as_slice()) {
                ("int", [value, _]) => to_int(value).into(),
                ("true", [value, _]) => is_true(value).into(),
                ("empty", [value, _]) => is_empty(value).into(),
                ("text", [value, _]) => to_text(value).map_or(Value::Null, |text| text.into()),
                ("trim", [Value::String(text), _]) => trim(text).into(),
                ("equal", [Value::String(left), Value::String(right), _]) => {
                    assert_eq!(loosely_equal(left, right), loosely_equal(right, left), "{row}");
                    loosely_equal(left, right).into()
                }
                _ => panic!("{row}"),
            };
            assert_eq!(Some(&answer), operands.last(), "{row}");
        }
    }

    #[test]
    fn text_is_cut_by_characters() {
        for (length, expected) in [(0, ""), (1, "я"), (3, "я😀a"), (4, "я😀a—"), (255, "я😀a—")]
        {
            assert_eq!(cut("я😀a—", length), expected);
        }
    }

    fn finite() -> impl Strategy<Value = f64> {
        POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            finite().prop_map(Value::from),
            any::<i32>().prop_map(|whole| Value::from(f64::from(whole))),
            any::<String>().prop_map(Value::from),
            r#"["\\/'<>&\u{2028}\u{2029}\x00-\x20—я]{0,9}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    /// Whole floats lose their fraction on the wire; they must not lose a bit.
    fn is_same(left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Number(left), Value::Number(right)) if left.is_f64() => {
                float(left).to_bits() == float(right).to_bits()
            }
            (Value::Array(left), Value::Array(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
            }
            (Value::Object(left), Value::Object(right)) => {
                let mut members = left.iter().zip(right);
                left.len() == right.len()
                    && members.all(|(left, right)| left.0 == right.0 && is_same(left.1, right.1))
            }
            _ => left == right,
        }
    }

    proptest! {
        #[test]
        fn json_reads_back(value in value()) {
            let text = text(&value);
            prop_assert!(is_same(&value, &serde_json::from_str(&text).unwrap()), "{}", text);
            prop_assert_eq!(text.find(['\'', '<', '>', '&', '\u{2028}', '\u{2029}']), None);
        }

        #[test]
        fn floats_read_back(float in finite()) {
            prop_assert_eq!(text(&float).parse::<f64>().unwrap().to_bits(), float.to_bits());
        }

        #[test]
        fn casts_take_any_value(value in value(), other: String) {
            let text = to_text(&value).unwrap_or_default();
            to_int(&value);
            prop_assert_eq!(is_true(&value), !is_empty(&value));
            prop_assert!(loosely_equal(&text, &text));
            prop_assert_eq!(loosely_equal(&text, &other), loosely_equal(&other, &text));
        }
    }
}
