//! PHP's casts to bool, int and string, `empty()`, `trim()` and `mb_substr()`.

use std::borrow::Cow;

use serde_json::Number;

use super::decimal::Decimal;
use super::numeric::{NumberKind, Numeric};
use crate::http::Given;

/// PHP's `empty()`: true for `null`, `""`, `"0"`, zero, `false`, and an array or object without elements.
pub fn is_empty<'a>(value: impl Into<Given<'a>>) -> bool {
    !is_true(value)
}

/// PHP's `(bool)`: `"false"` is true, `"0"` is false; an empty object is false, because PHP reads it as an empty array.
pub fn is_true<'a>(value: impl Into<Given<'a>>) -> bool {
    match value.into() {
        Given::Text(text) => is_true_text(text),
        Given::Null => false,
        Given::Flag(truth) => truth,
        Given::Number(number) => float(number) != 0.0,
        Given::List { is_empty } | Given::Mapping { is_empty } => !is_empty,
    }
}

fn is_true_text(text: &str) -> bool {
    !matches!(text, "" | "0")
}

/// PHP's `(int)`: the number at the start of a text, a float without its fraction, 1 for an array that is not empty.
///
/// Out of range, a text gives the nearest limit and a float wraps modulo 2^64; a text too large for a float gives 0.
/// One bug of PHP is not copied: there `"9223372036854775808e+"`, without a digit after `e+`, becomes negative.
pub fn to_int<'a>(value: impl Into<Given<'a>>) -> i64 {
    match value.into() {
        Given::Text(text) => integer_of(text),
        Given::Number(number) => number.as_i64().unwrap_or_else(|| wrapped(float(number))),
        other => i64::from(is_true(other)),
    }
}

fn integer_of(text: &str) -> i64 {
    // Fast path: fewer than 19 digits always fit.
    if text.len() < 19 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().unwrap_or_default();
    }
    match Numeric::leading(text).map(|number| number.kind) {
        None => 0,
        Some(NumberKind::Integer(integer)) => integer,
        Some(NumberKind::TooLarge(float) | NumberKind::Float(float)) if float.is_infinite() => 0,
        Some(NumberKind::TooLarge(float) | NumberKind::Float(float)) => float as i64,
    }
}

/// PHP's `(string)` of a scalar: `true` is `1`, `false` and `null` are empty, a float has up to 14 digits
/// (`precision`), as in `1.0E+25`. `None` for an array or object, which PHP does not convert.
pub fn to_text<'a>(value: impl Into<Given<'a>>) -> Option<Cow<'a, str>> {
    match value.into() {
        Given::Text(text) => Some(text.into()),
        Given::Null | Given::Flag(false) => Some("".into()),
        Given::Flag(true) => Some("1".into()),
        Given::Number(number) => Some(match number.as_i64() {
            Some(integer) => integer.to_string().into(),
            None => Decimal::rounded(float(number)).layout(14, 'E').into(),
        }),
        Given::List { .. } | Given::Mapping { .. } => None,
    }
}

/// PHP's `trim()`: removes blanks, tabs, line ends, vertical tabs and NUL from both ends, but not form feeds.
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\n', '\r', '\t', '\x0b', '\0'])
}

/// The first `length` characters: PHP's `mb_substr($text, 0, $length)`.
pub fn cut(text: &str, length: usize) -> &str {
    if text.len() <= length {
        return text;
    }
    text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end])
}
pub(super) fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

/// PHP's `zend_dval_to_lval` on 64 bits.
fn wrapped(float: f64) -> i64 {
    (float % 18_446_744_073_709_551_616.0) as i128 as i64
}
