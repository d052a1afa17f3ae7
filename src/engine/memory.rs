//! The memory that all journals of a server share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How much memory all journals of a server may take, in bytes.
pub const MOST_IN_JOURNALS: usize = 64 << 20;

/// How much all journals take at most after they were cut. It is less than they may take, so that cutting is rare.
pub(super) const LEFT_IN_JOURNALS: usize = 56 << 20;

/// The memory that some journals take together.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<AtomicUsize>);

impl Memory {
    /// How much they take, in bytes.
    pub(super) fn taken(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// The part of the memory that one journal takes. It is given back when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Share {
    memory: Memory,
    own: usize,
}

impl Share {
    /// A journal that takes nothing yet.
    pub(super) fn of(memory: &Memory) -> Self {
        Self { memory: memory.clone(), own: 0 }
    }

    /// The memory that this is a part of.
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Notes that the journal takes `own` bytes now.
    pub(super) fn set(&mut self, own: usize) {
        // Mostly nothing changes: a journal that is full takes always the same.
        if own > self.own {
            self.memory.0.fetch_add(own - self.own, Relaxed);
        } else if own < self.own {
            self.memory.0.fetch_sub(self.own - own, Relaxed);
        }
        self.own = own;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// The largest size for which `sizes`, each cut to it, are together at most `total`.
pub(super) fn fair_size(mut sizes: Vec<usize>, total: usize) -> usize {
    sizes.sort_unstable();
    let mut rest = total;
    for (place, size) in sizes.iter().enumerate() {
        let share = rest / (sizes.len() - place);
        if *size > share {
            return share;
        }
        rest -= size;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_above_the_fair_size_give_something() {
        for (sizes, total, expected) in [
            (vec![], 0, usize::MAX),
            (vec![5, 5], 10, usize::MAX),
            (vec![5, 6], 10, 5),
            (vec![100, 1, 2], 13, 10),
            (vec![100, 1, 50, 2], 23, 10),
            (vec![3, 3, 3], 2, 0),
        ] {
            assert_eq!(fair_size(sizes.clone(), total), expected, "{sizes:?}");
        }
    }

    #[test]
    fn a_share_that_is_dropped_is_given_back() {
        let memory = Memory::default();
        let (mut one, mut other) = (Share::of(&memory), Share::of(&memory));
        one.set(10);
        other.set(5);
        one.set(7);
        assert_eq!(memory.taken(), 12);
        drop(one);
        assert_eq!(memory.taken(), 5);
    }
}
