//! The JSON Schema of a scenario → shapes that its YAML can be held against.
//!
//! Knows the part of JSON Schema that types in Rust give rise to, no more.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ReadError;
use serde_json::Value;

use super::words::either;
use crate::scalar::{Length, Moment, Offset, Point};

/// What a node of the YAML must look like.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A scalar, whose spelling is kept.
    Text,
    /// A scalar that a type of its own reads.
    Read { example: String, read: fn(&str) -> Result<(), String> },
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Integer { least: i128, most: i128 },
    /// A number.
    Number { least: f64, most: f64 },
    /// This one scalar, the version of the format.
    Version(Value),
    /// One of these words, or a mapping with one of these keys.
    Choice { words: Vec<String>, forms: Vec<Field> },
    /// A list; the first items may have shapes of their own.
    List { first: Vec<Shape>, rest: Option<Box<Shape>>, least: usize, most: usize },
    /// A mapping with these keys and no others.
    Record(Vec<Field>),
    /// A mapping with any keys.
    Table(Box<Shape>),
    /// A scalar, a list or a mapping, each with a shape of its own; what has none is not accepted.
    Kinds { scalar: Box<Shape>, list: Option<Box<Shape>>, mapping: Option<Box<Shape>> },
    /// The same, or null.
    Optional(Box<Shape>),
    /// Whatever there is.
    Anything,
}

/// One key of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) is_required: bool,
}

impl Shape {
    /// The shape that `schema`, a whole document with its `$defs`, describes.
    pub(super) fn of(schema: &Value) -> Self {
        Compiler { definitions: &schema["$defs"], inside: Vec::new() }.shape(schema)
    }

    /// The shape of what stands under a key of a mapping.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        let Self::Record(fields) = self else { return None };
        fields.iter().find(|field| field.name == name).map(|field| &field.shape)
    }

    /// The shape of an item of a list.
    pub(super) fn item(&self, index: usize) -> &Self {
        let Self::List { first, rest, .. } = self else { return &Self::Anything };
        first.get(index).or(rest.as_deref()).unwrap_or(&Self::Anything)
    }

    /// Whether it is a whole number, there or not.
    pub(super) fn is_integer(&self) -> bool {
        match self {
            Self::Integer { .. } => true,
            Self::Optional(shape) => shape.is_integer(),
            _ => false,
        }
    }

    /// Something that has this shape, as one would type it.
    pub(super) fn example(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Read { example, .. } => example.clone(),
            Self::Flag => "true".to_owned(),
            Self::Integer { least, most } => 1.clamp(*least, *most).to_string(),
            Self::Number { least, most } => 0.5_f64.clamp(*least, *most).to_string(),
            Self::Version(value) => value.to_string(),
            Self::Choice { words, forms } => match (words.first(), forms.first()) {
                (Some(word), _) => word.clone(),
                (None, Some(form)) => format!("{{{}}}", form.example()),
                (None, None) => String::new(),
            },
            Self::List { least, .. } => {
                let items = (0..(*least).max(1)).map(|index| self.item(index).example());
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
            Self::Record(fields) => {
                let required = fields.iter().filter(|field| field.is_required);
                let shown: Vec<_> = if required.clone().next().is_some() {
                    required.map(Field::example).collect()
                } else {
                    fields.iter().take(1).map(Field::example).collect()
                };
                format!("{{{}}}", shown.join(", "))
            }
            Self::Table(shape) => format!("{{key: {}}}", shape.example()),
            Self::Kinds { scalar, .. } => scalar.example(),
            Self::Optional(shape) => shape.example(),
            Self::Anything => "…".to_owned(),
        }
    }

    /// What is expected, in words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Text | Self::Read { .. } => "text".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Integer { least, most } => {
                range("a whole number", least, most, *most >= i128::from(i64::MAX))
            }
            Self::Number { least, most } => range("a number", least, most, most.is_infinite()),
            Self::Version(value) => format!("`{value}`"),
            Self::Choice { words, forms } => {
                let forms = forms.iter().map(|form| format!("{{{}}}", form.example()));
                either(words.iter().cloned().chain(forms))
            }
            Self::List { least, most, .. } if least == most => format!("a list of {least} items"),
            Self::List { .. } => "a list".to_owned(),
            Self::Record(_) | Self::Table(_) => "a mapping".to_owned(),
            Self::Kinds { scalar, list, mapping } => {
                let kinds = std::iter::once(scalar).chain(list).chain(mapping).map(|shape| shape.words());
                kinds.collect::<Vec<_>>().join(", or ")
            }
            Self::Optional(shape) => shape.words(),
            Self::Anything => "a value".to_owned(),
        }
    }
}

impl Field {
    /// The key with a value, as one would type them.
    pub(super) fn example(&self) -> String {
        format!("{}: {}", self.name, self.shape.example())
    }
}

fn range<T: std::fmt::Display>(what: &str, least: &T, most: &T, is_open: bool) -> String {
    let (least, most) = (least.to_string(), most.to_string());
    match (least.starts_with('-'), is_open) {
        (true, true) => what.to_owned(),
        (false, true) => format!("{what} from {least} on"),
        (_, false) => format!("{what} from {least} to {most}"),
    }
}

struct Compiler<'a> {
    definitions: &'a Value,
    /// The definitions that are being read; a recursive one is not looked into.
    inside: Vec<&'a str>,
}

impl<'a> Compiler<'a> {
    fn shape(&mut self, schema: &'a Value) -> Shape {
        if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
            return self.definition(name);
        }
        if let Some(value) = schema.get("const") {
            return if let Some(word) = value.as_str() {
                choice([word])
            } else {
                Shape::Version(value.clone())
            };
        }
        if let Some(words) = schema["enum"].as_array() {
            return choice(words.iter().filter_map(Value::as_str));
        }
        if let Some(variants) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            return self.variants(variants);
        }
        match &schema["type"] {
            Value::String(name) => self.typed(name, schema),
            Value::Array(names) => {
                let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
                let name = if names.contains(&"string") {
                    Some("string")
                } else {
                    names.iter().find(|n| **n != "null").copied()
                };
                let shape = name.map_or(Shape::Anything, |name| self.typed(name, schema));
                if names.contains(&"null") { Shape::Optional(Box::new(shape)) } else { shape }
            }
            _ => Shape::Anything,
        }
    }

    fn definition(&mut self, name: &'a str) -> Shape {
        let Some(schema) = self.definitions.get(name).filter(|_| !self.inside.contains(&name)) else {
            debug_assert!(false, "the schema of a scenario has a definition `{name}` without an end");
            return Shape::Anything;
        };
        let example = || schema["examples"][0].as_str().unwrap_or_default().to_owned();
        match name {
            "Length" => return Shape::Read { example: example(), read: read::<Length> },
            "Point" => return Shape::Read { example: example(), read: read::<Point> },
            "Moment" => return Shape::Read { example: example(), read: read::<Moment> },
            "Offset" => return Shape::Read { example: example(), read: read::<Offset> },
            _ => {}
        }
        self.inside.push(name);
        let shape = self.shape(schema);
        self.inside.pop();
        shape
    }

    /// An enum of Rust, or an option.
    fn variants(&mut self, variants: &'a [Value]) -> Shape {
        let is_null = |variant: &&Value| variant["type"] == "null";
        let others: Vec<_> = variants.iter().filter(|variant| !is_null(variant)).collect();
        let shape = match others[..] {
            [only] => self.shape(only),
            _ => self.choice(&others).unwrap_or_else(|| self.kinds(&others)),
        };
        if others.len() < variants.len() { Shape::Optional(Box::new(shape)) } else { shape }
    }

    /// Variants that the kind of node tells apart.
    fn kinds(&mut self, variants: &[&'a Value]) -> Shape {
        let (mut scalar, mut list, mut mapping) = (None, None, None);
        for variant in variants {
            let shape = self.shape(variant);
            let place = match &shape {
                Shape::List { .. } => &mut list,
                Shape::Record(_) | Shape::Table(_) => &mut mapping,
                Shape::Choice { words, .. } if words.is_empty() => &mut mapping,
                _ => &mut scalar,
            };
            if place.replace(Box::new(shape)).is_some() {
                return Shape::Anything;
            }
        }
        scalar.map_or(Shape::Anything, |scalar| Shape::Kinds { scalar, list, mapping })
    }

    /// Words, and mappings of one key.
    fn choice(&mut self, variants: &[&'a Value]) -> Option<Shape> {
        let (mut words, mut forms) = (Vec::new(), Vec::new());
        for variant in variants {
            match self.shape(variant) {
                Shape::Choice { words: more, forms: others } => {
                    words.extend(more);
                    forms.extend(others);
                }
                Shape::Record(fields) if fields.len() == 1 => forms.extend(fields),
                _ => return None,
            }
        }
        Some(Shape::Choice { words, forms })
    }

    fn typed(&mut self, name: &str, schema: &'a Value) -> Shape {
        match name {
            "string" => Shape::Text,
            "boolean" => Shape::Flag,
            "integer" => {
                let (least, most) = bounds(schema["format"].as_str().unwrap_or_default());
                let bound =
                    |key: &str| schema[key].as_i64().map(i128::from).or(schema[key].as_u64().map(i128::from));
                Shape::Integer {
                    least: bound("minimum").map_or(least, |bound| bound.max(least)),
                    most: bound("maximum").map_or(most, |bound| bound.min(most)),
                }
            }
            "number" => Shape::Number {
                least: schema["minimum"].as_f64().unwrap_or(f64::NEG_INFINITY),
                most: schema["maximum"].as_f64().unwrap_or(f64::INFINITY),
            },
            "array" => self.list(schema),
            "object" => self.object(schema),
            _ => Shape::Anything,
        }
    }

    fn list(&mut self, schema: &'a Value) -> Shape {
        let length = |key: &str| schema[key].as_u64().map(|length| length as usize);
        let first = schema["prefixItems"]
            .as_array()
            .map_or_else(Vec::new, |items| items.iter().map(|item| self.shape(item)).collect());
        let rest =
            schema.get("items").filter(|items| items.is_object()).map(|items| Box::new(self.shape(items)));
        Shape::List {
            first,
            rest,
            least: length("minItems").unwrap_or(0),
            most: length("maxItems").unwrap_or(usize::MAX),
        }
    }

    fn object(&mut self, schema: &'a Value) -> Shape {
        let Some(properties) = schema["properties"].as_object() else {
            let values = schema.get("additionalProperties").filter(|values| values.is_object());
            return Shape::Table(Box::new(values.map_or(Shape::Anything, |values| self.shape(values))));
        };
        let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        let field = |(name, schema): (&'a String, &'a Value)| Field {
            name: name.clone(),
            shape: self.shape(schema),
            is_required: required.iter().any(|key| key == name),
        };
        Shape::Record(properties.iter().map(field).collect())
    }
}

fn choice<'a>(words: impl IntoIterator<Item = &'a str>) -> Shape {
    Shape::Choice { words: words.into_iter().map(str::to_owned).collect(), forms: Vec::new() }
}

/// The least and the greatest number of an integer type of Rust.
fn bounds(format: &str) -> (i128, i128) {
    match format {
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint" | "uint64" => (0, u64::MAX.into()),
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

/// Whether `T` can be read from the text.
fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<(), String> {
    T::deserialize(text.into_deserializer()).map(drop).map_err(|error: ReadError| error.to_string())
}
