//! What is wrong with the expectations of a scenario beyond their shape.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;

use super::check::Sections;
use super::fill::Taint;
use super::target::{Events, Target, target};
use super::words::{either, list, quote, some};
use crate::emulator::conduct::Severity;
use crate::fault::Pattern;
use crate::judge::{Calls, ExpectSpec, Looked, Scope, all_rules, is_meant};
use crate::scalar::{Findings, Path, Text, nearest};

/// Adds every finding about the expectations of a scenario.
pub(super) fn check(expect: &[ExpectSpec], sections: Sections<'_>, taint: &Taint, findings: &mut Findings) {
    check_at(expect, &Path::default().key("expect"), sections, taint, findings);
}

/// The same for a list that stands at `place`.
pub(super) fn check_at(
    expect: &[ExpectSpec],
    place: &Path,
    sections: Sections<'_>,
    taint: &Taint,
    findings: &mut Findings,
) {
    let mut names = HashMap::new();
    for (number, spec) in expect.iter().enumerate() {
        let path = place.index(number);
        if spec.name.trim().is_empty() || spec.name.chars().any(char::is_control) {
            let message = match spec.name.trim().is_empty() {
                true => "an expectation needs a name".to_owned(),
                false => format!("the name {} is more than one line of text", quote(&spec.name)),
            };
            findings.add(path.key("name"), message, "say what a good client does, in one line");
        }
        if let Some(other) = names.insert(&spec.name, number) {
            let message = format!("`expect[{other}]` is called {} too", quote(&spec.name));
            findings.add(path.key("name"), message, "give each expectation a name of its own");
        }
        let target = match target(&spec.on) {
            Ok(target) => target,
            Err((message, help)) => {
                findings.add(path.key("on"), message, help);
                continue;
            }
        };
        let service = target.service.name();
        if !sections.iter().any(|(known, _)| known.name() == service) {
            let message = format!("the scenario has no `{service}` section, so no call of it is answered");
            findings.add(
                path.key("on"),
                message,
                format!("add the section `{service}:`, or remove the expectation"),
            );
        }
        form(spec, target, sections, &path, taint, findings);
        if let Some(after) = &spec.after {
            order(spec, after, expect, &path, findings);
        }
        if spec.scope == Scope::Run {
            let message = match (spec.looked(), &spec.after) {
                (Some(looked), _) => {
                    format!("`scope: run` counts calls, and this expectation is about a {}", looked.kind)
                }
                (None, Some(_)) => {
                    "`after` compares calls of one namespace, and `scope: run` counts those of all".to_owned()
                }
                (None, None) => continue,
            };
            findings.add(path.key("scope"), message, "remove `scope`");
        }
    }
}

/// Adds a finding for each expectation of the whole run, for a list that is asked about one namespace.
pub(super) fn check_scopes(expect: &[ExpectSpec], place: &Path, findings: &mut Findings) {
    for (number, _) in expect.iter().enumerate().filter(|(_, spec)| spec.scope == Scope::Run) {
        let message =
            "`scope: run` is judged at the end of `standin run`, and this question is about one namespace";
        findings.add(place.index(number).key("scope"), message, "put this expectation into the scenario");
    }
}

/// Adds what is wrong with the names of rules.
pub(super) fn check_rules(rules: &IndexMap<Text, Severity>, findings: &mut Findings) {
    let names = || all_rules().map(|(_, rule)| rule.name);
    for name in rules.keys().filter(|name| !names().any(|known| known == name.as_str())) {
        let help = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the rules are {}", list(names())),
        };
        let path = Path::default().key("rules").name(name);
        findings.add(path, format!("there is no rule {}", quote(name)), help);
    }
}

/// Whether it speaks of calls or of a thing, and of one of them only.
fn form(
    spec: &ExpectSpec,
    target: Target,
    sections: Sections<'_>,
    path: &Path,
    taint: &Taint,
    findings: &mut Findings,
) {
    match (&spec.chat, &spec.named) {
        (Some(_), None) if spec.has.is_empty() => {
            return findings.add(path.key("chat"), "what is expected of this chat?", "add `named: …`");
        }
        (None, Some(_)) if spec.the.is_empty() => {
            return findings.add(path.key("named"), "which chat is named so?", "add `chat: …`");
        }
        _ => {}
    }
    if spec.the.len() > 1 || (spec.chat.is_some() && !spec.the.is_empty()) {
        let help = "make an expectation for each";
        return findings.add(path.key("the"), "an expectation looks at one thing", help);
    }
    let Some(looked) = spec.looked() else {
        if !spec.has.is_empty() {
            return findings.add(path.key("has"), "which thing is like this?", "add `the: {chat: …}`");
        }
        return calls(spec, target, path, taint, findings);
    };
    if looked.has.is_empty() {
        let message = format!("what is expected of this {}?", looked.kind);
        return findings.add(path.key("the"), message, "add `has: {name: …}`");
    }
    thing(spec, &looked, target, sections, path, findings);
    flags(&looked, target, sections, path, findings);
    let others = [("calls", spec.calls.is_some()), ("after", spec.after.is_some())];
    for (key, _) in others.into_iter().filter(|(_, given)| *given) {
        let message = format!("`{key}` speaks of calls, and this expectation of a {}", looked.kind);
        findings.add(path.key(key), message, "make two expectations");
    }
}

/// Whether there is such a thing, whether it is clear which one is meant, and whether it has what is looked at.
fn thing(
    spec: &ExpectSpec,
    looked: &Looked<'_>,
    target: Target,
    sections: Sections<'_>,
    path: &Path,
    findings: &mut Findings,
) {
    let Looked { kind, id, has } = looked;
    let section = sections.iter().find(|(service, _)| service.name() == target.service.name());
    let Some((_, section)) = section else { return };
    let place = if spec.chat.is_some() { path.key("chat") } else { path.key("the").name(kind) };
    let kinds = section.looked_at();
    if !kinds.contains(kind) {
        let is_known = Target { operation: None, event: None, ..target }.kinds().contains(kind);
        let help = match nearest(kind, kinds.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it looks at a {}", either(kinds)),
        };
        let message = match is_known {
            true => format!("an expectation cannot look at {}", quote(kind)),
            false => format!("{} knows no {}", target.service.title(), quote(kind)),
        };
        return findings.add(place, message, help);
    }
    let known = section.things(kind);
    let is_known = known.contains(*id);
    if !is_known && !section.may_appear(kind, &section.folded(kind, id)) {
        let near = nearest(id, known.iter().map(|known| &**known));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("name a {kind} of the scenario: {}", some(known.iter().map(|known| &**known))),
        };
        return findings.add(place, format!("there is no {kind} {}", quote(id)), help);
    }
    // What calls make has the traits of its kind.
    let traits = section.traits(kind).filter(|_| !is_known);
    let mut things = section.open(0, jiff::Timestamp::UNIX_EPOCH).things(kind, id);
    let members: BTreeSet<_> = match traits {
        Some(traits) => traits.members.iter().copied().collect(),
        None => things.iter().flat_map(|thing| &thing.members).map(|(name, _)| *name).collect(),
    };
    for (name, pattern) in has {
        let here = || if spec.named.is_some() { path.key("named") } else { path.key("has").name(name) };
        if !members.contains(name) {
            let help = match nearest(name, members.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if members.is_empty() => format!("nothing can be asked of a {kind}"),
                None => format!("it has {}", list(&members)),
            };
            findings.add(here(), format!("a {kind} has no {}", quote(name)), help);
        } else if let Err(why) = pattern.matcher() {
            let message = format!("this is no regular expression: {why}");
            findings.add(here().key("regex"), message, REGEX_HELP);
        }
    }
    let keys: Vec<_> = match traits {
        Some(traits) => traits.apart.to_vec(),
        None => things.iter().flat_map(|thing| &thing.apart).map(|(name, _)| *name).collect(),
    };
    if let Some(name) = spec.matches.keys().find(|name| !keys.contains(&name.as_str())) {
        let message = format!("{} does not tell {kind}s apart", quote(name));
        let help = match nearest(name, keys.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if keys.is_empty() => "remove it".to_owned(),
            None => format!("{kind}s differ by {}", list(keys.iter().collect::<BTreeSet<_>>())),
        };
        return findings.add(path.key("match").name(name), message, help);
    }
    if !is_known {
        return;
    }
    let ready = |(name, pattern): (&String, &Pattern)| Some((name.clone(), pattern.matcher().ok()?));
    let matches: Vec<_> = spec.matches.iter().filter_map(ready).collect();
    things.retain(|thing| is_meant(thing, &matches));
    match &things[..] {
        [_] => {}
        [] => {
            let message = format!("no {kind} {} has these values", quote(id));
            findings.add(path.key("match"), message, "name one of the scenario");
        }
        several => {
            let message = format!("{} {kind}s have the identifier {}", several.len(), quote(id));
            let help = match keys.is_empty() {
                true => "give each an identifier of its own".to_owned(),
                false => format!(
                    "say which one is meant by {}, such as `match: {{{}: …}}`",
                    list(keys.iter().collect::<BTreeSet<_>>()),
                    keys[0]
                ),
            };
            findings.add(place, message, help);
        }
    }
}

/// Whether what is `true` or `false` is expected to be one of them.
fn flags(looked: &Looked<'_>, target: Target, sections: Sections<'_>, path: &Path, findings: &mut Findings) {
    let section = sections.iter().find(|(service, _)| service.name() == target.service.name());
    let Some((_, section)) = section else { return };
    for (name, pattern) in looked.has.iter().filter(|(name, _)| section.is_flag(looked.kind, name)) {
        let values = pattern.values().unwrap_or_default();
        if let Some(other) = values.iter().find(|value| !matches!(value.as_str(), "true" | "false")) {
            let message = format!("{} is never {}", quote(name), quote(other));
            findings.add(path.key("has").name(name), message, "type `true` or `false`");
        }
    }
}

/// How to write a regular expression.
const REGEX_HELP: &str = "write one as in Rust, Go or RE2: no look-around, no back references";

/// Whether a text is a status such as `200`, or all of a hundred such as `2xx`.
fn is_status(text: &str) -> bool {
    match text.as_bytes() {
        [b'1'..=b'5', b'x', b'x'] => true,
        [b'1'..=b'5', tens, ones] => tens.is_ascii_digit() && ones.is_ascii_digit(),
        _ => false,
    }
}

fn calls(spec: &ExpectSpec, target: Target, path: &Path, taint: &Taint, findings: &mut Findings) {
    let status = spec.answered.as_ref().and_then(|answered| answered.status.as_ref());
    if let Some(status) = status.filter(|status| !is_status(status)) {
        findings.add(
            path.key("answered").key("status"),
            format!("{} is no status", quote(status)),
            "type a status such as `200`, or `2xx` for all from 200 to 299",
        );
    }
    if let Some(Events::All) = target.event {
        let message = "an expectation is about one event";
        findings.add(path.key("on"), message, "name it, such as `chert.message.received`");
    }
    if let Some(event) = target.event {
        if !spec.matches.is_empty() {
            let message =
                format!("`{}` is an event, which has no parameters that `match` knows", event.name());
            findings.add(path.key("match"), message, "remove it");
        }
    } else if spec.answered.is_some() {
        let message = "`answered` speaks of events, and this expectation of calls";
        findings.add(path.key("answered"), message, "name an event: `on: bitrix24.OnImConnectorMessageAdd`");
    }
    if spec.scope == Scope::Run && target.event.is_some() {
        let message = "`scope: run` counts calls, and this expectation is about an event";
        findings.add(path.key("scope"), message, "remove `scope`");
    }
    if target.operation.is_none() && target.event.is_none() {
        let names = target
            .service
            .operations()
            .iter()
            .map(|operation| format!("{}.{}", target.name(), operation.name));
        let message = format!("`{}` is a service, and calls are those of an operation", target.name());
        findings.add(path.key("on"), message, format!("its operations are {}", list(names)));
    }
    if let Some(Calls::Count(count)) = spec.calls {
        let help = "write `exactly: 2`, or `at_least` and `at_most`, the smaller one first";
        let is_none = count.exactly.is_none() && count.at_least.is_none() && count.at_most.is_none();
        let both = count.exactly.is_some() && (count.at_least.is_some() || count.at_most.is_some());
        let all = count.exactly.is_none() && count.at_most.is_none() && count.at_least == Some(0);
        let crossed = count.at_least.zip(count.at_most).is_some_and(|(least, most)| least > most);
        let place = path.key("calls");
        if is_none && !taint.touches(&place) {
            findings.add(place, "how many calls are expected?", help);
        } else if both {
            findings.add(place, "`exactly` says it all", "remove `at_least` and `at_most`");
        } else if all {
            findings.add(
                place,
                "any number of calls is within these bounds",
                "write `never`, or `at_least: 1`",
            );
        } else if crossed {
            findings.add(place, "no number of calls is within these bounds", help);
        }
    }
    // An event has no parameters, which has been said.
    for (name, pattern) in spec.matches.iter().filter(|_| target.event.is_none()) {
        if let Some((message, help)) = target.stranger(name) {
            findings.add(path.key("match").name(name), message, help);
        } else if let Err(why) = pattern.matcher() {
            let message = format!("this is no regular expression: {why}");
            findings.add(path.key("match").key(name).key("regex"), message, REGEX_HELP);
        }
    }
}

/// Whether the other expectation exists and is one of calls.
fn order(spec: &ExpectSpec, after: &str, all: &[ExpectSpec], path: &Path, findings: &mut Findings) {
    // The name of an expectation that has none begins with a character that nobody types.
    let is_typed = |name: &&str| *name != spec.name.as_str() && !name.starts_with('\u{fffd}');
    let names = || all.iter().map(|other| other.name.as_str()).filter(is_typed);
    let other = all.iter().find(|other| other.name.as_str() == after);
    let (message, help) = match other {
        Some(_) if spec.name.as_str() == after => {
            ("nothing comes after itself".to_owned(), "name another expectation".to_owned())
        }
        Some(other) if other.looked().is_some_and(|looked| !looked.has.is_empty()) => (
            format!("{} is about a thing, not about calls", quote(after)),
            "name an expectation of calls".to_owned(),
        ),
        Some(other) if other.bounds().1 == 0 => (
            format!("{} is a call that never comes, so nothing can come after it", quote(after)),
            "name an expectation of calls that come".to_owned(),
        ),
        Some(_) if goes_round(spec, all) => (
            "each of these waits for the other, so none can come first".to_owned(),
            "remove one `after`".to_owned(),
        ),
        Some(_) => return,
        None => (
            format!("there is no expectation {}", quote(after)),
            nearest(after, names()).map_or_else(
                || match names().next() {
                    Some(_) => format!("there are {}", list(names())),
                    None => "the list has no other; those of the scenario do not count".to_owned(),
                },
                |near| format!("did you mean `{near}`?"),
            ),
        ),
    };
    findings.add(path.key("after"), message, help);
}

/// Whether the chain of `after` leads back to where it began.
fn goes_round(spec: &ExpectSpec, all: &[ExpectSpec]) -> bool {
    let mut here = spec;
    for _ in all {
        let Some(next) = here.after.as_ref().and_then(|after| all.iter().find(|other| other.name == *after))
        else {
            return false;
        };
        if next.name == spec.name {
            return true;
        }
        here = next;
    }
    false
}
