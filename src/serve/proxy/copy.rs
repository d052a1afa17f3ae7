//! A copy of a body that passes, up to a limit.

use bytes::Bytes;

/// What has passed of a body. The pieces share their memory with those that pass.
#[derive(Debug, Default)]
pub(super) struct Copy {
    pieces: Vec<Bytes>,
    length: usize,
}

/// The length of the longest body that is copied, in bytes. A longer one passes all the same.
const LONGEST: usize = 1 << 20;

impl Copy {
    /// Adds what passes.
    pub(super) fn add(&mut self, piece: &Bytes) {
        self.length = self.length.saturating_add(piece.len());
        if self.length > LONGEST {
            self.pieces = Vec::new();
        } else if !piece.is_empty() {
            self.pieces.push(piece.clone());
        }
    }

    /// How many bytes have passed.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// All that has passed; `None` when it was too long.
    pub(super) fn whole(&self) -> Option<Bytes> {
        if self.length > LONGEST {
            return None;
        }
        Some(match self.pieces.as_slice() {
            [] => Bytes::new(),
            [only] => only.clone(),
            pieces => pieces.concat().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_copied_up_to_the_limit() {
        let mut copy = Copy::default();
        assert_eq!(copy.whole().unwrap(), "");
        copy.add(&"ab".into());
        copy.add(&"c".into());
        assert_eq!(copy.whole().unwrap(), "abc");
        copy.add(&vec![0; LONGEST - 3].into());
        assert_eq!(copy.whole().unwrap().len(), LONGEST);
        copy.add(&"d".into());
        assert_eq!((copy.whole(), copy.pieces.len()), (None, 0));
    }
}
