//! Deliveries that a client must not act on.

use serde_json::{Value, json};
use standin::engine::Dispatch;

use super::super::Run;
use super::{MESSAGE_ID, body, member, message, text_of};

/// What the client does for a made delivery.
type Act<'a> = &'a dyn Fn(&mut Run, &Dispatch);

/// A run in which a fault puts a delivery of another kind before each genuine one of Chert.
fn with_fault(deliver: &str) -> Run {
    Run::receiving(&format!("faults: [{{name: f, on: chert.message.received, deliver: {deliver}}}]\n"))
}

/// Lets a recipient write. The client takes the made delivery, and returns it with the genuine one.
fn both(run: &mut Run, status: u16) -> [Dispatch; 2] {
    run.write("Hello");
    let all = [run.deliver(status), run.deliver(200)];
    assert_ne!(message(&all[0]), message(&all[1]));
    all
}

fn react(run: &mut Run, id: &str) {
    run.call("POST", &format!("/messages/{id}/react"), &json!({"reaction": "love"}));
}

fn number(dispatch: &Dispatch) -> u64 {
    dispatch.id.number
}

const RULES: [(&str, &str); 3] = [
    ("forged", "chert.acts-on-forged"),
    ("tampered", "chert.acts-on-forged"),
    ("stale", "chert.stale-accepted"),
];

#[test]
fn a_call_that_names_what_only_a_forged_event_brought_is_told() {
    for (deliver, rule) in RULES {
        let text = |dispatch: &Dispatch| text_of(&body(dispatch)["data"]["message"]["parts"][0]["value"]);
        let acts: [Act<'_>; 4] = [
            &|run, made| react(run, &message(made)),
            &|run, made| run.reply(&format!("You say: {}", text(made)), None),
            &|run, made| run.reply(&text(made), None),
            &|run, made| {
                run.reply("Welcome", Some(&format!("answer to {}", text_of(&body(made)["event_id"]))))
            },
        ];
        for act in acts {
            let mut run = with_fault(deliver);
            let [made, _] = both(&mut run, 200);
            act(&mut run, &made);
            assert_eq!(run.certain(), [(rule, vec![number(&made)], vec![1])], "{deliver}: {}", run.words());
            assert_eq!(run.uncertain(), []);
        }
    }
}

#[test]
fn a_client_that_does_not_act_on_a_forged_event_hears_nothing() {
    for (deliver, _) in RULES {
        // Refusing it breaks no rule, and neither does taking it without a deed.
        for status in [200, 400, 401, 403, 500] {
            let mut run = with_fault(deliver);
            run.write("Hello");
            let made = run.deliver(status);
            let genuine = run.deliver(200);
            run.is_innocent(deliver);
            // It asks the service about the message.
            assert_eq!(run.call("GET", &format!("/messages/{}", message(&made)), &Value::Null), 404);
            // It acts on the genuine one, and in the chat that both name.
            react(&mut run, &message(&genuine));
            run.reply("Thank you for your message", Some(&text_of(&body(&genuine)["event_id"])));
            run.reply(&format!("You say: {}", body(&genuine)["data"]["message"]["parts"][0]["value"]), None);
            assert_eq!(run.call("POST", "/chats/ch/mark-read", &json!({})), 200);
            run.is_innocent(deliver);
        }
    }
}

#[test]
fn who_has_refused_a_forged_event_may_report_it() {
    for (deliver, _) in RULES {
        let mut run = with_fault(deliver);
        let [made, _] = both(&mut run, 401);
        let text = text_of(&body(&made)["data"]["message"]["parts"][0]["value"]);
        run.reply(&format!("Refused an event with a wrong signature: {text}"), None);
        run.reply("Refused", Some(&format!("refused {}", text_of(&body(&made)["event_id"]))));
        run.is_innocent(deliver);
    }
}

#[test]
fn a_genuine_message_that_quotes_a_forged_one_may_be_answered_with_its_text() {
    for (deliver, _) in RULES {
        let mut run = with_fault(deliver);
        let [made, _] = both(&mut run, 200);
        let quoted =
            format!("What is this: {}?", text_of(&body(&made)["data"]["message"]["parts"][0]["value"]));
        run.write(&quoted);
        run.deliver(200);
        run.deliver(200);
        run.reply(&format!("You say: {quoted}"), None);
        run.is_innocent(deliver);
    }
}

#[test]
fn a_forged_event_of_bitrix24_is_not_confirmed() {
    let fault = "faults: [{name: f, on: bitrix24.OnImConnectorMessageAdd, deliver: forged}]\n";
    let deliver = |run: &mut Run, status| {
        run.operate("Hello");
        [run.deliver(status), run.deliver(200)]
    };
    let mut run = Run::receiving(fault);
    let all = deliver(&mut run, 200);
    all.iter().for_each(|dispatch| run.confirm(&member(dispatch, MESSAGE_ID)));
    assert_eq!(
        run.certain(),
        [("bitrix24.acts-on-forged", vec![number(&all[0])], vec![1])],
        "{}",
        run.words()
    );
    // Nobody waits for the confirmation of a forged one, and its refusal breaks no rule.
    for status in [200, 403] {
        let mut run = Run::receiving(fault);
        let [_, genuine] = deliver(&mut run, status);
        run.confirm(&member(&genuine, MESSAGE_ID));
        run.wait(60_000);
        run.is_innocent("the genuine one is confirmed");
    }
    // The genuine one is to be confirmed all the same.
    let mut run = Run::receiving(fault);
    let [_, genuine] = deliver(&mut run, 403);
    run.wait(60_000);
    assert_eq!(run.certain(), [("bitrix24.unconfirmed-delivery", vec![number(&genuine)], vec![])]);
}

#[test]
fn what_never_left_or_came_with_a_fault_accuses_nobody() {
    for deliver in ["lost", "twice", "after_next", "expired_token"] {
        let fault = format!(
            "faults: [{{name: f, on: bitrix24.OnImConnectorMessageAdd, when: {{call: 1}}, deliver: {deliver}}}]\n"
        );
        let mut run = Run::receiving(&fault);
        run.operate("Hello");
        run.operate("Again");
        let mut came = Vec::new();
        while let Some(dispatch) = run.world.take_due(run.now) {
            run.ended(&dispatch, standin::emulator::Outcome::Answered(200), super::ANSWERED);
            came.push(member(&dispatch, MESSAGE_ID));
        }
        came.dedup();
        came.iter().for_each(|id| run.confirm(id));
        run.wait(60_000);
        run.is_innocent(deliver);
    }
}

#[test]
fn a_repeat_that_a_fault_makes_is_acted_on_once() {
    let mut run = with_fault("twice");
    run.write("Hello");
    let first = run.deliver(200);
    let answer = format!("You have written {}", message(&first));
    run.reply(&answer, None);
    let second = run.deliver(200);
    assert_eq!(message(&first), message(&second));
    run.is_innocent("it has acted once");
    run.reply(&answer, None);
    let deliveries = vec![number(&first), number(&second)];
    assert_eq!(run.certain(), [("chert.acts-twice", deliveries, vec![1, 2])], "{}", run.words());
}
