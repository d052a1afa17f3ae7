//! The path to a nested value, such as `MESSAGES[0].chat.id`.

use serde_json::Value;

/// A path to a nested value: the name of a parameter, and the steps from its value inwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way<'a> {
    /// The name of the parameter.
    pub parameter: &'a str,
    steps: Vec<Step<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'a> {
    /// `.name`: a member of a mapping.
    Member(&'a str),
    /// `[2]`: an element of a list, or the member of a mapping with this name.
    Element(&'a str),
    /// `[]`: every element of a list or every member of a mapping.
    Every,
}

impl<'a> Way<'a> {
    /// Reads a name with steps. `None` when the name has no steps, or they are malformed.
    pub fn read(name: &'a str) -> Option<Self> {
        let start = name.find(['[', '.']).filter(|start| *start > 0)?;
        let (parameter, mut rest) = name.split_at(start);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (index, after) = inner.split_once(']')?;
                steps.push(if index.is_empty() { Step::Every } else { Step::Element(index) });
                rest = after;
            } else {
                let inner = rest.strip_prefix('.')?;
                let (member, after) = inner.split_at(inner.find(['[', '.']).unwrap_or(inner.len()));
                if member.is_empty() {
                    return None;
                }
                steps.push(Step::Member(member));
                rest = after;
            }
        }
        Some(Self { parameter, steps })
    }

    /// Calls `tell` with every value that the steps lead to. `value` is that of the parameter.
    pub fn follow<'v>(&self, value: &'v Value, tell: &mut dyn FnMut(&'v Value)) {
        follow(&self.steps, value, tell);
    }
}

fn follow<'v>(steps: &[Step<'_>], value: &'v Value, tell: &mut dyn FnMut(&'v Value)) {
    let Some((step, rest)) = steps.split_first() else { return tell(value) };
    match (step, value) {
        (Step::Every, Value::Array(elements)) => elements.iter().for_each(|one| follow(rest, one, tell)),
        (Step::Every, Value::Object(members)) => members.values().for_each(|one| follow(rest, one, tell)),
        (Step::Element(index), Value::Array(elements)) => {
            let element = index.parse().ok().and_then(|index: usize| elements.get(index));
            element.into_iter().for_each(|one| follow(rest, one, tell));
        }
        (Step::Element(name) | Step::Member(name), Value::Object(members)) => {
            members.get(*name).into_iter().for_each(|one| follow(rest, one, tell));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_way_leads_to_what_it_names() {
        let messages = json!([{"chat": {"id": "a"}, "files": [1, 2]}, {"chat": {"id": "b"}}, "text"]);
        for (name, found) in [
            ("MESSAGES[0].chat.id", json!(["a"])),
            ("MESSAGES[].chat.id", json!(["a", "b"])),
            ("MESSAGES[1].chat", json!([{"id": "b"}])),
            ("MESSAGES[0].files[]", json!([1, 2])),
            ("MESSAGES[0][chat][id]", json!(["a"])),
            ("MESSAGES[9].chat.id", json!([])),
            ("MESSAGES.chat", json!([])),
            ("MESSAGES[2].chat", json!([])),
        ] {
            let way = Way::read(name).unwrap();
            assert_eq!(way.parameter, "MESSAGES");
            let mut told = Vec::new();
            way.follow(&messages, &mut |value| told.push(value.clone()));
            assert_eq!(json!(told), found, "{name}");
        }
    }

    #[test]
    fn a_plain_name_has_no_way() {
        for name in ["NAME", "", ".x", "[0]", "A[", "A[0", "A.", "A..b", "A]b"] {
            assert_eq!(Way::read(name), None, "{name}");
        }
    }
}
