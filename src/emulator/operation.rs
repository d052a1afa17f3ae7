//! The description of an operation, which routing, checks, catalogue, rules, docs and tests read.

use super::delivery::EventKind;
use super::error::{Face, Gives};
use super::shape::Shape;
use crate::basics::Stage;
use crate::http::Way;

/// An emulated operation.
#[derive(Debug)]
pub struct Operation {
    /// The name within the service, such as `imconnector.chat.name.set`.
    pub name: &'static str,
    /// The verb of its route, such as `PUT`.
    pub verb: &'static str,
    /// The path of its route, such as `/api/v1/chats/{id}`; a segment in braces is a parameter.
    pub path: &'static str,
    /// What the operation does, in a line.
    pub summary: &'static str,
    /// The parameters, in the order of the documentation.
    pub parameters: &'static [Parameter],
    /// The errors that the operation can give, in groups.
    pub errors: &'static [&'static [Gives]],
    /// What a section of a scenario must contain so that a call can succeed, in words.
    pub requires: &'static str,
    /// The HTTP status of a success.
    pub status: u16,
    /// The body of a success, without the envelope that the service puts around it.
    pub answer: fn() -> Shape,
    /// Whether the operation itself changes the state.
    pub changes: bool,
    /// The events that it may raise.
    pub events: &'static [&'static EventKind],
    /// The page that documents the operation.
    pub source: &'static str,
}

/// The name of a parameter that stands for all others: the operation takes any parameters.
pub const ANY: &str = "*";

/// One parameter of an operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name, as a fault's `match` spells it. A nested parameter has a path, such as `MESSAGES[].chat.id`.
    pub name: &'static str,
    /// Where the parameter is in a request.
    pub place: Place,
    /// The type of its value.
    pub value: ValueType,
    /// Whether a call must have it.
    pub required: Requirement,
    /// The kind of thing that the parameter identifies; `None` when it identifies nothing that a scenario describes.
    pub names: Option<Named>,
    /// What the parameter is, in a line.
    pub summary: &'static str,
}

/// Where a parameter is in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A segment of the path.
    Path,
    /// The query.
    Query,
    /// The body.
    Body,
    /// The query or the body, as PHP's `$_REQUEST` has it.
    QueryOrBody,
}

/// The type of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A text.
    Text,
    /// A number, or a text of digits.
    Number,
    /// A text or a number.
    TextOrNumber,
    /// True or false, in any spelling that the service accepts.
    Flag,
    /// A list or a mapping. Its members are parameters with a path.
    ListOrMapping,
    /// The bytes of a file, which are the whole body.
    Bytes,
}

/// Whether a call must have a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Always.
    Required,
    /// Under this condition, in words.
    Conditional(&'static str),
    /// Never.
    Optional,
}

/// The kind of thing that a parameter identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The kind of thing, such as `chat`.
    pub kind: &'static str,
    /// The stage by whose end a call has found the thing; `None` when the thing need not exist.
    pub found_by: Option<Stage>,
}

impl Place {
    /// The place in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Body => "body",
            Self::QueryOrBody => "query or body",
        }
    }
}

impl ValueType {
    /// The type in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::TextOrNumber => "text or number",
            Self::Flag => "true or false",
            Self::ListOrMapping => "list or mapping",
            Self::Bytes => "bytes",
        }
    }
}

impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        (self.verb, self.path, self.name) == (other.verb, other.path, other.name)
    }
}

impl Eq for Operation {}

impl Operation {
    /// Verb and path, such as `PUT /api/v1/chats/{id}`.
    pub fn route(&self) -> String {
        format!("{} {}", self.verb, self.path)
    }

    /// All errors that the operation can give.
    pub fn gives_all(&self) -> impl Iterator<Item = &'static Gives> {
        self.errors.iter().copied().flatten()
    }

    /// The error `code` as this operation gives it; `None` when it does not give it.
    pub fn gives(&self, code: &str) -> Option<&'static Gives> {
        self.gives_all().find(|given| given.code.code == code)
    }

    /// The status and the text of the error `code` of this operation in `edition`; `None` when it does not give the
    /// error.
    pub fn face(&self, code: &str, edition: &str) -> Option<&'static Face> {
        self.gives(code).map(|given| given.face(edition))
    }

    /// The parameter called `name`; `None` when there is none. In a name with a path any index fits `[]`, and a
    /// member of a list or a mapping counts as that parameter.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        let exact = self.parameters.iter().find(|known| known.name == name);
        if exact.is_some() || !name.contains(['[', '.']) {
            return exact;
        }
        Way::read(name)?;
        let way = without_indices(name);
        let same = self.parameters.iter().find(|known| known.name == way);
        same.or_else(|| {
            let around = |known: &&Parameter| {
                known.value == ValueType::ListOrMapping
                    && way.strip_prefix(known.name).is_some_and(|rest| rest.starts_with(['[', '.']))
            };
            self.parameters.iter().find(around)
        })
    }

    /// Whether it takes any parameters.
    pub fn takes_any(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == ANY)
    }

    /// The first parameter that identifies a thing of this kind; `None` when there is none.
    pub fn names(&self, kind: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|parameter| parameter.names.is_some_and(|named| named.kind == kind))
    }
}

impl Parameter {
    /// A required text in the query or the body.
    pub const fn new(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            place: Place::QueryOrBody,
            value: ValueType::Text,
            required: Requirement::Required,
            names: None,
            summary,
        }
    }

    /// The same at another place.
    #[must_use]
    pub const fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// The same with values of another type.
    #[must_use]
    pub const fn of(self, value: ValueType) -> Self {
        Self { value, ..self }
    }

    /// The same, but optional.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { required: Requirement::Optional, ..self }
    }

    /// The same, but required only under a condition.
    #[must_use]
    pub const fn required_if(self, condition: &'static str) -> Self {
        Self { required: Requirement::Conditional(condition), ..self }
    }

    /// The same, but it identifies a thing of this kind, which a call has found by the end of the stage `found_by`.
    #[must_use]
    pub const fn naming(self, kind: &'static str, found_by: Stage) -> Self {
        Self { names: Some(Named { kind, found_by: Some(found_by) }), ..self }
    }

    /// The same, but it identifies a thing of this kind that need not exist.
    #[must_use]
    pub const fn mentioning(self, kind: &'static str) -> Self {
        Self { names: Some(Named { kind, found_by: None }), ..self }
    }
}

/// `MESSAGES[0].chat.id` → `MESSAGES[].chat.id`.
fn without_indices(name: &str) -> String {
    let mut way = String::with_capacity(name.len());
    let mut is_index = false;
    for c in name.chars() {
        is_index &= c != ']';
        if !(is_index && c.is_ascii_digit()) {
            way.push(c);
        }
        is_index |= c == '[';
    }
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    static OPERATION: Operation = Operation {
        name: "send",
        verb: "POST",
        path: "/send",
        summary: "",
        parameters: &[
            Parameter::new("LINE", ""),
            Parameter::new("MESSAGES[].chat.id", "").naming("chat", Stage::Lookup),
            Parameter::new("DATA", "").of(ValueType::ListOrMapping),
        ],
        errors: &[],
        requires: "",
        status: 200,
        answer: || Shape::Any,
        changes: true,
        events: &[],
        source: "",
    };

    #[test]
    fn a_parameter_is_found_by_its_way() {
        for (name, found) in [
            ("LINE", Some("LINE")),
            ("MESSAGES[].chat.id", Some("MESSAGES[].chat.id")),
            ("MESSAGES[12].chat.id", Some("MESSAGES[].chat.id")),
            ("MESSAGES[0].chat", None),
            ("DATA.URL", Some("DATA")),
            ("DATA[0]", Some("DATA")),
            ("DATABASE", None),
            ("DATA[", None),
            ("DATA[]x", None),
            ("DATA..x", None),
            ("LINE.x", None),
        ] {
            assert_eq!(OPERATION.parameter(name).map(|known| known.name), found, "{name}");
        }
        assert_eq!(OPERATION.names("chat").map(|known| known.name), Some("MESSAGES[].chat.id"));
    }
}
