//! What a fault is aimed at, and whether a call is that.

use jiff::Timestamp;

use super::{Delay, Matcher, When};
use crate::basics::Stage;
use crate::http::{Facts, Request};

/// What a fault is aimed at: the numbers that the engine gives to operations.
pub type Aim = Vec<usize>;

/// One fault, ready to be asked.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its name.
    pub name: String,
    /// The operations that it strikes.
    pub aim: Aim,
    /// The stage at whose end it strikes.
    pub stage: Stage,
    /// Parameters that a call must have.
    pub matches: Vec<(String, Matcher)>,
    /// Header fields that its request must have, names in lower case.
    pub headers: Vec<(String, Matcher)>,
    /// The credential that its request must have.
    pub credential: Option<Matcher>,
    /// Which of these calls.
    pub when: When,
    /// How long it holds an answer up.
    pub delay: Option<Delay>,
    /// Whether it has another effect than a delay.
    pub is_more_than_delay: bool,
}

/// A call as faults see it.
pub struct Subject<'a> {
    /// Its parameters.
    pub facts: &'a dyn Facts,
    /// The request that it came in.
    pub request: &'a Request,
    /// The credential of the request; asked for only where a fault wants to know.
    pub credential: &'a dyn Fn() -> Option<String>,
    /// The parameter that names a thing of this kind, where there is one.
    pub named: &'a dyn Fn(&str) -> Option<&'static str>,
    /// What time it is.
    pub now: Timestamp,
    /// When the scenario began.
    pub start: Timestamp,
}

impl Fault {
    /// Whether everything fits that it asks for.
    pub(super) fn fits(&self, subject: &Subject<'_>) -> bool {
        let has = |(name, matcher): &(String, Matcher)| subject.facts.has(name, &|value| matcher.fits(value));
        let sent = |(name, matcher): &(String, Matcher)| {
            let mut fields = subject.request.headers.iter().filter(|(known, _)| *known == name.as_bytes());
            fields.any(|(_, value)| std::str::from_utf8(value).is_ok_and(|value| matcher.fits(value)))
        };
        self.matches.iter().all(has)
            && self.headers.iter().all(sent)
            && self.credential.as_ref().is_none_or(|matcher| {
                (subject.credential)().is_some_and(|credential| matcher.fits(&credential))
            })
    }
}
