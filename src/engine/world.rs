//! A world: the running state of a scenario.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::act::ActionDone;
use super::faults::Faults;
use super::memory::Memory;
use super::news::Revisions;
use super::observers::Observers;
use super::outbox::{CountsByEvent, Outbox};
use super::past::Past;
use super::pending::Pending;
use super::redact::{Elsewhere, Unhidden};
use super::schedule::Schedule;
use super::snapshot::Snapshot;
use super::stream::Bell;
use super::{Counters, Entry, Journal};
use crate::basics::Clock;
use crate::emulator::conduct::Moment;
use crate::emulator::{Emulator, Section, Service};
use crate::judge::{Broken, RunTally};
use crate::scenario::Scenario;

/// The running state of a scenario: services, faults, clock, journal, counters.
pub struct World {
    pub(super) scenario: Arc<Scenario>,
    seed: u64,
    /// Whether the seed was given to the server. If so, it stays when the scenario is replaced.
    seed_is_given: bool,
    /// Whether the control interface changed faults, state or clock since the start of the scenario.
    pub(super) is_altered: bool,
    /// Whether a request may ask for an error with `Prefer: error=CODE`.
    pub(super) allows_prefer: bool,
    /// The suffix of every credential of this namespace; empty in the main world.
    pub(super) suffix: String,
    /// The start of the scenario, by its clock.
    pub(super) start: Timestamp,
    /// The clock of the scenario.
    pub(super) clock: Clock,
    /// The services that the scenario has a section for, with their state.
    pub(super) emulators: Vec<(&'static dyn Service, Box<dyn Emulator>)>,
    /// The faults.
    pub(super) faults: Faults,
    pub(super) journal: Journal,
    /// Secrets of other worlds, and of states that are gone.
    pub(super) elsewhere: Elsewhere,
    /// How many exchanges of a proxy are kept as a whole; `None` if this is not the world of a proxy.
    pub(super) kept_of_passed: Option<usize>,
    /// When the newest exchange of the journal was answered, by the wall clock.
    pub(super) newest: Option<Timestamp>,
    pub(super) counters: Counters,
    /// The observers of the clients.
    pub(super) observers: Observers,
    /// The snapshots by name.
    pub(super) snapshots: BTreeMap<String, Snapshot>,
    /// The deliveries that wait, are under way or have ended.
    pub(super) outbox: Outbox,
    /// How many resets and restored snapshots there were.
    pub(super) epoch: u64,
    /// The URL of the server, without a final slash.
    pub(super) public_url: String,
    /// The actions of the scenario.
    pub(super) schedule: Schedule,
    /// Remarks about late changes that no exchange has told yet, each with the index of its service.
    pub(super) untold: Vec<(usize, Cow<'static, str>)>,
    /// How many actions were performed.
    pub(super) acted: u64,
    /// The latest of them.
    pub(super) actions: VecDeque<ActionDone>,
    /// What the control interface and time have changed.
    pub(super) revisions: Revisions,
    /// The instant that [`World::alarm`] told last.
    pub(super) alarm: Option<Timestamp>,
    /// The exchanges whose answer waits for a delivery.
    pub(super) pending: Vec<Pending>,
    /// Wakes the streams of all worlds.
    pub(super) bell: Bell,
    /// When a stream has something to do by the virtual clock.
    pub(super) streams_due: Option<Timestamp>,
    /// The deliveries that were lost since somebody looked.
    pub(super) lost: Vec<u64>,
    /// Names of handlers with their URLs.
    pub(super) bound: Vec<(String, String)>,
    /// The totals from before the latest reset or replaced scenario.
    pub(super) before: Before,
    /// The worlds from before resets; `None` when nobody will ask for them.
    pub(super) past: Option<Past<World>>,
}

/// The totals that a reset keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    counters: Counters,
    evicted: u64,
    fired: BTreeMap<String, u64>,
    pub(super) broken: Vec<Broken>,
    resets: u64,
    /// Deliveries by service and event.
    pub(super) deliveries: CountsByEvent<&'static str>,
    /// The calls for expectations of the whole run.
    pub(super) run: RunTally,
}

impl World {
    /// The world at the start of `scenario`. `seed` determines its draws. `now` is the time of the wall clock, and
    /// the start of the scenario unless it has a clock of its own.
    pub fn new(scenario: Arc<Scenario>, seed: u64, now: Timestamp) -> Self {
        let clock = scenario.clock.at(now);
        let start = clock.now(now);
        let open = |(service, section): &(&'static dyn Service, Box<dyn Section>)| {
            (*service, section.open(seed, start))
        };
        let emulators = scenario.sections.iter().map(open).collect();
        Self {
            seed,
            seed_is_given: false,
            is_altered: false,
            allows_prefer: false,
            suffix: String::new(),
            start,
            clock,
            emulators,
            faults: Faults::new(&scenario.faults, seed),
            journal: Journal::default(),
            elsewhere: Elsewhere::default(),
            kept_of_passed: None,
            newest: None,
            counters: Counters::default(),
            observers: Observers::new(&scenario),
            snapshots: BTreeMap::new(),
            outbox: Outbox::default(),
            epoch: 0,
            public_url: "http://127.0.0.1:8080".to_owned(),
            schedule: Schedule::new(&scenario.actions, start),
            untold: Vec::new(),
            acted: 0,
            actions: VecDeque::new(),
            revisions: Revisions::default(),
            alarm: None,
            pending: Vec::new(),
            bell: Bell::default(),
            streams_due: None,
            lost: Vec::new(),
            bound: Vec::new(),
            before: Before::default(),
            past: None,
            scenario,
        }
    }

    /// Starts another scenario. Its own seed applies, unless it has none or the server was given a seed: then the
    /// present seed stays.
    pub fn replace(&mut self, scenario: Arc<Scenario>, now: Timestamp) {
        let seed = scenario.seed.filter(|_| !self.seed_is_given).unwrap_or(self.seed);
        let scenario = match self.suffix.as_str() {
            "" => scenario,
            suffix => Arc::new(scenario.with_suffix(suffix)),
        };
        self.begin(scenario, seed, now);
        self.share_secrets();
    }

    fn begin(&mut self, scenario: Arc<Scenario>, seed: u64, now: Timestamp) {
        self.give_up_all("the scenario was set back to its start", now);
        self.bell.ring();
        let Self { seed_is_given, allows_prefer, .. } = *self;
        let judges = self.observers.judges();
        let memory = self.journal.shared_memory().clone();
        let (elsewhere, bell) = (self.elsewhere.clone(), self.bell.clone());
        match Arc::ptr_eq(&scenario, &self.scenario) {
            true => self.share_issued_secrets(),
            false => self.share_secrets(),
        }
        // The exchanges that these are about go with the journal, so secrets cannot be hidden later.
        let mut run = self.of_run().hidden();
        run.keep_those_of(&scenario.expect);
        let before = Before {
            counters: self.totals(),
            evicted: self.totals().exchanges,
            fired: self.fired(),
            broken: self
                .all_broken(now)
                .hidden()
                .into_iter()
                .map(|broken| broken.before_reset(self.before.resets + 1))
                .collect(),
            resets: self.before.resets + 1,
            deliveries: self.delivery_counts_at_end(),
            run,
        };
        let (suffix, past) = (self.suffix.clone(), self.past.take());
        let mut new = Self {
            seed_is_given,
            allows_prefer,
            suffix,
            before,
            elsewhere,
            bell,
            ..Self::new(scenario, seed, now)
        };
        new.journal = Journal::sharing(&memory);
        new.epoch = self.epoch + 1;
        new.public_url.clone_from(&self.public_url);
        for (name, url) in &self.bound {
            new.bind_handler(name, url);
        }
        let over = std::mem::replace(self, new);
        if let Some(mut past) = past {
            let size = over.journal.size() + over.outbox.size();
            if over.counters.exchanges > 0 || over.acted > 0 {
                past.keep(over, size);
            }
            self.past = Some(past);
        }
        if judges {
            self.observers.judge(&self.scenario);
        }
    }

    /// The same world with a new journal, whose memory is a part of `memory`, and with what all worlds share: the secrets
    /// of others and the bell of streams.
    pub(super) fn sharing(self, memory: &Memory, elsewhere: &Elsewhere, bell: &Bell) -> Self {
        Self { journal: Journal::sharing(memory), elsewhere: elsewhere.clone(), bell: bell.clone(), ..self }
    }

    /// Tells all worlds the secrets of the scenario and those that the services have issued, because another journal may
    /// hold them, or because this state is about to go.
    pub(super) fn share_secrets(&self) {
        let secrets = self.scenario.sections.iter().flat_map(|(_, section)| section.secrets());
        self.elsewhere.keep(secrets.map(|secret| secret.text));
        self.share_issued_secrets();
    }

    /// The same with those that the services have issued.
    pub(super) fn share_issued_secrets(&self) {
        self.elsewhere.keep(self.emulators.iter().flat_map(|(_, emulator)| emulator.secrets()));
    }

    /// Removes the oldest exchanges of the journal until it takes at most `limit` bytes.
    pub(super) fn cut_journal(&mut self, limit: usize) {
        if self.journal.size() > limit {
            self.journal.cut(limit);
        }
    }

    /// The counters since the start of the server. A reset does not clear them.
    pub fn totals(&self) -> Counters {
        let mut sum = self.before.counters.clone();
        sum.add(&self.counters);
        sum
    }

    /// The number of exchanges that the journal no longer has: removed to keep its limits, or cleared by a reset.
    pub fn evicted(&self) -> u64 {
        self.before.evicted + self.journal.evicted()
    }

    /// How often the faults of each name fired since the start of the server.
    pub fn fired(&self) -> BTreeMap<String, u64> {
        let mut fired = self.before.fired.clone();
        for (_, fault, state) in self.faults() {
            *fired.entry(fault.spec.name.to_string()).or_default() += state.fired;
        }
        fired
    }

    /// With `true`, the seed stays when the scenario is replaced.
    #[must_use]
    pub fn with_given_seed(self, seed_is_given: bool) -> Self {
        Self { seed_is_given, ..self }
    }

    /// With `true`, a request may ask for an error with `Prefer: error=CODE`.
    #[must_use]
    pub fn allowing_prefer(self, allows_prefer: bool) -> Self {
        Self { allows_prefer, ..self }
    }

    /// Resets state, clock, counters and journal to the start of the scenario. Snapshots stay.
    pub fn reset(&mut self, now: Timestamp) {
        let snapshots = std::mem::take(&mut self.snapshots);
        self.begin(Arc::clone(&self.scenario), self.seed, now);
        self.snapshots = snapshots;
    }

    /// The scenario of this world.
    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// The seed of the draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The time of the wall clock, and what the scenario's clock shows then.
    pub(super) fn moment(&self, now: Timestamp) -> Moment {
        Moment { wall: now, clock: self.clock.now(now) }
    }

    /// The clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// When the newest exchange of the journal was answered, by the wall clock; `None` when there is none.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// The name of the namespace that this is the world of; `None` for the main world.
    pub fn namespace(&self) -> Option<&str> {
        self.suffix.strip_prefix('-')
    }

    /// The counters since the start of the scenario.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Starts to observe the rules of conduct.
    #[must_use]
    pub fn judging(mut self) -> Self {
        self.observers.judge(&self.scenario);
        self
    }

    /// The rules that clients broke, before resets too, if they do nothing more after `now`, the time of the wall clock.
    /// `None` when rules are not observed.
    pub fn broken(&self, now: Timestamp) -> Option<Unhidden<Vec<Broken>>> {
        self.observers.judges().then(|| self.all_broken(now))
    }

    fn all_broken(&self, now: Timestamp) -> Unhidden<Vec<Broken>> {
        let new = self.observers.broken(self.moment(now));
        let shown = new.iter().flat_map(|broken| &broken.kinds).flat_map(|kind| &kind.shown);
        let exchanges: Vec<_> = shown.flat_map(|shown| shown.exchanges.clone()).collect();
        Unhidden::new(self, [self.before.broken.clone(), new], exchanges, Vec::is_empty)
    }

    /// Notes that the control interface changed faults or state: a call that failed before may succeed now.
    pub(super) fn alter(&mut self) {
        self.is_altered = true;
        self.observers.forget();
    }

    /// Notes that the client of the exchange `number` left before it got the answer.
    pub fn unread(&mut self, number: u64) {
        self.observers.unread(number);
    }

    /// The number of resets before this world.
    pub fn resets(&self) -> u64 {
        self.before.resets
    }

    /// Makes the changes that are due, and ends the attempts whose time is over. `now` is the time of the wall clock.
    pub fn settle(&mut self, now: Timestamp) {
        let instant = self.clock.now(now);
        self.settle_at(instant);
        self.give_up_taken(Moment { wall: now, clock: instant });
        self.resume_ended(now);
    }

    /// Moves a virtual clock and returns its new time. `None` when the scenario follows the real clock.
    pub fn move_clock(&mut self, to: impl FnOnce(Timestamp) -> Timestamp) -> Option<Timestamp> {
        let Clock::Virtual(now) = &mut self.clock else { return None };
        self.is_altered = true;
        *now = to(*now);
        let now = *now;
        self.bell.ring();
        self.revisions.clock();
        Some(now)
    }

    /// The exchange with this number, if the journal still has it.
    pub fn exchange(&self, number: u64) -> Option<Entry> {
        self.journal.entry(number)
    }

    /// The state of every service as JSON, without secrets. `now` is the time of the wall clock.
    pub fn state(&mut self, now: Timestamp) -> serde_json::Value {
        self.settle(now);
        self.state_as_it_is()
    }

    /// The same without what is due.
    pub fn state_as_it_is(&self) -> serde_json::Value {
        self.emulators
            .iter()
            .map(|(service, emulator)| (service.name().to_owned(), emulator.state()))
            .collect()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("World").field("scenario", &self.scenario.name).finish_non_exhaustive()
    }
}
