//! `events`: lists the events that there are.

use serde_json::json;

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::emulator::{EventKind, Exchange, Operation, Parameter, Shape, ValueType};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::events::{bindable, is_global};
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "events",
        verb: "POST",
        path: "/rest/events",
        summary: "lists the events that the application may bind",
        parameters: &[
            Parameter::new("SCOPE", "list the events of this scope").optional(),
            Parameter::new("FULL", "whether to list all events that exist").of(ValueType::Flag).optional(),
        ],
        errors: &[errors::OF_ALL, errors::OF_EVENTS],
        requires: "an access token of an application",
        status: 200,
        answer: || Shape::Text.list(),
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/events/events.html",
    },
    scope: Scope::Basic,
    callers: Callers::Applications,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({})),
    run: Run::Alone(run),
};

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.own_application()?;
    invocation.passed_up_to_lookup(exchange)?;
    let is_full = invocation.parameters.value("FULL").is_some_and(php::is_true);
    let asked = invocation.parameters.value("SCOPE").and_then(php::to_text);
    let scope = invocation.rules().scope;
    let is_listed = |kind: &&EventKind| match asked.as_deref() {
        Some(asked) => !is_global(kind) && asked == scope,
        None => is_full || is_global(kind) || invocation.caller.has_any(&[scope]),
    };
    let listed = bindable().filter(is_listed);
    let names: Vec<_> = listed.map(|kind| kind.name.to_uppercase()).collect();
    Ok(MethodAnswer::read(php::json(&names)))
}
