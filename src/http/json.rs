//! JSON text → values, up to 128 levels deep, and values → JSON text.

use serde::{Deserialize, Serialize};

/// The deepest nesting that is read. A deeper text counts as not JSON.
const DEEPEST: usize = 128;

/// Reads a JSON text. `None` when the text is not JSON or does not fit `T`.
pub fn parse<'text, T: Deserialize<'text>>(text: &'text [u8]) -> Option<T> {
    // One check for UTF-8 costs less than one for each string.
    let text = std::str::from_utf8(text).ok()?;
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    // The parser of serde_json stops one level before 128.
    if depth(text.as_bytes()) != DEEPEST {
        return None;
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    let value = T::deserialize(&mut deserializer).ok()?;
    deserializer.end().ok().map(|()| value)
}

/// Appends a value.
pub fn write(value: &impl Serialize, text: &mut Vec<u8>) {
    serde_json::to_writer(text, value).expect("plain values always serialise, and memory takes every byte");
}

/// How deep brackets outside of strings are nested.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_text_may_be_128_levels_deep() {
        let nested = |levels: usize| format!("{}\"[\\\"[\"{}", "[".repeat(levels), "]".repeat(levels));
        for (levels, is_read) in [(1, true), (127, true), (128, true), (129, false), (100_000, false)] {
            assert_eq!(parse::<Value>(nested(levels).as_bytes()).is_some(), is_read, "{levels}");
        }
        assert!(parse::<Value>(format!("{}x", nested(128)).as_bytes()).is_none());
        assert!(parse::<Value>(b"{").is_none());
    }
}
