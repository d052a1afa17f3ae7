//! `on:` → the service or the operation that is meant.

use std::collections::BTreeSet;

use super::words::{either, list, quote};
use crate::emulator::{ErrorCode, EventKind, Operation, Service};
use crate::fault::FaultSpec;
use crate::scalar::nearest;
use crate::services::{SERVICES, by_name};

/// What a fault, an expectation or an action is aimed at.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) service: &'static dyn Service,
    /// One operation; without it and an event, all of them.
    pub(super) operation: Option<&'static Operation>,
    /// Events that the service sends out.
    pub(super) event: Option<Events>,
}

/// Events that a service sends out.
#[derive(Clone, Copy)]
pub(super) enum Events {
    /// One kind.
    Of(&'static EventKind),
    /// All.
    All,
}

/// What every event names besides: the handler that it goes to.
pub const HANDLER: &str = "handler";

/// What stands for all events of a service.
const ALL: &str = "events";

impl Events {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Of(event) => event.name,
            Self::All => ALL,
        }
    }

    /// The kinds of events.
    pub(super) fn kinds(self, service: &dyn Service) -> Vec<&'static EventKind> {
        match self {
            Self::Of(event) => vec![event],
            Self::All => service.events().to_vec(),
        }
    }
}

impl Target {
    /// All operations of a service.
    fn of(service: &'static dyn Service) -> Self {
        Self { service, operation: None, event: None }
    }

    pub(super) fn name(self) -> String {
        let name = self.operation.map(|operation| operation.name).or(self.event.map(Events::name));
        match name {
            Some(name) => format!("{}.{name}", self.service.name()),
            None => self.service.name().to_owned(),
        }
    }

    /// The operations that it is aimed at; none when it is aimed at events.
    fn operations(&self) -> &[&'static Operation] {
        match &self.operation {
            Some(operation) => std::slice::from_ref(operation),
            None if self.event.is_some() => &[],
            None => self.service.operations(),
        }
    }

    /// The kinds of things that calls of it name.
    pub(super) fn kinds(self) -> BTreeSet<&'static str> {
        if let Some(events) = self.event {
            let names = events.kinds(self.service).into_iter().flat_map(|event| event.names);
            return names.map(|known| known.kind).chain([HANDLER]).collect();
        }
        let parameters = self.operations().iter().flat_map(|operation| operation.parameters);
        parameters.filter_map(|parameter| Some(parameter.names?.kind)).collect()
    }

    /// Every parameter of what it is aimed at, each once.
    fn parameters(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        if let Some(events) = self.event {
            for known in events.kinds(self.service).into_iter().flat_map(|event| event.names) {
                if !names.contains(&known.name) {
                    names.push(known.name);
                }
            }
            names.push(HANDLER);
            return names;
        }
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
        let is_named = self.event.is_some() && known.contains(&name);
        if takes_any
            || is_named
            || self.operations().iter().any(|operation| operation.parameter(name).is_some())
        {
            return None;
        }
        if self.event.is_some() {
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it names {}", list(&known)),
            };
            return Some((format!("`{}` does not name {}", self.name(), quote(name)), help));
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

/// What the `on` of a fault means. Where `events` is an operation too, a fault that only calls can meet is aimed at that.
pub(super) fn target_of(fault: &FaultSpec) -> Result<Target, (String, String)> {
    let found = target(&fault.on).map_err(|(message, help)| match fault.deliver {
        Some(_) => (message, events_like(&fault.on).unwrap_or(help)),
        None => (message, help),
    })?;
    let is_both = found.operation.is_some_and(|operation| operation.name == ALL);
    let is_of_calls = fault.deliver.is_none() && fault.of_calls().next().is_some();
    Ok(match is_both && !is_of_calls && !found.service.events().is_empty() {
        true => Target { operation: None, event: Some(Events::All), ..found },
        false => found,
    })
}

/// What to type where `on` means events of a service, and names none; `None` when it names no service either.
fn events_like(on: &str) -> Option<String> {
    let (first, rest) = on.split_once('.')?;
    let service = by_name(first)?;
    let names = service.events().iter().map(|event| event.name).chain([ALL]);
    Some(match nearest(rest, names.clone()) {
        Some(near) => format!("did you mean `{first}.{near}`?"),
        None => format!("its events are {}", list(names.map(|name| format!("{first}.{name}")))),
    })
}

/// The kinds of events that a fault is aimed at; none when it is aimed at calls, or at nothing.
pub fn events_of(fault: &FaultSpec) -> Vec<&'static EventKind> {
    let found = target_of(fault).ok();
    found.and_then(|found| Some(found.event?.kinds(found.service))).unwrap_or_default()
}

/// What `on` means, or what is wrong with it and what to type.
pub(super) fn target(on: &str) -> Result<Target, (String, String)> {
    let (first, rest) = on.split_once('.').map_or((on, None), |(first, rest)| (first, Some(rest)));
    let targets = || SERVICES.iter().flat_map(|service| targets(*service));
    let Some(service) = by_name(first) else {
        if on == ALL {
            let all = SERVICES.iter().filter(|service| !service.events().is_empty());
            let help = format!("aim at {}", either(all.map(|service| format!("{}.{ALL}", service.name()))));
            return Err((format!("there is no service or operation {}", quote(on)), help));
        }
        let meant = targets().find(|target| target.operation.is_some_and(|operation| operation.name == on));
        let events =
            SERVICES.iter().flat_map(|service| service.events().iter().map(|event| (*service, *event)));
        let mut named = events
            .filter(|(_, event)| event.name == on)
            .map(|(service, event)| Target { event: Some(Events::Of(event)), ..Target::of(service) });
        let meant = meant.or_else(|| named.next());
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
        return Ok(Target { event: Some(Events::Of(event)), ..Target::of(service) });
    }
    if rest == ALL && !service.events().is_empty() {
        return Ok(Target { event: Some(Events::All), ..Target::of(service) });
    }
    let events = service.events().iter().map(|event| event.name);
    let help = match nearest(rest, known.iter().map(|operation| operation.name).chain(events).chain([ALL])) {
        Some(near) => format!("did you mean `{first}.{near}`?"),
        None => format!("its operations are {}", list(targets_below(service).map(Target::name))),
    };
    Err((format!("{} has no operation and no event {}", service.title(), quote(rest)), help))
}

fn targets(service: &'static dyn Service) -> impl Iterator<Item = Target> {
    std::iter::once(Target::of(service)).chain(targets_below(service))
}

fn targets_below(service: &'static dyn Service) -> impl Iterator<Item = Target> {
    let of =
        move |operation: &&'static Operation| Target { operation: Some(*operation), ..Target::of(service) };
    service.operations().iter().map(of)
}
