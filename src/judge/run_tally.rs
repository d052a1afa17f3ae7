//! Calls in several worlds → which expectations of the whole run are met.

use super::{ExpectSpec, ExpectationOutcome, Member, Near};
use crate::scalar::in_a_line;

/// The expectations of a whole run, with the calls in all of its worlds.
#[derive(Clone, Debug, Default)]
pub struct RunTally {
    entries: Vec<Summed>,
}

#[derive(Clone, Debug)]
struct Summed {
    spec: ExpectSpec,
    /// How many calls came in the main scenario and in each namespace, at most [`MOST_WORLDS`] of them.
    by_world: Vec<(Option<String>, u64)>,
    calls: u64,
    near: Option<Near>,
}

/// How many worlds of an expectation are told apart.
const MOST_WORLDS: usize = 5;

impl RunTally {
    /// One expectation, with the calls in one world.
    pub(super) fn one(spec: ExpectSpec, calls: u64, namespace: Option<&str>, near: Option<Near>) -> Self {
        let world = (calls > 0).then(|| (namespace.map(str::to_owned), calls));
        Self { entries: vec![Summed { spec, by_world: world.into_iter().collect(), calls, near }] }
    }

    /// Adds the calls of other worlds. Expectations that are alike become one.
    pub fn add(&mut self, other: Self) {
        for more in other.entries {
            let Some(known) = self.entries.iter_mut().find(|known| known.spec == more.spec) else {
                self.entries.push(more);
                continue;
            };
            known.calls += more.calls;
            for (world, calls) in more.by_world {
                if let Some((_, sum)) = known.by_world.iter_mut().find(|(known, _)| *known == world) {
                    *sum += calls;
                } else if known.by_world.len() < MOST_WORLDS {
                    known.by_world.push((world, calls));
                }
            }
            let misses = |near: &Near| near.members.iter().filter(|member| !member.fits).count();
            known.near = known.near.take().into_iter().chain(more.near).min_by_key(misses);
        }
    }

    /// Whether there is no expectation of the whole run.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets the expectations that are not in `specs`.
    pub fn keep_those_of(&mut self, specs: &[ExpectSpec]) {
        self.entries.retain(|entry| specs.contains(&entry.spec));
    }

    /// The exchanges that its texts are about.
    pub fn exchanges(&self) -> impl Iterator<Item = u64> {
        self.entries.iter().filter_map(|entry| Some(entry.near.as_ref()?.exchange))
    }

    /// Hides secrets with `hide`, which is told the exchange that a text is about.
    pub fn hide(&mut self, hide: impl Fn(u64, &str) -> String) {
        for Near { exchange, members, .. } in self.entries.iter_mut().filter_map(|entry| entry.near.as_mut())
        {
            for Member { wanted, found, .. } in members {
                *wanted = hide(*exchange, wanted);
                found.iter_mut().for_each(|found| *found = hide(*exchange, found));
            }
        }
    }

    /// The outcome of each expectation.
    pub fn outcomes(&self) -> Vec<ExpectationOutcome> {
        self.entries.iter().map(Summed::outcome).collect()
    }
}

impl Summed {
    fn outcome(&self) -> ExpectationOutcome {
        let (least, most) = self.spec.bounds();
        let calls = |calls: u64| if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") };
        let mut found = format!("{} came", calls(self.calls));
        let parts = self.by_world.iter().map(|(world, calls)| match world {
            None => format!("{calls} in the main scenario"),
            Some(namespace) => format!("{calls} in namespace {namespace}"),
        });
        let told: u64 = self.by_world.iter().map(|(_, calls)| calls).sum();
        let rest = (self.calls > told).then(|| format!("{} elsewhere", self.calls - told));
        let parts: Vec<_> = parts.chain(rest).collect();
        if !parts.is_empty() {
            found += &format!(" ({})", parts.join(", "));
        }
        ExpectationOutcome {
            name: in_a_line(&self.spec.name),
            met: (least..=most).contains(&self.calls),
            is_lost: self.calls > most,
            expected: format!("{} of `{}` in the whole run", self.spec.calls_in_words(), self.spec.on),
            found,
            exchanges: Vec::new(),
            left_out: 0,
            near: self.near.clone().filter(|_| self.calls < least),
        }
    }
}
