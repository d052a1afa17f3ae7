//! `imconnector.register`: registers a connector, or changes a registered one.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope, is_built_in};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, ValueType, gives};
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::connectors::{Connector, Flags, LONGEST_ID, MOST_CONNECTORS};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;

const fn flag(name: &'static str, summary: &'static str) -> Parameter {
    Parameter::new(name, summary).of(ValueType::Flag).optional()
}
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.register",
        verb: "POST",
        path: "/rest/imconnector.register",
        summary: "registers a connector, or changes a registered one",
        parameters: &[
            Parameter::new("ID", "ID of the connector, without a dot").mentioning("connector"),
            Parameter::new("NAME", "name of the connector"),
            Parameter::new("ICON", "the icon").of(ValueType::ListOrMapping),
            Parameter::new("ICON.DATA_IMAGE", "the icon as a `data:` URL"),
            Parameter::new("ICON.COLOR", "colour behind the icon").optional(),
            Parameter::new("ICON.SIZE", "size of the icon").optional(),
            Parameter::new("ICON.POSITION", "position of the icon").optional(),
            Parameter::new("PLACEMENT_HANDLER", "URL of the settings page"),
            Parameter::new("ICON_DISABLED", "the icon while the connector is off")
                .of(ValueType::ListOrMapping)
                .optional(),
            flag("DEL_EXTERNAL_MESSAGES", "whether operators may delete messages of external users"),
            flag("EDIT_INTERNAL_MESSAGES", "whether operators may edit their messages"),
            flag("DEL_INTERNAL_MESSAGES", "whether operators may delete their messages"),
            flag("NEWSLETTER", "whether mass mailing is allowed"),
            flag("NEED_SYSTEM_MESSAGES", "whether system messages are sent as events"),
            flag("NEED_SIGNATURE", "whether the operator's name stands before a text"),
            flag("CHAT_GROUP", "whether the external system has group chats"),
            Parameter::new("COMMENT", "a comment; ignored").optional(),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_REGISTRATION],
        requires: "an access token of an application",
        status: 200,
        answer: shapes::registered,
        changes: true,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-register.html",
    },
    scope: Scope::Connectors,
    callers: Callers::Applications,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[gives(&errors::WRONG_AUTH_TYPE).with(errors::DENIED_WITH_DOT)];

/// The `result` of a success.
pub const DONE: &[u8] = br#"{"result":true}"#;

/// The length of the longest URL that is kept, in bytes.
const LONGEST_URL: usize = 2_000;

fn example(_: &Portal) -> Option<Value> {
    Some(json!({
        "ID": "myconnector",
        "NAME": "My Connector",
        "ICON": {"DATA_IMAGE": "data:image/svg+xml,%3Csvg%20xmlns%3D%22http://www.w3.org/2000/svg%22/%3E"},
        "PLACEMENT_HANDLER": "https://example.com/connector/settings",
        "CHAT_GROUP": true,
    }))
}

/// Checks in the order of the vendor's server: a dot in the ID; then, if all is there, whether the connector can be
/// stored; else what is missing first.
fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    let refuse = |code, reason: String| invocation.refusal(code).because(reason);
    invocation.require_application(exchange)?;
    invocation.passed(Stage::Auth, exchange)?;

    let given = |name| invocation.parameters.value(name);
    let id = text(given("ID")).map(str::to_lowercase);
    if id.as_ref().is_some_and(|id| id.contains('.')) {
        return Err(refuse(&errors::APPLICATION_REGISTRATION_ERROR_POINT, "`ID` has a dot".to_owned()));
    }
    let lacks = |name: &str| format!("the call has no text as `{name}`, or an empty one");
    let id = id.ok_or_else(|| refuse(&errors::CONNECTOR_ID_REQUIRED, lacks("ID")))?;
    let name = text(given("NAME")).ok_or_else(|| refuse(&errors::NAME_REQUIRED, lacks("NAME")))?;
    let icon = given("ICON").and_then(Value::as_object);
    let image = icon.and_then(|icon| icon.iter().rfind(|(name, _)| name.eq_ignore_ascii_case("DATA_IMAGE")));
    text(image.map(|(_, image)| image))
        .ok_or_else(|| refuse(&errors::ICON_REQUIRED, lacks("ICON.DATA_IMAGE")))?;
    let Some(application) = invocation.application() else {
        return Err(refuse(&errors::NO_APPLICATION_ID, invocation.reason_without_application()));
    };
    let handler = text(given("PLACEMENT_HANDLER"))
        .ok_or_else(|| refuse(&errors::NO_PLACEMENT_HANDLER, lacks("PLACEMENT_HANDLER")))?;
    invocation.passed(Stage::Arguments, exchange)?;
    invocation.passed(Stage::Lookup, exchange)?;

    let connectors = invocation.portal.connectors();
    let known = connectors.get(&id);
    if let Some(reason) = unfit(&id, name, handler) {
        return Err(refuse(&errors::APPLICATION_REGISTRATION_ERROR, reason));
    }
    if known.is_none() && connectors.count() >= MOST_CONNECTORS {
        let reason = format!("the portal keeps at most {MOST_CONNECTORS} connectors");
        return Err(refuse(&errors::APPLICATION_REGISTRATION_ERROR, reason));
    }
    if known.is_some_and(|known| known.owner != Some(application)) {
        let client_id = &invocation.portal.applications().get(application).client_id;
        let remark = format!(
            "the application `{client_id}` takes the connector `{id}` over: its events go there from now on"
        );
        exchange.checkpoint.remark(remark.into());
    }
    let connector = Connector {
        name: name.to_owned(),
        owner: Some(application),
        placement_handler: Some(handler.to_owned()),
        flags: flags(invocation, known.map_or_else(Flags::default, |known| known.flags)),
    };
    let change = Change::Register { id, connector };
    Ok(MethodAnswer { result: Cow::Borrowed(DONE), effect: Effect::Change(change) })
}

/// The text of a parameter. A number counts as missing, as an empty text does.
fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Why a connector cannot be stored.
fn unfit(id: &str, name: &str, handler: &str) -> Option<String> {
    for (parameter, value) in [("ID", id), ("NAME", name)] {
        if value.chars().count() > LONGEST_ID {
            return Some(format!("`{parameter}` has more than {LONGEST_ID} characters"));
        }
    }
    if handler.len() > LONGEST_URL {
        return Some(format!("`PLACEMENT_HANDLER` has more than {LONGEST_URL} bytes"));
    }
    is_built_in(id).then(|| format!("`{id}` is a connector of Bitrix24 itself"))
}

/// The flags that the call sets. Those that it does not have stay as they were.
fn flags(invocation: &Invocation<'_>, before: Flags) -> Flags {
    let flag = |name: &str, before: bool| match invocation.parameters.value(name) {
        None | Some(Value::Null) => before,
        Some(value) => {
            let is_no = value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("N"));
            php::is_true(value) && !(is_no && invocation.rules().n_means_no)
        }
    };
    Flags {
        chat_group: flag("CHAT_GROUP", before.chat_group),
        need_signature: flag("NEED_SIGNATURE", before.need_signature),
        need_system_messages: flag("NEED_SYSTEM_MESSAGES", before.need_system_messages),
        edit_internal_messages: flag("EDIT_INTERNAL_MESSAGES", before.edit_internal_messages),
        del_internal_messages: flag("DEL_INTERNAL_MESSAGES", before.del_internal_messages),
        del_external_messages: flag("DEL_EXTERNAL_MESSAGES", before.del_external_messages),
        newsletter: flag("NEWSLETTER", before.newsletter),
    }
}
