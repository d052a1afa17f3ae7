//! Answers that are streams of events: what one sends, and when it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;

use super::World;
use crate::basics::Clock;
use crate::emulator::Feed;

/// Rings when streams may have something to send, or to end. All worlds of a server share it.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<AtomicBool>);

impl Bell {
    pub(super) fn ring(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether it has rung since it was asked last.
    #[inline]
    pub fn has_rung(&self) -> bool {
        self.0.load(Relaxed) && self.0.swap(false, Relaxed)
    }
}

/// A stream of events that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventStream {
    /// The index of the service in its world.
    service: usize,
    epoch: u64,
    feed: Feed,
    opened: Instants,
    /// When it sent something last.
    sent: Instants,
}

/// An instant by two clocks: the stream's times count by whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Instants {
    wall: Timestamp,
    scenario: Timestamp,
}

/// What a stream sends now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portion {
    /// The bytes; empty when there is nothing to send.
    pub bytes: Bytes,
    /// Whether the stream ends behind them.
    pub is_over: bool,
    /// How long to wait by the wall clock until the next look, unless the bell rings before.
    pub wait: Duration,
}

/// How much is sent at a time, in bytes.
const MOST: usize = 64 << 10;

impl Instants {
    fn of(world: &World, now: Timestamp) -> Self {
        Self { wall: now, scenario: world.clock.now(now) }
    }

    /// The time since this instant by the clock that shows more.
    fn since(self, earlier: Self) -> Duration {
        let length =
            |from: Timestamp, to: Timestamp| Duration::try_from(to.duration_since(from)).unwrap_or_default();
        length(earlier.wall, self.wall).max(length(earlier.scenario, self.scenario))
    }
}

impl EventStream {
    pub(super) fn open(world: &World, service: usize, feed: Feed, now: Timestamp) -> Self {
        let now = Instants::of(world, now);
        Self { service, epoch: world.epoch, feed, opened: now, sent: now }
    }
}

impl World {
    /// What a stream sends at `now`, the time of the wall clock. It ends at once when the state that it is about is gone.
    pub fn stream(&mut self, stream: &mut EventStream, now: Timestamp) -> Portion {
        let over = Portion { is_over: true, ..Portion::default() };
        if stream.epoch != self.epoch {
            return over;
        }
        self.settle(now);
        let instants = Instants::of(self, now);
        let Some((_, emulator)) = self.emulators.get_mut(stream.service) else { return over };
        let mut bytes = BytesMut::new();
        while bytes.len() < MOST
            && let Some(event) = emulator.next_of(&mut stream.feed)
        {
            bytes.extend_from_slice(&event);
        }
        let is_over = instants.since(stream.opened) >= stream.feed.life;
        if is_over {
            bytes.extend_from_slice(&emulator.farewell(instants.scenario));
        } else if bytes.is_empty() && instants.since(stream.sent) >= stream.feed.heartbeat {
            bytes.extend_from_slice(&emulator.heartbeat());
        }
        if !bytes.is_empty() {
            stream.sent = instants;
        }
        let until_end = stream.feed.life.saturating_sub(instants.since(stream.opened));
        let until_beat = stream.feed.heartbeat.saturating_sub(instants.since(stream.sent));
        let wait = until_end.min(until_beat);
        if self.clock != Clock::Real {
            let due = instants.scenario.checked_add(wait).unwrap_or(Timestamp::MAX);
            self.streams_due = Some(self.streams_due.map_or(due, |known| known.min(due)));
        }
        Portion { bytes: bytes.freeze(), is_over, wait }
    }

    /// Rings when the virtual clock has reached the next instant of a stream.
    pub(super) fn ring_if_due(&mut self) {
        if let (Some(due), Clock::Virtual(now)) = (self.streams_due, self.clock)
            && due <= now
        {
            self.streams_due = None;
            self.bell.ring();
        }
    }
}
