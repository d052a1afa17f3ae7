//! `scope`: lists the scopes that the caller has.

use serde_json::json;

use super::{ALL_SCOPES, Callers, Method, MethodAnswer, Run, Scope};
use crate::emulator::{Exchange, Operation, Parameter, Shape, ValueType};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "scope",
        verb: "POST",
        path: "/rest/scope",
        summary: "lists the scopes that the caller has",
        parameters: &[Parameter::new("FULL", "whether to list all scopes that exist")
            .of(ValueType::Flag)
            .optional()],
        errors: &[errors::OF_ALL],
        requires: "an accepted credential",
        status: 200,
        answer: || Shape::Text.list(),
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/common/system/scope.html",
    },
    scope: Scope::None,
    callers: Callers::Everyone,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({})),
    run: Run::Alone(run),
};

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    let is_full = invocation.parameters.value("FULL").is_some_and(php::is_true);
    let scopes = if is_full { ALL_SCOPES.to_vec() } else { invocation.scopes() };
    Ok(MethodAnswer::read(php::json(&scopes)))
}
