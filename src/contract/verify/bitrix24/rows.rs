//! The checks of Bitrix24 that are one call each.

/// Method, code, what, the parameters.
pub type Row = (&'static str, &'static str, &'static str, &'static str);

/// The method that renames a chat.
pub const RENAME: &str = "imconnector.chat.name.set";
/// The method that registers a connector.
pub const REGISTER: &str = "imconnector.register";

/// Checks that change nothing, whatever the portal makes of them.
pub const READS: &[Row] = &[
    ("server.time", "", "", "{}"),
    ("scope", "", "", "{}"),
    ("scope", "", "all", r#"{"FULL":true}"#),
    ("profile", "", "", "{}"),
    ("user.current", "", "", "{}"),
    ("app.info", "", "", "{}"),
    ("methods", "", "", "{}"),
    ("method.get", "", "", r#"{"name":"profile"}"#),
    ("method.get", "", "unknown method", r#"{"name":"standin.no.such.method"}"#),
    ("events", "", "", "{}"),
    ("event.get", "", "", "{}"),
    ("imopenlines.config.list.get", "", "", "{}"),
    ("imconnector.list", "", "", "{}"),
    (
        "imconnector.status",
        "",
        "unknown connector",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999"}"#,
    ),
    ("imconnector.status", "", "the named chat", r#"{"CONNECTOR":"{connector}","LINE":"{line}"}"#),
    ("imconnector.status", "ERROR_ARGUMENT", "no CONNECTOR", "{}"),
    ("imconnector.status", "INTERNAL_SERVER_ERROR", "CONNECTOR is a list", r#"{"CONNECTOR":["standin"]}"#),
    ("batch", "", "", r#"{"halt":0,"cmd":{"time":"server.time","status":"imconnector.status"}}"#),
    ("batch", "", "no command", "{}"),
    ("batch", "ERROR_BATCH_METHOD_NOT_ALLOWED", "a batch within", r#"{"halt":0,"cmd":{"batch":"batch"}}"#),
    ("batch", "ERROR_BATCH_LENGTH_EXCEEDED", "51 commands", r#"{"halt":0,"cmd":"FIFTYONE"}"#),
    (
        RENAME,
        "ERROR_ARGUMENT",
        "no CONNECTOR",
        r#"{"LINE":"999999999","CHAT_ID":"standin-no-such-chat","NAME":"standin verify"}"#,
    ),
    (
        RENAME,
        "ERROR_ARGUMENT",
        "no LINE",
        r#"{"CONNECTOR":"standin_no_such_connector","CHAT_ID":"standin-no-such-chat","NAME":"standin verify"}"#,
    ),
    (
        RENAME,
        "ERROR_ARGUMENT",
        "no CHAT_ID",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999","NAME":"standin verify"}"#,
    ),
    (
        RENAME,
        "ERROR_ARGUMENT",
        "no NAME",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999","CHAT_ID":"standin-no-such-chat"}"#,
    ),
    (
        RENAME,
        "INTERNAL_SERVER_ERROR",
        "CONNECTOR is a list",
        r#"{"CONNECTOR":["x"],"LINE":"999999999","CHAT_ID":"standin-no-such-chat","NAME":"standin verify"}"#,
    ),
    (
        RENAME,
        "IMCONNECTOR_NO_CORRECT_PROVIDER",
        "unknown connector",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999","CHAT_ID":"standin-no-such-chat","NAME":"standin verify","USER_ID":"standin"}"#,
    ),
    (
        RENAME,
        "IMCONNECTOR_NO_CORRECT_PROVIDER",
        "unknown connector, no USER_ID",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999","CHAT_ID":"standin-no-such-chat","NAME":"standin verify"}"#,
    ),
    (
        RENAME,
        "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND",
        "the connector livechat",
        r#"{"CONNECTOR":"livechat","LINE":"999999999","CHAT_ID":"standin-no-such-chat","NAME":"standin verify","USER_ID":"standin"}"#,
    ),
    (
        RENAME,
        "HASH_EMPTY",
        "connector of Bitrix24's own",
        r#"{"CONNECTOR":"viber","LINE":"999999999","CHAT_ID":"standin-no-such-chat","NAME":"standin verify","USER_ID":"standin"}"#,
    ),
    (
        RENAME,
        "NOT_ACTIVE_LINE",
        "unknown line",
        r#"{"CONNECTOR":"{connector}","LINE":"999999999","CHAT_ID":"standin-no-such-chat","NAME":"standin verify","USER_ID":"standin"}"#,
    ),
    (
        RENAME,
        "CHAT_RENAMING_FAILED",
        "unknown chat and user",
        r#"{"CONNECTOR":"{connector}","LINE":"{line}","CHAT_ID":"standin-no-such-chat","NAME":"standin verify","USER_ID":"standin"}"#,
    ),
    ("imconnector.activate", "ERROR_ARGUMENT", "no CONNECTOR", r#"{"LINE":"999999999","ACTIVE":"1"}"#),
    (
        "imconnector.activate",
        "ERROR_ARGUMENT",
        "no LINE",
        r#"{"CONNECTOR":"standin_no_such_connector","ACTIVE":"1"}"#,
    ),
    (
        "imconnector.activate",
        "ERROR_ARGUMENT",
        "no ACTIVE",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999"}"#,
    ),
    (
        "imconnector.activate",
        "INTERNAL_SERVER_ERROR",
        "CONNECTOR is a list",
        r#"{"CONNECTOR":["x"],"LINE":"999999999","ACTIVE":"1"}"#,
    ),
    (
        "imconnector.connector.data.set",
        "INTERNAL_SERVER_ERROR",
        "CONNECTOR is a list",
        r#"{"CONNECTOR":["x"],"LINE":"999999999","DATA":{"NAME":"standin"}}"#,
    ),
    (
        "imconnector.connector.data.set",
        "INTERNAL_SERVER_ERROR",
        "DATA is a text",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999","DATA":"standin"}"#,
    ),
    (
        "imconnector.connector.data.set",
        "ERROR_ARGUMENT",
        "no CONNECTOR",
        r#"{"LINE":"999999999","DATA":{"NAME":"standin"}}"#,
    ),
    (
        "imconnector.connector.data.set",
        "ERROR_ARGUMENT",
        "no LINE",
        r#"{"CONNECTOR":"standin_no_such_connector","DATA":{"NAME":"standin"}}"#,
    ),
    (
        "imconnector.connector.data.set",
        "ERROR_ARGUMENT",
        "no DATA",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999"}"#,
    ),
    ("imconnector.set.error", "ERROR_ARGUMENT", "no CONNECTOR", r#"{"LINE":"999999999"}"#),
    (
        "imconnector.set.error",
        "IMCONNECTOR_NO_CORRECT_PROVIDER",
        "unknown connector",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999"}"#,
    ),
    (
        "imconnector.set.error",
        "HASH_EMPTY",
        "connector of Bitrix24's own",
        r#"{"CONNECTOR":"viber","LINE":"999999999"}"#,
    ),
    (
        "imconnector.set.error",
        "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND",
        "the connector livechat",
        r#"{"CONNECTOR":"livechat","LINE":"999999999"}"#,
    ),
    (
        "imconnector.set.error",
        "INTERNAL_SERVER_ERROR",
        "CONNECTOR is a list",
        r#"{"CONNECTOR":["x"],"LINE":"999999999"}"#,
    ),
    (
        "imconnector.send.messages",
        "ERROR_ARGUMENT",
        "MESSAGES is no list",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999","MESSAGES":"standin"}"#,
    ),
    (
        "imconnector.send.messages",
        "ERROR_ARGUMENT",
        "MESSAGES of texts",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999","MESSAGES":["standin"]}"#,
    ),
    (
        "imconnector.send.messages",
        "ERROR_ARGUMENT",
        "message without a chat",
        r#"{"CONNECTOR":"standin_no_such_connector","LINE":"999999999","MESSAGES":[{"user":{"id":"standin"},"message":{"id":"standin"}}]}"#,
    ),
    (REGISTER, "CONNECTOR_ID_REQUIRED", "no ID", "{}"),
    (REGISTER, "APPLICATION_REGISTRATION_ERROR_POINT", "ID with a dot", r#"{"ID":"standin.verify"}"#),
    (REGISTER, "NAME_REQUIRED", "no NAME", r#"{"ID":"standin_verify"}"#),
    (REGISTER, "ICON_REQUIRED", "no ICON", r#"{"ID":"standin_verify","NAME":"standin verify"}"#),
    (
        REGISTER,
        "NO_PLACEMENT_HANDLER",
        "no PLACEMENT_HANDLER",
        r#"{"ID":"standin_verify","NAME":"standin verify","ICON":{"DATA_IMAGE":"data:image/svg+xml,%3Csvg/%3E"}}"#,
    ),
    ("imconnector.unregister", "APPLICATION_UNREGISTRATION_ERROR", "no ID", "{}"),
    (
        "imconnector.unregister",
        "APPLICATION_UNREGISTRATION_ERROR",
        "unknown connector",
        r#"{"ID":"standin_no_such_connector"}"#,
    ),
    ("imconnector.unregister", "INTERNAL_SERVER_ERROR", "ID is a list", r#"{"ID":["standin"]}"#),
    ("imopenlines.operator.finish", "CHAT_ID", "no CHAT_ID", "{}"),
    ("imopenlines.operator.finish", "CHAT_TYPE", "unknown chat", r#"{"CHAT_ID":999999999}"#),
    ("event.bind", "ERROR_ARGUMENT", "no event", r#"{"handler":"https://standin.invalid/verify"}"#),
    ("event.bind", "ERROR_ARGUMENT", "no handler", r#"{"event":"OnStandinNoSuchEvent"}"#),
    (
        "event.bind",
        "ERROR_WRONG_HANDLER_URL",
        "host without a dot",
        r#"{"event":"OnStandinNoSuchEvent","handler":"https://standin/verify"}"#,
    ),
    (
        "event.bind",
        "ERROR_WRONG_HANDLER_URL",
        "handler on localhost",
        r#"{"event":"OnStandinNoSuchEvent","handler":"http://localhost/verify"}"#,
    ),
    (
        "event.bind",
        "ERROR_UNSUPPORTED_PROTOCOL",
        "handler over ftp",
        r#"{"event":"OnStandinNoSuchEvent","handler":"ftp://standin.invalid/verify"}"#,
    ),
    (
        "event.bind",
        "ERROR_EVENT_NOT_FOUND",
        "unknown event",
        r#"{"event":"OnStandinNoSuchEvent","handler":"https://standin.invalid/verify"}"#,
    ),
    (
        "event.bind",
        "INTERNAL_SERVER_ERROR",
        "event is a list",
        r#"{"event":["x"],"handler":"https://standin.invalid/verify"}"#,
    ),
    (
        "event.unbind",
        "INTERNAL_SERVER_ERROR",
        "event is a list",
        r#"{"event":["x"],"handler":"https://standin.invalid/verify"}"#,
    ),
    ("event.unbind", "ERROR_ARGUMENT", "no event", r#"{"handler":"https://standin.invalid/verify"}"#),
    ("event.unbind", "ERROR_ARGUMENT", "no handler", r#"{"event":"OnStandinNoSuchEvent"}"#),
    (
        "event.unbind",
        "",
        "nothing is bound",
        r#"{"event":"OnStandinNoSuchEvent","handler":"https://standin.invalid/verify"}"#,
    ),
];

/// The methods that take messages: the parameters of one that names nothing that exists.
pub const OF_MESSAGES: &[(&str, &str)] = &[
    (
        "imconnector.send.messages",
        r#"[{"user":{"id":"standin"},"message":{"id":"standin-no-such-message"},"chat":{"id":"standin-no-such-chat"}}]"#,
    ),
    (
        "imconnector.update.messages",
        r#"[{"user":{"id":"standin"},"message":{"id":"standin-no-such-message"},"chat":{"id":"standin-no-such-chat"}}]"#,
    ),
    (
        "imconnector.delete.messages",
        r#"[{"user":{"id":"standin"},"message":{"id":"standin-no-such-message"},"chat":{"id":"standin-no-such-chat"}}]"#,
    ),
    (
        "imconnector.send.status.delivery",
        r#"[{"im":{"chat_id":999999999,"message_id":999999999},"message":{"id":["standin"]},"chat":{"id":"standin-no-such-chat"}}]"#,
    ),
    (
        "imconnector.send.status.reading",
        r#"[{"im":{"chat_id":999999999,"message_id":999999999},"message":{"id":["standin"]},"chat":{"id":"standin-no-such-chat"}}]"#,
    ),
];

/// Checks of the token endpoint. None of them has all that it takes to get a token.
pub const TOKENS: &[Row] = &[
    ("oauth.token", "invalid_request", "no grant_type", "{}"),
    (
        "oauth.token",
        "invalid_client",
        "unknown application",
        r#"{"grant_type":"refresh_token","client_id":"standin-no-such-application","client_secret":"standin","refresh_token":"standin-no-such-token"}"#,
    ),
    (
        "oauth.token",
        "invalid_client",
        "wrong secret",
        r#"{"grant_type":"refresh_token","client_id":"{client_id}","client_secret":"standin","refresh_token":"standin-no-such-token"}"#,
    ),
    (
        "oauth.token",
        "invalid_request",
        "unknown grant_type",
        r#"{"grant_type":"standin","client_id":"{client_id}","client_secret":"{client_secret}"}"#,
    ),
    (
        "oauth.token",
        "invalid_grant",
        "unknown token",
        r#"{"grant_type":"refresh_token","client_id":"{client_id}","client_secret":"{client_secret}","refresh_token":"standin-no-such-token"}"#,
    ),
];
