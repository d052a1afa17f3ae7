//! What a fault may ask of a request without knowing whose API it is.

use std::borrow::Cow;

use super::way::Way;

/// The parameters of one call, by the vendor's own names.
pub trait Facts {
    /// The parameter `name` as text; `None` when it is absent or no scalar. `name` is spelt as the vendor's
    /// operation lists it.
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>>;

    /// Tells every text that `name` leads to: that of the parameter, or those within it where the name has a way, such as
    /// `MESSAGES[].chat.id`.
    fn each(&self, name: &str, tell: &mut dyn FnMut(&str)) {
        if let Some(value) = self.parameter(name) {
            tell(&value);
        } else if let Some(way) = Way::read(name) {
            self.within(&way, tell);
        }
    }

    /// Whether a text that `name` leads to satisfies `is_wanted`.
    fn has(&self, name: &str, is_wanted: &dyn Fn(&str) -> bool) -> bool {
        let mut has = false;
        self.each(name, &mut |value| has |= is_wanted(value));
        has
    }

    /// Tells every text at the end of a way through lists and mappings.
    fn within(&self, _way: &Way<'_>, _tell: &mut dyn FnMut(&str)) {}

    /// Tells every parameter that was sent, by the name that was sent, with the kind of its value.
    fn given(&self, _tell: &mut dyn FnMut(&str, ValueKind)) {}
}

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// Null.
    Null,
    /// A list.
    List,
    /// A mapping.
    Mapping,
}

impl ValueKind {
    /// The kind of a JSON value.
    pub fn of(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::String(_) => Self::Text,
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Flag,
            Value::Null => Self::Null,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Mapping,
        }
    }

    /// The kind in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::Null => "null",
            Self::List => "a list",
            Self::Mapping => "a mapping",
        }
    }
}

/// A call that may have no parameters at all.
impl<F: Facts> Facts for Option<F> {
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        self.as_ref()?.parameter(name)
    }

    fn within(&self, way: &Way<'_>, tell: &mut dyn FnMut(&str)) {
        self.iter().for_each(|facts| facts.within(way, tell));
    }

    fn given(&self, tell: &mut dyn FnMut(&str, ValueKind)) {
        self.iter().for_each(|facts| facts.given(tell));
    }
}
