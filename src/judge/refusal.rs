//! Refused exchanges → what a report tells: each kind of refusal once, with a count.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Whose;

/// Refused exchanges that differ in their numbers and worlds only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The operation, with its service; else the method and the path of the request.
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
    /// The service's error code; `None` when the answer has none.
    pub code: Option<&'static str>,
    /// The reason, as `explain` gives it; empty when there is none.
    pub reason: String,
    /// The name of the fault that ordered the answer; `None` when the service gave it by itself.
    pub fault: Option<String>,
    /// How often it came.
    pub count: u64,
    /// The first exchanges, at most 5: the world, and their numbers in it.
    pub exchanges: Vec<(Whose, Vec<u64>)>,
}

/// The refused exchanges of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// The first kinds of refusals, at most 10.
    pub kinds: Vec<Refusal>,
    /// How many refused exchanges are of no kind in `kinds`.
    pub left_out: u64,
}

/// How many kinds of refusals are told.
const MOST_KINDS: usize = 10;
/// How many exchanges of a kind are told.
const MOST_EXCHANGES: usize = 5;

impl Refusals {
    /// Adds a kind of refusal. Kinds that are alike become one.
    pub fn add(&mut self, more: Refusal) {
        match self.kinds.iter().position(|known| known.is_like(&more)) {
            Some(place) => self.kinds[place].add(more),
            None if self.kinds.len() < MOST_KINDS => {
                let mut first = Refusal { count: 0, exchanges: Vec::new(), ..more.clone() };
                first.add(more);
                self.kinds.push(first);
            }
            None => self.left_out += more.count,
        }
    }

    /// The refusals as text: a line for each kind.
    pub fn text(&self) -> String {
        let mut text: String = self.kinds.iter().map(Refusal::text).collect();
        if self.left_out > 0 {
            let _ = writeln!(text, "refused: {} more", self.left_out);
        }
        text
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        json!(self.kinds.iter().map(Refusal::json).collect::<Vec<_>>())
    }
}

impl Refusal {
    fn is_like(&self, other: &Self) -> bool {
        let key = |one: &Self| (one.status, one.code);
        key(self) == key(other)
            && self.operation == other.operation
            && self.reason == other.reason
            && self.fault == other.fault
    }

    fn add(&mut self, more: Self) {
        self.count += more.count;
        for (whose, mut numbers) in more.exchanges {
            let told: usize = self.exchanges.iter().map(|(_, numbers)| numbers.len()).sum();
            numbers.truncate(MOST_EXCHANGES.saturating_sub(told));
            match self.exchanges.last_mut() {
                Some((last, known)) if *last == whose => known.append(&mut numbers),
                _ if numbers.is_empty() => {}
                _ => self.exchanges.push((whose, numbers)),
            }
        }
    }

    fn text(&self) -> String {
        let mut text = format!("refused: {}: {}", self.operation, self.status);
        if let Some(code) = self.code {
            let _ = write!(text, " `{code}`");
        }
        match &self.fault {
            Some(fault) => _ = write!(text, " by the fault `{fault}`"),
            None if self.reason.is_empty() => {}
            None => _ = write!(text, ": {}", self.reason),
        }
        let of = |(whose, numbers): &(Whose, Vec<u64>)| {
            let numbers: Vec<_> = numbers.iter().map(u64::to_string).collect();
            let whose = whose.words().map_or(String::new(), |whose| format!(" of {whose}"));
            format!("exchange {}{whose}", numbers.join(", "))
        };
        let mut parts: Vec<_> = self.exchanges.iter().map(of).collect();
        let told: usize = self.exchanges.iter().map(|(_, numbers)| numbers.len()).sum();
        let rest = self.count - told as u64;
        if rest > 0 {
            parts.push(format!("{rest} more"));
        }
        text + &format!(" ({})\n", parts.join("; "))
    }

    fn json(&self) -> Value {
        let of = |(whose, numbers): &(Whose, Vec<u64>)| {
            let namespace = if let Whose::Namespace(name) = whose { Some(name) } else { None };
            json!({"exchanges": numbers, "namespace": namespace})
        };
        json!({
            "operation": self.operation,
            "status": self.status,
            "error": self.code,
            "reason": self.reason,
            "fault": self.fault,
            "count": self.count,
            "shown": self.exchanges.iter().map(of).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(reason: &str, number: u64, whose: Whose) -> Refusal {
        Refusal {
            operation: "chert.whoami".into(),
            status: 401,
            code: Some("2004"),
            reason: reason.into(),
            fault: None,
            count: 1,
            exchanges: vec![(whose, vec![number])],
        }
    }

    #[test]
    fn the_first_kinds_are_told_and_the_others_counted() {
        let mut all = Refusals::default();
        for number in 1..=7 {
            all.add(refusal("why", number, Whose::Namespace("n1".into())));
        }
        for number in 0..12 {
            all.add(refusal(&format!("why {number}"), number, Whose::Main));
        }
        assert_eq!((all.kinds.len(), all.kinds[0].count, all.left_out), (MOST_KINDS, 7, 3));
        let text = all.text();
        let first =
            "refused: chert.whoami: 401 `2004`: why (exchange 1, 2, 3, 4, 5 of namespace n1; 2 more)\n";
        assert!(text.starts_with(first), "{text}");
        assert!(text.ends_with("\nrefused: 3 more\n"), "{text}");
    }
}
