//! What a route does → its operation in an OpenAPI document.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Makes the schema of a type.
type Describe = fn(&mut SchemaGenerator) -> Schema;

/// What a route does.
pub(super) struct About {
    id: &'static str,
    summary: &'static str,
    /// An example of the segment that the path has in braces, and what it is.
    segment: Option<(Value, &'static str)>,
    /// The parameters of the query: name, example or null, what it is.
    query: Vec<(&'static str, Value, &'static str)>,
    body: Option<Taken>,
    answers: Vec<(u16, Given)>,
    /// Whether a request may ask for text instead of JSON.
    has_text: bool,
}

/// The body of a request.
struct Taken {
    schema: Describe,
    example: Value,
    is_required: bool,
    /// Whether it may be YAML.
    is_yaml: bool,
}

/// The body of an answer.
enum Given {
    Json(Describe),
    /// Text of this media type.
    Text(&'static str),
    Events,
}

impl About {
    /// A route that takes and gives nothing yet. `id` names it in programs that are made from the document.
    pub(super) fn new(id: &'static str, summary: &'static str) -> Self {
        Self { id, summary, segment: None, query: vec![], body: None, answers: vec![], has_text: false }
    }

    pub(super) fn segment(self, example: Value, what: &'static str) -> Self {
        Self { segment: Some((example, what)), ..self }
    }

    /// A parameter of the query. One whose `example` is null is not in the example of a request.
    pub(super) fn query(mut self, name: &'static str, example: Value, what: &'static str) -> Self {
        self.query.push((name, example, what));
        self
    }

    /// A body that a request must have.
    pub(super) fn takes<T: JsonSchema>(self, example: Value) -> Self {
        let schema = |generator: &mut SchemaGenerator| generator.subschema_for::<T>();
        Self { body: Some(Taken { schema, example, is_required: true, is_yaml: false }), ..self }
    }

    /// A body that a request may leave out.
    pub(super) fn may_take<T: JsonSchema>(self, example: Value) -> Self {
        let schema = |generator: &mut SchemaGenerator| generator.subschema_for::<T>();
        Self { body: Some(Taken { schema, example, is_required: false, is_yaml: false }), ..self }
    }

    /// The body may be YAML too.
    pub(super) fn or_yaml(mut self) -> Self {
        self.body.iter_mut().for_each(|body| body.is_yaml = true);
        self
    }

    pub(super) fn gives<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answers.push((status, Given::Json(|generator| generator.subschema_for::<T>())));
        self
    }

    /// A request may ask for text instead.
    pub(super) fn or_text(self) -> Self {
        Self { has_text: true, ..self }
    }

    pub(super) fn gives_text(mut self, media_type: &'static str) -> Self {
        self.answers.push((200, Given::Text(media_type)));
        self
    }

    pub(super) fn streams(mut self) -> Self {
        self.answers.push((200, Given::Events));
        self
    }
}

/// Two generators that write into one table of schemas: what is sent may leave out members that an answer always has.
pub(super) struct Schemas {
    pub(super) sent: SchemaGenerator,
    pub(super) given: SchemaGenerator,
}

impl Schemas {
    /// The operation of a route with this path.
    pub(super) fn operation(&mut self, path: &str, about: About) -> Value {
        let About { id, summary, segment, query, body, answers, has_text } = about;
        let mut parameters = Vec::new();
        if let Some((example, what)) = segment {
            let name = path.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
            let name = name.map_or("", |(name, _)| name);
            parameters.push(json!({
                "name": name,
                "in": "path",
                "required": true,
                "description": what,
                "schema": {"type": "string"},
                "example": example,
            }));
        }
        for (name, example, what) in query {
            let mut parameter =
                json!({"name": name, "in": "query", "description": what, "schema": {"type": "string"}});
            if !example.is_null() {
                parameter["example"] = example.as_str().map_or(example.to_string(), str::to_owned).into();
            }
            parameters.push(parameter);
        }
        let mut operation = json!({"operationId": id, "summary": summary});
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Some(Taken { schema, example, is_required, is_yaml }) = body {
            let schema = schema(&mut self.sent);
            let mut content = json!({"application/json": {"schema": schema, "example": example}});
            if is_yaml {
                content["application/yaml"] = json!({"schema": schema});
            }
            operation["requestBody"] = json!({"required": is_required, "content": content});
        }
        let mut responses = Map::new();
        for (status, given) in answers {
            let mut content = match given {
                Given::Json(schema) => json!({"application/json": {"schema": schema(&mut self.given)}}),
                Given::Text(media_type) => json!({media_type: {"schema": {"type": "string"}}}),
                Given::Events => json!({"text/event-stream": {"schema": {"type": "string"}}}),
            };
            if has_text {
                content["text/plain"] = json!({"schema": {"type": "string"}});
            }
            let description = match status {
                417 => "The client has not done what is expected of it.",
                201 => "It was made.",
                _ => "It was done.",
            };
            responses.insert(status.to_string(), json!({"description": description, "content": content}));
        }
        responses.insert("default".to_owned(), json!({"$ref": "#/components/responses/Mistake"}));
        operation["responses"] = responses.into();
        operation
    }
}
