//! An answer of a real server → what differs from the answers that its operation may give, which are made once.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;

use super::compare::{Given, Held, hold};
use crate::emulator::{Answer, Operation, Service};

/// The answers of all operations, made when they are first needed.
#[derive(Debug, Default)]
pub struct Contract {
    /// The edition that a service with several must answer by; `None` for any of them.
    edition: Option<&'static str>,
    known: Mutex<HashMap<Name, Arc<[Answer]>>>,
}

/// The names of a service and of its operation.
type Name = (&'static str, &'static str);

/// An answer that a real server gave to a call.
pub struct Passed<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The value of a header field by its name in lower case; `None` when the answer has no such field.
    pub header: &'a dyn Fn(&str) -> Option<Cow<'a, str>>,
    /// The whole body; `None` when it is not known, and so not held against anything.
    pub body: Option<&'a [u8]>,
}

/// The editions of a service that has more than one.
const EDITIONS: [&str; 2] = ["documented", "live"];

impl Contract {
    /// The contract of all services. Of a service with several editions an answer must be one of `edition`, or one of any of them.
    pub fn new(edition: Option<&'static str>) -> Self {
        Self { edition, ..Self::default() }
    }

    /// Holds an answer to a call of `operation` against those that it may give. `hide` hides secrets in a text.
    pub fn hold(
        &self,
        service: &'static dyn Service,
        operation: &'static Operation,
        passed: &Passed<'_>,
        hide: &dyn Fn(&str) -> String,
    ) -> Held {
        let answers = self.answers(service, operation);
        let given =
            Given { status: passed.status, header: passed.header, body: passed.body.unwrap_or_default() };
        let mut held = hold(&answers, &given, hide);
        if passed.body.is_none() {
            held.error = None;
            held.drifts.retain(|drift| !drift.at.starts_with("body"));
        }
        held
    }

    fn answers(&self, service: &'static dyn Service, operation: &'static Operation) -> Arc<[Answer]> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = known.entry((service.name(), operation.name)).or_insert_with(|| {
            if service.differences().is_empty() {
                return service.answers(operation, "").into();
            }
            let mut all = Vec::new();
            for edition in EDITIONS.into_iter().filter(|name| self.edition.is_none_or(|only| only == *name)) {
                for answer in service.answers(operation, edition) {
                    if !all.contains(&answer) {
                        all.push(answer);
                    }
                }
            }
            all.into()
        });
        Arc::clone(answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::SERVICES;

    #[test]
    fn an_answer_of_either_edition_is_one_of_all_editions() {
        let both = Contract::new(None);
        for service in SERVICES.iter().copied() {
            let editions: &[_] = if service.differences().is_empty() { &[""] } else { &EDITIONS };
            for operation in service.operations() {
                let all = both.answers(service, operation);
                for edition in editions {
                    let one = Contract::new(Some(edition)).answers(service, operation);
                    assert_eq!(*one, *service.answers(operation, edition));
                    assert!(one.iter().all(|answer| all.contains(answer)), "{}", operation.name);
                }
            }
        }
    }

    #[test]
    fn a_body_that_is_not_known_is_not_held() {
        let service = SERVICES[0];
        let operation = service.operations()[0];
        let answers = service.answers(operation, EDITIONS[0]);
        let held = |status, body| {
            let passed = Passed { status, header: &|_| Some(Cow::Borrowed("x")), body };
            let held = Contract::new(None).hold(service, operation, &passed, &str::to_owned);
            held.drifts
                .into_iter()
                .map(|drift| drift.at)
                .filter(|at| !at.starts_with("header"))
                .collect::<Vec<_>>()
        };
        assert_eq!(held(answers[0].status, None), [""; 0]);
        assert_eq!(held(299, None), ["status"]);
        assert_eq!(held(answers[0].status, Some(&b"<html>"[..])), ["body"]);
    }
}
