//! A tenant's secret, as tokens and signatures are held against it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A tenant's secret, ready to be held against signatures.
#[derive(Clone, Debug)]
pub struct Secret {
    text: String,
    /// HMAC under this key: to hash the key for every request would cost as much as the rest of it.
    keyed: Hmac<Sha256>,
}

impl Secret {
    /// The secret with this text.
    pub fn new(text: String) -> Self {
        let keyed = Hmac::new_from_slice(text.as_bytes()).expect("HMAC takes a key of any length");
        Self { text, keyed }
    }

    /// Compares with a token in constant time. How long the secret is, is none.
    pub fn is(&self, token: &str) -> bool {
        self.text.as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// HMAC over `<unix seconds>.<body>`, to be finished or verified.
    pub fn mac(&self, seconds: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        mac.update(seconds.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
    }
}
