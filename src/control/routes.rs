//! Every route of the control interface, with what it does, for the document that describes them.

use percent_encoding::percent_decode_str;
use serde_json::json;

use super::about::About;
use super::{
    Answer::{self, Apart, Of, OfAll},
    actions, catalog, clock, conduct, copies, course, delivery, explain, faults, health, journal, judgement,
    metrics, namespaces, outbox, page, reset, rows, scenario, snapshots, state, verify, watch,
};
use crate::fault::FaultSpec;
use crate::judge::ExpectSpec;
use crate::scenario::AnyScenario;

/// One route.
pub(super) struct Route {
    pub(super) method: &'static str,
    /// The path. A segment in braces matches any text.
    pub(super) path: &'static str,
    pub(super) answer: Answer,
    /// What it does.
    pub(super) about: fn() -> About,
}

const fn get(path: &'static str, answer: Answer, about: fn() -> About) -> Route {
    Route { method: "GET", path, answer, about }
}

const fn post(path: &'static str, answer: Answer, about: fn() -> About) -> Route {
    Route { method: "POST", path, answer, about }
}

const fn put(path: &'static str, answer: Answer, about: fn() -> About) -> Route {
    Route { method: "PUT", path, answer, about }
}

const fn delete(path: &'static str, answer: Answer, about: fn() -> About) -> Route {
    Route { method: "DELETE", path, answer, about }
}

/// Every route.
pub(super) static ROUTES: &[Route] = &[
    get(page::PATH, OfAll(page::paths_of_all), || {
        About::new("greet", "The page for people. A client that does not ask for `text/html` gets this.")
            .gives::<page::Greeting>(200)
    }),
    get(health::PATH, Of(health::answer), || {
        About::new("health", "Says that the server answers.").gives::<health::Health>(200)
    }),
    get("/__standin/journal", Apart(rows::or_journal), || {
        About::new("journal", "Lists exchanges, the oldest first; with `rows=true` in short rows.")
            .query("last", json!(10), "Only the newest, this many.")
            .query(
                "after",
                json!(0),
                "Only those behind the exchange of this number; with `rows=true`, a cursor.",
            )
            .query("before", json!(null), "With `rows=true`: only what came before this cursor.")
            .query("service", json!(null), "Only those of this service.")
            .query("operation", json!(null), "Only those of this operation.")
            .query("direction", json!("all"), "`in` for requests, `out` for events, `all` for both.")
            .query("rows", json!(null), "`true` for rows.")
            .gives::<AnyJournal>(200)
    }),
    get("/__standin/journal/{number}", Apart(journal::one), || {
        About::new("exchange", "Shows an exchange.")
            .segment(json!("1"), NUMBER)
            .gives::<journal::Exchange>(200)
    }),
    get(watch::PATH, OfAll(watch::head), || {
        About::new("stream", "Sends what happens as server-sent events. It does not end by itself.")
            .query("after", json!(null), "Begin behind this cursor.")
            .streams()
    }),
    get("/__standin/journal/{number}/explain", Apart(explain::answer), || {
        About::new("explainExchange", "Says why an exchange got its answer.")
            .segment(json!("1"), NUMBER)
            .query("format", json!("json"), FORMAT)
            .gives::<explain::Explanation>(200)
            .or_text()
    }),
    get("/__standin/journal/{number}/course", Apart(course::answer), || {
        About::new("course", "Shows the course of an exchange: its times, and what it has raised.")
            .segment(json!("1"), NUMBER)
            .gives::<course::Course>(200)
    }),
    get("/__standin/journal/{number}/as/curl", Apart(copies::curl), || {
        About::new("asCurl", "An exchange as a command that sends it again.")
            .segment(json!("1"), NUMBER)
            .gives_text("text/plain")
    }),
    get("/__standin/journal/{number}/as/fixture", Apart(copies::fixture), || {
        About::new("asFixture", "An exchange as a fixture.")
            .segment(json!("1"), NUMBER)
            .gives_text("text/plain")
    }),
    get("/__standin/journal/{number}/as/step", Apart(copies::step), || {
        About::new("asStep", "An exchange as an expectation of a scenario.")
            .segment(json!("1"), NUMBER)
            .gives_text("text/plain")
    }),
    get("/__standin/state", Apart(state::answer), || {
        About::new("state", "Shows the state of each service, by its name.").gives::<state::State>(200)
    }),
    post("/__standin/reset", Of(reset::answer), || {
        About::new("reset", "Begins the scenario anew: state, faults, clock and journal.")
            .gives::<reset::Begun>(200)
    }),
    get("/__standin/clock", Of(clock::show), || {
        About::new("clock", "Shows the scenario's clock.").gives::<clock::ClockAndNext>(200)
    }),
    post("/__standin/clock", Of(clock::set), || {
        About::new("moveClock", "Moves a virtual clock.")
            .takes::<clock::Order>(json!({"advance": "30s"}))
            .gives::<clock::ClockMoved>(200)
    }),
    get("/__standin/faults", Of(faults::list), || {
        About::new("faults", "Lists the faults.").gives::<faults::FaultList>(200)
    }),
    post("/__standin/faults", Apart(faults::add), || {
        About::new("addFault", "Adds a fault behind the others.")
            .takes::<FaultSpec>(json!({"name": "slow", "on": "chert", "delay": "2s"}))
            .or_yaml()
            .gives::<faults::FaultShown>(201)
    }),
    delete("/__standin/faults", Of(faults::remove_all), || {
        About::new("removeFaults", "Removes all faults.").gives::<faults::Removed>(200)
    }),
    get("/__standin/faults/{name}", Of(faults::show), || {
        About::new("fault", "Shows a fault.").segment(json!("flaky"), FAULT).gives::<faults::FaultShown>(200)
    }),
    put("/__standin/faults/{name}", Apart(faults::put), || {
        About::new("putFault", "Replaces a fault, and counts its calls anew; adds it if there is none.")
            .segment(json!("flaky"), FAULT)
            .takes::<faults::NamelessFault>(
                json!({"on": "chert", "reply": {"status": 502, "body": "Bad Gateway"}}),
            )
            .or_yaml()
            .gives::<faults::FaultShown>(200)
            .gives::<faults::FaultShown>(201)
    }),
    delete("/__standin/faults/{name}", Of(faults::remove), || {
        About::new("removeFault", "Removes a fault.")
            .segment(json!("flaky"), FAULT)
            .gives::<faults::Removed>(200)
    }),
    post("/__standin/faults/check", Apart(faults::check), || {
        About::new("checkFault", "Says what is wrong with a fault, and changes nothing.")
            .query("replaces", json!(null), "The name of the fault in whose place it is checked.")
            .takes::<FaultSpec>(json!({"name": "slow", "on": "chert", "delay": "2s"}))
            .or_yaml()
            .gives::<faults::FaultChecked>(200)
    }),
    post("/__standin/faults/{name}/again", Of(faults::again), || {
        About::new("rearmFault", "Counts the calls of a fault anew.")
            .segment(json!("flaky"), FAULT)
            .gives::<faults::FaultShown>(200)
    }),
    post("/__standin/faults/{name}/off", Of(faults::off), || {
        About::new("switchFaultOff", "Switches a fault off.")
            .segment(json!("flaky"), FAULT)
            .gives::<faults::FaultShown>(200)
    }),
    post("/__standin/faults/{name}/on", Of(faults::on), || {
        About::new("switchFaultOn", "Switches a fault on.")
            .segment(json!("flaky"), FAULT)
            .gives::<faults::FaultShown>(200)
    }),
    post("/__standin/scenario", Apart(scenario::replace), || {
        About::new("replaceScenario", "Serves another scenario, unless it has mistakes.")
            .takes::<AnyScenario>(json!({"standin": 1, "name": "an empty one"}))
            .or_yaml()
            .gives::<reset::Begun>(200)
    }),
    get("/__standin/actions", Of(catalog::actions), || {
        About::new("actions", "Lists the actions that can be performed.").gives::<catalog::Actions>(200)
    }),
    post("/__standin/actions", Of(actions::act), || {
        About::new("act", "Lets an operator, a recipient or the portal do something.")
            .takes::<actions::Order>(json!({
                "do": "bitrix24.operator.write",
                "with": {"connector": "connector", "line": 105, "chat": "chat-1", "text": "Hello"},
            }))
            .gives::<actions::ActionPerformed>(200)
    }),
    get("/__standin/outbox", Apart(outbox::list), || {
        About::new("outbox", "Lists the events that wait, that are being sent, and that have ended.")
            .gives::<outbox::Outbox>(200)
    }),
    get("/__standin/outbox/{id}", Apart(outbox::one), || {
        About::new("event", "Shows an event.").segment(json!("e1"), EVENT).gives::<delivery::Sent>(200)
    }),
    get("/__standin/outbox/{id}/explain", Apart(outbox::explain), || {
        About::new("explainEvent", "Says why an event was sent, and how it ended.")
            .segment(json!("e1"), EVENT)
            .query("format", json!("json"), FORMAT)
            .gives::<delivery::Sent>(200)
            .or_text()
    }),
    post("/__standin/outbox/{id}/take", Apart(outbox::take), || {
        About::new(
            "takeEvent",
            "Gives the request of an event that waits, so that a test delivers it itself.",
        )
        .segment(json!("e1"), EVENT)
        .gives::<outbox::Taken>(200)
    }),
    post("/__standin/outbox/{id}/answer", Of(outbox::answer), || {
        About::new(
            "answerEvent",
            "Says with which status a test's own handler has answered an event that was taken.",
        )
        .segment(json!("e1"), EVENT)
        .takes::<outbox::HandlerAnswer>(json!({"status": 200}))
        .gives::<outbox::EventState>(200)
    }),
    post("/__standin/outbox/{id}/send", Of(outbox::send), || {
        About::new("sendEvent", "Sends an event that has ended again.")
            .segment(json!("e1"), EVENT)
            .gives::<outbox::EventState>(200)
    }),
    get("/__standin/snapshots", Of(snapshots::list), || {
        About::new("snapshots", "Lists the snapshots.").gives::<snapshots::Snapshots>(200)
    }),
    post("/__standin/snapshots/{name}", Of(snapshots::save), || {
        About::new("saveSnapshot", "Saves the state.")
            .segment(json!("ready"), "The name of the snapshot.")
            .gives::<snapshots::Saved>(201)
    }),
    delete("/__standin/snapshots/{name}", Of(snapshots::forget), || {
        About::new("removeSnapshot", "Removes a snapshot.")
            .segment(json!("ready"), "The name of the snapshot.")
            .gives::<snapshots::Forgotten>(200)
    }),
    post("/__standin/snapshots/{name}/restore", Of(snapshots::restore), || {
        About::new("restoreSnapshot", "Brings the saved state back.")
            .segment(json!("ready"), "The name of the snapshot.")
            .gives::<snapshots::Restored>(200)
    }),
    get("/__standin/judgement", Apart(judgement::answer), || {
        About::new(
            "judgement",
            "Shows broken rules and expectations. The status is 200, whatever clients have done.",
        )
        .gives::<judgement::Judgement>(200)
    }),
    get("/__standin/conduct", Apart(conduct::answer), || {
        About::new(
            "conduct",
            "Shows the rules that clients broke. The status is 417 if one of severity `error` is among them.",
        )
        .gives::<conduct::Conduct>(200)
        .gives::<conduct::Conduct>(417)
    }),
    post(verify::PATH, Apart(verify::answer), || {
        About::new("verify", "Checks expectations: those in the body, or without a body those of the scenario. The status is 417 if one is not met.")
            .query("wait_for", json!("10ms"), "Wait up to this length of time until they are met.")
            .may_take::<Vec<ExpectSpec>>(json!([{"name": "renamed", "on": "chert.chats.rename", "calls": {"at_least": 1}}]))
            .or_yaml()
            .gives::<verify::Verified>(200)
            .gives::<verify::Verified>(417)
    }),
    get("/__standin/catalog", Of(catalog::answer), || {
        About::new("catalog", "Lists operations, errors and events, at which faults can be aimed.")
            .gives::<catalog::Catalog>(200)
    }),
    get("/__standin/schema", OfAll(catalog::schema), || {
        About::new("schema", "The JSON Schema of scenarios.")
            .gives::<serde_json::Map<String, serde_json::Value>>(200)
    }),
    get("/__standin/metrics", OfAll(metrics::answer), || {
        About::new("metrics", "Metrics of all namespaces, in the text format of Prometheus.")
            .gives_text("text/plain")
    }),
    get("/__standin/namespaces", OfAll(namespaces::list), || {
        About::new("namespaces", "Lists the namespaces.").gives::<namespaces::NamespaceList>(200)
    }),
    post("/__standin/namespaces", OfAll(namespaces::open), || {
        About::new(
            "makeNamespace",
            "Makes a namespace: a fresh copy of a scenario with credentials of its own.",
        )
        .may_take::<namespaces::Wanted>(json!({"name": "test_retry", "seed": 7}))
        .gives::<namespaces::NamespaceShown>(201)
    }),
    get("/__standin/namespaces/{name}", OfAll(namespaces::show), || {
        About::new("namespace", "Shows a namespace.")
            .segment(json!("test_a"), "The name of the namespace.")
            .gives::<namespaces::NamespaceShown>(200)
    }),
    delete("/__standin/namespaces/{name}", OfAll(namespaces::close), || {
        About::new("dropNamespace", "Drops a namespace.")
            .segment(json!("test_a"), "The name of the namespace.")
            .gives::<namespaces::Dropped>(200)
    }),
];

const NUMBER: &str = "The number of the exchange, or `last`.";
const FORMAT: &str = "`json`, or else text. The header `accept: application/json` says the same.";
const FAULT: &str = "The name of the fault.";
const EVENT: &str = "The event, such as `e1`.";

/// What the journal answers with.
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "it describes answers, which are made elsewhere")]
enum AnyJournal {
    /// Without `rows=true`.
    Journal(journal::Journal),
    /// With `rows=true`.
    Rows(rows::Rows),
}

impl Route {
    /// The decoded segment of `path` that the route has in braces; empty when the route has none. `None` when `path`
    /// is not the route's.
    pub(super) fn segment(&self, path: &str) -> Option<String> {
        let Some((before, rest)) = self.path.split_once('{') else {
            return (self.path == path).then(String::new);
        };
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        let segment = path.strip_prefix(before)?.strip_suffix(after)?;
        let is_one = !segment.is_empty() && !segment.contains('/');
        is_one.then(|| percent_decode_str(segment).decode_utf8_lossy().into_owned())
    }
}
