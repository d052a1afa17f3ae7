//! `GET /__standin/journal[?last=N&after=N&service=&operation=&direction=]`: lists requests with their answers;
//! `GET /__standin/journal/{number}`: shows one.

use schemars::JsonSchema;
use serde::Serialize;

use super::delivery::{SentOnce, Shown};
use super::{Asked, Place, mistake};
use crate::basics::Stage;
use crate::emulator::Drift;
use crate::engine::{Entry, Hidden, Redactor, World, wire};
use crate::http::{Body, Reply};
use crate::scalar::nearest;
use crate::services::SERVICES;

/// Exchanges, and if wanted attempts to send events.
#[derive(Serialize, JsonSchema)]
pub(super) struct Journal {
    /// The seed of all random draws.
    seed: u64,
    /// The command that starts a server with the same draws.
    replay: String,
    /// What `replay` leaves open.
    replay_lacks: Vec<&'static str>,
    /// How many exchanges the journal has lost.
    evicted: u64,
    /// The oldest first.
    entries: Vec<JournalEntry>,
}

/// An exchange, or an attempt to send an event.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum JournalEntry {
    /// An exchange.
    In(Box<Exchange>),
    /// An attempt to send an event.
    Out(Box<SentOnce>),
}

/// A request to a service, with its answer.
#[derive(Serialize, JsonSchema)]
pub(super) struct Exchange {
    number: u64,
    at: String,
    /// The older name of `service`.
    vendor: Option<&'static str>,
    /// The service; null when none has the path.
    service: Option<&'static str>,
    /// The operation with the name of its service.
    operation: Option<String>,
    /// The last stage that it passed.
    stage: Option<Stage>,
    /// The code of the service's error.
    error: Option<&'static str>,
    /// The faults that were asked.
    faults: Vec<FaultOfExchange>,
    /// What a fault did to the connection.
    wire: Option<String>,
    /// What the service says of its answer.
    remarks: Vec<String>,
    /// Of a proxy: where the answer differs from the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Vec<Drift>>,
    request: ExchangeRequest,
    response: ExchangeResponse,
    /// With `direction`: always `in`.
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
}

/// A fault that was asked about an exchange.
#[derive(Serialize, JsonSchema)]
struct FaultOfExchange {
    /// Its name.
    fault: String,
    /// The number of the call, counted from 1 for this fault.
    call: u64,
    /// The draw, from 0 to 1; null when the fault has no probability.
    draw: Option<f64>,
    fired: bool,
    /// Whether it decided the answer.
    answered: bool,
}

/// The request, with secrets hidden.
#[derive(Serialize, JsonSchema)]
struct ExchangeRequest {
    method: String,
    /// Path and query.
    target: String,
    headers: Vec<(String, String)>,
    /// Null when it was too large to be kept.
    body: Option<String>,
}

/// The answer, with secrets hidden.
#[derive(Serialize, JsonSchema)]
struct ExchangeResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// The query of a request for the journal: which exchanges to show. `None` shows all.
#[derive(Default)]
struct Filter {
    last: Option<usize>,
    /// The number of the exchange behind which they begin.
    after: Option<u64>,
    service: Option<String>,
    operation: Option<String>,
    direction: Direction,
}

/// Whose requests to show.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Direction {
    /// Those of clients.
    #[default]
    In,
    /// Those that carry events to handlers.
    Out,
    All,
}

pub(super) fn answer(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let filter = match Filter::read(asked.request.query()) {
        Ok(filter) => filter,
        Err((message, help)) => return mistake(400, message, &help),
    };
    // To hide secrets takes long. Meanwhile the world answers others.
    let found = place.with(|_, world| {
        let head = Journal {
            seed: world.seed(),
            replay: world.replay(),
            replay_lacks: world.replay_lacks(),
            evicted: world.journal().evicted(),
            entries: Vec::new(),
        };
        (head, filter.select(world), filter.deliveries(world), Redactor::new(world))
    });
    let (mut body, newest, deliveries, redactor) = match found {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let incoming = newest.iter().rev().map(|entry| (entry.at, exchange(entry, &redactor)));
    if filter.direction == Direction::In {
        body.entries = incoming.map(|(_, entry)| JournalEntry::In(Box::new(entry))).collect();
        return Reply::json(200, &body);
    }
    let incoming = incoming
        .map(|(at, entry)| (at, JournalEntry::In(Box::new(Exchange { direction: Some("in"), ..entry }))));
    let outgoing = deliveries.iter().flat_map(|shown| shown.exchanges(&redactor));
    let outgoing = outgoing.map(|(at, attempt)| (at, JournalEntry::Out(Box::new(attempt))));
    let mut all: Vec<_> = incoming.chain(outgoing).collect();
    // An event comes after the exchange of the same instant that raised it.
    all.sort_by_key(|(at, _)| *at);
    let first = all.len().saturating_sub(filter.last.unwrap_or(usize::MAX));
    body.entries = all.drain(first..).map(|(_, entry)| entry).collect();
    Reply::json(200, &body)
}

pub(super) fn one(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let found = place.with(|_, world| found(world, asked).map(|entry| (entry, Redactor::new(world))));
    match found.and_then(|found| found) {
        Ok((entry, redactor)) => Reply::json(200, &exchange(&entry, &redactor)),
        Err(reply) => reply,
    }
}

/// The exchange that the path names by its number or as `last`, or the answer that there is none.
pub(super) fn found(world: &World, asked: &Asked<'_>) -> Result<Entry, Reply> {
    let found = match asked.segment.as_str() {
        "last" => world.journal().entries().next_back(),
        number => number.parse().ok().and_then(|number| world.exchange(number)),
    };
    found.ok_or_else(|| {
        let numbers: Vec<_> = world.journal().entries().map(|entry| entry.number).collect();
        let help = match (numbers.first(), numbers.last()) {
            (Some(first), Some(last)) => format!("it has {first} to {last}"),
            _ => "it is empty: make a call first".to_owned(),
        };
        let whose = world.namespace().map_or(String::new(), |name| format!(" of namespace `{name}`"));
        mistake(404, format!("the journal{whose} has no exchange `{}`", asked.segment), &help)
    })
}

impl Filter {
    fn read(query: &str) -> Result<Self, (String, String)> {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match &*name {
                "last" => {
                    let number = value
                        .parse()
                        .map_err(|_| (format!("`last={value}` is not a number"), "type `last=10`".into()));
                    filter.last = Some(number?);
                }
                "after" => {
                    let number = value
                        .parse()
                        .map_err(|_| (format!("`after={value}` is not a number"), "type `after=10`".into()));
                    filter.after = Some(number?);
                }
                // `vendor` is the older name of `service`.
                "service" | "vendor" => {
                    filter.service = Some(known(value, SERVICES.iter().map(|service| service.name()))?)
                }
                "operation" => {
                    let operations = SERVICES.iter().flat_map(|service| service.operations()).map(|o| o.name);
                    let events = SERVICES.iter().flat_map(|service| service.events()).map(|event| event.name);
                    // The operation may begin with the name of the service, as in a fault's `on`.
                    let bare = SERVICES.iter().find_map(|v| value.strip_prefix(v.name())?.strip_prefix('.'));
                    let bare = bare.unwrap_or(&value);
                    if events.clone().any(|event| event == bare) {
                        let help = "`direction=out` shows events, and `operation` chooses among calls";
                        return Err((format!("`{bare}` is an event and no operation"), help.into()));
                    }
                    filter.operation = Some(known(bare.to_owned(), operations)?);
                }
                "direction" => {
                    filter.direction = match &*value {
                        "in" => Direction::In,
                        "out" => Direction::Out,
                        "all" => Direction::All,
                        other => {
                            let message = format!("there is no direction `{other}`");
                            return Err((message, "type `in`, `out` or `all`".into()));
                        }
                    }
                }
                "rows" => {
                    let help = "type `rows=true`, which has `last`, `after` and `before`, or leave it out";
                    return Err((format!("`rows={value}` cannot be read"), help.into()));
                }
                other => {
                    let near = nearest(
                        other,
                        ["last", "after", "service", "vendor", "operation", "direction", "rows"],
                    );
                    let all = "the filters are `last`, `after`, `service`, `operation` and `direction`; with `rows=true` there are `last`, `after` and `before`";
                    let help = near.map_or(all.to_owned(), meant);
                    return Err((format!("the journal has no filter `{other}`"), help));
                }
            }
        }
        Ok(filter)
    }

    /// The exchanges that it shows, the newest first.
    fn select(&self, world: &World) -> Vec<Entry> {
        if self.direction == Direction::Out {
            return Vec::new();
        }
        let is_of =
            |name: Option<&str>, wanted: &Option<String>| wanted.is_none() || name == wanted.as_deref();
        let fits = |entry: &Entry| {
            self.after.is_none_or(|after| entry.number > after)
                && is_of(entry.note.service, &self.service)
                && is_of(entry.note.operation, &self.operation)
        };
        world.journal().entries().rev().filter(fits).take(self.last.unwrap_or(usize::MAX)).collect()
    }

    /// The deliveries whose attempts it shows, the oldest first. None belongs to an operation.
    fn deliveries(&self, world: &World) -> Vec<Shown> {
        if self.direction == Direction::In || self.operation.is_some() {
            return Vec::new();
        }
        let is_wanted =
            |shown: &Shown| self.service.as_deref().is_none_or(|service| service == shown.service);
        Shown::all(world).into_iter().filter(is_wanted).collect()
    }
}

fn known(
    value: String,
    names: impl Iterator<Item = &'static str> + Clone,
) -> Result<String, (String, String)> {
    if names.clone().any(|name| name == value) {
        return Ok(value);
    }
    let all = || {
        format!("there are {}", names.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
    };
    let help = nearest(&value, names.clone()).map_or_else(all, meant);
    Err((format!("there is no `{value}`"), help))
}

fn meant(near: &str) -> String {
    format!("did you mean `{near}`?")
}

/// An instant in microseconds, the precision of the services' own times.
pub(super) fn microseconds(instant: jiff::Timestamp) -> String {
    instant.round(jiff::Unit::Microsecond).unwrap_or(instant).to_string()
}

/// One exchange for JSON, with its secrets hidden.
pub(super) fn exchange(entry: &Entry, redactor: &Redactor) -> Exchange {
    let note = &entry.note;
    let hidden = redactor.exchange(&entry.request, &entry.reply);
    let faults = note.faults.iter().map(|decision| FaultOfExchange {
        fault: decision.fault.spec.name.to_string(),
        call: decision.call,
        draw: decision.draw,
        fired: decision.fired,
        answered: decision.answered,
    });
    Exchange {
        number: entry.number,
        at: microseconds(entry.at),
        vendor: note.service,
        service: note.service,
        operation: note.service.zip(note.operation).map(|(service, name)| format!("{service}.{name}")),
        stage: note.stage,
        error: note.error,
        faults: faults.collect(),
        wire: wire(note).map(|wire| wire.to_string()),
        remarks: note.remarks.iter().map(|remark| hidden.text(remark)).collect(),
        differences: note
            .differences
            .as_ref()
            .map(|all| all.iter().map(|drift| shown(drift, &hidden)).collect()),
        request: ExchangeRequest {
            method: entry.request.method.to_string(),
            target: hidden.target,
            headers: hidden.request_headers,
            body: match &entry.request.body {
                Body::Whole(_) => Some(hidden.request_body),
                Body::TooLarge => None,
            },
        },
        response: ExchangeResponse {
            status: entry.reply.status,
            headers: hidden.reply_headers,
            body: hidden.reply_body,
        },
        direction: None,
    }
}

/// A difference with its secrets hidden.
fn shown(drift: &Drift, hidden: &Hidden) -> Drift {
    let Drift { at, expected, actual, source } = drift;
    Drift { at: hidden.text(at), expected: hidden.text(expected), actual: hidden.text(actual), source }
}
