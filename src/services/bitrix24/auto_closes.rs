//! When open sessions are closed by themselves.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

/// The instants at which sessions are closed unless somebody writes in them before.
#[derive(Clone, Debug, Default)]
pub struct AutoCloses {
    /// The instants with the indices of the chats, the earliest first.
    by_time: BTreeSet<(Timestamp, usize)>,
    /// The instant of each chat.
    by_chat: BTreeMap<usize, Timestamp>,
}

impl AutoCloses {
    /// Sets when the session of the chat with this index is closed. An earlier instant no longer counts.
    pub fn set(&mut self, chat: usize, at: Timestamp) {
        self.remove(chat);
        self.by_chat.insert(chat, at);
        self.by_time.insert((at, chat));
    }

    /// Notes that the session of a chat is not closed by itself.
    pub fn remove(&mut self, chat: usize) {
        if let Some(at) = self.by_chat.remove(&chat) {
            self.by_time.remove(&(at, chat));
        }
    }

    /// The same for all chats of which `is_meant` is true.
    pub fn remove_all(&mut self, is_meant: impl Fn(usize) -> bool) {
        self.by_chat.retain(|chat, _| !is_meant(*chat));
        self.by_time.retain(|(_, chat)| !is_meant(*chat));
    }

    /// When the next session is closed; `None` when none is.
    pub fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Removes and returns the chats whose session is closed at `now`, the earliest first.
    pub fn due(&mut self, now: Timestamp) -> Vec<usize> {
        let mut due = Vec::new();
        while let Some(&(at, chat)) = self.by_time.first()
            && at <= now
        {
            self.remove(chat);
            due.push(chat);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_instant_of_a_chat_counts() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut closes = AutoCloses::default();
        assert_eq!((closes.next(), closes.due(at(99))), (None, vec![]));
        closes.set(1, at(5));
        closes.set(0, at(7));
        closes.set(2, at(7));
        closes.set(1, at(8));
        assert_eq!((closes.next(), closes.due(at(6))), (Some(at(7)), vec![]));
        assert_eq!(closes.due(at(7)), [0, 2]);
        closes.set(3, at(9));
        closes.remove_all(|chat| chat == 1);
        closes.remove(1);
        assert_eq!((closes.next(), closes.due(at(9)), closes.next()), (Some(at(9)), vec![3], None));
    }
}
