//! What stays true of a world, whatever is done to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;
use standin::engine::{DeliveryId, DeliveryState, OutboxEntry, World};

/// What must stay true, and what it depends on that has happened.
#[derive(Clone)]
pub struct Witness {
    /// The pairs of connector and line that the scenario or a call has named.
    named: BTreeSet<(String, i64)>,
    /// For each handler the number of the delivery that ended last, since the last reset or restored snapshot.
    last: BTreeMap<Handler, u64>,
    /// The deliveries that were sent again: they end out of order.
    again: BTreeSet<u64>,
}

/// The index of a service, and its number of a handler.
type Handler = (usize, u64);

fn handler(entry: &OutboxEntry) -> Handler {
    (entry.service, entry.delivery.handler)
}

impl Witness {
    /// What the scenario of a world names.
    pub fn of(world: &mut World, now: Timestamp) -> Self {
        let state = world.state(now);
        Self { named: rows(&state).collect(), last: BTreeMap::new(), again: BTreeSet::new() }
    }

    /// Notes that a call names a connector and a line.
    pub fn name(&mut self, connector: &str, line: &str) {
        let connector = connector.to_lowercase();
        let connector = connector.split('.').next().unwrap_or_default().to_owned();
        let digits = line.strip_prefix('-').unwrap_or(line);
        let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
        let size: i64 = digits.parse().unwrap_or_default();
        self.named.insert((connector.clone(), if line.starts_with('-') { -size } else { size }));
        // PHP makes 1 of a list.
        self.named.insert((connector, 1));
    }

    /// Notes that a delivery has ended.
    pub fn ended(&mut self, world: &World, id: DeliveryId) {
        let entry = world.outbox().get(id.number).expect("what has just ended is kept");
        assert!(entry.state.has_ended(), "{entry:?}");
        if self.again.contains(&id.number) {
            return;
        }
        let last = self.last.insert(handler(entry), id.number).unwrap_or_default();
        assert!(last < id.number, "handler {:?}: {last} before {}", handler(entry), id.number);
    }

    /// Removes from `open` what was taken and not answered in time.
    pub fn let_go(&mut self, world: &World, open: &mut Vec<DeliveryId>) {
        open.retain(|id| {
            let is_open = world.is_sending(id.number);
            if !is_open {
                let entry = world.outbox().get(id.number).expect("what has just ended is kept");
                assert!(entry.taken_until().is_some(), "only the time of a test can be over: {entry:?}");
                self.ended(world, *id);
            }
            is_open
        });
    }

    /// Notes that a delivery is sent again.
    pub fn again(&mut self, number: u64) {
        self.again.insert(number);
    }

    /// Notes that an epoch is over.
    pub fn left(&mut self) {
        self.last.clear();
    }

    /// Whether no other delivery to the same handler is under way or comes first.
    pub fn is_first(&self, world: &World, number: u64) -> bool {
        let Some(entry) = world.outbox().get(number) else { return false };
        let others = world.outbox().iter().filter(|other| handler(other) == handler(entry));
        let mut open = others.filter(|other| !other.state.has_ended());
        open.all(|other| other.number >= number || self.again.contains(&other.number))
            && !self.again.contains(&number)
    }

    /// Checks everything. So many answers wait for deliveries.
    pub fn check(&self, world: &mut World, now: Timestamp, pending: usize) {
        let state = world.state(now);
        for row in rows(&state) {
            assert!(self.named.contains(&row), "nobody has named {row:?}");
        }
        let bitrix24 = &state["bitrix24"];
        let (mut sessions, mut messages) = (BTreeSet::new(), BTreeSet::new());
        for chat in list(&bitrix24["chats"]) {
            let mut before = Value::from(0);
            let of_chat = list(&chat["sessions"]);
            for (place, session) in of_chat.iter().enumerate() {
                let is_last = place + 1 == of_chat.len();
                assert!(is_last || session["closed"] == true, "an open session is not the last: {chat}");
                assert!(sessions.insert(number(&session["id"])), "two sessions have one ID: {chat}");
                assert_eq!(session["parent_id"], before, "{chat}");
                before = session["id"].clone();
            }
            for message in list(&chat["messages"]) {
                assert!(messages.insert(number(&message["id"])), "two messages have one ID: {chat}");
            }
        }
        for (kind, id) in [("chats", "chat_id"), ("handlers", "id")] {
            let all = list(&bitrix24[kind]);
            let different: BTreeSet<_> = all.iter().map(|one| number(&one[id])).collect();
            assert_eq!(different.len(), all.len(), "two {kind} have one ID: {all:?}");
        }
        check_outbox(world);
        super::chert::check(&state["chert"]);
        let (counted, kept) = (world.totals().exchanges, world.journal().entries().len() as u64);
        assert_eq!(counted, kept + world.evicted() + pending as u64, "the journal has lost an exchange");
    }
}

fn check_outbox(world: &World) {
    let mut sending = BTreeSet::new();
    let (mut waiting, mut under_way) = (0, 0);
    for entry in world.outbox().iter() {
        match entry.state {
            DeliveryState::Waiting => {
                waiting += 1;
                assert!(entry.next.is_some(), "it waits for nothing: {entry:?}");
            }
            DeliveryState::Sending => {
                under_way += 1;
                let handler = handler(entry);
                assert!(sending.insert(handler), "two requests to handler {handler:?} are under way");
            }
            _ => assert_eq!(entry.next, None, "it has ended: {entry:?}"),
        }
        let results = entry.attempts.iter().filter(|attempt| attempt.outcome.is_some()).count();
        let open = usize::from(entry.state == DeliveryState::Sending);
        assert_eq!(results + open, entry.attempts.len(), "{entry:?}");
    }
    assert_eq!(world.outbox().unfinished(), (waiting, under_way));
}

/// The status rows of a state.
fn rows(state: &Value) -> impl Iterator<Item = (String, i64)> {
    let lines = list(&state["bitrix24"]["lines"]).iter();
    lines.flat_map(|line| {
        let connectors = line["connectors"].as_object().into_iter().flatten();
        connectors.map(|(connector, _)| (connector.clone(), number(&line["id"])))
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}
