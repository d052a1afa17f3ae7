//! The table of differences between the vendor's documentation and its server, and the rules that follow from it.
//!
//! A row about behaviour sets a field of [`Rules`]. A row about a text or a status names an error; the catalogue has
//! both versions of that error. Other code reads [`Rules`] and does not compare editions.

use schemars::JsonSchema;
use serde::Deserialize;

use super::errors;
use crate::emulator::{Difference, ErrorCode, Face, gives};

/// Whether a portal answers as Bitrix24's documentation says or as its server does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    /// As the documentation says.
    #[default]
    Documented,
    /// As the server is known to behave.
    Live,
}

impl Edition {
    /// The name of the edition in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Live => "live",
        }
    }

    /// The other edition.
    pub fn other(self) -> Self {
        match self {
            Self::Documented => Self::Live,
            Self::Live => Self::Documented,
        }
    }

    /// How the edition behaves.
    pub fn rules(self) -> &'static Rules {
        match self {
            Self::Documented => &DOCUMENTED,
            Self::Live => &LIVE,
        }
    }
}

enum Row {
    /// The editions behave differently; the two texts describe the documented and the live behaviour.
    Behaviour(&'static str, &'static str),
    /// The texts of these errors differ.
    Texts(&'static [&'static ErrorCode]),
    /// The status of this error differs.
    Status(&'static ErrorCode),
}

struct Entry {
    number: u8,
    item: &'static str,
    row: Row,
    source: &'static str,
}

macro_rules! behaviours {
    ($($number:literal, $(#[$doc:meta])* $field:ident: $type:ty = $documented:expr, $live:expr;
       $item:literal, $says:literal, $does:literal, $source:literal;)*) => {
        /// The behaviour of one edition: one field for each row about behaviour.
        #[derive(Debug, PartialEq, Eq)]
        pub struct Rules {
            /// The edition that these rules belong to.
            pub edition: Edition,
            $($(#[$doc])* pub $field: $type,)*
        }

        static DOCUMENTED: Rules = Rules { edition: Edition::Documented, $($field: $documented,)* };
        static LIVE: Rules = Rules { edition: Edition::Live, $($field: $live,)* };
        const BEHAVIOURS: &[Entry] =
            &[$(Entry { number: $number, item: $item, row: Row::Behaviour($says, $does), source: $source },)*];
    };
}

behaviours! {
    1, /// Whether a webhook may call methods of imconnector.
    webhook_may_call: bool = true, false;
    "webhook call of an imconnector method",
    "accepted: the page shows one", "403 `WRONG_AUTH_TYPE`, even for a valid webhook",
    "seed page; server source";

    2, /// The scope that a method of imconnector needs.
    scope: &'static str = "imconnector", "imopenlines";
    "scope of imconnector.chat.name.set", "`imconnector`", "`imopenlines`", "seed page; server source";

    7, /// Whether an argument error names the argument, in its text and in the member `argument`.
    names_argument: bool = false, true;
    "members of ERROR_ARGUMENT", "`error`, `error_description`", "plus `argument`", "seed page; server source";

    9, /// Whether `time.start` and `time.processing` are whole seconds.
    whole_seconds: bool = false, true;
    "`time.start` and `time.processing`", "floats", "whole numbers; `finish` stays a float",
    "seed page; captures since late September 2025";

    10, /// Whether `time` reports the operating time.
    operating: bool = false, true;
    "`time.operating_reset_at` and `time.operating`", "absent", "present", "seed page; captures";

    22, /// Whether a rename to the current name fails.
    refuses_same_name: bool = false, true;
    "NAME equal to the current title", "success: not mentioned", "400 `CHAT_RENAMING_FAILED`",
    "decision; server source";

    24, /// Whether a rename for an unknown user is answered with success and renames nothing.
    ignores_unknown_user: bool = false, true;
    "unknown USER_ID on a connector without groups", "400 `CHAT_RENAMING_FAILED`: not mentioned",
    "200 `SUCCESS: true`, nothing renamed", "decision; server source";

    42, /// Whether an unregistered connector counts as one without group chats, so that USER_ID is required.
    unregistered_needs_user: bool = false, true;
    "unknown CONNECTOR without USER_ID", "400 `IMCONNECTOR_NO_CORRECT_PROVIDER`",
    "400 `ERROR_ARGUMENT` for USER_ID", "decision; server source";

    43, /// The error for an unknown access token.
    unknown_token: &'static ErrorCode = &errors::NO_AUTH_FOUND, &errors::INVALID_TOKEN;
    "unknown access token", "401 `NO_AUTH_FOUND`", "401 `invalid_token`", "decision; server source";

    47, /// Whether `insufficient_scope` and `ACCESS_DENIED` have another text for a webhook than for a token.
    words_by_means: bool = false, true;
    "insufficient_scope and ACCESS_DENIED for a webhook", "one wording for all callers",
    "`… by the webhook token`, `REST is available only by subscription.`", "system error table; server source";

    44, /// Whether answers carry the extra header fields that the cloud sends.
    cloud_headers: bool = false, true;
    "response headers", "content type, CORS, nosniff", "plus those that the cloud sends", "server source; captures";
}

const FACES: &[Entry] = &[
    Entry {
        number: 3,
        item: "text of NOT_ACTIVE_LINE",
        row: Row::Texts(&[&errors::NOT_ACTIVE_LINE]),
        source: "seed page; server source",
    },
    Entry {
        number: 4,
        item: "text of IMCONNECTOR_NO_CORRECT_PROVIDER",
        row: Row::Texts(&[&errors::IMCONNECTOR_NO_CORRECT_PROVIDER]),
        source: "seed page; server source",
    },
    Entry {
        number: 5,
        item: "text of ERROR_ARGUMENT",
        row: Row::Texts(&[&errors::ERROR_ARGUMENT]),
        source: "seed page; server source",
    },
    Entry {
        number: 6,
        item: "text of CHAT_RENAMING_FAILED",
        row: Row::Texts(&[&errors::CHAT_RENAMING_FAILED]),
        source: "seed page; server source",
    },
    Entry {
        number: 8,
        item: "body of a success",
        row: Row::Behaviour(
            "the page prints `answer`, `query`, `status`; sent where `envelope: documented` asks for it",
            "`result` and `time`",
        ),
        source: "seed page; server source",
    },
    Entry {
        number: 11,
        item: "status of INVALID_CREDENTIALS",
        row: Row::Status(&errors::INVALID_CREDENTIALS),
        source: SYSTEM,
    },
    Entry {
        number: 12,
        item: "status of insufficient_scope",
        row: Row::Status(&errors::INSUFFICIENT_SCOPE),
        source: SYSTEM,
    },
    Entry {
        number: 13,
        item: "status of user_access_error",
        row: Row::Status(&errors::USER_ACCESS_ERROR),
        source: SYSTEM,
    },
    Entry {
        number: 14,
        item: "status of ACCESS_DENIED (plan)",
        row: Row::Status(&errors::ACCESS_DENIED),
        source: SYSTEM,
    },
    Entry {
        number: 15,
        item: "status of INVALID_REQUEST",
        row: Row::Status(&errors::INVALID_REQUEST),
        source: SYSTEM,
    },
    Entry {
        number: 16,
        item: "status of OVERLOAD_LIMIT",
        row: Row::Status(&errors::OVERLOAD_LIMIT),
        source: SYSTEM,
    },
    Entry {
        number: 17,
        item: "status of PORTAL_DELETED",
        row: Row::Status(&errors::PORTAL_DELETED),
        source: SYSTEM,
    },
    Entry {
        number: 18,
        item: "too long a batch, a command not allowed in one",
        row: Row::Behaviour(
            "200 with the error in `result_error`, as the page on batch has it; the error table gives 400 and 405",
            "200 with the error in `result_error`",
        ),
        source: "system error table, batch page; server source",
    },
    Entry {
        number: 19,
        item: "texts of system errors",
        row: Row::Texts(&[
            &errors::INSUFFICIENT_SCOPE,
            &errors::USER_ACCESS_ERROR,
            &errors::OVERLOAD_LIMIT,
            &errors::PAYMENT_REQUIRED,
        ]),
        source: SYSTEM,
    },
    Entry {
        number: 20,
        item: "text of ACCESS_DENIED (plan)",
        row: Row::Texts(&[&errors::ACCESS_DENIED]),
        source: SYSTEM,
    },
    Entry {
        number: 21,
        item: "type of LINE",
        row: Row::Behaviour(
            "a string; a number is taken too, as later revisions of the page have it",
            "a string or a number, cast to an integer",
        ),
        source: "seed page; server source",
    },
    Entry {
        number: 23,
        item: "meaning of USER_ID",
        row: Row::Behaviour(
            "`User identifier`, no more: taken as the live server takes it",
            "the external user, `user.id` of send.messages",
        ),
        source: "seed page; server source",
    },
    Entry {
        number: 30,
        item: "text of WRONG_AUTH_TYPE",
        row: Row::Behaviour(
            "not on the page: worded as the server words it",
            "`… Application context required`, no dot before it",
        ),
        source: "sibling pages; server source",
    },
    Entry {
        number: 31,
        item: "text of ACCESS_DENIED of imconnector.list",
        row: Row::Texts(&[&errors::ACCESS_DENIED_CONNECTORS]),
        source: "page of imconnector.list; language files",
    },
    Entry {
        number: 48,
        item: "status of ACCESS_DENIED of app.info",
        row: Row::Status(&errors::ACCESS_DENIED_CONTEXT),
        source: "page of app.info; server source",
    },
    Entry {
        number: 35,
        item: "status of OPERATION_TIME_LIMIT",
        row: Row::Behaviour("not stated at the seed revision; 429 as the later limits page has it", "429"),
        source: "limits page; server source",
    },
    Entry {
        number: 36,
        item: "status of QUERY_LIMIT_EXCEEDED",
        row: Row::Behaviour("503", "not in PHP: the front end answers, with the 503 that SDKs expect"),
        source: "system error table; SDKs",
    },
    Entry {
        number: 32,
        item: "text of IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND",
        row: Row::Texts(&[&errors::IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND]),
        source: "page of send.messages; language files",
    },
    Entry {
        number: 45,
        item: "status of a batch error ordered by a fault",
        row: Row::Status(&errors::ERROR_BATCH_LENGTH_EXCEEDED),
        source: SYSTEM,
    },
    Entry {
        number: 46,
        item: "status of a batch error ordered by a fault",
        row: Row::Status(&errors::ERROR_BATCH_METHOD_NOT_ALLOWED),
        source: SYSTEM,
    },
];

/// Status and text of `code` in `edition`. If the edition does not list the error, those of the other edition.
pub fn face(code: &'static ErrorCode, edition: Edition) -> &'static Face {
    gives(code).face(edition.name())
}

const SYSTEM: &str = "system error table; server source";

/// Every row of the table, sorted by number.
pub fn differences() -> Vec<Difference> {
    let mut rows: Vec<_> = BEHAVIOURS.iter().chain(FACES).map(difference).collect();
    rows.sort_by_key(|row| row.number);
    rows
}

fn difference(entry: &Entry) -> Difference {
    let cell = |edition: Edition| match entry.row {
        Row::Behaviour(says, does) => if edition == Edition::Documented { says } else { does }.to_owned(),
        Row::Status(code) => face(code, edition).status.to_string(),
        Row::Texts(codes) => {
            let texts: Vec<_> = codes.iter().map(|code| format!("`{}`", face(code, edition).text)).collect();
            texts.join(", ")
        }
    };
    Difference {
        number: entry.number,
        item: entry.item,
        documented: cell(Edition::Documented),
        live: cell(Edition::Live),
        source: entry.source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_tells_two_editions_apart() {
        for row in differences() {
            assert_ne!(row.documented, row.live, "row {}", row.number);
        }
        let mut numbers: Vec<_> = differences().iter().map(|row| row.number).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), BEHAVIOURS.len() + FACES.len(), "two rows have one number");
    }

    #[test]
    fn every_error_with_two_faces_has_a_row() {
        for code in errors::ERRORS {
            let [documented, live] = [Edition::Documented, Edition::Live].map(|edition| face(code, edition));
            let named = |wanted: fn(&Row, &'static ErrorCode) -> bool| {
                BEHAVIOURS.iter().chain(FACES).any(|e| wanted(&e.row, code))
            };
            if documented.status != live.status {
                assert!(
                    named(|row, code| matches!(row, Row::Status(named) if **named == *code)),
                    "status of {}",
                    code.code
                );
            }
            if documented.text != live.text {
                assert!(
                    named(|row, code| matches!(row, Row::Texts(named) if named.contains(&code))),
                    "text of {}",
                    code.code
                );
            }
        }
    }
}
