//! Who leaves, or checks a signature's age by a clock of its own, may refuse.

use serde_json::json;

use super::super::Run;

#[test]
fn a_receiver_that_has_left_may_refuse_what_still_comes() {
    let fault = "faults: [{name: late, on: chert.events, delay: 1s}]\n";
    let listed = |run: &mut Run| {
        let state = run.world.state(run.now);
        state["chert"]["tenants"][0]["subscriptions"][0]["id"].as_str().unwrap().to_owned()
    };
    for body in [None, Some(json!({"is_active": false}))] {
        let mut run = Run::receiving(fault);
        let path = format!("/webhook-subscriptions/{}", listed(&mut run));
        run.write("Hello");
        match &body {
            None => assert!(run.call("DELETE", &path, &json!(null)) < 300),
            Some(body) => assert_eq!(run.call("PATCH", &path, body), 200),
        }
        run.wait(1_000);
        run.deliver(410);
        run.is_innocent("it has left");
    }
    // Whoever was refused has not left.
    let mut run = Run::receiving(fault);
    run.write("Hello");
    assert_eq!(run.call("DELETE", "/webhook-subscriptions/none", &json!(null)), 404);
    run.wait(1_000);
    run.deliver(410);
    assert_eq!(run.certain(), [("chert.loses-by-4xx", vec![1], vec![])]);
}

#[test]
fn a_signature_that_is_too_old_by_the_clock_of_the_machine_may_be_refused() {
    for (off, is_told) in [(0, true), (300, true), (301, false), (-301, false)] {
        let clock = Run::receiving("").now + jiff::SignedDuration::from_secs(off);
        let mut run = Run::receiving(&format!("clock: {{virtual: '{clock}'}}\n"));
        run.write("Hello");
        run.deliver(401);
        let expected = if is_told { vec![("chert.loses-by-4xx", vec![1], vec![])] } else { vec![] };
        assert_eq!(run.certain(), expected, "{off}");
    }
}

#[test]
fn a_message_that_can_no_longer_be_confirmed_need_not_be() {
    let here = json!({"connector": "myconnector", "line": 107});
    let chat = json!({"connector": "myconnector", "line": 107, "chat": "channel-123"});
    for (action, with) in [
        ("bitrix24.app.uninstall", json!({})),
        ("bitrix24.line.delete", json!({"line": 107})),
        ("bitrix24.operator.disconnect", here),
        ("bitrix24.operator.delete", chat),
    ] {
        // No handler hears of it.
        let mut run = Run::with(
            &super::SCENARIO
                .replace("    - {event: OnImConnectorStatusDelete, url: 'http://127.0.0.1:9/'}\n", ""),
        );
        run.operate("Hello");
        run.deliver(200);
        run.wait(300);
        run.act(action, with.clone());
        run.wait(30_000);
        assert_eq!(run.certain(), [], "{action}");
    }
    let mut run = Run::receiving("");
    run.operate("Hello");
    run.deliver(200);
    run.wait(300);
    run.method("imconnector.activate", json!({"CONNECTOR": "myconnector", "LINE": 107, "ACTIVE": 0}));
    run.wait(30_000);
    assert_eq!(run.certain(), [], "the client has switched the connector off");
    // What was open long before is told.
    let mut run = Run::receiving("");
    run.operate("Hello");
    run.deliver(200);
    run.wait(10_000);
    run.act("bitrix24.line.delete", json!({"line": 107}));
    assert_eq!(run.certain(), [("bitrix24.unconfirmed-delivery", vec![1], vec![])]);
}
