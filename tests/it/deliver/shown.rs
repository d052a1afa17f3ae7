//! What the outbox, the journal, explanations, metrics and reports tell of deliveries.

use serde_json::{Value, json};

use super::receiver::{OK, Receiver};
use super::{ended, outbox, scenario, server, switch_off, write};
use crate::client::{get, post, serve};

#[test]
fn the_journal_shows_what_was_sent_if_it_is_asked() {
    let receiver = Receiver::new();
    let handlers = format!("[{{event: OnImConnectorStatusDelete, url: \"{}\"}}]", receiver.url("/h"));
    let server = serve(&scenario(&handlers, ""));
    assert_eq!(switch_off(&server), 200);
    let mut caller = receiver.accept();
    let event = caller.request().unwrap();
    caller.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    ended(&server);
    let entries = |query: &str| get(&server, &format!("/__standin/journal{query}")).json()["entries"].clone();
    let (incoming, all, out) = (entries(""), entries("?direction=all"), entries("?direction=out"));
    assert_eq!((incoming.as_array().unwrap().len(), &incoming), (1, &entries("?direction=in")));
    assert!(incoming[0].get("direction").is_none());
    assert_eq!((&all[0]["direction"], &all[1]), (&json!("in"), &out[0]));
    assert_eq!((all.as_array().unwrap().len(), out.as_array().unwrap().len()), (2, 1));
    assert_eq!(entries("?direction=all&last=1"), out);
    assert_eq!(entries("?direction=all&service=chert"), json!([]));
    let sent = &out[0];
    assert_eq!((&sent["id"], &sent["attempt"], &sent["status"]), (&json!("e1"), &json!(1), &json!(503)));
    assert_eq!(
        (&sent["cause"], &sent["event"]),
        (&json!({"exchange": 1}), &json!("bitrix24.OnImConnectorStatusDelete"))
    );
    let request = &sent["request"];
    assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!(receiver.url("/h"))));
    assert_eq!(request["headers"][1], json!(["user-agent", "Bitrix24 Webhook Engine"]));
    // Tokens are hidden, and nothing else is.
    let mut expected = event.body.replace("application-token-1", "***");
    expected = expected.replace(&event.parameter("auth[access_token]"), "***");
    assert_eq!(request["body"], expected.as_str());
    assert!(expected.contains("auth%5Bexpires%5D=1773"));
    let event = get(&server, "/__standin/journal?operation=bitrix24.OnAppTest&direction=all");
    let told = json!("`OnAppTest` is an event and no operation");
    assert_eq!((event.status(), &event.json()["standin"]), (400, &told));
    let wrong = get(&server, "/__standin/journal?direction=up");
    assert_eq!((wrong.status(), wrong.json()["help"].clone()), (400, json!("type `in`, `out` or `all`")));
}

#[test]
fn no_answer_of_the_control_interface_shows_a_token_of_an_event() {
    let receiver = Receiver::new();
    let handlers = format!(
        "[{{event: OnImConnectorMessageAdd, url: \"{}\"}}, {{event: OnAppInstall, url: \"{}\"}}]",
        receiver.url("/h?key=refresh-token-1"),
        receiver.url("/h")
    );
    let connectors = format!("placement_handler: \"{}\"", receiver.url("/page"));
    let yaml =
        scenario(&handlers, "").replace("chat_group: true", &format!("chat_group: true, {connectors}"));
    let server = serve(&yaml);
    write(&server, "one");
    for order in [
        json!({"do": "bitrix24.app.install"}),
        json!({"do": "bitrix24.settings.open", "with": {"connector": "myconnector", "line": 107}}),
    ] {
        let answer = post(&server, "/__standin/actions", &order.to_string());
        assert_eq!(answer.status(), 200, "{}", answer.text());
    }
    let mut tokens = vec!["application-token-1".to_owned(), "refresh-token-1".to_owned()];
    for _ in 0..3 {
        let mut caller = receiver.accept();
        let request = caller.request().unwrap();
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let names = ["auth[access_token]", "auth[refresh_token]", "AUTH_ID", "REFRESH_ID"];
        let pairs = form_urlencoded::parse(request.body.as_bytes());
        tokens
            .extend(pairs.filter(|(name, _)| names.contains(&&**name)).map(|(_, value)| value.into_owned()));
    }
    assert!(tokens.len() >= 6, "{tokens:?}");
    let found = ended(&server);
    let page =
        found["deliveries"].as_array().unwrap().iter().find(|known| known["event"] == "SETTING_CONNECTOR");
    assert_eq!(page.unwrap()["handler"]["id"], Value::Null, "JavaScript cannot read its number");
    for path in [
        "outbox",
        "outbox/e1",
        "outbox/e1/explain",
        "outbox/e3/explain?format=json",
        "journal?direction=all",
        "state",
    ] {
        let text = get(&server, &format!("/__standin/{path}")).text().to_owned();
        for token in &tokens {
            assert!(!text.contains(token), "{path} shows {token}");
        }
    }
    // After a reset the service has forgotten them, but not who hides them.
    server.reset();
    let text = get(&server, "/__standin/outbox").text().to_owned();
    assert!(tokens.iter().all(|token| !text.contains(token)));
}

#[test]
fn an_explanation_says_what_became_of_an_event_and_what_to_do() {
    let receiver = Receiver::new();
    let server = server(&receiver.url("/h"));
    ["one", "two"].iter().for_each(|text| drop(write(&server, text)));
    let mut caller = receiver.accept();
    caller.request().unwrap();
    let explain = |id: &str| get(&server, &format!("/__standin/outbox/{id}/explain")).text().to_owned();
    let first = explain("e1");
    for part in [
        "event e1: bitrix24.OnImConnectorMessageAdd, because an operator has written a message",
        "raised by action a1",
        &format!("it goes to handler 555 at {}", receiver.url("/h")),
        "attempt 1 at 2026-03-17T15:52:41Z: no answer yet",
        "it is under way: the handler has 5s to answer",
    ] {
        assert!(first.contains(part), "{part}: {first}");
    }
    assert!(
        explain("e2").contains("it waits for e1, which goes to the same handler before it and is sending")
    );
    caller.send("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
    caller.request().unwrap();
    caller.send(OK);
    ended(&server);
    for part in [
        "the handler answered with status 302",
        "redirects are not followed",
        "/outbox/e1/send` sends it again",
    ] {
        assert!(explain("e1").contains(part), "{part}: {}", explain("e1"));
    }
    assert!(explain("e2").contains("it is delivered"));
    let json = get(&server, "/__standin/outbox/e1/explain?format=json").json();
    assert_eq!((&json["state"], json["why"].as_array().unwrap().len()), (&json!("failed"), 8));
    assert_eq!(get(&server, "/__standin/outbox/e9/explain").status(), 404);
    assert_eq!(get(&server, "/__standin/outbox/9/explain").status(), 404);
}

#[test]
fn an_explanation_of_a_handler_without_a_url_names_the_way_out() {
    let server = serve(&scenario("[{event: OnImConnectorMessageAdd, name: app}]", ""));
    write(&server, "one");
    let explained = get(&server, "/__standin/outbox/e1/explain");
    assert!(explained.text().contains("`--handler app=URL`"), "{}", explained.text());
    assert_eq!(post(&server, "/__standin/outbox/e1/take", "").status(), 200);
    assert!(get(&server, "/__standin/outbox/e1/explain").text().contains("a test has taken it"));
    assert_eq!(post(&server, "/__standin/outbox/e1/answer", r#"{"status": 200}"#).status(), 200);
    assert_eq!(ended(&server)["counts"]["delivered"], 1);
}

#[test]
fn the_outbox_says_why_an_event_went_to_nobody() {
    let server = serve(&scenario("[{event: OnImConnectorMessageAdd, name: app}]", ""));
    assert_eq!(switch_off(&server), 200);
    let found = get(&server, "/__standin/outbox").json();
    let remark = "OnImConnectorStatusDelete goes to nobody: no handler is bound to it";
    assert_eq!(found["silences"], json!([{"cause": {"exchange": 1}, "remark": remark}]));
    let journal = get(&server, "/__standin/journal/1/explain");
    assert!(journal.text().contains(remark), "{}", journal.text());
}

#[test]
fn metrics_and_counts_add_up() {
    let receiver = Receiver::new();
    let server = server(&receiver.url("/h"));
    ["one", "two", "three"].iter().for_each(|text| drop(write(&server, text)));
    let mut caller = receiver.accept();
    caller.request().unwrap();
    caller.send(OK);
    caller.request().unwrap();
    outbox(&server, |outbox| outbox["counts"]["delivered"] == 1);
    let metric = |name: &str| {
        let metrics = get(&server, "/__standin/metrics").text().to_owned();
        let line = metrics
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_else(|| panic!("{name}: {metrics}"));
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let ended = |state: &str| {
        metric(&format!(
            "standin_deliveries_total{{service=\"bitrix24\",event=\"OnImConnectorMessageAdd\",state=\"{state}\"}}"
        ))
    };
    assert_eq!((metric("standin_deliveries_waiting "), metric("standin_deliveries_sending ")), (1, 1));
    assert_eq!((ended("delivered"), ended("abandoned")), (1, 0));
    server.reset();
    assert_eq!((metric("standin_deliveries_waiting "), metric("standin_deliveries_sending ")), (0, 0));
    assert_eq!((ended("delivered"), ended("abandoned")), (1, 2));
}

#[test]
fn no_answer_of_the_control_interface_shows_what_a_client_wrote_into_the_url_of_its_handler() {
    let receiver = Receiver::new();
    let server = serve(&scenario("[]", ""));
    let call = |token: &str, method: &str, body: Value| {
        let answer = post(&server, &format!("/rest/{method}?auth={token}"), &body.to_string());
        assert_eq!(answer.status(), 200, "{}", answer.text());
    };
    let url = receiver.url("/u?token=topsecretvalue99").replace("http://", "http://user:secret%2Bpw1234@");
    call("access-token-1", "event.bind", json!({"event": "OnAppTest", "handler": url}));
    let remark = "the user and the password in the URL of `handler` are not sent";
    let entry = get(&server, "/__standin/journal").json()["entries"][0].clone();
    assert_eq!(entry["remarks"], json!([remark]));
    call("access-token-1", "event.test", json!({}));
    let mut caller = receiver.accept();
    let event = caller.request().unwrap();
    caller.send(OK);
    assert!(!event.head.to_lowercase().contains("authorization"));
    let token = event.parameter("auth[access_token]");
    let message = json!({"user": {"id": "u"}, "message": {"id": "m", "text": format!("it is {token}")}, "chat": {"id": "new"}});
    let sent = json!({"CONNECTOR": "myconnector", "LINE": 107, "MESSAGES": [message]});
    call(&token, "imconnector.send.messages", sent);
    let handler = receiver.url(&format!("/other?t={token}"));
    call("access-token-1", "event.bind", json!({"event": "OnAppTest", "handler": handler}));
    ended(&server);
    for path in [
        "outbox",
        "state",
        "journal?direction=all",
        "journal/1",
        "journal/1/explain",
        "journal/3",
        "outbox/e1/explain",
    ] {
        let answer = get(&server, &format!("/__standin/{path}"));
        assert_eq!(answer.status(), 200, "{path}");
        for secret in ["pw1234", "topsecretvalue99", &token] {
            assert!(!answer.text().contains(secret), "{path}: {}", answer.text());
        }
    }
    assert!(get(&server, "/__standin/state").text().contains("it is ***"));
    assert!(get(&server, "/__standin/outbox").text().contains("http://user:***@127.0.0.1:"));
}
