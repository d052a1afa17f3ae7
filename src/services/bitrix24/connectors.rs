//! The registered connectors of a portal, and how far each is set up on each line.

use std::collections::BTreeMap;

use foldhash::HashMap;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::section::{self, Portal};

/// The connectors of a portal.
#[derive(Clone, Debug, Default)]
pub struct Connectors {
    /// By ID in lower case, in the order in which they were registered.
    rows: IndexMap<String, Connector, foldhash::fast::FixedState>,
    /// By connector, then by line. A connector that is not registered can have rows too.
    statuses: HashMap<String, BTreeMap<i64, Status>>,
    /// The number of status rows.
    rows_count: usize,
}

/// How many connectors a portal may have.
pub const MOST_CONNECTORS: usize = 10_000;

/// How many status rows a portal may have.
pub const MOST_STATUSES: usize = 10_000;

/// The length of the longest ID or name of a connector, in characters.
pub const LONGEST_ID: usize = 255;

/// A registered connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// The name in `imconnector.list`.
    pub name: String,
    /// Index of the application that has registered it; `None` when no application has.
    pub owner: Option<usize>,
    /// URL of the settings page.
    pub placement_handler: Option<String>,
    /// What the connector can do.
    pub flags: Flags,
}

/// What a connector can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags {
    /// Whether the external system has group chats.
    pub chat_group: bool,
    /// Whether the operator's name stands before the text of a message in an event.
    pub need_signature: bool,
    /// Whether system messages are sent as events.
    pub need_system_messages: bool,
    /// Whether operators may edit their messages.
    pub edit_internal_messages: bool,
    /// Whether operators may delete their messages.
    pub del_internal_messages: bool,
    /// Whether operators may delete messages of external users.
    pub del_external_messages: bool,
    /// Whether mass mailing is allowed.
    pub newsletter: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            chat_group: false,
            need_signature: true,
            need_system_messages: true,
            edit_internal_messages: true,
            del_internal_messages: true,
            del_external_messages: true,
            newsletter: true,
        }
    }
}

/// How far a connector is set up on a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether the connector is switched on.
    pub active: bool,
    /// Whether the connection was made.
    pub connection: bool,
    /// Whether the registration was made.
    pub register: bool,
    /// Whether the connector has reported an error.
    pub error: bool,
    /// What `imconnector.connector.data.set` has stored.
    pub data: Map<String, Value>,
}

impl Status {
    /// The row that `imconnector.activate` makes.
    pub fn on() -> Self {
        Self { active: true, connection: true, register: true, ..Self::default() }
    }

    /// `CONFIGURED` of `imconnector.status`.
    pub fn is_configured(&self) -> bool {
        self.active && self.connection && self.register
    }

    /// `STATUS` of `imconnector.status`: whether messages pass.
    pub fn is_on(&self) -> bool {
        self.is_configured() && !self.error
    }
}

impl Connectors {
    /// The connectors at the start. `owner` gives the index of the application that has registered one.
    pub fn new(portal: &Portal, owner: impl Fn(&section::Connector) -> Option<usize>) -> Self {
        let mut connectors = Self::default();
        for known in &portal.connectors {
            let connector = Connector {
                name: known.name.as_ref().unwrap_or(&known.id).to_string(),
                owner: owner(known),
                placement_handler: known.placement_handler.as_ref().map(ToString::to_string),
                flags: Flags {
                    chat_group: known.chat_group,
                    need_signature: known.need_signature,
                    need_system_messages: known.need_system_messages,
                    edit_internal_messages: known.edit_internal_messages,
                    del_internal_messages: known.del_internal_messages,
                    del_external_messages: known.del_external_messages,
                    newsletter: known.newsletter,
                },
            };
            connectors.rows.insert(known.id.to_string(), connector);
        }
        for line in portal.lines.iter().filter(|line| line.active) {
            line.connectors.iter().for_each(|id| connectors.set_status(id, line.id, Status::on()));
        }
        for line in &portal.lines {
            for known in &line.statuses {
                let section::Status { active, connection, register, error, .. } = *known;
                let status = Status { active, connection, register, error, data: Map::new() };
                connectors.set_status(&known.connector, line.id, status);
            }
        }
        connectors
    }

    /// The connector with this ID; `None` when it is not registered.
    pub fn get(&self, id: &str) -> Option<&Connector> {
        self.rows.get(id)
    }

    /// All registered connectors with their IDs, in the order in which they were registered.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Connector)> {
        self.rows.iter().map(|(id, connector)| (id.as_str(), connector))
    }

    /// Registers a connector, or replaces it.
    pub fn register(&mut self, id: String, connector: Connector) {
        self.rows.insert(id, connector);
    }

    /// Removes a connector. Its status rows stay.
    pub fn remove(&mut self, id: &str) {
        self.rows.shift_remove(id);
    }

    /// The status row of a connector on a line; `None` when there is none.
    pub fn status(&self, id: &str, line: i64) -> Option<&Status> {
        self.statuses.get(id)?.get(&line)
    }

    /// The number of status rows.
    pub fn count_statuses(&self) -> usize {
        self.rows_count
    }

    /// The number of registered connectors.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Whether messages of the connector pass on the line.
    pub fn is_on(&self, id: &str, line: i64) -> bool {
        self.status(id, line).is_some_and(Status::is_on)
    }

    /// Changes the status row of a connector on a line, which is made if there is none.
    pub fn change_status(&mut self, id: &str, line: i64, change: impl FnOnce(&mut Status)) {
        if !self.statuses.contains_key(id) {
            self.statuses.insert(id.to_owned(), BTreeMap::new());
        }
        if let Some(rows) = self.statuses.get_mut(id) {
            self.rows_count += usize::from(!rows.contains_key(&line));
            change(rows.entry(line).or_default());
        }
    }

    fn set_status(&mut self, id: &str, line: i64, status: Status) {
        self.change_status(id, line, |row| *row = status);
    }

    /// Deletes the status row of a connector on a line. Returns whether there was one.
    pub fn delete_status(&mut self, id: &str, line: i64) -> bool {
        let Some(rows) = self.statuses.get_mut(id) else { return false };
        let was_there = rows.remove(&line).is_some();
        self.rows_count -= usize::from(was_there);
        if rows.is_empty() {
            self.statuses.remove(id);
        }
        was_there
    }

    /// Deletes all status rows of a connector. Returns their lines, in ascending order.
    pub fn delete_statuses(&mut self, id: &str) -> Vec<i64> {
        let lines = self.statuses.remove(id).map_or_else(Vec::new, |rows| rows.into_keys().collect());
        self.rows_count -= lines.len();
        lines
    }

    /// The connectors that have a status row on a line, in alphabetical order.
    pub fn on_line(&self, line: i64) -> Vec<String> {
        let rows = self.statuses.iter().filter(|(_, rows)| rows.contains_key(&line));
        let mut ids: Vec<_> = rows.map(|(id, _)| id.clone()).collect();
        ids.sort();
        ids
    }

    /// All status rows: connector, line, status, in alphabetical order.
    pub fn statuses(&self) -> Vec<(&str, i64, &Status)> {
        let rows = self
            .statuses
            .iter()
            .flat_map(|(id, rows)| rows.iter().map(move |(line, status)| (id.as_str(), *line, status)));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by_key(|(id, line, _)| (*id, *line));
        rows
    }
}
