//! `POST /oauth/token/`: a refresh token → a new pair of tokens, as the vendor's authorization server gives it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::call;
use super::credentials::{LIFETIME, Pair};
use super::envelope;
use super::errors::Refusal;
use super::methods::OAUTH_TOKEN;
use super::parameters::Parameters;
use super::portal::LivePortal;
use super::section::{Credential, CredentialState, PortalState};
use crate::basics::Stage;
use crate::http::{Body, Facts, Reply, Request};
use crate::services::{Exchange, Operation, OperationCall};

/// What a scenario and a catalogue know of it.
pub static OPERATION: Operation = Operation {
    name: OAUTH_TOKEN,
    route: "POST /oauth/token/",
    summary: "gives a new pair of tokens for a refresh token",
    parameters: &["grant_type", "client_id", "client_secret", "refresh_token"],
    chat: None,
    changes: true,
    source: "apidocs.bitrix24.com/settings/oauth/index.html",
};

/// The body of a 200, members in the order of the page.
#[derive(Serialize)]
struct Issued<'a> {
    access_token: &'a str,
    client_endpoint: &'a str,
    domain: &'a str,
    expires: i64,
    expires_in: i64,
    member_id: &'a str,
    refresh_token: &'a str,
    scope: &'a str,
    server_endpoint: &'a str,
    status: &'static str,
    user_id: u32,
}

/// Whether a path is that of the authorization server.
pub fn is_token(path: &str) -> bool {
    // Nearly every path is another one, which its beginning tells.
    path.trim_start_matches('/').starts_with("oauth")
        && path.split('/').filter(|segment| !segment.is_empty()).eq(["oauth", "token"])
}

/// Answers a request whose path [`is_token`].
pub fn answer(state: &mut LivePortal, exchange: &mut Exchange<'_>) -> Reply {
    let outcome = refreshed(state, exchange);
    state.time(exchange);
    match outcome {
        Ok(body) => envelope::issued(body),
        Err(refusal) => {
            exchange.checkpoint.refused(refusal.code.code);
            envelope::not_issued(&refusal)
        }
    }
}

/// What a request presents to be refreshed.
pub fn credential(request: &Request) -> Option<String> {
    given(&call::parameters(request), "refresh_token")
}

/// What a request brings along that must not be read in a journal.
pub fn secrets_in(request: &Request) -> Vec<String> {
    let parameters = call::parameters(request);
    let secret = |name| parameters.parameter(name).map(|value| value.into_owned());
    ["client_secret", "refresh_token", "code"].into_iter().filter_map(secret).collect()
}

/// The tokens that an answer hands out.
pub fn secrets_out(reply: &Reply) -> Vec<String> {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    ["access_token", "refresh_token"]
        .iter()
        .filter_map(|name| body[*name].as_str())
        .map(str::to_owned)
        .collect()
}

/// The checks, and then the new pair.
fn refreshed(state: &mut LivePortal, exchange: &mut Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let edition = state.edition();
    let refuse = |code: &str| Refusal::new(code, edition);
    if exchange.request.body == Body::TooLarge {
        let refusal = Refusal { status: 413, ..refuse("invalid_request") };
        return Err(refusal.with_text("Request body is larger than 1 MiB"));
    }
    let parameters = call::parameters(exchange.request);
    let call = OperationCall { operation: Some(&OPERATION), facts: &parameters, nested: false };
    state.passed(Stage::Gateway, &call, exchange)?;

    let given = |name: &str| given(&parameters, name).ok_or_else(|| refuse("invalid_request"));
    let grant_type = given("grant_type")?;
    let (client_id, client_secret) = (given("client_id")?, given("client_secret")?);
    let application = state.portal().application(&client_id);
    let is_client = application.is_some_and(|known| known.client_secret.as_str() == client_secret);
    if !is_client {
        return Err(refuse("invalid_client"));
    }
    if state.portal().state == PortalState::SubscriptionEnded {
        return Err(refuse("PAYMENT_REQUIRED.oauth"));
    }
    state.passed(Stage::Auth, &call, exchange)?;

    let refresh_token = match grant_type.as_str() {
        "refresh_token" => given("refresh_token")?,
        "authorization_code" => {
            exchange.checkpoint.remark("authorization codes are not emulated".into());
            return Err(refuse("invalid_grant"));
        }
        _ => return Err(refuse("invalid_request")),
    };
    state.passed(Stage::Arguments, &call, exchange)?;

    let credential = state.credentials().of_refresh_token(&refresh_token);
    let credential = credential.map(|index| &state.portal().credentials[index]);
    let of_client = |credential: &&Credential| credential.client_id.as_deref() == Some(&*client_id);
    let credential = credential.filter(of_client).ok_or_else(|| refuse("invalid_grant"))?;
    if matches!(credential.state, CredentialState::NotInstalled | CredentialState::ApplicationNotFound) {
        return Err(refuse("invalid_client"));
    }
    let scope = scope(state, credential);
    state.passed(Stage::Lookup, &call, exchange)?;

    let pair = state.refresh(refresh_token, &call, exchange)?;
    Ok(body(&pair, &scope, state.member_id(), exchange.stopwatch.now(), exchange.request))
}

/// A parameter that is there and not empty.
fn given(parameters: &Parameters, name: &str) -> Option<String> {
    parameters.parameter(name).filter(|value| !value.is_empty()).map(|value| value.into_owned())
}

/// What the tokens of a credential may do: where nothing is said, what the emulated method needs.
fn scope(state: &LivePortal, credential: &Credential) -> String {
    match state.portal().scope_of(credential) {
        Some(scopes) => scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(","),
        None => state.edition().rules().scope.to_owned(),
    }
}

/// The page prints slashes without PHP's escapes.
fn body(pair: &Pair, scope: &str, member_id: &str, now: Timestamp, request: &Request) -> Vec<u8> {
    let host = request.headers.text("host").unwrap_or("localhost");
    let endpoint = format!("{}://{host}/rest/", if request.secure { "https" } else { "http" });
    let issued = Issued {
        access_token: &pair.access_token,
        client_endpoint: &endpoint,
        domain: host,
        expires: now.as_second() + LIFETIME,
        expires_in: LIFETIME,
        member_id,
        refresh_token: &pair.refresh_token,
        scope,
        server_endpoint: &endpoint,
        status: "F",
        user_id: 1,
    };
    serde_json::to_vec(&issued).expect("a pair is plain members")
}
