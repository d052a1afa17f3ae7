//! JSON text → values, up to a given depth, and values → JSON text.

use serde::{Deserialize, Serialize};

/// Reads a JSON text. `None` when the text is not JSON, nests deeper than `deepest` levels or does not fit `T`.
pub fn parse<'text, T: Deserialize<'text>>(text: &'text [u8], deepest: usize) -> Option<T> {
    // One check for UTF-8 costs less than one for each string.
    let text = std::str::from_utf8(text).ok()?;
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    // The parser of serde_json stops one level before the usual depth.
    if !(USUAL..=deepest).contains(&depth(text.as_bytes())) {
        return None;
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    let value = T::deserialize(&mut deserializer).ok()?;
    deserializer.end().ok().map(|()| value)
}

/// A nesting that is deep enough for every usual text.
pub const USUAL: usize = 128;

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
    fn a_text_may_be_as_deep_as_it_is_told() {
        let nested = |levels: usize| format!("{}\"[\\\"[\"{}", "[".repeat(levels), "]".repeat(levels));
        for deepest in [128, 512] {
            for (levels, is_read) in [
                (1, true),
                (127, true),
                (128, true),
                (129, deepest > 128),
                (deepest, true),
                (deepest + 1, false),
                (100_000, false),
            ] {
                let text = nested(levels);
                assert_eq!(
                    parse::<Value>(text.as_bytes(), deepest).is_some(),
                    is_read,
                    "{levels} of {deepest}"
                );
            }
            assert!(parse::<Value>(format!("{}x", nested(deepest)).as_bytes(), deepest).is_none());
            assert!(parse::<Value>(b"{", deepest).is_none());
            assert!(parse::<Value>(br#"{"a":"\ud800"}"#, deepest).is_none(), "half of a pair");
            assert!(
                parse::<Value>(br#"{"a":"\ude00\ud83d"}"#, deepest).is_none(),
                "a pair in the wrong order"
            );
            assert_eq!(parse(br#"{"a":"\ud83d\ude00"}"#, deepest), Some(serde_json::json!({"a": "😀"})));
        }
    }
}
