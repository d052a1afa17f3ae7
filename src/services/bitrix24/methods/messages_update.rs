//! `imconnector.update.messages`: replaces the texts of messages that external users have changed.

use serde_json::{Value, json};

use super::messages_send::example_place;
use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, ValueType, gives};
use crate::services::bitrix24::change::{Change, Place};
use crate::services::bitrix24::chats::LONGEST;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::message_answers::{Answers, Stored};
use crate::services::bitrix24::messages::{self, Element, Elements, Errors};
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.update.messages",
        verb: "POST",
        path: "/rest/imconnector.update.messages",
        summary: "replaces the texts of messages of external users",
        parameters: &[
            Parameter::new("CONNECTOR", "ID of the connector").naming("connector", Stage::Lookup),
            Parameter::new("LINE", "ID of the open line").of(ValueType::Number).naming("line", Stage::Lookup),
            Parameter::new("MESSAGES", "the messages, as in imconnector.send.messages")
                .of(ValueType::ListOrMapping),
            Parameter::new("MESSAGES[].user.id", "ID of the user in the external system"),
            Parameter::new("MESSAGES[].message.id", "ID of the message in the external system"),
            Parameter::new("MESSAGES[].message.text", "the new text"),
            Parameter::new("MESSAGES[].chat.id", "ID of the chat in the external system").mentioning("chat"),
        ],
        errors: &[errors::OF_ALL, &errors::of_messages(errors::FAILED_TO_FIND), OWN],
        requires: "an accepted credential, and a connector that is active on a line",
        status: 200,
        answer: || shapes::repeated([shapes::message()]),
        changes: true,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-update-messages.html",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[gives(&errors::NOT_ACTIVE_LINE)];

fn example(portal: &Portal) -> Option<Value> {
    let mut parameters = example_place(portal)?;
    parameters["MESSAGES"] = json!([{
        "user": {"id": "ext-user-42"},
        "message": {"id": "ext-msg-1001", "text": "Good afternoon, we clarified the details"},
        "chat": {"id": "channel-123"},
    }]);
    Some(parameters)
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    let (place, elements) = admitted(invocation, exchange)?;
    let mut texts = Vec::new();
    let mut answers = Answers::new();
    let mut lost = 0;
    for element in elements.iter() {
        match element.require_content().and_then(|()| found(invocation, &place, element)) {
            Ok(Found { user, message }) => {
                let text = element.message.get("text").map(|_| element.message.text("text").into_owned());
                match message {
                    Some(message) => texts.extend(text.map(|text| (message, text))),
                    None => lost += 1,
                }
                answers.repeat(element, &Stored { user, ..Stored::default() });
            }
            Err(errors) => answers.fail(errors),
        }
    }
    remark_lost(lost, answers.count(), exchange);
    let effect = Effect::Change(Change::SetTexts(texts));
    Ok(MethodAnswer { result: answers.finish().into(), effect })
}

/// Runs the checks of imconnector.update.messages and imconnector.delete.messages. Returns where the messages are, and
/// the elements of the call.
pub(super) fn admitted<'a>(
    invocation: &Invocation<'a>,
    exchange: &mut Exchange<'_>,
) -> Result<(Place, Elements<'a>), Refusal> {
    invocation.require_application(exchange)?;
    invocation.passed(Stage::Auth, exchange)?;
    let (sent, line) = (invocation.given("CONNECTOR", exchange)?, invocation.given("LINE", exchange)?);
    let messages = invocation.given_tree("MESSAGES", exchange)?;
    invocation.passed(Stage::Arguments, exchange)?;
    let place = invocation.place(sent, line)?;
    invocation.provider(&place.connector)?;
    invocation.require_active(&place)?;
    let elements = messages::elements(invocation, messages)?;
    invocation.passed(Stage::Lookup, exchange)?;
    Ok((place, elements))
}

/// What an element names.
pub(super) struct Found {
    /// Internal ID of the user; 0 when he has never written.
    pub(super) user: i64,
    /// ID of the message in Bitrix24; `None` when there is no such message.
    pub(super) message: Option<i64>,
}

/// Looks for the message of an element: in the group chat of the ID, then in the chat of the user.
pub(super) fn found(
    invocation: &Invocation<'_>,
    place: &Place,
    element: Element<'_, '_>,
) -> Result<Found, Errors> {
    let (user, chat) = element.ids()?;
    let chats = invocation.portal.chats();
    let external_id = element.message.text("id");
    let in_chat_of = |user: Option<&str>| {
        let index = chats.find(&place.connector, &place.line_text, &chat, user)?;
        chats.get(index).message_called(php::cut(&external_id, LONGEST)).map(|message| message.id)
    };
    let message = in_chat_of(None).or_else(|| in_chat_of(Some(&user)));
    let user = chats.user(&place.connector, &user).map_or(0, |user| user.id);
    Ok(Found { user, message })
}

/// Tells the journal how many elements name no known message.
pub(super) fn remark_lost(lost: usize, all: usize, exchange: &mut Exchange<'_>) {
    if lost > 0 {
        let remark =
            format!("{lost} of {all} elements of `MESSAGES` name no known message and change nothing");
        exchange.checkpoint.remark(remark.into());
    }
}
