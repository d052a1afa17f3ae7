//! `imopenlines.config.list.get`: lists the open lines.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::emulator::{Exchange, Operation, Parameter, Shape, ValueType, optional};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::lines::Line;
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imopenlines.config.list.get",
        verb: "POST",
        path: "/rest/imopenlines.config.list.get",
        summary: "lists the open lines",
        parameters: &[
            Parameter::new("PARAMS", "what to list").of(ValueType::ListOrMapping).optional(),
            Parameter::new("PARAMS.select", "names of members").of(ValueType::ListOrMapping).optional(),
            Parameter::new("PARAMS.filter", "members with the values that they must have")
                .of(ValueType::ListOrMapping)
                .optional(),
            Parameter::new("PARAMS.order", "members with `ASC` or `DESC`")
                .of(ValueType::ListOrMapping)
                .optional(),
            Parameter::new("PARAMS.limit", "how many lines at most").of(ValueType::Number).optional(),
            Parameter::new("PARAMS.offset", "how many lines to leave out").of(ValueType::Number).optional(),
            Parameter::new("OPTIONS", "options; ignored").of(ValueType::ListOrMapping).optional(),
        ],
        errors: &[errors::OF_ALL],
        requires: "an accepted credential",
        status: 200,
        answer: || {
            // A row of the portal has more members. A call can ask for some of them, in any order.
            let row = Shape::open([
                optional("ID", Shape::Like(&shapes::DIGITS)),
                optional("LINE_NAME", Shape::Text),
                optional("ACTIVE", shapes::YES_OR_NO),
                optional("FULL_CLOSE_TIME", Shape::Like(&shapes::DIGITS)),
                optional("QUEUE", Shape::Integer.list()),
            ]);
            row.list()
        },
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/openlines/imopenlines-config-list-get.html",
    },
    scope: Scope::Lines,
    callers: Callers::Everyone,
    only_in: None,
    is_timed: true,
    example: |_| Some(json!({})),
    run: Run::Alone(run),
};

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.passed_up_to_lookup(exchange)?;
    let params = invocation.parameters.value("PARAMS");
    let part = |name: &str| {
        let members = params.and_then(Value::as_object)?;
        members.iter().rfind(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let mut rows: Vec<_> = invocation.portal.lines().iter().map(|(id, line)| row(id, line)).collect();
    if let Some(Value::Object(filter)) = part("filter") {
        rows.retain(|row| filter.iter().all(|(name, wanted)| fits(row, name, wanted)));
    }
    if let Some(Value::Object(order)) = part("order") {
        // The first member counts most, so it is sorted by last.
        for (name, way) in order.iter().rev() {
            let is_down = way.as_str().is_some_and(|way| way.eq_ignore_ascii_case("DESC"));
            rows.sort_by(
                |one, other| if is_down { compared(other, one, name) } else { compared(one, other, name) },
            );
        }
    }
    let count = |name: &str| part(name).map(php::to_int).and_then(|number| usize::try_from(number).ok());
    let rows = rows.into_iter().skip(count("offset").unwrap_or(0));
    let rows = rows.take(count("limit").filter(|limit| *limit > 0).unwrap_or(usize::MAX));
    let selected = part("select").and_then(Value::as_array).filter(|names| !names.is_empty());
    let rows: Vec<_> = rows.map(|row| select(row, selected)).collect();
    Ok(MethodAnswer::read(php::json(&rows)))
}

fn row(id: i64, line: &Line) -> Map<String, Value> {
    let row = json!({
        "ID": id.to_string(),
        "LINE_NAME": line.name,
        "ACTIVE": if line.is_active { "Y" } else { "N" },
        "FULL_CLOSE_TIME": line.close_term.to_string(),
        "QUEUE": line.queue,
    });
    match row {
        Value::Object(row) => row,
        _ => Map::new(),
    }
}

/// Whether a row has one of the values that are wanted of a member. An unknown member fits nothing.
fn fits(row: &Map<String, Value>, name: &str, wanted: &Value) -> bool {
    let name = name.trim_start_matches('=').to_uppercase();
    let Some(Value::String(known)) = row.get(&name) else { return false };
    let is_known = |wanted: &Value| php::to_text(wanted).is_some_and(|wanted| wanted == known.as_str());
    match wanted {
        Value::Array(choices) => choices.iter().any(is_known),
        wanted => is_known(wanted),
    }
}

/// Compares two rows by a member, numbers as numbers.
fn compared(one: &Map<String, Value>, other: &Map<String, Value>, name: &str) -> Ordering {
    let text = |row: &Map<String, Value>| {
        row.get(&name.to_uppercase()).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (one, other) = (text(one), text(other));
    match (one.parse::<i64>(), other.parse::<i64>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        _ => one.cmp(&other),
    }
}

fn select(row: Map<String, Value>, names: Option<&Vec<Value>>) -> Map<String, Value> {
    let Some(names) = names else { return row };
    let is_selected = |name: &str| {
        names.iter().filter_map(Value::as_str).any(|known| known == "*" || known.eq_ignore_ascii_case(name))
    };
    row.into_iter().filter(|(name, _)| is_selected(name)).collect()
}
