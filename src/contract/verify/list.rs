//! The list of checks in Markdown.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::json;

use super::call::{Content, Proof};
use super::check::{Check, Touch};
use super::plan;
use crate::emulator::Service;

/// All checks of a service, with what each sends, and the errors that none raises.
pub fn list(service: &dyn Service) -> String {
    let mut text = format!("### {}\n\n| check | sends | changes |\n| --- | --- | --- |\n", service.title());
    let checks = plan::checks(service);
    let mut told = BTreeSet::new();
    for check in &checks {
        let what = kind(check);
        let is_alike = |other: &&Check| {
            let is_read = other.touch == Touch::Nothing && check.touch == Touch::Nothing;
            is_read && is_general(other) && kind(other) == what && is_like(&other.call.body, &check.call.body)
        };
        let alike = checks.iter().filter(is_alike).count();
        if alike < MANY {
            let sent = format!("{}{}", code(&check.call.words()), proof(check));
            let _ = writeln!(text, "| {} | {sent} | {} |", check.name, cell(&changes(check)));
        } else if told.insert((what.clone(), check.call.proof)) {
            let body = match check.call.body {
                Content::Json(ref value) if *value != json!({}) => format!("{value}"),
                _ => "{}".to_owned(),
            };
            let own = if service.name() == "chert" { " or no body" } else { "" };
            let _ = writeln!(
                text,
                "| OPERATION: {what} | each of {alike} operations, on things that do not exist, with {}{own}{} | |",
                code(&body),
                proof(check)
            );
        }
    }
    text.push_str("\nNot raised, with the reason:\n\n| reason | errors |\n| --- | --- |\n");
    let mut by_reason: Vec<(String, Vec<String>)> = Vec::new();
    for (name, why) in plan::untried(service, &[]) {
        match by_reason.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => by_reason.push((why, vec![name])),
        }
    }
    for (why, names) in by_reason {
        let _ = writeln!(text, "| {} | {} |", cell(&why), counted(&names));
    }
    text
}

/// So many operations with the same check stand in one line.
const MANY: usize = 10;

/// Whether the check is about the caller, not about what is called.
fn is_general(check: &Check) -> bool {
    let is_of_link = check.name.ends_with("parameter of a link");
    is_of_link || !matches!(check.call.proof, Proof::Usual | Proof::Bearer | Proof::Body)
}

/// Whether two bodies say the same, or nothing.
fn is_like(one: &Content, other: &Content) -> bool {
    let is_blank = |body: &Content| match body {
        Content::Empty => true,
        Content::Json(value) => *value == json!({}),
        Content::Text(..) => false,
    };
    one == other || (is_blank(one) && is_blank(other))
}

/// The name of a check without its operation.
fn kind(check: &Check) -> String {
    check.name.split_once(": ").map_or("", |(_, rest)| rest).to_owned()
}

fn proof(check: &Check) -> String {
    match check.call.proof.words() {
        "" => String::new(),
        words => format!(", {words}"),
    }
}

fn changes(check: &Check) -> String {
    let kinds = if check.kinds.is_empty() { String::new() } else { format!("{}: ", check.kinds.join(", ")) };
    let touch = match &check.touch {
        Touch::Nothing => String::new(),
        Touch::IfAccepted(what) => format!("refused; if the server accepts it, {what}"),
        Touch::Changes { undo, left } => {
            let back = undo.as_ref().map(|undo| format!("put back by {}", code(&undo.words())));
            let left = Some(*left).filter(|left| !left.is_empty()).map(|left| format!("stays: {left}"));
            let is_own = back.is_none() && left.is_none();
            let of = check.after.map(|name| match is_own {
                true => format!("changes what `{name}` has made"),
                false => format!("only after `{name}`"),
            });
            back.into_iter().chain(left).chain(of).collect::<Vec<_>>().join("; ")
        }
    };
    format!("{kinds}{touch}")
}

/// The errors by their codes, each with its operations.
fn counted(names: &[String]) -> String {
    let mut by_code: Vec<(&str, Vec<&str>)> = Vec::new();
    for name in names {
        let (operation, code) = name.split_once(": ").unwrap_or((name, ""));
        match by_code.iter_mut().find(|(known, _)| *known == code) {
            Some((_, operations)) => operations.push(operation),
            None => by_code.push((code, vec![operation])),
        }
    }
    let told = |(code, operations): &(&str, Vec<&str>)| match operations.len() {
        0..=4 => format!("`{code}` of {}", operations.join(", ")),
        count => format!("`{code}` of {count} operations"),
    };
    by_code.iter().map(told).collect::<Vec<_>>().join("; ")
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
