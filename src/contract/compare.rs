//! The answer of a server, held against every answer that the operation may give → what differs.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::difference::{Actual, Place, Raw};
use super::fits::{fits, fits_field, is};
use super::reading::reads_as;
use crate::emulator::{Answer, AnswerBody, Drift, ErrorCode, Member, Shape};

/// An answer as a server gave it.
pub struct Given<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The value of a header field by its name in lower case; `None` when the answer has no such field.
    pub header: &'a dyn Fn(&str) -> Option<Cow<'a, str>>,
    /// The whole body.
    pub body: &'a [u8],
}

/// An answer, held against those that its operation may give.
#[derive(Debug, Default)]
pub struct Held {
    /// The error that the answer is, or is nearest to among those of its status; `None` when that is a success.
    pub error: Option<&'static ErrorCode>,
    /// What differs; nothing, when the answer is one of those that the operation may give.
    pub drifts: Vec<Drift>,
}

/// What differs between an answer and the nearest of those that the operation may give. An answer of the same status is nearer than any
/// other, then one with fewer differences in the members of the body, then one with fewer differences. Nothing, when the answer is one
/// of them.
pub fn drifts(answers: &[Answer], given: &Given<'_>) -> Vec<Drift> {
    hold(answers, given, &str::to_owned).drifts
}

/// The same, with the error that the nearest answer is. `hide` hides secrets in what the server sent, before a long value is cut
/// off: half a secret is none that could be found.
pub fn hold(answers: &[Answer], given: &Given<'_>, hide: &dyn Fn(&str) -> String) -> Held {
    if let Some(same) = answers.iter().find(|answer| answer.status == given.status)
        && reads_whole(same, given)
    {
        return Held { error: same.error, drifts: Vec::new() };
    }
    let parsed = serde_json::from_slice(given.body).ok();
    if let Some(same) = answers.iter().find(|answer| fits_whole(answer, given, parsed.as_ref())) {
        return Held { error: same.error, drifts: Vec::new() };
    }
    let mut nearest: Option<(Distance, &Answer, Vec<Raw<'_>>)> = None;
    for answer in answers {
        let is_other = answer.status != given.status;
        if is_other && nearest.as_ref().is_some_and(|(before, ..)| !before.0) {
            continue;
        }
        let found = differences(answer, given, parsed.as_ref());
        debug_assert!(!found.is_empty(), "an answer of which nothing differs fits");
        let distance = (is_other, found.iter().filter(|raw| raw.is_of_the_whole()).count(), found.len());
        if nearest.as_ref().is_none_or(|(before, ..)| distance < *before) {
            nearest = Some((distance, answer, found));
        }
    }
    let Some((_, answer, found)) = nearest else { return Held::default() };
    let drifts = found.into_iter().map(|raw| raw.told(answer.source, hide)).collect();
    Held { error: answer.error.filter(|_| answer.status == given.status), drifts }
}

/// Whether nothing differs.
fn fits_whole(answer: &Answer, given: &Given<'_>, parsed: Option<&Value>) -> bool {
    fits_head(answer, given)
        && match (&answer.body, parsed) {
            (AnswerBody::Json(shape), Some(body)) => fits(shape, body),
            (AnswerBody::Json(_), None) => false,
            (AnswerBody::Empty, _) => given.body.is_empty(),
            (AnswerBody::Bytes | AnswerBody::Events, _) => true,
        }
}

/// Whether nothing differs for certain, without the value of the body.
fn reads_whole(answer: &Answer, given: &Given<'_>) -> bool {
    fits_head(answer, given) && matches!(&answer.body, AnswerBody::Json(shape) if reads_as(shape, given.body))
}

fn fits_head(answer: &Answer, given: &Given<'_>) -> bool {
    let has = |field: &Member| match (given.header)(&field.name) {
        Some(value) => fits_field(&field.shape, &value),
        None => field.is_optional,
    };
    answer.status == given.status && answer.headers.iter().all(has)
}

fn differences<'v>(answer: &Answer, given: &'v Given<'_>, parsed: Option<&'v Value>) -> Vec<Raw<'v>> {
    let mut found = Found::default();
    if answer.status != given.status {
        let at = Place::known("status");
        found.add(&at, answer.status.to_string(), Actual::Words(given.status.to_string()));
    }
    for Member { name, shape, is_optional } in &answer.headers {
        let at = Place::known(format!("header.{name}"));
        match (given.header)(name) {
            None if *is_optional => {}
            None => found.add(&at, shape.words(), Actual::Absent),
            Some(value) if fits_field(shape, &value) => {}
            Some(value) => found.add(&at, shape.words(), Actual::Text(json!(value).to_string())),
        }
    }
    let body = Place::known("body");
    match (&answer.body, parsed) {
        (AnswerBody::Json(shape), Some(value)) => found.value(&body, shape, value),
        (AnswerBody::Json(shape), None) => {
            found.add(&body, format!("{} as JSON", shape.words()), Actual::Body(given.body));
        }
        (AnswerBody::Empty, _) if !given.body.is_empty() => {
            found.add(&body, "nothing".to_owned(), Actual::Body(given.body));
        }
        (AnswerBody::Empty | AnswerBody::Bytes | AnswerBody::Events, _) => {}
    }
    found.0
}

/// How far an answer is from another: whether the status is another one, how many members of the whole body differ, and how many facts
/// altogether. A success of which one part is wrong in many ways is no error because of that.
type Distance = (bool, usize, usize);

/// How many differences of an answer are told. A long list whose items are all wrong would tell the same thousands of times.
const MOST: usize = 100;

#[derive(Default)]
struct Found<'v>(Vec<Raw<'v>>);

impl<'v> Found<'v> {
    fn add(&mut self, at: &Place, expected: String, actual: Actual<'v>) {
        if self.0.len() == MOST {
            return;
        }
        self.0.push(Raw { at: at.clone(), expected, actual });
    }

    fn value(&mut self, at: &Place, shape: &Shape, value: &'v Value) {
        match (shape, value) {
            (Shape::List(item), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.value(&at.item(index), item, value);
                }
            }
            (Shape::Map(each), Value::Object(members)) => {
                for (name, value) in members {
                    self.value(&at.member_of_server(name), each, value);
                }
            }
            (Shape::Object(known), Value::Object(members)) => self.members(at, known, members),
            (Shape::Open(known), Value::Object(members)) => self.known(at, known, members),
            (Shape::Either(shapes), _) => self.either(at, shapes, value),
            _ if is(shape, value) => {}
            _ => self.add(at, shape.words(), Actual::Value(value)),
        }
    }

    /// Tells what differs in the members that are known.
    fn known(&mut self, at: &Place, known: &[Member], members: &'v Map<String, Value>) {
        for member in known {
            let at = at.member(&member.name);
            match members.get(&*member.name) {
                Some(value) => self.value(&at, &member.shape, value),
                None if member.is_optional => {}
                None => self.add(&at, member.shape.words(), Actual::Absent),
            }
        }
    }

    /// Like [`Found::known`]; also tells which members are not known, and whether the others stand in another order.
    fn members(&mut self, at: &Place, known: &[Member], members: &'v Map<String, Value>) {
        self.known(at, known, members);
        let is_known = |name: &&String| known.iter().any(|member| member.name == **name);
        for (name, value) in members.iter().filter(|(name, _)| !is_known(name)) {
            self.add(&at.member_of_server(name), "absent".to_owned(), Actual::Value(value));
        }
        // Members that are missing or new have been told already.
        let sent: Vec<_> = members.keys().filter(is_known).map(String::as_str).collect();
        let expected: Vec<_> =
            known.iter().map(|member| &*member.name).filter(|name| sent.contains(name)).collect();
        if sent != expected {
            let in_order = |names: &[&str]| format!("members in the order {}", names.join(", "));
            self.add(at, in_order(&expected), Actual::Words(in_order(&sent)));
        }
    }

    /// Tells what differs from the nearest of the shapes; only that it is none of them when they have little in common with it.
    fn either(&mut self, at: &Place, shapes: &[Shape], value: &'v Value) {
        let of = |shape: &Shape| {
            let mut found = Self::default();
            found.value(at, shape, value);
            found.0
        };
        let nearest = shapes.iter().map(of).min_by_key(Vec::len).unwrap_or_default();
        match nearest.as_slice() {
            [whole] if whole.is_at(at) => {
                let words: Vec<_> = shapes.iter().map(Shape::words).collect();
                self.add(at, words.join(" or "), Actual::Value(value));
            }
            _ => self.0.extend(nearest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::difference::SHOWN;
    use super::*;
    use crate::emulator::{Pattern, member, optional};

    static DATE: Pattern = Pattern::new(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-03-17");

    fn answers() -> Vec<Answer> {
        let chat = Shape::object([
            member("id", Shape::Text),
            member("name", Shape::Text.or_null()),
            optional("made", Shape::Like(&DATE)),
        ]);
        let json = || member("content-type", Shape::Exactly("application/json".into()));
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
    fn a_part_that_is_wrong_in_many_ways_makes_no_other_answer_of_the_whole() {
        let json = |shape| Answer {
            error: None,
            status: 200,
            headers: Vec::new(),
            body: AnswerBody::Json(shape),
            source: "a page",
        };
        let time = Shape::object(["a", "b", "c", "d", "e"].map(|name| member(name, Shape::Text)));
        let error = Shape::object([member("error", Shape::Text)]);
        let all = [json(error), json(Shape::object([member("time", time)]))];
        let given = Given { status: 200, header: &|_| None, body: br#"{"time":{"a":"1"}}"# };
        let found: Vec<_> = drifts(&all, &given).into_iter().map(|drift| drift.at).collect();
        assert_eq!(found, ["body.time.b", "body.time.c", "body.time.d", "body.time.e"]);
    }

    #[test]
    fn a_secret_is_hidden_before_a_long_value_is_cut_off() {
        let text = format!("{}s3cret-of-a-client", "x".repeat(SHOWN - 5));
        let body = format!(r#"{{"chats":"{text}"}}"#);
        let given =
            Given { status: 200, header: &|_| Some("application/json".into()), body: body.as_bytes() };
        let held = hold(&answers(), &given, &|text| text.replace("s3cret-of-a-client", "***"));
        assert_eq!(held.drifts[0].at, "body.chats");
        assert!(!held.drifts[0].actual.contains("s3"), "{:?}", held.drifts);
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
