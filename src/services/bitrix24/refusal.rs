//! An error answer: an error of the catalogue, with the status and text that an edition and a method give it.

use std::borrow::Cow;

use super::caller::Means;
use super::editions::{Edition, face};
use super::errors::{self, ERROR_ARGUMENT};
use super::texts;
use crate::basics::Stage;
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
    /// How far the server had come.
    pub reached: Reached,
    /// Index of the caller's credential in the scenario; `None` before the server knows it, and for a session.
    pub credential: Option<u32>,
}

/// How far the server had come with a call when it refused it. Header fields depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It did not know who calls.
    Nothing,
    /// It knew who calls. The method had not begun.
    Caller,
    /// The method had begun.
    Method,
}

impl Reached {
    /// Where the server gives the error `code`.
    fn by(code: &'static ErrorCode) -> Self {
        const AFTER_CALLER: [&ErrorCode; 3] =
            [&errors::OPERATION_TIME_LIMIT, &errors::WRONG_LICENSE, &errors::WRONG_ENCODING];
        const IN_METHOD: [&ErrorCode; 8] = [
            &errors::WRONG_AUTH_TYPE,
            &errors::ACCESS_DENIED_RIGHTS,
            &errors::ACCESS_DENIED_CONTEXT,
            &errors::ACCESS_DENIED_MODULE,
            &errors::ACCESS_DENIED_CONNECTORS,
            &errors::METHOD_CONFIRM_WAITING,
            &errors::METHOD_CONFIRM_DENIED,
            &errors::ERROR_MANIFEST_IS_NOT_AVAILABLE,
        ];
        if AFTER_CALLER.contains(&code) {
            return Self::Caller;
        }
        if code.stage > Stage::Auth || IN_METHOD.contains(&code) { Self::Method } else { Self::Nothing }
    }
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
            reached: Reached::by(code),
            credential: None,
        }
    }

    /// Whether the error stands in a `result` that is false.
    pub fn is_result(&self) -> bool {
        is_of_result(self.code)
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

    /// The same error of a call whose caller has this credential.
    #[must_use]
    pub fn of(mut self, credential: Option<usize>) -> Self {
        if self.reached != Reached::Nothing {
            self.credential = credential.and_then(|place| u32::try_from(place).ok());
        }
        self
    }

    /// The same error, given before the method began.
    #[must_use]
    pub fn before_method(self) -> Self {
        Self { reached: Reached::Caller, ..self }
    }

    /// `ERROR_ARGUMENT` for an empty or missing argument. The live edition names the argument; the documented edition
    /// has a fixed text for each operation.
    pub fn argument(
        operation: Option<&Operation>,
        name: impl Into<Cow<'static, str>>,
        edition: Edition,
    ) -> Self {
        let refusal = Self::by(operation, &ERROR_ARGUMENT, edition);
        let name = name.into();
        if !edition.rules().names_argument {
            // A page whose text names an argument names the one that is meant.
            let is_named = texts::is_of_argument(&refusal.text, edition);
            return if is_named { refusal.with_text(texts::null_or_empty(&name)) } else { refusal };
        }
        Self { argument: Some(name.clone()), ..refusal.with_text(texts::null_or_empty(&name)) }
    }

    /// The error that a fault orders for a call of `operation`.
    pub fn ordered(ordered: Ordered, operation: Option<&Operation>, edition: Edition) -> Self {
        let mut refusal = if *ordered.code == ERROR_ARGUMENT {
            let usual = || operation.map_or("CONNECTOR".into(), texts::usual_argument);
            Self::argument(operation, ordered.argument.map_or_else(usual, Cow::from), edition)
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

/// Whether an error stands in a `result` that is false: a failure of register or unregister.
pub fn is_of_result(code: &ErrorCode) -> bool {
    errors::OF_REGISTRATION.iter().chain(errors::OF_UNREGISTRATION).any(|given| *given.code == *code)
}

/// The refusal with the text for this kind of credential. The live server has two texts for `insufficient_scope` and
/// `ACCESS_DENIED`, one for tokens and one for webhooks; the page has one text each.
pub fn for_means(refusal: Refusal, means: Means, edition: Edition) -> Refusal {
    if !(edition.rules().words_by_means && means == Means::Webhook) {
        return refusal;
    }
    if *refusal.code == errors::INSUFFICIENT_SCOPE {
        return refusal.with_text(texts::SCOPE_OF_WEBHOOK);
    }
    if *refusal.code == errors::ACCESS_DENIED {
        return refusal.with_text(texts::ONLY_BY_SUBSCRIPTION);
    }
    refusal
}
