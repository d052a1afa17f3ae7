//! The checks of a server, one after the other: what to send next, and what the answer comes to.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::begin::{Opening, openings};
use super::call::Slots;
use super::check::{Check, Touch};
use super::credentials::{Credentials, Prepared};
use super::editions::{self, Sighting};
use super::hide::Hide;
use super::named::Named;
use super::outcome::{Checked, Difference};
use super::plan;
use super::reasons;
use super::report::Report;
use super::response::Response;
use super::twin::{Expected, Twin, shows};
use super::undo::{PutBack, Undo};
use super::wish::{Ended, Wish};

/// The checks of a server, one after the other.
pub struct Session {
    wish: Wish,
    hide: Hide,
    slots: Slots,
    twin: Twin,
    checks: Vec<Check>,
    /// Those that are still to be sent, the next one last.
    openings: Vec<Opening>,
    next: usize,
    kind: Option<&'static str>,
    pending: Option<Pending>,
    made: Vec<Made>,
    named: Named,
    /// The names of the checks that the server has answered as they want: with success, or with an error.
    done: BTreeSet<String>,
    undos: Vec<Undo>,
    left: Vec<String>,
    sightings: Vec<Sighting>,
    stopped: Option<String>,
    answered: bool,
    silent: usize,
}

enum Pending {
    Opening(Opening, Timestamp),
    Check { check: usize, sent: String, expected: Vec<Option<Expected>> },
    Undo(Undo),
}

/// A check that was made, or not.
struct Made {
    check: usize,
    sent: String,
    result: Result<Vec<Option<Vec<Difference>>>, String>,
}

/// After so many requests in a row without an answer nothing more is sent.
const PATIENCE: usize = 3;

impl Session {
    /// The checks that are wished.
    ///
    /// # Errors
    /// When what the user names cannot be, in words.
    pub fn new(wish: Wish, now: Timestamp) -> Result<Self, String> {
        let mut slots = wish.slots.clone();
        plan::add_own_names(&mut slots, now);
        let twin = Twin::new(&wish.credentials, &slots, now)?;
        if let Credentials::Bitrix24 { client: Some((id, secret)), .. } = &wish.credentials {
            slots.insert("client_id", id.clone());
            slots.insert("client_secret", secret.clone());
        }
        let mut secrets = wish.credentials.secrets();
        secrets.extend(wish.secrets.iter().map(String::as_str));
        let hide = Hide::new(&secrets);
        let checks = plan::selected(wish.service, &wish.only);
        let openings = openings(&wish.credentials, &checks);
        let named = Named::new(&wish.slots);
        Ok(Self {
            wish,
            hide,
            slots,
            twin,
            checks,
            openings,
            next: 0,
            kind: None,
            pending: None,
            made: Vec::new(),
            named,
            done: BTreeSet::new(),
            undos: Vec::new(),
            left: Vec::new(),
            sightings: Vec::new(),
            stopped: None,
            answered: false,
            silent: 0,
        })
    }

    /// How many checks there are.
    pub fn count(&self) -> usize {
        self.checks.len()
    }

    /// What the checks leave behind, if all of them are made.
    pub fn leaves(&self) -> Vec<&'static str> {
        let left = |check: &Check| match check.touch {
            Touch::Changes { left, .. } if self.wish.allow_writes => left,
            _ => "",
        };
        let mut seen = BTreeSet::new();
        self.checks.iter().map(left).filter(|left| !left.is_empty() && seen.insert(*left)).collect()
    }

    /// Whether the server has answered anything.
    pub fn has_answer(&self) -> bool {
        self.answered
    }

    /// The next request; `None` when everything is done and put back.
    pub fn next(&mut self, now: Timestamp) -> Option<Prepared> {
        if let Some(opening) = self.openings.pop().filter(|_| self.stopped.is_none())
            && let Ok(filled) = opening.call.filled(&self.slots)
            && let Ok(prepared) = self.wish.credentials.prepared(&filled, now)
        {
            self.hide.also(prepared.proof().to_owned());
            self.pending = Some(Pending::Opening(opening, now));
            return Some(prepared);
        }
        while self.stopped.is_none() && self.next < self.checks.len() {
            let check = self.next;
            self.next += 1;
            match self.prepare(check, now) {
                Ok(prepared) => return Some(prepared),
                Err(why) => self.made.push(Made { check, sent: String::new(), result: Err(why) }),
            }
        }
        while let Some(undo) = self.undos.pop() {
            let filled = undo.call.filled(&self.slots).map_err(|slot| undo.without(&slot));
            match filled.and_then(|filled| self.wish.credentials.prepared(&filled, now)) {
                Ok(prepared) => {
                    self.pending = Some(Pending::Undo(undo));
                    return Some(prepared);
                }
                Err(why) => self.left.push(why),
            }
        }
        None
    }

    /// Takes how the latest request of [`Session::next`] ended.
    pub fn took(&mut self, ended: Ended) {
        if let Ended::Answered(_) = &ended {
            (self.answered, self.silent) = (true, 0);
        } else {
            self.silent += 1;
        }
        match self.pending.take() {
            Some(Pending::Opening(opening, sent)) => {
                if let Ended::Answered(response) = &ended
                    && let Some(why) = opening.mistake(self.wish.service, response, sent)
                {
                    self.stop(&why);
                }
            }
            Some(Pending::Check { check, sent, expected }) => self.took_check(check, sent, expected, ended),
            Some(Pending::Undo(undo)) => match undo.took(ended, &self.slots) {
                PutBack::Done => {}
                PutBack::Again(undo) => self.undos.push(undo),
                PutBack::Left(why) => self.left.push(why),
            },
            None => {}
        }
        if self.silent >= PATIENCE {
            self.stop(&format!("the server gave no answer {PATIENCE} times in a row"));
        }
    }

    /// Whether the latest request takes a change back.
    pub fn is_putting_back(&self) -> bool {
        matches!(self.pending, Some(Pending::Undo(_)))
    }

    /// Whether something is to be put back.
    pub fn owes(&self) -> bool {
        !self.undos.is_empty()
    }

    /// Makes no further checks; what was changed is still put back.
    pub fn stop(&mut self, why: &str) {
        self.stopped.get_or_insert_with(|| why.to_owned());
    }

    /// What the checks have come to.
    pub fn report(mut self) -> Report {
        let stopped = self.stopped.clone();
        while self.next < self.checks.len() {
            let why = stopped.clone().unwrap_or_default();
            self.made.push(Made { check: self.next, sent: String::new(), result: Err(why) });
            self.next += 1;
        }
        let preferred = self.preferred();
        let mut checks: Vec<_> = self.made.iter().map(|made| self.checked(made, preferred)).collect();
        let untried = plan::untried(self.wish.service, &self.wish.only);
        checks.extend(untried.into_iter().map(|(name, why)| Checked::not_tried(name, why)));
        let whys: Vec<_> =
            checks.iter().map(|checked| (checked.name.as_str(), checked.why.as_str())).collect();
        let editions = editions::rows(self.wish.service, &self.sightings, &whys);
        let left_behind = self.left.iter().map(|left| self.hide.text(left)).collect();
        let unknown = self.named.denials().map(|why| self.hide.text(why)).collect();
        Report { service: self.wish.service.title(), checks, editions, left_behind, unknown, stopped }
    }

    fn prepare(&mut self, index: usize, now: Timestamp) -> Result<Prepared, String> {
        let check = &self.checks[index];
        if check.needs_leave() && !self.wish.allow_writes {
            return Err(match &check.touch {
                Touch::IfAccepted(what) => {
                    format!("needs `--allow-writes`: if the server accepts it, {what}")
                }
                _ => "needs `--allow-writes`".to_owned(),
            });
        }
        if let Some(why) = self.named.why_not(check) {
            return Err(why);
        }
        if check.after.is_some_and(|name| !self.done.contains(name)) {
            return Err(format!("needs `{}`", check.after.unwrap_or_default()));
        }
        let undo = match &check.touch {
            Touch::Changes { undo: Some(undo), .. } => Some(undo),
            _ => None,
        };
        let filled = check.call.filled(&self.slots).map_err(|slot| reasons::of_slot(&slot))?;
        if let Some(undo) = undo {
            let learns = |slot: &str| check.learns.iter().any(|(name, _)| *name == slot);
            match undo.filled(&self.slots) {
                Err(slot) if !learns(&slot) => return Err(reasons::of_slot(&slot)),
                _ => {}
            }
        }
        if !check.kinds.is_empty() {
            let kind = self.kind.ok_or("it was not found out of what kind the named chat is")?;
            if !check.kinds.contains(&kind) {
                return Err(format!("the named chat is a {kind}"));
            }
        }
        let prepared = self.wish.credentials.prepared(&filled, now)?;
        let sent = self.hide.text(&filled.words());
        self.hide.also(prepared.proof().to_owned());
        let expected = self.twin.answers(&check.call, check.operation, check.learns, now);
        let wanted = |expected: &Expected| match check.code {
            None => expected.code.is_none(),
            Some(code) => shows(expected, code),
        };
        let is_or = |expected: &Expected| check.or.iter().any(|code| shows(expected, code));
        let meant = |(index, expected): (usize, &Option<Expected>)| {
            let is_kind = self.kind.is_none_or(|kind| kind == self.twin.readings[index].kind);
            is_kind && expected.as_ref().is_some_and(|expected| wanted(expected) || is_or(expected))
        };
        if !expected.iter().enumerate().any(meant) {
            let other = expected.iter().flatten().find_map(|expected| expected.code).unwrap_or("a success");
            return Err(format!("with these credentials the call comes to `{other}`"));
        }
        self.pending = Some(Pending::Check { check: index, sent, expected });
        Ok(prepared)
    }

    fn took_check(&mut self, index: usize, sent: String, expected: Vec<Option<Expected>>, ended: Ended) {
        let check = self.checks[index].clone();
        let response = match &ended {
            Ended::Answered(response) => Some(response),
            Ended::Failed(_) | Ended::Abandoned => None,
        };
        let succeeded = response.is_none_or(Response::is_success);
        if succeeded {
            self.note_change(&check, &sent, response.is_some());
        }
        if response.is_some_and(|response| response.is_success() == check.code.is_none()) {
            self.done.insert(check.name.clone());
        }
        let result = match &ended {
            Ended::Abandoned => Err("the user has stopped it".to_owned()),
            Ended::Failed(why) => Ok(expected
                .iter()
                .map(|known| Some(vec![Difference::without_answer(known.as_ref(), why)]))
                .collect()),
            Ended::Answered(response) => match response.limit() {
                Some(limit) => {
                    let why = format!("the server limits calls: it has answered with {limit}");
                    self.stop(&why);
                    Err(why)
                }
                None => {
                    let body = response.json();
                    for (slot, place) in check.learns {
                        if let Some(text) = body.pointer(place).and_then(serde_json::Value::as_str) {
                            self.slots.insert(slot, text.to_owned());
                        }
                    }
                    let differences = |known: &Option<Expected>| {
                        let drifts = response.drifts(known.as_ref()?, &self.hide);
                        Some(drifts.into_iter().map(Difference::from).collect::<Vec<_>>())
                    };
                    Ok(expected.iter().map(differences).collect::<Vec<_>>())
                }
            },
        };
        let holds = result.as_ref().is_ok_and(|found| self.holds(found));
        let unknown = response.and_then(|response| self.named.took(&check, response, holds));
        let result = unknown.map_or(result, Err);
        if let (Ok(by_reading), true) = (&result, response.is_some()) {
            if check.finds_kind {
                self.kind = self.nearest_kind(by_reading);
            }
            self.sightings.extend(editions::seen(&check.name, &self.twin.readings, self.kind, by_reading));
        }
        self.made.push(Made { check: index, sent, result });
    }

    /// Notes what a call may have changed.
    fn note_change(&mut self, check: &Check, sent: &str, is_answered: bool) {
        match &check.touch {
            Touch::Nothing => {}
            Touch::IfAccepted(what) => {
                self.left.push(format!("`{}` was not refused: {what}", check.name));
            }
            Touch::Changes { undo, left } => {
                if let Some(undo) = undo {
                    self.undos.push(Undo::new(check.name.clone(), (**undo).clone(), sent.to_owned()));
                }
                if !left.is_empty() {
                    let doubt = if is_answered { "" } else { ", if the call without an answer was obeyed" };
                    self.left.push(format!("{left}{doubt}"));
                }
            }
        }
        if let Some(name) = check.ends {
            self.undos.retain(|undo| !undo.is_of(name));
        }
    }

    /// The kind of the reading that an answer fits best.
    fn nearest_kind(&self, by_reading: &[Option<Vec<Difference>>]) -> Option<&'static str> {
        let counted =
            by_reading.iter().enumerate().filter_map(|(index, found)| Some((index, found.as_ref()?.len())));
        counted.min_by_key(|(_, count)| *count).map(|(index, _)| self.twin.readings[index].kind)
    }

    fn is_of_kind(&self, reading: usize) -> bool {
        self.kind.is_none_or(|kind| self.twin.readings[reading].kind == kind)
    }

    /// Whether nothing differs from one of the readings.
    fn holds(&self, by_reading: &[Option<Vec<Difference>>]) -> bool {
        let mut all = by_reading.iter().enumerate();
        all.any(|(reading, found)| self.is_of_kind(reading) && found.as_ref().is_some_and(Vec::is_empty))
    }

    /// The reading that most checks agree with.
    fn preferred(&self) -> usize {
        let agrees = |reading: usize| {
            let results = self.made.iter().filter_map(|made| made.result.as_ref().ok());
            results.filter(|found| found[reading].as_ref().is_some_and(Vec::is_empty)).count()
        };
        let all = (0..self.twin.readings.len()).filter(|reading| self.is_of_kind(*reading));
        all.rev().max_by_key(|reading| agrees(*reading)).unwrap_or(0)
    }

    fn checked(&self, made: &Made, preferred: usize) -> Checked {
        let name = &self.checks[made.check].name;
        let found = match &made.result {
            Ok(found) => found,
            Err(why) => return Checked::not_tried(name.clone(), self.hide.text(why)),
        };
        if self.holds(found) {
            return Checked::tried(name, made.sent.clone(), Vec::new());
        }
        let mut differences = found[preferred].clone().or_else(|| found.iter().flatten().next().cloned());
        for difference in differences.iter_mut().flatten() {
            difference.actual = self.hide.text(&difference.actual);
        }
        Checked::tried(name, made.sent.clone(), differences.unwrap_or_default())
    }
}
