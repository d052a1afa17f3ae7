//! `wire: stall`: nothing until the client disconnects.

use super::{Act, End, Script};

pub(super) fn script() -> Script {
    Script::new(vec![Act::Hold], End::Close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_until_the_client_leaves() {
        assert_eq!(script(), Script { acts: vec![Act::Hold], end: End::Close });
    }
}
