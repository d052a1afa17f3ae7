//! The webhook subscriptions of all tenants.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::events;
use super::messages::seconds;
use super::secret::Secret;
use super::section::{self, ChertSection, DEFAULT_VERSION, NewIds};
use crate::basics::Draws;
use crate::emulator::{BoundHandler, EventKind, HandlerTarget};
use crate::scalar::Text;

/// The URL of a subscription whose events nobody sends.
pub const DEV_INBOX: &str = "https://dev-inbox";

/// How many subscriptions a server may have.
pub const MOST_SUBSCRIPTIONS: usize = 10_000;

/// How many deleted ones are kept: what waited for them is still signed with their secret.
const MOST_DELETED: usize = 1_000;

/// The webhook subscriptions of all tenants.
#[derive(Clone, Debug)]
pub struct Subscriptions {
    list: Vec<Subscription>,
    deleted: VecDeque<Subscription>,
    ids: Draws,
    secrets: Draws,
    given: NewIds,
    /// The number of the next subscription.
    next: u64,
    /// How many calls have made one.
    made: u64,
}

/// A webhook subscription.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Its number, counted from 1.
    pub number: u64,
    /// ID of the subscription.
    pub id: String,
    /// Index of the tenant.
    pub tenant: usize,
    /// The name that the scenario gives its handler.
    name: Option<Arc<str>>,
    /// Where its events go.
    pub target: Target,
    /// The names of the events that it takes; empty for all.
    pub events: Vec<String>,
    /// Version of the events.
    pub version: String,
    /// Whether it gets events.
    pub is_active: bool,
    /// The key that signs its deliveries.
    pub secret: Secret,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// How many deliveries have failed since the last one that did not.
    pub consecutive_failures: u64,
    /// When a delivery has succeeded last.
    pub last_success_at: Option<Timestamp>,
    /// When one has failed last.
    pub last_failure_at: Option<Timestamp>,
}

/// Where the events of a subscription go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a handler.
    Handler(HandlerTarget),
    /// Nowhere: they can only be read.
    DevInbox,
}

/// A change of a subscription. `None` keeps what there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionChange {
    /// Where its events go.
    pub target: Option<Target>,
    /// The names of the events that it takes.
    pub events: Option<Vec<String>>,
    /// Version of the events.
    pub version: Option<String>,
    /// Whether it gets events.
    pub is_active: Option<bool>,
}

/// A subscription as answers show it, with the members of the documentation in their order.
#[derive(Serialize)]
pub struct Shown<'a> {
    id: &'a str,
    url: &'a str,
    events: &'a [String],
    version: &'a str,
    is_active: bool,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    #[serde(flatten)]
    state: Option<ShownState>,
}

/// The members that only later answers have.
#[derive(Serialize)]
struct ShownState {
    updated_at: String,
    consecutive_failures: u64,
    last_success_at: Option<String>,
    last_failure_at: Option<String>,
}

impl Target {
    /// The target with this URL.
    pub fn of(url: &str) -> Self {
        match url {
            DEV_INBOX => Self::DevInbox,
            url => Self::Handler(HandlerTarget::Url(url.into())),
        }
    }

    /// The URL, or the name of a handler without one.
    pub fn text(&self) -> &str {
        match self {
            Self::DevInbox => DEV_INBOX,
            Self::Handler(HandlerTarget::Url(text) | HandlerTarget::Name(text)) => text,
        }
    }
}

impl Subscriptions {
    /// Those of the scenario. IDs and secrets that it does not give are drawn from `seed`.
    pub fn new(section: &ChertSection, seed: u64, start: Timestamp) -> Self {
        let draws = |of: &str| Draws::new(seed, "chert", &format!("subscription {of}{}", section.suffix));
        let mut all = Self {
            list: Vec::new(),
            deleted: VecDeque::new(),
            ids: draws("id"),
            secrets: draws("secret"),
            given: section.new_ids.clone(),
            next: 1,
            made: 0,
        };
        for (tenant, known) in section.tenants.iter().enumerate() {
            for known in &known.subscriptions {
                let Some(target) = target(known) else { continue };
                let number = all.next;
                let id = known.id.as_ref().map_or_else(|| all.drawn_id(number), ToString::to_string);
                let secret =
                    known.secret.as_ref().map_or_else(|| all.drawn_secret(number), ToString::to_string);
                all.add(Subscription {
                    events: known.events.iter().map(ToString::to_string).collect(),
                    version: known.version.to_string(),
                    is_active: known.active,
                    name: known.name.as_ref().map(|name| Arc::from(name.as_str())),
                    ..Subscription::new(number, (id, secret), tenant, target, start)
                });
            }
        }
        all
    }

    /// The subscriptions of a tenant, the oldest first.
    pub fn of(&self, tenant: usize) -> impl Iterator<Item = &Subscription> {
        self.list.iter().filter(move |known| known.tenant == tenant)
    }

    /// The subscription of a tenant with this ID; `None` when there is none.
    pub fn find(&self, tenant: usize, id: &str) -> Option<&Subscription> {
        self.of(tenant).find(|known| known.id == id)
    }

    /// The subscription with this number, which may be deleted.
    pub fn get(&self, number: u64) -> Option<&Subscription> {
        match self.place(number) {
            Some(place) => self.list.get(place),
            None => self.deleted.iter().find(|known| known.number == number),
        }
    }

    /// Whether there may not be more.
    pub fn is_full(&self) -> bool {
        self.list.len() >= MOST_SUBSCRIPTIONS
    }

    /// A new subscription, which is not added yet.
    pub fn fresh(&self, tenant: usize, target: Target, now: Timestamp) -> Subscription {
        let given = |list: &[Text]| usize::try_from(self.made).ok().and_then(|made| list.get(made).cloned());
        let id =
            given(&self.given.subscriptions).map_or_else(|| self.drawn_id(self.next), |id| id.to_string());
        let secret = given(&self.given.subscription_secrets)
            .map_or_else(|| self.drawn_secret(self.next), |secret| secret.to_string());
        Subscription::new(self.next, (id, secret), tenant, target, now)
    }

    /// Notes that ID and secret of a new subscription were given in an answer: they are not given again.
    pub fn allocate(&mut self, new: &Subscription) {
        if new.number >= self.next {
            self.next = new.number + 1;
            self.made += 1;
        }
    }

    /// Adds a subscription.
    pub fn add(&mut self, new: Subscription) {
        self.next = self.next.max(new.number + 1);
        // Postponed changes may add them in another order.
        let place = self.list.partition_point(|known| known.number < new.number);
        self.list.insert(place, new);
    }

    /// Changes the subscription with this number. Returns false when there is none.
    pub fn change(&mut self, number: u64, change: SubscriptionChange, now: Timestamp) -> bool {
        let Some(place) = self.place(number) else { return false };
        self.list[place].change(change, now);
        true
    }

    /// Deletes the subscription with this number. Returns false when there is none.
    pub fn delete(&mut self, number: u64) -> bool {
        let Some(place) = self.place(number) else { return false };
        if self.deleted.len() == MOST_DELETED {
            self.deleted.pop_front();
        }
        self.deleted.push_back(self.list.remove(place));
        true
    }

    /// Notes how a delivery to the subscription with this number ended.
    pub fn ended(&mut self, number: u64, is_success: bool, now: Timestamp) {
        let Some(place) = self.place(number) else { return };
        let known = &mut self.list[place];
        if is_success {
            known.consecutive_failures = 0;
            known.last_success_at = Some(now);
        } else {
            known.consecutive_failures += 1;
            known.last_failure_at = Some(now);
        }
    }

    /// Gives the handlers of this name a URL. Returns how many there are.
    pub fn bind(&mut self, name: &str, url: &str) -> usize {
        let is_meant = |known: &&mut Subscription| known.name.as_deref() == Some(name);
        let mut count = 0;
        for known in self.list.iter_mut().filter(is_meant) {
            known.target = Target::of(url);
            count += 1;
        }
        count
    }

    /// The handlers as others see them: one for each event that they get.
    pub fn bound(&self) -> Vec<BoundHandler<'_>> {
        self.list.iter().flat_map(Subscription::bound).collect()
    }

    /// The secrets of all.
    pub fn secrets(&self) -> Vec<String> {
        self.list.iter().chain(&self.deleted).map(|known| known.secret.text().to_owned()).collect()
    }

    fn place(&self, number: u64) -> Option<usize> {
        self.list.binary_search_by_key(&number, |known| known.number).ok()
    }

    fn drawn_id(&self, number: u64) -> String {
        let mut draws = self.ids.clone();
        super::ids::uuid(draws.draw(2 * number), draws.draw(2 * number + 1))
    }

    /// 32 bytes in hex.
    fn drawn_secret(&self, number: u64) -> String {
        let mut draws = self.secrets.clone();
        (0..4).map(|part| format!("{:016x}", draws.draw(4 * number + part))).collect()
    }
}

impl Subscription {
    fn new(
        number: u64,
        (id, secret): (String, String),
        tenant: usize,
        target: Target,
        now: Timestamp,
    ) -> Self {
        Self {
            number,
            id,
            tenant,
            name: None,
            target,
            events: Vec::new(),
            version: DEFAULT_VERSION.to_owned(),
            is_active: true,
            secret: Secret::new(secret),
            created_at: now,
            updated_at: now,
            consecutive_failures: 0,
            last_success_at: None,
            last_failure_at: None,
        }
    }

    /// Changes it.
    pub fn change(&mut self, change: SubscriptionChange, now: Timestamp) {
        let SubscriptionChange { target, events, version, is_active } = change;
        if let Some(target) = target {
            (self.target, self.name) = (target, None);
        }
        events.into_iter().for_each(|events| self.events = events);
        version.into_iter().for_each(|version| self.version = version);
        is_active.into_iter().for_each(|is_active| self.is_active = is_active);
        self.updated_at = now;
    }

    /// The name under which it takes events of a kind; `None` when it does not take them. Who asks only for the older name
    /// of a message gets it under that.
    pub fn takes(&self, kind: &'static EventKind) -> Option<&'static EventKind> {
        let names = |kind: &EventKind| self.events.iter().any(|name| name == kind.name);
        if self.events.is_empty() || names(kind) {
            return Some(kind);
        }
        (*kind == events::MESSAGE_RECEIVED && names(&events::LEAD_REPLY)).then_some(&events::LEAD_REPLY)
    }

    fn bound(&self) -> Vec<BoundHandler<'_>> {
        let (Target::Handler(target), true) = (&self.target, self.is_active) else { return Vec::new() };
        let (name, url) = match target {
            HandlerTarget::Url(url) => (self.name.as_deref(), Some(&**url)),
            HandlerTarget::Name(name) => (Some(&**name), None),
        };
        let is_taken =
            |event: &&str| self.events.is_empty() || self.events.iter().any(|known| known == event);
        let taken = events::EVENTS.iter().map(|kind| kind.name).filter(is_taken);
        taken.map(|event| BoundHandler { event, name, url }).collect()
    }

    /// The subscription as an answer shows it.
    pub fn shown(&self) -> Shown<'_> {
        let state = ShownState {
            updated_at: seconds(self.updated_at),
            consecutive_failures: self.consecutive_failures,
            last_success_at: self.last_success_at.map(seconds),
            last_failure_at: self.last_failure_at.map(seconds),
        };
        Shown { state: Some(state), secret: None, ..self.shown_new() }
    }

    /// The same as the answer to the call that makes it shows it, the only one with its secret.
    pub fn shown_new(&self) -> Shown<'_> {
        Shown {
            id: &self.id,
            url: self.target.text(),
            events: &self.events,
            version: &self.version,
            is_active: self.is_active,
            created_at: seconds(self.created_at),
            secret: Some(self.secret.text()),
            state: None,
        }
    }
}

fn target(known: &section::Subscription) -> Option<Target> {
    match (&known.url, &known.name) {
        (Some(url), _) => Some(Target::of(url)),
        (None, Some(name)) => Some(Target::Handler(HandlerTarget::Name(Arc::from(name.as_str())))),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_takes_what_it_names() {
        let target = Target::of("https://a.example/");
        let mut known = Subscription::new(1, ("i".into(), "s".into()), 0, target, Timestamp::UNIX_EPOCH);
        let mut name = |events: &[&str], kind| {
            known.events = events.iter().map(ToString::to_string).collect();
            known.takes(kind).map(|kind| kind.name)
        };
        assert_eq!(name(&[], &events::MESSAGE_RECEIVED), Some("message.received"));
        assert_eq!(name(&["lead_reply"], &events::MESSAGE_RECEIVED), Some("lead_reply"));
        assert_eq!(
            name(&["lead_reply", "message.received"], &events::MESSAGE_RECEIVED),
            Some("message.received")
        );
        assert_eq!(name(&["lead_reply"], &events::REACTION_ADDED), None);
        assert_eq!(name(&["message.receive"], &events::MESSAGE_RECEIVED), None);
        assert_eq!(name(&["Message.Received"], &events::MESSAGE_RECEIVED), None, "names are exact");
    }
}
