//! `event.test`: sends the event ONAPPTEST to the application that calls.

use std::borrow::Cow;

use serde_json::json;

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::emulator::{ANY, Effect, Exchange, Operation, Parameter, Shape};
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::events;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::refusal::Refusal;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "event.test",
        verb: "POST",
        path: "/rest/event.test",
        summary: "sends the event OnAppTest to the handlers of the application",
        parameters: &[Parameter::new(ANY, "any parameters; the event carries them").optional()],
        errors: &[errors::OF_ALL, errors::OF_EVENTS],
        requires: "an access token of an application",
        status: 200,
        answer: || Shape::Count(1),
        changes: true,
        events: &[&events::APP_TEST],
        source: "apidocs.bitrix24.com/api-reference/events/test-event.html",
    },
    scope: Scope::Basic,
    callers: Callers::Applications,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({"any": "data"})),
    run: Run::Alone(run),
};

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    let application = invocation.own_application()?;
    invocation.passed_up_to_lookup(exchange)?;
    let query = serde_json::to_value(invocation.parameters).unwrap_or_default();
    let change = Change::Test { application, query, by: invocation.actor() };
    Ok(MethodAnswer { result: Cow::Borrowed(b"1"), effect: Effect::Change(change) })
}
