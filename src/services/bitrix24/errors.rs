//! The error catalogue, and the one way to make a refusal from it.

use std::borrow::Cow;

use super::editions::Edition;
use super::methods;
use crate::basics::Stage::{self, Arguments, Auth, Delivery, Gateway, Lookup};
use crate::services::{Commit, ErrorCode, Face, Ordered};

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
    pub commit: Commit,
}

impl Refusal {
    /// The error `code` as `edition` gives it.
    pub fn new(code: &str, edition: Edition) -> Self {
        let row = row(code);
        let face = face_of(row, edition);
        Self {
            code: row,
            status: face.status,
            text: face.text.into(),
            argument: None,
            retry_after: None,
            commit: Commit::Never,
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
        let refusal = Self::new("ERROR_ARGUMENT", edition);
        if !edition.rules().names_argument {
            return refusal;
        }
        let name = name.into();
        Self {
            argument: Some(name.clone()),
            ..refusal.with_text(format!("Argument '{name}' is null or empty"))
        }
    }

    /// The error that a fault ordered.
    pub fn ordered(ordered: Ordered, edition: Edition) -> Self {
        let mut refusal = match ordered.code.code {
            "ERROR_ARGUMENT" => {
                Self::argument(ordered.argument.map_or("CONNECTOR".into(), Cow::from), edition)
            }
            code => Self::new(code, edition),
        };
        refusal.retry_after = ordered.retry_after;
        refusal.commit = ordered.commit;
        match ordered.message {
            Some(message) => refusal.with_text(message),
            None => refusal,
        }
    }
}

/// How `code` looks in `edition`; an edition that does not list it borrows the other's.
pub fn face(code: &str, edition: Edition) -> &'static Face {
    face_of(row(code), edition)
}

fn face_of(row: &'static ErrorCode, edition: Edition) -> &'static Face {
    row.faces.iter().find(|face| face.edition == edition.name()).unwrap_or(&row.faces[0])
}

fn row(code: &str) -> &'static ErrorCode {
    ERRORS.iter().find(|row| row.code == code).expect("the catalogue has every code that the code names")
}

const fn documented(status: u16, text: &'static str) -> Face {
    Face { edition: "documented", status, text }
}

const fn live(status: u16, text: &'static str) -> Face {
    Face { edition: "live", status, text }
}

const fn error(code: &'static str, stage: Stage, source: &'static str, faces: &'static [Face]) -> ErrorCode {
    ErrorCode {
        code,
        meaning: "",
        stage,
        retryable: false,
        faces,
        members: &["retry_after"],
        operations: &[],
        except: &[methods::OAUTH_TOKEN],
        source,
    }
}

const fn retryable(row: ErrorCode) -> ErrorCode {
    ErrorCode { retryable: true, ..row }
}

const fn means(row: ErrorCode, meaning: &'static str) -> ErrorCode {
    ErrorCode { meaning, ..row }
}

/// An error that only the rename gives.
const fn of_rename(row: ErrorCode) -> ErrorCode {
    ErrorCode { operations: &[methods::CHAT_NAME_SET], ..row }
}

/// An error that only a batch gives.
const fn of_batch(row: ErrorCode) -> ErrorCode {
    ErrorCode { operations: &[methods::BATCH], ..row }
}

/// An error of the authorization server, the same in both editions.
const fn of_oauth(row: ErrorCode) -> ErrorCode {
    ErrorCode { operations: &[methods::OAUTH_TOKEN], ..row }
}

const OAUTH: &str = "OAuth pages; SDKs";
const SYSTEM: &str = "system error table; server source";
const SERVER: &str = "server source";
const PAGE: &str = "seed page; server source";

/// Every error that an emulated method can give.
pub static ERRORS: &[ErrorCode] = &[
    retryable(error(
        "QUERY_LIMIT_EXCEEDED",
        Gateway,
        SYSTEM,
        &[documented(503, "Too many requests"), live(503, "Too many requests")],
    )),
    error(
        "PORTAL_DELETED",
        Gateway,
        SYSTEM,
        &[documented(500, "Portal was deleted"), live(403, "Portal was deleted")],
    ),
    error("ERROR_METHOD_NOT_FOUND", Gateway, SERVER, &[live(404, "Method not found!")]),
    retryable(error(
        "ERROR_UNEXPECTED_ANSWER",
        Gateway,
        "system error table",
        &[documented(500, "Server returned an unexpected response")],
    )),
    error("INTERNAL_WRONG_TRANSPORT", Gateway, SERVER, &[live(500, "Wrong transport!")]),
    error(
        "NO_AUTH_FOUND",
        Auth,
        SYSTEM,
        &[documented(401, "Wrong authorization data"), live(401, "Wrong authorization data")],
    ),
    means(
        error("invalid_token", Auth, SERVER, &[live(401, "Unable to get application by token")]),
        "the access token is unknown",
    ),
    error("ERROR_OAUTH", Auth, SERVER, &[live(401, "Application not installed")]),
    error(
        "PAYMENT_REQUIRED",
        Auth,
        "OAuth pages; server source",
        &[documented(401, "Payment required"), live(401, "Subscription has been ended")],
    ),
    retryable(error(
        "CONNECTION_ERROR",
        Auth,
        SERVER,
        &[live(401, "Error connecting to authorization server")],
    )),
    retryable(error(
        "OVERLOAD_LIMIT",
        Auth,
        SYSTEM,
        &[
            documented(503, "REST API is blocked due to overload"),
            live(401, "REST API is blocked due to overload."),
        ],
    )),
    means(
        error(
            "ACCESS_DENIED",
            Auth,
            SYSTEM,
            &[
                documented(403, "REST API is available only on commercial plans"),
                live(401, "REST is available only on commercial plans."),
            ],
        ),
        "the tariff has no REST",
    ),
    means(
        error(
            "ACCESS_DENIED.rights",
            Auth,
            SYSTEM,
            &[documented(403, "Access denied!"), live(403, "Access denied!")],
        ),
        "sent as ACCESS_DENIED: the caller lacks a right",
    ),
    error("APPLICATION_NOT_FOUND", Auth, SERVER, &[live(401, "Application not found")]),
    error(
        "expired_token",
        Auth,
        SYSTEM,
        &[
            documented(401, "The access token provided has expired"),
            live(401, "The access token provided has expired"),
        ],
    ),
    error(
        "insufficient_scope",
        Auth,
        SYSTEM,
        &[
            documented(403, "The request requires higher privileges than provided by the webhook token"),
            live(401, "The request requires higher privileges than provided by the access token"),
        ],
    ),
    error("authorization_error", Auth, SERVER, &[live(401, "Unable to authorize user")]),
    error(
        "user_access_error",
        Auth,
        SYSTEM,
        &[
            documented(403, "The user does not have access to the application"),
            live(401, "The user does not have access to the application."),
        ],
    ),
    error(
        "INVALID_REQUEST",
        Auth,
        SYSTEM,
        &[documented(400, "Https required."), live(401, "Https required.")],
    ),
    error(
        "INVALID_CREDENTIALS",
        Auth,
        SYSTEM,
        &[documented(403, "Invalid request credentials"), live(401, "Invalid request credentials")],
    ),
    error("METHOD_CONFIRM_WAITING", Auth, SERVER, &[live(401, "Waiting for confirmation")]),
    error("METHOD_CONFIRM_DENIED", Auth, SERVER, &[live(403, "Method call denied")]),
    error(
        "WRONG_LICENSE",
        Auth,
        SERVER,
        &[live(403, "This feature is not enabled for the current license:")],
    ),
    error(
        "ERROR_MANIFEST_IS_NOT_AVAILABLE",
        Auth,
        "system error table",
        &[documented(404, "Manifest is not available.")],
    ),
    retryable(error(
        "OPERATION_TIME_LIMIT",
        Auth,
        "limits page; server source",
        &[
            documented(429, "Method is blocked due to operation time limit."),
            live(429, "Method is blocked due to operation time limit."),
        ],
    )),
    of_rename(error(
        "WRONG_AUTH_TYPE",
        Auth,
        SERVER,
        &[live(403, "Current authorization type is denied for this method Application context required")],
    )),
    of_oauth(means(
        error("invalid_client", Auth, OAUTH, &[documented(401, "Wrong client_id or client_secret")]),
        "also an application that is not installed",
    )),
    of_oauth(means(
        error("PAYMENT_REQUIRED.oauth", Auth, OAUTH, &[documented(400, "Payment required")]),
        "sent as PAYMENT_REQUIRED: the subscription is over",
    )),
    means(
        error("WRONG_ENCODING", Arguments, SERVER, &[live(200, "Wrong request encoding")]),
        "the answer could not be encoded; the status stays",
    ),
    ErrorCode {
        members: &["argument", "retry_after"],
        ..of_rename(error(
            "ERROR_ARGUMENT",
            Arguments,
            PAGE,
            &[
                documented(400, "Required parameters NAME, CHAT_ID, USER_ID, CONNECTOR, or LINE are missing"),
                live(400, "Argument 'CONNECTOR' is null or empty"),
            ],
        ))
    },
    of_batch(means(
        error(
            "ERROR_BATCH_LENGTH_EXCEEDED",
            Arguments,
            SYSTEM,
            &[documented(400, "Max batch length exceeded"), live(200, "Max batch length exceeded")],
        ),
        "by itself an error of each command after the 50th",
    )),
    of_batch(means(
        error(
            "ERROR_BATCH_METHOD_NOT_ALLOWED",
            Arguments,
            SYSTEM,
            &[
                documented(405, "Method is not allowed for batch usage"),
                live(200, "Method is not allowed for batch usage"),
            ],
        ),
        "by itself an error of the command that calls `batch`",
    )),
    of_oauth(error("invalid_request", Arguments, OAUTH, &[documented(400, "Wrong or missing parameter")])),
    of_rename(error(
        "IMCONNECTOR_NO_CORRECT_PROVIDER",
        Lookup,
        PAGE,
        &[
            documented(400, "Could not find a suitable provider for the connector"),
            live(400, "Cannot find a matching connector provider"),
        ],
    )),
    of_rename(means(
        error("HASH_EMPTY", Lookup, SERVER, &[live(400, "Hash is empty")]),
        "the connector is one of the vendor's own channels",
    )),
    of_rename(error(
        "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND",
        Lookup,
        "page of send.messages; language files",
        &[documented(400, "No valid command specified"), live(400, "Incorrect command provided")],
    )),
    of_rename(error(
        "IMCONNECTOR_NOT_SPECIFIED_CORRECT_CONNECTOR",
        Lookup,
        SERVER,
        &[live(400, "Connector is not specified.")],
    )),
    of_rename(error(
        "IMCONNECTOR_COULD_NOT_GET_PROVIDER_OBJECT",
        Lookup,
        SERVER,
        &[live(400, "Cannot get provider object")],
    )),
    of_rename(error(
        "NOT_ACTIVE_LINE",
        Lookup,
        PAGE,
        &[
            documented(400, "The line with this ID is inactive or does not exist"),
            live(400, "Open Channel with this ID is inactive or does not exist."),
        ],
    )),
    retryable(error(
        "INTERNAL_SERVER_ERROR",
        Lookup,
        "system error table",
        &[documented(500, "Internal server error"), live(500, "Internal server error")],
    )),
    of_oauth(error(
        "invalid_grant",
        Lookup,
        OAUTH,
        &[documented(400, "Wrong or expired refresh_token or code")],
    )),
    of_rename(error(
        "CHAT_RENAMING_FAILED",
        Delivery,
        PAGE,
        &[documented(400, "Failed to rename the chat"), live(400, "Chat renaming failed")],
    )),
    retryable(error("ERROR_CORE", Delivery, SERVER, &[live(500, "SQL query error!")])),
];
