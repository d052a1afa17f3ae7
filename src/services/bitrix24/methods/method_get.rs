//! `method.get`: tells whether a method exists, and whether the caller may call it.

use serde_json::json;

use super::{Callers, Method, MethodAnswer, Run, Scope, by_name};
use crate::emulator::{Exchange, Operation, Parameter, Shape, member};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "method.get",
        verb: "POST",
        path: "/rest/method.get",
        summary: "tells whether a method exists, and whether the caller may call it",
        parameters: &[Parameter::new("name", "name of the method")],
        errors: &[errors::OF_ALL],
        requires: "an accepted credential",
        status: 200,
        answer: || Shape::object([member("isExisting", Shape::Flag), member("isAvailable", Shape::Flag)]),
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/common/system/method-get.html",
    },
    scope: Scope::None,
    callers: Callers::Everyone,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({"name": "profile"})),
    run: Run::Alone(run),
};

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    let name = invocation.parameters.get("name").and_then(php::to_text).unwrap_or_default();
    let method = by_name(&name).filter(|method| method.is_in(invocation.edition));
    let is_available =
        method.is_some_and(|method| invocation.caller.has_any(method.scopes(invocation.edition)));
    Ok(MethodAnswer::read(php::json(&json!({"isExisting": method.is_some(), "isAvailable": is_available}))))
}
