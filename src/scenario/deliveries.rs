//! What is wrong with what a fault on events does, and with `deliver` on calls.

use super::target::Target;
use super::words::either;
use crate::emulator::{Nature, Service};
use crate::fault::{Deliver, FaultSpec};
use crate::scalar::{Findings, Path};

/// Adds every finding about the effects of a fault that is aimed at events, or that has `deliver`. Returns whether there is none.
pub(super) fn check(fault: &FaultSpec, target: Target, path: &Path, findings: &mut Findings) -> bool {
    if target.event.is_none() {
        if let Some(deliver) = fault.deliver {
            let message =
                format!("`deliver: {deliver}` is for events, and `{}` is about calls", target.name());
            let service = target.service.name();
            let help = match target.service.events().first() {
                Some(event) => {
                    format!("aim at `{service}.events`, or at one event such as `{service}.{}`", event.name)
                }
                None => "remove it".to_owned(),
            };
            findings.add(path.key("deliver"), message, help);
        }
        return fault.deliver.is_none();
    }
    let mut fits = true;
    for key in fault.of_calls() {
        let message = format!("`{key}` is for calls, and `{}` is about events", target.name());
        let help = match key {
            "match_headers" | "match_credential" => "write `match: {handler: …}`, or remove it",
            "applied" => "remove it: an event makes no change",
            _ => "choose `deliver` or `delay`, or aim at an operation",
        };
        findings.add(path.key(key), message, help);
        fits = false;
    }
    if let Some((message, help)) = fault.deliver.and_then(|deliver| foreign(deliver, target.service)) {
        findings.add(path.key("deliver"), message, help);
        fits = false;
    }
    fits
}

/// What to say of a meaning that the service does not have; `None` when it has it.
fn foreign(deliver: Deliver, service: &dyn Service) -> Option<(String, String)> {
    let nature = nature_of(deliver)?;
    if service.natures().contains(&nature) {
        return None;
    }
    let why = match nature {
        Nature::Tampered => "it signs no events, so a changed one looks like any other",
        Nature::Stale => "it signs no events, so none is ever too old",
        Nature::ExpiredToken => "its events carry no token",
        _ => "it has no such deliveries",
    };
    let known = ["lost", "twice", "{times: 3}", "after_next"];
    let known = known.into_iter().chain(service.natures().iter().map(|nature| nature.name()));
    Some((
        format!("{} has no `deliver: {deliver}`: {why}", service.title()),
        format!("choose {}", either(known)),
    ))
}

/// What a delivery becomes, or what comes before it; `None` when it stays genuine.
pub fn nature_of(deliver: Deliver) -> Option<Nature> {
    match deliver {
        Deliver::Lost | Deliver::Twice | Deliver::Times(_) | Deliver::AfterNext => None,
        Deliver::Forged => Some(Nature::Forged),
        Deliver::Tampered => Some(Nature::Tampered),
        Deliver::Stale => Some(Nature::Stale),
        Deliver::ExpiredToken => Some(Nature::ExpiredToken),
    }
}
