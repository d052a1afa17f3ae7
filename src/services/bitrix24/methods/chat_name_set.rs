//! `imconnector.chat.name.set`: gives a chat of an open line a new name.

use std::borrow::Cow;

use super::{CHAT_NAME_SET, Invocation, Method, MethodAnswer};
use crate::basics::Stage;
use crate::http::Given;
use crate::services::bitrix24::credentials::Means;
use crate::services::bitrix24::errors::Refusal;
use crate::services::bitrix24::php;
use crate::services::bitrix24::portal::LivePortal;
use crate::services::{Exchange, Operation, OperationCall};

/// The method.
pub static METHOD: Method = Method {
    operation: Operation {
        name: CHAT_NAME_SET,
        route: "POST /rest/imconnector.chat.name.set",
        summary: "gives a chat of an open line a new name",
        parameters: &["CONNECTOR", "LINE", "CHAT_ID", "NAME", "USER_ID"],
        chat: Some("CHAT_ID"),
        changes: true,
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-chat-name-set.html",
    },
    needs_connector_scope: true,
    batchable: true,
    is_timed: true,
    run,
};

/// The only result that there is.
const SUCCESS: &[u8] = br#"{"SUCCESS":true,"DATA":{"RESULT":{}}}"#;

/// The longest name, in characters.
const NAME_LENGTH: usize = 255;

/// Connectors that come with the vendor's module; a rename through one of these never works.
pub(super) const BUILT_IN: &[&str] = &[
    "livechat",
    "whatsappbytwilio",
    "whatsappbyedna",
    "notifications",
    "network",
    "telegrambot",
    "viber",
    "vkgroup",
    "ok",
    "facebook",
    "facebookcomments",
    "fbinstagram",
    "fbinstagramdirect",
    "wechat",
    "imessage",
    "avito",
    "olx",
];

/// The steps of the vendor's server, in its order.
fn run(
    state: &mut LivePortal,
    invocation: &Invocation<'_>,
    exchange: &mut Exchange<'_>,
) -> Result<MethodAnswer, Refusal> {
    let parameters = invocation.parameters;
    let edition = state.edition();
    let rules = edition.rules();
    let call =
        OperationCall { operation: Some(&METHOD.operation), facts: parameters, nested: invocation.nested };

    let denied = match invocation.caller.means {
        Means::OAuth => false,
        Means::Webhook => !rules.webhook_may_call,
        Means::Session => true,
    };
    if denied {
        return Err(Refusal::new("WRONG_AUTH_TYPE", edition));
    }
    state.passed(Stage::Auth, &call, exchange)?;

    let given = ["CONNECTOR", "LINE", "CHAT_ID", "NAME"].map(|name| (name, parameters.get(name)));
    if let Some(&(name, _)) = given.iter().find(|(_, value)| value.is_none_or(php::is_empty)) {
        return Err(Refusal::argument(name, edition));
    }
    let [connector, line, chat_id, name] = given.map(|(_, value)| value);
    // The test for groups takes the connector as sent; every later look-up folds it.
    let sent = text(connector);
    let folded = sent.as_deref().map(folded);
    let connector = folded.as_deref().and_then(|id| state.connector(id));
    let is_group = sent == folded && connector.is_some_and(|connector| connector.has_groups);
    let needs_user = !is_group && (rules.unregistered_needs_user || connector.is_some());
    let user = if is_group { None } else { parameters.get("USER_ID") };
    if needs_user && user.is_none_or(php::is_empty) {
        return Err(Refusal::argument("USER_ID", edition));
    }
    state.passed(Stage::Arguments, &call, exchange)?;

    // An array where PHP needs a string is a type error of the vendor's own code.
    let type_error = || Refusal::new("INTERNAL_SERVER_ERROR", edition);
    let id = folded.as_deref().ok_or_else(type_error)?;
    let chat_id = text(chat_id).ok_or_else(type_error)?;
    let name = text(name).ok_or_else(type_error)?;
    let user = if is_group { "0".into() } else { text(user).ok_or_else(type_error)? };
    let line = line.map_or(0, php::to_int);

    let connector = connector.ok_or_else(|| Refusal::new(code_of_stranger(id), edition))?;
    if !connector.lines.contains(&line) {
        return Err(Refusal::new("NOT_ACTIVE_LINE", edition));
    }
    state.passed(Stage::Lookup, &call, exchange)?;

    let failed = || Refusal::new("CHAT_RENAMING_FAILED", edition);
    if !is_group && !connector.users.contains(&*user) {
        if !rules.ignores_unknown_user {
            return Err(failed());
        }
        // Nothing is delivered, so no error of the delivery can strike.
        let remark = "the USER_ID is unknown: the live server answers success and renames nothing";
        exchange.checkpoint.remark(remark.into());
        return Ok(success(state, exchange));
    }
    let new_name = php::cut(php::trim(&name), NAME_LENGTH);
    let chat = state.session(connector, line, &chat_id, &user).ok_or_else(failed)?;
    if new_name.is_empty() || (rules.refuses_same_name && php::loosely_equal(state.name(chat), new_name)) {
        return Err(failed());
    }
    state.rename(chat, new_name, &call, exchange)?;
    Ok(success(state, exchange))
}

fn success(state: &LivePortal, exchange: &mut Exchange<'_>) -> MethodAnswer {
    MethodAnswer { result: Cow::Borrowed(SUCCESS), time: state.time(exchange) }
}

/// What a connector that nobody registered gives.
fn code_of_stranger(id: &str) -> &'static str {
    match id {
        "livechat" => "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND",
        _ if BUILT_IN.contains(&id) => "HASH_EMPTY",
        _ => "IMCONNECTOR_NO_CORRECT_PROVIDER",
    }
}

/// A parameter as PHP casts it to a string; `None` for an array.
fn text(value: Option<Given<'_>>) -> Option<Cow<'_, str>> {
    value.map_or(Some("".into()), php::to_text)
}

/// A connector as the vendor looks it up: lower case, cut at the first dot.
pub fn folded(connector: &str) -> Cow<'_, str> {
    // Nearly every identifier is as it is looked up.
    if connector.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return connector.into();
    }
    let stem = connector.split('.').next().unwrap_or_default();
    if stem.chars().any(char::is_uppercase) { stem.to_lowercase().into() } else { stem.into() }
}
