//! When `standin run` stops a command that serves, and how long it waits for open deliveries.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::clock;
use super::shared::Shared;
use crate::engine::World;

/// When a command that does not end by itself is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When a call or an event was answered and everything that was due is done, and then nothing more came for a second.
    Idle,
    /// When a call or an event was answered, everything that was due is done and every expectation is met, or when one can
    /// no longer be met.
    Expectations,
    /// After this time.
    After(Duration),
}

/// How long nothing may happen before a run is idle.
const QUIET: Duration = Duration::from_secs(1);
/// A command is stopped after this time if no other was asked for.
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// How long open deliveries are waited for in a run.
const OPEN_DELIVERIES: Duration = Duration::from_secs(10);
/// How often the worlds are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How long open deliveries are still waited for, before a command is stopped and after it has ended.
pub(super) struct Patience(Cell<Duration>);

impl Patience {
    pub(super) fn new() -> Self {
        Self(Cell::new(OPEN_DELIVERIES))
    }

    /// Ends it, because somebody wants the run to end now.
    fn end(&self) {
        self.0.set(Duration::ZERO);
    }
}

/// Waits until the command is to be stopped, and why. Whoever has set a time waits for nothing after it.
pub(super) async fn stop(shared: &Shared, ends: &[Until], patience: &Patience) -> String {
    let begin = Instant::now();
    let why = come(shared, ends).await;
    if begin.elapsed() >= longest(ends) {
        patience.end();
    }
    delivered(shared, patience).await;
    why
}

/// The time after which a command is stopped whatever happens.
fn longest(ends: &[Until]) -> Duration {
    let times = ends.iter().filter_map(|end| match end {
        Until::After(time) => Some(*time),
        _ => None,
    });
    times.min().unwrap_or(LONGEST)
}

/// Waits until the first of `ends` has come, and why it has.
async fn come(shared: &Shared, ends: &[Until]) -> String {
    let begin = Instant::now();
    let longest = longest(ends);
    let mut quiet_since = begin;
    let mut came = 0;
    // Whether an expectation was met before anything came: such a one can only be broken.
    let mut is_met_by_nothing = false;
    loop {
        let now = Instant::now();
        if now >= begin + longest {
            return format!("{} have passed{}", in_words(longest), waited_for(shared, ends));
        }
        let counters = shared.namespaces().totals().counters;
        let seen = counters.exchanges + counters.events_answered;
        let is_done = |world: &World| world.is_idle(clock::now()) && !world.outbox().has_scheduled();
        let is_over = all(shared, &is_done) && actions_to_come(shared) == 0;
        if seen != came || !is_over {
            (came, quiet_since) = (seen, now);
        }
        let is_quiet = came > 0 && now >= quiet_since + QUIET;
        if ends.contains(&Until::Idle) && is_quiet {
            return "nothing more happens".to_owned();
        }
        if ends.contains(&Until::Expectations) {
            let outcomes = shared.namespaces().outcomes(clock::now());
            if outcomes.iter().any(|outcome| outcome.is_lost) {
                return "an expectation can no longer be met".to_owned();
            }
            let are_met = !outcomes.is_empty() && outcomes.iter().all(|outcome| outcome.met);
            if came == 0 {
                is_met_by_nothing |= outcomes.iter().any(|outcome| outcome.met);
            } else if are_met && is_over && (is_quiet || !is_met_by_nothing) {
                return "all expectations are met".to_owned();
            }
        }
        sleep_until(now + LOOK_AGAIN).await;
    }
}

/// What to do when something waits for a virtual clock.
const MOVE_CLOCK: &str =
    "; the clock is virtual: `POST /__standin/clock` with `{\"advance\": \"next\"}` moves it";

/// How many things are named that were waited for.
const MOST_NAMED: usize = 10;

/// What has not come that would have stopped the command, as the end of a sentence.
fn waited_for(shared: &Shared, ends: &[Until]) -> String {
    let [is_idle, are_met] = [Until::Idle, Until::Expectations].map(|end| ends.contains(&end));
    if !is_idle && !are_met {
        return String::new();
    }
    let mut open = Vec::new();
    if are_met {
        let outcomes = shared.namespaces().outcomes(clock::now());
        if outcomes.is_empty() {
            open.push("an expectation, which the scenario does not have".to_owned());
        }
        let unmet = outcomes.iter().filter(|outcome| !outcome.met);
        open.extend(unmet.map(|outcome| format!("`{}`", outcome.name)));
    }
    let counters = shared.namespaces().totals().counters;
    if counters.exchanges + counters.events_answered == 0 && (is_idle || open.is_empty()) {
        open.push("a first call or an answered event".to_owned());
    }
    // An action that waits for a call is an unmet expectation, which is named.
    let actions = match are_met {
        true => {
            (sum(shared, &World::actions_due_later), "action that is due later", "actions that are due later")
        }
        false => (actions_to_come(shared), "action", "actions"),
    };
    let events = (sum(shared, &unfinished), "event", "events");
    for (count, one, more) in [actions, events] {
        match count {
            0 => {}
            1 => open.push(format!("1 {one}")),
            count => open.push(format!("{count} {more}")),
        }
    }
    if open.is_empty() {
        open.push("a second in which nothing happens".to_owned());
    }
    let waits_for_clock = |world: &World| usize::from(world.waits_for_clock());
    let help = if sum(shared, &waits_for_clock) == 0 { "" } else { MOVE_CLOCK };
    let left_out = open.len().saturating_sub(MOST_NAMED);
    open.truncate(MOST_NAMED);
    let more = if left_out == 0 { String::new() } else { format!(" and {left_out} more") };
    format!("; still waited for: {}{more}{help}", open.join(", "))
}

/// How many events of a world wait or are under way. Those whose handler has no URL are not waited for.
fn unfinished(world: &World) -> usize {
    let (waiting, sending) = world.outbox().unfinished();
    let unsent: u64 = world.unsent().values().sum();
    (waiting + sending).saturating_sub(usize::try_from(unsent).unwrap_or(usize::MAX))
}

/// The sum of what `count` finds in all worlds.
fn sum(shared: &Shared, count: &dyn Fn(&World) -> usize) -> usize {
    let main = count(&shared.namespaces().main());
    main + in_namespaces(shared, count)
}

/// The sum of what `count` finds in the worlds of all namespaces.
fn in_namespaces(shared: &Shared, count: &dyn Fn(&World) -> usize) -> usize {
    let namespaces = shared.namespaces().all();
    namespaces.iter().map(|namespace| namespace.world().map_or(0, |world| count(&world))).sum()
}

/// A length of time in words.
fn in_words(time: Duration) -> String {
    if time.is_zero() { "0s".to_owned() } else { format!("{time:?}") }
}

/// How many actions of the scenario are still waited for. A test that has a namespace need not make the call that an
/// action waits for, and nobody makes it in the main world when every test has a namespace.
fn actions_to_come(shared: &Shared) -> usize {
    let namespaces = shared.namespaces();
    let main = {
        let main = namespaces.main();
        let is_unused = namespaces.has_had_any() && main.totals().exchanges == 0;
        if is_unused { main.actions_due_later() } else { main.open_actions() }
    };
    main + in_namespaces(shared, &World::actions_due_later)
}

/// Waits until no delivery is under way or due, as long as there is patience.
pub(super) async fn delivered(shared: &Shared, patience: &Patience) {
    let begin = Instant::now();
    let wait = async {
        loop {
            let recorded = shared.recorded.notified();
            if all(shared, &|world| world.is_idle(clock::now())) {
                return;
            }
            let _ = timeout(LOOK_AGAIN, recorded).await;
        }
    };
    let _ = timeout(patience.0.get(), wait).await;
    patience.0.set(patience.0.get().saturating_sub(begin.elapsed()));
}

/// Whether all worlds are as `is_so` says.
fn all(shared: &Shared, is_so: &dyn Fn(&World) -> bool) -> bool {
    let namespaces = shared.namespaces();
    let main = is_so(&namespaces.main());
    main && namespaces.all().iter().all(|namespace| namespace.world().is_none_or(|world| is_so(&world)))
}

#[cfg(test)]
mod tests;
