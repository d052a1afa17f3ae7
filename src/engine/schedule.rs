//! The actions of a scenario that wait for their time.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::emulator::{ActionMistake, Operation};
use crate::fault::Matcher;
use crate::http::Facts;
use crate::scenario::ActionSpec;

/// The actions of a scenario, and how far each has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    entries: Vec<Scheduled>,
    /// Whether any action waits for a call.
    is_counting: bool,
}

#[derive(Clone, Debug)]
struct Scheduled {
    spec: ActionSpec,
    matches: Vec<(String, Matcher)>,
    /// How many calls have come that count.
    calls: u64,
    /// Whether the call that it waits for came in the present exchange.
    has_come: bool,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// It waits for a call.
    Waiting,
    /// It happens at this instant.
    Due(Timestamp),
    /// It has happened, or could not.
    Done(Result<(), ActionMistake>),
}

impl Schedule {
    /// The actions of a scenario that starts at `start`.
    pub(super) fn new(specs: &[ActionSpec], start: Timestamp) -> Self {
        let entry = |spec: &ActionSpec| Scheduled {
            // The check of the scenario has refused patterns that are not valid.
            matches: spec
                .after
                .iter()
                .flat_map(|after| &after.matches)
                .filter_map(|(name, pattern)| Some((name.clone(), pattern.matcher().ok()?)))
                .collect(),
            calls: 0,
            has_come: false,
            state: spec.at.map_or(State::Waiting, |at| State::Due(later(start, at.0))),
            spec: spec.clone(),
        };
        let entries: Vec<_> = specs.iter().map(entry).collect();
        let is_counting = entries.iter().any(|entry| matches!(entry.state, State::Waiting));
        Self { entries, is_counting }
    }

    /// Whether any action waits for a call.
    pub(super) fn is_counting(&self) -> bool {
        self.is_counting
    }

    /// Counts a successful call.
    pub(super) fn saw(&mut self, service: &str, operation: &Operation, facts: &dyn Facts) {
        for entry in self.entries.iter_mut().filter(|entry| matches!(entry.state, State::Waiting)) {
            let Some(after) = &entry.spec.after else { continue };
            let on = after.on.strip_prefix(service).and_then(|rest| rest.strip_prefix('.'));
            let fits = |(name, matcher): &(String, Matcher)| facts.has(name, &|value| matcher.fits(value));
            if on == Some(operation.name) && entry.matches.iter().all(fits) {
                entry.calls += 1;
                entry.has_come |= entry.calls == after.call.unwrap_or(1);
            }
        }
    }

    /// Sets when the actions are due whose call came in the present exchange, which ends at `end`.
    pub(super) fn answered(&mut self, end: Timestamp) {
        for entry in self.entries.iter_mut().filter(|entry| entry.has_come) {
            let wait = entry.spec.wait.map(|wait| wait.0).unwrap_or_default();
            entry.state = State::Due(later(end, wait));
            entry.has_come = false;
        }
        self.is_counting = self.entries.iter().any(|entry| matches!(entry.state, State::Waiting));
    }

    /// When the next action is due; `None` when none is.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let due = |entry: &Scheduled| match entry.state {
            State::Due(at) => Some(at),
            _ => None,
        };
        self.entries.iter().filter_map(due).min()
    }

    /// The first action that is due at `now`: its index, name and parameters.
    pub(super) fn due(&self, now: Timestamp) -> Option<(usize, String, Map<String, Value>)> {
        let due = |(index, entry): (usize, &Scheduled)| match entry.state {
            State::Due(at) if at <= now => Some((at, index)),
            _ => None,
        };
        let (_, index) = self.entries.iter().enumerate().filter_map(due).min()?;
        let spec = &self.entries[index].spec;
        let with = spec.with.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        Some((index, spec.r#do.to_string(), with))
    }

    /// Notes what became of an action.
    pub(super) fn done(&mut self, index: usize, outcome: Result<(), ActionMistake>) {
        self.entries[index].state = State::Done(outcome);
    }

    /// The actions that could not be performed: number, name, mistake.
    pub(super) fn failed(&self) -> impl Iterator<Item = (usize, &str, &ActionMistake)> {
        (1..).zip(&self.entries).filter_map(|(number, entry)| match &entry.state {
            State::Done(Err(mistake)) => Some((number, entry.spec.r#do.as_str(), mistake)),
            _ => None,
        })
    }

    /// The actions whose call has not come: number, name, and what they wait for.
    pub(super) fn uncalled(&self) -> impl Iterator<Item = (usize, &str, String)> {
        (1..).zip(&self.entries).filter_map(|(number, entry)| match &entry.state {
            State::Waiting => Some((number, entry.spec.r#do.as_str(), entry.waits_for()?)),
            _ => None,
        })
    }

    /// The actions whose time has not come: number, name, and the time.
    pub(super) fn ahead(&self) -> impl Iterator<Item = (usize, &str, String)> {
        (1..).zip(&self.entries).filter_map(|(number, entry)| match entry.state {
            State::Due(at) => {
                let why = format!("its time by the scenario's clock, {at}, has not come");
                Some((number, entry.spec.r#do.as_str(), why))
            }
            _ => None,
        })
    }

    /// How many actions happen at a time that is known.
    pub(super) fn due_later(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.state, State::Due(_))).count()
    }

    /// How many actions have not happened yet.
    pub(super) fn open(&self) -> usize {
        self.entries.iter().filter(|entry| !matches!(entry.state, State::Done(_))).count()
    }
}

impl Scheduled {
    /// The call that the action waits for, and how many have come; `None` when it waits for none.
    fn waits_for(&self) -> Option<String> {
        let after = self.spec.after.as_ref()?;
        let which = if self.matches.is_empty() { "" } else { " that matches" };
        let came = match self.calls {
            0 => "none has come".to_owned(),
            1 => "1 has come".to_owned(),
            count => format!("{count} have come"),
        };
        Some(match after.call.unwrap_or(1) {
            1 => format!("it waits for a successful call of `{}`{which}: {came}", after.on),
            number => format!("it waits for successful call {number} of `{}`{which}: {came}", after.on),
        })
    }
}

fn later(instant: Timestamp, by: std::time::Duration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}
