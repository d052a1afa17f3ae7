//! A difference between an answer and the contract, and its texts.

use serde::Serialize;
use serde_json::Value;

/// A fact of an answer that is not as the contract has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Where: `status`, `header.NAME`, `body` or the way to a value in the body, such as `body.chat.id`.
    pub at: String,
    /// What the contract has there.
    pub expected: String,
    /// What the server sent there.
    pub actual: String,
    /// The page, or whatever else, that says what is expected.
    pub source: &'static str,
}

/// A difference before its texts are made: those of all answers but the nearest are thrown away.
pub(super) struct Raw<'v> {
    pub(super) at: String,
    pub(super) expected: String,
    pub(super) actual: Actual<'v>,
}

/// What the server sent.
pub(super) enum Actual<'v> {
    Absent,
    Text(String),
    Value(&'v Value),
    Body(&'v [u8]),
}

impl Raw<'_> {
    /// Whether it is about the body as a whole, or a member of it, and not about a part of a member.
    pub(super) fn is_of_the_whole(&self) -> bool {
        let rest = self.at.strip_prefix("body");
        rest.is_some_and(|rest| !rest.trim_start_matches('.').contains(['.', '[']))
    }

    /// The difference with its texts. `hide` hides secrets in what the server sent.
    pub(super) fn told(self, source: &'static str, hide: &dyn Fn(&str) -> String) -> Drift {
        let shown = |text: &str| cut(hide(text));
        let actual = match self.actual {
            Actual::Absent => "absent".to_owned(),
            Actual::Text(text) => shown(&text),
            Actual::Value(value) => shown(&value.to_string()),
            Actual::Body([]) => "nothing".to_owned(),
            Actual::Body(body) => shown(&String::from_utf8_lossy(body)),
        };
        // Names of members come from the server too.
        Drift { at: cut(hide(&self.at)), expected: self.expected, actual, source }
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
