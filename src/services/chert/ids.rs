//! The IDs of new things: those that the scenario gives, then ones that are drawn from the seed.

use super::section::{ChertSection, NewIds};
use crate::basics::Draws;
use crate::scalar::Text;

/// The IDs of new things. An ID depends on its kind and its number alone, so a run can be repeated.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: u64,
    suffix: String,
    given: NewIds,
    /// The numbers of the next IDs.
    pub next: NextIds,
}

/// The number of the next ID of each kind, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NextIds {
    chats: u64,
    messages: u64,
    inbound: u64,
    attachments: u64,
    conversations: u64,
    received: u64,
}

/// A kind of thing that gets an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    /// A chat: a UUID.
    Chat,
    /// A message of the tenant: 32 hex digits.
    Message,
    /// A message of a recipient: a UUID in upper case.
    Inbound,
    /// An attachment of the tenant: 32 hex digits.
    Attachment,
    /// An attachment of a recipient: `in_` and 32 hex digits.
    Received,
    /// A conversation: a UUID.
    Conversation,
}

/// The IDs that one answer or action gives out.
#[derive(Clone, Debug)]
pub struct Fresh<'a> {
    ids: &'a Ids,
    /// The numbers of the next IDs after those that were given.
    pub next: NextIds,
}

impl Ids {
    /// The IDs at the start of a scenario.
    pub fn new(section: &ChertSection, seed: u64) -> Self {
        let (suffix, given) = (section.suffix.clone(), section.new_ids.clone());
        Self { seed, suffix, given, next: NextIds::default() }
    }

    /// New IDs, which are not given again once their change is allocated.
    pub fn fresh(&self) -> Fresh<'_> {
        Fresh { ids: self, next: self.next }
    }

    /// The ID of a message that the scenario describes without one; `number` counts these messages.
    pub fn of_start(&self, kind: IdKind, number: u64) -> String {
        self.drawn(kind, "start ", number)
    }

    fn at(&self, kind: IdKind, number: u64) -> String {
        let given: &[Text] = match kind {
            IdKind::Chat => &self.given.chats,
            IdKind::Message => &self.given.messages,
            IdKind::Inbound => &self.given.inbound,
            IdKind::Attachment => &self.given.attachments,
            IdKind::Conversation => &self.given.conversations,
            IdKind::Received => &[],
        };
        match usize::try_from(number).ok().and_then(|number| given.get(number)) {
            Some(id) => id.to_string(),
            None => self.drawn(kind, "", number),
        }
    }

    fn drawn(&self, kind: IdKind, of: &str, number: u64) -> String {
        // Messages of recipients name events, and a receiver of several namespaces tells them apart by these names.
        let name = match kind {
            IdKind::Inbound => format!("{of}inbound{}", self.suffix),
            kind => format!("{of}{kind:?}").to_lowercase(),
        };
        let mut draws = Draws::new(self.seed, "chert", &name);
        let (high, low) = (draws.draw(2 * number + 1), draws.draw(2 * number + 2));
        let hex = format!("{high:016x}{low:016x}");
        match kind {
            IdKind::Message | IdKind::Attachment => hex,
            IdKind::Received => format!("in_{hex}"),
            IdKind::Chat | IdKind::Conversation => uuid(high, low),
            IdKind::Inbound => uuid(high, low).to_uppercase(),
        }
    }
}

impl Fresh<'_> {
    /// The next ID of a kind.
    pub fn take(&mut self, kind: IdKind) -> String {
        let next = match kind {
            IdKind::Chat => &mut self.next.chats,
            IdKind::Message => &mut self.next.messages,
            IdKind::Inbound => &mut self.next.inbound,
            IdKind::Attachment => &mut self.next.attachments,
            IdKind::Conversation => &mut self.next.conversations,
            IdKind::Received => &mut self.next.received,
        };
        *next += 1;
        self.ids.at(kind, *next - 1)
    }
}

impl NextIds {
    /// Takes care that IDs which were given in an answer are not given again, even if its change is never made.
    pub fn skip_to(&mut self, other: Self) {
        self.chats = self.chats.max(other.chats);
        self.messages = self.messages.max(other.messages);
        self.inbound = self.inbound.max(other.inbound);
        self.attachments = self.attachments.max(other.attachments);
        self.conversations = self.conversations.max(other.conversations);
        self.received = self.received.max(other.received);
    }
}

/// A random UUID, version 4, of 128 bits.
pub(super) fn uuid(high: u64, low: u64) -> String {
    let (high, low) = (high & !0xf000 | 0x4000, low & !(0b11 << 62) | 0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
