//! `reply:` → the answer that replaces the service's own.

use bytes::Bytes;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http::Reply;
use crate::scalar::Text;

/// An answer that replaces the service's own, such as that of a gateway in front of it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplySpec {
    /// The HTTP status.
    #[schemars(range(min = 200, max = 599))]
    pub status: u16,
    /// The headers. `content-length` is added.
    #[serde(default)]
    pub headers: IndexMap<String, Text>,
    /// The body. The default is no body.
    #[serde(default)]
    pub body: Option<Text>,
}

/// Headers that the server writes itself, as another value would break the framing of the answer.
const OF_THE_SERVER: &[&str] = &["content-length", "transfer-encoding", "connection"];

/// Whether this is a valid name of a header.
pub fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

impl ReplySpec {
    /// The answer as a reply.
    pub fn reply(&self) -> Reply {
        let field = |(name, value): (&String, &Text)| (name.to_lowercase().into(), value.to_string().into());
        let body = self.body.as_ref().map_or_else(Bytes::new, |body| Bytes::copy_from_slice(body.as_bytes()));
        Reply { status: self.status, headers: self.headers.iter().map(field).collect(), body }
    }

    /// The headers that cannot be sent: name, what is wrong, what to do.
    pub fn mistakes(&self) -> Vec<(&str, &'static str, &'static str)> {
        let is_value =
            |value: &str| value.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f));
        let mistake = |(name, value): (&'_ String, &Text)| {
            if OF_THE_SERVER.contains(&name.to_lowercase().as_str()) {
                Some(("is written by the server", "remove it; `wire` breaks the framing of an answer"))
            } else if !is_field_name(name) {
                Some(("is not a valid header name", "write letters, digits and `-`"))
            } else if !is_value(value) {
                Some(("has a value with a control character", "write it in one line"))
            } else {
                None
            }
        };
        let all = self.headers.iter();
        all.filter_map(|field| mistake(field).map(|(what, help)| (field.0.as_str(), what, help))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: &str) -> ReplySpec {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_reply_is_sent_as_written() {
        let gateway =
            spec(r#"{"status": 502, "headers": {"Content-Type": "text/html"}, "body": "<h1>502</h1>"}"#);
        let reply = gateway.reply();
        assert_eq!((reply.status, reply.header("content-type")), (502, Some("text/html")));
        assert_eq!(reply.body, "<h1>502</h1>");
        assert!(spec(r#"{"status": 204}"#).reply().body.is_empty());
    }

    #[test]
    fn fields_that_cannot_be_sent_are_found() {
        let names =
            |json: &str| spec(json).mistakes().iter().map(|(name, ..)| name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(r#"{"status": 200, "headers": {"x-a": "é b\t", "Location": "/"}}"#), [""; 0]);
        let bad = r#"{"status": 200, "headers": {"Content-Length": "5", "a b": "", "": "", "x": "a\nb"}}"#;
        assert_eq!(names(bad), ["Content-Length", "a b", "", "x"]);
    }
}
