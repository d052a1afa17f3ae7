//! What the control interface of a proxy says of the exchanges that have passed, and of the proxy.

use serde_json::{Value, json};
use standin::serve::ProxyOptions;

use super::doubles::{Proxying, Service, Then};
use super::{JSON, answer, get, rename};
use crate::client::{self, send_to};

fn asked(host: &str, path: &str) -> Value {
    let answer = get(host, &format!("/__standin/{path}"));
    assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
    answer.json()
}

#[test]
fn a_row_has_the_number_of_differences_and_the_exchange_has_them() {
    let service = Service::that(|request| match request.starts_with(b"POST") {
        true => (answer("218 Odd", r#"{"result":"webhook-secret"}"#), Then::Stay),
        false => (b"no HTTP\r\n\r\n".to_vec(), Then::Close),
    });
    for keep in [0, 5] {
        let proxy = Proxying::with(&service.url, |options| ProxyOptions { keep, ..options });
        rename(&proxy.host);
        get(&proxy.host, "/rest/1/webhook-secret/server.time");
        let rows = asked(&proxy.host, "journal?rows=true");
        let exchange = asked(&proxy.host, "journal/1");
        let differences = exchange["differences"].as_array().unwrap();
        assert_eq!(rows["rows"][0]["differences"], differences.len());
        let status = differences.iter().find(|one| one["at"] == "status").unwrap();
        assert_eq!((&status["expected"], &status["actual"]), (&json!("200"), &json!("218")));
        assert!(status["source"].as_str().unwrap().starts_with("apidocs.bitrix24.com"), "{status}");
        assert!(!format!("{exchange}{rows}").contains("webhook-secret"), "{exchange}{rows}");
        assert_eq!(rows["rows"][1]["differences"], 0, "nothing was answered, so nothing differs");
        assert_eq!(asked(&proxy.host, "health")["proxy"], json!({"keep": keep, "differing": 1}));
        let told = get(&proxy.host, "/__standin/journal/1/explain");
        assert!(told.text().contains("differs from the contract: status is expected to be 200"));
    }
}

#[test]
fn nobody_knows_the_stages_of_the_real_service() {
    let service = Service::that(|request| match request.starts_with(b"POST") {
        true => (answer("400 Bad Request", r#"{"error":"NOT_ACTIVE_LINE"}"#), Then::Stay),
        false => (answer("200 OK", r#"{"result":"now"}"#), Then::Stay),
    });
    let proxy = Proxying::with(&service.url, |options| ProxyOptions { keep: 5, ..options });
    rename(&proxy.host);
    get(&proxy.host, "/rest/1/webhook-secret/server.time");
    for number in [1, 2] {
        let row = &asked(&proxy.host, "journal?rows=true")["rows"][number - 1];
        let one = asked(&proxy.host, &format!("journal/{number}"));
        let why = asked(&proxy.host, &format!("journal/{number}/explain?format=json"));
        let course = asked(&proxy.host, &format!("journal/{number}/course"));
        for known in [&row["stage"], &row["ended_at"], &one["stage"], &why["ended_at"], &course["ended_at"]] {
            assert_eq!(known, &Value::Null, "{number}");
        }
        assert_eq!(why["stages"], json!([]));
        let told = get(&proxy.host, &format!("/__standin/journal/{number}/explain"));
        assert!(!told.text().contains("stage") && !told.text().contains("standin serve"), "{}", told.text());
    }
}

#[test]
fn a_call_is_copied_only_if_it_was_kept() {
    let server = client::serve("{standin: 1, name: copied, chert: {tenants: []}}");
    for (keep, status, named) in [(0, 404, json!([])), (5, 200, json!(["ch_01H"]))] {
        let proxy = Proxying::with(server.url(), |options| ProxyOptions { keep, ..options });
        let fields = [("authorization", "Bearer token-of-a-client"), JSON];
        send_to(&proxy.host, "PUT", "/api/v1/chats/ch_01H", &fields, br#"{"display_name":"n"}"#);
        assert_eq!(asked(&proxy.host, "journal?rows=true")["rows"][0]["things"], named);
        for form in ["curl", "fixture", "step"] {
            let copy = get(&proxy.host, &format!("/__standin/journal/1/as/{form}"));
            assert_eq!(copy.status(), status, "{}", copy.text());
            assert!(!copy.text().contains("token-of-a-client"), "{}", copy.text());
            assert_eq!(
                copy.text().contains("a proxy without `--keep` does not keep what was sent"),
                keep == 0
            );
        }
        let unknown = get(&proxy.host, "/__standin/journal/2/as/curl");
        assert!(unknown.text().contains("has no exchange `2`"), "{}", unknown.text());
    }
}

#[test]
fn a_server_that_answers_by_itself_says_nothing_of_differences() {
    let server = client::serve("{standin: 1, name: alone, chert: {tenants: []}}");
    client::send(&server, "GET", "/api/v1/chats", &[], b"");
    for path in ["health", "journal?rows=true", "journal/1"] {
        let told = client::send(&server, "GET", &format!("/__standin/{path}"), &[], b"");
        assert!(told.status() == 200 && !told.text().contains("differ"), "{}", told.text());
        assert!(!told.text().contains("proxy"), "{}", told.text());
    }
}
