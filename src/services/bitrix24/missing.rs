//! A look-up that finds nothing → the reason: what the scenario has instead.

use super::chats::Chat;
use super::portal::LivePortal;
use crate::emulator::some_of;

/// Why an unregistered connector is refused.
pub fn of_connector(portal: &LivePortal, id: &str, is_built_in: bool) -> String {
    if is_built_in {
        return format!("`{id}` is a connector of Bitrix24 itself, and this method fails for each of them");
    }
    let known = some_of(portal.connectors().iter().map(|(id, _)| id));
    format!("the scenario has no connector `{id}`; its connectors: {known}")
}

/// Why a connector counts as one without group chats. `sent` is CONNECTOR as sent, `id` as it is looked up.
pub fn of_group(portal: &LivePortal, sent: &str, id: &str) -> String {
    match portal.connectors().get(id) {
        Some(connector) if connector.flags.chat_group => {
            format!("`{sent}` is not spelt as the connector `{id}`, which alone has group chats")
        }
        Some(_) => format!("the connector `{id}` has `chat_group: false`"),
        None => of_connector(portal, id, false),
    }
}

/// Why a connector is not active on a line. `sent` is LINE as sent, `line` the number that it is read as.
pub fn of_line(portal: &LivePortal, connector: &str, sent: &str, line: i64) -> String {
    let read = if sent == line.to_string() {
        String::new()
    } else {
        format!("LINE `{sent}` is read as the number {line}; ")
    };
    let lines: Vec<_> = portal.lines().iter().map(|(id, _)| id.to_string()).collect();
    match portal.lines().get(line) {
        None => {
            format!(
                "{read}the scenario has no line {line}; its lines: {}",
                some_of(lines.iter().map(String::as_str))
            )
        }
        Some(known) if !known.is_active => format!("the line {line} has `active: false`"),
        Some(_) => match portal.connectors().status(connector, line) {
            None => format!("the line {line} does not have `{connector}` in its `connectors`"),
            Some(row) if row.error => format!(
                "`{connector}` has an error on the line {line}: imconnector.activate switches it on again"
            ),
            Some(_) => format!(
                "`{connector}` is set up only in part on the line {line}: imconnector.activate switches it on"
            ),
        },
    }
}

/// Why no chat is found for a rename.
pub fn of_chat(portal: &LivePortal, connector: &str, line: i64, id: &str, user: &str) -> String {
    let fits = |chat: &&Chat| {
        let is_user = chat.user.as_deref().unwrap_or("0") == user;
        [chat.connector == connector, chat.line == line, is_user, !chat.is_closed()]
    };
    let Some(chat) = portal.chats().iter().filter(|chat| chat.id == id).max_by_key(fits) else {
        let known = some_of(portal.chats().iter().map(|chat| chat.id.as_str()));
        return format!("the scenario has no chat `{id}`; its chats: {known}");
    };
    let of = |has: &str, wanted: &str| format!("the chat `{id}` has `{has}`; the call is for `{wanted}`");
    match fits(&chat) {
        [false, ..] => of(&format!("connector: {}", chat.connector), connector),
        [_, false, ..] => of(&format!("line: {}", chat.line), &line.to_string()),
        [_, _, false, _] => match &chat.user {
            Some(own) => of(&format!("user: {own}"), user),
            None => format!("the chat `{id}` is a group chat and has no `user`"),
        },
        [.., false] => format!("the chat `{id}` has `closed: true`"),
        // What else is compared is the spelling of LINE.
        [true, true, true, true] => {
            format!("Bitrix24 compares LINE as text: the session of the chat `{id}` has `{line}`")
        }
    }
}

/// Why an external user is unknown.
pub fn of_user(portal: &LivePortal, connector: &str, user: &str) -> String {
    let of_connector = portal.chats().iter().filter(|chat| chat.connector == connector);
    let known = some_of(of_connector.filter_map(|chat| chat.user.as_deref()));
    format!("no chat of the connector `{connector}` has the user `{user}`; users of its chats: {known}")
}
