//! Every world of a server: the main world, which it starts with, and one for each namespace.
//!
//! Each world has its own lock, so that requests for one world do not wait for requests for another. The directory,
//! which maps names and credentials to namespaces, has a lock too. The order of locks:
//!
//! 1. No code holds the locks of two worlds at once. Questions to all worlds lock one world after the other.
//! 2. Code that holds the directory takes no other lock and does nothing slow. So requests never wait at the
//!    directory for a world that is busy with an answer.
//! 3. Code that holds a world may take the directory. So a world and its entries in the directory change together:
//!    when a scenario is replaced, when tokens are issued, when a namespace is dropped.
//!
//! Code that looks up a namespace releases the directory first and locks the world then. Between the two the
//! namespace may be dropped: [`Namespace::world`] then returns `None`, and the caller looks again. So an exchange is
//! either recorded before its namespace is dropped and counted with it, or does not belong to that namespace.
//!
//! Secrets in results are hidden when no world is locked. While those of a dropped namespace are on their way to the
//! directory, a lock of their own makes reports wait for them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::Timestamp;

use super::directory::{Credential, Directory, Totals, credentials};
use super::memory::{LEFT_IN_JOURNALS, MOST_IN_JOURNALS, Memory, fair_size};
use super::namespace::{Namespace, named};
use super::redact::Elsewhere;
use super::stream::Bell;
use super::{Traffic, Unhidden, World};
use crate::emulator::ReplicaName;
use crate::http::Request;
use crate::judge::{ActionLeft, Broken, ExpectationOutcome, Whose};
use crate::services::by_path;

/// All worlds of a server.
#[derive(Debug)]
pub struct Namespaces {
    main: Mutex<World>,
    directory: RwLock<Directory>,
    /// Locked while a namespace is dropped, until its results are in the directory. Whoever takes it holds no other lock.
    dropping: Mutex<()>,
    /// Whether any credential belongs to a namespace. While it is false, requests do not lock the directory.
    has_owners: AtomicBool,
    /// How many namespaces got a name from their number. The next name comes from it.
    pub(super) made: AtomicU64,
    /// How often a namespace was made or dropped.
    pub(super) changes: AtomicU64,
    /// What tells the marks of this server from those of an earlier one.
    pub(super) run: u64,
    /// The name of this server among those behind a balancer; `None` when it is the only one.
    replica: Option<ReplicaName>,
    traffic: Arc<Traffic>,
    /// The memory of the journals of all worlds.
    pub(super) memory: Memory,
    /// The secrets that all worlds share.
    pub(super) elsewhere: Elsewhere,
    /// Wakes streams.
    pub(super) bell: Bell,
}

/// The request header that names a namespace.
pub const NAMESPACE_HEADER: &str = "x-standin-namespace";

/// Why a request finds no world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Astray {
    /// No namespace has this name.
    Unknown(String),
    /// The namespace or the credential names another replica than this one.
    Elsewhere {
        /// The replica that the request is for.
        replica: ReplicaName,
        /// The replica that got it.
        here: ReplicaName,
    },
}

/// How many actions that were not performed are told.
const MOST_ACTIONS_LEFT: usize = 100;

impl Namespaces {
    /// A server's worlds at its start: the main world and no namespace.
    pub fn new(main: World) -> Self {
        let (memory, elsewhere, bell) = (Memory::default(), Elsewhere::default(), Bell::default());
        Self {
            main: Mutex::new(main.sharing(&memory, &elsewhere, &bell)),
            directory: RwLock::default(),
            dropping: Mutex::default(),
            has_owners: AtomicBool::new(false),
            made: AtomicU64::new(0),
            changes: AtomicU64::new(0),
            run: 0,
            replica: None,
            traffic: Arc::default(),
            memory,
            elsewhere,
            bell,
        }
    }

    /// The same worlds in a server that is called `replica` among others.
    #[must_use]
    pub fn with_replica(mut self, replica: Option<ReplicaName>) -> Self {
        self.replica = replica;
        self
    }

    /// The name of this server among those behind a balancer; `None` when it is the only one.
    pub fn replica(&self) -> Option<&ReplicaName> {
        self.replica.as_ref()
    }

    /// Wakes the streams of all worlds.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Locks the main world. A panic while it was locked does not make it unusable.
    pub fn main(&self) -> MutexGuard<'_, World> {
        self.main.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The namespace that a request is for: the one that its header names, or else the one that its credential
    /// belongs to. `None` is the main world.
    ///
    /// # Errors
    /// When the header names a namespace that does not exist, or the credential names another replica.
    pub fn of(&self, request: &Request, now: Timestamp) -> Result<Option<Arc<Namespace>>, Astray> {
        if let Some(name) = request.headers.text(NAMESPACE_HEADER) {
            return self.called(name.trim(), now).map(Some);
        }
        if !self.has_any() && self.replica.is_none() {
            return Ok(None);
        }
        let credential =
            by_path(request.path()).and_then(|service| Some((service.name(), service.credential(request)?)));
        let Some(credential) = credential else { return Ok(None) };
        let namespace = self.directory().owners.get(&credential).cloned();
        match (namespace, self.elsewhere(&credential.1)) {
            (None, Some(elsewhere)) => Err(elsewhere),
            (namespace, _) => Ok(namespace.inspect(|namespace| namespace.use_at(now))),
        }
    }

    /// Says that a namespace or a credential names another replica; `None` when it does not, or this server is no replica.
    fn elsewhere(&self, name: &str) -> Option<Astray> {
        let here = self.replica.as_ref()?;
        let replica = ReplicaName::in_text(name).filter(|replica| replica != here)?;
        Some(Astray::Elsewhere { replica, here: here.clone() })
    }

    /// Why there is no namespace called `name`.
    pub fn astray(&self, name: &str) -> Astray {
        self.elsewhere(name).unwrap_or_else(|| Astray::Unknown(name.to_owned()))
    }

    /// The namespace called `name`, which counts as used at `now`.
    ///
    /// # Errors
    /// When no namespace has this name.
    pub fn called(&self, name: &str, now: Timestamp) -> Result<Arc<Namespace>, Astray> {
        let namespace = self.directory().namespaces.get(name).cloned();
        let namespace = namespace.ok_or_else(|| self.astray(name))?;
        namespace.use_at(now);
        Ok(namespace)
    }

    /// Updates the flag that tells requests whether any credential belongs to a namespace.
    pub(super) fn update_flag(&self, directory: &Directory) {
        self.has_owners.store(!directory.owners.is_empty(), Ordering::Release);
    }

    /// Replaces the credentials of a namespace in the directory, after its scenario was replaced. `world` is the
    /// namespace's.
    pub fn note_replaced(&self, namespace: &Arc<Namespace>, world: &World) {
        let credentials = credentials(world);
        let mut directory = self.directory_mut();
        directory.forget(namespace);
        directory.enter(namespace, credentials);
        self.update_flag(&directory);
    }

    /// Whether any credential belongs to a namespace.
    pub fn has_any(&self) -> bool {
        self.has_owners.load(Ordering::Acquire)
    }

    /// Whether there are or were namespaces.
    pub fn has_had_any(&self) -> bool {
        self.directory().has_namespaces
    }

    /// Notes credentials that a world has issued: all worlds hide them, and requests with those of a namespace will be for
    /// it. The namespace `None` is the main world. `_world` is the one that has issued them. Its lock guarantees that the
    /// namespace is not dropped.
    pub fn note_issued(
        &self,
        namespace: Option<&Arc<Namespace>>,
        _world: &World,
        credentials: Vec<Credential>,
    ) {
        if credentials.is_empty() {
            return;
        }
        self.elsewhere.keep(credentials.iter().map(|(_, credential)| credential.clone()));
        if let Some(namespace) = namespace {
            let mut directory = self.directory_mut();
            directory.enter_issued(namespace, credentials);
            self.update_flag(&directory);
        }
    }

    /// Drops a namespace, after an exchange that is under way in it is recorded. Returns whether the namespace
    /// existed.
    pub fn close(&self, name: &str, now: Timestamp) -> bool {
        let namespace = self.directory().namespaces.get(name).cloned();
        namespace.is_some_and(|namespace| self.drop_if(&namespace, now, |_| true))
    }

    /// Drops a namespace if `may` allows it. Returns false when it does not, or when the namespace is dropped
    /// already.
    pub(super) fn drop_if(
        &self,
        namespace: &Arc<Namespace>,
        now: Timestamp,
        may: impl Fn(&Namespace) -> bool,
    ) -> bool {
        let _dropping = self.dropping();
        let (outcomes, broken, run) = {
            let Some(mut world) = namespace.world().filter(|_| may(namespace)) else { return false };
            world.give_up_all("the namespace was dropped", now);
            self.bell.ring();
            world.share_secrets();
            let results = (world.outcomes(now), world.broken(now), world.of_run());
            let mut totals = Totals::of(&world);
            totals.evicted = totals.counters.exchanges;
            (totals.deliveries, totals.unfinished) = (world.delivery_counts_at_end(), (0, 0));
            let mut directory = self.directory_mut();
            directory.namespaces.remove(namespace.name());
            directory.forget(namespace);
            self.update_flag(&directory);
            directory.counted.add(totals);
            if world.past.is_some() {
                let mut size = 0;
                world.each_newest_first(&mut |world| size += world.journal().size() + world.outbox().size());
                directory.past.keep(Arc::clone(namespace), size);
            }
            namespace.set_dropped(&world);
            self.changes.fetch_add(1, Ordering::Relaxed);
            results
        };
        let outcomes: Vec<_> = namespace.named(outcomes.hidden()).collect();
        let broken: Vec<_> = namespace.blamed(broken).collect();
        let run = run.hidden();
        let mut directory = self.directory_mut();
        outcomes.into_iter().for_each(|outcome| directory.remember(outcome));
        Broken::add(&mut directory.broken_before, broken);
        directory.run.add(run);
        true
    }

    fn dropping(&self) -> MutexGuard<'_, ()> {
        self.dropping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The outcomes of the expectations of all worlds, dropped ones too. The names of outcomes of a namespace begin
    /// with its name, and those of the main scenario with `main scenario` if there are or were namespaces. Last come the expectations of the whole run. Secrets are hidden.
    pub fn outcomes(&self, now: Timestamp) -> Vec<ExpectationOutcome> {
        let (namespaces, (mut dropped, [has_copies, has_namespaces], mut run)) =
            self.with_results(|directory| {
                let has = [directory.has_copies, directory.has_namespaces];
                (directory.dropped.clone(), has, directory.run.clone())
            });
        let (of_main, calls) = {
            let mut main = self.main();
            // When each test uses a namespace of its own, nobody calls the main world, which they are copies of.
            let is_unused = has_copies && main.totals().exchanges == 0;
            ((!is_unused).then(|| main.outcomes(now)), main.of_run())
        };
        let mut outcomes = of_main.map(Unhidden::<Vec<ExpectationOutcome>>::hidden).unwrap_or_default();
        // Otherwise whoever reads a report looks for the namespace that it is about.
        if has_namespaces {
            outcomes = named("main scenario", outcomes).collect();
        }
        run.add(calls.hidden());
        outcomes.append(&mut dropped);
        for namespace in namespaces {
            let (here, calls) = {
                let mut world = namespace.lock();
                (world.outcomes(now), world.of_run())
            };
            outcomes.extend(namespace.named(here.hidden()));
            run.add(calls.hidden());
        }
        outcomes.append(&mut run.outcomes());
        outcomes
    }

    /// The actions of scenarios that were not performed and are no outcomes of [`Namespaces::outcomes`], at most
    /// 100 of them. The names of those of a namespace begin with its name. Dropped namespaces tell nothing.
    pub fn actions_left(&self, now: Timestamp) -> Vec<ActionLeft> {
        let (namespaces, has_copies) = self.with_results(|directory| directory.has_copies);
        let mut left = {
            let mut main = self.main();
            let is_unused = has_copies && main.totals().exchanges == 0;
            if is_unused { Vec::new() } else { main.actions_left(now) }
        };
        for namespace in namespaces {
            if left.len() >= MOST_ACTIONS_LEFT {
                break;
            }
            let here = namespace.lock().actions_left(now);
            left.extend(here.into_iter().map(|action| {
                let name = format!("{}: {}", namespace.name(), action.name);
                ActionLeft { name, ..action }
            }));
        }
        left.truncate(MOST_ACTIONS_LEFT);
        left
    }

    /// How many outcomes of dropped namespaces [`Namespaces::outcomes`] leaves out.
    pub fn outcomes_left_out(&self) -> u64 {
        self.directory().outcomes_left_out
    }

    /// The outcomes of the expectations of the whole run. Secrets are hidden.
    pub fn outcomes_of_run(&self) -> Vec<ExpectationOutcome> {
        let (namespaces, mut run) = self.with_results(|directory| directory.run.clone());
        let calls = self.main().of_run();
        run.add(calls.hidden());
        for namespace in namespaces {
            let calls = namespace.lock().of_run();
            run.add(calls.hidden());
        }
        run.outcomes()
    }

    /// The rules that clients broke in all worlds, dropped ones too, if they do nothing more after `now`. A breach says in which world it is, if
    /// there are or were namespaces. Secrets are hidden.
    pub fn broken(&self, now: Timestamp) -> Vec<Broken> {
        let (namespaces, (before, has_namespaces)) =
            self.with_results(|directory| (directory.broken_before.clone(), directory.has_namespaces));
        let of_main = self.main().broken(now);
        let mut broken = of_main.map(Unhidden::<Vec<Broken>>::hidden).unwrap_or_default();
        if has_namespaces {
            broken = broken.into_iter().map(|broken| broken.of(&Whose::Main)).collect();
        }
        Broken::add(&mut broken, before);
        for namespace in namespaces {
            let here = namespace.lock().broken(now);
            Broken::add(&mut broken, namespace.blamed(here));
        }
        broken
    }

    /// Notes that the client of the exchange `number` left before it got the answer. The namespace `None` is the main
    /// world.
    pub fn undelivered(&self, namespace: Option<&Namespace>, number: u64) {
        let mut world = namespace.map_or_else(|| self.main(), Namespace::lock);
        world.observers.unread(number);
    }

    /// The totals of all worlds, dropped ones too.
    pub fn totals(&self) -> Totals {
        let (namespaces, mut sum) = self.with_all(|directory| directory.counted.clone());
        sum.add(Totals::of(&self.main()));
        for namespace in namespaces {
            sum.add(Totals::of(&namespace.lock()));
        }
        sum
    }

    /// How many events wait in all worlds because their handler has no URL, by its name.
    pub fn unsent(&self) -> BTreeMap<String, u64> {
        self.summed(World::unsent)
    }

    /// The sums of what `count` finds in all worlds.
    fn summed<K: Ord>(&self, count: impl Fn(&World) -> BTreeMap<K, u64>) -> BTreeMap<K, u64> {
        let mut sum = count(&self.main());
        for namespace in self.all() {
            for (key, more) in count(&namespace.lock()) {
                *sum.entry(key).or_default() += more;
            }
        }
        sum
    }

    /// How many deliveries that faults have made got no answer that accepts or refuses them, in all worlds, by their nature.
    pub fn unproved(&self) -> BTreeMap<&'static str, u64> {
        self.summed(World::unproved)
    }

    /// How many events wait in all worlds because their clock is virtual and was not moved to their time.
    pub fn waiting_for_clock(&self) -> u64 {
        let main = self.main().waiting_for_clock();
        main + self.all().iter().map(|namespace| namespace.lock().waiting_for_clock()).sum::<u64>()
    }

    /// Cuts the largest journals when all of them take more than [`MOST_IN_JOURNALS`]. To be called without a lock.
    pub fn cut_journals(&self) {
        if self.memory.taken() <= MOST_IN_JOURNALS {
            return;
        }
        let others = self.all();
        let mut sizes: Vec<_> = others.iter().map(|other| other.lock().journal().size()).collect();
        sizes.push(self.main().journal().size());
        let limit = fair_size(sizes, LEFT_IN_JOURNALS);
        self.main().cut_journal(limit);
        others.iter().for_each(|other| other.lock().cut_journal(limit));
    }

    /// The namespace with the newest exchange of the server; `None` when the main world has it, or there is none.
    pub fn newest_of_all(&self) -> Option<Arc<Namespace>> {
        let newest = |namespace: &Arc<Namespace>| namespace.world().and_then(|world| world.newest());
        let namespaces = self.all().into_iter();
        let dated = namespaces.filter_map(|namespace| Some((newest(&namespace)?, namespace)));
        let (newest, namespace) = dated.max_by_key(|(newest, _)| *newest)?;
        (self.main().newest() < Some(newest)).then_some(namespace)
    }

    /// Connections and latencies of the whole server.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// Calls `look` with every world whose journal is there: first those of namespaces, the latest used first, then the
    /// main one. After each come the worlds from before its resets.
    pub fn each_world(&self, look: &mut dyn FnMut(&World)) {
        let (mut all, mut past) = self.with_all(|directory| directory.past.iter().cloned().collect());
        all.append(&mut past);
        all.sort_by_key(|namespace| std::cmp::Reverse(namespace.used()));
        all.iter().for_each(|namespace| namespace.lock().each_newest_first(look));
        self.main().each_newest_first(look);
    }

    /// All namespaces that exist now.
    pub fn all(&self) -> Vec<Arc<Namespace>> {
        self.with_all(|_| ()).0
    }

    /// The namespaces and what `look` finds in the directory, both under one lock of it. So a caller that then asks
    /// each world counts each namespace once: one that is dropped in the meantime keeps its numbers and is not yet
    /// among the dropped ones.
    fn with_all<T>(&self, look: impl FnOnce(&Directory) -> T) -> (Vec<Arc<Namespace>>, T) {
        let directory = self.directory();
        (directory.namespaces.values().cloned().collect(), look(&directory))
    }

    /// The same when the results of every dropped namespace are in the directory.
    fn with_results<T>(&self, look: impl FnOnce(&Directory) -> T) -> (Vec<Arc<Namespace>>, T) {
        let _dropping = self.dropping();
        self.with_all(look)
    }

    pub(super) fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn directory_mut(&self) -> RwLockWriteGuard<'_, Directory> {
        self.directory.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
