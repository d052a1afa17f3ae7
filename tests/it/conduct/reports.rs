//! What is told of the rules that were broken.

use serde_json::json;
use standin::Scenario;
use standin::basics::Arrival;
use standin::engine::{Namespaces, World, step};
use standin::http::Request;
use standin::judge::Broken;

use super::{CREW, KEPT_ALIVE, RENAME, Run, SCENARIO};

#[test]
fn a_scenario_says_how_much_a_breach_weighs() {
    let severity = |rules: &str| {
        let mut run = Run::new(rules);
        run.connection = KEPT_ALIVE;
        run.chert(0, "direct", CREW);
        run.chert(60_000, "direct", CREW);
        run.world
            .broken(run.now)
            .unwrap()
            .hidden()
            .iter()
            .map(|broken| format!("{:?}", broken.severity))
            .collect::<String>()
    };
    assert_eq!(severity(""), "Error");
    assert_eq!(severity("rules: {chert.repeated-refusal: warn}\n"), "Warn");
    assert_eq!(severity("rules: {chert.repeated-refusal: off}\n"), "");
    let mistake = Scenario::parse("test", &format!("{SCENARIO}rules: {{chert.repeated-refusals: off}}\n"));
    let report = mistake.unwrap_err().to_string();
    assert!(report.contains("did you mean `chert.repeated-refusal`?"), "{report}");
}

#[test]
fn a_reset_forgives_nothing() {
    let mut run = Run::new("");
    run.chert(0, "direct", CREW);
    run.chert(60_000, "direct", CREW);
    run.world.reset(run.now);
    assert_eq!(run.broken(), [("chert.repeated-refusal", vec![vec![1, 2]])]);
    assert_eq!((run.world.counters().exchanges, run.world.totals().exchanges), (0, 2));
}

#[test]
fn a_rule_that_is_broken_in_many_namespaces_is_told_once() {
    let namespaces = Namespaces::new(Run::new("").world);
    let now = "2024-11-20T13:55:08Z".parse().unwrap();
    for number in 0..30 {
        let namespace = namespaces.open(None, None, now).unwrap();
        let mut world = namespace.world().unwrap();
        let headers = [("authorization", "Bearer signing-secret"), ("x-chert-tenant", "acme")];
        let request =
            Request::new("PUT", "/api/v1/chats/ch", headers.into_iter().collect(), CREW.to_owned().into());
        let arrival = Arrival::at(now);
        let planned = step(&mut world, &request, arrival);
        world.record(&request, planned, arrival);
        drop(world);
        if number % 2 == 0 {
            namespaces.close(namespace.name(), now);
        }
    }
    let broken = namespaces.broken(now);
    assert_eq!((broken.len(), broken[0].rule, broken[0].count), (1, "content-type", 30));
    insta::assert_snapshot!(broken[0].text(), @r"
    warning: `content-type`: a request with a body has no `content-type`, or a wrong one (vendors' pages: the samples' Content-Type)
        exchange 1 of namespace n1, and 29 times more: its body has no `content-type`
    ");
}

#[test]
fn exchanges_before_a_reset_are_told_from_those_after_it() {
    let mut run = Run::new("");
    run.chert(0, "ch", r#"{"display_nam":"Crew"}"#);
    run.world.reset(run.now);
    run.chert(0, "ch", r#"{"display_names":"Crew"}"#);
    insta::assert_snapshot!(run.words(), @r"
    warning: `unknown-parameter`: a call has a parameter that its page does not document (vendors' pages: parameters)
        exchange 1 before reset 1: `chats.rename` has no parameter `display_nam`, did you mean `display_name`?
        exchange 1: `chats.rename` has no parameter `display_names`, did you mean `display_name`?
    ");
}

#[test]
fn a_scenario_is_judged_unless_copies_of_it_are() {
    let now = "2024-11-20T13:55:08Z".parse().unwrap();
    let expect = "expect: [{name: renamed, on: chert.chats.rename}]\n";
    let names = |other: Option<&Scenario>| {
        let namespaces = Namespaces::new(Run::new(expect).world);
        namespaces.open(other, None, now).unwrap();
        namespaces.outcomes(now).into_iter().map(|outcome| outcome.name).collect::<Vec<_>>()
    };
    assert_eq!(names(None), ["n1: renamed"]);
    let other = Scenario::parse("other", SCENARIO).unwrap();
    assert_eq!(names(Some(&other)), ["main scenario: renamed"]);
}

#[test]
fn what_a_misspelt_token_leads_to_is_told_of_the_main_scenario() {
    let now = "2024-11-20T13:55:08Z".parse().unwrap();
    let expect = "expect: [{name: renamed, on: chert.chats.rename, match: {display_name: X}}]\n";
    let misspelt = || {
        let mut run = Run::new(expect);
        run.chert(0, "ch", r#"{"display_nam":"Crew"}"#);
        Namespaces::new(run.world)
    };
    let told = |namespaces: &Namespaces| {
        let outcomes = namespaces.outcomes(now);
        let broken = namespaces.broken(now);
        let names: Vec<_> = outcomes.iter().map(|outcome| outcome.name.clone()).collect();
        let json = json!(broken[0].shown());
        let of = json["breaches"][0]["shown"][0]["of"].clone();
        (names, of, broken[0].text())
    };
    let (names, of, text) = told(&misspelt());
    assert_eq!((names, of), (vec!["renamed".to_owned()], serde_json::Value::Null));
    assert!(text.contains("exchange 1: "), "{text}");
    let namespaces = misspelt();
    namespaces.open(None, None, now).unwrap();
    let with = told(&namespaces);
    assert_eq!(with.0, ["main scenario: renamed", "n1: renamed"]);
    assert_eq!(with.1, "the main scenario");
    assert!(with.2.contains("exchange 1 of the main scenario: "), "{}", with.2);
    assert!(namespaces.close("n1", now));
    let (names, of, text) = told(&namespaces);
    assert_eq!((names, of, text), (with.0, with.1, with.2), "a namespace that is gone counts too");
}

#[test]
fn refusals_are_told_once_with_their_reason_and_their_world() {
    let mut now = "2024-11-20T13:55:08Z".parse().unwrap();
    let fault = "faults: [{name: too fast, on: chert, when: {first: 2}, error: 1007}]\n";
    let namespaces = Namespaces::new(Run::new(fault).world.keeping_the_past());
    let send = |world: &mut World, now, path: &str, body: &str| {
        let verb = if path.starts_with("/rest") { "POST" } else { "PUT" };
        let headers = [("content-type", "application/json"), ("authorization", "Bearer signing-secret")];
        let headers = headers.into_iter().take(if verb == "PUT" { 2 } else { 1 }).collect();
        let request = Request::new(verb, path, headers, body.to_owned().into());
        let planned = step(world, &request, Arrival::at(now));
        world.record(&request, planned, Arrival::at(now));
    };
    for _ in 0..2 {
        send(&mut namespaces.main(), now, "/api/v1/chats/ch", CREW);
    }
    send(&mut namespaces.main(), now, "/rest/profile", r#"{"auth":"acces-token-of-a-portal"}"#);
    send(&mut namespaces.main(), now, "/rest/1/webhook-secret/server.time", "{}");
    let told = || standin::control::refusals(&namespaces).text();
    insta::assert_snapshot!(told(), @r"
    refused: chert.chats.rename: 429 `1007` by the fault `too fast` (exchange 1, 2)
    refused: bitrix24.profile: 401 `NO_AUTH_FOUND`: no credential has this access token (exchange 3)
    ");
    for number in 0..8 {
        now += jiff::SignedDuration::from_secs(1);
        let namespace = namespaces.open(None, None, now).unwrap();
        let path = format!("/rest/1/webhook-secret-{}/imconnector.chat.name.set", namespace.name());
        for _ in 0..2 {
            send(&mut namespace.world().unwrap(), now, &path, &RENAME.replace("chat-1", "chat-9"));
        }
        if number == 0 {
            namespaces.close(namespace.name(), now);
        }
    }
    insta::assert_snapshot!(told(), @r"
    refused: chert.chats.rename: 429 `1007` by the fault `too fast` (exchange 1, 2 of the main scenario)
    refused: bitrix24.profile: 401 `NO_AUTH_FOUND`: no credential has this access token (exchange 3 of the main scenario)
    refused: bitrix24.imconnector.chat.name.set: 400 `CHAT_RENAMING_FAILED`: the scenario has no chat `chat-9`; its chats: `chat-1` (exchange 1, 2 of namespace n1; exchange 1, 2 of namespace n2; exchange 1 of namespace n3; 11 more)
    ");
}

#[test]
fn whoever_asks_hears_whether_the_client_failed() {
    let now = "2024-11-20T13:55:08Z".parse().unwrap();
    let asked = |run: Run| {
        let headers = [("host", "localhost")].into_iter().collect();
        let conduct = Request::new("GET", "/__standin/conduct", headers, "".into());
        standin::control::answer(&Namespaces::new(run.world), &conduct, now).status
    };
    let mut run = Run::new("");
    run.chert(0, "ch", r#"{"display_names":"Crew"}"#);
    assert_eq!(asked(run), 200, "a warning fails nothing");
    let mut run = Run::new("");
    run.send(0, "PUT", "/api/v1/chats/ch", &[("x-chert-signature", "v1,1,0")], "");
    assert_eq!(asked(run), 417);
}

#[test]
fn whoever_asks_hears_where_the_rules_were_broken() {
    let now = "2024-11-20T13:55:08Z".parse().unwrap();
    let namespaces = Namespaces::new(Run::new("").world);
    let asked = |within: &str| {
        let headers = [("host", "localhost")].into_iter().collect();
        let conduct = Request::new("GET", &format!("/__standin{within}/conduct"), headers, "".into());
        let reply = standin::control::answer(&namespaces, &conduct, now);
        serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap()
    };
    let breach = |world: &mut World| {
        let headers = [("x-chert-signature", "v1,1,0")].into_iter().collect();
        let request = Request::new("PUT", "/api/v1/chats/ch", headers, "".into());
        let planned = step(world, &request, Arrival::at(now));
        world.record(&request, planned, Arrival::at(now));
    };
    breach(&mut namespaces.main());
    let shown = |told: &serde_json::Value| {
        let one = &told["broken"][0]["breaches"][0]["shown"][0];
        let report = told["report"].as_str().unwrap().lines().nth(1).unwrap_or_default().to_owned();
        (one["namespace"].clone(), one["of"].clone(), report)
    };
    let what = "it is signed, but names no tenant";
    assert_eq!(shown(&asked("")), (json!(null), json!(null), format!("    exchange 1: {what}")));
    let namespace = namespaces.open(None, None, now).unwrap();
    assert_eq!(asked("/namespaces/n1"), json!({"broken": [], "report": ""}));
    breach(&mut namespace.world().unwrap());
    let of = |whose: &str| format!("    exchange 1 of {whose}: {what}");
    let whose = "namespace n1";
    assert_eq!(shown(&asked("/namespaces/n1")), (json!("n1"), json!(whose), of(whose)));
    let whose = "the main scenario";
    assert_eq!(shown(&asked("")), (json!(null), json!(whose), of(whose)));
}

#[test]
fn breaches_of_one_kind_are_told_once_with_their_number() {
    let mut run = Run::new("");
    let without = |name: &str| format!("{{\"{name}\":\"Crew\"}}");
    for number in 0..12 {
        run.chert(0, "ch", &without("display_nam").replace("Crew", &number.to_string()));
    }
    for letter in 'a'..='z' {
        run.chert(0, "ch", &without(&format!("icon_{letter}")));
    }
    run.send(0, "PUT", "/api/v1/chats/ch", &[("x-chert-signature", "v1,1,0")], "");
    let broken = run.world.broken(run.now).unwrap().hidden();
    let told = json!(broken[1].shown());
    assert_eq!((&told["count"], &told["left_out"]), (&38.into(), &7.into()), "of 27 kinds 20 are listed");
    let first = &told["breaches"][0];
    let what = "`chats.rename` has no parameter `display_nam`, did you mean `display_name`?";
    assert_eq!((&first["what"], &first["count"], &first["left_out"]), (&what.into(), &12.into(), &2.into()));
    assert_eq!(first["shown"].as_array().unwrap().len(), 10);
    assert_eq!(first["shown"][9]["exchanges"], serde_json::json!([10]));
    let words: String = broken.iter().map(Broken::text).collect();
    insta::assert_snapshot!(words, @r"
    error: `chert.signature-alone`: a signature came without `x-chert-tenant` (docs.trychert.com, authentication)
        exchange 39: it is signed, but names no tenant
    warning: `unknown-parameter`: a call has a parameter that its page does not document (vendors' pages: parameters)
        exchange 1, and 11 times more: `chats.rename` has no parameter `display_nam`, did you mean `display_name`?
        exchange 13: `chats.rename` has no parameter `icon_a`
        exchange 14: `chats.rename` has no parameter `icon_b`
        and 24 times more
    ");

    let report = standin::judge::Report {
        scenario: "conduct".to_owned(),
        seed: 7,
        replay: String::new(),
        command: "true".to_owned(),
        ended: standin::judge::Ended::Code(0),
        exchanges: 39,
        errors: 39,
        events_answered: 0,
        unsent: std::collections::BTreeMap::new(),
        waiting_for_clock: 0,
        unproved: std::collections::BTreeMap::new(),
        faults_fired: 0,
        outcomes: Vec::new(),
        broken,
        outcomes_left_out: 0,
        actions_left: Vec::new(),
        refusals: standin::judge::Refusals::default(),
        requests: standin::judge::Requests::Optional,
        conversation: serde_json::Value::Null,
    };
    assert!(report.summary().ends_with("; 2 rules broken"), "{}", report.summary());
    let junit = report.junit();
    assert!(junit.contains("exchange 1, and 11 times more: `chats.rename` has no parameter"), "{junit}");
    assert!(
        junit.contains("<testcase classname=\"standin.rule\" name=\"chert.signature-alone\">"),
        "{junit}"
    );
    assert_eq!(report.json()["rules"][1], told);
}
