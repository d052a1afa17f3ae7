//! The parameters of a call: in the order sent, as spelt by the caller.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::php;
use crate::http::{Facts, ValueKind, Way};

/// Top-level parameters with their values. A call has a handful, so they are a list and not a table; a name that
/// is given again stands again, and the last one counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(Vec<(String, Value)>);

impl Parameters {
    /// The value of a parameter, its name in any case; of several spellings the last one counts.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Takes every parameter of exactly this name out, and returns the last one.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        // Few calls carry a given name, and looking is cheaper than removing.
        if !self.0.iter().any(|(key, _)| key == name) {
            return None;
        }
        let (taken, kept) = std::mem::take(&mut self.0).into_iter().partition(|(key, _)| key == name);
        self.0 = kept;
        let taken: Vec<(String, Value)> = taken;
        taken.into_iter().next_back().map(|(_, value)| value)
    }

    /// Adds `others`, which take the place of what has the same name.
    pub fn lay_over(&mut self, others: Self) {
        if self.0.is_empty() {
            *self = others;
        } else {
            self.0.extend(others.0);
        }
    }
}

impl From<Map<String, Value>> for Parameters {
    fn from(map: Map<String, Value>) -> Self {
        Self(map.into_iter().collect())
    }
}

impl Facts for Parameters {
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        self.value(name).and_then(php::to_text)
    }

    fn within(&self, way: &Way<'_>, tell: &mut dyn FnMut(&str)) {
        let text = &mut |value| php::to_text(value).iter().for_each(|text| tell(text));
        self.value(way.parameter).into_iter().for_each(|value| way.follow(value, text));
    }

    fn given(&self, tell: &mut dyn FnMut(&str, ValueKind)) {
        self.0.iter().for_each(|(name, value)| tell(name, ValueKind::of(value)));
    }
}

/// As PHP would print the array: a name keeps its first place and gets its last value.
impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.iter().cloned().collect::<Map<_, _>>().serialize(serializer)
    }
}

/// From a JSON object, or from an array, whose elements are named by their positions.
impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Parameters;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object or an array")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Parameters(members))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Parameters, A::Error> {
                let mut members = Vec::new();
                while let Some(element) = sequence.next_element()? {
                    members.push((members.len().to_string(), element));
                }
                Ok(Parameters(members))
            }
        }

        deserializer.deserialize_any(Members)
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
    fn what_is_laid_over_takes_the_place_of_what_was_there() {
        let mut parameters: Parameters = serde_json::from_str(r#"{"A":"1","B":"2"}"#).unwrap();
        parameters.lay_over(serde_json::from_str(r#"{"C":"3","A":"4"}"#).unwrap());
        assert_eq!(serde_json::to_string(&parameters).unwrap(), r#"{"A":"4","B":"2","C":"3"}"#);
    }
}
