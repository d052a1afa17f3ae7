//! What has happened → its events, one delivery for each subscription.

use jiff::Timestamp;

use super::happening::Happening;
use super::workspace::LiveWorkspace;

impl LiveWorkspace {
    /// Raises the events of what has happened at `now`.
    pub(super) fn raise(&mut self, _happening: &Happening, _now: Timestamp) {}
}
