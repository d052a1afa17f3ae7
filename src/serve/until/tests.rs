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
async fn an_event_that_a_fault_holds_back_is_waited_for() {
    let held = "faults: [{name: held, on: bitrix24.OnImConnectorMessageAdd, when: {call: 2}, delay: 1h}]";
    let once = "expect: [{name: all, on: bitrix24.OnImConnectorMessageAdd, calls: {at_least: 1}}]";
    for end in [Until::Idle, Until::Expectations] {
        let shared = shared(&format!("{WRITES}{held}\n{once}"));
        (0..2).for_each(|_| pass_a_second(&shared));
        assert_eq!(why(&shared, end).await, None, "the second event is to come");
        assert_eq!(shared.namespaces().waiting_for_clock(), 1);
        assert!(waited_for(&shared, &[end]).ends_with(&format!("1 event{MOVE_CLOCK}")));
        shared.namespaces().main().move_clock(|now| now + Duration::from_secs(3600));
        pass_a_second(&shared);
        assert!(why(&shared, end).await.is_some());
        assert_eq!(shared.namespaces().waiting_for_clock(), 0);
    }
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
    let waits = |shared: &Shared| [Until::Idle, Until::Expectations].map(|end| waited_for(shared, &[end]));
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
    let all = [format!("{head}, 1 event"), format!("{head} that is due later, 1 event")];
    assert_eq!(waits(&shared), all.map(|words| format!("{words}{MOVE_CLOCK}")));
    let unsent = begin(&scenario.replace("url: \"http://127.0.0.1:1/\"", "name: app"));
    let all = [head.to_owned(), format!("{head} that is due later")];
    assert_eq!(waits(&unsent), all.map(|words| format!("{words}{MOVE_CLOCK}")));
    let real = begin(&scenario.replace("clock: {virtual: \"2026-03-17T14:52:41Z\"}\n", ""));
    assert!(!waits(&real).concat().contains("virtual"));
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
