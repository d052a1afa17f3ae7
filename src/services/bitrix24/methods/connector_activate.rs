//! `imconnector.activate`: switches a connector on or off for an open line.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope, folded_connector};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Parameter, ValueType};
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::events;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.activate",
        verb: "POST",
        path: "/rest/imconnector.activate",
        summary: "switches a connector on or off for an open line",
        parameters: &[
            Parameter::new("CONNECTOR", "ID of the connector").mentioning("connector"),
            Parameter::new("LINE", "ID of the open line").of(ValueType::Number).mentioning("line"),
            Parameter::new("ACTIVE", "whether to switch on").of(ValueType::Flag),
        ],
        errors: &[errors::OF_ALL, errors::OF_SIBLINGS],
        requires: "an accepted credential, and a connector",
        status: 200,
        answer: shapes::yes,
        changes: true,
        events: &[&events::STATUS_DELETE],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-activate.html",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

fn example(portal: &Portal) -> Option<Value> {
    let connector = portal.connectors.first()?;
    let line = portal.lines.first()?;
    Some(json!({"CONNECTOR": connector.id, "LINE": line.id.to_string(), "ACTIVE": "1"}))
}

/// Neither the connector nor the line has to exist.
fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.require_application(exchange)?;
    invocation.passed(Stage::Auth, exchange)?;
    let sent = invocation.given("CONNECTOR", exchange)?;
    let line = invocation.given("LINE", exchange)?;
    let active = invocation.given("ACTIVE", exchange)?;
    invocation.passed(Stage::Arguments, exchange)?;
    let sent = invocation.text("CONNECTOR", sent)?;
    let (connector, line) = (folded_connector(&sent).into_owned(), php::to_int(line));
    invocation.passed(Stage::Lookup, exchange)?;
    let is_no = active.as_str().is_some_and(|text| text.eq_ignore_ascii_case("N"));
    let is_off = php::is_empty(active) || (is_no && invocation.rules().n_switches_off);
    let change = if is_off {
        let (sent, by) = (sent.into_owned(), invocation.actor());
        Change::SwitchOff { connector, sent, line, by }
    } else {
        invocation.room_for_status(&connector, line)?;
        Change::SwitchOn { connector, line }
    };
    Ok(MethodAnswer { result: Cow::Borrowed(b"true"), effect: Effect::Change(change) })
}
