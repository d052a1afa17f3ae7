//! What is wrong with the actions of a scenario beyond their shape.

use super::action::ActionSpec;
use super::check::Sections;
use super::target::target;
use super::words::{list, quote};
use crate::emulator::Action;
use crate::scalar::{Findings, Path, nearest};
use crate::services::SERVICES;

/// Adds every finding about the actions of a scenario.
pub(super) fn check(actions: &[ActionSpec], sections: Sections<'_>, findings: &mut Findings) {
    for (number, spec) in actions.iter().enumerate() {
        let path = Path::default().key("actions").index(number);
        name(spec, sections, &path, findings);
        when(spec, &path, findings);
    }
}

/// Whether there is such an action, with such parameters.
fn name(spec: &ActionSpec, sections: Sections<'_>, path: &Path, findings: &mut Findings) {
    let all: Vec<_> = SERVICES
        .iter()
        .flat_map(|service| service.actions().iter().map(|action| (*service, *action)))
        .map(|(service, action)| (format!("{}.{}", service.name(), action.name), service, action))
        .collect();
    let Some((_, service, action)) = all.iter().find(|(name, ..)| *name == *spec.r#do) else {
        let names = || all.iter().map(|(name, ..)| name.as_str());
        let help = match nearest(&spec.r#do, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the actions are {}", list(names())),
        };
        findings.add(path.key("do"), format!("there is no action {}", quote(&spec.r#do)), help);
        return;
    };
    if !sections.iter().any(|(known, _)| known.name() == service.name()) {
        let message =
            format!("the scenario has no `{}` section, so nothing can be done there", service.name());
        findings.add(
            path.key("do"),
            message,
            format!("add the section `{}:`, or remove the action", service.name()),
        );
    }
    parameters(spec, action, path, findings);
}

fn parameters(spec: &ActionSpec, action: &Action, path: &Path, findings: &mut Findings) {
    let known = || action.parameters.iter().map(|parameter| parameter.name);
    for stranger in spec.with.keys().filter(|name| known().all(|known| known != name.as_str())) {
        let help = match nearest(stranger, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its parameters are {}", list(known())),
        };
        let message = format!("`{}` has no parameter {}", spec.r#do, quote(stranger));
        findings.add(path.key("with").name(stranger), message, help);
    }
    let needed = action.parameters.iter().filter(|parameter| parameter.is_required);
    for missing in needed.filter(|parameter| !spec.with.contains_key(parameter.name)) {
        let message = format!("`{}` needs `{}`", spec.r#do, missing.name);
        findings.add(path.clone(), message, format!("add it under `with`: {}", missing.summary));
    }
}

/// Whether it says when the action happens, once.
fn when(spec: &ActionSpec, path: &Path, findings: &mut Findings) {
    let help = "write `at: 2s`, or `after: {on: OPERATION}` and perhaps `wait: 200ms`";
    match (&spec.at, &spec.after) {
        (None, None) => findings.add(path.clone(), "when does it happen?", help),
        (Some(_), Some(_)) => {
            findings.add(path.key("at"), "an action has one time: `at` or `after`, not both", help);
        }
        (Some(_), None) if spec.wait.is_some() => {
            findings.add(path.key("wait"), "`wait` belongs to `after`", "add it to the time of `at`");
        }
        _ => {}
    }
    let Some(after) = &spec.after else { return };
    let here = path.key("after");
    let target = match target(&after.on) {
        Ok(target) => target,
        Err((message, help)) => {
            findings.add(here.key("on"), message, help);
            return;
        }
    };
    if target.operation.is_none() {
        findings.add(here.key("on"), format!("`{}` is no operation", after.on), "name one operation");
        return;
    }
    for (name, pattern) in &after.matches {
        if let Some((message, help)) = target.stranger(name) {
            findings.add(here.key("match").name(name), message, help);
        } else if let Err(why) = pattern.matcher() {
            let message = format!("this is no regular expression: {why}");
            findings.add(here.key("match").key(name).key("regex"), message, "mend the expression");
        }
    }
}
