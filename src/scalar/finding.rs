//! A mistake in a scenario: where it is, what is wrong, what to write instead.

use std::fmt;

/// One step into a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An element of a list, counted from 0.
    Index(usize),
    /// A key itself, not its value. Only the last step may be this.
    Name(String),
}

/// The path from the top of a scenario to the place of a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// This path, followed by the value of `key`.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.then(Step::Key(key.to_owned()))
    }

    /// This path, followed by the element `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    /// This path, followed by the key `name` itself.
    #[must_use]
    pub fn name(&self, name: &str) -> Self {
        self.then(Step::Name(name.to_owned()))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(formatter, "[{index}]")?,
                Step::Key(key) | Step::Name(key) if position == 0 => formatter.write_str(key)?,
                Step::Key(key) | Step::Name(key) => write!(formatter, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// A mistake in a scenario. Messages are in lower case without a full stop, with values in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The place in the scenario.
    pub path: Path,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// The findings of one scenario, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, path: Path, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Finding { path, message: message.into(), help: help.into() });
    }
}

/// The candidate that is most similar to `typed`, but not `typed` itself. `None` when none is similar enough to be a
/// typing mistake.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let others = candidates.into_iter().filter(|candidate| *candidate != typed);
    let typed = typed.to_lowercase();
    others
        .map(|candidate| (strsim::jaro_winkler(&typed, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_it_is_typed_in_a_question() {
        let path = Path::default().key("bitrix24").key("chats").index(3).key("line");
        assert_eq!(path.to_string(), "bitrix24.chats[3].line");
    }

    #[test]
    fn nearest_finds_slips_and_leaves_strangers_alone() {
        assert_eq!(nearest("conector", ["connector", "line"]), Some("connector"));
        assert_eq!(
            nearest("CHAT_RENAME_FAILED", ["NOT_ACTIVE_LINE", "CHAT_RENAMING_FAILED"]),
            Some("CHAT_RENAMING_FAILED")
        );
        assert_eq!(nearest("colour", ["line", "name"]), None);
    }
}
