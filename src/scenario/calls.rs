//! `when:` → the numbers of the calls on which a fault fires.

use crate::fault::When;

/// Calls by their numbers: the multiples of `step` from `first` to `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Calls {
    first: u128,
    last: u128,
    step: u128,
}

const ALL: Calls = Calls { first: 1, last: u64::MAX as u128, step: 1 };

impl Calls {
    /// What two have in common; one of them at least has a step of 1.
    fn and(self, other: Self) -> Self {
        Self {
            first: self.first.max(other.first),
            last: self.last.min(other.last),
            step: self.step.max(other.step),
        }
    }

    fn is_empty(self) -> bool {
        self.first.div_ceil(self.step) * self.step > self.last
    }
}

/// Each condition of `when` as it is typed, with the calls that it lets through.
fn conditions(when: &When) -> Vec<(String, Calls)> {
    let When { call, first, after, every, between, .. } = *when;
    let call = call.map(|n| (format!("call: {n}"), Calls { first: n.into(), last: n.into(), step: 1 }));
    let first = first.map(|n| (format!("first: {n}"), Calls { last: n.into(), ..ALL }));
    let after = after.map(|n| (format!("after: {n}"), Calls { first: u128::from(n) + 1, ..ALL }));
    let every = every.map(|n| (format!("every: {n}"), Calls { step: u128::from(n).max(1), ..ALL }));
    let between = between.map(|[from, to]| {
        let calls = Calls { first: u128::from(from).max(1), last: to.into(), step: 1 };
        (format!("between: [{from}, {to}]"), calls)
    });
    [call, first, after, every, between].into_iter().flatten().collect()
}

/// The fewest conditions that leave no call to fire on; none when there are calls left.
pub(super) fn contradiction(when: &When) -> Option<Vec<String>> {
    let conditions = conditions(when);
    let mut choices: Vec<u32> = (1..1 << conditions.len()).collect();
    choices.sort_by_key(|choice| choice.count_ones());
    choices.into_iter().find_map(|choice| {
        let chosen = conditions.iter().enumerate().filter(|(position, _)| choice & (1 << position) != 0);
        let (names, calls) = chosen.fold((Vec::new(), ALL), |(mut names, calls), (_, (name, more))| {
            names.push(name.clone());
            (names, calls.and(*more))
        });
        calls.is_empty().then_some(names)
    })
}

/// Whether every call is one to fire on.
pub(super) fn is_always(when: &When) -> bool {
    let When { probability, from, until, limit, .. } = *when;
    probability.is_none_or(|probability| probability >= 1.0)
        && (from, until, limit) == (None, None, None)
        && conditions(when).into_iter().fold(ALL, |calls, (_, more)| calls.and(more)) == ALL
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scalar::Point;

    #[track_caller]
    fn check(yaml: &str, expected: Option<&[&str]>) {
        let mut mistakes = Vec::new();
        let value = super::super::yaml::read(yaml, crate::scenario::SCENARIO, &mut mistakes)
            .expect("a tree")
            .to_json();
        let when: When = serde_json::from_value(value).expect("a `when`");
        let names = contradiction(&when);
        assert_eq!(
            names.as_deref().map(|names| names.iter().map(String::as_str).collect()),
            expected.map(<[_]>::to_vec)
        );
        let found = (1..=1000).any(|call| when.unmet_by_number(call).is_none());
        assert_eq!(found, expected.is_none(), "the trigger agrees");
    }

    #[test]
    fn conditions_that_leave_calls() {
        check("{}", None);
        check("{call: 2, first: 2, after: 1, every: 2, between: [2, 2]}", None);
        check("{every: 7, between: [8, 14]}", None);
        check("{between: [0, 1]}", None);
        check("{after: 3, first: 4}", None);
    }

    #[test]
    fn the_fewest_conditions_that_leave_none_are_named() {
        check("{between: [5, 2]}", Some(&["between: [5, 2]"]));
        check("{between: [0, 0]}", Some(&["between: [0, 0]"]));
        check("{call: 3, first: 2}", Some(&["call: 3", "first: 2"]));
        check("{first: 2, after: 2, every: 1}", Some(&["first: 2", "after: 2"]));
        check("{every: 5, call: 7}", Some(&["call: 7", "every: 5"]));
        check("{every: 5, first: 4}", Some(&["first: 4", "every: 5"]));
        check("{every: 7, between: [8, 13]}", Some(&["every: 7", "between: [8, 13]"]));
        check("{after: 7, first: 13, every: 7}", Some(&["first: 13", "after: 7", "every: 7"]));
        check("{after: 18446744073709551615}", Some(&["after: 18446744073709551615"]));
    }

    #[test]
    fn some_conditions_let_every_call_through() {
        let always = |when| is_always(&when);
        assert!(always(When::default()));
        assert!(always(When { after: Some(0), every: Some(1), ..When::default() }));
        assert!(always(When { between: Some([1, u64::MAX]), ..When::default() }));
        assert!(!always(When { first: Some(9), ..When::default() }));
        assert!(!always(When { every: Some(2), ..When::default() }));
        assert!(!always(When { probability: Some(0.5), ..When::default() }));
        assert!(!always(When { limit: Some(5), ..When::default() }));
        assert!(!always(When { until: Some(Point::After(Duration::ZERO)), ..When::default() }));
    }
}
