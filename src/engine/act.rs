//! Actions: what people and systems behind a service do to a world.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::World;
use super::dispatch::Collected;
use super::outbox::Cause;
use crate::emulator::{Action, ActionMistake, Service};
use crate::services::action_called;

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

/// An action that was performed, for those who look later.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionDone {
    /// Its number, counted from 1.
    pub number: u64,
    /// When it was performed, by the scenario's clock.
    pub at: Timestamp,
    /// Its name with that of its service.
    pub name: String,
    /// Its parameters; null when they are long.
    pub with: Value,
    /// What has changed; null when that is long.
    pub changed: Value,
    /// The numbers of the deliveries that it has raised.
    pub deliveries: Vec<u64>,
    /// Who wanted it.
    pub by: By,
}

/// Who wanted an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The scenario.
    Scenario,
    /// A request to the control interface.
    Request,
}

/// How many actions are kept.
const MOST_ACTIONS: usize = 200;

/// How long the parameters of an action may be, and what it has changed, to be kept, in bytes of JSON.
const MOST_OF_ACTION: usize = 16 << 10;

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
        if let Some(first) = action.mistakes(name, with.keys().map(String::as_str)).into_iter().next() {
            return Err(first.mistake);
        }
        let place = self.place_of(service)?;
        self.settle(now);
        let acted = self.act_at(place, action, with, (self.clock.now(now), By::Request))?;
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
                self.act_at(place, action, &with, (now, By::Scenario)).map(drop)
            });
            self.schedule.done(index, outcome);
        }
    }

    /// How many actions of the scenario have not happened yet.
    pub fn open_actions(&self) -> usize {
        self.schedule.open()
    }

    /// How many of them wait for their time, and for no call.
    pub fn actions_due_later(&self) -> usize {
        self.schedule.due_later()
    }

    /// The latest actions, the oldest first.
    pub fn actions(&self) -> impl DoubleEndedIterator<Item = &ActionDone> {
        self.actions.iter()
    }

    /// Performs an action at the instant `now` of the scenario's clock.
    pub(super) fn act_at(
        &mut self,
        place: usize,
        action: &Action,
        with: &Map<String, Value>,
        (now, by): (Timestamp, By),
    ) -> Result<Acted, ActionMistake> {
        let changed = self.emulators[place].1.act(action.name, with, now)?;
        self.acted += 1;
        let Collected { silences: remarks, deliveries, .. } =
            self.collect(place, Cause::Action(self.acted), now);
        self.observers.forget();
        self.observers.acted(self.emulators[place].0.name(), action.name, now);
        if self.actions.len() == MOST_ACTIONS {
            self.actions.pop_front();
        }
        let kept = |value: Value| if value.to_string().len() > MOST_OF_ACTION { Value::Null } else { value };
        self.actions.push_back(ActionDone {
            number: self.acted,
            at: now,
            name: format!("{}.{}", self.emulators[place].0.name(), action.name),
            with: kept(Value::Object(with.clone())),
            changed: kept(changed.clone()),
            deliveries: deliveries.clone(),
            by,
        });
        Ok(Acted { number: self.acted, changed, deliveries, remarks })
    }
}
