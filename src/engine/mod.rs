//! The product in one function: a world, a request and an instant → a reply and a note.
//!
//! Nothing in here waits, reads a clock, opens a socket or draws unseeded randomness.

mod clock;
mod stage;
mod stream;

pub use clock::{Arrival, Clock, Span, Watch};
pub use stage::Stage;
pub use stream::Stream;
