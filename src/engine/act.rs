//! Actions: what people and systems behind a service do to a world.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::World;
use super::outbox::Cause;
use crate::emulator::{Action, ActionMistake, Service};
use crate::scalar::nearest;
use crate::services::SERVICES;

/// What an action has done.
#[derive(Clone, Debug, PartialEq)]
pub struct Acted {
    /// The number of the action, counted from 1.
    pub number: u64,
    /// What has changed, as the service tells it.
    pub changed: Value,
    /// The numbers of the deliveries that it has raised.
    pub deliveries: Vec<u64>,
    /// Why events go to nobody.
    pub remarks: Vec<String>,
}

/// The service and the action that `name` means, such as `bitrix24.operator.write`.
///
/// # Errors
/// When there is no such action.
pub fn action_called(name: &str) -> Result<(&'static dyn Service, &'static Action), ActionMistake> {
    let all = || {
        let of_service =
            |service: &'static dyn Service| service.actions().iter().map(move |action| (service, *action));
        SERVICES.iter().flat_map(move |service| of_service(*service))
    };
    let full =
        |(service, action): (&'static dyn Service, &Action)| format!("{}.{}", service.name(), action.name);
    if let Some(found) = all().find(|known| full(*known) == name) {
        return Ok(found);
    }
    let names: Vec<_> = all().map(full).collect();
    let help = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the actions are `{}`", names.join("`, `")),
    };
    Err(ActionMistake::new(format!("there is no action `{name}`"), help))
}

/// Checks the names of an action's parameters.
///
/// # Errors
/// When one is missing or unknown.
pub fn check_parameters(action: &Action, with: &Map<String, Value>) -> Result<(), ActionMistake> {
    let known = || action.parameters.iter().map(|parameter| parameter.name);
    if let Some(stranger) = with.keys().find(|name| known().all(|known| known != name.as_str())) {
        let help = match nearest(stranger, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its parameters are `{}`", known().collect::<Vec<_>>().join("`, `")),
        };
        return Err(ActionMistake::new(format!("`{}` has no parameter `{stranger}`", action.name), help));
    }
    let missing = action
        .parameters
        .iter()
        .find(|parameter| parameter.is_required && !with.contains_key(parameter.name));
    match missing {
        None => Ok(()),
        Some(parameter) => Err(ActionMistake::new(
            format!("`{}` needs `{}`: {}", action.name, parameter.name, parameter.summary),
            format!("add `{}` to the parameters", parameter.name),
        )),
    }
}

impl World {
    /// Performs the action `name`. `now` is the time of the wall clock.
    ///
    /// # Errors
    /// When there is no such action, a parameter is wrong, or the action makes no sense. Nothing has changed then.
    pub fn act(
        &mut self,
        name: &str,
        with: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Acted, ActionMistake> {
        let (service, action) = action_called(name)?;
        check_parameters(action, with)?;
        let place = self.place_of(service)?;
        self.settle(now);
        let acted = self.act_at(place, action, with, self.clock.now(now))?;
        self.alter();
        Ok(acted)
    }

    /// The index of a service in this world.
    fn place_of(&self, service: &dyn Service) -> Result<usize, ActionMistake> {
        let place = self.emulators.iter().position(|(known, _)| known.name() == service.name());
        place.ok_or_else(|| {
            let message = format!("the scenario has no `{}:` section", service.name());
            ActionMistake::new(message, "add the section to the scenario")
        })
    }

    /// Performs the actions of the scenario that are due at the instant `now` of its clock.
    pub(super) fn act_as_planned(&mut self, now: Timestamp) {
        while let Some((index, name, with)) = self.schedule.due(now) {
            let outcome = action_called(&name).and_then(|(service, action)| {
                let place = self.place_of(service)?;
                self.act_at(place, action, &with, now).map(drop)
            });
            self.schedule.done(index, outcome);
        }
    }

    /// How many actions of the scenario have not happened yet.
    pub fn open_actions(&self) -> usize {
        self.schedule.open()
    }

    /// Performs an action at the instant `now` of the scenario's clock.
    pub(super) fn act_at(
        &mut self,
        place: usize,
        action: &Action,
        with: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Acted, ActionMistake> {
        let changed = self.emulators[place].1.act(action.name, with, now)?;
        self.acted += 1;
        let (remarks, deliveries) = self.collect(place, Cause::Action(self.acted), now);
        self.observers.forget();
        Ok(Acted { number: self.acted, changed, deliveries, remarks })
    }
}
