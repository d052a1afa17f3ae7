//! The product in one function: a world, a request and an instant → a reply and a note.
//!
//! Nothing in here waits, reads a clock, opens a socket or draws unseeded randomness.

mod clock;
mod counters;
mod explain;
mod faults;
mod journal;
mod prefer;
mod realm;
mod shadow;
mod snapshot;
mod stage;
mod step;
mod stream;
mod traffic;
mod unknown;
mod watching;
mod world;

pub use clock::{Arrival, Clock, Span, Watch};
pub use counters::Counters;
pub use explain::{Verdict, explain, wire};
pub use journal::{Entry, Journal, Note};
pub use realm::{Full, IDLE, MOST, NAMESPACE, Realm, Unknown, issued};
pub use shadow::Other;
pub use snapshot::MOST_SNAPSHOTS;
pub use stage::Stage;
pub use step::{Planned, step};
pub use stream::Stream;
pub use traffic::Traffic;
pub use world::World;
