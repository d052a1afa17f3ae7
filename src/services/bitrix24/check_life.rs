//! Mistakes in what the life of a connector needs: applications of connectors, handlers, statuses, sessions, messages.

use std::collections::HashSet;

use super::check::{meant, unknown_connector};
use super::events;
use super::section::{Chat, Portal, Session};
use crate::emulator::HandlerUrl;
use crate::scalar::{Findings, Path, Text};

/// Adds a finding for each mistake; `path` is the place of the section.
pub fn check(portal: &Portal, path: &Path, findings: &mut Findings) {
    for (index, connector) in portal.connectors.iter().enumerate() {
        let here = path.key("connectors").index(index);
        // Without handlers there are no events, so it does not matter whose a connector is.
        let is_ambiguous = portal.applications.len() > 1 && !portal.handlers.is_empty();
        if is_ambiguous && connector.application.is_none() {
            findings.add(
                here,
                "the scenario has several applications, and the connector does not say whose it is",
                "add `application: …` with the `client_id`: its events go to that application",
            );
            continue;
        }
        if let Some(page) = &connector.placement_handler {
            url(page, here.key("placement_handler"), findings);
        }
        application(portal, connector.application.as_deref(), here.key("application"), findings);
    }
    for (index, known) in portal.applications.iter().enumerate() {
        let here = path.key("applications").index(index);
        if known.application_token.as_ref().is_some_and(|token| token.is_empty()) {
            let help = "type the token, or leave it out: then it is drawn from the seed";
            findings.add(here.key("application_token"), "`application_token` is empty", help);
        }
        user(Some(&known.user), here.key("user"), findings);
    }
    for (index, known) in portal.users.iter().enumerate() {
        user(Some(&known.id), path.key("users").index(index).key("id"), findings);
    }
    if portal.events.time_limit.0.is_zero() {
        let help = "type a time such as `5s`, or leave it out";
        findings.add(path.key("events").key("time_limit"), "no handler answers in no time", help);
    }
    handlers(portal, &path.key("handlers"), findings);
    statuses(portal, &path.key("lines"), findings);
    chats(portal, &path.key("chats"), findings);
}

/// Checks that the application called `client_id` is listed. Without applications, one stands for all tokens.
fn application(portal: &Portal, client_id: Option<&str>, path: Path, findings: &mut Findings) {
    let Some(client_id) = client_id.filter(|client_id| portal.application(client_id).is_none()) else {
        return;
    };
    let known = portal.applications.iter().map(|application| application.client_id.as_str());
    let help = meant(client_id, known, "add it under `applications`");
    findings.add(path, format!("there is no application `{client_id}`"), help);
}

fn handlers(portal: &Portal, path: &Path, findings: &mut Findings) {
    let mut seen = HashSet::new();
    for (index, handler) in portal.handlers.iter().enumerate() {
        let here = path.index(index);
        match (&handler.url, &handler.name) {
            (Some(_), Some(_)) => findings.add(
                here.clone(),
                "a handler has a `url` or a `name`, not both",
                "remove `name`, or remove `url` and give the URL at the start: `--handler NAME=URL`",
            ),
            (None, None) => findings.add(
                here.clone(),
                "a handler needs a `url` or a `name`",
                "add `url: http://127.0.0.1:3000/…`, or `name: …` with `--handler NAME=URL` at the start",
            ),
            (Some(part), None) | (None, Some(part)) if part.is_empty() => {
                let key = if handler.url.is_some() { "url" } else { "name" };
                let help = "type where the events go, or a name for it";
                findings.add(here.key(key), format!("`{key}` is empty"), help);
            }
            (Some(text), None) => url(text, here.key("url"), findings),
            (None, Some(name))
                if name.contains(|c: char| c == '=' || c.is_whitespace() || c.is_control()) =>
            {
                let help = "leave them out: `--handler NAME=URL` gives it its URL";
                findings.add(here.key("name"), "a name has no spaces and no `=`", help);
            }
            (None, Some(_)) => {}
        }
        user(handler.user.as_ref(), here.key("user"), findings);
        if events::named(&handler.event).is_none() {
            let names = events::bindable().map(|kind| kind.name);
            let all = names.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let help = meant(&handler.event, names, &format!("the events are {all}"));
            findings.add(here.key("event"), format!("there is no event `{}`", handler.event), help);
        }
        match &handler.application {
            None if portal.applications.len() > 1 => findings.add(
                here.clone(),
                "the scenario has several applications, and the handler does not say whose it is",
                "add `application: …` with the `client_id`",
            ),
            client_id => {
                application(portal, client_id.as_deref(), here.key("application"), findings);
            }
        }
        let event = handler.event.to_lowercase();
        // What has neither lacks more than a difference.
        let is_whole = handler.url.is_some() || handler.name.is_some();
        if is_whole && !seen.insert((event, &handler.url, &handler.name, &handler.application, &handler.user))
        {
            findings.add(here, "this handler is given twice", "remove one of the two");
        }
    }
}

/// Checks the URL of a handler or of a settings page.
fn url(text: &str, path: Path, findings: &mut Findings) {
    if let Err(why) = HandlerUrl::parse(text) {
        findings.add(
            path,
            format!("this is no URL of a handler: {why}"),
            "type a URL such as `http://127.0.0.1:3000/events`",
        );
    }
}

/// Checks the ID of a user.
fn user(id: Option<&Text>, path: Path, findings: &mut Findings) {
    if let Some(id) = id.filter(|id| !id.parse::<i64>().is_ok_and(|id| id > 0)) {
        findings.add(path, format!("`{id}` is no ID of a user"), "type a number from 1 on");
    }
}

fn statuses(portal: &Portal, path: &Path, findings: &mut Findings) {
    let known: Vec<_> = portal.connectors.iter().map(|connector| connector.id.as_str()).collect();
    for (index, line) in portal.lines.iter().enumerate() {
        let here = path.index(index);
        if line.close_term < 0 {
            let message = format!("`{}` minutes are less than none", line.close_term);
            findings.add(here.key("close_term"), message, "type 0 or more");
        }
        if line.auto_close.is_some_and(|length| length.0.is_zero()) {
            let help = "type a length such as `10m`, or remove `auto_close`: then it stays open";
            findings.add(here.key("auto_close"), "a session that is closed at once is never open", help);
        }
        let mut seen = HashSet::new();
        for (position, status) in line.statuses.iter().enumerate() {
            let place = here.key("statuses").index(position).key("connector");
            if !known.contains(&status.connector.as_str()) {
                unknown_connector(&status.connector, &known, place, findings);
            } else if !seen.insert(&status.connector) {
                let message = format!("the connector `{}` has two statuses on this line", status.connector);
                findings.add(place, message, "remove one of the two");
            }
        }
    }
}

/// The IDs that were seen so far. They are those of one portal, so no two things of a kind may share one.
#[derive(Default)]
struct Seen {
    chats: HashSet<i64>,
    sessions: HashSet<i64>,
    messages: HashSet<i64>,
}

fn chats(portal: &Portal, path: &Path, findings: &mut Findings) {
    let mut seen = Seen::default();
    for (index, chat) in portal.chats.iter().enumerate() {
        if chat.chat_id.is_none() && chat.sessions.is_empty() {
            // There may be many of these.
            continue;
        }
        let here = path.index(index);
        if let Some(id) = chat.chat_id {
            unique(&mut seen.chats, id, "chat", here.key("chat_id"), findings);
        }
        if chat.closed && !chat.sessions.is_empty() {
            findings.add(
                here.key("closed"),
                "a chat with `sessions` is closed when its last session is",
                "remove it, and write `closed: true` at the last session",
            );
        }
        sessions(chat, &mut seen, &here.key("sessions"), findings);
    }
}

fn sessions(chat: &Chat, seen: &mut Seen, path: &Path, findings: &mut Findings) {
    for (index, Session { id, closed, messages }) in chat.sessions.iter().enumerate() {
        let here = path.index(index);
        if let Some(id) = *id {
            unique(&mut seen.sessions, id, "session", here.key("id"), findings);
        }
        if !closed && index + 1 < chat.sessions.len() {
            findings.add(
                here.clone(),
                "only the last session of a chat can be open",
                "add `closed: true`, or make it the last one",
            );
        }
        for (position, message) in messages.iter().enumerate() {
            let place = here.key("messages").index(position);
            if let Some(id) = message.id {
                unique(&mut seen.messages, id, "message", place.key("id"), findings);
            }
            if let Some(operator) = message.operator.filter(|id| *id < 1) {
                let message = format!("`{operator}` is no ID of a user");
                findings.add(place.key("operator"), message, "type a number from 1 on");
            }
        }
    }
}

/// The largest ID. Those that are given later count up from there.
const LARGEST: i64 = 1 << 53;

/// Checks an ID of this kind: it is positive, there is room above it, and no other thing has it.
fn unique(seen: &mut HashSet<i64>, id: i64, kind: &str, path: Path, findings: &mut Findings) {
    if !(1..=LARGEST).contains(&id) {
        findings.add(
            path,
            format!("`{id}` cannot be the ID of a {kind}"),
            "type a number from 1 to 9007199254740992, or leave it out",
        );
    } else if !seen.insert(id) {
        findings.add(path, format!("two {kind}s have the ID `{id}`"), "give each its own, or leave it out");
    }
}
