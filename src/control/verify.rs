//! `POST /__standin/verify[?wait_for=10s]`: says whether the expectations are met.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Asked, Place, directed, mistake, refused, root_of};
use crate::basics::Clock;
use crate::engine::Namespaces;
use crate::http::{Reply, Request};
use crate::judge::{ExpectSpec, ExpectationOutcome, OutcomeShown};
use crate::scalar::Length;
use crate::scenario;

/// The path of the route.
pub(super) const PATH: &str = "/__standin/verify";

/// The status of an answer that says that the client has not met an expectation, or has broken a rule.
pub(super) const UNMET: u16 = 417;

/// Whether the expectations are met.
#[derive(Serialize, JsonSchema)]
pub(super) struct Verified {
    met: bool,
    /// Whether no later call can meet them.
    lost: bool,
    expectations: Vec<OutcomeShown>,
    /// The unmet ones as text.
    report: String,
    /// The instant of the virtual clock at which something is due that may meet them.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    /// What to do then.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// How many exchanges the journal has lost, if they could have mattered.
    #[serde(skip_serializing_if = "Option::is_none")]
    evicted: Option<u64>,
}

/// What is to be verified.
#[derive(Debug)]
pub struct Question {
    /// The name of the namespace; `None` for the main world.
    namespace: Option<String>,
    /// The expectations of the request; `None` when it asks about those of the scenario.
    own: Option<Vec<ExpectSpec>>,
}

/// What a look at the world found.
#[derive(Debug)]
pub struct Look {
    outcomes: Vec<ExpectationOutcome>,
    /// How many exchanges the journal has lost, if they could have mattered.
    evicted: Option<u64>,
    /// When something is due next, and the time of the virtual clock that it waits for.
    waits_for: Option<[Timestamp; 2]>,
    /// The path of the control interface of this world.
    root: String,
}

/// How long the caller is willing to wait until the expectations are met. `None` when the request is for another
/// route, or names no time or a wrong one.
pub fn patience(request: &Request) -> Option<Duration> {
    if &*request.method != "POST" || !request.path().ends_with("/verify") || directed(request).0 != PATH {
        return None;
    }
    let mut query = form_urlencoded::parse(request.query().as_bytes());
    let (_, length) = query.find(|(name, _)| name == "wait_for")?;
    Length::parse(&length).ok().map(|length| length.0)
}

pub(super) fn answer(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let look = Question::read(place, asked).and_then(|question| question.look_at(place));
    look.map_or_else(|reply| reply, |look| look.reply())
}

impl Question {
    /// Reads the question. The world is not locked meanwhile.
    pub(super) fn read(place: &Place<'_>, asked: &Asked<'_>) -> Result<Self, Reply> {
        for (name, value) in form_urlencoded::parse(asked.request.query().as_bytes()) {
            if name != "wait_for" {
                let help = "the only parameter is `wait_for`: `?wait_for=10s` waits up to 10s until the expectations are met";
                return Err(mistake(400, format!("`verify` has no parameter `{name}`"), help));
            }
            if let Err(error) = Length::parse(&value) {
                let (message, help) = error.split_once(": ").unwrap_or((&error, ""));
                return Err(mistake(400, message.to_owned(), help));
            }
        }
        let Ok(text) = std::str::from_utf8(asked.request.body()) else {
            let help = "send expectations as YAML or JSON";
            return Err(mistake(400, "the body is not UTF-8 text".to_owned(), help));
        };
        let scenario = place.with(|_, world| Arc::clone(world.scenario()))?;
        let own = match text.trim() {
            "" => None,
            _ => match scenario::parse_expectations(text, &scenario) {
                Ok(expect) => Some(expect),
                Err(report) => return Err(refused(&report, "the expectations have mistakes")),
            },
        };
        Ok(Self { namespace: place.name.map(str::to_owned), own })
    }

    /// Looks whether the expectations are met. `now` is the time of the wall clock.
    ///
    /// # Errors
    /// The reply to a question that cannot be answered.
    pub fn look(&self, namespaces: &Namespaces, now: Timestamp) -> Result<Look, Reply> {
        self.look_at(&Place { namespaces, name: self.namespace.as_deref(), now })
    }

    fn look_at(&self, place: &Place<'_>) -> Result<Look, Reply> {
        let seen = place.with(|_, world| {
            let outcomes = match &self.own {
                Some(expect) => world.outcomes_of(expect, place.now),
                None if world.scenario().expect.is_empty() => return None,
                None => world.outcomes(place.now),
            };
            let evicted = world.journal().evicted();
            let evicted = (self.own.is_some() && evicted > 0).then_some(evicted);
            // A virtual clock stands still: what waits for it comes only when the test advances it.
            let waits_for = match world.clock() {
                Clock::Virtual(now) => world.next_due().map(|due| [due, now]),
                Clock::Real => None,
            };
            Some((outcomes, evicted, waits_for, root_of(world)))
        });
        let Some((outcomes, evicted, waits_for, root)) = seen? else {
            let help = "send a list of expectations, or add `expect:` to the scenario";
            return Err(mistake(400, "there are no expectations".to_owned(), help));
        };
        Ok(Look { outcomes: outcomes.hidden(), evicted, waits_for, root })
    }
}

impl Look {
    /// Whether waiting cannot change the answer: everything is met, or an expectation is lost.
    pub fn is_final(&self) -> bool {
        self.is_met() || self.is_lost()
    }

    fn is_met(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.met)
    }

    /// Whether an expectation is unmet and no later call can meet it.
    fn is_lost(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.is_lost)
    }

    /// The answer.
    pub fn reply(&self) -> Reply {
        let unmet = self.outcomes.iter().filter(|outcome| !outcome.met);
        let met = self.is_met();
        let waits_for = self.waits_for.filter(|_| !met);
        let body = Verified {
            met,
            lost: self.is_lost(),
            expectations: self.outcomes.iter().map(ExpectationOutcome::shown).collect(),
            report: unmet.map(ExpectationOutcome::text).collect(),
            waits_for: waits_for.map(|[due, _]| due.to_string()),
            help: waits_for.map(|[due, now]| {
                format!(
                    "something is due at {due}, and the virtual clock shows {now}: advance it with `POST {}/clock`",
                    self.root
                )
            }),
            evicted: self.evicted,
        };
        Reply::json(if met { 200 } else { UNMET }, &body)
    }
}
