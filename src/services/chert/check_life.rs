//! Mistakes in participants, messages, attachments and IDs of a `chert:` section.

use std::collections::HashSet;

use super::addresses::address;
use super::attachments::{LARGEST, from_base64, is_mime_type};
use super::section::{Attachment, Chat, ChertSection, Message, MessageStatus, Tenant};
use crate::emulator::some_of;
use crate::scalar::{Findings, Path, Text, nearest};

/// Adds a finding for each mistake; `path` is the place of the tenant.
pub fn check(tenant: &Tenant, path: &Path, findings: &mut Findings) {
    let mut files = HashSet::new();
    for (index, attachment) in tenant.attachments.iter().enumerate() {
        let here = path.key("attachments").index(index);
        check_attachment(attachment, &here, findings);
        if !files.insert(attachment.id.as_str()) {
            let message = format!("the attachment `{}` is given twice", attachment.id);
            findings.add(here.key("id"), message, "remove one of the two");
        }
    }
    let mut messages = HashSet::new();
    for (index, chat) in tenant.chats.iter().enumerate() {
        // Most chats of a large scenario have nothing of this.
        if chat.participants.is_empty() && chat.messages.is_empty() && !chat.left {
            continue;
        }
        let here = path.key("chats").index(index);
        check_chat(chat, &here, findings);
        for (index, message) in chat.messages.iter().enumerate() {
            let here = here.key("messages").index(index);
            check_message(message, chat, &files, &here, findings);
            if let Some(id) = message.id.as_ref().filter(|id| !messages.insert(id.as_str())) {
                let message = format!("the message `{id}` is given twice");
                findings.add(here.key("id"), message, "give each its own ID");
            }
        }
    }
}

fn check_chat(chat: &Chat, path: &Path, findings: &mut Findings) {
    let mut known = HashSet::new();
    for (index, text) in chat.participants.iter().enumerate() {
        let here = path.key("participants").index(index);
        match address(text) {
            Some(form) if form == **text => {}
            Some(form) => findings.add(
                here,
                "the service writes this address in another form",
                format!("type `\"{form}\"`"),
            ),
            None => findings.add(
                here,
                format!("`{text}` is neither a phone number nor an email address"),
                "type `+`, the country code and the number, such as `\"+14155551234\"`",
            ),
        }
        if !known.insert(text.as_str()) {
            let here = path.key("participants").index(index);
            findings.add(here, format!("the participant `{text}` is given twice"), "remove one of the two");
        }
    }
    if !chat.group && chat.participants.len() > 1 {
        let help = "remove all but one, or write `group: true`";
        findings.add(path.key("participants"), "a direct chat has one participant", help);
    }
    if chat.left && !chat.group {
        findings.add(
            path.key("left"),
            "a tenant leaves groups only",
            "remove the key, or write `group: true`",
        );
    }
}

fn check_message(
    message: &Message,
    chat: &Chat,
    files: &HashSet<&str>,
    path: &Path,
    findings: &mut Findings,
) {
    if message.text.as_ref().is_none_or(|text| text.is_empty()) && message.media.is_empty() {
        findings.add(path.clone(), "the message is empty", "add `text` or `media`");
    }
    if let Some(from) = &message.from {
        if !chat.participants.contains(from) {
            let known = some_of(chat.participants.iter().map(Text::as_str));
            let help = format!("add it under `participants`, which are {known}");
            findings.add(path.key("from"), format!("`{from}` is not a participant of the chat"), help);
        }
        if message.status != MessageStatus::Sent {
            let help = "remove `status`, or `from`";
            findings.add(path.key("status"), "only messages of the tenant have a status", help);
        }
    }
    for (index, id) in message.media.iter().enumerate() {
        if !files.contains(id.as_str()) {
            let help = nearest(id, files.iter().copied()).map_or_else(
                || "add it under `attachments`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            findings.add(path.key("media").index(index), format!("there is no attachment `{id}`"), help);
        }
    }
}

fn check_attachment(attachment: &Attachment, path: &Path, findings: &mut Findings) {
    if attachment.id.is_empty() {
        findings.add(path.key("id"), "an attachment needs an identifier", "type one, such as `att-1`");
    }
    if !is_mime_type(&attachment.content_type) {
        let message = format!("`{}` is not a type of content", attachment.content_type);
        findings.add(path.key("content_type"), message, "type one such as `image/png`");
    }
    let Attachment { size_bytes, text, base64, .. } = attachment;
    let given = [size_bytes.is_some(), text.is_some(), base64.is_some()].into_iter().filter(|is| *is).count();
    if given != 1 {
        findings.add(
            path.clone(),
            "an attachment has one of `text`, `base64` and `size_bytes`",
            "write `text` or `base64` for one that is uploaded, `size_bytes` for one that is not",
        );
    }
    let bytes = base64.as_ref().map(|text| from_base64(text));
    if let Some(None) = bytes {
        findings.add(path.key("base64"), "this is not base64", "encode the bytes, for example with `base64`");
    }
    let size = bytes.flatten().map(|bytes| bytes.len()).or(text.as_ref().map(|text| text.len()));
    if size.map_or(size_bytes.unwrap_or_default(), |size| size as u64) > LARGEST as u64 {
        findings.add(path.clone(), "the file is larger than 8 MiB", "use a smaller one");
    }
}

/// Adds a finding for each ID that cannot be given; `path` is the place of the IDs.
pub fn check_new_ids(section: &ChertSection, path: &Path, findings: &mut Findings) {
    let ids = &section.new_ids;
    let tenants = || section.tenants.iter();
    let chats = tenants().flat_map(|tenant| &tenant.chats);
    let messages = chats.clone().flat_map(|chat| &chat.messages).filter_map(|message| message.id.as_ref());
    let files = tenants().flat_map(|tenant| &tenant.attachments).map(|attachment| &attachment.id);
    let none = std::iter::empty::<&Text>;
    if !ids.chats.is_empty() {
        unused(&ids.chats, chats.map(|chat| &chat.id), &path.key("chats"), findings);
    }
    unused(&ids.messages, messages.clone().chain(&ids.inbound), &path.key("messages"), findings);
    unused(&ids.inbound, messages, &path.key("inbound"), findings);
    unused(&ids.attachments, files, &path.key("attachments"), findings);
    unused(&ids.conversations, none(), &path.key("conversations"), findings);
}

fn unused<'a>(ids: &'a [Text], others: impl Iterator<Item = &'a Text>, path: &Path, findings: &mut Findings) {
    if ids.is_empty() {
        return;
    }
    let mut known: HashSet<&str> = others.map(Text::as_str).collect();
    for (index, id) in ids.iter().enumerate() {
        if id.is_empty() {
            findings.add(path.index(index), "an ID has at least one character", "type one, or remove it");
        } else if !known.insert(id) {
            findings.add(path.index(index), format!("the ID `{id}` is used already"), "type another one");
        }
    }
}
