//! `GET /__standin/journal?rows=true[&last=N&after=CURSOR&before=CURSOR]`: what happened, in rows for a list: exchanges, deliveries
//! and actions without their bodies, and the cursor behind them. The stream of `watch.rs` sends the same rows.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::delivery::{Sent, Shown};
use super::{Asked, Place, explain, journal, mistake};
use crate::basics::Stage;
use crate::emulator::RequestedCall;
use crate::engine::{ActionDone, By, Entry, Mark, News, Redactor, World, wire};
use crate::http::{Headers, Reply, Request};
use crate::scalar::in_a_line;
use crate::services::by_name;

/// How many exchanges a list has when the request does not say it, and at most.
const MOST: usize = 1_000;
/// How many things of an exchange and how many commands of a batch a row names.
const MOST_NAMED: usize = 8;
/// How much of one text a row has, in characters.
const MOST_OF_TEXT: usize = 200;

/// What happened, in rows.
#[derive(Serialize, JsonSchema)]
pub(super) struct Rows {
    /// The place behind them, for `after`.
    cursor: String,
    /// The namespace; null for the main scenario.
    namespace: Option<String>,
    /// The name of the scenario.
    scenario: String,
    seed: u64,
    /// How many exchanges the journal has lost.
    evicted: u64,
    /// How many exchanges are left out.
    missed: u64,
    rows: Vec<ExchangeRow>,
    deliveries: Vec<Sent>,
    actions: Vec<ActionRow>,
}

/// An exchange in a row.
#[derive(Serialize, JsonSchema)]
pub(super) struct ExchangeRow {
    number: u64,
    at: String,
    /// The service; null when none has the path.
    service: Option<&'static str>,
    /// The operation with the name of its service.
    operation: Option<String>,
    method: String,
    /// Path and query.
    target: String,
    status: u16,
    /// The code of the service's error.
    error: Option<&'static str>,
    /// The last stage that it passed.
    stage: Option<Stage>,
    /// The stage at which it ended; null when it passed all of them, and for an exchange of a proxy.
    ended_at: Option<&'static str>,
    /// How many faults were asked.
    asked: usize,
    /// The faults that fired.
    fired: Vec<String>,
    /// What a fault did to the connection.
    wire: Option<String>,
    /// Why it was refused; empty if nothing says it.
    reason: String,
    /// Of a proxy: in how many facts the answer differs from the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<usize>,
    /// What it names, chats first.
    things: Vec<String>,
    /// From the head of the request to the end of the answer, without the time to make the answer.
    duration_us: u64,
    /// The length of the answer's body.
    bytes: usize,
    /// The operations of the commands of a batch; null for unknown ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    commands: Option<Vec<Option<&'static str>>>,
    /// The errors that they have ended with; null for the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    command_errors: Option<Vec<Option<String>>>,
    /// How many commands a batch has.
    #[serde(skip_serializing_if = "Option::is_none")]
    commands_count: Option<usize>,
    /// How many of them have failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    commands_failed: Option<usize>,
}

/// An action in a row.
#[derive(Serialize, JsonSchema)]
pub(super) struct ActionRow {
    /// Its name, such as `a1`.
    id: String,
    at: String,
    r#do: String,
    /// Its parameters; null when they are long.
    with: Value,
    /// What has changed; null when that is long.
    changed: Value,
    /// The events that it has raised, such as `e1`.
    events: Vec<String>,
    /// Who wanted it: `request` or `scenario`.
    by: &'static str,
}

/// Answers with rows if the request wants them, else with the journal.
pub(super) fn or_journal(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let mut query = form_urlencoded::parse(asked.request.query().as_bytes());
    match query.any(|(name, value)| name == "rows" && value == "true") {
        true => list(place, asked),
        false => journal::answer(place, asked),
    }
}

fn list(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let (mut last, mut after, mut before) = (MOST, None, None);
    for (name, value) in form_urlencoded::parse(asked.request.query().as_bytes()) {
        let cursor = || Cursor::read(&value).map(Some);
        let read = match &*name {
            "rows" => Some(()),
            "last" => value.parse().ok().map(|number: usize| last = number.min(MOST)),
            "after" => cursor().map(|cursor| after = cursor),
            "before" => cursor().map(|cursor| before = cursor),
            _ => {
                let help = "rows have `last`, `after` and `before`";
                return mistake(400, format!("rows have no filter `{name}`"), help);
            }
        };
        if read.is_none() {
            let help = "`last` is a number; `after` and `before` are cursors that an earlier answer gave";
            return mistake(400, format!("`{name}={value}` cannot be read"), help);
        }
    }
    let run = place.namespaces.run();
    let found = place.with(|_, world| {
        let mark = |cursor: Option<Cursor>| cursor.and_then(|cursor| cursor.mark_in(world, run));
        let from = mark(after).unwrap_or(world.first_mark());
        let to = mark(before).unwrap_or(world.mark());
        (List::of(world, run, (from, to), last), Redactor::new(world))
    });
    // To hide secrets takes long. Meanwhile the world answers others.
    found.map_or_else(|reply| reply, |(list, redactor)| Reply::json(200, &list.shown(&redactor)))
}

/// All rows of a world, for one who cannot ask again.
pub(super) fn all(world: &World, redactor: &Redactor) -> Rows {
    List::of(world, 0, (world.first_mark(), world.mark()), MOST).shown(redactor)
}

/// What is to be listed, before secrets are hidden.
struct List {
    head: Rows,
    news: News,
    deliveries: Vec<Shown>,
}

impl List {
    fn of(world: &World, run: u64, (from, to): (Mark, Mark), last: usize) -> Self {
        let news = world.news(from, to, last);
        let head = Rows {
            cursor: Cursor { run, mark: to }.to_string(),
            namespace: world.namespace().map(str::to_owned),
            scenario: world.scenario().name.clone(),
            seed: world.seed(),
            evicted: world.journal().evicted(),
            missed: news.missed,
            rows: Vec::new(),
            deliveries: Vec::new(),
            actions: Vec::new(),
        };
        let deliveries = news.deliveries.iter().map(|entry| Shown::of(world, entry)).collect();
        Self { head, news, deliveries }
    }

    fn shown(self, redactor: &Redactor) -> Rows {
        let Self { head, news: News { exchanges, actions, .. }, deliveries } = self;
        Rows {
            rows: exchanges.iter().map(|entry| exchange(entry, redactor)).collect(),
            deliveries: deliveries.iter().map(|shown| delivery(shown, redactor)).collect(),
            actions: actions.iter().map(|done| action(done, redactor)).collect(),
            ..head
        }
    }
}

/// A mark as a text, which is good for one epoch of one world of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) run: u64,
    pub(super) mark: Mark,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Mark { epoch, exchanges, deliveries, actions, revision } = self.mark;
        write!(formatter, "{:x}-{epoch:x}.{exchanges}-{deliveries}-{actions}-{revision}", self.run)
    }
}

impl Cursor {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (epoch, sequence) = text.split_once('.')?;
        let (run, epoch) = epoch.split_once('-')?;
        let hex = |text: &str| u64::from_str_radix(text, 16).ok();
        let numbers: Vec<u64> = sequence.split('-').map(|text| text.parse().ok()).collect::<Option<_>>()?;
        let [exchanges, deliveries, actions, revision] = numbers[..] else { return None };
        let mark = Mark { epoch: hex(epoch)?, exchanges, deliveries, actions, revision };
        Some(Self { run: hex(run)?, mark })
    }

    /// The mark, if it is one of this world of the server `run`.
    pub(super) fn mark_in(self, world: &World, run: u64) -> Option<Mark> {
        (self.run == run && world.knows(self.mark)).then_some(self.mark)
    }
}

/// A row for an exchange. Secrets are hidden.
pub(super) fn exchange(entry: &Entry, redactor: &Redactor) -> ExchangeRow {
    let Entry { number, at, request, reply, note, took } = entry;
    // An answer without remarks says nothing that the client wrote, so only the target needs a look.
    let hidden = if note.remarks.is_empty() {
        let bare = Request::new(&request.method, request.target(), Headers::default(), Bytes::new().into());
        redactor.request(&bare)
    } else {
        redactor.exchange(request, reply)
    };
    let service = note.service.and_then(by_name);
    // A proxy that does not keep what was sent has the path of the operation, which names nothing.
    let is_bare = note.differences.is_some() && request.headers.block().is_empty();
    let calls = service.filter(|_| !is_bare).map_or_else(Vec::new, |service| service.calls(request));
    let mut things: Vec<String> = Vec::new();
    let parameters = |call: &RequestedCall| call.operation.map_or(&[][..], |operation| operation.parameters);
    let named =
        |call| parameters(call).iter().filter_map(|parameter| Some((parameter.names?.kind, parameter.name)));
    // A reader looks for the chat.
    for of_chats in [true, false] {
        for call in &calls {
            for (_, name) in named(call).filter(|(kind, _)| (*kind == "chat") == of_chats) {
                call.facts.each(name, &mut |value| {
                    let value = short(&hidden.text(value));
                    if things.len() < MOST_NAMED && !value.is_empty() && !things.contains(&value) {
                        things.push(value);
                    }
                });
            }
        }
    }
    let fired = note.faults.iter().filter(|decision| decision.fired);
    let commands = || calls.iter().skip(1).take(MOST_NAMED);
    let is_batch = calls.len() > 1;
    let errors =
        service.filter(|_| is_batch).map(|service| service.command_errors(&reply.body)).unwrap_or_default();
    let error = |call: &RequestedCall| call.command.as_ref().and_then(|name| errors.get(name));
    let names = || commands().map(|call| call.operation.map(|operation| operation.name));
    ExchangeRow {
        number: *number,
        at: journal::microseconds(*at),
        service: note.service,
        operation: note.service.zip(note.operation).map(|(service, name)| format!("{service}.{name}")),
        method: request.method.to_string(),
        target: short(&hidden.target),
        status: reply.status,
        error: note.error,
        stage: note.stage,
        ended_at: explain::ended_at(note).map(Stage::name),
        asked: note.faults.len(),
        fired: fired.map(|decision| decision.fault.spec.name.to_string()).collect(),
        wire: wire(note).map(|wire| wire.to_string()),
        reason: short(&hidden.text(&explain::reason(note))),
        differences: note.differences.as_ref().map(Vec::len),
        things,
        duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        bytes: reply.body.len(),
        commands: is_batch.then(|| names().collect()),
        command_errors: is_batch
            .then(|| commands().map(|call| error(call).map(|code| short(code))).collect()),
        commands_count: is_batch.then(|| calls.len() - 1),
        commands_failed: is_batch.then_some(errors.len()),
    }
}

/// A row for a delivery. Secrets are hidden.
pub(super) fn delivery(shown: &Shown, redactor: &Redactor) -> Sent {
    shown.as_row(redactor).raised_at(journal::microseconds(shown.entry.clock))
}

/// A row for an action. Secrets are hidden.
pub(super) fn action(done: &ActionDone, redactor: &Redactor) -> ActionRow {
    let ActionDone { number, at, name, with, changed, deliveries, by } = done;
    let hide = |value: &Value| hide_in(value, redactor);
    ActionRow {
        id: format!("a{number}"),
        at: journal::microseconds(*at),
        r#do: name.clone(),
        with: hide(with),
        changed: hide(changed),
        events: deliveries.iter().map(|number| format!("e{number}")).collect(),
        by: match by {
            By::Scenario => "scenario",
            By::Request => "request",
        },
    }
}

/// The same value with secrets hidden in its texts, which are cut.
fn hide_in(value: &Value, redactor: &Redactor) -> Value {
    match value {
        Value::String(text) => short(&redactor.text(text)).into(),
        Value::Array(items) => items.iter().map(|item| hide_in(item, redactor)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), hide_in(member, redactor))).collect()
        }
        other => other.clone(),
    }
}

/// A text in one line, cut to the length of a row.
fn short(text: &str) -> String {
    let line = in_a_line(text);
    match line.char_indices().nth(MOST_OF_TEXT) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}
