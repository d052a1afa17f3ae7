//! A call's number → does a fault fire on it.

use super::When;

impl When {
    /// Whether the call with this number, counted from 1, is one to fire on.
    pub fn holds(&self, call: u64) -> bool {
        self.call.is_none_or(|number| call == number)
            && self.first.is_none_or(|count| call <= count)
            && self.after.is_none_or(|count| call > count)
            && self.every.is_none_or(|step| step > 0 && call.is_multiple_of(step))
            && self.between.is_none_or(|[from, to]| (from..=to).contains(&call))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(when: When, expected: &[u64]) {
        let fired: Vec<_> = (1..=12).filter(|&call| when.holds(call)).collect();
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
}
