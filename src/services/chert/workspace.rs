//! The state of running Chert: tenants, their chats, and limits.

use foldhash::{HashMap, HashMapExt};

use super::change::Change;
use super::secret::Secret;
use super::section::{self, ChertSection, TenantState};
use crate::basics::Draws;
use crate::emulator::Later;
use crate::emulator::bucket::Buckets;

/// The state of running Chert.
#[derive(Clone, Debug)]
pub struct LiveWorkspace {
    pub(super) tenants: Tenants,
    /// Counts requests by tenant; `None` when they are not limited.
    pub(super) requests: Option<Buckets<usize>>,
    traces: Draws,
    /// How many requests were answered; selects the random draw of the next trace ID.
    answered: u64,
    /// Postponed changes.
    pub(super) later: Later<Change>,
}

/// All tenants, and what they are found by.
#[derive(Clone, Debug)]
pub struct Tenants {
    tenants: Vec<Tenant>,
    slugs: HashMap<String, Key>,
}

/// A tenant and the secret that authenticates its requests.
#[derive(Clone, Debug)]
struct Key {
    /// Index of the tenant.
    tenant: usize,
    secret: Secret,
}

/// A tenant.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Index of the tenant.
    pub index: usize,
    slug: String,
    /// Slug in the scenario, without the suffix of a namespace.
    pub original: String,
    /// Whether a request with a bearer token must also send `x-chert-tenant`.
    pub multi_tenant: bool,
    /// State of the account.
    pub state: TenantState,
    /// Lines, which no call changes.
    pub lines: Vec<section::Line>,
    /// Chats, in the order of the scenario.
    pub chats: Vec<Chat>,
    ids: HashMap<String, usize>,
}

/// A chat.
#[derive(Clone, Debug)]
pub struct Chat {
    /// ID of the chat.
    pub id: String,
    /// Whether the chat is a group.
    pub is_group: bool,
    /// What the chat lacks for a delivery: its chat key or its pinned line. `None` when it has both.
    pub lacks: Option<&'static str>,
    /// Current display name.
    pub display_name: Option<String>,
    /// URL of the current icon.
    pub group_chat_icon: Option<String>,
}

impl Tenants {
    /// All tenants, in the order of the scenario.
    pub fn all(&self) -> &[Tenant] {
        &self.tenants
    }

    /// Indexes the tenants of `section`. In a namespace, a tenant is also found by its slug and secret without the
    /// suffix, because a request can select the namespace by a header field.
    fn new(section: &ChertSection) -> Self {
        let tenants: Vec<_> = section
            .tenants
            .iter()
            .enumerate()
            .map(|(i, tenant)| Tenant::new(i, tenant, &section.suffix))
            .collect();
        let mut slugs = HashMap::new();
        for (tenant, seed) in section.tenants.iter().enumerate() {
            let original = |text: &str| text.strip_suffix(&section.suffix).unwrap_or(text).to_owned();
            let (slug, secret) = (original(&seed.slug), original(&seed.signing_secret));
            slugs.insert(slug, Key { tenant, secret: Secret::new(secret) });
            let secret = Secret::new(seed.signing_secret.to_string());
            slugs.insert(seed.slug.to_string(), Key { tenant, secret });
        }
        Self { tenants, slugs }
    }

    /// The tenant with this slug, and its secret; `None` when there is none.
    pub fn by_slug(&self, slug: &str) -> Option<(&Tenant, &Secret)> {
        let key = self.slugs.get(slug)?;
        Some((&self.tenants[key.tenant], &key.secret))
    }

    /// The tenant whose secret satisfies `is_meant`; `None` when there is none.
    pub fn by_secret(&self, is_meant: impl Fn(&Secret) -> bool) -> Option<&Tenant> {
        let key = self.slugs.values().find(|key| is_meant(&key.secret))?;
        Some(&self.tenants[key.tenant])
    }
}

impl Tenant {
    fn new(index: usize, tenant: &section::Tenant, suffix: &str) -> Self {
        let chats: Vec<_> = tenant.chats.iter().map(Chat::new).collect();
        Self {
            index,
            slug: tenant.slug.to_string(),
            original: tenant.slug.strip_suffix(suffix).unwrap_or(&tenant.slug).to_owned(),
            multi_tenant: tenant.multi_tenant,
            state: tenant.state,
            lines: tenant.lines.clone(),
            ids: chats.iter().enumerate().map(|(index, chat)| (chat.id.clone(), index)).collect(),
            chats,
        }
    }

    /// Slug of the tenant, with the suffix of the namespace.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// The chat with this ID, and its index; `None` when there is none.
    pub fn chat(&self, id: &str) -> Option<(usize, &Chat)> {
        self.ids.get(id).map(|&index| (index, &self.chats[index]))
    }
}

impl Chat {
    fn new(chat: &section::Chat) -> Self {
        Self {
            id: chat.id.to_string(),
            is_group: chat.group,
            lacks: match (chat.chat_key, &chat.line) {
                (true, Some(_)) => None,
                (true, None) => Some("has no `line`"),
                (false, Some(_)) => Some("has `chat_key: false`"),
                (false, None) => Some("has `chat_key: false` and no `line`"),
            },
            display_name: chat.display_name.as_ref().map(ToString::to_string),
            group_chat_icon: chat.group_chat_icon.as_ref().map(ToString::to_string),
        }
    }
}

impl LiveWorkspace {
    /// Chert at the start of its scenario. Random draws come from `seed`.
    pub fn new(section: &ChertSection, seed: u64) -> Self {
        Self {
            tenants: Tenants::new(section),
            requests: section.limits.requests.map(Buckets::new),
            traces: Draws::new(seed, "chert", "trace"),
            answered: 0,
            later: Later::default(),
        }
    }

    /// The next trace ID: twelve lower-case hex digits, drawn from the seed.
    pub(super) fn trace(&mut self) -> String {
        self.answered += 1;
        let draw = self.traces.draw(self.answered) >> 16;
        let digit = |place: usize| b"0123456789abcdef"[(draw >> (4 * (11 - place)) & 0xf) as usize];
        let digits: [u8; 12] = std::array::from_fn(digit);
        str::from_utf8(&digits).expect("hex digits are ASCII").to_owned()
    }

    /// Makes a change, which is always possible.
    pub(super) fn commit(&mut self, change: Change) {
        match change {
            Change::Rename { tenant, chat, display_name, group_chat_icon } => {
                let chat = &mut self.tenants.tenants[tenant].chats[chat];
                chat.display_name = display_name.or(chat.display_name.take());
                chat.group_chat_icon = group_chat_icon.or(chat.group_chat_icon.take());
            }
        }
    }
}
