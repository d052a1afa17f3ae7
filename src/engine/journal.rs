//! The journal of a world: its newest exchanges, limited in number and in bytes.

use core::net::IpAddr;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::memory::{Memory, Share};
use crate::basics::Stage;
use crate::emulator::{Bulk, Drift};
use crate::fault::Decision;
use crate::http::{Body, Field, Fields, Headers, Reply, Request};

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
    /// Where the answer of a real service differs from the contract. `None` for an answer of standin's own.
    pub differences: Option<Vec<Drift>>,
    /// Which body is a file, of which only length and hash are kept; `None` for nearly every exchange.
    pub bulk: Option<Box<Bulk>>,
}

/// One exchange: a request and its answer.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number, counted from 1 since the start of the scenario.
    pub number: u64,
    /// The time of the answer by the scenario's clock.
    pub at: Timestamp,
    /// The request. Its connection is not known any more.
    pub request: Request,
    /// The answer.
    pub reply: Reply,
    /// What happened between the two.
    pub note: Note,
    /// How long it took from the head of the request to the end of the answer, without the time to make the answer.
    pub took: Duration,
}

/// The newest exchanges of a world.
///
/// What varies in length lies in one ring of bytes, which is written from front to back and never read again unless
/// somebody asks. A thousand exchanges do not fit into the processor's cache, so memory that is allocated, visited and
/// freed for each of them would slow every exchange down.
#[derive(Debug, Default)]
pub struct Journal {
    kept: VecDeque<Kept>,
    bytes: VecDeque<u8>,
    /// The memory that decisions, remarks and differences take.
    aside: usize,
    evicted: u64,
    /// How many exchanges came and went before the oldest that is kept.
    gone: u64,
    share: Share,
    most: Most,
}

/// How many exchanges are kept at most.
#[derive(Clone, Copy, Debug)]
struct Most(usize);

impl Default for Most {
    fn default() -> Self {
        Self(MOST_ENTRIES)
    }
}

/// How many exchanges are kept.
const MOST_ENTRIES: usize = 1_000;
/// How much memory the kept exchanges may take, in bytes. An exchange that takes more by itself is not kept.
const MOST_BYTES: usize = 8 << 20;

impl Journal {
    /// A journal whose memory is a part of `memory`.
    pub(super) fn sharing(memory: &Memory) -> Self {
        Self { share: Share::of(memory), ..Self::default() }
    }

    /// Keeps only the newest exchanges, this many, which must be one at least.
    pub(super) fn keep_at_most(&mut self, exchanges: usize) {
        self.most = Most(exchanges.clamp(1, MOST_ENTRIES));
    }

    /// The memory that this journal shares with others.
    pub(super) fn shared_memory(&self) -> &Memory {
        self.share.memory()
    }

    /// Adds an exchange and removes the oldest ones until the limits hold. `number` is mostly one more than that of the
    /// exchange before; an answer that waited comes later than others with higher numbers.
    pub fn push(
        &mut self,
        number: u64,
        (at, took): (Timestamp, Duration),
        request: &Request,
        reply: &Reply,
        note: Note,
    ) {
        let (mut sent, mut answered) = (request.body(), &reply.body[..]);
        let digest;
        if let Some(bulk) = note.bulk.as_deref() {
            let (body, known) = match bulk {
                Bulk::Request(known) => (&mut sent, known.as_ref()),
                Bulk::Reply(file, known) => {
                    // To compare places is enough: what is not the file itself is hashed.
                    let is_file = file.as_ptr() == answered.as_ptr() && file.len() == answered.len();
                    (&mut answered, Some(known).filter(|_| is_file))
                }
            };
            digest = digest_of(body, known.map(|known| &**known));
            *body = digest.as_bytes();
        }
        let (common, own) = reply.headers.parts();
        let mut fields = Headers::with_room_for(own.len());
        own.iter().for_each(|(name, value)| fields.push_lower_case(name, value.as_bytes()));
        let parts = [
            request.method.as_bytes(),
            request.target().as_bytes(),
            request.headers.block(),
            sent,
            fields.block(),
            answered,
        ];
        let Note { service, operation, stage, error, faults, remarks, differences, .. } = note;
        let has_aside = !faults.is_empty() || !remarks.is_empty() || differences.is_some();
        let kept = Kept {
            number,
            at,
            secure: request.secure,
            source: request.source,
            too_large: request.body == Body::TooLarge,
            status: reply.status,
            common,
            service,
            operation,
            stage,
            error,
            aside: has_aside.then(|| Box::new((faults, remarks, differences))),
            lengths: parts.map(|part| part.len() as u32),
            took: u32::try_from(took.as_micros()).unwrap_or(u32::MAX),
        };
        if size_of::<Kept>() + kept.length() + kept.weight_aside() > MOST_BYTES {
            self.evicted += 1;
            return;
        }
        self.make_room(kept.length(), kept.weight_aside());
        self.aside += kept.weight_aside();
        parts.into_iter().for_each(|part| self.bytes.extend(part));
        self.kept.push_back(kept);
        self.share.set(self.size());
    }

    /// Removes the oldest exchanges until there is room for one with `length` bytes in the ring and `aside` elsewhere.
    fn make_room(&mut self, length: usize, aside: usize) {
        let more = size_of::<Kept>() + length + aside;
        while self.kept.len() >= self.most.0 || self.weight() + more > MOST_BYTES {
            if !self.remove_oldest() {
                break;
            }
        }
        // The ring grows and shrinks in steps: by itself it would double, and keep what it once needed.
        let needed = self.bytes.len() + length;
        if needed > self.bytes.capacity() {
            self.bytes.reserve_exact(length.max(self.bytes.len() / 4));
        } else if needed < self.bytes.capacity() / 4 {
            self.bytes.shrink_to(needed * 2);
        }
    }

    /// Removes the oldest exchange. Returns false when there is none.
    fn remove_oldest(&mut self) -> bool {
        let Some(oldest) = self.kept.pop_front() else { return false };
        self.bytes.drain(..oldest.length());
        self.aside -= oldest.weight_aside();
        self.evicted += 1;
        self.gone += 1;
        true
    }

    /// Removes the oldest exchanges until the journal takes at most `limit` bytes.
    pub(super) fn cut(&mut self, limit: usize) {
        while self.weight() > limit && self.remove_oldest() {}
        self.bytes.shrink_to_fit();
        self.kept.shrink_to_fit();
        self.share.set(self.size());
    }

    /// What the kept exchanges take, in bytes.
    fn weight(&self) -> usize {
        self.kept.len() * size_of::<Kept>() + self.bytes.len() + self.aside
    }

    /// The memory that the journal takes, in bytes, also that which is reserved.
    pub fn size(&self) -> usize {
        self.kept.capacity() * size_of::<Kept>() + self.bytes.capacity() + self.aside
    }

    /// How many exchanges are kept.
    pub fn count(&self) -> usize {
        self.kept.len()
    }

    /// The kept exchanges, by ascending number.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = Entry> + ExactSizeIterator {
        let ends = self.kept.iter().scan(0, |end, kept| {
            *end += kept.length();
            Some(*end)
        });
        let mut kept: Vec<_> = self.kept.iter().zip(ends).collect();
        kept.sort_by_key(|(kept, _)| kept.number);
        kept.into_iter().map(|(kept, end)| self.entry_that_ends_at(kept, end))
    }

    /// The places of the kept exchanges in the order in which they came, counted from the first one of all. One that was
    /// never kept has no place.
    pub fn places(&self) -> Range<u64> {
        self.gone..self.gone + self.kept.len() as u64
    }

    /// Those of the exchanges at these places that are kept, in the order in which they came.
    pub fn at_places(&self, places: Range<u64>) -> Vec<Entry> {
        let known = self.places();
        let (from, to) = (places.start.max(known.start), places.end.min(known.end));
        let mut end = self.bytes.len();
        let newest_first = self.kept.iter().enumerate().rev().map(|(place, kept)| {
            let ends = end;
            end -= kept.length();
            (self.gone + place as u64, kept, ends)
        });
        let wanted =
            newest_first.skip_while(|(place, ..)| *place >= to).take_while(|(place, ..)| *place >= from);
        let mut entries: Vec<_> = wanted.map(|(_, kept, end)| self.entry_that_ends_at(kept, end)).collect();
        entries.reverse();
        entries
    }

    /// The exchange with this number; `None` when it is not kept.
    pub fn entry(&self, number: u64) -> Option<Entry> {
        // A search by halves may miss one that lies out of order.
        let by_halves = self.kept.binary_search_by_key(&number, |kept| kept.number).ok();
        let place = by_halves.or_else(|| self.kept.iter().position(|kept| kept.number == number))?;
        let end = self.kept.iter().take(place + 1).map(Kept::length).sum();
        Some(self.entry_that_ends_at(&self.kept[place], end))
    }

    fn entry_that_ends_at(&self, kept: &Kept, end: usize) -> Entry {
        let bytes: Vec<u8> = self.bytes.range(end - kept.length()..end).copied().collect();
        let mut rest = &bytes[..];
        let [method, target, headers, body, own, reply] = kept.lengths.map(|length| {
            let (part, behind) = rest.split_at(length as usize);
            rest = behind;
            part
        });
        let body = if kept.too_large { Body::TooLarge } else { Bytes::copy_from_slice(body).into() };
        let (method, target) = (String::from_utf8_lossy(method), String::from_utf8_lossy(target));
        let mut request = Request::new(&method, &target, Headers::of_block(headers), body);
        request.secure = kept.secure;
        request.source = kept.source;
        let text = |bytes: &[u8]| Cow::Owned(String::from_utf8_lossy(bytes).into_owned());
        let own = Headers::of_block(own).iter().map(|(name, value)| (text(name), text(value))).collect();
        let reply = Reply {
            status: kept.status,
            headers: Fields::with_own(kept.common, own),
            body: Bytes::copy_from_slice(reply),
        };
        let Kept { number, at, service, operation, stage, error, took, .. } = *kept;
        let (faults, remarks, differences) = kept.aside.as_deref().cloned().unwrap_or_default();
        let note = Note { service, operation, stage, error, faults, remarks, differences, bulk: None };
        Entry { number, at, request, reply, note, took: Duration::from_micros(took.into()) }
    }

    /// How many exchanges were removed to keep the limits.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }
}

/// What is kept of a file whose SHA-256 may be known. To hash a large one takes long, and the world is locked.
fn digest_of(bytes: &[u8], known: Option<&str>) -> String {
    let hash = || Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let hash: String = known.map_or_else(hash, str::to_owned);
    format!("({} bytes, SHA-256 {hash})", bytes.len())
}

/// The decisions, the remarks and the differences of a note.
type Aside = (Vec<Decision>, Vec<Cow<'static, str>>, Option<Vec<Drift>>);

/// An exchange without the parts in the ring of bytes.
#[derive(Debug)]
struct Kept {
    number: u64,
    at: Timestamp,
    secure: bool,
    source: IpAddr,
    /// Whether the request's body was too large.
    too_large: bool,
    status: u16,
    /// The constant headers of the reply.
    common: &'static [Field],
    service: Option<&'static str>,
    operation: Option<&'static str>,
    stage: Option<Stage>,
    error: Option<&'static str>,
    /// Decisions, remarks and differences, of which most exchanges have none.
    aside: Option<Box<Aside>>,
    /// The length of each part in the ring: the request's method, target, headers and body, the reply's own headers and
    /// its body.
    lengths: [u32; 6],
    /// How long it took, in microseconds.
    took: u32,
}

impl Kept {
    /// The number of bytes in the ring.
    fn length(&self) -> usize {
        self.lengths.iter().map(|length| *length as usize).sum()
    }

    /// The memory that decisions and remarks take, in bytes.
    fn weight_aside(&self) -> usize {
        let Some((faults, remarks, differences)) = self.aside.as_deref() else { return 0 };
        let remarks = remarks.iter().map(|remark| size_of_val(remark) + remark.len()).sum::<usize>();
        let texts = |drift: &Drift| drift.at.len() + drift.expected.len() + drift.actual.len();
        let differences =
            differences.iter().flatten().map(|drift| size_of_val(drift) + texts(drift)).sum::<usize>();
        size_of_val(&**faults) + remarks + differences
    }
}

#[cfg(test)]
mod tests;
