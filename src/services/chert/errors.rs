//! The error catalogue, and the one way to make a refusal from it.

use std::borrow::Cow;
use std::time::Duration;

use crate::basics::Stage;
use crate::services::{Commit, ErrorCode, Face, Ordered};

/// A request that is not answered with success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The row of the catalogue.
    pub code: &'static ErrorCode,
    /// The HTTP status.
    pub status: u16,
    /// The text.
    pub text: Cow<'static, str>,
    /// Seconds to wait, with the codes that carry them.
    pub retry_after: Option<u32>,
    /// What becomes of the change that the call asked for.
    pub commit: Commit,
}

/// What `retry_after` says where a scenario does not.
const RETRY_AFTER: u32 = 1;

impl Refusal {
    /// The error `code`.
    pub fn new(code: &str) -> Self {
        let row = ERRORS.iter().find(|row| row.code == code);
        let row = row.expect("the catalogue has every code that the code names");
        let face = &row.faces[0];
        let retry_after = row.members.contains(&"retry_after").then_some(RETRY_AFTER);
        Self { code: row, status: face.status, text: face.text.into(), retry_after, commit: Commit::Never }
    }

    /// The same with another text.
    #[must_use]
    pub fn with_text(self, text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), ..self }
    }

    /// The same with another pause, in whole seconds, of which there is one at least.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_nanos().div_ceil(1_000_000_000).max(1);
        Self { retry_after: Some(u32::try_from(seconds).unwrap_or(u32::MAX)), ..self }
    }

    /// The error that a fault ordered.
    pub fn ordered(ordered: Ordered) -> Self {
        let refusal = Self::new(ordered.code.code);
        let retry_after = ordered.retry_after.or(refusal.retry_after);
        let text = ordered.message.map_or(refusal.text, Cow::Owned);
        Self { text, retry_after, commit: ordered.commit, ..refusal }
    }
}

macro_rules! catalogue {
    ($($code:literal $status:literal $stage:ident $retryable:literal $text:literal, $meaning:literal, $source:literal
       $(, $member:literal)*;)*) => {
        /// Every error that an emulated endpoint can give.
        pub static ERRORS: &[ErrorCode] = &[$(ErrorCode {
            code: $code,
            meaning: $meaning,
            stage: Stage::$stage,
            retryable: $retryable,
            faces: &[Face { edition: "", status: $status, text: $text }],
            members: &[$($member),*],
            operations: &[],
            except: &[],
            source: $source,
        },)*];
    };
}

catalogue! {
    "2012" 401 Auth false "Missing authentication", "no credentials", "table of error codes";
    "2004" 401 Auth false "Invalid authentication", "bad signature or bearer token", "authentication page";
    "2013" 401 Auth false "Timestamp outside the allowed window", "more than 300 s off", "authentication page";
    "2001" 404 Auth false "Tenant not found", "no tenant has this slug", "table of error codes";
    "2005" 403 Auth false "Forbidden", "the tenant is suspended", "table of error codes";
    "2007" 403 Auth false "Email not verified", "", "table of error codes";
    "2008" 402 Auth false "Account limit reached", "", "table of error codes";
    "1007" 429 Auth true "Rate limit exceeded", "", "table of error codes", "retry_after";
    "1004" 400 Arguments false "Invalid JSON body", "no JSON, or no object", "seed page";
    "1001" 400 Arguments false "Missing required field: display_name or group_chat_icon", "neither field is given", "decision";
    "1002" 400 Arguments false "Invalid field value: display_name", "the name is blank or no text, or the icon no https URL", "decision";
    "2002" 404 Lookup false "Chat not found", "also a chat of another tenant", "seed page";
    "1006" 400 Lookup false "Chat is a direct message", "only groups have a name and an icon", "seed page";
    "4099" 501 Lookup false "Not supported for this chat", "the group lacks its chat key or its pinned line", "seed page";
    "2011" 404 Lookup false "Not found", "an unknown path or verb", "table of error codes";
    "3001" 500 Delivery true "Internal server error", "", "table of error codes";
    "3002" 503 Delivery true "Delivery unavailable", "", "table of error codes";
    "3003" 500 Delivery false "Delivery service not configured", "", "table of error codes";
    "3004" 502 Delivery true "Delivery service error", "", "table of error codes";
    "4001" 502 Delivery true "Delivery failed", "the rename or the icon was rejected", "seed page";
    "4002" 503 Delivery true "All lines saturated for recipient", "", "table of error codes", "retry_after";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_stand_in_the_order_in_which_requests_pass_them() {
        assert!(ERRORS.is_sorted_by_key(|row| row.stage));
    }
}
