//! Rules of conduct: what the vendors ask of every client, watched as exchanges come. One rule, one file.

mod backoff;
mod batch_length;
mod body_after_signing;
mod content_type;
mod early_retry;
mod limit_ignored;
mod other_edition;
mod parameters;
mod repeated_argument_error;
mod repeated_refusal;
mod signature_alone;
mod signature_twice;
mod token_in_url;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::in_a_line;
use crate::http::{Reply, Request};
use crate::seed::Text;
use crate::vendor::{AskedCall, Operation};

/// One rule.
pub struct Rule {
    /// Its name, such as `chert.early-retry`.
    pub name: &'static str,
    /// How much a breach weighs, unless the scenario says otherwise.
    pub severity: Severity,
    /// What it asks for, in a line.
    pub summary: &'static str,
    /// The vendor's page that asks for it.
    pub source: &'static str,
    /// Watches one run.
    watch: fn() -> Box<dyn Watcher>,
}

/// How much a breach weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing: the rule is not watched.
    Off,
    /// It is reported.
    Warn,
    /// It is reported and fails the run.
    Error,
}

/// Watches exchanges for breaches of one rule.
pub trait Watcher: Send {
    /// Looks at an exchange; what is wrong with it, and the earlier exchange that makes it wrong, if one does.
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach>;
}

/// An exchange as rules see it.
pub struct Seen<'a> {
    /// Its number.
    pub number: u64,
    /// When its request was complete, on the wall.
    pub wall: Timestamp,
    /// When it was answered, by the scenario's clock.
    pub at: Timestamp,
    /// The vendor asked.
    pub vendor: &'static str,
    /// The operation called; `None` when it is not emulated.
    pub operation: Option<&'static Operation>,
    /// What was asked.
    pub request: &'a Request,
    /// What was answered.
    pub reply: &'a Reply,
    /// The error answered.
    pub error: Option<&'static str>,
    /// Its own call and the commands of a batch.
    pub calls: &'a [AskedCall],
    /// Whether a fault broke the answer on its way: the client has not seen what it says.
    pub is_spoilt: bool,
    /// What the vendor remarked.
    pub remarks: &'a [std::borrow::Cow<'static, str>],
    /// What the vendor's other edition would have answered.
    pub other: Option<OtherAnswer<'a>>,
}

/// An answer of a vendor's other edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherAnswer<'a> {
    /// The status.
    pub status: u16,
    /// The error; `None` on success.
    pub error: Option<&'static str>,
    /// The body of a batch.
    pub body: &'a [u8],
    /// The names of the edition that answered and of the other one.
    pub editions: [&'static str; 2],
}

/// The rule that needs the other edition asked.
pub const OTHER_EDITION: &str = "bitrix24.other-edition";

/// What breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What was done, in words.
    pub what: String,
    /// The exchanges that show it, the offending one last.
    pub exchanges: Vec<u64>,
    /// The namespace that they are in.
    pub space: Option<String>,
}

impl Breach {
    fn shown_by(exchanges: Vec<u64>, what: impl Into<String>) -> Self {
        Self { what: in_a_line(&what.into()), exchanges, space: None }
    }

    fn of(seen: &Seen<'_>, what: impl Into<String>) -> Self {
        Self::shown_by(vec![seen.number], what)
    }

    fn after(earlier: u64, seen: &Seen<'_>, what: impl Into<String>) -> Self {
        Self::shown_by(vec![earlier, seen.number], what)
    }
}

/// Every rule.
pub static RULES: &[&Rule] = &[
    &repeated_refusal::RULE,
    &early_retry::RULE,
    &backoff::RULE,
    &signature_twice::RULE,
    &signature_alone::RULE,
    &body_after_signing::RULE,
    &repeated_argument_error::RULE,
    &limit_ignored::RULE,
    &token_in_url::RULE,
    &batch_length::RULE,
    &other_edition::RULE,
    &parameters::UNKNOWN,
    &parameters::WRONG_TYPE,
    &content_type::RULE,
];

/// What a client did against the rules.
pub struct Conduct {
    watched: Vec<Watched>,
}

struct Watched {
    rule: &'static Rule,
    severity: Severity,
    watcher: Box<dyn Watcher>,
    breaches: Vec<Breach>,
    count: u64,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule's name.
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What it asks for.
    pub summary: &'static str,
    /// The page that asks for it.
    pub source: &'static str,
    /// How often it was broken.
    pub count: u64,
    /// The first breaches.
    pub breaches: Vec<Breach>,
}

impl Broken {
    /// Adds what was broken later or elsewhere to `all`, where each rule stands once.
    pub fn add(all: &mut Vec<Self>, more: impl IntoIterator<Item = Self>) {
        for broken in more {
            let same = |known: &&mut Self| (known.rule, known.severity) == (broken.rule, broken.severity);
            match all.iter_mut().find(same) {
                Some(known) => {
                    known.count += broken.count;
                    let room = MOST_BREACHES.saturating_sub(known.breaches.len());
                    known.breaches.extend(broken.breaches.into_iter().take(room));
                }
                None => all.push(broken),
            }
        }
    }

    /// The same, broken in a namespace.
    #[must_use]
    pub fn in_space(self, space: &str) -> Self {
        let of_space = |breach| Breach { space: Some(space.to_owned()), ..breach };
        Self { breaches: self.breaches.into_iter().map(of_space).collect(), ..self }
    }
}

/// How many breaches of a rule are remembered.
const MOST_BREACHES: usize = 20;

impl Conduct {
    /// Watches every rule but those that `severities` switches off.
    pub fn new(severities: &IndexMap<Text, Severity>) -> Self {
        let of: BTreeMap<_, _> =
            severities.iter().map(|(name, severity)| (name.as_str(), *severity)).collect();
        let watched = RULES.iter().filter_map(|rule| {
            let severity = of.get(rule.name).copied().unwrap_or(rule.severity);
            let watcher = (severity != Severity::Off).then(rule.watch)?;
            Some(Watched { rule, severity, watcher, breaches: Vec::new(), count: 0 })
        });
        Self { watched: watched.collect() }
    }

    /// Whether a rule is watched.
    pub fn watches(&self, rule: &str) -> bool {
        self.watched.iter().any(|watched| watched.rule.name == rule)
    }

    /// Looks at an exchange.
    pub fn saw(&mut self, seen: &Seen<'_>) {
        for watched in &mut self.watched {
            if let Some(breach) = watched.watcher.saw(seen) {
                watched.count += 1;
                if watched.breaches.len() < MOST_BREACHES {
                    watched.breaches.push(breach);
                }
            }
        }
    }

    /// The rules that were broken.
    pub fn broken(&self) -> Vec<Broken> {
        let broken = self.watched.iter().filter(|watched| watched.count > 0);
        broken
            .map(|watched| Broken {
                rule: watched.rule.name,
                severity: watched.severity,
                summary: watched.rule.summary,
                source: watched.rule.source,
                count: watched.count,
                breaches: watched.breaches.clone(),
            })
            .collect()
    }
}

impl std::fmt::Debug for Conduct {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Conduct").field("broken", &self.broken()).finish()
    }
}

/// What makes two requests the same one sent again: all but credentials.
fn fingerprint(seen: &Seen<'_>) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    seen.request.method.hash(&mut hasher);
    seen.request.target().hash(&mut hasher);
    seen.request.body().hash(&mut hasher);
    seen.request.headers.get("x-chert-tenant").hash(&mut hasher);
    hasher.finish()
}

/// The latest exchanges by request, bounded: who watches for repeats need not remember a whole run.
struct Recent<T> {
    by_request: IndexMap<u64, T>,
}

/// How many requests are remembered.
const MOST_RECENT: usize = 1_000;

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { by_request: IndexMap::new() }
    }
}

impl<T> Recent<T> {
    fn take(&mut self, request: u64) -> Option<T> {
        self.by_request.shift_remove(&request)
    }

    fn put(&mut self, request: u64, value: T) {
        self.by_request.insert(request, value);
        if self.by_request.len() > MOST_RECENT {
            self.by_request.shift_remove_index(0);
        }
    }
}

/// How much later one exchange came than another: on the wall or by the scenario's clock, whichever says more, as a test
/// may move a virtual clock and need not wait.
fn pause(earlier: (Timestamp, Timestamp), seen: &Seen<'_>) -> std::time::Duration {
    let since = |from: Timestamp, to: Timestamp| {
        std::time::Duration::try_from(to.duration_since(from)).unwrap_or_default()
    };
    since(earlier.0, seen.wall).max(since(earlier.1, seen.at))
}

/// Whether a client can have read the answer to an exchange before it sent this one: requests that are sent at the same
/// time are no retries of each other.
fn can_have_read(earlier: (Timestamp, Timestamp), seen: &Seen<'_>) -> bool {
    pause(earlier, seen) >= IN_FLIGHT
}

/// What comes so soon after an answer was sent without knowing it.
const IN_FLIGHT: std::time::Duration = std::time::Duration::from_millis(20);

/// A member of the `error` of an answer of Chert.
fn error_member(seen: &Seen<'_>, name: &str) -> Option<Value> {
    if seen.error.is_none() || seen.is_spoilt {
        return None;
    }
    let body: Value = serde_json::from_slice(&seen.reply.body).ok()?;
    body.get("error").and_then(|error| error.get(name)).or_else(|| body.get(name)).cloned()
}

/// The errors of a batch's commands, by the commands' names.
type CommandErrors = BTreeMap<String, String>;

fn command_errors(body: &[u8]) -> CommandErrors {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = |(name, error): (String, &Value)| Some((name, error["error"].as_str()?.to_owned()));
    match &body["result"]["result_error"] {
        Value::Object(all) => all.iter().filter_map(|(name, error)| code((name.clone(), error))).collect(),
        Value::Array(all) => {
            all.iter().enumerate().filter_map(|(place, error)| code((place.to_string(), error))).collect()
        }
        _ => CommandErrors::new(),
    }
}
