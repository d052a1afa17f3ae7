//! All checks of a service, and the errors that none of them raises.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::call::Slots;
use super::check::Check;
use super::reasons;
use super::{bitrix24, chert};
use crate::emulator::Service;

/// Adds what a run names differently from every other one, so that two runs at once are in nobody's way.
pub fn add_own_names(slots: &mut Slots, now: Timestamp) {
    let mut rest = now.as_nanosecond().unsigned_abs();
    let nobody = chert::nobody(rest);
    let mut nonce = String::new();
    while rest > 0 {
        let digit = u32::try_from(rest % 36).expect("it is less than 36");
        nonce.insert(0, char::from_digit(digit, 36).expect("it is less than 36"));
        rest /= 36;
    }
    slots.insert("nonce", nonce);
    slots.insert("nobody", nobody);
}

/// All checks of a service, in the order in which they are made.
pub fn checks(service: &dyn Service) -> Vec<Check> {
    if service.name() == "chert" { chert::checks() } else { bitrix24::checks() }
}

/// The names of all checks of a service.
pub fn names(service: &dyn Service) -> Vec<String> {
    checks(service).into_iter().map(|check| check.name).collect()
}

/// The checks whose names fit one of the patterns, and those that they need.
pub fn selected(service: &dyn Service, only: &[String]) -> Vec<Check> {
    let all = checks(service);
    let mut wanted: BTreeSet<usize> =
        (0..all.len()).filter(|index| fits_any(&all[*index].name, only)).collect();
    let mut waiting: Vec<usize> = wanted.iter().copied().collect();
    while let Some(index) = waiting.pop() {
        for needed in needs(&all, index) {
            if wanted.insert(needed) {
                waiting.push(needed);
            }
        }
    }
    all.into_iter().enumerate().filter(|(index, _)| wanted.contains(index)).map(|(_, check)| check).collect()
}

/// The errors of operations that no check raises, each as the name of a check, with the reason.
pub fn untried(service: &dyn Service, only: &[String]) -> Vec<(String, String)> {
    let checks = checks(service);
    let codes = |check: &Check| check.code.into_iter().chain(check.or.iter().copied()).collect::<Vec<_>>();
    let raised: BTreeSet<_> = checks
        .iter()
        .filter_map(|check| Some((check.operation?.name, codes(check))))
        .flat_map(|(name, codes)| codes.into_iter().map(move |code| (name, code)))
        .collect();
    let succeeded: BTreeSet<_> = checks
        .iter()
        .filter(|check| check.code.is_none())
        .filter_map(|check| Some(check.operation?.name))
        .collect();
    let mut untried = Vec::new();
    for operation in service.operations() {
        if !succeeded.contains(operation.name) {
            let why = reasons::of_success(service, operation);
            untried.push((format!("{}: success", operation.name), why.to_owned()));
        }
        for given in
            operation.gives_all().filter(|given| !raised.contains(&(operation.name, given.code.code)))
        {
            let why = reasons::of_error(service, operation, given.code);
            untried.push((format!("{}: {}", operation.name, given.code.code), why.to_owned()));
        }
    }
    untried.retain(|(name, _)| fits_any(name, only));
    untried
}

/// The checks that another one needs: those that fill its slots, make what it changes, or find out about the chat.
fn needs(all: &[Check], index: usize) -> Vec<usize> {
    let check = &all[index];
    let is_needed = |(other, known): (usize, &Check)| {
        let fills = known.learns.iter().any(|(slot, _)| check.call.has_slot(slot));
        let makes = [check.ends, check.after].into_iter().flatten().any(|name| known.name == name);
        let finds = known.finds_kind && !check.kinds.is_empty();
        (other < index && (fills || makes || finds)).then_some(other)
    };
    all.iter().enumerate().filter_map(is_needed).collect()
}

/// Whether a name fits one of the patterns; every name does when there are none.
fn fits_any(name: &str, patterns: &[String]) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| fits(name, pattern))
}

/// Whether a name contains the pieces of a pattern between its stars, in their order.
fn fits(name: &str, pattern: &str) -> bool {
    let mut rest = name;
    pattern.split('*').all(|piece| match rest.find(piece) {
        Some(place) => {
            rest = &rest[place + piece.len()..];
            true
        }
        None => false,
    })
}
