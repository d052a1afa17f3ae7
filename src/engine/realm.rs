//! Every world of a server: the one that it began with, and one for each namespace.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Counters, Traffic, World};
use crate::http::{Reply, Request};
use crate::judge::{Broken, Outcome};
use crate::scenario::Scenario;
use crate::vendor::{VENDORS, Vendor};

/// The worlds.
#[derive(Debug)]
pub struct Realm {
    main: World,
    spaces: BTreeMap<String, Space>,
    /// The namespace of each credential, by vendor.
    owners: HashMap<(&'static str, String), String>,
    /// Namespaces ever made, which name them.
    made: u64,
    /// Whether one of them was a copy of the main world.
    has_copies: bool,
    /// What became of the expectations of those that were dropped.
    dropped: Vec<Outcome>,
    /// The rules that were broken in them.
    broken_before: Vec<Broken>,
    /// What they had counted.
    counted: Counters,
    /// Their exchanges, which no journal has any more, and each of their faults' number of times.
    evicted: u64,
    fired: BTreeMap<String, u64>,
    traffic: Arc<Traffic>,
}

/// A namespace.
#[derive(Debug)]
struct Space {
    world: World,
    /// When it was last asked for.
    used: Timestamp,
}

/// The header field that names the namespace of a request.
pub const NAMESPACE: &str = "x-standin-namespace";

/// A namespace that nobody has used for so long is dropped when another one is made.
pub const IDLE: Duration = Duration::from_secs(30 * 60);

/// The most namespaces at a time.
pub const MOST: usize = 10_000;

/// The most expectations of dropped namespaces that are remembered.
const MOST_DROPPED: usize = 10_000;

/// There is no namespace of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(pub String);

/// There are too many namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Realm {
    /// One world and no namespace.
    pub fn new(main: World) -> Self {
        Self {
            main,
            spaces: BTreeMap::new(),
            owners: HashMap::new(),
            made: 0,
            has_copies: false,
            dropped: Vec::new(),
            broken_before: Vec::new(),
            counted: Counters::default(),
            evicted: 0,
            fired: BTreeMap::new(),
            traffic: Arc::default(),
        }
    }

    /// The world that the server began with.
    pub fn main(&mut self) -> &mut World {
        &mut self.main
    }

    /// The world that a request is for, and the name of its namespace: the one that its header names, or else the one
    /// whose credential it presents.
    ///
    /// # Errors
    /// When its header names none that there is.
    pub fn of(&mut self, request: &Request, now: Timestamp) -> Result<(&mut World, Option<String>), Unknown> {
        let name = match request.headers.text(NAMESPACE) {
            Some(name) => Some(name.trim().to_owned()),
            None if self.owners.is_empty() => None,
            None => vendor_of(request).and_then(|vendor| {
                let credential = vendor.credential(request)?;
                self.owners.get(&(vendor.name(), credential)).cloned()
            }),
        };
        match name {
            None => Ok((&mut self.main, None)),
            Some(name) => Ok((self.space(&name, now)?, Some(name))),
        }
    }

    /// The world of a namespace.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn space(&mut self, name: &str, now: Timestamp) -> Result<&mut World, Unknown> {
        let space = self.spaces.get_mut(name).ok_or_else(|| Unknown(name.to_owned()))?;
        space.used = now;
        Ok(&mut space.world)
    }

    /// Makes a namespace: a fresh copy of `scenario`, or of the one that the server began with, under `seed` or its own.
    /// Drops those that have been idle for long.
    ///
    /// # Errors
    /// When there are too many.
    pub fn open(
        &mut self,
        scenario: Option<&Scenario>,
        seed: Option<u64>,
        now: Timestamp,
    ) -> Result<(String, &mut World), Full> {
        let is_idle =
            |space: &Space| Duration::try_from(now.duration_since(space.used)).unwrap_or_default() > IDLE;
        let idle = self.spaces.iter().filter(|(_, space)| is_idle(space)).map(|(name, _)| name.clone());
        for name in idle.collect::<Vec<_>>() {
            self.close(&name, now);
        }
        if self.spaces.len() >= MOST {
            return Err(Full);
        }
        let is_taken = |suffix: &str| {
            let sections = self.main.scenario().sections.iter();
            sections.flat_map(|(_, section)| section.credentials()).any(|known| known.ends_with(suffix))
        };
        let free = (self.made + 1..).find(|number| !is_taken(&format!("-n{number}")));
        self.made = free.expect("a scenario has not that many credentials");
        let name = format!("n{}", self.made);
        let seed = seed.or_else(|| scenario?.seed).unwrap_or_else(|| self.main.seed());
        self.has_copies |= scenario.is_none();
        let scenario = scenario.unwrap_or_else(|| self.main.scenario());
        let world = self.main.namespace(scenario, format!("-{name}"), seed, now);
        Self::enter(&mut self.owners, &name, &world);
        let space = self.spaces.entry(name.clone()).or_insert(Space { world, used: now });
        Ok((name, &mut space.world))
    }

    /// Notes who has the credentials of a world.
    fn enter(owners: &mut HashMap<(&'static str, String), String>, name: &str, world: &World) {
        for (vendor, section) in &world.scenario().sections {
            let credentials = section.credentials().into_iter();
            owners.extend(credentials.map(|credential| ((vendor.name(), credential), name.to_owned())));
        }
    }

    /// The scenario of a namespace is another one: its credentials lead to it from now on.
    pub fn replaced(&mut self, name: &str) {
        if let Some(space) = self.spaces.get(name) {
            self.owners.retain(|_, owner| owner != name);
            Self::enter(&mut self.owners, name, &space.world);
        }
    }

    /// Drops a namespace; whether there was one.
    pub fn close(&mut self, name: &str, now: Timestamp) -> bool {
        let Some(mut space) = self.spaces.remove(name) else { return false };
        self.owners.retain(|_, owner| owner != name);
        named(name, space.world.outcomes(now)).for_each(|outcome| self.remember(outcome));
        Broken::add(&mut self.broken_before, in_space(name, space.world.broken()));
        let totals = space.world.totals();
        self.evicted += totals.exchanges;
        self.counted.add(&totals);
        add_fired(&mut self.fired, &space.world);
        true
    }

    /// Keeps what became of an expectation of a dropped namespace; of too many those that were met go first.
    fn remember(&mut self, outcome: Outcome) {
        if self.dropped.len() < MOST_DROPPED {
            self.dropped.push(outcome);
        } else if !outcome.met
            && let Some(met) = self.dropped.iter_mut().find(|known| known.met)
        {
            *met = outcome;
        }
    }

    /// What became of the expectations of every world, the dropped ones too; those of namespaces have its name in front.
    pub fn outcomes(&mut self, now: Timestamp) -> Vec<Outcome> {
        // Where every test has a namespace of its own, nobody calls the world that they are copies of.
        let is_unused = self.has_copies && self.main.totals().exchanges == 0;
        let mut outcomes = if is_unused { Vec::new() } else { self.main.outcomes(now) };
        outcomes.append(&mut self.dropped.clone());
        for (name, space) in &mut self.spaces {
            outcomes.extend(named(name, space.world.outcomes(now)));
        }
        outcomes
    }

    /// The rules that clients broke in every world; what was done in a namespace names it.
    pub fn broken(&self) -> Vec<Broken> {
        let mut broken = self.main.broken().unwrap_or_default();
        Broken::add(&mut broken, self.broken_before.iter().cloned());
        for (name, space) in &self.spaces {
            Broken::add(&mut broken, in_space(name, space.world.broken()));
        }
        broken
    }

    /// The client of this exchange has left before it was answered.
    pub fn undelivered(&mut self, space: Option<&str>, number: u64) {
        let world = match space {
            None => Some(&mut self.main),
            Some(name) => self.spaces.get_mut(name).map(|space| &mut space.world),
        };
        if let Some(conduct) = world.and_then(|world| world.conduct.as_mut()) {
            conduct.unread(number);
        }
    }

    /// What all worlds have counted, the dropped ones too.
    pub fn counters(&self) -> Counters {
        let mut sum = self.counted.clone();
        sum.add(&self.main.totals());
        self.spaces.values().for_each(|space| sum.add(&space.world.totals()));
        sum
    }

    /// Exchanges that no journal has any more: each of the others is in one.
    pub fn evicted(&self) -> u64 {
        let worlds = std::iter::once(&self.main).chain(self.spaces.values().map(|space| &space.world));
        self.evicted + worlds.map(World::evicted).sum::<u64>()
    }

    /// How often faults of each name have fired.
    pub fn faults_fired(&self) -> BTreeMap<String, u64> {
        let mut fired = self.fired.clone();
        add_fired(&mut fired, &self.main);
        self.spaces.values().for_each(|space| add_fired(&mut fired, &space.world));
        fired
    }

    /// What passes the sockets.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// The names of the namespaces, and when each was last asked for.
    pub fn spaces(&self) -> impl Iterator<Item = (&str, &World, Timestamp)> {
        self.spaces.iter().map(|(name, space)| (name.as_str(), &space.world, space.used))
    }

    /// Requests with these credentials, which a namespace has handed out, will be for it too.
    pub fn issued(&mut self, name: &str, credentials: Vec<(&'static str, String)>) {
        self.owners.extend(credentials.into_iter().map(|credential| (credential, name.to_owned())));
    }
}

fn in_space(space: &str, broken: Option<Vec<Broken>>) -> impl Iterator<Item = Broken> {
    broken.into_iter().flatten().map(move |broken| broken.in_space(space))
}

fn add_fired(fired: &mut BTreeMap<String, u64>, world: &World) {
    for (name, count) in world.fired() {
        *fired.entry(name).or_default() += count;
    }
}

fn named(space: &str, outcomes: Vec<Outcome>) -> impl Iterator<Item = Outcome> {
    outcomes.into_iter().map(move |outcome| Outcome { name: format!("{space}: {}", outcome.name), ..outcome })
}

/// The credentials that `reply` hands out, by vendor.
pub fn issued(request: &Request, reply: &Reply) -> Vec<(&'static str, String)> {
    let Some(vendor) = vendor_of(request) else { return Vec::new() };
    let issued = vendor.credentials_issued(request, reply);
    issued.into_iter().map(|credential| (vendor.name(), credential)).collect()
}

fn vendor_of(request: &Request) -> Option<&'static dyn Vendor> {
    VENDORS.iter().copied().find(|vendor| vendor.claims(request.path()))
}
