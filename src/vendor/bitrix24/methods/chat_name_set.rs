//! `imconnector.chat.name.set`: gives a chat of an open line a new name.

use std::borrow::Cow;

use serde_json::json;

use super::{Answer, CHAT_NAME_SET, Invocation, Method};
use crate::engine::Stage;
use crate::vendor::bitrix24::call::{self, Parameters};
use crate::vendor::bitrix24::credentials::Means;
use crate::vendor::bitrix24::errors::Refusal;
use crate::vendor::bitrix24::php;
use crate::vendor::bitrix24::portal::State;
use crate::vendor::{Call, Exchange, Operation};

/// The method.
pub static METHOD: Method = Method {
    operation: Operation {
        name: CHAT_NAME_SET,
        route: "POST /rest/imconnector.chat.name.set",
        summary: "gives a chat of an open line a new name",
        parameters: &["CONNECTOR", "LINE", "CHAT_ID", "NAME", "USER_ID"],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-chat-name-set.html",
    },
    needs_connector_scope: true,
    batchable: true,
    run,
};

/// The longest name, in characters.
const NAME_LENGTH: usize = 255;

/// Connectors that come with the vendor's module; a rename through one of these never works.
const BUILT_IN: &[&str] = &[
    "livechat", "whatsappbytwilio", "whatsappbyedna", "notifications", "network", "telegrambot", "viber", "vkgroup",
    "ok", "facebook", "facebookcomments", "fbinstagram", "fbinstagramdirect", "wechat", "imessage", "avito", "olx",
];

/// The steps of the vendor's server, in its order.
fn run(state: &mut State, invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let parameters = invocation.parameters;
    let edition = state.edition();
    let rules = edition.rules();
    let call = Call { operation: Some(&METHOD.operation), facts: parameters, nested: invocation.nested };

    let denied = match invocation.caller.means {
        Means::OAuth => false,
        Means::Webhook => !rules.webhook_may_call,
        Means::Session => true,
    };
    if denied {
        return Err(Refusal::new("WRONG_AUTH_TYPE", edition));
    }
    state.passed(Stage::Auth, &call, exchange)?;

    for name in ["CONNECTOR", "LINE", "CHAT_ID", "NAME"] {
        if is_empty(parameters, name) {
            return Err(Refusal::argument(name, edition));
        }
    }
    // The test for groups takes the connector as sent; every later look-up folds it.
    let sent = text(parameters, "CONNECTOR");
    let is_group = sent.as_deref().is_some_and(|connector| state.has_groups(connector));
    let connector = sent.as_deref().map(folded);
    let needs_user = !is_group
        && (rules.unregistered_needs_user || connector.as_deref().is_some_and(|connector| state.is_registered(connector)));
    if needs_user && is_empty(parameters, "USER_ID") {
        return Err(Refusal::argument("USER_ID", edition));
    }
    state.passed(Stage::Arguments, &call, exchange)?;

    // An array where PHP needs a string is a type error of the vendor's own code.
    let type_error = || Refusal::new("INTERNAL_SERVER_ERROR", edition);
    let connector = connector.ok_or_else(type_error)?;
    let chat_id = text(parameters, "CHAT_ID").ok_or_else(type_error)?;
    let name = text(parameters, "NAME").ok_or_else(type_error)?;
    let user = if is_group { "0".into() } else { text(parameters, "USER_ID").ok_or_else(type_error)? };
    let line = call::value(parameters, "LINE").map_or(0, php::to_int);

    if !state.is_registered(&connector) {
        let code = match &*connector {
            "livechat" => "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND",
            built_in if BUILT_IN.contains(&built_in) => "HASH_EMPTY",
            _ => "IMCONNECTOR_NO_CORRECT_PROVIDER",
        };
        return Err(Refusal::new(code, edition));
    }
    if !state.is_active(&connector, line) {
        return Err(Refusal::new("NOT_ACTIVE_LINE", edition));
    }
    state.passed(Stage::Lookup, &call, exchange)?;

    let failed = || Refusal::new("CHAT_RENAMING_FAILED", edition);
    if !is_group && !state.knows_user(&connector, &user) {
        if !rules.ignores_unknown_user {
            return Err(failed());
        }
        exchange.checkpoint.remark("the USER_ID is unknown: the live server answers success and renames nothing".into());
        state.passed(Stage::Delivery, &call, exchange)?;
        return Ok(success(state, exchange));
    }
    let new_name = php::cut(php::trim(&name), NAME_LENGTH);
    let chat = state.chat(&connector, line, &chat_id, &user).ok_or_else(failed)?;
    if new_name.is_empty() || (rules.refuses_same_name && php::loosely_equal(&chat.name, new_name)) {
        return Err(failed());
    }
    state.passed(Stage::Delivery, &call, exchange)?;
    if let Some(chat) = state.chat(&connector, line, &chat_id, &user) {
        new_name.clone_into(&mut chat.name);
    }
    Ok(success(state, exchange))
}

fn success(state: &State, exchange: &mut Exchange<'_>) -> Answer {
    Answer { result: json!({"SUCCESS": true, "DATA": {"RESULT": {}}}), time: state.time(exchange) }
}

fn is_empty(parameters: &Parameters, name: &str) -> bool {
    call::value(parameters, name).is_none_or(php::is_empty)
}

/// A parameter as PHP casts it to a string; `None` for an array.
fn text<'a>(parameters: &'a Parameters, name: &str) -> Option<Cow<'a, str>> {
    call::value(parameters, name).map_or(Some("".into()), php::to_text)
}

/// A connector as the vendor looks it up: lower case, cut at the first dot.
fn folded(connector: &str) -> Cow<'_, str> {
    let stem = connector.split('.').next().unwrap_or_default();
    if stem.chars().any(char::is_uppercase) { stem.to_lowercase().into() } else { stem.into() }
}

