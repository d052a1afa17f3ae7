//! An error answer: an error of the catalogue, with the status and text that an edition and a method give it.

use std::borrow::Cow;

use super::editions::{Edition, face};
use super::errors::ERROR_ARGUMENT;
use crate::emulator::{ErrorCode, Face, Fate, Operation, Ordered};

/// An error answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error's entry in the catalogue.
    pub code: &'static ErrorCode,
    /// The HTTP status.
    pub status: u16,
    /// The text, sent as `error_description`.
    pub text: Cow<'static, str>,
    /// Name of the wrong argument; `None` when the edition or the error does not name one.
    pub argument: Option<Cow<'static, str>>,
    /// Value of the `retry-after` header field in seconds; `None` unless a fault sets it.
    pub retry_after: Option<u32>,
    /// Whether the change that the call asked for is made in spite of the error.
    pub fate: Fate,
    /// What in the request or the scenario caused the error, for the journal; `None` when a fault did.
    pub reason: Option<Cow<'static, str>>,
}

impl Refusal {
    /// The error `code` with its status and text in `edition`.
    pub fn new(code: &'static ErrorCode, edition: Edition) -> Self {
        Self::with_face(code, face(code, edition))
    }

    /// The error `code` with the status and text that `operation` gives it in `edition`.
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
            reason: None,
        }
    }

    /// The same error with another text.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.text = text.into();
        self
    }

    /// The same error with the reason that the journal gives for it.
    #[must_use]
    pub fn because(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// `ERROR_ARGUMENT` for an empty or missing argument. The live edition names the argument; the documented edition
    /// has a fixed text.
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

    /// The error that a fault orders for a call of `operation`.
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
