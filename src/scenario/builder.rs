//! Scalars, beginnings and ends, as a reader meets them → a tree, with what is wrong in it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::node::{MappingEntry, Mistake, Node, NodeKind, Span, boundary};
use super::syntax::{self, Scene, Slip};
use crate::scalar::{Path, Step};

/// How deep mappings and lists may nest.
const DEPTH: usize = 128;

/// How much aliases may add to a scenario, in bytes of text; each node counts as a few.
const COPIES: usize = 16 << 20;

/// From how many keys on the names in a mapping are looked up in a set.
const FEW: usize = 16;

/// A tree in the making. Whatever returns `None` has noted why the rest cannot be read.
pub(super) struct Builder<'text> {
    text: &'text str,
    mistakes: Vec<Mistake>,
    /// The mappings and lists that are not closed yet.
    open: Vec<Open<'text>>,
    anchors: HashMap<usize, Anchored<'text>>,
    copied: usize,
    root: Option<Node<'text>>,
    /// The last scalar read.
    last: Span,
}

struct Open<'text> {
    start: usize,
    is_flow: bool,
    anchor: usize,
    content: Content<'text>,
}

enum Content<'text> {
    Sequence(Vec<Node<'text>>),
    Mapping { entries: Vec<MappingEntry<'text>>, names: HashSet<Cow<'text, str>>, key: Key<'text> },
}

/// What a mapping has read since its last value.
enum Key<'text> {
    Nothing,
    Name(Cow<'text, str>, Span),
    /// Something that is no key; its value is dropped.
    Refused,
}

struct Anchored<'text> {
    node: Node<'text>,
    weight: usize,
    depth: usize,
}

/// What begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collection {
    Sequence,
    Mapping,
}

impl<'text> Builder<'text> {
    /// Nothing read yet.
    pub(super) fn new(text: &'text str) -> Self {
        let (mistakes, open, anchors) = (Vec::new(), Vec::new(), HashMap::new());
        Self { text, mistakes, open, anchors, copied: 0, root: None, last: Span::default() }
    }

    /// The tree, if one was completed, and what is wrong.
    pub(super) fn finish(self) -> (Option<Node<'text>>, Vec<Mistake>) {
        (self.root.filter(|_| self.open.is_empty()), self.mistakes)
    }

    /// A scalar; an empty place stands for nothing at all. An anchor of 0 is none.
    pub(super) fn scalar(
        &mut self,
        text: Cow<'text, str>,
        span: Span,
        is_plain: bool,
        anchor: usize,
    ) -> Option<()> {
        self.last = span;
        self.complete(Node { span, kind: NodeKind::Scalar { text, is_plain } }, anchor)
    }

    /// The beginning of a mapping or a list, between brackets or in lines of its own.
    pub(super) fn begin(
        &mut self,
        what: Collection,
        start: usize,
        is_flow: bool,
        anchor: usize,
    ) -> Option<()> {
        if self.open.len() >= DEPTH {
            return self.give_up(Slip::Depth, start);
        }
        let content = match what {
            Collection::Sequence => Content::Sequence(Vec::new()),
            Collection::Mapping => {
                Content::Mapping { entries: Vec::new(), names: HashSet::new(), key: Key::Nothing }
            }
        };
        self.open.push(Open { start, is_flow, anchor, content });
        Some(())
    }

    /// The end of what began last.
    pub(super) fn end(&mut self, end: usize) -> Option<()> {
        let Open { start, is_flow, anchor, content } = self.open.pop()?;
        let kind = match content {
            Content::Sequence(items) => NodeKind::Sequence(items),
            Content::Mapping { entries, .. } => NodeKind::Mapping(entries),
        };
        let whole = Node { span: Span { start, end }, kind };
        // What has lines of its own is shown at its beginning.
        let span = if is_flow { whole.span } else { whole.first() };
        self.complete(Node { span, ..whole }, anchor)
    }

    /// A repetition of what the anchor names.
    pub(super) fn alias(&mut self, span: Span, anchor: usize) -> Option<()> {
        let Some(Anchored { node, weight, depth }) = self.anchors.get(&anchor) else {
            self.mistake(span, "an alias cannot stand inside what it repeats", "write the value out");
            return self.put(Node { span, kind: NodeKind::Scalar { text: "".into(), is_plain: true } });
        };
        if self.copied + weight > COPIES {
            return self.give_up(Slip::Copies, span.start);
        }
        if self.open.len() + depth > DEPTH {
            return self.give_up(Slip::Depth, span.start);
        }
        self.copied += weight;
        let kind = node.kind.clone();
        self.put(Node { span, kind })
    }

    /// Notes a mistake in what is being read.
    pub(super) fn mistake(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.mistakes.push(Mistake::new(span, self.path(), message, help));
    }

    /// Notes why the text cannot be read on from `at`.
    pub(super) fn give_up(&mut self, slip: Slip, at: usize) -> Option<()> {
        let bracket = self.open.iter().rev().find(|open| open.is_flow).map(|open| open.start);
        let scene = Scene { text: self.text, at: boundary(self.text, at), last: self.last, bracket };
        let (span, message, help) = syntax::explain(slip, &scene);
        self.mistake(span, message, help);
        None
    }

    fn complete(&mut self, node: Node<'text>, anchor: usize) -> Option<()> {
        if anchor != 0 {
            let (weight, depth) = measure(&node);
            self.copied += weight;
            if self.copied > COPIES {
                return self.give_up(Slip::Copies, node.span.start);
            }
            self.anchors.insert(anchor, Anchored { node: node.clone(), weight, depth });
        }
        self.put(node)
    }

    /// Puts a complete node where it belongs.
    fn put(&mut self, mut node: Node<'text>) -> Option<()> {
        let is_missing = node.span.start == node.span.end;
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        let (entries, names, key) = match &mut open.content {
            Content::Sequence(items) => {
                if is_missing {
                    let dash = last_mark(&self.text[..boundary(self.text, node.span.start)]);
                    node.span = Span { start: dash, end: dash + 1 };
                }
                items.push(node);
                return Some(());
            }
            Content::Mapping { entries, names, key } => (entries, names, key),
        };
        match std::mem::replace(key, Key::Nothing) {
            Key::Refused => {}
            Key::Nothing => match refusal_of_key(&node) {
                None => *key = name_of(node),
                Some((message, help)) => {
                    *key = Key::Refused;
                    self.mistake(node.place(), message, help);
                }
            },
            Key::Name(name, key_span) if is_taken(&name, entries, names) => {
                let (path, message) =
                    (self.path().name(&name), format!("the key `{name}` stands twice in this mapping"));
                self.mistakes.push(Mistake::new(key_span, path, message, "keep one of the two"));
            }
            Key::Name(key, key_span) => {
                if is_missing {
                    node.span = key_span;
                }
                entries.push(MappingEntry { key, key_span, value: node });
            }
        }
        Some(())
    }

    /// The way to what is being read.
    fn path(&self) -> Path {
        let step = |open: &Open<'_>| match &open.content {
            Content::Sequence(items) => Some(Step::Index(items.len())),
            Content::Mapping { key: Key::Name(name, _), .. } => Some(Step::Key(name.clone().into_owned())),
            Content::Mapping { .. } => None,
        };
        Path(self.open.iter().map_while(step).collect())
    }
}

/// What is wrong with a node as a key, and what to do about it.
fn refusal_of_key(node: &Node<'_>) -> Option<(&'static str, &'static str)> {
    match &node.kind {
        NodeKind::Scalar { text, is_plain: true } if text.is_empty() => {
            Some(("the key in front of the colon is missing", "write `key: value`"))
        }
        NodeKind::Scalar { text, is_plain: true } if text == "<<" => Some((
            "merge keys are not supported",
            "write the keys out, or give the whole mapping by an alias",
        )),
        NodeKind::Scalar { .. } => None,
        NodeKind::Sequence(_) | NodeKind::Mapping(_) => {
            Some(("a key must be text", "text that begins with `[` or `{` goes in quotes"))
        }
    }
}

fn name_of(node: Node<'_>) -> Key<'_> {
    match node.kind {
        NodeKind::Scalar { text, .. } => Key::Name(text, node.span),
        NodeKind::Sequence(_) | NodeKind::Mapping(_) => Key::Refused,
    }
}

/// Whether the mapping has this key already. A few are compared, many are looked up.
#[expect(clippy::ptr_arg, reason = "the set keeps the text as it is, borrowed or not")]
fn is_taken<'text>(
    name: &Cow<'text, str>,
    entries: &[MappingEntry<'text>],
    names: &mut HashSet<Cow<'text, str>>,
) -> bool {
    if entries.len() < FEW {
        return entries.iter().any(|entry| entry.key == *name);
    }
    if names.is_empty() {
        names.extend(entries.iter().map(|entry| entry.key.clone()));
    }
    !names.insert(name.clone())
}

/// Where the last character stands that is neither a blank nor of a comment: of an item that is not there, its dash.
fn last_mark(text: &str) -> usize {
    let mut end = text.len();
    for line in text.rsplit('\n') {
        let start = end - line.len();
        let comment = if line.starts_with('#') { Some(0) } else { line.find(" #") };
        let code = line[..comment.unwrap_or(line.len())].trim_end();
        if let Some((offset, _)) = code.char_indices().last() {
            return start + offset;
        }
        end = start.saturating_sub(1);
    }
    0
}

/// What a copy of the node weighs, and how deep it goes.
fn measure(node: &Node<'_>) -> (usize, usize) {
    const EACH: usize = 16;
    let both =
        |(weight, depth): (usize, usize), (more, deeper): (usize, usize)| (weight + more, depth.max(deeper));
    match &node.kind {
        NodeKind::Scalar { text, .. } => (EACH + text.len(), 0),
        NodeKind::Sequence(items) => {
            let (weight, depth) = items.iter().map(measure).fold((EACH, 0), both);
            (weight, depth + 1)
        }
        NodeKind::Mapping(entries) => {
            let names: usize = entries.iter().map(|entry| entry.key.len()).sum();
            let (weight, depth) =
                entries.iter().map(|entry| measure(&entry.value)).fold((EACH + names, 0), both);
            (weight, depth + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::yaml::read;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut mistakes = Vec::new();
        let root = read(text, crate::scenario::SCENARIO, &mut mistakes);
        let messages: Vec<_> = mistakes.iter().map(|mistake| mistake.finding.message.as_str()).collect();
        assert_eq!(messages, expected, "{}", text.get(..60).unwrap_or(text));
        assert!(root.is_some() || !messages.is_empty());
    }

    fn lists(depth: usize, inside: &str) -> String {
        format!("{}{inside}{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn what_nests_too_deep_is_refused() {
        check(&lists(DEPTH, "a"), &[]);
        check(&lists(DEPTH + 1, "a"), &["this nests too deep"]);
        check(&lists(100_000, "a"), &["this nests too deep"]);
        check(&"- ".repeat(DEPTH + 1), &["this nests too deep"]);
        check(&format!("a: &a {}\nb: {}", lists(60, "a"), lists(60, "*a")), &[]);
        check(&format!("a: &a {}\nb: {}", lists(60, "a"), lists(70, "*a")), &["this nests too deep"]);
    }

    #[test]
    fn aliases_that_repeat_too_much_are_refused() {
        let levels = |count| {
            (1..count).map(|n| format!("k{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", ")))
        };
        let bomb = |count| format!("k0: &a0 {}\n{}", "x".repeat(60), levels(count).collect::<String>());
        check(&bomb(4), &[]);
        check(&bomb(9), &["aliases repeat too much"]);
        let long = format!("a: &a {}\nb: [{}]", "x".repeat(1 << 20), vec!["*a"; 40].join(", "));
        check(&long, &["aliases repeat too much"]);
    }

    #[test]
    fn keys_that_stand_twice_are_found_among_few_and_among_many() {
        let keys = |count: usize| (0..count).map(|n| format!("k{n}: {n}\n")).collect::<String>();
        for count in [2, FEW - 1, FEW, FEW + 1, 1000] {
            check(&keys(count), &[]);
            check(&(keys(count) + "k1: again"), &["the key `k1` stands twice in this mapping"]);
            check(
                &(keys(count) + &format!("k{}: again", count - 1)),
                &[&*format!("the key `k{}` stands twice in this mapping", count - 1)],
            );
        }
    }

    #[test]
    fn nothing_stands_where_its_key_or_its_dash_does() {
        let mut mistakes = Vec::new();
        let text = "key:\nlist:\n  -\n";
        let root = read(text, crate::scenario::SCENARIO, &mut mistakes).expect("a tree");
        let shown = |path: Path| {
            let span = root.locate(&path);
            &text[span.start..span.end]
        };
        assert_eq!(shown(Path::default().key("key")), "key");
        assert_eq!(shown(Path::default().key("list").index(0)), "-");
        assert_eq!(shown(Path::default().key("list").index(7)), "-");
        assert_eq!(shown(Path::default().name("list")), "list");
    }
}
