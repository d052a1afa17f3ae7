//! Who calls: the kind of credential, the application and the scopes; and what kind of text is sent as a token.

use std::sync::Arc;

use crate::scalar::Text;

/// The kind of credential that a caller presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// An access token of an application.
    OAuth,
    /// An incoming webhook.
    Webhook,
    /// A browser's session.
    Session,
}

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The kind of credential.
    pub means: Means,
    /// `client_id` of the application; `None` for a webhook or a session.
    pub client_id: Option<Text>,
    /// Index of the credential in the scenario; `None` for a session.
    pub credential: Option<usize>,
    /// The account that operating time is counted for: the index of the first credential of the same application, or
    /// that of the credential itself; `None` for a session.
    pub account: Option<usize>,
    /// The user and the nesting of a token that came with an event; `None` for other credentials.
    pub of_event: Option<Arc<OfEvent>>,
    /// The scopes that the credential grants; `None` means all.
    pub scope: Option<Vec<Text>>,
}

/// For whom a token that came with an event acts.
#[derive(Debug, PartialEq, Eq)]
pub struct OfEvent {
    /// ID of the user.
    pub user: String,
    /// How many events led to the token.
    pub depth: u8,
}

impl Caller {
    /// The scopes that the credential grants; `None` means all scopes.
    pub fn scopes(&self) -> Option<&[Text]> {
        self.scope.as_deref()
    }

    /// Whether the credential grants one of `scopes`, or there are none.
    pub fn has_any(&self, scopes: &[&str]) -> bool {
        let is_granted = |granted: &Text| scopes.contains(&granted.as_str());
        scopes.is_empty() || self.scope.as_ref().is_none_or(|own| own.iter().any(is_granted))
    }
}

/// What a text is that a request presents as a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
    /// The secret of a webhook.
    Secret,
}
