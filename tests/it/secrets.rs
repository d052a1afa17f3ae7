//! Secrets: they are hidden where credentials stand, and wherever else they stand if they are long.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use standin::basics::Arrival;
use standin::engine::{Namespaces, World, step};
use standin::http::{Headers, Request};
use standin::{Scenario, Server, control};

use crate::client::{get, post, send};

const SCENARIO: &str = "
standin: 1
name: secrets
seed: 7
bitrix24:
  applications: [{client_id: app, client_secret: client}]
  credentials:
    - webhook: {user: 1, secret: secret}
    - webhook: {user: 2, secret: abc/TAIL+9 é}
    - {token: token, refresh_token: refresh, client_id: app}
    - {token: long-access-token, refresh_token: long-refresh-token, client_id: app}
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Old name}]
chert:
  tenants: [{slug: acme, signing_secret: signing}]
";

/// Worlds without sockets.
struct Worlds(Namespaces);

impl Worlds {
    fn new() -> Self {
        // A `/` cannot stand in a webhook of a scenario, but it may in a token.
        let scenario = SCENARIO.replace("webhook: {user: 2, secret: abc/TAIL+9 é}", "token: abc/TAIL+9 é");
        let scenario = Scenario::parse("test", &scenario).unwrap_or_else(|report| panic!("{report}"));
        let world = World::new(Arc::new(scenario), 7, Timestamp::UNIX_EPOCH);
        Self(Namespaces::new(world.judging()))
    }

    /// Sends a request; the exchange as the journal shows it.
    fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Value {
        let headers: Headers = headers.iter().copied().collect();
        let request = Request::new(method, target, headers, body.to_owned().into());
        let arrival = Arrival::at(Timestamp::UNIX_EPOCH);
        let mut world = self.0.main();
        let planned = step(&mut world, &request, arrival);
        world.record(&request, planned, arrival);
        drop(world);
        self.ask("/__standin/journal/last")
    }

    fn ask(&self, path: &str) -> Value {
        let headers = [("accept", "application/json")].into_iter().collect();
        let request = Request::new("GET", path, headers, "".into());
        let reply = control::answer(&self.0, &request, Timestamp::UNIX_EPOCH);
        serde_json::from_slice(&reply.body).unwrap()
    }

    /// Everything that the control interface shows.
    fn all(&self) -> String {
        let paths = ["journal", "journal/last/explain", "conduct", "state", "health", "faults"];
        paths.map(|path| self.ask(&format!("/__standin/{path}")).to_string()).concat()
    }
}

const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

#[test]
fn names_that_hold_a_secret_as_a_word_stay_as_they_are() {
    let worlds = Worlds::new();
    let body = "grant_type=refresh_token&client_id=app&client_secret=client&refresh_token=refresh";
    let seen = worlds.send("POST", "/oauth/token/", FORM, body);
    assert_eq!(seen["response"]["status"], 200);
    let shown = "grant_type=refresh_token&client_id=app&client_secret=***&refresh_token=***";
    assert_eq!(seen["request"]["body"], shown);
    let answer: Value = serde_json::from_str(seen["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&answer["access_token"], &answer["refresh_token"]), (&json!("***"), &json!("***")));
    assert_eq!(answer["expires_in"], 3600);

    let named = r#"{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"chat-1","NAME":"the secret token of the client"}"#;
    let seen = worlds.send("POST", "/rest/1/secret/imconnector.chat.name.set", JSON, named);
    assert_eq!(seen["request"]["target"], "/rest/1/***/imconnector.chat.name.set");
    assert_eq!(seen["request"]["body"], named);
}

#[test]
fn an_error_that_is_called_like_a_credential_is_shown() {
    let scenario = Scenario::parse("test", include_str!("../../scenarios/bitrix24-errors.yaml")).unwrap();
    let worlds = Worlds(Namespaces::new(World::new(Arc::new(scenario), 7, Timestamp::UNIX_EPOCH)));
    let seen =
        worlds.send("POST", "/rest/imconnector.list", &[("authorization", "Bearer user_access_error")], "");
    assert!(seen["response"]["body"].as_str().unwrap().contains(r#""error":"user_access_error""#), "{seen}");
    assert_eq!(seen["request"]["headers"][0][1], "Bearer ***");
}

#[test]
fn what_stands_where_a_credential_stands_is_hidden() {
    let worlds = Worlds::new();
    for (target, shown) in [
        ("/rest/1/secret/batch", "/rest/1/***/batch"),
        ("/rest/1/s%65cret/batch", "/rest/1/***/batch"),
        ("//rest//1//secret//batch/", "//rest//1//***//batch/"),
        ("/rest/1/secret/", "/rest/1/***/"),
        ("/rest/real/imconnector.chat.name.set", "/rest/***/imconnector.chat.name.set"),
        ("/rst/1/secret/batch", "/rst/1/***/batch"),
        ("/rest/batch?auth=token&x=token", "/rest/batch?auth=***&x=token"),
        ("/rest/batch?x=1&access_token=a%26b", "/rest/batch?x=1&access_token=***"),
        ("/rest/batch?%61uth=a&AUTH=b", "/rest/batch?%61uth=***&AUTH=***"),
        ("/rest/batch?auth[]=a&auth%5Bx%5D=b&auth=", "/rest/batch?auth[]=***&auth%5Bx%5D=***&auth="),
        ("/rest/batch?author=x&tokens=y&my_token=z", "/rest/batch?author=x&tokens=y&my_token=z"),
        ("/rest/batch?cmd[a]=m%3Fauth%3Ds%26x%3D1", "/rest/batch?cmd[a]=m%3Fauth%3D***%26x%3D1"),
        ("/rest/batch?cmd[a]=m%253Fauth%253Ds%2526x", "/rest/batch?cmd[a]=m%253Fauth%253D***%2526x"),
        ("/rest/batch?cmd[auth]=server.time", "/rest/batch?cmd[auth]=server.time"),
        ("/oauth/token?code=a&client_id=app", "/oauth/token?code=***&client_id=app"),
        ("/rest/batch?code=a", "/rest/batch?code=a"),
        ("/api/v1/chats/secret?token=x", "/api/v1/chats/secret?token=***"),
        ("/rest/batch?auth=%zz%&x", "/rest/batch?auth=***&x"),
        ("/rest/batch?a=1;auth=b;c=2", "/rest/batch?a=1;auth=***;c=2"),
        ("/rest/batch?a;auth=b&c=2", "/rest/batch?a;auth=***&c=2"),
        ("/rest/batch?auth=a;b&c=2", "/rest/batch?auth=***&c=2"),
        ("/rest/batch?a=1;NAME=token", "/rest/batch?a=1;NAME=token"),
        ("/foo/rest/2/real/m", "/foo/rest/2/***/m"),
        ("/foo/rest/2/real?x=1", "/foo/rest/2/***?x=1"),
        ("/REST/2/real/imconnector.list", "/REST/2/***/imconnector.list"),
        ("/x/Rest/real/imconnector.list", "/x/Rest/***/imconnector.list"),
        ("//foo//rest//2//real//m", "//foo//rest//2//***//m"),
        ("/foo/%72est/%32/re%61l/m", "/foo/%72est/%32/***/m"),
        ("/foo/rest/of/the/world", "/foo/rest/of/the/world"),
        ("/interest/2/real/m", "/interest/2/real/m"),
        ("/foo/rest/2/imconnector.list", "/foo/rest/2/imconnector.list"),
        ("/foo/rest/2/", "/foo/rest/2/"),
        ("/rest/batch?cmd[a]=/rest/2/real/m?x=1", "/rest/batch?cmd[a]=/rest/2/***/m?x=1"),
        ("/rest/batch?cmd[a]=%2Frest%2F2%2Freal%2Fm", "/rest/batch?cmd[a]=%2Frest%2F2%2F***%2Fm"),
    ] {
        assert_eq!(worlds.send("GET", target, &[], "")["request"]["target"], shown, "{target}");
    }
    let parts = "--x\r\nContent-Disposition: form-data; name=\"auth\"\r\n\r\ns3\r\n--x\r\nContent-Disposition: form-data; name=NAME\r\n\r\nauth\r\n--x--\r\n";
    for (body, shown) in [
        ("auth=a&NAME=token", "auth=***&NAME=token"),
        (r#"{"auth":"a\"b","NAME":"token"}"#, r#"{"auth":"***","NAME":"token"}"#),
        (r#"{"\u0061uth": "a", "x": [{"token": 5}]}"#, r#"{"\u0061uth": "***", "x": [{"token": ***}]}"#),
        (r#"{"auth":{"access_token":"a}","x":[1]},"b":1}"#, r#"{"auth":***,"b":1}"#),
        (r#"{"auth":null,"b":1}"#, r#"{"auth":null,"b":1}"#),
        (r#"{"cmd":{"a":"m?auth=s&x=1"}}"#, r#"{"cmd":{"a":"m?auth=***&x=1"}}"#),
        (r#"{"cmd":{"a":"m?auth=s\u0026x=1"}}"#, r#"{"cmd":{"a":"m?auth=***\u0026x=1"}}"#),
        (r#"{"x":"{\"auth\":\"s\"}"}"#, r#"{"x":"{\"auth\":\"***\"}"}"#),
        (r#"x={"auth":"s"}&y=1"#, r#"x={"auth":"***"}&y=1"#),
        (r#"{"auth": "s3", broken"#, r#"{"auth": "***", broken"#),
        (r#"{'auth': 's3', 'b': 1}"#, r#"{'auth': '***', 'b': 1}"#),
        (r#"{"auth": "s3"#, r#"{"auth": "***"#),
        (parts, &parts.replace("s3", "***")),
        (r#"{"cmd":{"a":"/rest/2/real/m?x=1"}}"#, r#"{"cmd":{"a":"/rest/2/***/m?x=1"}}"#),
        (r#"{"cmd":["\/Rest\/2\/real"],"b":1}"#, r#"{"cmd":["\/Rest\/2\/***"],"b":1}"#),
        ("cmd[a]=%2Frest%2F2%2Freal%2Fm&b=1", "cmd[a]=%2Frest%2F2%2F***%2Fm&b=1"),
        ("see https://x/rest/2/real/m, please", "see https://x/rest/2/***/m, please"),
        ("the /rest/of/the world", "the /rest/of/the world"),
    ] {
        let seen = worlds.send("POST", "/rest/batch", &[], body);
        assert_eq!(seen["request"]["body"], shown, "{body}");
        let seen = worlds.send("POST", "/rest/batch", JSON, body);
        assert_eq!(seen["request"]["body"], shown, "{body}");
    }
}

#[test]
fn header_fields_that_hold_credentials_are_hidden() {
    let worlds = Worlds::new();
    for (name, value, shown) in [
        ("authorization", "Bearer token", "Bearer ***"),
        ("authorization", "bearer  a b ", "bearer  *** "),
        ("authorization", "token", "***"),
        ("authorization", "mine and more", "***"),
        ("authorization", "Bearer", "***"),
        ("cookie", "a=b; token=c;d", "a=***; token=***;***"),
        ("x-bitrix-csrf-token", "12", "***"),
        ("x-chert-signature", "v1,17,ab", "v1,17,***"),
        ("x-chert-signature", "ab,v1,17", "***,v1,17"),
        ("x-chert-signature", "ab", "***"),
        ("x-chert-signature", "v1,1234567890123456", "v1,***"),
        ("x-chert-tenant", "acme", "acme"),
        ("user-agent", "token/1.0 (secret)", "token/1.0 (secret)"),
        ("referer", "http://x/?auth=a&b", "http://x/?auth=***&b"),
        ("referer", "http://x/y/REST/2/real/m", "http://x/y/REST/2/***/m"),
        ("referer", "http://x/rest/2/real", "http://x/rest/2/***"),
    ] {
        let seen = worlds.send("PUT", "/api/v1/chats/x", &[(name, value)], "{}");
        assert_eq!(seen["request"]["headers"], json!([[name, shown]]), "{value}");
    }
}

#[test]
fn a_long_secret_is_hidden_wherever_it_stands_in_every_spelling() {
    let worlds = Worlds::new();
    let long = [
        "long-access-token",
        "xlong-access-token9",
        "long%2Daccess%2dtoken",
        "%6cong%252Daccess-token",
        r"long-\u0061ccess-token",
        r"\u006C\u006F\u006e\u0067-access-token",
        r"abc\/TAIL+9 \u00e9",
        "abc/TAIL+9 é",
        "abc/TAIL+9+é",
        "abc%2FTAIL%2B9%20%C3%A9",
        "abc%2FTAIL%2B9+%c3%a9",
        r"abc\/TAIL%2B9 é",
        r"abc\\/TAIL+9 \\u00e9",
    ];
    for secret in long {
        let body = format!(r#"{{"NAME":"it is {secret}!","CONNECTOR":"connector"}}"#);
        let headers = [("content-type", "application/json"), ("x-other", secret)];
        let seen = worlds.send("POST", "/rest/1/secret/imconnector.chat.name.set", &headers, &body);
        let text = seen["request"].to_string();
        for part in ["ong-", "ccess", "TAIL", "token"] {
            assert!(!text.contains(part), "{part} of {secret} in {text}");
        }
        assert!(text.contains("it is ") && text.contains("connector"), "{text}");
    }
}

#[test]
fn a_real_credential_that_was_sent_is_hidden_in_the_rest_of_its_exchange() {
    let worlds = Worlds::new();
    let headers = [("authorization", "Bearer somebodys/real-token"), ("content-type", "application/json")];
    let body = r#"{"NAME":"somebodys\/real-token","CHAT_ID":"somebodys%2Freal-token"}"#;
    let text = worlds.send("POST", "/rest/imconnector.chat.name.set", &headers, body).to_string();
    assert!(!text.contains("somebodys") && text.contains("CHAT_ID"), "{text}");
}

#[test]
fn tokens_that_were_issued_are_hidden_wherever_they_stand() {
    let worlds = Worlds::new();
    let mut refresh_token = "long-refresh-token".to_owned();
    for _ in 0..20 {
        let target = format!(
            "/oauth/token/?grant_type=refresh_token&client_id=app&client_secret=client&refresh_token={refresh_token}"
        );
        worlds.send("GET", &target, &[], "");
        let entry = worlds.0.main().journal().entries().next_back().unwrap();
        let issued: Value = serde_json::from_slice(&entry.reply.body).unwrap();
        refresh_token = issued["refresh_token"].as_str().unwrap().to_owned();
    }
    let text =
        worlds.send("POST", "/rest/server.time", &[], &format!("NAME=my {refresh_token} here")).to_string();
    assert!(!text.contains(&refresh_token) && text.contains("my *** here"), "{text}");
}

#[test]
fn what_clients_are_blamed_for_holds_no_secret() {
    let worlds = Worlds::new();
    let body = r#"{"CONNECTOR":"connector","LINE":"long-access-token","CHAT_ID":"x","NAME":"n","long-access-token":1}"#;
    worlds.send("POST", "/rest/imconnector.chat.name.set?auth=long-access-token", JSON, body);
    let rules = worlds.ask("/__standin/conduct")["broken"].clone();
    let rules: Vec<_> = rules.as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    for rule in ["unknown-parameter", "wrong-type", "bitrix24.token-in-url"] {
        assert!(rules.contains(&rule), "{rule} in {rules:?}");
    }
    let real = r#"{"CONNECTOR":"connector","LINE":"real-token-of-somebody","CHAT_ID":"x","NAME":"n"}"#;
    worlds.send(
        "POST",
        "/rest/imconnector.chat.name.set",
        &[("authorization", "Bearer real-token-of-somebody"), JSON[0]],
        real,
    );
    let text = worlds.all();
    assert!(!text.contains("long-access-token") && !text.contains("real-token-of"), "{text}");
    worlds.0.main().reset(Timestamp::UNIX_EPOCH);
    let broken: Vec<_> =
        worlds.0.broken(Timestamp::UNIX_EPOCH).iter().map(standin::judge::Broken::text).collect();
    assert!(!broken.is_empty());
    assert!(!broken.concat().contains("long-access-token") && !broken.concat().contains("real-token-of"));
}

#[test]
fn expectations_that_are_not_met_show_no_secret() {
    let scenario = format!(
        "{SCENARIO}expect:\n  - {{name: e, on: bitrix24.imconnector.chat.name.set, match: {{NAME: long-access-token, CHAT_ID: y}}}}\n"
    );
    let scenario = scenario.replace("webhook: {user: 2, secret: abc/TAIL+9 é}", "token: other-long-token");
    let scenario = Scenario::parse("test", &scenario).unwrap();
    let worlds = Worlds(Namespaces::new(World::new(Arc::new(scenario), 7, Timestamp::UNIX_EPOCH)));
    worlds.send(
        "POST",
        "/rest/1/secret/imconnector.chat.name.set",
        JSON,
        r#"{"NAME":"other-long-token","CHAT_ID":"x"}"#,
    );
    let outcomes = worlds.0.outcomes(Timestamp::UNIX_EPOCH);
    let text = outcomes[0].text() + &json!(outcomes[0].shown()).to_string();
    assert!(!text.contains("-token") && text.contains("CHAT_ID"), "{text}");
}

#[test]
fn what_a_locked_world_told_is_hidden_after_it_is_unlocked_whatever_becomes_of_the_world() {
    let scenario = format!(
        "{SCENARIO}expect:\n  - {{name: e, on: bitrix24.imconnector.chat.name.set, match: {{NAME: long-access-token, CHAT_ID: y}}}}\n  - {{name: f, on: bitrix24.imconnector.chat.name.set, match: {{NAME: long-access-token, CHAT_ID: y}}, scope: run}}\n"
    );
    let scenario = scenario.replace("webhook: {user: 2, secret: abc/TAIL+9 é}", "token: other-long-token");
    let scenario = Scenario::parse("test", &scenario).unwrap_or_else(|report| panic!("{report}"));
    let worlds = Worlds(Namespaces::new(World::new(Arc::new(scenario), 7, Timestamp::UNIX_EPOCH).judging()));
    let body = r#"{"CONNECTOR":"connector","LINE":"real-token-of-somebody","CHAT_ID":"other-long-token","NAME":"real-token-of-somebody"}"#;
    let headers = [("authorization", "Bearer real-token-of-somebody"), JSON[0]];
    worlds.send("POST", "/rest/imconnector.chat.name.set", &headers, body);
    let (broken, outcomes) = {
        let mut world = worlds.0.main();
        (world.broken(Timestamp::UNIX_EPOCH).unwrap(), world.outcomes(Timestamp::UNIX_EPOCH))
    };
    let of_run = worlds.0.outcomes_of_run();
    worlds.0.main().reset(Timestamp::UNIX_EPOCH);
    let broken: Vec<_> = broken.hidden().iter().map(standin::judge::Broken::text).collect();
    let outcomes = [outcomes.hidden(), of_run].concat();
    assert!(!broken.is_empty() && outcomes.len() == 2, "{broken:?} {outcomes:?}");
    let told: String =
        outcomes.iter().map(|outcome| outcome.text() + &json!(outcome.shown()).to_string()).collect();
    let text = broken.concat() + &told;
    assert!(text.contains("CHAT_ID") && text.contains("LINE"), "{text}");
    assert!(!text.contains("-token-of") && !text.contains("other-long"), "{text}");
}

#[test]
fn the_results_of_a_dropped_namespace_hide_its_secrets() {
    let scenario = format!(
        "{SCENARIO}expect:\n  - {{name: e, on: bitrix24.imconnector.chat.name.set, match: {{NAME: long-access-token, CHAT_ID: y}}}}\n"
    );
    let scenario = scenario.replace("webhook: {user: 2, secret: abc/TAIL+9 é}", "token: other-long-token");
    let scenario = Scenario::parse("test", &scenario).unwrap_or_else(|report| panic!("{report}"));
    let worlds = Worlds(Namespaces::new(World::new(Arc::new(scenario), 7, Timestamp::UNIX_EPOCH).judging()));
    let namespace = worlds.0.open(None, None, Timestamp::UNIX_EPOCH).unwrap();
    {
        let mut world = namespace.world().unwrap();
        let body = r#"{"CONNECTOR":"connector","LINE":"real-token-of-somebody","CHAT_ID":"other-long-token-n1","NAME":"real-token-of-somebody"}"#;
        let headers = [("authorization", "Bearer real-token-of-somebody"), JSON[0]].into_iter().collect();
        let request =
            Request::new("POST", "/rest/imconnector.chat.name.set", headers, body.to_owned().into());
        let arrival = Arrival::at(Timestamp::UNIX_EPOCH);
        let planned = step(&mut world, &request, arrival);
        world.record(&request, planned, arrival);
    }
    assert!(worlds.0.close("n1", Timestamp::UNIX_EPOCH));
    let outcomes = worlds.0.outcomes(Timestamp::UNIX_EPOCH);
    let broken = worlds.0.broken(Timestamp::UNIX_EPOCH);
    assert!(outcomes.len() == 1 && !broken.is_empty(), "{outcomes:?} {broken:?}");
    let broken: String = broken.iter().map(standin::judge::Broken::text).collect();
    let text = outcomes[0].text() + &json!(outcomes[0].shown()).to_string() + &broken;
    assert!(text.contains("`n1: e`") && text.contains("of namespace n1"), "{text}");
    assert!(!text.contains("-token-of") && !text.contains("other-long"), "{text}");
}

#[test]
fn large_bodies_of_many_pieces_are_searched_to_their_end() {
    let worlds = Worlds::new();
    let parts = "Content-Disposition: form-data; name=name=name=name=";
    for piece in [
        "auth=",
        "auth",
        "{\"auth\":",
        "\"",
        "[",
        "%25",
        "25",
        "a=?",
        "?",
        "\\u005c",
        "\\",
        "--x",
        parts,
        "auth=1%252&",
        "token\n",
        "/rest/",
        "/rest/1/",
        "/rest/1/x",
        "a=?;",
    ] {
        for (first, content_type) in [("", "x"), ("{", "application/json"), ("--x", "multipart/form-data")] {
            let body = first.to_owned() + &piece.repeat((64 << 10) / piece.len());
            worlds.send("POST", "/rest/batch", &[("content-type", content_type)], &body);
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in r#"(auth|token|cmd|name=|--x|\r\n\r\n|\\u|\\ud83d\\ude00|[%"'\\{}\[\]:&=?;,\r\n 0-9é-]){0,30}"#) {
        let worlds = Worlds::new();
        for kind in ["x", "application/json", "multipart/form-data; boundary=x"] {
            let line = text.replace(['\r', '\n'], "");
            let headers = [("content-type", kind), ("cookie", &line), ("authorization", &line), ("x-chert-signature", &line)];
            worlds.send("POST", &format!("/rest/{line}"), &headers, &text);
        }
        worlds.all();
    }

    #[test]
    fn a_secret_is_never_shown_whatever_is_around_it(
        before in "[ -~]{0,12}",
        after in "[ -~é\r\n]{0,12}",
        escaped in prop::collection::vec(0..4_u8, 17),
        place in 0..4_u8,
    ) {
        let worlds = Worlds::new();
        let spelt: String = "long-access-token".chars().zip(escaped).map(|(c, how)| match how {
            0 => format!("%{:02x}", c as u32),
            1 => format!("\\u{:04x}", c as u32),
            2 => format!("%25{:02X}", c as u32),
            _ => c.to_string(),
        }).collect();
        let text = format!("{before}{spelt}{after}");
        let seen = match place {
            0 => worlds.send("POST", "/rest/batch", JSON, &text),
            1 => worlds.send("POST", "/rest/batch", FORM, &text),
            2 => worlds.send("POST", "/rest/batch", &[("x-any", &text.replace(['\r', '\n'], ""))], ""),
            _ => worlds.send("POST", &format!("/rest/{text}"), &[], ""),
        };
        let shown = seen["request"].to_string();
        // The backslashes of the request are doubled in JSON.
        let spelt = spelt.replace('\\', "\\\\");
        prop_assert!(!shown.contains(&spelt), "{spelt} in {shown}");
    }
}

/// Issues a pair of tokens, and returns it.
fn refreshed(server: &Server) -> [String; 2] {
    refreshed_with(server, "refresh-token", &[])
}

/// The same with this token and another header field.
fn refreshed_with(server: &Server, token: &str, field: &[(&str, &str)]) -> [String; 2] {
    let body = format!(
        "grant_type=refresh_token&client_id=local.685d5063933614.00854686&client_secret=client-secret&refresh_token={token}"
    );
    let form = [FORM, field].concat();
    let issued = send(server, "POST", "/oauth/token/", &form, body.as_bytes()).json();
    ["access_token", "refresh_token"].map(|name| issued[name].as_str().unwrap().to_owned())
}

#[test]
fn a_token_that_was_issued_stays_hidden_whatever_becomes_of_it() {
    let restore = ["/__standin/snapshots/s/restore"];
    for ways in [
        &restore[..],
        &["/__standin/reset"],
        &["/__standin/scenario"],
        &["/__standin/reset", "/__standin/scenario"],
    ] {
        let server = Server::start().unwrap();
        post(&server, "/__standin/snapshots/s", "");
        let tokens = refreshed(&server);
        let misplace = || {
            let body = format!("{{\"display_name\": \"{}\"}}", tokens[1]);
            send(&server, "PUT", &format!("/api/v1/chats/{}", tokens[0]), &[], body.as_bytes());
        };
        misplace();
        for way in ways {
            post(&server, way, "standin: 1\nname: other\nbitrix24: {}\nchert: {tenants: []}");
            misplace();
            let journal = get(&server, "/__standin/journal");
            let explained = get(&server, "/__standin/journal/last/explain");
            for token in &tokens {
                assert!(!journal.text().contains(token), "{way} shows {token} in {}", journal.text());
                assert!(!explained.text().contains(token), "{way} shows {token} in {}", explained.text());
            }
        }
    }
}

#[test]
fn the_secrets_of_a_dropped_namespace_stay_hidden() {
    let server = Server::start().unwrap();
    let scenario =
        "{standin: 1, name: n, chert: {tenants: [{slug: acme, signing_secret: kept-to-ourselves}]}}";
    let wanted = serde_json::json!({"name": "gone", "scenario": scenario}).to_string();
    assert_eq!(post(&server, "/__standin/namespaces", &wanted).status(), 201);
    assert_eq!(send(&server, "DELETE", "/__standin/namespaces/gone", &[], b"").status(), 200);
    get(&server, "/api/v1/chats/kept-to-ourselves-gone");
    let journal = get(&server, "/__standin/journal");
    assert!(!journal.text().contains("kept-to-ourselves"), "{}", journal.text());
}

#[test]
fn the_secrets_of_one_world_are_hidden_in_the_journals_of_the_others() {
    let server = Server::start().unwrap();
    let before = refreshed(&server);
    assert_eq!(post(&server, "/__standin/namespaces", r#"{"name":"one"}"#).status(), 201);
    let scenario =
        "{standin: 1, name: n, chert: {tenants: [{slug: acme, signing_secret: kept-to-ourselves}]}}";
    let wanted = json!({"name": "other", "scenario": scenario}).to_string();
    assert_eq!(post(&server, "/__standin/namespaces", &wanted).status(), 201);
    let of_main = refreshed_with(&server, &before[1], &[]);
    let of_one = refreshed_with(&server, "refresh-token", &[("x-standin-namespace", "one")]);
    let replaced =
        "{standin: 1, name: n, chert: {tenants: [{slug: acme, signing_secret: kept-by-the-next}]}}";
    assert_eq!(post(&server, "/__standin/namespaces/other/scenario", replaced).status(), 200);
    let own = ["kept-to-ourselves-other".to_owned(), "kept-by-the-next-other".to_owned()];
    let secrets = [&before[..], &of_main, &of_one, &own].concat();
    for (field, path) in [
        (None, "/__standin"),
        (Some(("x-standin-namespace", "one")), "/__standin/namespaces/one"),
        (Some(("x-standin-namespace", "other")), "/__standin/namespaces/other"),
    ] {
        for secret in &secrets {
            let body = format!("{{\"display_name\": \"{secret}\"}}");
            let fields: Vec<_> = field.into_iter().collect();
            send(&server, "PUT", &format!("/api/v1/chats/{secret}"), &fields, body.as_bytes());
            let journal = get(&server, &format!("{path}/journal/last"));
            let explained = get(&server, &format!("{path}/journal/last/explain"));
            for text in [journal.text(), explained.text()] {
                assert!(text.contains("/api/v1/chats/***"), "{text}");
                assert!(!text.contains(secret) && !text.contains("kept-"), "{path} shows {secret} in {text}");
            }
        }
    }
}
