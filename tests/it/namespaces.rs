//! Namespaces: separate worlds within one server.

use std::thread;

use serde_json::{Value, json};
use standin::Server;

use crate::client::{Response, get, post, send, serve, signature};

const SCENARIO: &str = "
standin: 1
name: shared
seed: 7
clock: {virtual: \"2024-11-20T13:55:08Z\"}
bitrix24:
  timing: {duration: 10ms, processing: 5ms}
  applications: [{client_id: app, client_secret: client-secret}]
  credentials:
    - webhook: {user: 1, secret: webhook-secret}
    - {token: access-token, refresh_token: refresh-token, client_id: app}
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
chert:
  tenants:
    - slug: acme
      signing_secret: signing-secret
      lines: [{id: pl, phone_number: \"+15555550100\"}]
      chats: [{id: ch, group: true, line: pl, display_name: Launch}]
faults:
  - name: the webhook fails once
    on: bitrix24.imconnector.chat.name.set
    match_credential: 1/webhook-secret
    when: {call: 1}
    error: CHAT_RENAMING_FAILED
  - {name: flaky, on: chert.chats.rename, when: {probability: 0.5}, error: 4001}
";

#[test]
fn a_namespace_may_have_expectations_of_its_own() {
    let server = serve(&format!(
        "{SCENARIO}expect: [{{name: main, on: bitrix24, the: {{chat: chat-1}}, has: {{name: Old name}}}}]\n"
    ));
    let wanted = json!({"name": "own", "expect": [{"name": "renamed", "on": "chert.chats.rename"}]});
    let space = Space::open(&server, &wanted.to_string());
    let verify = |path: &str| post(&server, path, "").json()["expectations"][0]["name"].clone();
    assert_eq!(verify("/__standin/namespaces/own/verify"), "renamed");
    post(&server, "/__standin/namespaces/own/reset", "");
    assert_eq!(verify("/__standin/namespaces/own/verify"), "renamed", "a reset keeps them");
    assert_eq!(verify("/__standin/verify"), "main");
    assert_eq!(space.environment("CHERT_SIGNING_SECRET"), "signing-secret-own");
    let none = Space::open(&server, r#"{"name": "none", "expect": []}"#);
    assert_eq!(post(&server, &format!("/__standin/namespaces/{}/verify", none.name), "").status(), 400);
    let mistake = post(
        &server,
        "/__standin/namespaces",
        r#"{"name": "bad", "expect": [{"name": "x", "on": "chert", "the": {"chat": "zzz"}, "has": {"name": "N"}}]}"#,
    );
    assert_eq!(mistake.status(), 422);
    assert!(
        mistake.json()["report"].as_str().unwrap().contains("name a chat of the scenario: `ch`"),
        "{}",
        mistake.text()
    );
    assert_eq!(get(&server, "/__standin/namespaces/bad").status(), 404, "none was made");
}

/// A namespace: its name, and the environment for a client in it.
struct Space<'a> {
    server: &'a Server,
    name: String,
    environment: Value,
}

impl Space<'_> {
    fn open<'a>(server: &'a Server, wanted: &str) -> Space<'a> {
        let made = post(server, "/__standin/namespaces", wanted);
        assert_eq!(made.status(), 201, "{}", made.text());
        let made = made.json();
        let name = made["namespace"].as_str().unwrap().to_owned();
        Space { server, name, environment: made["environment"].clone() }
    }

    fn environment(&self, variable: &str) -> &str {
        self.environment[variable].as_str().unwrap()
    }

    fn ask(&self, path: &str) -> Value {
        get(self.server, &format!("/__standin/namespaces/{}/{path}", self.name)).json()
    }

    fn order(&self, path: &str, body: &str) -> Response {
        post(self.server, &format!("/__standin/namespaces/{}/{path}", self.name), body)
    }

    /// Sends a rename by webhook as an SDK does, which knows nothing but the URL. Returns the status.
    fn rename(&self, name: &str) -> u16 {
        let webhook = self.environment("BITRIX24_WEBHOOK_URL");
        // The URL begins with the host in the request that created the namespace.
        let path = webhook.strip_prefix("http://localhost").unwrap();
        post(self.server, &format!("{path}imconnector.chat.name.set"), &rename(name)).status()
    }

    fn name_of_chat(&self) -> Value {
        self.ask("state")["bitrix24"]["chats"][0]["name"].clone()
    }
}

fn rename(name: &str) -> String {
    json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": name}).to_string()
}

#[test]
fn fifty_tests_at_once_do_not_see_each_other() {
    let server = serve(SCENARIO);
    thread::scope(|scope| {
        for number in 0..50_u64 {
            let server = &server;
            scope.spawn(move || {
                let namespace = Space::open(server, "");
                let name = format!("name {number}");
                assert_eq!((namespace.rename(&name), namespace.name_of_chat()), (400, json!("Old name")));
                for _ in 0..number % 5 + 1 {
                    assert_eq!((namespace.rename(&name), namespace.name_of_chat()), (200, json!(name)));
                }
                assert_eq!(namespace.ask("health")["counters"]["exchanges"], number % 5 + 2);
                assert_eq!(namespace.ask("faults")["faults"][0]["calls"], number % 5 + 2);
                assert_eq!(namespace.order("reset", "").status(), 200);
                assert_eq!((namespace.name_of_chat(), namespace.rename(&name)), (json!("Old name"), 400));
                assert_eq!(namespace.ask("journal")["entries"].as_array().map(Vec::len), Some(1));
            });
        }
    });
    assert_eq!(server.state()["bitrix24"]["chats"][0]["name"], "Old name");
    assert!(server.journal().is_empty());
    assert_eq!(get(&server, "/__standin/namespaces").json()["namespaces"].as_array().map(Vec::len), Some(50));
}

#[test]
fn credentials_alone_lead_to_a_namespace() {
    let server = serve(SCENARIO);
    let namespace = Space::open(&server, "");
    let token = namespace.environment("BITRIX24_ACCESS_TOKEN");
    assert_ne!(token, "access-token");
    let bearer = format!("Bearer {token}");
    let json_type = ("content-type", "application/json");
    let target = "/rest/imconnector.chat.name.set";
    let by_token = |bearer: &str, name: &str| {
        let headers = [("authorization", bearer), json_type];
        send(&server, "POST", target, &headers, rename(name).as_bytes())
    };
    assert_eq!(by_token(&bearer, "by token").status(), 200);
    assert_eq!(namespace.name_of_chat(), "by token");
    assert_eq!(server.state()["bitrix24"]["chats"][0]["name"], "Old name");

    let refreshed = get(
        &server,
        &format!(
            "/oauth/token/?grant_type=refresh_token&client_id=app&client_secret=client-secret&refresh_token=refresh-token-{}",
            namespace.name
        ),
    );
    assert_eq!(refreshed.status(), 200, "{}", refreshed.text());
    let fresh = format!("Bearer {}", refreshed.json()["access_token"].as_str().unwrap());
    assert_eq!(by_token(&bearer, "expired").json()["error"], "expired_token");
    assert_eq!(by_token(&fresh, "by the new token").status(), 200);
    assert_eq!(namespace.name_of_chat(), "by the new token");

    let tenant = namespace.environment("CHERT_TENANT");
    let bearer = format!("Bearer {}", namespace.environment("CHERT_SIGNING_SECRET"));
    let body = br#"{"display_name": "Crew"}"#;
    for headers in
        [vec![("authorization", &*bearer)], vec![("authorization", &*bearer), ("x-chert-tenant", tenant)]]
    {
        send(&server, "PUT", "/api/v1/chats/ch", &headers, body);
    }
    assert_eq!(namespace.ask("health")["counters"]["by_vendor"]["chert"], 2);
    assert!(server.journal().is_empty());
}

#[test]
fn a_header_leads_to_a_namespace_too() {
    let server = serve(SCENARIO);
    let namespace = Space::open(&server, "");
    let header = ("x-standin-namespace", namespace.name.as_str());
    let journal = send(&server, "GET", "/__standin/journal", &[header], b"");
    assert_eq!(journal.json()["entries"], json!([]));
    send(&server, "POST", "/rest/nothing", &[header], b"");
    assert_eq!(namespace.ask("health")["counters"]["exchanges"], 1);
    let nowhere = send(&server, "POST", "/rest/nothing", &[("x-standin-namespace", "n99")], b"");
    assert_eq!((nowhere.status(), &nowhere.json()["standin"]), (404, &json!("there is no namespace `n99`")));
    assert!(server.journal().is_empty());
}

#[test]
fn with_the_header_the_credentials_of_the_scenario_are_good() {
    let server = serve(SCENARIO);
    let namespace = Space::open(&server, "");
    let header = ("x-standin-namespace", namespace.name.as_str());
    let rename_by = |target: &str, headers: &[(&str, &str)], name: &str| {
        let headers = [headers, &[header, ("content-type", "application/json")]].concat();
        let status = send(&server, "POST", target, &headers, rename(name).as_bytes()).status();
        (status, namespace.name_of_chat())
    };
    let webhook = "/rest/1/webhook-secret/imconnector.chat.name.set";
    assert_eq!(rename_by(webhook, &[], "fails once").0, 400);
    assert_eq!(rename_by(webhook, &[], "by webhook"), (200, json!("by webhook")));
    let bearer = [("authorization", "Bearer access-token")];
    let by_token = "/rest/imconnector.chat.name.set";
    assert_eq!(rename_by(by_token, &bearer, "by token"), (200, json!("by token")));
    let refresh = "/oauth/token/?grant_type=refresh_token&client_id=app&client_secret=client-secret&refresh_token=refresh-token";
    assert_eq!(send(&server, "GET", refresh, &[header], b"").status(), 200);
    assert_eq!(send(&server, "GET", refresh, &[header], b"").status(), 400, "it is used up");
    assert_eq!(rename_by(by_token, &bearer, "expired"), (401, json!("by token")));
    assert_eq!(rename_by("/rest/1/other-secret/imconnector.chat.name.set", &[], "no").0, 403);

    let body = br#"{"display_name": "Crew"}"#;
    let signature = signature("signing-secret", 1_732_110_908, body);
    for headers in [
        vec![header, ("x-chert-tenant", "acme"), ("x-chert-signature", &signature)],
        vec![header, ("x-chert-tenant", "acme"), ("authorization", "Bearer signing-secret")],
        vec![header, ("authorization", "Bearer signing-secret")],
    ] {
        let status = send(&server, "PUT", "/api/v1/chats/ch", &headers, body).status();
        assert_ne!(status, 401, "{headers:?}");
    }
    assert_eq!(server.state()["bitrix24"]["chats"][0]["name"], "Old name");
    assert!(server.journal().is_empty());
}

#[test]
fn a_namespace_has_the_draws_of_its_seed() {
    let run = |wanted: &str| {
        let server = serve(SCENARIO);
        let namespace = Space::open(&server, wanted);
        let bearer = format!("Bearer {}", namespace.environment("CHERT_SIGNING_SECRET"));
        [0; 40].map(|_| {
            send(
                &server,
                "PUT",
                "/api/v1/chats/ch",
                &[("authorization", &bearer)],
                br#"{"display_name": "Crew"}"#,
            )
            .status()
        })
    };
    assert_eq!(run(""), run(r#"{"seed": 7}"#));
    assert_ne!(run(""), run(r#"{"seed": 8}"#));
}

#[test]
fn a_namespace_may_have_a_scenario_of_its_own_and_another_later() {
    let server = serve(SCENARIO);
    let chert = "standin: 1\nname: own\nchert: {tenants: [{slug: other, signing_secret: other-secret}]}\n";
    let namespace = Space::open(&server, &json!({"scenario": chert}).to_string());
    assert_eq!(namespace.ask("health")["scenario"], "own");
    let by_tenant = |tenant: &str, secret: &str| {
        let bearer = format!("Bearer {secret}-{}", namespace.name);
        let headers =
            [("authorization", bearer.as_str()), ("x-chert-tenant", &format!("{tenant}-{}", namespace.name))]
                .map(|(name, value)| (name, value.to_owned()));
        let headers = [(headers[0].0, headers[0].1.as_str()), (headers[1].0, headers[1].1.as_str())];
        send(&server, "PUT", "/api/v1/chats/ch", &headers, b"{}");
        namespace.ask("health")["counters"]["exchanges"].clone()
    };
    assert_eq!(by_tenant("other", "other-secret"), 1);
    assert_eq!(namespace.order("scenario", &chert.replace("other", "third")).status(), 200);
    assert_eq!(by_tenant("third", "third-secret"), 1);
    let mistaken = post(&server, "/__standin/namespaces", &json!({"scenario": "standin: 1\n"}).to_string());
    assert_eq!((mistaken.status(), mistaken.text().contains("`name` is missing")), (422, true));
    assert_eq!(post(&server, "/__standin/namespaces", r#"{"sead": 1}"#).status(), 400);
}

#[test]
fn a_namespace_that_was_dropped_is_gone() {
    let server = serve(SCENARIO);
    let namespace = Space::open(&server, "");
    let path = format!("/__standin/namespaces/{}", namespace.name);
    assert_eq!(get(&server, &path).json()["environment"], namespace.environment);
    assert_eq!(send(&server, "DELETE", &path, &[], b"").status(), 200);
    assert_eq!(get(&server, &path).status(), 404);
    assert_eq!(namespace.rename("late"), 403, "its credentials are nobody's");
    assert_eq!(server.journal().len(), 1);
    assert_ne!(Space::open(&server, "").name, namespace.name);
}

#[test]
fn a_namespace_takes_no_credential_of_the_first_world() {
    let server = serve(&SCENARIO.replace("token: access-token,", "token: access-token-n1,"));
    let namespace = Space::open(&server, "");
    assert_eq!(
        (namespace.name.as_str(), namespace.environment("BITRIX24_ACCESS_TOKEN")),
        ("n2", "access-token-n1-n2")
    );
}

#[test]
fn a_namespace_has_the_name_that_was_asked_for() {
    let server = serve(SCENARIO);
    let namespace = Space::open(&server, r#"{"name": "test_retry"}"#);
    assert_eq!(namespace.name, "test_retry");
    assert_eq!(namespace.environment("BITRIX24_ACCESS_TOKEN"), "access-token-test_retry");
    assert_eq!(namespace.environment("CHERT_TENANT"), "acme-test_retry");
    assert_eq!((namespace.rename("fails once"), namespace.rename("named")), (400, 200));
    assert_eq!(namespace.name_of_chat(), "named");
    assert!(server.journal().is_empty());

    let taken = post(&server, "/__standin/namespaces", r#"{"name": "test_retry", "seed": 1}"#);
    assert_eq!(taken.status(), 409);
    assert_eq!(taken.json()["standin"], "there is a namespace `test_retry` already");
    assert!(taken.text().contains("DELETE /__standin/namespaces/test_retry"), "{}", taken.text());
    assert_eq!(namespace.ask("health")["counters"]["exchanges"], 2, "the one that is there is left alone");

    send(&server, "DELETE", "/__standin/namespaces/test_retry", &[], b"");
    assert_eq!(Space::open(&server, r#"{"name": "test_retry"}"#).name_of_chat(), "Old name");
}

#[test]
fn a_name_that_cannot_be_one_is_refused_with_the_characters_that_can() {
    let server = serve(&SCENARIO.replace("token: access-token,", "token: access-token-own,"));
    let longest = "a".repeat(40);
    for name in ["", "test-retry", "Test", "test retry", "tést", "a/b", ".", &"a".repeat(41)] {
        let refused = post(&server, "/__standin/namespaces", &json!({"name": name}).to_string());
        assert_eq!(refused.status(), 400, "{name}");
        let message = format!("`{name}` cannot be the name of a namespace");
        assert_eq!(
            refused.json(),
            json!({"standin": message, "help": "use 1 to 40 of the characters `a` to `z`, `0` to `9` and `_`"})
        );
    }
    let ambiguous = post(&server, "/__standin/namespaces", r#"{"name": "own"}"#);
    assert_eq!((ambiguous.status(), &ambiguous.json()["help"]), (409, &json!("choose another name")));
    assert_eq!(get(&server, "/__standin/namespaces").json()["namespaces"], json!([]));
    for name in ["a", "_", "0", &longest] {
        assert_eq!(Space::open(&server, &json!({"name": name}).to_string()).name, name);
    }
}

#[test]
fn a_namespace_without_a_name_gets_one_that_is_free() {
    let server = serve(SCENARIO);
    Space::open(&server, r#"{"name": "n1"}"#);
    Space::open(&server, r#"{"name": "n2"}"#);
    assert_eq!(Space::open(&server, "").name, "n3");
}

#[test]
fn tests_that_want_one_name_at_once_get_it_once() {
    let server = serve(SCENARIO);
    let made = thread::scope(|scope| {
        let wish = || post(&server, "/__standin/namespaces", r#"{"name": "one"}"#).status();
        let wishes: Vec<_> = (0..8).map(|_| scope.spawn(wish)).collect();
        wishes.into_iter().map(|wish| wish.join().unwrap()).filter(|status| *status == 201).count()
    });
    assert_eq!(made, 1);
}

#[test]
fn the_scenario_of_a_namespace_may_be_json() {
    let server = serve(SCENARIO);
    let scenario = json!({
        "standin": 1, "name": "as \"JSON\" / ünï",
        "chert": {"tenants": [{"slug": "other", "signing_secret": "other-secret"}]},
    });
    let namespace = Space::open(&server, &json!({"name": "json", "scenario": scenario}).to_string());
    assert_eq!(namespace.ask("health")["scenario"], "as \"JSON\" / ünï");
    assert_eq!(namespace.environment("CHERT_TENANT"), "other-json");
    let wrong = json!({"scenario": {"standin": 1, "name": "x", "chrt": {}}}).to_string();
    let wrong = post(&server, "/__standin/namespaces", &wrong);
    assert_eq!((wrong.status(), wrong.text().contains("did you mean `chert`?")), (422, true));
    assert_eq!(post(&server, "/__standin/namespaces", r#"{"scenario": [1]}"#).status(), 400);
}

#[test]
fn one_exchange_can_be_shown() {
    let server = serve(SCENARIO);
    let namespace = Space::open(&server, r#"{"name": "shown"}"#);
    namespace.rename("fails once");
    namespace.rename("second");
    let all = namespace.ask("journal")["entries"].clone();
    assert_eq!(namespace.ask("journal/1"), all[0]);
    assert_eq!(namespace.ask("journal/2"), all[1]);
    assert_eq!(namespace.ask("journal/last"), all[1]);
    assert_eq!(
        namespace.ask("journal/3"),
        json!({"standin": "the journal of namespace `shown` has no exchange `3`", "help": "it has 1 to 2"})
    );
    let missing = get(&server, "/__standin/journal/1");
    assert_eq!((missing.status(), &missing.json()["help"]), (404, &json!("it is empty: make a call first")));
    post(&server, "/rest/1/webhook-secret/x", "{}");
    assert_eq!(get(&server, "/__standin/journal/1").json()["number"], 1);
    for odd in ["0", "-1", "x", "18446744073709551616"] {
        assert_eq!(get(&server, &format!("/__standin/journal/{odd}")).status(), 404, "{odd}");
    }
}

#[test]
fn the_newest_exchange_of_any_namespace_is_explained_when_the_main_journal_is_empty() {
    let server = serve(SCENARIO);
    let explain = || get(&server, "/__standin/journal/last/explain").text().to_owned();
    assert!(explain().contains("it is empty: make a call first"));
    let [first, second] =
        ["first", "second"].map(|name| Space::open(&server, &json!({"name": name}).to_string()));
    second.rename("a");
    first.rename("b");
    second.ask("state");
    assert!(explain().starts_with("exchange 1 of namespace first at "), "{}", explain());
    assert!(get(&server, "/__standin/journal/1/explain").text().contains("has no exchange `1`"));
    assert_eq!(second.ask("journal/last/explain?format=json")["namespace"], "second");
    post(&server, "/rest/1/webhook-secret/x", "{}");
    assert!(explain().starts_with("exchange 1 at "), "{}", explain());
}

#[test]
fn the_environment_has_what_an_oauth_client_needs() {
    let server = serve(SCENARIO);
    let namespace = Space::open(&server, r#"{"name": "oauth"}"#);
    assert_eq!(namespace.environment("BITRIX24_REFRESH_TOKEN"), "refresh-token-oauth");
    assert_eq!(namespace.environment("BITRIX24_CLIENT_ID"), "app");
    assert_eq!(namespace.environment("BITRIX24_CLIENT_SECRET"), "client-secret");
    assert_eq!(namespace.environment("BITRIX24_TOKEN_URL"), "http://localhost/oauth/token/");
    let body = format!(
        "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        namespace.environment("BITRIX24_CLIENT_ID"),
        namespace.environment("BITRIX24_CLIENT_SECRET"),
        namespace.environment("BITRIX24_REFRESH_TOKEN"),
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(send(&server, "POST", "/oauth/token/", &form, body.as_bytes()).status(), 200);
}

#[test]
fn the_environment_has_credentials_that_may_be_used() {
    let scenario = "
standin: 1
name: some may not call
bitrix24:
  applications: [{client_id: gone, client_secret: gone-secret}, {client_id: app, client_secret: client-secret}]
  credentials:
    - {token: gone-token, refresh_token: gone-refresh, client_id: gone, state: not_installed}
    - {token: plain-token}
    - {token: good-token, refresh_token: good-refresh, client_id: app}
chert:
  tenants:
    - {slug: suspended, signing_secret: suspended-secret, state: suspended}
    - {slug: active, signing_secret: active-secret}
";
    let server = serve(scenario);
    let access = |variable: &str| server.access(variable);
    assert_eq!(access("CHERT_TENANT").as_deref(), Some("active"));
    assert_eq!(access("CHERT_SIGNING_SECRET").as_deref(), Some("active-secret"));
    assert_eq!(access("BITRIX24_ACCESS_TOKEN").as_deref(), Some("plain-token"));
    assert_eq!(access("BITRIX24_REFRESH_TOKEN").as_deref(), Some("good-refresh"));
    assert_eq!(access("BITRIX24_CLIENT_SECRET").as_deref(), Some("client-secret"));
    let none =
        serve("standin: 1\nname: x\nbitrix24: {credentials: [{token: plain-token}]}\nchert: {tenants: []}\n");
    assert_eq!((none.access("BITRIX24_TOKEN_URL"), none.access("CHERT_TENANT")), (None, None));
}

#[test]
fn help_inside_a_namespace_names_its_own_paths() {
    let server = serve(SCENARIO);
    let space = Space::open(&server, r#"{"name": "own"}"#);
    let help = |path: &str| post(&server, path, "{}").json()["help"].as_str().unwrap().to_owned();
    let of_faults = "`GET /__standin/namespaces/own/faults` lists all faults";
    assert_eq!(help("/__standin/namespaces/own/faults/none/on"), of_faults);
    assert_eq!(help("/__standin/faults/none/on"), "`GET /__standin/faults` lists all faults");
    space.ask("state");
}
