//! `methods`: lists the methods that the caller may call.

use serde_json::json;

use super::{Callers, METHODS, Method, MethodAnswer, Run, Scope};
use crate::emulator::{Exchange, Operation, Parameter, Shape, ValueType};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "methods",
        verb: "POST",
        path: "/rest/methods",
        summary: "lists the methods that the caller may call",
        parameters: &[
            Parameter::new("SCOPE", "list the methods of this scope").optional(),
            Parameter::new("FULL", "whether to list all methods that exist").of(ValueType::Flag).optional(),
        ],
        errors: &[errors::OF_ALL],
        requires: "an accepted credential",
        status: 200,
        answer: || Shape::Text.list(),
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/common/system/methods.html",
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
    let asked = invocation.parameters.value("SCOPE").and_then(php::to_text);
    let edition = invocation.edition;
    let is_listed = |method: &&Method| {
        let scopes = method.scopes(edition);
        match asked.as_deref() {
            Some("") => method.scope == Scope::None,
            Some("basic") => method.scope == Scope::Basic,
            Some(asked) => scopes.contains(&asked),
            None => is_full || invocation.caller.has_any(scopes),
        }
    };
    let known = METHODS.iter().copied().filter(|method| method.is_in(edition));
    let names: Vec<_> = known.filter(is_listed).map(|method| method.operation.name).collect();
    Ok(MethodAnswer::read(php::json(&names)))
}
