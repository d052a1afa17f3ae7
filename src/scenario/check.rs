//! What is wrong with the faults of a scenario beyond their shape.

use std::collections::HashMap;
use std::time::Duration;

use super::calls;
use super::deliveries;
use super::effects;
use super::fill::Taint;
use super::schema::ClockSpec;
use super::target::{Target, target_of};
use super::unreachable::{self, Shot};
use super::words::{list, quote, some};
use crate::basics::Stage;
use crate::emulator::{ErrorCode, Known, Section, Service, known};
use crate::fault::{FaultSpec, Pattern};
use crate::scalar::{Findings, Path, Point, Start, nearest};
use crate::services::SERVICES;

/// The services that have a section, each with it.
pub(super) type Sections<'a> = &'a [(&'static dyn Service, Box<dyn Section>)];

/// Adds every finding about `faults`.
pub(super) fn check(
    faults: &[FaultSpec],
    sections: Sections<'_>,
    clock: ClockSpec,
    taint: &Taint,
    findings: &mut Findings,
) {
    let mut names = HashMap::new();
    let mut known = HashMap::new();
    let mut shots = Vec::new();
    for (number, fault) in faults.iter().enumerate() {
        let path = Path::default().key("faults").index(number);
        if let Some(other) = names.insert(&fault.name, number) {
            let (message, help) = match faults[other] == *fault {
                true => (format!("the fault {} is given twice", quote(&fault.name)), "remove one of the two"),
                false => (
                    format!("`faults[{other}]` is called {} too", quote(&fault.name)),
                    "give each fault a name of its own",
                ),
            };
            findings.add(path.key("name"), message, help);
        }
        if fault.name.trim().is_empty() || fault.name.chars().any(char::is_control) {
            let message = match fault.name.trim().is_empty() {
                true => "the name of the fault is empty".to_owned(),
                false => format!("the name {} is more than one line of text", quote(&fault.name)),
            };
            findings.add(path.key("name"), message, "name it after what it does, in one line");
        }
        let is_when_whole = !taint.touches(&path.key("when"));
        let mut can_fire =
            is_when_whole && when(fault, &path, findings) && window(fault, clock, &path, findings);
        let target = target_of(fault);
        let is_about_events = target.as_ref().is_ok_and(|target| target.event.is_some());
        effects::check(fault, &path, findings);
        if !is_about_events {
            effects::applied(fault, &path, findings);
        }
        let target = match target {
            Ok(target) => target,
            Err((message, help)) => {
                findings.add(path.key("on"), message, help);
                if let Some((message, help)) =
                    fault.error.as_deref().and_then(|error| stray(error, &fault.on))
                {
                    findings.add(path.key("error"), message, help);
                }
                continue;
            }
        };
        can_fire &= deliveries::check(fault, target, &path, findings);
        can_fire &= section(target, sections, &path, findings);
        can_fire &= matches(fault, target, &path, findings);
        can_fire &= counts(fault, target, &path, findings);
        let code = match &fault.error {
            Some(error) if target.event.is_none() => match code(error, fault, target, &path, findings) {
                None => continue,
                code => code,
            },
            _ => None,
        };
        can_fire &= changes_something(fault, target, &path, findings);
        if can_fire {
            let stage = fault.stage(code.map(|code| code.stage));
            can_fire = finds_all(fault, target, stage, sections, &mut known, &path, findings);
        }
        if can_fire && fault.is_more_than_delay() && !taint.touches(&path) {
            shots.push(Shot::new(number, fault, target, code));
        }
    }
    unreachable::check(&shots, findings);
}

/// Whether there are calls to fire on.
fn when(fault: &FaultSpec, path: &Path, findings: &mut Findings) -> bool {
    let Some(conditions) = calls::contradiction(&fault.when) else { return true };
    let (path, help) = match fault.when.between {
        Some([from, to]) if conditions.len() == 1 && conditions[0].starts_with("between") => {
            let help = if from > to {
                format!("write `between: [{to}, {from}]`")
            } else {
                "calls are counted from 1".to_owned()
            };
            (path.key("when").key("between"), help)
        }
        _ => {
            (path.key("when"), "change the numbers, or remove a condition: all of them must hold".to_owned())
        }
    };
    findings.add(path, format!("no call satisfies {}, so this fault can never fire", list(conditions)), help);
    false
}

/// Whether `from` is before `until`, as far as that can be told.
fn window(fault: &FaultSpec, clock: ClockSpec, path: &Path, findings: &mut Findings) -> bool {
    let Some(until) = fault.when.until else { return true };
    let from = fault.when.from.unwrap_or(Point::After(Duration::ZERO));
    let is_empty = match (from, until, clock) {
        (Point::After(from), Point::After(until), _) => from >= until,
        (Point::At(from), Point::At(until), _) => from >= until,
        (from, until, ClockSpec::Virtual(Start::At(start))) => from.on(start) >= until.on(start),
        (_, _, ClockSpec::Real | ClockSpec::Virtual(Start::Now)) => false,
    };
    if is_empty {
        let (since, help) = match fault.when.from {
            Some(from) => (format!("`{from}`"), "make `until` later than `from`"),
            None => ("the start of the scenario".to_owned(), "make `until` later than that"),
        };
        let message = format!("there is no time from {since} until `{until}`, so this fault can never fire");
        findings.add(path.key("when").key("until"), message, help);
    }
    !is_empty
}

/// Whether there is a change that `applied` could speak of.
fn changes_something(fault: &FaultSpec, target: Target, path: &Path, findings: &mut Findings) -> bool {
    let Some(operation) = target.operation.filter(|operation| !operation.changes) else { return true };
    if !(fault.fails() && fault.is_applied()) {
        return true;
    }
    let message = format!("`{}` changes nothing by itself, so there is nothing to apply", operation.name);
    findings.add(path.key("applied"), message, "aim at the operation that makes the change");
    false
}

/// Whether the service has a section.
fn section(target: Target, sections: Sections<'_>, path: &Path, findings: &mut Findings) -> bool {
    let name = target.service.name();
    if sections.iter().any(|(service, _)| service.name() == name) {
        return true;
    }
    let message = format!("the scenario has no `{name}` section, so this fault can never fire");
    findings.add(path.key("on"), message, format!("add the section `{name}:`, or remove the fault"));
    false
}

/// Whether every parameter that the fault asks for is one.
fn matches(fault: &FaultSpec, target: Target, path: &Path, findings: &mut Findings) -> bool {
    let mut fits = true;
    for name in fault.matches.keys() {
        if let Some((message, help)) = target.stranger(name) {
            findings.add(path.key("match").name(name), message, help);
            fits = false;
        }
    }
    fits
}

/// Whether calls name what they are counted by.
fn counts(fault: &FaultSpec, target: Target, path: &Path, findings: &mut Findings) -> bool {
    let Some(kind) = fault.when.counted_kind() else { return true };
    let kinds = target.kinds();
    if kinds.contains(kind) {
        return true;
    }
    let message = match kind {
        "" => "`count_by` is empty".to_owned(),
        _ if target.event.is_some() => format!("`{}` does not name a {}", target.name(), quote(kind)),
        _ => format!("no call of `{}` names a {}", target.name(), quote(kind)),
    };
    let known = || kinds.iter().copied().chain(["fault"]);
    let help = match nearest(kind, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("calls can be counted by {}", list(known())),
    };
    findings.add(path.key("when").key("count_by"), message, help);
    false
}

/// What parameters may name, by service, operation and stage.
pub(super) type Names<'a> = HashMap<(&'static str, &'static str, Stage), Vec<Known<'a>>>;

/// Whether everything that the fault asks for exists, where a call must have found it before the error can strike.
fn finds_all<'a>(
    fault: &FaultSpec,
    target: Target,
    stage: Stage,
    sections: Sections<'a>,
    names: &mut Names<'a>,
    path: &Path,
    findings: &mut Findings,
) -> bool {
    let mut finds = true;
    for Missing { parameter, kind, wanted, near, .. } in
        missing(fault, target, stage, sections, names).into_iter().filter(|missing| !missing.may_appear)
    {
        let help = near.unwrap_or_else(|known| format!("add the {kind}, or name one that exists: {known}"));
        let message = format!("there is no {kind} {}, so this fault can never fire", quote(wanted));
        findings.add(path.key("match").key(parameter), message, help);
        finds = false;
    }
    finds
}

/// What a fault asks for and the scenario does not have at the start.
pub(super) struct Missing<'f> {
    /// The parameter of `match`.
    pub(super) parameter: &'static str,
    /// The kind of thing.
    pub(super) kind: &'static str,
    /// The first identifier that the fault asks for.
    pub(super) wanted: &'f str,
    /// Whether a call can make it.
    pub(super) may_appear: bool,
    /// A question about what may be meant, or else the things that exist.
    pub(super) near: Result<String, String>,
}

/// The things that the fault asks for and the scenario does not have, where a call must have found them before the error can
/// strike.
pub(super) fn missing<'a, 'f>(
    fault: &'f FaultSpec,
    target: Target,
    stage: Stage,
    sections: Sections<'a>,
    names: &mut Names<'a>,
) -> Vec<Missing<'f>> {
    let Some(operation) = target.operation else { return Vec::new() };
    let Some((_, section)) = sections.iter().find(|(service, _)| service.name() == target.service.name())
    else {
        return Vec::new();
    };
    let section: &dyn Section = &**section;
    let known = names
        .entry((target.service.name(), operation.name, stage))
        .or_insert_with(|| known(section, operation, stage));
    let mut all = Vec::new();
    for Known { parameter, kind, values } in known {
        let wanted = fault.matches.get(*parameter).and_then(Pattern::values).unwrap_or_default();
        if wanted.is_empty() || wanted.iter().any(|wanted| values.contains(&section.folded(kind, wanted))) {
            continue;
        }
        let near = nearest(&wanted[0], values.iter().map(|value| &**value));
        all.push(Missing {
            parameter,
            kind,
            may_appear: wanted.iter().any(|wanted| section.may_appear(kind, &section.folded(kind, wanted))),
            wanted: &wanted[0],
            near: match near {
                Some(near) => Ok(format!("did you mean `{near}`?")),
                None => Err(some(values.iter().map(|value| &**value))),
            },
        });
    }
    all
}

/// What to say of an error that cannot be meant, whatever the wrong target `on` should be; `None` when it may be.
fn stray(error: &str, on: &str) -> Option<(String, String)> {
    let name = on.split('.').next().unwrap_or_default();
    let (services, who) = match SERVICES.iter().position(|service| service.name() == name) {
        Some(place) => (&SERVICES[place..=place], SERVICES[place].title()),
        None => (SERVICES, "no service"),
    };
    let codes = || services.iter().flat_map(|service| service.errors()).map(|code| code.code);
    if codes().any(|code| code == error) {
        return None;
    }
    let has = if services.len() == 1 { "has no" } else { "has the" };
    let help = match nearest(error, codes()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`standin catalog` prints all codes".to_owned(),
    };
    Some((format!("{who} {has} error {}", quote(error)), help))
}

/// The error of the fault, if its target can give it.
fn code(
    error: &str,
    fault: &FaultSpec,
    target: Target,
    path: &Path,
    findings: &mut Findings,
) -> Option<&'static ErrorCode> {
    let codes = target.service.errors();
    let given = || codes.iter().copied().filter(|code| target.can_give(code)).map(|code| code.code);
    let Some(code) = codes.iter().copied().find(|code| code.code == error) else {
        let help = match nearest(error, given()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("`{}` can give {}", target.name(), list(given())),
        };
        findings.add(
            path.key("error"),
            format!("{} has no error {}", target.service.title(), quote(error)),
            help,
        );
        return None;
    };
    if !target.can_give(code) {
        let message = format!("`{}` never gives the error `{}`", target.name(), code.code);
        findings.add(path.key("error"), message, format!("it can give {}", list(given())));
        return None;
    }
    let members = [("retry_after", fault.retry_after.is_some()), ("argument", fault.argument.is_some())];
    for (member, _) in members.into_iter().filter(|(member, given)| *given && !code.members.contains(member))
    {
        let carries = |code: &&&ErrorCode| target.can_give(code) && code.members.contains(&member);
        let carriers: Vec<_> = codes.iter().filter(carries).map(|code| code.code).collect();
        let help = if carriers.is_empty() {
            "remove it".to_owned()
        } else {
            format!("remove it; {} can", list(carriers))
        };
        let message = format!("the error `{}` cannot carry `{member}`", code.code);
        findings.add(path.key(member), message, help);
    }
    let named = fault.argument.as_ref().filter(|_| code.members.contains(&"argument"));
    if let Some((message, help)) = named.and_then(|argument| target.stranger(argument)) {
        findings.add(path.key("argument"), message, help);
    }
    Some(code)
}
