//! Draws the seed of a run that was not given one. Nothing else here is random.

use std::hash::{BuildHasher, RandomState};

/// A new seed of 32 bits, short enough to type.
pub fn random_seed() -> u64 {
    RandomState::new().hash_one(0) >> 32
}
