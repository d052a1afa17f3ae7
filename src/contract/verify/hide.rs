//! Texts of a server → the same without the secrets that were sent to it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::engine::HIDDEN;
use crate::http::segment;

/// Knows the secrets in every spelling.
pub struct Hide {
    spellings: Vec<String>,
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
        Self { spellings, proof: String::new() }
    }

    /// Hides what proves the latest request, such as the digest of its signature.
    pub fn also(&mut self, proof: String) {
        self.proof = proof;
    }

    /// A text without secrets.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let proof = Some(&self.proof).filter(|proof| proof.len() >= SHORTEST);
        for spelling in self.spellings.iter().chain(proof) {
            if text.contains(spelling.as_str()) {
                text = text.replace(spelling.as_str(), HIDDEN);
            }
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
        let mut hide = hide;
        hide.also("v1,1,abcdef".to_owned());
        assert_eq!(hide.text("x-chert-signature: v1,1,abcdef"), "x-chert-signature: ***");
        assert_eq!(hide.value(&json!({"s/cret \"1": ["s/cret \"1", 1]})), json!({"***": ["***", 1]}));
    }
}
