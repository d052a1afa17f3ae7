//! The parameters of an operation → parameters and body of its description.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::components::Components;
use crate::emulator::{self, ANY, Calling, Operation, Parameter, Place, Requirement, ValueType};

/// What an operation is asked with.
pub struct Asked<'a> {
    /// The operation.
    pub operation: &'static Operation,
    /// How clients reach its service.
    pub calling: &'static Calling,
    /// Parameters of the body beside its own.
    pub beside: &'static [Parameter],
    /// A call that succeeds.
    pub example: Option<&'a Example>,
}

/// A call that succeeds, by its parameters.
pub struct Example {
    path: Map<String, Value>,
    query: Map<String, Value>,
    body: Value,
}

impl Example {
    /// The parameters of `example`, a call of `operation`.
    pub fn of(operation: &Operation, example: &emulator::Example) -> Self {
        let (path, query) = example.target.split_once('?').unwrap_or((&example.target, ""));
        let segments = operation.path.split('/').zip(path.split('/'));
        let named = segments.filter_map(|(name, value)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
            Some((name.to_owned(), json!(value)))
        });
        let body = serde_json::from_str(&example.body).unwrap_or_else(|_| {
            let is_form = example.headers.iter().any(|(_, value)| value.ends_with("x-www-form-urlencoded"));
            if is_form { Value::Object(form(&example.body)) } else { json!(example.body) }
        });
        Self { path: named.collect(), query: form(query), body }
    }
}

fn form(text: &str) -> Map<String, Value> {
    form_urlencoded::parse(text.as_bytes()).map(|(name, value)| (name.into_owned(), json!(value))).collect()
}

impl Asked<'_> {
    /// The parameters of path and query.
    pub fn parameters(&self) -> Vec<Value> {
        let described = |parameter: &Parameter| {
            let (place, given) = match parameter.place {
                Place::Path => ("path", self.example.map(|example| &example.path)),
                Place::Query => ("query", self.example.map(|example| &example.query)),
                Place::Body | Place::QueryOrBody => return None,
            };
            let mut described = json!({
                "name": parameter.name,
                "in": place,
                "required": place == "path" || parameter.required == Requirement::Required,
                "description": words(parameter),
                "schema": match parameter.value {
                    // Whatever stands in a URL is a text.
                    ValueType::Number => json!({"type": "integer"}),
                    value => scalar(value, self.calling.casts),
                },
            });
            if let Some(value) = given.and_then(|given| given.get(parameter.name)) {
                described["example"] = match (parameter.value, value.as_str().map(str::parse::<i64>)) {
                    (ValueType::Number, Some(Ok(number))) => json!(number),
                    _ => value.clone(),
                };
            }
            Some(described)
        };
        self.operation.parameters.iter().filter_map(described).collect()
    }

    /// The body; `None` when the operation takes none.
    pub fn body(&self, components: &mut Components) -> Option<Value> {
        let in_body = |parameter: &&Parameter| matches!(parameter.place, Place::Body | Place::QueryOrBody);
        let own: Vec<_> = self.operation.parameters.iter().filter(in_body).collect();
        if let [only] = own[..]
            && only.value == ValueType::Bytes
        {
            let content = json!({"schema": {"type": "string", "format": "binary"}});
            let description = format!("{}. Its `content-type` is that of the file.", capital(only.summary));
            return Some(json!({
                "required": true,
                "description": description,
                "content": {"application/octet-stream": content},
            }));
        }
        if own.is_empty() && self.beside.is_empty() {
            return None;
        }
        let mut root = Node::default();
        for parameter in own.iter().copied().chain(self.beside).filter(|parameter| parameter.name != ANY) {
            root.add(parameter.name, parameter);
        }
        let types = self.calling.body_types.iter();
        let content: Map<_, _> =
            types.map(|name| ((*name).to_owned(), self.media(name, &root, components))).collect();
        // What may stand in the query instead is no reason to send a body.
        let is_only_here = own.iter().all(|parameter| parameter.place == Place::Body);
        Some(json!({"required": is_only_here && root.is_required(), "content": content}))
    }

    /// The body as this media type. Each has a schema of its own name, by which generated clients tell which of them is meant.
    fn media(&self, media_type: &str, root: &Node<'_>, components: &mut Components) -> Value {
        let is_form = media_type == FORM;
        let (kind, mut schema) = match is_form {
            true => ("form", root.form(self.calling.casts)),
            false => ("body", root.schema(self.calling.casts)),
        };
        if self.operation.takes_any() {
            schema["additionalProperties"] = true.into();
        }
        let reference = components.reference(&[&format!("{} {kind}", self.operation.name)], schema);
        let mut media = json!({"schema": reference});
        if let Some(body) = self.example.map(|example| &example.body).filter(|body| body.is_object()) {
            media["example"] = if is_form { flat(body) } else { body.clone() };
        }
        media
    }
}

/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// A body as the fields of a form: `{"DATA": {"URL": "u"}}` → `{"DATA[URL]": "u"}`.
fn flat(body: &Value) -> Value {
    fn flatten(name: String, value: &Value, fields: &mut Map<String, Value>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| flatten(format!("{name}[{key}]"), value, fields));
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(index, value)| flatten(format!("{name}[{index}]"), value, fields));
            }
            value => {
                fields.insert(name, value.clone());
            }
        }
    }
    let mut fields = Map::new();
    for (name, value) in body.as_object().into_iter().flatten() {
        flatten(name.clone(), value, &mut fields);
    }
    Value::Object(fields)
}

/// A parameter with those that are nested in it.
#[derive(Default)]
struct Node<'a> {
    parameter: Option<&'a Parameter>,
    members: IndexMap<&'a str, Node<'a>>,
    item: Option<Box<Node<'a>>>,
}

impl<'a> Node<'a> {
    /// Puts a parameter at the place that `way` names from here, such as `MESSAGES[].chat.id`.
    fn add(&mut self, way: &'a str, parameter: &'a Parameter) {
        if way.is_empty() {
            self.parameter = Some(parameter);
            return;
        }
        if let Some(rest) = way.strip_prefix("[]") {
            return self.item.get_or_insert_default().add(rest, parameter);
        }
        let way = way.strip_prefix('.').unwrap_or(way);
        let end = way.find(['.', '[']).unwrap_or(way.len());
        self.members.entry(&way[..end]).or_default().add(&way[end..], parameter);
    }

    /// Whether what is around it must have it: it says so itself, or else something in it does.
    fn is_required(&self) -> bool {
        match self.parameter {
            Some(parameter) => parameter.required == Requirement::Required,
            None => self.members.values().any(Self::is_required),
        }
    }

    /// The schema of a form, whose fields have names such as `MESSAGES[0][chat][id]`. Of a list it names the first item; the others, and
    /// members of lists and mappings that are not described, are other fields.
    fn form(&self, casts: bool) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (name, node) in &self.members {
            node.fields((*name).to_owned(), node.is_required(), casts, &mut properties, &mut required);
        }
        let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": true});
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    fn fields(
        &self,
        name: String,
        is_required: bool,
        casts: bool,
        properties: &mut Map<String, Value>,
        required: &mut Vec<String>,
    ) {
        let members = self.members.iter().map(|(key, node)| (format!("{name}[{key}]"), node));
        let item = self.item.iter().map(|item| (format!("{name}[0]"), &**item));
        for (name, node) in members.chain(item) {
            node.fields(name, is_required && node.is_required(), casts, properties, required);
        }
        let is_whole = self.members.is_empty() && self.item.is_none();
        let Some(parameter) =
            self.parameter.filter(|known| is_whole && known.value != ValueType::ListOrMapping)
        else {
            return;
        };
        let mut schema = scalar(parameter.value, casts);
        schema["description"] = words(parameter).into();
        properties.insert(name.clone(), schema);
        if is_required {
            required.push(name);
        }
    }

    fn schema(&self, casts: bool) -> Value {
        let mut schema = if let Some(item) = &self.item {
            json!({"type": "array", "items": item.schema(casts)})
        } else if !self.members.is_empty() || self.parameter.is_none() {
            let properties: Map<_, _> =
                self.members.iter().map(|(name, node)| ((*name).to_owned(), node.schema(casts))).collect();
            let required: Vec<_> =
                self.members.iter().filter(|(_, node)| node.is_required()).map(|(name, _)| *name).collect();
            let mut schema = json!({"type": "object", "properties": properties});
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            schema
        } else {
            scalar(self.parameter.map_or(ValueType::Text, |parameter| parameter.value), casts)
        };
        if let Some(parameter) = self.parameter {
            schema["description"] = words(parameter).into();
        }
        schema
    }
}

/// What a parameter is, and when it is needed.
fn words(parameter: &Parameter) -> String {
    let summary = capital(parameter.summary);
    match parameter.required {
        Requirement::Conditional(condition) => format!("{summary}. Required if {condition}."),
        Requirement::Required | Requirement::Optional => format!("{summary}."),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The schema of a value whose members, if it has any, are not described. With `casts`, a text counts as what it stands for.
fn scalar(value: ValueType, casts: bool) -> Value {
    match value {
        ValueType::Text => json!({"type": "string"}),
        ValueType::Number if casts => json!({"type": ["integer", "string"]}),
        ValueType::Number => json!({"type": "number"}),
        ValueType::TextOrNumber => json!({"type": ["string", "integer"]}),
        ValueType::Flag if casts => json!({"type": ["boolean", "integer", "string"]}),
        ValueType::Flag => json!({"type": "boolean"}),
        ValueType::ListOrMapping => {
            json!({"anyOf": [{"type": "array", "items": {}}, {"type": "object", "additionalProperties": true}]})
        }
        ValueType::Bytes => json!({"type": "string", "format": "binary"}),
    }
}
