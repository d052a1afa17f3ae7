//! The proxy between `standin verify` and a server that drifts: both find what drifts, and the one does not disturb the other.

use std::collections::BTreeSet;

use standin::contract::verify::Outcome;
use standin::serve::ProxyOptions;

use super::doubles::Proxying;
use crate::drift::{DRIFTS, Drifting};
use crate::verify::{made, usual};

/// Runs `standin verify` through a proxy in front of a server with these drifts. Returns what `verify` found, as check and place, and the
/// operations in whose answers the proxy found a difference.
fn found(service: &str, numbers: &[usize]) -> (BTreeSet<(String, String)>, BTreeSet<String>) {
    let (yaml, wish) = usual(service);
    let server = Drifting::start(&yaml, numbers);
    let url = format!("http://127.0.0.1:{}", server.port());
    let edition = (service == "bitrix24").then_some("documented");
    let proxy = Proxying::with(&url, |options| ProxyOptions { edition, ..options });
    let port = proxy.host.rsplit(':').next().unwrap().parse().unwrap();
    let report = made(wish, port);
    let differs = report.checks.iter().filter(|check| check.result == Outcome::Differs);
    let by_verify = differs
        .flat_map(|check| check.differences.iter().map(|drift| (check.name.clone(), drift.at.clone())));
    let by_verify = by_verify.collect();
    let told = proxy.end().json("");
    let differences = told["differences"].as_array().unwrap().iter();
    (by_verify, differences.map(|kind| kind["operation"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn what_drifts_is_found_behind_the_proxy_and_by_it() {
    for service in ["chert", "bitrix24"] {
        let numbers: Vec<_> =
            (1..=DRIFTS.len()).filter(|number| DRIFTS[number - 1].service == service).collect();
        let (by_verify, by_proxy) = found(service, &numbers);
        let drifts = || numbers.iter().flat_map(|number| DRIFTS[number - 1].finds);
        let expected: BTreeSet<_> =
            drifts().map(|(check, at)| ((*check).to_owned(), (*at).to_owned())).collect();
        assert_eq!(by_verify, expected, "`standin verify` sees the same through the proxy");
        let operation =
            |(check, _): &(&str, &str)| format!("{service}.{}", check.split(": ").next().unwrap());
        let expected: BTreeSet<_> = drifts().map(operation).collect();
        assert_eq!(by_proxy, expected, "the proxy finds each operation that drifts, and no other");
    }
}

#[test]
fn where_nothing_drifts_the_proxy_finds_nothing() {
    for service in ["chert", "bitrix24"] {
        assert_eq!(found(service, &[]), Default::default(), "{service}");
    }
}
