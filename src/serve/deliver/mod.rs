//! Sends what the outboxes of all worlds have due, and tells them how it ended.
//!
//! One task looks for what is due: when it is woken, and when the next instant comes. Each request has a task of its own,
//! which goes on with the next delivery that is due.

mod client;
mod targets;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::clock;
use super::shared::Shared;
use crate::basics::Clock;
use crate::engine::{Dispatch, Namespace, World};
use client::Client;
pub use client::authorities;
pub use targets::{Targets, target};
use tokio_rustls::rustls::pki_types::CertificateDer;

/// What a server sends, and where.
#[derive(Debug)]
pub(super) struct Deliverer {
    client: Client,
    wake: mpsc::UnboundedSender<Wake>,
}

/// Asks the deliverer to look.
#[derive(Debug)]
enum Wake {
    /// At what a world has due.
    World(WorldKey),
    /// At the worlds whose requests are under way: they may be gone.
    Known,
}

/// A world: that of a namespace, or the main one.
#[derive(Clone, Debug)]
struct WorldKey(Option<Weak<Namespace>>);

/// The messages for the task that looks for what is due.
pub(super) struct Inbox(mpsc::UnboundedReceiver<Wake>);

impl Deliverer {
    /// A deliverer that sends only to `targets`, and the messages for its task.
    pub(super) fn new(targets: Targets, authorities: Vec<CertificateDer<'static>>) -> (Self, Inbox) {
        let (wake, inbox) = mpsc::unbounded_channel();
        (Self { client: Client::new(targets, authorities), wake }, Inbox(inbox))
    }

    /// Says that a world has something due. `None` is the main world.
    pub(super) fn wake(&self, namespace: Option<&Arc<Namespace>>) {
        let _ = self.wake.send(Wake::World(WorldKey(namespace.map(Arc::downgrade))));
    }

    /// Says that worlds may have been reset or dropped.
    pub(super) fn look(&self) {
        let _ = self.wake.send(Wake::Known);
    }
}

impl WorldKey {
    /// An identity that no other world has while this one is known.
    fn id(&self) -> usize {
        self.0.as_ref().map_or(0, |namespace| namespace.as_ptr() as usize)
    }

    /// What `ask` finds in the world; `None` when it is dropped.
    fn with<T>(
        &self,
        shared: &Shared,
        ask: impl FnOnce(Option<&Arc<Namespace>>, &mut World) -> T,
    ) -> Option<T> {
        match &self.0 {
            None => Some(ask(None, &mut shared.namespaces().main())),
            Some(namespace) => {
                let namespace = namespace.upgrade()?;
                let mut world = namespace.world()?;
                Some(ask(Some(&namespace), &mut world))
            }
        }
    }

    /// The next request that is due in the world. Its credentials lead to the world from now on.
    fn take_due(shared: &Shared, namespace: Option<&Arc<Namespace>>, world: &mut World) -> Option<Dispatch> {
        let mut dispatch = world.take_due(clock::now())?;
        shared.namespaces().note_issued(namespace, world, std::mem::take(&mut dispatch.issued));
        Some(dispatch)
    }
}

/// The tasks of one world.
struct OfWorld {
    key: WorldKey,
    epoch: u64,
    tasks: Vec<JoinHandle<()>>,
    /// When the world has something due that is not due yet.
    alarm: Option<Instant>,
}

/// Looks for what is due until the server stops.
pub(super) async fn run(shared: Arc<Shared>, Inbox(mut inbox): Inbox) {
    let mut worlds: HashMap<usize, OfWorld> = HashMap::new();
    // A scenario may have actions from its start on.
    shared.deliverer.wake(None);
    let mut stopping = shared.stopping();
    loop {
        let alarm = worlds.values().filter_map(|world| world.alarm).min();
        let until_alarm = async {
            match alarm {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let woken = tokio::select! {
            woken = inbox.recv() => woken,
            () = until_alarm => None,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        match woken {
            Some(Wake::World(key)) => {
                look(&shared, worlds.entry(key.id()).or_insert_with(|| OfWorld::new(key)))
            }
            Some(Wake::Known) => worlds.values_mut().for_each(|world| look(&shared, world)),
            None => {
                let now = Instant::now();
                let is_due = |world: &&mut OfWorld| world.alarm.is_some_and(|at| at <= now);
                worlds.values_mut().filter(is_due).for_each(|world| look(&shared, world));
            }
        }
        worlds.retain(|_, world| world.alarm.is_some() || !world.tasks.is_empty());
    }
    worlds.into_values().flat_map(|world| world.tasks).for_each(|task| task.abort());
}

impl OfWorld {
    fn new(key: WorldKey) -> Self {
        Self { key, epoch: 0, tasks: Vec::new(), alarm: None }
    }
}

/// Begins everything that a world has due, and notes when to look again. What an older epoch had under way ends.
fn look(shared: &Arc<Shared>, of_world: &mut OfWorld) {
    of_world.tasks.retain(|task| !task.is_finished());
    let key = of_world.key.clone();
    let found = key.with(shared, |namespace, world| {
        let mut due = Vec::new();
        while let Some(dispatch) = WorldKey::take_due(shared, namespace, world) {
            due.push(dispatch);
        }
        (due, world.epoch(), next_look(world))
    });
    let Some((due, epoch, alarm)) = found else {
        of_world.tasks.drain(..).for_each(|task| task.abort());
        of_world.alarm = None;
        return;
    };
    if epoch != of_world.epoch {
        of_world.tasks.drain(..).for_each(|task| task.abort());
        of_world.epoch = epoch;
    }
    for dispatch in due {
        of_world.tasks.push(tokio::spawn(perform(Arc::clone(shared), key.clone(), dispatch)));
    }
    of_world.alarm = alarm;
}

/// When the world has something due that is not due yet. A virtual clock does not move by itself.
fn next_look(world: &mut World) -> Option<Instant> {
    world.forget_alarm();
    let due = world.next_due().filter(|_| world.clock() == Clock::Real)?;
    let wait = Duration::try_from(due.duration_since(clock::now())).unwrap_or_default();
    Instant::now().checked_add(wait)
}

/// Sends one request, and then the next ones that are due.
async fn perform(shared: Arc<Shared>, key: WorldKey, mut dispatch: Dispatch) {
    loop {
        let began = Instant::now();
        let Dispatch { id, url, request, time_limit, .. } = dispatch;
        let Some(url) = url else { return };
        let outcome = shared.deliverer.client.send(&url, &request, time_limit).await;
        let next = key.with(&shared, |namespace, world| {
            if !world.delivered(id, outcome, began.elapsed(), clock::now()) {
                return (None, true);
            }
            let next = WorldKey::take_due(&shared, namespace, world);
            (next, world.has_due(clock::now()))
        });
        shared.recorded.notify_waiters();
        let Some((next, has_more)) = next else { return };
        if has_more {
            let _ = shared.deliverer.wake.send(Wake::World(key.clone()));
        }
        match next {
            Some(next) => dispatch = next,
            None => return,
        }
    }
}

impl World {
    /// Whether a look at the outbox would find something due at `now`, the time of the wall clock.
    fn has_due(&self, now: Timestamp) -> bool {
        self.next_due().is_some_and(|due| due <= self.clock().now(now))
    }
}
