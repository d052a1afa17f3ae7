//! What one exchange costs inside, without sockets: `cargo bench`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use standin::Scenario;
use standin::basics::Arrival;
use standin::engine::{World, step};
use standin::http::{Headers, Request};

const BODY: &str = r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"47e007b1-ee15-43db-bcba-1c26e5884d3f","NAME":"New dialog name"}"#;

fn world(faults: &str) -> World {
    let scenario =
        Scenario::parse("bench", &format!("{}{faults}", Scenario::DEFAULT)).expect("a good scenario");
    World::new(Arc::new(scenario), 1, Timestamp::UNIX_EPOCH)
}

fn rename() -> Request {
    let headers: Headers =
        [("host", "127.0.0.1:8080"), ("content-type", "application/json")].into_iter().collect();
    Request::new("POST", "/rest/1/webhook-secret/imconnector.chat.name.set", headers, BODY.into())
}

fn rename_by_token(name: &str) -> Request {
    let headers: Headers = [("content-type", "application/json"), ("authorization", "Bearer access-token")]
        .into_iter()
        .collect();
    let body = BODY.replace("New dialog name", name);
    Request::new("POST", "/rest/imconnector.chat.name.set", headers, body.into())
}

fn rename_of_chert() -> Request {
    let headers: Headers =
        [("x-chert-tenant", "acme-7a3f"), ("authorization", "Bearer 5f4dcc3b5aa765d61d8327deb882cf99")]
            .into_iter()
            .collect();
    Request::new("PUT", "/api/v1/chats/ch_01H", headers, r#"{"display_name":"Acme launch crew"}"#.into())
}

fn batch() -> Request {
    let command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=47e007b1-ee15-43db-bcba-1c26e5884d3f&NAME=n";
    let body = serde_json::json!({"cmd": vec![command; 50]}).to_string();
    let headers: Headers = [("content-type", "application/json")].into_iter().collect();
    Request::new("POST", "/rest/1/webhook-secret/batch", headers, body.into())
}

fn elsewhere(count: usize) -> String {
    let fault = |number| {
        format!(
            "  - {{name: f{number}, on: bitrix24.imconnector.chat.name.set, match: {{CHAT_ID: other-{number}}}, wire: truncate_json}}\n"
        )
    };
    format!("faults:\n{}", (0..count).map(fault).collect::<String>())
}

fn steps(criterion: &mut Criterion) {
    let arrival = Arrival::at(Timestamp::UNIX_EPOCH);
    let mut bench = |name: &str, mut world: World, request: Request| {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| black_box(step(&mut world, black_box(&request), arrival)));
        });
    };
    bench("bitrix24 rename", world(""), rename());
    bench("bitrix24 rename, 1000 faults aimed at other chats", world(&elsewhere(1000)), rename());
    bench("bitrix24 batch of 50", world(""), batch());
    bench("chert rename by bearer token", world(""), rename_of_chert());

    let mut record = |name: &str, mut world: World| {
        // The live edition refuses a rename to the name that the chat has.
        let mut requests = ["New dialog name", "Newer dialog name"].map(rename_by_token);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                requests.swap(0, 1);
                let request = &requests[0];
                let planned = step(&mut world, black_box(request), arrival);
                black_box(world.record(request, planned, arrival))
            });
        });
    };
    let judging = |more: &str| world(more).judging();
    record("rename by token, recorded", world(""));
    record("the same, judged in one edition", judging("rules: {bitrix24.other-edition: off}\n"));
    record("the same, judged in both", judging(""));
}

criterion_group!(benches, steps);
criterion_main!(benches);
