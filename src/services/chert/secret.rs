//! A tenant's secret, and the checks of tokens and signatures against it.

use std::sync::OnceLock;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A tenant's secret.
#[derive(Clone, Debug)]
pub struct Secret {
    text: String,
    /// HMAC with this key already hashed: to hash the key for each request would double the time of a check. Made by the
    /// first signature, as that of [`Draws`](crate::basics::Draws) by the first draw.
    keyed: OnceLock<Hmac<Sha256>>,
}

impl Secret {
    /// The secret with this text.
    pub fn new(text: String) -> Self {
        Self { text, keyed: OnceLock::new() }
    }

    /// The secret as a text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `token` is the secret. The comparison takes constant time; only the length of the secret can leak.
    pub fn is(&self, token: &str) -> bool {
        self.text.as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// HMAC over `<unix seconds>.<body>`, still to be finalized or verified.
    pub fn mac(&self, seconds: &str, body: &[u8]) -> Hmac<Sha256> {
        let keyed = || Hmac::new_from_slice(self.text.as_bytes()).expect("HMAC takes a key of any length");
        let mut mac = self.keyed.get_or_init(keyed).clone();
        mac.update(seconds.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
    }
}
