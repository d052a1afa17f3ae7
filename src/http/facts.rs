//! The parameters of a call, for faults and rules that do not know the service.

use std::borrow::Cow;

use super::tree::Given;
use super::way::Way;

/// The parameters of one call, by the names that the service uses.
pub trait Facts {
    /// The parameter `name` as text. `None` when it is absent, or is a list or a mapping. `name` is spelt as in the
    /// description of the operation.
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>>;

    /// Calls `tell` with every value that `name` selects: that of the parameter, or those inside it when the name has
    /// a path, such as `MESSAGES[].chat.id`.
    fn each(&self, name: &str, tell: &mut dyn FnMut(&str)) {
        if let Some(value) = self.parameter(name) {
            tell(&value);
        } else if let Some(way) = Way::read(name) {
            self.within(&way, tell);
        }
    }

    /// Whether any value that `name` selects satisfies `is_wanted`.
    fn has(&self, name: &str, is_wanted: &dyn Fn(&str) -> bool) -> bool {
        let mut has = false;
        self.each(name, &mut |value| has |= is_wanted(value));
        has
    }

    /// Calls `tell` with every value at the end of a path through lists and mappings.
    fn within(&self, _way: &Way<'_>, _tell: &mut dyn FnMut(&str)) {}

    /// Calls `tell` with every parameter that was sent: its name as it was sent, and the kind of its value.
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
    /// The kind of a value.
    pub fn of(value: Given<'_>) -> Self {
        match value {
            Given::Text(_) => Self::Text,
            Given::Number(_) => Self::Number,
            Given::Flag(_) => Self::Flag,
            Given::Null => Self::Null,
            Given::List { .. } => Self::List,
            Given::Mapping { .. } => Self::Mapping,
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

/// `None` is a call without parameters.
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
