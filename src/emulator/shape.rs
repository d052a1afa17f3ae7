//! What a JSON value in an answer may be.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Map, Value, json};

/// What a JSON value in an answer may be. The OpenAPI documents print it, and answers of real servers are held against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Any value.
    Any,
    /// `null`.
    Null,
    /// Any text.
    Text,
    /// A text of this form.
    Like(&'static Pattern),
    /// This text.
    Exactly(Cow<'static, str>),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A whole number.
    Integer,
    /// This whole number.
    Count(i64),
    /// Any number.
    Number,
    /// `true` or `false`.
    Flag,
    /// This one of `true` and `false`.
    Only(bool),
    /// A list of such values.
    List(Box<Shape>),
    /// A list with nothing in it. PHP sends it for an empty map too.
    Empty,
    /// An object with these members in this order, and no others.
    Object(Vec<Member>),
    /// An object with these members among others, in any order.
    Open(Vec<Member>),
    /// An object with any names of members, whose values are such.
    Map(Box<Shape>),
    /// A value of one of these shapes. No value satisfies two of them.
    Either(Vec<Shape>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its value.
    pub shape: Shape,
    /// Whether the object may be without it.
    pub is_optional: bool,
}

/// A form that texts have.
#[derive(Debug)]
pub struct Pattern {
    /// A regular expression that JSON Schema and this program read alike.
    pub text: &'static str,
    /// A text of this form.
    pub example: &'static str,
    compiled: OnceLock<Regex>,
}

/// A member that the object always has.
pub fn member(name: impl Into<Cow<'static, str>>, shape: Shape) -> Member {
    Member { name: name.into(), shape, is_optional: false }
}

/// A member that the object may be without.
pub fn optional(name: impl Into<Cow<'static, str>>, shape: Shape) -> Member {
    Member { name: name.into(), shape, is_optional: true }
}

impl Shape {
    /// An object with these members in this order.
    pub fn object(members: impl IntoIterator<Item = Member>) -> Self {
        Self::Object(members.into_iter().collect())
    }

    /// An object with these members among others, in any order.
    pub fn open(members: impl IntoIterator<Item = Member>) -> Self {
        Self::Open(members.into_iter().collect())
    }

    /// A list of such values.
    #[must_use]
    pub fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    /// An object whose members are such values, whatever their names.
    #[must_use]
    pub fn map(self) -> Self {
        Self::Map(Box::new(self))
    }

    /// Such a value, or `null`.
    #[must_use]
    pub fn or_null(self) -> Self {
        Self::Either(vec![self, Self::Null])
    }

    /// The shape as JSON Schema. Members stand in the order in which they are sent.
    pub fn schema(&self) -> Value {
        match self {
            Self::Any => json!({}),
            Self::Null => json!({"type": "null"}),
            Self::Text => json!({"type": "string"}),
            Self::Like(pattern) => {
                json!({"type": "string", "pattern": pattern.text, "examples": [pattern.example]})
            }
            Self::Exactly(text) => json!({"const": text}),
            Self::OneOf(texts) => json!({"enum": texts}),
            Self::Integer => json!({"type": "integer"}),
            Self::Count(count) => json!({"const": count}),
            Self::Number => json!({"type": "number"}),
            Self::Flag => json!({"type": "boolean"}),
            // Generators write code for an optional `const` that cannot be read.
            Self::Only(flag) => json!({"type": "boolean", "enum": [flag]}),
            Self::List(item) => json!({"type": "array", "items": item.schema()}),
            // Generators demand `items` of every list.
            Self::Empty => json!({"type": "array", "items": {}, "maxItems": 0}),
            Self::Object(members) | Self::Open(members) => {
                let properties: Map<_, _> =
                    members.iter().map(|known| (known.name.to_string(), known.shape.schema())).collect();
                let required: Vec<_> =
                    members.iter().filter(|known| !known.is_optional).map(|known| &known.name).collect();
                json!({
                    "type": "object",
                    "properties": properties,
                    "required": required,
                    "additionalProperties": matches!(self, Self::Open(_)),
                })
            }
            Self::Map(value) => json!({"type": "object", "additionalProperties": value.schema()}),
            Self::Either(shapes) => json!({"anyOf": shapes.iter().map(Self::schema).collect::<Vec<_>>()}),
        }
    }

    /// The shape in a few words, for a message.
    pub fn words(&self) -> String {
        match self {
            Self::Any => "any value".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Like(pattern) => format!("a text such as {}", json!(pattern.example)),
            Self::Exactly(text) => json!(text).to_string(),
            Self::OneOf(texts) => {
                let texts: Vec<_> = texts.iter().map(|text| json!(text).to_string()).collect();
                texts.join(" or ")
            }
            Self::Integer => "a whole number".to_owned(),
            Self::Count(count) => count.to_string(),
            Self::Number => "a number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Only(flag) => flag.to_string(),
            Self::List(_) => "a list".to_owned(),
            Self::Empty => "an empty list".to_owned(),
            Self::Object(_) | Self::Open(_) | Self::Map(_) => "an object".to_owned(),
            Self::Either(shapes) => shapes.iter().map(Self::words).collect::<Vec<_>>().join(" or "),
        }
    }
}

impl Pattern {
    /// The form that the regular expression `text` describes, with a text of this form. It is compiled when it is first needed.
    pub const fn new(text: &'static str, example: &'static str) -> Self {
        Self { text, example, compiled: OnceLock::new() }
    }

    /// Whether a text has this form.
    pub fn fits(&self, text: &str) -> bool {
        let compile = || Regex::new(self.text).expect("each pattern is compiled by a test");
        self.compiled.get_or_init(compile).is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}
