//! What has happened → its event.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::chats::Chat;
use super::event_rows::{News, Older};
use super::events;
use super::happening::Happening;
use super::messages::milliseconds;
use super::messages::{Author, Reaction};
use super::tenants::Tenant;
use super::workspace::LiveWorkspace;
use crate::emulator::EventKind;

impl LiveWorkspace {
    /// Raises the event of what has happened at `now`.
    pub(super) fn raise(&mut self, happening: &Happening, now: Timestamp) {
        let (tenant, news) = match happening {
            Happening::Received { tenant, chat, message } => {
                let news = received(&self.tenants.all()[*tenant], *chat, message);
                (*tenant, news)
            }
            Happening::ReactionAdded { tenant, chat, message, reaction } => {
                let kind = &events::REACTION_ADDED;
                (*tenant, Some(self.reacted(kind, (*tenant, *chat), message, reaction)))
            }
            Happening::ReactionRemoved { tenant, chat, message, reaction } => {
                let kind = &events::REACTION_REMOVED;
                (*tenant, Some(self.reacted(kind, (*tenant, *chat), message, reaction)))
            }
        };
        let Some(news) = news else { return };
        let slug = self.tenants.all()[tenant].slug();
        self.webhooks.publish((tenant, slug), news, now, &mut self.raised);
    }

    fn reacted(
        &mut self,
        kind: &'static EventKind,
        (tenant, chat): (usize, usize),
        message: &str,
        reaction: &Reaction,
    ) -> News {
        let event_id = format!("chert:reaction:{}", self.webhooks.log.key());
        let tenant = &self.tenants.all()[tenant];
        let chat = &tenant.chats[chat];
        let from = match &reaction.author {
            Author::Recipient(address) => address.as_str(),
            Author::Tenant => own(tenant, chat).unwrap_or_default(),
        };
        let data = json!({
            "chat": chat_as_json(tenant, chat),
            "message": {"id": message},
            "reaction": reaction.kind.name(),
            "sender_handle": handle(from, reaction.author == Author::Tenant),
        });
        news(kind, event_id, chat, data, None)
    }
}

/// The event of a message; `None` when it is gone.
fn received(tenant: &Tenant, chat: usize, id: &str) -> Option<News> {
    let (_, message) = tenant.message(id)?;
    let chat = &tenant.chats[chat];
    let Author::Recipient(from) = &message.author else { return None };
    let data = json!({
        "chat": chat_as_json(tenant, chat),
        "message": {
            "id": message.id,
            "direction": "inbound",
            "sender_handle": handle(from, false),
            "parts": message.parts,
            "sent_at": milliseconds(message.created_at),
        },
    });
    let older = Older {
        from: from.clone(),
        to: own(tenant, chat).map(str::to_owned),
        text: message.text(),
        message_guid: message.id.clone(),
        line_id: chat.line.and_then(|line| tenant.lines.get(line as usize)).map(|line| line.id.to_string()),
    };
    Some(news(&events::MESSAGE_RECEIVED, format!("chert:msg:{id}"), chat, data, Some(older)))
}

fn news(kind: &'static EventKind, event_id: String, chat: &Chat, data: Value, older: Option<Older>) -> News {
    News {
        kind,
        event_id,
        lead_id: Some(chat.id.clone()),
        convo_id: chat.life().conversation.clone(),
        data,
        older,
    }
}

/// A chat as events show it. The tenant's own line comes first.
fn chat_as_json(tenant: &Tenant, chat: &Chat) -> Value {
    let owner = own(tenant, chat).map(|number| handle(number, true));
    let others = chat.life().participants.iter().map(|address| handle(address, false));
    let handles: Vec<_> = owner.clone().into_iter().chain(others).collect();
    json!({"id": chat.id, "is_group": chat.is_group, "handles": handles, "owner_handle": owner})
}

/// The phone number of the line that is pinned to a chat.
fn own<'a>(tenant: &'a Tenant, chat: &Chat) -> Option<&'a str> {
    Some(tenant.lines.get(chat.line? as usize)?.phone_number.as_str())
}

fn handle(address: &str, is_me: bool) -> Value {
    json!({"handle": address, "service": "imessage", "is_me": is_me})
}
