//! The rows of a service's error catalogue.

use crate::basics::Stage;

/// One row of a service's error catalogue. Replies, the check of scenarios, `standin catalog` and the tests read the
/// same rows.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code, as a scenario spells it.
    pub code: &'static str,
    /// What the error means, if its texts do not say so; otherwise empty.
    pub meaning: &'static str,
    /// The stage that gives the error.
    pub stage: Stage,
    /// Whether the service's documentation advises a retry.
    pub retryable: bool,
    /// The status and the text in each edition.
    pub faces: &'static [Face],
    /// The members of the reply beyond the service's usual ones.
    pub members: &'static [&'static str],
    /// The source of the row.
    pub source: &'static str,
}

/// The status and the text of an error in one edition.
#[derive(Debug, PartialEq, Eq)]
pub struct Face {
    /// The edition; empty when the service has only one.
    pub edition: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The text.
    pub text: &'static str,
}

/// An error that an operation can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gives {
    /// The error.
    pub code: &'static ErrorCode,
    /// The status and the text when this operation gives the error; empty when they are those of the catalogue.
    pub own: &'static [Face],
}

/// An error with the status and the text of the catalogue.
pub const fn gives(code: &'static ErrorCode) -> Gives {
    Gives { code, own: &[] }
}

impl Gives {
    /// The same error with a status or a text of its own for this operation.
    #[must_use]
    pub const fn with(self, own: &'static [Face]) -> Self {
        Self { own, ..self }
    }

    /// The status and the text in `edition`. An edition without its own takes the first one.
    pub fn face(&self, edition: &str) -> &'static Face {
        let of = |faces: &'static [Face]| faces.iter().find(|face| face.edition == edition);
        of(self.own)
            .or_else(|| self.own.first())
            .or_else(|| of(self.code.faces))
            .unwrap_or(&self.code.faces[0])
    }
}
