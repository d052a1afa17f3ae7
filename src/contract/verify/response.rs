//! The answer of a server.

use std::borrow::Cow;

use serde_json::Value;

use super::hide::Hide;
use super::twin::Expected;
use crate::contract::compare::{Given, drifts};
use crate::emulator::Drift;

/// The answer of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The header fields, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header field.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is not JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether the server seems to have done what it was asked.
    pub(super) fn is_success(&self) -> bool {
        let body = self.json();
        let has_error = body.get("error").is_some() || body.pointer("/result/error").is_some();
        (200..300).contains(&self.status) && !has_error
    }

    /// The code of the error; `None` when there is none.
    pub(super) fn code(&self) -> Option<String> {
        let body = self.json();
        let error = &body["error"];
        error.as_str().map(str::to_owned).or_else(|| Some(error.get("code")?.to_string()))
    }

    /// What shows that the server limits calls; `None` when nothing does.
    pub(super) fn limit(&self) -> Option<String> {
        const CODES: &[&str] = &["QUERY_LIMIT_EXCEEDED", "OVERLOAD_LIMIT", "OPERATION_TIME_LIMIT", "1007"];
        if self.status == 429 {
            return Some("status 429".to_owned());
        }
        if self.header("retry-after").is_some() {
            return Some("the header field `retry-after`".to_owned());
        }
        self.code().filter(|code| CODES.contains(&code.as_str())).map(|code| format!("`{code}`"))
    }

    /// What differs from what is expected.
    pub(super) fn drifts(&self, expected: &Expected, hide: &Hide) -> Vec<Drift> {
        let drifts = self.compared(expected);
        if drifts.is_empty() {
            return drifts;
        }
        // A part of a secret could not be found any more, so that nothing is cut before it is hidden.
        let hidden = self.hidden(hide).compared(expected);
        let mut drifts = if hidden.is_empty() { drifts } else { hidden };
        for drift in &mut drifts {
            drift.at = hide.text(&drift.at);
            drift.actual = hide.text(&drift.actual);
        }
        drifts
    }

    fn compared(&self, expected: &Expected) -> Vec<Drift> {
        let header = |name: &str| self.header(name).map(Cow::from);
        let given = Given { status: self.status, header: &header, body: &self.body };
        drifts(std::slice::from_ref(&expected.answer), &given)
    }

    fn hidden(&self, hide: &Hide) -> Self {
        let body = match serde_json::from_slice(&self.body) {
            Ok(value) => hide.value(&value).to_string(),
            Err(_) => hide.text(&String::from_utf8_lossy(&self.body)),
        };
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), hide.text(value))).collect();
        Self { status: self.status, headers, body: body.into_bytes() }
    }
}
