//! Breaches of a rule → what a report tells: each kind of breach once, with a count.

use crate::emulator::conduct::{Breach, Rule, Severity};

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The name of the rule.
    pub rule: &'static str,
    /// How severe these breaches are. A rule that was broken with and without certainty is reported twice.
    pub severity: Severity,
    /// What the client did that broke the rule, in a line.
    pub summary: &'static str,
    /// The source of the rule, such as a page of the documentation.
    pub source: &'static str,
    /// How often the rule was broken.
    pub count: u64,
    /// The first kinds of breaches, at most 20.
    pub kinds: Vec<Kind>,
}

/// Breaches of a rule that differ in their exchanges and deliveries only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What the client did, in words.
    pub what: String,
    /// The number of these breaches.
    pub count: u64,
    /// What shows the first of them, at most 10.
    pub shown: Vec<Shown>,
}

/// The exchanges and deliveries that show a breach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The numbers of the exchanges. The one that breaks the rule is last.
    pub exchanges: Vec<u64>,
    /// The numbers of the deliveries.
    pub deliveries: Vec<u64>,
    /// Whose they are.
    pub whose: Whose,
    /// The number of the first reset after them, counted from 1; `None` when there was none. The numbers start anew at a
    /// reset.
    pub before_reset: Option<u64>,
}

/// The world that exchanges and deliveries are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The only one that there is.
    Only,
    /// That of the main scenario, beside namespaces.
    Main,
    /// That of the namespace with this name.
    Namespace(String),
}

/// How many kinds of breaches of a rule are kept. Breaches of later kinds are only counted.
const MOST_KINDS: usize = 20;

/// How many breaches of a kind are shown. Later ones are only counted.
const MOST_SHOWN: usize = 10;

impl Broken {
    /// `rule` before any breach.
    pub(super) fn new(rule: &Rule, severity: Severity) -> Self {
        let Rule { name, breach, source, .. } = *rule;
        Self { rule: name, severity, summary: breach, source, count: 0, kinds: Vec::new() }
    }

    /// Counts a breach.
    pub(super) fn note(&mut self, breach: Breach) {
        self.count += 1;
        match self.kinds.iter_mut().find(|known| known.what == breach.what) {
            // Most breaches are of a kind that has been shown often enough.
            Some(known) if known.shown.len() >= MOST_SHOWN => known.count += 1,
            _ => {
                let Breach { exchanges, deliveries, .. } = breach;
                let shown = Shown { exchanges, deliveries, whose: Whose::Only, before_reset: None };
                self.add_kind(Kind { what: breach.what, count: 1, shown: vec![shown] });
            }
        }
    }

    fn add_kind(&mut self, kind: Kind) {
        if let Some(known) = self.kinds.iter_mut().find(|known| known.what == kind.what) {
            known.count += kind.count;
            let room = MOST_SHOWN.saturating_sub(known.shown.len());
            known.shown.extend(kind.shown.into_iter().take(room));
        } else if self.kinds.len() < MOST_KINDS {
            self.kinds.push(kind);
        }
    }

    /// Adds `more` to `all`, so that each rule is in `all` once for each severity.
    pub fn add(all: &mut Vec<Self>, more: impl IntoIterator<Item = Self>) {
        for broken in more {
            let same = |known: &&mut Self| (known.rule, known.severity) == (broken.rule, broken.severity);
            match all.iter_mut().find(same) {
                Some(known) => {
                    known.count += broken.count;
                    broken.kinds.into_iter().for_each(|kind| known.add_kind(kind));
                }
                None => all.push(broken),
            }
        }
    }

    /// The number of breaches whose kind is not in `kinds`.
    pub fn left_out(&self) -> u64 {
        self.count - self.kinds.iter().map(|kind| kind.count).sum::<u64>()
    }

    /// The same, marked as broken before the reset with this number.
    #[must_use]
    pub fn before_reset(mut self, number: u64) -> Self {
        self.each_shown().for_each(|shown| shown.before_reset = shown.before_reset.or(Some(number)));
        self
    }

    /// The same, marked as broken in a world.
    #[must_use]
    pub fn of(mut self, whose: &Whose) -> Self {
        self.each_shown().for_each(|shown| shown.whose = whose.clone());
        self
    }

    fn each_shown(&mut self) -> impl Iterator<Item = &mut Shown> {
        self.kinds.iter_mut().flat_map(|kind| &mut kind.shown)
    }
}
