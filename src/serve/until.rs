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
        let is_over = all(shared, &|world| world.is_idle(clock::now())) && actions_to_come(shared) == 0;
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
    let left_out = open.len().saturating_sub(MOST_NAMED);
    open.truncate(MOST_NAMED);
    let more = if left_out == 0 { String::new() } else { format!(" and {left_out} more") };
    format!("; still waited for: {}{more}", open.join(", "))
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
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::super::shared::Options;
    use super::super::shared::tests::with_an_event_under_way;
    use super::*;
    use crate::basics::Arrival;
    use crate::emulator::Outcome;
    use crate::engine::step;
    use crate::http::{Headers, Request};
    use crate::scenario::Scenario;

    /// What happens in a run without calls. `MORE` stands for expectations and actions.
    const SCENARIO: &str = "
standin: 1
name: until
clock: {virtual: \"2026-03-17T14:52:41Z\"}
bitrix24:
  credentials: [{token: access-token-1}]
  connectors: [{id: c, chat_group: true}]
  lines: [{id: 107, connectors: [c]}]
  chats: [{connector: c, line: 107, id: g, name: Group}]
  handlers: [{event: OnImConnectorMessageAdd, url: \"http://127.0.0.1:1/\"}]
";

    const WRITES: &str = "
actions:
  - {do: bitrix24.operator.write, with: {connector: c, line: 107, chat: g, text: one}, at: 1s}
  - {do: bitrix24.operator.write, with: {connector: c, line: 107, chat: g, text: two}, at: 2s}
";

    fn shared(more: &str) -> Shared {
        shared_from(&format!("{SCENARIO}{more}"))
    }

    fn shared_from(scenario: &str) -> Shared {
        let scenario = Scenario::parse("until", scenario).unwrap();
        Shared::new(World::new(Arc::new(scenario), 1, Timestamp::UNIX_EPOCH), Options::default()).0
    }

    /// Why the command is stopped; `None` when nothing but the limit stops it.
    async fn why(shared: &Shared, end: Until) -> Option<String> {
        let limit = Duration::from_secs(60);
        let why = come(shared, &[end, Until::After(limit)]).await;
        (!why.starts_with("60s have passed")).then_some(why)
    }

    /// Moves the clock a second on, and answers the event that this makes due, if it makes one due.
    fn pass_a_second(shared: &Shared) {
        let mut world = shared.namespaces().main();
        world.move_clock(|now| now + Duration::from_secs(1));
        while let Some(dispatch) = world.take_due(Timestamp::UNIX_EPOCH) {
            let answered = Outcome::Answered(200);
            assert!(world.delivered(dispatch.id, answered, Duration::ZERO, Timestamp::UNIX_EPOCH));
        }
    }

    fn call(shared: &Shared) {
        let mut world = shared.namespaces().main();
        let request =
            Request::new("POST", "/rest/server.time?auth=access-token-1", Headers::default(), "".into());
        let arrival = Arrival::at(Timestamp::UNIX_EPOCH);
        let planned = step(&mut world, &request, arrival);
        assert_eq!(world.record(&request, planned, arrival).status, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn expectations_that_nothing_meets_wait_for_a_call_and_a_second_of_quiet() {
        for expect in [
            "{name: none, on: bitrix24.OnImConnectorMessageAdd, calls: never}",
            "{name: open, on: bitrix24, the: {chat: g}, has: {closed: false}}",
        ] {
            let shared = shared(&format!("expect: [{expect}]"));
            assert_eq!(why(&shared, Until::Expectations).await, None, "{expect}");
            call(&shared);
            assert_eq!(why(&shared, Until::Expectations).await.as_deref(), Some("all expectations are met"));
        }
        let shared = shared("expect: [{name: none, on: bitrix24.OnImConnectorMessageAdd, calls: never}]");
        let calls = async {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_millis(900)).await;
                call(&shared);
            }
            Instant::now()
        };
        let begin = Instant::now();
        let (end, last) =
            tokio::join!(async { (why(&shared, Until::Expectations).await, Instant::now()) }, calls);
        assert_eq!(end.0.as_deref(), Some("all expectations are met"));
        assert!(end.1 >= last + QUIET && end.1 < begin + Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn expectations_wait_for_the_actions_of_the_scenario() {
        let once = "expect: [{name: once, on: bitrix24.OnImConnectorMessageAdd, calls: {exactly: 1}}]";
        let shared = shared(&format!("{WRITES}{once}"));
        pass_a_second(&shared);
        assert_eq!(why(&shared, Until::Expectations).await, None, "another event is to come");
        pass_a_second(&shared);
        let lost = "an expectation can no longer be met";
        assert_eq!(why(&shared, Until::Expectations).await.as_deref(), Some(lost));
    }

    #[tokio::test(start_paused = true)]
    async fn expectations_that_are_met_at_last_wait_no_longer() {
        let twice = "expect: [{name: twice, on: bitrix24.OnImConnectorMessageAdd, calls: {exactly: 2}}]";
        let shared = shared(&format!("{WRITES}{twice}"));
        pass_a_second(&shared);
        pass_a_second(&shared);
        let begin = Instant::now();
        assert_eq!(why(&shared, Until::Expectations).await.as_deref(), Some("all expectations are met"));
        assert_eq!(Instant::now(), begin);
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_only_receives_becomes_idle() {
        let shared = shared(WRITES);
        assert_eq!(why(&shared, Until::Idle).await, None);
        pass_a_second(&shared);
        assert_eq!(why(&shared, Until::Idle).await, None, "an action is to come");
        pass_a_second(&shared);
        assert_eq!(why(&shared, Until::Idle).await.as_deref(), Some("nothing more happens"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_action_that_waits_for_a_call_holds_up_no_test_in_a_namespace() {
        let actions = "
actions: [{do: bitrix24.line.delete, with: {line: 107}, after: {on: bitrix24.profile}}]
";
        let shared = shared(actions);
        call(&shared);
        assert_eq!(why(&shared, Until::Idle).await, None);
        let other = self::shared(actions);
        other.namespaces().open(None, None, clock::now()).unwrap();
        let request =
            Request::new("POST", "/rest/server.time?auth=access-token-1-n1", Headers::default(), "".into());
        let arrival = Arrival::at(Timestamp::UNIX_EPOCH);
        let namespace = other.namespaces().of(&request, clock::now()).unwrap().unwrap();
        {
            let mut world = namespace.world().unwrap();
            let planned = step(&mut world, &request, arrival);
            world.record(&request, planned, arrival);
        }
        assert_eq!(why(&other, Until::Idle).await.as_deref(), Some("nothing more happens"));
    }

    #[test]
    fn what_is_waited_for_leaves_out_events_without_a_url() {
        let waits =
            |shared: &Shared| [Until::Idle, Until::Expectations].map(|end| waited_for(shared, &[end]));
        let expect = "expect: [{name: none, on: bitrix24.OnImConnectorStatusDelete, calls: never}]";
        let scenario = format!("{SCENARIO}{WRITES}{expect}");
        let begin = |text: &str| {
            let shared = shared_from(text);
            call(&shared);
            let mut world = shared.namespaces().main();
            world.move_clock(|now| now + Duration::from_secs(1));
            world.settle(Timestamp::UNIX_EPOCH);
            drop(world);
            shared
        };
        let head = "; still waited for: 1 action";
        let shared = begin(&scenario);
        assert_eq!(
            waits(&shared),
            [format!("{head}, 1 event"), format!("{head} that is due later, 1 event")]
        );
        let unsent = begin(&scenario.replace("url: \"http://127.0.0.1:1/\"", "name: app"));
        assert_eq!(waits(&unsent), [head.to_owned(), format!("{head} that is due later")]);
        assert_eq!(waited_for(&unsent, &[Until::After(QUIET)]), "");
    }

    #[test]
    fn lengths_of_time_are_told_in_words() {
        assert_eq!(in_words(Duration::ZERO), "0s");
        assert_eq!(in_words(Duration::from_millis(1500)), "1.5s");
    }

    #[tokio::test(start_paused = true)]
    async fn after_its_time_a_run_waits_for_nothing() {
        let (shared, _) = with_an_event_under_way();
        let (begin, patience) = (Instant::now(), Patience::new());
        let time = Duration::from_secs(1);
        assert_eq!(stop(&shared, &[Until::After(time)], &patience).await, "1s have passed");
        delivered(&shared, &patience).await;
        assert_eq!(begin.elapsed().as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn open_deliveries_are_waited_for_ten_seconds_in_all() {
        let (shared, sent) = with_an_event_under_way();
        let (begin, patience) = (Instant::now(), Patience::new());
        delivered(&shared, &patience).await;
        delivered(&shared, &patience).await;
        assert_eq!(begin.elapsed().as_secs(), 10);
        shared.namespaces().main().delivered(sent, Outcome::Answered(200), Duration::ZERO, clock::now());
        let begin = Instant::now();
        delivered(&shared, &Patience::new()).await;
        assert!(begin.elapsed().is_zero());
    }
}
