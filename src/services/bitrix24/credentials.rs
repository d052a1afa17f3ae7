//! The credentials of a request → the caller, or the error.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use foldhash::{HashMap, HashMapExt};
use jiff::Timestamp;

use super::call::{self, Presented, Webhook};
use super::caller::{Caller, Kind, Means, OfEvent};
use super::editions::Edition;
use super::errors;
use super::pairs::{Bearer, EventPairs, Pair};
use super::reasons;
use super::refusal::{Refusal, for_means};
use super::section::{CredentialState, Portal, PortalState};
use crate::basics::Draws;
use crate::http::Request;

/// The credentials of a portal, indexed by what a request presents.
#[derive(Clone, Debug)]
pub struct Credentials {
    tokens: HashMap<String, Token>,
    /// By user, then by secret.
    webhooks: HashMap<String, HashMap<String, usize>>,
    /// For each credential: the account that its operating time is counted for.
    accounts: Vec<usize>,
    /// By refresh token.
    grants: HashMap<String, Grant>,
    /// Issued pairs, the oldest first.
    issued: VecDeque<Pair>,
    /// The tokens of the latest events.
    of_events: Vec<EventToken>,
    /// Indices of the credentials whose application was removed.
    removed: Vec<usize>,
    /// How many pairs have been drawn so far; the number of a pair selects its random draws.
    count: u64,
    draws: Draws,
    event_pairs: EventPairs,
    /// Suffix appended to every credential of this namespace; empty in the main one.
    suffix: String,
}

/// What an access token stands for.
#[derive(Clone, Debug)]
struct Token {
    /// Index of the credential in the scenario.
    credential: usize,
    expires: Option<Timestamp>,
    /// Whether it expires because a refresh has replaced it.
    is_replaced: bool,
    /// For whom it acts if it came with an event.
    of_event: Option<Arc<OfEvent>>,
}

/// A token that came with an event. All events of one second share it.
#[derive(Clone, Debug)]
struct EventToken {
    credential: usize,
    second: i64,
    of_event: Arc<OfEvent>,
    pair: Pair,
}

/// What a refresh token stands for.
#[derive(Clone, Debug)]
struct Grant {
    /// Index of the credential in the scenario.
    credential: usize,
    /// The access token that was issued with it.
    access_token: String,
    /// When it was exchanged; `None` while it can be.
    used: Option<Timestamp>,
}

/// A new pair of tokens that is to replace an old one.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// Number of the new pair among all pairs that were drawn.
    number: u64,
    /// The refresh token of the old pair.
    refresh_token: String,
    /// The new pair.
    pub pair: Pair,
    /// When the new access token expires.
    expires: Timestamp,
}

/// Lifetime of an issued access token, in seconds.
pub const LIFETIME: i64 = 3600;

/// The largest number of issued pairs that are kept.
const MOST_ISSUED: usize = 1_000;

impl Credentials {
    /// Indexes the credentials of `portal`. New tokens are drawn from `seed`.
    pub fn new(portal: &Portal, seed: u64, start: Timestamp) -> Self {
        let mut credentials = Self {
            tokens: HashMap::new(),
            webhooks: HashMap::new(),
            accounts: Vec::new(),
            grants: HashMap::new(),
            issued: VecDeque::new(),
            of_events: Vec::new(),
            removed: Vec::new(),
            count: 0,
            draws: Draws::new(seed, "bitrix24", &format!("oauth{}", portal.suffix)),
            event_pairs: EventPairs::new(seed, &portal.suffix),
            suffix: portal.suffix.clone(),
        };
        let mut applications = HashMap::new();
        for (index, credential) in portal.all_credentials().enumerate() {
            let application = credential.client_id.as_ref();
            credentials
                .accounts
                .push(application.map_or(index, |id| *applications.entry(id).or_insert(index)));
            if let Some(token) = &credential.token {
                let expires = credential.expires.map(|point| point.on(start));
                let known = Token { credential: index, expires, is_replaced: false, of_event: None };
                credentials.tokens.insert(token.to_string(), known);
            }
            if let (Some(token), Some(refresh_token)) = (&credential.token, &credential.refresh_token) {
                let grant = Grant { credential: index, access_token: token.to_string(), used: None };
                credentials.grants.insert(refresh_token.to_string(), grant);
            }
            if let Some(webhook) = &credential.webhook {
                let of_user = credentials.webhooks.entry(webhook.user.to_string()).or_default();
                of_user.insert(webhook.secret.to_string(), index);
            }
        }
        credentials
    }

    /// Index of the credential that this refresh token renews; `None` when the token is unknown or used up.
    pub fn of_refresh_token(&self, refresh_token: &str) -> Option<usize> {
        let grant = self.grants.get(&*self.own(refresh_token, &self.grants));
        grant.filter(|grant| grant.used.is_none()).map(|grant| grant.credential)
    }

    /// When this refresh token was exchanged; `None` when it was not, or is forgotten.
    pub fn exchanged(&self, refresh_token: &str) -> Option<Timestamp> {
        self.grants.get(&*self.own(refresh_token, &self.grants))?.used
    }

    /// What a text is that a request presents as a token; `None` when it is unknown.
    pub fn kind(&self, text: &str) -> Option<Kind> {
        let is_secret = |of_user: &HashMap<String, usize>| of_user.contains_key(&*self.own(text, of_user));
        match () {
            () if self.tokens.contains_key(&*self.own(text, &self.tokens)) => Some(Kind::AccessToken),
            () if self.grants.contains_key(&*self.own(text, &self.grants)) => Some(Kind::RefreshToken),
            () if self.webhooks.values().any(is_secret) => Some(Kind::Secret),
            () => None,
        }
    }

    /// The presented credential, with the suffix of the namespace if it lacks it. A namespace also accepts the
    /// credentials without the suffix, because a request can select the namespace by a header field.
    fn own<'a, V>(&self, presented: &'a str, known: &HashMap<String, V>) -> Cow<'a, str> {
        match self.suffix.as_str() {
            suffix if !suffix.is_empty() && !known.contains_key(presented) => {
                format!("{presented}{suffix}").into()
            }
            _ => presented.into(),
        }
    }

    /// Replaces the old pair with the new one: from `now` on, the old access token is expired and the old refresh token
    /// is used up. If the old refresh token was used up before, changes nothing and returns a remark.
    pub fn replace(&mut self, change: Refresh, now: Timestamp) -> Option<Cow<'static, str>> {
        let refresh_token = self.own(&change.refresh_token, &self.grants).into_owned();
        let Some(grant) = self.grants.get_mut(&refresh_token).filter(|grant| grant.used.is_none()) else {
            return Some("a postponed change came too late: the refresh token had been used up".into());
        };
        grant.used = Some(now);
        let credential = grant.credential;
        if let Some(old) = self.tokens.get_mut(&grant.access_token)
            && old.expires.is_none_or(|expires| expires > now)
        {
            (old.expires, old.is_replaced) = (Some(now), true);
        }
        self.add(credential, change.pair, change.expires, None, true);
        None
    }

    /// Adds an issued pair. The oldest pair goes when there are too many.
    fn add(
        &mut self,
        credential: usize,
        pair: Pair,
        expires: Timestamp,
        of_event: Option<Arc<OfEvent>>,
        refreshes: bool,
    ) {
        let Pair { access_token, refresh_token } = pair.clone();
        let token = Token { credential, expires: Some(expires), is_replaced: false, of_event };
        // A clock that is set back comes to the same second again.
        if self.tokens.insert(access_token.clone(), token).is_some() {
            self.issued.retain(|known| known.access_token != access_token);
        }
        if refreshes {
            self.grants.insert(refresh_token, Grant { credential, access_token, used: None });
        }
        self.issued.push_back(pair);
        if self.issued.len() > MOST_ISSUED
            && let Some(oldest) = self.issued.pop_front()
        {
            self.tokens.remove(&oldest.access_token);
            self.grants.remove(&oldest.refresh_token);
        }
    }

    /// The tokens that an attempt to deliver an event carries, drawn at `now`. Those with a refresh token that is valid are
    /// for one attempt alone: `lasting` has the numbers of the delivery and of the attempt. All others of one second share theirs.
    pub fn issue(&mut self, bearer: Bearer<'_>, lasting: Option<(u64, usize)>, now: Timestamp) -> Pair {
        let Bearer { credential, user, depth } = bearer;
        let second = now.as_second();
        self.of_events.retain(|known| known.second == second);
        let of_event = OfEvent { user: user.to_owned(), depth };
        let is_same = |known: &&EventToken| known.credential == credential && *known.of_event == of_event;
        if lasting.is_none()
            && let Some(known) = self.of_events.iter().find(is_same)
        {
            return known.pair.clone();
        }
        let of_event = Arc::new(of_event);
        let pair = match lasting {
            Some((delivery, attempt)) => self.event_pairs.of_attempt(delivery, attempt),
            None => self.event_pairs.of_second(bearer, now),
        };
        let known = Some(Arc::clone(&of_event));
        self.add(credential, pair.clone(), expiry(now), known, lasting.is_some());
        if lasting.is_none() {
            self.of_events.push(EventToken { credential, second, of_event, pair: pair.clone() });
        }
        pair
    }

    /// Draws a new pair for the one with this refresh token. The new pair is not valid before [`Credentials::replace`].
    pub fn refresh(&self, refresh_token: String, now: Timestamp) -> Refresh {
        let (number, mut draws) = (self.count + 1, self.draws.clone());
        let pair = Pair::draw(&mut draws, number);
        Refresh { number, refresh_token, pair, expires: expiry(now) }
    }

    /// Notes that the application of these credentials was removed: they are dead.
    pub fn remove(&mut self, credentials: &[usize]) {
        self.removed.retain(|known| !credentials.contains(known));
        self.removed.extend(credentials);
    }

    /// Notes that the application of these credentials is installed. If it had been removed, those of the scenario are good
    /// again, and what was issued before stays dead.
    pub fn install(&mut self, credentials: &[usize]) {
        if !self.removed.iter().any(|known| credentials.contains(known)) {
            return;
        }
        self.removed.retain(|known| !credentials.contains(known));
        self.of_events.retain(|known| !credentials.contains(&known.credential));
        let Self { issued, tokens, grants, .. } = self;
        issued.retain(|pair| {
            let known = tokens.get(&pair.access_token);
            let is_dead = known.is_some_and(|known| credentials.contains(&known.credential));
            if is_dead {
                tokens.remove(&pair.access_token);
                grants.remove(&pair.refresh_token);
            }
            !is_dead
        });
    }

    /// Whether the application of the credential with this index was removed.
    pub fn is_removed(&self, credential: usize) -> bool {
        self.removed.contains(&credential)
    }

    /// The tokens of the issued pairs that are kept.
    pub fn issued(&self) -> impl Iterator<Item = String> {
        let pairs = self.issued.iter();
        pairs.flat_map(|pair| [pair.access_token.clone(), pair.refresh_token.clone()])
    }

    /// Records that a pair was drawn, so that it is not drawn again even if it never becomes valid.
    pub fn allocate(&mut self, refresh: &Refresh) {
        self.count = self.count.max(refresh.number);
    }

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

/// When a token expires that is issued now.
fn expiry(now: Timestamp) -> Timestamp {
    now.checked_add(Duration::from_secs(LIFETIME.unsigned_abs())).unwrap_or(Timestamp::MAX)
}
