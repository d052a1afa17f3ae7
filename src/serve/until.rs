//! When `standin run` stops a command that serves, and how long it waits for open deliveries.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::clock;
use super::shared::Shared;
use crate::engine::World;

/// When a command that does not end by itself is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When calls came and everything that was due is done, and then nothing more came for a second.
    Idle,
    /// When every expectation is met, or one can no longer be met.
    Expectations,
    /// After this time.
    After(Duration),
}

/// How long nothing may happen before a run is idle.
const QUIET: Duration = Duration::from_secs(1);
/// A command is stopped after this time if no other was asked for.
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// How long open deliveries are waited for.
const OPEN_DELIVERIES: Duration = Duration::from_secs(10);
/// How often the worlds are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Waits until the first of `ends` has come, and why it has.
pub(super) async fn come(shared: &Shared, ends: &[Until]) -> String {
    let begin = Instant::now();
    let time = ends.iter().filter_map(|end| match end {
        Until::After(time) => Some(*time),
        _ => None,
    });
    let longest = time.min().unwrap_or(LONGEST);
    let mut quiet_since = begin;
    let mut exchanges = 0;
    loop {
        let now = Instant::now();
        if now >= begin + longest {
            return format!("{longest:?} have passed{}", waited_for(shared, ends));
        }
        let seen = shared.namespaces().totals().counters.exchanges;
        if seen != exchanges
            || !all(shared, &|world| world.is_idle(clock::now()) && world.open_actions() == 0)
        {
            (exchanges, quiet_since) = (seen, now);
        }
        if ends.contains(&Until::Idle) && exchanges > 0 && now >= quiet_since + QUIET {
            return "nothing more happens".to_owned();
        }
        if ends.contains(&Until::Expectations) {
            let outcomes = shared.namespaces().outcomes(clock::now());
            if outcomes.iter().any(|outcome| outcome.is_lost) {
                return "an expectation can no longer be met".to_owned();
            }
            if !outcomes.is_empty() && outcomes.iter().all(|outcome| outcome.met) {
                return "all expectations are met".to_owned();
            }
        }
        sleep_until(now + LOOK_AGAIN).await;
    }
}

/// How many things are named that were waited for.
const MOST_NAMED: usize = 10;

/// What has not come that would have stopped the command, as the end of a sentence.
fn waited_for(shared: &Shared, ends: &[Until]) -> String {
    let mut open = Vec::new();
    if ends.contains(&Until::Expectations) {
        let outcomes = shared.namespaces().outcomes(clock::now());
        if outcomes.is_empty() {
            open.push("an expectation, which the scenario does not have".to_owned());
        }
        let unmet = outcomes.iter().filter(|outcome| !outcome.met);
        open.extend(unmet.map(|outcome| format!("`{}`", outcome.name)));
    }
    if ends.contains(&Until::Idle) {
        if shared.namespaces().totals().counters.exchanges == 0 {
            open.push("a first call".to_owned());
        }
        let (actions, events) = sum(shared, &|world| {
            let (waiting, sending) = world.outbox().unfinished();
            (world.open_actions(), waiting + sending)
        });
        for (count, one, more) in [(actions, "action", "actions"), (events, "event", "events")] {
            match count {
                0 => {}
                1 => open.push(format!("1 {one}")),
                count => open.push(format!("{count} {more}")),
            }
        }
        if open.is_empty() {
            open.push("a second in which nothing happens".to_owned());
        }
    }
    if open.is_empty() {
        return String::new();
    }
    let left_out = open.len().saturating_sub(MOST_NAMED);
    open.truncate(MOST_NAMED);
    let more = if left_out == 0 { String::new() } else { format!(" and {left_out} more") };
    format!("; still waited for: {}{more}", open.join(", "))
}

/// The sums of what `count` finds in all worlds.
fn sum(shared: &Shared, count: &dyn Fn(&World) -> (usize, usize)) -> (usize, usize) {
    let namespaces = shared.namespaces();
    let mut sum = count(&namespaces.main());
    for namespace in namespaces.all() {
        let (first, second) = namespace.world().map_or((0, 0), |world| count(&world));
        sum = (sum.0 + first, sum.1 + second);
    }
    sum
}

/// Waits until no delivery is under way or due, for at most [`OPEN_DELIVERIES`].
pub(super) async fn delivered(shared: &Shared) {
    let wait = async {
        loop {
            let recorded = shared.recorded.notified();
            if all(shared, &|world| world.is_idle(clock::now())) {
                return;
            }
            let _ = timeout(LOOK_AGAIN, recorded).await;
        }
    };
    let _ = timeout(OPEN_DELIVERIES, wait).await;
}

/// Whether all worlds are as `is_so` says.
fn all(shared: &Shared, is_so: &dyn Fn(&World) -> bool) -> bool {
    let namespaces = shared.namespaces();
    let main = is_so(&namespaces.main());
    main && namespaces.all().iter().all(|namespace| namespace.world().is_none_or(|world| is_so(&world)))
}
