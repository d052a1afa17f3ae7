//! The YAML of a scenario as a tree in which every part knows its place and every scalar its spelling.

use std::borrow::Cow;

use serde_json::Value;

use crate::scalar::{Finding, Path, Step};

/// A range of bytes in the text of a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The beginning of the character that the byte `at` is a part of, so that a text can be cut there.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// A finding whose place is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) span: Span,
    pub(super) finding: Finding,
}

impl Mistake {
    pub(super) fn new(span: Span, path: Path, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { span, finding: Finding { path, message: message.into(), help: help.into() } }
    }
}

/// One node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node<'text> {
    pub(super) span: Span,
    pub(super) kind: NodeKind<'text>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodeKind<'text> {
    /// A scalar; `is_plain` when it is neither quoted nor a block nor tagged as text.
    Scalar {
        text: Cow<'text, str>,
        is_plain: bool,
    },
    Sequence(Vec<Node<'text>>),
    Mapping(Vec<MappingEntry<'text>>),
}

/// One key of a mapping with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MappingEntry<'text> {
    pub(super) key: Cow<'text, str>,
    pub(super) key_span: Span,
    pub(super) value: Node<'text>,
}

impl Node<'_> {
    /// Where a finding about this node points: at a scalar or a list itself, at the first key of a mapping.
    pub(super) fn place(&self) -> Span {
        match &self.kind {
            NodeKind::Mapping(entries) => entries.first().map_or(self.span, |entry| entry.key_span),
            NodeKind::Scalar { .. } | NodeKind::Sequence(_) => self.span,
        }
    }

    /// Where the first part of it is.
    pub(super) fn first(&self) -> Span {
        match &self.kind {
            NodeKind::Sequence(items) => items.first().map_or(self.span, Node::place),
            NodeKind::Scalar { .. } | NodeKind::Mapping(_) => self.place(),
        }
    }

    /// Where `path`, which begins at this node, points. A part that is not in the text is at what would hold it.
    pub(super) fn locate(&self, path: &Path) -> Span {
        let mut node = self;
        for step in &path.0 {
            let next = match (step, &node.kind) {
                (Step::Key(key), NodeKind::Mapping(entries)) => {
                    entries.iter().find(|entry| entry.key == key.as_str()).map(|entry| &entry.value)
                }
                (Step::Index(index), NodeKind::Sequence(items)) => items.get(*index),
                (Step::Name(name), NodeKind::Mapping(entries)) => {
                    let named = entries.iter().find(|entry| entry.key == name.as_str());
                    return named.map_or(node.place(), |entry| entry.key_span);
                }
                _ => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        node.place()
    }

    /// Whether this is YAML's null: nothing at all, `~` or `null`.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, is_plain: true } if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The value by the core rules of YAML 1.2, as an editor's check against the schema sees it.
    pub(super) fn to_json(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar { text, is_plain } => scalar_to_json(text, *is_plain),
            NodeKind::Sequence(items) => items.iter().map(Node::to_json).collect(),
            NodeKind::Mapping(entries) => {
                entries.iter().map(|entry| (entry.key.clone().into_owned(), entry.value.to_json())).collect()
            }
        }
    }
}

fn scalar_to_json(text: &str, is_plain: bool) -> Value {
    if !is_plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return true.into(),
        "false" | "False" | "FALSE" => return false.into(),
        _ => {}
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    let is_number = unsigned.len() + 1 >= text.len()
        && unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.contains(|c: char| c.is_ascii_digit());
    let digits =
        |prefix, radix| text.strip_prefix(prefix).and_then(|rest| u64::from_str_radix(rest, radix).ok());
    if let Some(number) = digits("0x", 16).or_else(|| digits("0o", 8)) {
        return number.into();
    }
    if !is_number {
        return text.into();
    }
    let whole = text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from));
    whole.or_else(|_| text.parse::<f64>().map(Value::from)).unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_rules() {
        let check = |text: &str, expected: Value| assert_eq!(scalar_to_json(text, true), expected, "{text}");
        for text in ["", "~", "null"] {
            check(text, Value::Null);
        }
        check("true", json!(true));
        check("017", json!(17));
        check("-3", json!(-3));
        check("+5", json!(5));
        check("0x1F", json!(31));
        check("1e3", json!(1000.0));
        check(".5", json!(0.5));
        check("18446744073709551615", json!(u64::MAX));
        for text in ["NO", "on", "1.2.3", "ch_01", "++1", "-", "1 2", "0x", "inf", "nan", "e3", "105 "] {
            check(text, json!(text));
        }
        assert_eq!(scalar_to_json("105", false), json!("105"));
    }
}
