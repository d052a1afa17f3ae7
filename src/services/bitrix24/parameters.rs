//! The parameters of a call, in the order and the spelling in which they were sent.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::php;
use crate::http::{Facts, Given, Members, Tree, ValueKind, Way};

/// The top-level parameters of a call, with their values.
#[derive(Clone, Debug, Default)]
pub struct Parameters(Members);

impl Parameters {
    /// The value of a parameter, with its name in any case. If several names match, the last one counts.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.value(|known| is_same(known, name))
    }

    /// Like [`Parameters::value`], but a text is borrowed and not made into a JSON value.
    #[inline]
    pub fn get(&self, name: &str) -> Option<Given<'_>> {
        self.0.given(|known| is_same(known, name))
    }

    /// Like [`Parameters::value`], if it is a list or a mapping.
    pub fn tree(&self, name: &str) -> Option<&Tree> {
        self.0.tree(|known| is_same(known, name))
    }

    /// The value of the last parameter with exactly this name.
    pub fn exact(&self, name: &str) -> Option<Given<'_>> {
        self.0.get(name)
    }

    /// Whether there is a parameter whose name satisfies `is_meant`.
    pub fn any(&self, is_meant: impl Fn(&[u8]) -> bool) -> bool {
        self.0.any(is_meant)
    }

    /// Removes every parameter whose name satisfies `is_meant`.
    pub fn remove(&mut self, is_meant: impl Fn(&[u8]) -> bool) {
        self.0.remove(is_meant);
    }

    /// Removes every parameter of exactly this name, and returns the value of the last one.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let is_meant = |known: &[u8]| known == name.as_bytes();
        let last = self.0.value(is_meant)?.clone();
        self.0.remove(is_meant);
        Some(last)
    }

    /// Adds `others`, which replace parameters of the same name.
    pub fn lay_over(&mut self, others: Self) {
        if self.0.is_empty() {
            *self = others;
        } else {
            self.0.append(others.0);
        }
    }
}

/// Whether two names are equal in any case. Nearly all callers spell names as the page does, so that is tested first.
#[inline]
fn is_same(known: &[u8], name: &str) -> bool {
    let name = name.as_bytes();
    known.len() == name.len() && (known == name || known.eq_ignore_ascii_case(name))
}

impl From<Map<String, Value>> for Parameters {
    fn from(map: Map<String, Value>) -> Self {
        let mut members = Members::with_room();
        map.into_iter().for_each(|(name, value)| members.push(&name, value));
        Self(members)
    }
}

impl Facts for Parameters {
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).and_then(php::to_text)
    }

    fn within(&self, way: &Way<'_>, tell: &mut dyn FnMut(&str)) {
        let text = &mut |value| php::to_text(value).iter().for_each(|text| tell(text));
        self.value(way.parameter).into_iter().for_each(|value| way.follow(value, text));
    }

    fn given(&self, tell: &mut dyn FnMut(&str, ValueKind)) {
        self.0.all_given().for_each(|(name, value)| tell(name, ValueKind::of(value)));
    }
}

/// Writes an object as PHP would: a repeated name keeps its first place and gets its last value.
impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pairs = self.0.iter().map(|(name, value)| (name.to_owned(), value.clone()));
        pairs.collect::<Map<_, _>>().serialize(serializer)
    }
}

/// Reads a JSON object, or an array whose elements are named by their positions.
impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;

        impl<'de> Visitor<'de> for Whole {
            type Value = Parameters;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object or an array")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Parameters, A::Error> {
                Members::of_object(map).map(Parameters)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Parameters, A::Error> {
                Members::of_array(sequence).map(Parameters)
            }
        }

        deserializer.deserialize_any(Whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_spellings_the_last_one_counts() {
        let mut parameters: Parameters =
            serde_json::from_str(r#"{"name":"a","X":1,"Name":"b","X":2}"#).unwrap();
        assert_eq!(parameters.parameter("NAME").as_deref(), Some("b"));
        assert_eq!(serde_json::to_string(&parameters).unwrap(), r#"{"name":"a","X":2,"Name":"b"}"#);
        assert_eq!(parameters.take("X"), Some(2.into()));
        assert_eq!(serde_json::to_string(&parameters).unwrap(), r#"{"name":"a","Name":"b"}"#);
        assert_eq!(parameters.take("X"), None);
    }

    #[test]
    fn the_elements_of_an_array_are_named_by_their_positions() {
        let list: Parameters = serde_json::from_str(r#"["a",{"b":1}]"#).unwrap();
        assert_eq!(serde_json::to_string(&list).unwrap(), r#"{"0":"a","1":{"b":1}}"#);
        assert_eq!(list.value("0"), Some(&"a".into()));
    }

    #[test]
    fn what_is_laid_over_takes_the_place_of_what_was_there() {
        let mut parameters: Parameters = serde_json::from_str(r#"{"A":"1","B":"2"}"#).unwrap();
        parameters.lay_over(serde_json::from_str(r#"{"C":"3","A":"4"}"#).unwrap());
        assert_eq!(serde_json::to_string(&parameters).unwrap(), r#"{"A":"4","B":"2","C":"3"}"#);
    }
}
