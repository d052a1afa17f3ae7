//! Files: what calls upload and what recipients send.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use indexmap::IndexMap;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// The size of the largest file, in bytes.
pub const LARGEST: usize = 8 << 20;

/// How much all files of this process may take, in bytes.
pub const MOST_BYTES: usize = 64 << 20;

/// How many attachments a tenant may have.
pub const MOST: usize = 10_000;

/// What all files of this process take, in bytes. A server is a process, so all its namespaces and snapshots count.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// The attachments of a tenant, by ID.
pub type Attachments = IndexMap<String, Attachment>;

/// An attachment.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Name of the file.
    pub filename: String,
    /// Type of the content.
    pub content_type: String,
    /// Size of the file in bytes, as it was announced.
    pub size: u64,
    /// When the upload is no longer possible.
    pub expires_at: Timestamp,
    /// The content; `None` before it is uploaded.
    pub content: Option<Arc<Content>>,
}

/// The content of a file. Snapshots share it.
#[derive(Debug)]
pub struct Content {
    bytes: Bytes,
    /// SHA-256 in hex.
    pub sha256: Arc<str>,
}

impl Content {
    /// A content that the scenario describes; it is kept even if there is no room.
    pub fn of_start(bytes: Vec<u8>) -> Arc<Self> {
        TAKEN.fetch_add(bytes.len(), Relaxed);
        Arc::new(Self::counted(bytes.into()))
    }

    /// A content that a call or an action brings; `None` when all files together would take too much.
    pub fn new(bytes: &[u8]) -> Option<Arc<Self>> {
        let room = |taken: usize| taken.checked_add(bytes.len()).filter(|sum| *sum <= MOST_BYTES);
        TAKEN.fetch_update(Relaxed, Relaxed, room).ok()?;
        Some(Arc::new(Self::counted(Bytes::copy_from_slice(bytes))))
    }

    fn counted(bytes: Bytes) -> Self {
        let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { bytes, sha256: sha256.into() }
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.bytes.len(), Relaxed);
    }
}

/// The bytes that a text in base64 stands for; `None` when it is not base64. White space and padding may be left out.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let padding = digits.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = &digits[..digits.len() - padding];
    if padding > 2 || digits.len() % 4 == 1 || (padding > 0 && !(digits.len() + padding).is_multiple_of(4)) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        bits <<= 6 * (4 - group.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

/// Whether a text is a type of content, such as `image/png`, and can be sent as a header field.
pub fn is_mime_type(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    let (kind, parameters) = text.split_once(';').unwrap_or((text, ""));
    let is_plain = parameters.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    kind.trim().split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype)) && is_plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_rfc_4648_writes_it() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("Zg==", Some(b"f")),
            ("Zg", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9v\nYmFy", Some(b"foobar")),
            ("+/+/", Some(&[0xfb, 0xff, 0xbf])),
            ("Z", None),
            ("Zg=", None),
            ("Zg===", None),
            ("Z-==", None),
            ("Zé==", None),
        ] {
            assert_eq!(from_base64(text).as_deref(), bytes, "{text}");
        }
    }

    #[test]
    fn what_a_file_takes_is_given_back() {
        // Other tests of this process take little: this one looks at differences that are larger.
        let large = Content::new(&vec![0; LARGEST]).unwrap();
        let copy = Arc::clone(&large);
        assert!(TAKEN.load(Relaxed) >= LARGEST);
        drop(large);
        assert!(TAKEN.load(Relaxed) >= LARGEST);
        drop(copy);
        assert!(Content::new(&vec![0; MOST_BYTES + 1]).is_none());
    }
}
