//! A tree of YAML, held against a shape → a value that the types of Rust accept, and every finding on the way.
//!
//! Where something is wrong a stand-in takes its place, so that the rest can be read and checked all the same. What
//! hangs on a stand-in is tainted: a further finding there would only confuse.

use std::collections::HashSet;

use serde_json::{Map, Number, Value};

use super::Document;
use super::node::{MappingEntry, Mistake, Node, NodeKind, Span};
use super::refusal;
use super::shape::{Field, Shape};
use super::words::{list, quote};
use crate::scalar::{Path, Step, nearest};

/// Paths whose values are not the author's.
#[derive(Debug, Default)]
pub(super) struct Taint {
    paths: HashSet<Path>,
    /// Every path that leads to one.
    above: HashSet<Path>,
}

impl Taint {
    fn add(&mut self, path: Path) {
        let mut above = path.clone();
        while above.0.pop().is_some() {
            self.above.insert(above.clone());
        }
        self.paths.insert(path);
    }

    /// Whether what is at `path` is a stand-in or a part of one.
    pub(super) fn covers(&self, path: &Path) -> bool {
        (0..=path.0.len()).any(|length| self.paths.contains(&Path(path.0[..length].to_vec())))
    }

    /// Whether what is at `path` is a stand-in, a part of one, or holds one.
    pub(super) fn touches(&self, path: &Path) -> bool {
        self.covers(path) || self.above.contains(path)
    }
}

/// Holds `root` against `shape`. A key that was probably meant for another is taken for it, in `root` too.
pub(super) fn fill(
    root: &mut Node<'_>,
    shape: &Shape,
    document: Document,
    mistakes: &mut Vec<Mistake>,
) -> (Option<Value>, Taint) {
    let mut walk = Walk { document, mistakes, taint: Taint::default(), stand_ins: 0 };
    let value = walk.value(root, shape, Trail::TOP);
    (value, walk.taint)
}

struct Walk<'m> {
    document: Document,
    mistakes: &'m mut Vec<Mistake>,
    taint: Taint,
    stand_ins: i64,
}

/// The way to a node, without memory of its own: most nodes are right, and nobody asks.
#[derive(Clone, Copy)]
struct Trail<'a> {
    above: Option<&'a Trail<'a>>,
    step: Mark<'a>,
}

#[derive(Clone, Copy)]
enum Mark<'a> {
    Top,
    Key(&'a str),
    Index(usize),
}

impl<'a> Trail<'a> {
    const TOP: Self = Trail { above: None, step: Mark::Top };

    fn then(&'a self, step: Mark<'a>) -> Self {
        Trail { above: Some(self), step }
    }

    fn path(&self) -> Path {
        let mut steps = Vec::new();
        let mut trail = Some(self);
        while let Some(Trail { above, step }) = trail {
            match step {
                Mark::Top => {}
                Mark::Key(key) => steps.push(Step::Key((*key).to_owned())),
                Mark::Index(index) => steps.push(Step::Index(*index)),
            }
            trail = *above;
        }
        steps.reverse();
        Path(steps)
    }

    /// The key of the node, if it has one.
    fn key(&self) -> Option<&'a str> {
        if let Mark::Key(key) = self.step { Some(key) } else { None }
    }

    /// What a message calls the node: `line`, `connectors[2]`.
    /// `whole` is the word for the top one.
    fn label(&self, whole: &str) -> String {
        match (self.step, self.above) {
            (Mark::Key(key), _) => quote(key),
            (Mark::Index(index), Some(above)) => {
                format!("`{}[{index}]`", above.label(whole).trim_matches('`'))
            }
            (Mark::Top | Mark::Index(_), _) => whole.to_owned(),
        }
    }
}

impl Walk<'_> {
    /// The value of a node; `None` when it is wrong, which has been noted then.
    fn value(&mut self, node: &mut Node<'_>, shape: &Shape, trail: Trail<'_>) -> Option<Value> {
        let is_null = node.is_null();
        let value = match (shape, &mut node.kind) {
            (Shape::Anything, _) => Some(node.to_json()),
            (Shape::Optional(_), _) if is_null => Some(Value::Null),
            (Shape::Optional(inner), _) => return self.value(node, inner, trail),
            (Shape::Kinds { scalar, list, mapping }, kind) if !is_null => {
                let inner = match kind {
                    NodeKind::Scalar { text, .. } if is_form(text, *mapping) => None,
                    NodeKind::Scalar { text, .. } if is_number_of(text, *mapping) => None,
                    NodeKind::Scalar { .. } => Some(*scalar),
                    NodeKind::Sequence(_) => *list,
                    NodeKind::Mapping(_) => *mapping,
                };
                if let Some(inner) = inner {
                    return self.value(node, inner, trail);
                }
                None
            }
            (_, NodeKind::Scalar { .. }) if is_null => None,
            (Shape::Text, NodeKind::Scalar { text, .. }) => {
                Some(Value::String(std::mem::take(text).into_owned()))
            }
            (_, NodeKind::Scalar { text, is_plain }) => scalar(text, *is_plain, shape),
            (Shape::Record(fields), NodeKind::Mapping(entries)) => {
                Some(self.record(node.span, entries, fields, trail))
            }
            (Shape::Table(inner), NodeKind::Mapping(entries)) => Some(self.table(entries, inner, trail)),
            (Shape::Choice { forms, .. }, NodeKind::Mapping(entries)) => self.form(entries, forms, trail),
            (Shape::List { least, most, .. }, NodeKind::Sequence(items))
                if (*least..=*most).contains(&items.len()) =>
            {
                Some(self.list(items, shape, trail))
            }
            _ => None,
        };
        if value.is_none() {
            self.refuse(node, shape, trail);
        }
        value
    }

    /// As [`Walk::value`], with a stand-in for what is wrong.
    fn value_or_stand_in(&mut self, node: &mut Node<'_>, shape: &Shape, trail: Trail<'_>) -> Value {
        self.value(node, shape, trail).unwrap_or_else(|| self.stand_in(shape))
    }

    fn record(
        &mut self,
        span: Span,
        entries: &mut [MappingEntry<'_>],
        fields: &[Field],
        trail: Trail<'_>,
    ) -> Value {
        let mut object = Map::with_capacity(fields.len().min(entries.len()));
        let mut missing = fields.iter().filter(|field| field.is_required).count();
        for position in 0..entries.len() {
            let known = fields.iter().find(|field| entries[position].key == field.name);
            let Some(field) = known.or_else(|| self.meant(entries, position, fields, trail)) else {
                continue;
            };
            missing -= usize::from(field.is_required);
            let node = &mut entries[position].value;
            let trail = trail.then(Mark::Key(field.name));
            // What has a default falls back to it; an option was meant to be set.
            let has_default = !field.is_required && !matches!(field.shape, Shape::Optional(_));
            let value = self.value(node, &field.shape, trail);
            if let Some(value) = value.or_else(|| (!has_default).then(|| self.stand_in(&field.shape))) {
                object.insert(field.name.to_owned(), value);
            }
        }
        if missing > 0 {
            let place = entries.first().map_or(span, |entry| entry.key_span);
            for field in fields.iter().filter(|field| field.is_required) {
                if !object.contains_key(field.name) {
                    self.miss(place, field, trail);
                    object.insert(field.name.to_owned(), self.stand_in(&field.shape));
                }
            }
        }
        Value::Object(object)
    }

    /// Notes an unknown key, and gives the one that was meant where that is free.
    fn meant<'f>(
        &mut self,
        entries: &mut [MappingEntry<'_>],
        position: usize,
        fields: &'f [Field],
        trail: Trail<'_>,
    ) -> Option<&'f Field> {
        let MappingEntry { key, key_span, value } = &entries[position];
        let typed = key.clone().into_owned();
        let names = || fields.iter().map(|field| field.name);
        let named = |name: &str| fields.iter().find(|field| field.name == name);
        let is_free = |field: &&Field| entries.iter().all(|entry| entry.key != field.name);
        let swallowed = typed.split_once(':').filter(|_| value.is_null());
        let near =
            swallowed.map_or_else(|| nearest(&typed, names()).and_then(named), |(name, _)| named(name));
        let meant = near.filter(is_free);
        let help = match (swallowed, meant, near) {
            (Some((name, rest)), ..) => format!("write a blank after the colon: `{name}: {rest}`"),
            (None, Some(meant), _) => format!("did you mean `{}`?", meant.name),
            (None, None, Some(near)) => {
                format!("`{}` is here already; the keys are {}", near.name, list(names()))
            }
            (None, None, None) => format!("the keys here are {}", list(names())),
        };
        let (span, message) = (*key_span, format!("there is no key {} here", quote(&typed)));
        self.mistakes.push(Mistake::new(span, trail.path().name(&typed), message, help));
        let entry = &mut entries[position];
        entry.key = meant?.name.into();
        if let Some((_, rest)) = swallowed {
            entry.value =
                Node { span, kind: NodeKind::Scalar { text: rest.to_owned().into(), is_plain: true } };
        }
        meant
    }

    fn table(&mut self, entries: &mut [MappingEntry<'_>], inner: &Shape, trail: Trail<'_>) -> Value {
        let mut object = Map::with_capacity(entries.len());
        for MappingEntry { key, value, .. } in entries {
            if let Some(value) = self.value(value, inner, trail.then(Mark::Key(key))) {
                object.insert(key.clone().into_owned(), value);
            }
        }
        Value::Object(object)
    }

    fn form(&mut self, entries: &mut [MappingEntry<'_>], forms: &[Field], trail: Trail<'_>) -> Option<Value> {
        let [only] = entries else { return None };
        let known = forms.iter().find(|form| only.key == form.name);
        let is_near = nearest(&only.key, forms.iter().map(|form| form.name)).is_some();
        let form = known.or_else(|| is_near.then(|| self.meant(entries, 0, forms, trail)).flatten())?;
        let value =
            self.value_or_stand_in(&mut entries[0].value, &form.shape, trail.then(Mark::Key(form.name)));
        Some(Value::Object(Map::from_iter([(form.name.to_owned(), value)])))
    }

    fn list(&mut self, items: &mut [Node<'_>], shape: &Shape, trail: Trail<'_>) -> Value {
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter_mut().enumerate() {
            values.push(self.value_or_stand_in(item, shape.item(index), trail.then(Mark::Index(index))));
        }
        Value::Array(values)
    }

    /// Notes a required key that is not there.
    fn miss(&mut self, place: Span, field: &Field, trail: Trail<'_>) {
        let message = match field.shape {
            Shape::Version(_) => format!("`{}`, the version of the format, is missing", field.name),
            _ => format!("`{}` is missing", field.name),
        };
        self.mistakes.push(Mistake::new(place, trail.path(), message, format!("add `{}`", field.example())));
        self.taint.add(trail.path().key(field.name));
    }

    /// Notes a value of the wrong kind.
    fn refuse(&mut self, node: &Node<'_>, shape: &Shape, trail: Trail<'_>) {
        let (message, mut help) = refusal::of(node, shape, &trail.label(self.document.what), trail.key());
        if trail.above.is_none() {
            help = self.document.begin.to_owned();
        }
        self.mistakes.push(Mistake::new(node.place(), trail.path(), message, help));
        self.taint.add(trail.path());
    }

    /// Something of this shape, unlike any other, so that it is not found to be twice there.
    fn stand_in(&mut self, shape: &Shape) -> Value {
        self.stand_ins += 1;
        match shape {
            Shape::Text => format!("\u{fffd}{}", self.stand_ins).into(),
            Shape::Read { example, .. } => (*example).into(),
            Shape::Flag => false.into(),
            Shape::Integer { least, most } => {
                let most = i64::try_from(*most).unwrap_or(i64::MAX);
                most.saturating_sub(self.stand_ins).max(i64::try_from(*least).unwrap_or(0)).into()
            }
            Shape::Number { least, most } => 0.0_f64.clamp(*least, *most).into(),
            Shape::Version(number) => (*number).into(),
            Shape::Choice { words, forms } => match (words.first(), forms.first()) {
                (Some(word), _) => (*word).into(),
                (None, Some(form)) => {
                    [(form.name.to_owned(), self.stand_in(&form.shape))].into_iter().collect()
                }
                (None, None) => Value::Null,
            },
            Shape::List { least, .. } => (0..*least).map(|index| self.stand_in(shape.item(index))).collect(),
            Shape::Record(fields) => {
                let required = fields.iter().filter(|field| field.is_required);
                required.map(|field| (field.name.to_owned(), self.stand_in(&field.shape))).collect()
            }
            Shape::Table(_) => Map::new().into(),
            Shape::Kinds { scalar, .. } => self.stand_in(scalar),
            Shape::Optional(inner) => self.stand_in(inner),
            Shape::Anything => Value::Null,
        }
    }
}

/// Whether a text is a number, and a mapping whose first member is one might have been meant.
fn is_number_of(text: &str, shape: Option<&Shape>) -> bool {
    matches!(shape, Some(Shape::Record(fields)) if text.parse::<u64>().is_ok()
        && fields.first().is_some_and(|field| field.shape.is_integer()))
}

/// Whether a text is the key of a form, typed without its value.
fn is_form(text: &str, shape: Option<&Shape>) -> bool {
    match shape {
        Some(Shape::Choice { forms, .. }) => forms.iter().any(|form| form.name == text),
        Some(Shape::Record(fields)) => matches!(&fields[..], [only] if only.name == text),
        _ => false,
    }
}

/// A scalar that is not null as the value that the shape asks for.
fn scalar(text: &str, is_plain: bool, shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Read { kind, .. } => kind.read(text).ok().map(|()| text.into()),
        Shape::Flag if is_plain => match text {
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            _ => None,
        },
        Shape::Integer { least, most } if is_plain && is_canonical(text) => {
            let number: i128 = text.parse().ok().filter(|number| (least..=most).contains(&number))?;
            u64::try_from(number).map(Value::from).or_else(|_| i64::try_from(number).map(Value::from)).ok()
        }
        Shape::Number { least, most }
            if is_plain && text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) =>
        {
            let number: f64 = text.parse().ok().filter(|number| (least..=most).contains(&number))?;
            Number::from_f64(number).map(Value::Number)
        }
        Shape::Version(number) if is_plain && is_canonical(text) && text.parse() == Ok(*number) => {
            Some((*number).into())
        }
        Shape::Choice { words, .. } if words.contains(&text) => Some(text.into()),
        _ => None,
    }
}

/// Whether a whole number is written in the one way that nobody reads as octal.
fn is_canonical(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && (!digits.starts_with('0') || text == "0")
}
