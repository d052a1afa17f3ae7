//! `imopenlines.config.add`: adds an open line.

use serde_json::{Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::emulator::{Effect, Exchange, Operation, Parameter, Shape, ValueType};
use crate::services::bitrix24::change::Change;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::lines::{Line, MOST_LINES, default_name};
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imopenlines.config.add",
        verb: "POST",
        path: "/rest/imopenlines.config.add",
        summary: "adds an open line",
        parameters: &[
            Parameter::new("PARAMS", "what the line is like").of(ValueType::ListOrMapping).optional(),
            Parameter::new("PARAMS.LINE_NAME", "name of the line").optional(),
            Parameter::new("PARAMS.ACTIVE", "`N`: the line is switched off").optional(),
            Parameter::new("PARAMS.QUEUE", "IDs of the operators").of(ValueType::ListOrMapping).optional(),
            Parameter::new(
                "PARAMS.FULL_CLOSE_TIME",
                "minutes until a session that waits for its end is closed",
            )
            .of(ValueType::Number)
            .optional(),
        ],
        errors: &[errors::OF_ALL],
        requires: "an accepted credential",
        status: 200,
        answer: || Shape::Integer,
        changes: true,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/openlines/imopenlines-config-add.html",
    },
    scope: Scope::Lines,
    callers: Callers::Everyone,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({"PARAMS": {"LINE_NAME": "VIP Support Line"}})),
    run: Run::Alone(run),
};

/// The length of the longest name, in characters, and of the longest list of operators.
const LONGEST: usize = 255;

/// `close_term` of a line that is given none.
const CLOSE_TERM: i64 = 10;

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    let lines = invocation.portal.lines();
    if lines.count() >= MOST_LINES || lines.get(lines.next).is_some() {
        return Err(invocation.full(format!("the portal keeps at most {MOST_LINES} lines")));
    }
    let params = invocation.parameters.value("PARAMS");
    let part = |name: &str| {
        let members = params.and_then(Value::as_object)?;
        members.iter().rfind(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let text = |name: &str| part(name).and_then(php::to_text).unwrap_or_default();
    let id = lines.next;
    let queue: Vec<_> = match part("QUEUE") {
        Some(Value::Array(users)) => users.iter().map(php::to_int).take(LONGEST).collect(),
        Some(Value::Object(users)) => users.values().map(php::to_int).take(LONGEST).collect(),
        _ => Vec::new(),
    };
    let name = match &*text("LINE_NAME") {
        "" => default_name(id),
        name => php::cut(name, LONGEST).to_owned(),
    };
    let line = Line {
        name,
        is_active: !text("ACTIVE").eq_ignore_ascii_case("N"),
        queue,
        close_term: part("FULL_CLOSE_TIME").map_or(CLOSE_TERM, php::to_int).max(0),
        auto_close: None,
    };
    let effect = Effect::Change(Change::AddLine { id, line });
    Ok(MethodAnswer { result: php::json(&id).into(), effect })
}
