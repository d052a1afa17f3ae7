//! The credentials of a request → the caller, or the error.

use jiff::Timestamp;

use super::call::{self, Presented, Webhook};
use super::caller::{Caller, Means};
use super::credentials::Credentials;
use super::editions::Edition;
use super::errors;
use super::reasons;
use super::refusal::{Refusal, for_means};
use super::section::{CredentialState, Portal, PortalState};
use crate::http::Request;

impl Credentials {
    /// Authenticates the caller. The handlers run in the server's order: application, webhook, session; the first one
    /// that recognises its kind of credential decides. A webhook in the path goes before all of them, because clients
    /// send a stray `auth` with it.
    ///
    /// `scopes` are those of which the method needs one. The checks within each handler are in the server's order.
    pub fn caller(
        &self,
        portal: &Portal,
        edition: Edition,
        presented: &Presented,
        scopes: &[&str],
        now: Timestamp,
        request: &Request,
    ) -> Result<Caller, Refusal> {
        match (&presented.token, &presented.webhook) {
            (_, Some(webhook)) if presented.webhook_in_path => {
                self.by_webhook(portal, edition, webhook, scopes, request.secure)
            }
            (Some(token), _) => self.by_token(portal, edition, token, scopes, now),
            (None, Some(webhook)) => self.by_webhook(portal, edition, webhook, scopes, request.secure),
            (None, None) if presented.session => Ok(Caller {
                means: Means::Session,
                client_id: None,
                credential: None,
                account: None,
                of_event: None,
                scope: None,
            }),
            (None, None) => {
                let reason = reasons::of_no_credential(request, &call::parameters(request));
                Err(Refusal::new(&errors::NO_AUTH_FOUND, edition).because(reason))
            }
        }
    }

    fn by_token(
        &self,
        portal: &Portal,
        edition: Edition,
        token: &str,
        scopes: &[&str],
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let refuse = |code, reason: &'static str| Err(Refusal::new(code, edition).because(reason));
        // The authorization server tells what a token is, so nothing is known of any token without it.
        if portal.state == PortalState::OauthUnreachable {
            return refuse(&errors::CONNECTION_ERROR, "the portal has `state: oauth_unreachable`");
        }
        let Some(known) = self.tokens.get(&*self.own(token, &self.tokens)) else {
            return refuse(edition.rules().unknown_token, reasons::of_token(self.kind(token)));
        };
        let (index, expires, is_replaced) = (known.credential, known.expires, known.is_replaced);
        let credential = portal.credential(index);
        let caller = Caller {
            means: Means::OAuth,
            client_id: credential.client_id.clone(),
            credential: Some(index),
            account: Some(self.accounts[index]),
            of_event: known.of_event.clone(),
            scope: portal.scope_of(credential).cloned(),
        };
        if credential.state == CredentialState::NotInstalled {
            return refuse(&errors::ERROR_OAUTH, "the credential has `state: not_installed`");
        }
        if self.is_removed(index) {
            return refuse(&errors::ERROR_OAUTH, "the application was removed by the action `app.uninstall`");
        }
        match portal.state {
            PortalState::SubscriptionEnded => {
                return refuse(&errors::PAYMENT_REQUIRED, "the portal has `state: subscription_ended`");
            }
            PortalState::Overloaded => {
                return refuse(&errors::OVERLOAD_LIMIT, "the portal has `state: overloaded`");
            }
            PortalState::NoRest => return refuse(&errors::ACCESS_DENIED, "the portal has `state: no_rest`"),
            PortalState::Open | PortalState::Deleted | PortalState::OauthUnreachable => {}
        }
        if credential.state == CredentialState::ApplicationNotFound {
            let reason = "the credential has `state: application_not_found`";
            return refuse(&errors::APPLICATION_NOT_FOUND, reason);
        }
        if let Some(expired) = expires.filter(|expires| *expires <= now) {
            let what = if is_replaced { "a refresh replaced the token" } else { "the token expired" };
            let reason = format!("{what} at {expired}; the scenario's clock shows {now}");
            return Err(Refusal::new(&errors::EXPIRED_TOKEN, edition).because(reason));
        }
        if !caller.has_any(scopes) {
            let reason = reasons::of_scope(edition, scopes, portal, credential);
            return Err(Refusal::new(&errors::INSUFFICIENT_SCOPE, edition).because(reason));
        }
        match credential.state {
            CredentialState::UserUnauthorized => {
                refuse(&errors::AUTHORIZATION_ERROR, "the credential has `state: user_unauthorized`")
            }
            CredentialState::UserWithoutAccess => {
                refuse(&errors::USER_ACCESS_ERROR, "the credential has `state: user_without_access`")
            }
            _ => Ok(caller),
        }
    }

    fn by_webhook(
        &self,
        portal: &Portal,
        edition: Edition,
        webhook: &Webhook,
        scopes: &[&str],
        secure: bool,
    ) -> Result<Caller, Refusal> {
        let refuse = |code, reason: &'static str| Err(Refusal::new(code, edition).because(reason));
        if portal.require_https && !secure {
            let reason = "the portal has `require_https: true`, and the call came over http";
            return refuse(&errors::INVALID_REQUEST, reason);
        }
        let of_user = self.webhooks.get(webhook.user());
        let Some(&index) = of_user.and_then(|of_user| of_user.get(&*self.own(webhook.secret(), of_user)))
        else {
            let reason = reasons::of_webhook(portal, webhook.user());
            return Err(Refusal::new(&errors::INVALID_CREDENTIALS, edition).because(reason));
        };
        let credential = portal.credential(index);
        let account = Some(self.accounts[index]);
        let caller = Caller {
            means: Means::Webhook,
            client_id: None,
            credential: Some(index),
            account,
            of_event: None,
            scope: credential.scope.clone(),
        };
        if !caller.has_any(scopes) {
            let reason = reasons::of_scope(edition, scopes, portal, credential);
            let refusal = Refusal::new(&errors::INSUFFICIENT_SCOPE, edition).because(reason);
            return Err(for_means(refusal, Means::Webhook, edition));
        }
        match portal.state {
            PortalState::Overloaded => {
                return refuse(&errors::OVERLOAD_LIMIT, "the portal has `state: overloaded`");
            }
            PortalState::NoRest | PortalState::SubscriptionEnded => {
                let reason = match portal.state {
                    PortalState::NoRest => "the portal has `state: no_rest`",
                    _ => "the portal has `state: subscription_ended`",
                };
                let refusal = Refusal::new(&errors::ACCESS_DENIED, edition).because(reason);
                return Err(for_means(refusal, Means::Webhook, edition));
            }
            PortalState::Open | PortalState::Deleted | PortalState::OauthUnreachable => {}
        }
        match credential.state {
            CredentialState::UserUnauthorized => {
                refuse(&errors::AUTHORIZATION_ERROR, "the credential has `state: user_unauthorized`")
            }
            _ => Ok(caller),
        }
    }
}
