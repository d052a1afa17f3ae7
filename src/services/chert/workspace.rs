//! The state of running Chert, and the changes of it.

use std::borrow::Cow;

use jiff::Timestamp;

use super::arrivals::Arrivals;
use super::change::{Change, ChatChange, MessageChange, NewChat, Receiving, Sending, Target};
use super::chats::Chat;
use super::happening::Happening;
use super::ids::Ids;
use super::messages::{Author, Edit, Part, Reaction, Status};
use super::section::ChertSection;
use super::tenants::{Tenant, Tenants};
use super::webhooks::Webhooks;
use crate::basics::Draws;
use crate::emulator::bucket::Buckets;
use crate::emulator::{Later, Raised};

/// The state of running Chert.
#[derive(Clone, Debug)]
pub struct LiveWorkspace {
    pub(super) tenants: Tenants,
    /// The IDs of new things.
    pub(super) ids: Ids,
    /// Counts requests by tenant; `None` when they are not limited.
    pub(super) requests: Option<Buckets<usize>>,
    traces: Draws,
    /// How many requests were answered; selects the random draw of the next trace ID.
    answered: u64,
    /// Postponed changes.
    pub(super) later: Later<Change>,
    /// The messages that are on their way to their recipients.
    pub(super) arrivals: Arrivals,
    /// What changes have raised and the engine has not taken yet.
    pub(super) raised: Raised,
    /// Webhook subscriptions and the event log.
    pub(super) webhooks: Webhooks,
}

/// What a change has brought about: what happened, or why the change was no longer possible.
type Committed = Result<Option<Happening>, Cow<'static, str>>;

/// The remark on a postponed change whose subscription is gone.
const LATE_SUBSCRIPTION: &str = "a postponed change came too late: the subscription was deleted";

impl LiveWorkspace {
    /// Chert at the start of its scenario. Random draws come from `seed`.
    pub fn new(section: &ChertSection, seed: u64, start: Timestamp) -> Self {
        let ids = Ids::new(section, seed);
        Self {
            tenants: Tenants::new(section, &ids, start),
            ids,
            requests: section.limits.requests.map(Buckets::new),
            traces: Draws::new(seed, "chert", "trace"),
            answered: 0,
            later: Later::default(),
            arrivals: Arrivals::new(section.delivered_after.map(|length| length.0)),
            raised: Raised::default(),
            webhooks: Webhooks::new(section, seed, start),
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

    /// Notes that the IDs of a change were given in an answer: they are not given again, even if the change is never
    /// made.
    pub(super) fn allocate(&mut self, change: &Change) {
        match change {
            Change::Send(sending) => self.ids.next.skip_to(sending.next),
            Change::Receive(receiving) => self.ids.next.skip_to(receiving.next),
            Change::Subscribe(new) => self.webhooks.subscriptions.allocate(new),
            Change::Attach(attaching) => self.ids.next.skip_to(attaching.next),
            _ => {}
        }
    }

    /// Makes a change, and raises what has happened by it. Returns a remark when the change is no longer possible.
    pub(super) fn commit(&mut self, change: Change, now: Timestamp) -> Option<Cow<'static, str>> {
        let happening = match change {
            Change::Subscribe(new) => {
                self.webhooks.subscriptions.add(*new);
                return None;
            }
            Change::Subscription { number, change } => {
                let is_known = self.webhooks.subscriptions.change(number, *change, now);
                return (!is_known).then(|| LATE_SUBSCRIPTION.into());
            }
            Change::Unsubscribe(number) => {
                let is_known = self.webhooks.subscriptions.delete(number);
                return (!is_known).then(|| LATE_SUBSCRIPTION.into());
            }
            Change::Replay { tenant, event, subscription } => {
                let slug = self.tenants.all()[tenant].slug();
                let is_known = self.webhooks.replay(slug, event, subscription, &mut self.raised);
                return (!is_known).then(|| "a postponed replay came too late: its event is gone".into());
            }
            Change::Rename { tenant, chat, display_name, group_chat_icon } => {
                let chat = &mut self.tenants.get_mut(tenant).chats[chat];
                chat.display_name = display_name.or(chat.display_name.take());
                chat.group_chat_icon = group_chat_icon.or(chat.group_chat_icon.take());
                return None;
            }
            Change::Send(sending) => self.send(*sending, now),
            Change::Receive(receiving) => Ok(self.receive(*receiving, now)),
            Change::Chat { tenant, chat, change } => {
                change_chat(&mut self.tenants.get_mut(tenant).chats[chat], change, now)
            }
            Change::Message { tenant, message, change } => {
                change_message(self.tenants.get_mut(tenant), message, *change, now)
            }
            Change::Attach(attaching) => {
                let attachments = &mut self.tenants.get_mut(attaching.tenant).attachments;
                attachments.insert(attaching.id, attaching.attachment);
                Ok(None)
            }
            Change::Upload(attaching) => {
                let attachments = &mut self.tenants.get_mut(attaching.tenant).attachments;
                attachments.insert(attaching.id, attaching.attachment);
                Ok(None)
            }
        };
        match happening {
            Ok(happening) => {
                happening.iter().for_each(|happening| self.raise(happening, now));
                None
            }
            Err(remark) => Some(remark),
        }
    }

    fn send(&mut self, sending: Sending, now: Timestamp) -> Committed {
        let Sending { tenant, chat, messages, line, lead, keeping, next } = sending;
        self.ids.next.skip_to(next);
        let tenant = self.tenants.get_mut(tenant);
        if let Some(keeping) = keeping {
            // Two postponed changes may have the same key.
            if tenant.answers.get(keeping.operation, &keeping.key, now).is_some() {
                return Err("a postponed change came too late: its idempotency key was used again".into());
            }
            tenant.answers.keep(keeping);
        }
        let place = open(tenant, chat, now);
        let chat = &mut tenant.chats[place];
        chat.pin(line);
        let life = chat.life_mut();
        life.is_typing = false;
        life.lead_name = lead.name.or(life.lead_name.take());
        life.external_id = lead.external_id.or(life.external_id.take());
        life.conversation = lead.conversation.or(life.conversation.take());
        for message in messages {
            self.arrivals.expect(tenant.index, &message.id, now);
            tenant.add_message(place, message);
        }
        Ok(None)
    }

    fn receive(&mut self, receiving: Receiving, now: Timestamp) -> Option<Happening> {
        let Receiving { tenant: index, chat, line, message, files, next } = receiving;
        self.ids.next.skip_to(next);
        let tenant = self.tenants.get_mut(index);
        tenant.attachments.extend(files);
        let place = open(tenant, chat, now);
        let chat = &mut tenant.chats[place];
        if let (None, Some(line)) = (chat.line, line) {
            chat.pin(line);
        }
        let id = message.id.clone();
        tenant.add_message(place, message);
        Some(Happening::Received { tenant: index, chat: place, message: id })
    }
}

/// The index of the chat that messages go to. Makes it if it is new.
fn open(tenant: &mut Tenant, chat: Target, now: Timestamp) -> usize {
    let NewChat { id, is_group, display_name, participants } = match chat {
        Target::Known(index) => return index,
        Target::New(chat) => chat,
    };
    // A postponed change may find that another one has made the chat.
    let known = match participants.as_slice() {
        [address] if !is_group => tenant.direct(address),
        _ => None,
    };
    if let Some((index, _)) = known.or_else(|| tenant.chat(&id)) {
        return index;
    }
    let mut chat = Chat::new(id, is_group, true, None);
    chat.display_name = display_name;
    let life = chat.life_mut();
    life.created_at = Some(now);
    life.participants = participants;
    tenant.add_chat(chat)
}

fn change_chat(chat: &mut Chat, change: ChatChange, now: Timestamp) -> Committed {
    let life = chat.life_mut();
    match change {
        ChatChange::Add(address) => {
            if !life.participants.contains(&address) {
                life.participants.push(address);
            }
        }
        ChatChange::Remove(address) => life.participants.retain(|known| *known != address),
        ChatChange::Leave => chat.leave(),
        ChatChange::Read => {
            life.read_at = Some(now);
            for message in life.messages_mut().filter(|message| !message.is_own()) {
                message.read_at.get_or_insert(now);
            }
        }
        ChatChange::Type(is_typing) => life.is_typing = is_typing,
        ChatChange::SendCard => life.cards = life.cards.saturating_add(1),
        ChatChange::ShareContact => life.shares_contact = true,
    }
    Ok(None)
}

fn change_message(tenant: &mut Tenant, id: String, change: MessageChange, now: Timestamp) -> Committed {
    let reaction = match &change {
        MessageChange::React(reaction) => Some((reaction.clone(), true)),
        MessageChange::Unreact(reaction) => Some((reaction.clone(), false)),
        _ => None,
    };
    let changed = tenant.change_message(&id, |message| match change {
        MessageChange::Edit { part, text } => {
            if let Some(Part::Text { value }) = message.parts.get_mut(part) {
                keep_newest(&mut message.edits);
                message.edits.push(Edit { at: now, before: std::mem::replace(value, text) });
            }
        }
        MessageChange::React(reaction) => {
            // One person has one reaction to a message.
            message.reactions.retain(|known| known.author != reaction.author);
            keep_newest(&mut message.reactions);
            message.reactions.push(reaction);
        }
        MessageChange::Unreact(reaction) => message.reactions.retain(|known| *known != reaction),
        MessageChange::Become(status) => message.become_at(status, now),
        MessageChange::Arrive => {
            if matches!(message.status, Status::Queued | Status::Sent) {
                message.become_at(Status::Delivered, now);
            }
        }
    });
    let Some(chat) = changed else {
        return Err(format!("a postponed change came too late: the message `{id}` is gone").into());
    };
    let tenant = tenant.index;
    Ok(reaction.filter(|(reaction, _)| is_recipients(reaction)).map(|(reaction, is_added)| {
        if is_added {
            Happening::ReactionAdded { tenant, chat, message: id, reaction }
        } else {
            Happening::ReactionRemoved { tenant, chat, message: id, reaction }
        }
    }))
}

/// How many changes of a message, and how many reactions to it, are kept.
const MOST_OF_MESSAGE: usize = 100;

/// Makes room for one more.
fn keep_newest<T>(list: &mut Vec<T>) {
    if list.len() >= MOST_OF_MESSAGE {
        list.remove(0);
    }
}

/// Whether a recipient has reacted, not the tenant.
fn is_recipients(reaction: &Reaction) -> bool {
    matches!(reaction.author, Author::Recipient(_))
}
