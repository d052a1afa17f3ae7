//! `imconnector.send.status.delivery`: confirms that messages of operators were delivered.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Parameter, ValueType};
use crate::http::Tree;
use crate::services::bitrix24::change::{Change, Confirmation};
use crate::services::bitrix24::chats::LONGEST;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::message_answers::DONE;
use crate::services::bitrix24::messages::list;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.send.status.delivery",
        verb: "POST",
        path: "/rest/imconnector.send.status.delivery",
        summary: "confirms that messages of operators were delivered",
        parameters: &[
            Parameter::new("CONNECTOR", "ID of the connector").naming("connector", Stage::Lookup),
            Parameter::new("LINE", "ID of the open line").of(ValueType::Number).mentioning("line"),
            Parameter::new("MESSAGES", "the messages").of(ValueType::ListOrMapping),
            Parameter::new("MESSAGES[].im.chat_id", "`im.chat_id` of the event")
                .of(ValueType::Number)
                .optional(),
            Parameter::new("MESSAGES[].im.message_id", "`im.message_id` of the event").of(ValueType::Number),
            Parameter::new("MESSAGES[].message.id", "IDs of the message in the external system, in a list")
                .of(ValueType::ListOrMapping),
            Parameter::new("MESSAGES[].message.date", "time of the delivery; ignored")
                .of(ValueType::Number)
                .optional(),
            Parameter::new("MESSAGES[].chat.id", "ID of the chat in the external system; ignored").optional(),
        ],
        errors: &[errors::OF_ALL, &errors::of_messages(errors::UNABLE_TO_FIND)],
        requires: "an accepted credential, and a connector",
        status: 200,
        answer: shapes::done,
        changes: true,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-send-status-delivery.html",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

/// How many external IDs of one message are kept.
const MOST_IDS: usize = 100;

pub(super) fn example(portal: &Portal) -> Option<Value> {
    let connector = portal.connectors.first()?;
    let line = portal.lines.first()?;
    let message = json!({
        "im": {"chat_id": 1767, "message_id": 86497},
        "message": {"id": ["ext-msg-1007"]},
        "chat": {"id": "channel-123"},
    });
    Some(json!({"CONNECTOR": connector.id, "LINE": line.id.to_string(), "MESSAGES": [message]}))
}

/// The line is not checked, and neither are the elements: one that names no message that waits for it changes nothing.
fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    let messages = admitted(invocation, exchange)?;
    let chats = invocation.portal.chats();
    let (mut confirmations, mut idle, mut misshaped) = (Vec::new(), 0, 0);
    for element in list(messages).iter() {
        let id = element.message_id();
        let message = chats.of_message(id).and_then(|chat| chats.get(chat).message(id));
        if message.is_none_or(|message| message.is_delivered) {
            idle += 1;
            continue;
        }
        let ids = element.message.get("id").filter(|ids| ids.is_list());
        let Some(ids) = ids else {
            misshaped += 1;
            continue;
        };
        let ids = ids.parts().filter_map(php::to_text).take(MOST_IDS);
        let external_ids = ids.map(|id| php::cut(&id, LONGEST).into()).collect();
        confirmations.push(Confirmation { message: id, external_ids });
    }
    for (count, why) in [
        (idle, "name no message of an operator that waits for its delivery"),
        (misshaped, "have no list as `message.id`"),
    ] {
        if count > 0 {
            let remark = format!("{count} of the elements of `MESSAGES` {why}: they change nothing");
            exchange.checkpoint.remark(remark.into());
        }
    }
    let effect = Effect::Change(Change::Confirm(confirmations));
    Ok(MethodAnswer { result: Cow::Borrowed(DONE), effect })
}

/// Runs the checks of imconnector.send.status.delivery and imconnector.send.status.reading. Returns MESSAGES; `None` when
/// it is no list and no mapping.
pub(super) fn admitted<'a>(
    invocation: &Invocation<'a>,
    exchange: &mut Exchange<'_>,
) -> Result<Option<&'a Tree>, Refusal> {
    invocation.require_application(exchange)?;
    invocation.passed(Stage::Auth, exchange)?;
    let (sent, line) = (invocation.given("CONNECTOR", exchange)?, invocation.given("LINE", exchange)?);
    let messages = invocation.given_tree("MESSAGES", exchange)?;
    invocation.passed(Stage::Arguments, exchange)?;
    let place = invocation.place(sent, line)?;
    invocation.provider(&place.connector)?;
    invocation.passed(Stage::Lookup, exchange)?;
    Ok(messages)
}
