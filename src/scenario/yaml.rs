//! YAML text → a tree of nodes with their places, or what keeps it from being one.
//!
//! Scalars stay text here, spelt as they were typed: what `017`, `NO` or `1e3` mean is for the schema to say. The
//! one file that names the YAML parser.

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StructureStyle, Tag};

use super::Document;
use super::builder::{Builder, Collection};
use super::node::{Mistake, Node, Span};
use super::syntax::Slip;
use crate::scalar::Path;

/// Reads `text`. Without a tree there is a mistake that says why; with one there may be some too.
pub(super) fn read<'text>(
    text: &'text str,
    document: Document,
    mistakes: &mut Vec<Mistake>,
) -> Option<Node<'text>> {
    let (root, found) = parse(text);
    mistakes.extend(found);
    if mistakes.is_empty()
        && root.as_ref().is_none_or(|root| root.span.start == root.span.end && root.is_null())
    {
        let message = format!("{} is empty", document.what);
        mistakes.push(Mistake::new(Span::default(), Path::default(), message, document.begin));
        return None;
    }
    root
}

fn parse(text: &str) -> (Option<Node<'_>>, Vec<Mistake>) {
    let mut builder = Builder::new(text);
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok((event, span)) => (event, span),
            Err(error) => {
                builder.give_up(slip(error.kind()), error.marker().byte_offset().unwrap_or(text.len()));
                break;
            }
        };
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
        }
        if documents > 1 {
            let help = "a scenario is one document: remove the `---`, or make two files";
            builder.mistake(place(span), "a second document begins here", help);
            break;
        }
        if take(&mut builder, event, span, text).is_none() {
            break;
        }
    }
    builder.finish()
}

fn take<'text>(
    builder: &mut Builder<'text>,
    event: Event<'text>,
    span: granit_parser::Span,
    text: &str,
) -> Option<()> {
    let (here, tagged) = (place(span), span.tag_span().map_or(place(span), place));
    match event {
        Event::Scalar(value, style, anchor, tag) => {
            let is_text = is_text(builder, tag.as_deref(), tagged, text);
            // The parser gives `~` for nothing at all.
            let value = if here.start == here.end && style == ScalarStyle::Plain { "".into() } else { value };
            builder.scalar(value, here, style == ScalarStyle::Plain && !is_text, anchor)
        }
        Event::SequenceStart(style, anchor, tag) => {
            is_text(builder, tag.as_deref(), tagged, text);
            builder.begin(Collection::Sequence, here.start, style == StructureStyle::Flow, anchor)
        }
        Event::MappingStart(style, anchor, tag) => {
            is_text(builder, tag.as_deref(), tagged, text);
            builder.begin(Collection::Mapping, here.start, style == StructureStyle::Flow, anchor)
        }
        Event::SequenceEnd | Event::MappingEnd => builder.end(here.end),
        Event::Alias(anchor) => builder.alias(here, anchor),
        _ => Some(()),
    }
}

fn place(span: granit_parser::Span) -> Span {
    let range = span.byte_range().unwrap_or_default();
    Span { start: range.start, end: range.end }
}

/// Whether the tag makes a scalar text; any other tag is a mistake.
fn is_text(builder: &mut Builder<'_>, tag: Option<&Tag>, span: Span, text: &str) -> bool {
    let Some(tag) = tag else { return false };
    if tag.is_yaml_core_schema_tag("str") {
        return true;
    }
    let typed = text.get(span.start..span.end).unwrap_or_default();
    let message = format!("`{typed}` is a tag, and a scenario has none");
    builder.mistake(span, message, "remove it; text that begins with `!` goes in quotes");
    false
}

/// The parser's word for what is wrong → ours.
fn slip(kind: &ErrorKind) -> Slip {
    use ErrorKind as E;
    match *kind {
        E::TabNotAllowed | E::TabInBlockIndentation | E::TabInIndentation | E::TabInPlainScalar => Slip::Tab,
        E::TabAtBlockScalarStart | E::InvalidBlockEntryWhitespace | E::InvalidMappingValueWhitespace => {
            Slip::Tab
        }
        E::UnclosedFlowCollection { open } => Slip::Unclosed(open),
        E::MismatchedFlowCollectionEnd { open, close } => Slip::Mismatched { open, close },
        E::MisplacedFlowCollectionEnd => Slip::Stray,
        E::ExpectedFlowMappingSeparator | E::ExpectedFlowSequenceSeparator => Slip::Separator,
        E::UnexpectedEofFlowSequence | E::UnexpectedEofFlowMapping => Slip::Separator,
        E::UnexpectedEofImplicitFlowMapping => Slip::Separator,
        E::BlockEntryInFlowCollection | E::PlainScalarStartsWithDashFlowIndicator => Slip::Dash,
        E::BlockSequenceEntryNotAllowed => Slip::Dash,
        E::UnclosedQuotedScalar | E::InvalidQuotedScalarIndent | E::DocumentIndicatorInQuotedScalar => {
            Slip::Quote
        }
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => Slip::AfterQuote,
        E::UnknownQuotedScalarEscape | E::InvalidQuotedScalarHexEscape | E::InvalidUnicodeEscape => {
            Slip::Escape
        }
        E::InvalidLowSurrogateHexEscape | E::InvalidLowSurrogate | E::MissingLowSurrogate => Slip::Escape,
        E::UnpairedLowSurrogate => Slip::Escape,
        E::MappingValueNotAllowed | E::InvalidColonPlacement | E::FlowMappingValueAdjacentCollection => {
            Slip::Colon
        }
        E::SimpleKeyExpected | E::InvalidSimpleKey => Slip::NoColon,
        E::ExpectedBlockMappingKey | E::ExpectedBlockSequenceEntry | E::InvalidIndentation => {
            Slip::Indentation
        }
        E::InvalidFlowScalarIndent | E::InvalidBlockScalarIndent => Slip::Indentation,
        E::UnexpectedCharacter { character } => Slip::Character(character),
        E::MappingKeyNotAllowed => Slip::Character('?'),
        E::UnknownAnchor => Slip::Alias,
        E::MissingAnchorOrAliasName => Slip::Anchor,
        E::ExpectedTagBang | E::InvalidGlobalTagCharacter | E::InvalidTagTerminator | E::MissingTagUri => {
            Slip::Tag
        }
        E::UndeclaredTagHandle | E::UnclosedVerbatimTag | E::InvalidTagEscape | E::InvalidTagUtf8 => {
            Slip::Tag
        }
        E::CommentNotSeparated => Slip::Comment,
        E::CommentInterceptedScalar => Slip::CommentInText,
        E::ZeroBlockScalarIndent | E::InvalidBlockScalarHeader => Slip::BlockHeader,
        E::ExpectedDocumentStart | E::InvalidDocumentEnd | E::MissingDocumentEndBeforeDirective => {
            Slip::Document
        }
        E::RecursionLimitExceeded => Slip::Depth,
        _ => Slip::Other,
    }
}
