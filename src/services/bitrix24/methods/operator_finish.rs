//! `imopenlines.operator.finish`: closes the session of a chat.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, ValueType, gives};
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::chats::first_chat_id;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::events;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imopenlines.operator.finish",
        verb: "POST",
        path: "/rest/imopenlines.operator.finish",
        summary: "closes the session of a chat",
        parameters: &[
            Parameter::new("CHAT_ID", "ID of the chat in Bitrix24, `session.CHAT_ID`").of(ValueType::Number)
        ],
        errors: &[errors::OF_ALL, OWN],
        requires: "an accepted credential, and a chat",
        status: 200,
        answer: shapes::yes,
        changes: true,
        events: &[&events::DIALOG_FINISH],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/openlines/operators/imopenlines-operator-finish.html",
    },
    scope: Scope::Lines,
    callers: Callers::Everyone,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[gives(&errors::CHAT_ID), gives(&errors::CHAT_TYPE)];

fn example(portal: &Portal) -> Option<Value> {
    Some(json!({"CHAT_ID": first_chat_id(portal)?}))
}

/// Closing a chat without an open session succeeds and changes nothing.
fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.passed(Stage::Auth, exchange)?;
    let sent = invocation.parameters.value("CHAT_ID");
    let chat_id = sent.map_or(0, php::to_int);
    if chat_id <= 0 {
        let reason = match sent {
            None => "the call has no `CHAT_ID`",
            Some(_) => {
                "`CHAT_ID` is no positive number: it is the ID in Bitrix24, not that in the external system"
            }
        };
        return Err(invocation.refusal(&errors::CHAT_ID).because(reason));
    }
    invocation.passed(Stage::Arguments, exchange)?;
    let chats = invocation.portal.chats();
    let Some(chat) = chats.by_chat_id(chat_id) else {
        let reason = format!(
            "no chat has the ID {chat_id} in Bitrix24: `session.CHAT_ID` of imconnector.send.messages"
        );
        return Err(invocation.refusal(&errors::CHAT_TYPE).because(reason));
    };
    invocation.passed(Stage::Lookup, exchange)?;
    let effect = if chats.get(chat).is_closed() {
        exchange.checkpoint.remark("the chat has no open session: nothing is closed".into());
        Effect::Nothing
    } else {
        Effect::Change(Change::Finish { chat, by: invocation.actor() })
    };
    Ok(MethodAnswer { result: Cow::Borrowed(b"true"), effect })
}
