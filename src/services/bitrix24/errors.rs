//! The error catalogue, and the groups of errors that operations share.

use crate::basics::Stage::{self, Arguments, Auth, Delivery, Gateway, Lookup};
use crate::emulator::{ErrorCode, Face, Gives, gives};

/// Status and text of an error according to the documentation.
pub const fn documented(status: u16, text: &'static str) -> Face {
    Face { edition: "documented", status, text }
}

/// Status and text of an error as the server sends it.
pub const fn live(status: u16, text: &'static str) -> Face {
    Face { edition: "live", status, text }
}

const fn error(code: &'static str, stage: Stage, source: &'static str, faces: &'static [Face]) -> ErrorCode {
    ErrorCode { code, meaning: "", stage, retryable: false, faces, members: &["retry_after"], source }
}

const fn retryable(row: ErrorCode) -> ErrorCode {
    ErrorCode { retryable: true, ..row }
}

const fn means(row: ErrorCode, meaning: &'static str) -> ErrorCode {
    ErrorCode { meaning, ..row }
}

/// A failure of register or unregister, which stands in a `result` that is false.
const fn of_registration(
    code: &'static str,
    stage: Stage,
    meaning: &'static str,
    faces: &'static [Face],
) -> ErrorCode {
    let source = "pages of register and unregister; language files";
    ErrorCode { code, meaning, stage, retryable: false, faces, members: &[], source }
}

const OAUTH: &str = "OAuth pages; SDKs";
const SYSTEM: &str = "system error table; server source";
const SERVER: &str = "server source";
const FINISH_PAGE: &str = "page of imopenlines.operator.finish";
const PAGE: &str = "page of the rename; server source";

macro_rules! catalogue {
    ($($name:ident = $row:expr;)*) => {
        $(#[doc = concat!("`", stringify!($name), "`.")] pub static $name: ErrorCode = $row;)*

        /// Every error that an emulated operation can give.
        pub static ERRORS: &[&ErrorCode] = &[$(&$name),*];
    };
}

catalogue! {
    QUERY_LIMIT_EXCEEDED = retryable(error(
        "QUERY_LIMIT_EXCEEDED",
        Gateway,
        SYSTEM,
        &[documented(503, "Too many requests"), live(503, "Too many requests")],
    ));
    PORTAL_DELETED = error(
        "PORTAL_DELETED",
        Gateway,
        SYSTEM,
        &[documented(500, "Portal was deleted"), live(403, "Portal was deleted")],
    );
    ERROR_METHOD_NOT_FOUND = error("ERROR_METHOD_NOT_FOUND", Gateway, SERVER, &[live(404, "Method not found!")]);
    ERROR_UNEXPECTED_ANSWER = retryable(error(
        "ERROR_UNEXPECTED_ANSWER",
        Gateway,
        "system error table",
        &[documented(500, "Server returned an unexpected response")],
    ));
    INTERNAL_WRONG_TRANSPORT = error("INTERNAL_WRONG_TRANSPORT", Gateway, SERVER, &[live(500, "Wrong transport!")]);
    NO_AUTH_FOUND = error(
        "NO_AUTH_FOUND",
        Auth,
        SYSTEM,
        &[documented(401, "Wrong authorization data"), live(401, "Wrong authorization data")],
    );
    INVALID_TOKEN = means(
        error("invalid_token", Auth, SERVER, &[live(401, "Unable to get application by token")]),
        "the access token is unknown",
    );
    ERROR_OAUTH = error("ERROR_OAUTH", Auth, SERVER, &[live(401, "Application not installed")]);
    PAYMENT_REQUIRED = error(
        "PAYMENT_REQUIRED",
        Auth,
        "OAuth pages; server source",
        &[documented(401, "Payment required"), live(401, "Subscription has been ended")],
    );
    CONNECTION_ERROR = retryable(error(
        "CONNECTION_ERROR",
        Auth,
        SERVER,
        &[live(401, "Error connecting to authorization server")],
    ));
    OVERLOAD_LIMIT = retryable(error(
        "OVERLOAD_LIMIT",
        Auth,
        SYSTEM,
        &[
            documented(503, "REST API is blocked due to overload"),
            live(401, "REST API is blocked due to overload."),
        ],
    ));
    ACCESS_DENIED = means(
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
    );
    ACCESS_DENIED_RIGHTS = means(
        error(
            "ACCESS_DENIED.rights",
            Auth,
            SYSTEM,
            &[documented(403, "Access denied!"), live(403, "Access denied!")],
        ),
        "sent as ACCESS_DENIED: the caller lacks a right",
    );
    ACCESS_DENIED_CONTEXT = means(
        error(
            "ACCESS_DENIED.context",
            Auth,
            "page of app.info; server source",
            &[
                documented(400, "Access denied! Application context required"),
                live(403, "Access denied! Application context required"),
            ],
        ),
        "sent as ACCESS_DENIED: app.info is called by a browser's session",
    );
    ACCESS_DENIED_MODULE = means(
        error(
            "ACCESS_DENIED.module",
            Auth,
            "page of imconnector.list",
            &[
                documented(400, "The ImOpenLines module is not installed."),
                live(400, "The ImOpenLines module is not installed."),
            ],
        ),
        "sent as ACCESS_DENIED: the portal has no open lines",
    );
    ACCESS_DENIED_CONNECTORS = means(
        error(
            "ACCESS_DENIED.connectors",
            Auth,
            "page of imconnector.list; language files",
            &[
                documented(400, "You don't have access to this action"),
                live(400, "You dont have access to this action"),
            ],
        ),
        "sent as ACCESS_DENIED: the user may not change connectors",
    );
    APPLICATION_NOT_FOUND = error("APPLICATION_NOT_FOUND", Auth, SERVER, &[live(401, "Application not found")]);
    EXPIRED_TOKEN = error(
        "expired_token",
        Auth,
        SYSTEM,
        &[
            documented(401, "The access token provided has expired"),
            live(401, "The access token provided has expired"),
        ],
    );
    INSUFFICIENT_SCOPE = error(
        "insufficient_scope",
        Auth,
        SYSTEM,
        &[
            documented(403, "The request requires higher privileges than provided by the webhook token"),
            live(401, "The request requires higher privileges than provided by the access token"),
        ],
    );
    AUTHORIZATION_ERROR = error("authorization_error", Auth, SERVER, &[live(401, "Unable to authorize user")]);
    USER_ACCESS_ERROR = error(
        "user_access_error",
        Auth,
        SYSTEM,
        &[
            documented(403, "The user does not have access to the application"),
            live(401, "The user does not have access to the application."),
        ],
    );
    INVALID_REQUEST = error(
        "INVALID_REQUEST",
        Auth,
        SYSTEM,
        &[documented(400, "Https required."), live(401, "Https required.")],
    );
    INVALID_CREDENTIALS = means(
error(
        "INVALID_CREDENTIALS",
        Auth,
        SYSTEM,
        &[documented(403, "Invalid request credentials"), live(401, "Invalid request credentials")],
    ),
"no webhook has this user and this secret",
);
    METHOD_CONFIRM_WAITING = error("METHOD_CONFIRM_WAITING", Auth, SERVER, &[live(401, "Waiting for confirmation")]);
    METHOD_CONFIRM_DENIED = error("METHOD_CONFIRM_DENIED", Auth, SERVER, &[live(403, "Method call denied")]);
    WRONG_LICENSE = error(
        "WRONG_LICENSE",
        Auth,
        SERVER,
        &[live(403, "This feature is not enabled for the current license:")],
    );
    ERROR_MANIFEST_IS_NOT_AVAILABLE = error(
        "ERROR_MANIFEST_IS_NOT_AVAILABLE",
        Auth,
        "system error table",
        &[documented(404, "Manifest is not available.")],
    );
    OPERATION_TIME_LIMIT = retryable(error(
        "OPERATION_TIME_LIMIT",
        Auth,
        "limits page; server source",
        &[
            documented(429, "Method is blocked due to operation time limit."),
            live(429, "Method is blocked due to operation time limit."),
        ],
    ));
    WRONG_AUTH_TYPE = means(
error(
        "WRONG_AUTH_TYPE",
        Auth,
        SERVER,
        &[live(403, "Current authorization type is denied for this method Application context required")],
    ),
"call the method with an access token: the live edition accepts nothing else, the documented edition a webhook too",
);
    INVALID_CLIENT = means(
        error("invalid_client", Auth, OAUTH, &[documented(401, "Wrong client_id or client_secret")]),
        "also if the application is not installed",
    );
    OAUTH_PAYMENT_REQUIRED = means(
        error("PAYMENT_REQUIRED.oauth", Auth, OAUTH, &[documented(400, "Payment required")]),
        "sent as PAYMENT_REQUIRED: the subscription is over",
    );
    WRONG_ENCODING = means(
        error("WRONG_ENCODING", Arguments, SERVER, &[live(200, "Wrong request encoding")]),
        "the answer cannot be encoded as JSON; the status stays as it was",
    );
    ERROR_ARGUMENT = ErrorCode {
        members: &["argument", "retry_after"],
        meaning: "a parameter that the method needs is missing or empty; PHP takes `0` for empty too",
        ..error(
            "ERROR_ARGUMENT", Arguments, PAGE,
            &[
                documented(400, "Required parameters NAME, CHAT_ID, USER_ID, CONNECTOR, or LINE are missing"),
                live(400, "Argument 'CONNECTOR' is null or empty"),
            ],
        )
    };
    APPLICATION_REGISTRATION_ERROR_POINT = of_registration(
        "APPLICATION_REGISTRATION_ERROR_POINT",
        Arguments,
        "ID of imconnector.register has a dot",
        &[documented(200, "Application registration error. Connector ID cannot contain dots (.)."), live(200, "Application registration error. Connector ID cannot contain dots (.).")],
    );
    CONNECTOR_ID_REQUIRED = of_registration(
        "CONNECTOR_ID_REQUIRED",
        Arguments,
        "ID is missing, empty or no text",
        &[documented(200, "The connector ID is not specified"), live(200, "The connector ID is not specified")],
    );
    NAME_REQUIRED = of_registration(
        "NAME_REQUIRED",
        Arguments,
        "NAME is missing, empty or no text",
        &[documented(200, "Connector name is not specified"), live(200, "Connector name is not specified")],
    );
    ICON_REQUIRED = of_registration(
        "ICON_REQUIRED",
        Arguments,
        "ICON.DATA_IMAGE is missing, empty or no text",
        &[documented(200, "Connector icon is not specified"), live(200, "Connector icon is not specified")],
    );
    NO_APPLICATION_ID = of_registration(
        "NO_APPLICATION_ID",
        Arguments,
        "the caller is a webhook, or its token belongs to no known application",
        &[documented(200, "Cannot get the app ID"), live(200, "Cannot get the app ID")],
    );
    NO_PLACEMENT_HANDLER = of_registration(
        "NO_PLACEMENT_HANDLER",
        Arguments,
        "PLACEMENT_HANDLER is missing, empty or no text",
        &[documented(200, "Cannot get the embedding handler URL"), live(200, "Cannot get the embedding handler URL")],
    );
    GENERAL_CONNECTOR_REGISTRATION_ERROR = of_registration(
        "GENERAL_CONNECTOR_REGISTRATION_ERROR",
        Arguments,
        "only a fault gives it",
        &[documented(200, "Generic error while registering connector"), live(200, "Generic error while registering connector")],
    );
    ERROR_WRONG_HANDLER_URL = means(
        error("ERROR_WRONG_HANDLER_URL", Arguments, SERVER, &[live(400, "Wrong handler URL")]),
        "the host of the handler has no dot, or begins with one",
    );
    ERROR_UNSUPPORTED_PROTOCOL = means(
        error("ERROR_UNSUPPORTED_PROTOCOL", Arguments, SERVER, &[live(400, "Unsupported handler protocol")]),
        "the handler is neither http nor https",
    );
    CHAT_ID = means(
        error("CHAT_ID", Arguments, FINISH_PAGE, &[documented(400, "The provided chat identifier is incorrect")]),
        "CHAT_ID is missing or no positive number",
    );
    ERROR_BATCH_LENGTH_EXCEEDED = means(
        error(
            "ERROR_BATCH_LENGTH_EXCEEDED",
            Arguments,
            SYSTEM,
            &[documented(400, "Max batch length exceeded"), live(200, "Max batch length exceeded")],
        ),
        "without a fault: the error of each command after the 50th",
    );
    ERROR_BATCH_METHOD_NOT_ALLOWED = means(
        error(
            "ERROR_BATCH_METHOD_NOT_ALLOWED",
            Arguments,
            SYSTEM,
            &[
                documented(405, "Method is not allowed for batch usage"),
                live(200, "Method is not allowed for batch usage"),
            ],
        ),
        "without a fault: the error of a command that calls `batch`",
    );
    OAUTH_INVALID_REQUEST = error("invalid_request", Arguments, OAUTH, &[documented(400, "Wrong or missing parameter")]);
    IMCONNECTOR_NO_CORRECT_PROVIDER = means(
error(
        "IMCONNECTOR_NO_CORRECT_PROVIDER",
        Lookup,
        PAGE,
        &[
            documented(400, "Could not find a suitable provider for the connector"),
            live(400, "Cannot find a matching connector provider"),
        ],
    ),
"no application has registered the connector",
);
    HASH_EMPTY = means(
        error("HASH_EMPTY", Lookup, SERVER, &[live(400, "Hash is empty")]),
        "the connector is one of Bitrix24's own",
    );
    IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND = error(
        "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND",
        Lookup,
        "page of send.messages; language files",
        &[documented(400, "No valid command specified"), live(400, "Incorrect command provided")],
    );
    IMCONNECTOR_NOT_SPECIFIED_CORRECT_CONNECTOR = error(
        "IMCONNECTOR_NOT_SPECIFIED_CORRECT_CONNECTOR",
        Lookup,
        SERVER,
        &[live(400, "Connector is not specified.")],
    );
    IMCONNECTOR_COULD_NOT_GET_PROVIDER_OBJECT = error(
        "IMCONNECTOR_COULD_NOT_GET_PROVIDER_OBJECT",
        Lookup,
        SERVER,
        &[live(400, "Cannot get provider object")],
    );
    NOT_ACTIVE_LINE = means(
error(
        "NOT_ACTIVE_LINE",
        Lookup,
        PAGE,
        &[
            documented(400, "The line with this ID is inactive or does not exist"),
            live(400, "Open Channel with this ID is inactive or does not exist."),
        ],
    ),
"the connector is not active on the line, or there is no such line",
);
    APPLICATION_UNREGISTRATION_ERROR = of_registration(
        "APPLICATION_UNREGISTRATION_ERROR",
        Lookup,
        "ID is empty or, in the documented edition, the application has no such connector",
        &[documented(200, "Error unregistering the application"), live(200, "Error unregistering app")],
    );
    ERROR_EVENT_NOT_FOUND = means(
        error("ERROR_EVENT_NOT_FOUND", Lookup, "page of event.bind; server source", &[documented(400, "Event not found")]),
        "there is no such event in the scopes of the token",
    );
    ERROR_CORE_BOUND = means(
        error(
            "ERROR_CORE.bound",
            Lookup,
            SERVER,
            &[live(400, "Unable to set event handler: Handler already binded")],
        ),
        "sent as ERROR_CORE: the handler is bound to the event already",
    );
    CHAT_TYPE = means(
        error("CHAT_TYPE", Lookup, FINISH_PAGE, &[documented(400, "The specified chat is not an open line")]),
        "no chat of an open line has this CHAT_ID",
    );
    INTERNAL_SERVER_ERROR = retryable(error(
        "INTERNAL_SERVER_ERROR",
        Lookup,
        "system error table",
        &[documented(500, "Internal server error"), live(500, "Internal server error")],
    ));
    INVALID_GRANT = error(
        "invalid_grant",
        Lookup,
        OAUTH,
        &[documented(400, "Wrong or expired refresh_token or code")],
    );
    CHAT_RENAMING_FAILED = means(
error(
        "CHAT_RENAMING_FAILED",
        Delivery,
        PAGE,
        &[documented(400, "Failed to rename the chat"), live(400, "Chat renaming failed")],
    ),
"no such chat on this line, its session is closed, the name is blank or, in the live edition, the name that the chat has already",
);
    APPLICATION_REGISTRATION_ERROR = of_registration(
        "APPLICATION_REGISTRATION_ERROR",
        Delivery,
        "the connector cannot be stored",
        &[documented(200, "Error registering app"), live(200, "Error registering app")],
    );
    ERROR_CORE = retryable(error("ERROR_CORE", Delivery, SERVER, &[live(500, "SQL query error!")]));
}

/// Errors that every call can give, even a call of an unknown method.
pub static OF_ALL: &[Gives] = &[
    gives(&QUERY_LIMIT_EXCEEDED),
    gives(&PORTAL_DELETED),
    gives(&ERROR_METHOD_NOT_FOUND),
    gives(&ERROR_UNEXPECTED_ANSWER),
    gives(&INTERNAL_WRONG_TRANSPORT),
    gives(&NO_AUTH_FOUND),
    gives(&INVALID_TOKEN),
    gives(&ERROR_OAUTH),
    gives(&PAYMENT_REQUIRED),
    gives(&CONNECTION_ERROR),
    gives(&OVERLOAD_LIMIT),
    gives(&ACCESS_DENIED),
    gives(&ACCESS_DENIED_RIGHTS),
    gives(&APPLICATION_NOT_FOUND),
    gives(&EXPIRED_TOKEN),
    gives(&INSUFFICIENT_SCOPE),
    gives(&AUTHORIZATION_ERROR),
    gives(&USER_ACCESS_ERROR),
    gives(&INVALID_REQUEST),
    gives(&INVALID_CREDENTIALS),
    gives(&METHOD_CONFIRM_WAITING),
    gives(&METHOD_CONFIRM_DENIED),
    gives(&WRONG_LICENSE),
    gives(&ERROR_MANIFEST_IS_NOT_AVAILABLE),
    gives(&OPERATION_TIME_LIMIT),
    gives(&WRONG_ENCODING),
    gives(&INTERNAL_SERVER_ERROR),
    gives(&ERROR_CORE),
];

/// Errors that the methods of imconnector have in common.
pub static OF_CONNECTORS: &[Gives] = &[gives(&WRONG_AUTH_TYPE), gives(&ERROR_ARGUMENT)];

/// The text of an error that names the argument.
pub const NAMED_ARGUMENT: &[Face] = &[
    documented(400, "Argument 'CONNECTOR' is null or empty"),
    live(400, "Argument 'CONNECTOR' is null or empty"),
];

/// The same for methods whose first argument is `EVENT`.
pub const NAMED_EVENT: &[Face] =
    &[documented(400, "Argument 'EVENT' is null or empty"), live(400, "Argument 'EVENT' is null or empty")];

/// Errors that the other methods of imconnector have in common.
pub static OF_SIBLINGS: &[Gives] = &[gives(&WRONG_AUTH_TYPE), gives(&ERROR_ARGUMENT).with(NAMED_ARGUMENT)];

/// The text of WRONG_AUTH_TYPE on the pages that print a dot in it.
pub const DENIED_WITH_DOT: &[Face] = &[
    documented(403, "Current authorization type is denied for this method. Application context required"),
    live(403, "Current authorization type is denied for this method Application context required"),
];

/// Failures of imconnector.register.
pub static OF_REGISTRATION: &[Gives] = &[
    gives(&APPLICATION_REGISTRATION_ERROR_POINT),
    gives(&CONNECTOR_ID_REQUIRED),
    gives(&NAME_REQUIRED),
    gives(&ICON_REQUIRED),
    gives(&NO_APPLICATION_ID),
    gives(&NO_PLACEMENT_HANDLER),
    gives(&GENERAL_CONNECTOR_REGISTRATION_ERROR),
    gives(&APPLICATION_REGISTRATION_ERROR),
];

/// Failures of imconnector.unregister.
pub static OF_UNREGISTRATION: &[Gives] =
    &[gives(&NO_APPLICATION_ID), gives(&APPLICATION_UNREGISTRATION_ERROR)];

/// Errors that the methods about events have in common.
pub static OF_EVENTS: &[Gives] = &[
    gives(&WRONG_AUTH_TYPE).with(&[live(403, "Current authorization type is denied for this method")]),
    gives(&ACCESS_DENIED_CONTEXT),
];

/// Errors of a method that sends something to the external system through a connector.
pub static OF_PROVIDERS: &[Gives] = &[
    gives(&IMCONNECTOR_NO_CORRECT_PROVIDER),
    gives(&HASH_EMPTY),
    gives(&IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND),
    gives(&IMCONNECTOR_NOT_SPECIFIED_CORRECT_CONNECTOR),
    gives(&IMCONNECTOR_COULD_NOT_GET_PROVIDER_OBJECT),
    gives(&NOT_ACTIVE_LINE),
];

/// Errors of a method that passes messages on through a connector. On its page, the error for a connector that is not
/// registered has the text `provider`.
pub const fn of_messages(provider: &'static [Face]) -> [Gives; 7] {
    [
        gives(&WRONG_AUTH_TYPE),
        gives(&ERROR_ARGUMENT).with(NAMED_ARGUMENT),
        gives(&IMCONNECTOR_NO_CORRECT_PROVIDER).with(provider),
        gives(&HASH_EMPTY),
        gives(&IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND),
        gives(&IMCONNECTOR_NOT_SPECIFIED_CORRECT_CONNECTOR),
        gives(&IMCONNECTOR_COULD_NOT_GET_PROVIDER_OBJECT),
    ]
}

/// The text on the pages of imconnector.send.messages and imconnector.update.messages.
pub const FAILED_TO_FIND: &[Face] = &[
    documented(400, "Failed to find a suitable provider for the connector"),
    live(400, "Cannot find a matching connector provider"),
];

/// The text on the pages of imconnector.send.status.delivery and imconnector.send.status.reading.
pub const UNABLE_TO_FIND: &[Face] = &[
    documented(400, "Unable to find a suitable provider for the connector"),
    live(400, "Cannot find a matching connector provider"),
];

/// Errors that only a batch gives.
pub static OF_BATCH: &[Gives] =
    &[gives(&ERROR_BATCH_LENGTH_EXCEEDED), gives(&ERROR_BATCH_METHOD_NOT_ALLOWED)];

/// Errors of the authorization server, the same in both editions.
pub static OF_OAUTH: &[Gives] = &[
    gives(&INVALID_CLIENT),
    gives(&OAUTH_PAYMENT_REQUIRED),
    gives(&OAUTH_INVALID_REQUEST),
    gives(&INVALID_GRANT),
];
