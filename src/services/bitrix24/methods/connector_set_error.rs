//! `imconnector.set.error`: marks a connector on a line as broken. Only the vendor's server knows this method.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Parameter, ValueType};
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::editions::Edition;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::message_answers::DONE;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.set.error",
        verb: "POST",
        path: "/rest/imconnector.set.error",
        summary: "marks a connector on an open line as broken; only in the live edition",
        parameters: &[
            Parameter::new("CONNECTOR", "ID of the connector").naming("connector", Stage::Lookup),
            Parameter::new("LINE", "ID of the open line").of(ValueType::Number).mentioning("line"),
        ],
        errors: &[errors::OF_ALL, &errors::of_messages(&[])],
        requires: "`edition: live`, an access token, and a connector on a line",
        status: 200,
        answer: shapes::done,
        changes: true,
        events: &[],
        source: "server source",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: Some(Edition::Live),
    is_timed: true,
    example,
    run: Run::Alone(run),
};

fn example(portal: &Portal) -> Option<Value> {
    let connector = portal.connectors.last()?;
    let line = portal.lines.iter().find(|line| line.connectors.contains(&connector.id))?;
    Some(json!({"CONNECTOR": connector.id, "LINE": line.id.to_string()}))
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.require_application(exchange)?;
    invocation.passed(Stage::Auth, exchange)?;
    let (sent, line) = (invocation.given("CONNECTOR", exchange)?, invocation.given("LINE", exchange)?);
    invocation.passed(Stage::Arguments, exchange)?;
    let place = invocation.place(sent, line)?;
    invocation.provider(&place.connector)?;
    invocation.passed(Stage::Lookup, exchange)?;
    let effect = if invocation.portal.connectors().status(&place.connector, place.line).is_some() {
        Effect::Change(Change::SetError { connector: place.connector.into(), line: place.line })
    } else {
        let remark =
            format!("`{}` has no status row on the line {}: nothing happens", place.connector, place.line);
        exchange.checkpoint.remark(remark.into());
        Effect::Nothing
    };
    Ok(MethodAnswer { result: Cow::Borrowed(DONE), effect })
}
