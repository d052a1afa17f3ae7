//! A call that is not answered with success: an error of the catalogue as an edition and a method give it.

use std::borrow::Cow;

use super::editions::{Edition, face};
use super::errors::ERROR_ARGUMENT;
use crate::emulator::{ErrorCode, Face, Fate, Operation, Ordered};

/// A call that is not answered with success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The row of the catalogue.
    pub code: &'static ErrorCode,
    /// The HTTP status.
    pub status: u16,
    /// The text.
    pub text: Cow<'static, str>,
    /// The argument that is wrong, where the edition names it.
    pub argument: Option<Cow<'static, str>>,
    /// Seconds to wait, sent as a header where a fault asks for it.
    pub retry_after: Option<u32>,
    /// What becomes of the change that the call asked for.
    pub fate: Fate,
}

impl Refusal {
    /// The error `code` as `edition` gives it.
    pub fn new(code: &'static ErrorCode, edition: Edition) -> Self {
        Self::with_face(code, face(code, edition))
    }

    /// The error `code` as `operation` gives it in `edition`.
    pub fn by(operation: Option<&Operation>, code: &'static ErrorCode, edition: Edition) -> Self {
        let own = operation.and_then(|operation| operation.face(code.code, edition.name()));
        Self::with_face(code, own.unwrap_or_else(|| face(code, edition)))
    }

    fn with_face(code: &'static ErrorCode, face: &'static Face) -> Self {
        Self {
            code,
            status: face.status,
            text: face.text.into(),
            argument: None,
            retry_after: None,
            fate: Fate::Never,
        }
    }

    /// The same with another text.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.text = text.into();
        self
    }

    /// An empty or missing argument: the server names it, the page has one sentence for all.
    pub fn argument(name: impl Into<Cow<'static, str>>, edition: Edition) -> Self {
        let refusal = Self::new(&ERROR_ARGUMENT, edition);
        if !edition.rules().names_argument {
            return refusal;
        }
        let name = name.into();
        Self {
            argument: Some(name.clone()),
            ..refusal.with_text(format!("Argument '{name}' is null or empty"))
        }
    }

    /// The error that a fault ordered of a call of `operation`.
    pub fn ordered(ordered: Ordered, operation: Option<&Operation>, edition: Edition) -> Self {
        let mut refusal = if *ordered.code == ERROR_ARGUMENT {
            Self::argument(ordered.argument.map_or("CONNECTOR".into(), Cow::from), edition)
        } else {
            Self::by(operation, ordered.code, edition)
        };
        refusal.retry_after = ordered.retry_after;
        refusal.fate = ordered.fate;
        match ordered.message {
            Some(message) => refusal.with_text(message),
            None => refusal,
        }
    }
}
