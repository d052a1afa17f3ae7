//! The journal of a world: its newest exchanges, limited in number and in bytes.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;

use crate::basics::Stage;
use crate::fault::Decision;
use crate::http::{Reply, Request};

/// What happened to one request inside standin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Note {
    /// The name of the service that the path belongs to; `None` when no service knows the path.
    pub service: Option<&'static str>,
    /// The name of the operation; `None` when it is not emulated.
    pub operation: Option<&'static str>,
    /// The last stage that the call passed; `None` when it passed none.
    pub stage: Option<Stage>,
    /// The error code of the answer; `None` on success.
    pub error: Option<&'static str>,
    /// One decision for each time that a fault was asked, in order.
    pub faults: Vec<Decision>,
    /// Other facts for a reader of the journal.
    pub remarks: Vec<Cow<'static, str>>,
}

/// One exchange: a request and its answer.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number, counted from 1 since the start of the scenario.
    pub number: u64,
    /// The time of the answer by the scenario's clock.
    pub at: Timestamp,
    /// The request.
    pub request: Request,
    /// The answer.
    pub reply: Arc<Reply>,
    /// What happened between the two.
    pub note: Note,
}

impl Entry {
    /// The memory that the entry takes, in bytes.
    fn weight(&self) -> usize {
        let remarks =
            self.note.remarks.iter().map(|remark| size_of_val(remark) + remark.len()).sum::<usize>();
        let faults = self.note.faults.capacity() * size_of::<Decision>();
        size_of::<Self>()
            + size_of::<Reply>()
            + self.request.weight()
            + self.reply.weight()
            + remarks
            + faults
    }
}

/// The newest exchanges of a world.
#[derive(Debug, Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    bytes: usize,
    evicted: u64,
}

/// How many exchanges are kept.
const MOST_ENTRIES: usize = 1_000;
/// How much memory the kept exchanges may take, in bytes.
const MOST_BYTES: usize = 8 << 20;

impl Journal {
    /// Adds an exchange and removes the oldest ones until the limits hold.
    pub fn push(&mut self, entry: Entry) {
        self.bytes += entry.weight();
        self.entries.push_back(entry);
        while self.entries.len() > MOST_ENTRIES || self.bytes > MOST_BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.weight();
            self.evicted += 1;
        }
    }

    /// The kept exchanges, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many exchanges were removed to keep the limits.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Fields, Headers};

    fn entry(number: u64, body: usize) -> Entry {
        Entry {
            number,
            at: Timestamp::UNIX_EPOCH,
            request: Request::new("POST", "/", Headers::default(), vec![b'x'; body].into()),
            reply: Arc::new(Reply { status: 200, headers: Fields::default(), body: bytes::Bytes::new() }),
            note: Note::default(),
        }
    }

    #[test]
    fn the_oldest_exchanges_go_first_by_number() {
        let mut journal = Journal::default();
        (1..=1_003).for_each(|number| journal.push(entry(number, 0)));
        let numbers: Vec<_> = journal.entries().map(|entry| entry.number).collect();
        assert_eq!((numbers.len(), numbers[0], numbers[999], journal.evicted()), (1_000, 4, 1_003, 3));
    }

    #[test]
    fn the_oldest_exchanges_go_first_by_bytes() {
        let mut journal = Journal::default();
        (1..=20).for_each(|number| journal.push(entry(number, 1 << 20)));
        assert_eq!((journal.entries().count(), journal.evicted()), (7, 13));
        assert!(journal.bytes <= MOST_BYTES);
        (21..=1_020).for_each(|number| journal.push(entry(number, 0)));
        assert_eq!(journal.entries().count(), 1_000);
        assert_eq!(journal.bytes, journal.entries().map(Entry::weight).sum::<usize>());
    }
}
