//! `batch`: runs up to fifty commands in one request; each command has its own result or error.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Callers, Method, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{Exchange, Operation, OperationCall, Parameter, RequestedCall, ValueType};
use crate::services::bitrix24::caller::Caller;
use crate::services::bitrix24::editions::Edition;
use crate::services::bitrix24::envelope::ErrorBody;
use crate::services::bitrix24::errors;
use crate::services::bitrix24::invocation::passed;
use crate::services::bitrix24::parameters::Parameters;
use crate::services::bitrix24::php::{self, form};
use crate::services::bitrix24::portal::LivePortal;
use crate::services::bitrix24::reasons;
use crate::services::bitrix24::references::{self, Earlier, Texts};
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::Portal;
use crate::services::bitrix24::shapes;
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
        answer: || shapes::batch(Edition::Documented),
        changes: false,
        events: &[],
        source: "apidocs.bitrix24.com/api-reference/how-to-call-rest-api/batch.html",
    },
    scope: Scope::None,
    callers: Callers::OfConnectors,
    only_in: None,
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
    if parameters.get("cmd").is_none() {
        exchange
            .checkpoint
            .remark(reasons::of_argument(&METHOD.operation, ("cmd", None), parameters, None).into());
    }
    let stops_at_error = parameters.value("halt").is_some_and(php::is_true);
    let (mut results, mut errors, mut times) = (Texts::new(), Texts::new(), Texts::new());
    let budget = &references::budget();
    for (position, (name, command)) in commands(parameters).into_iter().enumerate() {
        let outcome = match command {
            _ if position >= MOST => Err(Refusal::new(&errors::ERROR_BATCH_LENGTH_EXCEEDED, edition)
                .because(format!("a batch runs {MOST} commands at most"))),
            Value::String(command) => {
                let earlier = Earlier { results: &results, errors: &errors, times: &times, budget };
                run_command(portal, edition, &command, earlier, caller, exchange)
            }
            _ => continue,
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
    earlier: Earlier<'_>,
    caller: &Caller,
    exchange: &mut Exchange<'_>,
) -> Result<(Cow<'static, [u8]>, Time), Refusal> {
    let (path, query) = split(command);
    if NOT_ALLOWED.iter().any(|name| name.eq_ignore_ascii_case(path)) {
        let reason = format!("Bitrix24 does not allow `{path}` in a batch");
        return Err(Refusal::new(&errors::ERROR_BATCH_METHOD_NOT_ALLOWED, edition).because(reason));
    }
    let known = super::by_name_in_batch(path).filter(|method| method.is_in(edition));
    let Some(method) = known else {
        let reason = super::reason_for_unknown(path, edition);
        return Err(Refusal::new(&errors::ERROR_METHOD_NOT_FOUND, edition).because(reason));
    };
    let mut parameters = Parameters::from(references::replaced(form::decode(query.as_bytes()), earlier));
    // The commands run with the credentials of the batch; credentials in a command are ignored.
    for name in ["auth", "access_token", "aplogin", "ap", "start", "state"] {
        parameters.take(name);
    }
    portal.run_command(method, &parameters, caller, exchange)
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
