//! What faults have done to a delivery.

use jiff::Timestamp;

use super::{DeliveryState, OutboxEntry};
use crate::fault::{Decision, Deliver};

/// What faults have done to a delivery.
#[derive(Clone, Debug, Default)]
pub struct StruckDelivery {
    /// The decisions of the faults that were asked about it; of a further delivery the one that has made it.
    pub asked: Vec<Decision>,
    /// Whether it is not sent.
    pub is_lost: bool,
    /// When it was due, while it waits for the next delivery to the same handler.
    pub held: Option<Timestamp>,
    /// The number of the delivery that this one was made beside; `None` for one that the service makes by itself.
    pub beside: Option<u64>,
}

impl StruckDelivery {
    /// The effect of the fault that has decided about it; `None` when none has.
    pub fn deliver(&self) -> Option<Deliver> {
        self.asked.iter().find(|decision| decision.answered)?.fault.spec.deliver
    }
}

impl OutboxEntry {
    /// Whether it is not sent, although the service believes so.
    pub fn is_lost(&self) -> bool {
        self.struck.as_ref().is_some_and(|struck| struck.is_lost)
    }

    /// Whether it waits for the next delivery to the same handler.
    pub fn is_held(&self) -> bool {
        let is_held = self.struck.as_ref().is_some_and(|struck| struck.held.is_some());
        is_held && self.state == DeliveryState::Waiting
    }

    /// The decisions of the faults that were asked about it.
    pub fn asked(&self) -> &[Decision] {
        self.struck.as_ref().map_or(&[], |struck| &struck.asked)
    }

    /// Whether a fault has made it, beside one that the service makes by itself.
    pub fn is_further(&self) -> bool {
        !self.delivery.nature.is_own()
    }
}
