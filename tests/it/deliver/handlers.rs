//! What handlers get, and what becomes of an event whose handler answers badly or not at all.

use std::time::Instant;

use serde_json::json;

use super::receiver::{Arrived, Caller, OK, Receiver};
use super::{STUCK, ended, outbox, results, scenario, server, write};
use crate::client::serve;

#[test]
fn an_event_arrives_to_the_byte() {
    let receiver = Receiver::new();
    let server = server(&receiver.url("/h?x=1"));
    let acted = write(&server, "Guten Tag!");
    assert_eq!((&acted["action"], &acted["events"]), (&json!("a1"), &json!(["e1"])));
    let mut caller = receiver.accept();
    let event = caller.request().unwrap();
    caller.send(OK);
    let host = server.url().trim_start_matches("http://");
    let rest = format!("http%3A%2F%2F{}%2Frest%2F", host.replace(':', "%3A"));
    let (token, member) = (event.parameter("auth[access_token]"), event.parameter("auth[member_id]"));
    let (chat, message) = (
        event.parameter("data[MESSAGES][0][im][chat_id]"),
        event.parameter("data[MESSAGES][0][im][message_id]"),
    );
    let expected = [
        "event=ONIMCONNECTORMESSAGEADD",
        "event_handler_id=555",
        "data%5BCONNECTOR%5D=myconnector",
        "data%5BLINE%5D=107",
        &format!("data%5BMESSAGES%5D%5B0%5D%5Bim%5D%5Bchat_id%5D={chat}"),
        &format!("data%5BMESSAGES%5D%5B0%5D%5Bim%5D%5Bmessage_id%5D={message}"),
        "data%5BMESSAGES%5D%5B0%5D%5Bmessage%5D%5Buser_id%5D=27",
        "data%5BMESSAGES%5D%5B0%5D%5Bmessage%5D%5Btext%5D=%5Bb%5DKlaus+Weber%3A%5B%2Fb%5D+%5Bbr%5DGuten+Tag%21",
        "data%5BMESSAGES%5D%5B0%5D%5Bchat%5D%5Bid%5D=channel-123",
        "ts=1773762761",
        &format!("auth%5Baccess_token%5D={token}"),
        "auth%5Bexpires%5D=1773766361",
        "auth%5Bexpires_in%5D=3600",
        "auth%5Bscope%5D=imopenlines",
        &format!("auth%5Bdomain%5D={}", host.replace(':', "%3A")),
        &format!("auth%5Bserver_endpoint%5D={rest}"),
        "auth%5Bstatus%5D=F",
        &format!("auth%5Bclient_endpoint%5D={rest}"),
        &format!("auth%5Bmember_id%5D={member}"),
        "auth%5Buser_id%5D=27",
        "auth%5Bapplication_token%5D=application-token-1",
    ];
    assert_eq!(event.body, expected.join("&"));
    let length = event.body.len();
    let head = format!(
        "POST /h?x=1 HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/x-www-form-urlencoded\r\nUser-Agent: Bitrix24 Webhook Engine\r\nContent-Length: {length}",
        receiver.port()
    );
    assert_eq!(event.head, head);
    assert_eq!(results(&ended(&server)), [("delivered".to_owned(), json!(200), String::new())]);
}

#[test]
fn one_handler_gets_its_events_in_order_over_one_connection() {
    let receiver = Receiver::new();
    let server = server(&receiver.url("/h"));
    let texts: Vec<_> = (0..50).map(|number| format!("text {number}")).collect();
    texts.iter().for_each(|text| drop(write(&server, text)));
    let mut caller = receiver.accept();
    for text in &texts {
        assert_eq!(&caller.request().unwrap().text(), text);
        caller.send(OK);
    }
    assert_eq!(ended(&server)["counts"]["delivered"], 50);
    assert!(!receiver.has_another());
}

#[test]
fn handlers_do_not_hold_each_other_up() {
    let (slow, quick) = (Receiver::new(), Receiver::new());
    let handlers = format!(
        "[{{event: OnImConnectorMessageAdd, url: \"{}\"}}, {{event: OnImConnectorMessageAdd, url: \"{}\"}}]",
        slow.url("/"),
        quick.url("/")
    );
    let server = serve(&scenario(&handlers, ""));
    ["one", "two", "three"].iter().for_each(|text| drop(write(&server, text)));
    let mut held = slow.accept();
    assert_eq!(held.request().unwrap().text(), "one");
    let mut caller = quick.accept();
    for text in ["one", "two", "three"] {
        assert_eq!(caller.request().unwrap().text(), text);
        caller.send(OK);
    }
    let found = outbox(&server, |outbox| outbox["counts"]["delivered"] == 3);
    assert_eq!((&found["counts"]["sending"], &found["counts"]["waiting"]), (&json!(1), &json!(2)));
    held.send(OK);
    for text in ["two", "three"] {
        assert_eq!(held.request().unwrap().text(), text);
        held.send(OK);
    }
    assert_eq!(ended(&server)["counts"]["delivered"], 6);
}

/// What a bad handler does with the connection of its first event.
type Bad = fn(Caller);

fn read(caller: &mut Caller) -> Arrived {
    caller.request().unwrap()
}

#[test]
fn each_bad_answer_has_an_outcome_and_the_next_event_comes() {
    let table: &[(&str, Bad, &str, Option<u16>, &str)] = &[
        (
            "a server's error",
            |mut caller| {
                read(&mut caller);
                caller.send("HTTP/1.1 500 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
            },
            "failed",
            Some(500),
            "",
        ),
        (
            "a redirect",
            |mut caller| {
                read(&mut caller);
                caller.send("HTTP/1.1 301 Moved\r\nLocation: /other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            },
            "failed",
            Some(301),
            "",
        ),
        (
            "no content",
            |mut caller| {
                read(&mut caller);
                caller.send("HTTP/1.1 204 None\r\nConnection: close\r\n\r\n");
            },
            "delivered",
            Some(204),
            "",
        ),
        (
            "no HTTP",
            |mut caller| {
                read(&mut caller);
                caller.send("what do you want?\r\n\r\n");
            },
            "failed",
            None,
            "the answer is not HTTP",
        ),
        (
            "no answer",
            |mut caller| drop(read(&mut caller)),
            "failed",
            None,
            "closed the connection without an answer",
        ),
        (
            "half a head",
            |mut caller| {
                read(&mut caller);
                caller.send("HTTP/1.1 200 OK\r\nContent-Le");
            },
            "failed",
            None,
            "closed the connection without an answer",
        ),
        ("a reset", Caller::reset, "failed", None, "reset"),
        (
            "a body that is cut off",
            |mut caller| {
                read(&mut caller);
                caller.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
            },
            "delivered",
            Some(200),
            "",
        ),
        (
            "a body that stops",
            |mut caller| {
                read(&mut caller);
                caller.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
                // It is not waited for.
                assert!(caller.request().is_none());
            },
            "delivered",
            Some(200),
            "",
        ),
        (
            "a long body",
            |mut caller| {
                read(&mut caller);
                caller.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 10 << 20));
                caller.send("x".repeat(10 << 20));
            },
            "delivered",
            Some(200),
            "",
        ),
        (
            "HTTP/1.0",
            |mut caller| {
                read(&mut caller);
                caller.send("HTTP/1.0 200 OK\r\n\r\nok");
            },
            "delivered",
            Some(200),
            "",
        ),
        (
            "two answers",
            |mut caller| {
                read(&mut caller);
                caller.send(format!("{OK}{OK}"));
                assert!(caller.request().is_none());
            },
            "delivered",
            Some(200),
            "",
        ),
    ];
    for (name, bad, state, status, error) in table {
        let receiver = Receiver::new();
        let server = server(&receiver.url("/h"));
        write(&server, "one");
        bad(receiver.accept());
        // The second one comes over a connection of its own: the first one is of no more use.
        write(&server, "two");
        let mut caller = receiver.accept();
        assert_eq!(caller.request().unwrap().text(), "two", "{name}");
        caller.send(OK);
        let found = results(&ended(&server));
        let (found_state, found_status, found_error) = &found[0];
        assert_eq!((found_state.as_str(), found_status), (*state, &json!(status)), "{name}: {found_error}");
        assert!(
            found_error.contains(error) && found_error.is_empty() == error.is_empty(),
            "{name}: {found_error}"
        );
        assert_eq!(found[1].0, "delivered", "{name}");
        assert!(!receiver.has_another(), "{name}: nothing comes twice");
    }
}

#[test]
fn a_handler_that_does_not_answer_in_time_fails() {
    for begin in ["", "H", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let receiver = Receiver::new();
        let handlers = format!("[{{event: OnImConnectorMessageAdd, url: \"{}\"}}]", receiver.url("/h"));
        let server = serve(&scenario(&handlers, "events: {time_limit: 50ms}"));
        ["one", "two"].iter().for_each(|text| drop(write(&server, text)));
        for text in ["one", "two"] {
            let mut caller = receiver.accept();
            assert_eq!(caller.request().unwrap().text(), text);
            caller.send(begin);
            assert!(caller.request().is_none(), "the connection is given up");
        }
        let late = || ("failed".to_owned(), json!(null), "no answer within 50ms".to_owned());
        assert_eq!(results(&ended(&server)), [late(), late()], "{begin}");
    }
}

#[test]
fn a_handler_that_is_not_there_fails() {
    let gone = Receiver::new().url("/h");
    let nowhere = format!("http://{}.invalid/h", "x".repeat(64));
    for (url, error) in [(gone.as_str(), "nothing listens there"), (&nowhere, "has no address")] {
        let server = server(url);
        ["one", "two"].iter().for_each(|text| drop(write(&server, text)));
        for (state, status, found) in results(&ended(&server)) {
            assert_eq!((state.as_str(), status), ("failed", json!(null)));
            assert!(found.contains(error), "{found}");
        }
    }
}

#[test]
fn a_handler_may_close_each_connection_after_its_answer() {
    for answer in [OK, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"] {
        let receiver = Receiver::new();
        let server = server(&receiver.url("/h"));
        let texts: Vec<_> = (0..30).map(|number| format!("text {number}")).collect();
        texts.iter().for_each(|text| drop(write(&server, text)));
        for text in &texts {
            let mut caller = receiver.accept();
            assert_eq!(&caller.request().unwrap().text(), text);
            caller.send(answer);
        }
        let found = results(&ended(&server));
        assert!(found.iter().all(|(state, ..)| state == "delivered"), "{found:?}");
    }
}

#[test]
fn an_event_that_a_handler_has_read_comes_once_and_fails_on_a_kept_connection_too() {
    let receiver = Receiver::new();
    let server = server(&receiver.url("/h"));
    ["one", "two", "three"].iter().for_each(|text| drop(write(&server, text)));
    let mut caller = receiver.accept();
    assert_eq!(caller.request().unwrap().text(), "one");
    caller.send(OK);
    assert_eq!(caller.request().unwrap().text(), "two");
    drop(caller);
    let mut caller = receiver.accept();
    assert_eq!(caller.request().unwrap().text(), "three", "the second one came once");
    caller.send(OK);
    let found = results(&ended(&server));
    let why = "the handler closed the connection without an answer";
    assert_eq!(found[1], ("failed".to_owned(), json!(null), why.to_owned()));
    assert_eq!((found[0].0.as_str(), found[2].0.as_str()), ("delivered", "delivered"));
    assert!(!receiver.has_another());
}

#[test]
fn an_event_that_a_handler_has_not_read_comes_over_a_new_connection() {
    let receiver = Receiver::new();
    let server = server(&receiver.url("/h"));
    ["one", "two"].iter().for_each(|text| drop(write(&server, text)));
    let mut caller = receiver.accept();
    assert_eq!(caller.request().unwrap().text(), "one");
    caller.send(OK);
    caller.reset();
    let mut caller = receiver.accept();
    assert_eq!(caller.request().unwrap().text(), "two");
    caller.send(OK);
    assert!(results(&ended(&server)).iter().all(|(state, ..)| state == "delivered"));
}

#[test]
fn an_answer_in_two_parts_is_acknowledged_at_once() {
    let receiver = Receiver::new();
    let server = server(&receiver.url("/h"));
    // A system puts an acknowledgement off by 40 ms.
    let texts: Vec<_> = (0..STUCK.as_millis() / 40).map(|number| format!("text {number}")).collect();
    texts.iter().for_each(|text| drop(write(&server, text)));
    let mut caller = receiver.accept();
    let began = Instant::now();
    for text in &texts {
        assert_eq!(&caller.request().unwrap().text(), text);
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        caller.send("ok");
    }
    assert!(began.elapsed() < STUCK);
    assert_eq!(ended(&server)["counts"]["delivered"], texts.len());
}
