//! Faults that can never fire, because another one answers every call that they wait for.

use std::collections::HashMap;

use super::calls;
use super::target::Target;
use crate::basics::Stage;
use crate::emulator::ErrorCode;
use crate::fault::{FaultSpec, Pattern};
use crate::scalar::{Findings, Path};

/// A fault with what it strikes.
pub(super) struct Shot<'a> {
    number: usize,
    fault: &'a FaultSpec,
    stage: Stage,
    fires_always: bool,
    /// Whether it ends a whole request, with all calls that the request may hold.
    ends_requests: bool,
    aim: Aim,
    /// The parameters that it asks for, in the order of their names.
    matches: Vec<(&'a str, &'a str)>,
}

/// A service with the positions of its operations, or of its events; one more operation stands for what is not emulated.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Aim {
    service: &'static str,
    operations: Vec<usize>,
    /// Whether the positions are those of its events.
    is_of_events: bool,
}

impl Aim {
    fn includes(&self, other: &Self) -> bool {
        self.service == other.service
            && self.is_of_events == other.is_of_events
            && other.operations.iter().all(|operation| self.operations.contains(operation))
    }
}

impl<'a> Shot<'a> {
    /// The fault with this number, which does to `target` more than to hold it up; with an error, `code` is that.
    pub(super) fn new(number: usize, fault: &'a FaultSpec, target: Target, code: Option<&ErrorCode>) -> Self {
        let known = target.service.operations();
        let is_hit = |position: &usize| {
            let operation = known[*position];
            code.is_none_or(|code| operation.gives(code.code).is_some())
                && target.operation.is_none_or(|only| only.name == operation.name)
        };
        let mut operations: Vec<_> = (0..known.len()).filter(is_hit).collect();
        let able = known.iter().filter(|known| code.is_none_or(|code| known.gives(code.code).is_some()));
        let hits_every_operation = operations.len() == able.count();
        let of_unknown = target.service.errors_of_unknown();
        let is_common = |code: &ErrorCode| of_unknown.iter().any(|given| *given.code == *code);
        if target.operation.is_none() && code.is_none_or(is_common) {
            operations.push(known.len());
        }
        if let Some(events) = target.event {
            let wanted = events.kinds(target.service);
            let all = target.service.events().iter().enumerate();
            operations = all.filter(|(_, event)| wanted.contains(event)).map(|(place, _)| place).collect();
        }
        let mut matches: Vec<_> =
            fault.matches.iter().filter_map(|(name, pattern)| Some((name.as_str(), one(pattern)?))).collect();
        matches.sort_unstable();
        // What asks for more than one value of a parameter may leave calls to others.
        let is_told_by_values = matches.len() == fault.matches.len()
            && fault.match_headers.is_empty()
            && fault.match_credential.is_none();
        Self {
            number,
            fault,
            stage: fault.stage(code.map(|code| code.stage)),
            fires_always: calls::is_always(&fault.when) && is_told_by_values,
            ends_requests: hits_every_operation && (matches.is_empty() || known.len() == 1),
            aim: Aim { service: target.service.name(), operations, is_of_events: target.event.is_some() },
            matches,
        }
    }

    /// Whether this one, which meets every call that `other` meets, meets them first.
    ///
    /// A call within a call, as in a batch, does not pass the gateway by itself.
    fn is_before(&self, other: &Self) -> bool {
        if self.stage == other.stage {
            return self.number < other.number;
        }
        self.stage < other.stage && (self.stage > Stage::Gateway || self.ends_requests)
    }
}

/// The value that a pattern asks for, if it is only one.
fn one(pattern: &Pattern) -> Option<&str> {
    pattern.values().and_then(|values| if let [only] = values { Some(only.as_str()) } else { None })
}

/// The names of the parameters that a fault asks for, and with them its aim.
type Group<'a> = (&'a Aim, Vec<&'a str>);

/// By the values of these parameters: the first fault of each stage.
type Firsts<'a> = HashMap<Vec<&'a str>, [Option<&'a Shot<'a>>; Stage::ALL.len()]>;

/// Adds a finding for every fault that can never fire.
pub(super) fn check(shots: &[Shot<'_>], findings: &mut Findings) {
    let mut groups: HashMap<Group<'_>, Firsts<'_>> = HashMap::new();
    for shot in shots.iter().filter(|shot| shot.fires_always) {
        let (names, values) = shot.matches.iter().copied().unzip();
        let stages = groups.entry((&shot.aim, names)).or_default().entry(values).or_default();
        stages[shot.stage as usize].get_or_insert(shot);
    }
    for shot in shots {
        let winner = groups.iter().filter_map(|(group, firsts)| first_before(shot, group, firsts));
        if let Some(winner) = winner.min_by_key(|winner| (winner.stage, winner.number)) {
            report(shot, winner, findings);
        }
    }
}

/// The fault of this group, if any, that leaves no call to `shot`.
fn first_before<'a>(shot: &Shot<'_>, (aim, names): &Group<'_>, firsts: &Firsts<'a>) -> Option<&'a Shot<'a>> {
    if !aim.includes(&shot.aim) {
        return None;
    }
    let value = |name: &&str| shot.matches.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    let values: Vec<_> = names.iter().map(value).collect::<Option<_>>()?;
    firsts.get(&values)?.iter().flatten().copied().find(|first| first.is_before(shot))
}

fn report(shot: &Shot<'_>, winner: &Shot<'_>, findings: &mut Findings) {
    let (name, own) = (&winner.fault.name, &shot.fault.name);
    if name == own {
        return; // Another finding says that two faults have one name.
    }
    let is_copy = FaultSpec { name: own.clone(), ..winner.fault.clone() } == *shot.fault;
    let help = if is_copy {
        format!("`{own}` does what `{name}` does: remove one of the two")
    } else if winner.stage == shot.stage {
        format!("put it above `{name}`, or give `{name}` a `when` or a `match`")
    } else {
        let (early, late) = (winner.stage.name(), shot.stage.name());
        format!("give `{name}` a `when` or a `match`: it strikes at the stage `{early}`, before `{late}`")
    };
    let message = match shot.aim.is_of_events {
        true => format!("`{own}` can never take effect: `{name}` decides about every such delivery first"),
        false => format!("`{own}` can never fire: `{name}` answers every such call first"),
    };
    findings.add(Path::default().key("faults").index(shot.number), message, help);
}
