//! The wall clock.

use jiff::Timestamp;

/// This instant.
pub fn now() -> Timestamp {
    Timestamp::now()
}
