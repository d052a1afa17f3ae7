//! `Prefer: error=CODE` → the error that a request asks for.

use serde_json::json;

use super::Note;
use crate::basics::Stage;
use crate::emulator::{ErrorCode, Operation, Service};
use crate::http::{Reply, Request};
use crate::scalar::{in_a_line, nearest};

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
    let wanted = preferences(request).find_map(|(name, value)| value.filter(|_| is_error(name)));
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

/// A remark about the preferences of a request that standin does not know; `None` when it has none.
pub fn remark(request: &Request) -> Option<String> {
    let unknown = preferences(request).filter(|(name, value)| !is_error(name) || value.is_none());
    let names: Vec<_> = unknown.map(|(name, _)| format!("`{}`", in_a_line(name))).take(MOST_NAMED).collect();
    let names = names.join(", ");
    (!names.is_empty())
        .then(|| format!("the preference {names} is ignored: the only one is `Prefer: error=CODE`"))
}

/// How many unknown preferences a remark names.
const MOST_NAMED: usize = 3;

fn is_error(name: &str) -> bool {
    name.eq_ignore_ascii_case("error")
}

/// The preferences of a request: names and values. RFC 7240: commas separate them, and a value may be quoted.
fn preferences(request: &Request) -> impl Iterator<Item = (&str, Option<&str>)> {
    let fields = request.headers.iter().filter(|(name, _)| *name == b"prefer");
    let values = fields.filter_map(|(_, value)| std::str::from_utf8(value).ok());
    let all = values.flat_map(|value| value.split(','));
    let pairs = all.map(|preference| {
        let bare = preference.split(';').next().unwrap_or_default();
        match bare.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (bare.trim(), None),
        }
    });
    pairs.filter(|(name, _)| !name.is_empty())
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
    fn unknown_preferences_get_a_remark() {
        let remark = |value: &str| {
            let headers = [("Prefer", value)].into_iter().collect();
            remark(&Request::new("PUT", "/api/v1/chats/x", headers, "".into()))
        };
        let told = |names: &str| {
            Some(format!("the preference {names} is ignored: the only one is `Prefer: error=CODE`"))
        };
        assert_eq!(remark("error=4001"), None);
        assert_eq!(remark(", ;x, Error=\"1007\""), None);
        assert_eq!(remark("respond-async, error=4001; x=y"), told("`respond-async`"));
        assert_eq!(remark("eror=4001"), told("`eror`"));
        assert_eq!(remark("error"), told("`error`"));
        assert_eq!(remark("a, b, c, d, e"), told("`a`, `b`, `c`"));
    }

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
