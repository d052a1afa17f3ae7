//! A service's section of a scenario.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Debug;

use jiff::Timestamp;

use super::example::Example;
use super::operation::Operation;
use super::state::Emulator;
use crate::basics::Stage;
use crate::scalar::{Findings, Path};

/// A service's section of a scenario, read.
pub trait Section: Debug + Send + Sync {
    /// Adds what is wrong with it beyond its shape; `path` is where it stands in the scenario.
    fn check(&self, path: &Path, findings: &mut Findings);

    /// The world that it describes, at its start, which is at the instant `start`.
    fn open(&self, seed: u64, start: Timestamp) -> Box<dyn Emulator>;

    /// The same with credentials of its own, each with `suffix` behind it, so that they alone tell whose a request is.
    fn with_suffix(&self, suffix: &str) -> Box<dyn Section>;

    /// The names of the edition that it shows and of the service's other one; `None` when there is one only.
    fn editions(&self) -> Option<[&'static str; 2]> {
        None
    }

    /// Every credential in it, spelt as [`super::Service::credential`] gives them.
    fn credentials(&self) -> Vec<String>;

    /// Every secret in it, so that a journal can hide them.
    fn secrets(&self) -> Vec<String>;

    /// What a client needs to call it.
    fn access(&self) -> Vec<Access>;

    /// A request for `operation` that this section answers with success at `now`. `None` when the section has nothing to
    /// call the operation on, or nobody who may.
    fn example(&self, operation: &Operation, now: Timestamp, proof: Proof) -> Option<Example>;

    /// The identifiers of all things of a kind, such as `chat`.
    fn things(&self, kind: &str) -> HashSet<Cow<'_, str>>;

    /// The service's own folding of an identifier before it looks a thing of this kind up.
    fn folded<'t>(&self, _kind: &str, id: &'t str) -> Cow<'t, str> {
        id.into()
    }
}

/// What a parameter may name.
#[derive(Debug)]
pub struct Known<'a> {
    /// The parameter.
    pub parameter: &'static str,
    /// What it names, such as `chat`.
    pub kind: &'static str,
    /// Everything of this kind in the scenario.
    pub values: HashSet<Cow<'a, str>>,
}

/// What a call of `operation` must have found in the section to pass `stage`.
pub fn known<'a>(section: &'a dyn Section, operation: &Operation, stage: Stage) -> Vec<Known<'a>> {
    let named = operation.parameters.iter().filter_map(|parameter| Some((parameter, parameter.names?)));
    let found = named.filter(|(_, named)| named.found_by.is_some_and(|found_by| found_by <= stage));
    found
        .map(|(parameter, named)| Known {
            parameter: parameter.name,
            kind: named.kind,
            values: section.things(named.kind),
        })
        .collect()
}

/// How an example proves who calls, where a service has two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Signed for the instant: the service's better way, good for a while.
    Signed,
    /// By a credential that does not age.
    Lasting,
}

/// Something that a client needs to call a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it is, such as `webhook`.
    pub label: &'static str,
    /// The name under which a client's environment holds it, such as `BITRIX24_WEBHOOK_URL`.
    pub variable: &'static str,
    /// The value; a path when [`Access::is_path`].
    pub value: String,
    /// Whether the value is a path to be put after the server's URL.
    pub is_path: bool,
}

impl Access {
    /// The value for a server at `base`, such as `http://127.0.0.1:8080`.
    pub fn at(&self, base: &str) -> String {
        if self.is_path { format!("{base}{}", self.value) } else { self.value.clone() }
    }
}
