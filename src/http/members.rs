//! The members of a JSON object in one block of memory.

use std::fmt;
use std::sync::OnceLock;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::tree::{Given, Tree};

/// The members of an object in the order sent. They are a list and not a table, as a request has few of them. A name
/// may occur several times: the last one counts.
///
/// Nearly every value is a text. All names and texts are in one block of memory, which takes less than a string for
/// each.
#[derive(Clone, Debug, Default)]
pub struct Members {
    text: String,
    members: Vec<Member>,
}

/// One member.
#[derive(Clone, Debug)]
struct Member {
    /// The start and the end of the name in `text`.
    name: (usize, usize),
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    /// A text, which starts at the end of the name and ends here. The cell holds it as a JSON value, once that was
    /// asked for.
    Text(usize, OnceLock<Box<Value>>),
    /// A number, true, false or null.
    Other(Box<Value>),
    /// A list or a mapping.
    Nested(Box<Nested>),
}

/// A list or a mapping in both forms. One of them was sent, and the other one is made once it is asked for.
#[derive(Clone, Debug, Default)]
struct Nested {
    tree: OnceLock<Tree>,
    value: OnceLock<Value>,
}

impl Nested {
    fn tree(&self) -> &Tree {
        self.tree.get_or_init(|| self.value.get().unwrap_or(&Value::Null).into())
    }

    fn given(&self) -> Given<'_> {
        match self.tree.get() {
            Some(tree) => tree.root().given(),
            None => self.value.get().map_or(Given::Null, Given::from),
        }
    }

    fn value(&self) -> &Value {
        self.value.get_or_init(|| self.tree.get().map_or(Value::Null, |tree| tree.root().value()))
    }
}

impl Members {
    /// The value of the last member whose name satisfies `is_meant`, as JSON.
    pub fn value(&self, is_meant: impl Fn(&[u8]) -> bool) -> Option<&Value> {
        self.find(is_meant).map(|member| self.as_value(member))
    }

    /// The value of the last member whose name satisfies `is_meant`. A text does not become a JSON value.
    #[inline]
    pub fn given(&self, is_meant: impl Fn(&[u8]) -> bool) -> Option<Given<'_>> {
        self.find(is_meant).map(|member| self.as_given(member))
    }

    /// The value of the last member with exactly this name, as JSON.
    pub fn json(&self, name: &str) -> Option<&Value> {
        self.value(|known| known == name.as_bytes())
    }

    /// Like [`Members::json`], without what is inside a list or a mapping.
    pub fn get(&self, name: &str) -> Option<Given<'_>> {
        self.given(|known| known == name.as_bytes())
    }

    // Inlined, so that a constant name is compared without a function call.
    #[inline]
    fn find(&self, is_meant: impl Fn(&[u8]) -> bool) -> Option<&Member> {
        let text = self.text.as_bytes();
        self.members.iter().rev().find(|Member { name: (start, end), .. }| is_meant(&text[*start..*end]))
    }

    /// The value of the last member whose name satisfies `is_meant`, if it is a list or a mapping.
    pub fn tree(&self, is_meant: impl Fn(&[u8]) -> bool) -> Option<&Tree> {
        match &self.find(is_meant)?.content {
            Content::Nested(nested) => Some(nested.tree()),
            Content::Text(..) | Content::Other(_) => None,
        }
    }

    /// All members in order, repeated ones too.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members.iter().map(|member| (self.name(member), self.as_value(member)))
    }

    /// Like [`Members::iter`], but a text does not become a JSON value.
    pub fn all_given(&self) -> impl Iterator<Item = (&str, Given<'_>)> {
        self.members.iter().map(|member| (self.name(member), self.as_given(member)))
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether there is a member whose name satisfies `is_meant`.
    pub fn any(&self, is_meant: impl Fn(&[u8]) -> bool) -> bool {
        self.find(is_meant).is_some()
    }

    /// Removes all members whose name satisfies `is_meant`.
    pub fn remove(&mut self, is_meant: impl Fn(&[u8]) -> bool) {
        let Self { text, members } = self;
        members.retain(|Member { name: (start, end), .. }| !is_meant(&text.as_bytes()[*start..*end]));
    }

    /// Adds a member at the end.
    pub fn push(&mut self, name: &str, value: Value) {
        let start = self.push_name(name);
        self.push_value(start, value);
    }

    /// Adds all members of `others` at the end.
    pub fn append(&mut self, others: Self) {
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
            Content::Other(value) => (&**value).into(),
            Content::Nested(nested) => nested.given(),
        }
    }

    fn as_value<'a>(&'a self, member: &'a Member) -> &'a Value {
        match &member.content {
            Content::Text(end, value) => {
                value.get_or_init(|| Box::new(self.text[member.name.1..*end].into()))
            }
            Content::Other(value) => value,
            Content::Nested(nested) => nested.value(),
        }
    }

    /// No members, with room for those of a usual request.
    pub fn with_room() -> Self {
        Self { text: String::with_capacity(256), members: Vec::with_capacity(8) }
    }

    /// Adds a name, which must be followed by its value. Returns the start of the name in `text`.
    fn push_name(&mut self, name: &str) -> usize {
        let start = self.text.len();
        self.text.push_str(name);
        start
    }

    /// Adds a text as the value of the name that starts at `start`.
    fn push_text(&mut self, start: usize, text: &str) {
        let name = (start, self.text.len());
        self.text.push_str(text);
        self.members.push(Member { name, content: Content::Text(self.text.len(), OnceLock::new()) });
    }

    /// Adds any value for the name that starts at `start`.
    fn push_value(&mut self, start: usize, value: Value) {
        match value {
            Value::String(text) => self.push_text(start, &text),
            Value::Array(_) | Value::Object(_) => {
                self.push_nested(start, Nested { value: value.into(), ..Nested::default() });
            }
            other => self.push_content(start, Content::Other(Box::new(other))),
        }
    }

    fn push_nested(&mut self, start: usize, nested: Nested) {
        self.push_content(start, Content::Nested(Box::new(nested)));
    }

    fn push_content(&mut self, start: usize, content: Content) {
        let name = (start, self.text.len());
        self.members.push(Member { name, content });
    }

    /// Reads the members of an object.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn of_object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut members = Self::with_room();
        while let Some(start) = map.next_key_seed(Name(&mut members))? {
            map.next_value_seed(Contents(&mut members, start))?;
        }
        Ok(members)
    }

    /// Reads the elements of an array. Their names are their positions.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn of_array<'de, A: SeqAccess<'de>>(mut sequence: A) -> Result<Self, A::Error> {
        let mut members = Self::default();
        loop {
            let start = members.push_name(&members.members.len().to_string());
            if sequence.next_element_seed(Contents(&mut members, start))?.is_none() {
                return Ok(members);
            }
        }
    }
}

/// Reads a JSON object.
impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Members, A::Error> {
                Members::of_object(map)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Reads a name and adds it. Returns its start.
struct Name<'a>(&'a mut Members);

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

/// Reads a value and adds it for the name that starts at the given position.
struct Contents<'a>(&'a mut Members, usize);

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
        let tree = Tree::of_list(sequence)?;
        self.0.push_nested(self.1, Nested { tree: tree.into(), ..Nested::default() });
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let tree = Tree::of_mapping(map)?;
        self.0.push_nested(self.1, Nested { tree: tree.into(), ..Nested::default() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_serde_json_makes_of_it() {
        let text = r#"{"a":"\u00e4\n","b":-1,"c":18446744073709551615,"d":1.5e3,"e":null,"f":true,"g":[1,{"h":"i"}],"j":{"k":[]}}"#;
        let members: Members = serde_json::from_str(text).unwrap();
        let expected: Value = serde_json::from_str(text).unwrap();
        let expected = expected.as_object().unwrap();
        assert!(members.iter().eq(expected.iter().map(|(name, value)| (name.as_str(), value))));
        for (name, value) in expected {
            assert_eq!(members.get(name), Some(value.into()), "{name}");
        }
        let given = expected.iter().map(|(name, value)| (name.as_str(), Given::from(value)));
        assert!(members.all_given().eq(given));
        assert_eq!(members.get("absent"), None);
        for text in [r#"{"a":"b""#, "[]", "1", "{1:2}"] {
            assert!(serde_json::from_str::<Members>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn of_several_members_of_a_name_the_last_one_counts() {
        let mut members: Members = serde_json::from_str(r#"{"a":1,"b":"x","a":"y"}"#).unwrap();
        assert_eq!(members.get("a"), Some(Given::Text("y")));
        members.append(serde_json::from_str(r#"{"b":"z","c":[]}"#).unwrap());
        assert_eq!(members.value(|name| name == b"b"), Some(&"z".into()));
        members.remove(|name| name == b"b");
        assert_eq!(members.iter().map(|(name, _)| name).collect::<String>(), "aac");
    }
}
