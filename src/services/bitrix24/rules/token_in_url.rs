//! `bitrix24.token-in-url`: an access token in the URL, where logs and proxies can read it.

use crate::emulator::conduct::{Breach, Observer, Rule, Seen, Severity};

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.token-in-url",
    severity: Severity::Warn,
    breach: "an access token is in the URL, not in the body or in a header",
    source: "apidocs.bitrix24.com, OAuth: security of tokens",
    observe: || Box::new(TokenInUrl),
};

struct TokenInUrl;

impl Observer for TokenInUrl {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let query = seen.request.query();
        if query.is_empty() {
            return None;
        }
        let has = |wanted: &&str| form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == *wanted);
        let name = ["auth", "access_token"].into_iter().find(has)?;
        Some(Breach::of(seen, format!("the URL contains `{name}`")))
    }
}
