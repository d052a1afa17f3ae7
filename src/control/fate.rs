//! A delivery → why it goes to its handler, and why it waits, was blocked or was not accepted.

use jiff::Timestamp;

use super::root_of;
use crate::basics::Clock;
use crate::emulator::{HandlerTarget, HandlerUrl, Nature, Outcome};
use crate::engine::{Attempt, Cause, DeliveryState, OutboxEntry, World, explain_delivery};
use crate::fault::Forecast;

/// The explanation in lines, in which secrets are not hidden yet. `now` is the time of the wall clock.
pub(super) fn explain(world: &World, entry: &OutboxEntry, now: Timestamp) -> Vec<String> {
    let id = format!("e{}", entry.number);
    let whose = world.namespace().map_or(String::new(), |name| format!(" of namespace {name}"));
    let event = format!("{}.{}", world.service_name(entry.service), entry.delivery.event.name);
    let mut lines = vec![
        format!("event {id}{whose}: {event}, because {}", entry.delivery.event.summary),
        format!("raised by {}{}", entry.cause, explained_by(world, entry.cause)),
    ];
    lines.push(match (entry.delivery.shown_handler(), &entry.delivery.target) {
        (Some(number), HandlerTarget::Url(url)) => {
            format!("it goes to handler {number} at {url}, which is bound to this event")
        }
        (Some(number), HandlerTarget::Name(name)) => {
            format!(
                "it goes to handler {number}, called `{name}`, which is bound to this event and has no URL"
            )
        }
        (None, HandlerTarget::Url(at) | HandlerTarget::Name(at)) => format!("it goes to the page at {at}"),
    });
    lines.extend(nature(entry));
    for (place, attempt) in entry.attempts.iter().enumerate().filter(|_| !entry.is_lost()) {
        let number = entry.attempted - entry.attempts.len() + place + 1;
        lines.push(format!("attempt {number} at {}: {}", attempt.at, outcome(entry, attempt)));
    }
    lines.push(String::new());
    lines.extend(state(world, entry, now));
    let verdicts = explain_delivery(world, entry, now);
    if !verdicts.is_empty() {
        lines.push(String::new());
    }
    for verdict in &verdicts {
        let name = &verdict.fault.spec.name;
        lines.extend(verdict.why.iter().map(|why| format!("`{name}` {why}")));
        let kind = verdict.counted_kind.as_ref();
        let whose = kind.map_or(String::new(), |kind| format!(" for this {kind}"));
        lines.extend((!verdict.asked.is_empty()).then(|| match verdict.next {
            Some(Forecast { call, not_before: None }) => {
                format!("    it fires next on its delivery {call}{whose}")
            }
            Some(Forecast { call, not_before: Some(at) }) => {
                format!("    it fires next on its delivery {call}{whose}, if that is due at {at} or later")
            }
            None => format!("    it is not expected to fire again{whose}"),
        }));
    }
    lines
}

/// What it is, unless it is the event itself.
fn nature(entry: &OutboxEntry) -> Option<String> {
    let beside = entry.struck.as_ref().and_then(|struck| struck.beside);
    let of = beside.map_or(String::new(), |number| format!("e{number}"));
    Some(match entry.delivery.nature {
        Nature::Genuine => return None,
        Nature::Repeat => format!("it is the event {of} once more"),
        Nature::Forged => format!(
            "it is forged: nothing like it has happened, and its token or signature is wrong; {of} is the genuine one"
        ),
        Nature::Tampered => format!("its body was changed after it was signed; {of} is the genuine one"),
        Nature::Stale => format!("its signature is right and too old; {of} is the genuine one"),
        Nature::ExpiredToken => "it is genuine, and its token has expired".to_owned(),
    })
}

fn explained_by(world: &World, cause: Cause) -> String {
    match cause {
        Cause::Exchange(number) => format!("; `standin explain {number}{}` explains it", flag(world)),
        Cause::Action(_) | Cause::Later => String::new(),
    }
}

/// What a command of `standin` needs to find this world.
fn flag(world: &World) -> String {
    world.namespace().map_or(String::new(), |name| format!(" --namespace {name}"))
}

fn outcome(entry: &OutboxEntry, attempt: &Attempt) -> String {
    let took = attempt.duration.as_secs_f64() * 1e3;
    match &attempt.outcome {
        None if entry.state == DeliveryState::Queued => "not sent yet".to_owned(),
        None => "no answer yet".to_owned(),
        Some(Outcome::Answered(status)) => {
            format!("the handler answered with status {status} after {took:.1} ms")
        }
        Some(Outcome::Failed(why)) => format!("{why} ({took:.1} ms)"),
        Some(Outcome::Blocked(why)) => format!("not sent: {why}"),
    }
}

/// How far it has come, and what to do.
fn state(world: &World, entry: &OutboxEntry, now: Timestamp) -> Vec<String> {
    let id = format!("e{}", entry.number);
    let root = root_of(world);
    let again = format!("`POST {root}/outbox/{id}/send` sends it again");
    let limit = world.time_limit(entry.service);
    match entry.state {
        DeliveryState::Waiting => waiting(world, entry, now),
        DeliveryState::Queued => vec![
            "it waits for its turn: its handler did not answer in time before, and only 8 such handlers are called at a time"
                .to_owned(),
        ],
        DeliveryState::Sending => match entry.taken_until() {
            None => vec![format!("it is under way: the handler has {limit:?} to answer")],
            Some(until) => vec![
                format!("it is under way: a test has taken it, and has until {until} to answer"),
                format!("`POST {root}/outbox/{id}/answer` takes the status of the handler's answer"),
            ],
        },
        DeliveryState::Delivered if entry.is_lost() => vec![
            "it was not sent: it is lost, and the service believes that the handler accepted it".into(),
            again,
        ],
        DeliveryState::Failed if !entry.delivery.nature.is_true() => {
            vec!["the handler did not accept it, which is right, and no more attempt comes".into()]
        }
        DeliveryState::Delivered if !entry.delivery.nature.is_true() => {
            vec!["the handler accepted it, and should not have acted on it".into()]
        }
        DeliveryState::Delivered => {
            vec!["it is delivered: the handler answered with a status from 200 to 299".into()]
        }
        DeliveryState::Failed => {
            let latest = entry.attempts.last().and_then(|attempt| attempt.outcome.as_ref());
            let what = match latest {
                Some(Outcome::Answered(300..=399)) => {
                    "redirects are not followed: bind the handler with the URL that it leads to"
                }
                Some(Outcome::Answered(_)) => {
                    "a handler accepts an event with a status from 200 to 299; the body does not matter"
                }
                _ if entry.taken_until().is_some() => {
                    "a test that takes an event reports the status of its handler with `/answer`, in time"
                }
                _ if entry.url().is_some_and(|url| HandlerUrl::parse(url).is_err()) => {
                    "bind the handler with a URL such as `http://127.0.0.1:3000/events`"
                }
                _ => "check that the handler listens at this URL and answers in time",
            };
            vec!["it has failed, and no more attempt comes".into(), what.into(), again]
        }
        DeliveryState::Blocked => {
            vec![
                "it was not sent, because its target is not allowed".into(),
                "bind the handler with another URL, unless the reason above says what allows it".into(),
                again,
            ]
        }
        DeliveryState::Dropped => {
            let why = entry.remark.unwrap_or_default();
            vec![why.to_owned(), "answer faster, or raise fewer events".into(), again]
        }
    }
}

fn waiting(world: &World, entry: &OutboxEntry, now: Timestamp) -> Vec<String> {
    let id = format!("e{}", entry.number);
    if let Some(first) = world.outbox().before(entry) {
        let (first, state) = (first.number, first.state.name());
        return vec![
            format!("it waits for e{first}, which goes to the same handler before it and is {state}"),
            format!("`standin explain e{first}{}` says why", flag(world)),
        ];
    }
    if let HandlerTarget::Name(name) = &entry.delivery.target {
        return vec![
            format!("it waits because the handler `{name}` has no URL"),
            format!(
                "give it one with `--handler {name}=URL`, or take the request with `POST {}/outbox/{id}/take`",
                root_of(world)
            ),
        ];
    }
    let here = world.clock().now(now);
    if entry.is_held() {
        let until = entry.next.map_or(String::new(), |next| format!(", until {next} at most"));
        return vec![format!("it waits for the next event to the same handler, which goes first{until}")];
    }
    match entry.next.filter(|next| *next > here) {
        Some(next) if world.clock() != Clock::Real => vec![
            format!("it waits for {next}, and the scenario's clock shows {here}"),
            format!(r#"`POST {}/clock` with `{{"advance": "next"}}` moves the clock there"#, root_of(world)),
        ],
        Some(next) => vec![format!("it waits for {next}")],
        None => vec!["it is due, and is about to be sent".to_owned()],
    }
}
