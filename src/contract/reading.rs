//! A text → whether it is JSON of a shape, without the value.
//!
//! Nearly every answer is the first one that its operation may give, so this is asked of every answer that passes. To make a
//! [`serde_json::Value`] takes several times as long.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::fits::{fits, fits_text};
use crate::emulator::{Member, Shape};

/// Whether a text is JSON of this shape for certain. It may be so all the same where this says no: two shapes that begin alike are not
/// told apart here.
pub(super) fn reads_as(shape: &Shape, text: &[u8]) -> bool {
    let mut reader = serde_json::Deserializer::from_slice(text);
    Reading(shape).deserialize(&mut reader).is_ok() && reader.end().is_ok()
}

/// Reads a value of a shape.
#[derive(Clone, Copy)]
struct Reading<'s>(&'s Shape);

/// Reads a name.
struct Name<F>(F);

/// How many members an object of any order may have here.
const MOST: usize = 64;

impl<'s> Reading<'s> {
    fn ends<E: Error>(is_so: bool) -> Result<(), E> {
        if is_so { Ok(()) } else { Err(E::custom("another shape")) }
    }

    /// The only shape among these that `takes` a value of a kind.
    fn only(shape: &'s Shape, takes: fn(&Shape) -> bool) -> Option<&'s Shape> {
        let Shape::Either(shapes) = shape else { return Some(shape) };
        let mut fitting = shapes.iter().filter(|shape| takes(shape));
        fitting.next().filter(|_| fitting.next().is_none())
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        match self.0 {
            // To skip a value would skip what makes it none too, such as a text that is not UTF-8.
            Shape::Any => serde::Deserialize::deserialize(reader).map(|_: Value| ()),
            _ => reader.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of a shape")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Self::ends(fits(self.0, &Value::Null))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        Self::ends(fits(self.0, &Value::Bool(flag)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        Self::ends(fits(self.0, &number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        Self::ends(fits(self.0, &number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        Self::ends(fits(self.0, &number.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        Self::ends(fits_text(self.0, text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let takes =
            |shape: &Shape| matches!(shape, Shape::List(_) | Shape::Empty | Shape::Any | Shape::Either(_));
        match Self::only(self.0, takes) {
            Some(Shape::List(item)) => {
                while items.next_element_seed(Reading(item))?.is_some() {}
                Ok(())
            }
            Some(Shape::Empty) => Self::ends(items.next_element::<Value>()?.is_none()),
            _ => Self::ends(false),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let takes = |shape: &Shape| {
            matches!(shape, Shape::Object(_) | Shape::Open(_) | Shape::Map(_) | Shape::Any | Shape::Either(_))
        };
        match Self::only(self.0, takes) {
            Some(Shape::Object(known)) => {
                let mut rest = known.iter();
                // Each member is the next one that is known, but for optional ones that are left out.
                let mut next = |name: &str| {
                    rest.find(|known| known.name == name || !known.is_optional)
                        .filter(|known| known.name == name)
                };
                while let Some(found) = members.next_key_seed(Name(&mut next))? {
                    let Some(member) = found else { return Self::ends(false) };
                    members.next_value_seed(Reading(&member.shape))?;
                }
                Self::ends(rest.all(|member| member.is_optional))
            }
            Some(Shape::Open(known)) if known.len() <= MOST => {
                let mut seen = 0_u64;
                let place = |name: &str| known.iter().position(|member| member.name == name);
                while let Some(place) = members.next_key_seed(Name(place))? {
                    let Some(place) = place else {
                        members.next_value::<Value>()?;
                        continue;
                    };
                    // The last of two with one name counts, and only a value knows that.
                    Self::ends::<A::Error>(seen & (1 << place) == 0)?;
                    seen |= 1 << place;
                    members.next_value_seed(Reading(&known[place].shape))?;
                }
                let is_there =
                    |(place, member): (usize, &Member)| member.is_optional || seen & (1 << place) != 0;
                Self::ends(known.iter().enumerate().all(is_there))
            }
            Some(Shape::Map(each)) => {
                while members.next_key_seed(Name(|_: &str| ()))?.is_some() {
                    members.next_value_seed(Reading(each))?;
                }
                Ok(())
            }
            _ => Self::ends(false),
        }
    }
}

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for Name<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<T, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Name<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        Ok((self.0)(name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{from_slice, from_str};

    use super::*;
    use crate::emulator::{Pattern, member, optional};

    static DATE: Pattern = Pattern::new(r"^[0-9]{4}$", "2026");

    fn shapes() -> impl Strategy<Value = Shape> {
        let leaf = prop::sample::select(vec![
            Shape::Any,
            Shape::Null,
            Shape::Text,
            Shape::Like(&DATE),
            Shape::Exactly("a".into()),
            Shape::Integer,
            Shape::Count(1),
            Shape::Number,
            Shape::Flag,
            Shape::Only(true),
            Shape::Empty,
        ]);
        leaf.prop_recursive(3, 16, 4, |inner| {
            let members = prop::collection::vec((0..4_usize, inner.clone(), any::<bool>()), 0..4);
            let named = members.prop_map(|all| {
                let mut known: Vec<Member> = Vec::new();
                for (name, shape, is_optional) in all {
                    let name = ["a", "b", "c", "d"][name];
                    if known.iter().all(|member| member.name != name) {
                        known.push(if is_optional { optional(name, shape) } else { member(name, shape) });
                    }
                }
                known
            });
            prop_oneof![
                named.clone().prop_map(Shape::Object),
                named.prop_map(Shape::Open),
                inner.clone().prop_map(Shape::list),
                inner.clone().prop_map(Shape::map),
                prop::collection::vec(inner, 1..3).prop_map(Shape::Either),
            ]
        })
    }

    fn texts() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "null",
            "true",
            "false",
            "1",
            "-1",
            "1.5",
            "1e999",
            "\"a\"",
            "\"2026\"",
            "\"\\u0061\"",
            "\"\\ud800\"",
            "[]",
            "{}",
        ])
        .prop_map(str::to_owned);
        leaf.prop_recursive(3, 16, 4, |inner| {
            let name = prop::sample::select(vec!["a", "b", "c", "d", "\\u0061"]);
            let members = prop::collection::vec((name, inner.clone()), 0..4).prop_map(|all| {
                all.iter().map(|(name, text)| format!("\"{name}\":{text}")).collect::<Vec<_>>().join(",")
            });
            prop_oneof![
                members.prop_map(|members| format!("{{{members}}}")),
                prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_reads_as_a_shape_is_of_it(shape in shapes(), text in texts()) {
            let value = from_str::<Value>(&text).ok();
            let is_of_it = value.is_some_and(|value| fits(&shape, &value));
            prop_assert!(is_of_it || !reads_as(&shape, text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_reads_as_nothing() {
        let shape = Shape::object([member("a", Shape::Any)]);
        assert!(reads_as(&shape, br#"{"a": [1]}"#));
        for text in [&b""[..], b"{", br#"{"a":1}x"#, br#"{"a":1,}"#, b"{\"a\":\"\xff\"}", b"<html>"] {
            assert!(!reads_as(&shape, text) && from_slice::<Value>(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_answer_with_its_usual_parts_reads_as_its_shape() {
        let time = Shape::object([member("start", Shape::Number), optional("operating", Shape::Number)]);
        let shape = Shape::object([
            member("result", Shape::Either(vec![Shape::object([member("a", Shape::Flag)]), Shape::Empty])),
            member("chat", Shape::open([member("id", Shape::Text), optional("name", Shape::Text.or_null())])),
            member("all", Shape::Text.map()),
            member("time", time),
        ]);
        for text in [
            r#"{"result":{"a":true},"chat":{"x":1,"name":null,"id":"1"},"all":{"x":"y"},"time":{"start":1.5}}"#,
            r#"{"result":[],"chat":{"id":"1"},"all":{},"time":{"start":1,"operating":2}}"#,
        ] {
            assert!(reads_as(&shape, text.as_bytes()), "{text}");
        }
    }
}
