//! The core: a world, a request and its arrival → a reply, a wire effect and a note.
//!
//! Nothing in here waits, reads a clock, opens a socket or uses unseeded randomness.

mod act;
mod counters;
mod directory;
mod dispatch;
mod explain;
mod faults;
mod handlers;
mod journal;
mod memory;
mod namespace;
mod namespaces;
mod news;
mod observers;
mod opening;
mod other_edition;
mod outbox;
mod outcomes;
mod past;
mod pending;
mod prefer;
mod record;
mod redact;
mod replay;
mod schedule;
mod snapshot;
mod step;
mod stream;
mod strike;
mod traffic;
mod unknown;
mod world;

pub use act::{Acted, ActionDone, By};
pub use counters::Counters;
pub use directory::{Credential, Totals, credentials_issued};
pub use dispatch::{Ahead, DeliveryId, Dispatch, UnderWay};
pub use explain::{Verdict, explain, explain_delivery, wire};
pub use journal::{Entry, Journal, Note};
pub use memory::MOST_IN_JOURNALS;
pub use namespace::{Namespace, NamespaceName};
pub use namespaces::{Astray, NAMESPACE_HEADER, Namespaces};
pub use news::{Mark, News};
pub use opening::{IDLE, MOST_NAMESPACES, NotOpened};
pub use other_edition::Other;
pub use outbox::{
    Attempt, Cause, CountsByEvent, DeliveryState, MOST_WAITING, Outbox, OutboxCounts, OutboxEntry,
    StruckDelivery,
};
pub use pending::After;
pub use redact::{HIDDEN, Hidden, Redactor, Unhidden};
pub use snapshot::MOST_SNAPSHOTS;
pub use step::{Form, Planned, step};
pub use stream::{Bell, EventStream, Portion};
pub use traffic::Traffic;
pub use world::World;
