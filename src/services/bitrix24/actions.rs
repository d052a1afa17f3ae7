//! What operators, administrators and the portal do.

use compact_str::CompactString;
use jiff::Timestamp;
use serde_json::json;

use super::acting::{Acting, FIRST_OPERATOR, actor, empty_message};
use super::chats::{Message, take};
use super::events::{self, Actor, Audience};
use super::portal::LivePortal;
use crate::emulator::{
    Action, ActionInput, ActionMistake, ActionParameter, ActionResult, Delivery, HandlerTarget, Nature,
    Sender,
};

const CONNECTOR: ActionParameter = ActionParameter::required("connector", "ID of the connector");
const LINE: ActionParameter = ActionParameter::required("line", "ID of the open line");
const CHAT: ActionParameter = ActionParameter::required("chat", "ID of the chat in the external system");
const USER: ActionParameter =
    ActionParameter::optional("user", "ID of the external user, for a connector without group chats");
const OPERATOR: ActionParameter =
    ActionParameter::optional("operator", "ID of the operator; by default the first of the line's queue");
const MESSAGE: ActionParameter = ActionParameter::optional(
    "message",
    "ID of the message in the external system, or `last`: the operator's last one, which is the default",
);
const APPLICATION: ActionParameter =
    ActionParameter::optional("application", "`client_id` of the application; by default the only one");

/// Every action.
pub static ACTIONS: &[&Action] = &[
    &Action {
        name: "operator.write",
        summary: "an operator writes a message in a chat",
        parameters: &[CONNECTOR, LINE, CHAT, USER, ActionParameter::required("text", "the text"), OPERATOR],
    },
    &Action {
        name: "operator.edit",
        summary: "an operator changes a message",
        parameters: &[
            CONNECTOR,
            LINE,
            CHAT,
            USER,
            MESSAGE,
            ActionParameter::required("text", "the new text"),
        ],
    },
    &Action {
        name: "operator.delete",
        summary: "an operator deletes a message",
        parameters: &[CONNECTOR, LINE, CHAT, USER, MESSAGE],
    },
    &Action {
        name: "operator.close",
        summary: "an operator closes the session of a chat",
        parameters: &[CONNECTOR, LINE, CHAT, USER, OPERATOR],
    },
    &Action {
        name: "operator.disconnect",
        summary: "an operator disconnects a connector from a line",
        parameters: &[CONNECTOR, LINE, OPERATOR],
    },
    &Action { name: "line.delete", summary: "an open line is deleted", parameters: &[LINE, OPERATOR] },
    &Action {
        name: "settings.open",
        summary: "an operator opens the settings page of a connector",
        parameters: &[CONNECTOR, LINE, OPERATOR],
    },
    &Action { name: "app.install", summary: "an application is installed", parameters: &[APPLICATION] },
    &Action {
        name: "app.uninstall",
        summary: "an application is removed",
        parameters: &[
            APPLICATION,
            ActionParameter::optional("clean", "whether its settings are removed too"),
        ],
    },
];

impl LivePortal {
    /// Performs an action.
    pub(super) fn perform(&mut self, action: &str, with: &ActionInput, now: Timestamp) -> ActionResult {
        if let Some((name, _)) = with.iter().find(|(_, value)| value.is_array() || value.is_object()) {
            return Err(ActionMistake::new(
                format!("`{name}` is a list or a mapping"),
                "write a text or a number",
            ));
        }
        let mut acting = Acting { portal: self, with, now };
        match action {
            "operator.write" => acting.write(),
            "operator.edit" => acting.edit(),
            "operator.delete" => acting.delete(),
            "operator.close" => acting.close(),
            "operator.disconnect" => acting.disconnect(),
            "line.delete" => acting.delete_line(),
            "settings.open" => acting.open_settings(),
            "app.install" => acting.install(),
            "app.uninstall" => acting.uninstall(),
            _ => Err(ActionMistake::new(format!("there is no action `{action}`"), "")),
        }
    }
}

impl Acting<'_> {
    fn write(&mut self) -> ActionResult {
        let chat = self.chat()?;
        let text = self.text("text").unwrap_or_default();
        if text.is_empty() {
            return Err(empty_message());
        }
        let operator = self.operator(self.portal.chats.get(chat).line)?;
        let by = actor(operator);
        let Self { portal, now, .. } = self;
        let session =
            if portal.chats.get(chat).is_closed() { take(&mut portal.chats.next.session) } else { 0 };
        portal.open_session(chat, session, &by, *now);
        let id = take(&mut portal.chats.next.message);
        let message = Message {
            id,
            operator: Some(operator),
            text: text.as_str().into(),
            external_ids: Vec::new(),
            is_delivered: false,
        };
        portal.add_message(chat, message, *now);
        let known = portal.chats.get(chat);
        let changed = json!({"message": id, "chat_id": known.chat_id, "session": known.sessions.last().map(|session| session.id)});
        let signed = portal.signed(&known.connector, operator, &text, " [br]");
        let data = json!({
            "CONNECTOR": known.connector,
            "LINE": known.line,
            "MESSAGES": [{
                "im": {"chat_id": known.chat_id, "message_id": id},
                "message": {"user_id": operator, "text": signed},
                "chat": {"id": known.id},
            }],
        });
        let (connector, line) = (known.connector.clone(), known.line);
        if portal.passes(&connector, line) {
            portal.raise(&events::MESSAGE_ADD, &data, Audience::OwnerOf(&connector), &by, *now);
        }
        Ok(changed)
    }

    fn edit(&mut self) -> ActionResult {
        let chat = self.chat()?;
        let id = self.message(chat)?;
        let text = self.text("text").unwrap_or_default();
        let Self { portal, now, .. } = self;
        let known = portal.chats.get(chat);
        let connector = known.connector.clone();
        let message = known.message(id).cloned();
        let Some(operator) = message.as_ref().and_then(|message| message.operator) else {
            return Err(ActionMistake::new(
                "the external user wrote this message: operators change only their own",
                "name a message of an operator, or `last`; imconnector.update.messages changes those of users",
            ));
        };
        if portal.connectors.get(&connector).is_some_and(|known| !known.flags.edit_internal_messages) {
            return Err(ActionMistake::new(
                format!("the connector `{connector}` does not allow operators to change messages"),
                "register it with EDIT_INTERNAL_MESSAGES",
            ));
        }
        let signed = match text.as_str() {
            "" => portal.signed(&connector, operator, "", ""),
            text => portal.signed(&connector, operator, text, "[br] "),
        };
        let external_ids = message.map(|message| message.external_ids).unwrap_or_default();
        let data = json!({
            "CONNECTOR": connector,
            "LINE": known.line,
            "MESSAGES": [{
                "im": {"chat_id": known.chat_id, "message_id": id},
                "message": {"id": external_ids, "text": signed},
                "chat": {"id": known.id},
            }],
        });
        let line = known.line;
        portal.chats.set_text(id, text);
        if external_ids.is_empty() {
            portal.unconfirmed(&events::MESSAGE_UPDATE);
        } else if portal.passes(&connector, line) {
            portal.raise(
                &events::MESSAGE_UPDATE,
                &data,
                Audience::OwnerOf(&connector),
                &actor(operator),
                *now,
            );
        }
        Ok(json!({"message": id}))
    }

    fn delete(&mut self) -> ActionResult {
        let chat = self.chat()?;
        let id = self.message(chat)?;
        let Self { portal, now, .. } = self;
        let known = portal.chats.get(chat);
        let (connector, line) = (known.connector.clone(), known.line);
        let flags = portal.connectors.get(&connector).map(|known| known.flags).unwrap_or_default();
        let message = known.message(id).cloned();
        let operator = message.as_ref().and_then(|message| message.operator);
        let (is_allowed, flag) = match operator {
            Some(_) => (flags.del_internal_messages, "DEL_INTERNAL_MESSAGES"),
            None => (flags.del_external_messages, "DEL_EXTERNAL_MESSAGES"),
        };
        if !is_allowed {
            return Err(ActionMistake::new(
                format!("the connector `{connector}` does not allow operators to delete this message"),
                format!("register it with {flag}"),
            ));
        }
        let external_ids = message.map(|message| message.external_ids).unwrap_or_default();
        let element = |external_id: &CompactString| {
            json!({
                "im": {"chat_id": known.chat_id, "message_id": id},
                "message": {"id": external_id},
                "chat": {"id": known.id},
            })
        };
        let elements: Vec<_> = external_ids.iter().map(element).collect();
        let data = json!({"CONNECTOR": connector, "LINE": line, "MESSAGES": elements});
        portal.chats.remove_message(id);
        let by = actor(operator.unwrap_or(FIRST_OPERATOR));
        if external_ids.is_empty() {
            portal.unconfirmed(&events::MESSAGE_DELETE);
        } else if portal.passes(&connector, line) {
            portal.raise(&events::MESSAGE_DELETE, &data, Audience::OwnerOf(&connector), &by, *now);
        }
        Ok(json!({"message": id}))
    }

    fn close(&mut self) -> ActionResult {
        let chat = self.chat()?;
        let operator = self.operator(self.portal.chats.get(chat).line)?;
        let Self { portal, now, .. } = self;
        if !portal.finish(chat, &actor(operator), *now) {
            let id = &portal.chats.get(chat).id;
            return Err(ActionMistake::new(
                format!("the session of the chat `{id}` is closed already"),
                "a message of the external user or of an operator opens the next one",
            ));
        }
        Ok(json!({"session": portal.chats.get(chat).sessions.last().map(|session| session.id)}))
    }

    fn disconnect(&mut self) -> ActionResult {
        let (connector, line) = (self.connector()?, self.line()?);
        let by = actor(self.operator(line)?);
        let Self { portal, now, .. } = self;
        if !portal.connectors.delete_status(&connector, line) {
            return Err(ActionMistake::new(
                format!("the connector `{connector}` is not connected to the line {line}"),
                "imconnector.activate connects it",
            ));
        }
        let data = json!({"connector": connector, "line": line});
        portal.raise(&events::STATUS_DELETE, &data, Audience::OwnerOf(&connector), &by, *now);
        Ok(json!({"connector": connector, "line": line}))
    }

    fn delete_line(&mut self) -> ActionResult {
        let line = self.line()?;
        let by = actor(self.operator(line)?);
        let Self { portal, now, .. } = self;
        portal.lines.delete(line);
        let LivePortal { auto_closes, chats, .. } = &mut **portal;
        auto_closes.remove_all(|chat| chats.get(chat).line == line);
        let connectors = portal.connectors.on_line(line);
        for connector in &connectors {
            portal.connectors.delete_status(connector, line);
            let data = json!({"connector": connector, "line": line});
            portal.raise(&events::STATUS_DELETE, &data, Audience::OwnerOf(connector), &by, *now);
        }
        portal.raise(&events::LINE_DELETE, &json!(line), Audience::Everyone, &by, *now);
        Ok(json!({"line": line, "connectors": connectors}))
    }

    fn open_settings(&mut self) -> ActionResult {
        let (connector, line) = (self.connector()?, self.line()?);
        let operator = self.operator(line)?;
        let portal = &mut *self.portal;
        let known = portal.connectors.get(&connector);
        let target = known.and_then(|known| known.placement_handler.clone());
        let owner = known.and_then(|known| known.owner);
        let (Some(target), Some(owner)) = (target, owner) else {
            return Err(ActionMistake::new(
                format!("the connector `{connector}` has no settings page"),
                "register it with PLACEMENT_HANDLER, or give it `placement_handler` in the scenario",
            ));
        };
        let is_active = portal.connectors.status(&connector, line).is_some_and(|row| row.active);
        let options = json!({"CONNECTOR": connector, "LINE": line, "ACTIVE_STATUS": i64::from(is_active)});
        portal.raised.deliveries.push(Delivery {
            event: &events::SETTING_CONNECTOR,
            handler: events::PLACEMENTS - owner as u64,
            target: HandlerTarget::Url(target.into()),
            body: options.to_string().into(),
            sender: Sender { account: owner, user: Some(operator.to_string()), depth: 0, number: 0 },
            record: None,
            nature: Nature::Genuine,
        });
        Ok(json!({"connector": connector, "line": line, "operator": operator}))
    }

    fn install(&mut self) -> ActionResult {
        let application = self.application()?;
        let Self { portal, now, .. } = self;
        portal.applications.set_installed(application, true);
        portal.credentials.install(&portal.portal.credentials_of(application));
        let data =
            json!({"VERSION": 1, "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": portal.portal.language});
        let by = Actor { user: Some(portal.applications.get(application).user.as_str().into()), depth: 0 };
        portal.raise(&events::APP_INSTALL, &data, Audience::Application(application), &by, *now);
        Ok(json!({"application": portal.applications.get(application).client_id, "installed": true}))
    }

    fn uninstall(&mut self) -> ActionResult {
        let application = self.application()?;
        let clean = self.flag("clean")?;
        let mut credentials = self.portal.portal.credentials_of(application).into_iter();
        if credentials.any(|index| self.portal.credentials.is_removed(index)) {
            let client_id = &self.portal.applications.get(application).client_id;
            let help = "`app.install` installs it again";
            return Err(ActionMistake::new(
                format!("the application `{client_id}` is removed already"),
                help,
            ));
        }
        let Self { portal, now, .. } = self;
        let data = json!({"CLEAN": i64::from(clean), "LANGUAGE_ID": portal.portal.language});
        let by = Actor { user: None, depth: 0 };
        portal.raise(&events::APP_UNINSTALL, &data, Audience::Application(application), &by, *now);
        portal.applications.set_installed(application, false);
        portal.applications.unbind_all(application);
        let owned = portal.connectors.iter().filter(|(_, known)| known.owner == Some(application));
        let owned: Vec<_> = owned.map(|(id, _)| id.to_owned()).collect();
        // The application is gone: nobody hears of its connectors.
        owned.iter().for_each(|id| portal.unregister(id, application, &by, *now));
        portal.credentials.remove(&portal.portal.credentials_of(application));
        let client_id = &portal.applications.get(application).client_id;
        Ok(json!({"application": client_id, "installed": false, "connectors": owned}))
    }
}

impl LivePortal {
    /// Whether messages of operators reach the connector on a line. If not, says why no event is sent.
    fn passes(&mut self, connector: &str, line: i64) -> bool {
        let is_on = self.lines.get(line).is_some_and(|line| line.is_active);
        let silence = match (is_on, self.connectors.is_on(connector, line)) {
            (true, true) => return true,
            (false, _) => format!("no event is sent: the line {line} is switched off"),
            (_, false) => {
                format!("no event is sent: the connector `{connector}` is not active on the line {line}")
            }
        };
        self.silent(silence);
        false
    }

    /// Says that an event is not sent because the message's delivery was never confirmed.
    fn unconfirmed(&mut self, event: &crate::emulator::EventKind) {
        self.silent(format!(
            "{} is not sent: imconnector.send.status.delivery has not confirmed the message, so it has no ID in the external system",
            event.name
        ));
    }

    /// A text of an operator, signed if the connector wants it. `between` stands between name and text.
    fn signed(&self, connector: &str, operator: i64, text: &str, between: &str) -> String {
        let flags = self.connectors.get(connector).map(|known| known.flags).unwrap_or_default();
        if !flags.need_signature {
            return text.to_owned();
        }
        format!("[b]{}:[/b]{between}{text}", self.name_of(operator))
    }

    /// The name of a user of the portal. A user without a name is called by the ID.
    fn name_of(&self, id: i64) -> String {
        let id = id.to_string();
        let known = self.portal.users.iter().find(|user| user.id.as_str() == id);
        let name = known.map(|user| format!("{} {}", user.name, user.last_name)).unwrap_or_default();
        match name.trim() {
            "" => format!("User {id}"),
            name => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_actions_have_one_name() {
        let mut names: Vec<_> = ACTIONS.iter().map(|action| action.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len());
    }
}
