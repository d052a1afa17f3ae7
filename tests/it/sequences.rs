//! Any sequence of calls, actions and results of deliveries keeps what must stay true, and gives the same bytes again.

mod chert;
mod invariants;
mod player;

use jiff::Timestamp;
use proptest::prelude::*;

use player::{Move, Player};

// What moves choose from.
const CONNECTORS: &[&str] =
    &["connector", "messenger", "foreign", "New.dot", "CONNECTOR", "stranger", "viber", ""];
const LINES: &[&str] = &["105", "106", "107", "15", "0105", "105x", "-1", ""];
const CHATS: &[&str] = &["group", "direct", "off", "c1", "c2", ""];
const USERS: &[&str] = &["u1", "u2", "u3", ""];
const EXTERNAL: &[&str] = &["e1", "e2", "m1", "m2"];
const EVENTS: &[&str] = &[
    "OnImConnectorMessageAdd",
    "OnImConnectorDialogStart",
    "OnAppTest",
    "OnImConnectorLineDelete",
    "OnNothing",
];

fn of<T: Copy>(list: &[T], choice: u8) -> T {
    list[usize::from(choice) % list.len()]
}

fn moves(most: usize) -> impl Strategy<Value = Vec<Move>> {
    proptest::collection::vec(any::<Move>(), 1..most)
}

fn edition() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("documented"), Just("live")]
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_sequence_keeps_what_must_stay_true(moves in moves(120), edition in edition(), seed: u64) {
        let mut player = Player::new(edition, seed, at(0));
        player.play(&moves);
        player.drain();
    }

    #[test]
    fn the_same_sequence_gives_the_same_bytes_and_events(moves in moves(60), edition in edition(), seed: u64) {
        let run = |wall| {
            let mut player = Player::new(edition, seed, wall);
            player.play(&moves);
            player.told()
        };
        prop_assert_eq!(run(at(0)), run(at(1_000_000)));
    }

    #[test]
    fn a_snapshot_goes_on_as_the_state_did(before in moves(60), after in moves(40), edition in edition(), seed: u64) {
        let mut player = Player::new(edition, seed, at(0));
        player.play(&before);
        player.stay_at("middle");
        let mut go_on = || {
            player.play(&after);
            player.drain();
            let seen = player.told().seen;
            player.go_back_to("middle");
            seen
        };
        let (first, second) = (go_on(), go_on());
        prop_assert_eq!(first, second);
    }
}
