//! `GET /__standin/metrics`: metrics in the text format of Prometheus.

use std::fmt::Write;

use super::Asked;
use crate::engine::Namespaces;
use crate::http::Reply;

pub(super) fn answer(namespaces: &Namespaces, _: &Asked<'_>) -> Reply {
    let mut text = String::new();
    let totals = namespaces.totals();
    head(&mut text, "standin_exchanges_total", "counter", "Requests answered, by operation and outcome.");
    for ((service, operation, outcome), count) in &totals.counters.by_outcome {
        let _ = writeln!(
            text,
            "standin_exchanges_total{{vendor=\"{service}\",operation=\"{operation}\",outcome=\"{outcome}\",service=\"{service}\"}} {count}"
        );
    }
    head(&mut text, "standin_faults_fired_total", "counter", "How often each fault fired.");
    for (name, count) in &totals.faults_fired {
        let _ = writeln!(text, "standin_faults_fired_total{{fault=\"{}\"}} {count}", escaped(name));
    }
    head(&mut text, "standin_deliveries_total", "counter", "Events that were sent, by how it ended.");
    for ((service, event), counts) in &totals.deliveries {
        for (state, count) in counts.ended() {
            let _ = writeln!(
                text,
                "standin_deliveries_total{{service=\"{service}\",event=\"{event}\",state=\"{state}\"}} {count}"
            );
        }
    }
    let (waiting, sending) = totals.unfinished;
    let (connections, open) = namespaces.traffic().connections();
    let living = namespaces.all().len() as u64;
    for (name, kind, help, value) in [
        (
            "standin_journal_evicted_total",
            "counter",
            "Exchanges that are in no journal any more.",
            totals.evicted,
        ),
        ("standin_connections_total", "counter", "Connections accepted.", connections),
        ("standin_connections_open", "gauge", "Connections that are open.", open),
        ("standin_deliveries_waiting", "gauge", "Events that wait.", waiting as u64),
        ("standin_deliveries_sending", "gauge", "Events that are under way.", sending as u64),
        ("standin_namespaces", "gauge", "Namespaces that exist.", living),
    ] {
        head(&mut text, name, kind, help);
        let _ = writeln!(text, "{name} {value}");
    }
    let name = "standin_exchange_duration_seconds";
    head(
        &mut text,
        name,
        "histogram",
        "Time from the complete request to its answer, with the delays of faults.",
    );
    let (kept, count, seconds) = namespaces.traffic().latency();
    for (bound, count) in kept {
        let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}");
    }
    let _ =
        writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {seconds}\n{name}_count {count}");
    let headers = vec![("content-type".into(), "text/plain; version=0.0.4; charset=utf-8".into())];
    Reply { status: 200, headers: headers.into(), body: text.into() }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// Escapes the value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
