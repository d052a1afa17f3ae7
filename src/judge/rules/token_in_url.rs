//! `bitrix24.token-in-url`: an access token where logs and proxies read it.

use super::{Breach, Rule, Seen, Severity, Watcher};
use crate::http::form;

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.token-in-url",
    severity: Severity::Warn,
    summary: "an access token is sent in the body or in a header, not in the URL",
    source: "apidocs.bitrix24.com, OAuth: security of tokens",
    watch: || Box::new(TokenInUrl),
};

struct TokenInUrl;

impl Watcher for TokenInUrl {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let query = seen.request.query();
        if !seen.is_of("bitrix24") || query.is_empty() {
            return None;
        }
        let fields = form::decode(query.as_bytes());
        let name = ["auth", "access_token"].into_iter().find(|name| fields.contains_key(*name))?;
        Some(Breach::of(seen, format!("the URL holds `{name}`")))
    }
}
