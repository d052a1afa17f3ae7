//! The texts of a difference between an answer and the contract.

use serde_json::Value;

use crate::emulator::Drift;

/// A difference before its texts are made: those of all answers but the nearest are thrown away.
pub(super) struct Raw<'v> {
    pub(super) at: Place,
    pub(super) expected: String,
    pub(super) actual: Actual<'v>,
}

/// Where a fact of an answer is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    text: String,
    /// Whether a name in it is one that the contract does not have.
    is_of_server: bool,
}

/// What the server sent.
pub(super) enum Actual<'v> {
    Absent,
    /// Words that hold nothing but what the contract has, and numbers.
    Words(String),
    Text(String),
    Value(&'v Value),
    Body(&'v [u8]),
}

impl Place {
    /// A place that the contract names.
    pub(super) fn known(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_of_server: false }
    }

    /// The member of this name, which the contract has.
    pub(super) fn member(&self, name: &str) -> Self {
        Self { text: format!("{}.{name}", self.text), is_of_server: self.is_of_server }
    }

    /// The member of this name, which the server has chosen.
    pub(super) fn member_of_server(&self, name: &str) -> Self {
        Self { is_of_server: true, ..self.member(name) }
    }

    /// The item of a list.
    pub(super) fn item(&self, index: usize) -> Self {
        Self { text: format!("{}[{index}]", self.text), is_of_server: self.is_of_server }
    }
}

impl Raw<'_> {
    /// Whether it is about the body as a whole, or a member of it, and not about a part of a member.
    pub(super) fn is_of_the_whole(&self) -> bool {
        let rest = self.at.text.strip_prefix("body");
        rest.is_some_and(|rest| !rest.trim_start_matches('.').contains(['.', '[']))
    }

    /// Whether it is about this place as a whole.
    pub(super) fn is_at(&self, place: &Place) -> bool {
        self.at.text == place.text
    }

    /// The difference with its texts. `hide` hides secrets in what the server sent.
    pub(super) fn told(self, source: &'static str, hide: &dyn Fn(&str) -> String) -> Drift {
        let shown = |text: &str| cut(hide(text));
        let actual = match self.actual {
            Actual::Absent => "absent".to_owned(),
            Actual::Words(words) => cut(words),
            Actual::Text(text) => shown(&text),
            Actual::Value(value) => shown(&value.to_string()),
            Actual::Body([]) => "nothing".to_owned(),
            Actual::Body(body) => shown(&String::from_utf8_lossy(body)),
        };
        let Place { text, is_of_server } = self.at;
        let at = cut(if is_of_server { hide(&text) } else { text });
        Drift { at, expected: self.expected, actual, source }
    }
}

/// The length at which a value is cut off in a message, in bytes.
pub(super) const SHOWN: usize = 120;

fn cut(mut text: String) -> String {
    if text.len() > SHOWN {
        let end = (0..=SHOWN).rev().find(|&end| text.is_char_boundary(end));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}
