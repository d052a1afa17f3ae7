//! The control interface: health, journal, state and reset; and answers to unknown paths.

use serde_json::{Value, json};
use standin::Server;

use crate::client::{get, post, send, serve};

fn rename(server: &Server, name: &str) {
    let body = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "47e007b1-ee15-43db-bcba-1c26e5884d3f", "NAME": name});
    post(server, "/rest/1/webhook-secret/imconnector.chat.name.set", &body.to_string());
}

#[test]
fn health_tells_what_is_served_and_counts() {
    let server = Server::start().unwrap();
    rename(&server, "a");
    post(&server, "/rest/nothing", "");
    get(&server, "/elsewhere");
    let health = get(&server, "/__standin/health");
    assert_eq!((health.status(), health.header("content-type")), (200, Some("application/json")));
    assert_eq!(
        health.json(),
        json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "scenario": "default",
            "seed": 1,
            "replay": "standin serve --seed 1",
            "replay_lacks": [],
            "clock": "real",
            "counters": {
                "exchanges": 3,
                "by_vendor": {"bitrix24": 2},
                "errors": 2,
                "faults_fired": 0,
                "journal": 3,
                "evicted": 0,
            },
        })
    );
}

#[test]
fn the_journal_keeps_requests_and_responses_and_hides_secrets() {
    let server = Server::start().unwrap();
    rename(&server, "a");
    let form = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", "Bearer somebodys-real-token"),
    ];
    send(
        &server,
        "POST",
        "/rest/imconnector.chat.name.set?auth=query%2Dtoken",
        &form,
        b"access_token=form+token&NAME=a",
    );
    let bearer =
        [("x-chert-tenant", "acme-7a3f"), ("authorization", "Bearer 5f4dcc3b5aa765d61d8327deb882cf99")];
    send(&server, "PUT", "/api/v1/chats/ch_01H", &bearer, br#"{"display_name":"n"}"#);
    let signature = format!("v1,17,{}", "ab".repeat(32));
    let signed = [("x-chert-tenant", "acme-7a3f"), ("x-chert-signature", signature.as_str())];
    send(&server, "PUT", "/api/v1/chats/ch_01H", &signed, br#"{"display_name":"n"}"#);
    let answer = get(&server, "/__standin/journal");
    for secret in
        ["webhook-secret", "somebodys", "query%2Dtoken", "query-token", "form+token", "5f4dcc", "abab"]
    {
        assert!(!answer.text().contains(secret), "{secret} in {}", answer.text());
    }
    let entries = answer.json()["entries"].clone();
    let first = &entries[0];
    assert_eq!(
        (&first["number"], &first["vendor"], &first["operation"]),
        (&json!(1), &json!("bitrix24"), &json!("bitrix24.imconnector.chat.name.set"))
    );
    assert_eq!((&first["stage"], &first["error"]), (&json!("delivery"), &Value::Null));
    assert_eq!(first["request"]["target"], "/rest/1/***/imconnector.chat.name.set");
    assert!(first["request"]["body"].as_str().unwrap().contains(r#""NAME":"a""#));
    assert!(
        first["request"]["headers"]
            .as_array()
            .unwrap()
            .contains(&json!(["content-type", "application/json"]))
    );
    assert_eq!(first["response"]["status"], 200);
    assert!(first["response"]["body"].as_str().unwrap().starts_with(r#"{"result":{"SUCCESS":true"#));
    assert_eq!(entries[3]["error"], "2013");
    assert!(
        entries[3]["request"]["headers"]
            .as_array()
            .unwrap()
            .contains(&json!(["x-chert-signature", "v1,17,***"]))
    );
}

#[test]
fn the_journal_hides_credentials_that_went_astray() {
    let server = Server::start().unwrap();
    let json = [("content-type", "application/json")];
    send(&server, "POST", "/rest/x", &[("authorization", "astray-1"), ("cookie", "session=astray-2")], b"");
    send(&server, "POST", "/rest/1/astray-3/", &json, br#"{"auth":"astray-4", broken"#);
    send(&server, "POST", "/rest/1/x/batch", &json, br#"{"cmd":{"a":"m?auth=astray-5&x=1"},"b":1}"#);
    send(&server, "PUT", "/api/v1/chats/x", &[("x-chert-signature", "astray-7")], b"");
    let journal = get(&server, "/__standin/journal");
    assert_eq!(journal.json()["entries"].as_array().unwrap().len(), 4);
    for secret in (1..=7).map(|number| format!("astray-{number}")).filter(|secret| !secret.ends_with("-6")) {
        assert!(!journal.text().contains(&secret), "{secret} in {}", journal.text());
    }
}

#[test]
fn the_journal_can_be_filtered() {
    let server = Server::start().unwrap();
    (0..3).for_each(|number| rename(&server, &number.to_string()));
    post(&server, "/rest/1/webhook-secret/batch", "{}");
    send(&server, "PUT", "/api/v1/chats/ch_01H", &[], b"");
    let numbers = |query: &str| {
        let journal = get(&server, &format!("/__standin/journal{query}")).json();
        journal["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["number"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(""), [1, 2, 3, 4, 5]);
    assert_eq!(numbers("?last=2"), [4, 5]);
    assert_eq!(numbers("?vendor=chert"), [5]);
    assert_eq!(numbers("?service=chert"), [5]);
    assert_eq!(numbers("?operation=batch"), [4]);
    assert_eq!(numbers("?operation=bitrix24.imconnector.chat.name.set&last=1"), [3]);
    assert_eq!(numbers("?last=0"), [0; 0]);
    for (query, help) in [
        ("?last=ten", "type `last=10`"),
        ("?vendor=bitrix", "did you mean `bitrix24`?"),
        ("?operation=imconnector.chat.name.get", "did you mean `imconnector.chat.name.set`?"),
        ("?lst=1", "did you mean `last`?"),
    ] {
        let mistake = get(&server, &format!("/__standin/journal{query}"));
        assert_eq!((mistake.status(), mistake.json()["help"].clone()), (400, json!(help)), "{query}");
    }
}

#[test]
fn a_reset_goes_back_to_the_start() {
    let server = Server::start().unwrap();
    let name = || get(&server, "/__standin/state").json()["bitrix24"]["chats"][0]["name"].clone();
    let before = get(&server, "/__standin/state").text().to_owned();
    rename(&server, "a");
    assert_eq!(name(), "a");
    let reset = post(&server, "/__standin/reset", "");
    assert_eq!((reset.status(), reset.json()["status"].clone()), (200, json!("reset")));
    assert_eq!(get(&server, "/__standin/state").text(), before);
    assert_eq!(get(&server, "/__standin/health").json()["counters"]["exchanges"], 0);
    assert_eq!(get(&server, "/__standin/journal").json()["entries"], json!([]));
}

#[test]
fn faults_start_anew_after_a_reset() {
    let server = serve(&with_a_fault());
    let fails = || {
        rename(&server, "a");
        server.journal().last().unwrap().note.error.is_some()
    };
    assert_eq!((fails(), fails()), (true, false));
    server.reset();
    assert_eq!((fails(), fails()), (true, false));
}

fn with_a_fault() -> String {
    let fault = "faults:\n  - {name: f, on: bitrix24, when: {call: 1}, error: QUERY_LIMIT_EXCEEDED}\n";
    format!("{}{fault}", standin::Scenario::DEFAULT)
}

#[test]
fn the_state_holds_no_secret() {
    let server = Server::start().unwrap();
    let state = get(&server, "/__standin/state");
    assert_eq!(state.json()["chert"]["tenants"][0]["chats"][0]["display_name"], "Launch");
    assert!(!state.text().contains("secret") && !state.text().contains("5f4dcc"));
}

#[test]
fn paths_that_nobody_knows_get_the_nearest_route() {
    let server = Server::start().unwrap();
    for (verb, target, nearest) in [
        ("POST", "/rst/imconnector.chat.name.set", "POST /rest/imconnector.chat.name.set"),
        ("PUT", "/v1/chats/ch_01H", "PUT /api/v1/chats/{id}"),
        ("PUT", "/api/v2/chats/ch_01H", "PUT /api/v1/chats/{id}"),
    ] {
        let answer = send(&server, verb, target, &[], b"");
        assert_eq!(
            (answer.status(), answer.json()["nearest"].clone()),
            (404, json!(nearest)),
            "{verb} {target}"
        );
    }
    let journal = get(&server, "/__standin/journal?last=1").json();
    assert_eq!(
        journal["entries"][0]["remarks"],
        json!(["no service knows this path: did you mean `PUT /api/v1/chats/{id}`?"])
    );
    assert_eq!(journal["entries"][0]["vendor"], Value::Null);
    assert_eq!(journal["entries"][0]["service"], Value::Null);
}

#[test]
fn a_vendor_without_a_section_is_named() {
    let server = serve("standin: 1\nname: chert only\nchert: {tenants: []}\n");
    let answer = post(&server, "/rest/imconnector.chat.name.set", "{}");
    assert_eq!(answer.status(), 404);
    assert!(answer.json()["help"].as_str().unwrap().contains("`bitrix24:`"), "{}", answer.text());
}

#[test]
fn mistakes_in_the_control_path_are_answered_with_help() {
    let server = Server::start().unwrap();
    let wrong_verb = get(&server, "/__standin/reset");
    assert_eq!((wrong_verb.status(), wrong_verb.header("allow")), (405, Some("POST")));
    let all = get(&server, "/__standin/").json()["help"].as_str().unwrap().to_owned();
    assert!(all.contains("`/__standin/health`, `/__standin/journal`"), "{all}");
    let wrong_path = get(&server, "/__standin/jurnal");
    assert_eq!(
        (wrong_path.status(), wrong_path.json()["help"].clone()),
        (404, json!("did you mean `/__standin/journal`?"))
    );
    post(&server, "/__standin/namespaces", r#"{"name":"one"}"#);
    for (path, help) in [
        ("/__standin/namespaces/one/jurnal", "did you mean `/__standin/namespaces/one/journal`?"),
        ("/__standin/namespaces/one/fault", "did you mean `/__standin/namespaces/one/faults`?"),
        ("/__standin/namespace", "did you mean `/__standin/namespaces`?"),
    ] {
        let answer = get(&server, path);
        assert_eq!((answer.status(), answer.json()["help"].clone()), (404, json!(help)), "{path}");
    }
    assert!(server.journal().is_empty());
}

#[test]
fn mistakes_in_orders_are_told_in_words() {
    let server = serve(&format!("{}clock: {{virtual: now}}\n", with_a_fault()));
    let large = "x".repeat(3 << 20);
    for (path, body, status, message, help) in [
        ("clock", "[]", 400, "the body is no object", r#"{"advance": "30s"}"#),
        ("clock", r#"{"advnce": "next"}"#, 400, "a clock cannot `advnce`", r#"{"advance": "30s"}"#),
        ("clock", r#"{"advance": 5}"#, 400, "`advance` is no text", r#"{"advance": "30s"}"#),
        ("clock", r#"{"set": 5}"#, 400, "`set` is no text", r#"{"advance": "30s"}"#),
        ("clock", "{}", 400, "the body has one member: `advance` or `set`", r#"{"advance": "30s"}"#),
        ("actions", "[1, 2]", 400, "the body is no object", r#"{"do": "#),
        ("actions", &large, 413, "the body is larger than 1 MiB", "send a smaller body"),
        ("scenario", &large, 413, "the body is larger than 1 MiB", "a large scenario in a file"),
    ] {
        let answer = post(&server, &format!("/__standin/{path}"), body);
        let told = answer.json();
        assert_eq!((answer.status(), told["standin"].as_str()), (status, Some(message)), "{path}");
        assert!(told["help"].as_str().is_some_and(|told| told.contains(help)), "{path}: {told}");
    }
}

#[test]
fn one_fault_is_shown_by_its_name() {
    let server = Server::start().unwrap();
    let fault = r#"{"name":"half of them","on":"chert","when":{"probability":0.5},"reply":{"status":502}}"#;
    let added = post(&server, "/__standin/faults", fault);
    assert_eq!(added.status(), 201, "{}", added.text());
    let shown = get(&server, "/__standin/faults/half%20of%20them");
    assert_eq!((shown.status(), shown.json()), (200, added.json()));
    let unknown = get(&server, "/__standin/faults/half%20of%20then");
    assert_eq!(
        (unknown.status(), unknown.json()["help"].clone()),
        (404, json!("did you mean `half of them`?"))
    );
}

/// The value of the sample `name` in the metrics.
fn sample(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no `{name}` in {metrics}")).parse().unwrap()
}

#[test]
fn metrics_account_for_every_exchange() {
    let server = serve(
        "standin: 1\nname: counted\nchert: {tenants: [{slug: acme, signing_secret: secret, chats: [{id: ch, group: true, line: pl}], \
         lines: [{id: pl, phone_number: '+15555550100'}]}]}\n\
         faults: [{name: 'a \"quoted\" \\ name', on: chert, when: {call: 1}, error: 4001}]\n",
    );
    const CREW: &[u8] = br#"{"display_name": "Crew"}"#;
    let call = |server: &Server, times: usize| {
        for _ in 0..times {
            send(server, "PUT", "/api/v1/chats/ch", &[("authorization", "Bearer secret")], CREW);
        }
    };
    call(&server, 3);
    post(&server, "/__standin/reset", "");
    call(&server, 2);
    let namespace = post(&server, "/__standin/namespaces", "").json();
    let bearer = format!("Bearer {}", namespace["environment"]["CHERT_SIGNING_SECRET"].as_str().unwrap());
    for _ in 0..4 {
        send(&server, "PUT", "/api/v1/chats/ch", &[("authorization", &bearer)], CREW);
    }
    let path = format!("/__standin/namespaces/{}", namespace["namespace"].as_str().unwrap());
    let answered = |metrics: &str| {
        let lines = metrics.lines().filter(|line| line.starts_with("standin_exchanges_total{"));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum::<f64>()
    };
    let metrics = get(&server, "/__standin/metrics");
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let metrics = metrics.text();
    assert_eq!((answered(metrics), sample(metrics, "standin_journal_evicted_total")), (9.0, 3.0));
    assert_eq!(sample(metrics, "standin_namespaces"), 1.0);
    let failed = "standin_exchanges_total{vendor=\"chert\",operation=\"chats.rename\",outcome=\"4001\",service=\"chert\"}";
    assert_eq!(sample(metrics, failed), 3.0);
    let fired = "standin_faults_fired_total{fault=\"a \\\"quoted\\\" \\\\ name\"}";
    assert_eq!(sample(metrics, fired), 3.0, "once in each run");
    assert_eq!(sample(metrics, "standin_exchange_duration_seconds_count"), 9.0);

    send(&server, "DELETE", &path, &[], b"");
    let metrics = get(&server, "/__standin/metrics");
    let metrics = metrics.text();
    assert_eq!((answered(metrics), sample(metrics, "standin_journal_evicted_total")), (9.0, 7.0));
    assert_eq!((sample(metrics, fired), server.journal().len()), (3.0, 2));
}
