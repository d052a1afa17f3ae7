//! Mistakes in the subscriptions and events of a `chert:` section that the schema does not find.

use std::collections::HashSet;

use super::events;
use super::section::{ChertSection, Event, Subscription};
use super::subscription_fields::is_handler;
use crate::scalar::{Findings, Path, Text, nearest};

/// Adds a finding for each mistake; `path` is the place of the section.
pub fn check(section: &ChertSection, path: &Path, findings: &mut Findings) {
    for (index, tenant) in section.tenants.iter().enumerate() {
        let here = path.key("tenants").index(index);
        let mut ids = HashSet::new();
        for (index, known) in tenant.subscriptions.iter().enumerate() {
            let here = here.key("subscriptions").index(index);
            if known.id.as_ref().is_some_and(|id| !ids.insert(id.as_str())) {
                findings.add(here.key("id"), "the subscription is given twice", "remove one of the two");
            }
            subscription(known, section.webhooks.strict, &here, findings);
        }
        let mut ids = HashSet::new();
        for (index, known) in tenant.events.iter().enumerate() {
            let here = here.key("events").index(index);
            if known.id.as_ref().is_some_and(|id| !ids.insert(id.as_str())) {
                findings.add(here.key("id"), "the event is given twice", "remove one of the two");
            }
            event(known, &here, findings);
        }
    }
}

fn subscription(known: &Subscription, is_strict: bool, here: &Path, findings: &mut Findings) {
    match (&known.url, &known.name) {
        (Some(_), Some(_)) => findings.add(
            here.clone(),
            "a subscription has a `url` or a `name`, not both",
            "remove `name`, or remove `url` and give the URL at the start: `--handler NAME=URL`",
        ),
        (None, None) => findings.add(
            here.clone(),
            "a subscription needs a `url` or a `name`",
            "add `url: http://127.0.0.1:3000/…`, or `name: …` with `--handler NAME=URL` at the start",
        ),
        (None, Some(name)) if name.is_empty() => {
            findings.add(here.key("name"), "`name` is empty", "type a name for where the events go");
        }
        (Some(url), None) => {
            if let Err(why) = is_handler(url, is_strict) {
                let help =
                    "type an https URL; `http` and this machine are allowed unless `webhooks` has `strict`";
                findings.add(here.key("url"), format!("`url` {why}"), help);
            }
        }
        (None, Some(_)) => {}
    }
    for (index, name) in known.events.iter().enumerate() {
        kind(name, here.key("events").index(index), findings);
    }
}

fn event(known: &Event, here: &Path, findings: &mut Findings) {
    kind(&known.r#type, here.key("type"), findings);
    if known.url.is_none() && !known.attempts.is_empty() {
        let help = "add the `url` of the handler";
        findings.add(here.key("attempts"), "an event that was sent nowhere has no attempts", help);
    }
}

fn kind(name: &Text, path: Path, findings: &mut Findings) {
    if events::named(name).is_some() {
        return;
    }
    let names = || events::EVENTS.iter().map(|kind| kind.name);
    let help = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the events are `{}`", names().collect::<Vec<_>>().join("`, `")),
    };
    findings.add(path, format!("there is no event `{name}`"), help);
}
