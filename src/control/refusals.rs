//! The worlds of a run → its refused exchanges by kinds, for a report.

use super::explain::reason;
use crate::engine::{Entry, Namespaces, Redactor, World};
use crate::judge::{Refusal, Refusals, Whose};

/// How many kinds of refusals of one world are told apart. To hide secrets takes long, so not each exchange is looked at.
const MOST_OF_WORLD: usize = 20;

/// The refused exchanges of a world that are alike, before secrets are hidden.
struct Alike {
    first: Entry,
    fault: Option<String>,
    numbers: Vec<u64>,
}

/// The refused exchanges of all worlds. Secrets are hidden.
pub fn refusals(namespaces: &Namespaces) -> Refusals {
    let mut worlds = Vec::new();
    namespaces.each_world(&mut |world: &World| {
        let kinds = of_world(world);
        if !kinds.is_empty() {
            worlds.push((world.namespace().map(str::to_owned), kinds, Redactor::new(world)));
        }
    });
    let mut all = Refusals::default();
    // The worlds come with the newest first.
    for (namespace, kinds, redactor) in worlds.into_iter().rev() {
        let whose = match namespace {
            Some(name) => Whose::Namespace(name),
            None if namespaces.has_had_any() => Whose::Main,
            None => Whose::Only,
        };
        kinds.into_iter().for_each(|alike| all.add(alike.hidden(&whose, &redactor)));
    }
    let told: u64 = all.kinds.iter().map(|kind| kind.count).sum();
    // Those that a journal has lost are counted too.
    all.left_out = namespaces.totals().counters.errors.saturating_sub(told);
    all
}

fn of_world(world: &World) -> Vec<Alike> {
    let mut kinds: Vec<Alike> = Vec::new();
    for entry in world.journal().entries().filter(|entry| entry.reply.status >= 400) {
        let ordered = entry.note.faults.iter().find(|decision| decision.answered);
        let fault = ordered.map(|decision| decision.fault.spec.name.to_string());
        let is_like = |known: &Alike| {
            let (one, other) = (&known.first, &entry);
            let key = |entry: &Entry| {
                let note = &entry.note;
                (entry.reply.status, note.error, note.service, note.operation)
            };
            known.fault == fault
                && key(one) == key(other)
                && (fault.is_some() || one.note.remarks == other.note.remarks)
                && (one.note.operation.is_some() || one.request.path() == other.request.path())
        };
        match kinds.iter().position(is_like) {
            Some(place) => kinds[place].numbers.push(entry.number),
            None if kinds.len() < MOST_OF_WORLD => {
                let numbers = vec![entry.number];
                kinds.push(Alike { first: entry, fault, numbers });
            }
            None => {}
        }
    }
    kinds
}

impl Alike {
    fn hidden(self, whose: &Whose, redactor: &Redactor) -> Refusal {
        let Self { first: Entry { request, reply, note, .. }, fault, numbers } = self;
        let hidden = redactor.exchange(&request, &reply);
        let operation = match note.service.zip(note.operation) {
            Some((service, operation)) => format!("{service}.{operation}"),
            None => {
                let path = hidden.target.split('?').next().unwrap_or_default();
                format!("{} {path}", request.method)
            }
        };
        Refusal {
            operation,
            status: reply.status,
            code: note.error,
            reason: if fault.is_some() { String::new() } else { hidden.text(&reason(&note)) },
            fault: fault.map(|fault| redactor.text(&fault)),
            count: numbers.len() as u64,
            exchanges: vec![(whose.clone(), numbers)],
        }
    }
}
