//! `Prefer: error=CODE` → the error that a request asks for.

use serde_json::json;

use crate::http::{Reply, Request};
use crate::seed::nearest;
use crate::vendor::{ErrorCode, Vendor};

/// The error that the request asks for; `None` when it asks for none.
///
/// # Errors
/// The answer to a request for an error that the vendor does not have.
pub fn preferred(request: &Request, vendor: &dyn Vendor) -> Result<Option<&'static ErrorCode>, Reply> {
    let fields = request.headers.iter().filter(|(name, _)| *name == b"prefer");
    let values = fields.filter_map(|(_, value)| std::str::from_utf8(value).ok());
    // RFC 7240: preferences stand between commas, and a value may be in quotes.
    let wanted = values.flat_map(|value| value.split(',')).find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("error").then(|| value.trim().trim_matches('"'))
    });
    let Some(wanted) = wanted else { return Ok(None) };
    let codes = vendor.errors();
    if let Some(code) = codes.iter().find(|code| code.code == wanted) {
        return Ok(Some(code));
    }
    let help = match nearest(wanted, codes.iter().map(|code| code.code)) {
        Some(near) => format!("did you mean `Prefer: error={near}`?"),
        None => "`standin catalog` lists them".to_owned(),
    };
    let message = format!("{} has no error `{wanted}`", vendor.title());
    Err(Reply::json(400, &json!({"standin": message, "help": help})))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::by_name;

    #[test]
    fn a_preference_names_an_error_of_the_vendor() {
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
    }
}
