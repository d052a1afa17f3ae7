//! Texts of a server → the same without the secrets that were sent to it.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::engine::HIDDEN;
use crate::http::segment;

/// Knows the secrets in every spelling.
pub struct Hide {
    spellings: Vec<String>,
    /// The secrets as [`plain`] has them.
    plain: Vec<String>,
    /// What proves the latest request.
    proof: String,
}

/// A secret that is shorter would be found in texts by chance, in bytes.
const SHORTEST: usize = 4;

impl Hide {
    /// Hides these secrets.
    pub fn new(secrets: &[&str]) -> Self {
        let mut spellings = BTreeSet::new();
        for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
            let json = Value::from(*secret).to_string();
            let json = json[1..json.len() - 1].to_owned();
            let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            spellings.extend([(*secret).to_owned(), segment(secret), form, json.replace('/', "\\/"), json]);
            spellings.insert(base64(secret.as_bytes()));
        }
        let mut spellings: Vec<_> = spellings.into_iter().collect();
        // A secret may be a part of another.
        spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
        let plain = secrets.iter().map(|secret| plain(secret)).filter(|secret| secret.len() >= SHORTEST);
        Self { spellings, plain: plain.collect(), proof: String::new() }
    }

    /// Hides what proves the latest request, such as the digest of its signature.
    pub fn also(&mut self, proof: String) {
        self.proof = proof;
    }

    /// A text without secrets. One that has a secret in a rarer spelling is hidden as a whole.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let proof = Some(&self.proof).filter(|proof| proof.len() >= SHORTEST);
        for spelling in self.spellings.iter().chain(proof) {
            if text.contains(spelling.as_str()) {
                text = text.replace(spelling.as_str(), HIDDEN);
            }
        }
        let is_encoded = text.contains(['%', '\\', '&', '+']);
        if is_encoded && self.plain.iter().any(|secret| plain(&text).contains(secret)) {
            return HIDDEN.to_owned();
        }
        text
    }

    /// A JSON value without secrets, in its names too.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                let hidden = |(name, value): (&String, &Value)| (self.text(name), self.value(value));
                Value::Object(members.iter().map(hidden).collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }
}

/// How often a text may be encoded, one encoding within the other.
const DEEPEST: usize = 4;

/// A text whose encodings for URLs, JSON and HTML are undone, as often as there are any.
fn plain(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..DEEPEST {
        let decoded = percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let decoded = of_json(&of_html(&decoded));
        if decoded == text {
            break;
        }
        text = decoded;
    }
    text
}

/// A text without the escapes of HTML.
fn of_html(text: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#34;", "\""),
        ("&#47;", "/"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ];
    NAMES.iter().fold(text.to_owned(), |text, (name, letter)| text.replace(name, letter))
}

/// A text without the escapes of JSON, as far as they are right.
fn of_json(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut made = parts.next().unwrap_or_default().to_owned();
    let mut halves: Vec<u16> = Vec::new();
    for part in parts {
        let unit = part.strip_prefix('u').and_then(|rest| Some((rest.get(..4)?, rest.get(4..)?)));
        match unit.and_then(|(digits, rest)| Some((u16::from_str_radix(digits, 16).ok()?, rest))) {
            Some((unit, rest)) => {
                halves.push(unit);
                if rest.is_empty() && char::decode_utf16([unit]).any(|letter| letter.is_err()) {
                    // The other half may follow.
                    continue;
                }
                made.push_str(&String::from_utf16_lossy(&std::mem::take(&mut halves)));
                made.push_str(rest);
            }
            // What a letter stands for does not matter here: in the secret it is the same.
            None => made.push_str(part),
        }
    }
    made
}

/// Base64 without the padding, which a longer text would not have.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    // The last letters depend on what follows.
    for chunk in bytes.chunks_exact(3) {
        let number = chunk.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        text.extend([18, 12, 6, 0].map(|shift| char::from(LETTERS[number >> shift & 63])));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_spelling() {
        let hide = Hide::new(&["s/cret \"1", "abc", "s/cret \"12"]);
        for (text, hidden) in [
            ("a s/cret \"1 b", "a *** b"),
            ("s/cret \"12", "***"),
            ("s%2Fcret%20%221", "***"),
            ("s%2Fcret+%221", "***"),
            (r#"{"a":"s\/cret \"1"}"#, r#"{"a":"***"}"#),
            ("cy9jcmV0ICIx", "***"),
            ("abc", "abc"),
        ] {
            assert_eq!(hide.text(text), hidden, "{text}");
        }
        let odd = Hide::new(&[
            "<tag>&amp;secret",
            r#"back\slash\u0041"quote'"#,
            r#"a/b+c=d&e%f g"h"#,
            "ümläut-sécrët-✓",
        ]);
        for text in [
            "%3ctag%3e%26amp%3bsecret",
            "back%5cslash%5cu0041%22quote%27",
            "a%252Fb%252Bc%253Dd%2526e%2525f%2520g%2522h",
            r#"{\"a\":\"\\u00fcml\\u00e4ut-s\\u00e9cr\\u00ebt-\\u2713\"}"#,
            r#"a "\u00fcml\u00e4ut-s\u00e9cr\u00ebt-\u2713" b"#,
        ] {
            assert_eq!(odd.text(text), "***", "{text}");
        }
        for text in ["100 % of a+b &amp; c", r"C:\users\standin", r"\u00", "%"] {
            assert_eq!(odd.text(text), text);
        }
        let mut hide = hide;
        hide.also("v1,1,abcdef".to_owned());
        assert_eq!(hide.text("x-chert-signature: v1,1,abcdef"), "x-chert-signature: ***");
        assert_eq!(hide.value(&json!({"s/cret \"1": ["s/cret \"1", 1]})), json!({"***": ["***", 1]}));
    }
}
