//! What a node of a scenario's YAML is held against. The shapes themselves are in `shapes.rs`.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ReadError;

use super::words::either;
use crate::scalar::{Length, Offset, Point, Start};

/// What a node of the YAML must look like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A scalar, whose spelling is kept.
    Text,
    /// A scalar that a type of its own reads.
    Read { example: &'static str, kind: Kind },
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Integer { least: i128, most: i128 },
    /// A number.
    Number { least: f64, most: f64 },
    /// This one scalar, the version of the format.
    Version(u64),
    /// One of these words, or a mapping with one of these keys.
    Choice { words: &'static [&'static str], forms: &'static [Field] },
    /// A list; the first items may have shapes of their own.
    List { first: &'static [Shape], rest: Option<&'static Shape>, least: usize, most: usize },
    /// A mapping with these keys and no others.
    Record(&'static [Field]),
    /// A mapping with any keys.
    Table(&'static Shape),
    /// A scalar, a list or a mapping, each with a shape of its own; what has none is not accepted.
    Kinds { scalar: &'static Shape, list: Option<&'static Shape>, mapping: Option<&'static Shape> },
    /// The same, or null.
    Optional(&'static Shape),
    /// Whatever there is.
    Anything,
}

/// One key of a mapping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) is_required: bool,
}

/// A type that reads its scalars itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Length,
    Offset,
    Point,
    Start,
}

impl Shape {
    /// The shape of an item of a list.
    pub(super) fn item(&self, index: usize) -> &Self {
        let Self::List { first, rest, .. } = self else { return &Self::Anything };
        first.get(index).or(*rest).unwrap_or(&Self::Anything)
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
            Self::Read { example, .. } => (*example).to_owned(),
            Self::Flag => "true".to_owned(),
            Self::Integer { least, most } => 1.clamp(*least, *most).to_string(),
            Self::Number { least, most } => 0.5_f64.clamp(*least, *most).to_string(),
            Self::Version(value) => value.to_string(),
            Self::Choice { words, forms } => match (words.first(), forms.first()) {
                (Some(word), _) => (*word).to_owned(),
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
                either(words.iter().map(|word| (*word).to_owned()).chain(forms))
            }
            Self::List { least, most, .. } if least == most => format!("a list of {least} items"),
            Self::List { .. } => "a list".to_owned(),
            Self::Record(_) | Self::Table(_) => "a mapping".to_owned(),
            Self::Kinds { scalar, list, mapping } => {
                let kinds = [Some(*scalar), *list, *mapping].into_iter().flatten().map(|shape| shape.words());
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

impl Kind {
    /// Whether the text can be read.
    pub(super) fn read(self, text: &str) -> Result<(), String> {
        match self {
            Self::Length => read::<Length>(text),
            Self::Offset => read::<Offset>(text),
            Self::Point => read::<Point>(text),
            Self::Start => read::<Start>(text),
        }
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

/// Whether `T` can be read from the text.
fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<(), String> {
    T::deserialize(text.into_deserializer()).map(drop).map_err(|error: ReadError| error.to_string())
}
