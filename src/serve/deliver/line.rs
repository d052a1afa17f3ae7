//! A line of the log, about a delivery.

use crate::emulator::{Nature, Outcome};
use crate::engine::World;

/// A line of the log, about an attempt of a delivery that has ended.
pub(in crate::serve) struct Line {
    number: u64,
    namespace: Option<String>,
    service: &'static str,
    event: &'static str,
    handler: Option<u64>,
    state: &'static str,
    nature: Option<&'static str>,
    fault: Option<String>,
    outcome: Option<Outcome>,
}

impl Line {
    /// The line about a delivery. `None` when there is no log.
    pub(in crate::serve) fn of(world: &World, number: u64) -> Option<Self> {
        if !tracing::enabled!(tracing::Level::INFO) {
            return None;
        }
        let entry = world.outbox().get(number)?;
        Some(Self {
            number,
            namespace: world.namespace().map(str::to_owned),
            service: world.service_name(entry.service),
            event: entry.delivery.event.name,
            handler: entry.delivery.shown_handler(),
            state: if entry.is_lost() { "lost" } else { entry.state.name() },
            nature: Some(entry.delivery.nature).filter(|nature| *nature != Nature::Genuine).map(Nature::name),
            fault: entry
                .asked()
                .iter()
                .find(|known| known.fired)
                .map(|known| known.fault.spec.name.to_string()),
            outcome: entry.attempts.last().and_then(|attempt| attempt.outcome.clone()),
        })
    }

    /// Writes the line, without the URL and the body, which may contain secrets. The world is not locked any more.
    pub(in crate::serve) fn write(&self) {
        let (status, why) = match &self.outcome {
            _ if self.state == "lost" => (None, None),
            None => (None, None),
            Some(Outcome::Answered(status)) => (Some(*status), None),
            Some(Outcome::Failed(why) | Outcome::Blocked(why)) => (None, Some(why.as_str())),
        };
        tracing::info!(
            number = format!("e{}", self.number),
            namespace = self.namespace,
            service = self.service,
            event = format!("{}.{}", self.service, self.event),
            handler = self.handler,
            state = self.state,
            nature = self.nature,
            fault = self.fault,
            status,
            why,
            "delivery"
        );
    }
}
