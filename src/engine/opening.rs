//! A wish for a namespace → the namespace, or why it was not made.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;

use super::directory::credentials;
use super::{Namespace, NamespaceName, Namespaces, World};
use crate::judge::ExpectSpec;
use crate::scenario::Scenario;

/// A namespace that is unused for longer than this is dropped when another one is made.
pub const IDLE: Duration = Duration::from_secs(30 * 60);

/// How many namespaces may exist at a time.
pub const MOST_NAMESPACES: usize = 10_000;

/// Why a namespace was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// [`MOST_NAMESPACES`] exist already.
    TooMany,
    /// A namespace with this name exists already.
    Taken,
    /// A credential of the main world ends as those of the namespace would.
    Ambiguous,
}

impl World {
    /// Replaces the expectations of the scenario. To be called before the first exchange.
    pub fn expect(&mut self, expect: Vec<ExpectSpec>) {
        let scenario = Scenario { expect, ..self.scenario.with_suffix("") };
        self.observers.expect(&scenario);
        self.scenario = Arc::new(scenario);
    }
}

impl Namespaces {
    /// Makes a namespace with a name of its own: `n1`, `n2` and so on. Otherwise as [`Namespaces::open_called`].
    ///
    /// # Errors
    /// When [`MOST_NAMESPACES`] exist already.
    pub fn open(
        &self,
        scenario: Option<&Scenario>,
        seed: Option<u64>,
        now: Timestamp,
    ) -> Result<Arc<Namespace>, NotOpened> {
        loop {
            let name = NamespaceName::numbered(self.made.fetch_add(1, Ordering::Relaxed) + 1);
            match self.open_called(&name, scenario, seed, now) {
                Err(NotOpened::Taken | NotOpened::Ambiguous) => {}
                opened => return opened,
            }
        }
    }

    /// What a namespace that is wanted as `name` is called at this server.
    pub fn name_here(&self, name: &NamespaceName) -> String {
        name.at(self.replica()).to_string()
    }

    /// Makes the namespace `name`, or `name~REPLICA` at a replica, with a fresh copy of `scenario`, or of the main world's scenario when it is `None`.
    /// The seed is `seed`, or else that of `scenario`, or else that of the main world. Idle namespaces are dropped
    /// first.
    ///
    /// # Errors
    /// When the name cannot be used, or [`MOST_NAMESPACES`] exist already.
    pub fn open_called(
        &self,
        name: &NamespaceName,
        scenario: Option<&Scenario>,
        seed: Option<u64>,
        now: Timestamp,
    ) -> Result<Arc<Namespace>, NotOpened> {
        let is_idle = |namespace: &Namespace| {
            Duration::try_from(now.duration_since(namespace.used())).unwrap_or_default() > IDLE
        };
        let (count, idle) = {
            let namespaces = &self.directory().namespaces;
            let idle = namespaces.values().filter(|namespace| is_idle(namespace)).cloned();
            (namespaces.len(), idle.collect::<Vec<_>>())
        };
        if count - idle.len() >= MOST_NAMESPACES {
            return Err(NotOpened::TooMany);
        }
        for namespace in idle {
            self.drop_if(&namespace, now, is_idle);
        }
        let (main, main_seed, allows_prefer, judges, keeps_the_past, public_url, bound) = {
            let main = self.main();
            // A client may send a secret of one world to another. Of the first namespace on, each world tells its own.
            if !self.has_any() {
                main.share_secrets();
            }
            let keeps_the_past = main.past.is_some();
            let judges = main.observers.judges();
            (
                Arc::clone(main.scenario()),
                main.seed(),
                main.allows_prefer,
                judges,
                keeps_the_past,
                main.public_url().to_owned(),
                main.bound.clone(),
            )
        };
        let name = &name.at(self.replica());
        let suffix = name.suffix();
        let known = main.sections.iter().flat_map(|(_, section)| section.credentials());
        if known.into_iter().any(|known| known.ends_with(&suffix)) {
            return Err(NotOpened::Ambiguous);
        }
        let seed = seed.or_else(|| scenario?.seed).unwrap_or(main_seed);
        let is_copy = scenario.is_none();
        let scenario = scenario.unwrap_or(&main).with_suffix(&suffix);
        let mut world = World::new(Arc::new(scenario), seed, now).allowing_prefer(allows_prefer).sharing(
            &self.memory,
            &self.elsewhere,
            &self.bell,
        );
        world.suffix = suffix;
        // No two worlds of a server have an epoch in common.
        world.epoch = (self.changes.fetch_add(1, Ordering::Relaxed) + 1) << 32;
        world.set_public_url(&public_url);
        for (name, url) in &bound {
            world.bind_handler(name, url);
        }
        if judges {
            world = world.judging();
        }
        if keeps_the_past {
            world = world.keeping_the_past();
        }
        world.share_secrets();
        let credentials = credentials(&world);
        let namespace = Arc::new(Namespace::new(name.to_string(), world, now));
        let mut directory = self.directory_mut();
        // Other requests may have made namespaces in the meantime.
        if directory.namespaces.contains_key(namespace.name()) {
            return Err(NotOpened::Taken);
        }
        if directory.namespaces.len() >= MOST_NAMESPACES {
            return Err(NotOpened::TooMany);
        }
        directory.has_copies |= is_copy;
        directory.has_namespaces = true;
        directory.add(&namespace);
        directory.enter(&namespace, credentials);
        self.update_flag(&directory);
        Ok(namespace)
    }
}
