//! Presented credentials → the caller, or why not.

use std::borrow::Cow;

use foldhash::{HashMap, HashMapExt};
use jiff::Timestamp;

use super::call::Presented;
use super::editions::Edition;
use super::errors::Refusal;
use super::section::{CredentialState, Portal, PortalState};
use crate::seed::Text;

/// How a caller came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// An access token of an application.
    OAuth,
    /// An incoming webhook.
    Webhook,
    /// A browser's session.
    Session,
}

/// Someone who may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// How they came in.
    pub means: Means,
    /// The application's `client_id`, where there is one.
    pub client_id: Option<Text>,
    /// The place of the first credential of the same application, or of the credential itself: what a caller uses
    /// is counted there. A session has none.
    pub account: Option<usize>,
    scope: Option<Vec<Text>>,
}

impl Caller {
    /// Whether the credential grants `scope`; one that names no scopes grants all.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.as_ref().is_none_or(|scopes| scopes.iter().any(|granted| granted.as_str() == scope))
    }
}

/// The credentials of a portal, by what a request presents.
#[derive(Debug)]
pub struct Credentials {
    tokens: HashMap<String, usize>,
    /// By user, then by secret.
    webhooks: HashMap<String, HashMap<String, usize>>,
    /// For each credential, where its use is counted.
    accounts: Vec<usize>,
}

impl Credentials {
    /// Indexes the credentials of `portal`.
    pub fn new(portal: &Portal) -> Self {
        let mut credentials = Self { tokens: HashMap::new(), webhooks: HashMap::new(), accounts: Vec::new() };
        let mut applications = HashMap::new();
        for (index, credential) in portal.credentials.iter().enumerate() {
            let application = credential.client_id.as_ref();
            credentials
                .accounts
                .push(application.map_or(index, |id| *applications.entry(id).or_insert(index)));
            if let Some(token) = &credential.token {
                credentials.tokens.insert(token.to_string(), index);
            }
            if let Some(webhook) = &credential.webhook {
                let of_user = credentials.webhooks.entry(webhook.user.to_string()).or_default();
                of_user.insert(webhook.secret.to_string(), index);
            }
        }
        credentials
    }

    /// Who calls, in the server's order of handlers: application, webhook, session. The first that recognises its
    /// credentials decides. A webhook in the path decides before all of them: clients send a stray `auth` with it.
    ///
    /// `scope` is what the method's module needs; the order of the checks within each handler is the server's.
    pub fn caller(
        &self,
        portal: &Portal,
        presented: &Presented<'_>,
        scope: Option<&str>,
        now: Timestamp,
        secure: bool,
    ) -> Result<Caller, Refusal> {
        let edition = portal.edition;
        match (&presented.token, &presented.webhook) {
            (_, Some(webhook)) if presented.webhook_in_path => {
                self.by_webhook(portal, webhook, scope, secure)
            }
            (Some(token), _) => self.by_token(portal, token, scope, now),
            (None, Some(webhook)) => self.by_webhook(portal, webhook, scope, secure),
            (None, None) if presented.session => {
                Ok(Caller { means: Means::Session, client_id: None, account: None, scope: None })
            }
            (None, None) => Err(Refusal::new("NO_AUTH_FOUND", edition)),
        }
    }

    fn by_token(
        &self,
        portal: &Portal,
        token: &str,
        scope: Option<&str>,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let edition = portal.edition;
        let refuse = |code: &str| Err(Refusal::new(code, edition));
        let Some(&index) = self.tokens.get(token) else {
            return refuse(edition.rules().unknown_token);
        };
        let credential = &portal.credentials[index];
        let caller = Caller {
            means: Means::OAuth,
            client_id: credential.client_id.clone(),
            account: Some(self.accounts[index]),
            scope: credential.scope.clone(),
        };
        if credential.state == CredentialState::NotInstalled {
            return refuse("ERROR_OAUTH");
        }
        match portal.state {
            PortalState::SubscriptionEnded => return refuse("PAYMENT_REQUIRED"),
            PortalState::OauthUnreachable => return refuse("CONNECTION_ERROR"),
            PortalState::Overloaded => return refuse("OVERLOAD_LIMIT"),
            PortalState::NoRest => return refuse("ACCESS_DENIED"),
            PortalState::Open | PortalState::Deleted => {}
        }
        if credential.state == CredentialState::ApplicationNotFound {
            return refuse("APPLICATION_NOT_FOUND");
        }
        if credential.expires.is_some_and(|expires| expires.0 <= now) {
            return refuse("expired_token");
        }
        if scope.is_some_and(|scope| !caller.has_scope(scope)) {
            return refuse("insufficient_scope");
        }
        match credential.state {
            CredentialState::UserUnauthorized => refuse("authorization_error"),
            CredentialState::UserWithoutAccess => refuse("user_access_error"),
            _ => Ok(caller),
        }
    }

    fn by_webhook(
        &self,
        portal: &Portal,
        (user, secret): &(Cow<'_, str>, Cow<'_, str>),
        scope: Option<&str>,
        secure: bool,
    ) -> Result<Caller, Refusal> {
        let edition = portal.edition;
        let refuse = |code: &str| Err(Refusal::new(code, edition));
        if portal.require_https && !secure {
            return refuse("INVALID_REQUEST");
        }
        let Some(&index) = self.webhooks.get(&**user).and_then(|of_user| of_user.get(&**secret)) else {
            return refuse("INVALID_CREDENTIALS");
        };
        let credential = &portal.credentials[index];
        let account = Some(self.accounts[index]);
        let caller =
            Caller { means: Means::Webhook, client_id: None, account, scope: credential.scope.clone() };
        if scope.is_some_and(|scope| !caller.has_scope(scope)) {
            return Err(for_means(Refusal::new("insufficient_scope", edition), Means::Webhook, edition));
        }
        match portal.state {
            PortalState::Overloaded => return refuse("OVERLOAD_LIMIT"),
            PortalState::NoRest | PortalState::SubscriptionEnded => {
                return Err(for_means(Refusal::new("ACCESS_DENIED", edition), Means::Webhook, edition));
            }
            PortalState::Open | PortalState::Deleted | PortalState::OauthUnreachable => {}
        }
        match credential.state {
            CredentialState::UserUnauthorized => Err(Refusal::new("ACCESS_DENIED", edition)
                .with_text("Current user can't be authorized in this context")),
            CredentialState::UserWithoutAccess => refuse("user_access_error"),
            _ => Ok(caller),
        }
    }
}

/// The live server words two errors by how the caller came in; the page knows one wording each.
pub fn for_means(refusal: Refusal, means: Means, edition: Edition) -> Refusal {
    let worded_by_means = edition.rules().words_by_means && means == Means::Webhook;
    match refusal.code.code {
        "insufficient_scope" if worded_by_means => {
            refusal.with_text("The request requires higher privileges than provided by the webhook token")
        }
        "ACCESS_DENIED" if worded_by_means => refusal.with_text("REST is available only by subscription."),
        _ => refusal,
    }
}
