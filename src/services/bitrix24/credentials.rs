//! The credentials of a portal: what a request may present, and what is issued.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use foldhash::{HashMap, HashMapExt};
use jiff::Timestamp;

use super::caller::{Kind, OfEvent};
use super::pairs::{Bearer, EventPairs, Pair};
use super::section::Portal;
use crate::basics::Draws;

/// The credentials of a portal, indexed by what a request presents.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub(super) tokens: HashMap<String, Token>,
    /// By user, then by secret.
    pub(super) webhooks: HashMap<String, HashMap<String, usize>>,
    /// For each credential: the account that its operating time is counted for.
    pub(super) accounts: Vec<usize>,
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
pub(super) struct Token {
    /// Index of the credential in the scenario.
    pub(super) credential: usize,
    pub(super) expires: Option<Timestamp>,
    /// Whether it expires because a refresh has replaced it.
    pub(super) is_replaced: bool,
    /// For whom it acts if it came with an event.
    pub(super) of_event: Option<Arc<OfEvent>>,
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
    pub(super) fn own<'a, V>(&self, presented: &'a str, known: &HashMap<String, V>) -> Cow<'a, str> {
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

    /// The tokens for one attempt alone, of which the access token expires at this instant.
    pub fn issue_single(&mut self, bearer: Bearer<'_>, number: (u64, usize), expires: Timestamp) -> Pair {
        let Bearer { credential, user, depth } = bearer;
        let pair = self.event_pairs.of_attempt(number.0, number.1);
        let of_event = Arc::new(OfEvent { user: user.to_owned(), depth });
        self.add(credential, pair.clone(), expires, Some(of_event), true);
        pair
    }

    /// Draws a new pair for the one with this refresh token. The new pair is not valid before [`Credentials::replace`].
    pub fn refresh(&self, refresh_token: String, now: Timestamp) -> Refresh {
        let (number, mut draws) = (self.count + 1, self.draws.clone());
        let pair = Pair::draw(&mut draws, number, &self.suffix);
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
}

/// When a token expires that is issued now.
fn expiry(now: Timestamp) -> Timestamp {
    now.checked_add(Duration::from_secs(LIFETIME.unsigned_abs())).unwrap_or(Timestamp::MAX)
}
