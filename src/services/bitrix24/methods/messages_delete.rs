//! `imconnector.delete.messages`: deletes messages that external users have deleted.

use serde_json::{Value, json};

use super::messages_send::example_place;
use super::messages_update::{Found, admitted, found, remark_lost};
use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, ValueType, gives};
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::errors::{self, documented, live};
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::message_answers::{Answers, Stored};
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.delete.messages",
        verb: "POST",
        path: "/rest/imconnector.delete.messages",
        summary: "deletes messages of external users",
        parameters: &[
            Parameter::new("CONNECTOR", "ID of the connector").naming("connector", Stage::Lookup),
            Parameter::new("LINE", "ID of the open line").of(ValueType::Number).naming("line", Stage::Lookup),
            Parameter::new("MESSAGES", "the messages").of(ValueType::ListOrMapping),
            Parameter::new("MESSAGES[].user.id", "ID of the user in the external system"),
            Parameter::new("MESSAGES[].message.id", "ID of the message in the external system"),
            Parameter::new("MESSAGES[].chat.id", "ID of the chat in the external system").mentioning("chat"),
        ],
        errors: &[errors::OF_ALL, &errors::of_messages(&[]), OWN],
        requires: "an accepted credential, and a connector that is active on a line",
        status: 200,
        answer: || shapes::repeated([]),
        changes: true,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-delete-messages.html",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[
    // The page words it in another way than its siblings.
    gives(&errors::NOT_ACTIVE_LINE).with(&[
        documented(400, "Line with such ID is inactive or does not exist"),
        live(400, "Open Channel with this ID is inactive or does not exist."),
    ]),
];

fn example(portal: &Portal) -> Option<Value> {
    let mut parameters = example_place(portal)?;
    parameters["MESSAGES"] = json!([{
        "user": {"id": "ext-user-42"},
        "message": {"id": "ext-msg-1001"},
        "chat": {"id": "channel-123"},
    }]);
    Some(parameters)
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    let (place, elements) = admitted(invocation, exchange)?;
    let mut deleted = Vec::new();
    let mut answers = Answers::new();
    let mut lost = 0;
    for element in elements.iter() {
        match found(invocation, &place, element) {
            Ok(Found { user, message }) => {
                lost += usize::from(message.is_none());
                deleted.extend(message);
                answers.repeat(element, &Stored { user, ..Stored::default() });
            }
            Err(errors) => answers.fail(errors),
        }
    }
    remark_lost(lost, answers.count(), exchange);
    let effect = Effect::Change(Change::DeleteMessages(deleted));
    Ok(MethodAnswer { result: answers.finish().into(), effect })
}
