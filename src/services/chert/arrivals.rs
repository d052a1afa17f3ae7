//! When messages of tenants are delivered by themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// How many messages may be on their way. Beyond it the earliest stays as it is.
const MOST: usize = 100_000;

/// The messages that are on their way to their recipients.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    /// How long a message takes; `None` when none is delivered by itself.
    after: Option<Duration>,
    /// The tenant's index and the ID of each, by the instant and in the order in which they were sent.
    on_their_way: BTreeMap<(Timestamp, u64), (usize, String)>,
    /// How many there have been.
    count: u64,
}

impl Arrivals {
    /// Messages arrive this long after they were sent.
    pub fn new(after: Option<Duration>) -> Self {
        Self { after, ..Self::default() }
    }

    /// Notes that a message of a tenant was sent at `now`.
    pub fn expect(&mut self, tenant: usize, id: &str, now: Timestamp) {
        let Some(after) = self.after else { return };
        if self.on_their_way.len() == MOST {
            self.on_their_way.pop_first();
        }
        self.count += 1;
        let due = now.checked_add(after).unwrap_or(Timestamp::MAX);
        self.on_their_way.insert((due, self.count), (tenant, id.to_owned()));
    }

    /// When the next one arrives; `None` when none is on its way.
    pub fn next(&self) -> Option<Timestamp> {
        self.on_their_way.first_key_value().map(|((due, _), _)| *due)
    }

    /// Removes and returns those that have arrived at `now`, the earliest first.
    pub fn due(&mut self, now: Timestamp) -> Vec<(usize, String)> {
        let mut due = Vec::new();
        while self.next().is_some_and(|at| at <= now)
            && let Some((_, arrived)) = self.on_their_way.pop_first()
        {
            due.push(arrived);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_in_the_order_of_their_instants() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut none = Arrivals::default();
        none.expect(0, "a", at(0));
        assert_eq!((none.next(), none.due(at(99))), (None, vec![]));
        let mut arrivals = Arrivals::new(Some(Duration::from_secs(2)));
        // A virtual clock may be set back.
        for (id, second) in [("a", 5), ("b", 5), ("c", 1)] {
            arrivals.expect(0, id, at(second));
        }
        assert_eq!((arrivals.next(), arrivals.due(at(2))), (Some(at(3)), vec![]));
        let ids = |due: Vec<(usize, String)>| due.into_iter().map(|(_, id)| id).collect::<Vec<_>>();
        assert_eq!(ids(arrivals.due(at(7))), ["c", "a", "b"]);
        assert_eq!(arrivals.next(), None);
    }
}
