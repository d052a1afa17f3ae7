//! The open lines of a portal.

use std::collections::BTreeMap;
use std::time::Duration;

use super::section::Portal;

/// The open lines of a portal, by ID.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    lines: BTreeMap<i64, Line>,
    /// The ID of the next line.
    pub next: i64,
}

/// An open line as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The name.
    pub name: String,
    /// Whether the line is switched on.
    pub is_active: bool,
    /// IDs of the operators.
    pub queue: Vec<i64>,
    /// Minutes until a session that waits for its end is closed.
    pub close_term: i64,
    /// How long nobody may write in an open session until it is closed by itself; `None` means for ever.
    pub auto_close: Option<Duration>,
}

/// The first ID of a line that a call makes: that of the documentation's example.
const FIRST_LINE: i64 = 15;

/// How many lines a portal may have.
pub const MOST_LINES: usize = 10_000;

impl Lines {
    /// The lines at the start of a scenario.
    pub fn new(portal: &Portal) -> Self {
        let mut lines = Self { lines: BTreeMap::new(), next: FIRST_LINE };
        for known in &portal.lines {
            let line = Line {
                name: known.name.as_ref().map_or_else(|| default_name(known.id), ToString::to_string),
                is_active: known.active,
                queue: known.queue.clone(),
                close_term: known.close_term,
                auto_close: known.auto_close.map(|length| length.0),
            };
            lines.add(known.id, line);
        }
        lines
    }

    /// Adds a line. Its ID is not given again.
    pub fn add(&mut self, id: i64, line: Line) {
        self.next = self.next.max(id.saturating_add(1));
        self.lines.insert(id, line);
    }

    /// Deletes a line. Returns whether there was one.
    pub fn delete(&mut self, id: i64) -> bool {
        self.lines.remove(&id).is_some()
    }

    /// The line with this ID.
    pub fn get(&self, id: i64) -> Option<&Line> {
        self.lines.get(&id)
    }

    /// The number of lines.
    pub fn count(&self) -> usize {
        self.lines.len()
    }

    /// All lines, by ascending ID.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Line)> {
        self.lines.iter().map(|(id, line)| (*id, line))
    }
}

/// The name of a line that is given none.
pub fn default_name(id: i64) -> String {
    format!("Open Channel {id}")
}
