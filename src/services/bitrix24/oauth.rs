//! `POST /oauth/token/`: exchanges a refresh token for a new pair of tokens, as the vendor's authorization server does.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::call;
use super::change::Change;
use super::credentials::LIFETIME;
use super::editions::Edition;
use super::envelope;
use super::errors;
use super::invocation::passed;
use super::pairs::Pair;
use super::parameters::Parameters;
use super::php;
use super::portal::LivePortal;
use super::reasons;
use super::refusal::Refusal;
use super::section::{Credential, CredentialState, PortalState};
use super::shapes;
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, OperationCall, Parameter, Shape, member, some_of};
use crate::http::{Body, Facts, Reply, Request};

/// The operation, as scenarios and the catalogue name and describe it.
pub static OPERATION: Operation = Operation {
    name: "oauth.token",
    verb: "POST",
    path: "/oauth/token/",
    summary: "exchanges a refresh token for a new pair of tokens",
    parameters: &[
        Parameter::new("grant_type", "always `refresh_token`"),
        Parameter::new("client_id", "ID of the application"),
        Parameter::new("client_secret", "secret of the application"),
        Parameter::new("refresh_token", "the refresh token that came with the access token"),
        Parameter::new("code", "authorization code; not emulated").optional(),
        Parameter::new("scope", "scopes; ignored").optional(),
        Parameter::new("redirect_uri", "redirect address; ignored").optional(),
    ],
    errors: &[errors::OF_OAUTH],
    requires: "a refresh token of an application",
    status: 200,
    answer: || {
        Shape::object([
            member("access_token", Shape::Text),
            member("client_endpoint", Shape::Text),
            member("domain", Shape::Text),
            member("expires", Shape::Integer),
            member("expires_in", Shape::Integer),
            member("member_id", Shape::Text),
            member("refresh_token", Shape::Text),
            member("scope", Shape::Text),
            member("server_endpoint", Shape::Text),
            member("status", Shape::Like(&shapes::LETTER)),
            member("user_id", Shape::Integer),
        ])
    },
    changes: true,
    events: &[],
    source: "apidocs.bitrix24.com/settings/oauth/index.html",
};

/// The body of a success; its members are in the order of the page.
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

/// Whether `path` is that of the token endpoint.
pub fn is_token(path: &str) -> bool {
    // Fast path: the beginning already rules out nearly every path.
    path.trim_start_matches('/').starts_with("oauth")
        && path.split('/').filter(|segment| !segment.is_empty()).eq(["oauth", "token"])
}

/// Answers a request whose path [`is_token`].
pub fn answer(portal: &mut LivePortal, edition: Edition, exchange: &mut Exchange<'_>) -> Reply {
    let outcome = refreshed(portal, edition, exchange);
    portal.time(exchange);
    match outcome {
        Ok(body) => envelope::issued(body),
        Err(mut refusal) => {
            refusal.reason.take().into_iter().for_each(|reason| exchange.checkpoint.remark(reason));
            exchange.checkpoint.refused(refusal.code.code);
            envelope::not_issued(&refusal)
        }
    }
}

/// The refresh token of a request; `None` when it has none.
pub fn credential(request: &Request) -> Option<String> {
    let parameters = call::parameters(request);
    parameters.parameter("refresh_token").filter(|value| !value.is_empty()).map(|value| value.into_owned())
}

/// The tokens in an answer.
pub fn secrets_out(reply: &Reply) -> Vec<String> {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    ["access_token", "refresh_token"]
        .iter()
        .filter_map(|name| body[*name].as_str())
        .map(str::to_owned)
        .collect()
}

/// Runs the checks, then issues the new pair. Returns the body of the answer.
fn refreshed(
    portal: &mut LivePortal,
    edition: Edition,
    exchange: &mut Exchange<'_>,
) -> Result<Vec<u8>, Refusal> {
    let refuse = |code| Refusal::new(code, edition);
    if exchange.request.body == Body::TooLarge {
        let refusal = Refusal { status: 413, ..refuse(&errors::OAUTH_INVALID_REQUEST) };
        return Err(refusal.with_text("Request body is larger than 1 MiB"));
    }
    let parameters = call::parameters(exchange.request);
    let call = OperationCall { operation: Some(&OPERATION), facts: &parameters, nested: false };
    passed(Stage::Gateway, &call, edition, exchange)?;

    let request = exchange.request;
    let given = |name: &str| {
        given(&parameters, name).ok_or_else(|| {
            let reason =
                reasons::of_argument(&OPERATION, (name, parameters.exact(name)), &parameters, Some(request));
            refuse(&errors::OAUTH_INVALID_REQUEST).because(reason)
        })
    };
    let grant_type = given("grant_type")?;
    let (client_id, client_secret) = (given("client_id")?, given("client_secret")?);
    let application = portal.portal().application(&client_id);
    let Some(application) = application else {
        let known = some_of(portal.portal().applications.iter().map(|known| known.client_id.as_str()));
        let reason = format!("the scenario has no application `{client_id}`; its applications: {known}");
        return Err(refuse(&errors::INVALID_CLIENT).because(reason));
    };
    if application.client_secret.as_str() != client_secret {
        let reason = format!("the application `{client_id}` has another `client_secret`");
        return Err(refuse(&errors::INVALID_CLIENT).because(reason));
    }
    if portal.portal().state == PortalState::SubscriptionEnded {
        let reason = "the portal has `state: subscription_ended`";
        return Err(refuse(&errors::OAUTH_PAYMENT_REQUIRED).because(reason));
    }
    passed(Stage::Auth, &call, edition, exchange)?;

    let refresh_token = match grant_type.as_str() {
        "refresh_token" => given("refresh_token")?,
        "authorization_code" => {
            return Err(refuse(&errors::INVALID_GRANT).because("authorization codes are not emulated"));
        }
        _ => {
            let reason = format!("`grant_type` is `{grant_type}`; only `refresh_token` is emulated");
            return Err(refuse(&errors::OAUTH_INVALID_REQUEST).because(reason));
        }
    };
    passed(Stage::Arguments, &call, edition, exchange)?;

    let index = portal.credentials().of_refresh_token(&refresh_token);
    let credential = index;
    let credential = credential.map(|index| portal.portal().credential(index));
    let of_client = |credential: &&Credential| credential.client_id.as_deref() == Some(&*client_id);
    let credential = credential.ok_or_else(|| {
        let credentials = portal.credentials();
        let (kind, exchanged) = (credentials.kind(&refresh_token), credentials.exchanged(&refresh_token));
        let reason = reasons::of_refresh_token(kind, exchanged);
        refuse(&errors::INVALID_GRANT).because(reason)
    })?;
    if !of_client(&credential) {
        let reason = format!("the refresh token does not belong to the application `{client_id}`");
        return Err(refuse(&errors::INVALID_GRANT).because(reason));
    }
    let state = match credential.state {
        CredentialState::NotInstalled => Some("the credential has `state: not_installed`"),
        CredentialState::ApplicationNotFound => Some("the credential has `state: application_not_found`"),
        _ if index.is_some_and(|index| portal.credentials().is_removed(index)) => {
            Some("the application was removed by the action `app.uninstall`")
        }
        _ => None,
    };
    if let Some(reason) = state {
        return Err(refuse(&errors::INVALID_CLIENT).because(reason));
    }
    let scope = scope(portal, edition, credential);
    passed(Stage::Lookup, &call, edition, exchange)?;

    let now = exchange.stopwatch.now();
    let refresh = portal.credentials().refresh(refresh_token, now);
    let pair = refresh.pair.clone();
    portal.deliver(Effect::Change(Change::Refresh(refresh)), &call, exchange)?;
    Ok(body(&pair, &scope, &portal.member_id(), now, exchange.request))
}

/// The value of a parameter with exactly this name; `None` when it is absent or empty.
fn given(parameters: &Parameters, name: &str) -> Option<String> {
    parameters
        .exact(name)
        .and_then(php::to_text)
        .filter(|value| !value.is_empty())
        .map(|value| value.into_owned())
}

/// The scopes of a credential, joined by commas. A credential without scopes has that of imconnector.
fn scope(portal: &LivePortal, edition: Edition, credential: &Credential) -> String {
    match portal.portal().scope_of(credential) {
        Some(scopes) => scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(","),
        None => edition.rules().scope.to_owned(),
    }
}

/// The body of a success. Slashes are not escaped as PHP would, because the page prints them plain.
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
