//! The one unseeded draw: a seed for a run that was given none.

use std::hash::{BuildHasher, RandomState};

/// A seed that no run has had, short enough to type.
pub fn random_seed() -> u64 {
    RandomState::new().hash_one(0) >> 32
}
