//! A refusal → its reason: which part of the request or of the scenario caused it, and what to change.

use jiff::Timestamp;
use serde_json::Value;

use super::call;
use super::caller::Kind;
use super::editions::Edition;
use super::parameters::Parameters;
use super::php;
use super::section::{Credential, Portal};
use crate::emulator::{Operation, misspelt, some_of};
use crate::http::{Body, Facts, Given, Request, json};
use crate::scalar::nearest;

/// Why a path names no method. `known` are the names of those that are emulated. The text has no part of the path, which
/// may hold a secret.
pub fn of_path(path: &str, known: impl IntoIterator<Item = &'static str>) -> String {
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    let last = call::without_transport(path.rsplit('/').next().unwrap_or_default());
    match known.into_iter().find(|known| last.len() > known.len() && last.ends_with(known)) {
        Some(method) => format!(
            "the path lacks a `/` before `{method}`: a webhook's URL is `/rest/USER/SECRET/`, and the method follows"
        ),
        None => "the path names no method: it is `/rest/METHOD` with a token, or `/rest/USER/SECRET/METHOD`"
            .to_owned(),
    }
}

/// Why a method is refused that is not emulated. `known` are the names of those that are.
pub fn of_method(name: &str, known: impl IntoIterator<Item = &'static str>) -> String {
    if name.contains('/') {
        return "a command of a batch is a method and its parameters, not a path: `METHOD?NAME=VALUE`"
            .to_owned();
    }
    if name.to_ascii_lowercase().starts_with("event.offline.") {
        return format!("the method `{name}` is not emulated: there are no offline events");
    }
    let meant = nearest(name, known).map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
    format!("the method `{name}` is not emulated{meant}")
}

/// Why an argument of `operation` counts as missing, given its name and its value, if it has one. `request` is `None` for a command of a batch.
pub fn of_argument(
    operation: &Operation,
    (name, value): (&str, Option<Given<'_>>),
    parameters: &Parameters,
    request: Option<&Request>,
) -> String {
    if let Some(value) = value {
        return match php::to_text(value) {
            Some(text) if text == "0" => format!("`{name}` is `0`, which PHP takes for empty"),
            _ => format!("`{name}` is empty"),
        };
    }
    if let Some(sent) = misspelt(parameters, name) {
        return format!("the call has `{sent}`; the parameter is called `{name}`");
    }
    let mut strangers = Vec::new();
    parameters.given(&mut |sent, _| {
        if operation.parameter(sent).is_none() {
            strangers.push(sent.to_owned());
        }
    });
    if !strangers.is_empty() && !strangers.iter().any(|sent| sent.contains(['{', '"'])) {
        let strangers = some_of(strangers.iter().map(String::as_str));
        return format!(
            "the call has no `{name}`; it has {strangers}, which `{}` does not know",
            operation.name
        );
    }
    let unread = request.and_then(unread_body).map_or(String::new(), |why| format!(": {why}"));
    format!("the call has no `{name}`{unread}")
}

/// Why the body of a request gives no parameters; `None` when it was read as it was meant.
fn unread_body(request: &Request) -> Option<String> {
    let Body::Whole(body) = &request.body else { return None };
    let body = body.trim_ascii();
    if body.is_empty() {
        let is_without = request.method == "POST" && request.query().is_empty();
        return is_without.then(|| "the body is empty".to_owned());
    }
    if request.method != "POST" {
        return Some(format!("Bitrix24 reads a body from POST only, and this is a {}", request.method));
    }
    let sent = request.headers.text("content-type");
    let is_json = sent.is_some_and(|sent| sent.contains("application/json") || sent.contains("+json"));
    match (body.starts_with(b"{") || body.starts_with(b"["), is_json) {
        (true, false) => Some(match sent {
            Some(sent) => format!("the body looks like JSON, but its `content-type` is `{sent}`"),
            None => "the body looks like JSON, but it has no `content-type`".to_owned(),
        }),
        (_, true) if json::parse::<Value>(body, php::DEEPEST_JSON).is_none() => {
            let is_form = body.contains(&b'=') && !body.starts_with(b"{");
            let what = if is_form {
                "looks like a form, but its `content-type` is JSON"
            } else {
                "is not valid JSON"
            };
            Some(format!("the body {what}, so only the query was read"))
        }
        (false, true) => Some("the body is JSON, but not an object".to_owned()),
        _ => None,
    }
}

/// Why a text that is no access token is refused as one.
pub fn of_token(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::RefreshToken) => {
            "this is a refresh token, no access token: exchange it for one at `/oauth/token/`"
        }
        Some(Kind::Secret) => {
            "this is the secret of a webhook, no access token: call `/rest/USER/SECRET/METHOD`"
        }
        _ => "no credential has this access token",
    }
}

/// Why a text that cannot be exchanged is refused as a refresh token. `exchanged` is when it was.
pub fn of_refresh_token(kind: Option<Kind>, exchanged: Option<Timestamp>) -> String {
    if let Some(exchanged) = exchanged {
        return format!(
            "the refresh token was exchanged at {exchanged}, and can be exchanged once: use the one of that answer"
        );
    }
    let what = match kind {
        Some(Kind::AccessToken) => "this is an access token, no refresh token",
        Some(Kind::Secret) => "this is the secret of a webhook, no refresh token",
        _ => "no credential has this refresh token",
    };
    what.to_owned()
}

/// Why a webhook is refused. The text names no secret.
pub fn of_webhook(portal: &Portal, user: &str) -> String {
    let webhooks = || portal.credentials.iter().filter_map(|credential| credential.webhook.as_ref());
    if webhooks().any(|webhook| webhook.user.as_str() == user) {
        return format!("the scenario has a webhook of the user `{user}`, but with another secret");
    }
    let users = some_of(webhooks().map(|webhook| webhook.user.as_str()));
    format!("the scenario has no webhook of the user `{user}`; users with a webhook: {users}")
}

/// Why a call counts as one without credentials.
pub fn of_no_credential(request: &Request, parameters: &Parameters) -> String {
    let is_bearer = |value: &str| value.trim_ascii().to_ascii_lowercase().starts_with("bearer ");
    if request.headers.text("authorization").is_some_and(|value| !is_bearer(value)) {
        return "the header field `authorization` is not `Bearer TOKEN`".to_owned();
    }
    if let Some(sent) = ["auth", "access_token"].iter().find_map(|name| misspelt(parameters, name)) {
        return format!("the call has `{sent}`; the parameter for an access token is called `auth`");
    }
    let unread = unread_body(request).map_or(String::new(), |why| format!(": {why}"));
    format!("the call has neither a webhook in its path nor an access token{unread}")
}

/// Why a credential lacks the scope that a method needs. `needed` are those of which it needs one.
pub fn of_scope(edition: Edition, needed: &[&str], portal: &Portal, credential: &Credential) -> String {
    let scopes = portal.scope_of(credential).map_or(&[][..], |scopes| scopes);
    let scopes = some_of(scopes.iter().map(|scope| scope.as_str()));
    let edition = edition.name();
    let needed = needed.first().copied().unwrap_or_default();
    format!(
        "the method needs the scope `{needed}` in the {edition} edition; scopes of the credential: {scopes}"
    )
}
