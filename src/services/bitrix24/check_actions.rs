//! Mistakes in the parameters of an action that no call can mend: what calls make may still come, so it is not asked for.

use super::acting::{application_meant, empty_message, operator_id, yes_or_no};
use super::php;
use super::section::Portal;
use crate::emulator::{ActionInput, ActionMistake, some_of};

/// What is wrong with the parameters of an action: the name of each, and the mistake.
pub fn mistakes(portal: &Portal, action: &str, with: &ActionInput) -> Vec<(&'static str, ActionMistake)> {
    let given = |name: &str| with.get(name).and_then(php::to_text);
    let mut found = Vec::new();
    for name in ["connector", "chat"] {
        if given(name).is_some_and(|id| id.is_empty()) {
            let mistake = ActionMistake::new(format!("`{name}` is empty"), "write the ID");
            found.push((name, mistake));
        }
    }
    if let Some(line) = given("line").filter(|line| line.parse::<i64>().is_err()) {
        let known: Vec<_> = portal.lines.iter().map(|line| line.id.to_string()).collect();
        let help = match some_of(known.iter().map(String::as_str)).as_str() {
            "none" => "write a number".to_owned(),
            known => format!("write the ID of a line: {known}"),
        };
        found.push(("line", ActionMistake::new(format!("`{line}` is no ID of a line"), help)));
    }
    if action == "operator.write" && given("text").is_some_and(|text| text.is_empty()) {
        found.push(("text", empty_message()));
    }
    found.extend(given("operator").and_then(|text| Some(("operator", operator_id(&text).err()?))));
    found.extend(given("clean").and_then(|text| Some(("clean", yes_or_no("clean", &text).err()?))));
    if action.starts_with("app.") {
        let known: Vec<_> = portal.applications.iter().map(|known| known.client_id.as_str()).collect();
        let wanted = given("application");
        // Without applications, one stands for all tokens, whatever it is called.
        let is_meant = known.is_empty()
            || wanted.as_ref().map_or(known.len() == 1, |wanted| known.contains(&wanted.as_ref()));
        if !is_meant {
            found.push(("application", application_meant(wanted.as_deref(), &known)));
        }
    }
    found
}
