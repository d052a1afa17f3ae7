//! YAML text → a tree of nodes with their places, or what keeps it from being one.
//!
//! Scalars stay text here, spelt as they were typed: what `017`, `NO` or `1e3` mean is for the schema to say. The
//! one file that names the YAML parser.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle, Tag};

use super::node::{Entry, Kind, Mistake, Node, Span};
use super::syntax::{self, Scene, Slip};
use crate::seed::{Path, Step};

/// How deep mappings and lists may nest.
const DEPTH: usize = 128;

/// How much aliases may add to a scenario, in bytes of text; each node counts as a few.
const COPIES: usize = 16 << 20;

/// From how many keys on the names in a mapping are looked up in a set.
const FEW: usize = 16;

/// Reads `text`. Without a tree there is a mistake that says why; with one there may be some too.
pub(super) fn read<'text>(text: &'text str, mistakes: &mut Vec<Mistake>) -> Option<Node<'text>> {
    let mut builder = Builder::new(text, mistakes);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| builder.refuse(&error)).ok()?;
        let tag = span.tag_span().map(place);
        builder.event(event, place(span), tag)?;
        if builder.documents > 1 {
            break;
        }
    }
    let root = builder.root.take();
    if root.as_ref().is_none_or(|root| root.span.start == root.span.end && root.is_null()) {
        let help = "begin with `standin: 1` and `name: …`";
        mistakes.push(Mistake::new(Span::default(), Path::default(), "the scenario is empty", help));
        return None;
    }
    root
}

fn place(span: granit_parser::Span) -> Span {
    let range = span.byte_range().unwrap_or_default();
    Span { start: range.start, end: range.end }
}

/// Makes nodes of events.
struct Builder<'text, 'mistakes> {
    text: &'text str,
    mistakes: &'mistakes mut Vec<Mistake>,
    documents: usize,
    /// The mappings and lists that are not closed yet.
    open: Vec<Open<'text>>,
    anchors: HashMap<usize, Anchored<'text>>,
    copied: usize,
    root: Option<Node<'text>>,
    /// The last scalar read.
    last: Span,
}

struct Open<'text> {
    span: Span,
    is_flow: bool,
    anchor: usize,
    content: Content<'text>,
}

enum Content<'text> {
    Sequence(Vec<Node<'text>>),
    Mapping { entries: Vec<Entry<'text>>, names: HashSet<Cow<'text, str>>, key: Key<'text> },
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

impl<'text, 'mistakes> Builder<'text, 'mistakes> {
    fn new(text: &'text str, mistakes: &'mistakes mut Vec<Mistake>) -> Self {
        let (open, anchors) = (Vec::new(), HashMap::new());
        Self { text, mistakes, documents: 0, open, anchors, copied: 0, root: None, last: Span::default() }
    }

    /// Takes one event; `None` when the rest cannot be read.
    fn event(&mut self, event: Event<'text>, span: Span, tag: Option<Span>) -> Option<()> {
        match event {
            Event::DocumentStart(..) => self.document(span),
            Event::Scalar(text, style, anchor, typed) => {
                let is_text = self.is_text(typed.as_deref(), tag.unwrap_or(span));
                self.last = span;
                // The parser gives `~` for nothing at all.
                let text = if span.start == span.end { "".into() } else { text };
                let is_plain = style == ScalarStyle::Plain && !is_text;
                self.finish(Node { span, kind: Kind::Scalar { text, is_plain } }, anchor)
            }
            Event::SequenceStart(style, anchor, typed) => {
                self.is_text(typed.as_deref(), tag.unwrap_or(span));
                self.begin(span, style, anchor, Content::Sequence(Vec::new()))
            }
            Event::MappingStart(style, anchor, typed) => {
                self.is_text(typed.as_deref(), tag.unwrap_or(span));
                let content = Content::Mapping { entries: Vec::new(), names: HashSet::new(), key: Key::Nothing };
                self.begin(span, style, anchor, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(span, anchor),
            _ => Some(()),
        }
    }

    fn document(&mut self, span: Span) -> Option<()> {
        self.documents += 1;
        if self.documents > 1 {
            self.mistake(span, "a second document begins here", "a scenario is one document: remove the `---`, or make two files");
        }
        Some(())
    }

    /// Whether the tag makes a scalar text; any other tag is a mistake.
    fn is_text(&mut self, tag: Option<&Tag>, span: Span) -> bool {
        let Some(tag) = tag else { return false };
        if tag.is_yaml_core_schema_tag("str") {
            return true;
        }
        let typed = self.text.get(span.start..span.end).unwrap_or_default();
        let message = format!("`{typed}` is a tag, and a scenario has none");
        self.mistake(span, message, "remove it; text that begins with `!` goes in quotes");
        false
    }

    fn begin(&mut self, span: Span, style: StructureStyle, anchor: usize, content: Content<'text>) -> Option<()> {
        if self.open.len() >= DEPTH {
            return self.give_up(Slip::Depth, span.start);
        }
        self.open.push(Open { span, is_flow: style == StructureStyle::Flow, anchor, content });
        Some(())
    }

    fn end(&mut self, end: Span) -> Option<()> {
        let Open { mut span, is_flow, anchor, content } = self.open.pop()?;
        let kind = match content {
            Content::Sequence(items) => Kind::Sequence(items),
            Content::Mapping { entries, .. } => Kind::Mapping(entries),
        };
        // Of a list in lines the first dash is the place to show.
        span.end = if is_flow { end.end } else { span.start + 1 };
        self.finish(Node { span, kind }, anchor)
    }

    fn alias(&mut self, span: Span, anchor: usize) -> Option<()> {
        let Some(Anchored { node, weight, depth }) = self.anchors.get(&anchor) else {
            self.mistake(span, "an alias cannot stand inside what it repeats", "write the value out");
            return self.put(Node { span, kind: Kind::Scalar { text: "".into(), is_plain: true } });
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

    fn finish(&mut self, node: Node<'text>, anchor: usize) -> Option<()> {
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
                    node.span.start = node.span.start.saturating_sub(1);
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
                let (path, message) = (self.path().name(&name), format!("the key `{name}` stands twice in this mapping"));
                self.mistakes.push(Mistake::new(key_span, path, message, "keep one of the two"));
            }
            Key::Name(key, key_span) => {
                if is_missing {
                    node.span = key_span;
                }
                entries.push(Entry { key, key_span, value: node });
            }
        }
        Some(())
    }

    fn mistake(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.mistakes.push(Mistake::new(span, self.path(), message, help));
    }

    fn give_up(&mut self, slip: Slip, at: usize) -> Option<()> {
        let bracket = self.open.iter().rev().find(|open| open.is_flow).map(|open| open.span);
        let scene = Scene { text: self.text, at, last: self.last, bracket };
        let (span, message, help) = syntax::explain(slip, &scene);
        self.mistake(span, message, help);
        None
    }

    fn refuse(&mut self, error: &ScanError) {
        let at = error.marker().byte_offset().unwrap_or(self.text.len());
        self.give_up(slip(error.kind()), at);
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
        Kind::Scalar { text, is_plain: true } if text.is_empty() => {
            Some(("the key in front of the colon is missing", "write `key: value`"))
        }
        Kind::Scalar { text, is_plain: true } if text == "<<" => {
            Some(("merge keys are not supported", "write the keys out, or give the whole mapping by an alias"))
        }
        Kind::Scalar { .. } => None,
        Kind::Sequence(_) | Kind::Mapping(_) => {
            Some(("a key must be text", "text that begins with `[` or `{` goes in quotes"))
        }
    }
}

fn name_of(node: Node<'_>) -> Key<'_> {
    match node.kind {
        Kind::Scalar { text, .. } => Key::Name(text, node.span),
        Kind::Sequence(_) | Kind::Mapping(_) => Key::Refused,
    }
}

/// Whether the mapping has this key already. A few are compared, many are looked up.
fn is_taken<'text>(name: &Cow<'text, str>, entries: &[Entry<'text>], names: &mut HashSet<Cow<'text, str>>) -> bool {
    if entries.len() < FEW {
        return entries.iter().any(|entry| entry.key == *name);
    }
    if names.is_empty() {
        names.extend(entries.iter().map(|entry| entry.key.clone()));
    }
    !names.insert(name.clone())
}

/// What a copy of the node weighs, and how deep it goes.
fn measure(node: &Node<'_>) -> (usize, usize) {
    const EACH: usize = 16;
    let both = |(weight, depth): (usize, usize), (more, deeper): (usize, usize)| (weight + more, depth.max(deeper));
    match &node.kind {
        Kind::Scalar { text, .. } => (EACH + text.len(), 0),
        Kind::Sequence(items) => {
            let (weight, depth) = items.iter().map(measure).fold((EACH, 0), both);
            (weight, depth + 1)
        }
        Kind::Mapping(entries) => {
            let names: usize = entries.iter().map(|entry| entry.key.len()).sum();
            let (weight, depth) = entries.iter().map(|entry| measure(&entry.value)).fold((EACH + names, 0), both);
            (weight, depth + 1)
        }
    }
}

/// The parser's word for what is wrong → ours.
fn slip(kind: &ErrorKind) -> Slip {
    use ErrorKind as E;
    match *kind {
        E::TabNotAllowed | E::TabInBlockIndentation | E::TabInIndentation | E::TabInPlainScalar => Slip::Tab,
        E::TabAtBlockScalarStart | E::InvalidBlockEntryWhitespace | E::InvalidMappingValueWhitespace => Slip::Tab,
        E::UnclosedFlowCollection { open } => Slip::Unclosed(open),
        E::MismatchedFlowCollectionEnd { open, close } => Slip::Mismatched { open, close },
        E::MisplacedFlowCollectionEnd => Slip::Stray,
        E::ExpectedFlowMappingSeparator | E::ExpectedFlowSequenceSeparator => Slip::Separator,
        E::UnexpectedEofFlowSequence | E::UnexpectedEofFlowMapping => Slip::Separator,
        E::UnexpectedEofImplicitFlowMapping => Slip::Separator,
        E::BlockEntryInFlowCollection | E::PlainScalarStartsWithDashFlowIndicator => Slip::Dash,
        E::BlockSequenceEntryNotAllowed => Slip::Dash,
        E::UnclosedQuotedScalar | E::InvalidQuotedScalarIndent | E::DocumentIndicatorInQuotedScalar => Slip::Quote,
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => Slip::AfterQuote,
        E::UnknownQuotedScalarEscape | E::InvalidQuotedScalarHexEscape | E::InvalidUnicodeEscape => Slip::Escape,
        E::InvalidLowSurrogateHexEscape | E::InvalidLowSurrogate | E::MissingLowSurrogate => Slip::Escape,
        E::UnpairedLowSurrogate => Slip::Escape,
        E::MappingValueNotAllowed | E::InvalidColonPlacement | E::FlowMappingValueAdjacentCollection => Slip::Colon,
        E::SimpleKeyExpected | E::InvalidSimpleKey => Slip::NoColon,
        E::ExpectedBlockMappingKey | E::ExpectedBlockSequenceEntry | E::InvalidIndentation => Slip::Indentation,
        E::InvalidFlowScalarIndent | E::InvalidBlockScalarIndent => Slip::Indentation,
        E::UnexpectedCharacter { character } => Slip::Character(character),
        E::MappingKeyNotAllowed => Slip::Character('?'),
        E::UnknownAnchor => Slip::Alias,
        E::MissingAnchorOrAliasName => Slip::Anchor,
        E::ExpectedTagBang | E::InvalidGlobalTagCharacter | E::InvalidTagTerminator | E::MissingTagUri => Slip::Tag,
        E::UndeclaredTagHandle | E::UnclosedVerbatimTag | E::InvalidTagEscape | E::InvalidTagUtf8 => Slip::Tag,
        E::CommentNotSeparated => Slip::Comment,
        E::CommentInterceptedScalar => Slip::CommentInText,
        E::ZeroBlockScalarIndent | E::InvalidBlockScalarHeader => Slip::BlockHeader,
        E::ExpectedDocumentStart | E::InvalidDocumentEnd | E::MissingDocumentEndBeforeDirective => Slip::Document,
        E::RecursionLimitExceeded => Slip::Depth,
        _ => Slip::Other,
    }
}
