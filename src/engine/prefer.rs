//! `Prefer: error=CODE` → the error that a request asks for.

use serde_json::json;

use super::Note;
use crate::basics::Stage;
use crate::emulator::{ErrorCode, Operation, Service};
use crate::http::{Reply, Request};
use crate::scalar::nearest;

/// The remark about an error that the request asked for.
pub const REMARK: &str = "the request asked for this error with `Prefer`";

/// Whether the error of an exchange is one that the request asked for.
pub fn is_asked_for(note: &Note) -> bool {
    note.remarks.iter().any(|remark| remark == REMARK)
}

/// The error that the request asks for with `Prefer`; `None` when it asks for none.
///
/// # Errors
/// When the service does not have the error, or no call of the request can give it. The error is the reply to send.
pub fn preferred(request: &Request, service: &dyn Service) -> Result<Option<&'static ErrorCode>, Reply> {
    let fields = request.headers.iter().filter(|(name, _)| *name == b"prefer");
    let values = fields.filter_map(|(_, value)| std::str::from_utf8(value).ok());
    // RFC 7240: commas separate preferences, and a value may be quoted.
    let wanted = values.flat_map(|value| value.split(',')).find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("error").then(|| value.trim().trim_matches('"'))
    });
    let Some(wanted) = wanted else { return Ok(None) };
    let codes = service.errors();
    if let Some(code) = codes.iter().copied().find(|code| code.code == wanted) {
        let calls = service.calls(request);
        if calls.iter().any(|call| is_given(service, code, call.operation)) {
            return Ok(Some(code));
        }
        let called = calls.iter().find_map(|call| call.operation).map_or("the call", |called| called.name);
        let able = service.operations().iter().filter(|operation| operation.gives(code.code).is_some());
        let is_common = service.errors_of_unknown().iter().any(|given| *given.code == *code);
        let others: Vec<_> =
            able.filter(|_| !is_common).map(|operation| format!("`{}`", operation.name)).collect();
        let help = match others.is_empty() {
            true => "`standin catalog` lists the errors of each operation".to_owned(),
            false => format!("it is an error of {}", others.join(", ")),
        };
        return Err(refusal(&format!("`{called}` cannot give `{wanted}`"), &help));
    }
    let help = match nearest(wanted, codes.iter().map(|code| code.code)) {
        Some(near) => format!("did you mean `Prefer: error={near}`?"),
        None => "`standin catalog` lists all errors".to_owned(),
    };
    Err(refusal(&format!("{} has no error `{wanted}`", service.title()), &help))
}

fn refusal(message: &str, help: &str) -> Reply {
    Reply::json(400, &json!({"standin": message, "help": help}))
}

/// Whether a call of `operation` can give this error. `None` is an operation that is not emulated.
pub fn is_given(service: &dyn Service, code: &ErrorCode, operation: Option<&Operation>) -> bool {
    match operation {
        Some(operation) => operation.gives(code.code).is_some(),
        // The arguments of an operation that is not emulated are not known, so it only has errors of earlier stages.
        None => {
            code.stage <= Stage::Auth && service.errors_of_unknown().iter().any(|given| *given.code == *code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::by_name;

    #[test]
    fn a_preference_names_an_error_of_the_service() {
        let chert = by_name("chert").unwrap();
        let ask = |value: &str| {
            let headers = [("Prefer", value)].into_iter().collect();
            let request = Request::new("PUT", "/api/v1/chats/x", headers, "".into());
            preferred(&request, chert).map(|code| code.map(|code| code.code)).map_err(|reply| reply.status)
        };
        assert_eq!(ask("error=4001"), Ok(Some("4001")));
        assert_eq!(ask("respond-async, Error = \"1007\"; x=y"), Ok(Some("1007")));
        assert_eq!(ask("respond-async"), Ok(None));
        assert_eq!(ask("error=9999"), Err(400));
        let headers = [("Prefer", "error=4001")].into_iter().collect();
        let elsewhere = Request::new("GET", "/api/v1/other", headers, "".into());
        let reply = preferred(&elsewhere, chert).unwrap_err();
        assert!(std::str::from_utf8(&reply.body).unwrap().contains("cannot give `4001`"), "{reply:?}");
    }
}
