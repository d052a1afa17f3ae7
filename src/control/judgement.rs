//! `GET /__standin/judgement`: broken rules and expectations together. It answers with 200, whatever the client has done; `conduct` and
//! `verify` answer by their status.

use serde_json::json;

use super::{Asked, Place, conduct};
use crate::basics::Clock;
use crate::http::Reply;
use crate::judge::{ActionLeft, Broken, ExpectationOutcome};

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
        &json!({
            "observed": is_observed,
            "broken": broken.iter().map(Broken::json).collect::<Vec<_>>(),
            "expectations": outcomes.iter().map(ExpectationOutcome::json).collect::<Vec<_>>(),
            "met": met,
            "lost": outcomes.iter().any(|outcome| outcome.is_lost),
            "waits_for": waits_for.filter(|_| !met).map(|due| due.to_string()),
            "actions_left": left.iter().map(ActionLeft::json).collect::<Vec<_>>(),
            "report": broken.iter().map(Broken::text).collect::<String>(),
        }),
    )
}
