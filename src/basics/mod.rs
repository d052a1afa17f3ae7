//! Values that all other parts use: the stages of a request, time, and seeded draws.

mod clock;
mod draws;
mod stage;

pub use clock::{Arrival, CallTimes, Clock, Stopwatch, later};
pub use draws::Draws;
pub use stage::Stage;
