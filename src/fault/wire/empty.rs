//! `wire: empty`: the connection is closed without a byte of the answer.

use super::{End, Script};

pub(super) fn script() -> Script {
    Script::new(Vec::new(), End::Close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_and_an_orderly_end() {
        assert_eq!(script(), Script { acts: vec![], end: End::Close });
    }
}
