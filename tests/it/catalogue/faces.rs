//! Status and text of every error, typed from the services' pages and from what is known of their servers.

use std::collections::BTreeSet;

/// Status and text.
type Face = (u16, &'static str);

const DENIED: &str = "Current authorization type is denied for this method";
const DENIED_CONTEXT: &str =
    "Current authorization type is denied for this method Application context required";
const NAMED: Face = (400, "Argument 'CONNECTOR' is null or empty");
const OF_EVENT: Face = (400, "Argument 'EVENT' is null or empty");
const DENIED_DOT: &str = "Current authorization type is denied for this method. Application context required";

/// Code, documented and live. An edition that does not have the error gives that of the other one.
#[rustfmt::skip]
const BITRIX24: &[(&str, Face, Face)] = &[
    ("QUERY_LIMIT_EXCEEDED", (503, "Too many requests"), (503, "Too many requests")),
    ("PORTAL_DELETED", (500, "Portal was deleted"), (403, "Portal was deleted")),
    ("ERROR_METHOD_NOT_FOUND", (404, "Method not found!"), (404, "Method not found!")),
    ("ERROR_UNEXPECTED_ANSWER", (500, "Server returned an unexpected response"), (500, "Server returned an unexpected response")),
    ("INTERNAL_WRONG_TRANSPORT", (500, "Wrong transport!"), (500, "Wrong transport!")),
    ("NO_AUTH_FOUND", (401, "Wrong authorization data"), (401, "Wrong authorization data")),
    ("invalid_token", (401, "Unable to get application by token"), (401, "Unable to get application by token")),
    ("ERROR_OAUTH", (401, "Application not installed"), (401, "Application not installed")),
    ("PAYMENT_REQUIRED", (401, "Payment required"), (401, "Subscription has been ended")),
    ("CONNECTION_ERROR", (401, "Error connecting to authorization server"), (401, "Error connecting to authorization server")),
    ("OVERLOAD_LIMIT", (503, "REST API is blocked due to overload"), (401, "REST API is blocked due to overload.")),
    ("ACCESS_DENIED", (403, "REST API is available only on commercial plans"), (401, "REST is available only on commercial plans.")),
    ("ACCESS_DENIED.rights", (403, "Access denied!"), (403, "Access denied!")),
    ("ACCESS_DENIED.context", (400, "Access denied! Application context required"), (403, "Access denied! Application context required")),
    ("ACCESS_DENIED.module", (400, "The ImOpenLines module is not installed."), (400, "The ImOpenLines module is not installed.")),
    ("ACCESS_DENIED.connectors", (400, "You don't have access to this action"), (400, "You dont have access to this action")),
    ("APPLICATION_NOT_FOUND", (401, "Application not found"), (401, "Application not found")),
    ("expired_token", (401, "The access token provided has expired"), (401, "The access token provided has expired")),
    ("insufficient_scope", (403, "The request requires higher privileges than provided by the webhook token"), (401, "The request requires higher privileges than provided by the access token")),
    ("authorization_error", (401, "Unable to authorize user"), (401, "Unable to authorize user")),
    ("user_access_error", (403, "The user does not have access to the application"), (401, "The user does not have access to the application.")),
    ("INVALID_REQUEST", (400, "Https required."), (401, "Https required.")),
    ("INVALID_CREDENTIALS", (403, "Invalid request credentials"), (401, "Invalid request credentials")),
    ("METHOD_CONFIRM_WAITING", (401, "Waiting for confirmation"), (401, "Waiting for confirmation")),
    ("METHOD_CONFIRM_DENIED", (403, "Method call denied"), (403, "Method call denied")),
    ("WRONG_LICENSE", (403, "This feature is not enabled for the current license:"), (403, "This feature is not enabled for the current license:")),
    ("ERROR_MANIFEST_IS_NOT_AVAILABLE", (404, "Manifest is not available."), (404, "Manifest is not available.")),
    ("OPERATION_TIME_LIMIT", (429, "Method is blocked due to operation time limit."), (429, "Method is blocked due to operation time limit.")),
    ("WRONG_AUTH_TYPE", (403, DENIED_CONTEXT), (403, DENIED_CONTEXT)),
    ("WRONG_ENCODING", (200, "Wrong request encoding"), (200, "Wrong request encoding")),
    ("ERROR_ARGUMENT", (400, "Required parameters NAME, CHAT_ID, USER_ID, CONNECTOR, or LINE are missing"), (400, "Argument 'CONNECTOR' is null or empty")),
    ("ERROR_BATCH_LENGTH_EXCEEDED", (400, "Max batch length exceeded"), (200, "Max batch length exceeded")),
    ("ERROR_BATCH_METHOD_NOT_ALLOWED", (405, "Method is not allowed for batch usage"), (200, "Method is not allowed for batch usage")),
    ("IMCONNECTOR_NO_CORRECT_PROVIDER", (400, "Could not find a suitable provider for the connector"), (400, "Cannot find a matching connector provider")),
    ("HASH_EMPTY", (400, "Hash is empty"), (400, "Hash is empty")),
    ("IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND", (400, "No valid command specified"), (400, "Incorrect command provided")),
    ("IMCONNECTOR_NOT_SPECIFIED_CORRECT_CONNECTOR", (400, "Connector is not specified."), (400, "Connector is not specified.")),
    ("IMCONNECTOR_COULD_NOT_GET_PROVIDER_OBJECT", (400, "Cannot get provider object"), (400, "Cannot get provider object")),
    ("NOT_ACTIVE_LINE", (400, "The line with this ID is inactive or does not exist"), (400, "Open Channel with this ID is inactive or does not exist.")),
    ("INTERNAL_SERVER_ERROR", (500, "Internal server error"), (500, "Internal server error")),
    ("CHAT_RENAMING_FAILED", (400, "Failed to rename the chat"), (400, "Chat renaming failed")),
    ("ERROR_CORE", (500, "SQL query error!"), (500, "SQL query error!")),
    ("APPLICATION_REGISTRATION_ERROR_POINT", (200, "Application registration error. Connector ID cannot contain dots (.)."), (200, "Application registration error. Connector ID cannot contain dots (.).")),
    ("CONNECTOR_ID_REQUIRED", (200, "The connector ID is not specified"), (200, "The connector ID is not specified")),
    ("NAME_REQUIRED", (200, "Connector name is not specified"), (200, "Connector name is not specified")),
    ("ICON_REQUIRED", (200, "Connector icon is not specified"), (200, "Connector icon is not specified")),
    ("NO_APPLICATION_ID", (200, "Cannot get the app ID"), (200, "Cannot get the app ID")),
    ("NO_PLACEMENT_HANDLER", (200, "Cannot get the embedding handler URL"), (200, "Cannot get the embedding handler URL")),
    ("GENERAL_CONNECTOR_REGISTRATION_ERROR", (200, "Generic error while registering connector"), (200, "Generic error while registering connector")),
    ("APPLICATION_REGISTRATION_ERROR", (200, "Error registering app"), (200, "Error registering app")),
    ("APPLICATION_UNREGISTRATION_ERROR", (200, "Error unregistering the application"), (200, "Error unregistering app")),
    ("ERROR_WRONG_HANDLER_URL", (400, "Wrong handler URL"), (400, "Wrong handler URL")),
    ("ERROR_UNSUPPORTED_PROTOCOL", (400, "Unsupported handler protocol"), (400, "Unsupported handler protocol")),
    ("ERROR_EVENT_NOT_FOUND", (400, "Event not found"), (400, "Event not found")),
    ("ERROR_CORE.bound", (400, "Unable to set event handler: Handler already binded"), (400, "Unable to set event handler: Handler already binded")),
    ("CHAT_ID", (400, "The provided chat identifier is incorrect"), (400, "The provided chat identifier is incorrect")),
    ("CHAT_TYPE", (400, "The specified chat is not an open line"), (400, "The specified chat is not an open line")),
    // The authorization server.
    ("invalid_client", (401, "Wrong client_id or client_secret"), (401, "Wrong client_id or client_secret")),
    ("PAYMENT_REQUIRED.oauth", (400, "Payment required"), (400, "Payment required")),
    ("invalid_request", (400, "Wrong or missing parameter"), (400, "Wrong or missing parameter")),
    ("invalid_grant", (400, "Wrong or expired refresh_token or code"), (400, "Wrong or expired refresh_token or code")),
];

/// Operation, code, documented and live, where the page or the method differs from the others.
#[rustfmt::skip]
const OF_OPERATIONS: &[(&str, &str, Face, Face)] = &[
    ("imconnector.status", "WRONG_AUTH_TYPE", (403, DENIED_DOT), (403, DENIED_CONTEXT)),
    ("imconnector.status", "ERROR_ARGUMENT", (400, "Argument 'CONNECTOR' is null or empty"), (400, "Argument 'CONNECTOR' is null or empty")),
    ("imconnector.register", "WRONG_AUTH_TYPE", (403, DENIED_DOT), (403, DENIED_CONTEXT)),
    ("imconnector.unregister", "WRONG_AUTH_TYPE", (403, DENIED_DOT), (403, DENIED_CONTEXT)),
    ("imconnector.send.messages", "IMCONNECTOR_NO_CORRECT_PROVIDER", (400, "Failed to find a suitable provider for the connector"), (400, "Cannot find a matching connector provider")),
    ("imconnector.update.messages", "IMCONNECTOR_NO_CORRECT_PROVIDER", (400, "Failed to find a suitable provider for the connector"), (400, "Cannot find a matching connector provider")),
    ("imconnector.delete.messages", "NOT_ACTIVE_LINE", (400, "Line with such ID is inactive or does not exist"), (400, "Open Channel with this ID is inactive or does not exist.")),
    ("imconnector.send.status.delivery", "IMCONNECTOR_NO_CORRECT_PROVIDER", (400, "Unable to find a suitable provider for the connector"), (400, "Cannot find a matching connector provider")),
    ("imconnector.send.status.reading", "IMCONNECTOR_NO_CORRECT_PROVIDER", (400, "Unable to find a suitable provider for the connector"), (400, "Cannot find a matching connector provider")),
    ("imconnector.activate", "ERROR_ARGUMENT", NAMED, NAMED),
    ("imconnector.connector.data.set", "ERROR_ARGUMENT", NAMED, NAMED),
    ("imconnector.send.messages", "ERROR_ARGUMENT", NAMED, NAMED),
    ("imconnector.update.messages", "ERROR_ARGUMENT", NAMED, NAMED),
    ("imconnector.delete.messages", "ERROR_ARGUMENT", NAMED, NAMED),
    ("imconnector.send.status.delivery", "ERROR_ARGUMENT", NAMED, NAMED),
    ("imconnector.send.status.reading", "ERROR_ARGUMENT", NAMED, NAMED),
    ("imconnector.set.error", "ERROR_ARGUMENT", NAMED, NAMED),
    ("event.bind", "ERROR_ARGUMENT", OF_EVENT, OF_EVENT),
    ("event.unbind", "ERROR_ARGUMENT", OF_EVENT, OF_EVENT),
    ("event.bind", "WRONG_AUTH_TYPE", (403, DENIED), (403, DENIED)),
    ("event.unbind", "WRONG_AUTH_TYPE", (403, DENIED), (403, DENIED)),
    ("event.get", "WRONG_AUTH_TYPE", (403, DENIED), (403, DENIED)),
    ("events", "WRONG_AUTH_TYPE", (403, DENIED), (403, DENIED)),
    ("event.test", "WRONG_AUTH_TYPE", (403, DENIED), (403, DENIED)),
    ("imconnector.list", "WRONG_AUTH_TYPE", (403, DENIED_DOT), (403, DENIED)),
];

/// Code, status and text, and whether a retry is advised.
#[rustfmt::skip]
const CHERT: &[(&str, Face, bool)] = &[
    ("1001", (400, "Missing required field: display_name or group_chat_icon"), false),
    ("1002", (400, "Invalid field value: display_name"), false),
    ("1003", (400, "Invalid phone number"), false),
    ("1004", (400, "Invalid JSON body"), false),
    ("1005", (400, "First message has URLs in text"), false),
    ("1006", (400, "Chat is a direct message"), false),
    ("1007", (429, "Rate limit exceeded"), true),
    ("1008", (400, "Consecutive text parts"), false),
    ("1009", (400, "Text exceeds the length limit"), false),
    ("1011", (409, "Attachment reference invalid"), false),
    ("1012", (409, "Resource state invalid"), false),
    ("2001", (404, "Tenant not found"), false),
    ("2002", (404, "Chat not found"), false),
    ("2003", (404, "Message not found"), false),
    ("2004", (401, "Invalid authentication"), false),
    ("2005", (403, "Forbidden"), false),
    ("2006", (400, "Phone not assigned to tenant"), false),
    ("2007", (403, "Email not verified"), false),
    ("2008", (402, "Account limit reached"), false),
    ("2011", (404, "Not found"), false),
    ("2012", (401, "Missing authentication"), false),
    ("2013", (401, "Timestamp outside the allowed window"), false),
    ("3001", (500, "Internal server error"), true),
    ("3002", (503, "Delivery unavailable"), true),
    ("3003", (500, "Delivery service not configured"), false),
    ("3004", (502, "Delivery service error"), true),
    ("4001", (502, "Delivery failed"), true),
    ("4002", (503, "All lines saturated for recipient"), true),
    ("4098", (400, "Unknown effect"), false),
    ("4099", (501, "Not supported for this chat"), false),
    ("5001", (404, "Attachment not found"), false),
    ("5002", (400, "Attachment too large"), false),
    ("5003", (400, "Unsupported MIME type"), false),
    ("5004", (400, "Attachment not yet uploaded"), false),
];

/// Operation, code, and how Chert's page of that operation gives the error.
#[rustfmt::skip]
const OF_CHERT: &[(&str, &str, Face)] = &[
    ("send", "1001", (400, "Missing required field: phone")),
    ("webhook_subscriptions.create", "1001", (400, "Missing required field: url")),
    ("webhook_subscriptions.create", "1002", (400, "Invalid field value: url")),
    ("webhook_subscriptions.update", "1001", (400, "Missing required field: url")),
    ("webhook_subscriptions.update", "1002", (400, "Invalid field value: url")),
    ("events.list", "1002", (400, "Invalid field value: limit")),
    ("dev_inbox.list", "1002", (400, "Invalid field value: limit")),
    ("events.stream", "1002", (400, "Invalid field value: since")),
    ("events.replay", "1002", (400, "Invalid field value: destination")),
    ("send", "1002", (400, "Invalid field value: attachments")),
    ("send", "4099", (422, "Not supported for this chat")),
    ("locations.send", "1001", (400, "Missing required field: phone")),
    ("locations.send", "1002", (400, "Invalid field value: chat_id")),
    ("locations.send", "1006", (400, "Chat was left")),
    ("locations.send", "4099", (422, "Not supported for this chat")),
    ("chats.create", "1001", (400, "Missing required field: to")),
    ("chats.create", "1002", (400, "Invalid field value: to")),
    ("chats.create", "1006", (422, "Too many recipients")),
    ("chats.create", "2006", (403, "Phone not assigned to tenant")),
    ("chats.create", "4099", (501, "Group create takes one text part only")),
    ("chats.messages.send", "1001", (400, "Missing required field: message.parts")),
    ("chats.messages.send", "1002", (400, "Invalid field value: message.parts")),
    ("chats.messages.send", "1006", (400, "Too many parts")),
    ("chats.messages.send", "4099", (422, "Not supported for this chat")),
    ("messages.react", "1002", (400, "Invalid field value: reaction")),
    ("messages.edit", "1002", (400, "Invalid field value: new_text")),
    ("chats.mark_read", "1002", (422, "Invalid field value: participants")),
    ("chats.mark_read", "1006", (400, "Chat was left")),
    ("chats.typing", "1001", (400, "Missing required field: state")),
    ("chats.typing", "1002", (400, "Invalid field value: state")),
    ("chats.typing", "1006", (400, "Chat was left")),
    ("chats.send_contact", "1001", (400, "Missing required field: contact")),
    ("chats.send_contact", "1002", (400, "Invalid field value: contact")),
    ("chats.send_contact", "1006", (400, "Chat was left")),
    ("contacts.send", "1001", (400, "Missing required field: contact")),
    ("contacts.send", "1002", (400, "Invalid field value: contact")),
    ("contacts.send", "1006", (400, "Chat was left")),
    ("chats.share_contact_info", "1002", (400, "Invalid field value: to")),
    ("chats.share_contact_info", "1006", (400, "Chat was left")),
    ("contacts.share", "1002", (400, "Invalid field value: to")),
    ("contacts.share", "1006", (400, "Chat was left")),
    ("chats.participants.add", "1001", (400, "Missing required field: address")),
    ("chats.participants.add", "1002", (400, "Invalid field value: address")),
    ("chats.participants.add", "4099", (422, "Not supported for this chat")),
    ("chats.participants.remove", "1001", (400, "Missing required field: address")),
    ("chats.participants.remove", "1002", (400, "Invalid field value: address")),
    ("chats.participants.remove", "4099", (422, "Not supported for this chat")),
    ("chats.leave", "1002", (400, "Invalid field value: participants")),
    ("attachments.create", "1001", (400, "Missing required field: filename")),
    ("attachments.create", "1002", (400, "Invalid field value: size_bytes")),
    ("attachments.upload", "1002", (400, "Invalid field value: size_bytes")),
];

/// Status and text of an error of an operation in an edition.
pub fn face(service: &str, operation: &str, code: &str, edition: &str) -> Face {
    if service == "chert" {
        let own = OF_CHERT.iter().find(|row| (row.0, row.1) == (operation, code)).map(|row| row.2);
        return own.unwrap_or_else(|| CHERT.iter().find(|row| row.0 == code).expect(code).1);
    }
    let own = OF_OPERATIONS.iter().find(|row| (row.0, row.1) == (operation, code));
    let (documented, live) = match own {
        Some(row) => (row.2, row.3),
        None => BITRIX24.iter().find(|row| row.0 == code).map(|row| (row.1, row.2)).expect(code),
    };
    if edition == "live" { live } else { documented }
}

/// Whether Chert advises a retry after this error.
pub fn is_retryable(code: &str) -> bool {
    CHERT.iter().find(|row| row.0 == code).expect(code).2
}

/// All codes of a service.
pub fn codes(service: &str) -> BTreeSet<&'static str> {
    match service {
        "chert" => CHERT.iter().map(|row| row.0).collect(),
        _ => BITRIX24.iter().map(|row| row.0).collect(),
    }
}
