//! The same JSON as common serialisers write it, to detect a client that serialises its body again after signing it.

use serde_json::{Map, Value};

/// The JSON of `body` as other serialisers write it, with and without a line end. Empty when `body` is not JSON or is
/// longer than [`LONGEST`].
pub fn spellings(body: &[u8]) -> Vec<Vec<u8>> {
    if body.len() > LONGEST {
        return Vec::new();
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let mut all = vec![body.trim_ascii_end().to_vec()];
    for value in [sorted(&value), value] {
        for layout in [COMPACT, SPACED, INDENTED_BY_2, INDENTED_BY_4] {
            for escape in [plainly as Escape, of_python, of_php, of_go] {
                let mut text = String::new();
                write(&value, layout, escape, 0, &mut text);
                all.push(text.into_bytes());
            }
        }
    }
    let with_line_end = all.iter().map(|text| [text, &b"\n"[..]].concat()).collect::<Vec<_>>();
    all.extend(with_line_end);
    all
}

/// The longest body that is tried, in bytes; no rename is longer.
const LONGEST: usize = 16 << 10;

/// The separators and the indentation of a JSON text.
#[derive(Clone, Copy)]
struct Layout {
    comma: &'static str,
    colon: &'static str,
    indent: usize,
}

/// The default of JavaScript, PHP, Go and Rust.
const COMPACT: Layout = Layout { comma: ",", colon: ":", indent: 0 };
/// The default of Python.
const SPACED: Layout = Layout { comma: ", ", colon: ": ", indent: 0 };
const INDENTED_BY_2: Layout = Layout { comma: ",", colon: ": ", indent: 2 };
const INDENTED_BY_4: Layout = Layout { comma: ",", colon: ": ", indent: 4 };

/// The escape of a character; `None` when it is written as it is.
type Escape = fn(char) -> Option<String>;

fn plainly(_: char) -> Option<String> {
    None
}

fn of_python(c: char) -> Option<String> {
    let mut units = [0; 2];
    let escaped = |c: char| c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    (!c.is_ascii()).then_some(c).map(escaped)
}

fn of_php(c: char) -> Option<String> {
    if c == '/' { Some("\\/".to_owned()) } else { of_python(c) }
}

fn of_go(c: char) -> Option<String> {
    matches!(c, '<' | '>' | '&').then(|| format!("\\u{:04x}", u32::from(c)))
}

fn write(value: &Value, layout: Layout, escape: Escape, depth: usize, text: &mut String) {
    let line = |depth: usize, text: &mut String| {
        if layout.indent > 0 {
            text.push('\n');
            text.push_str(&" ".repeat(layout.indent * depth));
        }
    };
    let between = |position: usize, text: &mut String| {
        text.push_str(if position > 0 { layout.comma } else { "" });
        line(depth + 1, text);
    };
    match value {
        Value::Object(members) if !members.is_empty() => {
            text.push('{');
            for (position, (name, member)) in members.iter().enumerate() {
                between(position, text);
                quote(name, escape, text);
                text.push_str(layout.colon);
                write(member, layout, escape, depth + 1, text);
            }
            line(depth, text);
            text.push('}');
        }
        Value::Array(elements) if !elements.is_empty() => {
            text.push('[');
            for (position, element) in elements.iter().enumerate() {
                between(position, text);
                write(element, layout, escape, depth + 1, text);
            }
            line(depth, text);
            text.push(']');
        }
        Value::String(string) => quote(string, escape, text),
        other => text.push_str(&other.to_string()),
    }
}

fn quote(string: &str, escape: Escape, text: &mut String) {
    // `serde_json` has already escaped what every serialiser escapes.
    for c in Value::from(string).to_string().chars() {
        match escape(c) {
            Some(escaped) => text.push_str(&escaped),
            None => text.push(c),
        }
    }
}

/// The same value with the members of objects in alphabetical order, as Go writes a map.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut all: Vec<_> =
                members.iter().map(|(name, member)| (name.clone(), sorted(member))).collect();
            all.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(Map::from_iter(all))
        }
        Value::Array(elements) => elements.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_finds_its_own_spelling() {
        let body = r#"{"display_name":"Ü & <b>/\ud83d\ude00\n","a":[1,{"b":null}],"c":{}}"#;
        let all: Vec<_> =
            spellings(body.as_bytes()).into_iter().map(|text| String::from_utf8(text).unwrap()).collect();
        for text in [
            // json.dumps(value)
            r#"{"display_name": "\u00dc & <b>/\ud83d\ude00\n", "a": [1, {"b": null}], "c": {}}"#,
            // json.dumps(value, separators=(",", ":"), ensure_ascii=False), JSON.stringify(value)
            "{\"display_name\":\"Ü & <b>/😀\\n\",\"a\":[1,{\"b\":null}],\"c\":{}}",
            // json_encode($value)
            r#"{"display_name":"\u00dc & <b>\/\ud83d\ude00\n","a":[1,{"b":null}],"c":{}}"#,
            // json.Marshal(value) of a map
            "{\"a\":[1,{\"b\":null}],\"c\":{},\"display_name\":\"Ü \\u0026 \\u003cb\\u003e/😀\\n\"}",
            // JSON.stringify(value, null, 2)
            "{\n  \"display_name\": \"Ü & <b>/😀\\n\",\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {}\n}",
            // A file whose last line ends.
            &format!("{body}\n"),
        ] {
            assert!(all.iter().any(|known| known == text), "{text}");
        }
        assert!(spellings(b"no JSON").is_empty());
    }
}
