//! `imconnector.status`: whether a connector is active on an open line.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope, folded_connector};
use crate::basics::Stage;
use crate::emulator::{Exchange, Gives, Operation, Parameter, Shape, ValueType, gives, member};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.status",
        verb: "POST",
        path: "/rest/imconnector.status",
        summary: "tells whether a connector is active on an open line",
        parameters: &[
            Parameter::new("CONNECTOR", "ID of the connector").mentioning("connector"),
            Parameter::new("LINE", "ID of the open line; 0 if not given")
                .of(ValueType::Number)
                .optional()
                .mentioning("line"),
        ],
        errors: &[errors::OF_ALL, OWN],
        requires: "an accepted credential, and a connector",
        status: 200,
        answer: || {
            Shape::object([
                member("LINE", Shape::Integer),
                member("CONNECTOR", Shape::Text),
                member("ERROR", Shape::Flag),
                member("CONFIGURED", Shape::Flag),
                member("STATUS", Shape::Flag),
            ])
        },
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-status.html",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[
    // The page prints a dot, and names the argument.
    gives(&errors::WRONG_AUTH_TYPE).with(errors::DENIED_WITH_DOT),
    gives(&errors::ERROR_ARGUMENT).with(errors::NAMED_ARGUMENT),
];

/// The `result`; its members are in the order of the page.
#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Status<'a> {
    line: i64,
    connector: &'a str,
    error: bool,
    configured: bool,
    status: bool,
}

fn example(portal: &Portal) -> Option<Value> {
    let connector = portal.connectors.first()?;
    let line = portal.lines.iter().find(|line| line.connectors.contains(&connector.id));
    Some(json!({"CONNECTOR": connector.id, "LINE": line.map_or(0, |line| line.id).to_string()}))
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.require_application(exchange)?;
    invocation.passed(Stage::Auth, exchange)?;
    // `null` counts as missing; an empty text does not.
    let sent = invocation.parameters.value("CONNECTOR").filter(|value| !value.is_null());
    let sent = sent.ok_or_else(|| invocation.lacks("CONNECTOR", exchange))?;
    invocation.passed(Stage::Arguments, exchange)?;
    let sent = php::to_text(sent).ok_or_else(|| invocation.refusal(&errors::INTERNAL_SERVER_ERROR))?;
    let connector = folded_connector(&sent);
    let line = invocation.parameters.value("LINE").map_or(0, php::to_int);
    invocation.passed(Stage::Lookup, exchange)?;
    let row = invocation.portal.connectors().status(&connector, line).cloned().unwrap_or_default();
    let status = Status {
        line,
        connector: &connector,
        error: row.error,
        configured: row.is_configured(),
        status: row.is_on(),
    };
    Ok(MethodAnswer::read(php::json(&status)))
}
