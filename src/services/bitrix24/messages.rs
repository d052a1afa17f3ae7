//! The parameter MESSAGES of a call → its elements, and how an answer repeats them.

use std::borrow::Cow;
use std::ops::Range;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::invocation::Invocation;
use super::php;
use super::refusal::Refusal;
use crate::http::{Given, Part, Tree};

/// The elements of MESSAGES.
#[derive(Default)]
pub struct Elements<'a> {
    /// The members of all mappings, in one block of memory.
    members: Vec<Member<'a>>,
    /// Where the members of each element are, and those of its `user`, `message` and `chat`.
    elements: Vec<[Range<usize>; 4]>,
}

/// The name of a member in lower case, and its value.
type Member<'a> = (Cow<'a, str>, Part<'a>);

/// An element of MESSAGES.
#[derive(Clone, Copy)]
pub struct Element<'e, 'a> {
    all: Mapping<'e, 'a>,
    /// The part `user`.
    pub user: Mapping<'e, 'a>,
    /// The part `message`.
    pub message: Mapping<'e, 'a>,
    /// The part `chat`.
    pub chat: Mapping<'e, 'a>,
}

/// The members of a mapping. Their names are in lower case. A repeated name keeps its first place and gets its last
/// value.
#[derive(Clone, Copy)]
pub struct Mapping<'e, 'a>(&'e [Member<'a>]);

/// Why an element fails: the texts of `ERRORS`.
pub type Errors = &'static [&'static str];

/// The texts for an element that lacks a part.
const NOT_ALL_DATA: Errors = &["Not all required data was provided"];

/// The texts for an element without the ID of its user.
const NO_USER: Errors = &[
    "Messenger user ID not obtained",
    "Could not create or get the system user associated with the remote messenger user",
];

/// The elements of MESSAGES; `messages` is `None` when it is no list and no mapping.
///
/// # Errors
/// The status 500 of a type error when MESSAGES or an element is no list and no mapping.
pub fn elements<'a>(
    invocation: &Invocation<'_>,
    messages: Option<&'a Tree>,
) -> Result<Elements<'a>, Refusal> {
    let type_error = |what: &str| invocation.full(format!("{what} is neither a list nor a mapping"));
    let list = messages.ok_or_else(|| type_error("`MESSAGES`"))?;
    let mut elements = Elements::with_room(list);
    for one in values(list.root()) {
        elements.add(one).ok_or_else(|| type_error("an element of `MESSAGES`"))?;
    }
    Ok(elements)
}

/// The elements of MESSAGES, of which each has a user, a message and a chat. `messages` is `None` when it is no list and
/// no mapping.
///
/// # Errors
/// `ERROR_ARGUMENT` when MESSAGES is not built so.
pub fn complete_elements<'a>(
    invocation: &Invocation<'_>,
    messages: Option<&'a Tree>,
) -> Result<Elements<'a>, Refusal> {
    let wrong = |text: &'static str, reason: String| Err(invocation.wrong("MESSAGES", text).because(reason));
    let Some(list) = messages else {
        let text = "The value of an argument 'MESSAGES' must be of type array";
        return wrong(text, "`MESSAGES` is neither a list nor a mapping".to_owned());
    };
    let mut elements = Elements::with_room(list);
    for (place, one) in values(list.root()).enumerate() {
        let Some(element) = elements.add(one) else {
            let text = "The MESSAGES parameter must be an array of messages (arrays)";
            return wrong(text, format!("the element {place} of `MESSAGES` is neither a list nor a mapping"));
        };
        let is_missing = |part: &&&str| element.all.get(part).is_none();
        if let Some(part) = ["user", "message", "chat"].iter().find(is_missing) {
            let reason = format!("the element {place} of `MESSAGES` has no `{part}`");
            return wrong(invocation.rules().structure_error, reason);
        }
    }
    Ok(elements)
}

/// The elements of MESSAGES that are lists or mappings.
pub fn list(messages: Option<&Tree>) -> Elements<'_> {
    let mut elements = Elements::default();
    messages.into_iter().flat_map(|messages| values(messages.root())).for_each(|one| {
        elements.add(one);
    });
    elements
}

/// The elements of what PHP takes for an array.
fn values(part: Part<'_>) -> impl Iterator<Item = Part<'_>> {
    // Of members with the same name the last one counts.
    let members =
        part.is_mapping().then(|| part.parts().map(|part| (part.name(), part)).collect::<IndexMap<_, _>>());
    let elements = members.is_none().then(|| part.parts());
    members.into_iter().flat_map(IndexMap::into_values).chain(elements.into_iter().flatten())
}

/// Up to this many values, names are compared one by one; above it, by a table.
const FEW: usize = 32;

/// Adds the members of a value; none unless it is a mapping. Returns where they are.
fn add_members<'a>(part: Option<Part<'a>>, members: &mut Vec<Member<'a>>) -> Range<usize> {
    let start = members.len();
    if let Some(part) = part.filter(|part| part.is_mapping())
        && (part.parts().count_inside() > FEW || !add_distinct(part, members))
    {
        members.truncate(start);
        // Equal names are one member before names in another case become equal.
        let sent: IndexMap<_, _> = part.parts().map(|part| (part.name(), part)).collect();
        let folded: IndexMap<_, _> = sent.into_iter().map(|(name, part)| (lower(name), part)).collect();
        members.extend(folded);
    }
    start..members.len()
}

/// Adds the members of a mapping. Returns false at the first name that comes again.
fn add_distinct<'a>(mapping: Part<'a>, members: &mut Vec<Member<'a>>) -> bool {
    let start = members.len();
    for part in mapping.parts() {
        let name = lower(part.name());
        if members[start..].iter().any(|(known, _)| *known == name) {
            return false;
        }
        members.push((name, part));
    }
    true
}

/// A name in lower case.
#[inline]
fn lower(name: &str) -> Cow<'_, str> {
    let is_lower = name.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'0'..=b'9'));
    if is_lower { name.into() } else { name.to_lowercase().into() }
}

impl<'a> Elements<'a> {
    /// No elements, with room for those of MESSAGES.
    fn with_room(messages: &Tree) -> Self {
        let parts = messages.root().parts();
        Self {
            members: Vec::with_capacity(parts.count_inside()),
            elements: Vec::with_capacity(parts.count()),
        }
    }

    /// Adds an element. `None` when it is no list and no mapping. The members of a list have no names that mean something.
    fn add(&mut self, part: Part<'a>) -> Option<Element<'_, 'a>> {
        if !part.is_mapping() && !part.is_list() {
            return None;
        }
        let Self { members, elements } = self;
        let all = add_members(Some(part), members);
        let of = |name| Mapping(&members[all.clone()]).find(name);
        let [user, message, chat] =
            ["user", "message", "chat"].map(of).map(|part| add_members(part, members));
        elements.push([all, user, message, chat]);
        self.iter().next_back()
    }

    /// All elements, in the order sent.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Element<'_, 'a>> {
        self.elements.iter().map(|places| {
            let of = |range: &Range<usize>| Mapping(&self.members[range.clone()]);
            let [all, user, message, chat] = places;
            Element { all: of(all), user: of(user), message: of(message), chat: of(chat) }
        })
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.elements.len()
    }
}

impl<'a> Mapping<'_, 'a> {
    /// The member of this name; `None` when it is missing or null.
    pub fn get(self, name: &str) -> Option<Part<'a>> {
        self.find(name).filter(|part| !part.is_null())
    }

    #[inline]
    fn find(self, name: &str) -> Option<Part<'a>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, part)| *part)
    }

    /// A member as a text; empty when it is missing or no text.
    pub fn text(self, name: &str) -> Cow<'a, str> {
        self.get(name).and_then(php::to_text).unwrap_or_default()
    }
}

impl<'a> Element<'_, 'a> {
    /// The number that `message_id` of the part `im` is; 0 without one.
    pub fn message_id(self) -> i64 {
        let mut members = Vec::new();
        add_members(self.all.find("im"), &mut members);
        Mapping(&members).get("message_id").map_or(0, php::to_int)
    }

    /// The external IDs of the user and of the chat.
    ///
    /// # Errors
    /// The texts of `ERRORS` when one is missing.
    pub fn ids(self) -> Result<(Cow<'a, str>, Cow<'a, str>), Errors> {
        let is_empty = |part: &str| self.all.find(part).is_none_or(php::is_empty);
        let chat = self.chat.text("id");
        if is_empty("user") || is_empty("chat") || !is_id(&chat) {
            return Err(NOT_ALL_DATA);
        }
        let user = self.user.text("id");
        if !is_id(&user) {
            return Err(NO_USER);
        }
        Ok((user, chat))
    }

    /// Checks that the message has a text or files.
    ///
    /// # Errors
    /// The texts of `ERRORS` when it has neither.
    pub fn require_content(self) -> Result<(), Errors> {
        let has_files = self.message.get("files").is_some_and(php::is_true);
        if has_files || !self.message.text("text").is_empty() { Ok(()) } else { Err(NOT_ALL_DATA) }
    }

    /// The number of files that the portal would fetch: those with a URL.
    pub fn count_files(self) -> usize {
        let has_url = |file: Part<'_>| {
            let mut members = Vec::new();
            add_members(Some(file), &mut members);
            Mapping(&members).get("url").is_some_and(php::is_true)
        };
        let Some(files) = self.message.get("files") else { return 0 };
        if files.is_mapping() {
            let mut members = Vec::new();
            add_members(Some(files), &mut members);
            return members.into_iter().filter(|(_, file)| has_url(*file)).count();
        }
        files.parts().filter(|file| has_url(*file)).count()
    }
}

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
        for (name, part) in element.all.0 {
            let (text, part) = (object.name(name), *part);
            match (&**name, stored.session) {
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
    for (name, part) in message.0 {
        match &**name {
            "disable_crm" => {}
            "date" => object.name(name).extend_from_slice(b"{}"),
            "files" => php::write(files, object.name(name)),
            _ => write_part(*part, object.name(name)),
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
    for (name, part) in chat.0.iter().filter(|(name, _)| name != "url") {
        match description.take_if(|_| name == "description") {
            Some(description) => php::write_text(&description, object.name(name)),
            None => write_part(*part, object.name(name)),
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

/// The `result` of a call that tells nothing of its elements.
pub const DONE: &[u8] = br#"{"SUCCESS":true,"DATA":[]}"#;

/// Whether a text can be an external ID.
fn is_id(text: &str) -> bool {
    let longest = super::chats::LONGEST;
    !text.is_empty() && (text.len() <= longest || text.chars().count() <= longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Members;

    #[test]
    fn equal_names_are_one_member_before_names_in_another_case_become_equal() {
        for (user, id) in [
            (r#"{"ID":"a","id":"b","ID":"c"}"#, "b"),
            (r#"{"ID":"a","id":"b"}"#, "b"),
            (r#"{"id":"a","ID":"b"}"#, "b"),
            (r#"{"id":"a","id":"b"}"#, "b"),
        ] {
            let members: Members = serde_json::from_str(&format!(r#"{{"m":[{{"user":{user}}}]}}"#)).unwrap();
            let elements = list(members.tree(|name| name == b"m"));
            assert_eq!(elements.iter().next().unwrap().user.text("id"), id, "{user}");
        }
    }
}
