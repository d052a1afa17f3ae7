//! A request → the method called, its parameters and the credentials that came along.

use std::borrow::Cow;
use std::sync::Arc;

use compact_str::CompactString;
use memchr::memchr;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::methods::{self, Method};
use super::parameters::Parameters;
use super::php::{self, form, multipart};
use crate::http::{Facts, Given, Request, ValueKind, Way, json};

/// What a request asks for.
pub struct MethodCall {
    /// Name of the method as sent, without a final `.json` or `.xml`; empty when the path has none.
    pub name: Cow<'static, str>,
    /// The method; `None` when it is not emulated.
    pub method: Option<&'static Method>,
    /// Whether the path belongs to REST 3.0.
    pub is_version_3: bool,
    /// Parameters of the method, without credentials.
    pub parameters: Parameters,
    /// Credentials of the request.
    pub presented: Presented,
}

/// The credentials of a request, not yet checked.
#[derive(Debug, Default)]
pub struct Presented {
    /// Access token: from the header, else from `auth`, else from `access_token`.
    pub token: Option<String>,
    /// User and secret of a webhook.
    pub webhook: Option<Webhook>,
    /// Whether the webhook is in the path. All other credentials are then ignored.
    pub webhook_in_path: bool,
    /// Whether a browser's session is presented.
    pub session: bool,
    /// The parameter `token`, which belongs to signed downloads.
    pub link: Option<Link>,
}

/// The parameter `token` of a request. It signs a link to a download; no emulated method issues one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// The text that PHP makes of it.
    Text(String),
    /// An array, which PHP makes no text of.
    Array,
}

impl Link {
    /// The parameter `token` with this value; `None` when it is `null`, which PHP takes for no parameter.
    pub fn new(value: Given<'_>) -> Option<Self> {
        let link = || php::to_text(value).map_or(Self::Array, |text| Self::Text(text.into_owned()));
        (!matches!(value, Given::Null)).then(link)
    }

    /// The scope that the server looks for the method in; `None` when it is the method's own.
    pub fn scope(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        match text.split('|').next().filter(|_| !text.is_empty())? {
            "" => Some("_global"),
            // PHP takes this text for no scope.
            "0" => None,
            scope => Some(scope),
        }
    }
}

/// A webhook as a request presents it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// `user/secret`, which is short enough for no allocation.
    text: CompactString,
    /// Length of the user in bytes. The user may contain a slash.
    user: usize,
}

impl Webhook {
    fn new(user: &str, secret: &str) -> Self {
        let mut text = CompactString::with_capacity(user.len() + 1 + secret.len());
        [user, "/", secret].into_iter().for_each(|part| text.push_str(part));
        Self { text, user: user.len() }
    }

    /// The user.
    pub fn user(&self) -> &str {
        &self.text[..self.user]
    }

    /// The secret.
    pub fn secret(&self) -> &str {
        &self.text[self.user + 1..]
    }

    /// Both, with a slash between.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Facts for MethodCall {
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        self.parameters.parameter(name)
    }

    fn within(&self, way: &Way<'_>, tell: &mut dyn FnMut(&str)) {
        self.parameters.within(way, tell);
    }

    fn given(&self, tell: &mut dyn FnMut(&str, ValueKind)) {
        self.parameters.given(tell);
    }
}

/// Where the paths of the REST API begin.
pub const BASE: &str = "/rest";

/// Whether `path` belongs to the REST API.
pub fn is_rest(path: &str) -> bool {
    path.strip_prefix(BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Reads a request whose path [`is_rest`]. The result is cached in the request.
pub fn read(request: &Request) -> Arc<MethodCall> {
    request.read_once(|| read_now(request))
}

fn read_now(request: &Request) -> MethodCall {
    let path = &request.path()[BASE.len()..];
    // Few paths have percent escapes: one check of the whole path saves decoding each segment.
    let is_plain = memchr(b'%', path.as_bytes()).is_none();
    let decoded = |segment| match is_plain {
        true => Cow::Borrowed(segment),
        false => percent_decode_str(segment).decode_utf8_lossy(),
    };
    let segments = segments(path);
    let (in_path, name) = match segments {
        [Some(user), Some(secret), Some(method), None] => {
            (Some(Webhook::new(&decoded(user), &decoded(secret))), decoded(method))
        }
        [Some(method), None, ..] => (None, decoded(method)),
        _ => (None, "".into()),
    };
    let name = without_transport(&name);
    let method = methods::by_name(name);
    let name = match method {
        Some(method) if method.operation.name == name => method.operation.name.into(),
        _ => name.to_owned().into(),
    };
    let is_version_3 = matches!(segments, [Some("api"), Some(_), ..]);
    let mut parameters = parameters(request);
    let presented = take_credentials(&mut parameters, request, in_path);
    MethodCall { name, method, is_version_3, parameters, presented }
}

/// The first four segments of a path that are not empty.
fn segments(path: &str) -> [Option<&str>; 4] {
    let mut found = [None; 4];
    let mut rest = path;
    for segment in &mut found {
        rest = rest.trim_start_matches('/');
        let end = memchr(b'/', rest.as_bytes()).unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        *segment = Some(&rest[..end]);
        rest = &rest[end..];
    }
    found
}

/// The method's name without a final `.json` or `.xml`, which only names the format.
pub fn without_transport(method: &str) -> &str {
    for suffix in [".json", ".xml"] {
        let Some((stem, end)) = method.split_at_checked(method.len().saturating_sub(suffix.len())) else {
            continue;
        };
        if !stem.is_empty() && end.eq_ignore_ascii_case(suffix) {
            return stem;
        }
    }
    method
}

/// The parameters of the query, and for POST those of the body, which replace those of the same name.
pub fn parameters(request: &Request) -> Parameters {
    let query = request.query();
    let mut parameters =
        if query.is_empty() { Parameters::default() } else { form::decode(query.as_bytes()).into() };
    if request.method == "POST" {
        let content_type = request.headers.get("content-type").unwrap_or_default();
        parameters.lay_over(body_parameters(content_type, request.body()));
    }
    parameters
}

/// The parameters of a body, read by its media type; empty when it cannot be read: the server gives no error then.
fn body_parameters(content_type: &[u8], body: &[u8]) -> Parameters {
    // Fast path: nearly every call has this media type.
    if content_type == b"application/json" {
        return json::parse(body, php::DEEPEST_JSON).unwrap_or_default();
    }
    let content_type = std::str::from_utf8(content_type).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json")
        || media_type.to_ascii_lowercase().contains("+json")
    {
        return json::parse(body, php::DEEPEST_JSON).unwrap_or_default();
    }
    let fields = if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Some(form::decode(body))
    } else if media_type.eq_ignore_ascii_case("multipart/form-data") {
        multipart::decode(content_type, body)
    } else {
        None
    };
    fields.filter(|fields| !fields.is_empty()).unwrap_or_else(|| form::decode(body.trim_ascii())).into()
}

/// Removes the parameters that hold credentials, and returns the credentials.
fn take_credentials(parameters: &mut Parameters, request: &Request, in_path: Option<Webhook>) -> Presented {
    let in_parameters = if parameters.any(is_reserved) { reserved(parameters) } else { Presented::default() };
    let has_session = || request.headers.get("x-bitrix-csrf-token").is_some_and(|value| !value.is_empty());
    Presented {
        token: bearer(request).map(str::to_owned).or(in_parameters.token),
        webhook_in_path: in_path.is_some(),
        webhook: in_path.or(in_parameters.webhook),
        session: in_parameters.session || has_session(),
        link: in_parameters.link,
    }
}

/// Whether a parameter of this name is kept from the method.
fn is_reserved(name: &[u8]) -> bool {
    matches!(
        name,
        b"auth"
            | b"access_token"
            | b"aplogin"
            | b"ap"
            | b"sessid"
            | b"token"
            | b"start"
            | b"state"
            | b"auth_connector"
            | b"method"
            | b"bx24_request_id"
            | b"bx24_sdk_ver"
            | b"bx24_sdk_type"
    )
}

/// Removes every reserved parameter, and returns the credentials in them.
fn reserved(parameters: &mut Parameters) -> Presented {
    let mut take = |name: &str| parameters.take(name);
    let scalar = |value: Option<Value>| {
        let text = value.as_ref().and_then(php::to_text).map(Cow::into_owned);
        text.filter(|text| !text.is_empty())
    };
    let (auth, access_token) = (scalar(take("auth")), scalar(take("access_token")));
    let (user, secret) = (scalar(take("aplogin")), scalar(take("ap")));
    let session = take("sessid").is_some_and(|value| !php::is_empty(&value));
    let link = take("token").as_ref().and_then(|value| Link::new(value.into()));
    parameters.remove(is_reserved);
    Presented {
        token: auth.or(access_token),
        webhook: user.zip(secret).map(|(user, secret)| Webhook::new(&user, &secret)),
        webhook_in_path: false,
        session,
        link,
    }
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.headers.text("authorization")?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Headers;

    fn request(method: &str, target: &str, content_type: &str, body: &str) -> Request {
        let headers: Headers = [("content-type", content_type)].into_iter().collect();
        Request::new(method, target, headers, body.to_owned().into())
    }

    #[test]
    fn every_form_of_url_names_the_method() {
        for (path, method, webhook) in [
            ("/rest/imconnector.chat.name.set", "imconnector.chat.name.set", None),
            ("/rest//imconnector.chat.name.set", "imconnector.chat.name.set", None),
            ("/rest/imconnector.chat.name.set/", "imconnector.chat.name.set", None),
            ("/rest/imconnector.chat.name.set.json", "imconnector.chat.name.set", None),
            ("/rest/imconnector.chat.name.set.XML/", "imconnector.chat.name.set", None),
            ("/rest/IMCONNECTOR.chat.name.set?x=1", "IMCONNECTOR.chat.name.set", None),
            ("/rest/1/s%65cret/batch.json?y", "batch", Some(("1", "secret"))),
            ("/rest/batch.html", "batch.html", None),
            ("/rest/.json", ".json", None),
            ("/rest/1/secret/", "", None),
            ("/rest/a/b/c/d", "", None),
            ("/rest/", "", None),
            ("/rest", "", None),
        ] {
            let request = request("GET", path, "", "");
            let call = read(&request);
            assert_eq!(call.name, method, "{path}");
            let webhook = webhook.map(|(user, secret)| Webhook::new(user, secret));
            assert_eq!(call.presented.webhook, webhook, "{path}");
        }
        assert!(read(&request("POST", "/rest/api/imconnector.chat.name.set", "", "")).is_version_3);
        assert!(!is_rest("/restful/x") && is_rest("/rest") && is_rest("/rest/x"));
    }

    #[track_caller]
    fn check(method: &str, target: &str, content_type: &str, body: &str, expected: Value) {
        let request = request(method, target, content_type, body);
        let call = read(&request);
        assert_eq!(
            serde_json::to_value(&call.parameters).unwrap(),
            expected,
            "{method} {target} {content_type} {body}"
        );
    }

    #[test]
    fn parameters_come_from_the_query_and_for_post_from_the_body_over_it() {
        use serde_json::json;
        let form = "application/x-www-form-urlencoded";
        check("GET", "/rest/m?A=1&B=2", "application/json", r#"{"A":9}"#, json!({"A": "1", "B": "2"}));
        check("PUT", "/rest/m?A=1", form, "A=9", json!({"A": "1"}));
        check(
            "POST",
            "/rest/m?A=1&B=2",
            "application/json; charset=utf-8",
            r#"{"A":9}"#,
            json!({"A": 9, "B": "2"}),
        );
        check("POST", "/rest/m", "application/vnd.x+json", r#"{"A":[1]}"#, json!({"A": [1]}));
        check("POST", "/rest/m", "application/json", "[5,6]", json!({"0": 5, "1": 6}));
        check("POST", "/rest/m", form, "A=1+2&C[k]=%D1%8F", json!({"A": "1 2", "C": {"k": "я"}}));
        check("POST", "/rest/m", "text/plain;charset=UTF-8", " A=1&B=2 \n", json!({"A": "1", "B": "2"}));
        check("POST", "/rest/m?A=1", "", "", json!({"A": "1"}));
        let parts = "--x\r\nContent-Disposition: form-data; name=\"A\"\r\n\r\n1\r\n--x--\r\n";
        check("POST", "/rest/m", "multipart/form-data; boundary=x", parts, json!({"A": "1"}));
    }

    #[test]
    fn a_body_that_is_no_json_object_is_swallowed() {
        for body in ["{", "null", "5", "\"text\"", "", "{\"A\":\"\u{fffd}", &"[".repeat(500)] {
            check("POST", "/rest/m?A=1", "application/json", body, serde_json::json!({"A": "1"}));
        }
    }

    #[test]
    fn reserved_names_do_not_reach_the_method() {
        let request = request(
            "POST",
            "/rest/m?access_token=two&aplogin=1&ap=three&start=0&state=s&method=x&sessid=y&token=z",
            "application/json",
            r#"{"auth":"one","NAME":"n"}"#,
        );
        let call = read(&request);
        assert_eq!(serde_json::to_value(&call.parameters).unwrap(), serde_json::json!({"NAME": "n"}));
        assert_eq!(call.presented.token.as_deref(), Some("one"));
        let webhook = call.presented.webhook.as_ref().unwrap();
        assert_eq!((webhook.user(), webhook.secret(), webhook.as_str()), ("1", "three", "1/three"));
        assert!(call.presented.session && !call.presented.webhook_in_path);
        assert_eq!(call.presented.link, Some(Link::Text("z".to_owned())));
    }

    #[test]
    fn a_bearer_header_comes_before_parameters() {
        let headers: Headers = [("Authorization", "bEARER header-token")].into_iter().collect();
        let request = Request::new("POST", "/rest/m?auth=parameter", headers, "".into());
        let call = read(&request);
        assert_eq!(call.presented.token.as_deref(), Some("header-token"));
    }
}
