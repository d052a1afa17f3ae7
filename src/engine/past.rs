//! Worlds that are over: what a reset or a dropped namespace leaves for the report of a run.

use std::collections::VecDeque;

use super::World;

/// The newest worlds that are over, limited in number and in the size of their journals.
#[derive(Debug)]
pub struct Past<T> {
    kept: VecDeque<(T, usize)>,
}

/// How many worlds are kept.
const MOST_WORLDS: usize = 100;
/// How much memory their journals may take, in bytes.
const MOST_BYTES: usize = 16 << 20;

impl<T> Default for Past<T> {
    fn default() -> Self {
        Self { kept: VecDeque::new() }
    }
}

impl<T> Past<T> {
    /// Keeps a world that is over; `size` is that of its journal. Removes the oldest ones until the limits hold.
    pub(super) fn keep(&mut self, over: T, size: usize) {
        self.kept.push_back((over, size));
        let sum = |kept: &VecDeque<(T, usize)>| kept.iter().map(|(_, size)| size).sum::<usize>();
        while self.kept.len() > MOST_WORLDS || sum(&self.kept) > MOST_BYTES {
            self.kept.pop_front();
        }
    }

    /// What is kept, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.kept.iter().map(|(over, _)| over)
    }
}

impl World {
    /// Keeps what a reset ends, so that a report at the end can tell the whole run.
    #[must_use]
    pub fn keeping_the_past(mut self) -> Self {
        self.past = Some(Past::default());
        self
    }

    /// Calls `look` with this world and then with the earlier ones that are kept, the newest first.
    pub(super) fn each_newest_first(&self, look: &mut dyn FnMut(&World)) {
        look(self);
        let past = self.past.iter().flat_map(|past| past.iter().rev());
        past.for_each(look);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_worlds_go_first() {
        let mut past = Past::default();
        (0..150).for_each(|number| past.keep(number, 1));
        assert_eq!(past.iter().copied().collect::<Vec<_>>(), (50..150).collect::<Vec<_>>());
        past.keep(150, MOST_BYTES - 1);
        assert_eq!(past.iter().copied().collect::<Vec<_>>(), [149, 150]);
        past.keep(151, MOST_BYTES + 1);
        assert_eq!(past.iter().count(), 0);
    }
}
