//! What deliveries have brought, and the calls that name it.

use indexmap::IndexMap;
use serde_json::Value;

use super::rule::{Breach, Observer};
use super::seen::Seen;
use super::sent::{Ended, Sent};
use crate::emulator::operation::Parameter;
use crate::emulator::{Brought, Nature};

/// A text as long as this is no part of another one by chance.
const LONG: usize = 16;

/// A text as long as this is not the same as another one by chance.
const UNLIKELY: usize = 8;

/// How many values are remembered.
const MOST_VALUES: usize = 1_000;

/// The texts in the calls of an exchange that change something. Who only reads may want to find out whether an event is
/// genuine.
pub struct Words {
    words: Vec<(Option<&'static Parameter>, String)>,
}

impl Words {
    /// Those of an exchange.
    pub fn of(seen: &Seen<'_>) -> Self {
        let mut words = Vec::new();
        let calls = seen.calls.iter().filter_map(|call| Some((call, call.operation?)));
        for (call, operation) in calls.filter(|(_, operation)| operation.changes) {
            for parameter in operation.parameters {
                let mut add = |value: &str| words.push((Some(parameter), value.to_owned()));
                call.facts.each(parameter.name, &mut add);
            }
        }
        // Lists and mappings that no parameter describes are in the body only.
        if !words.is_empty()
            && let Ok(body) = serde_json::from_slice::<Value>(seen.request.body())
        {
            add_texts(&body, &mut words);
        }
        Self { words }
    }

    /// Whether one of them names what an event has brought. A long value may be a part of a longer text, such as a key that
    /// begins with it. The shortest ones must be the value of a parameter that names such a thing.
    pub fn name(&self, brought: &Brought) -> bool {
        self.words.iter().any(|(parameter, word)| {
            let is_of_kind = |known: &&Parameter| {
                known.name == brought.name || known.names.is_some_and(|named| named.kind == brought.kind)
            };
            match brought.value.len() {
                LONG.. => word.contains(&brought.value),
                UNLIKELY.. => *word == brought.value,
                _ => *word == brought.value && parameter.as_ref().is_some_and(is_of_kind),
            }
        })
    }
}

fn add_texts(value: &Value, words: &mut Vec<(Option<&'static Parameter>, String)>) {
    match value {
        Value::String(text) => words.push((None, text.clone())),
        Value::Array(items) => items.iter().for_each(|item| add_texts(item, words)),
        Value::Object(members) => members.values().for_each(|member| add_texts(member, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Looks for calls that name what only a delivery of some natures has brought. Nobody can know that who has not acted on
/// such a delivery. That a handler accepts one proves nothing: many accept whatever comes and ignore it. Who refuses one may
/// name it in a report.
pub struct ActsOn {
    natures: &'static [Nature],
    /// What such deliveries have brought, by kind and value. `None` when a client may name it without acting on them.
    values: IndexMap<(&'static str, String), Option<From>>,
}

/// A delivery that has brought something.
struct From {
    number: u64,
    nature: Nature,
    brought: Brought,
}

impl ActsOn {
    /// An observer for deliveries of these natures.
    pub fn new(natures: &'static [Nature]) -> Self {
        Self { natures, values: IndexMap::new() }
    }

    /// Forgets what these deliveries have brought, for good: a later one that brings it again changes nothing.
    fn forget(&mut self, which: impl Fn(&From) -> bool) {
        for value in self.values.values_mut().filter(|value| value.as_ref().is_some_and(&which)) {
            *value = None;
        }
    }
}

/// An event of this nature, in words.
fn in_words(nature: Nature) -> &'static str {
    match nature {
        Nature::Genuine | Nature::Repeat => "an event",
        Nature::Forged => "a forged event",
        Nature::Tampered => "an event whose body was changed after it was signed",
        Nature::Stale => "an event whose signature is too old",
        Nature::ExpiredToken => "an event with an expired token",
    }
}

impl Observer for ActsOn {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if self.values.is_empty() {
            return None;
        }
        let words = Words::of(seen);
        let From { number, nature, brought } =
            self.values.values().flatten().find(|from| words.name(&from.brought))?;
        let what = format!("a call names the {} that only {} has brought", brought.kind, in_words(*nature));
        Some(Breach::of(seen, what).about([*number]))
    }

    fn sent(&mut self, sent: &Sent<'_>) {
        let is_meant = self.natures.contains(&sent.delivery.nature);
        if !is_meant && self.values.is_empty() {
            return;
        }
        for brought in sent.brought {
            if !is_meant {
                // Who names it may know it from here, also as a part of a longer text.
                self.forget(|from| brought.value.contains(&from.brought.value));
            } else if brought.is_new {
                let (number, nature) = (sent.number, sent.delivery.nature);
                let from = || Some(From { number, nature, brought: brought.clone() });
                self.values.entry((brought.kind, brought.value.clone())).or_insert_with(from);
            }
        }
        if self.values.len() > MOST_VALUES {
            self.values.drain(..MOST_VALUES / 2);
        }
    }

    fn ended(&mut self, ended: &Ended<'_>) -> Option<Breach> {
        if ended.status().is_some_and(|status| (400..500).contains(&status)) {
            self.forget(|from| from.number == ended.number);
        }
        None
    }

    fn is_about_deliveries(&self) -> bool {
        true
    }
}
