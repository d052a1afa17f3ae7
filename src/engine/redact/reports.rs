//! Outcomes, broken rules and calls of a run, as a world has them → the same with secrets hidden.

use std::collections::BTreeMap;

use super::{Hidden, Redactor};
use crate::engine::{Entry, World};
use crate::judge::{Broken, ExpectationOutcome, Member, Near, RunTally};

/// What a world tells a report, before secrets are hidden. It is taken while the world is locked. To hide secrets takes long,
/// so that is done when the world is free again.
#[derive(Clone, Debug)]
#[must_use = "nothing of it may be shown before it is hidden"]
pub struct Unhidden<T> {
    /// What was told before the latest reset. Its secrets are hidden already.
    before: T,
    told: T,
    redactor: Redactor,
    /// The exchanges that it is about, as far as the journal has them. Their own credentials are hidden too.
    exchanges: BTreeMap<u64, Entry>,
}

impl<T> Unhidden<T> {
    /// What `world` tells about `exchanges`. `is_nothing` says that it has no text in which a secret could stand.
    pub(in crate::engine) fn new(
        world: &World,
        [before, told]: [T; 2],
        exchanges: impl IntoIterator<Item = u64>,
        is_nothing: impl FnOnce(&T) -> bool,
    ) -> Self {
        let mut found = BTreeMap::new();
        for number in exchanges {
            if !found.contains_key(&number)
                && let Some(entry) = world.exchange(number)
            {
                found.insert(number, entry);
            }
        }
        // To collect the secrets takes long, and most worlds have nothing to tell.
        let redactor = if is_nothing(&told) { Redactor::default() } else { Redactor::new(world) };
        Self { before, told, redactor, exchanges: found }
    }

    fn open(self) -> (T, T, Hider) {
        let Self { before, told, redactor, exchanges } = self;
        let hide = |(number, entry): (u64, Entry)| (number, redactor.exchange(&entry.request, &entry.reply));
        let hidden = exchanges.into_iter().map(hide).collect();
        (before, told, Hider { redactor, hidden })
    }
}

impl Unhidden<Vec<Broken>> {
    /// The broken rules, with secrets hidden.
    pub fn hidden(self) -> Vec<Broken> {
        let (mut all, mut new, hider) = self.open();
        for kind in new.iter_mut().flat_map(|broken| &mut broken.kinds) {
            let exchanges = kind.shown.iter().flat_map(|shown| &shown.exchanges);
            kind.what = exchanges.fold(hider.redactor.text(&kind.what), |text, number| {
                hider.hidden.get(number).map_or_else(|| text.clone(), |hidden| hidden.text(&text))
            });
        }
        Broken::add(&mut all, new);
        all
    }
}

impl Unhidden<Vec<ExpectationOutcome>> {
    /// The outcomes, with secrets hidden.
    pub fn hidden(self) -> Vec<ExpectationOutcome> {
        let (mut all, mut new, hider) = self.open();
        for outcome in &mut new {
            for text in [&mut outcome.expected, &mut outcome.found] {
                *text = hider.redactor.text(text);
            }
            let Some(Near { exchange, members, .. }) = &mut outcome.near else { continue };
            for Member { wanted, found, .. } in members {
                *wanted = hider.text(*exchange, wanted);
                found.iter_mut().for_each(|found| *found = hider.text(*exchange, found));
            }
        }
        all.append(&mut new);
        all
    }
}

impl Unhidden<RunTally> {
    /// The calls, with secrets hidden.
    pub fn hidden(self) -> RunTally {
        let (mut all, mut new, hider) = self.open();
        new.hide(|exchange, text| hider.text(exchange, text));
        all.add(new);
        all
    }
}

/// Hides secrets in texts about exchanges.
struct Hider {
    redactor: Redactor,
    hidden: BTreeMap<u64, Hidden>,
}

impl Hider {
    fn text(&self, exchange: u64, text: &str) -> String {
        let text = self.redactor.text(text);
        self.hidden.get(&exchange).map_or_else(|| text.clone(), |hidden| hidden.text(&text))
    }
}
