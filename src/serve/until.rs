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
            return format!("{longest:?} have passed");
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
