//! An operation that no caller of a scenario may call → why: what keeps each credential from it, and what to change.

use jiff::Timestamp;

use super::methods::{self, Callers, Method};
use super::section::{Credential, CredentialState, Portal, PortalState};
use crate::emulator::{Operation, some_of};

/// How many obstacles are named.
const MOST: usize = 3;

/// Why no credential may call `operation` at `start`; `None` when the portal has nothing to call it on.
pub fn of(portal: &Portal, operation: &Operation, start: Timestamp) -> Option<String> {
    let Some(method) = methods::by_name(operation.name) else { return of_refresh(portal) };
    if !method.is_in(portal.edition) {
        let other = portal.edition.other().name();
        return Some(format!("only the {other} edition has it: write `edition: {other}`"));
    }
    (method.example)(portal)?;
    if portal.state != PortalState::Open {
        return Some(of_state(portal));
    }
    if portal.credentials.is_empty() {
        return Some("the scenario has no `credentials`: add a `token` or a `webhook`".to_owned());
    }
    let mut obstacles: Vec<String> = Vec::new();
    for (number, credential) in portal.credentials.iter().enumerate() {
        let Some(obstacle) = of_credential(portal, method, (number, credential), start) else { continue };
        if !obstacles.contains(&obstacle) {
            obstacles.push(obstacle);
        }
    }
    let others = obstacles.len().saturating_sub(MOST);
    obstacles.truncate(MOST);
    let more = if others == 0 { String::new() } else { format!("; and {others} more") };
    (!obstacles.is_empty()).then(|| format!("{}{more}", obstacles.join("; ")))
}

/// What keeps this credential from calling `method`; `None` when nothing does.
fn of_credential(
    portal: &Portal,
    method: &Method,
    (number, credential): (usize, &Credential),
    start: Timestamp,
) -> Option<String> {
    let is_webhook = credential.webhook.is_some();
    if is_webhook && method.callers == Callers::Applications {
        return Some("only applications may call it: add an access token (`token`)".to_owned());
    }
    if is_webhook && !portal.edition.rules().webhook_may_call && method.callers == Callers::OfConnectors {
        return Some(
            "in the live edition a webhook may not call it: add an access token (`token`), or write `edition: documented`"
                .to_owned(),
        );
    }
    if is_webhook && portal.require_https {
        return Some("with `require_https: true` a webhook may call over https only".to_owned());
    }
    if credential.state != CredentialState::Active {
        return Some(format!("`credentials[{number}]` has `state: {}`", credential.state.name()));
    }
    if credential.expires.is_some_and(|expires| expires.on(start) <= start) {
        return Some(format!(
            "the token of `credentials[{number}]` has expired at the start: give it a later `expires`"
        ));
    }
    if portal.grants(credential, method) {
        let has_application =
            method.callers != Callers::Applications || portal.belongs_to_application(credential);
        return (!has_application).then(|| {
            format!("the token of `credentials[{number}]` belongs to no application: add `client_id` to it")
        });
    }
    let scopes = portal.scope_of(credential).map_or(&[][..], |scopes| scopes);
    let scopes = some_of(scopes.iter().map(|scope| scope.as_str()));
    let whose = if credential.scope.is_some() { "" } else { " from its application" };
    let needed = method.scopes(portal.edition).first().copied().unwrap_or_default();
    let edition = portal.edition.name();
    Some(format!(
        "`credentials[{number}]` lacks the scope `{needed}`, which it needs in the {edition} edition; it has {scopes}{whose}: add \
         `{needed}` to `scope`, or leave `scope` out"
    ))
}

/// Why no refresh token can be exchanged; `None` when there is none.
fn of_refresh(portal: &Portal) -> Option<String> {
    let mut refreshed =
        portal.credentials.iter().enumerate().filter(|(_, known)| known.refresh_token.is_some());
    let (number, first) = refreshed.next()?;
    if portal.state == PortalState::SubscriptionEnded {
        return Some(of_state(portal));
    }
    let is_installed =
        !matches!(first.state, CredentialState::NotInstalled | CredentialState::ApplicationNotFound);
    (!is_installed).then(|| format!("`credentials[{number}]` has `state: {}`", first.state.name()))
}

fn of_state(portal: &Portal) -> String {
    format!("the portal has `state: {}`", portal.state.name())
}
