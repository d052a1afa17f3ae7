//! Values, held against tables that PHP itself made, and against each other.

use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
use proptest::prelude::*;

use serde::Serialize;
use serde_json::Value;

use super::casts::float;
use super::*;

// What PHP itself answers; `make.php` beside the tables writes them.
const FLOATS: &str = include_str!("../../../../tests/data/php/floats.tsv");
const STRINGS: &str = include_str!("../../../../tests/data/php/strings.tsv");
const CASTS: &str = include_str!("../../../../tests/data/php/casts.tsv");

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
    for (length, expected) in [(0, ""), (1, "я"), (3, "я😀a"), (4, "я😀a—"), (255, "я😀a—")] {
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
