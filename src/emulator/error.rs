//! Rows of a service's error catalogue.

use crate::basics::Stage;

/// One row of a service's error catalogue. Replies, the check of scenarios, `standin catalog` and the tests read
/// the same rows.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code as a scenario names it.
    pub code: &'static str,
    /// What it means, where its texts do not say.
    pub meaning: &'static str,
    /// The stage that gives it.
    pub stage: Stage,
    /// Whether the service's documentation advises to try again.
    pub retryable: bool,
    /// How it looks in each edition.
    pub faces: &'static [Face],
    /// Members that it may carry beyond the service's usual ones.
    pub members: &'static [&'static str],
    /// Where the row comes from.
    pub source: &'static str,
}

/// How an error looks in one edition.
#[derive(Debug, PartialEq, Eq)]
pub struct Face {
    /// The edition; empty when the service has one only.
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
    /// How it looks when this operation gives it; empty where that is as in the catalogue.
    pub own: &'static [Face],
}

/// The error as it stands in the catalogue.
pub const fn gives(code: &'static ErrorCode) -> Gives {
    Gives { code, own: &[] }
}

impl Gives {
    /// The same error with a text or a status that the operation's own page or source has.
    #[must_use]
    pub const fn with(self, own: &'static [Face]) -> Self {
        Self { own, ..self }
    }

    /// How it looks in `edition`. An edition that has no face of its own borrows the first one.
    pub fn face(&self, edition: &str) -> &'static Face {
        let of = |faces: &'static [Face]| faces.iter().find(|face| face.edition == edition);
        of(self.own)
            .or_else(|| self.own.first())
            .or_else(|| of(self.code.faces))
            .unwrap_or(&self.code.faces[0])
    }
}
