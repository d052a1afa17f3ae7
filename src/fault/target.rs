//! A fault, a call → does the fault cover the call.

use jiff::Timestamp;

use super::{FaultSpec, Matcher};
use crate::basics::Stage;
use crate::http::{Facts, Request};

/// The operations or events that a fault covers, by the numbers that the engine gives them.
pub type Aim = Vec<usize>;

/// A fault, ready to decide about calls.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The fault as the scenario describes it.
    pub spec: FaultSpec,
    /// What the fault covers.
    pub aim: Aim,
    /// Whether it covers events and not calls.
    pub is_on_events: bool,
    /// The stage at whose end the fault strikes.
    pub stage: Stage,
    /// The parameters that a call must have.
    pub matches: Vec<(String, Matcher)>,
    /// The headers that the request must have, with names in lower case.
    pub headers: Vec<(String, Matcher)>,
    /// The credential that the request must have; `None` when any will do.
    pub credential: Option<Matcher>,
}

/// Faults are equal when they are described in the same way.
impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec
    }
}

/// A call, or the delivery of an event, as faults see it.
pub struct Subject<'a> {
    /// The parameters of the call.
    pub facts: &'a dyn Facts,
    /// The request that the call is in; `None` for an event.
    pub request: Option<&'a Request>,
    /// Returns the credential of the request. Called only if a fault matches credentials.
    pub credential: &'a dyn Fn() -> Option<String>,
    /// Returns the name of the parameter that identifies a thing of this kind; `None` when there is none.
    pub named: &'a dyn Fn(&str) -> Option<&'static str>,
    /// The time of the scenario's clock.
    pub now: Timestamp,
    /// The start of the scenario.
    pub start: Timestamp,
}

impl Fault {
    /// Whether parameters, headers and credential of the call fit the fault.
    pub(super) fn fits(&self, subject: &Subject<'_>) -> bool {
        let has = |(name, matcher): &(String, Matcher)| subject.facts.has(name, &|value| matcher.fits(value));
        let sent = |(name, matcher): &(String, Matcher)| {
            let fields = subject.request.into_iter().flat_map(|request| request.headers.iter());
            let mut fields = fields.filter(|(known, _)| *known == name.as_bytes());
            fields.any(|(_, value)| std::str::from_utf8(value).is_ok_and(|value| matcher.fits(value)))
        };
        self.matches.iter().all(has)
            && self.headers.iter().all(sent)
            && self.credential.as_ref().is_none_or(|matcher| {
                (subject.credential)().is_some_and(|credential| matcher.fits(&credential))
            })
    }
}
