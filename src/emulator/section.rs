//! A service's section of a scenario.

use std::borrow::Cow;
use std::fmt::Debug;
use std::time::Duration;

use foldhash::HashSet;
use jiff::Timestamp;

use super::action::{ActionInput, ActionMistake};
use super::example::Example;
use super::operation::Operation;
use super::secrets::Secret;
use super::state::Emulator;
use crate::basics::Stage;
use crate::scalar::{Findings, Path};

/// A service's section of a scenario, after it was read.
pub trait Section: Debug + Send + Sync {
    /// Checks what the schema cannot express, and adds the mistakes to `findings`. `path` is the path of the section
    /// in the scenario.
    fn check(&self, path: &Path, findings: &mut Findings);

    /// The state that the section describes, at the start of the scenario.
    fn open(&self, seed: u64, start: Timestamp) -> Box<dyn Emulator>;

    /// The same section with `suffix` appended to every credential, so that a credential identifies a namespace.
    fn with_suffix(&self, suffix: &str) -> Box<dyn Section>;

    /// The name of the edition that the section serves, and of the service's other one. `None` when the service has
    /// only one.
    fn editions(&self) -> Option<[&'static str; 2]> {
        None
    }

    /// How long the limit of requests takes to let one more in; `None` when requests are not counted.
    fn drain(&self) -> Option<Duration> {
        None
    }

    /// All credentials in the section, in the spelling of [`super::Service::credential`].
    fn credentials(&self) -> Vec<String>;

    /// All secrets in the section, which journals and reports hide.
    fn secrets(&self) -> Vec<Secret>;

    /// What a person needs to call the service.
    fn shown_access(&self) -> Vec<Access>;

    /// What a client needs: the same, and what events carry. `seed` is that of the draws.
    fn access(&self, _seed: u64) -> Vec<Access> {
        self.shown_access()
    }

    /// A request for `operation` that succeeds at `now`. `None` when the section has no thing to call the operation
    /// on, or no caller who is allowed to.
    fn example(&self, operation: &Operation, now: Timestamp, proof: Proof) -> Option<Example>;

    /// Why the section has no [`Section::example`] for `operation` at `start`, where keys of the section keep every caller
    /// from it. `None` when it lacks something to call the operation on.
    fn obstacle(&self, _operation: &Operation, _start: Timestamp) -> Option<String> {
        None
    }

    /// Whether the section describes what calls of `operation` are about. If not, nobody misses one that succeeds.
    fn is_about(&self, _operation: &Operation) -> bool {
        true
    }

    /// Whether a `state` refuses every caller. The author of such a section wants no call to succeed.
    fn is_shut(&self) -> bool {
        false
    }

    /// The identifiers of all things of a kind, such as `chat`.
    fn things(&self, kind: &str) -> HashSet<Cow<'_, str>>;

    /// Whether calls can make a thing of this kind with this identifier, which is not in the section.
    fn may_appear(&self, _kind: &str, _id: &str) -> bool {
        false
    }

    /// What things of this kind have that calls can make; `None` when nobody can look at one.
    fn traits(&self, _kind: &str) -> Option<Traits> {
        None
    }

    /// The kinds of things that an expectation can look at.
    fn looked_at(&self) -> &'static [&'static str] {
        &["chat"]
    }

    /// Whether this member of a thing is `true` or `false`.
    fn is_flag(&self, _kind: &str, _member: &str) -> bool {
        false
    }

    /// What is wrong with the parameters of an action that is performed later, whatever calls do until then: the name of
    /// each, and the mistake.
    fn action_mistakes(&self, _action: &str, _with: &ActionInput) -> Vec<(&'static str, ActionMistake)> {
        Vec::new()
    }

    /// The form of an identifier that the service looks up, for example in lower case.
    fn folded<'t>(&self, _kind: &str, id: &'t str) -> Cow<'t, str> {
        id.into()
    }
}

/// What every [`super::Thing`] of a kind has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// The names of the values that distinguish things with the same identifier.
    pub apart: &'static [&'static str],
    /// The names of its values.
    pub members: &'static [&'static str],
}

/// The things that a parameter may identify.
#[derive(Debug)]
pub struct Known<'a> {
    /// The name of the parameter.
    pub parameter: &'static str,
    /// The kind of thing that it identifies, such as `chat`.
    pub kind: &'static str,
    /// The identifiers of all things of this kind in the scenario.
    pub values: HashSet<Cow<'a, str>>,
}

/// The things that a call of `operation` must have found in the section when it passes `stage`.
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

/// How an example authenticates, for a service that has two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// With a signature, which the service prefers and which expires.
    Signed,
    /// With a credential that does not expire.
    Lasting,
}

/// Something that a client needs to call a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it is, such as `webhook`.
    pub label: &'static str,
    /// The name of the environment variable for it, such as `BITRIX24_WEBHOOK_URL`.
    pub variable: &'static str,
    /// The value; a path when [`Access::is_path`].
    pub value: String,
    /// Whether the value is a path that is appended to the server's URL.
    pub is_path: bool,
}

impl Access {
    /// The value for a server at `base`, such as `http://127.0.0.1:8080`.
    pub fn at(&self, base: &str) -> String {
        if self.is_path { format!("{base}{}", self.value) } else { self.value.clone() }
    }
}
