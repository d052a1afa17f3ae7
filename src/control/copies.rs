//! `GET /__standin/journal/{number}/as/{form}`: an exchange as text to paste elsewhere: `curl`, a command that sends it again, signed anew,
//! with the names of environment variables in place of credentials; `fixture`, as in `fixtures/`; `step`, as an expectation of a
//! scenario.

use std::fmt::Write;

use serde_json::json;

use super::{Asked, Place, journal, mistake};
use crate::basics::Clock;
use crate::emulator::Access;
use crate::engine::{Entry, Hidden, Redactor, World};
use crate::http::{Body, Reply};
use crate::scalar::{in_a_line, quoted};
use crate::services::{by_name, by_path};

/// What stands in place of a secret.
const HIDDEN: &str = "***";

/// Header fields that a client adds by itself.
const OF_CONNECTION: &[&str] =
    &["host", "content-length", "connection", "transfer-encoding", "accept-encoding", "expect"];

pub(super) fn curl(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    text_of(place, asked, command)
}

pub(super) fn fixture(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    text_of(place, asked, |entry, hidden, _, _| as_fixture(entry, hidden))
}

pub(super) fn step(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    text_of(place, asked, |entry, hidden, _, _| as_step(entry, hidden))
}

/// An exchange in every form, with the name of each.
pub(super) fn all(world: &World, entry: &Entry, redactor: &Redactor) -> Vec<(&'static str, String)> {
    if entry.request.body == Body::TooLarge {
        return Vec::new();
    }
    let hidden = redactor.exchange(&entry.request, &entry.reply);
    let (access, seconds) = known_to_clients(world);
    vec![
        ("curl", command(entry, &hidden, &access, seconds)),
        ("fixture", as_fixture(entry, &hidden)),
        ("step", as_step(entry, &hidden)),
    ]
}

/// What a client needs to call the services, and the time of a virtual clock in seconds.
fn known_to_clients(world: &World) -> (Vec<Access>, Option<i64>) {
    let seed = world.seed();
    let access = world.scenario().sections.iter().flat_map(|(_, section)| section.access(seed)).collect();
    let seconds = match world.clock() {
        Clock::Real => None,
        Clock::Virtual(now) => Some(now.as_second()),
    };
    (access, seconds)
}

/// Finds the exchange, hides its secrets and answers with what `write` makes of it. `write` also gets what a client needs to call
/// the services, and the time of a virtual clock in seconds.
fn text_of(
    place: &Place<'_>,
    asked: &Asked<'_>,
    write: impl FnOnce(&Entry, &Hidden, &[Access], Option<i64>) -> String,
) -> Reply {
    let found = place.with(|_, world| {
        let entry = journal::found(world, asked)?;
        if world.kept_of_passed() == Some(0) {
            let message = "a proxy without `--keep` does not keep what was sent".to_owned();
            return Err(mistake(404, message, "start it with `--keep 100`, and make the call again"));
        }
        let (access, seconds) = known_to_clients(world);
        Ok((entry, access, seconds, Redactor::new(world)))
    });
    let (entry, access, seconds, redactor) = match found.and_then(|found| found) {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    if entry.request.body == Body::TooLarge {
        let help = "the journal has only exchanges whose body has at most 1 MiB";
        return mistake(404, "the body of the request was too large to be kept".to_owned(), help);
    }
    let hidden = redactor.exchange(&entry.request, &entry.reply);
    let text = write(&entry, &hidden, &access, seconds);
    let headers = vec![("content-type".into(), "text/plain; charset=utf-8".into())].into();
    Reply { status: 200, headers, body: text.into() }
}

/// The exchange as a command for a shell.
fn command(entry: &Entry, hidden: &Hidden, access: &[Access], seconds: Option<i64>) -> String {
    let request = &entry.request;
    let word = |hidden: &str, raw: &str| with_variables(hidden, raw, access);
    let is_signed = |name: &str| name == "x-chert-signature";
    let signs = hidden.request_headers.iter().any(|(name, _)| is_signed(name));
    let signing = by_path(request.path()).and_then(|service| service.shell_signature()).filter(|_| signs);
    let mut text = String::new();
    let has_body = !hidden.request_body.is_empty();
    let body = word(&hidden.request_body, &String::from_utf8_lossy(request.body()));
    if has_body || signing.is_some() {
        let _ = writeln!(text, "body={}", if has_body { body } else { "''".to_owned() });
    }
    if let Some(signing) = signing {
        let now = seconds.map_or("$(date +%s)".to_owned(), |seconds| seconds.to_string());
        let _ = writeln!(text, "seconds={now}\n{signing}");
    }
    let verb = match &*request.method {
        "GET" => String::new(),
        "HEAD" => " --head".to_owned(),
        verb => format!(" -X {}", crate::scalar::shell_word(&in_a_line(verb))),
    };
    let _ = write!(text, "curl -i{verb} {}", url(request.target(), hidden, access));
    let raw = request.headers.iter().map(|(_, value)| String::from_utf8_lossy(value).into_owned());
    for ((name, value), raw) in hidden.request_headers.iter().zip(raw) {
        if OF_CONNECTION.contains(&name.as_str()) {
            continue;
        }
        let field = if is_signed(name) && signing.is_some() {
            format!("{}\"$signature\"", quoted(&format!("{name}: ")))
        } else {
            let value = word(value, &raw);
            match value.strip_prefix('\'') {
                Some(rest) => format!("'{name}: {rest}"),
                None => quoted(&format!("{name}: ")) + &value,
            }
        };
        let _ = write!(text, " \\\n  -H {field}");
    }
    if has_body {
        text.push_str(" \\\n  --data-binary \"$body\"");
    }
    text.push('\n');
    if text.contains(HIDDEN) {
        text.insert_str(0, "# put your own credential in place of ***\n");
    }
    text
}

/// The URL as a word of a shell command. It begins with the variable that holds the longest part of it.
fn url(target: &str, hidden: &Hidden, access: &[Access]) -> String {
    let paths = access.iter().filter(|access| access.is_path && target.starts_with(&access.value));
    let Some(longest) = paths.max_by_key(|access| access.value.len()) else {
        return format!(
            "\"${{STANDIN_URL:-http://127.0.0.1:8080}}\"{}",
            with_variables(&hidden.target, target, access)
        );
    };
    // What is hidden in a path is a whole segment of it.
    let slashes = longest.value.matches('/').count();
    let is_whole = longest.value.ends_with('/');
    let mut rest = hidden.target.as_str();
    for _ in 0..slashes {
        rest = rest.split_once('/').map_or("", |(_, rest)| rest);
    }
    let rest = match is_whole {
        true => rest.to_owned(),
        // The value ends within a segment.
        false => {
            let last = longest.value.rsplit('/').next().unwrap_or_default();
            rest.strip_prefix(last).unwrap_or(rest).to_owned()
        }
    };
    let raw = &target[longest.value.len()..];
    format!("\"${}\"{}", longest.variable, with_variables(&rest, raw, access))
}

/// A text whose secrets are hidden as a word of a shell command, in which the name of a variable stands for each secret that it
/// holds. `raw` is the same text with its secrets; nothing of it but the names of variables comes into the word.
fn with_variables(hidden: &str, raw: &str, access: &[Access]) -> String {
    let mut word = String::new();
    let mut parts = hidden.split(HIDDEN);
    let first = parts.next().unwrap_or_default();
    let mut rest = raw.strip_prefix(first).unwrap_or_default();
    let mut plain = first.to_owned();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let end = match (part, parts.peek()) {
            ("", None) => rest.len(),
            (part, None) if rest.ends_with(part) => rest.len() - part.len(),
            (part, _) => rest.find(part).unwrap_or(rest.len()),
        };
        let secret = &rest[..end];
        match access.iter().find(|access| !access.is_path && !secret.is_empty() && access.value == secret) {
            Some(known) => {
                if !plain.is_empty() {
                    word += &quoted(&plain);
                }
                let _ = write!(word, "\"${}\"", known.variable);
                plain.clear();
            }
            None => plain += HIDDEN,
        }
        plain += part;
        rest = rest.get(end + part.len()..).unwrap_or_default();
    }
    // A tenant is no secret, and another environment has another one.
    let whole = access
        .iter()
        .find(|access| !access.is_path && word.is_empty() && access.value == plain && plain == raw);
    if let Some(known) = whole {
        return format!("\"${}\"", known.variable);
    }
    if word.is_empty() || !plain.is_empty() {
        word += &quoted(&plain);
    }
    word
}

fn as_fixture(entry: &Entry, hidden: &Hidden) -> String {
    let mut text = format!("# source: exchange {}\n# status: {}\n", entry.number, entry.reply.status);
    let _ = writeln!(text, "{} {} HTTP/1.1", in_a_line(&entry.request.method), in_a_line(&hidden.target));
    for (name, value) in &hidden.request_headers {
        if name == "x-chert-signature" {
            text.push_str("x-chert-signature: {{signature}}\n");
        } else if !["content-length", "connection"].contains(&name.as_str()) {
            let _ = writeln!(text, "{name}: {}", in_a_line(value));
        }
    }
    let _ = write!(text, "\n{}", hidden.request_body);
    let body = serde_json::from_str::<serde_json::Value>(&hidden.reply_body);
    let body = body.map_or_else(|_| hidden.reply_body.clone(), |body| format!("{body:#}"));
    let _ = write!(text, "\n\n### the file NAME.response.json beside it\n{body}\n");
    text
}

/// The call as an expectation. Its values are written as JSON, which is YAML too.
fn as_step(entry: &Entry, hidden: &Hidden) -> String {
    let note = &entry.note;
    let (Some(service), Some(operation)) = (note.service, note.operation) else {
        return "# this call is of no operation that a scenario can name\n".to_owned();
    };
    let calls = by_name(service).map_or_else(Vec::new, |service| service.calls(&entry.request));
    let mut matches = serde_json::Map::new();
    if let Some(call) = calls.first() {
        for parameter in call.operation.iter().flat_map(|operation| operation.parameters) {
            if parameter.names.is_some()
                && !parameter.name.contains("[]")
                && let Some(value) = call.facts.parameter(parameter.name)
            {
                matches.insert(parameter.name.to_owned(), hidden.text(&value).into());
            }
        }
    }
    let on = format!("{service}.{operation}");
    let mut text =
        format!("expect:\n  - name: {}\n    on: {on}\n", json!(format!("as exchange {}", entry.number)));
    if !matches.is_empty() {
        let _ = writeln!(text, "    match: {}", serde_json::Value::Object(matches));
    }
    text.push_str("    calls: {at_least: 1}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Vec<Access> {
        let entry =
            |variable, value: &str, is_path| Access { label: "", variable, value: value.to_owned(), is_path };
        vec![
            entry("TOKEN", "s3cret", false),
            entry("TENANT", "acme", false),
            entry("HOOK", "/rest/1/hook/", true),
        ]
    }

    #[test]
    fn known_secrets_become_variables_and_others_stay_hidden() {
        for (hidden, raw, expected) in [
            ("auth=***&a=b", "auth=s3cret&a=b", "'auth='\"$TOKEN\"'&a=b'"),
            ("Bearer ***", "Bearer s3cret", "'Bearer '\"$TOKEN\""),
            ("***", "s3cret", "\"$TOKEN\""),
            ("***", "other", "'***'"),
            ("a=***&b=***", "a=other&b=s3cret", "'a=***&b='\"$TOKEN\""),
            ("acme", "acme", "\"$TENANT\""),
            ("it's", "it's", r"'it'\''s'"),
            ("", "", "''"),
            ("$(x) ***", "unlike", "'$(x) ***'"),
        ] {
            assert_eq!(with_variables(hidden, raw, &access()), expected, "{hidden}");
        }
    }
}
