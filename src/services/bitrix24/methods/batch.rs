//! `batch`: runs up to fifty commands in one request; each command has its own result or error.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Method, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{Exchange, Operation, OperationCall, Parameter, RequestedCall, ValueType};
use crate::services::bitrix24::credentials::Caller;
use crate::services::bitrix24::editions::Edition;
use crate::services::bitrix24::envelope::ErrorBody;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::passed;
use crate::services::bitrix24::parameters::Parameters;
use crate::services::bitrix24::php::{self, form};
use crate::services::bitrix24::portal::LivePortal;
use crate::services::bitrix24::reasons;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::time::Time;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "batch",
        verb: "POST",
        path: "/rest/batch",
        summary: "runs up to fifty commands in one request",
        parameters: &[
            Parameter::new("cmd", "the commands `METHOD?QUERY`, in a list or by names of your choice")
                .of(ValueType::ListOrMapping),
            Parameter::new("halt", "whether to stop at the first error").of(ValueType::Flag).optional(),
        ],
        errors: &[errors::OF_ALL, errors::OF_BATCH],
        requires: "an accepted credential, and a chat with an open session on an active line",
        status: 200,
        changes: false,
        source: "apidocs.bitrix24.com/api-reference/how-to-call-rest-api/batch.html",
    },
    scope: Scope::None,
    is_timed: false,
    example,
    run: Run::Batch,
};

/// A batch that renames a chat.
fn example(portal: &Portal) -> Option<Value> {
    let rename = &super::chat_name_set::METHOD;
    let parameters = (rename.example)(portal)?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.as_object()? {
        query.append_pair(name, value.as_str()?);
    }
    Some(json!({"halt": 0, "cmd": {"rename": format!("{}?{}", rename.operation.name, query.finish())}}))
}

/// The largest number of commands that are run.
const MOST: usize = 50;

/// Methods that the vendor does not allow in a batch.
const NOT_ALLOWED: &[&str] = &["batch", "download", "upload"];

/// Names of commands, each with a JSON text: its result, error or `time`.
type Texts = Vec<(String, Cow<'static, [u8]>)>;

/// Runs the commands of a batch in order. Returns the `result` of the batch as JSON text.
///
/// # Errors
/// When the batch as a whole is refused.
pub fn run(
    portal: &mut LivePortal,
    edition: Edition,
    parameters: &Parameters,
    caller: &Caller,
    exchange: &mut Exchange<'_>,
) -> Result<Vec<u8>, Refusal> {
    let call = OperationCall { operation: Some(&METHOD.operation), facts: parameters, nested: false };
    for stage in [Stage::Auth, Stage::Arguments, Stage::Lookup, Stage::Delivery] {
        passed(stage, &call, edition, exchange)?;
    }
    let stops_at_error = parameters.value("halt").is_some_and(php::is_true);
    let (mut results, mut errors, mut times) = (Texts::new(), Texts::new(), Texts::new());
    for (position, (name, command)) in commands(parameters).into_iter().enumerate() {
        let Value::String(command) = command else { continue };
        let outcome = match position < MOST {
            true => run_command(portal, edition, &command, &results, caller, exchange),
            false => Err(Refusal::new(&errors::ERROR_BATCH_LENGTH_EXCEEDED, edition)
                .because(format!("a batch runs {MOST} commands at most"))),
        };
        match outcome {
            Ok((result, time)) => {
                let mut written = Vec::new();
                time.write(&mut written);
                times.push((name.clone(), written.into()));
                results.push((name, result));
            }
            Err(refusal) => {
                if let Some(reason) = &refusal.reason {
                    exchange.checkpoint.remark(format!("the command `{name}`: {reason}").into());
                }
                errors.push((name, php::json(&ErrorBody::new(&refusal)).into()));
                if stops_at_error {
                    break;
                }
            }
        }
    }
    let none = Texts::new();
    let mut result = Vec::new();
    let maps = [
        (&b"{\"result\":"[..], &results),
        (b",\"result_error\":", &errors),
        (b",\"result_total\":", &none),
        (b",\"result_next\":", &none),
        (b",\"result_time\":", &times),
    ];
    for (name, texts) in maps {
        result.extend_from_slice(name);
        write_php_array(texts, &mut result);
    }
    result.push(b'}');
    Ok(result)
}

/// The commands, each with its name; in a list, the name is the position.
fn commands(parameters: &Parameters) -> Vec<(String, Value)> {
    match parameters.value("cmd") {
        Some(Value::Object(commands)) => {
            commands.iter().map(|(name, command)| (name.clone(), command.clone())).collect()
        }
        Some(Value::Array(commands)) => {
            commands.iter().enumerate().map(|(index, command)| (index.to_string(), command.clone())).collect()
        }
        _ => Vec::new(),
    }
}

/// The calls that the commands of a batch make; references to results of other commands are not replaced.
pub fn asked(parameters: &Parameters) -> Vec<RequestedCall> {
    let call = |(name, command): (String, Value)| {
        let Value::String(command) = command else { return None };
        let (path, query) = split(&command);
        let operation = super::by_name_in_batch(path).map(|method| &method.operation);
        let parameters = Parameters::from(form::decode(query.as_bytes()));
        Some(RequestedCall { operation, command: Some(name), facts: Arc::new(parameters) })
    };
    commands(parameters).into_iter().filter_map(call).collect()
}

/// The method and the query of a command.
fn split(command: &str) -> (&str, &str) {
    let (path, query) = command.split_once('?').unwrap_or((command, ""));
    (path, query.split('#').next().unwrap_or_default())
}

fn run_command(
    portal: &mut LivePortal,
    edition: Edition,
    command: &str,
    results: &Texts,
    caller: &Caller,
    exchange: &mut Exchange<'_>,
) -> Result<(Cow<'static, [u8]>, Time), Refusal> {
    let (path, query) = split(command);
    if NOT_ALLOWED.iter().any(|name| name.eq_ignore_ascii_case(path)) {
        let reason = format!("Bitrix24 does not allow `{path}` in a batch");
        return Err(Refusal::new(&errors::ERROR_BATCH_METHOD_NOT_ALLOWED, edition).because(reason));
    }
    let Some(method) = super::by_name_in_batch(path) else {
        let reason = reasons::of_method(path, super::OPERATIONS.iter().map(|known| known.name));
        return Err(Refusal::new(&errors::ERROR_METHOD_NOT_FOUND, edition).because(reason));
    };
    let mut parameters = Parameters::from(resolved_map(form::decode(query.as_bytes()), results));
    // The commands run with the credentials of the batch; credentials in a command are ignored.
    for name in ["auth", "access_token", "aplogin", "ap", "start", "state"] {
        parameters.take(name);
    }
    portal.run_command(method, &parameters, caller, exchange)
}

/// Replaces each `$result[name][field]` in names and values with that part of an earlier command's result.
fn resolved_map(parameters: Map<String, Value>, results: &Texts) -> Map<String, Value> {
    parameters
        .into_iter()
        .map(|(name, value)| (text_of(&resolved(&name, results)), resolved_value(value, results)))
        .collect()
}

fn resolved_value(value: Value, results: &Texts) -> Value {
    match value {
        Value::String(text) => resolved(&text, results),
        Value::Array(elements) => {
            elements.into_iter().map(|element| resolved_value(element, results)).collect()
        }
        Value::Object(members) => Value::Object(resolved_map(members, results)),
        other => other,
    }
}

/// Replaces the references in a text. A text that is nothing but one reference becomes the value referred to, whatever
/// its type. A reference to nothing becomes an empty text.
fn resolved(text: &str, results: &Texts) -> Value {
    let mut parts = String::new();
    let mut rest = text;
    while let Some(position) = rest.find(REFERENCE) {
        let (before, from) = rest.split_at(position);
        let (keys, after) = reference(&from[REFERENCE.len()..]);
        if keys.is_empty() {
            parts.push_str(before);
            parts.push_str(REFERENCE);
        } else {
            let found = look_up(&keys, results);
            if before.is_empty() && after.is_empty() && parts.is_empty() {
                return found.unwrap_or_else(|| "".into());
            }
            parts.push_str(before);
            parts.push_str(&found.as_ref().map(text_of).unwrap_or_default());
        }
        rest = after;
    }
    parts.push_str(rest);
    parts.into()
}

const REFERENCE: &str = "$result";

/// The keys in brackets at the start of a text, and the rest of the text.
fn reference(mut text: &str) -> (Vec<&str>, &str) {
    let mut keys = Vec::new();
    while let Some((key, after)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        keys.push(key);
        text = after;
    }
    (keys, text)
}

fn look_up(keys: &[&str], results: &Texts) -> Option<Value> {
    let (name, fields) = keys.split_first()?;
    let (_, text) = results.iter().find(|(known, _)| known == name)?;
    fields.iter().try_fold(serde_json::from_slice(text).ok()?, |value: Value, field| match value {
        Value::Object(mut members) => members.shift_remove(*field),
        Value::Array(elements) => elements.into_iter().nth(field.parse().ok()?),
        _ => None,
    })
}

fn text_of(value: &Value) -> String {
    php::to_text(value).map_or("Array".into(), Cow::into_owned)
}

/// Writes a PHP array as `json_encode` does: as a list if it is empty or its keys are 0, 1, 2 …, else as an object.
fn write_php_array(texts: &Texts, written: &mut Vec<u8>) {
    let is_list = texts.iter().enumerate().all(|(index, (key, _))| *key == index.to_string());
    written.push(if is_list { b'[' } else { b'{' });
    for (position, (key, text)) in texts.iter().enumerate() {
        if position > 0 {
            written.push(b',');
        }
        if !is_list {
            written.extend_from_slice(&php::json(key));
            written.push(b':');
        }
        written.extend_from_slice(text);
    }
    written.push(if is_list { b']' } else { b'}' });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_and_keep_their_type_where_they_stand_alone() {
        let results = &vec![
            ("a".to_owned(), Cow::Borrowed(&br#"{"ID":7,"LIST":["x","y"]}"#[..])),
            ("b".to_owned(), Cow::Borrowed(&b"true"[..])),
        ];
        for (text, expected) in [
            ("$result[a][ID]", json!(7)),
            ("$result[a][LIST][1]", json!("y")),
            ("$result[a][LIST]", json!(["x", "y"])),
            ("chat $result[a][ID]-$result[b]!", json!("chat 7-1!")),
            ("$result[a][NONE]", json!("")),
            ("$result", json!("$result")),
            ("$result[", json!("$result[")),
            ("$results[a]", json!("$results[a]")),
            ("no reference", json!("no reference")),
            ("$result[a][LIST] in text", json!("Array in text")),
        ] {
            assert_eq!(resolved(text, results), expected, "{text}");
        }
    }

    #[test]
    fn a_php_array_is_a_list_only_without_gaps() {
        let cases = [
            (&[][..], "[]"),
            (&["0", "1"], "[1,1]"),
            (&["1"], r#"{"1":1}"#),
            (&["a/", "0"], r#"{"a\/":1,"0":1}"#),
        ];
        for (keys, expected) in cases {
            let texts = keys.iter().map(|key| (key.to_string(), Cow::Borrowed(&b"1"[..]))).collect();
            let mut written = Vec::new();
            write_php_array(&texts, &mut written);
            assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
    }
}
