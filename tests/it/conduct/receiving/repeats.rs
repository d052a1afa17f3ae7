//! Events that come again.

use serde_json::json;
use standin::emulator::Outcome;

use super::super::{KEPT_ALIVE, Run};
use super::{ANSWERED, SCENARIO, message};

/// What the client does for an event that tells of the message with this ID.
type Act<'a> = &'a dyn Fn(&mut Run, &str);

/// Lets a recipient write, and the client act on the event when it comes and when it comes again.
fn twice(text: &str, acts: [Act<'_>; 2]) -> Run {
    let mut run = Run::receiving("");
    run.write(text);
    let first = run.due();
    acts[0](&mut run, &message(&first));
    run.ended(&first, Outcome::Answered(500), ANSWERED);
    run.wait(1_000);
    let second = run.deliver(200);
    assert_eq!(second.id.number, 1, "the same delivery");
    acts[1](&mut run, &message(&first));
    run
}

#[test]
fn an_event_that_comes_again_is_acted_on_once() {
    let told = |run: &mut Run, id: &str| run.reply(&format!("You have written {id}"), None);
    let run = twice("Hello", [&told, &told]);
    assert_eq!(run.certain(), [("chert.acts-twice", vec![1], vec![1, 2])], "{}", run.words());
    // A key is good for nothing if each call has another one.
    let run = twice(
        "Hello",
        [&|run, id| run.reply("Welcome", Some(&format!("{id}-1"))), &|run, id| {
            run.reply("Welcome", Some(&format!("{id}-2")))
        }],
    );
    assert_eq!(run.certain(), [("chert.acts-twice", vec![1], vec![1, 2])], "{}", run.words());
    // A text may be sent for another reason.
    let echo = |run: &mut Run, _: &str| run.reply("You say: a text of some length", None);
    let run = twice("a text of some length", [&echo, &echo]);
    assert_eq!(run.certain(), []);
    assert_eq!(run.uncertain(), [("chert.acts-twice", vec![1], vec![1, 2])]);
}

#[test]
fn a_call_that_may_have_another_reason_is_a_warning() {
    // A minute, or a day later, the client reminds the recipient.
    for (wait, is_certain) in [(59_000, true), (61_000, false), (24 * 3_600_000, false)] {
        let told = |run: &mut Run, id: &str| run.reply(&format!("Your ticket is {id}"), None);
        let later = |run: &mut Run, id: &str| {
            run.wait(wait);
            told(run, id);
        };
        let run = twice("Hello", [&told, &later]);
        let breach = vec![("chert.acts-twice", vec![1], vec![1, 2])];
        let expected = if is_certain { (breach, vec![]) } else { (vec![], breach) };
        assert_eq!((run.certain(), run.uncertain()), expected, "{wait}: {}", run.words());
    }
    // Another event asks for the same answer.
    let told = |run: &mut Run, id: &str| run.reply(&format!("Your ticket {id} is open"), None);
    let other = |run: &mut Run, id: &str| {
        run.write("How is my ticket?");
        run.deliver(200);
        told(run, id);
    };
    let run = twice("Hello", [&told, &other]);
    assert_eq!(run.certain(), [], "{}", run.words());
    assert_eq!(run.uncertain(), [("chert.acts-twice", vec![1], vec![1, 2])]);
}

#[test]
fn a_client_that_drops_repeats_acts_once() {
    let told = |run: &mut Run, id: &str| run.reply(&format!("You have written {id}"), None);
    let nothing = |_: &mut Run, _: &str| {};
    twice("Hello", [&told, &nothing]).is_innocent("it drops the repeat");
    twice("Hello", [&nothing, &told]).is_innocent("it acts on the second attempt alone");
    twice("Hello", [&nothing, &|run, id| (0..2).for_each(|_| told(run, id))])
        .is_innocent("it calls twice for another reason");
    let keyed = |run: &mut Run, id: &str| run.reply("Welcome", Some(id));
    twice("Hello", [&keyed, &keyed]).is_innocent("the service drops the second call");
    let react = |run: &mut Run, id: &str| {
        assert_eq!(run.call("POST", &format!("/messages/{id}/react"), &json!({"reaction": "love"})), 200);
    };
    twice("Hello", [&react, &react]).is_innocent("a reaction stays the same");
    let read = |run: &mut Run, _: &str| assert_eq!(run.call("POST", "/chats/ch/mark-read", &json!({})), 200);
    twice("Hello", [&read, &read]).is_innocent("a chat stays read");
    let welcome = |run: &mut Run, _: &str| run.reply("Thank you for your message", None);
    twice("Hello", [&welcome, &welcome]).is_innocent("nothing says what the answer is for");
    twice("Thank you", [&welcome, &welcome]).is_innocent("a short text is in others by chance");
    // The first call has no answer that the client knows, so it comes again in good faith.
    let lost =
        "faults: [{name: f, on: chert.chats.messages.send, when: {first: 1}, applied: true, wire: reset}]\n";
    let mut run = Run::receiving(lost);
    run.write("Hello");
    let first = run.due();
    told(&mut run, &message(&first));
    run.ended(&first, Outcome::Answered(500), ANSWERED);
    run.wait(1_000);
    run.deliver(200);
    told(&mut run, &message(&first));
    run.is_innocent("it has no answer to the first call");
    // Two recipients write the same, and the first event comes again.
    let echo = |run: &mut Run| run.reply("You say: a text of some length", None);
    let mut run = Run::receiving("");
    run.write("a text of some length");
    let first = run.due();
    echo(&mut run);
    run.ended(&first, Outcome::Answered(500), ANSWERED);
    run.wait(1_000);
    run.deliver(200);
    run.write("a text of some length");
    run.deliver(200);
    echo(&mut run);
    run.is_innocent("another event has brought the same text");
}

#[test]
fn each_of_several_subscriptions_may_have_a_program_of_its_own() {
    let scenario = SCENARIO.replace(
        "[{url: 'http://127.0.0.1:9/'}]",
        "[{url: 'http://127.0.0.1:9/'}, {url: 'http://127.0.0.1:10/'}]",
    );
    let mut run = Run::of(&scenario);
    run.connection = KEPT_ALIVE;
    run.write("Hello");
    let first = run.deliver(200);
    run.reply(&format!("You have written {}", message(&first)), None);
    run.deliver(200);
    run.reply(&format!("You have written {}", message(&first)), None);
    run.is_innocent("two subscriptions");
    // One of them has got what the other one refuses.
    run.write("Again");
    run.deliver(404);
    run.deliver(200);
    assert_eq!(run.certain(), []);
}
