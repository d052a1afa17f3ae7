//! Text as a scenario: a report can be written in every form, and what has no mistakes can be served.

#![no_main]

use std::sync::Arc;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use standin::Scenario;
use standin::engine::{World, step};
use standin::basics::Arrival;
use standin::fault::wire::Answer;
use standin::http::{Headers, Request};
use standin::emulator::{Operation, Proof};
use standin::services::SERVICES;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

fuzz_target!(|text: &str| {
    match Scenario::parse("fuzz", text) {
        Err(report) => {
            assert!(!report.findings().is_empty(), "refused, and nothing is wrong with it");
            report.render(false);
            report.render(true);
            json!(report.shown()).to_string();
            report.to_github();
        }
        Ok(scenario) => serve(&Arc::new(scenario)),
    }
});

/// Sends the examples: the first one succeeds where no fault is in its way.
fn serve(scenario: &Arc<Scenario>) {
    let _ = format!("{scenario:?}");
    for (service, operation) in SERVICES.iter().flat_map(|v| v.operations().iter().map(move |o| (*v, *o))) {
        let section = scenario.sections.iter().find(|(known, _)| known.name() == service.name());
        let mut world = World::new(Arc::clone(scenario), scenario.seed.unwrap_or(1), NOW);
        for proof in [Proof::Signed, Proof::Lasting] {
            let now = scenario.clock.at(NOW).now(NOW);
            let example = section.and_then(|(_, section)| section.example(operation, now, proof));
            let request = example.as_ref().map_or_else(|| plain(operation), |example| example.request());
            let planned = step(&mut world, &request, Arrival::at(NOW));
            if example.is_some() && proof == Proof::Signed && scenario.faults.is_empty() {
                assert_eq!(planned.reply.status, 200, "{example:?}: {:?}", planned.reply);
            }
            if let Some(wire) = planned.wire {
                let bytes = [HEAD, &planned.reply.body].concat().into();
                wire.script(&Answer { bytes, head: HEAD.len() });
            }
            world.record(&request, planned, Arrival::at(NOW));
        }
        world.state(NOW);
    }
}

/// A request of which only the route is right.
fn plain(operation: &Operation) -> Request {
    Request::new(operation.verb, operation.path, Headers::default(), "{}".into())
}
