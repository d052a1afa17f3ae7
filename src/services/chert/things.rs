//! The state as JSON, and its things as expectations see them.

use serde_json::{Value, json};

use super::chats::Chat;
use super::event_rows::Row;
use super::messages::{Author, Message, Reaction, milliseconds, seconds};
use super::subscriptions::Subscription;
use super::tenants::{Tenant, Tenants};
use super::webhooks::Webhooks;
use crate::emulator::{Thing, Traits};

/// The state of all tenants, without secrets.
pub fn state(tenants: &Tenants, webhooks: &Webhooks) -> Value {
    let shown = tenants.all().iter().map(|tenant| of_tenant(tenant, webhooks));
    json!({"tenants": shown.collect::<Vec<_>>()})
}

fn of_tenant(tenant: &Tenant, webhooks: &Webhooks) -> Value {
    let chats: Vec<_> = tenant.chats.iter().map(|chat| of_chat(tenant, chat)).collect();
    let mut state = json!({"slug": tenant.slug(), "chats": chats});
    if !tenant.attachments.is_empty() {
        let attachments = tenant.attachments.iter().map(|(id, known)| {
            let content = known.content.as_ref();
            json!({
                "id": id,
                "filename": known.filename,
                "content_type": known.content_type,
                "size_bytes": known.size,
                "sha256": content.map(|content| &*content.sha256),
            })
        });
        state["attachments"] = attachments.collect();
    }
    let subscriptions: Vec<_> = webhooks.subscriptions.of(tenant.index).map(Subscription::shown).collect();
    if !subscriptions.is_empty() {
        state["subscriptions"] = json!(subscriptions);
    }
    let mut events: Vec<_> = webhooks.log.of(tenant.index).map(Row::without_payload_as_json).collect();
    if !events.is_empty() {
        // The log has the newest first.
        events.reverse();
        state["events"] = json!(events);
    }
    state
}

/// A chat. What most chats do not have is shown only where it is.
fn of_chat(tenant: &Tenant, chat: &Chat) -> Value {
    let mut state = json!({
        "id": chat.id,
        "group": chat.is_group,
        "display_name": chat.display_name,
        "group_chat_icon": chat.group_chat_icon,
    });
    let life = chat.life();
    let mut show = |name: &str, value: Value, is_shown: bool| {
        if is_shown {
            state[name] = value;
        }
    };
    let has_life = chat.has_life();
    show("line", json!(tenant.line_of(chat).map(|line| &line.id)), has_life);
    show("participants", json!(life.participants), has_life);
    show("left", json!(true), life.has_left);
    show("typing", json!(true), life.is_typing);
    show("read_at", json!(life.read_at.map(seconds)), life.read_at.is_some());
    show("cards", json!(life.cards), life.cards > 0);
    show("shares_contact", json!(true), life.shares_contact);
    show("name", json!(life.lead_name), life.lead_name.is_some());
    show("external_id", json!(life.external_id), life.external_id.is_some());
    let messages = life.messages().map(of_message).collect::<Vec<_>>();
    show("messages", json!(messages), has_life);
    state
}

fn of_message(message: &Message) -> Value {
    let author = |author: &Author| match author {
        Author::Tenant => None,
        Author::Recipient(address) => Some(address.clone()),
    };
    let reaction = |reaction: &Reaction| json!({"reaction": reaction.kind, "from": author(&reaction.author)});
    let mut state = json!({
        "id": message.id,
        "from": author(&message.author),
        "parts": message.parts,
        "status": message.status,
        "created_at": seconds(message.created_at),
    });
    if !message.edits.is_empty() {
        let edits =
            message.edits.iter().map(|edit| json!({"at": milliseconds(edit.at), "before": edit.before}));
        state["edits"] = edits.collect();
    }
    if !message.reactions.is_empty() {
        state["reactions"] = message.reactions.iter().map(reaction).collect();
    }
    state
}

/// The things of a kind with this identifier.
pub fn things(tenants: &Tenants, kind: &str, id: &str) -> Vec<Thing> {
    let of_tenant = |tenant: &Tenant| {
        let members = match kind {
            "chat" => members_of_chat(tenant.chat(id)?.1),
            "message" if id == "last" => members_of_message(tenant.newest(Message::is_own)?.1),
            "message" => members_of_message(tenant.message(id)?.1),
            _ => return None,
        };
        Some(Thing { apart: vec![("tenant", tenant.original.clone())], members })
    };
    tenants.all().iter().filter_map(of_tenant).collect()
}

/// What expectations can look at.
pub fn traits(kind: &str) -> Option<Traits> {
    let members = match kind {
        "chat" => &OF_CHATS[..],
        "message" => &OF_MESSAGES,
        _ => return None,
    };
    Some(Traits { apart: &["tenant"], members })
}

const OF_CHATS: [&str; 10] = [
    "name",
    "display_name",
    "group_chat_icon",
    "participants",
    "messages",
    "left",
    "typing",
    "read",
    "cards",
    "shares_contact",
];

fn members_of_chat(chat: &Chat) -> Vec<(&'static str, String)> {
    let name = chat.display_name.clone().unwrap_or_default();
    let life = chat.life();
    let is_read = life.messages().all(|message| message.is_own() || message.read_at.is_some());
    let values = [
        name.clone(),
        name,
        chat.group_chat_icon.clone().unwrap_or_default(),
        life.participants.join(", "),
        life.messages().len().to_string(),
        life.has_left.to_string(),
        life.is_typing.to_string(),
        is_read.to_string(),
        life.cards.to_string(),
        life.shares_contact.to_string(),
    ];
    OF_CHATS.into_iter().zip(values).collect()
}

const OF_MESSAGES: [&str; 4] = ["text", "status", "edited", "reactions"];

fn members_of_message(message: &Message) -> Vec<(&'static str, String)> {
    let reactions: Vec<_> = message.reactions.iter().map(|reaction| reaction.kind.name()).collect();
    let status = json!(message.status).as_str().unwrap_or_default().to_owned();
    let is_edited = !message.edits.is_empty();
    OF_MESSAGES
        .into_iter()
        .zip([message.text(), status, is_edited.to_string(), reactions.join(", ")])
        .collect()
}
