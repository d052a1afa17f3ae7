//! `POST /__standin/verify[?wait_for=10s]`: says whether the expectations are met.

use std::time::Duration;

use serde_json::json;

use super::{Asked, Redactor, mistake, refused};
use crate::engine::World;
use crate::http::{Reply, Request};
use crate::judge::ExpectationOutcome;
use crate::scalar::Length;
use crate::scenario;

/// The path of the route.
pub(super) const PATH: &str = "/__standin/verify";

/// The status of an answer that says that the client has not met an expectation, or has broken a rule.
pub(super) const UNMET: u16 = 417;

/// Whether waiting cannot change this answer: everything is met, the request is wrong, or an expectation is lost.
pub fn is_final(reply: &Reply) -> bool {
    let is_lost = || {
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        body[LOST] == true
    };
    reply.status != UNMET || is_lost()
}

/// The member of the answer that is true when an expectation is unmet and no later call can meet it.
const LOST: &str = "lost";

/// How long the caller is willing to wait until the expectations are met. `None` when the request is for another
/// route, or names no time or a wrong one.
pub fn patience(request: &Request) -> Option<Duration> {
    let is_verify = request.path().starts_with("/__standin/") && request.path().ends_with("/verify");
    if !is_verify {
        return None;
    }
    let mut query = form_urlencoded::parse(request.query().as_bytes());
    let (_, length) = query.find(|(name, _)| name == "wait_for")?;
    Length::parse(&length).ok().map(|length| length.0)
}

pub(super) fn answer(world: &mut World, asked: &Asked<'_>) -> Reply {
    for (name, value) in form_urlencoded::parse(asked.request.query().as_bytes()) {
        if name != "wait_for" {
            let help = "the only parameter is `wait_for`: `?wait_for=10s` waits up to 10s until the expectations are met";
            return mistake(400, format!("`verify` has no parameter `{name}`"), help);
        }
        if let Err(error) = Length::parse(&value) {
            let (message, help) = error.split_once(": ").unwrap_or((&error, ""));
            return mistake(400, message.to_owned(), help);
        }
    }
    let Ok(text) = std::str::from_utf8(asked.request.body()) else {
        return mistake(400, "the body is not UTF-8 text".to_owned(), "send expectations as YAML or JSON");
    };
    let outcomes = match text.trim() {
        "" if world.scenario().expect.is_empty() => {
            let help = "send a list of expectations, or add `expect:` to the scenario";
            return mistake(400, "there are no expectations".to_owned(), help);
        }
        "" => world.outcomes(asked.now),
        _ => match scenario::parse_expectations(text, world.scenario()) {
            Ok(expect) => world.outcomes_of(&expect, asked.now),
            Err(report) => return refused(&report, "the expectations have mistakes"),
        },
    };
    let hide = Redactor::new(world.scenario()).for_secrets();
    let met = outcomes.iter().all(|outcome| outcome.met);
    let all: Vec<_> = outcomes.iter().map(ExpectationOutcome::json).collect();
    let report: String =
        outcomes.iter().filter(|outcome| !outcome.met).map(ExpectationOutcome::text).collect();
    let lost = outcomes.iter().any(|outcome| outcome.is_lost);
    let mut body = json!({"met": met, LOST: lost, "expectations": all, "report": hide.text(&report)});
    if !text.trim().is_empty() && world.journal().evicted() > 0 {
        body["evicted"] = json!(world.journal().evicted());
    }
    Reply::json(if met { 200 } else { UNMET }, &body)
}
