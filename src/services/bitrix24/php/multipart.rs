//! `multipart/form-data` body → parameters, as PHP fills `$_POST` (`main/rfc1867.c`, 8.2).

use serde_json::{Map, Value};

use super::form::{Form, lossy};

/// Reads the fields of a body in order. Names nest as in [`Form::insert`]; percent escapes are not decoded.
///
/// A part with a file name is not a field. As in PHP, text before the first boundary is skipped, the last boundary may
/// be missing, and reading stops at a part whose `Content-Disposition` names neither a field nor a file.
/// Returns `None` when the content type has no boundary or the body has no field.
pub fn decode(content_type: &str, body: &[u8]) -> Option<Map<String, Value>> {
    let delimiter = [b"--", boundary(content_type)?.as_bytes()].concat();
    let mut form = Form::default();
    let mut reader = Reader { rest: body, delimiter };
    while reader.skip_delimiter() {
        let Some(disposition) = reader.disposition() else { continue };
        match Names::of(&disposition) {
            Names { field: None, file: None } => break,
            Names { field: Some(name), file: None } => form.insert(&name, lossy(reader.content().to_vec())),
            // The file name is empty when no file was chosen: PHP then looks for the next delimiter at once.
            Names { file: Some(file), .. } if file.is_empty() => {}
            Names { file: Some(_), .. } => _ = reader.content(),
        }
    }
    Some(form.finish()).filter(|fields| !fields.is_empty())
}

/// The boundary: the text after the first `=` that follows `boundary`, in quotes or up to `,` or `;`.
fn boundary(content_type: &str) -> Option<&str> {
    let word =
        content_type.find("boundary").or_else(|| content_type.to_ascii_lowercase().find("boundary"))?;
    let (_, value) = content_type[word..].split_once('=')?;
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(boundary, _)| boundary),
        None => value.split([',', ';']).next(),
    }
}

/// Reads a body from front to back.
struct Reader<'body> {
    rest: &'body [u8],
    /// `--` and the boundary.
    delimiter: Vec<u8>,
}

impl<'body> Reader<'body> {
    /// Skips lines up to and including the next delimiter line. Returns false at the end of the body.
    fn skip_delimiter(&mut self) -> bool {
        while let Some(line) = self.line() {
            if line == self.delimiter {
                return true;
            }
        }
        false
    }

    /// Reads the head of a part. Returns the value of its first `Content-Disposition`, with folded lines joined.
    fn disposition(&mut self) -> Option<Vec<u8>> {
        let mut headers: Vec<(&[u8], Vec<u8>)> = Vec::new();
        while let Some(line) = self.line().filter(|line| !line.is_empty()) {
            let colon = line.iter().position(|byte| *byte == b':').filter(|_| !is_blank(line[0]));
            match (colon, headers.last_mut()) {
                (Some(at), _) => headers.push((&line[..at], trim_start(&line[at + 1..]).to_vec())),
                (None, Some((_, value))) => value.extend(line),
                (None, None) => {}
            }
        }
        let found = headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(b"content-disposition"));
        found.map(|(_, value)| value)
    }

    /// The bytes up to the line break before the next delimiter. If there is none, the rest of the body, except for an
    /// incomplete delimiter at its end.
    fn content(&mut self) -> &'body [u8] {
        let body = self.rest;
        let breaks = (0..body.len()).filter(|at| body[*at] == b'\n');
        let end = breaks.into_iter().find(|at| {
            let line = &body[at + 1..];
            line.starts_with(&self.delimiter) || self.delimiter.starts_with(line)
        });
        let (content, rest) = body.split_at(end.unwrap_or(body.len()));
        self.rest = rest;
        match content {
            [content @ .., b'\r'] if end.is_some() => content,
            _ => content,
        }
    }

    /// The next line, cut at a NUL byte; `None` when no line feed follows.
    fn line(&mut self) -> Option<&'body [u8]> {
        let end = self.rest.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = (&self.rest[..end], &self.rest[end + 1..]);
        self.rest = rest;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.split(|byte| *byte == 0).next()
    }
}

/// The names in a `Content-Disposition`.
struct Names {
    field: Option<Vec<u8>>,
    file: Option<Vec<u8>>,
}

impl Names {
    fn of(disposition: &[u8]) -> Self {
        let mut names = Self { field: None, file: None };
        let mut rest = trim_start(disposition);
        while !rest.is_empty() {
            let (pair, after) = split_word(rest, b';');
            rest = trim_start(after);
            if !pair.contains(&b'=') {
                continue;
            }
            let (key, value) = split_word(pair, b'=');
            if key.eq_ignore_ascii_case(b"name") {
                names.field = Some(unquote(value));
            } else if key.eq_ignore_ascii_case(b"filename") {
                names.file = Some(unquote(value));
            }
        }
        names
    }
}

/// Splits at the first run of `stop` that is not inside single or double quotes.
fn split_word(text: &[u8], stop: u8) -> (&[u8], &[u8]) {
    let mut at = 0;
    while at < text.len() && text[at] != stop {
        let quote = text[at];
        at += 1;
        if !matches!(quote, b'"' | b'\'') {
            continue;
        }
        while at < text.len() && text[at] != quote {
            let is_escape = text[at] == b'\\' && text.get(at + 1) == Some(&quote);
            at += if is_escape { 2 } else { 1 };
        }
        at = text.len().min(at + 1);
    }
    let stops = text[at..].iter().take_while(|byte| **byte == stop).count();
    (&text[..at], &text[at + stops..])
}

/// The text in quotes, or up to a blank if there are no quotes. `\\` becomes `\`, and `\` before a quote is dropped.
fn unquote(text: &[u8]) -> Vec<u8> {
    let text = trim_start(text);
    let quote = text.first().copied().filter(|first| matches!(first, b'"' | b'\''));
    let mut rest = &text[usize::from(quote.is_some())..];
    let mut word = Vec::new();
    while let [first, after @ ..] = rest {
        let is_end = quote.map_or(is_blank(*first), |quote| quote == *first);
        if is_end {
            break;
        }
        match after {
            [next, after @ ..] if *first == b'\\' && (*next == b'\\' || quote == Some(*next)) => {
                word.push(*next);
                rest = after;
            }
            _ => {
                word.push(*first);
                rest = after;
            }
        }
    }
    word
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    &text[blanks..]
}

/// Whether C's `isspace` accepts the byte.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=B";

    fn check(content_type: &str, body: &str, expected: Value) {
        let fields = decode(content_type, body.as_bytes()).map_or(Value::Null, Value::Object);
        assert_eq!(fields.to_string(), expected.to_string(), "{content_type} {body:?}");
    }

    /// A body with one part, which has this `Content-Disposition` and the content `v`.
    fn part(disposition: &str) -> String {
        format!("--B\r\nContent-Disposition: {disposition}\r\n\r\nv\r\n--B--\r\n")
    }

    #[test]
    fn fields_nest_and_files_are_skipped() {
        let body = "--B\r\nContent-Disposition: form-data; name=\"b[c][]\"\r\n\r\nя+%41\r\n\
            --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\nContent-Type: text/plain\r\n\r\nfile\r\n\
            --B\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=\"b[c][]\"\r\n\r\n\r\ntwo\r\n\r\n\
            --B\r\nContent-Disposition: form-data; name=a.b\r\n\r\n\r\n--B--\r\n";
        check(TYPE, body, json!({"b": {"c": ["я+%41", "\r\ntwo\r\n"]}, "a_b": ""}));
    }

    #[test]
    fn the_boundary_is_quoted_or_not() {
        let body = part("form-data; name=a");
        for parameter in [
            "boundary=B",
            "boundary=\"B\"",
            "Boundary=B; charset=utf-8",
            "charset=x; BOUNDARY=B,",
            "boundary = \"B\"",
        ] {
            let expected = if parameter.contains(" = ") { Value::Null } else { json!({"a": "v"}) };
            check(&format!("multipart/form-data; {parameter}"), &body, expected);
        }
        check("multipart/form-data", &body, Value::Null);
        check("multipart/form-data; boundary=\"B", &body, Value::Null);
        check("multipart/form-data; boundary=C", &body, Value::Null);
    }

    #[test]
    fn dispositions_are_read_as_php_does() {
        check(TYPE, &part(r#"form-data; name="a;b=\"c\"\\""#), json!({r#"a;b="c"\"#: "v"}));
        check(TYPE, &part("form-data; NAME='a b'; x=y"), json!({"a_b": "v"}));
        check(TYPE, &part("form-data;;  name==a b"), json!({"a": "v"}));
        check(TYPE, &part("form-data; name=a;\r\n name=b"), json!({"b": "v"}));
        check(TYPE, &part("form-data; filename*=x; name=a"), json!({"a": "v"}));
        check(TYPE, &part("form-data;\r\n x: ; name=c"), json!({"c": "v"}));
        check(TYPE, &part(r#"form-data; x="\";"; name=a"#), json!({"a": "v"}));
        check(TYPE, &part("form-data; filename=\"\"; name=a"), Value::Null);
        check(TYPE, &part("form-data; name=\"\""), Value::Null);
        let next = part("form-data; name=a");
        check(TYPE, &[&part("form-data; name=b; filename=\"\""), next.as_str()].concat(), json!({"a": "v"}));
        // Neither a field nor a file: PHP gives up.
        check(TYPE, &[&part("form-data"), next.as_str()].concat(), Value::Null);
        check(TYPE, &[&part("form-data; name"), next.as_str()].concat(), Value::Null);
        check(TYPE, &["--B\r\nX: y\r\n\r\nv\r\n", &next].concat(), json!({"a": "v"}));
        check(TYPE, &next.replacen("--B", "--Bx", 1), Value::Null);
        check(TYPE, &next.replacen("--B", "--B\0x", 1), json!({"a": "v"}));
    }

    #[test]
    fn the_end_may_be_missing() {
        let head = "before\r\n--B\r\nContent-Disposition: form-data; name=a\r\n\r\n";
        for (content, value) in [
            ("v", "v"),
            ("v\r", "v\r"),
            ("v\r\n", "v"),
            ("v\r\n-", "v"),
            ("v\n--B", "v"),
            ("v\r\r\n--Bx", "v\r"),
            ("v--B", "v--B"),
            ("", ""),
        ] {
            check(TYPE, &[head, content].concat(), json!({"a": value}));
        }
        check(
            TYPE,
            &[head, "v\r\n--Bx\r\nw\r\n--B\r\nContent-Disposition: form-data; name=b\n\nx"].concat(),
            json!({"a": "v", "b": "x"}),
        );
        check(TYPE, &head[..head.len() - 2], json!({"a": ""}));
        check(TYPE, "", Value::Null);
    }

    #[test]
    fn long_bodies_are_no_burden() {
        assert_eq!(decode(TYPE, part("form-data; name=a").repeat(15_000).as_bytes()).unwrap().len(), 1);
        let breaks = ["--B\nContent-Disposition: form-data; name=a\n\n", &"\n".repeat(1_000_000)].concat();
        assert_eq!(decode(TYPE, breaks.as_bytes()).unwrap()["a"].as_str().unwrap().len(), 999_999);
        let folds = ["--B\nContent-Disposition: form-data; name=a\n", &" x\n".repeat(300_000)].concat();
        assert_eq!(decode(TYPE, folds.as_bytes()).unwrap()["a"], "");
    }

    proptest! {
        #[test]
        fn no_body_panics(
            content_type in r#"(boundary|[=";,B]|\PC){0,8}"#,
            body in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            decode(&content_type, &body);
            decode(TYPE, &body);
        }

        #[test]
        fn no_parts_panic(body in r#"(--B\r?\n|Content-Disposition:|name=|filename=|\r?\n|["';=\\ ]|\PC){0,40}"#) {
            decode(TYPE, body.as_bytes());
        }

        #[test]
        fn flat_fields_return(
            fields in prop::collection::btree_map("[a-zA-Z0-9_я😀]{1,8}", any::<String>(), 1..8),
        ) {
            let head = "--X-y\r\nContent-Disposition: form-data; name=";
            let parts = fields.iter().map(|(name, value)| format!("{head}\"{name}\"\r\n\r\n{value}\r\n"));
            let body = parts.collect::<String>() + "--X-y--\r\n";
            let expected: Map<_, _> = fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
            prop_assert_eq!(decode("multipart/form-data; boundary=X-y", body.as_bytes()), Some(expected));
        }
    }
}
