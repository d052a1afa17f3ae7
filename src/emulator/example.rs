//! A request that succeeds in a scenario.

use std::fmt::Write;

use crate::http::Request;
use crate::scalar::quoted;

/// A request that succeeds in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The verb, such as `PUT`.
    pub verb: &'static str,
    /// Path and query.
    pub target: String,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty when the request has none.
    pub body: String,
}

impl Example {
    /// The example as a request over plain HTTP from this machine.
    pub fn request(&self) -> Request {
        let headers = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Request::new(self.verb, &self.target, headers, self.body.clone().into())
    }

    /// The example as a curl command for a server at `base`, such as `http://127.0.0.1:8080`, quoted for a shell.
    pub fn curl(&self, base: &str) -> String {
        let verb = if self.verb == "GET" { String::new() } else { format!(" -X {}", self.verb) };
        let mut command = format!("curl{verb} {}", quoted(&format!("{base}{}", self.target)));
        for (name, value) in &self.headers {
            let _ = write!(command, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
        }
        if !self.body.is_empty() {
            let _ = write!(command, " \\\n  -d {}", quoted(&self.body));
        }
        command
    }
}
