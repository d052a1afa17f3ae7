//! `imconnector.send.status.reading`: tells that messages of operators were read, which changes nothing.

use std::borrow::Cow;

use super::status_delivery::{admitted, example};
use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Parameter, ValueType};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::message_answers::DONE;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.send.status.reading",
        verb: "POST",
        path: "/rest/imconnector.send.status.reading",
        summary: "tells that messages of operators were read",
        parameters: &[
            Parameter::new("CONNECTOR", "ID of the connector").naming("connector", Stage::Lookup),
            Parameter::new("LINE", "ID of the open line").of(ValueType::Number).mentioning("line"),
            Parameter::new("MESSAGES", "the messages; ignored").of(ValueType::ListOrMapping),
            Parameter::new("MESSAGES[].im.chat_id", "`im.chat_id` of the event")
                .of(ValueType::Number)
                .optional(),
            Parameter::new("MESSAGES[].im.message_id", "`im.message_id` of the event").of(ValueType::Number),
            Parameter::new("MESSAGES[].message.id", "IDs of the message in the external system, in a list")
                .of(ValueType::ListOrMapping),
            Parameter::new("MESSAGES[].chat.id", "ID of the chat in the external system").optional(),
        ],
        errors: &[errors::OF_ALL, &errors::of_messages(errors::UNABLE_TO_FIND)],
        requires: "an accepted credential, and a connector",
        status: 200,
        answer: shapes::done,
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-send-status-reading.html",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    admitted(invocation, exchange)?;
    Ok(MethodAnswer { result: Cow::Borrowed(DONE), effect: Effect::Nothing })
}
