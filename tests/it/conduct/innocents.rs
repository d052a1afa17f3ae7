//! Clients that break no rule, though it may look so.

use standin::emulator::conduct::Severity;
use standin::fault::Mode;
use standin::http::Connection;

use super::{CREW, KEPT_ALIVE, RENAME, Run, SCENARIO};

/// The built-in scenario of these tests with this text in the section of Bitrix24.
fn with(section: &str, more: &str) -> String {
    let scenario = SCENARIO.replacen("bitrix24:\n", &format!("bitrix24:\n  {section}\n"), 1);
    let off = if more.contains("rules:") { "" } else { "rules: {bitrix24.other-edition: off}\n" };
    format!("{scenario}{off}{more}")
}

/// Renames by token.
fn by_token(run: &mut Run, after: i64, name: &str) -> u16 {
    let body = format!("{{\"auth\":\"access-token\",{}", &RENAME[1..].replace("New name", name));
    let json = [("content-type", "application/json")];
    run.send(after, "POST", "/rest/imconnector.chat.name.set", &json, &body)
}

const OTHER_EDITION: &str = "bitrix24.other-edition";

#[test]
fn what_the_served_edition_alone_has_done_is_no_difference_of_a_later_call() {
    // In the live edition the webhook could not have given the name.
    let mut run = Run::with_all("");
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    assert_eq!(by_token(&mut run, 600, "New name"), 200);
    assert_eq!(run.broken(), [(OTHER_EDITION, vec![vec![1]])]);

    // Nor is it forgotten when the test changes a fault meanwhile.
    let mut run = Run::with_all("faults: [{name: f, on: chert, error: 4001}]\n");
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    run.world.switch_fault(0, Mode::Off);
    by_token(&mut run, 600, "New name");
    assert_eq!(run.broken(), [(OTHER_EDITION, vec![vec![1]])]);

    let mut run = Run::with_all("");
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=chat-1&NAME=New+name";
    run.bitrix24(0, "batch", &serde_json::json!({"cmd": ["profile", command]}).to_string());
    by_token(&mut run, 600, "New name");
    assert_eq!(run.broken(), [(OTHER_EDITION, vec![vec![1]])]);

    // A command that finds its chat by an earlier answer may have renamed any chat.
    let mut run = Run::with_all("");
    let found = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=$result[0]&NAME=New+name";
    run.bitrix24(0, "batch", &serde_json::json!({"cmd": ["profile", found, command]}).to_string());
    by_token(&mut run, 600, "New name");
    assert_eq!(run.broken(), [(OTHER_EDITION, vec![vec![1]])]);
}

#[test]
fn a_retry_of_a_rename_that_a_fault_let_happen_is_no_difference() {
    for edition in ["documented", "live"] {
        for effect in [
            "error: CHAT_RENAMING_FAILED, applied: true",
            "error: QUERY_LIMIT_EXCEEDED, applied: true",
            "error: QUERY_LIMIT_EXCEEDED, applied: {later: 100ms}",
            "reply: {status: 502}, applied: true",
            "wire: reset, applied: true",
            "wire: {slow_head: 300ms}",
            "delay: 300ms",
        ] {
            let fault =
                format!("rules: {{}}\nfaults: [{{name: f, on: bitrix24, when: {{first: 1}}, {effect}}}]\n");
            let mut scenario = with(&format!("edition: {edition}"), &fault);
            scenario =
                scenario.replacen("access-token", "access-token, scope: [imconnector, imopenlines]", 1);
            let mut run = Run::of(&scenario);
            by_token(&mut run, 0, "New name");
            let status = by_token(&mut run, 600, "New name");
            assert_eq!(status, if edition == "live" { 400 } else { 200 }, "{effect}");
            assert_eq!(run.broken(), [], "{edition}: {effect}");
        }
    }
}

#[test]
fn what_a_request_asks_for_is_no_difference() {
    let mut run = Run::with_all("");
    run.world = run.world.allowing_prefer(true);
    let json = [("content-type", "application/json"), ("prefer", "error=CHAT_RENAMING_FAILED")];
    let body = format!("{{\"auth\":\"access-token\",{}", &RENAME[1..]);
    assert_eq!(run.send(0, "POST", "/rest/imconnector.chat.name.set", &json, &body), 400);
    assert_eq!(run.broken(), []);
}

#[test]
fn whoever_waits_as_long_as_the_scenarios_own_limit_asks_is_not_too_early() {
    let fault = "faults: [{name: f, on: bitrix24, when: {first: 1}, error: QUERY_LIMIT_EXCEEDED}]\n";
    let enterprise = with("limits: {requests: enterprise}", fault);
    let plain = with("language: en", fault);
    for (scenario, pause, severity) in [
        (&enterprise, 250, None),
        (&enterprise, 180, None),
        (&enterprise, 179, Some(Severity::Warn)),
        (&plain, 450, None),
        (&plain, 449, Some(Severity::Warn)),
    ] {
        let mut run = Run::of(scenario);
        run.connection = KEPT_ALIVE;
        assert_eq!(run.bitrix24(0, "imconnector.chat.name.set", RENAME), 503);
        assert_eq!(run.bitrix24(pause, "imconnector.chat.name.set", RENAME), 200);
        let broken = severity.map(|_| ("bitrix24.limit-ignored", vec![vec![1, 2]]));
        assert_eq!(run.broken(), broken.into_iter().collect::<Vec<_>>(), "{pause}");
        assert_eq!(run.errors(), [], "only a fault refused: {pause}");
    }
    let mut run = Run::of(&plain);
    run.bitrix24(0, "imconnector.chat.name.set", RENAME);
    run.bitrix24(100, "imconnector.chat.name.set", RENAME);
    let told = "; only a fault refused it: give the fault `retry_after` to make this an error";
    assert!(run.words().contains(told), "{}", run.words());
}

#[test]
fn whoever_the_limit_lets_in_was_not_too_early() {
    let limit = with("limits: {requests: {custom: {burst: 1, per_second: 2}}}", "");
    let statuses = |pauses: &[i64]| {
        let mut run = Run::of(&limit);
        run.connection = KEPT_ALIVE;
        let send = |run: &mut Run, after| run.bitrix24(after, "imconnector.chat.name.set", RENAME);
        let statuses: Vec<_> = pauses.iter().map(|after| send(&mut run, *after)).collect();
        (statuses, run.broken(), run.errors())
    };
    assert_eq!(statuses(&[0, 400, 100]), (vec![200, 503, 200], vec![], vec![]));
    let broken = vec![("bitrix24.limit-ignored", vec![vec![2, 3]])];
    assert_eq!(statuses(&[0, 0, 100]), (vec![200, 503, 503], broken.clone(), broken));
    // Another client of the same address takes what has drained.
    assert_eq!(statuses(&[0, 0, 449]).1.len(), 1);
    assert_eq!(statuses(&[0, 0, 450]), (vec![200, 503, 503], vec![], vec![]));
}

#[test]
fn a_later_answer_does_not_put_off_the_end_of_a_block() {
    let section = "limits: {operating: 100s}\n  timing: {duration: 60s, processing: 1s}";
    let scenario = with(section, "clock: {virtual: \"2024-11-20T13:55:08Z\"}\n");
    let mut run = Run::of(&scenario);
    run.connection = KEPT_ALIVE;
    let mut call = |name: &str, seconds: i64| {
        run.world.move_clock(|now| now + jiff::SignedDuration::from_secs(seconds));
        run.now += jiff::SignedDuration::from_secs(seconds);
        let status = run.bitrix24(1, "imconnector.chat.name.set", &RENAME.replace("New name", name));
        (status, run.errors())
    };
    // The third call is refused until ten minutes after the first one, 10 s before the fourth.
    let statuses: Vec<_> =
        [("a", 0), ("b", 100), ("c", 0), ("d", 330)].map(|(name, seconds)| call(name, seconds)).into();
    assert_eq!(statuses, [200, 200, 429, 200].map(|status| (status, vec![])));
    // The fourth answer tells a later time. The fifth call comes before that, but after no other refusal.
    assert_eq!(call("e", 0), (429, vec![]));
}

#[test]
fn a_client_with_a_clock_of_its_own_is_only_warned() {
    let section = "limits: {operating: 100s}\n  timing: {duration: 150s, processing: 1s}";
    let scenario = with(section, "clock: {virtual: \"2020-01-01T00:00:00Z\"}\n");
    let mut run = Run::of(&scenario);
    run.connection = KEPT_ALIVE;
    for name in ["a", "b", "c"] {
        run.bitrix24(1, "imconnector.chat.name.set", &RENAME.replace("New name", name));
    }
    assert_eq!(run.breaches(Severity::Warn), [("bitrix24.limit-ignored", vec![vec![2, 3]])]);
    assert_eq!(run.errors(), []);
}

#[test]
fn a_method_that_only_a_fault_has_blocked_is_no_error() {
    let fault = "faults: [{name: f, on: bitrix24, when: {call: 2}, error: OPERATION_TIME_LIMIT}]\n";
    let mut run = Run::of(&with("limits: {operating: 480s}", fault));
    run.connection = KEPT_ALIVE;
    for name in ["a", "b", "c", "d"] {
        run.bitrix24(1, "imconnector.chat.name.set", &RENAME.replace("New name", name));
    }
    assert_eq!(run.broken(), [("bitrix24.limit-ignored", vec![vec![2, 3]])], "the fourth call is free again");
    assert_eq!(run.errors(), []);
}

#[test]
fn whoever_does_not_wait_for_a_slow_answer_has_not_read_it() {
    let mut run = Run::new("faults: [{name: f, on: chert, wire: {slow_head: 10s}}]\n");
    for number in 0..4 {
        run.connection = Connection { number, in_turn: true };
        run.chert(6_000, "direct", CREW);
    }
    assert_eq!(run.broken(), []);
}

#[test]
fn exchanges_that_move_a_virtual_clock_are_no_pause() {
    let scenario =
        with("timing: {duration: 10s, processing: 1s}", "clock: {virtual: \"2024-11-20T13:55:08Z\"}\n");
    let mut run = Run::of(&scenario);
    for number in 0..8 {
        run.connection = Connection { number, in_turn: true };
        run.bitrix24(1, "imconnector.chat.name.set", r#"{"CONNECTOR":"connector"}"#);
    }
    assert_eq!(run.errors(), []);
    let warned = run.world.broken(run.now).unwrap().hidden();
    assert_eq!((warned.len(), warned[0].count, warned[0].kinds.len()), (1, 7, 1), "{}", run.words());
}
