//! Secrets: where credentials stand in requests and answers, and which texts are too weak to be one.

use std::ops::Range;

use crate::scalar::Path;

/// A secret in a section of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The place in the section.
    pub path: Path,
    /// The secret.
    pub text: String,
}

/// Where credentials stand in a request to a service and in its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The part of the path that is a credential.
    pub path: Option<Range<usize>>,
    /// What the path of a URL begins with, in lower case, if it may hold a credential.
    pub root: Option<&'static str>,
    /// The parameters of queries and bodies that hold credentials, in lower case.
    pub parameters: &'static [&'static str],
    /// The header fields that hold credentials, in lower case, with the form of their values.
    pub headers: &'static [(&'static str, FieldForm)],
}

/// The form of a header field that holds a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldForm {
    /// All of it is a credential.
    Whole,
    /// A scheme such as `Bearer`, and a credential.
    Scheme,
    /// Pairs of names and values, as in `cookie`. The values are credentials.
    Pairs,
    /// A version, a time and a signature, divided by commas. The signature is the credential.
    Signature,
}

/// The length from which a secret cannot be a part of another text by chance, in characters.
const STRONG: usize = 8;

/// Why `secret` could stand in a text by chance: it is short, or a common word. `None` for a good secret.
pub fn weakness(secret: &str) -> Option<&'static str> {
    if secret.chars().count() < STRONG {
        return Some("is shorter than 8 characters");
    }
    COMMON.contains(&secret.to_lowercase().as_str()).then_some("is a common word")
}

/// Words of eight letters or more that stand in requests, answers and messages, and passwords that many people use.
const COMMON: &[&str] = &[
    "00000000",
    "11111111",
    "12345678",
    "123456789",
    "1234567890",
    "access_token",
    "accesstoken",
    "administrator",
    "allowed_methods",
    "application",
    "application/json",
    "argument",
    "arguments",
    "auth_token",
    "authentication",
    "authorization",
    "authtoken",
    "baseball",
    "bearer token",
    "bitrix24",
    "changeit",
    "changeme",
    "chat_key",
    "chat_name",
    "client_id",
    "client_secret",
    "clientsecret",
    "computer",
    "connection",
    "connector",
    "connectors",
    "content-type",
    "credential",
    "credentials",
    "customer",
    "database",
    "delivery",
    "display_name",
    "displayname",
    "document",
    "documented",
    "duration",
    "employee",
    "enterprise",
    "exchange",
    "expected",
    "football",
    "form-data",
    "group_chat_icon",
    "iloveyou",
    "imconnector",
    "imopenlines",
    "internet",
    "language",
    "livechat",
    "localhost",
    "messages",
    "messenger",
    "multipart",
    "namespace",
    "openlines",
    "operation",
    "parameter",
    "parameters",
    "passphrase",
    "password",
    "password1",
    "password123",
    "passw0rd",
    "personal",
    "phone_number",
    "princess",
    "processing",
    "production",
    "qwerty123",
    "qwertyuiop",
    "refresh_token",
    "refreshtoken",
    "renaming",
    "request_id",
    "requests",
    "response",
    "retry_after",
    "retryable",
    "scenario",
    "secret123",
    "security",
    "server.time",
    "services",
    "signature",
    "signing_secret",
    "standard",
    "starwars",
    "sunshine",
    "superman",
    "telegram",
    "telegrambot",
    "test1234",
    "testtest",
    "timestamp",
    "trustno1",
    "undefined",
    "username",
    "webhook_secret",
    "webhooks",
    "whatever",
    "x-chert-signature",
    "x-chert-tenant",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_secrets_and_common_words_are_weak() {
        for secret in ["", "secret", "s3cret!", "пароль", "password", "PassWord", "access_token"] {
            assert!(weakness(secret).is_some(), "{secret}");
        }
        for secret in
            ["webhook-secret", "access-token", "refresh-token", "client-secret", "signing-secret", "12345679"]
        {
            assert_eq!(weakness(secret), None, "{secret}");
        }
    }
}
