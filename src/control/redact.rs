//! Text → the same text with credentials hidden.

use crate::emulator::Service;
use crate::http::{Reply, Request};
use crate::scenario::Scenario;
use crate::services::SERVICES;

/// The text that replaces a secret.
const HIDDEN: &str = "***";

/// The secrets of a scenario.
#[derive(Clone, Debug)]
pub struct Redactor {
    secrets: Vec<String>,
}

/// The secrets of a scenario and those of one exchange, in every spelling to hide.
#[derive(Debug)]
pub struct Hide(Vec<String>);

impl Redactor {
    /// Collects the secrets of `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        Self { secrets: scenario.sections.iter().flat_map(|(_, section)| section.secrets()).collect() }
    }

    /// Adds the credentials in `request`. Unknown ones count too, as they may be real.
    pub fn for_request(&self, request: &Request) -> Hide {
        self.with(services(request).flat_map(|service| service.credentials_in(request)))
    }

    /// Adds the credentials in `request` and those that `reply` issues.
    pub fn for_exchange(&self, request: &Request, reply: &Reply) -> Hide {
        self.with(services(request).flat_map(|service| {
            [service.credentials_in(request), service.credentials_issued(request, reply)].concat()
        }))
    }

    /// Adds nothing, for texts that belong to no request.
    pub fn for_secrets(&self) -> Hide {
        self.with(std::iter::empty())
    }

    fn with(&self, more: impl Iterator<Item = String>) -> Hide {
        let mut secrets: Vec<_> = self.secrets.iter().cloned().chain(more).collect();
        secrets.extend(secrets.clone().iter().flat_map(|secret| spellings(secret)));
        secrets.retain(|secret| !secret.is_empty());
        // The longest first: otherwise a secret that is a part of another one would leave the rest of it visible.
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Hide(secrets)
    }
}

/// The services that the path of a request belongs to.
fn services(request: &Request) -> impl Iterator<Item = &'static dyn Service> {
    SERVICES.iter().copied().filter(|service| service.claims(request.path()))
}

impl Hide {
    /// Replaces every secret in `text`. A secret inside a longer word stays, as that is another word.
    pub fn text(&self, text: &str) -> String {
        self.0.iter().fold(
            text.to_owned(),
            |text, secret| if text.contains(secret) { hide(&text, secret) } else { text },
        )
    }
}

fn hide(text: &str, secret: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric();
    let mut hidden = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find(secret) {
        let (before, from) = rest.split_at(position);
        let after = &from[secret.len()..];
        hidden.push_str(before);
        let starts_word =
            !(hidden.ends_with(is_word) && secret.starts_with(is_word)) || ends_with_escape(&hidden);
        let ends_word = !(after.starts_with(is_word) && secret.ends_with(is_word));
        hidden.push_str(if starts_word && ends_word { HIDDEN } else { secret });
        rest = after;
    }
    hidden.push_str(rest);
    hidden
}

/// Whether the text ends with a percent escape, such as the `%3D` in `auth%3Ds3cret`.
fn ends_with_escape(text: &str) -> bool {
    matches!(text.as_bytes(), [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// A secret as it is spelt in a query, in a query inside a query, and in JSON.
fn spellings(secret: &str) -> [String; 3] {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let query = encoded(secret);
    let json = serde_json::Value::from(secret).to_string();
    [encoded(&query), query, json.trim_matches('"').to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_as_words() {
        let hide = Hide(vec!["a+b".into(), "s3cret".into(), "1".into()]);
        for (text, expected) in [
            ("/rest/1/s3cret/batch", "/rest/***/***/batch"),
            ("auth=a+b&x=11", "auth=***&x=11"),
            ("cmd=m%3Fauth%3Ds3cret%26x", "cmd=m%3Fauth%3D***%26x"),
            ("s3crets are no s3cret", "s3crets are no ***"),
            ("", ""),
        ] {
            assert_eq!(hide.text(text), expected);
        }
    }
}
