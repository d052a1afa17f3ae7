//! `imconnector.connector.data.set`: stores what the widget and the operator's screen show of a connector on a line.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope, folded_connector};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Parameter, ValueType};
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.connector.data.set",
        verb: "POST",
        path: "/rest/imconnector.connector.data.set",
        summary: "stores what is shown of a connector on an open line",
        parameters: &[
            Parameter::new("CONNECTOR", "ID of the connector").mentioning("connector"),
            Parameter::new("LINE", "ID of the open line").of(ValueType::Number).mentioning("line"),
            Parameter::new("DATA", "the data").of(ValueType::ListOrMapping),
            Parameter::new("DATA.ID", "ID of the account in the external system").optional(),
            Parameter::new("DATA.URL", "link to the account").optional(),
            Parameter::new("DATA.URL_IM", "link to the messenger").optional(),
            Parameter::new("DATA.NAME", "name of the account").optional(),
        ],
        errors: &[errors::OF_ALL, errors::OF_SIBLINGS],
        requires: "an accepted credential, a connector and a line",
        status: 200,
        answer: shapes::yes,
        changes: true,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-connector-data-set.html",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

/// What is stored.
const STORED: [&str; 4] = ["ID", "URL", "URL_IM", "NAME"];

/// The length of the longest text that is stored, in characters.
const LONGEST: usize = 2_000;

fn example(portal: &Portal) -> Option<Value> {
    let (connector, line) = (portal.connectors.first()?, portal.lines.first()?);
    let data =
        json!({"ID": "channel-123", "URL": "https://example.com/chats/123", "NAME": "Support Channel"});
    Some(json!({"CONNECTOR": connector.id, "LINE": line.id.to_string(), "DATA": data}))
}

/// Neither the connector nor the line has to exist.
fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.require_application(exchange)?;
    invocation.passed(Stage::Auth, exchange)?;
    let sent = invocation.given("CONNECTOR", exchange)?;
    let line = php::to_int(invocation.given("LINE", exchange)?);
    invocation.given("DATA", exchange)?;
    invocation.passed(Stage::Arguments, exchange)?;
    let connector = folded_connector(&invocation.text("CONNECTOR", sent)?).into_owned();
    let stored = match invocation.parameters.value("DATA") {
        Some(Value::Object(members)) => stored(members),
        Some(Value::Array(_)) => Map::new(),
        _ => return Err(invocation.full("`DATA` is neither a list nor a mapping".to_owned())),
    };
    invocation.passed(Stage::Lookup, exchange)?;
    invocation.room_for_status(&connector, line)?;
    let replaces = invocation.rules().data_is_replaced;
    let change = Change::SetData { connector, line, data: stored, replaces };
    Ok(MethodAnswer { result: Cow::Borrowed(b"true"), effect: Effect::Change(change) })
}

/// The members that are stored, by their names in upper case.
fn stored(members: &Map<String, Value>) -> Map<String, Value> {
    let mut stored = Map::new();
    for (name, value) in members {
        let Some(name) = STORED.iter().find(|known| known.eq_ignore_ascii_case(name)) else { continue };
        let Some(text) = php::to_text(value).filter(|_| php::is_true(value)) else { continue };
        stored.insert((*name).to_owned(), json!(php::cut(&text, LONGEST)));
    }
    stored
}
