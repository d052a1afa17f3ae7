//! `on:` → the service or the operation that is meant.

use std::collections::BTreeSet;

use super::words::{either, list, quote};
use crate::emulator::{ErrorCode, EventKind, Operation, Service};
use crate::scalar::nearest;
use crate::services::{SERVICES, by_name};

/// What a fault is aimed at.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) service: &'static dyn Service,
    /// One operation; without it and an event, all of them.
    pub(super) operation: Option<&'static Operation>,
    /// One event that the service sends out.
    pub(super) event: Option<&'static EventKind>,
}

impl Target {
    /// All operations of a service.
    fn of(service: &'static dyn Service) -> Self {
        Self { service, operation: None, event: None }
    }

    pub(super) fn name(self) -> String {
        let name = self.operation.map(|operation| operation.name).or(self.event.map(|event| event.name));
        match name {
            Some(name) => format!("{}.{name}", self.service.name()),
            None => self.service.name().to_owned(),
        }
    }

    /// The operations that it is aimed at.
    fn operations(&self) -> &[&'static Operation] {
        match &self.operation {
            Some(operation) => std::slice::from_ref(operation),
            None => self.service.operations(),
        }
    }

    /// The kinds of things that calls of it name.
    pub(super) fn kinds(self) -> BTreeSet<&'static str> {
        let parameters = self.operations().iter().flat_map(|operation| operation.parameters);
        parameters.filter_map(|parameter| Some(parameter.names?.kind)).collect()
    }

    /// Every parameter of what it is aimed at, each once.
    fn parameters(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for parameter in self.operations().iter().flat_map(|operation| operation.parameters) {
            if !names.contains(&parameter.name) {
                names.push(parameter.name);
            }
        }
        names
    }

    /// What to say of a parameter that it does not have; `None` when it has it.
    pub(super) fn stranger(self, name: &str) -> Option<(String, String)> {
        let known = self.parameters();
        let takes_any = self.operation.is_some_and(Operation::takes_any);
        if takes_any || self.operations().iter().any(|operation| operation.parameter(name).is_some()) {
            return None;
        }
        // The path behind the name of the parameter, such as `[].chat.id`, stays as it was typed.
        let (parameter, path) = name.split_at(name.find(['[', '.']).unwrap_or(name.len()));
        let help = match nearest(parameter, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}{path}`?"),
            None if known.is_empty() => "it has none that can be matched".to_owned(),
            None => format!("its parameters are {}", list(&known)),
        };
        Some((format!("`{}` has no parameter {}", self.name(), quote(name)), help))
    }

    /// Whether a call of it can give this error.
    pub(super) fn can_give(self, code: &ErrorCode) -> bool {
        self.operation.is_none_or(|operation| operation.gives(code.code).is_some())
    }
}

/// What `on` means, or what is wrong with it and what to type.
pub(super) fn target(on: &str) -> Result<Target, (String, String)> {
    let (first, rest) = on.split_once('.').map_or((on, None), |(first, rest)| (first, Some(rest)));
    let targets = || SERVICES.iter().flat_map(|service| targets(*service));
    let Some(service) = by_name(first) else {
        let meant = targets().find(|target| target.operation.is_some_and(|operation| operation.name == on));
        let names: Vec<_> = targets().map(Target::name).collect();
        let near = meant
            .map(Target::name)
            .or_else(|| nearest(on, names.iter().map(String::as_str)).map(str::to_owned));
        let help = near
            .map_or_else(|| format!("aim at {}", either(&names)), |near| format!("did you mean `{near}`?"));
        return Err((format!("there is no service or operation {}", quote(on)), help));
    };
    let Some(rest) = rest else { return Ok(Target::of(service)) };
    let known = service.operations();
    if let Some(operation) = known.iter().find(|operation| operation.name == rest) {
        return Ok(Target { operation: Some(operation), ..Target::of(service) });
    }
    if let Some(event) = service.events().iter().find(|event| event.name.eq_ignore_ascii_case(rest)) {
        return Ok(Target { event: Some(event), ..Target::of(service) });
    }
    let events = service.events().iter().map(|event| event.name);
    let help = match nearest(rest, known.iter().map(|operation| operation.name).chain(events)) {
        Some(near) => format!("did you mean `{first}.{near}`?"),
        None => format!("its operations are {}", list(targets_below(service).map(Target::name))),
    };
    Err((format!("{} has no operation {}", service.title(), quote(rest)), help))
}

fn targets(service: &'static dyn Service) -> impl Iterator<Item = Target> {
    std::iter::once(Target::of(service)).chain(targets_below(service))
}

fn targets_below(service: &'static dyn Service) -> impl Iterator<Item = Target> {
    let of =
        move |operation: &&'static Operation| Target { operation: Some(*operation), ..Target::of(service) };
    service.operations().iter().map(of)
}
