//! Mistakes in the parameters of an action that no call can mend: what calls make may still come, so it is not asked for.

use super::action_values as values;
use super::section::ChertSection;
use crate::emulator::{ActionInput, ActionMistake};

/// What is wrong with the parameters of an action: the name of each, and the mistake.
pub fn mistakes(
    section: &ChertSection,
    action: &str,
    with: &ActionInput,
) -> Vec<(&'static str, ActionMistake)> {
    let given = |name: &str| with.get(name).and_then(serde_json::Value::as_str);
    let mut found = Vec::new();
    for name in ["chat", "message"] {
        if given(name).is_some_and(str::is_empty) {
            found.push((name, ActionMistake::new(format!("`{name}` is empty"), "write the ID")));
        }
    }
    let known: Vec<_> = section.tenants.iter().map(|tenant| tenant.slug.as_str()).collect();
    match values::tenant(&known, given("tenant"), |place, slug| known[place] == slug) {
        Err(mistake) => found.push(("tenant", mistake)),
        Ok(tenant) => {
            // No call makes a line.
            let mut lines = section.tenants[tenant].lines.iter().map(|line| line.id.as_str());
            if let Some(id) = given("line").filter(|id| !lines.clone().any(|known| known == *id)) {
                found.push(("line", values::unknown_line(id, &mut lines)));
            }
        }
    }
    let from = given("from").map(|text| values::address("from", text));
    found.extend(from.clone().and_then(|from| Some(("from", from.err()?))));
    match action {
        "recipient.write" => write(&given, from.and_then(Result::ok).as_deref(), &mut found),
        "recipient.react" => {
            found
                .extend(given("reaction").and_then(|name| Some(("reaction", values::reaction(name).err()?))));
        }
        _ => {}
    }
    found
}

/// The same for a message of the recipient `from`.
fn write<'w>(
    given: &impl Fn(&str) -> Option<&'w str>,
    from: Option<&str>,
    found: &mut Vec<(&'static str, ActionMistake)>,
) {
    match given("media") {
        Some(media) => {
            found.extend(values::file(media).err().map(|mistake| ("media", mistake)));
            let mistake = given("content_type").and_then(|text| values::content_type(text).err());
            found.extend(mistake.map(|mistake| ("content_type", mistake)));
        }
        None => {
            let stray = ["filename", "content_type"].into_iter().find(|name| given(name).is_some());
            found.extend(stray.map(|name| (name, values::without_media(name))));
            if given("text").is_none_or(str::is_empty) {
                found.push(("text", values::empty_message()));
            }
        }
    }
    match (given("participants"), given("chat"), given("from")) {
        (Some(_), Some(_), _) => found.push(("participants", values::two_chats())),
        (Some(_), None, None) => found.push(("from", values::nobody())),
        (Some(others), None, Some(_)) => {
            let mistake = from.and_then(|from| values::group(from, others).err());
            found.extend(mistake.map(|mistake| ("participants", mistake)));
        }
        (None, None, None) => found.push(("chat", values::nowhere())),
        (None, ..) => {}
    }
}
