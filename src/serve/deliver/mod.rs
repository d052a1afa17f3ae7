//! Sends what the outboxes of all worlds have due, and tells them how it ended.
//!
//! One task looks for what is due: when it is woken, and when the next instant comes. Each request has a task of its own,
//! which goes on with the next delivery that is due. All of them run on a thread beside the workers, so that handlers which
//! are slow or many hold up no answer. The thread begins with the first event.

mod client;
mod line;
mod slow;
mod socket;
mod targets;
mod trust;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, SemaphorePermit, mpsc, oneshot};
use tokio::task::JoinSet;

use super::clock;
use super::shared::Shared;
use crate::basics::Clock;
use crate::engine::{DeliveryId, Dispatch, Namespace, World};
use client::Client;
pub(super) use client::of_connection;
pub(super) use line::Line;
pub use targets::{Targets, target};
pub(super) use targets::{addresses_of, authority, is_loopback, is_of_this_machine};
use tokio_rustls::rustls::pki_types::CertificateDer;
pub use trust::authorities;
pub(super) use trust::config as client_config;
pub(super) use trust::words as tls_words;

/// What a server sends, and where.
#[derive(Debug)]
pub(super) struct Deliverer {
    client: Client,
    wake: mpsc::UnboundedSender<Wake>,
    /// Wakes answers that wait for deliveries.
    ended: Notify,
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
        (Self { client: Client::new(targets, authorities), wake, ended: Notify::new() }, Inbox(inbox))
    }

    /// Says that a world has something due. `None` is the main world.
    pub(super) fn wake(&self, namespace: Option<&Arc<Namespace>>) {
        let _ = self.wake.send(Wake::World(WorldKey(namespace.map(Arc::downgrade))));
    }

    /// Says that worlds may have been reset or dropped.
    pub(super) fn look(&self) {
        let _ = self.wake.send(Wake::Known);
    }

    /// Lets the answers that wait for deliveries look again.
    pub(super) fn tell(&self) {
        self.ended.notify_waiters();
    }

    /// Ends when deliveries have ended after this call, or their world may be gone.
    pub(super) fn ended(&self) -> Notified<'_> {
        self.ended.notified()
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
        if namespace.is_some() || shared.namespaces().has_any() {
            shared.namespaces().note_issued(namespace, world, std::mem::take(&mut dispatch.issued));
        }
        Some(dispatch)
    }
}

/// The tasks of one world.
struct OfWorld {
    key: WorldKey,
    epoch: u64,
    tasks: JoinSet<()>,
    /// When the world has something due that is not due yet.
    alarm: Option<Instant>,
}

/// How many threads look up the names of hosts at a time.
const MOST_LOOKUPS: usize = 32;

/// Waits until something is due for the first time, and then delivers on a thread of its own until the server stops.
pub(super) async fn run(shared: Arc<Shared>, Inbox(mut inbox): Inbox) {
    let mut stopping = shared.stopping();
    // A scenario may have actions from its start on.
    shared.deliverer.wake(None);
    let first = loop {
        let woken = tokio::select! {
            woken = inbox.recv() => woken,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        let Some(woken) = woken else { return };
        if let Wake::World(key) = &woken
            && key.with(&shared, |_, world| world.next_due().is_some()) == Some(true)
        {
            break woken;
        }
    };
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(MOST_LOOKUPS).build();
    let (ended, end) = oneshot::channel::<()>();
    let spawned = runtime.and_then(|runtime| {
        let deliver = move || {
            deliver_in(runtime, shared, first, inbox);
            drop(ended);
        };
        thread::Builder::new().name("deliveries".into()).spawn(deliver)
    });
    match spawned {
        Ok(_) => drop(end.await),
        Err(error) => tracing::error!(%error, "no events are sent: their thread cannot be started"),
    }
}

fn deliver_in(runtime: Runtime, shared: Arc<Shared>, first: Wake, inbox: mpsc::UnboundedReceiver<Wake>) {
    runtime.block_on(deliver(shared, first, inbox));
    // A name may still be looked up. Nobody waits for it.
    runtime.shutdown_background();
}

/// Looks for what is due until the server stops.
async fn deliver(shared: Arc<Shared>, first: Wake, mut inbox: mpsc::UnboundedReceiver<Wake>) {
    let mut worlds: HashMap<usize, OfWorld> = HashMap::new();
    let mut stopping = shared.stopping();
    let mut woken = Some(first);
    loop {
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
        let alarm = worlds.values().filter_map(|world| world.alarm).min();
        let until_alarm = async {
            match alarm {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        woken = tokio::select! {
            woken = inbox.recv() => woken,
            () = until_alarm => None,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
    }
}

impl OfWorld {
    fn new(key: WorldKey) -> Self {
        Self { key, epoch: 0, tasks: JoinSet::new(), alarm: None }
    }
}

/// Begins everything that a world has due, and notes when to look again. What an older epoch had under way ends.
fn look(shared: &Arc<Shared>, of_world: &mut OfWorld) {
    while of_world.tasks.try_join_next().is_some() {}
    let key = of_world.key.clone();
    let found = key.with(shared, |namespace, world| {
        let mut due = Vec::new();
        while let Some(dispatch) = WorldKey::take_due(shared, namespace, world) {
            due.push(dispatch);
        }
        let lost = world.take_lost();
        let lines = lines_of(world, &lost);
        (due, (lost.len(), lines), world.epoch(), next_look(world))
    });
    let (due, (lost, lines), epoch, alarm) =
        found.unwrap_or((Vec::new(), (0, Vec::new()), of_world.epoch + 1, None));
    lines.iter().for_each(Line::write);
    if lost > 0 {
        shared.deliverer.ended.notify_waiters();
    }
    if epoch != of_world.epoch {
        of_world.tasks = JoinSet::new();
        of_world.epoch = epoch;
        shared.deliverer.ended.notify_waiters();
    }
    shared.ring();
    for dispatch in due {
        of_world.tasks.spawn(perform(Arc::clone(shared), key.clone(), dispatch));
    }
    of_world.alarm = alarm;
}

/// The lines about deliveries that a fault has lost.
fn lines_of(world: &World, lost: &[u64]) -> Vec<Line> {
    lost.iter().filter_map(|number| Line::of(world, *number)).collect()
}

/// When the world has something due that is not due yet. A virtual clock does not move by itself.
fn next_look(world: &mut World) -> Option<Instant> {
    world.forget_alarm();
    let due = world.next_due().filter(|_| world.clock() == Clock::Real)?;
    let wait = Duration::try_from(due.duration_since(clock::now())).unwrap_or_default();
    Instant::now().checked_add(wait)
}

/// Waits for the next turn of a handler that did not answer in time before. Meanwhile its delivery is told among those that
/// wait. `None` when its world is gone.
async fn next_turn<'a>(shared: &'a Shared, key: &WorldKey, id: DeliveryId) -> Option<SemaphorePermit<'a>> {
    key.with(shared, |_, world| world.wait_for_turn(id)).filter(|is_known| *is_known)?;
    let turn = shared.deliverer.client.slow.next_turn().await?;
    key.with(shared, |_, world| world.has_turn(id)).filter(|is_known| *is_known)?;
    Some(turn)
}

/// Sends one request, and then the next ones that are due.
async fn perform(shared: Arc<Shared>, key: WorldKey, mut dispatch: Dispatch) {
    loop {
        let Dispatch { id, url, request, time_limit, .. } = dispatch;
        let Some(url) = url else { return };
        let client = &shared.deliverer.client;
        let turn = match client.slow.turn(&url) {
            Ok(turn) => turn,
            Err(_) => match next_turn(&shared, &key, id).await {
                Some(turn) => Some(turn),
                None => return,
            },
        };
        let (outcome, duration) = client.send(&url, &request, time_limit).await;
        drop(turn);
        let next = key.with(&shared, |namespace, world| {
            let now = clock::now();
            if !world.delivered(id, outcome, duration, now) {
                return (Vec::new(), None, true);
            }
            let line = Line::of(world, id.number);
            let next = WorldKey::take_due(&shared, namespace, world);
            let lost = world.take_lost();
            let lines: Vec<_> = line.into_iter().chain(lines_of(world, &lost)).collect();
            (lines, next, world.alarm(now).is_some())
        });
        let Some((lines, next, has_more)) = next else { return };
        lines.iter().for_each(Line::write);
        if has_more {
            let _ = shared.deliverer.wake.send(Wake::World(key.clone()));
        }
        shared.ring();
        shared.recorded.notify_waiters();
        shared.deliverer.ended.notify_waiters();
        match next {
            Some(next) => dispatch = next,
            None => return,
        }
    }
}
