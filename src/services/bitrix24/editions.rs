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
    pub(super) fn rules(self) -> &'static Rules {
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
    "page of the rename; server source";

    2, /// The scope that a method of imconnector needs.
    scope: &'static str = "imconnector", "imopenlines";
    "scope of the methods and events of imconnector; `scope`, `app.info` and `/oauth/token/` show it",
    "`imconnector`", "`imopenlines`", "page of the rename; server source";

    7, /// Whether an argument error names the argument, in its text and in the member `argument`.
    names_argument: bool = false, true;
    "members of ERROR_ARGUMENT", "`error`, `error_description`", "plus `argument`", "page of the rename; server source";

    9, /// Whether `time.start` and `time.processing` are whole seconds.
    whole_seconds: bool = false, true;
    "`time.start` and `time.processing`", "floats",
    "whole numbers, so `duration` counts from the whole second; `finish` stays a float",
    "page of the rename; captures since late September 2025";

    10, /// Whether `time` reports the operating time.
    operating: bool = false, true;
    "`time.operating_reset_at` and `time.operating`", "absent", "present", "page of the rename; captures";

    22, /// Whether a rename to the current name fails.
    refuses_same_name: bool = false, true;
    "NAME equal to the current title", "success: not mentioned", "400 `CHAT_RENAMING_FAILED`",
    "decision; server source";

    24, /// Whether a rename for an unknown user is answered with success and renames nothing.
    ignores_unknown_user: bool = false, true;
    "unknown USER_ID on a connector without groups", "400 `CHAT_RENAMING_FAILED`: not mentioned",
    "200 `SUCCESS: true`, nothing renamed", "decision; server source";

    34, /// Whether all callers of a method use up its operating time together.
    shares_operating_time: bool = true, false;
    "operating limit (`limits.operating`)",
    "counted for each method: a caller that uses it up blocks the method for all tokens and webhooks of the portal",
    "counted for each method and each application or webhook", "limits page; server source";

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
    "response headers", "content type, CORS, nosniff",
    "plus those that the cloud sends; with an error `x-bitrix-rest-time`, and `x-bitrix-rest-application` once the \
     server knows the application", "server source; captures";

    37, /// Whether DialogStart and DialogFinish have `eventId` in place of `event_handler_id`.
    dialog_event_id: bool = true, false;
    "handler's ID in the events DialogStart and DialogFinish",
    "`eventId`", "`event_handler_id`", "event pages; server source";

    38, /// Whether DialogStart and DialogFinish carry a refresh token.
    dialog_refresh_token: bool = true, false;
    "`refresh_token` in `auth` of DialogStart and DialogFinish",
    "present, as the page's sample shows it", "absent", "event pages; server source";

    27, /// Whether `N` as ACTIVE of imconnector.activate switches off.
    n_switches_off: bool = true, false;
    "imconnector.activate with `ACTIVE` `N`", "switches off: the page advises Y and N",
    "switches on, as every non-empty value except `0` does", "page of imconnector.activate; server source";

    28, /// Whether `imconnector.connector.data.set` replaces all stored data.
    data_is_replaced: bool = true, false;
    "imconnector.connector.data.set", "replaces all stored data", "changes only the members that are sent",
    "page of imconnector.connector.data.set; server source";

    25, /// Whether `N` as a flag of imconnector.register means no.
    n_means_no: bool = true, false;
    "CHAT_GROUP `N` of imconnector.register, and `N` as its other flags",
    "no", "yes, as every non-empty value except `0`; only a false value means no",
    "page of imconnector.register; server source";

    40, /// The text for an element of MESSAGES that lacks a part.
    structure_error: &'static str =
        "The incorrect structure of a message inside MESSAGES parameter",
        "The incorrect structure of a message inside MESSAGES parameter.";
    "text of the structure error of imconnector.send.messages",
    "`The incorrect structure of a message inside MESSAGES parameter`", "with a dot at its end",
    "page of imconnector.send.messages; server source";

    54, /// Whether imconnector.unregister fails for a connector that the application does not have.
    unregister_may_fail: bool = true, false;
    "imconnector.unregister for an unknown connector, or one of another application",
    "`APPLICATION_UNREGISTRATION_ERROR`: the connector could not be removed",
    "success; the status rows of the connector are deleted, the connector itself stays",
    "page of unregister; server source";

    58, /// Whether `event.bind` accepts a handler on `localhost` unless the scenario says otherwise.
    allows_localhost: bool = true, false;
    "event.bind with a handler on `localhost`",
    "accepted, though the page advises against it; `events: {allow_localhost: false}` refuses it",
    "400 `ERROR_WRONG_HANDLER_URL`: the host has no dot; `events: {allow_localhost: true}` accepts it",
    "page of event.bind; server source";

    26, /// Whether the failure of register and unregister stands in a nested `result`.
    nests_registration: bool = true, false;
    "failure of imconnector.register and imconnector.unregister",
    "`{\"result\":{\"result\":false,\"error\":…,\"error_description\":…},\"time\":…}`",
    "`{\"result\":false,\"error\":…,\"error_description\":…}`, without `time`",
    "pages of register and unregister; server source";

    49, /// Whether the parameter `token` names the scope that the method is looked for in.
    link_names_scope: bool = false, true;
    "parameter `token`, which belongs to signed downloads",
    "403 `ACCESS_DENIED`: not mentioned",
    "404 `ERROR_METHOD_NOT_FOUND`, unless the method is in the scope that stands before the first `|`; then 403 \
     `ACCESS_DENIED`, after the credentials were checked", "decision; server source";
}

macro_rules! faces {
    ($($number:literal, $item:literal, $row:expr, $source:expr;)*) => {
        /// The rows about texts and statuses, and those about behaviour that sets no field of [`Rules`].
        const FACES: &[Entry] =
            &[$(Entry { number: $number, item: $item, row: $row, source: $source },)*];
    };
}

const RENAME_PAGE: &str = "page of the rename; server source";
const SYSTEM: &str = "system error table; server source";

faces! {
    3, "text of NOT_ACTIVE_LINE", Row::Texts(&[&errors::NOT_ACTIVE_LINE]), RENAME_PAGE;

    4, "text of IMCONNECTOR_NO_CORRECT_PROVIDER", Row::Texts(&[&errors::IMCONNECTOR_NO_CORRECT_PROVIDER]), RENAME_PAGE;

    5, "text of ERROR_ARGUMENT of imconnector.chat.name.set", Row::Texts(&[&errors::ERROR_ARGUMENT]), RENAME_PAGE;

    6, "text of CHAT_RENAMING_FAILED", Row::Texts(&[&errors::CHAT_RENAMING_FAILED]), RENAME_PAGE;

    8, "body of a success",
    Row::Behaviour(
        "the page prints `answer`, `query`, `status`; sent where `envelope: documented` asks for it",
        "`result` and `time`",
    ), RENAME_PAGE;

    11, "status of INVALID_CREDENTIALS", Row::Status(&errors::INVALID_CREDENTIALS), SYSTEM;

    12, "status of insufficient_scope", Row::Status(&errors::INSUFFICIENT_SCOPE), SYSTEM;

    13, "status of user_access_error", Row::Status(&errors::USER_ACCESS_ERROR), SYSTEM;

    14, "status of ACCESS_DENIED (plan)", Row::Status(&errors::ACCESS_DENIED), SYSTEM;

    15, "status of INVALID_REQUEST", Row::Status(&errors::INVALID_REQUEST), SYSTEM;

    16, "status of OVERLOAD_LIMIT", Row::Status(&errors::OVERLOAD_LIMIT), SYSTEM;

    17, "status of PORTAL_DELETED", Row::Status(&errors::PORTAL_DELETED), SYSTEM;

    18, "too long a batch, a command not allowed in one",
    Row::Behaviour(
        "200 with the error in `result_error`, as the page on batch has it; the error table gives 400 and 405",
        "200 with the error in `result_error`",
    ), "system error table, batch page; server source";

    19, "texts of system errors",
    Row::Texts(&[
        &errors::INSUFFICIENT_SCOPE,
        &errors::USER_ACCESS_ERROR,
        &errors::OVERLOAD_LIMIT,
        &errors::PAYMENT_REQUIRED,
    ]), SYSTEM;

    20, "text of ACCESS_DENIED (plan)", Row::Texts(&[&errors::ACCESS_DENIED]), SYSTEM;

    21, "type of LINE",
    Row::Behaviour(
        "a string; a number is taken too, as later revisions of the page have it",
        "a string or a number, cast to an integer",
    ), RENAME_PAGE;

    23, "meaning of USER_ID",
    Row::Behaviour(
        "`User identifier`, no more: taken as the live server takes it",
        "the external user, `user.id` of send.messages",
    ), RENAME_PAGE;

    29, "imconnector.deactivate",
    Row::Behaviour(
        "404 `ERROR_METHOD_NOT_FOUND`: the page of the rename links to a page that says there is no such method",
        "404 `ERROR_METHOD_NOT_FOUND`",
    ), RENAME_PAGE;

    30, "text of WRONG_AUTH_TYPE",
    Row::Behaviour(
        "imconnector.status, imconnector.list: `… for this method. Application context required`; not on the seed \
         page: worded as the server words it",
        "`… for this method Application context required`; imconnector.list: `… for this method`",
    ), "sibling pages; server source";

    31, "text of ACCESS_DENIED of imconnector.list", Row::Texts(&[&errors::ACCESS_DENIED_CONNECTORS]),
    "page of imconnector.list; language files";

    32, "text of IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND",
    Row::Texts(&[&errors::IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND]), "page of send.messages; language files";

    33, "text of APPLICATION_UNREGISTRATION_ERROR", Row::Texts(&[&errors::APPLICATION_UNREGISTRATION_ERROR]),
    "page of unregister; language files";

    35, "status of OPERATION_TIME_LIMIT",
    Row::Behaviour("not stated at the revision of 2025-08-26; 429 as the later limits page has it", "429"),
    "limits page; server source";

    36, "status of QUERY_LIMIT_EXCEEDED",
    Row::Behaviour("503", "not in PHP: the front end answers, with the 503 that SDKs expect"),
    "system error table; SDKs";

    39, "Cyrillic in JSON",
    Row::Behaviour("raw, as in the samples", "raw; older installations escape it as `\\uXXXX`"),
    "pages; server source";

    41, "answer of imconnector.list",
    Row::Behaviour("the page prints it without `result`; sent with `result` and `time`", "`result` and `time`"),
    "page of imconnector.list; server source";

    45, "status of ERROR_BATCH_LENGTH_EXCEEDED when a fault gives it", Row::Status(&errors::ERROR_BATCH_LENGTH_EXCEEDED), SYSTEM;

    46, "status of ERROR_BATCH_METHOD_NOT_ALLOWED when a fault gives it", Row::Status(&errors::ERROR_BATCH_METHOD_NOT_ALLOWED), SYSTEM;

    48, "status of ACCESS_DENIED of app.info", Row::Status(&errors::ACCESS_DENIED_CONTEXT),
    "page of app.info; server source";

    51, "form of event bodies",
    Row::Behaviour(
        "the pages print JSON; sent as the portal sends it",
        "a form with names in brackets; all values are texts",
    ), "event pages; captures";

    52, "`connector.chat_id` of the events DialogStart and DialogFinish",
    Row::Behaviour(
        "`identifier of the chat`: sent as the portal sends it", "ID of the chat in the external system",
    ), "event pages; server source";

    53, "`LINE` and `line_id` of the events DialogStart and DialogFinish",
    Row::Behaviour("a text and a number: both are text in a form", "both are text"),
    "event pages; server source";

    55, "required members of imconnector.send.status.delivery",
    Row::Behaviour(
        "`im`, `message.id` and `chat.id`; the call succeeds without them",
        "`im.message_id` and a list as `message.id`; the call succeeds without them",
    ), "page of imconnector.send.status.delivery; server source";

    56, "imconnector.send.status.reading",
    Row::Behaviour("marks messages as read, which nothing shows", "changes nothing"),
    "page of imconnector.send.status.reading; server source";

    57, "an event that its handler does not take",
    Row::Behaviour("sent once", "sent once; an SDK's recipe speaks of 24 hours"), "event pages; SDKs";

    59, "operator's name before the text of a changed message",
    Row::Behaviour("`[b]Name:[/b][br] Text`", "`[b]Name:[/b][br] Text`; captures also have `[b]Name:[/b] [br]Text`"),
    "event pages; captures";

    50, "an array as USER_ID on a connector without groups",
    Row::Behaviour(
        "400 `CHAT_RENAMING_FAILED`, as for an unknown user", "200 `SUCCESS: true`, nothing renamed",
    ), "decision; server source";
}

/// Status and text of `code` in `edition`. If the edition does not list the error, those of the other edition.
pub fn face(code: &'static ErrorCode, edition: Edition) -> &'static Face {
    gives(code).face(edition.name())
}

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
    fn no_two_rows_have_one_number() {
        let mut numbers: Vec<_> = differences().iter().map(|row| row.number).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), BEHAVIOURS.len() + FACES.len());
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
