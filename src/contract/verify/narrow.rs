//! What the document of an operation allows, and the emulator's answer to one call → what the answer to this call must be.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::emulator::{Member, Shape, member};

/// What is known of a call besides its answer.
pub struct Known {
    /// Whether the answer is an error, whose texts are fixed by the call.
    pub is_error: bool,
    /// The texts that were sent: an answer repeats them.
    pub sent: BTreeSet<String>,
}

/// Members whose values belong to one exchange.
const OF_THE_EXCHANGE: &[&str] = &["trace_id", "retry_after", "time"];

impl Known {
    /// The texts that a body and a target hold, except for these secrets.
    pub fn new(is_error: bool, body: &[u8], secrets: &[&str]) -> Self {
        let mut sent = BTreeSet::new();
        if let Ok(value) = serde_json::from_slice(body) {
            texts(&value, &mut sent);
        }
        secrets.iter().for_each(|secret| {
            sent.remove(*secret);
        });
        Self { is_error, sent }
    }

    /// The shape that a value of this answer must have, where `shape` is that of any answer.
    pub fn narrow(&self, shape: &Shape, value: &Value) -> Shape {
        match (shape, value) {
            (Shape::Any, Value::Object(members)) => {
                let narrow = |(name, value): (&String, &Value)| self.of_member(name, &Shape::Any, value);
                Shape::object(members.iter().map(narrow))
            }
            (Shape::Any, Value::Array(_)) => Shape::Any.list(),
            (Shape::Any, Value::Null) => {
                if self.is_error {
                    Shape::Null
                } else {
                    Shape::Any
                }
            }
            (Shape::Any, Value::String(_)) => self.narrow(&Shape::Text, value),
            (Shape::Any, Value::Bool(_)) => self.narrow(&Shape::Flag, value),
            (Shape::Any, Value::Number(number)) => {
                let shape = if number.is_f64() { Shape::Number } else { Shape::Integer };
                self.narrow(&shape, value)
            }
            (Shape::Object(known), Value::Object(members)) => {
                let narrow = |known: &Member| match members.get(&*known.name) {
                    Some(value) => Some(Member {
                        is_optional: known.is_optional && !self.is_error,
                        ..self.of_member(&known.name, &known.shape, value)
                    }),
                    // The answer of this call does not have it.
                    None if self.is_error => None,
                    None => Some(known.clone()),
                };
                Shape::object(known.iter().filter_map(narrow))
            }
            (Shape::Either(shapes), value) => {
                let fitting = shapes.iter().find(|shape| fits(shape, value));
                match fitting {
                    Some(fitting) if self.is_error || self.repeats(value) => self.narrow(fitting, value),
                    _ => shape.clone(),
                }
            }
            (Shape::Text | Shape::OneOf(_) | Shape::Like(_), Value::String(text)) if self.repeats(value) => {
                Shape::Exactly(text.clone().into())
            }
            (Shape::Text | Shape::OneOf(_), Value::String(text)) if self.is_error => {
                Shape::Exactly(text.clone().into())
            }
            (Shape::Integer, Value::Number(number)) if self.is_error => {
                number.as_i64().map_or(Shape::Integer, Shape::Count)
            }
            (Shape::Flag, Value::Bool(flag)) if self.is_error => Shape::Only(*flag),
            _ => shape.clone(),
        }
    }

    fn of_member(&self, name: &str, shape: &Shape, value: &Value) -> Member {
        let is_of_exchange = OF_THE_EXCHANGE.contains(&name);
        let shape = match (is_of_exchange, shape) {
            (true, Shape::Any) => of_type(value),
            (true, shape) => shape.clone(),
            (false, shape) => self.narrow(shape, value),
        };
        member(name.to_owned(), shape)
    }

    fn repeats(&self, value: &Value) -> bool {
        value.as_str().is_some_and(|text| !text.is_empty() && self.sent.contains(text))
    }
}

/// Whether a value is of a shape, whatever the order of its members.
fn fits(shape: &Shape, value: &Value) -> bool {
    let has_members = |known: &[Member]| {
        let has = |known: &Member| match value.get(&*known.name) {
            Some(value) => fits(&known.shape, value),
            None => known.is_optional,
        };
        value.is_object() && known.iter().all(has)
    };
    match shape {
        Shape::Any => true,
        Shape::Null => value.is_null(),
        Shape::Text => value.is_string(),
        Shape::Like(pattern) => value.as_str().is_some_and(|text| pattern.fits(text)),
        Shape::Exactly(text) => value.as_str() == Some(text),
        Shape::OneOf(texts) => value.as_str().is_some_and(|text| texts.contains(&text)),
        Shape::Integer => value.is_i64() || value.is_u64(),
        Shape::Count(count) => value.as_i64() == Some(*count),
        Shape::Number => value.is_number(),
        Shape::Flag => value.is_boolean(),
        Shape::Only(flag) => value.as_bool() == Some(*flag),
        Shape::List(item) => {
            value.as_array().is_some_and(|items| items.iter().all(|value| fits(item, value)))
        }
        Shape::Empty => value.as_array().is_some_and(Vec::is_empty),
        Shape::Map(each) => {
            value.as_object().is_some_and(|members| members.values().all(|value| fits(each, value)))
        }
        Shape::Object(known) => {
            let is_known = |name: &String| known.iter().any(|member| *member.name == **name);
            has_members(known) && value.as_object().is_some_and(|members| members.keys().all(is_known))
        }
        Shape::Open(known) => has_members(known),
        Shape::Either(shapes) => shapes.iter().any(|shape| fits(shape, value)),
    }
}

/// The shape of all values of this type.
fn of_type(value: &Value) -> Shape {
    match value {
        Value::String(_) => Shape::Text,
        Value::Bool(_) => Shape::Flag,
        Value::Number(number) if number.is_f64() => Shape::Number,
        Value::Number(_) => Shape::Integer,
        Value::Object(members) => {
            Shape::object(members.iter().map(|(name, value)| member(name.clone(), of_type(value))))
        }
        Value::Null | Value::Array(_) => Shape::Any,
    }
}

fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emulator::optional;

    #[test]
    fn an_error_is_held_to_its_very_texts_and_a_success_to_what_was_sent() {
        let document = Shape::object([
            member("message", Shape::Text),
            optional("argument", Shape::Text),
            optional("time", Shape::Integer),
        ]);
        let value = json!({"message": "Missing required field: x", "time": 7});
        let known = |is_error| Known::new(is_error, br#"{"a":["sent","secret"]}"#, &["secret"]);
        assert_eq!(
            known(true).narrow(&document, &value),
            Shape::object([
                member("message", Shape::Exactly("Missing required field: x".into())),
                member("time", Shape::Integer),
            ])
        );
        assert_eq!(known(false).narrow(&document, &value), document);
        assert_eq!(
            known(false)
                .narrow(&Shape::Any, &json!({"a": "sent", "b": "secret", "c": 1, "d": 1.5, "e": [1]})),
            Shape::object([
                member("a", Shape::Exactly("sent".into())),
                member("b", Shape::Text),
                member("c", Shape::Integer),
                member("d", Shape::Number),
                member("e", Shape::Any.list()),
            ])
        );
        let choice = Shape::Text.or_null();
        assert_eq!(known(false).narrow(&choice, &json!("sent")), Shape::Exactly("sent".into()));
        assert_eq!(known(false).narrow(&choice, &json!("other")), choice);
    }
}
