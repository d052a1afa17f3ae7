//! `GET /__standin/stream[?after=CURSOR]`: what happens in a world, as server-sent events. `serve` holds the stream and asks a
//! [`Watch`] for its portions.

use std::fmt::Write;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::delivery::Shown;
use super::rows::{self, Cursor};
use super::{Asked, Place, directed, mistake};
use crate::engine::{Mark, Namespace, Namespaces, News, Redactor, World};
use crate::http::{Field, Fields, Reply, Request, field};

/// The path of the route.
pub(super) const PATH: &str = "/__standin/stream";

/// How many exchanges and how many deliveries a portion has at most.
const MOST: usize = 200;

/// The data of `open`, the first event of a stream.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StreamOpen")]
pub(super) struct Open {
    /// The namespace; null for the main scenario.
    namespace: Option<String>,
    /// The name of the scenario.
    scenario: String,
    seed: u64,
}

/// The data of `changed`: what to ask for anew.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StreamChanged")]
pub(super) struct Changed {
    /// `faults`, `clock`, `namespaces`, `judgement`, `state`, `reset` or `gone`.
    what: &'static str,
}

/// The data of `missed`: more came than is sent.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StreamMissed")]
pub(super) struct Missed {
    /// The cursor before what is left out.
    after: String,
    /// The cursor behind it.
    before: String,
    /// How many exchanges are left out.
    exchanges: u64,
    /// How many of those the journal has lost.
    lost: u64,
    /// How many events are left out.
    deliveries: usize,
}

/// One who watches a world.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The namespace; `None` for the main world. Weak, so that one which is dropped is freed.
    namespace: Option<Weak<Namespace>>,
    mark: Mark,
    /// Whether the reader comes from another epoch, and must forget what it knows.
    is_reset: bool,
    /// How often namespaces were made and dropped.
    namespaces: u64,
    /// How many breaches of rules there were.
    breaches: u64,
}

/// What there is to send, before secrets are hidden.
struct Found {
    is_reset: bool,
    from: Mark,
    to: Mark,
    news: News,
    deliveries: Vec<Shown>,
    changed: Vec<&'static str>,
    redactor: Option<Redactor>,
}

/// Frames on their way to the reader.
struct Frames {
    run: u64,
    text: String,
}

impl Watch {
    /// Begins to watch the world that a request is for. `now` is the time of the wall clock. Also returns the answer, whose
    /// body the stream continues.
    ///
    /// # Errors
    /// The reply to a request that cannot be answered.
    pub fn open(namespaces: &Namespaces, request: &Request, now: Timestamp) -> Result<(Self, Reply), Reply> {
        let mut after = None;
        for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
            let cursor = Cursor::read(&value).filter(|_| name == "after");
            after = Some(cursor.ok_or_else(|| {
                let help =
                    "the only parameter is `after`, a cursor that the stream or `journal?rows=true` gave";
                mistake(400, format!("`{name}={value}` cannot be read"), help)
            })?);
        }
        let (_, name) = directed(request);
        let place = Place { namespaces, name: name.as_deref(), now };
        let run = namespaces.run();
        let (watch, hello) = place.with(|namespace, world| {
            let known = after.map(|cursor| cursor.mark_in(world, run));
            let watch = Self {
                namespace: namespace.map(Arc::downgrade),
                mark: match known {
                    None => world.mark(),
                    Some(known) => known.unwrap_or(world.first_mark()),
                },
                is_reset: known == Some(None),
                namespaces: namespaces.changes(),
                breaches: world.breaches(),
            };
            let hello = Open {
                namespace: world.namespace().map(str::to_owned),
                scenario: world.scenario().name.clone(),
                seed: world.seed(),
            };
            (watch, hello)
        })?;
        let mut frames = Frames { run, text: String::new() };
        // A cursor that means nothing here stays the reader's until it has heard of the reset.
        match (watch.is_reset, after) {
            (true, Some(cursor)) => frames.add_with(&cursor.to_string(), "open", &hello),
            _ => frames.add(watch.mark, "open", &hello),
        }
        static HEADERS: [Field; 3] = [
            field("content-type", "text/event-stream"),
            field("cache-control", "no-store"),
            field("x-content-type-options", "nosniff"),
        ];
        let reply = Reply { status: 200, headers: Fields::common(&HEADERS), body: frames.text.into() };
        Ok((watch, reply))
    }

    /// Whether there is something to send. This is quick.
    pub fn has_news(&self, namespaces: &Namespaces) -> bool {
        let is_new = |world: &World| world.mark() != self.mark;
        self.is_reset
            || self.namespaces != namespaces.changes()
            || self.ask(namespaces, |world| is_new(world)).unwrap_or(true)
    }

    /// What there is to send; also whether the stream ends behind it, because its world is gone.
    pub fn portion(&mut self, namespaces: &Namespaces) -> (Bytes, bool) {
        let mut frames = Frames { run: namespaces.run(), text: String::new() };
        let changes = namespaces.changes();
        let has_others = std::mem::replace(&mut self.namespaces, changes) != changes;
        let Some(found) = self.ask(namespaces, |world| self.look(world)) else {
            frames.add(self.mark, "changed", &Changed { what: "gone" });
            return (frames.text.into(), true);
        };
        let (found, breaches) = found;
        (self.mark, self.is_reset, self.breaches) = (found.to, false, breaches);
        // To hide secrets takes long. Meanwhile the world answers others.
        frames.tell(found, has_others);
        (frames.text.into(), false)
    }

    /// What `ask` finds in the world; `None` when it is gone.
    fn ask<T>(&self, namespaces: &Namespaces, ask: impl FnOnce(&World) -> T) -> Option<T> {
        match &self.namespace {
            None => Some(ask(&namespaces.main())),
            Some(namespace) => Some(ask(&*namespace.upgrade()?.world()?)),
        }
    }

    fn look(&self, world: &World) -> (Found, u64) {
        let is_reset = self.is_reset || !world.knows(self.mark);
        let from = if is_reset { world.first_mark() } else { self.mark };
        let to = world.mark();
        let news = world.news(from, to, MOST);
        let deliveries: Vec<_> = news.deliveries.iter().map(|entry| Shown::of(world, entry)).collect();
        let mut changed = news.changed.clone();
        let is_quiet = news.exchanges.is_empty() && news.deliveries.is_empty();
        let breaches = if is_quiet { self.breaches } else { world.breaches() };
        let expects = !world.scenario().expect.is_empty();
        if breaches != self.breaches || (expects && !is_quiet) {
            changed.push("judgement");
        }
        let has_rows = !(news.exchanges.is_empty() && deliveries.is_empty() && news.actions.is_empty());
        let redactor = has_rows.then(|| Redactor::new(world));
        (Found { is_reset, from, to, news, deliveries, changed, redactor }, breaches)
    }
}

impl Frames {
    fn add(&mut self, mark: Mark, event: &str, data: &impl Serialize) {
        let cursor = Cursor { run: self.run, mark }.to_string();
        self.add_with(&cursor, event, data);
    }

    /// Adds a frame. JSON has no line breaks outside of texts, and none in them that are not escaped.
    fn add_with(&mut self, id: &str, event: &str, data: &impl Serialize) {
        let data = serde_json::to_string(data).expect("plain values always serialise");
        let _ = write!(self.text, "id: {id}\nevent: {event}\ndata: {data}\n\n");
    }

    /// Adds a frame for everything that was found, in an order in which causes come before what they raised. The id of each
    /// is the mark behind it, so a reader that has read only some of them goes on with the next one.
    fn tell(&mut self, found: Found, has_others: bool) {
        let Found { is_reset, from, to, news, deliveries, changed, redactor } = found;
        let mut mark = from;
        if is_reset {
            self.add(mark, "changed", &Changed { what: "reset" });
        }
        if news.missed > 0 || news.deliveries_missed > 0 {
            let cursor = |mark| Cursor { run: self.run, mark }.to_string();
            let first = deliveries.first().map_or(to.deliveries, |shown| shown.entry.changed - 1);
            let before = Mark { exchanges: news.first, deliveries: first.max(mark.deliveries), ..mark };
            let data = Missed {
                after: cursor(mark),
                before: cursor(before),
                exchanges: news.missed,
                lost: news.lost,
                deliveries: news.deliveries_missed,
            };
            mark = before;
            self.add(mark, "missed", &data);
        }
        if let Some(redactor) = &redactor {
            for (place, entry) in (news.first..).zip(&news.exchanges) {
                mark.exchanges = place + 1;
                self.add(mark, "exchange", &rows::exchange(entry, redactor));
            }
            for done in &news.actions {
                mark.actions = done.number;
                self.add(mark, "action", &rows::action(done, redactor));
            }
            for shown in &deliveries {
                mark.deliveries = shown.entry.changed;
                self.add(mark, "delivery", &rows::delivery(shown, redactor));
            }
        }
        if has_others {
            self.add(mark, "changed", &Changed { what: "namespaces" });
        }
        let mut changed = changed.into_iter().peekable();
        while let Some(what) = changed.next() {
            mark = if changed.peek().is_none() { to } else { mark };
            self.add(mark, "changed", &Changed { what });
        }
    }
}

/// The answer to `HEAD`; the stream itself is held elsewhere.
pub(super) fn head(namespaces: &Namespaces, asked: &Asked<'_>) -> Reply {
    Watch::open(namespaces, asked.request, asked.now).map_or_else(|reply| reply, |(_, reply)| reply)
}
