//! Requests to both services and to the control interface in any order: nothing panics.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/moves.rs"]
mod moves;

fuzz_target!(|moves: Vec<(u8, u8)>| moves::play(&moves));
