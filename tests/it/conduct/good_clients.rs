//! Many clients that do what the documentation asks, under every error and every kind of fault: no breach of severity
//! `error` is found.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use standin::http::Connection;
use standin::services::SERVICES;

use super::{CREW, RENAME, Run, SCENARIO};

/// How a client connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One request after the other over one connection.
    KeptAlive,
    /// One request after the other, each over a connection of its own.
    Fresh,
    /// Four threads that send the same request at once, each over its connection.
    Threads,
    /// The same, each request over a connection of its own.
    FreshThreads,
    /// Four streams of one HTTP/2 connection.
    Streams,
}

impl Kind {
    fn workers(self) -> u64 {
        if matches!(self, Self::KeptAlive | Self::Fresh) { 1 } else { 4 }
    }

    /// The connection of a worker's request; `number` counts all requests.
    fn connection(self, worker: u64, number: u64) -> Connection {
        match self {
            Self::KeptAlive | Self::Threads => Connection { number: worker, in_turn: true },
            Self::Fresh | Self::FreshThreads => Connection { number, in_turn: true },
            Self::Streams => Connection { number: 1, in_turn: false },
        }
    }
}

/// What a client does with an answer.
enum Next {
    /// The call worked, or will never work.
    Done,
    /// It sends the same request again after this pause.
    Again(SignedDuration),
}

/// The requests that a client sends, one after the other.
#[derive(Clone, Copy, Debug)]
enum Calls {
    /// Renames in Chert; the chat `direct` cannot be renamed.
    Chert,
    /// Renames in Bitrix24 by token; one lacks arguments.
    Bitrix24,
}

impl Calls {
    fn send(self, run: &mut Run, call: usize) -> standin::engine::Planned {
        let json = ("content-type", "application/json");
        match self {
            Self::Chert => {
                let headers = [("authorization", "Bearer signing-secret"), ("x-chert-tenant", "acme"), json];
                let chat = ["ch", "direct", "ch"][call];
                let body = CREW.replace("Crew", &format!("Crew {call}"));
                run.ask("PUT", &format!("/api/v1/chats/{chat}"), &headers, &body)
            }
            Self::Bitrix24 => {
                let headers = [("authorization", "Bearer access-token"), json];
                let newer = RENAME.replace("New", "Newer");
                let body = [RENAME, "{}", &newer][call];
                run.ask("POST", "/rest/imconnector.chat.name.set", &headers, body)
            }
        }
    }

    /// What the documentation asks for after `tries` tries. `answer` is `None` when the connection was broken.
    fn next(self, answer: Option<(u16, &Value, Option<&str>)>, tries: u32) -> Next {
        let backoff = SignedDuration::from_millis(200 << tries);
        let Some((status, body, retry_after)) = answer else { return Next::Again(backoff) };
        let seconds = retry_after.and_then(|seconds| seconds.parse().ok()).map(SignedDuration::from_secs);
        match self {
            _ if status < 400 => Next::Done,
            Self::Chert => {
                let error = &body["error"];
                let told = error["retry_after"].as_i64().map(SignedDuration::from_secs);
                match error["retryable"].as_bool() {
                    Some(false) => Next::Done,
                    _ => Next::Again(told.or(seconds).unwrap_or(backoff)),
                }
            }
            Self::Bitrix24 => match body["error"].as_str() {
                Some("QUERY_LIMIT_EXCEEDED") => {
                    // Half a second, a tenth more or less.
                    Next::Again(
                        seconds.unwrap_or(SignedDuration::from_millis(450 + 25 * i64::from(tries % 5))),
                    )
                }
                Some("OPERATION_TIME_LIMIT") => Next::Again(SignedDuration::from_secs(601)),
                Some("OVERLOAD_LIMIT" | "INTERNAL_SERVER_ERROR" | "CHAT_RENAMING_FAILED") | None => {
                    Next::Again(seconds.unwrap_or(backoff))
                }
                Some(_) => Next::Done,
            },
        }
    }
}

/// Plays a client to its end.
fn play(run: &mut Run, kind: Kind, calls: Calls) {
    const MOST_TRIES: u32 = 5;
    let mut number = 100;
    // When each worker sends which call, and for the how many-th time.
    let mut due: BinaryHeap<Reverse<(Timestamp, u64, usize, u32)>> = (0..kind.workers())
        .map(|worker| Reverse((run.now + SignedDuration::from_micros(worker as i64 * 300), worker, 0, 0)))
        .collect();
    while let Some(Reverse((now, worker, call, tries))) = due.pop() {
        number += 1;
        run.now = now;
        run.connection = kind.connection(worker, number);
        let planned = calls.send(run, call);
        let is_broken = planned.wire.is_some_and(|wire| !wire.is_harmless());
        let body = serde_json::from_slice(&planned.reply.body).unwrap_or_default();
        let answer = (planned.reply.status, &body, planned.reply.header("retry-after"));
        let answered = now + planned.took + SignedDuration::from_micros(100);
        match calls.next((!is_broken).then_some(answer), tries) {
            Next::Again(pause) if tries < MOST_TRIES => {
                due.push(Reverse((answered + pause, worker, call, tries + 1)));
            }
            _ if call < 2 => due.push(Reverse((answered, worker, call + 1, 0))),
            _ => {}
        }
    }
}

/// What faults do to calls of a service.
fn effects(service: &str) -> Vec<String> {
    let known = SERVICES.iter().find(|known| known.name() == service).unwrap();
    let mut effects: Vec<_> = known.errors().iter().map(|code| format!("error: {}", code.code)).collect();
    let others = [
        "delay: 2s",
        "reply: {status: 502, body: bad gateway}",
        "reply: {status: 429, headers: {retry-after: '7'}}",
        "wire: reset",
        "wire: truncate_json, applied: true",
        "wire: {slow_head: 2s}",
        "wire: {slow_close: 2s}",
    ];
    let own: &[_] = match service {
        "bitrix24" => &[
            "error: QUERY_LIMIT_EXCEEDED, retry_after: 8",
            "error: OVERLOAD_LIMIT, retry_after: 2, delay: 1s",
            "error: CHAT_RENAMING_FAILED, applied: true",
        ],
        _ => &["error: '1007', retry_after: 8", "error: '4001', applied: {later: 1s}"],
    };
    effects.extend(others.iter().chain(own).map(|effect| (*effect).to_owned()));
    effects
}

/// Plays clients of these kinds, each in a world of its own, under every effect.
fn none_is_accused(kinds: &[Kind]) {
    const VIRTUAL: &str = "{virtual: \"2024-11-20T13:55:08Z\"}";
    let (mut exchanges, mut errors) = (0, 0);
    for (calls, service, clock, section) in [
        (Calls::Chert, "chert", "real", "limits: {requests: {burst: 3, per_second: 1}}"),
        (Calls::Chert, "chert", VIRTUAL, "limits: {requests: {burst: 20, per_second: 1}}"),
        (Calls::Bitrix24, "bitrix24", "real", "edition: documented"),
        (
            Calls::Bitrix24,
            "bitrix24",
            "real",
            "edition: live\n  limits: {requests: {custom: {burst: 2, per_second: 2}}, operating: 1s}",
        ),
        (
            Calls::Bitrix24,
            "bitrix24",
            VIRTUAL,
            "edition: live\n  timing: {duration: 400ms, processing: 20ms}\n  limits: {operating: 1s}",
        ),
    ] {
        let head = format!("\n{service}:\n");
        let scenario = SCENARIO.replacen(&head, &format!("\nclock: {clock}{head}  {section}\n"), 1);
        for effect in effects(service) {
            let scenario =
                format!("{scenario}faults: [{{name: f, on: {service}, when: {{first: 3}}, {effect}}}]\n");
            for kind in kinds {
                let mut run = Run::of(&scenario);
                play(&mut run, *kind, calls);
                assert_eq!(run.errors(), [], "{kind:?} {section} {clock} {effect}\n{}", run.words());
                exchanges += run.world.totals().exchanges;
                errors += run.world.totals().errors;
            }
        }
    }
    assert!(exchanges > 1_000 && errors > 500, "{exchanges} exchanges, {errors} errors");
}

#[test]
fn no_client_of_one_thread_that_does_what_it_is_asked_to_is_accused() {
    none_is_accused(&[Kind::KeptAlive, Kind::Fresh]);
}

#[test]
fn no_threads_that_do_what_they_are_asked_to_are_accused() {
    none_is_accused(&[Kind::Threads, Kind::FreshThreads]);
}

#[test]
fn no_streams_that_do_what_they_are_asked_to_are_accused() {
    none_is_accused(&[Kind::Streams]);
}
