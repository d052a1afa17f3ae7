//! Servers behind a balancer: what they make names them, and what names another one is refused.

use std::sync::Arc;

use jiff::Timestamp;
use standin::Scenario;
use standin::control::no_namespace;
use standin::emulator::ReplicaName;
use standin::engine::{Astray, NamespaceName, Namespaces, World};
use standin::http::{Headers, Request};

use crate::commands::{standin, stderr};

fn at(replica: Option<&str>) -> Namespaces {
    let world = World::new(Arc::new(Scenario::built_in()), 1, Timestamp::UNIX_EPOCH);
    Namespaces::new(world).with_replica(replica.map(|name| name.parse().unwrap()))
}

/// The namespace that a call of Bitrix24 with this token is for, or why there is none.
fn of_token(namespaces: &Namespaces, token: &str) -> Result<Option<String>, Astray> {
    let target = format!("/rest/profile?auth={token}");
    let request = Request::new("POST", &target, Headers::default(), "".into());
    let found = namespaces.of(&request, Timestamp::UNIX_EPOCH)?;
    Ok(found.map(|namespace| namespace.name().to_owned()))
}

#[test]
fn what_a_replica_makes_ends_with_its_name() {
    let namespaces = at(Some("r1"));
    let name = NamespaceName::new("test").unwrap();
    let made = namespaces.open_called(&name, None, None, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(made.name(), "test~r1");
    let numbered = namespaces.open(None, None, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(numbered.name(), "n1~r1");
    assert_eq!(of_token(&namespaces, "access-token-test~r1"), Ok(Some("test~r1".to_owned())));
    let alone = at(None).open_called(&name, None, None, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(alone.name(), "test");
}

#[test]
fn what_names_another_replica_is_refused_and_told_which() {
    let elsewhere = |replica: &str| -> Result<Option<String>, Astray> {
        let [replica, here]: [ReplicaName; 2] = [replica, "r1"].map(|name| name.parse().unwrap());
        Err(Astray::Elsewhere { replica, here })
    };
    let namespaces = at(Some("r1"));
    assert_eq!(of_token(&namespaces, "access-token-test~r2"), elsewhere("r2"));
    // A namespace that is gone, and what names none, get the service's own answer.
    for token in ["access-token-test~r1", "access-token", "access-token~", "a~R2", "a~r2-b", "~r1"] {
        assert_eq!(of_token(&namespaces, token), Ok(None), "{token}");
    }
    let called =
        |name: &str| namespaces.called(name, Timestamp::UNIX_EPOCH).map(|found| found.name().to_owned());
    assert_eq!(called("test~r2"), elsewhere("r2").map(Option::unwrap));
    assert_eq!(called("test~r1"), Err(Astray::Unknown("test~r1".to_owned())));
    let reply = no_namespace(&called("test~r2").unwrap_err());
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    assert_eq!(
        (reply.status, text.contains("this is the replica `r1`, and the request is for `r2`")),
        (421, true),
        "{text}"
    );
    // A server that is no replica knows of none.
    assert_eq!(of_token(&at(None), "access-token-test~r2"), Ok(None));
}

#[test]
fn a_replica_asks_for_a_token_at_its_start() {
    let output = standin(&["serve", "--listen", "127.0.0.1:0", "--replica", "r1"]);
    let said = stderr(&output);
    assert!(output.status.code() == Some(2) && said.contains("add `--control-token TOKEN`"), "{said}");
    for name in ["", "R1", "r-1", "a~b", "abcdefghijklmnopq"] {
        let output = standin(&["serve", "--replica", name, "--control-token", "t"]);
        assert!(stderr(&output).contains("1 to 16 of the characters"), "{name}: {}", stderr(&output));
    }
}
