//! `GET /__standin/judgement`: broken rules and expectations together. It answers with 200, whatever the client has done; `conduct` and
//! `verify` answer by their status.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Asked, Place, conduct};
use crate::basics::Clock;
use crate::http::Reply;
use crate::judge::{ActionLeft, ActionLeftShown, Broken, BrokenShown, ExpectationOutcome, OutcomeShown};

/// What the clients did, judged.
#[derive(Serialize, JsonSchema)]
pub(super) struct Judgement {
    /// Whether rules of conduct are observed.
    observed: bool,
    broken: Vec<BrokenShown>,
    expectations: Vec<OutcomeShown>,
    /// Whether all expectations are met.
    met: bool,
    /// Whether an expectation can no longer be met.
    lost: bool,
    /// The instant of a virtual clock at which something is due that may meet the expectations.
    waits_for: Option<String>,
    /// Actions of the scenario that were not performed.
    actions_left: Vec<ActionLeftShown>,
    /// The broken rules as text.
    report: String,
}

pub(super) fn answer(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let found = place.with(|_, world| {
        let outcomes = world.outcomes(asked.now);
        // A virtual clock stands still: what waits for it comes only when somebody advances it.
        let waits_for = match world.clock() {
            Clock::Virtual(_) => world.next_due(),
            Clock::Real => None,
        };
        (world.broken(asked.now), outcomes, world.actions_left(asked.now), waits_for)
    });
    let (broken, outcomes, left, waits_for) = match found {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let is_observed = broken.is_some();
    let broken = broken.map(|broken| conduct::blamed(place, broken)).unwrap_or_default();
    let outcomes = outcomes.hidden();
    let met = outcomes.iter().all(|outcome| outcome.met);
    Reply::json(
        200,
        &Judgement {
            observed: is_observed,
            broken: broken.iter().map(Broken::shown).collect(),
            expectations: outcomes.iter().map(ExpectationOutcome::shown).collect(),
            met,
            lost: outcomes.iter().any(|outcome| outcome.is_lost),
            waits_for: waits_for.filter(|_| !met).map(|due| due.to_string()),
            actions_left: left.iter().map(ActionLeft::shown).collect(),
            report: broken.iter().map(Broken::text).collect(),
        },
    )
}
