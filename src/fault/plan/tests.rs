//! Tests of the plan.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::{FaultSpec, Matcher, When};
use super::*;
use crate::http::{Facts, Request};

struct Chat(&'static str);

impl Facts for Chat {
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        (name == "CHAT_ID").then_some(self.0.into())
    }
}

fn plan_of(faults: Vec<Fault>, seed: u64) -> Plan {
    let mut plan = Plan::new(seed);
    faults.into_iter().for_each(|fault| plan.add(fault, 1));
    plan
}

fn fault(name: &str, matches: &[(&str, &str)], when: When) -> Fault {
    let any = |value: &str| Matcher::Any(vec![value.to_string()]);
    let matches = matches.iter().map(|(name, value)| (name.to_string(), any(value))).collect();
    Fault {
        spec: FaultSpec {
            when,
            ..serde_json::from_value(serde_json::json!({"name": name, "on": "chert", "error": "4001"}))
                .unwrap()
        },
        aim: vec![0],
        is_on_events: false,
        stage: Stage::Delivery,
        matches,
        headers: Vec::new(),
        credential: None,
    }
}

/// Asks the faults about a call at the start of a scenario.
fn ask(plan: &mut Plan, operation: usize, stage: Stage, facts: &dyn Facts) -> (Strike, Vec<Decision>) {
    let request = Request::new("POST", "/", [("user-agent", "b24/1.0")].into_iter().collect(), "".into());
    let subject = Subject {
        facts,
        request: Some(&request),
        credential: &|| Some("token-1".into()),
        named: &|kind| (kind == "chat").then_some("CHAT_ID"),
        now: Timestamp::UNIX_EPOCH,
        start: Timestamp::UNIX_EPOCH,
    };
    let mut decisions = Vec::new();
    (plan.ask(operation, stage, &subject, &mut decisions), decisions)
}

fn calls_that_fire(plan: &mut Plan, chat: &'static str, count: u64) -> Vec<u64> {
    let fires = |_: &u64| ask(plan, 0, Stage::Delivery, &Chat(chat)).0.first.is_some();
    (1..=count).filter(fires).collect()
}

#[test]
fn each_fault_counts_its_own_calls_and_the_first_to_fire_wins() {
    let first_two = When { first: Some(2), ..When::default() };
    let mut plan = plan_of(
        vec![fault("a", &[("CHAT_ID", "a")], first_two.clone()), fault("all", &[], When::default())],
        7,
    );
    let mut ask = |chat| {
        let (outcome, decisions) = ask(&mut plan, 0, Stage::Delivery, &Chat(chat));
        (
            outcome.first,
            decisions.iter().map(|d| (d.fault.spec.name.to_string(), d.call, d.fired)).collect::<Vec<_>>(),
        )
    };
    fn told<const N: usize>(all: [(&str, u64, bool); N]) -> Vec<(String, u64, bool)> {
        all.map(|(name, call, fired)| (name.to_owned(), call, fired)).to_vec()
    }
    assert_eq!(ask("a"), (Some(0), told([("a", 1, true), ("all", 1, true)])));
    assert_eq!(ask("b"), (Some(1), told([("all", 2, true)])));
    assert_eq!(ask("a"), (Some(0), told([("a", 2, true), ("all", 3, true)])));
    assert_eq!(ask("a"), (Some(1), told([("a", 3, false), ("all", 4, true)])));
}

#[test]
fn a_fault_is_met_at_its_own_stage_and_operation_only() {
    let mut plan = plan_of(vec![fault("a", &[], When::default())], 7);
    assert_eq!(ask(&mut plan, 0, Stage::Lookup, &None::<Chat>), (Strike::default(), vec![]));
    assert_eq!(ask(&mut plan, 1, Stage::Delivery, &None::<Chat>), (Strike::default(), vec![]));
    assert_eq!(ask(&mut plan, 0, Stage::Delivery, &None::<Chat>).0.first, Some(0));
}

#[test]
fn every_value_of_a_match_must_fit() {
    let fires = |fault: Fault| !calls_that_fire(&mut plan_of(vec![fault], 7), "a", 1).is_empty();
    let plain = || fault("a", &[], When::default());
    let any = |values: &[&str]| Matcher::Any(values.iter().map(ToString::to_string).collect());
    assert!(!fires(fault("a", &[("CHAT_ID", "a"), ("NAME", "n")], When::default())));
    assert!(fires(Fault { matches: vec![("CHAT_ID".into(), any(&["b", "a"]))], ..plain() }));
    let regex = |text: &str| Matcher::Fits(regex::Regex::new(text).unwrap());
    assert!(fires(Fault { matches: vec![("CHAT_ID".into(), regex("^a$"))], ..plain() }));
    assert!(!fires(Fault { matches: vec![("CHAT_ID".into(), regex("^b$"))], ..plain() }));
    assert!(fires(Fault { headers: vec![("user-agent".into(), regex("^b24"))], ..plain() }));
    assert!(!fires(Fault { headers: vec![("accept".into(), regex(""))], ..plain() }));
    assert!(fires(Fault { credential: Some(any(&["token-1"])), ..plain() }));
    assert!(!fires(Fault { credential: Some(any(&["token-2"])), ..plain() }));
}

#[test]
fn a_limit_ends_a_fault_and_chats_have_counters_of_their_own() {
    let mut plan =
        plan_of(vec![fault("a", &[], When { limit: Some(2), every: Some(2), ..When::default() })], 7);
    assert_eq!(calls_that_fire(&mut plan, "a", 9), [2, 4]);
    assert_eq!(next(&plan, None), None);
    let each = When { first: Some(1), count_by: Some("chat".into()), ..When::default() };
    let mut plan = plan_of(vec![fault("a", &[], each)], 7);
    assert_eq!(next(&plan, Some("a")), Some(1));
    assert_eq!(calls_that_fire(&mut plan, "a", 3), [1]);
    assert_eq!(calls_that_fire(&mut plan, "b", 3), [1]);
    assert_eq!((next(&plan, Some("a")), next(&plan, Some("c")), next(&plan, None)), (None, Some(1), None));
}

/// The number of the next call, at the start of the scenario.
fn next(plan: &Plan, chat: Option<&str>) -> Option<u64> {
    let start = Timestamp::UNIX_EPOCH;
    plan.next(0, chat, start, start).map(|forecast| forecast.call)
}

#[test]
fn limits_of_chats_do_not_depend_on_the_order_of_their_calls() {
    let when = When { limit: Some(2), count_by: Some("chat".into()), ..flaky(0.5) };
    let in_turns = |chats: &[&'static str]| {
        let mut plan = plan_of(vec![fault("a", &[], when.clone())], 42);
        let mut fired = HashMap::<_, Vec<_>>::new();
        for (round, chat) in (1..=30).flat_map(|round| chats.iter().map(move |chat| (round, *chat))) {
            let of_chat = fired.entry(chat).or_default();
            of_chat.extend(calls_that_fire(&mut plan, chat, 1).iter().map(|_| round));
        }
        fired
    };
    let (one, other) = (in_turns(&["a", "b", "c"]), in_turns(&["c", "b", "a"]));
    assert_eq!(one, other);
    assert!(one.values().all(|fired| fired.len() == 2), "{one:?}");
}

#[test]
fn a_forecast_knows_the_window_and_the_switch() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let point = |second| Some(crate::scalar::Point::After(Duration::from_secs(second)));
    let when = When { after: Some(3), from: point(30), until: point(40), ..When::default() };
    let mut plan = plan_of(vec![fault("a", &[], when)], 7);
    let next = |plan: &Plan, second| plan.next(0, None, at(second), at(0));
    assert_eq!(next(&plan, 5), Some(Forecast { call: 4, not_before: Some(at(30)) }));
    assert_eq!(next(&plan, 30), Some(Forecast { call: 4, not_before: None }));
    assert_eq!(next(&plan, 40), None);
    plan.switch(0, Mode::Off, 9);
    assert_eq!(next(&plan, 30), None);
    let modes = [8, 9, 99].map(|exchange| plan.state(0).mode_at(exchange));
    assert_eq!(modes, [Some(Mode::On), Some(Mode::Off), Some(Mode::Off)]);
    assert_eq!(plan.state(0).mode_at(0), None);
}

#[test]
fn an_earlier_copy_learns_when_its_faults_were_switched() {
    let saved = plan_of(vec![fault("a", &[], When::default())], 7);
    let mut present = saved.clone();
    present.switch(0, Mode::Off, 5);
    for since in [8, 9, 10] {
        let mut restored = saved.clone();
        restored.succeed(&present, since);
        present = restored;
    }
    assert_eq!(present.state(0).switches, [(1, Mode::On), (5, Mode::Off), (8, Mode::On)]);
}

fn flaky(probability: f64) -> When {
    When { probability: Some(probability), ..When::default() }
}

#[test]
fn a_probability_of_0_is_never_and_of_1_always() {
    for (probability, expected) in [(0.0, 0), (1.0, 1_000)] {
        let mut plan = plan_of(vec![fault("a", &[], flaky(probability))], 7);
        assert_eq!(calls_that_fire(&mut plan, "a", 1_000).len(), expected);
    }
}

#[test]
fn draws_are_moved_by_no_other_fault_and_no_other_call() {
    let mut alone = plan_of(vec![fault("flaky", &[], flaky(0.3))], 7);
    let expected = calls_that_fire(&mut alone, "a", 200);
    assert_eq!(next(&alone, None), Some(calls_that_fire(&mut alone, "a", 200)[0] + 200));
    let faults = vec![
        fault("other", &[("CHAT_ID", "b")], flaky(0.5)),
        fault("flaky", &[("CHAT_ID", "a")], flaky(0.3)),
    ];
    let mut among = plan_of(faults, 7);
    let mut fired = Vec::new();
    for call in 1..=200 {
        calls_that_fire(&mut among, "b", call % 3);
        fired.extend(calls_that_fire(&mut among, "a", 1).iter().map(|_| call));
    }
    assert_eq!(fired, expected);
    let mut other_seed = plan_of(vec![fault("flaky", &[], flaky(0.3))], 8);
    assert_ne!(calls_that_fire(&mut other_seed, "a", 200), expected);
}

/// Pearson's statistic over calls in groups of ten, by how many fire: below its 99.9th percentile for the
/// binomial distribution.
#[test]
fn the_frequencies_are_those_of_the_probability() {
    const GROUPS: usize = 2_000;
    let mut plan = plan_of(vec![fault("flaky", &[], flaky(0.3))], 7);
    let mut seen = [0_f64; 7];
    for _ in 0..GROUPS {
        seen[calls_that_fire(&mut plan, "a", 10).len().min(6)] += 1.0;
    }
    let share =
        |k: i32| [1.0, 10.0, 45.0, 120.0, 210.0, 252.0][k as usize] * 0.3_f64.powi(k) * 0.7_f64.powi(10 - k);
    let below: f64 = (0..6).map(share).sum();
    let expected = (0..6).map(share).chain([1.0 - below]);
    let statistic: f64 = seen
        .iter()
        .zip(expected)
        .map(|(seen, share)| {
            let expected = share * GROUPS as f64;
            (seen - expected).powi(2) / expected
        })
        .sum();
    assert!(statistic < 22.46, "chi-square with 6 degrees of freedom: {statistic}");
}

#[test]
fn a_plan_knows_the_stages_at_which_faults_strike() {
    let at = |stage| Fault { stage, ..fault("a", &[], When::default()) };
    let stages = |plan: &Plan| Stage::ALL.map(|stage| plan.strikes_at(stage)).map(u8::from);
    let mut plan = plan_of(vec![at(Stage::Gateway), at(Stage::Delivery)], 7);
    assert_eq!(stages(&plan), [1, 0, 0, 0, 1]);
    plan.replace(0, at(Stage::Auth), 1);
    assert_eq!(stages(&plan), [0, 1, 0, 0, 1]);
    plan.remove(1);
    assert_eq!(stages(&plan), [0, 1, 0, 0, 0]);
    plan.clear();
    assert_eq!(stages(&plan), [0; 5]);
}
