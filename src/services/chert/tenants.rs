//! Tenants: what they are found by, their lines, chats, messages and attachments.

use std::collections::VecDeque;

use foldhash::{HashMap, HashMapExt};
use jiff::Timestamp;

use super::attachments::{Attachment, Attachments, Content, from_base64};
use super::chats::Chat;
use super::idempotency::Answers;
use super::ids::{IdKind, Ids};
use super::messages::{Message, Part, Status};
use super::secret::Secret;
use super::section::{self, ChertSection, MessageStatus, TenantState};

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
    /// Chats: first those of the scenario in its order, then those that calls and actions made.
    pub chats: Vec<Chat>,
    ids: HashMap<String, usize>,
    /// The direct chat with each recipient, by phone number or email address.
    direct: HashMap<String, usize>,
    history: History,
    /// The attachments.
    pub attachments: Attachments,
    /// The answers to calls with an idempotency key.
    pub answers: Answers,
    /// When the scenario started.
    start: Timestamp,
    /// The number of chats at the start.
    known: usize,
}

/// Where the messages of a tenant are.
#[derive(Clone, Debug, Default)]
struct History {
    /// The index of the chat and the number in it, by the ID of the message.
    places: HashMap<String, (usize, u64)>,
    /// The IDs of all messages, the oldest first.
    order: VecDeque<String>,
    /// The weight of all messages, in bytes.
    size: usize,
}

/// The largest number of chats that calls and actions can make.
pub const MOST_MADE: usize = 10_000;

/// How many participants a group may have.
pub const MOST_PARTICIPANTS: usize = 1_000;

/// How many messages of a tenant are kept.
const MOST_MESSAGES: usize = 100_000;

/// How many bytes of messages of a tenant are kept.
const MOST_BYTES: usize = 16 << 20;

impl Tenants {
    /// All tenants, in the order of the scenario.
    pub fn all(&self) -> &[Tenant] {
        &self.tenants
    }

    /// The tenant with this index, to be changed.
    pub(super) fn get_mut(&mut self, index: usize) -> &mut Tenant {
        &mut self.tenants[index]
    }

    /// Indexes the tenants of `section`. In a namespace, a tenant is also found by its slug and secret without the
    /// suffix, because a request can select the namespace by a header field.
    pub(super) fn new(section: &ChertSection, ids: &Ids, start: Timestamp) -> Self {
        let mut unnamed = 0;
        let tenants: Vec<_> = section
            .tenants
            .iter()
            .enumerate()
            .map(|(i, tenant)| Tenant::new(i, tenant, &section.suffix, start, ids, &mut unnamed))
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

    /// The secret of a tenant.
    pub fn secret(&self, tenant: &Tenant) -> &str {
        self.slugs.get(tenant.slug()).map_or("", |key| key.secret.text())
    }

    /// The tenant whose secret satisfies `is_meant`; `None` when there is none.
    pub fn by_secret(&self, is_meant: impl Fn(&Secret) -> bool) -> Option<&Tenant> {
        let key = self.slugs.values().find(|key| is_meant(&key.secret))?;
        Some(&self.tenants[key.tenant])
    }
}

impl Tenant {
    fn new(
        index: usize,
        known: &section::Tenant,
        suffix: &str,
        start: Timestamp,
        ids: &Ids,
        unnamed: &mut u64,
    ) -> Self {
        let mut tenant = Self {
            index,
            slug: known.slug.to_string(),
            original: known.slug.strip_suffix(suffix).unwrap_or(&known.slug).to_owned(),
            multi_tenant: known.multi_tenant,
            state: known.state,
            lines: known.lines.clone(),
            chats: Vec::with_capacity(known.chats.len()),
            ids: HashMap::with_capacity(known.chats.len()),
            direct: HashMap::new(),
            history: History::default(),
            attachments: Attachments::default(),
            answers: Answers::default(),
            start,
            known: known.chats.len(),
        };
        let lines: HashMap<&str, u32> =
            (0..).zip(&known.lines).map(|(i, line)| (line.id.as_str(), i)).collect();
        for chat in &known.chats {
            let line = chat.line.as_ref().and_then(|line| lines.get(line.as_str()).copied());
            let place = tenant.add_chat(of_scenario(chat, line));
            for message in &chat.messages {
                tenant.add_message(place, message_of_scenario(message, start, ids, unnamed));
            }
        }
        for attachment in &known.attachments {
            tenant.attachments.insert(attachment.id.to_string(), attachment_of_scenario(attachment));
        }
        tenant
    }

    /// Slug of the tenant, with the suffix of the namespace.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// The chat with this ID, and its index; `None` when there is none.
    pub fn chat(&self, id: &str) -> Option<(usize, &Chat)> {
        self.ids.get(id).map(|&index| (index, &self.chats[index]))
    }

    /// The direct chat with the recipient of this phone number or email address, and its index.
    pub fn direct(&self, address: &str) -> Option<(usize, &Chat)> {
        self.direct.get(address).map(|&index| (index, &self.chats[index]))
    }

    /// The number of chats that calls and actions have made.
    pub fn made(&self) -> usize {
        self.chats.len() - self.known
    }

    /// When a chat was made.
    pub fn created_at(&self, chat: &Chat) -> Timestamp {
        chat.life().created_at.unwrap_or(self.start)
    }

    /// The line that is pinned to a chat; `None` without one.
    pub fn line_of(&self, chat: &Chat) -> Option<&section::Line> {
        self.lines.get(usize::try_from(chat.line?).ok()?)
    }

    /// The line that `is_meant`, and its index.
    pub fn line(&self, is_meant: impl Fn(&section::Line) -> bool) -> Option<(u32, &section::Line)> {
        (0..).zip(&self.lines).find(|(_, line)| is_meant(line))
    }

    /// The message with this ID, with the index of its chat; `None` when there is none.
    pub fn message(&self, id: &str) -> Option<(usize, &Message)> {
        let &(chat, number) = self.history.places.get(id)?;
        Some((chat, self.chats[chat].life().message(number)?))
    }

    /// The newest message that `is_meant`, with the index of its chat.
    pub fn newest(&self, is_meant: impl Fn(&Message) -> bool) -> Option<(usize, &Message)> {
        let mut known = self.history.order.iter().rev().filter_map(|id| self.message(id));
        known.find(|(_, message)| is_meant(message))
    }

    /// Adds a chat. Returns its index.
    pub(super) fn add_chat(&mut self, chat: Chat) -> usize {
        let index = self.chats.len();
        self.ids.insert(chat.id.clone(), index);
        if let ([address], false) = (chat.life().participants.as_slice(), chat.is_group) {
            self.direct.entry(address.clone()).or_insert(index);
        }
        self.chats.push(chat);
        index
    }

    /// Adds a message to the chat with this index. The oldest messages of all chats go when there are too many.
    pub(super) fn add_message(&mut self, chat: usize, message: Message) {
        self.history.order.push_back(message.id.clone());
        self.history.size += message.weight();
        let id = message.id.clone();
        let number = self.chats[chat].life_mut().push(message);
        self.history.places.insert(id, (chat, number));
        self.forget_oldest();
    }

    /// Changes the message with this ID. Returns the index of its chat; `None` when it is not there.
    pub(super) fn change_message(&mut self, id: &str, change: impl FnOnce(&mut Message)) -> Option<usize> {
        let &(chat, number) = self.history.places.get(id)?;
        let message = self.chats[chat].life_mut().message_mut(number)?;
        let before = message.weight();
        change(message);
        self.history.size = self.history.size + message.weight() - before;
        self.forget_oldest();
        Some(chat)
    }

    /// The oldest message of all is always the oldest one of its chat.
    fn forget_oldest(&mut self) {
        let history = &mut self.history;
        while history.places.len() > MOST_MESSAGES || (history.size > MOST_BYTES && history.places.len() > 1)
        {
            let Some(oldest) = history.order.pop_front() else { break };
            let Some((chat, _)) = history.places.remove(&oldest) else { continue };
            if let Some(message) = self.chats[chat].life_mut().forget_oldest() {
                history.size -= message.weight();
            }
        }
    }
}

/// A chat as the scenario describes it.
fn of_scenario(known: &section::Chat, line: Option<u32>) -> Chat {
    let mut chat = Chat::new(known.id.to_string(), known.group, known.chat_key, line);
    chat.display_name = known.display_name.as_ref().map(ToString::to_string);
    chat.group_chat_icon = known.group_chat_icon.as_ref().map(ToString::to_string);
    if !known.participants.is_empty() || known.conversation.is_some() {
        let life = chat.life_mut();
        life.participants = known.participants.iter().map(ToString::to_string).collect();
        life.conversation = known.conversation.as_ref().map(ToString::to_string);
    }
    if known.left {
        chat.leave();
    }
    chat
}

/// A message as the scenario describes it; `unnamed` counts those without an ID.
fn message_of_scenario(known: &section::Message, start: Timestamp, ids: &Ids, unnamed: &mut u64) -> Message {
    let id = known.id.as_ref().map_or_else(
        || {
            *unnamed += 1;
            ids.of_start(if known.from.is_some() { IdKind::Inbound } else { IdKind::Message }, *unnamed)
        },
        ToString::to_string,
    );
    let text = known.text.iter().map(|text| Part::Text { value: text.to_string() });
    let media = known.media.iter().map(|id| Part::Media { attachment_id: id.to_string() });
    let (parts, at) = (text.chain(media).collect(), known.at.map_or(start, |at| at.on(start)));
    if let Some(from) = &known.from {
        return Message::received(id, from.to_string(), parts, at);
    }
    let mut message = Message::sent(id, parts, at);
    message.become_at(
        match known.status {
            MessageStatus::Sent => Status::Sent,
            MessageStatus::Delivered => Status::Delivered,
            MessageStatus::Read => Status::Read,
        },
        at,
    );
    message
}

/// An attachment as the scenario describes it. One without a content is not uploaded.
fn attachment_of_scenario(known: &section::Attachment) -> Attachment {
    let text = known.text.as_ref().map(|text| text.as_bytes().to_vec());
    let bytes = text.or_else(|| known.base64.as_ref().and_then(|text| from_base64(text)));
    let size = bytes.as_ref().map_or(known.size_bytes.unwrap_or_default(), |bytes| bytes.len() as u64);
    Attachment {
        filename: known.filename.to_string(),
        content_type: known.content_type.to_string(),
        size,
        expires_at: Timestamp::MAX,
        content: bytes.map(Content::of_start),
    }
}
