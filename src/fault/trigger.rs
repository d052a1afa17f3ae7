//! The number of a call, the time → the first condition of `when` that does not hold.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::When;

/// A condition of `when`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// `call`.
    Call,
    /// `first`.
    First,
    /// `after`.
    After,
    /// `every`.
    Every,
    /// `between`.
    Between,
    /// `from`.
    From,
    /// `until`.
    Until,
    /// `probability`.
    Probability,
    /// `limit`.
    Limit,
}

impl When {
    /// The first condition on call numbers that does not hold for the call with this number, counted from 1. `None`
    /// when all hold.
    pub fn unmet_by_number(&self, call: u64) -> Option<Condition> {
        let conditions = [
            (Condition::Call, self.call.is_none_or(|number| call == number)),
            (Condition::First, self.first.is_none_or(|count| call <= count)),
            (Condition::After, self.after.is_none_or(|count| call > count)),
            (Condition::Every, self.every.is_none_or(|step| step > 0 && call.is_multiple_of(step))),
            (Condition::Between, self.between.is_none_or(|[from, to]| (from..=to).contains(&call))),
        ];
        conditions.into_iter().find(|(_, holds)| !holds).map(|(condition, _)| condition)
    }

    /// The first condition on time that does not hold at `now`, in a scenario that started at `start`. `None` when
    /// all hold.
    pub fn unmet_by_time(&self, now: Timestamp, start: Timestamp) -> Option<Condition> {
        if self.from.is_some_and(|from| now < from.on(start)) {
            return Some(Condition::From);
        }
        self.until.is_some_and(|until| now >= until.on(start)).then_some(Condition::Until)
    }
}

/// 64 random bits → a number from 0 to 1, 1 excluded. It is always below a probability of 1 and never below 0.
pub fn share(draw: u64) -> f64 {
    (draw >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scalar::Point;

    #[track_caller]
    fn check(when: When, expected: &[u64]) {
        let fired: Vec<_> = (1..=12).filter(|&call| when.unmet_by_number(call).is_none()).collect();
        assert_eq!(fired, expected, "{when:?}");
    }

    #[test]
    fn calls_are_counted_from_one() {
        check(When::default(), &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        check(When { call: Some(3), ..When::default() }, &[3]);
        check(When { first: Some(2), ..When::default() }, &[1, 2]);
        check(When { after: Some(10), ..When::default() }, &[11, 12]);
        check(When { after: Some(0), first: Some(1), ..When::default() }, &[1]);
        check(When { every: Some(5), ..When::default() }, &[5, 10]);
        check(When { between: Some([4, 6]), ..When::default() }, &[4, 5, 6]);
    }

    #[test]
    fn all_conditions_must_hold() {
        check(When { every: Some(2), between: Some([3, 7]), ..When::default() }, &[4, 6]);
        check(When { after: Some(2), first: Some(4), ..When::default() }, &[3, 4]);
        check(When { call: Some(9), first: Some(4), ..When::default() }, &[]);
    }

    #[test]
    fn a_window_has_its_beginning_and_not_its_end() {
        let start: Timestamp = "2024-11-20T13:55:00Z".parse().unwrap();
        let seconds = |count| Point::After(Duration::from_secs(count));
        let when = When { from: Some(seconds(10)), until: Some(seconds(30)), ..When::default() };
        let unmet = |second: u64| when.unmet_by_time(start + Duration::from_secs(second), start);
        assert_eq!([unmet(0), unmet(9)], [Some(Condition::From); 2]);
        assert_eq!([unmet(10), unmet(29)], [None; 2]);
        assert_eq!([unmet(30), unmet(99)], [Some(Condition::Until); 2]);
    }

    #[test]
    fn shares_lie_from_0_to_below_1() {
        assert_eq!(share(0), 0.0);
        assert!(share(u64::MAX) < 1.0);
        assert_eq!(share(1 << 63), 0.5);
    }
}
