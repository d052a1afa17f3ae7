//! The same scenario, seed and requests give the same bytes, and no request makes the engine panic.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use proptest::prelude::*;
use sha2::Sha256;
use standin::Scenario;
use standin::basics::Arrival;
use standin::engine::{World, step};
use standin::http::{Headers, Request};

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/documented.yaml");

fn world(seed: u64) -> World {
    let text = std::fs::read_to_string(SCENARIO).unwrap();
    World::new(Arc::new(Scenario::parse(SCENARIO, &text).unwrap()), seed, Timestamp::UNIX_EPOCH)
}

fn now() -> Arrival {
    Arrival::at(Timestamp::UNIX_EPOCH)
}

/// Random requests, about half of which pass the first checks.
fn request() -> impl Strategy<Value = Request> {
    let verb = prop_oneof![
        Just("POST"),
        Just("PUT"),
        Just("GET"),
        Just("OPTIONS"),
        "[A-Z]{1,7}".prop_map(|verb| &*verb.leak())
    ];
    let target = prop_oneof![
        Just("/rest/put_your_user_id_here/put_your_webhook_here/imconnector.chat.name.set".to_owned()),
        Just("/rest/put_your_user_id_here/put_your_webhook_here/batch".to_owned()),
        Just("/rest/imconnector.chat.name.set?auth=put_access_token_here".to_owned()),
        Just("/api/v1/chats/ch_01H...".to_owned()),
        "/rest/.{0,40}",
        "/api/v1/.{0,40}",
        "/\\PC{0,40}",
    ];
    let name = prop_oneof![
        Just("CONNECTOR"),
        Just("LINE"),
        Just("CHAT_ID"),
        Just("NAME"),
        Just("USER_ID"),
        Just("cmd"),
        Just("halt"),
        Just("auth"),
        Just("display_name"),
        Just("group_chat_icon")
    ];
    let scalar = prop_oneof![
        Just("\"connector\"".to_owned()),
        Just("\"105\"".to_owned()),
        Just("\"47e007b1-ee15-43db-bcba-1c26e5884d3f\"".to_owned()),
        Just("[\"imconnector.chat.name.set?NAME=$result[0][x]\"]".to_owned()),
        "\\PC{0,12}".prop_map(|text| serde_json::Value::from(text).to_string()),
        any::<f64>().prop_map(|number| serde_json::json!(number).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("null".to_owned()),
        Just("{\"a\":[true]}".to_owned()),
    ];
    let members = proptest::collection::vec((name, scalar), 0..6).prop_map(|members| {
        members.iter().map(|(name, value)| format!("{name:?}:{value}")).collect::<Vec<_>>().join(",")
    });
    let body = prop_oneof![
        members.prop_map(|members| format!("{{{members}}}").into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..80),
    ];
    let headers = proptest::collection::vec(
        prop_oneof![
            Just(("content-type", "application/json".to_owned())),
            Just(("content-type", "application/x-www-form-urlencoded".to_owned())),
            Just(("content-type", "multipart/form-data; boundary=x".to_owned())),
            Just(("authorization", "Bearer 5f4dcc3b5aa765d61d8327deb882cf99".to_owned())),
            Just(("x-chert-tenant", "acme-7a3f".to_owned())),
            "\\PC{0,30}".prop_map(|value| ("x-chert-signature", value)),
            "v1,[0-9]{1,12},[0-9a-f]{64}".prop_map(|value| ("x-chert-signature", value)),
            "\\PC{0,30}".prop_map(|value| ("authorization", value)),
        ],
        0..4,
    );
    (verb, target, headers, body).prop_map(|(verb, target, fields, body)| {
        let mut headers = Headers::default();
        fields.iter().for_each(|(name, value)| headers.push(name, value.as_bytes()));
        Request::new(verb, &target, headers, body.into())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_order_of_requests_makes_anything_panic(moves in proptest::collection::vec(any::<(u8, u8)>(), 1..40)) {
        crate::moves::play(&moves);
    }
}

proptest! {
    #[test]
    fn a_step_never_panics_and_its_answers_are_whole(requests in proptest::collection::vec(request(), 1..8)) {
        let mut world = world(1);
        for request in requests {
            let planned = step(&mut world, &request, now());
            prop_assert!((200..=599).contains(&planned.reply.status));
            crate::direct::check_described(world.scenario(), &planned.note, &planned.reply);
            if !planned.reply.body.is_empty() {
                let body: Result<serde_json::Value, _> = serde_json::from_slice(&planned.reply.body);
                prop_assert!(body.is_ok(), "{:?}", planned.reply.body);
            }
            world.record(&request, planned, now());
        }
    }

    #[test]
    fn the_same_seed_and_requests_give_the_same_bytes(requests in proptest::collection::vec(request(), 1..12), seed: u64) {
        let run = |at: i64| {
            let mut world = world(seed);
            // Under a virtual clock the real time of arrival must not matter.
            let arrival = Arrival::at(Timestamp::from_second(at).unwrap());
            requests.iter().map(|request| step(&mut world, request, arrival)).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(0), run(1_000_000));
    }

    #[test]
    fn a_vendor_is_not_moved_by_what_the_other_is_asked(requests in proptest::collection::vec(request(), 1..12)) {
        let of_chert = |request: &&Request| request.path().starts_with("/api/v1/");
        let answers = |requests: Vec<&Request>| {
            let mut world = world(7);
            let answers = requests.into_iter().map(|request| (request, step(&mut world, request, now()).reply));
            let traces = answers.filter(|(request, _)| of_chert(request)).map(|(_, reply)| reply.header("x-trace-id").map(str::to_owned));
            traces.collect::<Vec<_>>()
        };
        prop_assert_eq!(answers(requests.iter().collect()), answers(requests.iter().filter(of_chert).collect()));
    }

    #[test]
    fn a_signature_holds_for_its_own_bytes_and_no_others(body: Vec<u8>, flip in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let now = "1732110908";
        let mut mac = Hmac::<Sha256>::new_from_slice(b"5f4dcc3b5aa765d61d8327deb882cf99").unwrap();
        mac.update(format!("{now}.").as_bytes());
        mac.update(&body);
        let digest = mac.finalize().into_bytes();
        let status = |body: Vec<u8>, digest: &[u8]| {
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let signature = format!("v1,{now},{hex}");
            let headers = [("x-chert-tenant", "acme-7a3f"), ("x-chert-signature", &signature)].into_iter().collect();
            let request = Request::new("PUT", "/api/v1/chats/ch_01H...", headers, body.into());
            step(&mut world(1), &request, self::now()).reply.status
        };
        prop_assert_ne!(status(body.clone(), &digest), 401);
        let mut forged = digest.to_vec();
        forged[flip.index(32)] ^= 1 << bit;
        prop_assert_eq!(status(body.clone(), &forged), 401);
        let mut changed = body;
        match changed.is_empty() {
            true => changed.push(bit),
            false => {
                let at = flip.index(changed.len());
                changed[at] ^= 1 << bit;
            }
        }
        prop_assert_eq!(status(changed, &digest), 401);
    }
}
