//! Actions of a scenario: what is told of those that were not performed.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use standin::judge::ExpectationOutcome;

use super::SCENARIO;
use crate::client::{get, post, serve};
use crate::direct::Direct;

const ACTIONS: &str = "
actions:
  - {do: bitrix24.app.install, with: {application: later}, at: 5s}
  - {do: bitrix24.line.delete, with: {line: 107}, after: {on: bitrix24.server.time, call: 3}, wait: 1m}
  - {do: bitrix24.line.delete, with: {line: 106}, after: {on: bitrix24.imconnector.status, match: {LINE: 106}}}
  - {do: bitrix24.line.delete, with: {line: 999}, at: 0s}
";

fn unmet(world: &mut Direct) -> Vec<ExpectationOutcome> {
    let outcomes = world.world().outcomes(Timestamp::UNIX_EPOCH).hidden();
    outcomes.into_iter().filter(|outcome| !outcome.met).collect()
}

fn told(world: &mut Direct) -> Vec<String> {
    unmet(world).iter().map(ExpectationOutcome::text).collect()
}

fn left(world: &mut Direct) -> Vec<String> {
    world.world().actions_left(Timestamp::UNIX_EPOCH).iter().map(|left| left.text()).collect()
}

#[test]
fn an_action_whose_call_never_came_is_not_met_and_one_whose_time_has_not_come_is_named() {
    let mut world = Direct::new(&format!("{SCENARIO}{ACTIONS}"));
    let world = &mut world;
    let second = |came: &str| {
        format!(
            "`action 2 of the scenario` is not met: expected `bitrix24.line.delete` is performed; it waits for successful call 3 of `bitrix24.server.time`: {came}\n"
        )
    };
    let third = "`action 3 of the scenario` is not met: expected `bitrix24.line.delete` is performed; it waits for a successful call of `bitrix24.imconnector.status` that matches: none has come\n".to_owned();
    let fourth = "`action 4 of the scenario` is not met: expected `bitrix24.line.delete` is performed; there is no line `999`; the lines are `105`, `106`, `107`\n".to_owned();
    assert_eq!(told(world), [fourth.clone(), second("none has come"), third.clone()]);
    let lost: Vec<_> = unmet(world).iter().map(|outcome| outcome.is_lost).collect();
    assert_eq!(lost, [true, false, false], "a call may still come");
    let first = "note: action 1 of the scenario, `bitrix24.app.install`, was not performed: its time by the scenario's clock, 2026-03-17T14:52:46Z, has not come\n".to_owned();
    assert_eq!(left(world), [first]);
    // Refused calls do not count, nor those for another line.
    let time = |token: &str| json!({"auth": token});
    world.post("/rest/server.time", &time("wrong"));
    world.post("/rest/server.time", &time("access-token"));
    world.post(
        "/rest/imconnector.status",
        &json!({"CONNECTOR": "connector", "LINE": 105, "auth": "access-token"}),
    );
    assert_eq!(told(world), [fourth.clone(), second("1 has come"), third.clone()]);
    world.post("/rest/server.time", &time("access-token"));
    assert_eq!(told(world), [fourth.clone(), second("2 have come"), third.clone()]);
    // The call came: that the action waits a minute more is not the client's fault.
    world.post("/rest/server.time", &time("access-token"));
    assert_eq!(told(world), [fourth.clone(), third]);
    assert_eq!(left(world).len(), 2);
    world.post(
        "/rest/imconnector.status",
        &json!({"CONNECTOR": "connector", "LINE": 106, "auth": "access-token"}),
    );
    world.world().move_clock(|now| now + SignedDuration::from_secs(70));
    assert_eq!((told(world), left(world)), (vec![fourth], Vec::new()));
    assert_eq!(world.world().open_actions(), 0);
}

#[test]
fn a_namespace_need_not_make_the_call_that_an_action_waits_for() {
    let expect = "\nexpect: [{name: never, on: bitrix24.profile, calls: never}]\n";
    let server = serve(&format!(
        "{SCENARIO}{}{expect}",
        ACTIONS.replace("  - {do: bitrix24.line.delete, with: {line: 999}, at: 0s}\n", "")
    ));
    assert_eq!(post(&server, "/__standin/namespaces", r#"{"name": "mine"}"#).status(), 201);
    let verify = |world: &str| post(&server, &format!("/__standin{world}/verify"), "");
    assert_eq!(verify("/namespaces/mine").status(), 200);
    let main = verify("");
    let names = |report: &Value| -> Vec<String> {
        let all = report["expectations"].as_array().unwrap().iter();
        all.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((main.status(), main.json()["lost"].clone()), (417, json!(false)));
    assert_eq!(names(&main.json()), ["never", "action 2 of the scenario", "action 3 of the scenario"]);
    // The calls come after all.
    let call =
        |method: &str| assert_eq!(get(&server, &format!("/rest/{method}auth=access-token")).status(), 200);
    (0..3).for_each(|_| call("server.time?"));
    call("imconnector.status?CONNECTOR=connector&LINE=106&");
    let report = verify("").json();
    assert_eq!((&report["met"], names(&report)), (&json!(true), vec!["never".to_owned()]));
}
