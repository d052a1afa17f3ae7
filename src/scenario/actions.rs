//! What is wrong with the actions of a scenario beyond their shape.

use super::action::ActionSpec;
use super::check::Sections;
use super::target::target;
use crate::emulator::{ActionMistake, ParameterMistake};
use crate::scalar::{Findings, Path};
use crate::services::action_called;

/// Adds every finding about the actions of a scenario.
pub(super) fn check(actions: &[ActionSpec], sections: Sections<'_>, findings: &mut Findings) {
    for (number, spec) in actions.iter().enumerate() {
        let path = Path::default().key("actions").index(number);
        name(spec, sections, &path, findings);
        when(spec, sections, &path, findings);
    }
}

/// Whether there is such an action, with such parameters.
fn name(spec: &ActionSpec, sections: Sections<'_>, path: &Path, findings: &mut Findings) {
    let (service, action) = match action_called(&spec.r#do) {
        Ok(found) => found,
        Err(ActionMistake { message, help }) => {
            findings.add(path.key("do"), message, help);
            return;
        }
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
    let given = spec.with.keys().map(String::as_str);
    for ParameterMistake { stranger, mistake } in action.mistakes(&spec.r#do, given) {
        let place = stranger.map_or_else(|| path.clone(), |name| path.key("with").name(name));
        findings.add(place, mistake.message, mistake.help);
    }
    let with = spec.with.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let section = sections.iter().find(|(known, _)| known.name() == service.name());
    let mistakes = section.map_or_else(Vec::new, |(_, section)| section.action_mistakes(action.name, &with));
    for (name, ActionMistake { message, help }) in mistakes {
        let with = path.key("with");
        let place = if spec.with.contains_key(name) { with.name(name) } else { path.clone() };
        findings.add(place, message, help);
    }
}

/// Whether it says when the action happens, once.
fn when(spec: &ActionSpec, sections: Sections<'_>, path: &Path, findings: &mut Findings) {
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
    let service = target.service.name();
    if !sections.iter().any(|(known, _)| known.name() == service) {
        findings.add(
            here.key("on"),
            format!("the scenario has no `{service}` section, so no call of it is answered"),
            format!("add the section `{service}:`, or name another operation"),
        );
    }
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
