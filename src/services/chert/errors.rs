//! The error catalogue, and the error answers made from it.

use std::borrow::Cow;
use std::time::Duration;

use crate::basics::Stage;
use crate::emulator::{ErrorCode, Face, Fate, Gives, Operation, Ordered, gives};

/// An error answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error's entry in the catalogue.
    pub code: &'static ErrorCode,
    /// The HTTP status.
    pub status: u16,
    /// The text, sent as `message`.
    pub text: Cow<'static, str>,
    /// Value of `retry_after` in seconds; `None` when the code has no such member.
    pub retry_after: Option<u32>,
    /// Whether the change that the call asked for is made in spite of the error.
    pub fate: Fate,
    /// Position of the faulty entry in the list of attachments; `None` when the error is about none.
    pub attachment_index: Option<usize>,
    /// What in the request or the scenario caused the error, for the journal; `None` when a fault did.
    pub reason: Option<Cow<'static, str>>,
}

/// `retry_after` in seconds when the scenario does not set it.
const RETRY_AFTER: u32 = 1;

impl Refusal {
    /// The error `code` with its usual status and text. In an endpoint, `Invocation::refusal` also knows the operation's own.
    pub fn new(code: &'static ErrorCode) -> Self {
        Self::with_face(code, &code.faces[0])
    }

    /// The error `code` with the status and text that `operation` gives it.
    pub fn by(operation: Option<&Operation>, code: &'static ErrorCode) -> Self {
        let own = operation.and_then(|operation| operation.face(code.code, ""));
        Self::with_face(code, own.unwrap_or(&code.faces[0]))
    }

    fn with_face(code: &'static ErrorCode, face: &'static Face) -> Self {
        let retry_after = code.members.contains(&"retry_after").then_some(RETRY_AFTER);
        Self {
            code,
            status: face.status,
            text: face.text.into(),
            retry_after,
            fate: Fate::Never,
            attachment_index: None,
            reason: None,
        }
    }

    /// The same error with another text.
    #[must_use]
    pub fn with_text(self, text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), ..self }
    }

    /// The same error with the reason that the journal gives for it.
    #[must_use]
    pub fn because(self, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }

    /// The same error about the entry at `index` of the list of attachments.
    #[must_use]
    pub fn of_attachment(self, index: usize) -> Self {
        Self { attachment_index: Some(index), ..self }
    }

    /// The same error with `retry_after` set to `wait`, rounded up to whole seconds, at least 1.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_nanos().div_ceil(1_000_000_000).max(1);
        Self { retry_after: Some(u32::try_from(seconds).unwrap_or(u32::MAX)), ..self }
    }

    /// The error that a fault orders for a call of `operation`.
    pub fn ordered(ordered: Ordered, operation: Option<&Operation>) -> Self {
        let refusal = Self::by(operation, ordered.code);
        let retry_after = ordered.retry_after.or(refusal.retry_after);
        let text = ordered.message.map_or(refusal.text, Cow::Owned);
        Self { text, retry_after, fate: ordered.fate, ..refusal }
    }
}

macro_rules! catalogue {
    ($($name:ident $code:literal $status:literal $stage:ident $retryable:literal $text:literal, $meaning:literal,
       $source:literal $(, $member:literal)*;)*) => {
        $(#[doc = concat!("`", $code, "`: ", $text, ".")]
        pub static $name: ErrorCode = ErrorCode {
            code: $code,
            meaning: $meaning,
            stage: Stage::$stage,
            retryable: $retryable,
            faces: &[Face { edition: "", status: $status, text: $text }],
            members: &[$($member),*],
            source: $source,
        };)*

        /// Every error that an emulated endpoint can give.
        pub static ERRORS: &[&ErrorCode] = &[$(&$name),*];
    };
}

catalogue! {
    // Name, code, status, stage, retryable, text; meaning; source; members beyond the usual ones. In the order of stages.
    MISSING_AUTHENTICATION "2012" 401 Auth false "Missing authentication", "no credentials", "table of error codes";
    INVALID_AUTHENTICATION "2004" 401 Auth false "Invalid authentication", "bad signature or bearer token", "authentication page";
    TIMESTAMP_OUTSIDE_WINDOW "2013" 401 Auth false "Timestamp outside the allowed window", "more than 300 s off", "authentication page";
    TENANT_NOT_FOUND "2001" 404 Auth false "Tenant not found", "no tenant has this slug", "table of error codes";
    FORBIDDEN "2005" 403 Auth false "Forbidden", "the tenant is suspended", "table of error codes";
    EMAIL_NOT_VERIFIED "2007" 403 Auth false "Email not verified", "", "table of error codes";
    ACCOUNT_LIMIT_REACHED "2008" 402 Auth false "Account limit reached", "", "table of error codes";
    RATE_LIMIT_EXCEEDED "1007" 429 Auth true "Rate limit exceeded", "", "table of error codes", "retry_after";
    INVALID_JSON_BODY "1004" 400 Arguments false "Invalid JSON body", "the body is not a JSON object", "page of the rename";
    TEXT_TOO_LONG "1009" 400 Arguments false "Text exceeds the length limit", "a text of more than 16,384 bytes", "table of error codes";
    CONSECUTIVE_TEXTS "1008" 400 Arguments false "Consecutive text parts", "two text parts stand side by side", "table of error codes";
    URL_IN_FIRST_MESSAGE "1005" 400 Arguments false "First message has URLs in text", "a link in the first message of a chat is a `rich_link`", "table of error codes";
    INVALID_PHONE_NUMBER "1003" 400 Arguments false "Invalid phone number", "not E.164", "table of error codes";
    UNKNOWN_EFFECT "4098" 400 Arguments false "Unknown effect", "", "page on sending", "allowed_effects";
    INVALID_ATTACHMENT_REFERENCE "1011" 409 Arguments false "Attachment reference invalid", "a URL in place of an ID", "table of error codes";
    ATTACHMENT_TOO_LARGE "5002" 400 Arguments false "Attachment too large", "more than 8 MiB, or no room for more files", "table of error codes";
    UNSUPPORTED_MIME_TYPE "5003" 400 Arguments false "Unsupported MIME type", "not a type, or not the announced one", "table of error codes";
    MISSING_REQUIRED_FIELD "1001" 400 Arguments false "Missing required field: display_name or group_chat_icon", "neither field is given", "decision";
    INVALID_FIELD_VALUE "1002" 400 Arguments false "Invalid field value: display_name", "the name is blank or not a text, or the icon is not an https URL", "decision";
    CHAT_NOT_FOUND "2002" 404 Lookup false "Chat not found", "also a chat of another tenant", "page of the rename";
    CHAT_IS_DIRECT_MESSAGE "1006" 400 Lookup false "Chat is a direct message", "only groups have a name and an icon", "page of the rename";
    NOT_SUPPORTED_FOR_CHAT "4099" 501 Lookup false "Not supported for this chat", "the group lacks its chat key or its pinned line", "page of the rename";
    MESSAGE_NOT_FOUND "2003" 404 Lookup false "Message not found", "also a message of another tenant", "table of error codes";
    PHONE_NOT_ASSIGNED "2006" 400 Lookup false "Phone not assigned to tenant", "the tenant has no such line", "table of error codes";
    STATE_INVALID "1012" 409 Lookup false "Resource state invalid", "the idempotency key belongs to another body", "decision";
    ATTACHMENT_NOT_FOUND "5001" 404 Lookup false "Attachment not found", "", "table of error codes";
    ATTACHMENT_NOT_UPLOADED "5004" 400 Lookup false "Attachment not yet uploaded", "", "table of error codes";
    NOT_FOUND "2011" 404 Lookup false "Not found", "an unknown path or verb", "table of error codes";
    INTERNAL_SERVER_ERROR "3001" 500 Delivery true "Internal server error", "", "table of error codes";
    DELIVERY_UNAVAILABLE "3002" 503 Delivery true "Delivery unavailable", "", "table of error codes";
    DELIVERY_NOT_CONFIGURED "3003" 500 Delivery false "Delivery service not configured", "", "table of error codes";
    DELIVERY_SERVICE_ERROR "3004" 502 Delivery true "Delivery service error", "", "table of error codes";
    DELIVERY_FAILED "4001" 502 Delivery true "Delivery failed", "the rename or the icon was rejected", "page of the rename";
    ALL_LINES_SATURATED "4002" 503 Delivery true "All lines saturated for recipient", "", "table of error codes", "retry_after";
}

/// Errors that every request can get: of authentication, authorization, limits, routing, and internal errors.
pub static OF_ALL: &[Gives] = &[
    gives(&MISSING_AUTHENTICATION),
    gives(&INVALID_AUTHENTICATION),
    gives(&TIMESTAMP_OUTSIDE_WINDOW),
    gives(&TENANT_NOT_FOUND),
    gives(&FORBIDDEN),
    gives(&EMAIL_NOT_VERIFIED),
    gives(&ACCOUNT_LIMIT_REACHED),
    gives(&RATE_LIMIT_EXCEEDED),
    gives(&NOT_FOUND),
    gives(&INTERNAL_SERVER_ERROR),
];

/// The status and the text of an error of one operation.
macro_rules! own {
    ($status:literal $text:literal) => {
        &[$crate::emulator::Face { edition: "", status: $status, text: $text }]
    };
}
pub(super) use own;

/// Errors of a request with a JSON body.
pub static OF_BODIES: &[Gives] =
    &[gives(&INVALID_JSON_BODY), gives(&MISSING_REQUIRED_FIELD), gives(&INVALID_FIELD_VALUE)];

/// Errors of a request that names attachments.
pub static OF_ATTACHMENTS: &[Gives] = &[gives(&ATTACHMENT_NOT_FOUND), gives(&ATTACHMENT_NOT_UPLOADED)];

/// Errors of a request that changes a group.
pub static OF_GROUPS: &[Gives] =
    &[gives(&CHAT_NOT_FOUND), gives(&CHAT_IS_DIRECT_MESSAGE), gives(&NOT_SUPPORTED_FOR_CHAT)];

/// Errors of a request that Chert passes on to the recipients' messaging service.
pub static OF_DELIVERY: &[Gives] = &[
    gives(&DELIVERY_UNAVAILABLE),
    gives(&DELIVERY_NOT_CONFIGURED),
    gives(&DELIVERY_SERVICE_ERROR),
    gives(&DELIVERY_FAILED),
    gives(&ALL_LINES_SATURATED),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_stand_in_the_order_in_which_requests_pass_them() {
        assert!(ERRORS.is_sorted_by_key(|row| row.stage));
    }
}
