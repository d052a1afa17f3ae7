//! The first line as `x-chert-signature`, the rest as the body that it is said to sign: without the secret, nobody
//! comes in.

#![no_main]

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use standin::Scenario;
use standin::engine::{World, step};
use standin::basics::Arrival;
use standin::http::{Headers, Request};

static SCENARIO: LazyLock<Arc<Scenario>> = LazyLock::new(|| {
    let text = format!("{}\nclock: {{virtual: \"2024-11-20T13:55:08Z\"}}\n", Scenario::DEFAULT);
    Arc::new(Scenario::parse("built-in", &text).expect("a good scenario"))
});

fuzz_target!(|input: &[u8]| {
    let line = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let body = input.get(line + 1..).unwrap_or_default();
    let mut headers: Headers = [("x-chert-tenant", "acme-7a3f")].into_iter().collect();
    headers.push("x-chert-signature", &input[..line]);
    let request = Request::new("PUT", "/api/v1/chats/ch_01H", headers, body.to_vec().into());

    let mut world = World::new(Arc::clone(&SCENARIO), 1, Timestamp::UNIX_EPOCH);
    let planned = step(&mut world, &request, Arrival::at(Timestamp::UNIX_EPOCH));
    assert_eq!(planned.reply.status, 401, "{:?}", planned.reply);
});
