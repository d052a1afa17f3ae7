//! What keeps a text from being YAML → where it is, what is wrong, what to type instead.

use super::node::Span;

/// A mistake in the YAML itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slip {
    /// A tab where only spaces may stand.
    Tab,
    /// A bracket that nothing closes.
    Unclosed(char),
    /// A bracket closed by one of the other kind.
    Mismatched { open: char, close: char },
    /// A closing bracket that nothing opened.
    Stray,
    /// Something between brackets that neither a comma nor the closing bracket follows.
    Separator,
    /// A dash that makes a list item where none can be.
    Dash,
    /// A quote that nothing closes.
    Quote,
    /// Text behind a closing quote.
    AfterQuote,
    /// A backslash that means nothing in double quotes.
    Escape,
    /// A colon that makes a key where none can be.
    Colon,
    /// A key without a colon.
    NoColon,
    /// A line that is indented like nothing above it.
    Indentation,
    /// A character that cannot begin a text, or cannot stand in YAML at all.
    Character(char),
    /// An alias for an anchor that is not there.
    Alias,
    /// An anchor or alias without a name.
    Anchor,
    /// A tag that is none.
    Tag,
    /// A comment without a blank in front of it.
    Comment,
    /// A comment in the middle of a text.
    CommentInText,
    /// What follows `|` or `>`.
    BlockHeader,
    /// Text behind the end of the scenario.
    Document,
    /// Too many levels.
    Depth,
    /// Aliases that repeat too much.
    Copies,
    /// Anything else.
    Other,
}

/// What is known of the place of a slip.
pub(super) struct Scene<'text> {
    pub(super) text: &'text str,
    /// Where the parser noticed, in bytes.
    pub(super) at: usize,
    /// The last scalar before.
    pub(super) last: Span,
    /// The innermost bracket that is open, in bytes.
    pub(super) bracket: Option<usize>,
}

/// The place, the message and the help for a slip.
pub(super) fn explain(slip: Slip, scene: &Scene<'_>) -> (Span, String, String) {
    let at = scene.at;
    let words = |span: Span, message: &str, help: &str| (span, message.to_owned(), help.to_owned());
    match slip {
        Slip::Tab => words(scene.tab(), "a tab stands where only spaces may", "indent with spaces"),
        Slip::Unclosed(open) => unclosed(scene.character(at), open),
        Slip::Colon | Slip::Separator if scene.bracket_above().is_some() => {
            let span = scene.bracket_above().unwrap_or_default();
            unclosed(span, if scene.text[span.start..].starts_with('{') { '{' } else { '[' })
        }
        Slip::Mismatched { open, close } => {
            let help = format!("close it with `{}`", closing(open));
            (scene.character(at), format!("this `{open}` is closed by a `{close}`"), help)
        }
        Slip::Stray => words(
            scene.character(at),
            "nothing opens this bracket",
            "remove it; text that begins with it goes in quotes",
        ),
        Slip::Separator if scene.text[at..].starts_with(':') => colon_in_text(scene),
        Slip::Separator => words(
            scene.rest(at),
            "a `,` or the closing bracket is missing",
            "write `[a, b]` or `{a: 1, b: 2}`",
        ),
        Slip::Dash => words(
            scene.rest(at),
            "a list item cannot begin here",
            "begin each `- ` on a line of its own, or write `[a, b]`; text that begins with `- ` goes in quotes",
        ),
        Slip::Quote => {
            words(scene.rest(scene.quote()), "this quote is never closed", "add the closing quote")
        }
        Slip::AfterQuote => after_quote(scene),
        Slip::Escape => words(
            scene.rest(at),
            "a backslash in double quotes begins an escape, and this one is unknown",
            r"write `\\` for a backslash, or use single quotes",
        ),
        Slip::Colon => colon(scene),
        Slip::NoColon => no_colon(scene, scene.rest(at)),
        Slip::Indentation => words(
            scene.line(at),
            "this line is indented like nothing above it",
            "indent it with as many spaces as the keys or items that it belongs to",
        ),
        Slip::Character(character) => odd_character(scene, character),
        Slip::Alias => words(
            scene.word(at),
            "this alias names no anchor above it",
            "put text that begins with `*` in quotes, or set the anchor with `&`",
        ),
        Slip::Anchor => words(
            scene.character(at),
            "an anchor needs a name",
            "put text that begins with `&` or `*` in quotes",
        ),
        Slip::Tag => words(scene.word(at), "this tag is none", "put text that begins with `!` in quotes"),
        Slip::Comment => words(
            scene.rest(at),
            "a comment needs a blank in front of it",
            "write ` #`, or put the text in quotes",
        ),
        Slip::CommentInText => words(
            scene.rest(at),
            "a comment interrupts a text of several lines",
            "put the text in quotes, or indent the next line as the keys above it",
        ),
        Slip::BlockHeader => words(
            scene.rest(at),
            "text cannot follow `|` or `>` on its line",
            "begin the text on the next line, indented",
        ),
        Slip::Document => words(
            scene.line(at),
            "the scenario has ended above this line",
            "look for a bracket closed too early, or for keys indented more than these",
        ),
        Slip::Depth => {
            words(scene.character(at), "this nests too deep", "no scenario needs more than a few levels")
        }
        Slip::Copies => {
            words(scene.word(at), "aliases repeat too much", "write the values out, or repeat less")
        }
        Slip::Other => words(scene.rest(at), "this is no YAML", "look at this line and the one above it"),
    }
}

fn unclosed(span: Span, open: char) -> (Span, String, String) {
    let help = format!("add the `{}`, or put text that begins with `{open}` in quotes", closing(open));
    (span, format!("this `{open}` is never closed"), help)
}

fn closing(open: char) -> char {
    if open == '{' { '}' } else { ']' }
}

fn after_quote(scene: &Scene<'_>) -> (Span, String, String) {
    let is_single = scene.text[..scene.at].trim_end().ends_with('\'');
    let help = if is_single {
        "write `''` for a `'` inside single quotes, or use double quotes"
    } else {
        r#"write `\"` for a `"` inside double quotes, or use single quotes"#
    };
    (scene.rest(scene.at), "text follows the closing quote".to_owned(), help.to_owned())
}

/// A colon too many: in a text of one line, or because two lines run into one text.
fn colon(scene: &Scene<'_>) -> (Span, String, String) {
    let Span { start, end } = scene.last;
    let lines = scene.text.get(start..end).unwrap_or_default();
    let Some((first, _)) = lines.split_once('\n') else { return colon_in_text(scene) };
    let first = Span { start, end: start + first.trim_end().len() };
    if scene.line(start).start == start {
        return no_colon(scene, first);
    }
    let message = "this line goes on with the text above it, so it cannot be a key".to_owned();
    (scene.line(scene.at), message, "indent it with as many spaces as the keys around it".to_owned())
}

fn colon_in_text(scene: &Scene<'_>) -> (Span, String, String) {
    let message = "a colon and a blank inside a text make a key of it".to_owned();
    let begins = if scene.last.end == scene.at { scene.last.start } else { scene.at };
    let mut span = scene.rest(begins);
    if scene.bracket.is_some() {
        let text = &scene.text[span.start..span.end];
        span.end = span.start + text.find([',', ']', '}']).unwrap_or(text.len());
    }
    let text = &scene.text[span.start..span.end];
    let help = if begins == scene.at || text.contains(['"', '\\', '#']) {
        "put the text in quotes".to_owned()
    } else {
        format!("put the text in quotes: `\"{text}\"`")
    };
    (span, message, help)
}

fn no_colon(scene: &Scene<'_>, span: Span) -> (Span, String, String) {
    let text = &scene.text[span.start..span.end];
    let help = match text.split_once(':') {
        Some((key, value)) => format!("write a blank after the colon: `{key}: {value}`"),
        None => format!("write `{text}: …`"),
    };
    (span, format!("`{text}` is no key with a value"), help)
}

fn odd_character(scene: &Scene<'_>, character: char) -> (Span, String, String) {
    let found = scene.text[scene.at..].find(character).map_or(scene.at, |offset| scene.at + offset);
    if character.is_control() {
        let message = format!("the character U+{:04X} cannot stand in YAML", u32::from(character));
        let help =
            format!(r#"remove it, or write it in double quotes as `"\u{:04x}"`"#, u32::from(character));
        return (scene.character(found), message, help);
    }
    let message = format!("a text cannot begin with `{character}`");
    (scene.character(found), message, "put the text in quotes".to_owned())
}

impl Scene<'_> {
    /// One character.
    fn character(&self, at: usize) -> Span {
        let width = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        Span { start: at, end: at + width }
    }

    /// From here to the end of the line, blanks not counted.
    fn rest(&self, at: usize) -> Span {
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        Span { start: at, end: at + line.trim_end().len() }
    }

    /// From here to the next blank.
    fn word(&self, at: usize) -> Span {
        let Span { start, end } = self.rest(at);
        let width = self.text[start..end].find([' ', ',', ']', '}']).unwrap_or(end - start);
        Span { start, end: start + width }
    }

    /// What stands on the line.
    fn line(&self, at: usize) -> Span {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let indentation = self.text[start..].len() - self.text[start..].trim_start_matches(' ').len();
        self.rest(start + indentation)
    }

    /// The tab on this line, or else the next one.
    fn tab(&self) -> Span {
        let start = self.text[..self.at].rfind('\n').map_or(0, |newline| newline + 1);
        let on_line = self.text[start..self.at].find('\t').map(|offset| start + offset);
        let after = || self.text[self.at..].find('\t').map(|offset| self.at + offset);
        self.character(on_line.or_else(after).unwrap_or(self.at))
    }

    /// The opening quote: here, or the first one behind the last scalar.
    fn quote(&self) -> usize {
        let between = self.text.get(self.last.end..self.at).unwrap_or_default();
        between.find(['"', '\'']).map_or(self.at, |offset| self.last.end + offset)
    }

    /// The innermost open bracket, if it stands on an earlier line.
    fn bracket_above(&self) -> Option<Span> {
        let bracket = self.bracket?;
        self.text[bracket..self.at].contains('\n').then(|| self.character(bracket))
    }
}
