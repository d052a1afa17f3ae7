//! The event log: every event of a tenant with what became of its deliveries.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::json;

use super::event_rows::{News, Row};
use super::events;
use super::section::ChertSection;
use crate::basics::Draws;
use crate::emulator::Attempted;

/// How many events are kept, the newest.
const MOST_EVENTS: usize = 10_000;

/// How many bytes their data may take.
const MOST_BYTES: usize = 16 << 20;

/// The events that are kept, of all tenants.
#[derive(Clone, Debug)]
pub struct EventLog {
    /// The oldest first. Their numbers count up without gaps.
    rows: VecDeque<Row>,
    bytes: usize,
    /// The number of the next event, counted from 1.
    next: u64,
    draws: Draws,
}

impl EventLog {
    /// The events of the scenario. IDs are drawn from `seed` and the name of the namespace.
    pub fn new(section: &ChertSection, seed: u64, start: Timestamp) -> Self {
        let draws = Draws::new(seed, "chert", &format!("event{}", section.suffix));
        let mut log = Self { rows: VecDeque::new(), bytes: 0, next: 1, draws };
        for (tenant, known) in section.tenants.iter().enumerate() {
            for event in &known.events {
                let Some(kind) = events::named(&event.r#type) else { continue };
                let at = event.at.map_or(start, |at| at.on(start));
                let news = News {
                    kind,
                    event_id: event.event_id.to_string(),
                    lead_id: event.lead_id.as_ref().map(ToString::to_string),
                    convo_id: event.convo_id.as_ref().map(ToString::to_string),
                    data: json!({}),
                    older: None,
                };
                let number = log.add(tenant, news, at);
                if let Some(row) = log.get_mut(number) {
                    row.become_known(event, start);
                }
            }
        }
        log
    }

    /// Adds an event. Returns its number. The oldest one goes when there are too many.
    pub fn add(&mut self, tenant: usize, news: News, now: Timestamp) -> u64 {
        let number = self.next;
        self.next += 1;
        let mut draw = |part: u64| self.draws.draw(5 * number + part);
        let (id, trace) = (row_id([draw(0), draw(1)]), draw(2) >> 16);
        let row = Row::new((number, id), tenant, news, format!("{trace:012x}"), now);
        self.bytes += row.weight;
        self.rows.push_back(row);
        while self.rows.len() > MOST_EVENTS || (self.bytes > MOST_BYTES && self.rows.len() > 1) {
            let Some(oldest) = self.rows.pop_front() else { break };
            self.bytes -= oldest.weight;
        }
        number
    }

    /// The number that stands in the ID of an event without a key of its own.
    pub fn key(&mut self) -> String {
        let (high, low) = (self.draws.draw(5 * self.next + 3), self.draws.draw(5 * self.next + 4));
        format!("{high:016x}{:08x}", low >> 32)
    }

    /// The event with this number, if it is kept.
    pub fn get(&self, number: u64) -> Option<&Row> {
        self.rows.get(self.place(number)?)
    }

    /// The same, to change it.
    fn get_mut(&mut self, number: u64) -> Option<&mut Row> {
        let place = self.place(number)?;
        self.rows.get_mut(place)
    }

    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.rows.front()?.number)?).ok()
    }

    /// The event of a tenant whose row has this ID.
    pub fn find(&self, tenant: usize, id: &str) -> Option<&Row> {
        self.of(tenant).find(|row| row.id == id)
    }

    /// The events of a tenant, the newest first.
    pub fn of(&self, tenant: usize) -> impl Iterator<Item = &Row> {
        self.rows.iter().rev().filter(move |row| row.tenant == tenant)
    }

    /// The next event of a tenant after the one with this number.
    pub fn after(&self, tenant: usize, number: u64) -> Option<&Row> {
        let first = self.rows.front()?.number;
        let place = usize::try_from((number + 1).saturating_sub(first)).ok()?;
        self.rows.range(place.min(self.rows.len())..).find(|row| row.tenant == tenant)
    }

    /// The number of the newest event; 0 when there was none.
    pub fn newest(&self) -> u64 {
        self.next - 1
    }

    /// The number of the event before the first one of a tenant at or after this instant.
    pub fn before(&self, tenant: usize, since: Timestamp) -> u64 {
        let mut all = self.rows.iter();
        let first = all.find(|row| row.tenant == tenant && row.created_at >= since);
        first.map_or(self.newest(), |row| row.number - 1)
    }

    /// Notes that a subscription takes an event, which a handler gets or nobody.
    pub fn takes(&mut self, number: u64, subscription: u64, url: &str) {
        if let Some(row) = self.get_mut(number) {
            row.takes(subscription, url);
        }
    }

    /// Notes how an attempt ended: `to` is the subscription by its number, its ID and its URL.
    pub fn attempted(&mut self, number: u64, to: (u64, &str, &str), attempt: &Attempted<'_>) {
        if let Some(row) = self.get_mut(number) {
            row.attempted(to, attempt);
        }
    }

    /// Notes that a delivery was given up.
    pub fn gave_up(&mut self, number: u64, subscription: u64, url: &str) {
        if let Some(row) = self.get_mut(number) {
            row.gave_up(subscription, url);
        }
    }
}

/// `evt_01` and 24 characters, as the vendor's IDs look.
fn row_id(draws: [u64; 2]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digits = draws.into_iter().flat_map(|draw| (0..12).map(move |place| draw >> (5 * place) & 31));
    let digits = digits.filter_map(|digit| Some(char::from(*DIGITS.get(usize::try_from(digit).ok()?)?)));
    ["evt_01".to_owned(), digits.collect()].concat()
}
