//! PHP's casts, its truth, `trim()` and `mb_substr()`.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::decimal::Decimal;
use super::numeric::{NumberKind, Numeric};
use crate::http::Given;

/// PHP's `empty()`: `null`, `""`, `"0"`, zero, `false`, no elements.
pub fn is_empty<'a>(value: impl Into<Given<'a>>) -> bool {
    !is_true(value)
}

/// PHP's `(bool)`: the text `"false"` is true, `"0"` is not; an empty object was an empty array in PHP.
pub fn is_true<'a>(value: impl Into<Given<'a>>) -> bool {
    match value.into() {
        Given::Text(text) => is_true_text(text),
        Given::Other(Value::String(text)) => is_true_text(text),
        Given::Other(Value::Null) => false,
        Given::Other(Value::Bool(truth)) => *truth,
        Given::Other(Value::Number(number)) => float(number) != 0.0,
        Given::Other(Value::Array(elements)) => !elements.is_empty(),
        Given::Other(Value::Object(members)) => !members.is_empty(),
    }
}

fn is_true_text(text: &str) -> bool {
    !matches!(text, "" | "0")
}

/// PHP's `(int)`: text by the number it begins with, floats without their fraction, an array 1 unless empty.
///
/// Out of range, text stops at the nearest limit and a float wraps round modulo 2^64; a text too large for a float
/// is 0. Not copied is a slip of PHP: `"9223372036854775808e+"`, with no digit behind, turns negative there.
pub fn to_int<'a>(value: impl Into<Given<'a>>) -> i64 {
    match value.into() {
        Given::Text(text) => integer_of(text),
        Given::Other(Value::String(text)) => integer_of(text),
        Given::Other(Value::Number(number)) => number.as_i64().unwrap_or_else(|| wrapped(float(number))),
        other => i64::from(is_true(other)),
    }
}

fn integer_of(text: &str) -> i64 {
    // Digits alone, and not too many, are the number that they spell.
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

/// PHP's `(string)` of a scalar: `true` is `1`, `false` and `null` are empty, floats have 14 digits (`precision`)
/// as in `1.0E+25`. `None` for an array or object, which PHP does not take for text.
pub fn to_text<'a>(value: impl Into<Given<'a>>) -> Option<Cow<'a, str>> {
    let value = match value.into() {
        Given::Text(text) => return Some(text.into()),
        Given::Other(value) => value,
    };
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
