//! `standin verify`: nothing differs at a standin, everything that drifts is found, and nothing is left behind.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use standin::contract::verify::{Credentials, Outcome, Report, Resembles, Session, Slots, Wish};
use standin::serve::{Asking, Target, verify};
use standin::services::by_name;

/// Longer than anything takes unless it hangs.
pub const STUCK: Duration = Duration::from_secs(60);

pub const CHERT: &str = r#"
standin: 1
name: verified
seed: 1
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-the-tenant
      lines: [{id: pl_1, phone_number: "+15555550100"}]
      chats:
        - id: ch_01H
          group: true
          line: pl_1
          display_name: Launch
          participants: ["+14155550100", "+14155550200", "+14155550300"]
          messages: [{id: msg_1, text: Hello!}, {id: msg_2, from: "+14155550100", text: Hi.}]
        - {id: ch_02D, group: false, line: pl_1, participants: ["+14155551234"]}
        - {id: ch_03K, group: true, line: pl_1, chat_key: false, participants: ["+14155551234"]}
      events: [{id: evt_1, type: message.received, event_id: "chert:msg:1"}]
      subscriptions: [{id: sub_1, url: "https://dev-inbox"}]
"#;

pub fn portal(edition: &str, envelope: &str) -> String {
    format!(
        "
standin: 1
name: verified
seed: 1
bitrix24:
  edition: {edition}
  envelope: {envelope}
  applications: [{{client_id: the-client, client_secret: secret-of-the-client}}]
  credentials:
    - {{token: token-of-the-portal, refresh_token: refresh-of-the-portal, client_id: the-client}}
    - webhook: {{user: 1, secret: secret-of-the-webhook}}
  connectors: [{{id: groups, chat_group: true}}, {{id: single, chat_group: false}}]
  lines: [{{id: 105, connectors: [groups, single]}}, {{id: 106}}]
  chats:
    - {{connector: groups, line: 105, id: chat-1, name: Old name}}
    - {{connector: single, line: 105, id: chat-2, user: visitor, name: Visitor}}
"
    )
}

fn tenant() -> Credentials {
    Credentials::Chert { tenant: "acme".to_owned(), secret: "secret-of-the-tenant".to_owned() }
}

fn application() -> Credentials {
    Credentials::Bitrix24 {
        webhook: Some(("1".to_owned(), "secret-of-the-webhook".to_owned())),
        token: Some("token-of-the-portal".to_owned()),
        client: Some(("the-client".to_owned(), "secret-of-the-client".to_owned())),
    }
}

/// All checks of `service` with the user's names, without leave to write.
pub fn wish(service: &str, slots: &[(&'static str, &str)]) -> Wish {
    Wish {
        service: by_name(service).unwrap(),
        credentials: if service == "chert" { tenant() } else { application() },
        slots: slots.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Slots>(),
        allow_writes: false,
        only: Vec::new(),
        secrets: vec!["refresh-of-the-portal".to_owned()],
    }
}

pub fn writing(wish: Wish) -> Wish {
    Wish { allow_writes: true, ..wish }
}

pub fn asking(port: u16) -> Asking {
    let target = Target { is_secure: false, host: "127.0.0.1".to_owned(), port };
    Asking { target, authorities: Vec::new(), time_limit: STUCK, pause: Duration::ZERO }
}

pub fn made(wish: Wish, port: u16) -> Report {
    let mut session = Session::new(wish, Timestamp::now()).unwrap();
    verify(&mut session, asking(port)).unwrap();
    session.report()
}

const GROUP: &[(&str, &str)] = &[("chat", "ch_01H"), ("chat_name", "Launch")];
const GROUPS: &[(&str, &str)] =
    &[("connector", "groups"), ("line", "105"), ("chat", "chat-1"), ("chat_name", "Old name")];
const SINGLE: &[(&str, &str)] = &[
    ("connector", "single"),
    ("line", "105"),
    ("chat", "chat-2"),
    ("user", "visitor"),
    ("chat_name", "Visitor"),
];

/// The scenario and the wish of a service in the tests of drifts.
pub fn usual(service: &str) -> (String, Wish) {
    match service {
        "chert" => (CHERT.to_owned(), wish(service, GROUP)),
        _ => (portal("documented", "wire"), wish(service, GROUPS)),
    }
}

/// What a wish leads to at a standin, where everything holds.
fn holding(server: &standin::Server, wish: Wish) -> Report {
    let port = server.url().rsplit(':').next().unwrap().parse().unwrap();
    let report = made(wish, port);
    assert_eq!(report.count(Outcome::Differs), 0, "{}", report.text());
    report
}

/// What is there after writes and is named in the report.
const LEFT: &[&str] = &["read_at", "cards", "shares_contact", "messages", "attachments"];

/// The state without what stays after writes.
pub fn without_left(mut state: Value) -> Value {
    fn within(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| !LEFT.contains(&name.as_str()));
                members.values_mut().for_each(within);
            }
            Value::Array(items) => items.iter_mut().for_each(within),
            _ => {}
        }
    }
    within(&mut state);
    state
}

#[test]
fn at_a_standin_of_every_edition_and_envelope_nothing_differs_and_all_is_put_back() {
    for edition in ["documented", "live"] {
        for envelope in ["wire", "documented"] {
            for slots in [GROUPS, SINGLE, &[]] {
                let server = standin::Server::from_text(&portal(edition, envelope)).unwrap();
                let before = server.state();
                let report = holding(&server, wish("bitrix24", slots));
                assert_eq!(report.left_behind, [""; 0]);
                assert_eq!(server.state(), before, "reading changes nothing");
                let report = holding(&server, writing(wish("bitrix24", slots)));
                assert_eq!(server.state(), before, "{edition} {envelope}");
                let left = if slots.is_empty() { 1 } else { 2 };
                assert_eq!(report.left_behind.len(), left, "{:?}", report.left_behind);
                for row in &report.editions {
                    let expected = match (row.number, envelope, edition) {
                        (8, "documented", _) | (_, _, "documented")
                            if row.number != 8 || envelope == "documented" =>
                        {
                            Resembles::Documented
                        }
                        _ => Resembles::Live,
                    };
                    let is_right = row.resembles == expected || row.resembles == Resembles::NotTried;
                    assert!(is_right, "{edition} {envelope}: {row:?}");
                    assert_eq!(row.why.is_empty(), row.resembles != Resembles::NotTried, "{row:?}");
                }
            }
        }
    }
}

#[test]
fn at_a_standin_every_set_of_credentials_holds() {
    for edition in ["documented", "live"] {
        for (has_webhook, has_token) in [(true, false), (false, true)] {
            let Credentials::Bitrix24 { webhook, token, .. } = application() else { unreachable!() };
            let credentials = Credentials::Bitrix24 {
                webhook: webhook.filter(|_| has_webhook),
                token: token.filter(|_| has_token),
                client: None,
            };
            let server = standin::Server::from_text(&portal(edition, "wire")).unwrap();
            let before = server.state();
            let report = holding(&server, writing(Wish { credentials, ..wish("bitrix24", GROUPS) }));
            assert_eq!(server.state(), before);
            assert!(report.count(Outcome::Holds) > 100, "{}", report.text());
        }
    }
}

#[test]
fn each_row_that_a_check_can_see_is_seen() {
    let mut seen = BTreeSet::new();
    for slots in
        [GROUPS, &[("connector", "single"), ("line", "105"), ("chat", "chat-2"), ("user", "visitor")]]
    {
        let server = standin::Server::from_text(&portal("live", "wire")).unwrap();
        let report = holding(&server, writing(wish("bitrix24", slots)));
        seen.extend(
            report.editions.iter().filter(|row| row.resembles == Resembles::Live).map(|row| row.number),
        );
    }
    let of_checks = [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 22, 24, 26, 32, 33, 40, 42, 43, 44, 49, 54, 58];
    assert_eq!(seen, of_checks.into());
}

#[test]
fn at_a_standin_every_kind_of_chat_holds_and_all_but_what_is_named_is_put_back() {
    for slots in [GROUP, &[("chat", "ch_02D")], &[("chat", "ch_03K")], &[]] {
        let server = standin::Server::from_text(CHERT).unwrap();
        let before = server.state();
        let report = holding(&server, wish("chert", slots));
        assert_eq!(report.left_behind, [""; 0]);
        assert_eq!(server.state(), before, "reading changes nothing");
        let report = holding(&server, writing(wish("chert", slots)));
        assert_eq!(without_left(server.state()), without_left(before));
        let attachment = |left: &String| left.contains("`standin.txt`");
        assert!(report.left_behind.iter().any(attachment), "{:?}", report.left_behind);
    }
}

#[test]
fn each_check_is_made_for_some_user() {
    let mut made: BTreeSet<String> = BTreeSet::new();
    let mut note = |report: Report| {
        let held = report.checks.into_iter().filter(|checked| checked.result == Outcome::Holds);
        made.extend(held.map(|checked| checked.name));
    };
    for slots in [GROUP, &[("chat", "ch_02D")], &[("chat", "ch_03K")]] {
        let server = standin::Server::from_text(CHERT).unwrap();
        note(holding(&server, writing(wish("chert", slots))));
    }
    for edition in ["documented", "live"] {
        for slots in [GROUPS, SINGLE] {
            let server = standin::Server::from_text(&portal(edition, "wire")).unwrap();
            note(holding(&server, writing(wish("bitrix24", slots))));
        }
    }
    let all = ["chert", "bitrix24"]
        .map(|service| standin::contract::verify::names(by_name(service).unwrap()))
        .concat();
    let distinct: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(distinct.len(), all.len(), "no two checks have one name");
    let never: Vec<_> = distinct.difference(&made).collect();
    assert_eq!(never, [""; 0]);
}

#[test]
fn each_operation_and_error_is_a_check_or_has_a_reason() {
    for service in standin::services::SERVICES {
        let server = standin::Server::from_text(&usual(service.name()).0).unwrap();
        let report = holding(&server, usual(service.name()).1);
        for operation in service.operations() {
            let outcomes = operation.gives_all().map(|given| given.code.code).chain(["success"]);
            for outcome in outcomes {
                let own = format!("{}: ", operation.name);
                let is_of = |name: &str| {
                    let rest = name.strip_prefix(&own);
                    rest.is_some_and(|rest| rest.split([' ', ',']).any(|word| word == outcome))
                };
                let found: Vec<_> = report.checks.iter().filter(|checked| is_of(&checked.name)).collect();
                assert!(!found.is_empty(), "{own}{outcome}");
                let is_told = |checked: &&standin::contract::verify::Checked| {
                    checked.why.is_empty() == (checked.result != Outcome::NotTried)
                };
                assert!(found.iter().all(is_told), "{found:?}");
            }
        }
    }
}

#[test]
fn each_documented_example_is_a_check_or_has_a_reason() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    for service in standin::services::SERVICES {
        let server = standin::Server::from_text(&usual(service.name()).0).unwrap();
        let report = holding(&server, usual(service.name()).1);
        for folder in std::fs::read_dir(format!("{root}/{}", service.name())).unwrap() {
            let folder = folder.unwrap().path();
            let operation = folder.file_name().unwrap().to_str().unwrap().to_owned();
            for file in std::fs::read_dir(&folder).unwrap() {
                let path = file.unwrap().path();
                if !path.to_str().unwrap().ends_with(".response.json") {
                    continue;
                }
                let body: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
                let inner = body.pointer("/result/error").unwrap_or(&body["error"]);
                let inner = body.get("code").unwrap_or(inner);
                let code = match inner {
                    Value::Number(code) => code.to_string(),
                    Value::String(code) => code.clone(),
                    Value::Object(error) => error["code"].to_string(),
                    _ => "success".to_owned(),
                };
                let is_of = |name: &str| {
                    let (own, rest) = name.split_once(": ").unwrap();
                    let is_own = own == operation || operation == "system-errors";
                    is_own && rest.split([' ', ',']).any(|word| word.split('.').next() == Some(&code))
                };
                let mut all = report.checks.iter();
                assert!(all.any(|checked| is_of(&checked.name)), "{}: {code}", path.display());
            }
        }
    }
}

#[test]
fn the_page_has_the_list_of_checks() {
    let page = include_str!("../../docs/verify.md");
    for service in standin::services::SERVICES {
        let list = standin::contract::verify::list(*service);
        let name = service.name();
        assert!(page.contains(list.trim_end()), "`standin verify --service {name} --list` prints the list");
    }
}
