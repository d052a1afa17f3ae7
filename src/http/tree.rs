//! A JSON value in two blocks of memory.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A JSON value with all values inside it, in the order sent. All names and texts are in one block of memory and all
/// values in another, which takes less time than a block for each.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    text: String,
    /// The value, then those inside it.
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
struct Node {
    /// The start and the end of the name in the text; empty unless the value is a member of a mapping.
    name: (usize, usize),
    kind: Kind,
    /// How many nodes the value takes: one for itself, and those of the values inside it.
    size: usize,
}

#[derive(Clone, Debug)]
enum Kind {
    Null,
    Flag(bool),
    Number(Number),
    /// A text, which starts at the end of the name and ends here.
    Text(usize),
    List,
    Mapping,
}

/// A value of a [`Tree`].
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    tree: &'a Tree,
    at: usize,
}

/// The values directly inside a [`Part`].
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    tree: &'a Tree,
    next: usize,
    end: usize,
}

impl Parts<'_> {
    /// How many values there are, with those inside them at every depth.
    #[inline]
    pub fn count_inside(self) -> usize {
        self.end - self.next
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    #[inline]
    fn next(&mut self) -> Option<Part<'a>> {
        let part = (self.next < self.end).then_some(Part { tree: self.tree, at: self.next })?;
        self.next += part.node().size;
        Some(part)
    }
}

/// A value without those inside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Given<'a> {
    /// Null.
    Null,
    /// True or false.
    Flag(bool),
    /// A number.
    Number(&'a Number),
    /// A text.
    Text(&'a str),
    /// A list.
    List {
        /// Whether nothing is in it.
        is_empty: bool,
    },
    /// A mapping.
    Mapping {
        /// Whether nothing is in it.
        is_empty: bool,
    },
}

impl<'a> Given<'a> {
    /// The text; `None` for any other value.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> From<&'a Value> for Given<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(text),
            Value::Array(elements) => Self::List { is_empty: elements.is_empty() },
            Value::Object(members) => Self::Mapping { is_empty: members.is_empty() },
        }
    }
}

impl<'a> From<Part<'a>> for Given<'a> {
    fn from(part: Part<'a>) -> Self {
        part.given()
    }
}

impl Tree {
    /// The value itself.
    pub fn root(&self) -> Part<'_> {
        Part { tree: self, at: 0 }
    }

    /// Reads a list.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn of_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        let mut tree = Self::with_room();
        Item { tree: &mut tree, name: (0, 0) }.visit_seq(list)?;
        Ok(tree)
    }

    /// Reads a mapping.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn of_mapping<'de, A: MapAccess<'de>>(mapping: A) -> Result<Self, A::Error> {
        let mut tree = Self::with_room();
        Item { tree: &mut tree, name: (0, 0) }.visit_map(mapping)?;
        Ok(tree)
    }

    fn with_room() -> Self {
        Self { text: String::with_capacity(256), nodes: Vec::with_capacity(16) }
    }

    fn push_name(&mut self, name: &str) -> (usize, usize) {
        let start = self.text.len();
        self.text.push_str(name);
        (start, self.text.len())
    }

    fn push(&mut self, name: (usize, usize), kind: Kind) {
        self.nodes.push(Node { name, kind, size: 1 });
    }

    fn push_text(&mut self, name: (usize, usize), text: &str) {
        // A text follows its name. An element of a list has no name.
        let name = if name.0 == name.1 { (self.text.len(), self.text.len()) } else { name };
        self.text.push_str(text);
        self.push(name, Kind::Text(self.text.len()));
    }

    /// Adds a value with all values inside it.
    fn push_value(&mut self, name: (usize, usize), value: &Value) {
        let at = self.nodes.len();
        match value {
            Value::Null => self.push(name, Kind::Null),
            Value::Bool(flag) => self.push(name, Kind::Flag(*flag)),
            Value::Number(number) => self.push(name, Kind::Number(number.clone())),
            Value::String(text) => self.push_text(name, text),
            Value::Array(elements) => {
                self.push(name, Kind::List);
                elements.iter().for_each(|element| self.push_value((0, 0), element));
            }
            Value::Object(members) => {
                self.push(name, Kind::Mapping);
                for (name, member) in members {
                    let name = self.push_name(name);
                    self.push_value(name, member);
                }
            }
        }
        self.close(at);
    }

    /// Notes that all values inside the one at `at` are there.
    fn close(&mut self, at: usize) {
        self.nodes[at].size = self.nodes.len() - at;
    }
}

impl From<&Value> for Tree {
    fn from(value: &Value) -> Self {
        let mut tree = Self::with_room();
        tree.push_value((0, 0), value);
        tree
    }
}

impl<'a> Part<'a> {
    #[inline]
    fn node(self) -> &'a Node {
        &self.tree.nodes[self.at]
    }

    /// The name; empty unless the value is a member of a mapping.
    #[inline]
    pub fn name(self) -> &'a str {
        let (start, end) = self.node().name;
        &self.tree.text[start..end]
    }

    /// The value without those inside it.
    #[inline]
    pub fn given(self) -> Given<'a> {
        let node = self.node();
        let is_empty = node.size == 1;
        match &node.kind {
            Kind::Null => Given::Null,
            Kind::Flag(flag) => Given::Flag(*flag),
            Kind::Number(number) => Given::Number(number),
            Kind::Text(end) => Given::Text(&self.tree.text[node.name.1..*end]),
            Kind::List => Given::List { is_empty },
            Kind::Mapping => Given::Mapping { is_empty },
        }
    }

    /// The elements of a list, or the members of a mapping in the order sent; nothing for any other value. A name may
    /// occur several times.
    #[inline]
    pub fn parts(self) -> Parts<'a> {
        Parts { tree: self.tree, next: self.at + 1, end: self.at + self.node().size }
    }

    /// Whether the value is null.
    #[inline]
    pub fn is_null(self) -> bool {
        matches!(self.node().kind, Kind::Null)
    }

    /// Whether the value is a mapping.
    #[inline]
    pub fn is_mapping(self) -> bool {
        matches!(self.node().kind, Kind::Mapping)
    }

    /// Whether the value is a list.
    #[inline]
    pub fn is_list(self) -> bool {
        matches!(self.node().kind, Kind::List)
    }

    /// The value as JSON. A repeated name keeps its first place and gets its last value.
    pub fn value(self) -> Value {
        match self.given() {
            Given::Null => Value::Null,
            Given::Flag(flag) => flag.into(),
            Given::Number(number) => number.clone().into(),
            Given::Text(text) => text.into(),
            Given::List { .. } => self.parts().map(Self::value).collect(),
            Given::Mapping { .. } => {
                self.parts().map(|part| (part.name().to_owned(), part.value())).collect::<Map<_, _>>().into()
            }
        }
    }
}

/// Reads a value and adds it with this name.
struct Item<'a> {
    tree: &'a mut Tree,
    name: (usize, usize),
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.tree.push_text(self.name, text);
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.tree.push(self.name, Kind::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        self.tree.push(self.name, Kind::Flag(flag));
        Ok(())
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<(), E> {
        self.tree.push(self.name, Kind::Number(integer.into()));
        Ok(())
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<(), E> {
        self.tree.push(self.name, Kind::Number(integer.into()));
        Ok(())
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<(), E> {
        // JSON has no numbers that are not finite.
        let kind = Number::from_f64(float).map_or(Kind::Null, Kind::Number);
        self.tree.push(self.name, kind);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { tree, name } = self;
        let at = tree.nodes.len();
        tree.push(name, Kind::List);
        while list.next_element_seed(Item { tree, name: (0, 0) })?.is_some() {}
        tree.close(at);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<(), A::Error> {
        let Self { tree, name } = self;
        let at = tree.nodes.len();
        tree.push(name, Kind::Mapping);
        while let Some(name) = mapping.next_key_seed(Name(tree))? {
            mapping.next_value_seed(Item { tree, name })?;
        }
        tree.close(at);
        Ok(())
    }
}

/// Reads a name and adds it. Returns its place.
struct Name<'a>(&'a mut Tree);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = (usize, usize);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = (usize, usize);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.push_name(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Members;

    #[test]
    fn a_tree_is_the_value_that_was_sent() {
        for text in [
            "[]",
            "{}",
            r#"[1,-1,18446744073709551615,1.5e3,null,true,"","\u00e4\n",[],{},[[["x"]]],{"":""}]"#,
            r#"{"a":{"b":[1,{"c":"d"},"e"],"f":{}},"g":"h","":[""],"i":{"":{"j":null}}}"#,
            r#"{"a":1,"b":2,"a":{"c":3,"c":4}}"#,
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let members: Members = serde_json::from_str(&format!(r#"{{"m":{text}}}"#)).unwrap();
            let tree = members.tree(|name| name == b"m").unwrap();
            assert_eq!(tree.root().value(), value, "{text}");
            assert_eq!(Tree::from(&value).root().value(), value, "{text}");
            assert_eq!(tree.root().given(), Given::from(&value), "{text}");
        }
    }

    #[test]
    fn parts_are_told_with_their_names_in_the_order_sent() {
        let members: Members = serde_json::from_str(r#"{"m":{"a":[1,[2]],"b":"x","a":{"c":null}}}"#).unwrap();
        let root = members.tree(|name| name == b"m").unwrap().root();
        let told: Vec<_> = root.parts().map(|part| (part.name(), part.given())).collect();
        assert_eq!(
            told,
            [
                ("a", Given::List { is_empty: false }),
                ("b", Given::Text("x")),
                ("a", Given::Mapping { is_empty: false }),
            ]
        );
        assert_eq!(root.parts().next().unwrap().parts().count(), 2);
        assert_eq!(root.parts().nth(1).unwrap().parts().count(), 0);
    }
}
