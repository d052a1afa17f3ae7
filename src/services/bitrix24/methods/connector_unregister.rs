//! `imconnector.unregister`: removes a connector from all lines, and from the portal.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::connector_register::DONE;
use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, gives};
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::events;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.unregister",
        verb: "POST",
        path: "/rest/imconnector.unregister",
        summary: "removes a connector from all lines, and from the portal",
        parameters: &[Parameter::new("ID", "ID of the connector").mentioning("connector")],
        errors: &[errors::OF_ALL, OWN, errors::OF_UNREGISTRATION],
        requires: "an access token of an application, and a connector of it",
        status: 200,
        answer: shapes::registered,
        changes: true,
        events: &[&events::STATUS_DELETE],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-unregister.html",
    },
    scope: Scope::Connectors,
    callers: Callers::Applications,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[gives(&errors::WRONG_AUTH_TYPE).with(errors::DENIED_WITH_DOT)];

/// With several applications, the example may have the token of the wrong one.
fn example(portal: &Portal) -> Option<Value> {
    let connector = portal.connectors.last().filter(|_| portal.applications.len() <= 1)?;
    Some(json!({"ID": connector.id}))
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    let failed =
        |reason: String| invocation.refusal(&errors::APPLICATION_UNREGISTRATION_ERROR).because(reason);
    invocation.require_application(exchange)?;
    invocation.passed(Stage::Auth, exchange)?;
    let sent = invocation.parameters.value("ID").unwrap_or(&Value::Null);
    let id = invocation.text("ID", sent.into())?.to_lowercase();
    if id.is_empty() {
        return Err(failed("the call has no `ID`, or an empty one".to_owned()));
    }
    let Some(application) = invocation.application() else {
        let reason = invocation.reason_without_application();
        return Err(invocation.refusal(&errors::NO_APPLICATION_ID).because(reason));
    };
    invocation.passed(Stage::Arguments, exchange)?;
    let known = invocation.portal.connectors().get(&id);
    let reason = match known {
        None => Some(format!("the portal has no connector `{id}`")),
        Some(known) if known.owner != Some(application) => {
            Some(format!("another application has registered the connector `{id}`"))
        }
        Some(_) => None,
    };
    match reason {
        Some(reason) if invocation.rules().unregister_may_fail => return Err(failed(reason)),
        Some(reason) => exchange.checkpoint.remark(format!("{reason}: only its status rows go").into()),
        None => {}
    }
    invocation.passed(Stage::Lookup, exchange)?;
    let change = Change::Unregister { id, application, by: invocation.actor() };
    Ok(MethodAnswer { result: Cow::Borrowed(DONE), effect: Effect::Change(change) })
}
