//! A text in a notation → the places in it where credentials stand.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::de::IgnoredAny;

use super::view::{Escapes, View};
use crate::emulator::FieldForm;
use crate::services::SERVICES;

/// How deep notations and escapes may nest: a query in a text of JSON in a form, for example. Every search is bounded, so
/// that no body takes more time than in proportion to its length.
const DEEPEST: usize = 5;

/// How long the path of a URL is that is looked at, in bytes.
const LONGEST_PATH: usize = 500;

/// What a path in a text ends with, if it ends before the text.
const ENDS_OF_PATH: &[u8] = b"?#&;,|\"'`<>()[]{}\\ \t\r\n";

/// Finds credentials by where they stand.
pub(super) struct Finder<'a> {
    /// The names of parameters that hold credentials, in lower case.
    names: &'a BTreeSet<&'static str>,
    /// Where credentials stand.
    pub(super) places: Vec<Range<usize>>,
    /// The credentials.
    pub(super) values: Vec<String>,
}

impl<'a> Finder<'a> {
    /// A finder that has found nothing yet.
    pub(super) fn new(names: &'a BTreeSet<&'static str>) -> Self {
        Self { names, places: Vec::new(), values: Vec::new() }
    }

    /// A query, and a form as `application/x-www-form-urlencoded` has it.
    pub(super) fn form(&mut self, view: &View) {
        self.pairs(view, b"&", 0);
    }

    /// A text for readers, in which a URL may stand.
    pub(super) fn prose(&mut self, view: &View) {
        self.urls(view);
        self.pairs(view, b"&?;` \t\r\n\"'", DEEPEST);
    }

    /// The value of a header field that holds a credential.
    pub(super) fn field(&mut self, view: &View, form: FieldForm) {
        let whole = 0..view.bytes.len();
        match form {
            FieldForm::Whole => self.found(view, whole),
            FieldForm::Scheme => {
                let start = view.bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
                let length = view.bytes[start..].iter().position(u8::is_ascii_whitespace);
                match length.map(|length| start..start + length) {
                    Some(scheme) if is_scheme(&view.bytes[scheme.clone()]) => {
                        self.found(view, scheme.end..whole.end);
                    }
                    _ => self.found(view, whole),
                }
            }
            FieldForm::Pairs => {
                for pair in split(&view.bytes, b";") {
                    let name = view.bytes[pair.clone()].iter().position(|byte| *byte == b'=');
                    self.found(view, name.map_or(pair.start, |name| pair.start + name + 1)..pair.end);
                }
            }
            FieldForm::Signature => {
                for part in split(&view.bytes, b",") {
                    let text = view.bytes[part.clone()].trim_ascii();
                    let digits = text.strip_prefix(b"v").unwrap_or(text);
                    // A version and a time are short numbers.
                    if digits.len() > 12 || !digits.iter().all(u8::is_ascii_digit) {
                        self.found(view, part);
                    }
                }
            }
        }
    }

    /// The body of a request or of an answer. It may be in another notation than its media type says.
    pub(super) fn body(&mut self, view: &View, content_type: &str) {
        self.urls(view);
        let text = view.bytes.trim_ascii_start();
        let is_like_json = text.starts_with(b"{") || text.starts_with(b"[");
        if is_like_json && is_json(text) {
            return self.json(view, 0);
        }
        let has_parts = content_type.to_ascii_lowercase().contains("multipart/");
        if (has_parts || text.starts_with(b"--")) && self.multipart(view, content_type) {
            return;
        }
        self.form(view);
        if is_like_json || has_parts || content_type.contains("json") {
            self.json(view, 0);
            self.broken(view);
        }
    }

    /// A text in which a URL or JSON may stand, such as a header field.
    pub(super) fn text(&mut self, view: &View) {
        self.urls(view);
        self.value(view, 0);
    }

    /// Passwords and paths with a credential, wherever URLs stand in a text: behind a host or another path, in any case and with
    /// escapes.
    pub(super) fn urls(&mut self, view: &View) {
        let mut layer = Some(view.clone());
        for _ in 0..DEEPEST {
            let Some(view) = layer else { return };
            self.passwords(&view);
            let lower = view.bytes.to_ascii_lowercase();
            for service in SERVICES {
                let Some(root) = service.places("").root else { continue };
                for start in memchr::memmem::find_iter(&lower, root.as_bytes()) {
                    let rest = &view.bytes[start + root.len()..];
                    let rest = &rest[..rest.len().min(LONGEST_PATH)];
                    let rest = rest.split(|byte| ENDS_OF_PATH.contains(byte)).next().unwrap_or_default();
                    // What is not ASCII may be cut in the middle of a character; each byte keeps its place.
                    let rest = rest.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '_' });
                    let path: String = root.chars().chain(rest).collect();
                    let Some(secret) = service.places(&path).path else { continue };
                    // In a text, other words may stand there. A webhook has the number of its user before the secret.
                    let before = path[root.len()..secret.start].trim_end_matches('/');
                    let user = before.rsplit('/').next().unwrap_or_default();
                    if user.bytes().all(|byte| byte.is_ascii_digit()) {
                        let is_cut = secret.end == path.len();
                        let rest = if is_cut { &view.bytes[start + secret.end..] } else { &[][..] };
                        let more =
                            rest.iter().take_while(|byte| **byte != b'/' && !ENDS_OF_PATH.contains(byte));
                        self.found(&view, start + secret.start..start + secret.end + more.count());
                    }
                }
            }
            layer = view.decoded(Escapes::Any);
        }
    }

    /// Passwords before hosts, as in `http://user:password@host`. A user without a password may be a token.
    fn passwords(&mut self, view: &View) {
        for start in memchr::memmem::find_iter(&view.bytes, b"://").map(|start| start + 3) {
            let rest = &view.bytes[start..];
            let rest = &rest[..rest.len().min(LONGEST_PATH)];
            let end = rest.iter().position(|byte| *byte == b'/' || ENDS_OF_PATH.contains(byte));
            let authority = &rest[..end.unwrap_or(rest.len())];
            let Some(length) = authority.iter().rposition(|byte| *byte == b'@') else { continue };
            let colon = authority[..length].iter().position(|byte| *byte == b':');
            self.found(view, start + colon.map_or(0, |colon| colon + 1)..start + length);
        }
    }

    /// A value inside a notation: a command of a batch, a URL, JSON, or just a text.
    fn value(&mut self, view: &View, depth: usize) {
        let mut layer = Some(view.clone());
        for depth in depth..DEEPEST {
            let Some(view) = layer else { return };
            let text = view.bytes.trim_ascii_start();
            if matches!(text.first(), Some(b'{' | b'[')) && is_json(text) {
                self.json(&view, depth + 1);
            } else if let Some(mark) = view.bytes.iter().position(|byte| *byte == b'?') {
                self.pairs(&view.part(mark + 1..view.bytes.len()), b"&", depth + 1);
            }
            layer = view.decoded(Escapes::Percent);
        }
    }

    fn pairs(&mut self, view: &View, breaks: &[u8], depth: usize) {
        for pair in split(&view.bytes, breaks) {
            let Some(length) = view.bytes[pair.clone()].iter().position(|byte| *byte == b'=') else {
                continue;
            };
            let (name, value) = (pair.start..pair.start + length, pair.start + length + 1..pair.end);
            if self.is_secret(&view.part(name), Escapes::Percent) {
                self.found(view, value);
                continue;
            }
            self.value(&view.part(value), depth);
            // Some clients divide parameters so.
            if view.bytes[pair.clone()].contains(&b';') {
                self.pairs(&view.part(pair), b";", depth);
            }
        }
    }

    /// JSON, whole or broken. The tokens are looked at one by one, so that nothing can end it early.
    fn json(&mut self, view: &View, depth: usize) {
        let bytes = &view.bytes;
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] != b'"' {
                at += 1;
                continue;
            }
            let content = at + 1..end_of_text(bytes, at + 1);
            at = (content.end + 1).min(bytes.len());
            let next = skip(bytes, at);
            if bytes.get(next) != Some(&b':') {
                let part = view.part(content);
                self.value(&part.decoded(Escapes::Json).unwrap_or(part), depth);
            } else if self.is_secret(&view.part(content), Escapes::Json) {
                let start = skip(bytes, next + 1);
                let value = value_at(bytes, start);
                let quote = usize::from(bytes.get(start) == Some(&b'"'));
                at = (value.end + quote).min(bytes.len());
                if !matches!(&bytes[value.clone()], b"null" | b"true" | b"false") {
                    self.found(view, value);
                }
            }
        }
    }

    /// The parts of a multipart body; false when it has none.
    fn multipart(&mut self, view: &View, content_type: &str) -> bool {
        let named = content_type.split_once("boundary=").map(|(_, rest)| rest.trim_start_matches('"'));
        let named =
            named.and_then(|rest| rest.split(['"', ';']).next()).map(|name| format!("--{}", name.trim()));
        let first = || view.bytes.trim_ascii_start().split(|byte| matches!(byte, b'\r' | b'\n')).next();
        let boundary =
            named.map(String::into_bytes).or_else(|| first().map(<[u8]>::to_vec)).unwrap_or_default();
        if boundary.len() < 3 {
            return false;
        }
        let starts: Vec<_> = memchr::memmem::find_iter(&view.bytes, &boundary).collect();
        for (number, start) in starts.iter().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(view.bytes.len());
            self.part(&view.part(start + boundary.len()..end));
        }
        !starts.is_empty()
    }

    /// One part of a multipart body: header fields, a blank line and the value.
    fn part(&mut self, view: &View) {
        let blank = [&b"\r\n\r\n"[..], b"\n\n"].into_iter();
        let found = blank.filter_map(|blank| Some((memchr::memmem::find(&view.bytes, blank)?, blank.len())));
        let Some((end, length)) = found.min() else { return self.broken(view) };
        let head = &view.bytes[..end];
        let lower = head.to_ascii_lowercase();
        let named = memchr::memmem::find_iter(&lower, b"name=");
        let is_own =
            |at: &usize| *at == 0 || !(lower[at - 1].is_ascii_alphanumeric() || lower[at - 1] == b'*');
        let name = named.filter(is_own).map(|at| {
            let start = at + b"name=".len();
            let (start, ends): (_, &[u8]) = match head.get(start) {
                Some(quote @ (b'"' | b'\'')) => (start + 1, std::slice::from_ref(quote)),
                _ => (start, b"; \r\n"),
            };
            let length = head[start..].iter().position(|byte| ends.contains(byte));
            start..start + length.unwrap_or(head.len() - start)
        });
        let is_secret = name.take(DEEPEST).any(|name| self.is_secret(&view.part(name), Escapes::Any));
        let value = end + length..view.bytes.len();
        if is_secret {
            self.found(view, value);
        } else {
            self.value(&view.part(value), 0);
        }
    }

    /// A text in no notation at all: whatever follows the name of a credential, and looks like a value.
    fn broken(&mut self, view: &View) {
        let mut layer = Some(view.clone());
        for _ in 0..DEEPEST {
            let Some(view) = layer else { return };
            let lower = view.bytes.to_ascii_lowercase();
            for name in self.names.clone() {
                let mut covered = 0;
                for start in memchr::memmem::find_iter(&lower, name.as_bytes()) {
                    let end = start + name.len();
                    let is_word = |byte: Option<&u8>| {
                        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
                    };
                    if start < covered || is_word(lower[..start].last()) || is_word(lower.get(end)) {
                        continue;
                    }
                    let between = lower[end..].iter().position(|byte| !b"\"'\\ \r\n\t[]{:=".contains(byte));
                    let from = between.map_or(lower.len(), |length| end + length);
                    if lower[end..from].iter().any(|byte| matches!(byte, b':' | b'=' | b'\n')) {
                        let length = lower[from..].iter().position(|byte| b"\"'&,}]\\\r\n".contains(byte));
                        covered = length.map_or(lower.len(), |length| from + length);
                        self.found(&view, from..covered);
                    }
                }
            }
            layer = view.decoded(Escapes::Any);
        }
    }

    /// Whether a parameter of this name holds a credential: by its own name or by one in its brackets, such as
    /// `auth[access_token]`. The commands of a batch have names of the client's choice.
    fn is_secret(&self, name: &View, escapes: Escapes) -> bool {
        let decoded = name.decoded(escapes);
        let name = String::from_utf8_lossy(&decoded.as_ref().unwrap_or(name).bytes).trim().to_lowercase();
        // PHP turns these characters into underscores.
        let mut words = name.split(['[', ']']).map(|word| word.replace(['.', ' ', '-', '+'], "_"));
        let first = words.next().unwrap_or_default();
        let is_known = |word: &str| self.names.contains(word);
        is_known(&first) || (first != "cmd" && words.any(|word| is_known(&word)))
    }

    /// Notes that a credential stands in `range`.
    pub(super) fn found(&mut self, view: &View, range: Range<usize>) {
        let text = &view.bytes[range.clone()];
        let start = range.start + text.len() - text.trim_ascii_start().len();
        let range = start..start + text.trim_ascii().len();
        if range.is_empty() {
            return;
        }
        self.places.push(view.origin(range.clone()));
        let mut layer = Some(view.part(range));
        for _ in 0..DEEPEST {
            let Some(view) = layer else { return };
            self.values.push(String::from_utf8_lossy(&view.bytes).into_owned());
            layer = view.decoded(Escapes::Any);
        }
    }
}

/// The ranges between the bytes in `breaks`.
fn split(bytes: &[u8], breaks: &[u8]) -> Vec<Range<usize>> {
    let mut start = 0;
    let parts = bytes.split(|byte| breaks.contains(byte));
    let range = |part: &[u8]| {
        let range = start..start + part.len();
        start = range.end + 1;
        range
    };
    parts.map(range).collect()
}

fn is_scheme(word: &[u8]) -> bool {
    ["basic", "bearer", "digest", "negotiate", "token"]
        .iter()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// The first byte from `at` on that is no white space.
fn skip(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The end of a text of JSON that begins at `at`, behind its quote.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// A value of JSON that begins at `at`: a text without its quotes, a list or a mapping as a whole, or a word.
fn value_at(bytes: &[u8], at: usize) -> Range<usize> {
    match bytes.get(at) {
        Some(b'"') => at + 1..end_of_text(bytes, at + 1),
        Some(b'{' | b'[') => {
            let (mut end, mut open) = (at, 0_usize);
            while end < bytes.len() {
                match bytes[end] {
                    b'"' => end = end_of_text(bytes, end + 1),
                    b'{' | b'[' => open += 1,
                    b'}' | b']' => open -= 1,
                    _ => {}
                }
                end += 1;
                if open == 0 {
                    break;
                }
            }
            at..end.min(bytes.len())
        }
        _ => {
            let length = bytes[at.min(bytes.len())..].iter().position(|byte| b",}] \t\r\n".contains(byte));
            at..length.map_or(bytes.len(), |length| at + length)
        }
    }
}
