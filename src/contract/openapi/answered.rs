//! The answers of an operation → its responses, by status and media type, each with examples.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::components::Components;
use super::played::{Played, Stage};
use crate::contract::fits::fits;
use crate::emulator::{Answer, AnswerBody, Operation, Shape};
use crate::http::Reply;

/// The answers that have a status.
#[derive(Default)]
struct Group<'a> {
    answers: Vec<&'a Answer>,
    /// What a body may be, by its media type: schemas, and examples by name.
    content: IndexMap<String, (Vec<Value>, Map<String, Value>)>,
}

/// The responses of `operation`. `played` is its example.
pub fn responses(
    operation: &'static Operation,
    answers: &[Answer],
    stage: &Stage,
    played: Option<&Played>,
    components: &mut Components,
) -> Value {
    let mut groups = BTreeMap::<u16, Group<'_>>::new();
    for answer in answers {
        let given = given(operation, answer, stage, played);
        // A portal whose scenario asks for another envelope gives others, which would be half of each type of a client.
        let is_met = |other: &Answer| {
            is_alike(other, answer) && self::given(operation, other, stage, played).is_some()
        };
        if given.is_none() && answer.status < 300 && answers.iter().any(is_met) {
            continue;
        }
        let group = groups.entry(answer.status).or_default();
        group.answers.push(answer);
        let media_types = media_types(answer);
        let schema = match &answer.body {
            AnswerBody::Json(shape) => {
                let own = match answer.error {
                    Some(code) => format!("{} error {}", operation.name, code.code),
                    None => format!("{} answer", operation.name),
                };
                let shared = answer.error.map(|code| format!("error {}", code.code));
                let names: Vec<_> = shared.iter().chain([&own]).map(String::as_str).collect();
                components.reference(&names, shape.schema())
            }
            AnswerBody::Bytes => json!({"type": "string", "format": "binary"}),
            AnswerBody::Events => json!({"type": "string"}),
            AnswerBody::Empty => continue,
        };
        let example = match &answer.body {
            AnswerBody::Json(shape) => Some(given.unwrap_or_else(|| sample(shape))),
            _ => None,
        };
        for media_type in media_types {
            let (schemas, examples) = group.content.entry(media_type).or_default();
            if !schemas.contains(&schema) {
                schemas.push(schema.clone());
            }
            if let Some(value) = &example {
                add(examples, answer, value);
            }
        }
    }
    let described = groups.into_iter().map(|(status, group)| (status.to_string(), group.response()));
    Value::Object(described.collect())
}

impl Group<'_> {
    fn response(self) -> Value {
        let mut response = json!({"description": self.description()});
        let headers = self.headers();
        if !headers.is_empty() {
            response["headers"] = headers.into();
        }
        let content: Map<_, _> = self
            .content
            .into_iter()
            .map(|(media_type, (mut schemas, examples))| {
                let schema = match schemas.len() {
                    1 => schemas.remove(0),
                    _ => json!({"anyOf": schemas}),
                };
                let mut media = json!({"schema": schema});
                if !examples.is_empty() {
                    media["examples"] = examples.into();
                }
                (media_type, media)
            })
            .collect();
        if !content.is_empty() {
            response["content"] = content.into();
        }
        response
    }

    fn description(&self) -> String {
        let mut codes: Vec<_> = self.answers.iter().filter_map(|answer| answer.error).collect();
        codes.dedup();
        let mut words: Vec<_> = codes.iter().map(|code| format!("`{}`", code.code)).collect();
        if self.answers.iter().any(|answer| answer.error.is_none()) {
            words.insert(0, "success".to_owned());
        }
        words.join(", ")
    }

    /// The header fields. One is required when every answer with this status has it.
    fn headers(&self) -> Map<String, Value> {
        let mut shapes = IndexMap::<&str, Vec<&Shape>>::new();
        let of_answers = || self.answers.iter().flat_map(|answer| &answer.headers);
        for field in of_answers().filter(|field| field.name != CONTENT_TYPE) {
            let known = shapes.entry(&field.name).or_default();
            if !known.contains(&&field.shape) {
                known.push(&field.shape);
            }
        }
        let has = |answer: &Answer, name| {
            answer.headers.iter().any(|field| field.name == name && !field.is_optional)
        };
        let described = shapes.into_iter().map(|(name, shapes)| {
            let schema = match shapes[..] {
                [only] => only.schema(),
                _ => json!({"anyOf": shapes.iter().map(|shape| shape.schema()).collect::<Vec<_>>()}),
            };
            let is_required = self.answers.iter().all(|answer| has(answer, name));
            (name.to_owned(), json!({"required": is_required, "schema": schema}))
        });
        described.collect()
    }
}

const CONTENT_TYPE: &str = "content-type";

/// The media types of the answer's body.
fn media_types(answer: &Answer) -> Vec<String> {
    let field = answer.headers.iter().find(|field| field.name == CONTENT_TYPE);
    let bare = |text: &str| text.split(';').next().unwrap_or_default().trim().to_owned();
    match (field.map(|field| &field.shape), &answer.body) {
        (Some(Shape::Exactly(text)), _) => vec![bare(text)],
        (Some(Shape::OneOf(texts)), _) => texts.iter().map(|text| bare(text)).collect(),
        (_, AnswerBody::Json(_)) => vec!["application/json".to_owned()],
        (_, AnswerBody::Events) => vec!["text/event-stream".to_owned()],
        // Generators know the first, and the second stands for every other.
        (_, AnswerBody::Bytes) => vec!["application/octet-stream".to_owned(), "*/*".to_owned()],
        (_, AnswerBody::Empty) => Vec::new(),
    }
}

/// Whether both are a success, or the same error, and have the same status.
fn is_alike(one: &Answer, other: &Answer) -> bool {
    one.error == other.error && one.status == other.status
}

/// The body of such an answer as the emulator gives it; `None` when it is not JSON, or no call of the example meets it.
fn given(operation: &Operation, answer: &Answer, stage: &Stage, played: Option<&Played>) -> Option<Value> {
    let AnswerBody::Json(shape) = &answer.body else { return None };
    let of_reply = |reply: &Reply| {
        let body = serde_json::from_slice(&reply.body).ok()?;
        (reply.status == answer.status && fits(shape, &body)).then_some(body)
    };
    match answer.error {
        Some(code) => stage.error(operation, code.code).as_ref().and_then(of_reply),
        None => played.and_then(|played| of_reply(&played.reply)),
    }
}

/// A value of this shape.
fn sample(shape: &Shape) -> Value {
    match shape {
        Shape::Any | Shape::Null => Value::Null,
        Shape::Text => json!("text"),
        Shape::Like(pattern) => json!(pattern.example),
        Shape::Exactly(text) => json!(text),
        Shape::OneOf(texts) => json!(texts.first()),
        Shape::Integer | Shape::Number => json!(1),
        Shape::Count(count) => json!(count),
        Shape::Flag => json!(true),
        Shape::Only(flag) => json!(flag),
        Shape::List(item) => json!([sample(item)]),
        Shape::Empty => json!([]),
        Shape::Object(members) | Shape::Open(members) => {
            let needed = members.iter().filter(|member| !member.is_optional);
            Value::Object(needed.map(|member| (member.name.to_string(), sample(&member.shape))).collect())
        }
        Shape::Map(_) => json!({}),
        Shape::Either(shapes) => shapes.first().map_or(Value::Null, sample),
    }
}

/// Adds an example, called by its code, or `success`; others of the same name get a number.
fn add(examples: &mut Map<String, Value>, answer: &Answer, value: &Value) {
    let wanted = answer.error.map_or("success", |code| code.code);
    let mut called = wanted.to_owned();
    for number in 2.. {
        match examples.get(&called) {
            None => break,
            Some(known) if known["value"] == *value => return,
            Some(_) => called = format!("{wanted}.{number}"),
        }
    }
    examples.insert(called, json!({"value": value}));
}
