//! `GET /__standin/journal/{number}/explain[?format=json]`: says why each fault fired on an exchange, or did not.

use std::fmt::Write;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Asked, Place, journal, mistake};
use crate::basics::Stage;
use crate::emulator::{Drift, some_of};
use crate::engine::{Entry, Hidden, Note, Redactor, Verdict, World, explain, wire};
use crate::fault::{Condition, Decision, Forecast};
use crate::http::Reply;
use crate::scalar::in_a_line;
use crate::services::by_name;

/// How many faults that were not asked get a line each. The others are only counted.
const MOST_UNASKED: usize = 20;

pub(super) fn answer(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let wants_json = wants_json(asked);
    let look = |world: &mut World| {
        let entry = journal::found(world, asked)?;
        let verdicts = explain(world, &entry, asked.now);
        let told = match wants_json {
            true => Told::Json(as_json(world, &entry, &verdicts)),
            false => Told::Text(as_text(world, &entry, &verdicts)),
        };
        let namespace = world.namespace().map(str::to_owned);
        Ok(Explained { namespace, entry, told, redactor: Redactor::new(world) })
    };
    // Without a name and a number, the newest exchange of all worlds is meant.
    let is_any = place.name.is_none() && asked.segment == "last";
    let newest = if is_any { place.namespaces.newest_of_all() } else { None };
    let newest = newest.as_ref().and_then(|namespace| namespace.world());
    let explained = match newest {
        Some(mut world) => look(&mut world),
        None => place.with(|_, world| look(world)).and_then(|explained| explained),
    };
    let explained = explained.map_err(|reply| match place.name {
        None => elsewhere(place, asked).unwrap_or(reply),
        Some(name) => others(place, name).unwrap_or(reply),
    });
    // To hide secrets takes long. Meanwhile the world answers others.
    explained.map_or_else(|reply| reply, Explained::reply)
}

/// The answer when there is no namespace of this name, but others are; `None` when there is one, or there are no others.
fn others(place: &Place<'_>, name: &str) -> Option<Reply> {
    let namespaces = place.namespaces.all();
    if namespaces.is_empty() || namespaces.iter().any(|namespace| namespace.name() == name) {
        return None;
    }
    let names = some_of(namespaces.iter().map(|namespace| namespace.name()));
    Some(mistake(404, format!("there is no namespace `{name}`"), &format!("there are {names}")))
}

/// Whether a request asks for an explanation as JSON.
pub(super) fn wants_json(asked: &Asked<'_>) -> bool {
    let mut query = form_urlencoded::parse(asked.request.query().as_bytes());
    let accepts = asked.request.headers.text("accept").unwrap_or_default();
    query.any(|(name, value)| name == "format" && value == "json") || accepts.starts_with("application/json")
}

/// The answer when the main journal lacks an exchange that a namespace may have; `None` without namespaces.
fn elsewhere(place: &Place<'_>, asked: &Asked<'_>) -> Option<Reply> {
    let namespaces = place.namespaces.all();
    if namespaces.is_empty() {
        return None;
    }
    let names = some_of(namespaces.iter().map(|namespace| namespace.name()));
    let message = format!("the journal of the main scenario has no exchange `{}`", asked.segment);
    let help = format!("name the namespace with `--namespace`, or in the path: {names}");
    Some(mistake(404, message, &help))
}

/// Why an exchange got its answer.
#[derive(Serialize, JsonSchema)]
pub(super) struct Explanation {
    /// The namespace; null for the main scenario.
    namespace: Option<String>,
    number: u64,
    status: u16,
    /// The code of the service's error.
    error: Option<&'static str>,
    /// What a fault did to the connection.
    wire: Option<String>,
    /// The stages that the request passed.
    stages: Vec<&'static str>,
    /// The stage at which it ended; null when it passed all of them, and for an exchange of a proxy.
    ended_at: Option<&'static str>,
    /// What the service says of its answer.
    remarks: Vec<String>,
    /// Every fault.
    faults: Vec<FaultExplained>,
    seed: u64,
    /// The command that starts a server with the same draws.
    replay: String,
    /// What `replay` leaves open.
    replay_lacks: Vec<&'static str>,
}

/// Why a fault fired, or did not.
#[derive(Serialize, JsonSchema)]
struct FaultExplained {
    /// Its name.
    fault: String,
    /// What it does.
    effect: String,
    /// What became of the change.
    change: Option<String>,
    /// Each time that it was asked: for the request itself, and for each command of a batch.
    asked: Vec<FaultAsked>,
    /// The same in words.
    why: Vec<String>,
    /// The number of the call on which it is expected to fire next.
    next_call: Option<u64>,
    /// The instant before which that call does not count.
    next_call_not_before: Option<String>,
}

/// A decision of a fault.
#[derive(Serialize, JsonSchema)]
struct FaultAsked {
    /// The number of the call.
    call: u64,
    /// The draw, from 0 to 1.
    draw: Option<f64>,
    /// It fires on draws below this.
    threshold: Option<f64>,
    fired: bool,
    /// Whether it decided the answer.
    answered: bool,
    /// The condition that did not hold.
    unmet: Option<Condition>,
    delay_us: u64,
}

/// An exchange with its explanation, in which secrets are not hidden yet.
struct Explained {
    namespace: Option<String>,
    entry: Entry,
    told: Told,
    redactor: Redactor,
}

/// An explanation.
enum Told {
    /// As text, without its first line.
    Text(String),
    Json(Explanation),
}

impl Explained {
    fn reply(self) -> Reply {
        let Self { namespace, entry, told, redactor } = self;
        let hidden = redactor.exchange(&entry.request, &entry.reply);
        match told {
            Told::Text(text) => {
                let headers = vec![("content-type".into(), "text/plain; charset=utf-8".into())].into();
                let body = headline(namespace.as_deref(), &entry, &hidden) + &hidden.text(&text);
                Reply { status: 200, headers, body: body.into() }
            }
            Told::Json(mut explained) => {
                hide(&mut explained, &entry, &hidden);
                Reply::json(200, &explained)
            }
        }
    }
}

/// Why the service gave its answer, in one line; empty when it says nothing.
pub(super) fn reason(note: &Note) -> String {
    in_a_line(&note.remarks.join("; "))
}

/// The first line of an explanation.
fn headline(namespace: Option<&str>, entry: &Entry, hidden: &Hidden) -> String {
    let Entry { number, at, request, .. } = entry;
    let whose = namespace.map_or(String::new(), |name| format!(" of namespace {name}"));
    format!("exchange {number}{whose} at {at}: {} {}\n", request.method, hidden.target)
}

/// The explanation of an exchange as text, with secrets hidden.
pub(super) fn text(world: &World, entry: &Entry, now: Timestamp) -> String {
    let hidden = Redactor::new(world).exchange(&entry.request, &entry.reply);
    let text = as_text(world, entry, &explain(world, entry, now));
    headline(world.namespace(), entry, &hidden) + &hidden.text(&text)
}

/// The explanation of an exchange as JSON, with secrets hidden.
pub(super) fn json(world: &World, entry: &Entry, now: Timestamp, redactor: &Redactor) -> Explanation {
    let mut explained = as_json(world, entry, &explain(world, entry, now));
    hide(&mut explained, entry, &redactor.exchange(&entry.request, &entry.reply));
    explained
}

/// Hides the secrets in an explanation, and adds the remarks.
fn hide(explained: &mut Explanation, entry: &Entry, hidden: &Hidden) {
    for why in explained.faults.iter_mut().flat_map(|fault| &mut fault.why) {
        *why = hidden.text(why);
    }
    explained.remarks = entry.note.remarks.iter().map(|remark| hidden.text(remark)).collect();
}

fn stages(entry: &Entry) -> Vec<&'static str> {
    let last = entry.note.stage;
    Stage::ALL.into_iter().filter(|stage| Some(*stage) <= last).map(Stage::name).collect()
}

/// The stage that the service's error belongs to. `None` when the service gave no error.
fn own_stage(note: &Note) -> Option<Stage> {
    let (service, error) = (by_name(note.service?)?, note.error?);
    service.errors().iter().find(|known| known.code == error).map(|known| known.stage)
}

/// The stage at which an exchange ended; `None` when it passed all of them, or when nobody knows, as of the real service.
pub(super) fn ended_at(note: &Note) -> Option<Stage> {
    if note.differences.is_some() {
        return None;
    }
    let passed = Stage::ALL.into_iter().filter(|stage| Some(*stage) <= note.stage).count();
    let next = *Stage::ALL.get(passed)?;
    Some(own_stage(note).unwrap_or(next).max(next))
}

/// The explanation as text without its first line.
fn as_text(world: &World, entry: &Entry, verdicts: &[Verdict]) -> String {
    let note = &entry.note;
    let mut text = format!("answered with status {}", entry.reply.status);
    if let Some(error) = note.error {
        let _ = write!(text, ", the service's error is {error}");
    }
    if let Some(wire) = wire(&entry.note) {
        let how = if wire.is_harmless() { "slowed" } else { "spoilt" };
        let _ = write!(text, "; `wire: {wire}` {how} the answer");
    }
    let passed = stages(entry);
    // What a proxy has passed has no stages, no faults and no draws.
    let is_emulated = note.differences.is_none();
    let _ = match passed.len() {
        0 if !is_emulated => writeln!(text),
        0 => writeln!(text, "\nthe request passed no stage"),
        5 => writeln!(text, "\nthe request passed every stage: {}", passed.join(", ")),
        _ => writeln!(
            text,
            "\nthe request passed {}, and {} at {}",
            passed.join(", "),
            if entry.reply.status < 400 { "ended" } else { "was refused" },
            ended_at(note).map_or("", Stage::name)
        ),
    };
    for remark in &note.remarks {
        let _ = writeln!(text, "{remark}");
    }
    for Drift { at, expected, actual, source } in note.differences.iter().flatten() {
        let _ = writeln!(
            text,
            "differs from the contract: {at} is expected to be {expected}, and is {actual} ({source})"
        );
    }
    if !is_emulated {
        return text;
    }
    text.push('\n');
    let (asked, unasked): (Vec<_>, Vec<_>) = verdicts.iter().partition(|verdict| !verdict.asked.is_empty());
    if verdicts.is_empty() {
        text.push_str("there are no faults\n");
    }
    for verdict in asked {
        for why in &verdict.why {
            let _ = writeln!(text, "`{}` {why}", verdict.fault.spec.name);
        }
        let kind = verdict.counted_kind.as_ref();
        let whose = kind.map_or(String::new(), |kind| format!(" for this {kind}"));
        let _ = match verdict.next {
            Some(Forecast { call, not_before: None }) => {
                writeln!(text, "    it fires next on its call {call}{whose}")
            }
            Some(Forecast { call, not_before: Some(instant) }) => {
                writeln!(
                    text,
                    "    it fires next on its call {call}{whose}, if that call comes at {instant} or later"
                )
            }
            None => writeln!(text, "    it is not expected to fire again{whose}"),
        };
    }
    for verdict in unasked.iter().take(MOST_UNASKED) {
        let _ = writeln!(text, "`{}` {}", verdict.fault.spec.name, verdict.why.concat());
    }
    if unasked.len() > MOST_UNASKED {
        let _ = writeln!(text, "and {} more were not asked", unasked.len() - MOST_UNASKED);
    }
    let _ = writeln!(text, "\nseed {}; start a server with the same draws: {}", world.seed(), world.replay());
    for lack in world.replay_lacks() {
        let _ = writeln!(text, "    {lack}");
    }
    text
}

/// The explanation as JSON, in which secrets are not hidden yet; without the remarks.
fn as_json(world: &World, entry: &Entry, verdicts: &[Verdict]) -> Explanation {
    let faults = verdicts.iter().map(|verdict| {
        let spec = &verdict.fault.spec;
        let one = |decision: &Decision| FaultAsked {
            call: decision.call,
            draw: decision.draw,
            threshold: spec.when.probability,
            fired: decision.fired,
            answered: decision.answered,
            unmet: decision.unmet,
            delay_us: decision.delay.as_micros() as u64,
        };
        FaultExplained {
            fault: spec.name.to_string(),
            effect: spec.effect(),
            change: spec.change(),
            asked: verdict.asked.iter().map(one).collect(),
            why: verdict.why.clone(),
            next_call: verdict.next.map(|next| next.call),
            next_call_not_before: verdict.next.and_then(|next| next.not_before).map(|at| at.to_string()),
        }
    });
    Explanation {
        namespace: world.namespace().map(str::to_owned),
        number: entry.number,
        status: entry.reply.status,
        error: entry.note.error,
        wire: wire(&entry.note).map(|wire| wire.to_string()),
        stages: stages(entry),
        ended_at: ended_at(&entry.note).map(Stage::name),
        remarks: Vec::new(),
        faults: faults.collect(),
        seed: world.seed(),
        replay: world.replay(),
        replay_lacks: world.replay_lacks(),
    }
}
