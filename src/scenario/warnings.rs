//! A scenario without mistakes → what may still surprise its author.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::check::{self, Missing};
use super::node::Mistake;
use super::target::{HANDLER, Target, target, target_of};
use super::words::{quote, some};
use super::{Report, SCENARIO, Scenario, yaml};
use crate::basics::Stage;
use crate::emulator::{BoundHandler, Operation, Proof, Section, weakness};
use crate::fault::{FaultSpec, Pattern};
use crate::scalar::{Findings, Path, Text, nearest};

impl Scenario {
    /// The warnings about this scenario, which was read from `text`. `origin` is what the report calls it.
    pub fn warnings(&self, origin: &str, text: &str) -> Report {
        let mut findings = Findings::default();
        for (service, section) in &self.sections {
            for secret in section.secrets() {
                let Some(weakness) = weakness(&secret.text) else { continue };
                let mut path = Path::default().key(service.name());
                path.0.extend(secret.path.0);
                let help = "type a longer one that is no word: outside of its own places, journals and reports cannot tell this one from other words, and show it";
                findings.add(path, format!("this secret {weakness}"), help);
            }
        }
        self.futile(&mut findings);
        self.unborn(&mut findings);
        self.unheard(&mut findings);
        Self::warn(origin, text, findings)
    }

    /// The warnings about faults and expectations that name something which does not exist at the start. A slip of the pen
    /// looks like that, and so does what a call is to make.
    pub fn missing(&self, origin: &str, text: &str) -> Report {
        let mut findings = Findings::default();
        self.unborn(&mut findings);
        Self::warn(origin, text, findings)
    }

    fn warn(origin: &str, text: &str, findings: Findings) -> Report {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // The places are read from the text, which takes long for a large one.
        let root = if findings.0.is_empty() { None } else { yaml::read(text, SCENARIO, &mut Vec::new()) };
        let place = |path: &Path| root.as_ref().map(|root| root.locate(path)).unwrap_or_default();
        let placed = findings.0.into_iter().map(|finding| Mistake { span: place(&finding.path), finding });
        Report::of_warnings(origin, text, placed.collect())
    }
}

impl Scenario {
    /// Adds a finding for each operation that changes things of the scenario and that no call can make, and for each fault
    /// that waits for such a call to come as far as the delivery.
    fn futile(&self, findings: &mut Findings) {
        let start = self.clock.at(Timestamp::UNIX_EPOCH).now(Timestamp::UNIX_EPOCH);
        let why = |section: &dyn Section, operation: &Operation| obstacle(section, operation, start);
        for (service, section) in &self.sections {
            for operation in service.operations().iter().filter(|operation| operation.changes) {
                let mut kinds = operation.parameters.iter().filter_map(|parameter| parameter.names);
                // What need not exist keeps no call from success.
                let has_things = kinds.any(|named| {
                    named.kind == "chat" && named.found_by.is_some() && !section.things(named.kind).is_empty()
                });
                let is_wanted = has_things && section.is_about(operation) && !section.is_shut();
                let Some(help) = why(&**section, operation).filter(|_| is_wanted) else { continue };
                let message =
                    format!("no call of `{}.{}` can succeed at the start", service.name(), operation.name);
                findings.add(Path::default().key(service.name()), message, help);
            }
        }
        for (number, fault) in self.faults.iter().enumerate() {
            let Ok(Target { service, operation: Some(operation), .. }) = target_of(fault) else { continue };
            let section = self.sections.iter().find(|(known, _)| known.name() == service.name());
            let Some((_, section)) = section else { continue };
            let code = fault
                .error
                .as_ref()
                .and_then(|error| service.errors().iter().find(|known| *known.code == **error));
            if fault.stage(code.map(|code| code.stage)) != Stage::Delivery {
                continue;
            }
            let Some(help) = why(&**section, operation) else { continue };
            let message =
                "at the start, no call comes as far as the delivery, where this fault strikes".to_owned();
            findings.add(Path::default().key("faults").index(number), message, help);
        }
    }
}

impl Scenario {
    /// Adds a finding for each fault that waits for something which a call is to make, and for each expectation about such a
    /// thing that is called almost like one that exists.
    fn unborn(&self, findings: &mut Findings) {
        let mut names = HashMap::new();
        for (number, fault) in self.faults.iter().enumerate() {
            let Ok(target) = target_of(fault) else { continue };
            self.unborn_of_event(number, fault, target, findings);
            let errors = target.service.errors();
            let code =
                fault.error.as_ref().and_then(|error| errors.iter().find(|known| *known.code == **error));
            let stage = fault.stage(code.map(|code| code.stage));
            for missing in check::missing(fault, target, stage, &self.sections, &mut names) {
                let Missing { parameter, kind, wanted, near, .. } = missing;
                let message = format!(
                    "at the start there is no {kind} {}: this fault waits until a call makes one",
                    quote(wanted)
                );
                let help = near.unwrap_or_else(|known| match known.as_str() {
                    "none" => format!("the scenario has no {kind} of any name"),
                    known => format!("the scenario has {known}"),
                });
                findings.add(
                    Path::default().key("faults").index(number).key("match").key(parameter),
                    message,
                    help,
                );
            }
        }
        for (number, spec) in self.expect.iter().enumerate() {
            let (Ok(target), Some(looked)) = (target(&spec.on), spec.looked()) else { continue };
            let section = self.sections.iter().find(|(known, _)| known.name() == target.service.name());
            let Some((_, section)) = section else { continue };
            let known = section.things(looked.kind);
            if known.contains(looked.id) {
                continue;
            }
            let Some(near) = nearest(looked.id, known.iter().map(|known| &**known)) else { continue };
            let path = Path::default().key("expect").index(number);
            let path = if spec.chat.is_some() { path.key("chat") } else { path.key("the").name(looked.kind) };
            let message = format!(
                "at the start there is no {} {}: this expectation waits until a call makes one",
                looked.kind,
                quote(looked.id)
            );
            findings.add(path, message, format!("did you mean `{near}`?"));
        }
    }
}

/// The kinds of things that a scenario has and that events name. Messages and sessions are made as it runs.
const LASTING: [&str; 3] = ["chat", "line", "connector"];

impl Scenario {
    /// Adds a finding for each thing that a fault on events asks for and that does not exist at the start.
    fn unborn_of_event(&self, number: usize, fault: &FaultSpec, target: Target, findings: &mut Findings) {
        let Some(events) = target.event else { return };
        let section = self.sections.iter().find(|(known, _)| known.name() == target.service.name());
        let Some((_, section)) = section else { return };
        let kinds = events.kinds(target.service);
        for (name, pattern) in &fault.matches {
            let known = kinds.iter().flat_map(|event| event.names).find(|known| known.name == name);
            let Some(kind) = known.map(|known| known.kind).filter(|kind| LASTING.contains(kind)) else {
                continue;
            };
            let things = section.things(kind);
            let wanted = pattern.values().unwrap_or_default();
            let Some(first) = wanted.first() else { continue };
            if wanted.iter().any(|wanted| things.contains(&section.folded(kind, wanted))) {
                continue;
            }
            let message = format!(
                "at the start there is no {kind} {}: this fault waits until a call makes one",
                quote(first)
            );
            let help = match nearest(first, things.iter().map(|known| &**known)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the scenario has {}", some(things.iter().map(|known| &**known))),
            };
            findings.add(Path::default().key("faults").index(number).key("match").key(name), message, help);
        }
    }
}

impl Scenario {
    /// Adds a finding for each fault on events that no handler of the scenario takes, and for each that asks for a handler
    /// which the scenario does not have. Without any handler, the client is to bind the first.
    fn unheard(&self, findings: &mut Findings) {
        let start = self.clock.at(Timestamp::UNIX_EPOCH).now(Timestamp::UNIX_EPOCH);
        for (number, fault) in self.faults.iter().enumerate() {
            let Ok(Target { service, event: Some(events), .. }) = target_of(fault) else { continue };
            let section = self.sections.iter().find(|(known, _)| known.name() == service.name());
            let Some((_, section)) = section else { continue };
            let emulator = section.open(0, start);
            let handlers = emulator.handlers();
            let path = Path::default().key("faults").index(number);
            let kinds = events.kinds(service);
            let is_taken = |handler: &BoundHandler<'_>| kinds.iter().any(|event| event.name == handler.event);
            if !handlers.is_empty() && !handlers.iter().any(is_taken) {
                let taken: BTreeSet<_> = handlers.iter().map(|handler| handler.event).collect();
                let message = format!(
                    "at the start no handler takes {}: this fault waits until a call binds one",
                    quote(events.name())
                );
                findings.add(path.key("on"), message, format!("the handlers take {}", some(taken)));
                continue;
            }
            let wanted = fault.matches.get(HANDLER).and_then(Pattern::values).unwrap_or_default();
            let known: BTreeSet<_> =
                handlers.iter().flat_map(|handler| handler.name.into_iter().chain(handler.url)).collect();
            // The numbers of handlers are given when the scenario starts.
            let is_known =
                |wanted: &Text| known.contains(&**wanted) || wanted.bytes().all(|byte| byte.is_ascii_digit());
            let Some(first) = wanted.first().filter(|_| !handlers.is_empty() && !wanted.iter().any(is_known))
            else {
                continue;
            };
            let message = format!(
                "at the start there is no handler {}: this fault waits until a call binds one",
                quote(first)
            );
            let help = match nearest(first, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the scenario has {}", some(known)),
            };
            findings.add(path.key("match").key(HANDLER), message, help);
        }
    }
}

/// Why no call of `operation` can succeed at `start`, the start of the scenario; `None` when one can.
pub fn obstacle(section: &dyn Section, operation: &Operation, start: Timestamp) -> Option<String> {
    if section.example(operation, start, Proof::Lasting).is_some() {
        return None;
    }
    Some(section.obstacle(operation, start).unwrap_or_else(|| format!("it needs {}", operation.requires)))
}
