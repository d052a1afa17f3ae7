//! The answer of a server, held against every answer that the operation may give → what differs.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::emulator::{Answer, AnswerBody, Member, Shape};

/// An answer as a server gave it.
pub struct Given<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The value of a header field by its name in lower case; `None` when the answer has no such field.
    pub header: &'a dyn Fn(&str) -> Option<Cow<'a, str>>,
    /// The whole body.
    pub body: &'a [u8],
}

/// A fact of an answer that is not as the contract has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Where: `status`, `header.NAME`, `body` or the way to a value in the body, such as `body.chat.id`.
    pub at: String,
    /// What the contract has there.
    pub expected: String,
    /// What the server sent there.
    pub actual: String,
    /// The page, or whatever else, that says what is expected.
    pub source: &'static str,
}

/// What differs between an answer and the nearest of those that the operation may give: the one with the fewest differences. An
/// answer of the same status is nearer than any other. Nothing, when the answer is one of them.
pub fn drifts(answers: &[Answer], given: &Given<'_>) -> Vec<Drift> {
    let parsed = serde_json::from_slice(given.body).ok();
    let mut nearest: Option<(bool, Vec<Drift>)> = None;
    for answer in answers {
        let is_other = answer.status != given.status;
        if is_other && matches!(nearest, Some((false, _))) {
            continue;
        }
        let found = against(answer, given, parsed.as_ref());
        if found.is_empty() {
            return found;
        }
        let is_nearer = match &nearest {
            None => true,
            Some((was_other, before)) => (is_other, found.len()) < (*was_other, before.len()),
        };
        if is_nearer {
            nearest = Some((is_other, found));
        }
    }
    nearest.map(|(_, found)| found).unwrap_or_default()
}

/// What differs between an answer and this one of those that the operation may give. `parsed` is its body as JSON, if it is JSON.
pub fn against(answer: &Answer, given: &Given<'_>, parsed: Option<&Value>) -> Vec<Drift> {
    let mut found = Found { source: answer.source, drifts: Vec::new() };
    if answer.status != given.status {
        found.add("status", answer.status.to_string(), given.status.to_string());
    }
    for (name, shape) in &answer.headers {
        let at = format!("header.{name}");
        match (given.header)(name) {
            None => found.add(&at, shape.words(), "absent".to_owned()),
            Some(value) => found.value(&at, shape, &json!(value)),
        }
    }
    match (&answer.body, parsed) {
        (AnswerBody::Json(shape), Some(body)) => found.value("body", shape, body),
        (AnswerBody::Json(shape), None) => {
            found.add("body", format!("{} as JSON", shape.words()), beginning(given.body));
        }
        (AnswerBody::Empty, _) if !given.body.is_empty() => {
            found.add("body", "nothing".to_owned(), beginning(given.body));
        }
        (AnswerBody::Empty | AnswerBody::Bytes | AnswerBody::Events, _) => {}
    }
    found.drifts
}

/// Whether a value is of this shape, also in the order of its members.
pub fn fits(shape: &Shape, value: &Value) -> bool {
    let mut found = Found { source: "", drifts: Vec::new() };
    found.value("", shape, value);
    found.drifts.is_empty()
}

struct Found {
    source: &'static str,
    drifts: Vec<Drift>,
}

impl Found {
    fn add(&mut self, at: &str, expected: String, actual: String) {
        self.drifts.push(Drift { at: at.to_owned(), expected, actual, source: self.source });
    }

    fn value(&mut self, at: &str, shape: &Shape, value: &Value) {
        match (shape, value) {
            (Shape::List(item), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.value(&format!("{at}[{index}]"), item, value);
                }
            }
            (Shape::Map(each), Value::Object(members)) => {
                for (name, value) in members {
                    self.value(&format!("{at}.{name}"), each, value);
                }
            }
            (Shape::Object(known), Value::Object(members)) => self.members(at, known, members),
            (Shape::Open(known), Value::Object(members)) => self.known(at, known, members),
            (Shape::Either(shapes), _) => self.either(at, shapes, value),
            _ if is(shape, value) => {}
            _ => self.add(at, shape.words(), shown(value)),
        }
    }

    /// Tells what differs in the members that are known.
    fn known(&mut self, at: &str, known: &[Member], members: &Map<String, Value>) {
        for member in known {
            let at = format!("{at}.{}", member.name);
            match members.get(&*member.name) {
                Some(value) => self.value(&at, &member.shape, value),
                None if member.is_optional => {}
                None => self.add(&at, member.shape.words(), "absent".to_owned()),
            }
        }
    }

    /// Like [`Found::known`]; also tells which members are not known, and whether the others stand in another order.
    fn members(&mut self, at: &str, known: &[Member], members: &Map<String, Value>) {
        self.known(at, known, members);
        let is_known = |name: &&String| known.iter().any(|member| member.name == **name);
        for (name, value) in members.iter().filter(|(name, _)| !is_known(name)) {
            self.add(&format!("{at}.{name}"), "absent".to_owned(), shown(value));
        }
        // Members that are missing or new have been told already.
        let sent: Vec<_> = members.keys().filter(is_known).map(String::as_str).collect();
        let expected: Vec<_> =
            known.iter().map(|member| &*member.name).filter(|name| sent.contains(name)).collect();
        if sent != expected {
            self.add(
                at,
                format!("members in the order {}", expected.join(", ")),
                format!("members in the order {}", sent.join(", ")),
            );
        }
    }

    /// Tells what differs from the nearest of the shapes; only that it is none of them when they have little in common with it.
    fn either(&mut self, at: &str, shapes: &[Shape], value: &Value) {
        let of = |shape: &Shape| {
            let mut found = Self { source: self.source, drifts: Vec::new() };
            found.value(at, shape, value);
            found.drifts
        };
        let nearest = shapes.iter().map(of).min_by_key(Vec::len).unwrap_or_default();
        match nearest.as_slice() {
            [whole] if whole.at == at => {
                let words: Vec<_> = shapes.iter().map(Shape::words).collect();
                self.add(at, words.join(" or "), shown(value));
            }
            _ => self.drifts.extend(nearest),
        }
    }
}

/// Whether a value that has no parts, or should have none, is of this shape.
fn is(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Null => value.is_null(),
        Shape::Text => value.is_string(),
        Shape::Like(pattern) => value.as_str().is_some_and(|text| pattern.fits(text)),
        Shape::Exactly(expected) => value.as_str() == Some(expected),
        Shape::OneOf(expected) => value.as_str().is_some_and(|text| expected.contains(&text)),
        Shape::Integer => value.is_i64() || value.is_u64(),
        Shape::Count(expected) => value.as_i64() == Some(*expected),
        Shape::Number => value.is_number(),
        Shape::Flag => value.is_boolean(),
        Shape::Only(expected) => value.as_bool() == Some(*expected),
        Shape::Empty => value.as_array().is_some_and(Vec::is_empty),
        Shape::List(_) | Shape::Map(_) | Shape::Object(_) | Shape::Open(_) | Shape::Either(_) => false,
    }
}

/// The length at which a value is cut off in a message, in bytes.
const SHOWN: usize = 120;

fn shown(value: &Value) -> String {
    cut(value.to_string())
}

fn beginning(body: &[u8]) -> String {
    if body.is_empty() { "nothing".to_owned() } else { cut(String::from_utf8_lossy(body).into_owned()) }
}

fn cut(mut text: String) -> String {
    if text.len() > SHOWN {
        let end = (0..=SHOWN).rev().find(|&end| text.is_char_boundary(end));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::{Pattern, member, optional};

    static DATE: Pattern = Pattern::new(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-03-17");

    fn answers() -> Vec<Answer> {
        let chat = Shape::object([
            member("id", Shape::Text),
            member("name", Shape::Text.or_null()),
            optional("made", Shape::Like(&DATE)),
        ]);
        let json = || ("content-type", Shape::Exactly("application/json".into()));
        let error = |status, message: &'static str| Answer {
            error: None,
            status,
            headers: vec![json()],
            body: AnswerBody::Json(Shape::object([member("message", Shape::Exactly(message.into()))])),
            source: "page of errors",
        };
        vec![
            Answer {
                error: None,
                status: 200,
                headers: vec![json()],
                body: AnswerBody::Json(Shape::object([member("chats", chat.list())])),
                source: "page of chats",
            },
            Answer {
                error: None,
                status: 201,
                headers: vec![json()],
                body: AnswerBody::Json(Shape::open([
                    member("made", Shape::Flag),
                    optional("left", Shape::Empty),
                ])),
                source: "page of chats",
            },
            error(400, "Not so."),
            error(404, "Not there."),
        ]
    }

    fn found(status: u16, content_type: &'static str, body: &str) -> Vec<String> {
        let header = move |name: &str| (name == "content-type").then_some(Cow::Borrowed(content_type));
        let given = Given { status, header: &header, body: body.as_bytes() };
        let told =
            |drift: Drift| format!("{}: {} / {} ({})", drift.at, drift.expected, drift.actual, drift.source);
        drifts(&answers(), &given).into_iter().map(told).collect()
    }

    #[test]
    fn an_answer_of_the_contract_differs_in_nothing() {
        for (status, body) in [
            (200, r#"{"chats":[]}"#),
            (200, r#"{"chats":[{"id":"1","name":null},{"id":"2","name":"n","made":"2026-01-01"}]}"#),
            (201, r#"{"more":1,"left":[],"made":true}"#),
            (404, r#"{"message":"Not there."}"#),
        ] {
            assert_eq!(found(status, "application/json", body), [""; 0], "{body}");
        }
    }

    #[test]
    fn what_differs_is_told_with_its_place() {
        for (status, content_type, body, told) in [
            (
                200,
                "application/json",
                r#"{"chats":[{"id":1,"name":null}]}"#,
                "body.chats[0].id: a text / 1 (page of chats)",
            ),
            (
                200,
                "application/json",
                r#"{"chats":[{"id":"1"}]}"#,
                "body.chats[0].name: a text or null / absent (page of chats)",
            ),
            (
                200,
                "application/json",
                r#"{"chats":[{"id":"1","name":2}]}"#,
                "body.chats[0].name: a text or null / 2 (page of chats)",
            ),
            (
                200,
                "application/json",
                r#"{"chats":[{"name":null,"id":"1"}]}"#,
                "body.chats[0]: members in the order id, name / members in the order name, id (page of chats)",
            ),
            (200, "application/json", r#"{"chats":[],"more":1}"#, "body.more: absent / 1 (page of chats)"),
            (
                200,
                "application/json",
                r#"{"chats":[{"id":"1","name":null,"made":"today"}]}"#,
                r#"body.chats[0].made: a text such as "2026-03-17" / "today" (page of chats)"#,
            ),
            (
                201,
                "application/json",
                r#"{"more":1,"left":[]}"#,
                "body.made: true or false / absent (page of chats)",
            ),
            (
                201,
                "application/json",
                r#"{"made":true,"left":[1]}"#,
                "body.left: an empty list / [1] (page of chats)",
            ),
            (
                400,
                "application/json",
                r#"{"message":"Not so"}"#,
                r#"body.message: "Not so." / "Not so" (page of errors)"#,
            ),
            (409, "application/json", r#"{"message":"Not so."}"#, "status: 400 / 409 (page of errors)"),
            (
                404,
                "text/html",
                r#"{"message":"Not there."}"#,
                r#"header.content-type: "application/json" / "text/html" (page of errors)"#,
            ),
            (404, "application/json", "<html>", "body: an object as JSON / <html> (page of errors)"),
        ] {
            assert_eq!(found(status, content_type, body), [told], "{body}");
        }
    }
}
