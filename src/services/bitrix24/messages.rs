//! The parameter MESSAGES of a call → its elements, and how an answer repeats them.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::invocation::Invocation;
use super::php;
use super::refusal::Refusal;

/// An element of MESSAGES. The names of its members are in lower case at every depth.
pub struct Element(Map<String, Value>);

/// Why an element fails: the texts of `ERRORS`.
pub type Errors = &'static [&'static str];

/// The texts for an element that lacks a part.
const NOT_ALL_DATA: Errors = &["Not all required data was provided"];

/// The texts for an element without the ID of its user.
const NO_USER: Errors = &[
    "Messenger user ID not obtained",
    "Could not create or get the system user associated with the remote messenger user",
];

/// The elements of MESSAGES.
///
/// # Errors
/// The status 500 of a type error when MESSAGES or an element is no list and no mapping.
pub fn elements(invocation: &Invocation<'_>, messages: &Value) -> Result<Vec<Element>, Refusal> {
    let type_error = |what: &str| invocation.full(format!("{what} is neither a list nor a mapping"));
    let list = values(messages).ok_or_else(|| type_error("`MESSAGES`"))?;
    list.into_iter()
        .map(|one| Element::new(one).ok_or_else(|| type_error("an element of `MESSAGES`")))
        .collect()
}

/// The elements of MESSAGES, of which each has a user, a message and a chat.
///
/// # Errors
/// `ERROR_ARGUMENT` when MESSAGES is not built so.
pub fn complete_elements(invocation: &Invocation<'_>, messages: &Value) -> Result<Vec<Element>, Refusal> {
    let wrong = |text: &'static str, reason: String| Err(invocation.wrong("MESSAGES", text).because(reason));
    let Some(list) = values(messages) else {
        let text = "The value of an argument 'MESSAGES' must be of type array";
        return wrong(text, "`MESSAGES` is neither a list nor a mapping".to_owned());
    };
    let mut elements = Vec::with_capacity(list.len());
    for (place, one) in list.into_iter().enumerate() {
        let Some(element) = Element::new(one) else {
            let text = "The MESSAGES parameter must be an array of messages (arrays)";
            return wrong(text, format!("the element {place} of `MESSAGES` is neither a list nor a mapping"));
        };
        let is_missing = |part: &&&str| element.0.get(**part).is_none_or(Value::is_null);
        if let Some(part) = ["user", "message", "chat"].iter().find(is_missing) {
            let reason = format!("the element {place} of `MESSAGES` has no `{part}`");
            return wrong(invocation.rules().structure_error, reason);
        }
        elements.push(element);
    }
    Ok(elements)
}

/// The elements of MESSAGES that are lists or mappings.
pub fn list(messages: &Value) -> Vec<Element> {
    values(messages).unwrap_or_default().into_iter().filter_map(Element::new).collect()
}

/// The elements of what PHP takes for an array.
fn values(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Array(elements) => Some(elements.iter().collect()),
        Value::Object(members) => Some(members.values().collect()),
        _ => None,
    }
}

impl Element {
    fn new(value: &Value) -> Option<Self> {
        match in_lower_case(value) {
            Value::Object(members) => Some(Self(members)),
            Value::Array(elements) => {
                Some(Self(elements.into_iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect()))
            }
            _ => None,
        }
    }

    /// A member of a part, such as `id` of `user`; `None` when it is missing or null.
    pub fn member(&self, part: &str, name: &str) -> Option<&Value> {
        self.0.get(part)?.get(name).filter(|value| !value.is_null())
    }

    /// A member of a part as a text; empty when it is missing or no text.
    pub fn text(&self, part: &str, name: &str) -> Cow<'_, str> {
        self.member(part, name).and_then(php::to_text).unwrap_or_default()
    }

    /// The external IDs of the user and of the chat.
    ///
    /// # Errors
    /// The texts of `ERRORS` when one is missing.
    pub fn ids(&self) -> Result<(String, String), Errors> {
        let is_empty = |part: &str| self.0.get(part).is_none_or(php::is_empty);
        let chat = self.text("chat", "id");
        if is_empty("user") || is_empty("chat") || !is_id(&chat) {
            return Err(NOT_ALL_DATA);
        }
        let user = self.text("user", "id");
        if !is_id(&user) {
            return Err(NO_USER);
        }
        Ok((user.into_owned(), chat.into_owned()))
    }

    /// Checks that the message has a text or files.
    ///
    /// # Errors
    /// The texts of `ERRORS` when it has neither.
    pub fn require_content(&self) -> Result<(), Errors> {
        let has_files = self.member("message", "files").is_some_and(php::is_true);
        if has_files || !self.text("message", "text").is_empty() { Ok(()) } else { Err(NOT_ALL_DATA) }
    }

    /// The number of files that the portal would fetch: those with a URL.
    pub fn count_files(&self) -> usize {
        let files = self.member("message", "files").and_then(values).unwrap_or_default();
        files.iter().filter(|file| file.get("url").is_some_and(php::is_true)).count()
    }

    /// The element as an answer repeats it, with the internal ID of the user and the IDs of the stored files.
    pub fn repeated(self, user: i64, files: Vec<i64>) -> Map<String, Value> {
        let mut element = self.0;
        let mut extra = Map::new();
        let mut moved = |part: &mut Value, name: &str, to: &str| {
            let value = part.as_object_mut().and_then(|part| part.shift_remove(name));
            value.into_iter().for_each(|value| drop(extra.insert(to.to_owned(), value)));
        };
        if let Some(part) = element.get_mut("user") {
            moved(part, "skip_phone_validate", "skip_phone_validate");
            *part = json!(user.to_string());
        }
        if let Some(part) = element.get_mut("message") {
            moved(part, "disable_crm", "disable_tracker");
            if let Some(date) = part.get_mut("date") {
                *date = json!({});
            }
            if let Some(stored) = part.get_mut("files") {
                *stored = json!(files);
            }
        }
        if let Some(chat) = element.get_mut("chat").and_then(Value::as_object_mut)
            && let Some(url) = chat.shift_remove("url")
        {
            let url = php::to_text(&url).unwrap_or_default();
            chat.insert("description".to_owned(), json!(format!("Link to the original post: {url}")));
        }
        if !extra.is_empty() {
            element.insert("extra".to_owned(), Value::Object(extra));
        }
        element.insert("SUCCESS".to_owned(), json!(true));
        element
    }
}

/// How an answer tells that an element has failed.
pub fn failed(errors: Errors) -> Value {
    json!({"SUCCESS": false, "ERRORS": errors})
}

/// The `result` of a call that was made for each element.
pub fn result(elements: &[Value]) -> Vec<u8> {
    let mut result = br#"{"SUCCESS":true,"DATA":{"RESULT":"#.to_vec();
    result.extend_from_slice(&php::json(elements));
    result.extend_from_slice(b"}}");
    result
}

/// The `result` of a call that tells nothing of its elements.
pub const DONE: &[u8] = br#"{"SUCCESS":true,"DATA":[]}"#;

/// Whether a text can be an external ID.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= super::chats::LONGEST
}

/// The same value with the names of all members in lower case.
fn in_lower_case(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.to_lowercase(), in_lower_case(member))).collect()
        }
        Value::Array(elements) => elements.iter().map(in_lower_case).collect(),
        other => other.clone(),
    }
}
