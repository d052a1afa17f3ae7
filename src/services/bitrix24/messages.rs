//! The parameter MESSAGES of a call → its elements.

use std::borrow::Cow;
use std::ops::Range;

use indexmap::IndexMap;

use super::invocation::Invocation;
use super::php;
use super::refusal::Refusal;
use super::texts::{MESSAGES_NO_ARRAY, MESSAGES_NOT_OF_ARRAYS};
use crate::http::{Part, Tree};

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
    /// The whole element.
    pub all: Mapping<'e, 'a>,
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
        return wrong(MESSAGES_NO_ARRAY, "`MESSAGES` is neither a list nor a mapping".to_owned());
    };
    let mut elements = Elements::with_room(list);
    for (place, one) in values(list.root()).enumerate() {
        let Some(element) = elements.add(one) else {
            return wrong(
                MESSAGES_NOT_OF_ARRAYS,
                format!("the element {place} of `MESSAGES` is neither a list nor a mapping"),
            );
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

impl<'e, 'a> Mapping<'e, 'a> {
    /// The member of this name; `None` when it is missing or null.
    pub fn get(self, name: &str) -> Option<Part<'a>> {
        self.find(name).filter(|part| !part.is_null())
    }

    /// The member of this name, also when it is null.
    #[inline]
    pub fn find(self, name: &str) -> Option<Part<'a>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, part)| *part)
    }

    /// All members: their names in lower case, and their values.
    pub fn members(self) -> impl Iterator<Item = (&'e str, Part<'a>)> {
        self.0.iter().map(|(name, part)| (&**name, *part))
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
