//! `bitrix24.refreshes-event-token`: the access token of an event in place of a refresh token.

use indexmap::IndexMap;

use crate::emulator::conduct::{Breach, Observer, Rule, Seen, Sent, Severity, hash};
use crate::services::bitrix24::oauth;

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.refreshes-event-token",
    severity: Severity::Error,
    breach: "the client tried to refresh the token of an event, which cannot be refreshed",
    source: "apidocs.bitrix24.com/settings/oauth/index.html: refresh_token",
    observe: || Box::new(RefreshesEventToken::default()),
};

/// How many tokens are remembered.
const MOST_TOKENS: usize = 1_000;

#[derive(Default)]
struct RefreshesEventToken {
    /// The access tokens that came without a refresh token, by their hash: the latest delivery that had it.
    tokens: IndexMap<u64, u64>,
}

impl Observer for RefreshesEventToken {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let of_tokens = |name: &str| name == oauth::OPERATION.name;
        if self.tokens.is_empty() || !seen.operation.is_some_and(|known| of_tokens(known.name)) {
            return None;
        }
        let given = seen.calls.first()?.facts.parameter("refresh_token")?;
        let number = self.tokens.get(&hash(&&*given))?;
        let what = "its `refresh_token` is the access token of an event";
        Some(Breach::of(seen, what).about([*number]))
    }

    fn sent(&mut self, sent: &Sent<'_>) {
        let (mut access_token, mut refreshes) = (None, false);
        for (name, value) in form_urlencoded::parse(sent.request.body.as_bytes()) {
            match &*name {
                "auth[access_token]" => access_token = Some(value),
                "auth[refresh_token]" => refreshes = true,
                _ => {}
            }
        }
        let Some(token) = access_token.filter(|_| !refreshes && sent.delivery.nature.is_true()) else {
            return;
        };
        self.tokens.insert(hash(&&*token), sent.number);
        if self.tokens.len() > MOST_TOKENS {
            self.tokens.drain(..MOST_TOKENS / 2);
        }
    }

    fn is_about_deliveries(&self) -> bool {
        true
    }
}
