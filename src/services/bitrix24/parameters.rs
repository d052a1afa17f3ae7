//! The parameters of a call: in the order sent, as spelt by the caller.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::php::{self, Given};
use crate::http::{Facts, ValueKind};

/// Top-level parameters with their values. A call has a handful, so they are a list and not a table; a name that
/// is given again stands again, and the last one counts.
///
/// Nearly every value is a text. All names and texts stand in one block of memory, one after the other, which costs
/// less than a string for each.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    text: String,
    members: Vec<Member>,
}

/// One parameter.
#[derive(Clone, Debug)]
struct Member {
    /// Where its name begins in the text, and where it ends.
    name: (usize, usize),
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    /// A text, which follows the name and ends here; also as a JSON value once somebody has asked for that.
    Text(usize, OnceLock<Box<Value>>),
    /// Any other value.
    Other(Box<Value>),
}

impl Parameters {
    /// The value of a parameter, its name in any case; of several spellings the last one counts.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.find(name).map(|member| self.as_value(member))
    }

    /// The same without a JSON value made of a text.
    pub fn get(&self, name: &str) -> Option<Given<'_>> {
        self.find(name).map(|member| self.as_given(member))
    }

    fn find(&self, name: &str) -> Option<&Member> {
        let (text, name) = (self.text.as_bytes(), name.as_bytes());
        self.members.iter().rev().find(|Member { name: (start, end), .. }| {
            let known = &text[*start..*end];
            // Nearly all callers spell names as the vendor's page does.
            known.len() == name.len() && (known == name || known.eq_ignore_ascii_case(name))
        })
    }

    /// Whether there is a parameter whose name `is_meant`.
    pub fn any(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        self.members.iter().any(|member| is_meant(self.name(member)))
    }

    /// Takes every parameter of exactly this name out, and returns the last one.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let last = self.members.iter().rev().find(|member| self.name(member) == name)?;
        let last = self.as_value(last).clone();
        self.remove(|known| known == name);
        Some(last)
    }

    /// Removes every parameter whose name `is_meant`.
    pub fn remove(&mut self, is_meant: impl Fn(&str) -> bool) {
        let Self { text, members } = self;
        members.retain(|Member { name: (start, end), .. }| !is_meant(&text[*start..*end]));
    }

    /// Adds `others`, which take the place of what has the same name.
    pub fn lay_over(&mut self, others: Self) {
        if self.members.is_empty() {
            *self = others;
            return;
        }
        let behind = self.text.len();
        self.text.push_str(&others.text);
        self.members.extend(others.members.into_iter().map(|mut member| {
            member.name = (member.name.0 + behind, member.name.1 + behind);
            if let Content::Text(end, _) = &mut member.content {
                *end += behind;
            }
            member
        }));
    }

    fn name(&self, member: &Member) -> &str {
        &self.text[member.name.0..member.name.1]
    }

    fn as_given<'a>(&'a self, member: &'a Member) -> Given<'a> {
        match &member.content {
            Content::Text(end, _) => Given::Text(&self.text[member.name.1..*end]),
            Content::Other(value) => Given::Other(value),
        }
    }

    fn as_value<'a>(&'a self, member: &'a Member) -> &'a Value {
        match &member.content {
            Content::Text(end, value) => {
                value.get_or_init(|| Box::new(self.text[member.name.1..*end].into()))
            }
            Content::Other(value) => value,
        }
    }

    /// Room for a usual call.
    fn with_room() -> Self {
        Self { text: String::with_capacity(256), members: Vec::with_capacity(8) }
    }

    /// Adds a name, whose value is to follow; returns where it begins.
    fn push_name(&mut self, name: &str) -> usize {
        let start = self.text.len();
        self.text.push_str(name);
        start
    }

    /// Adds a text as the value of the name that begins at `start`.
    fn push_text(&mut self, start: usize, text: &str) {
        let name = (start, self.text.len());
        self.text.push_str(text);
        self.members.push(Member { name, content: Content::Text(self.text.len(), OnceLock::new()) });
    }

    /// The same with any value.
    fn push_value(&mut self, start: usize, value: Value) {
        match value {
            Value::String(text) => self.push_text(start, &text),
            other => {
                let name = (start, self.text.len());
                self.members.push(Member { name, content: Content::Other(Box::new(other)) });
            }
        }
    }
}

impl From<Map<String, Value>> for Parameters {
    fn from(map: Map<String, Value>) -> Self {
        let mut parameters = Self::with_room();
        for (name, value) in map {
            let start = parameters.push_name(&name);
            parameters.push_value(start, value);
        }
        parameters
    }
}

impl Facts for Parameters {
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).and_then(php::to_text)
    }

    fn given(&self, tell: &mut dyn FnMut(&str, ValueKind)) {
        self.members.iter().for_each(|member| {
            let kind = match &member.content {
                Content::Text(..) => ValueKind::Text,
                Content::Other(value) => ValueKind::of(value),
            };
            tell(self.name(member), kind);
        });
    }
}

/// As PHP would print the array: a name keeps its first place and gets its last value.
impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pair = |member| (self.name(member).to_owned(), self.as_value(member).clone());
        self.members.iter().map(pair).collect::<Map<_, _>>().serialize(serializer)
    }
}

/// From a JSON object, or from an array, whose elements are named by their positions.
impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Whole)
    }
}

/// Reads all parameters.
struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Parameters;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
        let mut parameters = Parameters::with_room();
        while let Some(start) = map.next_key_seed(Name(&mut parameters))? {
            map.next_value_seed(Contents(&mut parameters, start))?;
        }
        Ok(parameters)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Parameters, A::Error> {
        let mut parameters = Parameters::default();
        loop {
            let start = parameters.push_name(&parameters.members.len().to_string());
            if sequence.next_element_seed(Contents(&mut parameters, start))?.is_none() {
                return Ok(parameters);
            }
        }
    }
}

/// Reads a name and adds it; gives where it begins.
struct Name<'a>(&'a mut Parameters);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        Ok(self.0.push_name(name))
    }
}

/// Reads the value of the name that begins at a place, and adds both.
struct Contents<'a>(&'a mut Parameters, usize);

impl Contents<'_> {
    fn add<E>(self, value: Value) -> Result<(), E> {
        self.0.push_value(self.1, value);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Contents<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Contents<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.push_text(self.1, text);
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.add(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        self.add(flag.into())
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<(), E> {
        self.add(integer.into())
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<(), E> {
        self.add(integer.into())
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<(), E> {
        self.add(float.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<(), A::Error> {
        let value = Value::deserialize(SeqAccessDeserializer::new(sequence))?;
        self.add(value)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(map))?;
        self.add(value)
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
    fn a_value_is_what_serde_json_makes_of_it() {
        let text = r#"{"a":"\u00e4\n","b":-1,"c":18446744073709551615,"d":1.5e3,"e":null,"f":true,"g":[1,{"h":"i"}],"j":{"k":[]}}"#;
        let parameters: Parameters = serde_json::from_str(text).unwrap();
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(&parameters).unwrap(), expected);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(parameters.value(name), Some(value));
            assert_eq!(parameters.get(name).and_then(php::to_text), php::to_text(value), "{name}");
        }
        assert_eq!(parameters.value("absent"), None);
        let list: Parameters = serde_json::from_str(r#"["a",{"b":1}]"#).unwrap();
        assert_eq!(serde_json::to_string(&list).unwrap(), r#"{"0":"a","1":{"b":1}}"#);
        assert!(serde_json::from_str::<Parameters>(r#"{"a":"b""#).is_err());
    }

    #[test]
    fn what_is_laid_over_takes_the_place_of_what_was_there() {
        let mut parameters: Parameters = serde_json::from_str(r#"{"A":"1","B":"2"}"#).unwrap();
        parameters.lay_over(serde_json::from_str(r#"{"C":"3","A":"4"}"#).unwrap());
        assert_eq!(serde_json::to_string(&parameters).unwrap(), r#"{"A":"4","B":"2","C":"3"}"#);
    }
}
