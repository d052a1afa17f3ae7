//! Every world of a server: the one that it began with, and one for each namespace.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Counters, Traffic, World};
use crate::http::{Reply, Request};
use crate::judge::{Broken, ExpectationOutcome};
use crate::scenario::Scenario;
use crate::services::by_path;

/// The worlds.
#[derive(Debug)]
pub struct Namespaces {
    main: World,
    namespaces: BTreeMap<String, Namespace>,
    /// The namespace of each credential, by vendor.
    owners: HashMap<(&'static str, String), String>,
    /// Namespaces ever made, which name them.
    made: u64,
    /// Whether one of them was a copy of the main world.
    has_copies: bool,
    /// What became of the expectations of those that were dropped.
    dropped: Vec<ExpectationOutcome>,
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
struct Namespace {
    world: World,
    /// When it was last asked for.
    used: Timestamp,
}

/// The header field that names the namespace of a request.
pub const NAMESPACE_HEADER: &str = "x-standin-namespace";

/// A namespace that nobody has used for so long is dropped when another one is made.
pub const IDLE: Duration = Duration::from_secs(30 * 60);

/// The most namespaces at a time.
pub const MOST_NAMESPACES: usize = 10_000;

/// The most expectations of dropped namespaces that are remembered.
const MOST_DROPPED: usize = 10_000;

/// There is no namespace of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownNamespace(pub String);

/// There are too many namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyNamespaces;

impl Namespaces {
    /// One world and no namespace.
    pub fn new(main: World) -> Self {
        Self {
            main,
            namespaces: BTreeMap::new(),
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
    pub fn of(
        &mut self,
        request: &Request,
        now: Timestamp,
    ) -> Result<(&mut World, Option<String>), UnknownNamespace> {
        let name = match request.headers.text(NAMESPACE_HEADER) {
            Some(name) => Some(name.trim().to_owned()),
            None if self.owners.is_empty() => None,
            None => by_path(request.path()).and_then(|service| {
                let credential = service.credential(request)?;
                self.owners.get(&(service.name(), credential)).cloned()
            }),
        };
        match name {
            None => Ok((&mut self.main, None)),
            Some(name) => Ok((self.namespace(&name, now)?, Some(name))),
        }
    }

    /// The world of a namespace.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn namespace(&mut self, name: &str, now: Timestamp) -> Result<&mut World, UnknownNamespace> {
        let namespace = self.namespaces.get_mut(name).ok_or_else(|| UnknownNamespace(name.to_owned()))?;
        namespace.used = now;
        Ok(&mut namespace.world)
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
    ) -> Result<(String, &mut World), TooManyNamespaces> {
        let is_idle = |namespace: &Namespace| {
            Duration::try_from(now.duration_since(namespace.used)).unwrap_or_default() > IDLE
        };
        let idle =
            self.namespaces.iter().filter(|(_, namespace)| is_idle(namespace)).map(|(name, _)| name.clone());
        for name in idle.collect::<Vec<_>>() {
            self.close(&name, now);
        }
        if self.namespaces.len() >= MOST_NAMESPACES {
            return Err(TooManyNamespaces);
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
        let world = self.main.for_namespace(scenario, format!("-{name}"), seed, now);
        Self::enter(&mut self.owners, &name, &world);
        let namespace = self.namespaces.entry(name.clone()).or_insert(Namespace { world, used: now });
        Ok((name, &mut namespace.world))
    }

    /// Notes who has the credentials of a world.
    fn enter(owners: &mut HashMap<(&'static str, String), String>, name: &str, world: &World) {
        for (service, section) in &world.scenario().sections {
            let credentials = section.credentials().into_iter();
            owners.extend(credentials.map(|credential| ((service.name(), credential), name.to_owned())));
        }
    }

    /// The scenario of a namespace is another one: its credentials lead to it from now on.
    pub fn replaced(&mut self, name: &str) {
        if let Some(namespace) = self.namespaces.get(name) {
            self.owners.retain(|_, owner| owner != name);
            Self::enter(&mut self.owners, name, &namespace.world);
        }
    }

    /// Drops a namespace; whether there was one.
    pub fn close(&mut self, name: &str, now: Timestamp) -> bool {
        let Some(mut namespace) = self.namespaces.remove(name) else { return false };
        self.owners.retain(|_, owner| owner != name);
        named(name, namespace.world.outcomes(now)).for_each(|outcome| self.remember(outcome));
        Broken::add(&mut self.broken_before, in_namespace(name, namespace.world.broken()));
        let totals = namespace.world.totals();
        self.evicted += totals.exchanges;
        self.counted.add(&totals);
        add_fired(&mut self.fired, &namespace.world);
        true
    }

    /// Keeps what became of an expectation of a dropped namespace; of too many those that were met go first.
    fn remember(&mut self, outcome: ExpectationOutcome) {
        if self.dropped.len() < MOST_DROPPED {
            self.dropped.push(outcome);
        } else if !outcome.met
            && let Some(met) = self.dropped.iter_mut().find(|known| known.met)
        {
            *met = outcome;
        }
    }

    /// What became of the expectations of every world, the dropped ones too; those of namespaces have its name in front.
    pub fn outcomes(&mut self, now: Timestamp) -> Vec<ExpectationOutcome> {
        // Where every test has a namespace of its own, nobody calls the world that they are copies of.
        let is_unused = self.has_copies && self.main.totals().exchanges == 0;
        let mut outcomes = if is_unused { Vec::new() } else { self.main.outcomes(now) };
        outcomes.append(&mut self.dropped.clone());
        for (name, namespace) in &mut self.namespaces {
            outcomes.extend(named(name, namespace.world.outcomes(now)));
        }
        outcomes
    }

    /// The rules that clients broke in every world; what was done in a namespace names it.
    pub fn broken(&self) -> Vec<Broken> {
        let mut broken = self.main.broken().unwrap_or_default();
        Broken::add(&mut broken, self.broken_before.iter().cloned());
        for (name, namespace) in &self.namespaces {
            Broken::add(&mut broken, in_namespace(name, namespace.world.broken()));
        }
        broken
    }

    /// The client of this exchange has left before it was answered.
    pub fn undelivered(&mut self, namespace: Option<&str>, number: u64) {
        let world = match namespace {
            None => Some(&mut self.main),
            Some(name) => self.namespaces.get_mut(name).map(|namespace| &mut namespace.world),
        };
        if let Some(world) = world {
            world.observers.unread(number);
        }
    }

    /// What all worlds have counted, the dropped ones too.
    pub fn counters(&self) -> Counters {
        let mut sum = self.counted.clone();
        sum.add(&self.main.totals());
        self.namespaces.values().for_each(|namespace| sum.add(&namespace.world.totals()));
        sum
    }

    /// Exchanges that no journal has any more: each of the others is in one.
    pub fn evicted(&self) -> u64 {
        let worlds =
            std::iter::once(&self.main).chain(self.namespaces.values().map(|namespace| &namespace.world));
        self.evicted + worlds.map(World::evicted).sum::<u64>()
    }

    /// How often faults of each name have fired.
    pub fn faults_fired(&self) -> BTreeMap<String, u64> {
        let mut fired = self.fired.clone();
        add_fired(&mut fired, &self.main);
        self.namespaces.values().for_each(|namespace| add_fired(&mut fired, &namespace.world));
        fired
    }

    /// What passes the sockets.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// The names of the namespaces, and when each was last asked for.
    pub fn all(&self) -> impl Iterator<Item = (&str, &World, Timestamp)> {
        self.namespaces.iter().map(|(name, namespace)| (name.as_str(), &namespace.world, namespace.used))
    }

    /// Requests with these credentials, which a namespace has handed out, will be for it too.
    pub fn issued(&mut self, name: &str, credentials: Vec<(&'static str, String)>) {
        self.owners.extend(credentials.into_iter().map(|credential| (credential, name.to_owned())));
    }
}

fn in_namespace(namespace: &str, broken: Option<Vec<Broken>>) -> impl Iterator<Item = Broken> {
    broken.into_iter().flatten().map(move |broken| broken.in_namespace(namespace))
}

fn add_fired(fired: &mut BTreeMap<String, u64>, world: &World) {
    for (name, count) in world.fired() {
        *fired.entry(name).or_default() += count;
    }
}

fn named(namespace: &str, outcomes: Vec<ExpectationOutcome>) -> impl Iterator<Item = ExpectationOutcome> {
    outcomes
        .into_iter()
        .map(move |outcome| ExpectationOutcome { name: format!("{namespace}: {}", outcome.name), ..outcome })
}

/// The credentials that `reply` hands out, by vendor.
pub fn issued(request: &Request, reply: &Reply) -> Vec<(&'static str, String)> {
    let Some(service) = by_path(request.path()) else { return Vec::new() };
    let issued = service.credentials_issued(request, reply);
    issued.into_iter().map(|credential| (service.name(), credential)).collect()
}
