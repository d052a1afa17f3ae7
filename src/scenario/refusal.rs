//! A value of the wrong kind → what to say about it.

use super::node::{Node, NodeKind};
use super::shape::Shape;
use super::words::{either, quote};
use crate::scalar::nearest;

/// The message and the help for a node that has not the shape; `label` is what to call it, `key` its key.
pub(super) fn of(node: &Node<'_>, shape: &Shape, label: &str, key: Option<&str>) -> (String, String) {
    let write = |value: &str| match key {
        Some(key) => format!("write `{key}: {value}`"),
        None => format!("write `{value}`"),
    };
    let NodeKind::Scalar { text, is_plain } = &node.kind else {
        let message = match (&node.kind, shape) {
            (NodeKind::Sequence(items), Shape::List { .. }) => format!("has {}", items.len()),
            (NodeKind::Sequence(_), _) => "is a list".to_owned(),
            _ => "is a mapping".to_owned(),
        };
        let message = format!("{label} must be {}, but {message}", shape.words());
        return (message, of_collection(node, shape, &write));
    };
    if node.is_null() {
        return of_null(text, shape, label, &write);
    }
    if let Shape::Read { example, kind } = shape {
        let error = kind.read(text).err().unwrap_or_default();
        return match error.rsplit_once(": write ") {
            Some((message, help)) => (message.to_owned(), format!("write {help}")),
            None => (error, write(example)),
        };
    }
    let found = if *is_plain { quote(text) } else { format!("the text {}", quote(text)) };
    let message = match shape {
        Shape::Version(_) => format!("{found} is no version of the format that is known here"),
        _ => format!("{label} must be {}, but is {found}", shape.words()),
    };
    let help = of_scalar(text, shape).map_or_else(|| write(&shape.example()), |value| write(&value));
    match shape {
        Shape::Choice { forms, .. } if forms.iter().any(|form| form.name == *text) => (message, help),
        Shape::Choice { words, .. } => match nearest(text, words.iter().copied()) {
            Some(near) => (message, format!("did you mean `{near}`?")),
            None => (message, help),
        },
        Shape::Flag | Shape::Integer { .. } | Shape::Number { .. } | Shape::Version(_) if !is_plain => {
            (message, format!("{help}, without quotes"))
        }
        _ => (message, help),
    }
}

fn of_collection(node: &Node<'_>, shape: &Shape, write: &dyn Fn(&str) -> String) -> String {
    match (&node.kind, shape) {
        (NodeKind::Mapping(_), Shape::Choice { forms, .. }) if !forms.is_empty() => {
            format!("give it one key, {}", either(forms.iter().map(|form| form.name)))
        }
        (NodeKind::Mapping(_), Shape::List { .. }) => {
            format!("begin each item with `- `, or {}", write(&shape.example()))
        }
        _ => write(&shape.example()),
    }
}

fn of_null(text: &str, shape: &Shape, label: &str, write: &dyn Fn(&str) -> String) -> (String, String) {
    let is_text = matches!(shape, Shape::Text);
    if !text.is_empty() && is_text {
        let message = format!("{label} must be text, but a bare `{text}` is null, no value at all");
        return (message, write(&format!("\"{text}\"")));
    }
    let found = if text.is_empty() { "nothing is there".to_owned() } else { format!("is `{text}`") };
    let message = format!("{label} must be {}, but {found}", shape.words());
    let help = match shape {
        Shape::List { least: 0, .. } => format!("{}, or remove the key", write("[]")),
        Shape::Table(_) => format!("{}, or remove the key", write("{}")),
        Shape::Record(fields) if fields.iter().all(|field| !field.is_required) => write("{}"),
        Shape::Text => format!("{}, or `\"\"` for an empty text", write("text")),
        _ => write(&shape.example()),
    };
    (message, help)
}

/// What was probably meant by a scalar of the wrong kind.
fn of_scalar(text: &str, shape: &Shape) -> Option<String> {
    match shape {
        Shape::Integer { least, most } => {
            let digits = text.trim().trim_start_matches('+').replace(['_', ' '], "");
            let number: i128 = digits.parse().ok()?;
            Some(number.clamp(*least, *most).to_string())
        }
        // `10%` of a share is `0.1`, and so is `10`.
        Shape::Number { least: 0.0, most: 1.0 } => {
            let share: f64 = text.trim().trim_end_matches('%').trim_end().parse().ok()?;
            (0.0..=100.0).contains(&share).then(|| (share / 100.0).to_string())
        }
        Shape::Flag => match text.to_lowercase().as_str() {
            "true" | "yes" | "y" | "on" | "1" => Some("true".to_owned()),
            "false" | "no" | "n" | "off" | "0" => Some("false".to_owned()),
            _ => None,
        },
        Shape::Choice { forms, .. } => {
            forms.iter().find(|form| form.name == text).map(|form| format!("{{{}}}", form.example()))
        }
        Shape::Kinds { mapping: Some(mapping), .. } => of_scalar(text, mapping),
        Shape::Record(fields) => match &fields[..] {
            [only] if only.name == text => Some(shape.example()),
            [first, ..] if first.shape.is_integer() && text.parse::<u64>().is_ok() => {
                Some(format!("{{{}: {text}}}", first.name))
            }
            _ => None,
        },
        Shape::List { .. } if matches!(shape.item(0), Shape::Text) => Some(format!("[{text}]")),
        _ => None,
    }
}
