//! A request with each credential, before all checks: what the server refuses here is the user's mistake, and no difference.

use jiff::Timestamp;
use serde_json::json;

use super::call::{Call, Content, Proof};
use super::check::Check;
use super::credentials::Credentials;
use super::response::Response;
use crate::emulator::Service;

/// A request that changes nothing and needs a credential.
#[derive(Clone, Debug)]
pub struct Opening {
    /// What is sent.
    pub call: Call,
    /// The variables with the credential.
    variables: &'static str,
}

/// Clocks that are this far apart are told, in seconds.
const APART: i64 = 60;

/// The requests with those credentials that the checks need, the first one last.
pub fn openings(credentials: &Credentials, checks: &[Check]) -> Vec<Opening> {
    let is_needed = |proof: Proof| checks.iter().any(|check| check.call.proof == proof);
    let opening = |verb, target: &str, body, proof, variables| Opening {
        call: Call { verb, target: target.to_owned(), body, proof },
        variables,
    };
    let mut all = Vec::new();
    match credentials {
        Credentials::Chert { .. } => {
            let whoami = |proof| {
                let variables = "`CHERT_TENANT` and `CHERT_SIGNING_SECRET`";
                opening("GET", "/api/v1/whoami", Content::Empty, proof, variables)
            };
            all.extend([Proof::Usual].into_iter().filter(|proof| is_needed(*proof)).map(whoami));
        }
        Credentials::Bitrix24 { webhook, token, client } => {
            let (by_webhook, by_token) = ("`BITRIX24_WEBHOOK_URL`", "`BITRIX24_ACCESS_TOKEN`");
            let time = |proof, variables| {
                opening("POST", "/rest/server.time", Content::Json(json!({})), proof, variables)
            };
            if client.is_some() && is_needed(Proof::Body) {
                // It has no token that the server could exchange.
                let body = json!({
                    "grant_type": "refresh_token",
                    "client_id": "{client_id}",
                    "client_secret": "{client_secret}",
                    "refresh_token": "standin-no-such-token",
                });
                let variables = "`BITRIX24_CLIENT_ID` and `BITRIX24_CLIENT_SECRET`";
                all.push(opening("POST", "/oauth/token/", Content::Json(body), Proof::Body, variables));
            }
            if webhook.is_some() && is_needed(Proof::Webhook) {
                all.push(time(Proof::Webhook, by_webhook));
            }
            if is_needed(Proof::Usual) {
                all.push(time(Proof::Usual, if token.is_some() { by_token } else { by_webhook }));
            }
        }
    }
    all
}

impl Opening {
    /// What is wrong with the credential, or with the server, by the answer to this request, which was sent at `sent`.
    pub fn mistake(&self, service: &dyn Service, response: &Response, sent: Timestamp) -> Option<String> {
        let status = response.status;
        let body = response.json();
        if body.is_null() {
            return Some(format!(
                "the server answers otherwise than {} does: status {status}, and no JSON",
                service.title()
            ));
        }
        if let Some(limit) = response.limit() {
            return Some(format!("the server limits calls: it has answered with {limit}"));
        }
        let code = body["error"].as_str().map(str::to_owned);
        let code = code.unwrap_or_else(|| body["error"]["code"].to_string());
        let is_refused = match self.call.proof {
            // It always refuses the token too.
            Proof::Body => code == "invalid_client",
            // Chert has 404 for a tenant that it does not know.
            _ => matches!(status, 401 | 403) || code == "2001",
        };
        if !is_refused {
            return None;
        }
        // What a server sends as its code may be anything.
        let known = service.errors().iter().find(|known| known.code == code);
        let code = known.map_or_else(String::new, |known| format!(", `{}`", known.code));
        let clocks = match seconds_apart(response, sent) {
            Some(apart) => format!("; the clocks of the server and of this machine are {apart} s apart"),
            None => String::new(),
        };
        Some(format!("the server refuses {}: status {status}{code}{clocks}", self.variables))
    }
}

/// How far the server's clock is from this machine's, if that is far.
fn seconds_apart(response: &Response, now: Timestamp) -> Option<i64> {
    let date = jiff::fmt::rfc2822::parse(response.header("date")?).ok()?.timestamp();
    let apart = (date.as_second() - now.as_second()).abs();
    Some(apart).filter(|apart| *apart > APART)
}
