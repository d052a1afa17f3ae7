//! Why no check raises an error, or lets a call succeed.

use crate::emulator::{ErrorCode, Operation, Service};

const LIMIT: &str = "a limit: no check provokes one";
const SERVER: &str = "only the server's own failure raises it";
const PORTAL: &str = "needs a portal in another state";
const TENANT: &str = "needs a tenant in another state";
const CREDENTIAL: &str = "needs a credential in another state";
const PERSON: &str = "it would write to somebody whom the user has not named";

/// Why no call of an operation succeeds.
pub fn of_success(service: &dyn Service, operation: &Operation) -> &'static str {
    match (service.name(), operation.name) {
        ("chert", "chats.leave") => "nobody can join the group again",
        ("chert", "events.replay") => "it would send an event to a handler again",
        ("chert", "locations.send") => "needs the delivery ID of the chat, which no call tells",
        ("chert", _) => PERSON,
        (_, "imopenlines.config.add") => "no emulated method removes a line",
        (_, "imopenlines.operator.finish") => "nobody can open the session again",
        (_, "oauth.token") => "it would replace the user's refresh token",
        _ => "it could not be put back",
    }
}

/// Why no call of an operation raises an error; empty when nobody has said.
pub fn of_error(service: &dyn Service, operation: &Operation, error: &ErrorCode) -> &'static str {
    if service.name() == "chert" { of_chert(operation, error.code) } else { of_bitrix24(error.code) }
}

/// Why a slot of a call is empty.
pub fn of_slot(slot: &str) -> String {
    match slot {
        "chat" => "needs `--chat`",
        "connector" | "line" => "needs `--chat CONNECTOR:LINE:CHAT_ID`",
        "chat_name" => "needs `--chat-name`: no call tells the present name, which is put back afterwards",
        "user" => "needs `--chat-user`: the connector has no groups, so a call names the external user",
        "client_id" | "client_secret" => {
            "needs `BITRIX24_CLIENT_ID`, `BITRIX24_CLIENT_SECRET` and a `BITRIX24_TOKEN_URL` of this server"
        }
        "message" => "the named chat has no message, or none is known",
        "event" => "the server has no event, or none is known",
        slot => return format!("no answer has told the {slot}"),
    }
    .to_owned()
}

fn of_chert(operation: &Operation, code: &str) -> &'static str {
    match (operation.name, code) {
        (_, "2005" | "2007" | "2008") => TENANT,
        (_, "1007" | "4002") => LIMIT,
        (_, "3001" | "3002" | "3003" | "3004" | "4001") => SERVER,
        (_, "2011") => "only an unknown path raises it: see `unknown path: 2011`",
        ("chats.create", "5001" | "5004") => PERSON,
        ("chats.create" | "send" | "locations.send", "1012") => PERSON,
        ("send", "5004" | "4099") => PERSON,
        ("locations.send" | "contacts.send" | "contacts.share", "1006" | "4099") => PERSON,
        (_, "5002") => "needs a file that is larger than the server takes",
        ("chats.messages.send", "1005") => "needs a chat without a message",
        ("chats.messages.send", "4099") => "needs a chat whose line does not send",
        ("messages.edit", "4099") => "needs a message that a recipient has written",
        ("events.replay", "1002") => "needs an event that no subscription takes",
        (_, "1002") => "needs a chat with too few participants",
        (_, "1006") => "needs a group that the tenant has left",
        _ => "",
    }
}

fn of_bitrix24(code: &str) -> &'static str {
    match code {
        "QUERY_LIMIT_EXCEEDED" | "OPERATION_TIME_LIMIT" | "OVERLOAD_LIMIT" => LIMIT,
        "PORTAL_DELETED" | "PAYMENT_REQUIRED" | "ACCESS_DENIED" | "PAYMENT_REQUIRED.oauth" => PORTAL,
        "ACCESS_DENIED.module" | "METHOD_CONFIRM_WAITING" | "METHOD_CONFIRM_DENIED" | "WRONG_LICENSE" => {
            PORTAL
        }
        "ERROR_MANIFEST_IS_NOT_AVAILABLE" => PORTAL,
        "ERROR_METHOD_NOT_FOUND" => {
            "only an unknown method raises it: see `unknown method: ERROR_METHOD_NOT_FOUND`"
        }
        "invalid_token" => "see the check of `NO_AUTH_FOUND` with an unknown token",
        "ERROR_OAUTH" | "APPLICATION_NOT_FOUND" | "expired_token" | "insufficient_scope" => CREDENTIAL,
        "authorization_error" | "user_access_error" | "ACCESS_DENIED.connectors" => CREDENTIAL,
        "INVALID_REQUEST" => "needs a webhook over http, which is never sent to a real portal",
        "ACCESS_DENIED.context" => "needs the session of a browser, or a token of no application",
        "WRONG_ENCODING" => "needs a result that is no JSON",
        "GENERAL_CONNECTOR_REGISTRATION_ERROR" => "only a fault raises it",
        "NO_APPLICATION_ID" => "needs a token of no application",
        "ERROR_UNEXPECTED_ANSWER" | "INTERNAL_WRONG_TRANSPORT" | "CONNECTION_ERROR" | "ERROR_CORE" => SERVER,
        "INTERNAL_SERVER_ERROR" | "APPLICATION_REGISTRATION_ERROR" => SERVER,
        "IMCONNECTOR_NOT_SPECIFIED_CORRECT_CONNECTOR" | "IMCONNECTOR_COULD_NOT_GET_PROVIDER_OBJECT" => SERVER,
        _ => "",
    }
}
