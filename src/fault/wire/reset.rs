//! `wire: reset`: the connection is reset before any byte of the answer.

use super::{End, Script};

pub(super) fn script() -> Script {
    Script::new(Vec::new(), End::Reset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_and_a_reset() {
        assert_eq!(script(), Script { acts: vec![], end: End::Reset });
    }
}
