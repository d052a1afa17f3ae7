//! Every world of a server: the one that it began with, and one for each namespace.
//!
//! Each world has a lock of its own, so that those who serve one do not wait for those who serve another. A third kind of
//! lock guards the directory, which says what leads to which world. The order of locks:
//!
//! 1. Nobody holds the locks of two worlds at once. What is asked of all of them is asked of one after the other.
//! 2. Who holds the directory takes no other lock and calls nothing that works long. So nobody waits for a world there, however
//!    long an answer takes in it.
//! 3. Who holds a world may take the directory. Thus a world and what leads to it change together: when a scenario is
//!    replaced, when tokens are handed out, when a namespace is dropped.
//!
//! Who finds a world in the directory lets go of the directory first and locks the world then. In between the namespace
//! may be dropped: [`Namespace::world`] tells, and the finder looks again. So an exchange is recorded before its namespace is
//! dropped and counted with it, or it is none of that namespace.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use jiff::Timestamp;

use super::directory::{Credential, Directory, Totals};
use super::namespace::Namespace;
use super::{Traffic, World};
use crate::http::{Reply, Request};
use crate::judge::{Broken, ExpectationOutcome};
use crate::scenario::Scenario;
use crate::services::by_path;

/// The worlds.
#[derive(Debug)]
pub struct Namespaces {
    main: Mutex<World>,
    directory: RwLock<Directory>,
    /// Whether a credential may lead to a namespace. Where none does, requests leave the directory alone.
    has_owners: AtomicBool,
    /// Namespaces ever made, which name them.
    made: AtomicU64,
    traffic: Arc<Traffic>,
}

/// The header field that names the namespace of a request.
pub const NAMESPACE_HEADER: &str = "x-standin-namespace";

/// A namespace that nobody has used for so long is dropped when another one is made.
pub const IDLE: Duration = Duration::from_secs(30 * 60);

/// The most namespaces at a time.
pub const MOST_NAMESPACES: usize = 10_000;

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
            main: Mutex::new(main),
            directory: RwLock::default(),
            has_owners: AtomicBool::new(false),
            made: AtomicU64::new(0),
            traffic: Arc::default(),
        }
    }

    /// The world that the server began with, for as long as the guard lives. A panic while it was held does not end the
    /// server.
    pub fn main(&self) -> MutexGuard<'_, World> {
        self.main.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The namespace that a request is for: the one that its header names, or else the one whose credential it presents.
    /// `None`: it is for the main world.
    ///
    /// # Errors
    /// When its header names none that there is.
    pub fn of(&self, request: &Request, now: Timestamp) -> Result<Option<Arc<Namespace>>, UnknownNamespace> {
        if let Some(name) = request.headers.text(NAMESPACE_HEADER) {
            return self.called(name.trim(), now).map(Some);
        }
        if !self.has_owners.load(Ordering::Acquire) {
            return Ok(None);
        }
        let credential =
            by_path(request.path()).and_then(|service| Some((service.name(), service.credential(request)?)));
        let Some(credential) = credential else { return Ok(None) };
        let namespace = self.directory().owners.get(&credential).cloned();
        Ok(namespace.inspect(|namespace| namespace.use_at(now)))
    }

    /// The namespace called `name`.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn called(&self, name: &str, now: Timestamp) -> Result<Arc<Namespace>, UnknownNamespace> {
        let namespace = self.directory().namespaces.get(name).cloned();
        let namespace = namespace.ok_or_else(|| UnknownNamespace(name.to_owned()))?;
        namespace.use_at(now);
        Ok(namespace)
    }

    /// Makes a namespace: a fresh copy of `scenario`, or of the one that the server began with, under `seed` or its own.
    /// Drops those that have been idle for long.
    ///
    /// # Errors
    /// When there are too many.
    pub fn open(
        &self,
        scenario: Option<&Scenario>,
        seed: Option<u64>,
        now: Timestamp,
    ) -> Result<Arc<Namespace>, TooManyNamespaces> {
        let is_idle = |namespace: &Namespace| {
            Duration::try_from(now.duration_since(namespace.used())).unwrap_or_default() > IDLE
        };
        let (count, idle) = {
            let namespaces = &self.directory().namespaces;
            let idle = namespaces.values().filter(|namespace| is_idle(namespace)).cloned();
            (namespaces.len(), idle.collect::<Vec<_>>())
        };
        if count - idle.len() >= MOST_NAMESPACES {
            return Err(TooManyNamespaces);
        }
        for namespace in idle {
            self.drop_if(&namespace, now, is_idle);
        }
        let (main, main_seed, allows_prefer, judges) = {
            let main = self.main();
            (Arc::clone(main.scenario()), main.seed(), main.allows_prefer, main.observers.judges())
        };
        let suffix = self.free_suffix(&main);
        let seed = seed.or_else(|| scenario?.seed).unwrap_or(main_seed);
        let is_copy = scenario.is_none();
        let scenario = scenario.unwrap_or(&main).with_suffix(&suffix);
        let mut world = World::new(Arc::new(scenario), seed, now).allowing_prefer(allows_prefer);
        let name = suffix[1..].to_owned();
        world.suffix = suffix;
        if judges {
            world = world.judging();
        }
        let credentials = credentials(&world);
        let namespace = Arc::new(Namespace::new(name, world, now));
        let mut directory = self.directory_mut();
        // Others may have made some meanwhile.
        if directory.namespaces.len() >= MOST_NAMESPACES {
            return Err(TooManyNamespaces);
        }
        directory.has_copies |= is_copy;
        directory.add(&namespace);
        directory.enter(&namespace, credentials);
        self.tell(&directory);
        Ok(namespace)
    }

    /// What stands behind the credentials of a new namespace: a dash and its name. None of the main world ends with it.
    fn free_suffix(&self, main: &Scenario) -> String {
        loop {
            let suffix = format!("-n{}", self.made.fetch_add(1, Ordering::Relaxed) + 1);
            let known = main.sections.iter().flat_map(|(_, section)| section.credentials());
            if !known.into_iter().any(|known| known.ends_with(&suffix)) {
                return suffix;
            }
        }
    }

    /// Tells requests whether a look into the directory is worth it.
    fn tell(&self, directory: &Directory) {
        self.has_owners.store(!directory.owners.is_empty(), Ordering::Release);
    }

    /// The scenario of a namespace is another one: its credentials lead to it from now on. `world` is the namespace's.
    pub fn replaced(&self, namespace: &Arc<Namespace>, world: &World) {
        let credentials = credentials(world);
        let mut directory = self.directory_mut();
        directory.forget(namespace);
        directory.enter(namespace, credentials);
        self.tell(&directory);
    }

    /// Requests with these credentials, which a namespace has handed out, will be for it too. `_world` is the namespace's:
    /// who holds it knows that the namespace is not dropped.
    pub fn issued(&self, namespace: &Arc<Namespace>, _world: &World, credentials: Vec<Credential>) {
        if !credentials.is_empty() {
            let mut directory = self.directory_mut();
            directory.enter(namespace, credentials);
            self.tell(&directory);
        }
    }

    /// Drops a namespace once the exchange that is under way in it is recorded; whether there was one.
    pub fn close(&self, name: &str, now: Timestamp) -> bool {
        let namespace = self.directory().namespaces.get(name).cloned();
        namespace.is_some_and(|namespace| self.drop_if(&namespace, now, |_| true))
    }

    /// Drops a namespace, unless that has been done or `may` objects.
    fn drop_if(&self, namespace: &Arc<Namespace>, now: Timestamp, may: impl Fn(&Namespace) -> bool) -> bool {
        let Some(mut world) = namespace.world().filter(|_| may(namespace)) else { return false };
        let outcomes = namespace.outcomes(&mut world, now);
        let broken = namespace.broken(&world);
        let mut totals = Totals::of(&world);
        totals.evicted = totals.counters.exchanges;
        let mut directory = self.directory_mut();
        directory.namespaces.remove(namespace.name());
        directory.forget(namespace);
        self.tell(&directory);
        outcomes.into_iter().for_each(|outcome| directory.remember(outcome));
        Broken::add(&mut directory.broken_before, broken);
        directory.counted.add(totals);
        namespace.set_dropped(&world);
        true
    }

    /// What became of the expectations of every world, the dropped ones too; those of namespaces have its name in front.
    pub fn outcomes(&self, now: Timestamp) -> Vec<ExpectationOutcome> {
        let (namespaces, (mut dropped, has_copies)) =
            self.with_all(|directory| (directory.dropped.clone(), directory.has_copies));
        let mut outcomes = {
            let mut main = self.main();
            // Where every test has a namespace of its own, nobody calls the world that they are copies of.
            let is_unused = has_copies && main.totals().exchanges == 0;
            if is_unused { Vec::new() } else { main.outcomes(now) }
        };
        outcomes.append(&mut dropped);
        for namespace in namespaces {
            outcomes.append(&mut namespace.outcomes(&mut namespace.lock(), now));
        }
        outcomes
    }

    /// The rules that clients broke in every world; what was done in a namespace names it.
    pub fn broken(&self) -> Vec<Broken> {
        let (namespaces, before) = self.with_all(|directory| directory.broken_before.clone());
        let mut broken = self.main().broken().unwrap_or_default();
        Broken::add(&mut broken, before);
        for namespace in namespaces {
            let here = namespace.broken(&namespace.lock());
            Broken::add(&mut broken, here);
        }
        broken
    }

    /// The client of this exchange has left before it was answered. `None`: it was in the main world.
    pub fn undelivered(&self, namespace: Option<&Namespace>, number: u64) {
        let mut world = namespace.map_or_else(|| self.main(), Namespace::lock);
        world.observers.unread(number);
    }

    /// What all worlds have counted, the dropped ones too.
    pub fn totals(&self) -> Totals {
        let (namespaces, mut sum) = self.with_all(|directory| directory.counted.clone());
        sum.add(Totals::of(&self.main()));
        for namespace in namespaces {
            sum.add(Totals::of(&namespace.lock()));
        }
        sum
    }

    /// What passes the sockets.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// The namespaces that there are.
    pub fn all(&self) -> Vec<Arc<Namespace>> {
        self.with_all(|_| ()).0
    }

    /// The namespaces at an instant, and what else the directory says at that same one. Who looks at their worlds afterwards
    /// sees each once: one that is dropped meanwhile keeps what it has counted, and was not yet among the dropped ones.
    fn with_all<T>(&self, look: impl FnOnce(&Directory) -> T) -> (Vec<Arc<Namespace>>, T) {
        let directory = self.directory();
        (directory.namespaces.values().cloned().collect(), look(&directory))
    }

    fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn directory_mut(&self) -> RwLockWriteGuard<'_, Directory> {
        self.directory.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The credentials of a world's scenario.
fn credentials(world: &World) -> Vec<Credential> {
    let sections = world.scenario().sections.iter();
    let named = sections.flat_map(|(service, section)| {
        section.credentials().into_iter().map(|credential| (service.name(), credential))
    });
    named.collect()
}

/// The credentials that `reply` hands out, by vendor.
pub fn issued(request: &Request, reply: &Reply) -> Vec<Credential> {
    let Some(service) = by_path(request.path()) else { return Vec::new() };
    let issued = service.credentials_issued(request, reply);
    issued.into_iter().map(|credential| (service.name(), credential)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Headers;

    fn namespaces() -> Namespaces {
        let scenario = Scenario::parse("test", Scenario::DEFAULT).unwrap();
        Namespaces::new(World::new(Arc::new(scenario), 1, Timestamp::UNIX_EPOCH))
    }

    /// A request with the credential of the namespace.
    fn request(namespace: &str) -> Request {
        let target = format!("/rest/1/webhook-secret-{namespace}/imconnector.chat.name.set");
        Request::new("POST", &target, Headers::default(), "".into())
    }

    fn of(namespaces: &Namespaces, request: &Request) -> Option<String> {
        let found = namespaces.of(request, Timestamp::UNIX_EPOCH).unwrap();
        found.map(|namespace| namespace.name().to_owned())
    }

    #[test]
    fn who_found_a_namespace_before_it_was_dropped_finds_no_world_in_it() {
        let (namespaces, now) = (namespaces(), Timestamp::UNIX_EPOCH);
        namespaces.open(None, None, now).unwrap();
        let found = namespaces.of(&request("n1"), now).unwrap().unwrap();
        assert!(found.world().is_some());
        assert!(namespaces.close("n1", now));
        assert!(!namespaces.close("n1", now));
        assert!(found.world().is_none());
        assert_eq!(of(&namespaces, &request("n1")), None);
    }

    #[test]
    fn a_dropped_namespace_leaves_no_credential() {
        let (namespaces, now) = (namespaces(), Timestamp::UNIX_EPOCH);
        let namespace = namespaces.open(None, None, now).unwrap();
        let issued = vec![("bitrix24", "1/issued".to_owned())];
        namespaces.issued(&namespace, &namespace.world().unwrap(), issued);
        let by_issued = Request::new("POST", "/rest/1/issued/x", Headers::default(), "".into());
        assert_eq!(of(&namespaces, &by_issued).as_deref(), Some("n1"));
        assert!(namespaces.has_owners.load(Ordering::Relaxed));
        namespaces.close("n1", now);
        assert!(namespaces.directory().owners.is_empty());
        assert!(!namespaces.has_owners.load(Ordering::Relaxed));
    }

    #[test]
    fn namespaces_that_are_idle_go_when_another_one_is_made() {
        let (namespaces, now) = (namespaces(), Timestamp::UNIX_EPOCH);
        for _ in 0..2 {
            namespaces.open(None, None, now).unwrap();
        }
        let later = now + IDLE;
        namespaces.of(&request("n2"), later).unwrap();
        namespaces.open(None, None, later + Duration::from_secs(1)).unwrap();
        let names: Vec<_> = namespaces.all().iter().map(|namespace| namespace.name().to_owned()).collect();
        assert_eq!(names, ["n2", "n3"]);
    }

    #[test]
    fn a_panic_leaves_every_world_in_reach() {
        let (namespaces, now) = (namespaces(), Timestamp::UNIX_EPOCH);
        let namespace = namespaces.open(None, None, now).unwrap();
        std::thread::scope(|scope| {
            let panics = [
                scope.spawn(|| {
                    let _world = namespaces.main();
                    panic!("this panic is part of a test");
                }),
                scope.spawn(|| {
                    let _world = namespace.world();
                    panic!("this panic is part of a test");
                }),
                scope.spawn(|| {
                    let _directory = namespaces.directory_mut();
                    panic!("this panic is part of a test");
                }),
            ];
            panics.into_iter().for_each(|panic| assert!(panic.join().is_err()));
        });
        assert_eq!(namespaces.totals().counters.exchanges, 0);
        assert!(namespaces.main().journal().entries().next().is_none());
        assert!(namespaces.close("n1", now));
    }
}
