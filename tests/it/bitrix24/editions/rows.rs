//! What the editions answer where they differ, typed from the pages and from what is known of the server.

use serde_json::{Value, json};

use super::case::{Case, both, case, rename, success, token, visitor};

const OPERATING: &str = "limits: {operating: 1s}\n  timing: {duration: 2s, processing: 1s}";
const ONE_REQUEST: &str =
    "limits: {requests: {custom: {burst: 1, per_second: 1}}}\n  timing: {duration: 0s, processing: 0s}";
const METHOD: &str = "/rest/imconnector.chat.name.set";
const WEBHOOK: &str = "/rest/1/webhook-secret/imconnector.chat.name.set";

/// A call that takes 750 ms from half a second on.
fn documented_time() -> Value {
    json!([200, {
        "start": 1_732_110_908.5,
        "finish": 1_732_110_909.25,
        "duration": 0.75,
        "processing": 0.25,
        "date_start": "2024-11-20T15:55:08+02:00",
        "date_finish": "2024-11-20T15:55:09+02:00",
    }])
}

fn live_time() -> Value {
    json!([200, {
        "start": 1_732_110_908,
        "finish": 1_732_110_909.25,
        "duration": 1.25,
        "processing": 1,
        "date_start": "2024-11-20T15:55:08+02:00",
        "date_finish": "2024-11-20T15:55:09+02:00",
        "operating_reset_at": 1_732_111_508,
        "operating": 0,
    }])
}

/// Every row.
pub fn cases() -> Vec<Case> {
    let none = || json!({});
    let twice = || vec![("/rest/profile", token(json!({}))); 2];
    let no_name = "Argument 'NAME' is null or empty";
    let denied = "Current authorization type is denied for this method";
    let by_webhook = "The request requires higher privileges than provided by the webhook token";
    let by_token = "The request requires higher privileges than provided by the access token";
    let failed = |text: &str| json!([400, "CHAT_RENAMING_FAILED", text]);
    let missing = "Required parameters NAME, CHAT_ID, USER_ID, CONNECTOR, or LINE are missing";
    let structure = "The incorrect structure of a message inside MESSAGES parameter";
    let not_found = || json!([404, "ERROR_METHOD_NOT_FOUND", "Method not found!"]);
    let too_long = || {
        json!([200, {
            "error": "ERROR_BATCH_LENGTH_EXCEEDED",
            "error_description": "Max batch length exceeded",
        }])
    };
    vec![
        case(
            1,
            WEBHOOK,
            rename(none()),
            success(),
            json!([403, "WRONG_AUTH_TYPE", format!("{denied} Application context required")]),
        ),
        case(2, METHOD, rename(none()), json!([403, "insufficient_scope", by_webhook]), success())
            .by("scope: [imopenlines]"),
        case(2, METHOD, rename(none()), success(), json!([401, "insufficient_scope", by_token]))
            .by("scope: [imconnector]"),
        case(2, "/rest/scope", token(none()), json!([200, ["imconnector"]]), json!([200, ["imopenlines"]])),
        case(
            3,
            METHOD,
            rename(json!({"LINE": "106"})),
            json!([400, "NOT_ACTIVE_LINE", "The line with this ID is inactive or does not exist"]),
            json!([400, "NOT_ACTIVE_LINE", "Open Channel with this ID is inactive or does not exist."]),
        ),
        case(
            4,
            METHOD,
            rename(json!({"CONNECTOR": "stranger", "USER_ID": "1"})),
            json!([
                400,
                "IMCONNECTOR_NO_CORRECT_PROVIDER",
                "Could not find a suitable provider for the connector"
            ]),
            json!([400, "IMCONNECTOR_NO_CORRECT_PROVIDER", "Cannot find a matching connector provider"]),
        ),
        case(
            5,
            METHOD,
            rename(json!({"CHAT_ID": "0"})),
            json!([400, "ERROR_ARGUMENT", missing]),
            json!([400, "ERROR_ARGUMENT", "Argument 'CHAT_ID' is null or empty"]),
        ),
        case(
            6,
            METHOD,
            rename(json!({"CHAT_ID": "stranger"})),
            failed("Failed to rename the chat"),
            failed("Chat renaming failed"),
        ),
        case(
            7,
            METHOD,
            rename(json!({"NAME": null})),
            json!({"error": "ERROR_ARGUMENT", "error_description": missing}),
            json!({"error": "ERROR_ARGUMENT", "error_description": no_name, "argument": "NAME"}),
        )
        .at(""),
        both(8, METHOD, rename(none()), success()).in_portal("envelope: documented").at("/answer/result"),
        both(8, METHOD, rename(none()), json!([200, true])).at("/result/SUCCESS"),
        case(9, METHOD, rename(none()), documented_time(), live_time())
            .in_portal("timing: {duration: 750ms, processing: 250ms}")
            .at("/time"),
        case(10, METHOD, rename(none()), json!([200, null]), json!([200, 0])).at("/time/operating"),
        case(10, METHOD, rename(none()), json!([200, null]), json!([200, 1_732_111_508]))
            .at("/time/operating_reset_at"),
        case(
            11,
            "/rest/1/wrong/profile",
            none(),
            json!([403, "INVALID_CREDENTIALS", "Invalid request credentials"]),
            json!([401, "INVALID_CREDENTIALS", "Invalid request credentials"]),
        ),
        case(
            12,
            METHOD,
            rename(none()),
            json!([403, "insufficient_scope", by_webhook]),
            json!([401, "insufficient_scope", by_token]),
        )
        .by("scope: [crm]"),
        case(
            13,
            METHOD,
            rename(none()),
            json!([403, "user_access_error", "The user does not have access to the application"]),
            json!([401, "user_access_error", "The user does not have access to the application."]),
        )
        .by("state: user_without_access"),
        case(
            14,
            METHOD,
            rename(none()),
            json!([403, "ACCESS_DENIED", "REST API is available only on commercial plans"]),
            json!([401, "ACCESS_DENIED", "REST is available only on commercial plans."]),
        )
        .in_portal("state: no_rest"),
        case(
            15,
            WEBHOOK,
            rename(none()),
            json!([400, "INVALID_REQUEST", "Https required."]),
            json!([401, "INVALID_REQUEST", "Https required."]),
        )
        .in_portal("require_https: true"),
        case(
            16,
            METHOD,
            rename(none()),
            json!([503, "OVERLOAD_LIMIT", "REST API is blocked due to overload"]),
            json!([401, "OVERLOAD_LIMIT", "REST API is blocked due to overload."]),
        )
        .in_portal("state: overloaded"),
        case(
            17,
            METHOD,
            rename(none()),
            json!([500, "PORTAL_DELETED", "Portal was deleted"]),
            json!([403, "PORTAL_DELETED", "Portal was deleted"]),
        )
        .in_portal("state: deleted"),
        both(18, "/rest/batch", token(json!({"cmd": vec!["profile"; 51]})), too_long())
            .at("/result/result_error/50"),
        both(
            18,
            "/rest/batch",
            token(json!({"cmd": {"a": "batch"}})),
            json!([200, "ERROR_BATCH_METHOD_NOT_ALLOWED"]),
        )
        .at("/result/result_error/a/error"),
        case(
            19,
            METHOD,
            rename(none()),
            json!([401, "PAYMENT_REQUIRED", "Payment required"]),
            json!([401, "PAYMENT_REQUIRED", "Subscription has been ended"]),
        )
        .in_portal("state: subscription_ended"),
        case(
            20,
            "/rest/profile",
            token(none()),
            json!([403, "ACCESS_DENIED", "REST API is available only on commercial plans"]),
            json!([401, "ACCESS_DENIED", "REST is available only on commercial plans."]),
        )
        .in_portal("state: no_rest"),
        both(21, METHOD, rename(json!({"LINE": 105})), success()),
        case(22, METHOD, rename(json!({"NAME": "Old name"})), success(), failed("Chat renaming failed")),
        both(23, METHOD, visitor(none()), success()),
        case(
            24,
            METHOD,
            visitor(json!({"USER_ID": "stranger"})),
            failed("Failed to rename the chat"),
            success(),
        ),
        case(
            25,
            "",
            none(),
            json!([400, "ERROR_ARGUMENT", missing]),
            json!([200, {"SUCCESS": true, "DATA": {"RESULT": {}}}]),
        )
        .after(vec![
            ("/rest/imconnector.register", token(registration())),
            ("/rest/imconnector.activate", token(json!({"CONNECTOR": "mine", "LINE": 105, "ACTIVE": "1"}))),
            (
                "/rest/imconnector.send.messages",
                token(json!({"CONNECTOR": "mine", "LINE": 105, "MESSAGES": message()})),
            ),
            (METHOD, rename(json!({"CONNECTOR": "mine", "CHAT_ID": "channel-123"}))),
        ]),
        case(
            26,
            "/rest/imconnector.register",
            token(none()),
            json!([200, {
                "result": false,
                "error": "CONNECTOR_ID_REQUIRED",
                "error_description": "The connector ID is not specified",
            }]),
            json!({
                "result": false,
                "error": "CONNECTOR_ID_REQUIRED",
                "error_description": "The connector ID is not specified",
            }),
        ),
        case(27, "", none(), json!([200, false]), json!([200, true])).at("/result/STATUS").after(vec![
            (
                "/rest/imconnector.activate",
                token(json!({"CONNECTOR": "connector", "LINE": 105, "ACTIVE": "N"})),
            ),
            ("/rest/imconnector.status", token(json!({"CONNECTOR": "connector", "LINE": 105}))),
        ]),
        both(29, "/rest/imconnector.deactivate", token(none()), not_found()),
        both(
            30,
            METHOD,
            json!({"sessid": "s"}),
            json!([403, "WRONG_AUTH_TYPE", format!("{denied} Application context required")]),
        ),
        case(
            30,
            "/rest/imconnector.status",
            json!({"sessid": "s"}),
            json!([403, "WRONG_AUTH_TYPE", format!("{denied}. Application context required")]),
            json!([403, "WRONG_AUTH_TYPE", format!("{denied} Application context required")]),
        ),
        case(
            30,
            "/rest/imconnector.list",
            json!({"sessid": "s"}),
            json!([403, "WRONG_AUTH_TYPE", format!("{denied}. Application context required")]),
            json!([403, "WRONG_AUTH_TYPE", denied]),
        ),
        case(
            31,
            "/rest/imconnector.list",
            token(none()),
            json!([400, "ACCESS_DENIED", "You don't have access to this action"]),
            json!([400, "ACCESS_DENIED", "You dont have access to this action"]),
        )
        .with("faults: [{name: f, on: bitrix24.imconnector.list, error: ACCESS_DENIED.connectors}]"),
        case(
            32,
            METHOD,
            rename(json!({"CONNECTOR": "livechat", "USER_ID": "1"})),
            json!([400, "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND", "No valid command specified"]),
            json!([400, "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND", "Incorrect command provided"]),
        ),
        case(
            33,
            "/rest/imconnector.unregister",
            token(none()),
            json!([200, "Error unregistering the application"]),
            json!({
                "result": false,
                "error": "APPLICATION_UNREGISTRATION_ERROR",
                "error_description": "Error unregistering app",
            }),
        )
        .at("/result/error_description"),
        case(
            34,
            "",
            none(),
            json!([429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit."]),
            json!([200, 2]),
        )
        .in_portal(OPERATING)
        .at("/time/operating")
        .after(vec![("/rest/profile", token(none())), ("/rest/profile", json!({"auth": "other-token"}))]),
        both(
            35,
            "",
            none(),
            json!([429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit."]),
        )
        .in_portal(OPERATING)
        .after(twice()),
        both(36, "", none(), json!([503, "QUERY_LIMIT_EXCEEDED", "Too many requests"]))
            .in_portal(ONE_REQUEST)
            .after(twice()),
        both(39, "/rest/imconnector.list", token(none()), json!([200, "Имя"])).at("/result/connector"),
        case(
            40,
            "/rest/imconnector.send.messages",
            token(json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": [{"user": {"id": "1"}}]})),
            json!([400, "ERROR_ARGUMENT", structure]),
            json!([400, "ERROR_ARGUMENT", format!("{structure}.")]),
        ),
        both(
            41,
            "/rest/imconnector.list",
            token(none()),
            json!([200, {"connector": "Имя", "messenger": "messenger"}]),
        )
        .in_portal("built_in: {}"),
        case(
            42,
            METHOD,
            rename(json!({"CONNECTOR": "stranger"})),
            json!([
                400,
                "IMCONNECTOR_NO_CORRECT_PROVIDER",
                "Could not find a suitable provider for the connector"
            ]),
            json!([400, "ERROR_ARGUMENT", "Argument 'USER_ID' is null or empty"]),
        ),
        case(
            43,
            METHOD,
            rename(json!({"auth": "stranger"})),
            json!([401, "NO_AUTH_FOUND", "Wrong authorization data"]),
            json!([401, "invalid_token", "Unable to get application by token"]),
        ),
        case(
            45,
            "/rest/batch",
            token(none()),
            json!([400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded"]),
            json!([200, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded"]),
        )
        .with("faults: [{name: f, on: bitrix24.batch, error: ERROR_BATCH_LENGTH_EXCEEDED}]"),
        case(
            46,
            "/rest/batch",
            token(none()),
            json!([405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage"]),
            json!([200, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage"]),
        )
        .with("faults: [{name: f, on: bitrix24.batch, error: ERROR_BATCH_METHOD_NOT_ALLOWED}]"),
        case(
            47,
            WEBHOOK,
            none(),
            json!([403, "insufficient_scope", by_webhook]),
            json!([401, "insufficient_scope", by_webhook]),
        )
        .by("scope: [crm]"),
        case(
            47,
            WEBHOOK,
            none(),
            json!([403, "ACCESS_DENIED", "REST API is available only on commercial plans"]),
            json!([401, "ACCESS_DENIED", "REST is available only by subscription."]),
        )
        .in_portal("state: no_rest"),
        case(
            48,
            "/rest/app.info",
            json!({"sessid": "s"}),
            json!([400, "ACCESS_DENIED", "Access denied! Application context required"]),
            json!([403, "ACCESS_DENIED", "Access denied! Application context required"]),
        ),
        case(
            49,
            METHOD,
            json!({"token": "crm|query|signature"}),
            json!([403, "ACCESS_DENIED", "Access denied! Link check failed"]),
            not_found(),
        ),
        case(
            50,
            METHOD,
            visitor(json!({"USER_ID": ["visitor-1"]})),
            failed("Failed to rename the chat"),
            success(),
        ),
        case(
            54,
            "/rest/imconnector.unregister",
            token(json!({"ID": "stranger"})),
            json!([200, {
                "result": false,
                "error": "APPLICATION_UNREGISTRATION_ERROR",
                "error_description": "Error unregistering the application",
            }]),
            json!([200, {"result": true}]),
        ),
        both(
            55,
            "/rest/imconnector.send.status.delivery",
            token(status()),
            json!([200, {"SUCCESS": true, "DATA": []}]),
        ),
        both(
            56,
            "/rest/imconnector.send.status.reading",
            token(status()),
            json!([200, {"SUCCESS": true, "DATA": []}]),
        ),
        case(
            58,
            "/rest/event.bind",
            token(json!({"event": "OnImConnectorMessageAdd", "handler": "http://localhost:3000/h"})),
            json!([200, true]),
            json!([400, "ERROR_WRONG_HANDLER_URL", "Wrong handler URL"]),
        ),
    ]
}

fn registration() -> Value {
    json!({
        "ID": "mine",
        "NAME": "Mine",
        "ICON": {"DATA_IMAGE": "data:image/svg+xml,"},
        "PLACEMENT_HANDLER": "https://example.com/settings",
        "CHAT_GROUP": "N",
    })
}

fn message() -> Value {
    json!([{"user": {"id": "ext-user-42"}, "message": {"text": "Hello"}, "chat": {"id": "channel-123"}}])
}

/// The state of a message of which nothing is known.
fn status() -> Value {
    json!({"CONNECTOR": "connector", "LINE": 105, "MESSAGES": [{"im": {"message_id": 1}}]})
}
