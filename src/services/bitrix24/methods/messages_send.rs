//! `imconnector.send.messages`: passes messages of external users on to an open line.

use std::borrow::Cow;

use compact_str::CompactString;
use foldhash::HashMap;
use serde_json::{Value, json};

use super::{Callers, Method, MethodAnswer, Run, Scope};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, ValueType, gives};
use crate::services::bitrix24::change::{Change, Incoming, Place};
use crate::services::bitrix24::chats::{
    Chats, ExternalUser, LONGEST, MOST_MADE, MOST_USERS, Message, NextIds, take,
};
use crate::services::bitrix24::errors;
use crate::services::bitrix24::events;
use crate::services::bitrix24::invocation::Invocation;
use crate::services::bitrix24::lines::{Lines, default_name};
use crate::services::bitrix24::message_answers::{Answers, Stored};
use crate::services::bitrix24::messages::{self, Element, Errors};
use crate::services::bitrix24::php;
use crate::services::bitrix24::refusal::Refusal;
use crate::services::bitrix24::section::{self, Portal};
use crate::services::bitrix24::shapes;

pub static METHOD: Method = Method {
    operation: Operation {
        name: "imconnector.send.messages",
        verb: "POST",
        path: "/rest/imconnector.send.messages",
        summary: "passes messages of external users on to an open line",
        parameters: &[
            Parameter::new("CONNECTOR", "ID of the connector").naming("connector", Stage::Lookup),
            Parameter::new("LINE", "ID of the open line").of(ValueType::Number).naming("line", Stage::Lookup),
            Parameter::new("MESSAGES", "the messages").of(ValueType::ListOrMapping),
            Parameter::new("MESSAGES[].user.id", "ID of the user in the external system"),
            Parameter::new("MESSAGES[].user.last_name", "last name").optional(),
            Parameter::new("MESSAGES[].user.name", "first name; two words without a last name are both")
                .optional(),
            Parameter::new("MESSAGES[].user.picture.url", "URL of a picture; not fetched").optional(),
            Parameter::new("MESSAGES[].user.url", "URL of the user").optional(),
            Parameter::new("MESSAGES[].user.gender", "`male` or `female`").optional(),
            Parameter::new("MESSAGES[].user.email", "e-mail address").optional(),
            Parameter::new("MESSAGES[].user.phone", "telephone number").optional(),
            Parameter::new("MESSAGES[].user.skip_phone_validate", "`Y`: any telephone number").optional(),
            Parameter::new("MESSAGES[].message.id", "ID of the message in the external system").optional(),
            Parameter::new("MESSAGES[].message.date", "time of the message in seconds")
                .of(ValueType::Number)
                .optional(),
            Parameter::new("MESSAGES[].message.text", "the text").required_if("there are no files"),
            Parameter::new("MESSAGES[].message.files", "files with `url` and `name`; not fetched")
                .of(ValueType::ListOrMapping)
                .required_if("there is no text"),
            Parameter::new("MESSAGES[].message.disable_crm", "`Y`: the CRM does not see the message")
                .optional(),
            Parameter::new("MESSAGES[].message.user_id", "ID of the operator who wrote the message")
                .of(ValueType::Number)
                .optional(),
            Parameter::new("MESSAGES[].chat.id", "ID of the chat in the external system").mentioning("chat"),
            Parameter::new("MESSAGES[].chat.name", "name of the chat, if it is new").optional(),
            Parameter::new("MESSAGES[].chat.url", "link to the original post").optional(),
        ],
        errors: &[errors::OF_ALL, &errors::of_messages(errors::FAILED_TO_FIND), OWN],
        requires: "an accepted credential, and a connector that is active on a line",
        status: 200,
        answer: || shapes::repeated([shapes::message(), shapes::session()]),
        changes: true,
        events: &[&events::DIALOG_START],
        source: "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/imconnector-send-messages.html",
    },
    scope: Scope::Connectors,
    callers: Callers::OfConnectors,
    only_in: None,
    is_timed: true,
    example,
    run: Run::Alone(run),
};

static OWN: &[Gives] = &[gives(&errors::NOT_ACTIVE_LINE)];

/// The name of an external user who gives none.
const GUEST: &str = "Guest";

/// The connector and the line of the first connector that is active on one.
pub(super) fn example_place(portal: &Portal) -> Option<Value> {
    let on = |line: &&section::Line| line.active && !line.connectors.is_empty();
    let line = portal.lines.iter().find(on)?;
    let is_known = |id: &&crate::scalar::Text| portal.connectors.iter().any(|known| known.id == **id);
    let connector = line.connectors.iter().find(is_known)?;
    let overruled = line.statuses.iter().any(|status| status.connector == *connector);
    (!overruled).then(|| json!({"CONNECTOR": connector, "LINE": line.id.to_string()}))
}

fn example(portal: &Portal) -> Option<Value> {
    let mut parameters = example_place(portal)?;
    parameters["MESSAGES"] = json!([{
        "user": {"id": "ext-user-42", "name": "Ivan", "last_name": "Ivanov"},
        "message": {"id": "ext-msg-1001", "date": 1_773_265_993, "text": "Good afternoon"},
        "chat": {"id": "channel-123", "name": "Support Channel"},
    }]);
    Some(parameters)
}

/// Checks who calls, the arguments, the structure of MESSAGES, the connector and the line. Then each element is taken on
/// its own: one that fails does not stop the others.
fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<MethodAnswer, Refusal> {
    invocation.require_application(exchange)?;
    invocation.passed(Stage::Auth, exchange)?;
    let (sent, line) = (invocation.given("CONNECTOR", exchange)?, invocation.given("LINE", exchange)?);
    let elements = messages::complete_elements(invocation, invocation.given_tree("MESSAGES", exchange)?)?;
    invocation.passed(Stage::Arguments, exchange)?;
    let place = invocation.place(sent, line)?;
    let connector = invocation.provider(&place.connector)?;
    invocation.require_active(&place)?;
    invocation.passed(Stage::Lookup, exchange)?;

    let mut reception = Reception::new(invocation, &place, connector.flags.chat_group, elements.len());
    let mut answers = Answers::new();
    let mut failures = 0;
    for element in elements.iter() {
        match reception.receive(element) {
            Ok(stored) => answers.repeat(element, &stored),
            Err(errors) => {
                failures += 1;
                answers.fail(errors);
            }
        }
    }
    reception.check_room(invocation)?;
    if failures > 0 {
        let remark = format!(
            "{failures} of {} elements of `MESSAGES` failed: `ERRORS` of each tells why",
            elements.len()
        );
        exchange.checkpoint.remark(remark.into());
    }
    let (messages, next) = (reception.messages, reception.next);
    let change = Change::Receive { messages, next, by: invocation.actor(), place };
    Ok(MethodAnswer { result: answers.finish().into(), effect: Effect::Change(change) })
}

/// The external IDs of a chat and, unless it is a group chat, of its user.
type PlaceInCall<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// The messages of one call on their way to a line.
struct Reception<'a, 'p> {
    chats: &'a Chats,
    lines: &'a Lines,
    place: &'p Place,
    is_group: bool,
    /// The next IDs after those that were given.
    next: NextIds,
    /// Whether later elements can name what earlier ones make.
    has_several: bool,
    /// The users of the call, by their external IDs. Filled only for several elements.
    users: HashMap<Cow<'a, str>, ExternalUser>,
    /// The chats of the call, by their external IDs and those of their users: IDs of chat and session. Filled only for
    /// several elements.
    places: HashMap<PlaceInCall<'a>, (i64, i64)>,
    new_users: usize,
    new_chats: usize,
    messages: Vec<Incoming>,
}

impl<'a, 'p> Reception<'a, 'p> {
    fn new(invocation: &Invocation<'a>, place: &'p Place, is_group: bool, count: usize) -> Self {
        let chats = invocation.portal.chats();
        Self {
            chats,
            lines: invocation.portal.lines(),
            place,
            is_group,
            next: chats.next,
            has_several: count > 1,
            users: HashMap::default(),
            places: HashMap::default(),
            new_users: 0,
            new_chats: 0,
            messages: Vec::with_capacity(count),
        }
    }

    /// Takes one element. Returns what its answer tells.
    fn receive(&mut self, element: Element<'_, 'a>) -> Result<Stored, Errors> {
        let (user, chat) = element.ids()?;
        element.require_content()?;
        let external_user = self.user(&user, element);
        let of_user = (!self.is_group).then_some(&user);
        let in_call = self.has_several.then(|| (chat.clone(), of_user.cloned()));
        let known = in_call.as_ref().and_then(|key| self.places.get(key)).copied();
        let mut chat_name = String::new();
        let (chat_id, session_id) = known.unwrap_or_else(|| {
            let known = self.chats.find(
                &self.place.connector,
                &self.place.line_text,
                &chat,
                of_user.map(|user| &**user),
            );
            let known = known.map(|index| self.chats.get(index));
            let chat_id = known.map(|chat| chat.chat_id).unwrap_or_else(|| {
                self.new_chats += 1;
                chat_name = self.name_of_new(element, &external_user);
                take(&mut self.next.chat)
            });
            let open = known.filter(|chat| !chat.is_closed()).and_then(|chat| chat.sessions.last());
            (chat_id, open.map_or_else(|| take(&mut self.next.session), |session| session.id))
        });
        if let Some(key) = in_call {
            self.places.insert(key, (chat_id, session_id));
        }
        let operator = element.message.get("user_id").map(php::to_int).filter(|id| *id > 0);
        let external_id = element.message.text("id");
        let external_id = Some(php::cut(&external_id, LONGEST)).filter(|id| !id.is_empty());
        let message = Message {
            id: take(&mut self.next.message),
            operator,
            text: element.message.text("text").into(),
            external_ids: external_id.into_iter().map(CompactString::from).collect(),
            is_delivered: true,
        };
        let files = (0..element.count_files()).map(|_| take(&mut self.next.file)).collect();
        let user_id = external_user.id;
        let stored = Stored { user: user_id, files, session: Some((session_id, chat_id)) };
        self.messages.push(Incoming {
            user: user.into(),
            user_id,
            external_user: match external_user {
                Cow::Owned(user) => Some(user),
                Cow::Borrowed(_) => None,
            },
            chat: chat.into(),
            is_group: self.is_group,
            chat_id,
            chat_name,
            session_id,
            message,
        });
        Ok(stored)
    }

    /// The user as he will be: a known one keeps what the element does not have. Borrowed when he stays as he is.
    fn user(&mut self, id: &Cow<'a, str>, element: Element<'_, 'a>) -> Cow<'a, ExternalUser> {
        let (name, last_name) = (element.user.text("name"), element.user.text("last_name"));
        let two_words = name.split_once(' ').filter(|(first, last)| {
            last_name.is_empty() && !first.is_empty() && !last.is_empty() && !last.contains(' ')
        });
        let (name, last_name) = two_words.unwrap_or((&name, &last_name));
        let (name, last_name) = (php::cut(name, LONGEST), php::cut(last_name, LONGEST));
        let in_call = self.users.get(id).map(|user| Cow::Owned(user.clone()));
        let known = in_call.or_else(|| self.chats.user(&self.place.connector, id).map(Cow::Borrowed));
        let mut user = known.unwrap_or_else(|| {
            self.new_users += 1;
            let id = take(&mut self.next.user);
            Cow::Owned(ExternalUser { id, name: String::new(), last_name: String::new() })
        });
        if !name.is_empty() && user.name != name {
            user.to_mut().name = name.to_owned();
        }
        if !last_name.is_empty() && user.last_name != last_name {
            user.to_mut().last_name = last_name.to_owned();
        }
        if self.has_several
            && let Cow::Owned(user) = &user
        {
            self.users.insert(id.clone(), user.clone());
        }
        user
    }

    /// The name of a new chat.
    fn name_of_new(&self, element: Element<'_, '_>, user: &ExternalUser) -> String {
        let name = match &*element.chat.text("name") {
            "" => {
                let line = self.lines.get(self.place.line);
                let line = line.map_or_else(|| default_name(self.place.line), |line| line.name.clone());
                format!("{} - {line}", full_name(user))
            }
            name => name.to_owned(),
        };
        php::cut(&name, LONGEST).to_owned()
    }

    /// Checks that the portal has room for the new chats and users.
    fn check_room(&self, invocation: &Invocation<'_>) -> Result<(), Refusal> {
        let made = self.chats.count() - invocation.portal.portal().chats.len();
        if self.new_chats > 0 && made + self.new_chats > MOST_MADE {
            let room = MOST_MADE.saturating_sub(made);
            let new = self.new_chats;
            return Err(invocation.full(format!(
                "calls can make at most {MOST_MADE} chats, and there is room for {room}: this call would make {new}"
            )));
        }
        if self.new_users > 0 && self.chats.count_users() + self.new_users > MOST_USERS {
            let room = MOST_USERS.saturating_sub(self.chats.count_users());
            let new = self.new_users;
            return Err(invocation.full(format!(
                "the portal keeps at most {MOST_USERS} external users, and there is room for {room}: this call brings {new}"
            )));
        }
        Ok(())
    }
}

fn full_name(user: &ExternalUser) -> String {
    let name = format!("{} {}", user.name, user.last_name);
    match name.trim() {
        "" => GUEST.to_owned(),
        name => name.to_owned(),
    }
}
