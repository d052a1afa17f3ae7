//! Whether a JSON value, or a text, is of a shape. It takes no piece of memory.

use serde_json::Value;

use crate::emulator::Shape;

/// Whether a value is of this shape.
pub(super) fn fits(shape: &Shape, value: &Value) -> bool {
    match (shape, value) {
        (Shape::List(item), Value::Array(items)) => items.iter().all(|value| fits(item, value)),
        (Shape::Map(each), Value::Object(members)) => members.values().all(|value| fits(each, value)),
        (Shape::Object(known), Value::Object(members)) => {
            let mut rest = known.iter();
            // Each member is the next one that is known, but for optional ones that are left out.
            let are_in_order = members.iter().all(|(name, value)| {
                rest.by_ref()
                    .find(|member| member.name == **name || !member.is_optional)
                    .is_some_and(|member| member.name == **name && fits(&member.shape, value))
            });
            are_in_order && rest.all(|member| member.is_optional)
        }
        (Shape::Open(known), Value::Object(members)) => known.iter().all(|member| {
            let value = members.get(&*member.name);
            value.map_or(member.is_optional, |value| fits(&member.shape, value))
        }),
        (Shape::Either(shapes), _) => shapes.iter().any(|shape| fits(shape, value)),
        _ => is(shape, value),
    }
}

/// Whether a value that has no parts, or should have none, is of this shape.
pub(super) fn is(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Null => value.is_null(),
        Shape::Integer => value.is_i64() || value.is_u64(),
        Shape::Count(expected) => value.as_i64() == Some(*expected),
        Shape::Number => value.is_number(),
        Shape::Flag => value.is_boolean(),
        Shape::Only(expected) => value.as_bool() == Some(*expected),
        Shape::Empty => value.as_array().is_some_and(Vec::is_empty),
        _ => value.as_str().is_some_and(|text| fits_text(shape, text)),
    }
}

/// Whether the value of a header field is of this shape. In those that the contract fixes, letter case and blanks behind `;` and `,` mean
/// nothing.
pub(super) fn fits_field(shape: &Shape, value: &str) -> bool {
    fits_text(shape, value) || fits_text(shape, &usual(value))
}

/// A value of a header field as most servers write it: in lower case, with one blank behind `;` and `,`.
fn usual(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    for part in value.split_inclusive([';', ',']) {
        let part = part.trim();
        if !text.is_empty() && !part.is_empty() {
            text.push(' ');
        }
        text.push_str(&part.to_ascii_lowercase());
    }
    text
}

/// Whether a text is of this shape.
pub(super) fn fits_text(shape: &Shape, text: &str) -> bool {
    match shape {
        Shape::Any | Shape::Text => true,
        Shape::Like(pattern) => pattern.fits(text),
        Shape::Exactly(expected) => text == expected,
        Shape::OneOf(expected) => expected.contains(&text),
        Shape::Either(shapes) => shapes.iter().any(|shape| fits_text(shape, text)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emulator::{member, optional};

    #[test]
    fn a_header_field_may_be_written_in_another_way() {
        let shape = Shape::Exactly("application/json; charset=utf-8".into());
        for (value, fits) in [
            ("application/json; charset=utf-8", true),
            ("Application/JSON;charset=UTF-8", true),
            ("application/json;   charset=utf-8", true),
            ("application/json", false),
            ("application/json; charset=utf-16", false),
            ("application/json; charset=utf-8;", false),
        ] {
            assert_eq!(fits_field(&shape, value), fits, "{value}");
        }
        assert!(fits_field(&Shape::Exactly("origin, accept".into()), "origin,accept"));
    }

    #[test]
    fn members_are_all_there_in_their_order_and_no_others() {
        let shape = Shape::object([
            member("a", Shape::Text),
            optional("b", Shape::Integer),
            member("c", Shape::Flag.or_null()),
        ]);
        for (value, is_of_it) in [
            (json!({"a": "", "b": 1, "c": true}), true),
            (json!({"a": "", "c": null}), true),
            (json!({"a": "", "b": 1}), false),
            (json!({"b": 1, "c": true}), false),
            (json!({"a": "", "c": true, "b": 1}), false),
            (json!({"a": "", "c": true, "d": 1}), false),
            (json!({"d": 1, "a": "", "c": true}), false),
            (json!({"a": "", "b": "1", "c": true}), false),
            (json!(null), false),
        ] {
            assert_eq!(fits(&shape, &value), is_of_it, "{value}");
        }
        let open = Shape::open([member("a", Shape::Text), optional("b", Shape::Integer)]);
        for (value, is_of_it) in [
            (json!({"d": 1, "b": 1, "a": ""}), true),
            (json!({"a": ""}), true),
            (json!({"b": 1}), false),
            (json!({"a": "", "b": "1"}), false),
        ] {
            assert_eq!(fits(&open, &value), is_of_it, "{value}");
        }
    }
}
