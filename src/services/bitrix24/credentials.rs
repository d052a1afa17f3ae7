//! Presented credentials → the caller, or why not.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

use foldhash::{HashMap, HashMapExt};
use jiff::Timestamp;

use super::call::{Presented, Webhook};
use super::editions::Edition;
use super::errors::Refusal;
use super::section::{CredentialState, Portal, PortalState};
use crate::basics::Draws;
use crate::scalar::Text;

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
#[derive(Clone, Debug)]
pub struct Credentials {
    tokens: HashMap<String, Token>,
    /// By user, then by secret.
    webhooks: HashMap<String, HashMap<String, usize>>,
    /// For each credential, where its use is counted.
    accounts: Vec<usize>,
    /// By refresh token.
    grants: HashMap<String, Grant>,
    /// Pairs that were issued, the oldest first.
    issued: VecDeque<Pair>,
    /// Pairs ever drawn, which number the draws.
    count: u64,
    draws: Draws,
    /// What stands behind each credential of a copy.
    suffix: String,
}

/// An access token.
#[derive(Clone, Copy, Debug)]
struct Token {
    /// The place of its credential.
    credential: usize,
    expires: Option<Timestamp>,
}

/// What a refresh token is good for.
#[derive(Clone, Debug)]
struct Grant {
    /// The place of its credential.
    credential: usize,
    /// The access token that came with it.
    access_token: String,
}

/// Two tokens that were issued together.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
}

/// A pair that is to take another's place.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// The refresh token of the old pair.
    refresh_token: String,
    /// The new pair.
    pair: Pair,
    /// When its access token expires.
    expires: Timestamp,
}

impl Refresh {
    /// `pair`, issued at `now` for `refresh_token`.
    pub fn new(refresh_token: String, pair: Pair, now: Timestamp) -> Self {
        let lifetime = Duration::from_secs(LIFETIME.unsigned_abs());
        Self { refresh_token, pair, expires: now.checked_add(lifetime).unwrap_or(Timestamp::MAX) }
    }
}

/// An issued access token is good for this many seconds.
pub const LIFETIME: i64 = 3600;

/// The most issued pairs that are remembered.
const MOST_ISSUED: usize = 1_000;

impl Credentials {
    /// Indexes the credentials of `portal`; new ones will be drawn under `seed`.
    pub fn new(portal: &Portal, seed: u64, start: Timestamp) -> Self {
        let mut credentials = Self {
            tokens: HashMap::new(),
            webhooks: HashMap::new(),
            accounts: Vec::new(),
            grants: HashMap::new(),
            issued: VecDeque::new(),
            count: 0,
            draws: Draws::new(seed, "bitrix24", &format!("oauth{}", portal.suffix)),
            suffix: portal.suffix.clone(),
        };
        let mut applications = HashMap::new();
        for (index, credential) in portal.credentials.iter().enumerate() {
            let application = credential.client_id.as_ref();
            credentials
                .accounts
                .push(application.map_or(index, |id| *applications.entry(id).or_insert(index)));
            if let Some(token) = &credential.token {
                let expires = credential.expires.map(|point| point.on(start));
                credentials.tokens.insert(token.to_string(), Token { credential: index, expires });
            }
            if let (Some(token), Some(refresh_token)) = (&credential.token, &credential.refresh_token) {
                let grant = Grant { credential: index, access_token: token.to_string() };
                credentials.grants.insert(refresh_token.to_string(), grant);
            }
            if let Some(webhook) = &credential.webhook {
                let of_user = credentials.webhooks.entry(webhook.user.to_string()).or_default();
                of_user.insert(webhook.secret.to_string(), index);
            }
        }
        credentials
    }

    /// The place of the credential that this refresh token renews.
    pub fn of_refresh_token(&self, refresh_token: &str) -> Option<usize> {
        self.grants.get(&*self.own(refresh_token, &self.grants)).map(|grant| grant.credential)
    }

    /// What is presented, as `known` has it: in a copy the original's credentials are as good as its own, as a request
    /// may come here by its header alone.
    fn own<'a, V>(&self, presented: &'a str, known: &HashMap<String, V>) -> Cow<'a, str> {
        match self.suffix.as_str() {
            suffix if !suffix.is_empty() && !known.contains_key(presented) => {
                format!("{presented}{suffix}").into()
            }
            _ => presented.into(),
        }
    }

    /// Puts a new pair in the place of the old one: from `now` on the old access token is expired and the old refresh
    /// token is used up. Nothing happens where it was used up before.
    pub fn replace(&mut self, change: Refresh, now: Timestamp) {
        let refresh_token = self.own(&change.refresh_token, &self.grants).into_owned();
        let Some(Grant { credential, access_token }) = self.grants.remove(&refresh_token) else {
            return;
        };
        if let Some(old) = self.tokens.get_mut(&access_token) {
            old.expires = Some(old.expires.map_or(now, |expires| expires.min(now)));
        }
        let Pair { access_token, refresh_token } = change.pair.clone();
        self.tokens.insert(access_token.clone(), Token { credential, expires: Some(change.expires) });
        self.grants.insert(refresh_token, Grant { credential, access_token });
        self.issued.push_back(change.pair);
        if self.issued.len() > MOST_ISSUED
            && let Some(oldest) = self.issued.pop_front()
        {
            self.tokens.remove(&oldest.access_token);
            self.grants.remove(&oldest.refresh_token);
        }
    }

    /// A new pair, which is good for nothing yet.
    pub fn draw(&mut self) -> Pair {
        self.count += 1;
        let mut word = |first: u64| {
            let draws = (0..4).map(|part| self.draws.draw(self.count * 8 + first + part));
            draws.flat_map(letters).collect::<String>()
        };
        Pair { access_token: word(0), refresh_token: word(4) }
    }

    /// Who calls, in the server's order of handlers: application, webhook, session. The first that recognises its
    /// credentials decides. A webhook in the path decides before all of them: clients send a stray `auth` with it.
    ///
    /// `scope` is what the method's module needs; the order of the checks within each handler is the server's.
    pub fn caller(
        &self,
        portal: &Portal,
        presented: &Presented,
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
        let Some(&Token { credential: index, expires }) = self.tokens.get(&*self.own(token, &self.tokens))
        else {
            return refuse(edition.rules().unknown_token);
        };
        let credential = &portal.credentials[index];
        let caller = Caller {
            means: Means::OAuth,
            client_id: credential.client_id.clone(),
            account: Some(self.accounts[index]),
            scope: portal.scope_of(credential).cloned(),
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
        if expires.is_some_and(|expires| expires <= now) {
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
        webhook: &Webhook,
        scope: Option<&str>,
        secure: bool,
    ) -> Result<Caller, Refusal> {
        let edition = portal.edition;
        let refuse = |code: &str| Err(Refusal::new(code, edition));
        if portal.require_https && !secure {
            return refuse("INVALID_REQUEST");
        }
        let of_user = self.webhooks.get(webhook.user());
        let Some(&index) = of_user.and_then(|of_user| of_user.get(&*self.own(webhook.secret(), of_user)))
        else {
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

/// Eight letters and digits of a draw.
fn letters(draw: u64) -> impl Iterator<Item = char> {
    const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    (0..8).map(move |place| char::from(ALPHABET[(draw / 36_u64.pow(place) % 36) as usize]))
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
