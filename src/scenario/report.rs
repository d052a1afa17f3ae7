//! The findings of a scenario with their places, as text, as JSON and as annotations of a workflow.

use std::collections::HashSet;
use std::fmt::{self, Write};

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use schemars::JsonSchema;
use serde::Serialize;

use super::node::{Mistake, boundary};

/// How much of a long line is shown on either side of a place, in characters.
const AROUND: usize = 200;

/// Every mistake in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    origin: String,
    kind: Kind,
    findings: Vec<Placed>,
}

/// What the findings of a report are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The scenario cannot be served.
    Error,
    /// It can be served.
    Warning,
}

/// A mistake and its place, as JSON shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub struct FindingShown {
    /// `error` or `warning`.
    pub level: &'static str,
    /// The name of the text.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The way from the top, such as `bitrix24.chats[3].line`; empty when it is not known.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to type instead.
    pub help: String,
}

/// A mistake with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The line itself; of a very long one the part around the place.
    pub source: String,
    /// The way from the top of the scenario, such as `bitrix24.chats[3].line`; empty when it is not known.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to type instead.
    pub help: String,
    /// What of `source` is marked, in bytes.
    marked: std::ops::Range<usize>,
}

impl Report {
    /// The report on the scenario `text`, which came from `origin`.
    pub(super) fn new(origin: &str, text: &str, mistakes: Vec<Mistake>) -> Self {
        Self::of(Kind::Error, origin, text, mistakes)
    }

    /// A report of warnings, which do not keep the scenario from being served.
    pub(super) fn of_warnings(origin: &str, text: &str, warnings: Vec<Mistake>) -> Self {
        Self::of(Kind::Warning, origin, text, warnings)
    }

    fn of(kind: Kind, origin: &str, text: &str, mut mistakes: Vec<Mistake>) -> Self {
        // What an alias repeats is wrong once.
        let mut seen = HashSet::new();
        mistakes.retain(|mistake| seen.insert((mistake.span, mistake.finding.message.clone())));
        mistakes.sort_by_key(|mistake| mistake.span);
        let mut cursor = Cursor { text, at: 0, line: 1, line_start: 0, column: 1 };
        let findings = mistakes.into_iter().map(|mistake| cursor.place(mistake)).collect();
        Self { origin: origin.to_owned(), kind, findings }
    }

    /// What the scenario was read from.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The findings in the order of their places.
    pub fn findings(&self) -> &[Placed] {
        &self.findings
    }

    /// The findings as a person reads them: message, place, line and help of each.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        self.findings.iter().map(|finding| self.render_one(finding, &renderer) + "\n\n").collect()
    }

    fn render_one(&self, finding: &Placed, renderer: &Renderer) -> String {
        let Placed { line, column, source, message, help, marked, .. } = finding;
        let level = match self.kind {
            Kind::Error => Level::ERROR,
            Kind::Warning => Level::WARNING,
        };
        let title = level.primary_title(message.as_str());
        let mark = AnnotationKind::Primary.span(marked.clone());
        let snippet = Snippet::source(source.as_str()).line_start(*line).annotation(mark);
        let help = Level::HELP.message(annotate_snippets::normalize_untrusted_str(help));
        // The renderer counts the column on what it is given; of a part of a line it would be wrong.
        let group = if source[..marked.start].chars().count() + 1 == *column {
            title.element(snippet.path(self.origin.as_str()))
        } else {
            let origin = Origin::path(self.origin.as_str()).line(*line).char_column(*column);
            title.element(origin).element(snippet)
        };
        renderer.render(&[group.element(help)])
    }

    /// The findings for a program.
    pub fn shown(&self) -> Vec<FindingShown> {
        let object = |finding: &Placed| {
            let Placed { line, column, path, message, help, .. } = finding.clone();
            FindingShown {
                level: self.kind.word(),
                file: self.origin.clone(),
                line,
                column,
                path,
                message,
                help,
            }
        };
        self.findings.iter().map(object).collect()
    }

    /// The findings as GitHub's workflow commands, one a line.
    pub fn to_github(&self) -> String {
        let mut text = String::new();
        for Placed { line, column, path, message, help, .. } in &self.findings {
            let (file, body) = (property(&self.origin), data(&format!("{message}\nhelp: {help}")));
            let title = property(if path.is_empty() { "scenario" } else { path });
            let _ = writeln!(
                text,
                "::{} file={file},line={line},col={column},title={title}::{body}",
                self.kind.word()
            );
        }
        text
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Report {}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Walks down the text once for all places, which come in order.
struct Cursor<'text> {
    text: &'text str,
    at: usize,
    line: usize,
    line_start: usize,
    column: usize,
}

impl Cursor<'_> {
    fn place(&mut self, Mistake { span, finding }: Mistake) -> Placed {
        self.advance(boundary(self.text, span.start));
        let rest = &self.text[self.at..];
        let line_end = self.at + rest.find('\n').unwrap_or(rest.len());
        let line_end = self.line_start + self.text[self.line_start..line_end].trim_end_matches('\r').len();
        let start = self.at.min(line_end);
        let end = boundary(self.text, span.end).clamp(start, line_end);
        let (from, to) = (before(self.text, self.line_start, start), after(self.text, end, line_end));
        Placed {
            line: self.line,
            column: self.column,
            source: self.text[from..to].to_owned(),
            path: finding.path.to_string(),
            message: finding.message,
            help: finding.help,
            marked: start - from..end - from,
        }
    }

    fn advance(&mut self, to: usize) {
        let passed = &self.text[self.at..to.max(self.at)];
        match passed.rfind('\n') {
            None => self.column += passed.chars().count(),
            Some(newline) => {
                self.line += passed.matches('\n').count();
                self.line_start = self.at + newline + 1;
                self.column = 1 + passed[newline + 1..].chars().count();
            }
        }
        self.at += passed.len();
    }
}

/// Where to begin to show a line so that `place` is on it.
fn before(text: &str, line_start: usize, place: usize) -> usize {
    text[line_start..place]
        .char_indices()
        .rev()
        .nth(AROUND)
        .map_or(line_start, |(offset, _)| line_start + offset)
}

/// Where to end.
fn after(text: &str, place: usize, line_end: usize) -> usize {
    text[place..line_end].char_indices().nth(AROUND).map_or(line_end, |(offset, _)| place + offset)
}
