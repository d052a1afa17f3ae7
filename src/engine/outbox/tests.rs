use super::*;
use crate::emulator::{EventKind, HandlerTarget, Nature, Sender};

static EVENT: EventKind = EventKind { name: "OnTest", summary: "", source: "", names: &[] };

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn delivery(handler: u64) -> Delivery {
    let target = HandlerTarget::Url("http://127.0.0.1:1/".into());
    let (sender, nature) = (Sender::default(), Nature::Genuine);
    Delivery { event: &EVENT, handler, target, body: "x".into(), sender, record: None, nature }
}

fn never(_: &OutboxEntry, _: &Outcome) -> Option<Timestamp> {
    None
}

fn end(outbox: &mut Outbox, number: u64, status: u16) -> bool {
    outbox.delivered(number, Outcome::Answered(status), std::time::Duration::ZERO, never)
}

fn total(outbox: &Outbox) -> OutboxCounts {
    let mut total = OutboxCounts::default();
    outbox.counts().values().for_each(|counts| total.add(*counts));
    total
}

#[test]
fn one_handler_gets_its_deliveries_one_after_the_other() {
    let mut outbox = Outbox::default();
    for handler in [1, 1, 2] {
        outbox.push(0, delivery(handler), Cause::Later, at(5));
    }
    assert_eq!(outbox.next_due(), Some(at(5)));
    assert_eq!(outbox.begin_due(at(4)), None);
    assert_eq!(outbox.begin_due(at(5)), Some(1));
    assert_eq!(outbox.begin_due(at(5)), Some(3), "the other handler does not wait");
    assert_eq!(outbox.begin_due(at(5)), None);
    assert!(end(&mut outbox, 1, 500), "a failure lets the next one begin too");
    assert_eq!(outbox.begin_due(at(5)), Some(2));
    assert!(end(&mut outbox, 2, 200));
    assert!(end(&mut outbox, 3, 204));
    assert!(!end(&mut outbox, 3, 204), "a result counts once");
    let states: Vec<_> = outbox.iter().map(|entry| entry.state.name()).collect();
    assert_eq!(states, ["failed", "delivered", "delivered"]);
    assert_eq!(outbox.pending(), 0);
}

#[test]
fn a_failed_delivery_comes_again_before_the_next_one() {
    let mut outbox = Outbox::default();
    outbox.push(0, delivery(1), Cause::Later, at(0));
    outbox.push(0, delivery(1), Cause::Later, at(0));
    assert_eq!(outbox.begin_due(at(0)), Some(1));
    let again = |_: &OutboxEntry, _: &Outcome| Some(at(9));
    assert!(outbox.delivered(1, Outcome::Failed("no".into()), std::time::Duration::ZERO, again));
    assert_eq!((outbox.next_due(), outbox.begin_due(at(8))), (Some(at(9)), None));
    assert_eq!(outbox.begin_due(at(9)), Some(1));
    assert!(end(&mut outbox, 1, 200));
    assert_eq!(outbox.begin_due(at(9)), Some(2));
}

#[test]
fn the_oldest_waiting_delivery_is_given_up_when_there_are_too_many() {
    let mut outbox = Outbox::default();
    for _ in 0..=MOST_WAITING + 1 {
        outbox.push(0, delivery(1), Cause::Later, at(0));
        outbox.begin_due(at(0));
    }
    assert_eq!(outbox.get(1).unwrap().state, DeliveryState::Sending, "what is under way stays");
    assert_eq!(outbox.get(2).unwrap().state, DeliveryState::Dropped);
    assert_eq!((outbox.unfinished(), total(&outbox).dropped), ((MOST_WAITING, 1), 1));
    assert!(end(&mut outbox, 1, 200));
    assert_eq!(outbox.begin_due(at(0)), Some(3));
}

#[test]
fn a_snapshot_sends_again_what_was_under_way() {
    let mut outbox = Outbox::default();
    outbox.push(0, delivery(1), Cause::Later, at(0));
    outbox.push(0, delivery(1), Cause::Later, at(0));
    outbox.begin_due(at(0));
    let mut saved = outbox.saved(at(1));
    assert_eq!(saved.begin_due(at(1)), Some(1));
    assert!(end(&mut saved, 1, 200));
    assert_eq!(saved.begin_due(at(1)), Some(2));
    assert_eq!(saved.get(1).unwrap().attempts.len(), 1);
    assert_eq!(saved.push(0, delivery(2), Cause::Later, at(0)), 3);
}

#[test]
fn what_has_ended_can_be_sent_again() {
    let mut outbox = Outbox::default();
    outbox.push(0, delivery(1), Cause::Later, at(0));
    assert!(!outbox.send_again(1, at(1)), "it waits already");
    outbox.begin_due(at(0));
    end(&mut outbox, 1, 500);
    assert!(outbox.send_again(1, at(1)));
    assert_eq!(outbox.begin_due(at(1)), Some(1));
    end(&mut outbox, 1, 200);
    let entry = outbox.get(1).unwrap();
    assert_eq!((entry.state, entry.attempts.len()), (DeliveryState::Delivered, 2));
}

#[test]
fn a_handler_without_a_url_holds_its_deliveries() {
    let mut outbox = Outbox::default();
    let target = HandlerTarget::Name("app".into());
    outbox.push(0, Delivery { target, ..delivery(1) }, Cause::Later, at(0));
    assert_eq!((outbox.begin_due(at(9)), outbox.next_due(), outbox.pending()), (None, None, 0));
    assert!(outbox.begin(1, at(9)));
    assert!(end(&mut outbox, 1, 200));
    assert_eq!(outbox.get(1).unwrap().state, DeliveryState::Delivered);
}

#[test]
fn what_has_ended_is_bounded() {
    let mut outbox = Outbox::default();
    for number in 1..=MOST_ENDED as u64 + 5 {
        outbox.push(0, delivery(number), Cause::Later, at(0));
        outbox.begin_due(at(0));
        assert!(end(&mut outbox, number, 200));
    }
    assert_eq!(outbox.iter().count(), MOST_ENDED);
    assert_eq!(total(&outbox).delivered, MOST_ENDED as u64 + 5);
}

#[test]
fn the_counts_add_up_after_everything_that_can_happen() {
    let mut outbox = Outbox::default();
    for handler in [1, 1, 2, 3] {
        outbox.push(0, delivery(handler), Cause::Later, at(0));
    }
    assert_eq!((outbox.begin_due(at(0)), outbox.begin_due(at(0))), (Some(1), Some(3)));
    assert!(end(&mut outbox, 1, 200));
    let saved = outbox.saved(at(0));
    assert!(end(&mut outbox, 3, 500));
    assert!(outbox.send_again(1, at(0)));
    assert_eq!(total(&outbox).unfinished(), 3, "2 and 4, and 1 again");
    let restored = saved.after(&outbox);
    let found = total(&restored);
    assert_eq!((found.entered, found.delivered, found.failed, found.abandoned), (8, 1, 1, 3));
    let (waiting, sending) = restored.unfinished();
    assert_eq!((waiting, sending, found.unfinished()), (3, 0, 3));
}

#[test]
fn a_delivery_that_is_sent_again_and_again_keeps_its_latest_attempts() {
    let mut outbox = Outbox::default();
    outbox.push(0, delivery(1), Cause::Later, at(0));
    for second in 0..100 {
        assert_eq!(outbox.begin_due(at(second)), Some(1));
        assert!(end(&mut outbox, 1, 200));
        assert!(outbox.send_again(1, at(second + 1)));
    }
    let entry = outbox.get(1).unwrap();
    assert_eq!((entry.attempted, entry.attempts.len()), (100, MOST_ATTEMPTS));
    assert_eq!(entry.attempts.last().unwrap().at, at(99));
}

#[test]
fn what_a_test_took_out_of_order_does_not_overtake_when_it_waits_again() {
    let two = || {
        let mut outbox = Outbox::default();
        outbox.push(0, delivery(1), Cause::Later, at(5));
        outbox.push(0, delivery(1), Cause::Later, at(0));
        assert!(outbox.begin(2, at(0)), "a test may take any of them");
        outbox
    };
    let mut outbox = two();
    let again = |_: &OutboxEntry, _: &Outcome| Some(at(1));
    assert!(outbox.delivered(2, Outcome::Answered(500), std::time::Duration::ZERO, again));
    assert_eq!((outbox.next_due(), outbox.begin_due(at(9))), (Some(at(5)), Some(1)));
    assert_eq!(outbox.begin_due(at(9)), None, "one at a time");
    assert!(end(&mut outbox, 1, 200));
    assert_eq!(outbox.begin_due(at(9)), Some(2));

    let mut outbox = two();
    assert_eq!(outbox.begin_due(at(9)), Some(1));
    let mut saved = outbox.saved(at(9));
    assert_eq!((saved.begin_due(at(9)), saved.begin_due(at(9))), (Some(1), None));
    assert!(end(&mut saved, 1, 200));
    assert_eq!(saved.begin_due(at(9)), Some(2));
}

#[test]
fn what_is_sent_again_waits_behind_what_is_under_way() {
    let mut outbox = Outbox::default();
    for _ in 0..3 {
        outbox.push(0, delivery(1), Cause::Later, at(0));
    }
    outbox.begin_due(at(0));
    assert!(end(&mut outbox, 1, 500));
    assert_eq!(outbox.begin_due(at(0)), Some(2));
    assert!(outbox.send_again(1, at(0)));
    let mut saved = outbox.saved(at(1)).after(&outbox);
    for outbox in [&mut outbox, &mut saved] {
        outbox.begin_due(at(1));
        for (under_way, next) in [(2, Some(3)), (3, Some(1)), (1, None)] {
            assert_eq!(outbox.begin_due(at(1)), None, "one at a time");
            assert!(end(outbox, under_way, 200));
            assert_eq!(outbox.begin_due(at(1)), next);
        }
    }
}

#[test]
fn what_faults_have_added_is_given_up_before_the_services_own() {
    let mut outbox = Outbox::default();
    let repeat = || Delivery { nature: Nature::Repeat, ..delivery(1) };
    for _ in 0..MOST_WAITING / 2 {
        outbox.push(0, delivery(1), Cause::Later, at(0));
        outbox.push(0, repeat(), Cause::Later, at(0));
    }
    for _ in 0..5 {
        outbox.push(0, delivery(1), Cause::Later, at(0));
    }
    let given_up = outbox.take_given_up();
    assert_eq!(given_up.len(), 5);
    assert!(given_up.iter().all(|(_, delivery)| delivery.nature == Nature::Repeat));
    // Without them the oldest one goes.
    let mut outbox = Outbox::default();
    for _ in 0..MOST_WAITING {
        outbox.push(0, delivery(1), Cause::Later, at(0));
    }
    outbox.push(0, repeat(), Cause::Later, at(0));
    assert_eq!(outbox.take_given_up()[0].1.nature, Nature::Repeat);
    outbox.push(0, delivery(1), Cause::Later, at(0));
    assert_eq!(outbox.get(1).unwrap().state, DeliveryState::Dropped);
}
