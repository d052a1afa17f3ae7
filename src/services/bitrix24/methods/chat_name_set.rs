//! `imconnector.chat.name.set`: renames a chat of an open line.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{
    Effect, ErrorCode, Exchange, Gives, Operation, Parameter, Shape, ValueType, gives, member,
};
use crate::http::Given;
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::missing;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::{Line, Portal};

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.chat.name.set",
        verb: "POST",
        path: "/rest/imconnector.chat.name.set",
        summary: "renames a chat of an open line",
        parameters: &[
            Parameter::new("CONNECTOR", "ID of the connector through which the chat came")
                .naming("connector", Stage::Lookup),
            Parameter::new("LINE", "ID of the open line").of(ValueType::Number).naming("line", Stage::Lookup),
            Parameter::new("CHAT_ID", "ID of the chat in the external system")
                .naming("chat", Stage::Delivery),
            Parameter::new("NAME", "the new name"),
            Parameter::new("USER_ID", "ID of the external user: `user.id` in imconnector.send.messages")
                .of(ValueType::TextOrNumber)
                .required_if("the connector has no group chats"),
        ],
        errors: &[errors::OF_ALL, errors::OF_CONNECTORS, errors::OF_PROVIDERS, OWN],
        requires: "an accepted credential, and a chat with an open session on an active line",
        status: 200,
        answer: || {
            let data = Shape::object([member("RESULT", Shape::object([]))]);
            Shape::object([member("SUCCESS", Shape::Only(true)), member("DATA", data)])
        },
        changes: true,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-chat-name-set.html",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[gives(&errors::CHAT_RENAMING_FAILED)];

/// The `result` of every success.
const SUCCESS: &[u8] = br#"{"SUCCESS":true,"DATA":{"RESULT":{}}}"#;

/// The longest name, in characters.
const NAME_LENGTH: usize = 255;

/// Connectors that come with Bitrix24 itself; a rename through one of them always fails.
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
    "max",
    "wazzup",
];

/// A rename of the first chat that can be renamed.
fn example(portal: &Portal) -> Option<Value> {
    let chat = portal.chats.iter().find(|chat| {
        let on_line = |line: &&Line| line.id == chat.line && line.active;
        !chat.closed
            && portal.connectors.iter().any(|c| c.id == chat.connector && c.chat_group == chat.user.is_none())
            && portal.lines.iter().find(on_line).is_some_and(|line| line.connectors.contains(&chat.connector))
    })?;
    let mut parameters = json!({
        "CONNECTOR": chat.connector,
        "LINE": chat.line.to_string(),
        "CHAT_ID": chat.id,
        "NAME": "New dialog name",
    });
    if let Some(user) = &chat.user {
        parameters["USER_ID"] = json!(user);
    }
    Some(parameters)
}

/// Checks in the order of the vendor's server: who calls; empty arguments; USER_ID; connector; line; user; chat; name.
/// What comes before a method (limits, method, credentials, scope) is in `requests.rs`.
///
/// An array where PHP needs a text is a type error, and so a status of 500. Where PHP joins texts it is the text `Array`.
fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    let Invocation { portal, parameters, .. } = *invocation;
    let rules = invocation.rules();
    let refuse = |code| invocation.refusal(code);

    invocation.require_application(exchange)?;
    invocation.passed(Stage::Auth, exchange)?;

    let given = ["CONNECTOR", "LINE", "CHAT_ID", "NAME"].map(|name| (name, parameters.get(name)));
    if let Some(&(name, _)) = given.iter().find(|(_, value)| value.is_none_or(php::is_empty)) {
        return Err(invocation.lacks(name, exchange));
    }
    let [connector, line, chat_id, name] = given.map(|(_, value)| value);
    let type_error =
        |name| refuse(&errors::INTERNAL_SERVER_ERROR).because(format!("`{name}` is a list or a mapping"));
    // The server checks for group chats with the connector as sent; every later look-up uses its folded form.
    let sent = text(connector).ok_or_else(|| type_error("CONNECTOR"))?;
    let id = folded(&sent);
    let connector = portal.connectors().get(&id);
    let is_group = sent == id && connector.is_some_and(|connector| connector.flags.chat_group);
    let needs_user = !is_group && (rules.unregistered_needs_user || connector.is_some());
    let user = if is_group { None } else { parameters.get("USER_ID") };
    if needs_user && user.is_none_or(php::is_empty) {
        let refusal = invocation.lacks("USER_ID", exchange);
        let lack = refusal.reason.as_deref().unwrap_or_default();
        let why = missing::of_group(portal, &sent, &id);
        let reason = match connector {
            Some(_) => format!("{why}; so a rename needs USER_ID, and {lack}"),
            None => format!(
                "{why}. Correct CONNECTOR first. The live server asks for USER_ID before it looks the connector up, and {lack}"
            ),
        };
        return Err(refusal.because(reason));
    }
    invocation.passed(Stage::Arguments, exchange)?;

    connector.ok_or_else(|| {
        let code = code_of_unregistered(&id);
        let is_built_in = *code != errors::IMCONNECTOR_NO_CORRECT_PROVIDER;
        refuse(code).because(missing::of_connector(portal, &id, is_built_in))
    })?;
    let number = line.map_or(0, php::to_int);
    if !portal.connectors().is_on(&id, number) {
        return Err(refuse(&errors::NOT_ACTIVE_LINE).because(missing::of_line(
            portal,
            &id,
            &joined(line),
            number,
        )));
    }
    invocation.passed(Stage::Lookup, exchange)?;

    let failed = |reason: String| refuse(&errors::CHAT_RENAMING_FAILED).because(reason);
    let known = match text(user) {
        _ if is_group => Some("0".into()),
        user => user.filter(|user| portal.chats().user(&id, user).is_some()),
    };
    let Some(user) = known else {
        if !rules.ignores_unknown_user {
            return Err(failed(missing::of_user(portal, &id, &joined(user))));
        }
        // The call ends before the stage of delivery, so a fault of that stage has no turn.
        let remark = "the USER_ID is unknown: the live server answers with success and renames nothing";
        exchange.checkpoint.remark(remark.into());
        return Ok(success(Effect::Undelivered));
    };
    let key = joined(chat_id);
    let not_found = || {
        let why = missing::of_chat(portal, &id, number, &key, &user);
        failed(match text(chat_id) {
            Some(_) => why,
            None => format!("`CHAT_ID` is a list or a mapping, which PHP reads as the text `Array`; {why}"),
        })
    };
    // The session is found by the text of LINE: `00105` names an active line, but no session.
    let of_user = (!is_group).then_some(&*user);
    let chat = portal.chats().open(&id, &joined(line), &key, of_user).ok_or_else(not_found)?;
    let name = text(name).ok_or_else(|| type_error("NAME"))?;
    let new_name = php::cut(php::trim(&name), NAME_LENGTH);
    if new_name.is_empty() {
        return Err(failed("`NAME` is blank".to_owned()));
    }
    if rules.refuses_same_name && php::loosely_equal(&portal.chats().get(chat).name, new_name) {
        return Err(failed(
            "the chat has this name already (row 22 of `standin catalog --editions`)".to_owned(),
        ));
    }
    Ok(success(Effect::Change(Change::Rename { chat, name: new_name.to_owned() })))
}

fn success(effect: Effect<Change>) -> MethodAnswer {
    MethodAnswer { result: Cow::Borrowed(SUCCESS), effect }
}

/// The error for a connector that is not registered.
pub fn code_of_unregistered(id: &str) -> &'static ErrorCode {
    match id {
        "livechat" => &errors::IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND,
        _ if BUILT_IN.contains(&id) => &errors::HASH_EMPTY,
        _ => &errors::IMCONNECTOR_NO_CORRECT_PROVIDER,
    }
}

/// A parameter as PHP casts it to a string; `None` for an array.
fn text(value: Option<Given<'_>>) -> Option<Cow<'_, str>> {
    value.map_or(Some("".into()), php::to_text)
}

/// A parameter as PHP joins it to a text.
fn joined(value: Option<Given<'_>>) -> Cow<'_, str> {
    text(value).unwrap_or("Array".into())
}

/// The form in which the vendor looks a connector up: in lower case, cut at the first dot, unless it begins with that.
pub fn folded(connector: &str) -> Cow<'_, str> {
    // Fast path: nearly every identifier is in this form already.
    if connector.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return connector.into();
    }
    let stem = match connector.find('.') {
        Some(end) if end > 0 => &connector[..end],
        _ => connector,
    };
    if stem.chars().any(char::is_uppercase) { stem.to_lowercase().into() } else { stem.into() }
}
