//! A scenario in memory, in which operations are called → examples of their answers.

use std::sync::Arc;

use jiff::Timestamp;

use crate::basics::Arrival;
use crate::emulator::{Example, Operation, Outcome, Proof, Service};
use crate::engine::{Form, World, step};
use crate::http::{Reply, Request};
use crate::scenario::Scenario;

/// A scenario in which the example of every operation succeeds.
const SCENARIO: &str = include_str!("scenario.yaml");

/// The word of [`SCENARIO`] that gives way to the edition.
const EDITION: &str = "edition: documented";

/// The seed of what the examples draw.
const SEED: u64 = 1;

/// The scenario, ready to be played.
pub struct Stage {
    scenario: Arc<Scenario>,
    service: &'static dyn Service,
}

/// A call that has succeeded.
pub struct Played {
    /// The request.
    pub example: Example,
    /// The answer.
    pub reply: Reply,
}

impl Stage {
    /// The scenario with this edition of the service.
    pub fn new(service: &'static dyn Service, edition: &str) -> Self {
        let text = match edition {
            "" => SCENARIO.to_owned(),
            edition => SCENARIO.replace(EDITION, &format!("edition: {edition}")),
        };
        let scenario = Scenario::parse("scenario.yaml", &text).expect("a test plays every edition");
        Self { scenario: Arc::new(scenario), service }
    }

    /// The operation's own example and its answer, in a fresh world; `None` when it does not succeed there.
    pub fn example(&self, operation: &Operation) -> Option<Played> {
        let example = self.request(operation)?;
        let reply = self.ask(&example);
        (reply.status == operation.status).then_some(Played { example, reply })
    }

    /// The answer to the operation's own example in a fresh world in which it meets the error `code`; `None` when it does not meet it.
    pub fn error(&self, operation: &Operation, code: &str) -> Option<Reply> {
        let mut example = self.request(operation)?;
        example.headers.push(("prefer", format!("error={code}")));
        Some(self.ask(&example))
    }

    fn request(&self, operation: &Operation) -> Option<Example> {
        let mut sections = self.scenario.sections.iter();
        let (_, section) = sections.find(|(known, _)| known.name() == self.service.name())?;
        let now = self.scenario.clock.at(Timestamp::UNIX_EPOCH).now(Timestamp::UNIX_EPOCH);
        section.example(operation, now, Proof::Lasting)
    }

    fn ask(&self, example: &Example) -> Reply {
        let wall = Timestamp::UNIX_EPOCH;
        let mut world = World::new(Arc::clone(&self.scenario), SEED, wall).allowing_prefer(true);
        let (request, arrival): (Request, _) = (example.request(), Arrival::at(wall));
        let planned = step(&mut world, &request, arrival);
        let form = planned.form.clone();
        let reply = world.record(&request, planned, arrival);
        let Form::After(after) = form else { return reply };
        world.resume(after.delivery, &Outcome::Answered(200), wall);
        after.answer().cloned().unwrap_or(reply)
    }
}
