//! How an answer repeats the elements of MESSAGES.

use serde_json::{Map, Value};

use super::messages::{Element, Errors, Mapping};
use super::php;
use crate::http::{Given, Part};

/// The `result` of a call that tells nothing of its elements.
pub const DONE: &[u8] = br#"{"SUCCESS":true,"DATA":[]}"#;

/// The answers for the elements of a call, as JSON.
pub struct Answers {
    text: Vec<u8>,
    count: usize,
}

/// What the answer for an element has in place of what was sent.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Internal ID of the user.
    pub user: i64,
    /// IDs of the files.
    pub files: Vec<i64>,
    /// IDs of session and chat; `None` when the answer does not tell them.
    pub session: Option<(i64, i64)>,
}

impl Answers {
    /// No answers yet.
    pub fn new() -> Self {
        let mut text = Vec::with_capacity(512);
        text.extend_from_slice(br#"{"SUCCESS":true,"DATA":{"RESULT":["#);
        Self { text, count: 0 }
    }

    /// The number of answers.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Tells that an element has failed.
    pub fn fail(&mut self, errors: Errors) {
        self.begin();
        self.text.extend_from_slice(br#"{"SUCCESS":false,"ERRORS":"#);
        php::write(errors, &mut self.text);
        self.text.push(b'}');
    }

    /// Repeats an element that has a user and a chat, with what was stored in place of what was sent.
    pub fn repeat(&mut self, element: Element<'_, '_>, stored: &Stored) {
        self.begin();
        let skipped = element.user.find("skip_phone_validate").map(|part| ("skip_phone_validate", part));
        let disabled = element.message.find("disable_crm").map(|part| ("disable_tracker", part));
        let extra = || skipped.into_iter().chain(disabled);
        let has_extra = extra().next().is_some();
        let mut object = Object::begin(&mut self.text);
        let write_extra = |text: &mut Vec<u8>| {
            let mut object = Object::begin(text);
            extra().for_each(|(name, part)| write_part(part, object.name(name)));
            object.end();
        };
        let write_session = |(session, chat): (i64, i64), text: &mut Vec<u8>| {
            text.extend_from_slice(br#"{"ID":"#);
            write_quoted(session, text);
            text.extend_from_slice(br#","CHAT_ID":"#);
            write_quoted(chat, text);
            text.push(b'}');
        };
        let (mut extra_is_told, mut session_is_told) = (false, false);
        for (name, part) in element.all.members() {
            let text = object.name(name);
            match (name, stored.session) {
                ("user", _) => write_quoted(stored.user, text),
                ("message", _) => write_message(part, element.message, &stored.files, text),
                ("chat", _) => write_chat(part, element.chat, text),
                ("extra", _) if has_extra => {
                    write_extra(text);
                    extra_is_told = true;
                }
                ("session", Some(session)) => {
                    write_session(session, text);
                    session_is_told = true;
                }
                _ => write_part(part, text),
            }
        }
        if has_extra && !extra_is_told {
            write_extra(object.name("extra"));
        }
        object.text.extend_from_slice(br#","SUCCESS":true"#);
        if let Some(session) = stored.session.filter(|_| !session_is_told) {
            object.text.extend_from_slice(br#","session":"#);
            write_session(session, object.text);
        }
        object.end();
    }

    fn begin(&mut self) {
        if self.count > 0 {
            self.text.push(b',');
        }
        self.count += 1;
    }

    /// The `result` of the call.
    pub fn finish(mut self) -> Vec<u8> {
        self.text.extend_from_slice(b"]}}");
        self.text
    }
}

/// The part `message` without `disable_crm`, with the IDs of the files. The answer tells no date.
fn write_message(part: Part<'_>, message: Mapping<'_, '_>, files: &[i64], text: &mut Vec<u8>) {
    if !part.is_mapping() {
        return write_part(part, text);
    }
    let mut object = Object::begin(text);
    for (name, part) in message.members() {
        match name {
            "disable_crm" => {}
            "date" => object.name(name).extend_from_slice(b"{}"),
            "files" => php::write(files, object.name(name)),
            _ => write_part(part, object.name(name)),
        }
    }
    object.end();
}

/// The part `chat`. Its `url` becomes the description.
fn write_chat(part: Part<'_>, chat: Mapping<'_, '_>, text: &mut Vec<u8>) {
    if !part.is_mapping() {
        return write_part(part, text);
    }
    let url = chat.find("url").map(|url| php::to_text(url).unwrap_or_default());
    let mut description = url.map(|url| format!("Link to the original post: {url}"));
    let mut object = Object::begin(text);
    for (name, part) in chat.members().filter(|(name, _)| *name != "url") {
        match description.take_if(|_| name == "description") {
            Some(description) => php::write_text(&description, object.name(name)),
            None => write_part(part, object.name(name)),
        }
    }
    if let Some(description) = description {
        php::write_text(&description, object.name("description"));
    }
    object.end();
}

/// A value as it was sent, with the names of all members in lower case.
fn write_part(part: Part<'_>, text: &mut Vec<u8>) {
    match part.given() {
        Given::Text(value) => php::write_text(value, text),
        Given::Number(value) => php::write(value, text),
        _ => php::write(&in_lower_case(part.value()), text),
    }
}

/// The same value with the names of all members in lower case.
fn in_lower_case(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter();
            members
                .map(|(name, member)| (name.to_lowercase(), in_lower_case(member)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(elements) => elements.into_iter().map(in_lower_case).collect(),
        other => other,
    }
}

/// A number in quotes.
fn write_quoted(number: i64, text: &mut Vec<u8>) {
    text.push(b'"');
    php::write(&number, text);
    text.push(b'"');
}

/// A JSON object that is being written.
struct Object<'a> {
    text: &'a mut Vec<u8>,
    is_first: bool,
}

impl<'a> Object<'a> {
    fn begin(text: &'a mut Vec<u8>) -> Self {
        text.push(b'{');
        Self { text, is_first: true }
    }

    /// Writes the name of a member. Returns where its value goes.
    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.is_first) {
            self.text.push(b',');
        }
        php::write_text(name, self.text);
        self.text.push(b':');
        self.text
    }

    fn end(self) {
        self.text.push(b'}');
    }
}
